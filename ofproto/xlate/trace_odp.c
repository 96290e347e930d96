/* Flows in the datapath's words, as dpctl/dump-flows prints them, in those of matches: a word each
 * has a row. Masks are cut off: a trace is of one packet. Used by ofproto/trace. Pure functions. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util.h"
#include "ofproto/xlate/trace.h"

#define MAX_NESTED 4

enum odp_kind {
    ODP_FIELD,
    ODP_LABEL,   /* Of several labels, matches have a field for the first. */
    ODP_TOS,     /* Of which matches have two fields. */
    ODP_IN_PORT, /* The datapath's number. */
    ODP_TYPE,    /* Not that of a tag, behind which the real one stands. */
    ODP_ZERO,    /* No field of a match: 0 alone is good. */
    ODP_IGNORED,
    ODP_NESTED,
};

static const struct {
    const char *group, *key; /* "ipv4(src=...)"; "" when the value stands alone. */
    enum odp_kind kind;
    const char *field;
} words[] = {
    {"in_port", "", ODP_IN_PORT, NULL},
    {"recirc_id", "", ODP_FIELD, "recirc_id"},
    {"dp_hash", "", ODP_FIELD, "dp_hash"},
    {"skb_priority", "", ODP_ZERO, NULL},
    {"skb_mark", "", ODP_FIELD, "pkt_mark"},
    {"ct_state", "", ODP_ZERO, NULL},
    {"ct_zone", "", ODP_ZERO, NULL},
    {"ct_mark", "", ODP_ZERO, NULL},
    {"ct_label", "", ODP_ZERO, NULL},
    {"packet_type", "ns", ODP_ZERO, NULL},
    {"packet_type", "id", ODP_ZERO, NULL},
    {"eth", "src", ODP_FIELD, "dl_src"},
    {"eth", "dst", ODP_FIELD, "dl_dst"},
    {"eth_type", "", ODP_TYPE, "dl_type"},
    {"vlan", "vid", ODP_FIELD, "dl_vlan"},
    {"vlan", "pcp", ODP_FIELD, "dl_vlan_pcp"},
    {"vlan", "cfi", ODP_IGNORED, NULL},
    {"encap", "", ODP_NESTED, NULL},
    {"ipv4", "src", ODP_FIELD, "nw_src"},
    {"ipv4", "dst", ODP_FIELD, "nw_dst"},
    {"ipv4", "proto", ODP_FIELD, "nw_proto"},
    {"ipv4", "tos", ODP_TOS, NULL},
    {"ipv4", "ttl", ODP_FIELD, "nw_ttl"},
    {"ipv4", "frag", ODP_FIELD, "nw_frag"},
    {"ipv6", "src", ODP_FIELD, "ipv6_src"},
    {"ipv6", "dst", ODP_FIELD, "ipv6_dst"},
    {"ipv6", "label", ODP_FIELD, "ipv6_label"},
    {"ipv6", "exthdr", ODP_FIELD, "ipv6_exthdr"},
    {"ipv6", "proto", ODP_FIELD, "nw_proto"},
    {"ipv6", "tclass", ODP_TOS, NULL},
    {"ipv6", "hlimit", ODP_FIELD, "nw_ttl"},
    {"ipv6", "frag", ODP_FIELD, "nw_frag"},
    {"arp", "sip", ODP_FIELD, "arp_spa"},
    {"arp", "tip", ODP_FIELD, "arp_tpa"},
    {"arp", "op", ODP_FIELD, "arp_op"},
    {"arp", "sha", ODP_FIELD, "arp_sha"},
    {"arp", "tha", ODP_FIELD, "arp_tha"},
    {"tcp", "src", ODP_FIELD, "tcp_src"},
    {"tcp", "dst", ODP_FIELD, "tcp_dst"},
    {"tcp_flags", "", ODP_FIELD, "tcp_flags"},
    {"udp", "src", ODP_FIELD, "udp_src"},
    {"udp", "dst", ODP_FIELD, "udp_dst"},
    {"sctp", "src", ODP_FIELD, "sctp_src"},
    {"sctp", "dst", ODP_FIELD, "sctp_dst"},
    {"icmp", "type", ODP_FIELD, "icmp_type"},
    {"icmp", "code", ODP_FIELD, "icmp_code"},
    {"icmpv6", "type", ODP_FIELD, "icmpv6_type"},
    {"icmpv6", "code", ODP_FIELD, "icmpv6_code"},
    {"nd", "target", ODP_FIELD, "nd_target"},
    {"nd", "reserved", ODP_FIELD, "nd_reserved"},
    {"nd", "option", ODP_FIELD, "nd_options_type"},
    {"nd", "sll", ODP_FIELD, "nd_sll"},
    {"nd", "tll", ODP_FIELD, "nd_tll"},
    {"nsh", "flags", ODP_FIELD, "nsh_flags"},
    {"nsh", "ttl", ODP_FIELD, "nsh_ttl"},
    {"nsh", "mdtype", ODP_FIELD, "nsh_mdtype"},
    {"nsh", "np", ODP_FIELD, "nsh_np"},
    {"nsh", "spi", ODP_FIELD, "nsh_spi"},
    {"nsh", "si", ODP_FIELD, "nsh_si"},
    {"nsh", "c1", ODP_FIELD, "nsh_c1"},
    {"nsh", "c2", ODP_FIELD, "nsh_c2"},
    {"nsh", "c3", ODP_FIELD, "nsh_c3"},
    {"nsh", "c4", ODP_FIELD, "nsh_c4"},
    {"mpls", "label", ODP_LABEL, "mpls_label"},
    {"mpls", "tc", ODP_LABEL, "mpls_tc"},
    {"mpls", "ttl", ODP_LABEL, "mpls_ttl"},
    {"mpls", "bos", ODP_LABEL, "mpls_bos"},
    {"pbb", "isid", ODP_FIELD, "pbb_isid"},
    {"pbb", "uca", ODP_FIELD, "pbb_uca"},
    {"pbb", "pcp", ODP_IGNORED, NULL},
    {"pbb", "dei", ODP_IGNORED, NULL},
};

struct odp {
    struct strbuf *match;
    uint32_t *in_port;
    unsigned int depth;
    size_t label_row; /* Of the last word of a label; 0: there was none. */
    bool is_behind_first;
    struct error *err;
};

static int parse(struct odp *, char *text);

static int parse_number(const struct odp *o, const char *group, const char *value, uint64_t max,
                        uint64_t *ret)
{
    return parse_u64(value, max, ret)
               ? 0
               : error_set(o->err, EINVAL, "'%s(...)': '%s' is not a number within 0...%llu", group,
                           value, (unsigned long long)max);
}

/* Each entry's words come in the order of their rows: one that does not rise begins the next. */
static bool is_of_first_label(struct odp *o, size_t row)
{
    o->is_behind_first |= row <= o->label_row;
    o->label_row = row;
    return !o->is_behind_first;
}

static int put_value(struct odp *o, size_t row, char *value)
{
    const char *group = words[row].group;
    uint64_t x = 0;
    int rc = 0;

    switch (words[row].kind) {
    case ODP_IN_PORT:
        rc = parse_number(o, group, value, UINT16_MAX, &x);
        *o->in_port = (uint32_t)x;
        break;
    case ODP_TOS:
        rc = parse_number(o, group, value, UINT8_MAX, &x);
        strbuf_printf(o->match, ",nw_tos=%u,nw_ecn=%u", (unsigned int)x & 0xfc,
                      (unsigned int)x & 3);
        break;
    case ODP_TYPE:
        rc = parse_number(o, group, value, UINT16_MAX, &x);
        if (x != 0x8100 && x != 0x88a8) {
            strbuf_printf(o->match, ",%s=%s", words[row].field, value);
        }
        break;
    case ODP_ZERO:
        if (!parse_u64(value, 0, &x)) {
            rc = error_set(o->err, EINVAL, "'%s(%s)': a trace knows only 0 here", group, value);
        }
        break;
    case ODP_IGNORED: break;
    case ODP_NESTED:
        if (++o->depth > MAX_NESTED) {
            return error_set(o->err, EINVAL, "'%s(...)': too many in each other", group);
        }
        rc = parse(o, value);
        o->depth--;
        break;
    case ODP_LABEL:
        if (!is_of_first_label(o, row)) {
            break;
        }
        /* Fall through. */
    case ODP_FIELD: strbuf_printf(o->match, ",%s=%s", words[row].field, value); break;
    }
    return rc;
}

static int put_word(struct odp *o, const char *group, const char *key, char *value)
{
    bool known = false;

    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        if (strcmp(words[i].group, group)) {
            continue;
        }
        known = true;
        if (!strcmp(words[i].key, key)) {
            if (words[i].kind != ODP_NESTED) {
                value[strcspn(value, "/")] = '\0';
            }
            return put_value(o, i, value);
        }
    }
    return known ? error_set(o->err, EINVAL, "'%s(...)': '%s' is no part of it", group, key)
                 : error_set(o->err, EINVAL, "'%s(...)': no flow has this", group);
}

/* The parenthesis that closes the one before 's'. */
static char *find_close(char *s)
{
    unsigned int depth = 1;

    for (; *s; s++) {
        depth += *s == '(';
        depth -= *s == ')';
        if (!depth) {
            return s;
        }
    }
    return NULL;
}

static int parse_group(struct odp *o, const char *group, char *body)
{
    static char alone[] = "";
    int rc = 0;

    if (!strchr(body, '=') || strchr(body, '(')) {
        return put_word(o, group, alone, body);
    }
    while (*body && !rc) {
        char *key = body, *value;

        body += strcspn(body, ",");
        if (*body) {
            *body++ = '\0';
        }
        value = key + strcspn(key, "=");
        if (*value) {
            *value++ = '\0';
        }
        rc = put_word(o, group, key, value);
    }
    return rc;
}

static int parse(struct odp *o, char *text)
{
    int rc = 0;

    while (!rc) {
        char *group, *body, *close;

        text += strspn(text, ", \t");
        if (!*text) {
            break;
        }
        group = text;
        body = strchr(text, '(');
        close = body ? find_close(body + 1) : NULL;
        if (!close) {
            return error_set(o->err, EINVAL, "'%s': it is written as WORD(...)", text);
        }
        *body++ = '\0';
        *close = '\0';
        text = close + 1;
        rc = parse_group(o, group, body);
    }
    return rc;
}

int ofproto_odp_to_match(const char *odp, struct strbuf *match, uint32_t *ret_in_port,
                         struct error *err)
{
    uint32_t in_port = UINT32_MAX;
    struct strbuf text = STRBUF_INIT;
    struct odp o = {.match = &text, .in_port = &in_port, .err = err};
    char *copy = xstrdup(odp);
    int rc = parse(&o, copy);

    free(copy);
    if (!rc && in_port == UINT32_MAX) {
        rc = error_set(err, EINVAL, "'in_port(...)' is missing");
    }
    if (!rc) {
        strbuf_puts(match, strbuf_str(&text) + (text.len != 0));
        *ret_in_port = in_port;
    }
    strbuf_free(&text);
    return rc;
}
