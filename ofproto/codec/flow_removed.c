/* See flow_removed.h. */
#include "ofproto/codec/flow_removed.h"

#include "ofproto/codec/flow_stats.h"
#include "ofproto/codec/match_wire.h"

enum ofp_removed_reason ofp_removed_reason_in(enum ofp_version version,
                                              enum ofp_removed_reason reason)
{
    enum ofp_removed_reason last = version == OFP10  ? OFPRR_DELETE
                                   : version < OFP14 ? OFPRR_GROUP_DELETE
                                                     : OFPRR_EVICTION;

    return reason > last ? OFPRR_DELETE : reason;
}

static void put_duration(struct strbuf *s, uint64_t ms)
{
    wire_put32(s, (uint32_t)(ms / 1000));
    wire_put32(s, (uint32_t)(ms % 1000 * 1000000));
}

static void encode15(struct strbuf *s, const struct ofp_flow_removed *fr)
{
    struct ofp_flow_stats stats = {
        .duration_ms = fr->duration_ms, .packets = fr->packets, .bytes = fr->bytes};

    wire_put8(s, fr->table_id);
    wire_put8(s, (uint8_t)fr->reason);
    wire_put16(s, fr->priority);
    wire_put16(s, fr->idle_timeout_s);
    wire_put16(s, fr->hard_timeout_s);
    wire_put64(s, fr->cookie);
    ofp_match_encode(s, OFP15, &fr->match);
    ofp_oxs_removed_encode(s, &stats);
}

static void encode10(struct strbuf *s, enum ofp_version version, const struct ofp_flow_removed *fr)
{
    if (version == OFP10) {
        ofp10_match_encode(s, &fr->match);
    }
    wire_put64(s, fr->cookie);
    wire_put16(s, fr->priority);
    wire_put8(s, (uint8_t)ofp_removed_reason_in(version, fr->reason));
    wire_put8(s, version == OFP10 ? 0 : fr->table_id);
    put_duration(s, fr->duration_ms);
    wire_put16(s, fr->idle_timeout_s);
    wire_put16(s, version < OFP12 ? 0 : fr->hard_timeout_s);
    wire_put64(s, fr->packets);
    wire_put64(s, fr->bytes);
    if (version != OFP10) {
        ofp_match_encode(s, version, &fr->match);
    }
}

void ofp_flow_removed_encode(struct strbuf *s, enum ofp_version version,
                             const struct ofp_flow_removed *fr)
{
    size_t start = ofp_begin(s, version, OFPT_FLOW_REMOVED, 0);

    if (version >= OFP15) {
        encode15(s, fr);
    } else {
        encode10(s, version, fr);
    }
    ofp_end(s, start);
}
