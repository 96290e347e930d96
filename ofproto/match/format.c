/* Matches to text; see text.h. */
#include "ofproto/match/text.h"

#include <arpa/inet.h>
#include <ctype.h>

#include "ofproto/match/protocol.h"
#include "ofproto/match/tlv_map.h"

static ofp_port_namer *port_namer;
static void *port_namer_aux;

void ofp_ports_by_name(ofp_port_namer *namer, void *aux)
{
    port_namer = namer;
    port_namer_aux = aux;
}

bool ofp_port_format_name(struct strbuf *s, uint32_t port)
{
    const char *name = port_namer ? port_namer(port, port_namer_aux) : NULL;
    bool plain = name && isalpha((unsigned char)*name);

    for (const char *c = name; plain && *c; c++) {
        plain = isalnum((unsigned char)*c) || *c == '_';
    }
    if (name) {
        strbuf_printf(s, plain ? "%s" : "\"%s\"", name);
    }
    return name;
}

static bool all_ones(const uint8_t *mask, const struct ofp_field *f)
{
    struct ofp_flow full;
    uint8_t want[OFP_FIELD_MAX_BYTES];

    memset(&full, 0, sizeof full);
    ofp_field_fill(f, &full);
    ofp_field_get(f, &full, want);
    return !memcmp(mask, want, f->n_bytes);
}

/* The length of a mask that is a prefix; -1 when it is none. */
static int prefix_length(const uint8_t *mask, unsigned int n)
{
    unsigned int len = 0;

    while (len < n * 8 && mask[len / 8] & 0x80 >> len % 8) {
        len++;
    }
    for (unsigned int i = len; i < n * 8; i++) {
        if (mask[i / 8] & 0x80 >> i % 8) {
            return -1;
        }
    }
    return (int)len;
}

static uint64_t number_of(const uint8_t *v, unsigned int n)
{
    uint64_t x = 0;

    for (unsigned int i = 0; i < n; i++) {
        x = x << 8 | v[i];
    }
    return x;
}

static void format_address(struct strbuf *s, int family, const uint8_t *v, const uint8_t *m,
                           unsigned int n)
{
    int len = prefix_length(m, n);
    char text[INET6_ADDRSTRLEN];

    strbuf_puts(s, inet_ntop(family, v, text, sizeof text));
    if (len < 0) {
        strbuf_printf(s, "/%s", inet_ntop(family, m, text, sizeof text));
    } else if ((unsigned int)len < n * 8) {
        strbuf_printf(s, "/%d", len);
    }
}

static void format_mac(struct strbuf *s, const uint8_t *v)
{
    strbuf_printf(s, "%02x:%02x:%02x:%02x:%02x:%02x", v[0], v[1], v[2], v[3], v[4], v[5]);
}

/* Numbers of more than 64 bits. */
static void format_long(struct strbuf *s, const uint8_t *v, unsigned int n)
{
    while (n > 1 && !*v) {
        v++;
        n--;
    }
    strbuf_printf(s, "0x%x", *v++);
    while (--n) {
        strbuf_printf(s, "%02x", *v++);
    }
}

/* Of an option of a tunnel. */
static void format_option(struct strbuf *s, const uint8_t *v, unsigned int n)
{
    while (n && !*v) {
        v++;
        n--;
    }
    if (n) {
        format_long(s, v, n);
    } else {
        strbuf_putc(s, '0');
    }
}

static void format_number(struct strbuf *s, const struct ofp_field *f, const uint8_t *v,
                          const uint8_t *m)
{
    unsigned long long value = number_of(v, f->n_bytes);
    bool exact = all_ones(m, f);

    if (ofp_field_is_tlv(f)) {
        format_option(s, v, f->n_bytes);
        if (!exact) {
            strbuf_putc(s, '/');
            format_option(s, m, f->n_bytes);
        }
        return;
    }
    if (f->n_bytes > 8) {
        format_long(s, v, f->n_bytes);
        if (!exact) {
            strbuf_putc(s, '/');
            format_long(s, m, f->n_bytes);
        }
        return;
    }
    if (f->form == OFP_FORM_HEX || !exact) {
        strbuf_printf(
            s, f->id == OFP_FIELD_ETH_TYPE || f->id == OFP_FIELD_VLAN_TCI ? "0x%04llx" : "%#llx",
            value);
    } else {
        strbuf_printf(s, "%llu", value);
    }
    if (!exact) {
        strbuf_printf(s, "/0x%llx", (unsigned long long)number_of(m, f->n_bytes));
    }
}

/* Bytes and words of a network service header, each with all its digits in masks. */
static void format_nsh(struct strbuf *s, const struct ofp_field *f, const uint8_t *v,
                       const uint8_t *m)
{
    unsigned int value = (unsigned int)number_of(v, f->n_bytes);

    if (all_ones(m, f)) {
        strbuf_printf(s, f->form == OFP_FORM_HEX ? "0x%x" : "%u", value);
    } else {
        strbuf_printf(s, f->form == OFP_FORM_HEX ? "0x%x/0x%08x" : "0x%02x/0x%02x", value,
                      (unsigned int)number_of(m, f->n_bytes));
    }
}

/* Five digits. */
static void format_label(struct strbuf *s, const struct ofp_field *f, const uint8_t *v,
                         const uint8_t *m)
{
    strbuf_printf(s, "0x%05x", (unsigned int)number_of(v, f->n_bytes));
    if (!all_ones(m, f)) {
        strbuf_printf(s, "/0x%05x", (unsigned int)number_of(m, f->n_bytes));
    }
}

static void format_frag(struct strbuf *s, const struct ofp_field *f, const uint8_t *v,
                        const uint8_t *m)
{
    static const char *const exact[] = {"no", "first", NULL, "later"};

    if (m[0] == (FLOW_FRAG_ANY | FLOW_FRAG_LATER) && exact[v[0]]) {
        strbuf_puts(s, exact[v[0]]);
    } else if (m[0] == FLOW_FRAG_ANY && v[0]) {
        strbuf_puts(s, "yes");
    } else if (m[0] == FLOW_FRAG_LATER && !v[0]) {
        strbuf_puts(s, "not_later");
    } else {
        format_number(s, f, v, m);
    }
}

static void format_packet_type(struct strbuf *s, uint32_t type)
{
    strbuf_printf(s, type >> 16 < 10 ? "(%u," : "(0x%x,", type >> 16);
    strbuf_printf(s, (type & 0xffff) < 10 ? "%u)" : "0x%x)", type & 0xffff);
}

void ofp_field_format(struct strbuf *s, const struct ofp_field *f, const uint8_t *v,
                      const uint8_t *m)
{
    switch (f->form) {
    case OFP_FORM_MAC:
        format_mac(s, v);
        if (!all_ones(m, f)) {
            strbuf_putc(s, '/');
            format_mac(s, m);
        }
        break;
    case OFP_FORM_IPV4: format_address(s, AF_INET, v, m, 4); break;
    case OFP_FORM_IPV6: format_address(s, AF_INET6, v, m, 16); break;
    case OFP_FORM_FRAG: format_frag(s, f, v, m); break;
    case OFP_FORM_PACKET_TYPE: format_packet_type(s, (uint32_t)number_of(v, 4)); break;
    case OFP_FORM_PORT:
        if (all_ones(m, f) && ofp_port_format_name(s, (uint32_t)number_of(v, 4))) {
            break;
        }
        if (all_ones(m, f) && (uint32_t)number_of(v, 4) >= 0xfffe) {
            strbuf_puts(s, (uint32_t)number_of(v, 4) == 0xfffe ? "LOCAL" : "ANY");
            break;
        }
        /* Fall through. */
    case OFP_FORM_DECIMAL:
    case OFP_FORM_HEX: format_number(s, f, v, m); break;
    }
}

static const char *field_name(const struct ofp_field *f)
{
    switch (f->id) {
    case OFP_FIELD_TCP_SRC:
    case OFP_FIELD_UDP_SRC:
    case OFP_FIELD_SCTP_SRC: return "tp_src";
    case OFP_FIELD_TCP_DST:
    case OFP_FIELD_UDP_DST:
    case OFP_FIELD_SCTP_DST: return "tp_dst";
    case OFP_FIELD_ICMPV6_TYPE: return "icmp_type";
    case OFP_FIELD_ICMPV6_CODE: return "icmp_code";
    case OFP_FIELD_NW_TOS: return "nw_tos"; /* As it stands in the header. */
    case OFP_FIELD_NW_FRAG: return "nw_frag";
    default: return f->name;
    }
}

static bool is_zero(const uint8_t *v, unsigned int n)
{
    uint8_t any = 0;

    while (n) {
        any |= v[--n];
    }
    return !any;
}

/* The field's part of what is left to be said; takes it out of 'left'. */
static void format_field(struct strbuf *s, const struct ofp_field *f, const struct ofp_match *match,
                         struct ofp_flow *left)
{
    uint8_t v[OFP_FIELD_MAX_BYTES], m[OFP_FIELD_MAX_BYTES];

    ofp_field_get(f, &match->flow, v);
    ofp_field_get(f, left, m);
    if (ofp_field_is_tlv(f) && is_zero(m, f->n_bytes)) {
        strbuf_printf(s, "%s%s", s->len ? "," : "", f->name); /* It is there, whatever it is. */
        ofp_field_clear(f, left);
        return;
    }
    strbuf_printf(s, "%s%s=", s->len ? "," : "", field_name(f));
    if (f->id == OFP_FIELD_NW_TOS && all_ones(m, f)) {
        strbuf_printf(s, "%u", v[0] << 2);
    } else if (f->id >= OFP_FIELD_NSH_FLAGS && f->id <= OFP_FIELD_NSH_C4) {
        format_nsh(s, f, v, m);
    } else if (f->id == OFP_FIELD_IPV6_LABEL) {
        format_label(s, f, v, m);
    } else {
        ofp_field_format(s, f, v, m);
    }
    ofp_field_clear(f, left);
}

/* VLAN id and priority share a number with the bit that says that there is a tag. */
static void format_vlan(struct strbuf *s, const struct ofp_match *match, struct ofp_flow *left)
{
    be16_t present = be16_make(FLOW_VLAN_PRESENT);

    if (left->pkt.vlan[0].tci == present && !match->flow.pkt.vlan[0].tci) {
        strbuf_printf(s, "%svlan_tci=0x0000", s->len ? "," : "");
        left->pkt.vlan[0].tci = 0;
    }
    if (!(match->flow.pkt.vlan[0].tci & present)) {
        return; /* As vlan_tci. */
    }
    if (ofp_field_all(ofp_field(OFP_FIELD_VLAN_VID), left)) {
        format_field(s, ofp_field(OFP_FIELD_VLAN_VID), match, left);
        left->pkt.vlan[0].tci &= (be16_t)~present;
    }
    if (ofp_field_all(ofp_field(OFP_FIELD_VLAN_PCP), left)) {
        format_field(s, ofp_field(OFP_FIELD_VLAN_PCP), match, left);
        left->pkt.vlan[0].tci &= (be16_t)~present;
    }
}

/* Of those fields that people see in another order than the table has them. */
static const struct {
    enum ofp_field_id from, to;
} order[] = {
    {OFP_FIELD_PACKET_TYPE, OFP_FIELD_NW_DST},      {OFP_FIELD_IPV6_SRC, OFP_FIELD_IPV6_EXTHDR},
    {OFP_FIELD_NW_PROTO, OFP_FIELD_NW_FRAG},        {OFP_FIELD_ARP_SPA, OFP_FIELD_ARP_TPA},
    {OFP_FIELD_ARP_OP, OFP_FIELD_ARP_OP},           {OFP_FIELD_ARP_SHA, OFP_FIELD_ARP_THA},
    {OFP_FIELD_ICMPV6_TYPE, OFP_FIELD_ICMPV6_CODE}, {OFP_FIELD_ND_TARGET, OFP_FIELD_ICMP_CODE},
    {OFP_FIELD_TCP_FLAGS, OFP_N_FIELDS - 1},
};

/* The i'th that people see. */
static enum ofp_field_id in_order(unsigned int i)
{
    size_t j = 0;

    while (i > (unsigned int)(order[j].to - order[j].from)) {
        i -= (unsigned int)(order[j].to - order[j].from) + 1;
        j++;
    }
    return (enum ofp_field_id)(order[j].from + i);
}

/* What ovs-ofctl writes before the protocol. */
static void format_early(struct strbuf *s, const struct ofp_match *match, struct ofp_flow *left)
{
    static const enum ofp_field_id early[] = {
        OFP_FIELD_PKT_MARK, OFP_FIELD_RECIRC_ID, OFP_FIELD_DP_HASH, OFP_FIELD_CONJ_ID,
        OFP_FIELD_CT_STATE, OFP_FIELD_CT_ZONE,   OFP_FIELD_CT_MARK, OFP_FIELD_CT_LABEL};

    for (size_t i = 0; i < ARRAY_SIZE(early); i++) {
        const struct ofp_field *f = ofp_field(early[i]);

        if (ofp_field_any(f, left)) {
            format_field(s, f, match, left);
        }
    }
}

void ofp_match_format(struct strbuf *out, const struct ofp_match *match)
{
    struct ofp_flow left = match->mask;
    struct strbuf s = STRBUF_INIT;
    const char *protocol = ofp_protocol_take(match, &left);

    format_early(&s, match, &left);
    if (protocol) {
        strbuf_printf(&s, "%s%s", s.len ? "," : "", protocol);
    }
    for (unsigned int pass = 0; pass < 2; pass++) {
        for (unsigned int i = 0; i < OFP_N_FIELDS; i++) {
            const struct ofp_field *f = ofp_field(in_order(i));

            if (i == OFP_FIELD_VLAN_VID) {
                format_vlan(&s, match, &left);
            }
            if (i == OFP_FIELD_VLAN_VID || i == OFP_FIELD_VLAN_PCP) {
                continue;
            }
            /* Names that fit what the match is about come first. */
            if (ofp_field_any(f, &left) && (pass || ofp_prereq_match(f->prereq, match))) {
                format_field(&s, f, match, &left);
            }
        }
    }
    strbuf_put(out, strbuf_str(&s), s.len);
    strbuf_free(&s);
}
