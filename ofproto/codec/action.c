/* Lists of actions; see action.h. Knows no action: codec/action_FAMILY.c register themselves. */
#include "ofproto/codec/action.h"

#include <stdlib.h>

static const struct ofp_action_codec *codecs[OFP_N_ACTIONS];

void ofp_action_codec_register(const struct ofp_action_codec *codec)
{
    codecs[codec->type] = codec;
}

#define MAX_FORM 32

static const struct ofp_action_form *forms[OFP13 + 1][MAX_FORM];

void ofp_action_forms_register(const struct ofp_action_form *form, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        forms[form[i].version][form[i].wire_type] = &form[i];
    }
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

static int decode_one(enum ofp_version version, const uint8_t *p, size_t left,
                      const struct ofp_match *match, struct ofp_actions *out, size_t *ret_len)
{
    const struct ofp_action_form *form;
    uint16_t type, len;

    if (left < 8) {
        return OFPERR_BAC_BAD_LEN;
    }
    type = wire_get16(p);
    len = wire_get16(p + 2);
    if (len < 8 || len % 8 || len > left) {
        return OFPERR_BAC_BAD_LEN;
    }
    if (type == UINT16_MAX) {
        return OFPERR_BAC_BAD_VENDOR;
    }
    form = type < MAX_FORM ? forms[version][type] : NULL;
    if (!form) {
        return OFPERR_BAC_BAD_TYPE;
    }
    if (form->len && form->len != len) {
        return OFPERR_BAC_BAD_LEN;
    }
    *ret_len = len;
    return form->decode(p, len, match, out);
}

int ofp_actions_decode(enum ofp_version version, const uint8_t *p, size_t len,
                       const struct ofp_match *match, struct ofp_actions *ret)
{
    size_t at = 0, n;

    while (at < len) {
        int rc = decode_one(version, p + at, len - at, match, ret, &n);

        if (rc) {
            ofp_actions_free(ret);
            return rc;
        }
        at += n;
    }
    return 0;
}

void ofp_actions_encode(struct strbuf *s, enum ofp_version version, const void *data, size_t len)
{
    for (const struct ofp_action *a = ofp_actions_first(data, len); a;
         a = ofp_actions_next(data, len, a)) {
        codecs[a->type]->encode(s, version, a);
    }
}
