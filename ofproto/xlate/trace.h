/* ofproto/trace: the way of one packet through the tables, in words. The same translation that
 * packets get, with a recorder plugged in; nothing is learned, counted or installed. */
#ifndef OFPROTO_XLATE_TRACE_H
#define OFPROTO_XLATE_TRACE_H

#include "lib/error.h"
#include "lib/strbuf.h"

struct ofproto;

/* 'flow' is in ovs-ofctl's syntax and names an in_port (by number or name). -EINVAL with a text. */
int ofproto_trace(struct ofproto *, const char *flow, struct strbuf *, struct error *);

#endif
