/* Properties, of which messages have lists since OpenFlow 1.4 (1.5.1 section 7.1.2): a type, a
 * length that counts this head but not the padding to eight bytes, and a body. Header only. */
#ifndef OFPROTO_CODEC_PROPERTY_H
#define OFPROTO_CODEC_PROPERTY_H

#include "lib/util.h"
#include "ofproto/codec/ofp_error.h"
#include "ofproto/codec/wire.h"

#define OFP_PROPERTY_EXPERIMENTER 0xffff

struct ofp_property {
    const uint8_t *p; /* With the head. */
    size_t len;       /* Without the padding; at least 4. */
    uint16_t type;
};

/* Takes the first property off a list of '*len' bytes, which are not 0, at '*p'. 0 or
 * OFPERR_BPC_BAD_LEN. */
static inline int ofp_property_take(const uint8_t **p, size_t *len, struct ofp_property *ret)
{
    size_t padded;

    ret->p = *p;
    ret->len = *len >= 4 ? wire_get16(*p + 2) : 0;
    padded = ROUND_UP(ret->len, 8);
    if (ret->len < 4 || padded > *len) {
        return OFPERR_BPC_BAD_LEN;
    }
    ret->type = wire_get16(*p);
    *p += padded;
    *len -= padded;
    return 0;
}

/* Appends one with its padding. */
static inline void ofp_property_put(struct strbuf *s, uint16_t type, const void *body, size_t len)
{
    size_t start = s->len;

    wire_put16(s, type);
    wire_put16(s, (uint16_t)(4 + len));
    strbuf_put(s, body, len);
    wire_pad8(s, start);
}

#endif
