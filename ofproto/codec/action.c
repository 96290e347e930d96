/* Lists of actions; see action.h. Knows no action: codec/action_FAMILY.c register themselves. */
#include "ofproto/codec/action.h"

#include <stdlib.h>

#include "ofproto/codec/action_conjunction.h"

static const struct ofp_action_codec *codecs[OFP_N_ACTIONS];

void ofp_action_codec_register(const struct ofp_action_codec *codec)
{
    codecs[codec->type] = codec;
}

enum ofp_set_place ofp_action_set_place(enum ofp_action_type type)
{
    return codecs[type]->place;
}

#define MAX_FORM 64
#define MAX_NESTED 16

/* The protocol's own, and Nicira's. */
static const struct ofp_action_form *forms[2][OFP15 + 1][MAX_FORM];

void ofp_action_forms_register(const struct ofp_action_form *form, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (unsigned int v = form[i].from; v <= form[i].to; v++) {
            forms[form[i].vendor != 0][v][form[i].type] = &form[i];
        }
    }
}

uint32_t ofp_action_types(enum ofp_version version)
{
    uint32_t types = 0;

    for (unsigned int type = 0; type < 32; type++) {
        types |= forms[0][version][type] ? 1u << type : 0;
    }
    return types;
}

void ofp_actions_free(struct ofp_actions *actions)
{
    free(actions->data);
    *actions = (struct ofp_actions)OFP_ACTIONS_INIT;
}

void *ofp_actions_put(struct ofp_actions *actions, enum ofp_action_type type, size_t len)
{
    size_t padded = ROUND_UP(len, 8);
    struct ofp_action *a;

    if (actions->len + padded > OFP_ACTIONS_MAX_LEN) {
        return NULL;
    }
    if (actions->len + padded > actions->size) {
        actions->size = MAX_OF(actions->len + (uint32_t)padded, actions->size * 2);
        actions->data = xrealloc(actions->data, actions->size);
    }
    a = (struct ofp_action *)(actions->data + actions->len);
    memset(a, 0, padded);
    a->type = type;
    a->len = (uint16_t)padded;
    actions->len += (uint32_t)padded;
    return a;
}

bool ofp_actions_equal(const struct ofp_actions *a, const struct ofp_actions *b)
{
    return a->len == b->len && (!a->len || !memcmp(a->data, b->data, a->len));
}

const struct ofp_action *ofp_actions_first(const void *data, size_t len)
{
    return len ? data : NULL;
}

const struct ofp_action *ofp_actions_next(const void *data, size_t len, const struct ofp_action *a)
{
    const uint8_t *next = (const uint8_t *)a + a->len;

    return next < (const uint8_t *)data + len ? (const struct ofp_action *)next : NULL;
}

int ofp_actions_each(const void *data, size_t len, int (*cb)(const struct ofp_action *, void *aux),
                     void *aux)
{
    int rc = 0;

    for (const struct ofp_action *a = ofp_actions_first(data, len); a && !rc;
         a = ofp_actions_next(data, len, a)) {
        const struct ofp_action_nested *nested = (const struct ofp_action_nested *)a;

        rc = cb(a, aux);
        if (!rc && (a->type == OFP_ACTION_WRITE_ACTIONS || a->type == OFP_ACTION_CLONE)) {
            rc = ofp_actions_each(nested->data, nested->len, cb, aux);
        }
    }
    return rc;
}

static int add_tlv_fields(const struct ofp_action *a, void *ret)
{
    if (codecs[a->type]->tlv_fields) {
        *(uint64_t *)ret |= codecs[a->type]->tlv_fields(a);
    }
    return 0;
}

uint64_t ofp_actions_tlv_fields(const void *data, size_t len)
{
    uint64_t fields = 0;

    ofp_actions_each(data, len, add_tlv_fields, &fields);
    return fields;
}

static enum ofp_version format_version;

void ofp_actions_format_like(enum ofp_version version)
{
    format_version = version;
}

enum ofp_version ofp_actions_format_version(void)
{
    return format_version;
}

void ofp_action_format(struct strbuf *s, const struct ofp_action *a)
{
    codecs[a->type]->format(s, a);
}

void ofp_actions_format(struct strbuf *s, const void *data, size_t len)
{
    const struct ofp_action *a = ofp_actions_first(data, len);

    if (!a) {
        strbuf_puts(s, "drop");
    }
    while (a) {
        ofp_action_format(s, a);
        a = ofp_actions_next(data, len, a);
        if (a) {
            strbuf_putc(s, ',');
        }
    }
}

static int find_form(enum ofp_version version, const uint8_t *p, size_t len,
                     const struct ofp_action_form **ret)
{
    const struct ofp_action_form *form;
    uint16_t type = wire_get16(p);

    if (type != UINT16_MAX) {
        form = type < MAX_FORM ? forms[0][version][type] : NULL;
    } else if (wire_get32(p + 4) != OFP_VENDOR_NX) {
        return OFPERR_BAC_BAD_VENDOR;
    } else if (len < 16) {
        return OFPERR_BAC_BAD_LEN;
    } else {
        type = wire_get16(p + 8);
        form = type < MAX_FORM ? forms[1][version][type] : NULL;
        if (!form) {
            return OFPERR_BAC_BAD_VENDOR_TYPE;
        }
    }
    *ret = form;
    return !form ? OFPERR_BAC_BAD_TYPE : form->len && form->len != len ? OFPERR_BAC_BAD_LEN : 0;
}

static int decode_one(const struct ofp_action_in *list, const uint8_t *p, size_t left,
                      struct ofp_actions *out, size_t *ret_len)
{
    struct ofp_action_in in = *list;
    const struct ofp_action_form *form;
    int rc;

    if (left < 8) {
        return OFPERR_BAC_BAD_LEN;
    }
    in.p = p;
    in.len = wire_get16(p + 2);
    if (in.len < 8 || in.len % 8 || in.len > left) {
        return OFPERR_BAC_BAD_LEN;
    }
    rc = find_form(in.version, p, in.len, &form);
    *ret_len = in.len;
    return rc ? rc : form->decode(&in, out);
}

/* Instructions, which OpenFlow 1.0 has among its actions, come after all actions and once. */
static bool in_order(const struct ofp_actions *list)
{
    const struct ofp_action *a = ofp_actions_first(list->data, list->len);
    unsigned int last = 0;

    for (; a; a = ofp_actions_next(list->data, list->len, a)) {
        if (last && a->type <= last) {
            return false;
        }
        last = a->type >= OFP_ACTION_CLEAR_ACTIONS ? a->type : 0;
    }
    return true;
}

static int decode_list(enum ofp_version version, const uint8_t *p, size_t len,
                       const struct ofp_match *match, unsigned int depth, struct ofp_match *after,
                       struct ofp_actions *ret)
{
    struct ofp_match known;
    struct ofp_action_in in = {.version = version, .match = match ? &known : NULL, .depth = depth};
    size_t at = 0, n;

    if (match) {
        known = *match;
    }
    while (at < len) {
        int rc = decode_one(&in, p + at, len - at, ret, &n);

        if (rc) {
            ofp_actions_free(ret);
            return rc;
        }
        at += n;
    }
    if (!in_order(ret)) {
        ofp_actions_free(ret);
        return OFPERR_BAC_UNSUPPORTED_ORDER;
    }
    if (ofp_actions_check_conjunction(ret->data, ret->len)) {
        ofp_actions_free(ret);
        return OFPERR_NXBAC_BAD_CONJUNCTION;
    }
    if (match && after) {
        *after = known;
    }
    return 0;
}

int ofp_actions_decode(enum ofp_version version, const uint8_t *p, size_t len,
                       const struct ofp_match *match, struct ofp_actions *ret)
{
    return decode_list(version, p, len, match, 0, NULL, ret);
}

int ofp_actions_decode_then(enum ofp_version version, const uint8_t *p, size_t len,
                            const struct ofp_match *match, struct ofp_match *after,
                            struct ofp_actions *ret)
{
    return decode_list(version, p, len, match, 0, after, ret);
}

int ofp_actions_decode_nested(const struct ofp_action_in *in, const uint8_t *p, size_t len,
                              struct ofp_actions *ret)
{
    return in->depth == MAX_NESTED
               ? OFPERR_BAC_TOO_MANY
               : decode_list(in->version, p, len, in->match, in->depth + 1, NULL, ret);
}

void ofp_actions_encode(struct strbuf *s, enum ofp_version version, const void *data, size_t len)
{
    for (const struct ofp_action *a = ofp_actions_first(data, len); a;
         a = ofp_actions_next(data, len, a)) {
        if (codecs[a->type]->encode) {
            codecs[a->type]->encode(s, version, a);
        }
    }
}

size_t nx_action_begin(struct strbuf *s, uint16_t subtype)
{
    size_t start = s->len;

    wire_put16(s, UINT16_MAX);
    wire_put16(s, 0);
    wire_put32(s, OFP_VENDOR_NX);
    wire_put16(s, subtype);
    return start;
}

void ofp_action_end(struct strbuf *s, size_t start)
{
    wire_pad8(s, start);
    wire_set16(s, start + 2, (uint16_t)(s->len - start));
}
