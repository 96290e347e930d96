/* See queue_info.h. */
#include "ofproto/codec/queue_info.h"

#include "ofproto/codec/action.h"
#include "ofproto/codec/match_wire.h"

#define HEAD10 8 /* Of a configuration, before its properties. */
#define HEAD11 16
#define PROPERTY_HEAD 8 /* Before 1.4. */

enum { PROPERTY_MIN_RATE = 1, PROPERTY_MAX_RATE };

static void put_port(struct strbuf *s, enum ofp_version version, uint32_t port)
{
    if (version == OFP10) {
        wire_put16(s, (uint16_t)(port == OFP_PORT_NONE ? OFP_PORT_ALL : port));
        wire_zeros(s, 2);
    } else {
        wire_put32(s, ofp_port_to32(port));
    }
}

static uint32_t get_port(enum ofp_version version, const uint8_t *p)
{
    uint32_t port;

    if (version == OFP10) {
        return wire_get16(p);
    }
    return ofp_port_from32(wire_get32(p), &port) ? port : wire_get32(p);
}

void ofp_queue_counts_request(struct strbuf *s, enum ofp_version version, uint32_t port,
                              uint32_t queue)
{
    put_port(s, version, port);
    wire_put32(s, queue);
}

int ofp_queue_counts_decode(enum ofp_version version, const uint8_t *p, size_t left,
                            struct ofp_queue_counts *ret, size_t *ret_len)
{
    bool has_len = version >= OFP14, has_duration = version >= OFP13;
    size_t head = has_len ? 8 : 0, len = head + 32 + (has_duration ? 8 : 0);

    if (left < len) {
        return OFPERR_BRC_BAD_LEN;
    }
    if (has_len) {
        size_t whole = wire_get16(p);

        if (whole < len || whole > left) {
            return OFPERR_BRC_BAD_LEN;
        }
        len = whole;
    }
    p += head;
    *ret = (struct ofp_queue_counts){
        .port = get_port(version, p),
        .queue = wire_get32(p + 4),
        .bytes = wire_get64(p + 8),
        .packets = wire_get64(p + 16),
        .errors = wire_get64(p + 24),
        .duration_s = has_duration ? wire_get32(p + 32) : UINT32_MAX,
        .duration_ns = has_duration ? wire_get32(p + 36) : UINT32_MAX,
    };
    *ret_len = len;
    return 0;
}

void ofp_queue_config_request(struct strbuf *s, enum ofp_version version, uint32_t port)
{
    if (version == OFP10) {
        wire_put16(s, (uint16_t)port);
        wire_zeros(s, 2);
    } else {
        wire_put32(s, ofp_port_to32(port));
        wire_zeros(s, 4);
    }
}

static void set_rate(struct ofp_queue_config *q, uint16_t type, uint16_t rate)
{
    if (type == PROPERTY_MIN_RATE) {
        q->min_rate = rate;
    } else if (type == PROPERTY_MAX_RATE) {
        q->max_rate = rate;
    }
}

int ofp_queue_config_decode(enum ofp_version version, const uint8_t *p, size_t left,
                            struct ofp_queue_config *ret, size_t *ret_len)
{
    size_t head = version == OFP10 ? HEAD10 : HEAD11, len, at;
    size_t rate_at = version >= OFP14 ? 4 : PROPERTY_HEAD;
    struct ofp_queue_config q = {ret->port, 0, UINT16_MAX, UINT16_MAX};

    if (left < head) {
        return OFPERR_BRC_BAD_LEN;
    }
    len = wire_get16(p + (version == OFP10 ? 4 : 8));
    if (len < head || len > left) {
        return OFPERR_BRC_BAD_LEN;
    }
    if (version >= OFP14) {
        q.port = get_port(version, p);
        q.queue = wire_get32(p + 4);
    } else {
        q.queue = wire_get32(p);
        q.port = version == OFP10 ? q.port : get_port(version, p + 4);
    }
    for (at = head; at < len;) {
        size_t n = len - at < 4 ? 0 : wire_get16(p + at + 2);

        if (n < 4 || n > len - at) {
            return OFPERR_BRC_BAD_LEN;
        }
        if (n >= rate_at + 2) {
            set_rate(&q, wire_get16(p + at), wire_get16(p + at + rate_at));
        }
        at += ROUND_UP(n, 8);
    }
    *ret = q;
    *ret_len = len;
    return 0;
}
