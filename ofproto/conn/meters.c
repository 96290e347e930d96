/* Meter mods and what is told of meters: statistics, configurations, features. Event base's thread.
 */
#include "ofproto/conn/multipart.h"
#include "ofproto/conn/requestforward.h"
#include "ofproto/meter/meter.h"

int handle_meter_mod(struct conn *conn, const struct request *r)
{
    struct ofp_meter_mod mod;
    int rc = ofp_meter_mod_decode(request_body(r), request_body_len(r), &mod);

    rc = rc ? rc : meter_mod_apply(conn->bridge, &mod, time_now_ms());
    if (!rc) {
        forward_meter_mod(conn, r->h.xid, &mod);
    }
    return rc;
}

/* --- What is told. */

static void put_stats(struct multipart *m, struct ofp_meter *meter)
{
    uint64_t now_ms = time_now_ms(), age_ms = now_ms - MIN_OF(now_ms, meter->created_ms);
    struct ofp_meter_stats stats = {.meter_id = meter->id,
                                    .n_flows = meter_n_rules(m->conn->bridge, meter),
                                    .duration_s = (uint32_t)(age_ms / 1000),
                                    .duration_ns = (uint32_t)(age_ms % 1000 * 1000000),
                                    .n = meter->config.n};
    struct dp_meter_stats counted;

    meter_read(m->conn->bridge->set, meter, &counted);
    stats.packets = counted.packets;
    stats.bytes = counted.bytes;
    for (unsigned int i = 0; i < meter->config.n; i++) {
        stats.band[i].packets = counted.band[i].packets;
        stats.band[i].bytes = counted.band[i].bytes;
    }
    ofp_meter_stats_encode(&m->s, &stats);
    multipart_next(m);
}

static void put_desc(struct multipart *m, struct ofp_meter *meter)
{
    ofp_meter_desc_encode(&m->s, meter->id, &meter->config);
    multipart_next(m);
}

/* Of one meter, or all in the order in which they were made. */
static int tell(struct multipart *m, const uint8_t *p, size_t len,
                void (*put)(struct multipart *, struct ofp_meter *))
{
    struct ofproto *bridge = m->conn->bridge;
    struct ofp_meter *one;

    if (len != 8) {
        return OFPERR_BRC_BAD_LEN;
    }
    one = meter_find(bridge, wire_get32(p));
    if (wire_get32(p) != OFP_METER_ALL && !one) {
        return OFPERR_MMFC_UNKNOWN_METER;
    }
    if (one) {
        put(m, one);
        return 0;
    }
    for (struct ofp_meter *meter = bridge->meters; meter; meter = meter->hh.next) {
        put(m, meter);
    }
    return 0;
}

int stats_meters(struct multipart *m, const uint8_t *p, size_t len)
{
    return tell(m, p, len, put_stats);
}

int stats_meter_desc(struct multipart *m, const uint8_t *p, size_t len)
{
    return tell(m, p, len, put_desc);
}

int stats_meter_features(struct multipart *m, const uint8_t *p, size_t len)
{
    static const struct ofp_meter_features features = {
        .max_meters = DP_MAX_METERS,
        .band_types = 1u << OFP_BAND_DROP | 1u << OFP_BAND_DSCP_REMARK,
        .capabilities = OFP_METER_FLAGS,
        .max_bands = OFP_METER_MAX_BANDS,
    };

    (void)p;
    if (len) {
        return OFPERR_BRC_BAD_LEN;
    }
    ofp_meter_features_encode(&m->s, &features);
    return 0;
}
