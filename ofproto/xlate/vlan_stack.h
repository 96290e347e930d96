/* The VLAN tags of a packet during translation: which of them came with the packet, which were
 * pushed, and which bits were overwritten. So a popped tag that comes back, or an untouched inner
 * tag, adds nothing to the megaflow's mask, and datapath actions are the least that is needed.
 * Used by xlate/ and l2/normal.c. */
#ifndef OFPROTO_XLATE_VLAN_STACK_H
#define OFPROTO_XLATE_VLAN_STACK_H

#include "ofproto/match/flow.h"

#define VLAN_STACK_MAX 8

struct vlan_tag {
    be16_t tpid;
    be16_t tci;     /* With FLOW_VLAN_PRESENT. */
    be16_t written; /* Bits of the tci that are no longer the packet's own. */
    uint16_t id;    /* 0...FLOW_MAX_VLANS-1: came as the packet's tag of this place; else pushed. */
};

struct vlan_stack {
    struct vlan_tag tag[VLAN_STACK_MAX]; /* Outermost first. */
    uint8_t n;
    uint8_t n_original; /* Tags that the parser saw. */
};

void vlan_stack_init(struct vlan_stack *, const struct flow_key *);
/* Writes the outer tags where matches read them. */
void vlan_stack_show(const struct vlan_stack *, struct flow_key *);
/* Or-s the bits of the packet that 'looked' bits of tag 'place' came from into 'mask'. */
void vlan_stack_look(const struct vlan_stack *, unsigned int place, be16_t tpid, be16_t tci,
                     struct ofp_flow *mask);
void vlan_stack_pop(struct vlan_stack *);
/* False when it is full. 'id' must be unique in this translation and at least FLOW_MAX_VLANS. */
bool vlan_stack_push(struct vlan_stack *, be16_t tpid, be16_t tci, uint16_t id);
/* Overwrites bits of the outermost tag's tci. */
void vlan_stack_write(struct vlan_stack *, be16_t tci, be16_t mask);

#endif
