/* Random packets, rules and groups, of few values each, so that they meet. What is random comes
 * from a fuzzer's bytes, and when those are used up from a seed. Header only. */
#ifndef TESTS_UNIT_VERDICT_RANDOM_H
#define TESTS_UNIT_VERDICT_RANDOM_H

#include <netinet/in.h>
#include <stdarg.h>

#include "lib/strbuf.h"
#include "tests/unit/verdict/naive.h"

static struct {
    uint64_t state;
    const uint8_t *bytes;
    size_t n;
} chance;

static inline uint32_t rnd(uint32_t n)
{
    uint32_t v;

    if (n <= 1) {
        return 0;
    }
    if (chance.n) {
        chance.n--;
        v = *chance.bytes++;
        if (n > 256 && chance.n) {
            chance.n--;
            v = v << 8 | *chance.bytes++;
        }
        return v % n;
    }
    chance.state = chance.state * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)((chance.state >> 33) % n);
}

#define PICK(ARRAY) ((ARRAY)[rnd(ARRAY_SIZE(ARRAY))])

/* --- Packets. */

static inline void put8(struct naive_packet *p, unsigned int v)
{
    p->data[p->len++] = (uint8_t)v;
}

static inline void put16(struct naive_packet *p, unsigned int v)
{
    put8(p, v >> 8);
    put8(p, v);
}

static inline void put32(struct naive_packet *p, uint32_t v)
{
    put16(p, v >> 16);
    put16(p, v);
}

static inline void put_random(struct naive_packet *p, unsigned int n)
{
    while (n--) {
        put8(p, rnd(3) ? rnd(4) : rnd(256));
    }
}

static inline void put_mac(struct naive_packet *p)
{
    uint32_t which = rnd(24);

    if (which == 0) {
        put16(p, 0x0180);
        put32(p, 0xc2000000 + rnd(3) * 7);
    } else if (which < 3) {
        put16(p, 0xffff);
        put32(p, 0xffffffff);
    } else {
        put16(p, 0x0200);
        put32(p, 1 + which % 5);
    }
}

static inline void put_l4(struct naive_packet *p, unsigned int proto, bool six)
{
    switch (proto) {
    case IPPROTO_TCP:
        put16(p, 1000 + rnd(3));
        put16(p, rnd(2) ? 80 : rnd(4));
        put_random(p, 8);
        put16(p, (rnd(10) ? 0x5000 : rnd(16) << 12) | rnd(64));
        put_random(p, 6);
        break;
    case IPPROTO_UDP:
        put16(p, 1000 + rnd(3));
        put16(p, rnd(2) ? 53 : rnd(4));
        put16(p, 8 + 16);
        put16(p, rnd(3) ? rnd(65536) : 0);
        break;
    case IPPROTO_SCTP:
        put16(p, rnd(3));
        put16(p, rnd(3));
        put_random(p, 8);
        break;
    case IPPROTO_ICMPV6:
        put8(p, six && rnd(3) ? 135 + rnd(2) : 128 + rnd(3));
        put8(p, rnd(4) ? 0 : rnd(3));
        put_random(p, 6);
        put_random(p, 16); /* The target. */
        if (rnd(2)) {
            put8(p, 1 + rnd(2));
            put8(p, rnd(10) ? 1 : rnd(3));
            put_mac(p);
        }
        break;
    default:
        put8(p, rnd(3) * 8);
        put8(p, rnd(3));
        put_random(p, 6);
        break;
    }
    put_random(p, rnd(24));
}

static inline unsigned int any_proto(void)
{
    static const uint8_t protos[] = {IPPROTO_TCP,  IPPROTO_TCP,    IPPROTO_UDP,  IPPROTO_UDP,
                                     IPPROTO_ICMP, IPPROTO_ICMPV6, IPPROTO_SCTP, 47};

    return PICK(protos);
}

static inline void put_ipv4(struct naive_packet *p)
{
    unsigned int words = rnd(8) ? 5 : rnd(16), proto = any_proto();
    uint16_t frag = (uint16_t)(rnd(5) ? 0x4000 * rnd(2) : rnd(2) ? 0x2000 : rnd(2) ? 0x2001 : 7);

    put8(p, (rnd(30) ? 0x40 : rnd(16) << 4) | words);
    put8(p, rnd(3) ? 0 : rnd(256));
    put16(p, rnd(8) ? 60 : rnd(200));
    put16(p, rnd(65536));
    put16(p, frag);
    put8(p, rnd(4) ? 64 : rnd(3));
    put8(p, proto);
    put16(p, rnd(65536));
    put32(p, 0x0a000000 + rnd(4));
    put32(p, 0x0a000100 + rnd(4));
    if (words > 5) {
        put_random(p, (words - 5) * 4);
    }
    put_l4(p, proto, false);
}

static inline void put_ipv6(struct naive_packet *p)
{
    static const uint8_t extensions[] = {0, 43, 44, 51, 60};
    unsigned int proto = any_proto(), n_ext = rnd(3) ? 0 : rnd(4);
    unsigned int next = n_ext ? PICK(extensions) : proto;

    put32(p, 0x60000000 | (rnd(3) ? 0 : rnd(256) << 20) | (rnd(2) ? 0 : rnd(3)));
    put16(p, rnd(8) ? 40 : rnd(200));
    put8(p, next);
    put8(p, rnd(4) ? 64 : rnd(3));
    put32(p, 0xfd000000);
    put_random(p, 8);
    put32(p, rnd(3));
    put32(p, 0xfd000000);
    put32(p, 0);
    put32(p, 0);
    put32(p, rnd(4));
    while (n_ext--) {
        unsigned int type = next;

        next = n_ext ? PICK(extensions) : proto;
        put8(p, next);
        put8(p, type == 44 ? 0 : type == 51 ? 1 : rnd(6) ? 0 : rnd(3));
        if (type == 44) {
            put16(p, rnd(2) ? rnd(2) : 8 | rnd(2));
            put32(p, 1);
        } else {
            put_random(p, type == 51 ? 10 : 6);
        }
    }
    put_l4(p, proto, true);
}

static inline void put_arp(struct naive_packet *p)
{
    put16(p, rnd(20) ? 1 : 6);
    put16(p, rnd(20) ? 0x0800 : 1);
    put16(p, rnd(20) ? 0x0604 : 0x0804);
    put16(p, rnd(12) ? 1 + rnd(2) : rnd(1000));
    put_mac(p);
    put32(p, 0x0a000000 + rnd(4));
    put_mac(p);
    put32(p, 0x0a000100 + rnd(4));
}

static inline void random_packet(struct naive_packet *p)
{
    static const uint16_t types[] = {0x0800, 0x0800, 0x0800, 0x0800, 0x86dd, 0x86dd, 0x86dd,
                                     0x0806, 0x8035, 0x8847, 0x8848, 0x9000, 0x0040};
    uint16_t type = PICK(types);

    memset(p, 0, sizeof *p);
    put_mac(p);
    put_mac(p);
    for (unsigned int n = rnd(2) ? 0 : rnd(4); n; n--) {
        put16(p, rnd(3) ? 0x8100 : 0x88a8);
        put16(p, (rnd(3) ? rnd(4) : 4095) | (rnd(3) ? 0 : rnd(16) << 12));
    }
    put16(p, type);
    switch (type) {
    case 0x0800: put_ipv4(p); break;
    case 0x86dd: put_ipv6(p); break;
    case 0x0806:
    case 0x8035: put_arp(p); break;
    case 0x8847:
    case 0x8848:
        for (unsigned int n = 1 + rnd(3); n; n--) {
            put32(p, rnd(4) << 12 | rnd(2) << 9 | (n == 1) << 8 | (rnd(2) ? 64 : rnd(3)));
        }
        put_ipv4(p);
        break;
    case 0x0040: /* A length: LLC, perhaps with SNAP. */
        put_random(p, rnd(4));
        put16(p, 0xaaaa);
        put8(p, 3);
        put_random(p, rnd(6) ? 0 : 1);
        put16(p, 0);
        put8(p, 0);
        put16(p, 0x0800);
        put_ipv4(p);
        break;
    default: put_random(p, 40); break;
    }
    if (rnd(8) == 0) {
        p->len = 12 + rnd(p->len - 12);
    }
    for (unsigned int n = rnd(12) ? 0 : 1 + rnd(3); n && p->len; n--) {
        p->data[rnd(p->len)] = (uint8_t)rnd(256);
    }
}

/* One like it: mostly the same flow to rules that do not look at much. */
static inline void vary_packet(struct naive_packet *p)
{
    for (unsigned int n = 1 + rnd(3); n && p->len; n--) {
        p->data[rnd(p->len)] ^= (uint8_t)(1u << rnd(8));
    }
}

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

    switch (rnd(3)) {
    case 0: strbuf_printf(s, ",tp_src=%u%s", 1000 + rnd(3), PICK(masks)); break;
    case 1: strbuf_printf(s, ",tp_dst=%u%s", rnd(2) ? 80 : rnd(4), PICK(masks)); break;
    default: break;
    }
}

static inline void match_ip(struct strbuf *s)
{
    static const char *const frags[] = {"no", "yes", "first", "later", "not_later"};

    switch (rnd(8)) {
    case 0: strbuf_printf(s, ",nw_tos=%u", rnd(2) * 4); break;
    case 1: strbuf_printf(s, ",nw_ecn=%u", rnd(2)); break;
    case 2: strbuf_printf(s, ",nw_ttl=%u", rnd(2) ? 64 : rnd(3)); break;
    case 3:
    case 4: strbuf_printf(s, ",ip_frag=%s", PICK(frags)); break;
    default: break;
    }
}

static const char *rule_protocol; /* Of the rule at work; "": none. It decides what may be set. */

static inline void match_l3(struct strbuf *s)
{
    static const char *const protocols[] = {
        "ip",   "ip",   "tcp",   "tcp", "udp",  "udp",  "icmp",  "sctp",          "ipv6",
        "tcp6", "udp6", "icmp6", "arp", "rarp", "mpls", "sctp6", "dl_type=0x9000"};
    const char *protocol = PICK(protocols);
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
    if (ip && rnd(2)) {
        strbuf_printf(s, ",nw_src=10.0.0.%u/%u", rnd(4), 24 + rnd(9));
    }
    if (ip && rnd(3) == 0) {
        strbuf_printf(s, ",nw_dst=10.0.1.%u/255.255.%u.%u", rnd(4), rnd(2) * 255, rnd(256));
    }
    if (six && rnd(2)) {
        strbuf_printf(s, ",ipv6_dst=fd00::%u/%u", rnd(4), rnd(2) ? 128 : 100 + rnd(28));
    }
    if (six && rnd(3) == 0) {
        strbuf_printf(s, ",ipv6_label=%u", rnd(3));
    }
    if (!strcmp(protocol, "icmp") || !strcmp(protocol, "icmp6")) {
        if (rnd(2)) {
            strbuf_printf(s, ",%s_type=%u", six ? "icmpv6" : "icmp", six ? 135 : rnd(3) * 8);
        }
        if (six || rnd(3) == 0) {
            strbuf_printf(s, ",%s_code=%u", six ? "icmpv6" : "icmp", six ? 0 : rnd(2));
        }
        if (six && rnd(2)) {
            strbuf_puts(s, ",nd_target=fd00::1/::3");
        }
    }
    if ((!strcmp(protocol, "tcp") || !strcmp(protocol, "tcp6")) && rnd(4) == 0) {
        strbuf_printf(s, ",tcp_flags=%u/%u", rnd(4), 1 + rnd(3));
    }
    if (!strcmp(protocol, "arp") || !strcmp(protocol, "rarp")) {
        switch (rnd(4)) {
        case 0: strbuf_printf(s, ",arp_op=%u", 1 + rnd(2)); break;
        case 1: strbuf_printf(s, ",arp_spa=10.0.0.%u/%u", rnd(4), 28 + rnd(5)); break;
        case 2: match_mac(s, "arp_sha"); break;
        default: strbuf_printf(s, ",arp_tpa=10.0.1.%u", rnd(4)); break;
        }
    }
    if (!strcmp(protocol, "mpls") && rnd(2)) {
        strbuf_printf(s, ",mpls_label=%u,mpls_bos=%u", rnd(4), rnd(2));
    }
}

/* Each part begins with a comma. */
static inline void random_match(struct strbuf *s)
{
    rule_protocol = "";
    if (rnd(4) == 0) {
        strbuf_printf(s, ",in_port=%u", 1 + rnd(3));
    }
    if (rnd(5) == 0) {
        match_registers(s);
    }
    if (rnd(4) == 0) {
        match_mac(s, rnd(2) ? "dl_src" : "dl_dst");
    }
    if (rnd(5) == 0) {
        match_vlan(s);
    }
    if (rnd(2)) {
        match_l3(s);
    }
}

static inline void set_l2(struct strbuf *s)
{
    switch (rnd(6)) {
    case 0: strbuf_printf(s, ",mod_dl_dst:%s", any_mac()); break;
    case 1: strbuf_printf(s, ",mod_dl_src:%s", any_mac()); break;
    case 2: strbuf_printf(s, ",mod_vlan_vid:%u", rnd(4)); break;
    case 3: strbuf_printf(s, ",mod_vlan_pcp:%u", rnd(8)); break;
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

static inline void random_set(struct strbuf *s)
{
    const char *p = rule_protocol;
    bool six = strchr(p, '6'), ip = *p && strstr("ip tcp udp icmp sctp", p);

    if (rnd(3) == 0 || (!ip && !six)) {
        set_l2(s);
    } else if (rnd(2) || !strcmp(p, "ip") || !strcmp(p, "ipv6")) {
        set_ip(s, six);
    } else if (!strcmp(p, "icmp")) {
        strbuf_printf(s, ",set_field:%u->icmp_type", rnd(9));
    } else if (!strcmp(p, "icmp6")) {
        strbuf_printf(s, ",set_field:%u->icmpv6_code", rnd(3));
    } else {
        strbuf_printf(s, ",set_field:%u->%.*s_%s", rnd(4), (int)strcspn(p, "6"), p,
                      rnd(2) ? "src" : "dst");
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

static inline void random_nicira(struct strbuf *s, unsigned int depth, bool teaches)
{
    unsigned int n_bits = 1 + rnd(16);

    switch (rnd(13)) {
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
            strbuf_puts(s, ",clone(output:1");
            random_actions(s, depth + 1, teaches);
            strbuf_puts(s, ")");
        }
        break;
    case 8:
        strbuf_printf(s, ",multipath(%s,%u,modulo_n,4,0,NXM_NX_REG%u[0..2])",
                      rnd(2) ? "eth_src" : "symmetric_l3l4", rnd(100), rnd(3));
        break;
    case 9: strbuf_puts(s, teaches ? ",note:77" : ",note:00"); break; /* 77: becomes a learn. */
    case 10: strbuf_puts(s, rnd(6) ? ",note:00" : ",exit"); break;
    case 11: strbuf_printf(s, ",output(port=%u,max_len=%u)", 1 + rnd(4), 14 + rnd(60)); break;
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

static inline void random_actions(struct strbuf *s, unsigned int depth, bool teaches)
{
    for (unsigned int n = rnd(5); n; n--) {
        switch (rnd(4)) {
        case 0: random_nicira(s, depth, teaches); break;
        case 1: random_output(s, teaches); break;
        default: random_set(s); break;
        }
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
        random_set(s);
        strbuf_printf(s, ",%s)", PICK(last));
    }
    if (rnd(5) == 0) {
        strbuf_printf(s, ",write_metadata:%u/3", rnd(4));
    }
    if (rnd(2) && table < 4) {
        strbuf_printf(s, ",goto_table:%u", table + 1 + rnd(4 - table));
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
