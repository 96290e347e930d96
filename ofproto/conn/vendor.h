/* Extensions: messages and statistics of a vendor (experimenter), found by vendor and subtype.
 * Whoever carries one out registers a row before main(); what has no row is answered with the error
 * that says so. Event base's thread. */
#ifndef OFPROTO_CONN_VENDOR_H
#define OFPROTO_CONN_VENDOR_H

#include "ofproto/conn/conn.h"
#include "ofproto/conn/multipart.h"

/* Messages of Nicira's. */
enum {
    NXT_ROLE_REQUEST = 10,
    NXT_ROLE_REPLY = 11,
    NXT_SET_FLOW_FORMAT = 12,
    NXT_FLOW_MOD = 13,
    NXT_FLOW_MOD_TABLE_ID = 15,
    NXT_SET_PACKET_IN_FORMAT = 16,
    NXT_FLOW_AGE = 18,
    NXT_SET_ASYNC_CONFIG = 19,
    NXT_SET_CONTROLLER_ID = 20,
    NXT_SET_ASYNC_CONFIG2 = 27,
    NXT_RESUME = 28,
};
/* And statistics. */
enum { NXST_FLOW = 0, NXST_AGGREGATE = 1, NXST_GROUP = 7, NXST_GROUP_DESC, NXST_GROUP_FEATURES };

struct vendor_row {
    uint32_t vendor; /* OFP_VENDOR_NX. */
    uint32_t subtype;
    enum ofp_version from, to;
    /* One of the two. 'body' is what follows the header with the subtype. 0, or the error that the
     * peer gets. */
    int (*message)(struct conn *, const struct request *, const uint8_t *body, size_t len);
    int (*stats)(struct multipart *, const uint8_t *body, size_t len);
    bool changes; /* The switch: slaves may not. */
};
/* Rows are kept by address. */
void vendor_register(const struct vendor_row *, size_t n);

/* Handles a message of a vendor; a statistics request, whose body begins with the vendor: appends
 * the same header to the reply, then what the row says. */
int handle_vendor(struct conn *, const struct request *);
int vendor_stats(struct multipart *, const uint8_t *p, size_t len);

#endif
