/* OpenFlow connections, for the files of conn/ alone. Event base's thread. */
#ifndef OFPROTO_CONN_CONN_H
#define OFPROTO_CONN_CONN_H

#include <sys/queue.h>

#include "lib/token_bucket.h"
#include "ofproto/bridge.h"
#include "ofproto/codec/async.h"
#include "ofproto/codec/ofp_error.h"
#include "ofproto/codec/packet_in.h"
#include "ofproto/codec/port_desc.h"
#include "ofproto/codec/role.h"

struct bufferevent;
struct controller;
struct event;

/* Of packets a second. */
struct rate_limit {
    uint32_t rate; /* 0: no limit. */
    uint32_t burst;
    struct token_bucket bucket; /* A packet costs 1000. */
};

/* Where a connection comes from. Each kind has places of its own: who may connect over a network
 * does not keep out those who may use the management socket, or controllers. */
enum conn_kind { CONN_MANAGEMENT, CONN_PASSIVE, CONN_ACTIVE, CONN_N_KINDS };

/* The connections of a bridge. */
struct mgmt {
    struct ofproto *bridge;
    struct stream_listener *listener;
    LIST_HEAD(conn_list, conn) conns;
    unsigned int n_conns[CONN_N_KINDS];
    struct stream_listener *snoop_listener;
    LIST_HEAD(snoopers, snooper) snoopers;
    unsigned int n_snoopers;
    unsigned int n_monitors; /* Of all connections. */
    size_t staged_bytes;     /* Of all connections' bundles. */
    LIST_HEAD(controllers, controller) controllers;
    uint64_t alone_since_ms; /* No controller is connected. */
    bool has_generation_id;  /* A controller that wants a role has given one. */
    uint64_t generation_id;
    /* Rules to tell of: those whose counters become final, and those after them. */
    STAILQ_HEAD(removed_rules, removed_rule) counting, removed;
    size_t removed_bytes, max_removed_bytes; /* That these may take. */
};

struct conn {
    LIST_ENTRY(conn) node; /* In its mgmt. */
    struct mgmt *mgmt;
    struct ofproto *bridge;
    struct bufferevent *bev;
    struct event *limit; /* Ends it: no hello in time, or its last answers not read in time. */
    enum conn_kind kind;
    char *peer;                 /* Who it is: "unix", "tcp:ADDRESS:PORT". */
    uint8_t version;            /* 0 until the peer's hello. */
    bool paused;                /* Does not read its answers: is not read from. */
    bool closing;               /* Ends when everything is written. */
    bool in_barrier;            /* What follows waits until synced_reply is sent. */
    bool reading;               /* Its messages are being handled. */
    struct strbuf synced_reply; /* Waits for that. */
    LIST_HEAD(staged_bundles, staged_bundle) bundles;
    unsigned int n_bundles;
    struct bundle_commit *commit; /* Under way; NULL: none. */
    LIST_HEAD(flow_monitors, flow_monitor) monitors;
    unsigned int n_monitors;
    uint64_t monitors_paused_ms; /* Since when it is told of what goes alone; 0: of all. */
    bool has_abbreviated;        /* What abbreviated_xid did, of the changes at work. */
    uint32_t abbreviated_xid;
    struct strbuf updates;         /* Of monitors, not sent yet. */
    struct controller *controller; /* That it is of; NULL: none that we connect to. */
    struct event *probe;           /* Inactivity. */
    unsigned int probe_ms;         /* 0: none. */
    uint64_t heard_ms;
    bool probing; /* An echo was asked for. */
    bool
        is_primary; /* To a controller that the database names; else somebody who asks something. */
    enum ofp_role role;
    uint16_t miss_send_len;
    uint16_t controller_id; /* Gets the packets that are sent to it; 0 unless it says so. */
    enum ofp_packet_in_format packet_in_format;
    bool flow_mod_table_id; /* OpenFlow 1.0: commands of flow mods have a table in them. */
    bool nxm;               /* OpenFlow 1.0: the peer wants Nicira's matches. */
    bool no_async;          /* Gets nothing unasked until it says what. */
    uint16_t short_id;      /* As OpenFlow 1.5's roles have it. */
    struct ofp_async_masks async;
    struct rate_limit packet_in_limit;
    uint64_t n_packet_ins_dropped;
    struct flow_dump *dump;                    /* Flows that it is yet to be told of; NULL: none. */
    struct features_request *features_request; /* Of which more is to come; NULL: none. */
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

/* In mgmt.c: appends a hello that offers these versions. */
void conn_put_hello(struct strbuf *, uint32_t versions);
/* In mgmt.c: goes on with messages that wait. The connection may be gone afterwards. */
void conn_resume(struct conn *);

/* In role.c. */
const char *conn_role_name(const struct conn *);
/* Whoever is the master now is told that it is a slave. */
void conn_set_role(struct conn *, enum ofp_role);
int handle_role_request(struct conn *, const struct request *);
int handle_get_async(struct conn *, const struct request *);
int handle_set_async(struct conn *, const struct request *);

/* In port_mod.c. */
struct ofp_port_desc ofport_describe(const struct ofport *);
int handle_port_mod(struct conn *, const struct request *);

/* In flow_removed.c. */
void mgmt_forget_removed(struct mgmt *);

/* In mgmt.c: ends it; 'why' (NULL: it is wanted) is for its controller. */
void conn_close(struct conn *, const char *why);
/* Serves a stream: of an active one, 'controller' is told of its end; else it is NULL. NULL, and
 * the stream is freed, when there are too many; active ones always have a place. */
struct conn *mgmt_serve_kind(struct mgmt *, struct bufferevent *, const char *peer, enum conn_kind,
                             struct controller *);

/* In probe.c. */
void conn_set_probe(struct conn *, unsigned int probe_ms);
void conn_end_probe(struct conn *);

/* In mgmt.c: before 'asker' is answered at length, who left the most unread is cut off, if that is
 * too much of all bridges' memory. */
void conn_make_memory(const struct conn *asker);

/* In barrier.c. */
int handle_barrier(struct conn *, const struct request *);
int handle_queue_config(struct conn *, const struct request *);
void conn_cancel_barrier(struct conn *);

/* In handlers.c: answers one message of the negotiated version; an error goes to the peer. */
void conn_handle(struct conn *, const struct request *);

/* In async.c. */
/* When the version is known. */
void conn_async_init(struct conn *);
static inline enum async_column conn_async_column(const struct conn *conn)
{
    return conn->role == OFPCR_SLAVE ? ASYNC_SLAVE : ASYNC_MASTER;
}
/* Whether it gets any. */
bool conn_is_async(const struct conn *);
/* It leaves so much unread that it is told no more of what it did not ask. */
bool conn_reads_too_slowly(const struct conn *);
bool conn_wants(const struct conn *, enum async_type, unsigned int reason);
/* Whether, as other than a slave, it is told of packets whose time is over. The caller calls
 * mgmt_async_changed(). */
void conn_want_invalid_ttl(struct conn *, bool wants);
bool conn_wants_invalid_ttl(const struct conn *);
/* A connection came, went or changed what it wants. */
void mgmt_async_changed(struct mgmt *);

/* Handlers: 0, or the error that the peer gets. */
int handle_flow_mod(struct conn *, const struct request *);
int handle_group_mod(struct conn *, const struct request *);
int handle_table_mod(struct conn *, const struct request *);
int handle_meter_mod(struct conn *, const struct request *);
int handle_stats(struct conn *, const struct request *);
int handle_packet_out(struct conn *, const struct request *);

/* In flows.c. */
struct ofp_flow_mod;
struct flow_author;
struct flow_changes;
/* Carries it out: 0, or the error, and then nothing has changed. */
int flow_mod_apply(struct ofproto *, const struct ofp_flow_mod *, uint64_t now_ms,
                   const struct flow_author *);
/* Its parts, for bundles: what can be said without a look at the tables, and the rest. */
int flow_mod_check(const struct ofp_flow_mod *);
int flow_mod_change(struct ofproto *, const struct ofp_flow_mod *, uint64_t now_ms,
                    struct flow_changes *);
struct ofp_rule *flow_mod_make_rule(struct ofproto *, const struct ofp_flow_mod *, uint64_t now_ms);

/* In barrier.c: sends the reply when no cached flow contradicts the tables as they are now; what
 * follows on the connection waits for that. */
void conn_reply_synced(struct conn *, struct strbuf *reply);

/* In flow_monitor.c: when what waited to be written is down to little; at the end. */
void conn_resume_monitors(struct conn *);
void conn_free_monitors(struct conn *);

/* In flow_stats.c: a dump that waits for the peer to read. Tells more, true: the rest; the flows
 * that are left; its end. */
bool conn_go_on_dumping(struct conn *);
size_t conn_dump_left(const struct conn *);
void conn_free_dump(struct conn *);

/* In table_features.c. */
void conn_free_features_request(struct conn *);

/* In bundle.c. */
void conn_free_bundles(struct conn *);

#endif
