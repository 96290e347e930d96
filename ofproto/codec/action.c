/* Lists of actions; see action.h. Knows no action: codec/action_FAMILY.c register themselves. */
#include "ofproto/codec/action.h"

#include <stdlib.h>

static const struct ofp_action_codec *codecs[OFP_N_ACTIONS];

void ofp_action_codec_register(const struct ofp_action_codec *codec)
{
    codecs[codec->type] = codec;
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
