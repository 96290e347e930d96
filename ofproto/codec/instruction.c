/* See instruction.h. Text and wire forms; execution is in xlate/instruction.c. Control thread. */
#include "ofproto/codec/instruction.h"

#include "ofproto/codec/action_conjunction.h"

#include <errno.h>

#include "ofproto/codec/action_text.h"
#include "ofproto/codec/meter_mod.h"

enum { GOTO_TABLE = 1, WRITE_METADATA, WRITE_ACTIONS, APPLY_ACTIONS, CLEAR_ACTIONS, METER };

#define MAX_TABLE 253

/* What is on the wire: where each instruction begins. */
struct found {
    const uint8_t *at[METER + 1]; /* NULL: not there. */
    size_t len[METER + 1];
};

/* The length of each is fixed but for those with actions. */
static size_t fixed_len(unsigned int type)
{
    switch (type) {
    case GOTO_TABLE:
    case CLEAR_ACTIONS:
    case METER: return 8;
    case WRITE_METADATA: return 24;
    default: return 0;
    }
}

static int find(enum ofp_version version, const uint8_t *p, size_t len, struct found *found)
{
    memset(found, 0, sizeof *found);
    while (len) {
        unsigned int type;
        size_t n;

        if (len < 8) {
            return OFPERR_BIC_BAD_LEN;
        }
        type = wire_get16(p);
        n = wire_get16(p + 2);
        if (n < 8 || n % 8 || n > len) {
            return OFPERR_BIC_BAD_LEN;
        }
        if (type == UINT16_MAX) {
            return OFPERR_BIC_BAD_EXPERIMENTER;
        }
        if (!type || type > (version < OFP13 ? CLEAR_ACTIONS : METER)) {
            return OFPERR_BIC_UNKNOWN_INST;
        }
        if (fixed_len(type) && n != fixed_len(type)) {
            return OFPERR_BIC_BAD_LEN;
        }
        if (found->at[type]) {
            return OFPERR_BIC_DUP_INST;
        }
        found->at[type] = p;
        found->len[type] = n;
        p += n;
        len -= n;
    }
    return 0;
}

static int put_write_actions(const struct ofp_actions *set, struct ofp_actions *out)
{
    struct ofp_action_nested *a;

    for (const struct ofp_action *i = ofp_actions_first(set->data, set->len); i;
         i = ofp_actions_next(set->data, set->len, i)) {
        if (ofp_action_set_place((enum ofp_action_type)i->type) == OFP_PLACE_NONE) {
            return OFPERR_BAC_BAD_TYPE;
        }
    }
    a = ofp_actions_put(out, OFP_ACTION_WRITE_ACTIONS, sizeof *a + set->len);
    if (!a) {
        return OFPERR_BAC_TOO_MANY;
    }
    a->len = set->len;
    if (set->len) {
        memcpy(a->data, set->data, set->len);
    }
    return 0;
}

/* 'applied': what is known of the packet when the rule's own actions were applied, behind
 * which they are carried out: they may be of what it is then, or was before. */
static int decode_write_actions(enum ofp_version version, const struct found *found,
                                const struct ofp_match *match, const struct ofp_match *applied,
                                struct ofp_actions *out)
{
    const uint8_t *p = found->at[WRITE_ACTIONS] + 8;
    size_t len = found->len[WRITE_ACTIONS] - 8u;
    struct ofp_actions set = OFP_ACTIONS_INIT;
    int rc = ofp_actions_decode(version, p, len, match, &set);

    if (rc == OFPERR_BAC_MATCH_INCONSISTENT && applied) {
        rc = ofp_actions_decode(version, p, len, applied, &set);
    }

    if (!rc) {
        rc = put_write_actions(&set, out);
    }
    ofp_actions_free(&set);
    return rc;
}

static int put_write_metadata(uint64_t metadata, uint64_t mask, struct ofp_actions *out)
{
    struct ofp_action_write_metadata *a = ofp_actions_put(out, OFP_ACTION_WRITE_METADATA,
                                                          sizeof *a);

    if (!a) {
        return OFPERR_BAC_TOO_MANY;
    }
    a->metadata = metadata; /* As it came: it is told so. */
    a->mask = mask;
    return 0;
}

static int put_goto(uint8_t to, uint8_t table_id, struct ofp_actions *out)
{
    struct ofp_action_goto_table *a;

    if (to <= table_id || to > MAX_TABLE) {
        return OFPERR_BIC_BAD_TABLE_ID; /* Forward only. */
    }
    a = ofp_actions_put(out, OFP_ACTION_GOTO_TABLE, sizeof *a);
    if (!a) {
        return OFPERR_BAC_TOO_MANY;
    }
    a->table_id = to;
    return 0;
}

/* Before all others: OpenFlow 1.3.5 section 5.9. */
static int put_meter(uint32_t meter_id, struct ofp_actions *out)
{
    struct ofp_action_meter *a = ofp_actions_put(out, OFP_ACTION_METER, sizeof *a);

    a->meter_id = meter_id; /* The list was empty: there is room. */
    return meter_id && meter_id <= OFP_METER_MAX ? 0 : OFPERR_MMFC_INVALID_METER;
}

/* Appends what a list has. */
static int append(const struct ofp_actions *list, struct ofp_actions *out)
{
    for (const struct ofp_action *a = ofp_actions_first(list->data, list->len); a;
         a = ofp_actions_next(list->data, list->len, a)) {
        struct ofp_action *copy = ofp_actions_put(out, (enum ofp_action_type)a->type, a->len);

        if (!copy) {
            return OFPERR_BAC_TOO_MANY;
        }
        memcpy(copy, a, a->len);
    }
    return 0;
}

static int decode_apply_actions(enum ofp_version version, const struct found *found,
                                const struct ofp_match *match, struct ofp_match *ret_after,
                                struct ofp_actions *out)
{
    struct ofp_actions list = OFP_ACTIONS_INIT;
    int rc = ofp_actions_decode_then(version, found->at[APPLY_ACTIONS] + 8,
                                     found->len[APPLY_ACTIONS] - 8u, match, ret_after, &list);

    if (!rc && !out->len) {
        *out = list;
        return 0;
    }
    rc = rc ? rc : append(&list, out);
    ofp_actions_free(&list);
    return rc;
}

int ofp_instructions_decode(enum ofp_version version, const uint8_t *p, size_t len,
                            uint8_t table_id, const struct ofp_match *match,
                            struct ofp_actions *ret)
{
    struct found found;
    int rc = find(version, p, len, &found);
    bool both = !rc && match && found.at[APPLY_ACTIONS] && found.at[WRITE_ACTIONS];
    struct ofp_match after;

    if (!rc && found.at[METER]) {
        rc = put_meter(wire_get32(found.at[METER] + 4), ret);
    }
    if (!rc && found.at[APPLY_ACTIONS]) {
        rc = decode_apply_actions(version, &found, match, both ? &after : NULL, ret);
    }
    if (!rc && found.at[CLEAR_ACTIONS] &&
        !ofp_actions_put(ret, OFP_ACTION_CLEAR_ACTIONS, sizeof(struct ofp_action))) {
        rc = OFPERR_BAC_TOO_MANY;
    }
    if (!rc && found.at[WRITE_ACTIONS]) {
        rc = decode_write_actions(version, &found, match, both ? &after : NULL, ret);
    }
    if (!rc && found.at[WRITE_METADATA]) {
        rc = put_write_metadata(wire_get64(found.at[WRITE_METADATA] + 8),
                                wire_get64(found.at[WRITE_METADATA] + 16), ret);
    }
    if (!rc && found.at[GOTO_TABLE]) {
        rc = put_goto(found.at[GOTO_TABLE][4], table_id, ret);
    }
    if (!rc) {
        rc = ofp_actions_check_conjunction(ret->data, ret->len);
    }
    if (rc) {
        ofp_actions_free(ret);
    }
    return rc;
}

static size_t begin(struct strbuf *s, uint16_t type)
{
    size_t start = s->len;

    wire_put16(s, type);
    wire_put16(s, 0);
    return start;
}

static void put_actions(struct strbuf *s, enum ofp_version version, uint16_t type, const void *data,
                        size_t len)
{
    size_t start = begin(s, type);

    wire_zeros(s, 4);
    ofp_actions_encode(s, version, data, len);
    ofp_action_end(s, start);
}

static void put_instruction(struct strbuf *s, enum ofp_version version, const struct ofp_action *a)
{
    const struct ofp_action_write_metadata *metadata = (const void *)a;
    const struct ofp_action_nested *write = (const void *)a;
    size_t start;

    switch (a->type) {
    case OFP_ACTION_CLEAR_ACTIONS:
        start = begin(s, CLEAR_ACTIONS);
        wire_zeros(s, 4);
        ofp_action_end(s, start);
        break;
    case OFP_ACTION_WRITE_ACTIONS:
        put_actions(s, version, WRITE_ACTIONS, write->data, write->len);
        break;
    case OFP_ACTION_WRITE_METADATA:
        start = begin(s, WRITE_METADATA);
        wire_zeros(s, 4);
        wire_put64(s, metadata->metadata);
        wire_put64(s, metadata->mask);
        ofp_action_end(s, start);
        break;
    default:
        start = begin(s, GOTO_TABLE);
        wire_put8(s, ((const struct ofp_action_goto_table *)a)->table_id);
        wire_zeros(s, 3);
        ofp_action_end(s, start);
        break;
    }
}

/* In OpenFlow 1.3 and 1.4 the first meter among the actions is an instruction. Returns what is
 * behind it, when nothing is before it. */
static const struct ofp_action *encode_meter(struct strbuf *s, enum ofp_version version,
                                             const void *data, size_t len)
{
    const struct ofp_action *first = ofp_actions_first(data, len), *a = first;

    while (a && a->type != OFP_ACTION_METER) {
        a = ofp_actions_next(data, len, a);
    }
    if (a && version >= OFP13) {
        wire_put16(s, METER);
        wire_put16(s, 8);
        wire_put32(s, ((const struct ofp_action_meter *)a)->meter_id);
    }
    return a && a == first ? (const void *)((const uint8_t *)a + a->len) : data;
}

void ofp_instructions_encode(struct strbuf *s, enum ofp_version version, const void *data,
                             size_t len)
{
    const struct ofp_action *a = ofp_actions_first(data, len);
    size_t apply = 0;

    if (version < OFP15) {
        const struct ofp_action *rest = encode_meter(s, version, data, len);

        len -= (size_t)((const uint8_t *)rest - (const uint8_t *)data);
        data = rest;
        a = ofp_actions_first(data, len);
    }
    while (a && a->type < OFP_ACTION_CLEAR_ACTIONS) {
        apply += a->len;
        a = ofp_actions_next(data, len, a);
    }
    if (apply) {
        put_actions(s, version, APPLY_ACTIONS, data, apply);
    }
    for (; a; a = ofp_actions_next(data, len, a)) {
        put_instruction(s, version, a);
    }
}

/* --- Text, and the forms that Nicira gave some of them as actions of OpenFlow 1.0. */

static void format_clear(struct strbuf *s, const struct ofp_action *h)
{
    (void)h;
    strbuf_puts(s, "clear_actions");
}

static void format_write_actions(struct strbuf *s, const struct ofp_action *h)
{
    const struct ofp_action_nested *a = (const struct ofp_action_nested *)h;

    strbuf_puts(s, "write_actions(");
    ofp_actions_format(s, a->data, a->len);
    strbuf_putc(s, ')');
}

static void format_write_metadata(struct strbuf *s, const struct ofp_action *h)
{
    const struct ofp_action_write_metadata *a = (const struct ofp_action_write_metadata *)h;

    strbuf_printf(s, "write_metadata:%#llx", (unsigned long long)a->metadata);
    if (a->mask != UINT64_MAX) {
        strbuf_printf(s, "/%#llx", (unsigned long long)a->mask);
    }
}

static void format_goto(struct strbuf *s, const struct ofp_action *h)
{
    strbuf_printf(s, "goto_table:%u", ((const struct ofp_action_goto_table *)h)->table_id);
}

static void encode_metadata10(struct strbuf *s, enum ofp_version version,
                              const struct ofp_action *h)
{
    const struct ofp_action_write_metadata *a = (const struct ofp_action_write_metadata *)h;
    size_t start = nx_action_begin(s, 22);

    (void)version;
    wire_zeros(s, 6);
    wire_put64(s, a->metadata);
    wire_put64(s, a->mask);
    ofp_action_end(s, start);
}

static int decode_metadata10(const struct ofp_action_in *in, struct ofp_actions *out)
{
    return put_write_metadata(wire_get64(in->p + 16), wire_get64(in->p + 24), out);
}

/* The nearest that 1.0 has is resubmit. */
static void encode_goto10(struct strbuf *s, enum ofp_version version, const struct ofp_action *h)
{
    size_t start = nx_action_begin(s, 14);

    (void)version;
    wire_put16(s, OFP_PORT_IN_PORT);
    wire_put8(s, ((const struct ofp_action_goto_table *)h)->table_id);
    wire_zeros(s, 3);
    ofp_action_end(s, start);
}

CONSTRUCTOR static void register_instructions(void)
{
    /* Without a form in 1.0 clear and write actions are left out there. */
    static const struct ofp_action_codec codecs[] = {
        {OFP_ACTION_CLEAR_ACTIONS, format_clear, NULL},
        {OFP_ACTION_WRITE_ACTIONS, format_write_actions, NULL},
        {OFP_ACTION_WRITE_METADATA, format_write_metadata, encode_metadata10},
        {OFP_ACTION_GOTO_TABLE, format_goto, encode_goto10},
    };
    static const struct ofp_action_form forms[] = {
        {OFP10, OFP10, 22, 32, decode_metadata10, OFP_VENDOR_NX},
    };

    for (size_t i = 0; i < ARRAY_SIZE(codecs); i++) {
        ofp_action_codec_register(&codecs[i]);
    }
    ofp_action_forms_register(forms, ARRAY_SIZE(forms));
}

/* --- From text. */

static int parse_clear(const struct ofp_action_text *t, const char *name, char *arg,
                       struct ofp_actions *out, struct error *err)
{
    (void)t;
    (void)arg;
    return ofp_actions_put(out, OFP_ACTION_CLEAR_ACTIONS, sizeof(struct ofp_action))
               ? 0
               : ofp_action_text_full(name, err);
}

/* "apply_actions(...)": what is in it by itself is the same. */
static int parse_apply(const struct ofp_action_text *t, const char *name, char *arg,
                       struct ofp_actions *out, struct error *err)
{
    struct ofp_actions list = OFP_ACTIONS_INIT;
    int rc = ofp_actions_parse_nested(t, name, arg, &list, err);

    if (!rc && append(&list, out)) {
        rc = ofp_action_text_full(name, err);
    }
    ofp_actions_free(&list);
    return rc;
}

static int parse_write_actions(const struct ofp_action_text *t, const char *name, char *arg,
                               struct ofp_actions *out, struct error *err)
{
    struct ofp_actions set = OFP_ACTIONS_INIT;
    int rc = ofp_actions_parse_nested(t, name, arg, &set, err);

    if (rc) {
        return rc;
    }
    rc = put_write_actions(&set, out);
    ofp_actions_free(&set);
    return rc == OFPERR_BAC_BAD_TYPE
               ? error_set(err, EINVAL,
                           "action '%s': '%s': not all of these may be in an action set", name, arg)
           : rc ? ofp_action_text_full(name, err)
                : 0;
}

static int parse_write_metadata(const struct ofp_action_text *t, const char *name, char *arg,
                                struct ofp_actions *out, struct error *err)
{
    char *slash = strchr(arg, '/');
    uint64_t value, mask = UINT64_MAX;
    int rc;

    (void)t;
    if (slash) {
        *slash++ = '\0';
    }
    rc = ofp_action_text_number(name, "value", arg, UINT64_MAX, &value, err);
    if (!rc && slash) {
        rc = ofp_action_text_number(name, "mask", slash, UINT64_MAX, &mask, err);
    }
    return rc ? rc : put_write_metadata(value, mask, out) ? ofp_action_text_full(name, err) : 0;
}

/* Which way is forward depends on the rule's table: the switch checks that. */
static int parse_goto(const struct ofp_action_text *t, const char *name, char *arg,
                      struct ofp_actions *out, struct error *err)
{
    struct ofp_action_goto_table *a;
    uint64_t table;
    int rc = ofp_action_text_number(name, "table", arg, UINT8_MAX, &table, err);

    (void)t;
    if (rc) {
        return rc;
    }
    a = ofp_actions_put(out, OFP_ACTION_GOTO_TABLE, sizeof *a);
    if (!a) {
        return ofp_action_text_full(name, err);
    }
    a->table_id = (uint8_t)table;
    return 0;
}

CONSTRUCTOR static void register_instruction_words(void)
{
    static const struct ofp_action_word words[] = {
        {"clear_actions", OFP_ARG_NONE, parse_clear},
        {"apply_actions", OFP_ARG_OPTIONAL, parse_apply},
        {"write_actions", OFP_ARG_OPTIONAL, parse_write_actions},
        {"write_metadata", OFP_ARG_WANTED, parse_write_metadata},
        {"goto_table", OFP_ARG_WANTED, parse_goto},
    };

    ofp_action_words_register(words, ARRAY_SIZE(words));
}
