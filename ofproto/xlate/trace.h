/* ofproto/trace: the way of one packet through the tables, for people. The same translation that
 * packets get, with a record plugged in; nothing is counted or installed, and nothing is learned
 * unless that is asked for. Control thread. */
#ifndef OFPROTO_XLATE_TRACE_H
#define OFPROTO_XLATE_TRACE_H

#include <jansson.h>

#include "lib/error.h"
#include "lib/strbuf.h"

struct ofproto;

struct ofproto_trace {
    struct ofproto *bridge;
    const char *flow;    /* In ovs-ofctl's syntax. */
    const char *actions; /* A controller sends it with these; NULL: it came by its port. */
    const void *packet;  /* NULL: what 'flow' says is the packet. */
    size_t packet_len;
    bool may_learn;
};

/* Appends to 'text', or with 'ret_json' (not NULL) gives an object. -EINVAL with a text. */
int ofproto_trace(const struct ofproto_trace *, struct strbuf *text, json_t **ret_json,
                  struct error *);

/* A flow in the datapath's words ("in_port(1),eth(src=...),...") in those of matches; a word that
 * has no place there is an error. 'ret_in_port' is the datapath's number. In trace_odp.c. */
int ofproto_odp_to_match(const char *odp, struct strbuf *match, uint32_t *ret_in_port,
                         struct error *);

#endif
