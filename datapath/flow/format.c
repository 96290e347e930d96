/* Keys and actions as text, in ovs-dpctl's syntax, for people and for tools that parse its output.
 * Called by control code only (dump-flows, trace, logs), any thread; no state. A field none of
 * whose bits is in the mask is left out; one with only some of its bits is printed value/mask. */
#include "datapath/flow/action.h"

#include <arpa/inet.h>

/* A list of "name(field=...,field=...)" groups being written: separators come by themselves. */
struct out {
    struct strbuf *s;
    bool more;        /* Something stands before: a comma first. */
    const char *open; /* A group whose "name(" is written with its first field. */
    bool opened;
};

static void separate(struct out *o)
{
    if (o->more) {
        strbuf_putc(o->s, ',');
    }
    o->more = true;
}

static void group_begin(struct out *o, const char *name)
{
    o->open = name;
    o->opened = false;
}

static void group_end(struct out *o)
{
    if (o->opened) {
        strbuf_putc(o->s, ')');
        o->more = true;
    }
    o->open = NULL;
    o->opened = false;
}

/* Writes what precedes a field's value: "group(name=" or "name(" when there is no group. */
static void field_begin(struct out *o, const char *name)
{
    if (o->open && !o->opened) {
        separate(o);
        strbuf_puts(o->s, o->open);
        strbuf_putc(o->s, '(');
        o->opened = true;
        o->more = false;
    }
    separate(o);
    strbuf_puts(o->s, name);
    strbuf_putc(o->s, o->open ? '=' : '(');
}

static void field_end(struct out *o)
{
    if (!o->open) {
        strbuf_putc(o->s, ')');
    }
}

enum base { DEC, HEX, HEX4 };

/* A number of which the bits in 'mask' count; nothing when none does. */
static void number(struct out *o, const char *name, enum base base, uint32_t value, uint32_t mask,
                   uint32_t all)
{
    static const char *const formats[] = {[DEC] = "%u", [HEX] = "%#x", [HEX4] = "0x%04x"};

    if (!mask) {
        return;
    }
    field_begin(o, name);
    strbuf_printf(o->s, formats[base], value & mask);
    if (mask != all) {
        strbuf_printf(o->s, "/0x%x", mask);
    }
    field_end(o);
}

static bool all_bytes(const uint8_t *p, size_t n, uint8_t byte)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i] != byte) {
            return false;
        }
    }
    return true;
}

static void put_mac(struct strbuf *s, const uint8_t m[6])
{
    strbuf_printf(s, "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
}

static void put_ip(struct strbuf *s, int family, const void *p)
{
    char text[INET6_ADDRSTRLEN];

    strbuf_puts(s, inet_ntop(family, p, text, sizeof text) ? text : "?");
}

static void mac(struct out *o, const char *name, const uint8_t *value, const uint8_t *mask)
{
    if (all_bytes(mask, 6, 0)) {
        return;
    }
    field_begin(o, name);
    put_mac(o->s, value);
    if (!all_bytes(mask, 6, 0xff)) {
        strbuf_putc(o->s, '/');
        put_mac(o->s, mask);
    }
    field_end(o);
}

static void address(struct out *o, const char *name, int family, const void *value,
                    const void *mask)
{
    size_t n = family == AF_INET ? 4 : 16;

    if (all_bytes(mask, n, 0)) {
        return;
    }
    field_begin(o, name);
    put_ip(o->s, family, value);
    if (!all_bytes(mask, n, 0xff)) {
        strbuf_putc(o->s, '/');
        put_ip(o->s, family, mask);
    }
    field_end(o);
}

static void address4(struct out *o, const char *name, be32_t value, be32_t mask)
{
    address(o, name, AF_INET, &value, &mask);
}

/* "syn|ack" when all bits count, else "+syn-ack" of those that do. */
static void flags(struct out *o, const char *name, const char *const *names, unsigned int n,
                  uint32_t value, uint32_t mask, uint32_t all)
{
    bool first = true;

    if (!mask) {
        return;
    }
    field_begin(o, name);
    for (unsigned int i = 0; i < n; i++) {
        uint32_t bit = 1u << i;

        if (mask != all && (mask & bit)) {
            strbuf_printf(o->s, "%c%s", value & bit ? '+' : '-', names[i]);
        } else if (mask == all && (value & bit)) {
            strbuf_printf(o->s, "%s%s", first ? "" : "|", names[i]);
            first = false;
        }
    }
    if (mask == all && first) {
        strbuf_putc(o->s, '0');
    }
    field_end(o);
}

static const char *const tcp_flag_names[] = {"fin", "syn", "rst", "psh",   "ack",   "urg",
                                             "ece", "cwr", "ns",  "[200]", "[400]", "[800]"};
static const char *const ct_state_names[] = {"new", "est", "rel",  "rpl",
                                             "inv", "trk", "snat", "dnat"};

static void put_port(struct strbuf *s, uint32_t port, flow_port_name *port_name, void *aux)
{
    const char *name = port_name ? port_name(port, aux) : NULL;

    if (name) {
        strbuf_puts(s, name);
    } else {
        strbuf_printf(s, "%u", port);
    }
}

static void metadata(struct out *o, const struct flow_key *k, const struct flow_key *m,
                     flow_port_name *port_name, void *aux)
{
    number(o, "recirc_id", HEX, k->recirc_id, m->recirc_id, UINT32_MAX);
    number(o, "dp_hash", HEX, k->dp_hash, m->dp_hash, UINT32_MAX);
    if (m->in_port == UINT16_MAX) {
        field_begin(o, "in_port");
        put_port(o->s, k->in_port, port_name, aux);
        field_end(o);
    } else {
        number(o, "in_port", DEC, k->in_port, m->in_port, UINT16_MAX);
    }
    flags(o, "ct_state", ct_state_names, ARRAY_SIZE(ct_state_names), k->ct_state, m->ct_state,
          UINT8_MAX);
    number(o, "ct_zone", HEX, k->ct_zone, m->ct_zone, UINT16_MAX);
    number(o, "ct_mark", HEX, k->ct_mark, m->ct_mark, UINT32_MAX);
    number(o, "skb_mark", HEX, k->pkt_mark, m->pkt_mark, UINT32_MAX);
}

/* Opens an encap(...) per tag that is there and matched; returns how many must be closed. */
static unsigned int vlans(struct out *o, const struct flow_key *k, const struct flow_key *m)
{
    unsigned int n = 0;

    for (; n < FLOW_MAX_VLANS && (m->vlan[n].tci || m->vlan[n].tpid); n++) {
        uint16_t tci = be16_get(k->vlan[n].tci), tci_mask = be16_get(m->vlan[n].tci);

        if (!(tci & FLOW_VLAN_PRESENT) && !k->vlan[n].tpid) {
            if (tci_mask & FLOW_VLAN_PRESENT && !n) {
                separate(o);
                strbuf_puts(o->s, "vlan(none)");
            }
            break;
        }
        number(o, "eth_type", HEX4, be16_get(k->vlan[n].tpid), be16_get(m->vlan[n].tpid),
               UINT16_MAX);
        group_begin(o, "vlan");
        number(o, "vid", DEC, tci & 0xfff, tci_mask & 0xfff, 0xfff);
        number(o, "pcp", DEC, tci >> 13, tci_mask >> 13, 7);
        group_end(o);
        separate(o);
        strbuf_puts(o->s, "encap(");
        o->more = false;
    }
    return n;
}

static void l3_ip(struct out *o, const struct flow_key *k, const struct flow_key *m, bool six)
{
    static const char *const frag[] = {"no", "first", "2", "later"};

    group_begin(o, six ? "ipv6" : "ipv4");
    if (six) {
        address(o, "src", AF_INET6, k->ipv6_src, m->ipv6_src);
        address(o, "dst", AF_INET6, k->ipv6_dst, m->ipv6_dst);
        number(o, "label", HEX, be32_get(k->ipv6_label), be32_get(m->ipv6_label), 0xfffff);
        number(o, "exthdr", HEX, be16_get(k->ipv6_exthdr), be16_get(m->ipv6_exthdr) & 0x1ff, 0x1ff);
    } else {
        address4(o, "src", k->nw_src, m->nw_src);
        address4(o, "dst", k->nw_dst, m->nw_dst);
    }
    number(o, "proto", DEC, k->nw_proto, m->nw_proto, UINT8_MAX);
    number(o, six ? "tclass" : "tos", HEX, k->nw_tos, m->nw_tos, UINT8_MAX);
    number(o, six ? "hlimit" : "ttl", DEC, k->nw_ttl, m->nw_ttl, UINT8_MAX);
    if (m->nw_frag) {
        field_begin(o, "frag");
        strbuf_puts(o->s, frag[k->nw_frag & 3]);
        field_end(o);
    }
    group_end(o);
}

static void l3_arp(struct out *o, const struct flow_key *k, const struct flow_key *m)
{
    group_begin(o, "arp");
    address4(o, "sip", k->nw_src, m->nw_src);
    address4(o, "tip", k->nw_dst, m->nw_dst);
    number(o, "op", DEC, be16_get(k->tp_src), be16_get(m->tp_src), UINT16_MAX);
    mac(o, "sha", k->arp_sha, m->arp_sha);
    mac(o, "tha", k->arp_tha, m->arp_tha);
    group_end(o);
}

static void lse_fields(struct out *o, uint32_t lse, uint32_t mask)
{
    number(o, "label", DEC, lse >> 12, mask >> 12, 0xfffff);
    number(o, "tc", DEC, lse >> 9 & 7, mask >> 9 & 7, 7);
    number(o, "ttl", DEC, lse & 0xff, mask & 0xff, 0xff);
    number(o, "bos", DEC, lse >> 8 & 1, mask >> 8 & 1, 1);
}

static void tag_fields(struct out *o, uint32_t tag, uint32_t mask)
{
    number(o, "pcp", DEC, tag >> 29, mask >> 29, 7);
    number(o, "dei", DEC, tag >> 28 & 1, mask >> 28 & 1, 1);
    number(o, "uca", DEC, tag >> 27 & 1, mask >> 27 & 1, 1);
    number(o, "isid", DEC, tag & 0xffffff, mask & 0xffffff, 0xffffff);
}

static void l3_mpls(struct out *o, const struct flow_key *k, const struct flow_key *m)
{
    be32_t lse[FLOW_MAX_MPLS] = {k->nw_src, k->nw_dst};
    be32_t mask[FLOW_MAX_MPLS] = {m->nw_src, m->nw_dst};

    memcpy(&lse[2], &k->tp_src, sizeof lse[2]);
    memcpy(&mask[2], &m->tp_src, sizeof mask[2]);
    group_begin(o, "mpls");
    for (unsigned int i = 0; i < FLOW_MAX_MPLS; i++) {
        lse_fields(o, be32_get(lse[i]), be32_get(mask[i]));
    }
    group_end(o);
}

static void l2_pbb(struct out *o, const struct flow_key *k, const struct flow_key *m)
{
    group_begin(o, "pbb");
    tag_fields(o, be32_get(k->nw_src), be32_get(m->nw_src));
    group_end(o);
}

static void l3_nsh(struct out *o, const struct flow_key *k, const struct flow_key *m)
{
    static const char *const context[] = {"c1", "c2", "c3", "c4"};
    uint32_t path = be32_get(k->nw_src), path_mask = be32_get(m->nw_src);

    group_begin(o, "nsh");
    number(o, "flags", DEC, k->nw_tos, m->nw_tos & FLOW_NSH_FLAGS, FLOW_NSH_FLAGS);
    number(o, "ttl", DEC, k->nw_ttl, m->nw_ttl & FLOW_NSH_TTL, FLOW_NSH_TTL);
    number(o, "mdtype", DEC, be16_get(k->tp_src), be16_get(m->tp_src) & 0xf, 0xf);
    number(o, "np", DEC, k->nw_proto, m->nw_proto, UINT8_MAX);
    number(o, "spi", HEX, path >> 8, path_mask >> 8, 0xffffff);
    number(o, "si", DEC, path & 0xff, path_mask & 0xff, 0xff);
    for (unsigned int i = 0; i < ARRAY_SIZE(context); i++) {
        number(o, context[i], HEX, be32_get(be32_load(&k->ipv6_src[4 * i])),
               be32_get(be32_load(&m->ipv6_src[4 * i])), UINT32_MAX);
    }
    group_end(o);
}

static void l4(struct out *o, const struct flow_key *k, const struct flow_key *m, bool six)
{
    bool icmp = k->nw_proto == (six ? 58 : 1);
    /* Type and code are bytes. */
    unsigned int all = icmp ? UINT8_MAX : UINT16_MAX;
    const char *name;

    switch (k->nw_proto) {
    case 1: name = six ? NULL : "icmp"; break;
    case 6: name = "tcp"; break;
    case 17: name = "udp"; break;
    case 58: name = six ? "icmpv6" : NULL; break;
    case 132: name = "sctp"; break;
    default: name = NULL; break;
    }
    group_begin(o, name ? name : "l4");
    number(o, icmp ? "type" : "src", DEC, be16_get(k->tp_src), be16_get(m->tp_src) & all, all);
    number(o, icmp ? "code" : "dst", DEC, be16_get(k->tp_dst), be16_get(m->tp_dst) & all, all);
    group_end(o);
    flags(o, "tcp_flags", tcp_flag_names, ARRAY_SIZE(tcp_flag_names), be16_get(k->tcp_flags),
          be16_get(m->tcp_flags) & 0xfff, 0xfff);
    if (six && icmp) {
        group_begin(o, "nd");
        address(o, "target", AF_INET6, k->nd_target, m->nd_target);
        number(o, "reserved", HEX, be32_get(k->nw_src), be32_get(m->nw_src), UINT32_MAX);
        number(o, "option", DEC, be32_get(k->nw_dst), be32_get(m->nw_dst) & UINT8_MAX, UINT8_MAX);
        mac(o, "sll", k->arp_sha, m->arp_sha);
        mac(o, "tll", k->arp_tha, m->arp_tha);
        group_end(o);
    }
}

void flow_key_format(struct strbuf *s, const struct flow_key *key, const struct flow_mask *mask,
                     flow_port_name *port_name, void *aux)
{
    struct out o = {.s = s};
    struct flow_mask sealed;
    struct flow_key k, m;
    unsigned int n_encap;
    uint16_t eth_type;

    flow_key_copy(&k, key);
    flow_mask_init(&sealed);
    flow_mask_or(&sealed, mask); /* Lines that are not there may never have been written. */
    m = sealed.bits;
    m.tcp_flags &= be16_make(0xfff);

    metadata(&o, &k, &m, port_name, aux);
    group_begin(&o, "eth");
    mac(&o, "src", k.eth_src, m.eth_src);
    mac(&o, "dst", k.eth_dst, m.eth_dst);
    group_end(&o);
    n_encap = vlans(&o, &k, &m);
    eth_type = be16_get(k.eth_type);
    number(&o, "eth_type", HEX4, eth_type, be16_get(m.eth_type), UINT16_MAX);
    if (eth_type == 0x0806 || eth_type == 0x8035) {
        l3_arp(&o, &k, &m);
    } else if (eth_type == 0x8847 || eth_type == 0x8848) {
        l3_mpls(&o, &k, &m);
    } else if (eth_type == 0x88e7) {
        l2_pbb(&o, &k, &m);
    } else if (eth_type == 0x894f) {
        l3_nsh(&o, &k, &m);
    } else {
        l3_ip(&o, &k, &m, eth_type == 0x86dd);
        l4(&o, &k, &m, eth_type == 0x86dd);
    }
    while (n_encap--) {
        strbuf_putc(s, ')');
    }
}

/* --- Actions. */

static void put_set_eth(struct out *o, const struct dp_action *a)
{
    const struct dp_action_set_eth *set = (const void *)a;

    group_begin(o, "eth");
    mac(o, "src", set->src, set->src_mask);
    mac(o, "dst", set->dst, set->dst_mask);
    group_end(o);
}

static void put_set_vlan(struct out *o, const struct dp_action *a)
{
    const struct dp_action_set_vlan *set = (const void *)a;
    uint16_t tci = be16_get(set->tci), mask = be16_get(set->tci_mask);

    group_begin(o, "vlan");
    number(o, "vid", DEC, tci & 0xfff, mask & 0xfff, 0xfff);
    number(o, "pcp", DEC, tci >> 13, mask >> 13, 7);
    group_end(o);
}

static void put_set_ipv4(struct out *o, const struct dp_action *a)
{
    const struct dp_action_set_ipv4 *set = (const void *)a;

    group_begin(o, "ipv4");
    address4(o, "src", set->src, set->src_mask);
    address4(o, "dst", set->dst, set->dst_mask);
    number(o, "tos", HEX, set->tos, set->tos_mask, UINT8_MAX);
    number(o, "ttl", DEC, set->ttl, set->ttl_mask, UINT8_MAX);
    group_end(o);
}

static void put_set_ipv6(struct out *o, const struct dp_action *a)
{
    const struct dp_action_set_ipv6 *set = (const void *)a;

    group_begin(o, "ipv6");
    address(o, "src", AF_INET6, set->src, set->src_mask);
    address(o, "dst", AF_INET6, set->dst, set->dst_mask);
    number(o, "label", HEX, be32_get(set->label), be32_get(set->label_mask), 0xfffff);
    number(o, "tclass", HEX, set->tclass, set->tclass_mask, UINT8_MAX);
    number(o, "hlimit", DEC, set->hlimit, set->hlimit_mask, UINT8_MAX);
    group_end(o);
}

static void put_set_l4(struct out *o, const struct dp_action *a)
{
    const struct dp_action_set_l4 *set = (const void *)a;

    group_begin(o, "l4");
    number(o, "src", DEC, be16_get(set->src), be16_get(set->src_mask), UINT16_MAX);
    number(o, "dst", DEC, be16_get(set->dst), be16_get(set->dst_mask), UINT16_MAX);
    group_end(o);
}

static void put_set_arp(struct out *o, const struct dp_action *a)
{
    const struct dp_action_set_arp *set = (const void *)a;

    group_begin(o, "arp");
    address4(o, "sip", set->spa, set->spa_mask);
    address4(o, "tip", set->tpa, set->tpa_mask);
    number(o, "op", DEC, be16_get(set->op), be16_get(set->op_mask), UINT16_MAX);
    mac(o, "sha", set->sha, set->sha_mask);
    mac(o, "tha", set->tha, set->tha_mask);
    group_end(o);
}

static void put_set_nd(struct out *o, const struct dp_action *a)
{
    const struct dp_action_set_nd *set = (const void *)a;

    group_begin(o, "nd");
    address(o, "target", AF_INET6, set->target, set->target_mask);
    number(o, "reserved", HEX, be32_get(set->reserved), be32_get(set->reserved_mask), UINT32_MAX);
    number(o, "option", DEC, set->option, set->option_mask, UINT8_MAX);
    mac(o, "sll", set->sll, set->sll_mask);
    mac(o, "tll", set->tll, set->tll_mask);
    group_end(o);
}

static void put_set_mpls(struct out *o, const struct dp_action *a)
{
    const struct dp_action_set_mpls *set = (const void *)a;

    group_begin(o, "mpls");
    lse_fields(o, be32_get(set->lse), be32_get(set->lse_mask));
    group_end(o);
}

static void put_set_pbb(struct out *o, const struct dp_action *a)
{
    const struct dp_action_set_pbb *set = (const void *)a;

    group_begin(o, "pbb");
    tag_fields(o, be32_get(set->tag), be32_get(set->tag_mask));
    group_end(o);
}

static void put_set_nsh(struct out *o, const struct dp_action *a)
{
    const struct dp_action_set_nsh *set = (const void *)a;
    struct flow_key key, mask;

    memset(&key, 0, sizeof key);
    memset(&mask, 0, sizeof mask);
    key.nw_src = set->path;
    mask.nw_src = set->path_mask;
    key.nw_tos = set->flags;
    mask.nw_tos = set->flags_mask;
    key.nw_ttl = set->ttl;
    mask.nw_ttl = set->ttl_mask;
    memcpy(key.ipv6_src, set->context, sizeof set->context);
    memcpy(mask.ipv6_src, set->context_mask, sizeof set->context_mask);
    l3_nsh(o, &key, &mask);
}

/* Fields that are not named are copied from what was outside before. */
static void put_push_mpls(struct strbuf *s, const struct dp_action_push_mpls *push)
{
    struct out o = {.s = s};

    group_begin(&o, "push_mpls");
    lse_fields(&o, be32_get(push->lse), be32_get(push->mask));
    number(&o, "eth_type", HEX, be16_get(push->eth_type), UINT16_MAX, UINT16_MAX);
    group_end(&o);
}

static void put_push_pbb(struct strbuf *s, const struct dp_action_push_pbb *push)
{
    struct out o = {.s = s};

    group_begin(&o, "push_pbb");
    tag_fields(&o, be32_get(push->tag), UINT32_MAX);
    group_end(&o);
}

static void put_dec_ttl(struct strbuf *s, const struct dp_action_dec_ttl *dec)
{
    strbuf_puts(s, dec->layer == DP_TTL_MPLS  ? "dec_mpls_ttl"
                   : dec->layer == DP_TTL_NSH ? "dec_nsh_ttl"
                                              : "dec_ttl");
    if (dec->tell) {
        strbuf_printf(s, "(le_1(userspace(cookie=0x%x)))", dec->cookie);
    }
}

static void put_push_vlan(struct strbuf *s, const struct dp_action_push_vlan *push)
{
    uint16_t tci = be16_get(push->tci);

    strbuf_puts(s, "push_vlan(");
    if (push->tpid != be16_make(0x8100)) {
        strbuf_printf(s, "tpid=0x%04x,", be16_get(push->tpid));
    }
    strbuf_printf(s, "vid=%u,pcp=%u)", tci & 0xfff, tci >> 13);
}

/* As Open vSwitch, which meters a clone of the packet. */
static void put_upcall(struct strbuf *s, const struct dp_action_upcall *upcall)
{
    if (upcall->meter_no == DP_NO_METER) {
        strbuf_printf(s, "userspace(cookie=0x%x)", upcall->cookie);
    } else {
        strbuf_printf(s, "clone(meter(%u),userspace(cookie=0x%x))", upcall->meter_no,
                      upcall->cookie);
    }
}

static void put_action(struct strbuf *s, const struct dp_action *a, flow_port_name *port_name,
                       void *aux)
{
    static void (*const set[DP_N_ACTIONS])(struct out *, const struct dp_action *) = {
        [DP_ACTION_SET_ETH] = put_set_eth,   [DP_ACTION_SET_VLAN] = put_set_vlan,
        [DP_ACTION_SET_IPV4] = put_set_ipv4, [DP_ACTION_SET_IPV6] = put_set_ipv6,
        [DP_ACTION_SET_L4] = put_set_l4,     [DP_ACTION_SET_ARP] = put_set_arp,
        [DP_ACTION_SET_ND] = put_set_nd,     [DP_ACTION_SET_MPLS] = put_set_mpls,
        [DP_ACTION_SET_PBB] = put_set_pbb,   [DP_ACTION_SET_NSH] = put_set_nsh,
    };
    struct out o = {.s = s};
    const void *nested;
    size_t n;

    if (a->type < DP_N_ACTIONS && set[a->type]) {
        strbuf_puts(s, "set(");
        set[a->type](&o, a);
        strbuf_putc(s, ')');
        return;
    }
    switch (a->type) {
    case DP_ACTION_OUTPUT:
        put_port(s, ((const struct dp_action_output *)a)->port, port_name, aux);
        break;
    case DP_ACTION_OUTPUT_TRUNC: {
        const struct dp_action_output_trunc *out = (const void *)a;

        strbuf_printf(s, "trunc(%u),", out->max_len);
        put_port(s, out->port, port_name, aux);
        break;
    }
    case DP_ACTION_PUSH_VLAN: put_push_vlan(s, (const void *)a); break;
    case DP_ACTION_POP_VLAN: strbuf_puts(s, "pop_vlan"); break;
    case DP_ACTION_UPCALL: put_upcall(s, (const void *)a); break;
    case DP_ACTION_METER:
        strbuf_printf(s, "meter(%u)", ((const struct dp_action_meter *)a)->meter_no);
        break;
    case DP_ACTION_CHECK_LEN: {
        const struct dp_action_check_len *check = (const void *)a;

        strbuf_printf(s, "check_pkt_len(size=%u,gt(recirc(0x%x)),le(recirc(0x%x)))", check->max_len,
                      check->longer_id, check->other_id);
        break;
    }
    case DP_ACTION_HASH:
        strbuf_printf(s, "hash(%s(%u))",
                      ((const struct dp_action_hash *)a)->alg == DP_HASH_SYM_L4 ? "sym_l4" : "l4",
                      ((const struct dp_action_hash *)a)->basis);
        break;
    case DP_ACTION_PUSH_MPLS: put_push_mpls(s, (const void *)a); break;
    case DP_ACTION_POP_MPLS:
        strbuf_printf(s, "pop_mpls(eth_type=0x%x)",
                      be16_get(((const struct dp_action_pop_mpls *)a)->eth_type));
        break;
    case DP_ACTION_PUSH_PBB: put_push_pbb(s, (const void *)a); break;
    case DP_ACTION_POP_PBB: strbuf_puts(s, "pop_pbb"); break;
    case DP_ACTION_DEC_TTL: put_dec_ttl(s, (const void *)a); break;
    case DP_ACTION_COPY_TTL:
        strbuf_puts(s, ((const struct dp_action_copy_ttl *)a)->inwards ? "copy_ttl_in"
                                                                       : "copy_ttl_out");
        break;
    case DP_ACTION_RECIRC:
        strbuf_printf(s, "recirc(0x%x)", ((const struct dp_action_recirc *)a)->id);
        break;
    case DP_ACTION_CLONE:
        nested = dp_action_nested(a, &n);
        strbuf_puts(s, "clone(");
        dp_actions_format_names(s, nested, n, port_name, aux);
        strbuf_putc(s, ')');
        break;
    case DP_ACTION_DROP:
        strbuf_printf(s, "drop:%s",
                      dp_policy_drop_name(((const struct dp_action_drop *)a)->reason));
        break;
    default: strbuf_printf(s, "unknown(%u)", a->type); break;
    }
}

void dp_actions_format_names(struct strbuf *s, const void *data, size_t len,
                             flow_port_name *port_name, void *aux)
{
    const struct dp_action *first = dp_actions_first(data, len);

    if (!first) {
        strbuf_puts(s, "drop");
    }
    for (const struct dp_action *a = first; a; a = dp_actions_next(data, len, a)) {
        if (a != first) {
            strbuf_putc(s, ',');
        }
        put_action(s, a, port_name, aux);
    }
}

void dp_actions_format(struct strbuf *s, const void *data, size_t len)
{
    dp_actions_format_names(s, data, len, NULL, NULL);
}
