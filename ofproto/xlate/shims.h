/* The headers of a packet in translation once labels, I-TAGs or TTLs were changed: where what
 * stands in 'now' came from, so that a look at it adds the right bits of the packet as it came in
 * to the mask, or what is behind headers that were popped and nobody has read yet.
 *
 * Unlike set-fields, these changes are put as datapath actions at once, in the order in which they
 * are made: what they do (copy a TTL, drop a packet whose time is over) depends on the packet.
 * Who works on a copy of the packet (clone, bucket, patch port) therefore gets a scope: if it
 * changed any of this, what it put becomes a clone action of the datapath. Part of xlate/. Control
 * thread. */
#ifndef OFPROTO_XLATE_SHIMS_H
#define OFPROTO_XLATE_SHIMS_H

#include "ofproto/match/flow.h"

#define SHIMS_MAX 8 /* Labels that are known; those pushed among them. */

enum shim_from {
    SHIM_FROM_LABEL0, /* Of the packet's label stack, outermost first. */
    SHIM_FROM_LABEL1,
    SHIM_FROM_LABEL2,
    SHIM_FROM_IP,      /* Its TTL. */
    SHIM_FROM_UNKNOWN, /* From where the parser did not come. */
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
    bool moved;     /* now.flow is of an MPLS packet, and its entries are 'e'. */
    bool hidden_l2; /* What now.flow has of Ethernet and VLAN tags, but for what was written, */
    bool hidden_l3; /* of what is behind the Ethernet type, is not the packet's: nobody knows it. */
    bool ttl_moved; /* IP's TTL is not the packet's, but follows from it. */
};

static inline bool shims_changed(const struct shims *s)
{
    return s->moved | s->hidden_l2 | s->hidden_l3 | s->ttl_moved;
}

struct xlate_ctx;
struct xlate_packet;

/* Of an MPLS packet: makes its labels entries. In action_shim.c. */
void xlate_load_labels(struct xlate_packet *);

/* After a tag was pushed: where labels were pushed or popped, the packet is dropped when there are
 * more tags than a parser would read, as it might have to. In action_shim.c. */
void xlate_check_tags(struct xlate_ctx *);

/* xlate_look() of a packet whose headers moved. */
void xlate_look_moved(struct xlate_ctx *, const struct ofp_flow *bits);

/* What is asked for, only a parser can tell: nothing is put, learned or recorded any more until
 * whoever asked notices. */
void xlate_unknown(struct xlate_ctx *);
/* After an action, or a lookup: true when it asked for what is unknown. Then the pipeline is being
 * frozen, and the caller adds what must be done again to what is kept. */
bool xlate_ask_again(struct xlate_ctx *);
/* The same after a lookup in this table, which is what is kept. */
void xlate_ask_table_again(struct xlate_ctx *, uint8_t table_id);

/* What a part of translation that works on a copy of the packet must put back. */
struct xlate_scope {
    uint32_t start; /* Of its datapath actions. */
    bool own_copy;
    unsigned int n_clones;
    struct xlate_packet *base;
};
void xlate_scope_begin(struct xlate_ctx *, struct xlate_scope *);
void xlate_scope_end(struct xlate_ctx *, struct xlate_scope *);

#endif
