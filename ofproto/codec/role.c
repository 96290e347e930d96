/* See role.h. */
#include "ofproto/codec/role.h"

#define ROLE_LEN 16
#define ASYNC_LEN 24

int ofp_role_request_decode(const uint8_t *p, size_t len, struct ofp_role_request *ret)
{
    uint32_t role;

    if (len != ROLE_LEN) {
        return OFPERR_BRC_BAD_LEN;
    }
    role = wire_get32(p);
    if (role >= OFPCR_N) {
        return OFPERR_RRFC_BAD_ROLE;
    }
    ret->role = (enum ofp_role)role;
    ret->generation_id = wire_get64(p + 8);
    return 0;
}

void ofp_role_reply_encode(struct strbuf *s, uint8_t version, uint32_t xid,
                           const struct ofp_role_request *reply)
{
    size_t start = ofp_begin(s, version, OFPT13_ROLE_REPLY, xid);

    wire_put32(s, reply->role);
    wire_put32(s, 0);
    wire_put64(s, reply->generation_id);
    ofp_end(s, start);
}

int ofp_async_decode(const uint8_t *p, size_t len, struct ofp_async_masks *ret)
{
    if (len != ASYNC_LEN) {
        return OFPERR_BRC_BAD_LEN;
    }
    for (unsigned int i = 0; i < 2; i++) {
        ret->packet_in[i] = wire_get32(p + 4 * i);
        ret->port_status[i] = wire_get32(p + 8 + 4 * i);
        ret->flow_removed[i] = wire_get32(p + 16 + 4 * i);
    }
    return 0;
}

void ofp_async_reply_encode(struct strbuf *s, uint8_t version, uint32_t xid,
                            const struct ofp_async_masks *m)
{
    const uint32_t *const masks[] = {m->packet_in, m->port_status, m->flow_removed};
    size_t start = ofp_begin(s, version, OFPT13_GET_ASYNC_REPLY, xid);

    for (unsigned int i = 0; i < ARRAY_SIZE(masks); i++) {
        wire_put32(s, masks[i][0]);
        wire_put32(s, masks[i][1]);
    }
    ofp_end(s, start);
}
