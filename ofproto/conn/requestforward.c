/* See requestforward.h. */
#include "ofproto/conn/requestforward.h"

#include "lib/log.h"
#include "ofproto/codec/meter_mod.h"

LOG_MODULE(requestforward);

static void send(struct conn *conn, request_encoder *encode, const void *request)
{
    struct strbuf s = STRBUF_INIT;
    size_t start;

    if (conn_reads_too_slowly(conn)) {
        log_warn_limit("bridge '%s': a controller does not read: it is not told of requests",
                       conn->bridge->name);
        return;
    }
    start = ofp_begin(&s, conn->version, OFPT14_REQUESTFORWARD, 0);
    encode(&s, (enum ofp_version)conn->version, request);
    if (s.len > UINT16_MAX) {
        log_warn_limit("bridge '%s': a request is too long to be told in OpenFlow 1.%d",
                       conn->bridge->name, conn->version - 1);
        strbuf_free(&s);
        return;
    }
    ofp_end(&s, start);
    conn_send(conn, &s);
}

void forward_request(const struct conn *from, enum ofp_forward_reason reason,
                     request_encoder *encode, const void *request)
{
    struct conn *conn;

    LIST_FOREACH (conn, &from->mgmt->conns, node) {
        if (conn != from && conn->version >= OFP14 &&
            conn_wants(conn, ASYNC_REQUESTFORWARD, reason)) {
            send(conn, encode, request);
        }
    }
}

/* --- Group mods. */

struct forwarded_group_mod {
    uint32_t xid;
    const struct ofp_group_mod *gm;
    const struct group_changes *changes;
};

/* Single buckets came with 1.5: before, the group that resulted is told. The configuration is
 * borrowed. */
static struct ofp_group_mod as_told(const struct forwarded_group_mod *f, enum ofp_version version)
{
    struct ofp_group_mod told = *f->gm;
    bool is_of_buckets = told.command == OFP_GROUP_INSERT_BUCKET ||
                         told.command == OFP_GROUP_REMOVE_BUCKET;

    if (is_of_buckets && version >= OFP15) {
        return told;
    }
    told.command_bucket_id = OFP_BUCKET_ALL;
    if (f->changes->added) {
        told.config = f->changes->added->config;
    }
    if (is_of_buckets) {
        told.command = OFP_GROUP_MODIFY;
    } else if (told.command == OFP_GROUP_ADD_OR_MODIFY) {
        told.command = f->changes->n_removed ? OFP_GROUP_MODIFY : OFP_GROUP_ADD;
    }
    return told;
}

static void encode_group_mod(struct strbuf *s, enum ofp_version version, const void *forwarded)
{
    const struct forwarded_group_mod *f = forwarded;
    struct ofp_group_mod told = as_told(f, version);

    ofp_group_mod_encode(s, version, f->xid, &told);
}

void forward_group_mod(const struct conn *from, uint32_t xid, const struct ofp_group_mod *gm,
                       const struct group_changes *changes)
{
    const struct forwarded_group_mod forwarded = {xid, gm, changes};

    forward_request(from, OFPRFR_GROUP_MOD, encode_group_mod, &forwarded);
}

/* --- Meter mods. */

struct forwarded_meter_mod {
    uint32_t xid;
    const struct ofp_meter_mod *mod;
};

static void encode_meter_mod(struct strbuf *s, enum ofp_version version, const void *forwarded)
{
    const struct forwarded_meter_mod *f = forwarded;

    ofp_meter_mod_encode(s, version, f->xid, f->mod);
}

void forward_meter_mod(const struct conn *from, uint32_t xid, const struct ofp_meter_mod *mod)
{
    const struct forwarded_meter_mod forwarded = {xid, mod};

    forward_request(from, OFPRFR_METER_MOD, encode_meter_mod, &forwarded);
}
