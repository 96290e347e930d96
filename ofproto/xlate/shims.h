/* Headers of a packet in translation after labels, I-TAGs or TTLs were changed. Keeps track of
 * where in the original packet each value of 'now' came from, so that looking at it adds the right
 * bits to the mask, and of which headers are not known because those in front of them were popped.
 *
 * Unlike set-field, these actions become datapath actions at once and in order, because what they
 * do (copy a TTL, drop an expired packet) depends on the packet. They cannot be undone. Whatever
 * works on a copy of the packet (clone, bucket, patch port) therefore opens a scope; if it did any
 * of this, its datapath actions become a clone action. Part of xlate/. Control thread. */
#ifndef OFPROTO_XLATE_SHIMS_H
#define OFPROTO_XLATE_SHIMS_H

#include "ofproto/match/flow.h"

#define SHIMS_MAX 8 /* Labels that are kept track of, including pushed ones. */

enum shim_from {
    SHIM_FROM_LABEL0, /* Of the packet's label stack, outermost first. */
    SHIM_FROM_LABEL1,
    SHIM_FROM_LABEL2,
    SHIM_FROM_IP,      /* Its TTL. */
    SHIM_FROM_UNKNOWN, /* From behind what the parser read. */
};

/* Of the outermost entry, 'lse' and 'written' are those of now.flow's nw_src and now.written's. */
struct shim_entry {
    be32_t lse;
    be32_t written;   /* Bits that are constants. The others: */
    uint8_t from;     /* enum shim_from, */
    uint8_t ttl_from; /* and of the TTL. */
};

struct shims {
    struct shim_entry e[SHIMS_MAX]; /* Outermost first. */
    uint8_t n;
    bool moved;     /* now.flow is of an MPLS packet, whose labels are 'e'. */
    bool hidden_l2; /* Ethernet addresses and VLAN tags are unknown, but for written bits. */
    bool hidden_l3; /* So is everything behind the Ethernet type. */
    bool ttl_moved; /* The TTL of the IP header was decremented. */
};

static inline bool shims_changed(const struct shims *s)
{
    return s->moved | s->hidden_l2 | s->hidden_l3 | s->ttl_moved;
}

struct xlate_ctx;
struct xlate_packet;

/* Moves the labels of an MPLS packet from the flow into 'e'. In action_shim.c. */
void xlate_load_labels(struct xlate_packet *);

/* After a tag was pushed: where labels were pushed or popped, the packet is dropped when there are
 * more tags than a parser would read, as it might have to. In action_shim.c. */
void xlate_check_tags(struct xlate_ctx *);

/* xlate_look() of a packet whose headers moved. */
void xlate_look_moved(struct xlate_ctx *, const struct ofp_flow *bits);

/* Something unknown was looked at, which only a parser can tell. Until the caller notices
 * (xlate_ask_again()), nothing is put, learned or recorded. */
void xlate_unknown(struct xlate_ctx *);
/* To be called after an action or a lookup. True: it looked at something unknown. The pipeline is
 * then being frozen, and the caller freezes what must be done again. */
bool xlate_ask_again(struct xlate_ctx *);
/* The same after a lookup in this table; freezes the lookup. */
void xlate_ask_table_again(struct xlate_ctx *, uint8_t table_id);

/* What to restore after working on a copy of the packet. */
struct xlate_scope {
    uint32_t start; /* Of its datapath actions. */
    bool own_copy;
    unsigned int n_clones;
    struct xlate_packet *base;
};
void xlate_scope_begin(struct xlate_ctx *, struct xlate_scope *);
void xlate_scope_end(struct xlate_ctx *, struct xlate_scope *);

#endif
