/* See vlan_stack.h. */
#include "ofproto/xlate/vlan_stack.h"

void vlan_stack_init(struct vlan_stack *s, const struct flow_key *key)
{
    memset(s, 0, sizeof *s);
    while (s->n < FLOW_MAX_VLANS && key->vlan[s->n].tci & be16_make(FLOW_VLAN_PRESENT)) {
        s->tag[s->n].tpid = key->vlan[s->n].tpid;
        s->tag[s->n].tci = key->vlan[s->n].tci;
        s->tag[s->n].id = s->n;
        s->n++;
    }
    s->n_original = s->n;
}

void vlan_stack_show(const struct vlan_stack *s, struct flow_key *key)
{
    for (unsigned int i = 0; i < FLOW_MAX_VLANS; i++) {
        key->vlan[i].tpid = i < s->n ? s->tag[i].tpid : 0;
        key->vlan[i].tci = i < s->n ? s->tag[i].tci : 0;
    }
}

void vlan_stack_look(const struct vlan_stack *s, unsigned int place, be16_t tpid, be16_t tci,
                     struct ofp_flow *mask)
{
    unsigned int from;

    if (place < s->n) {
        from = s->tag[place].id;
        tci &= (be16_t)~s->tag[place].written;
    } else { /* That there is no tag: the packet's first missing one says so. */
        from = s->n_original + (place - s->n);
    }
    if (from < FLOW_MAX_VLANS) {
        /* Whoever has some bit of a tag has the tag: its other bits may be masked out of a key that
         * is translated again. */
        mask->pkt.vlan[from].tpid |= tpid;
        mask->pkt.vlan[from].tci |= (be16_t)(tci | (tci ? be16_make(FLOW_VLAN_PRESENT) : 0));
    }
}

void vlan_stack_pop(struct vlan_stack *s)
{
    if (s->n) {
        memmove(&s->tag[0], &s->tag[1], --s->n * sizeof s->tag[0]);
    }
}

bool vlan_stack_push(struct vlan_stack *s, be16_t tpid, be16_t tci, uint16_t id)
{
    unsigned int n_pushed = 0;

    /* Tags that came with the packet do not count: how many there are nobody may have looked at. */
    while (n_pushed < s->n && s->tag[n_pushed].id >= FLOW_MAX_VLANS) {
        n_pushed++;
    }
    if (n_pushed == VLAN_STACK_MAX - FLOW_MAX_VLANS) {
        return false;
    }
    memmove(&s->tag[1], &s->tag[0], s->n++ * sizeof s->tag[0]);
    s->tag[0].tpid = tpid;
    s->tag[0].tci = tci | be16_make(FLOW_VLAN_PRESENT);
    s->tag[0].written = 0xffff;
    s->tag[0].id = id;
    return true;
}

void vlan_stack_write(struct vlan_stack *s, be16_t tci, be16_t mask)
{
    if (s->n) {
        s->tag[0].tci = (be16_t)((s->tag[0].tci & ~mask) | (tci & mask));
        s->tag[0].written |= mask;
    }
}
