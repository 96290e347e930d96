/* See flow_removed.h. */
#include "ofproto/codec/flow_removed.h"

#include "ofproto/codec/match_wire.h"

static void put_duration(struct strbuf *s, uint64_t ms)
{
    wire_put32(s, (uint32_t)(ms / 1000));
    wire_put32(s, (uint32_t)(ms % 1000 * 1000000));
}

void ofp_flow_removed_encode(struct strbuf *s, enum ofp_version version,
                             const struct ofp_flow_removed *fr)
{
    size_t start = ofp_begin(s, version, OFPT_FLOW_REMOVED, 0);

    if (version == OFP10) {
        ofp10_match_encode(s, &fr->match);
    }
    wire_put64(s, fr->cookie);
    wire_put16(s, fr->priority);
    wire_put8(s, (uint8_t)fr->reason);
    wire_put8(s, version == OFP10 ? 0 : fr->table_id);
    put_duration(s, fr->duration_ms);
    wire_put16(s, fr->idle_timeout_s);
    wire_put16(s, version == OFP10 ? 0 : fr->hard_timeout_s);
    wire_put64(s, fr->packets);
    wire_put64(s, fr->bytes);
    if (version != OFP10) {
        ofp13_match_encode(s, &fr->match);
    }
    ofp_end(s, start);
}
