/* See packet_in.h. */
#include "ofproto/codec/packet_in.h"

#include <stdio.h>

#include "ofproto/codec/match_wire.h"
#include "ofproto/codec/property.h"

#define NXT_PACKET_IN 17
#define NXT_PACKET_IN2 30
#define MAX_LEN UINT16_MAX

static const char *const reason_names[OFPR_N] = {"no_match",   "action", "invalid_ttl",
                                                 "action_set", "group",  "packet_out"};

enum ofp_packet_in_reason ofp_packet_in_reason_of(enum ofp_version version,
                                                  enum ofp_packet_in_reason reason)
{
    return version < OFP14 && reason > OFPR_INVALID_TTL ? OFPR_ACTION : reason;
}

void ofp_packet_in_reason_format(struct strbuf *s, unsigned int reason)
{
    if (reason < OFPR_N) {
        strbuf_puts(s, reason_names[reason]);
    } else {
        strbuf_printf(s, "%u", reason);
    }
}

bool ofp_packet_in_reason_parse(const char *text, uint8_t *ret)
{
    for (unsigned int i = 0; i < OFPR_N; i++) {
        if (!strcmp(text, reason_names[i])) {
            *ret = (uint8_t)i;
            return true;
        }
    }
    return false;
}

/* The version's own message. */
static void encode_standard(struct strbuf *s, enum ofp_version version,
                            const struct ofp_packet_in *pin)
{
    uint8_t reason = (uint8_t)ofp_packet_in_reason_of(version, pin->reason);
    size_t start = ofp_begin(s, version, OFPT_PACKET_IN, 0);

    wire_put32(s, OFP_NO_BUFFER);
    if (version == OFP11) { /* The port, and the physical one below it. */
        wire_put32(s, ofp_port_to32(pin->match.flow.in_port));
        wire_put32(s, ofp_port_to32(pin->match.flow.in_port));
    }
    wire_put16(s, (uint16_t)MIN_OF(pin->full_len, (size_t)UINT16_MAX));
    if (version == OFP10) {
        wire_put16(s, (uint16_t)pin->match.flow.in_port);
        wire_put8(s, reason);
        wire_put8(s, 0);
    } else {
        wire_put8(s, reason);
        wire_put8(s, pin->table_id);
    }
    if (version >= OFP13) {
        wire_put64(s, pin->cookie);
    }
    if (version >= OFP12) {
        ofp_match_encode(s, version, &pin->match);
        wire_put16(s, 0);
    }
    strbuf_put(s, pin->packet, MIN_OF(pin->packet_len, MAX_LEN - (s->len - start)));
    ofp_end(s, start);
}

/* With a Nicira match. */
static void encode_nxt(struct strbuf *s, enum ofp_version version, const struct ofp_packet_in *pin)
{
    size_t start = ofp_nx_begin(s, version, NXT_PACKET_IN, 0), match;

    wire_put32(s, OFP_NO_BUFFER);
    wire_put16(s, (uint16_t)MIN_OF(pin->full_len, (size_t)UINT16_MAX));
    wire_put8(s, (uint8_t)ofp_packet_in_reason_of(version, pin->reason));
    wire_put8(s, pin->table_id);
    wire_put64(s, pin->cookie);
    wire_put16(s, 0); /* The match's length: below. */
    wire_zeros(s, 6);
    match = s->len;
    nxm_match_encode(s, &pin->match);
    wire_set16(s, match - 8, (uint16_t)(s->len - match));
    wire_pad8(s, match);
    wire_zeros(s, 2);
    strbuf_put(s, pin->packet, MIN_OF(pin->packet_len, MAX_LEN - (s->len - start)));
    ofp_end(s, start);
}

/* --- NXT_PACKET_IN2 and NXT_RESUME: lists of properties. */

enum {
    NXPINT_PACKET,
    NXPINT_FULL_LEN,
    NXPINT_BUFFER_ID,
    NXPINT_TABLE_ID,
    NXPINT_COOKIE,
    NXPINT_REASON,
    NXPINT_METADATA,
    NXPINT_USERDATA,
    NXPINT_CONTINUATION
};

static void put_continuation(struct strbuf *s, const struct ofp_packet_in *pin)
{
    size_t start = s->len;

    wire_put16(s, NXPINT_CONTINUATION);
    wire_put16(s, (uint16_t)(8 + pin->continuation_len));
    wire_zeros(s, 4);
    strbuf_put(s, pin->continuation, pin->continuation_len);
    wire_pad8(s, start);
}

/* All but the packet. */
static void put_properties2(struct strbuf *s, enum ofp_version version,
                            const struct ofp_packet_in *pin)
{
    uint8_t reason = (uint8_t)ofp_packet_in_reason_of(version, pin->reason);
    size_t start;

    ofp_property_put(s, NXPINT_TABLE_ID, &pin->table_id, 1);
    if (pin->cookie != UINT64_MAX) {
        wire_put16(s, NXPINT_COOKIE);
        wire_put16(s, 16);
        wire_zeros(s, 4);
        wire_put64(s, pin->cookie);
    }
    ofp_property_put(s, NXPINT_REASON, &reason, 1);
    start = s->len;
    wire_put16(s, NXPINT_METADATA);
    wire_put16(s, 0);
    oxm_fields_encode(s, OFP13, &pin->match);
    wire_set16(s, start + 2, (uint16_t)(s->len - start));
    wire_pad8(s, start);
    if (pin->userdata_len) {
        ofp_property_put(s, NXPINT_USERDATA, pin->userdata, pin->userdata_len);
    }
    if (pin->continuation_len) {
        put_continuation(s, pin);
    }
}

static void encode_nxt2(struct strbuf *s, enum ofp_version version, const struct ofp_packet_in *pin)
{
    size_t start = ofp_nx_begin(s, version, NXT_PACKET_IN2, 0), room, n;
    struct strbuf rest = STRBUF_INIT;

    put_properties2(&rest, version, pin);
    /* A property's head, its padding, and the full length after it. */
    room = MAX_LEN - MIN_OF(s->len - start + rest.len + 4 + 8 + 8, (size_t)MAX_LEN);
    n = MIN_OF(pin->packet_len, room);
    ofp_property_put(s, NXPINT_PACKET, pin->packet, n);
    if (n < pin->full_len) {
        be32_t full = be32_make((uint32_t)pin->full_len);

        ofp_property_put(s, NXPINT_FULL_LEN, &full, sizeof full);
    }
    strbuf_put(s, rest.data, rest.len);
    strbuf_free(&rest);
    ofp_end(s, start);
}

void ofp_packet_in_encode(struct strbuf *s, enum ofp_version version,
                          enum ofp_packet_in_format format, const struct ofp_packet_in *pin)
{
    switch (format) {
    case OFP_PACKET_IN_NXT: encode_nxt(s, version, pin); break;
    case OFP_PACKET_IN_NXT2: encode_nxt2(s, version, pin); break;
    default: encode_standard(s, version, pin);
    }
}

static int decode_property(const struct ofp_property *property, struct ofp_packet_in *ret)
{
    static const uint8_t lens[] = {0, 8, 8, 5, 16, 5, 0, 0, 0};
    const uint8_t *p = property->p + 4;
    size_t len = property->len - 4;

    if (property->type >= ARRAY_SIZE(lens)) {
        return OFPERR_BPC_BAD_TYPE;
    }
    if (lens[property->type] && property->len != lens[property->type]) {
        return OFPERR_BPC_BAD_LEN;
    }
    switch (property->type) {
    case NXPINT_PACKET:
        ret->packet = p;
        ret->packet_len = len;
        return 0;
    case NXPINT_FULL_LEN: ret->full_len = wire_get32(p); return 0;
    case NXPINT_TABLE_ID: ret->table_id = *p; return 0;
    case NXPINT_COOKIE: ret->cookie = wire_get64(p + 4); return 0;
    case NXPINT_REASON: ret->reason = (enum ofp_packet_in_reason) * p; return 0;
    case NXPINT_METADATA: return nxm_match_decode(p, len, &ret->match, NULL);
    case NXPINT_USERDATA:
        ret->userdata = p;
        ret->userdata_len = len;
        return 0;
    case NXPINT_CONTINUATION:
        if (len < 4) {
            return OFPERR_BPC_BAD_LEN;
        }
        ret->continuation = p + 4;
        ret->continuation_len = len - 4;
        return 0;
    default: return 0; /* A buffer's number: there are none. */
    }
}

int ofp_packet_in2_decode(const uint8_t *p, size_t len, struct ofp_packet_in *ret)
{
    memset(ret, 0, sizeof *ret);
    ofp_match_init(&ret->match);
    ret->cookie = UINT64_MAX;
    while (len) {
        struct ofp_property property;
        int rc = ofp_property_take(&p, &len, &property);

        rc = rc ? rc : decode_property(&property, ret);
        if (rc) {
            return rc;
        }
    }
    if (!ret->packet_len) {
        return OFPERR_BRC_BAD_LEN;
    }
    ret->full_len = MAX_OF(ret->full_len, ret->packet_len);
    return 0;
}
