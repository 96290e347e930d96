/* NORMAL: the packet is handled as by an IEEE 802.1Q learning switch.
 *
 * Reads in_port, the MAC addresses and the outer VLAN tag, and nothing else of the packet, so that
 * all traffic between two addresses is one cached flow. Control thread. */

#include "ofproto/codec/port_desc.h"
#include "ofproto/xlate/xlate.h"

#define VLAN_VID_MASK 0xfff
#define VLAN_PCP_MASK 0xe000
#define VLAN_RESERVED 4095 /* IEEE 802.1Q table 9-2: not for use on the wire. */

/* Whether the port carries the VLAN at all. */
static bool trunks_vlan(const struct bundle *b, uint16_t vlan)
{
    if (b->vlan_mode == OFPROTO_VLAN_ACCESS) {
        return false;
    }
    if (!b->trunks) {
        return vlan != VLAN_RESERVED;
    }
    return b->trunks[vlan / 64] >> (vlan % 64) & 1;
}

static bool carries_vlan(const struct bundle *b, uint16_t vlan)
{
    return b->vlan_mode == OFPROTO_VLAN_ACCESS ? b->vlan == vlan : trunks_vlan(b, vlan);
}

/* Which VLAN a packet with this id (0: none, or a priority tag) is in when it comes by 'b'. False
 * when the port does not admit it. */
static bool admit(struct xlate_ctx *ctx, const struct bundle *b, uint16_t vid, uint16_t *ret_vlan)
{
    if (b->vlan_mode == OFPROTO_VLAN_ACCESS) {
        if (vid) {
            xlate_say(ctx,
                      "     >> dropping VLAN %u tagged packet received on port %s configured as "
                      "VLAN %u access port",
                      vid, b->name, b->vlan);
            return false;
        }
        *ret_vlan = b->vlan;
        return true;
    }
    if (!vid && b->vlan_mode != OFPROTO_VLAN_TRUNK) {
        *ret_vlan = b->vlan;
        return true;
    }
    if (!trunks_vlan(b, vid)) {
        xlate_say(ctx,
                  "     >> dropping VLAN %u packet received on port %s not configured for trunking "
                  "VLAN %u",
                  vid, b->name, vid);
        return false;
    }
    *ret_vlan = vid;
    return true;
}

/* Whether a packet of 'vlan' leaves 'b' with the VLAN's id in a tag. */
static bool leaves_tagged(const struct bundle *b, uint16_t vlan)
{
    if (!vlan || b->vlan_mode == OFPROTO_VLAN_ACCESS) {
        return false;
    }
    return b->vlan_mode != OFPROTO_VLAN_NATIVE_UNTAGGED || b->vlan != vlan;
}

/* Makes the outer tag what the port wants. 'vid' is what it was. */
static void set_tag(struct xlate_ctx *ctx, const struct bundle *out, uint16_t vlan)
{
    bool has_tag = ctx->now.vlans.n != 0;

    if (leaves_tagged(out, vlan)) {
        if (!has_tag) {
            xlate_vlan_push(ctx, be16_make(0x8100), be16_make(vlan));
        } else if ((be16_get(ctx->now.vlans.tag[0].tci) & VLAN_VID_MASK) != vlan) {
            xlate_vlan_write(ctx, be16_make(vlan), be16_make(VLAN_VID_MASK));
        }
        return;
    }
    if (out->priority_tags == OFPROTO_PRIO_TAG_ALWAYS && !has_tag) {
        xlate_vlan_push(ctx, be16_make(0x8100), 0);
        return;
    }
    if (!has_tag) {
        return;
    }
    if (out->priority_tags == OFPROTO_PRIO_TAG_IF_NONZERO) {
        xlate_look_vlan(ctx, VLAN_PCP_MASK);
    }
    if (out->priority_tags == OFPROTO_PRIO_TAG_ALWAYS ||
        (out->priority_tags == OFPROTO_PRIO_TAG_IF_NONZERO &&
         be16_get(ctx->now.vlans.tag[0].tci) & VLAN_PCP_MASK)) {
        if (be16_get(ctx->now.vlans.tag[0].tci) & VLAN_VID_MASK) {
            xlate_vlan_write(ctx, 0, be16_make(VLAN_VID_MASK));
        }
    } else {
        xlate_vlan_pop(ctx);
    }
}

static void output_to(struct xlate_ctx *ctx, const struct bundle *out, uint16_t vlan)
{
    struct vlan_stack before = ctx->now.vlans;

    set_tag(ctx, out, vlan);
    xlate_output(ctx, out->port);
    xlate_vlan_restore(ctx, &before);
}

static bool may_go(const struct bundle *in, const struct bundle *out, uint16_t vlan)
{
    return out != in && out->port && carries_vlan(out, vlan) &&
           !(in->is_protected && out->is_protected);
}

/* Those that want the packet as it stands come first: fewer changes of tags. */
static void flood(struct xlate_ctx *ctx, const struct bundle *in, uint16_t vlan)
{
    bool tagged_now = ctx->now.vlans.n != 0;
    struct bundle *out, *next;

    xlate_drop(ctx, DP_DROP_NO_OUTPUT);
    for (unsigned int pass = 0; pass < 2; pass++) {
        HASH_ITER (hh, ctx->bridge->bundles, out, next) {
            bool as_is = leaves_tagged(out, vlan) == tagged_now &&
                         out->priority_tags == OFPROTO_PRIO_TAG_NEVER;

            if (as_is == (pass == 0) && may_go(in, out, vlan) && out->port->up &&
                !(out->port->config & (OFPPC_NO_FLOOD | OFPPC_NO_FWD))) {
                output_to(ctx, out, vlan);
            }
        }
    }
}

static bool is_reserved_mac(const uint8_t mac[6])
{
    static const uint8_t prefix[5] = {0x01, 0x80, 0xc2, 0x00, 0x00};

    return !memcmp(mac, prefix, sizeof prefix) && !(mac[5] & 0xf0);
}

static void learn(struct xlate_ctx *ctx, struct bundle *in, uint16_t vlan)
{
    const uint8_t *mac = ctx->now.flow.pkt.eth_src;
    struct mac_table *macs = &ctx->bridge->macs;
    unsigned int bucket;

    if (!in->port) {
        return; /* A controller's own packet: it came by no port. */
    }
    if (ctx->bridge->flood_vlans && ctx->bridge->flood_vlans[vlan / 64] >> (vlan % 64) & 1) {
        return;
    }
    XLATE_LOOK(ctx, pkt.eth_src);
    if (mac[0] & 1) {
        return;
    }
    if (xlate_may_learn(ctx) && mac_learn(macs, vlan, mac, &in->macs, ctx->in->now_ms)) {
        xlate_say(ctx,
                  "     -> learned that %02x:%02x:%02x:%02x:%02x:%02x is on port %s in VLAN %u",
                  mac[0], mac[1], mac[2], mac[3], mac[4], mac[5], in->name, vlan);
    }
    /* When it is forgotten or moves, a packet of this flow has to teach it again. */
    mac_lookup(macs, vlan, mac, &bucket);
    effects_depend_mac(ctx->effects, ctx->bridge, bucket);
    effects_add_mac(ctx->effects, ctx->bridge, vlan, mac, ctx->in_port->ofport);
}

static void forward(struct xlate_ctx *ctx, const struct bundle *in, uint16_t vlan)
{
    const uint8_t *mac = ctx->now.flow.pkt.eth_dst;
    const struct mac_entry *e;
    const struct bundle *out;
    unsigned int bucket;

    if (mac[0] & 1) {
        xlate_say(ctx, "     -> multicast packet, flooding");
        flood(ctx, in, vlan);
        return;
    }
    e = mac_lookup(&ctx->bridge->macs, vlan, mac, &bucket);
    effects_depend_mac(ctx->effects, ctx->bridge, bucket);
    if (!e) {
        xlate_say(ctx, "     -> no learned MAC for destination, flooding");
        flood(ctx, in, vlan);
        return;
    }
    out = CONTAINER_OF(e->owner, struct bundle, macs);
    if (out == in) {
        xlate_say(ctx, "     >> learned port is input port, dropping");
        xlate_drop(ctx, DP_DROP_SAME_PORT);
    } else if (!may_go(in, out, vlan)) {
        xlate_say(ctx, "     >> learned port %s may not have this packet (VLAN %u), dropping",
                  out->name, vlan);
        xlate_drop(ctx, DP_DROP_NO_OUTPUT);
    } else {
        xlate_say(ctx, "     -> forwarding to learned port");
        output_to(ctx, out, vlan);
    }
}

void xlate_normal(struct xlate_ctx *ctx)
{
    struct bundle *in = ctx->in_port->bundle;
    uint16_t vid = 0, vlan;

    if (!in) {
        xlate_say(ctx, "     >> port %s has no VLAN settings yet, dropping", ctx->in_port->name);
        xlate_drop(ctx, DP_DROP_PORT_NOT_IN_BRIDGE);
        return;
    }
    xlate_look_vlan(ctx, FLOW_VLAN_PRESENT | VLAN_VID_MASK);
    if (ctx->now.vlans.n) {
        vid = be16_get(ctx->now.vlans.tag[0].tci) & VLAN_VID_MASK;
    }
    if (!admit(ctx, in, vid, &vlan)) {
        xlate_drop(ctx, DP_DROP_VLAN_INGRESS);
        return;
    }
    XLATE_LOOK(ctx, pkt.eth_dst);
    if (is_reserved_mac(ctx->now.flow.pkt.eth_dst) && !ctx->bridge->config.forward_bpdu) {
        xlate_say(ctx, "     >> packet has reserved destination MAC, dropping");
        xlate_drop(ctx, DP_DROP_RESERVED_MAC);
        return;
    }
    learn(ctx, in, vlan);
    forward(ctx, in, vlan);
}
