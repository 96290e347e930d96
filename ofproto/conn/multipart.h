/* Replies to statistics requests in the making: cut into messages where they get long. For the
 * files of conn/ that answer such requests. Event base's thread. */
#ifndef OFPROTO_CONN_MULTIPART_H
#define OFPROTO_CONN_MULTIPART_H

#include "ofproto/conn/conn.h"

struct multipart {
    struct conn *conn;
    const struct request *r;
    uint16_t type;
    uint32_t vendor; /* Of an extension's; 0: the protocol's own. */
    uint32_t subtype;
    bool has_more;     /* The request goes on in another message. */
    bool has_no_reply; /* There is nothing to send (yet). */
    struct strbuf s;   /* The message at work; append to it. */
    size_t start;
    size_t last; /* Where the last entry ends; 0: there is none yet. */
};

/* To be called after each entry: one that the message has no room for goes to another. */
void multipart_next(struct multipart *);
/* Appends an entry as a whole, to another message when this one has no room. */
void multipart_put(struct multipart *, const void *entry, size_t len);
void multipart_put_text(struct multipart *, const char *text, size_t size);
/* The header of an extension's; multipart_next() repeats it. */
void multipart_put_vendor(struct multipart *);

/* Answers: 'p' is the body of the request. 0, or the error that the peer gets. */
typedef int multipart_reply(struct multipart *, const uint8_t *p, size_t len);
multipart_reply stats_flows, stats_flows_short, stats_aggregate;      /* flow_stats.c */
multipart_reply stats_tables;                                         /* table_stats.c */
multipart_reply stats_table_features;                                 /* table_features.c */
multipart_reply stats_table_desc;                                     /* table_mod.c */
multipart_reply stats_groups, stats_group_desc, stats_group_features; /* groups.c */
multipart_reply stats_meters, stats_meter_desc, stats_meter_features; /* meters.c */
multipart_reply stats_flow_monitor;                                   /* flow_monitor.c */
multipart_reply stats_ports;                                          /* port_stats.c */
multipart_reply stats_queues, stats_queue_desc;                       /* queues.c */

#endif
