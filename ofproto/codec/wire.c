/* See wire.h. */
#include "ofproto/codec/wire.h"

void wire_put8(struct strbuf *s, uint8_t v)
{
    strbuf_put(s, &v, 1);
}

void wire_put16(struct strbuf *s, uint16_t v)
{
    be16_t be = be16_make(v);

    strbuf_put(s, &be, sizeof be);
}

void wire_put32(struct strbuf *s, uint32_t v)
{
    be32_t be = be32_make(v);

    strbuf_put(s, &be, sizeof be);
}

void wire_put64(struct strbuf *s, uint64_t v)
{
    be64_t be = be64_make(v);

    strbuf_put(s, &be, sizeof be);
}

void wire_zeros(struct strbuf *s, size_t n)
{
    static const uint8_t zeros[64];

    for (; n > sizeof zeros; n -= sizeof zeros) {
        strbuf_put(s, zeros, sizeof zeros);
    }
    strbuf_put(s, zeros, n);
}

void wire_pad8(struct strbuf *s, size_t start)
{
    wire_zeros(s, ROUND_UP(s->len - start, 8) - (s->len - start));
}

void wire_set16(struct strbuf *s, size_t at, uint16_t v)
{
    be16_t be = be16_make(v);

    memcpy(s->data + at, &be, sizeof be);
}

void ofp_header_decode(const uint8_t p[OFP_HEADER_LEN], struct ofp_header *ret)
{
    ret->version = p[0];
    ret->type = p[1];
    ret->length = wire_get16(p + 2);
    ret->xid = wire_get32(p + 4);
}

size_t ofp_begin(struct strbuf *s, uint8_t version, uint8_t type, uint32_t xid)
{
    size_t start = s->len;

    wire_put8(s, version);
    wire_put8(s, type);
    wire_put16(s, 0);
    wire_put32(s, xid);
    return start;
}

void ofp_end(struct strbuf *s, size_t start)
{
    wire_set16(s, start + 2, (uint16_t)(s->len - start));
}

size_t ofp_nx_begin(struct strbuf *s, uint8_t version, uint32_t subtype, uint32_t xid)
{
    size_t start = ofp_begin(s, version, OFPT_VENDOR, xid);

    wire_put32(s, OFP_VENDOR_NX);
    wire_put32(s, subtype);
    return start;
}
