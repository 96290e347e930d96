/* Translation against itself and against a model: random bridges, VLAN settings, rules and packets.
 *
 * Soundness: any packet that agrees with a megaflow's mask gets the same actions. Correctness of
 * NORMAL: what the actions do to the packet is what a switch written down plainly does.
 *
 * lint: long: both properties are asked of the same random packets, rules and settings. */
#include "ofproto/codec/action_conjunction.h"
#include "ofproto/codec/action_hash.h"
#include "ofproto/xlate/record.h"
#include "ofproto/codec/action_shim.h"
#include "tests/unit/ofproto/net.h"
#include "tests/unit/rng.h"

#define N_PORTS 6

static void random_settings(struct ofproto_bundle_config *c, uint16_t *trunks)
{
    memset(c, 0, sizeof *c);
    c->vlan_mode = (enum ofproto_vlan_mode)rnd(4);
    c->tag = rnd(4) ? (int)(1 + rnd(3)) : 0;
    c->trunks = trunks;
    c->n_trunks = rnd(2) ? 1 + rnd(3) : 0;
    for (size_t i = 0; i < c->n_trunks; i++) {
        trunks[i] = (uint16_t)rnd(4);
    }
    c->is_protected = rnd(4) == 0;
    c->priority_tags = rnd(3) ? 0 : 1 + rnd(2);
}

static uint16_t random_tci(void)
{
    return (uint16_t)(FLOW_VLAN_PRESENT | (rnd(3) ? rnd(5) : 4095) | (rnd(3) ? 0 : rnd(8) << 13));
}

/* Behind the bottom of the stack there are no labels. */
static void cut_labels(struct flow_key *key)
{
    be32_t bos = be32_make(0x100);

    if (key->nw_src & bos) {
        key->nw_dst = 0;
    }
    if ((key->nw_src | key->nw_dst) & bos) {
        key->tp_src = key->tp_dst = 0;
    }
}

static be32_t random_label(void)
{
    return be32_make(rnd(4) << 12 | rnd(2) << 9 | rnd(2) << 8 | rnd(3));
}

static void random_key(struct flow_key *key, uint16_t in_port)
{
    static const uint16_t types[] = {0x0800, 0x0800, 0x86dd, 0x0806,
                                     0x9999, 0x8847, 0x8847, 0x88e7};
    uint16_t type = types[rnd(8)];
    unsigned int n_vlans = rnd(4);

    *key = net_key(in_port, (uint8_t)rnd(6), (uint8_t)(rnd(8) ? rnd(6) : 0xff));
    if (rnd(12) == 0) {
        memcpy(key->eth_dst, "\x01\x80\xc2\0\0\x0e", 6);
    }
    key->eth_type = be16_make(type);
    for (unsigned int i = 0; i < n_vlans && i < FLOW_MAX_VLANS; i++) {
        key->vlan[i].tpid = be16_make(rnd(4) ? 0x8100 : 0x88a8);
        key->vlan[i].tci = be16_make(random_tci());
    }
    if (type == 0x86dd || type == 0x0806) {
        key->lines |= 1u << FLOW_LINE_L3X;
    }
    if (type == 0x86dd || type == 0x9999 || type == 0x88e7) {
        key->nw_src = key->nw_dst = 0;
    }
    if (type == 0x88e7) {
        key->nw_src = be32_make(rnd(4) | rnd(2) << 27);
    }
    if (type == 0x86dd) {
        key->ipv6_exthdr = be16_make((uint16_t)(rnd(2) << rnd(9)));
        key->ipv6_src[0] = (uint8_t)rnd(256);
        key->ipv6_dst[15] = (uint8_t)rnd(4);
    }
    if (type == 0x9999 || type == 0x0806 || type == 0x8847 || type == 0x88e7) {
        key->nw_proto = key->nw_ttl = 0;
        key->tp_src = key->tp_dst = 0;
        if (type == 0x0806) {
            key->tp_src = be16_make((uint16_t)(1 + rnd(2)));
            key->arp_sha[5] = (uint8_t)rnd(2);
            key->arp_tha[5] = (uint8_t)rnd(2);
        }
        if (type == 0x8847) {
            be32_t third = random_label();

            key->nw_src = random_label();
            key->nw_dst = random_label();
            memcpy(&key->tp_src, &third, sizeof third);
            cut_labels(key);
        }
    } else if (type == 0x86dd && rnd(2)) {
        key->nw_proto = 58;
        key->nw_ttl = 255;
        key->tp_src = be16_make((uint16_t)(135 + rnd(2)));
        key->nd_target[15] = (uint8_t)rnd(2);
        key->arp_sha[5] = (uint8_t)rnd(2);
        key->arp_tha[5] = (uint8_t)rnd(2);
        key->nw_src = be32_make(rnd(2));
        key->nw_dst = be32_make(1 + rnd(2));
    } else {
        key->nw_proto = rnd(2) ? 6 : 17;
        key->nw_tos = (uint8_t)(rnd(3) ? 0 : rnd(256));
        key->nw_ttl = (uint8_t)rnd(256);
        key->nw_frag = (uint8_t)(rnd(6) ? 0 : rnd(2) ? 1 : 3);
        key->tp_src = be16_make((uint16_t)(key->nw_frag & 2 ? 0 : rnd(65536)));
        key->tp_dst = be16_make((uint16_t)(key->nw_frag & 2 ? 0 : rnd(4)));
    }
}

/* Another packet that agrees with 'key' under 'mask'; false when the mix is no packet. */
static bool agreeing(const struct flow_key *key, const struct flow_mask *mask, struct flow_key *ret)
{
    struct flow_key full, want, have;
    uint8_t lines;

    flow_key_copy(&full, key);
    random_key(ret, key->in_port);
    ret->recirc_id = key->recirc_id;
    flow_key_copy(ret, ret);
    lines = mask->bits.eth_type ? key->lines : ret->lines;
    for (unsigned int i = 0; i < FLOW_N_WORDS; i++) {
        ret->u64[i] = (full.u64[i] & mask->bits.u64[i]) | (ret->u64[i] & ~mask->bits.u64[i]);
    }
    ret->lines = lines;
    for (unsigned int i = 0; i < FLOW_MAX_VLANS; i++) {
        if (!(ret->vlan[i].tci & be16_make(FLOW_VLAN_PRESENT)) || (i && !ret->vlan[i - 1].tpid)) {
            ret->vlan[i].tci = ret->vlan[i].tpid = 0;
        } else if (!ret->vlan[i].tpid) {
            ret->vlan[i].tpid = be16_make(0x8100);
        }
    }
    if (be16_get(ret->eth_type) != 0x0800 && be16_get(ret->eth_type) != 0x0806 &&
        be16_get(ret->eth_type) != 0x86dd) {
        bool mpls = be16_get(ret->eth_type) == 0x8847;

        ret->nw_src = mpls || be16_get(ret->eth_type) == 0x88e7 ? ret->nw_src : 0;
        ret->nw_dst = mpls ? ret->nw_dst : 0;
    }
    if (be16_get(ret->eth_type) == 0x8847) {
        cut_labels(ret);
    }
    if (be16_get(ret->eth_type) != 0x0800 && be16_get(ret->eth_type) != 0x86dd) {
        ret->nw_frag = 0;
    }
    flow_key_mask(&want, key, mask);
    flow_key_mask(&have, ret, mask);
    return flow_key_equal(&want, &have);
}

static unsigned int check_sound(struct net *net, const struct flow_key *key,
                                const struct ofproto_xlate_out *out)
{
    unsigned int n = 0;

    for (unsigned int i = 0; i < 12; i++) {
        struct ofproto_xlate_out other;
        struct flow_key agree;

        if (!i) { /* What revalidation asks. */
            flow_key_mask(&agree, key, &out->mask);
        } else if (!agreeing(key, &out->mask, &agree)) {
            continue;
        }
        n++;
        net_translate(net, &agree, false, &other);
        if (!dp_actions_equal(&out->actions, &other.actions) ||
            !flow_mask_equal(&out->mask, &other.mask)) {
            struct strbuf s = STRBUF_INIT;

            flow_key_format(&s, key, &out->mask, NULL, NULL);
            strbuf_puts(&s, "\n  ");
            dp_actions_format(&s, out->actions.data, out->actions.len);
            strbuf_puts(&s, "\n");
            flow_key_format(&s, &agree, &other.mask, NULL, NULL);
            strbuf_puts(&s, "\n  ");
            dp_actions_format(&s, other.actions.data, other.actions.len);
            fail_msg("packets of one megaflow differ:\n%s", strbuf_str(&s));
        }
        ofproto_xlate_out_free(&other);
    }
    return n;
}

/* --- What datapath actions do, as far as VLAN tags go. */

struct tags {
    struct flow_vlan tag[8];
    unsigned int n;
};

struct sent {
    bool sent;
    struct tags tags;
};

static void carry_out(const struct flow_key *key, const struct dp_actions *actions,
                      struct sent sent[N_PORTS + 1])
{
    struct tags t = {.n = 0};

    memset(sent, 0, (N_PORTS + 1) * sizeof *sent);
    while (t.n < FLOW_MAX_VLANS && key->vlan[t.n].tci) {
        t.tag[t.n] = key->vlan[t.n];
        t.n++;
    }
    for (const struct dp_action *a = dp_actions_first(actions->data, actions->len); a;
         a = dp_actions_next(actions->data, actions->len, a)) {
        if (a->type == DP_ACTION_OUTPUT) {
            uint32_t port = ((const struct dp_action_output *)a)->port;

            assert_false(sent[port].sent);
            sent[port].sent = true;
            sent[port].tags = t;
        } else if (a->type == DP_ACTION_POP_VLAN) {
            assert_true(t.n > 0);
            memmove(&t.tag[0], &t.tag[1], --t.n * sizeof t.tag[0]);
        } else if (a->type == DP_ACTION_PUSH_VLAN) {
            const struct dp_action_push_vlan *p = (const struct dp_action_push_vlan *)a;

            memmove(&t.tag[1], &t.tag[0], t.n++ * sizeof t.tag[0]);
            t.tag[0].tpid = p->tpid;
            t.tag[0].tci = p->tci | be16_make(FLOW_VLAN_PRESENT);
        } else if (a->type == DP_ACTION_SET_VLAN) {
            const struct dp_action_set_vlan *v = (const struct dp_action_set_vlan *)a;

            assert_true(t.n > 0);
            t.tag[0].tci = (be16_t)((t.tag[0].tci & ~v->tci_mask) | v->tci);
        }
    }
}

/* --- The model of NORMAL. */

static bool model_carries(const struct ofproto_bundle_config *c, uint16_t vlan)
{
    bool native = c->vlan_mode == OFPROTO_VLAN_NATIVE_TAGGED ||
                  c->vlan_mode == OFPROTO_VLAN_NATIVE_UNTAGGED;

    if (c->vlan_mode == OFPROTO_VLAN_ACCESS) {
        return vlan == c->tag;
    }
    if (!c->n_trunks) {
        return vlan != 4095;
    }
    for (size_t i = 0; i < c->n_trunks; i++) {
        if (c->trunks[i] == vlan) {
            return true;
        }
    }
    return native && vlan == c->tag;
}

/* -1: not admitted. */
static int model_vlan(const struct ofproto_bundle_config *c, uint16_t vid)
{
    if (c->vlan_mode == OFPROTO_VLAN_ACCESS) {
        return vid ? -1 : c->tag;
    }
    if (!vid && c->vlan_mode != OFPROTO_VLAN_TRUNK) {
        return c->tag;
    }
    return model_carries(c, vid) ? vid : -1;
}

static struct tags model_leave(const struct ofproto_bundle_config *c, const struct flow_key *key,
                               uint16_t vlan)
{
    bool had = key->vlan[0].tci != 0, tagged;
    uint16_t pcp = be16_get(key->vlan[0].tci) & 0xe000;
    struct tags t = {.n = 0};

    tagged = vlan && c->vlan_mode != OFPROTO_VLAN_ACCESS &&
             !(c->vlan_mode == OFPROTO_VLAN_NATIVE_UNTAGGED && vlan == c->tag);
    if (tagged || c->priority_tags == OFPROTO_PRIO_TAG_ALWAYS ||
        (c->priority_tags == OFPROTO_PRIO_TAG_IF_NONZERO && pcp)) {
        t.tag[0].tpid = had ? key->vlan[0].tpid : be16_make(0x8100);
        t.tag[0].tci = be16_make((uint16_t)(FLOW_VLAN_PRESENT | pcp | (tagged ? vlan : 0)));
        t.n = 1;
    }
    if (key->vlan[1].tci) {
        t.tag[t.n++] = key->vlan[1];
    }
    return t;
}

static void model(struct net *net, const struct ofproto_bundle_config *c,
                  const struct flow_key *key, struct sent sent[N_PORTS + 1])
{
    const struct ofproto_bundle_config *in = &c[key->in_port];
    int vlan = model_vlan(in, be16_get(key->vlan[0].tci) & 0xfff);
    const struct mac_entry *e = NULL;

    memset(sent, 0, (N_PORTS + 1) * sizeof *sent);
    if (vlan < 0 || !memcmp(key->eth_dst, "\x01\x80\xc2\0\0", 5)) {
        return;
    }
    if (!(key->eth_dst[0] & 1)) {
        e = mac_lookup(&net->br->macs, (uint16_t)vlan, key->eth_dst, NULL);
    }
    for (uint16_t p = 1; p <= N_PORTS; p++) {
        const struct ofport *port = ofport_by_dp(net->set, p);

        if (p != key->in_port && (!e || e->owner == &port->bundle->macs) && (e || port->up) &&
            model_carries(&c[p], (uint16_t)vlan) && !(in->is_protected && c[p].is_protected)) {
            sent[p].sent = true;
            sent[p].tags = model_leave(&c[p], key, (uint16_t)vlan);
        }
    }
}

static void check_model(struct net *net, const struct ofproto_bundle_config *c,
                        const struct flow_key *key, const struct ofproto_xlate_out *out)
{
    struct sent want[N_PORTS + 1], have[N_PORTS + 1];

    model(net, c, key, want);
    carry_out(key, &out->actions, have);
    for (unsigned int p = 1; p <= N_PORTS; p++) {
        assert_int_equal(want[p].sent, have[p].sent);
        assert_int_equal(want[p].tags.n, have[p].tags.n);
        for (unsigned int i = 0; i < want[p].tags.n; i++) {
            assert_int_equal(want[p].tags.tag[i].tpid, have[p].tags.tag[i].tpid);
            assert_int_equal(want[p].tags.tag[i].tci, have[p].tags.tag[i].tci);
        }
    }
}

static void check_normal_mask(const struct flow_mask *mask)
{
    struct flow_mask most;

    flow_mask_init(&most);
    FLOW_MASK_FIELD(&most, recirc_id);
    FLOW_MASK_FIELD(&most, in_port);
    FLOW_MASK_FIELD(&most, eth_src);
    FLOW_MASK_FIELD(&most, eth_dst);
    FLOW_MASK_FIELD(&most, vlan[0]);
    flow_mask_seal(&most);
    assert_true(flow_mask_is_subset(mask, &most));
}

static void normal_equals_the_model_and_its_megaflows_are_sound(void **state)
{
    unsigned int n_agreeing = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct ofproto_bundle_config configs[N_PORTS + 1];
        uint16_t trunks[N_PORTS + 1][3];
        struct net net;

        rng_state = seed;
        net_init(&net);
        for (uint32_t p = 1; p <= N_PORTS; p++) {
            random_settings(&configs[p], trunks[p]);
            net_port_full(net.br, p, &configs[p]);
            ofport_by_dp(net.set, p)->up = rnd(8) != 0;
        }
        for (unsigned int i = 0; i < 200; i++) {
            struct ofproto_xlate_out out;
            struct flow_key key;

            random_key(&key, (uint16_t)(1 + rnd(N_PORTS)));
            net_translate(&net, &key, i < 40, &out);
            check_model(&net, configs, &key, &out);
            check_normal_mask(&out.mask);
            n_agreeing += check_sound(&net, &key, &out);
            ofproto_xlate_out_free(&out);
        }
        net_free(&net);
    }
    assert_true(n_agreeing > 10000);
}

/* --- Random rules and actions, two bridges. */

static void random_set_field(struct ofp_actions *actions)
{
    static const enum ofp_field_id settable[] = {
        OFP_FIELD_ETH_SRC,  OFP_FIELD_ETH_DST,  OFP_FIELD_VLAN_VID,      OFP_FIELD_VLAN_PCP,
        OFP_FIELD_NW_SRC,   OFP_FIELD_NW_TTL,   OFP_FIELD_NW_TOS,        OFP_FIELD_IPV6_DST,
        OFP_FIELD_TCP_DST,  OFP_FIELD_UDP_SRC,  OFP_FIELD_REG0,          OFP_FIELD_METADATA,
        OFP_FIELD_ARP_OP,   OFP_FIELD_ARP_SPA,  OFP_FIELD_ARP_THA,       OFP_FIELD_ND_TARGET,
        OFP_FIELD_ND_SLL,   OFP_FIELD_ND_TLL,   OFP_FIELD_ND_RESERVED,   OFP_FIELD_MPLS_LABEL,
        OFP_FIELD_MPLS_TTL, OFP_FIELD_PBB_ISID, OFP_FIELD_TUN_METADATA0, OFP_FIELD_TUN_METADATA63,
    };
    const struct ofp_field *f = ofp_field(settable[rnd(ARRAY_SIZE(settable))]);
    uint8_t value[16] = {0}, mask[16];

    memset(mask, 0xff, sizeof mask);
    for (unsigned int i = 0; i < f->n_bytes; i++) {
        value[i] = (uint8_t)(rnd(3) ? rnd(4) : rnd(256));
        if (f->is_maskable && f->id != OFP_FIELD_VLAN_VID && rnd(3) == 0) {
            mask[i] = (uint8_t)rnd(256);
        }
    }
    if (f->id == OFP_FIELD_VLAN_VID) {
        value[0] &= 0xf;
    }
    ofp_actions_put_set_field(actions, f, value, mask);
}

/* A part of a field that every packet has. */
static struct ofp_subfield random_subfield(unsigned int n_bits)
{
    static const enum ofp_field_id always[] = {
        OFP_FIELD_ETH_SRC, OFP_FIELD_ETH_DST,  OFP_FIELD_VLAN_TCI,      OFP_FIELD_REG0,
        OFP_FIELD_XREG0,   OFP_FIELD_METADATA, OFP_FIELD_TUN_METADATA0, OFP_FIELD_TUN_METADATA63};
    const struct ofp_field *f = ofp_field(always[rnd(ARRAY_SIZE(always))]);

    return (struct ofp_subfield){(uint16_t)f->id, (uint16_t)rnd(f->n_bits - n_bits + 1),
                                 (uint16_t)n_bits, 0};
}

/* Labels, backbone frames and TTLs. */
static void random_shim(struct ofp_actions *actions)
{
    static const uint16_t inner[] = {0x0800, 0x86dd, 0x8847, 0x8847};
    static const enum ofp_action_type plain[] = {OFP_ACTION_DEC_MPLS_TTL, OFP_ACTION_COPY_TTL_IN,
                                                 OFP_ACTION_COPY_TTL_OUT, OFP_ACTION_PUSH_PBB,
                                                 OFP_ACTION_POP_PBB};
    struct ofp_action_shim *a;

    switch (rnd(5)) {
    case 0:
        a = ofp_actions_put(actions, OFP_ACTION_PUSH_MPLS, sizeof *a);
        a->eth_type = be16_make(0x8847);
        break;
    case 1:
    case 2:
        a = ofp_actions_put(actions, OFP_ACTION_POP_MPLS, sizeof *a);
        a->eth_type = be16_make(inner[rnd(4)]);
        break;
    default: ofp_actions_put(actions, plain[rnd(5)], sizeof *a); break;
    }
}

/* What moves bits and steers. */
static void random_nicira(struct ofp_actions *actions)
{
    struct ofp_action_resubmit *resubmit;
    struct ofp_action_output_reg *output;
    struct ofp_action_stack *stack;
    struct ofp_action_move *move;
    unsigned int n_bits = 1 + rnd(16);

    switch (rnd(12)) {
    case 9:
    case 10:
    case 11: random_shim(actions); break;
    case 7: {
        struct ofp_actions inner = OFP_ACTIONS_INIT;
        struct ofp_action_nested *clone;

        random_set_field(&inner);
        random_nicira(&inner);
        ofp_actions_put_output(&inner, 1 + rnd(5));
        clone = ofp_actions_put(actions, OFP_ACTION_CLONE, sizeof *clone + inner.len);
        clone->len = inner.len;
        memcpy(clone->data, inner.data, inner.len);
        ofp_actions_free(&inner);
        break;
    }
    case 8: {
        struct ofp_action_multipath *multipath = ofp_actions_put(actions, OFP_ACTION_MULTIPATH,
                                                                 sizeof *multipath);

        multipath->fields = (uint16_t)rnd(OFP_N_HASH_FIELDS);
        multipath->algorithm = (uint16_t)rnd(4);
        multipath->max_link = 2;
        multipath->dst = (struct ofp_subfield){OFP_FIELD_REG0, 0, 2, 0};
        break;
    }
    case 0:
    case 1:
        move = ofp_actions_put(actions, OFP_ACTION_MOVE, sizeof *move);
        move->src = random_subfield(n_bits);
        move->dst = random_subfield(n_bits);
        break;
    case 2:
    case 3:
        stack = ofp_actions_put(actions, rnd(2) ? OFP_ACTION_STACK_PUSH : OFP_ACTION_STACK_POP,
                                sizeof *stack);
        stack->subfield = random_subfield(n_bits);
        break;
    case 4:
        output = ofp_actions_put(actions, OFP_ACTION_OUTPUT_REG, sizeof *output);
        output->src = random_subfield(1 + rnd(3));
        break;
    case 5: ofp_actions_put(actions, OFP_ACTION_DEC_TTL, sizeof(struct ofp_action_dec_ttl)); break;
    default:
        resubmit = ofp_actions_put(actions, OFP_ACTION_RESUBMIT, sizeof *resubmit);
        resubmit->table_id = (uint16_t)(rnd(20) ? 1 + rnd(3) : rnd(4));
        resubmit->in_port = rnd(3) ? OFP_PORT_IN_PORT : 1 + rnd(3);
        break;
    }
}

static void random_instructions(struct ofp_actions *actions, uint8_t table)
{
    struct ofp_action_write_metadata *metadata;
    struct ofp_action_nested *write;
    struct ofp_action_goto_table *go;

    if (rnd(8) == 0) {
        ofp_actions_put(actions, OFP_ACTION_CLEAR_ACTIONS, sizeof(struct ofp_action));
    }
    if (rnd(3) == 0) {
        struct ofp_actions set = OFP_ACTIONS_INIT;

        ofp_actions_put(&set, OFP_ACTION_DEC_TTL, sizeof(struct ofp_action_dec_ttl));
        ofp_actions_put_output(&set, 1 + rnd(4));
        write = ofp_actions_put(actions, OFP_ACTION_WRITE_ACTIONS, sizeof *write + set.len);
        write->len = set.len;
        memcpy(write->data, set.data, set.len);
        ofp_actions_free(&set);
    }
    if (rnd(3) == 0) {
        metadata = ofp_actions_put(actions, OFP_ACTION_WRITE_METADATA, sizeof *metadata);
        metadata->metadata = rnd(4);
        metadata->mask = 3;
    }
    if (rnd(2)) {
        go = ofp_actions_put(actions, OFP_ACTION_GOTO_TABLE, sizeof *go);
        go->table_id = (uint8_t)(table + 1);
    }
}

static void random_conjunctions(struct ofp_actions *actions)
{
    for (unsigned int n = 1 + rnd(2); n; n--) {
        struct ofp_action_conjunction *a = ofp_actions_put(actions, OFP_ACTION_CONJUNCTION,
                                                           sizeof *a);

        a->id = 1 + rnd(2);
        a->clause = (uint8_t)rnd(2);
        a->n_clauses = 2;
    }
}

static void random_actions(struct ofp_actions *actions)
{
    for (unsigned int n = rnd(6); n; n--) {
        struct ofp_action_push_vlan *push;

        switch (rnd(9)) {
        case 6:
        case 7:
        case 8: random_nicira(actions); break;
        case 0: ofp_actions_put(actions, OFP_ACTION_POP_VLAN, sizeof(struct ofp_action)); break;
        case 1:
            push = ofp_actions_put(actions, OFP_ACTION_PUSH_VLAN, sizeof *push);
            push->tpid = be16_make(rnd(2) ? 0x8100 : 0x88a8);
            break;
        case 2:
        case 3: random_set_field(actions); break;
        case 4: ofp_actions_put_output(actions, rnd(2) ? OFP_PORT_NORMAL : OFP_PORT_IN_PORT); break;
        default: ofp_actions_put_output(actions, 1 + rnd(5)); break;
        }
    }
    if (rnd(3)) {
        ofp_actions_put_output(actions, rnd(2) ? OFP_PORT_NORMAL : 1 + rnd(5));
    }
}

static const char *random_match(void)
{
    static const char *const matches[] = {
        "",
        "in_port=1",
        "dl_vlan=2",
        "dl_vlan=2,dl_vlan_pcp=3",
        "vlan_tci=0x0000",
        "vlan_tci=0x1000/0x1000",
        "dl_dst=02:00:00:00:00:01",
        "dl_src=02:00:00:00:00:00/ff:ff:ff:ff:ff:fe",
        "ip",
        "ip,nw_src=10.0.0.0/30",
        "tcp,tcp_dst=1",
        "udp,udp_dst=2",
        "ipv6,ipv6_dst=::2",
        "arp,arp_tpa=10.0.0.1",
        "arp,arp_op=1",
        "arp,arp_tha=02:00:00:00:00:01/ff:00:00:00:00:01",
        "icmp6,icmpv6_type=135,icmpv6_code=0",
        "icmp6,icmpv6_type=136,icmpv6_code=0,nd_reserved=1",
        "icmp6,icmpv6_type=135,nd_sll=02:00:00:00:00:01/ff:00:00:00:00:01",
        "ip,nw_tos=0",
        "conj_id=1",
        "ip,conj_id=2",
        "mpls,mpls_label=2",
        "mpls,mpls_bos=1,mpls_ttl=2",
        "mpls,mpls_bos=0",
        "dl_type=0x88e7,pbb_isid=1/1",
        "ipv6,ipv6_exthdr=1/3",
        "ip,nw_ttl=5",
        "metadata=1/1",
        "reg0=0/3",
        "reg1=1/0x101",
        "tun_metadata0",
        "tun_metadata0=1/0x3,tun_metadata63",
        "tun_metadata63=0",
        "dl_dst=02:00:00:00:00:00/ff:ff:00:00:00:03",
    };

    return matches[rnd(ARRAY_SIZE(matches))];
}

static void random_rule_actions(struct ofp_actions *actions, uint8_t table, bool soft)
{
    if (soft) {
        random_conjunctions(actions);
    } else {
        random_actions(actions);
        random_instructions(actions, table);
    }
}

/* Options of tunnels, at the same place in all bridges. */
static void map_options(struct ofproto *br)
{
    assert_true(ofp_tlv_map_add(&br->tlvs, 0, 0xffff, 0, 4));
    assert_true(ofp_tlv_map_add(&br->tlvs, 63, 0xffff, 1, 8));
    ofp_tlv_map_use(&br->tlvs);
}

static void random_rules(struct ofproto *br)
{
    for (unsigned int n = rnd(16); n; n--) {
        uint8_t table = (uint8_t)(rnd(3) ? 0 : rnd(4));
        struct ofp_actions actions = OFP_ACTIONS_INIT;
        const char *match = random_match();

        random_rule_actions(&actions, table, rnd(5) == 0);
        net_rule(br, table, (uint16_t)(1 + rnd(5)), match, &actions);
        ofp_actions_free(&actions);
    }
}

static uint32_t recirc_id;

static bool note_recirc(const struct dp_action *a)
{
    if (a->type == DP_ACTION_RECIRC) {
        recirc_id = ((const struct dp_action_recirc *)a)->id;
    }
    return a->type == DP_ACTION_RECIRC;
}

/* The packet, if it is sent back, comes back with random headers; returns how often it did. */
static unsigned int come_back(struct net *net, const struct flow_key *key,
                              const struct ofproto_xlate_out *sent, unsigned int depth)
{
    unsigned int n = 1;

    if (!dp_actions_any(sent->actions.data, sent->actions.len, note_recirc)) {
        return 0;
    }
    if (depth == 6) {
        return n; /* The datapath has a bound. */
    }
    for (uint32_t id = recirc_id, i = 0; i < 3; i++) {
        struct ofproto_xlate_out out;
        struct flow_key back;

        random_key(&back, key->in_port);
        back.recirc_id = id;
        net_translate(net, &back, false, &out);
        assert_false(out.no_cache);
        check_sound(net, &back, &out);
        n += come_back(net, &back, &out, depth + 1);
        ofproto_xlate_out_free(&out);
    }
    return n;
}

static void random_rules_give_sound_megaflows(void **state)
{
    unsigned int n_agreeing = 0, n_back = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        struct ofproto *br1;
        struct net net;

        rng_state = seed;
        net_init(&net);
        br1 = net_add_bridge(&net, "br1", OFPROTO_STANDALONE);
        map_options(net.br);
        map_options(br1);
        for (uint32_t p = 1; p <= 6; p++) {
            net_port(p <= 3 ? net.br : br1, p, (enum ofproto_vlan_mode)rnd(4), (int)(1 + rnd(3)));
        }
        net_patch(net.br, "to-br1", br1, "to-br0");
        random_rules(net.br);
        random_rules(br1);
        for (unsigned int i = 0; i < 100; i++) {
            struct ofproto_xlate_out out;
            struct error err = {0};
            struct flow_key key;

            random_key(&key, (uint16_t)(1 + rnd(6)));
            net_translate(&net, &key, i < 20, &out);
            if (!net_holds(out.effects)) { /* What it learned on its way changed it. */
                ofproto_xlate_out_free(&out);
                net_translate(&net, &key, false, &out);
            }
            assert_true(out.actions.len > 0);
            if (dp_actions_validate(out.actions.data, out.actions.len, &err)) {
                fail_msg("%s", err.text);
            }
            n_agreeing += check_sound(&net, &key, &out);
            n_back += come_back(&net, &key, &out, 0);
            ofproto_xlate_out_free(&out);
        }
        net_free(&net);
    }
    assert_true(n_agreeing > 10000);
    assert_true(n_back > 50);
}

/* --- Caches against tables, while flow mods come. */

#define N_PRIORITIES 12
#define N_CACHED 60

/* Where two rules that are found overlap, one has the higher priority. Soft ones share theirs in
 * twos. */
struct slot {
    struct ofp_rule *rule; /* NULL: none. */
    const char *match;
};

struct slots {
    struct slot hard[4][N_PRIORITIES], soft[4][N_PRIORITIES];
};

static void random_flow_mod(struct ofproto *br, struct slots *slots)
{
    bool is_soft = rnd(4) == 0;
    uint8_t table = (uint8_t)(rnd(2) ? 0 : rnd(4));
    unsigned int i = rnd(N_PRIORITIES);
    struct slot *slot = is_soft ? &slots->soft[table][i] : &slots->hard[table][i];
    const struct slot *twin = &slots->soft[table][i ^ 1];
    struct ofp_actions actions = OFP_ACTIONS_INIT;
    const char *match = random_match();

    random_rule_actions(&actions, table, is_soft);
    if (slot->rule && rnd(2)) {
        bridge_remove_rule(br, slot->rule);
        slot->rule = NULL;
    } else if (slot->rule) {
        rule_set_actions(slot->rule, actions.data, actions.len, 1);
        bridge_rule_changed(br, slot->rule);
    } else if (!is_soft || !twin->rule || twin->match != match) {
        unsigned int priority = is_soft ? 2 * (i | 1) : 2 * i + 1;

        slot->rule = net_rule(br, table, (uint16_t)priority, match, &actions);
        slot->match = match;
    }
    ofp_actions_free(&actions);
}

struct cached {
    struct flow_key key, masked;
    struct ofproto_xlate_out out;
    struct strbuf way; /* Every rule and what it did. */
    bool concerned;    /* As the index tells. */
};

static void translate_told(struct net *net, const struct flow_key *key,
                           struct ofproto_xlate_out *out, struct strbuf *way)
{
    struct xlate_record record;
    struct ofproto_xlate_in in = {.key = key, .now_ms = net->now_ms, .record = &record};

    xlate_record_init(&record);
    ofproto_translate(net->set, &in, out);
    xlate_record_format(way, &record);
    xlate_record_free(&record);
}

static void cache(struct net *net, struct cached *c)
{
    translate_told(net, &c->key, &c->out, &c->way);
    flow_key_mask(&c->masked, &c->key, &c->out.mask);
    ofproto_effects_watch(c->out.effects, &c->masked, &c->out.mask, c);
    c->concerned = false;
}

static void cached_free(struct cached *c)
{
    ofproto_xlate_out_free(&c->out);
    strbuf_free(&c->way);
}

/* Marks those that changed rules concern; all when not only rules changed. Returns the generation
 * up to which that is done. */
static uint64_t mark_concerned(struct net *net, struct cached *cached, uint64_t since)
{
    bool found = ofproto_find_concerned(net->set, since);
    struct cached *c;

    while ((c = ofproto_next_concerned(net->set))) {
        c->concerned = true;
    }
    for (unsigned int i = 0; i < N_CACHED && !found; i++) {
        cached[i].concerned = true;
    }
    return ofproto_set_generation(net->set);
}

/* What the cached flow does is what the tables say, of its own packet and of another. Not in the
 * same datapath actions: what need not be set again depends on what was looked at before. */
static void check_holds(struct net *net, const struct cached *c)
{
    struct flow_key other = c->key;

    for (unsigned int i = 0; i < 3; i++) {
        struct strbuf way = STRBUF_INIT;
        struct ofproto_xlate_out now;

        if (i && !agreeing(&c->key, &c->out.mask, &other)) {
            continue;
        }
        translate_told(net, &other, &now, &way);
        /* To look the packet up anew is right whatever the tables say: they are asked then. */
        if (!strstr(strbuf_str(&c->way), "recirculated") &&
            !strstr(strbuf_str(&way), "recirculated")) {
            assert_string_equal(strbuf_str(&c->way), strbuf_str(&way));
        }
        strbuf_free(&way);
        ofproto_xlate_out_free(&now);
    }
}

static void cached_flows_that_hold_agree_with_the_tables(void **state)
{
    static struct cached cached[N_CACHED];
    unsigned int n_held = 0, n_stale = 0, n_left = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        uint64_t searched;

        struct slots slots[2];
        struct ofproto *br1;
        struct net net;

        rng_state = seed;
        memset(slots, 0, sizeof slots);
        net_init(&net);
        br1 = net_add_bridge(&net, "br1", OFPROTO_STANDALONE);
        map_options(net.br);
        map_options(br1);
        for (uint32_t p = 1; p <= 6; p++) {
            net_port(p <= 3 ? net.br : br1, p, (enum ofproto_vlan_mode)rnd(4), (int)(1 + rnd(3)));
        }
        net_patch(net.br, "to-br1", br1, "to-br0");
        for (unsigned int i = 0; i < N_CACHED; i++) {
            random_key(&cached[i].key, (uint16_t)(1 + rnd(6)));
            cache(&net, &cached[i]);
        }
        searched = mark_concerned(&net, cached, 0);
        for (unsigned int round = 0; round < 40; round++) {
            for (unsigned int n = 1 + rnd(3); n; n--) {
                unsigned int b = rnd(2);

                random_flow_mod(b ? br1 : net.br, &slots[b]);
            }
            searched = mark_concerned(&net, cached, searched);
            for (unsigned int i = 0; i < N_CACHED; i++) {
                struct cached *c = &cached[i];

                if (!c->concerned && n_left++ % 4 == 0) { /* The index says that it holds. */
                    check_holds(&net, c);
                }
                if (rnd(4) == 0) {
                    continue; /* Its turn comes later, when more has changed. */
                }
                if (ofproto_effects_hold(c->out.effects, 0, &c->masked, &c->out.mask)) {
                    if (n_held++ % 4 == 0) {
                        check_holds(&net, c);
                    }
                    c->concerned = false;
                    continue;
                }
                n_stale++;
                cached_free(c);
                if (rnd(2)) {
                    random_key(&c->key, (uint16_t)(1 + rnd(6)));
                }
                cache(&net, c);
            }
        }
        for (unsigned int i = 0; i < N_CACHED; i++) {
            cached_free(&cached[i]);
        }
        net_free(&net);
    }
    assert_true(n_held > 20000);
    assert_true(n_left > 10000);
    assert_true(n_stale > 2000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(normal_equals_the_model_and_its_megaflows_are_sound),
        cmocka_unit_test(random_rules_give_sound_megaflows),
        cmocka_unit_test(cached_flows_that_hold_agree_with_the_tables),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
