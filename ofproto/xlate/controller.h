/* Where in the pipeline a packet for controllers comes from.
 *
 * A cached flow has no room for what a packet-in says besides the packet (rule, table, registers).
 * So translation puts the number of an 'origin' into the datapath's upcall action, and the number
 * comes back with each packet. There is one origin for equal contents; effects of cached flows hold
 * references. An origin without references is kept for a while, because packets may be on their
 * way; their number is bounded. Control thread. */
#ifndef OFPROTO_XLATE_CONTROLLER_H
#define OFPROTO_XLATE_CONTROLLER_H

#include <sys/queue.h>

#include "ofproto/bridge.h"
#include "ofproto/codec/packet_in.h"

/* Hashed and compared as bytes: no padding. */
struct packet_origin_id {
    struct ofproto *bridge;
    uint64_t cookie; /* Of the rule; UINT64_MAX: none. */
    uint64_t metadata;
    uint32_t in_port;
    uint32_t reg[OFP_N_REGS];
    uint8_t reason; /* enum ofp_packet_in_reason. */
    uint8_t table_id;
    uint16_t controller_id; /* Of those to whom it goes. */
    /* Bytes of 'extra': what the rule adds for the controller, and, of a pipeline that waits, how
     * it goes on (continuation.h). */
    uint32_t userdata_len;
    uint32_t continuation_len;
    /* And the options of a tunnel that the packet has, as entries of a match. */
    uint32_t tlvs_len;
    uint32_t zero;
};

struct packet_origin {
    uint32_t number;
    uint32_t refs;
    uint64_t unused_ms;                /* Since when nobody holds it. */
    TAILQ_ENTRY(packet_origin) unused; /* While nobody does. */
    UT_hash_handle by_id, by_number;
    struct packet_origin_id id;
    uint8_t extra[]; /* Userdata, the continuation, options. */
};

struct packet_origins *packet_origins_new(void);
/* Nobody may hold any. */
void packet_origins_free(struct packet_origins *);
/* With a reference for the caller; the three are as long as the id says. NULL: those that are held
 * take too much memory. */
struct packet_origin *packet_origin_get(struct packet_origins *, const struct packet_origin_id *,
                                        const void *userdata, const void *continuation,
                                        const void *tlvs);
void packet_origin_ref(struct packet_origins *, struct packet_origin *);
void packet_origin_unref(struct packet_origins *, struct packet_origin *, uint64_t now_ms);
/* NULL when there is none (any more). */
struct packet_origin *packet_origin_find(const struct packet_origins *, uint32_t number);
/* Frees those that have been without references for a while. */
void packet_origins_expire(struct packet_origins *, uint64_t now_ms);

/* Which controllers a packet goes to, and why. */
struct packet_to_controller {
    enum ofp_packet_in_reason reason;
    uint16_t controller_id;
    uint16_t userdata_len;
    const uint8_t *userdata;
    uint32_t meter_id;                 /* 0: that of all packets to controllers. */
    const struct strbuf *continuation; /* NULL: none. */
};

/* Sends the packet as it is now to the bridge's controllers. */
struct xlate_ctx;
/* The number of an origin that is here, which the effects hold. False: the port's packets are not
 * for controllers. */
bool xlate_origin(struct xlate_ctx *, const struct packet_to_controller *, uint32_t *ret);
void xlate_to_controller(struct xlate_ctx *, const struct packet_to_controller *);
/* To those that have no id, with nothing added. */
void xlate_controller(struct xlate_ctx *, enum ofp_packet_in_reason);

#endif
