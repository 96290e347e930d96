/* Packet-ins: what the datapath's upcall actions bring goes to the connections of the bridge that
 * want it. Never queued beyond what a connection may leave unread, and within its rate. Event
 * base's thread. */
#include "ofproto/codec/packet_in.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>

#include "lib/log.h"
#include "ofproto/codec/match_wire.h"
#include "ofproto/conn/conn.h"
#include "ofproto/xlate/controller.h"

LOG_MODULE(packet_in);

/* A connection that leaves so much unread gets no packets. */
#define UNREAD_MAX ((size_t)1 << 20)

static bool take_token(struct conn *conn, uint64_t now_ms)
{
    struct rate_limit *limit = &conn->packet_in_limit;

    return !limit->rate || token_bucket_take(&limit->bucket, limit->rate,
                                             (uint64_t)limit->burst * 1000, 1000, now_ms);
}

static void send_to(struct conn *conn, const struct ofp_packet_in *pin, uint64_t now_ms)
{
    struct evbuffer *out = bufferevent_get_output(conn->bev);
    struct strbuf s = STRBUF_INIT;

    if (!conn_wants(conn, ASYNC_PACKET_IN,
                    ofp_packet_in_reason_of((enum ofp_version)conn->version, pin->reason))) {
        return;
    }
    if (evbuffer_get_length(out) > UNREAD_MAX || !take_token(conn, now_ms)) {
        conn->n_packet_ins_dropped++;
        log_warn_limit("bridge '%s': a controller gets more packets than it reads or its "
                       "controller_rate_limit admits: %llu dropped so far",
                       conn->bridge->name, (unsigned long long)conn->n_packet_ins_dropped);
        return;
    }
    ofp_packet_in_encode(&s, (enum ofp_version)conn->version, conn->packet_in_format, pin);
    conn_send(conn, &s);
}

static void make_match(const struct packet_origin_id *id, const struct flow_key *key,
                       struct ofp_match *ret)
{
    ofp_match_init(ret);
    OFP_MATCH_SET(ret, in_port, id->in_port);
    if (id->metadata) {
        OFP_MATCH_SET(ret, metadata, id->metadata);
    }
    for (unsigned int i = 0; i < OFP_N_REGS; i++) {
        if (id->reg[i]) {
            OFP_MATCH_SET(ret, reg[i], id->reg[i]);
        }
    }
    if (key && key->pkt_mark) {
        OFP_MATCH_SET(ret, pkt.pkt_mark, key->pkt_mark);
    }
}

/* The options of a tunnel, as far as they are still mapped. */
static void add_tlvs(const struct packet_origin *origin, struct ofp_match *ret)
{
    const struct packet_origin_id *id = &origin->id;
    const uint8_t *p = origin->extra + id->userdata_len + id->continuation_len;
    struct ofp_match match = *ret;

    if (id->tlvs_len && !oxm_fields_decode(p, id->tlvs_len, &match)) {
        *ret = match;
    }
}

void ofproto_packet_in(struct ofproto_set *set, const struct dp_upcall *up, uint64_t now_ms)
{
    const struct packet_origin *origin = packet_origin_find(set->origins, up->cookie);
    struct ofp_packet_in pin;
    struct conn *conn;

    if (!origin || origin->id.bridge->dead || !origin->id.bridge->mgmt) {
        return;
    }
    pin = (struct ofp_packet_in){.reason = (enum ofp_packet_in_reason)origin->id.reason,
                                 .table_id = origin->id.table_id,
                                 .cookie = origin->id.cookie,
                                 .packet = up->packet,
                                 .packet_len = up->packet_len,
                                 .full_len = up->full_len,
                                 .userdata = origin->extra,
                                 .userdata_len = origin->id.userdata_len,
                                 .continuation = origin->extra + origin->id.userdata_len,
                                 .continuation_len = origin->id.continuation_len};
    ofp_tlv_map_use(&origin->id.bridge->tlvs);
    make_match(&origin->id, up->key, &pin.match);
    add_tlvs(origin, &pin.match);
    LIST_FOREACH (conn, &origin->id.bridge->mgmt->conns, node) {
        if (conn->controller_id == origin->id.controller_id) {
            send_to(conn, &pin, now_ms);
        }
    }
}
