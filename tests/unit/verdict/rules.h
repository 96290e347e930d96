/* Random rules, groups and meters as text, of few values each, so that they meet each other and
 * packets. Header only. */
#ifndef TESTS_UNIT_VERDICT_RULES_H
#define TESTS_UNIT_VERDICT_RULES_H

#include "tests/unit/verdict/random.h"

#define RULES_METERS 5
#define RULES_CONJUNCTIONS 3

/* --- Rules. */

static inline const char *any_mac(void)
{
    static const char *const macs[] = {"02:00:00:00:00:01", "02:00:00:00:00:02",
                                       "02:00:00:00:00:03", "02:00:00:00:00:04",
                                       "ff:ff:ff:ff:ff:ff", "01:80:c2:00:00:00"};

    return PICK(macs);
}

static inline void match_mac(struct strbuf *s, const char *field)
{
    static const char *const masks[] = {"", "", "/ff:ff:ff:ff:ff:fe", "/01:00:00:00:00:00",
                                        "/00:00:00:00:00:03"};

    strbuf_printf(s, ",%s=%s%s", field, any_mac(), PICK(masks));
}

static inline void match_registers(struct strbuf *s)
{
    switch (rnd(9)) {
    case 0: strbuf_printf(s, ",reg%u=%u", rnd(3), rnd(4)); break;
    case 1: strbuf_printf(s, ",reg%u=%u/0x%x", rnd(3), rnd(4), 1 + rnd(3)); break;
    case 2: strbuf_printf(s, ",metadata=%u/3", rnd(4)); break;
    case 3: strbuf_printf(s, ",pkt_mark=%u/1", rnd(2)); break;
    case 4: strbuf_printf(s, ",xreg0=%u", rnd(4)); break;
    case 5: strbuf_printf(s, ",xxreg0=0x%x/0xff", rnd(4)); break;
    case 6: strbuf_printf(s, ",tun_id=%u", rnd(2)); break;
    case 7: strbuf_printf(s, ",recirc_id=0"); break;
    default: strbuf_printf(s, ",actset_output=%u", 1 + rnd(4)); break;
    }
}

static inline void match_vlan(struct strbuf *s)
{
    switch (rnd(5)) {
    case 0: strbuf_puts(s, ",vlan_tci=0x0000"); break;
    case 1: strbuf_puts(s, ",vlan_tci=0x1000/0x1000"); break;
    case 2: strbuf_printf(s, ",vlan_tci=0x%x/0x%x", 0x1000 | rnd(4), 0x1000 | rnd(16)); break;
    case 3: strbuf_printf(s, ",dl_vlan=%u,dl_vlan_pcp=%u", rnd(4), rnd(3)); break;
    default: strbuf_printf(s, ",dl_vlan=%u", rnd(4)); break;
    }
}

static inline void match_ports(struct strbuf *s)
{
    static const char *const masks[] = {"", "", "", "/0xfffe", "/0xff00", "/0x0001"};

    switch (rnd(6)) {
    case 0: strbuf_printf(s, ",tp_src=%u%s", 1000 + rnd(3), PICK(masks)); break;
    case 1: strbuf_printf(s, ",tp_dst=%u%s", rnd(2) ? 80 : rnd(4), PICK(masks)); break;
    default: break;
    }
}

static inline void match_ip(struct strbuf *s)
{
    static const char *const frags[] = {"no", "yes", "first", "later", "not_later"};

    switch (rnd(24)) {
    case 0: strbuf_printf(s, ",nw_tos=%u", rnd(2) * 4); break;
    case 1: strbuf_printf(s, ",nw_ecn=%u", rnd(2)); break;
    case 2: strbuf_printf(s, ",nw_ttl=%u", rnd(2) ? 64 : rnd(3)); break;
    case 3:
    case 4: strbuf_printf(s, ",ip_frag=%s", PICK(frags)); break;
    default: break;
    }
}

static const char *rule_protocol; /* Of the rule at work; "": none. It decides what may be set. */
static bool rule_is_nd;           /* It matches neighbour solicitations. */

static inline void match_nd(struct strbuf *s)
{
    switch (rnd(4)) {
    case 0: strbuf_printf(s, ",nd_sll=02:00:00:00:00:0%u", 1 + rnd(4)); break;
    case 1: strbuf_printf(s, ",nd_options_type=%u", 1 + rnd(2)); break;
    case 2: strbuf_printf(s, ",nd_reserved=%u", rnd(3)); break;
    default: strbuf_puts(s, ",nd_target=fd00::1/::3"); break;
    }
}

static inline void match_nsh(struct strbuf *s)
{
    switch (rnd(7)) {
    case 0: strbuf_printf(s, ",nsh_spi=%u,nsh_si=%u", rnd(3), rnd(3)); break;
    case 1: strbuf_printf(s, ",nsh_mdtype=%u", 1 + rnd(2)); break;
    case 2: strbuf_printf(s, ",nsh_np=%u", rnd(5)); break;
    case 3: strbuf_printf(s, ",nsh_ttl=%u", rnd(2) ? 63 : rnd(3)); break;
    case 4: strbuf_printf(s, ",nsh_flags=%u/%u", rnd(2), 1 + 2 * rnd(2)); break;
    case 5: strbuf_printf(s, ",nsh_c%u=%u/3", 1 + rnd(4), rnd(4)); break;
    default: break;
    }
}

static inline void match_l3(struct strbuf *s)
{
    static const char *const protocols[] = {"ip",
                                            "ip",
                                            "tcp",
                                            "tcp",
                                            "udp",
                                            "udp",
                                            "icmp",
                                            "sctp",
                                            "ipv6",
                                            "tcp6",
                                            "udp6",
                                            "icmp6",
                                            "icmp6",
                                            "arp",
                                            "arp",
                                            "rarp",
                                            "mpls",
                                            "mpls",
                                            "mplsm",
                                            "dl_type=0x88e7",
                                            "dl_type=0x894f",
                                            "sctp6",
                                            "dl_type=0x9000"};
    const char *protocol = theme.protocol && rnd(3) ? theme.protocol : PICK(protocols);
    bool six = strchr(protocol, '6'), ip = strstr("ip tcp udp icmp sctp", protocol);

    rule_protocol = protocol;
    strbuf_printf(s, ",%s", protocol);
    if ((ip || six) && strcmp(protocol, "ip") && strcmp(protocol, "ipv6") &&
        !strstr(protocol, "icmp")) {
        match_ports(s);
    }
    if (ip || six) {
        match_ip(s);
    }
    if (ip && rnd(4) == 0) {
        strbuf_printf(s, ",nw_src=10.0.0.%u/%u", rnd(4), 24 + rnd(9));
    }
    if (ip && rnd(6) == 0) {
        strbuf_printf(s, ",nw_dst=10.0.1.%u/255.255.%u.%u", rnd(4), rnd(2) * 255, rnd(256));
    }
    if (six && rnd(5) == 0) {
        strbuf_printf(s, ",ipv6_dst=fd00::%u/%u", rnd(4), rnd(2) ? 128 : 100 + rnd(28));
    }
    if (six && rnd(6) == 0) {
        strbuf_printf(s, ",ipv6_label=%u", rnd(3));
    }
    if (!strcmp(protocol, "icmp") || !strcmp(protocol, "icmp6")) {
        if (six || rnd(2)) {
            strbuf_printf(s, ",%s_type=%u", six ? "icmpv6" : "icmp", six ? 135 : rnd(3) * 8);
            rule_is_nd = six;
        }
        if (six || rnd(3) == 0) {
            strbuf_printf(s, ",%s_code=%u", six ? "icmpv6" : "icmp", six ? 0 : rnd(2));
        }
        if (rule_is_nd && rnd(4) == 0) {
            match_nd(s);
        }
    }
    if ((!strcmp(protocol, "tcp") || !strcmp(protocol, "tcp6")) && rnd(4) == 0) {
        strbuf_printf(s, ",tcp_flags=%u/%u", rnd(4), 1 + rnd(3));
    }
    if (!strcmp(protocol, "arp") || !strcmp(protocol, "rarp")) {
        switch (rnd(10)) {
        case 0: strbuf_printf(s, ",arp_op=%u", 1 + rnd(2)); break;
        case 1: strbuf_printf(s, ",arp_spa=10.0.0.%u/%u", rnd(4), 28 + rnd(5)); break;
        case 2: match_mac(s, "arp_sha"); break;
        case 3: strbuf_printf(s, ",arp_tpa=10.0.1.%u", rnd(4)); break;
        default: break;
        }
    }
    if (strstr(protocol, "894f")) {
        match_nsh(s);
    }
    if (!strncmp(protocol, "mpls", 4) && rnd(3) == 0) {
        switch (rnd(4)) {
        case 0: strbuf_printf(s, ",mpls_tc=%u", rnd(2)); break;
        case 1: strbuf_printf(s, ",mpls_ttl=%u", rnd(2) ? 64 : rnd(3)); break;
        default: strbuf_printf(s, ",mpls_label=%u,mpls_bos=%u", rnd(4), rnd(2)); break;
        }
    }
    if (!strcmp(protocol, "dl_type=0x88e7") && rnd(4) == 0) {
        strbuf_printf(s, rnd(2) ? ",pbb_isid=%u" : ",pbb_uca=%u", rnd(2));
    }
    if (six && rnd(12) == 0) {
        strbuf_printf(s, ",ipv6_exthdr=%u/%u", rnd(2) << rnd(9), 1 << rnd(9) | 1 << rnd(9));
    }
}

/* Each part begins with a comma. */
static inline void random_match(struct strbuf *s)
{
    rule_protocol = "";
    rule_is_nd = false;
    if (rnd(6) == 0) {
        strbuf_printf(s, ",in_port=%u", 1 + rnd(3));
    }
    if (rnd(8) == 0) {
        match_registers(s);
    }
    if (rnd(6) == 0) {
        match_mac(s, rnd(2) ? "dl_src" : "dl_dst");
    }
    if (rnd(8) == 0) {
        match_vlan(s);
    }
    if (rnd(5)) {
        match_l3(s);
    }
}

static inline void set_l2(struct strbuf *s)
{
    switch (rnd(6)) {
    case 0: strbuf_printf(s, ",mod_dl_dst:%s", any_mac()); break;
    case 1: strbuf_printf(s, ",mod_dl_src:%s", any_mac()); break;
    case 2:
        strbuf_printf(s, "%s,mod_vlan_vid:%u", rnd(4) ? ",push_vlan:0x8100" : "", rnd(4));
        break;
    case 3:
        strbuf_printf(s, "%s,mod_vlan_pcp:%u", rnd(4) ? ",push_vlan:0x88a8" : "", rnd(8));
        break;
    case 4: strbuf_puts(s, ",strip_vlan"); break;
    default: strbuf_printf(s, ",push_vlan:0x%x", rnd(2) ? 0x8100 : 0x88a8); break;
    }
}

static inline void set_ip(struct strbuf *s, bool six)
{
    switch (rnd(8)) {
    case 0: strbuf_printf(s, ",mod_nw_tos:%u", rnd(64) * 4); break;
    case 1: strbuf_printf(s, ",mod_nw_ttl:%u", rnd(4)); break;
    case 2: strbuf_puts(s, ",dec_ttl"); break;
    case 3: strbuf_printf(s, ",set_field:%u->nw_ecn", rnd(4)); break;
    case 4:
        strbuf_printf(s, six ? ",set_field:fd00::%u->ipv6_src" : ",mod_nw_src:10.0.0.%u", rnd(4));
        break;
    case 5:
        strbuf_printf(s, six ? ",set_field:fd00::%u/::ff->ipv6_dst" : ",mod_nw_dst:10.0.1.%u",
                      rnd(4));
        break;
    case 6:
        strbuf_printf(s, six ? ",set_field:%u->ipv6_label" : ",set_field:0.0.0.%u/0.0.0.7->ip_src",
                      rnd(8));
        break;
    default: strbuf_puts(s, ",dec_ttl"); break;
    }
}

static inline void set_arp(struct strbuf *s)
{
    switch (rnd(5)) {
    case 0: strbuf_printf(s, ",set_field:%u->arp_op", 1 + rnd(2)); break;
    case 1: strbuf_printf(s, ",set_field:10.0.0.%u->arp_spa", rnd(4)); break;
    case 2: strbuf_printf(s, ",set_field:0.0.0.%u/0.0.0.3->arp_tpa", rnd(4)); break;
    case 3: strbuf_printf(s, ",set_field:%s->arp_sha", any_mac()); break;
    default: strbuf_printf(s, ",set_field:%s->arp_tha", any_mac()); break;
    }
}

static inline void set_nd(struct strbuf *s)
{
    switch (rnd(5)) {
    case 0: strbuf_printf(s, ",set_field:fd00::%u->nd_target", rnd(4)); break;
    case 1: strbuf_printf(s, ",set_field:%s->nd_sll", any_mac()); break;
    case 2: strbuf_printf(s, ",set_field:%u->nd_options_type", 1 + rnd(3)); break;
    case 3: strbuf_printf(s, ",set_field:%u->nd_reserved", rnd(4)); break;
    default: strbuf_printf(s, ",set_field:fd00::%u/::f->nd_target", rnd(4)); break;
    }
}

/* Of rules for labels; what is under the last one may become anything. */
static inline void set_nsh(struct strbuf *s)
{
    switch (rnd(6)) {
    case 0: strbuf_printf(s, ",set_field:%u->nsh_spi", rnd(3)); break;
    case 1: strbuf_printf(s, ",set_field:%u->nsh_si", rnd(3)); break;
    case 2: strbuf_printf(s, ",set_field:%u->nsh_ttl", rnd(64)); break;
    case 3: strbuf_printf(s, ",set_field:%u/%u->nsh_flags", rnd(2), 1 + 2 * rnd(2)); break;
    case 4: strbuf_printf(s, ",set_field:%u/7->nsh_c%u", rnd(8), 1 + rnd(4)); break;
    default: strbuf_puts(s, ",dec_nsh_ttl"); break;
    }
}

static inline void set_mpls(struct strbuf *s)
{
    switch (rnd(10)) {
    case 0: strbuf_printf(s, ",set_mpls_label(%u)", rnd(4)); break;
    case 1: strbuf_printf(s, ",set_mpls_tc(%u)", rnd(8)); break;
    case 2: strbuf_printf(s, ",set_mpls_ttl(%u)", rnd(4)); break;
    case 3:
    case 4: strbuf_puts(s, ",dec_mpls_ttl"); break;
    case 5: strbuf_puts(s, rnd(2) ? ",copy_ttl_in" : ",copy_ttl_out"); break;
    case 6: strbuf_puts(s, ",pop_mpls:0x8847"); break;
    case 7:
        strbuf_puts(s, ",pop_mpls:0x86dd");
        rule_protocol = "ipv6";
        break;
    default:
        strbuf_puts(s, ",pop_mpls:0x0800");
        rule_protocol = "ip";
        break;
    }
}

static inline void push_shim(struct strbuf *s)
{
    if (rnd(3)) {
        strbuf_printf(s, ",push_mpls:0x%x", rnd(4) ? 0x8847 : 0x8848);
        rule_protocol = "mpls";
    } else {
        strbuf_puts(s, ",push_pbb:0x88e7");
        rule_protocol = "dl_type=0x88e7";
    }
}

static inline void set_pbb(struct strbuf *s)
{
    if (rnd(3)) {
        strbuf_printf(s, rnd(2) ? ",set_field:%u->pbb_isid" : ",set_field:%u->pbb_uca", rnd(2));
    } else {
        strbuf_puts(s, ",pop_pbb");
        rule_protocol = "";
    }
}

static inline void set_l4(struct strbuf *s)
{
    const char *p = rule_protocol;

    if (!strcmp(p, "icmp")) {
        strbuf_printf(s, ",set_field:%u->icmp_type", rnd(9));
    } else if (!strcmp(p, "icmp6")) {
        strbuf_printf(s, ",set_field:%u->icmpv6_code", rnd(3));
    } else {
        strbuf_printf(s, ",set_field:%u->%.*s_%s", rnd(4), (int)strcspn(p, "6"), p,
                      rnd(2) ? "src" : "dst");
    }
}

static inline void random_set(struct strbuf *s)
{
    const char *p = rule_protocol;
    bool six = strchr(p, '6') && *p != 'd', ip = *p && strstr("ip tcp udp icmp sctp", p);

    if (rnd(12) == 0) {
        push_shim(s);
    } else if (rnd(4) == 0 || !*p) {
        set_l2(s);
    } else if (strstr(p, "894f")) {
        set_nsh(s);
    } else if (!strncmp(p, "mpls", 4)) {
        set_mpls(s);
    } else if (!strcmp(p, "dl_type=0x88e7")) {
        set_pbb(s);
    } else if (strstr(p, "arp")) {
        set_arp(s);
    } else if (rule_is_nd && six && rnd(2)) {
        set_nd(s);
    } else if (!ip && !six) {
        set_l2(s);
    } else if (rnd(8) == 0) {
        strbuf_puts(s, rnd(2) ? ",copy_ttl_in" : ",copy_ttl_out");
    } else if (rnd(2) || !strcmp(p, "ip") || !strcmp(p, "ipv6")) {
        set_ip(s, six);
    } else {
        set_l4(s);
    }
}

static inline void random_part(struct strbuf *s, unsigned int n_bits)
{
    static const struct {
        const char *name;
        unsigned int n;
    } fields[] = {{"NXM_OF_ETH_SRC", 48},  {"NXM_OF_ETH_DST", 48}, {"NXM_OF_VLAN_TCI", 16},
                  {"NXM_NX_REG0", 32},     {"NXM_NX_REG1", 32},    {"OXM_OF_METADATA", 64},
                  {"NXM_NX_PKT_MARK", 32}, {"NXM_NX_XXREG0", 128}};
    unsigned int f = rnd(ARRAY_SIZE(fields)), ofs = rnd(fields[f].n - n_bits + 1);

    strbuf_printf(s, "%s[%u..%u]", fields[f].name, ofs, ofs + n_bits - 1);
}

static inline void random_actions(struct strbuf *s, unsigned int depth, bool teaches);

static inline void random_hashing(struct strbuf *s)
{
    static const char *const fields[] = {"eth_src", "symmetric_l4", "symmetric_l3l4", "nw_src",
                                         "symmetric_l3l4+udp"};
    static const char *const links[] = {"modulo_n", "hash_threshold", "hrw", "iter_hash"};

    switch (rnd(3)) {
    case 0:
        strbuf_printf(s, ",bundle(%s,%u,%s,ofport,members:1,%u,4)", PICK(fields), rnd(100),
                      rnd(2) ? "hrw" : "active_backup", 2 + rnd(2));
        break;
    case 1:
        strbuf_printf(s, ",bundle_load(%s,%u,%s,ofport,NXM_NX_REG%u[0..15],members:%u,%u)",
                      PICK(fields), rnd(100), rnd(2) ? "hrw" : "active_backup", rnd(3), 1 + rnd(2),
                      3 + rnd(2));
        break;
    default:
        strbuf_printf(s, ",multipath(%s,%u,%s,4,0,NXM_NX_REG%u[0..2])", PICK(fields), rnd(100),
                      PICK(links), rnd(3));
        break;
    }
}

static inline void random_nicira(struct strbuf *s, unsigned int depth, bool teaches)
{
    unsigned int n_bits = 1 + rnd(16);

    switch (rnd(16)) {
    case 0:
        strbuf_puts(s, ",move:");
        random_part(s, n_bits);
        strbuf_puts(s, "->");
        random_part(s, n_bits);
        break;
    case 1:
    case 2:
        strbuf_puts(s, rnd(2) ? ",push:" : ",pop:");
        random_part(s, n_bits);
        break;
    case 3: strbuf_printf(s, ",load:%u->NXM_NX_REG%u[0..2]", rnd(8), rnd(3)); break;
    case 4: strbuf_printf(s, ",output:NXM_NX_REG%u[0..2]", rnd(3)); break;
    case 5: strbuf_printf(s, ",resubmit(,%u)", 1 + rnd(4)); break;
    case 6: strbuf_printf(s, ",resubmit(%u,%u)", 1 + rnd(3), 1 + rnd(4)); break;
    case 7:
        if (depth < 2) {
            const char *protocol = rule_protocol;

            strbuf_puts(s, ",clone(output:1");
            random_actions(s, depth + 1, teaches);
            strbuf_puts(s, ")");
            rule_protocol = protocol;
        }
        break;
    case 8: random_hashing(s); break;
    case 9:
        strbuf_printf(s, teaches ? ",note:77.%02x" : ",note:00.%02x", rnd(64));
        break; /* 77: becomes a learn. */
    case 10: strbuf_puts(s, rnd(6) ? ",note:00" : ",exit"); break;
    case 11: strbuf_printf(s, ",meter:%u", 1 + rnd(RULES_METERS)); break;
    case 12:
        strbuf_printf(s, ",check_pkt_larger(%u)->NXM_NX_REG%u[0]", 40 + rnd(120), rnd(3));
        break;
    case 14: strbuf_printf(s, ",output(port=%u,max_len=%u)", 1 + rnd(4), 14 + rnd(60)); break;
    case 13: strbuf_printf(s, ",set_queue:%u", rnd(3)); break;
    default: strbuf_printf(s, ",group:%u", 1 + rnd(4)); break;
    }
}

static inline void random_output(struct strbuf *s, bool teaches)
{
    static const char *const ports[] = {"1",       "2",   "3",     "4", "2",         "3",
                                        "in_port", "ALL", "FLOOD", "7", "CONTROLLER"};

    if (teaches && rnd(4) == 0) {
        strbuf_puts(s, ",NORMAL");
    } else {
        strbuf_printf(s, ",output:%s", PICK(ports));
    }
}

/* Mostly with an output at the end: it shows what was set. */
static inline void random_actions(struct strbuf *s, unsigned int depth, bool teaches)
{
    for (unsigned int n = rnd(6); n; n--) {
        switch (rnd(5)) {
        case 0: random_nicira(s, depth, teaches); break;
        case 1: random_output(s, teaches); break;
        default: random_set(s); break;
        }
    }
    if (rnd(4)) {
        random_output(s, teaches);
    }
}

static inline void random_instructions(struct strbuf *s, unsigned int table)
{
    if (rnd(8) == 0) {
        strbuf_puts(s, ",clear_actions");
    }
    if (rnd(4) == 0) {
        static const char *const last[] = {"output:2", "output:3", "group:1", "group:2",
                                           "resubmit(,2)"};

        strbuf_puts(s, ",write_actions(output:1");
        for (unsigned int n = 1 + rnd(3); n; n--) {
            random_set(s);
        }
        strbuf_printf(s, ",%s)", PICK(last));
    }
    if (rnd(5) == 0) {
        strbuf_printf(s, ",write_metadata:%u/3", rnd(4));
    }
    if (rnd(2) && table < 4) {
        strbuf_printf(s, ",goto_table:%u", table + 1 + rnd(4 - table));
    }
}

/* A rule that is a clause of a conjunction, or, now and then, what one leads to. */
static inline void random_conjunction(struct strbuf *s)
{
    unsigned int n = 1 + rnd(2);

    rule_protocol = "";
    rule_is_nd = false;
    if (rnd(3) == 0) {
        strbuf_printf(s, ",conj_id=%u", 1 + rnd(RULES_CONJUNCTIONS));
        if (rnd(3) == 0) {
            match_l3(s);
        }
        strbuf_puts(s, ",actions=output:3");
        random_actions(s, 0, false);
        return;
    }
    random_match(s);
    strbuf_puts(s, ",actions=");
    while (n--) {
        unsigned int id = 1 + rnd(RULES_CONJUNCTIONS), n_clauses = 2 + (id == 3);

        strbuf_printf(s, "conjunction(%u,%u/%u)%s", id, 1 + rnd(n_clauses), n_clauses,
                      n ? "," : "");
    }
}

/* --- Meters: naive_meter() says which there are. */

static inline void random_meter(struct strbuf *s, unsigned int id)
{
    bool pktps = rnd(4) == 0;

    strbuf_printf(s, "meter=%u,%s,burst,bands=", id, pktps ? "pktps" : "kbps");
    for (unsigned int n = 1 + rnd(3); n; n--) {
        bool remark = rnd(2), tiny = !pktps && rnd(2);

        strbuf_printf(s, "type=%s,rate=%u,burst_size=%u", remark ? "dscp_remark" : "drop",
                      tiny ? 1 + rnd(2) : 10000000 + rnd(3), tiny ? 1 : 1000000);
        if (remark) {
            strbuf_printf(s, ",prec_level=%u", 1 + rnd(3));
        }
        strbuf_puts(s, n > 1 ? " " : "");
    }
}

/* --- Groups. */

static inline void random_group(struct strbuf *s, unsigned int id)
{
    static const char *const types[] = {"all", "select", "select", "select", "indirect", "ff"};
    static const char *const methods[] = {"", "", ",selection_method=dp_hash",
                                          ",selection_method=hash,fields(eth_dst)",
                                          ",selection_method=hash,fields(ip_dst=0.0.0.3)"};
    const char *type = PICK(types);
    unsigned int n = strcmp(type, "indirect") ? 1 + rnd(4) : 1;

    rule_protocol = "";
    strbuf_printf(s, "group_id=%u,type=%s%s", id, type,
                  strcmp(type, "select") ? "" : PICK(methods));
    for (unsigned int i = 0; i < n; i++) {
        strbuf_puts(s, ",bucket=");
        if (!strcmp(type, "select")) {
            strbuf_printf(s, "weight:%u,", rnd(10) ? 1 + rnd(4) : 0);
        }
        if (!strcmp(type, "ff") || (!strcmp(type, "select") && rnd(2))) {
            strbuf_printf(s, "watch_port:%u,", 1 + rnd(4));
        }
        strbuf_puts(s, "actions=push_vlan:0x8100");
        random_set(s);
        if (id < 4 && rnd(4) == 0) {
            strbuf_printf(s, ",group:%u", id + 1);
        } else if (rnd(5) == 0) {
            strbuf_printf(s, ",resubmit(,%u)", 1 + rnd(4));
        } else {
            strbuf_printf(s, ",output:%u", 1 + rnd(4));
        }
    }
}

#endif
