/* See group_mod.h. */
#include "ofproto/codec/group_mod.h"

#include <stdlib.h>

#include "ofproto/codec/match_wire.h"
#include "ofproto/codec/property.h"

#define BUCKET_LEN11 16
#define BUCKET_LEN15 8
#define BUCKET_MAX_OVERHEAD 32
#define MAX_HASH_FIELDS_LEN 1024
#define VENDOR_NTR 0x154du /* Whose the selection method is. */
#define NTRT_SELECTION_METHOD 1
#define METHOD_LEN 16

enum { PROPERTY_WEIGHT, PROPERTY_WATCH_PORT, PROPERTY_WATCH_GROUP };

static const char *const methods[] = {"", "hash", "dp_hash"};

void ofp_group_config_free(struct ofp_group_config *config)
{
    for (unsigned int i = 0; i < config->n; i++) {
        ofp_actions_free(&config->bucket[i].actions);
    }
    free(config->bucket);
    free(config->fields);
    free(config->fields_wire);
    memset(config, 0, sizeof *config);
}

struct ofp_bucket *ofp_group_add_bucket(struct ofp_group_config *config)
{
    struct ofp_bucket *b;

    if (config->n == OFP_GROUP_MAX_BUCKETS) {
        return NULL;
    }
    if (!(config->n & (config->n - 1))) { /* Grows at the powers of two. */
        config->bucket = xreallocarray(config->bucket, MAX_OF(2 * config->n, 1u),
                                       sizeof *config->bucket);
    }
    b = &config->bucket[config->n++];
    memset(b, 0, sizeof *b);
    b->id = config->n - 1;
    b->weight = config->type == OFP_GROUP_TYPE_SELECT;
    b->watch_port = OFP_PORT_NONE;
    b->watch_group = OFP_GROUP_ANY;
    return b;
}

/* A bucket is an action set. */
static int decode_actions(enum ofp_version version, const uint8_t *p, size_t len,
                          struct ofp_actions *ret)
{
    int rc = ofp_actions_decode(version, p, len, NULL, ret);

    for (const struct ofp_action *a = ofp_actions_first(ret->data, ret->len); !rc && a;
         a = ofp_actions_next(ret->data, ret->len, a)) {
        if (ofp_action_set_place((enum ofp_action_type)a->type) == OFP_PLACE_NONE) {
            rc = OFPERR_BAC_BAD_TYPE;
        }
    }
    return rc;
}

static int set_watch_port(struct ofp_bucket *b, uint32_t wire)
{
    if (!ofp_port_from32(wire, &b->watch_port) || !b->watch_port ||
        (b->watch_port >= OFP_PORT_MAX && b->watch_port != OFP_PORT_LOCAL &&
         b->watch_port != OFP_PORT_NONE)) {
        return OFPERR_GMFC_BAD_WATCH;
    }
    return 0;
}

static int decode_buckets11(enum ofp_version version, const uint8_t *p, size_t len,
                            struct ofp_group_config *config)
{
    while (len) {
        struct ofp_bucket *b;
        size_t n;
        int rc;

        if (len < BUCKET_LEN11) {
            return OFPERR_GMFC_BAD_BUCKET;
        }
        n = wire_get16(p);
        if (n < BUCKET_LEN11 || n % 8 || n > len) {
            return OFPERR_GMFC_BAD_BUCKET;
        }
        b = ofp_group_add_bucket(config);
        if (!b) {
            return OFPERR_GMFC_OUT_OF_BUCKETS;
        }
        b->weight = wire_get16(p + 2);
        b->watch_group = wire_get32(p + 8);
        rc = set_watch_port(b, wire_get32(p + 4));
        if (!rc) {
            rc = decode_actions(version, p + BUCKET_LEN11, n - BUCKET_LEN11, &b->actions);
        }
        if (rc) {
            return rc;
        }
        p += n;
        len -= n;
    }
    return 0;
}

static int decode_bucket_properties(const uint8_t *p, size_t len, struct ofp_bucket *b)
{
    while (len) {
        struct ofp_property property;
        int rc = ofp_property_take(&p, &len, &property);

        if (rc) {
            return rc;
        }
        if (property.type > PROPERTY_WATCH_GROUP) {
            return OFPERR_BPC_BAD_TYPE;
        }
        if (property.len != 8) {
            return OFPERR_BPC_BAD_LEN;
        }
        if (property.type == PROPERTY_WEIGHT) {
            b->weight = wire_get16(property.p + 4);
        } else if (property.type == PROPERTY_WATCH_PORT) {
            rc = set_watch_port(b, wire_get32(property.p + 4));
        } else {
            b->watch_group = wire_get32(property.p + 4);
        }
        if (rc) {
            return rc;
        }
    }
    return 0;
}

static int decode_bucket15(enum ofp_version version, const uint8_t *p, size_t len,
                           struct ofp_group_config *config)
{
    size_t actions = wire_get16(p + 2);
    uint32_t id = wire_get32(p + 4);
    struct ofp_bucket *b;
    int rc;

    if (actions % 8 || BUCKET_LEN15 + actions > len || id > OFP_BUCKET_MAX) {
        return OFPERR_GMFC_BAD_BUCKET;
    }
    for (unsigned int i = 0; i < config->n; i++) {
        if (config->bucket[i].id == id) {
            return OFPERR_GMFC_BUCKET_EXISTS;
        }
    }
    b = ofp_group_add_bucket(config);
    if (!b) {
        return OFPERR_GMFC_OUT_OF_BUCKETS;
    }
    b->id = id;
    rc = decode_actions(version, p + BUCKET_LEN15, actions, &b->actions);
    if (!rc) {
        rc = decode_bucket_properties(p + BUCKET_LEN15 + actions, len - BUCKET_LEN15 - actions, b);
    }
    return rc;
}

static int decode_buckets15(enum ofp_version version, const uint8_t *p, size_t len,
                            struct ofp_group_config *config)
{
    while (len) {
        size_t n = len < BUCKET_LEN15 ? 0 : wire_get16(p);
        int rc;

        if (n < BUCKET_LEN15 || n % 8 || n > len) {
            return OFPERR_GMFC_BAD_BUCKET;
        }
        rc = decode_bucket15(version, p, n, config);
        if (rc) {
            return rc;
        }
        p += n;
        len -= n;
    }
    return 0;
}

/* Fields to hash: OXM entries whose value says which bits of them. */
static int decode_hash_fields(const uint8_t *p, size_t len, struct ofp_group_config *config)
{
    size_t at = 0;

    if (!len) {
        return 0;
    }
    if (len > MAX_HASH_FIELDS_LEN) {
        return OFPERR_BPC_BAD_VALUE;
    }
    config->fields = xcalloc(1, sizeof *config->fields);
    config->fields_wire = xmemdup(p, len);
    config->fields_wire_len = len;
    while (at < len) {
        const struct ofp_field *f;
        uint8_t value[OFP_FIELD_MAX_BYTES], mask[OFP_FIELD_MAX_BYTES];
        bool has_mask;
        size_t n;
        int rc = oxm_decode(p + at, len - at, &f, value, mask, &has_mask, &n);

        if (rc) {
            return rc;
        }
        ofp_field_put(f, config->fields, has_mask ? mask : value);
        at += n;
    }
    return 0;
}

static int decode_method(const uint8_t *p, size_t len, struct ofp_group_config *config)
{
    if (len < 40) {
        return OFPERR_BPC_BAD_LEN;
    }
    if (config->type != OFP_GROUP_TYPE_SELECT || p[16 + METHOD_LEN - 1]) {
        return OFPERR_BPC_BAD_VALUE;
    }
    while (strcmp((const char *)p + 16, methods[config->method])) {
        if (++config->method == ARRAY_SIZE(methods)) {
            config->method = 0;
            return OFPERR_BPC_BAD_VALUE;
        }
    }
    config->method_param = wire_get64(p + 32);
    if (config->method != OFP_GROUP_METHOD_HASH && len > 40) {
        return OFPERR_BPC_BAD_VALUE; /* Only "hash" has fields. */
    }
    return decode_hash_fields(p + 40, len - 40, config);
}

static int decode_group_properties(const uint8_t *p, size_t len, struct ofp_group_config *config)
{
    bool seen = false;

    while (len) {
        struct ofp_property property;
        int rc = ofp_property_take(&p, &len, &property);

        if (rc) {
            return rc;
        }
        if (property.type != OFP_PROPERTY_EXPERIMENTER) {
            return OFPERR_BPC_BAD_TYPE;
        }
        if (property.len < 12) {
            return OFPERR_BPC_BAD_LEN;
        }
        if (wire_get32(property.p + 4) != VENDOR_NTR) {
            return OFPERR_BPC_BAD_EXPERIMENTER;
        }
        if (wire_get32(property.p + 8) != NTRT_SELECTION_METHOD) {
            return OFPERR_BPC_BAD_EXP_TYPE;
        }
        rc = seen ? OFPERR_BPC_DUP_TYPE : decode_method(property.p, property.len, config);
        if (rc) {
            return rc;
        }
        seen = true;
    }
    return 0;
}

static int decode15(enum ofp_version version, const uint8_t *p, size_t len,
                    struct ofp_group_mod *gm)
{
    size_t buckets;
    int rc;

    if (len < 16) {
        return OFPERR_BRC_BAD_LEN;
    }
    buckets = wire_get16(p + 8);
    if (buckets > len - 16) {
        return OFPERR_BRC_BAD_LEN;
    }
    gm->command_bucket_id = wire_get32(p + 12);
    rc = decode_buckets15(version, p + 16, buckets, &gm->config);
    return rc ? rc : decode_group_properties(p + 16 + buckets, len - 16 - buckets, &gm->config);
}

static bool has_command(enum ofp_version form, uint16_t command)
{
    return command <= OFP_GROUP_DELETE || command == OFP_GROUP_ADD_OR_MODIFY ||
           (form == OFP15 &&
            (command == OFP_GROUP_INSERT_BUCKET || command == OFP_GROUP_REMOVE_BUCKET));
}

/* What each type wants of its buckets. */
static int check(const struct ofp_group_mod *gm)
{
    const struct ofp_group_config *c = &gm->config;

    if (gm->command == OFP_GROUP_DELETE || gm->command == OFP_GROUP_REMOVE_BUCKET) {
        return 0;
    }
    if (gm->group_id > OFP_GROUP_MAX) {
        return OFPERR_GMFC_INVALID_GROUP;
    }
    if (gm->command == OFP_GROUP_INSERT_BUCKET) {
        return 0; /* The group's own type decides: see ofp_group_check_buckets(). */
    }
    return ofp_group_check_buckets(c);
}

int ofp_group_check_buckets(const struct ofp_group_config *c)
{
    size_t len = 0;

    for (unsigned int i = 0; i < c->n; i++) {
        len += BUCKET_MAX_OVERHEAD + c->bucket[i].actions.len;
    }
    if (c->n > OFP_GROUP_MAX_BUCKETS || len > OFP_ACTIONS_MAX_LEN) {
        return OFPERR_GMFC_OUT_OF_BUCKETS; /* A description must fit one message. */
    }
    if (c->type == OFP_GROUP_TYPE_INDIRECT && c->n != 1) {
        return OFPERR_GMFC_INVALID_GROUP;
    }
    for (unsigned int i = 0; i < c->n; i++) {
        const struct ofp_bucket *b = &c->bucket[i];
        bool watches = b->watch_port != OFP_PORT_NONE || b->watch_group != OFP_GROUP_ANY;

        if (b->weight && c->type != OFP_GROUP_TYPE_SELECT) {
            return OFPERR_GMFC_INVALID_GROUP;
        }
        if (c->type == OFP_GROUP_TYPE_FF && !watches) {
            return OFPERR_GMFC_INVALID_GROUP;
        }
        if ((c->type == OFP_GROUP_TYPE_ALL || c->type == OFP_GROUP_TYPE_INDIRECT) && watches) {
            return OFPERR_GMFC_WATCH_UNSUPPORTED;
        }
    }
    return 0;
}

/* Which layout a version has; 1.0, which has no groups, gets 1.5's by Nicira's extension. */
static bool is_form15(enum ofp_version version)
{
    return version == OFP10 || version >= OFP15;
}

int ofp_group_mod_decode(enum ofp_version version, enum ofp_version form, const uint8_t *p,
                         size_t len, struct ofp_group_mod *ret)
{
    int rc;

    memset(ret, 0, sizeof *ret);
    if (len < 8) {
        return OFPERR_BRC_BAD_LEN;
    }
    ret->command = wire_get16(p);
    ret->config.type = p[2];
    ret->group_id = wire_get32(p + 4);
    if (!has_command(form, ret->command)) {
        return OFPERR_GMFC_BAD_COMMAND;
    }
    if (ret->config.type >= OFP_N_GROUP_TYPES) {
        return OFPERR_GMFC_BAD_TYPE;
    }
    rc = form == OFP15 ? decode15(version, p, len, ret)
                       : decode_buckets11(version, p + 8, len - 8, &ret->config);
    if (!rc) {
        rc = check(ret);
    }
    if (rc) {
        ofp_group_config_free(&ret->config);
    }
    return rc;
}

/* --- Descriptions. */

static void put_bucket11(struct strbuf *s, enum ofp_version version, const struct ofp_bucket *b)
{
    size_t start = s->len;

    wire_put16(s, 0);
    wire_put16(s, b->weight);
    wire_put32(s, ofp_port_to32(b->watch_port));
    wire_put32(s, b->watch_group);
    wire_put32(s, 0);
    ofp_actions_encode(s, version, b->actions.data, b->actions.len);
    wire_set16(s, start, (uint16_t)(s->len - start));
}

static void put_property(struct strbuf *s, uint16_t type, uint32_t value)
{
    wire_put16(s, type);
    wire_put16(s, 8);
    wire_put32(s, value);
}

static void put_bucket15(struct strbuf *s, enum ofp_version version,
                         const struct ofp_group_config *c, const struct ofp_bucket *b)
{
    size_t start = s->len;

    wire_put32(s, 0);
    wire_put32(s, b->id);
    ofp_actions_encode(s, version, b->actions.data, b->actions.len);
    wire_set16(s, start + 2, (uint16_t)(s->len - start - BUCKET_LEN15));
    if (c->type == OFP_GROUP_TYPE_SELECT) {
        put_property(s, PROPERTY_WEIGHT, (uint32_t)b->weight << 16);
    }
    if (b->watch_port != OFP_PORT_NONE) {
        put_property(s, PROPERTY_WATCH_PORT, ofp_port_to32(b->watch_port));
    }
    if (b->watch_group != OFP_GROUP_ANY) {
        put_property(s, PROPERTY_WATCH_GROUP, b->watch_group);
    }
    wire_set16(s, start, (uint16_t)(s->len - start));
}

static void put_method(struct strbuf *s, const struct ofp_group_config *c)
{
    size_t start = s->len, n = strlen(methods[c->method]);

    if (c->method == OFP_GROUP_METHOD_DEFAULT) {
        return;
    }
    wire_put16(s, UINT16_MAX);
    wire_put16(s, 0);
    wire_put32(s, VENDOR_NTR);
    wire_put32(s, NTRT_SELECTION_METHOD);
    wire_put32(s, 0);
    strbuf_put(s, methods[c->method], n);
    wire_zeros(s, METHOD_LEN - n);
    wire_put64(s, c->method_param);
    strbuf_put(s, c->fields_wire_len ? (const void *)c->fields_wire : "", c->fields_wire_len);
    wire_set16(s, start + 2, (uint16_t)(s->len - start));
    wire_pad8(s, start);
}

static void put_buckets(struct strbuf *s, enum ofp_version version, bool form15,
                        const struct ofp_group_config *c)
{
    for (unsigned int i = 0; i < c->n; i++) {
        if (form15) {
            put_bucket15(s, version, c, &c->bucket[i]);
        } else {
            put_bucket11(s, version, &c->bucket[i]);
        }
    }
}

void ofp_group_desc_encode(struct strbuf *s, enum ofp_version version, uint32_t group_id,
                           const struct ofp_group_config *c)
{
    bool form15 = is_form15(version);
    size_t start = s->len, buckets;

    wire_put16(s, 0);
    wire_put8(s, c->type);
    wire_put8(s, 0);
    wire_put32(s, group_id);
    if (form15) {
        wire_zeros(s, 8);
    }
    buckets = s->len;
    put_buckets(s, version, form15, c);
    if (form15) {
        wire_set16(s, start + 8, (uint16_t)(s->len - buckets));
        put_method(s, c);
    }
    wire_set16(s, start, (uint16_t)(s->len - start));
}

int ofp_group_desc_decode(enum ofp_version version, const uint8_t *p, size_t left,
                          uint32_t *ret_group_id, struct ofp_group_config *ret, size_t *ret_len)
{
    bool form15 = is_form15(version);
    size_t head = form15 ? 16 : 8, len = left < head ? 0 : wire_get16(p), buckets;
    struct ofp_group_config c = {0};
    int rc;

    if (len < head || len > left) {
        return OFPERR_BRC_BAD_LEN;
    }
    c.type = p[2];
    buckets = form15 ? wire_get16(p + 8) : len - head;
    if (buckets > len - head) {
        return OFPERR_BRC_BAD_LEN;
    }
    rc = form15 ? decode_buckets15(version, p + head, buckets, &c)
                : decode_buckets11(version, p + head, buckets, &c);
    if (!rc && c.type >= OFP_N_GROUP_TYPES) {
        rc = OFPERR_GMFC_BAD_TYPE;
    }
    if (!rc) {
        rc = decode_group_properties(p + head + buckets, len - head - buckets, &c);
    }
    if (rc) {
        ofp_group_config_free(&c);
        return rc;
    }
    *ret_group_id = wire_get32(p + 4);
    *ret = c;
    *ret_len = len;
    return 0;
}

/* --- Group mods. */

uint32_t ofp_group_mod_versions(const struct ofp_group_mod *gm)
{
    bool needs_15 = gm->command == OFP_GROUP_INSERT_BUCKET ||
                    gm->command == OFP_GROUP_REMOVE_BUCKET ||
                    gm->config.method != OFP_GROUP_METHOD_DEFAULT;

    return needs_15 ? 1u << OFP10 | 1u << OFP15 : UINT32_MAX;
}

void ofp_group_mod_encode(struct strbuf *s, enum ofp_version version, uint32_t xid,
                          const struct ofp_group_mod *gm)
{
    bool form15 = is_form15(version);
    size_t start = ofp_begin(s, (uint8_t)version, version == OFP10 ? OFPT_VENDOR : OFPT11_GROUP_MOD,
                             xid);
    size_t body, buckets;

    if (version == OFP10) {
        wire_put32(s, OFP_VENDOR_NX);
        wire_put32(s, NXT_GROUP_MOD);
    }
    body = s->len;
    wire_put16(s, gm->command);
    wire_put8(s, gm->config.type);
    wire_put8(s, 0);
    wire_put32(s, gm->group_id);
    if (form15) {
        wire_zeros(s, 4);
        wire_put32(s, gm->command_bucket_id);
    }
    buckets = s->len;
    put_buckets(s, version, form15, &gm->config);
    if (form15) {
        wire_set16(s, body + 8, (uint16_t)(s->len - buckets));
        put_method(s, &gm->config);
    }
    ofp_end(s, start);
}
