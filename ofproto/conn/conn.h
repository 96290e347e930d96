/* OpenFlow connections, for the files of conn/ alone. Event base's thread. */
#ifndef OFPROTO_CONN_CONN_H
#define OFPROTO_CONN_CONN_H

#include <sys/queue.h>

#include "ofproto/bridge.h"
#include "ofproto/codec/ofp_error.h"

struct bufferevent;
struct event;

struct conn {
    LIST_ENTRY(conn) node; /* In its mgmt. */
    struct mgmt *mgmt;
    struct ofproto *bridge;
    struct bufferevent *bev;
    struct event *limit; /* Ends it: no hello in time, or its last answers not read in time. */
    uint8_t version;     /* 0 until the peer's hello. */
    bool paused;         /* Does not read its answers: is not read from. */
    bool closing;        /* Ends when everything is written. */
    uint16_t miss_send_len;
    bool flow_mod_table_id; /* OpenFlow 1.0: commands of flow mods have a table in them. */
    bool nxm;               /* OpenFlow 1.0: the peer wants Nicira's matches. */
};

/* A message that came. */
struct request {
    struct ofp_header h;
    const uint8_t *msg; /* With its header. */
    size_t len;
};

static inline const uint8_t *request_body(const struct request *r)
{
    return r->msg + OFP_HEADER_LEN;
}

static inline size_t request_body_len(const struct request *r)
{
    return r->len - OFP_HEADER_LEN;
}

/* Sends what is in the buffer and empties it. */
void conn_send(struct conn *, struct strbuf *);

/* In handlers.c: answers one message of the negotiated version; an error goes to the peer. */
void conn_handle(struct conn *, const struct request *);

/* Handlers: 0, or the error that the peer gets. */
int handle_flow_mod(struct conn *, const struct request *);
int handle_group_mod(struct conn *, const struct request *);
int handle_stats(struct conn *, const struct request *);

/* In flows.c. */
struct ofp_flow_mod;
int flow_mod_apply(struct ofproto *, const struct ofp_flow_mod *, uint64_t now_ms);

#endif
