/* Fields and parts of fields in the text of actions; see action_text.h. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>

#include "ofproto/codec/action_text.h"
#include "ofproto/match/tlv_map.h"

#define NAME_MAX_LEN 40

/* What is left of NXM's and OXM's names without their prefix, where it is none of the field's. */
static const struct {
    const char *name;
    enum ofp_field_id id;
    bool is_oxm; /* NXM has another. */
} aliases[] = {
    {"ip_tos", OFP_FIELD_NW_TOS_BYTE},
    {"ipv4_src", OFP_FIELD_NW_SRC, true},
    {"ipv4_dst", OFP_FIELD_NW_DST, true},
    {"ip_src", OFP_FIELD_NW_SRC},
    {"ip_dst", OFP_FIELD_NW_DST},
    {"ip_proto", OFP_FIELD_NW_PROTO},
    {"ip_ttl", OFP_FIELD_NW_TTL},
    {"ip_ecn", OFP_FIELD_NW_ECN},
    {"ip_frag", OFP_FIELD_NW_FRAG},
    {"ip_dscp", OFP_FIELD_NW_TOS},
    {"tun_ipv4_src", OFP_FIELD_TUN_SRC},
    {"tun_ipv4_dst", OFP_FIELD_TUN_DST},
    {"tunnel_id", OFP_FIELD_TUN_ID, true},
    {"ipv6_flabel", OFP_FIELD_IPV6_LABEL, true},
    {"ipv6_nd_target", OFP_FIELD_ND_TARGET, true},
    {"ipv6_nd_sll", OFP_FIELD_ND_SLL, true},
    {"ipv6_nd_tll", OFP_FIELD_ND_TLL, true},
    {"icmpv4_type", OFP_FIELD_ICMP_TYPE, true},
    {"icmpv4_code", OFP_FIELD_ICMP_CODE, true},
    {"vlan_vid", OFP_FIELD_VLAN_VID},
    {"vlan_pcp", OFP_FIELD_VLAN_PCP},
};

const struct ofp_field *ofp_field_by_any_name(const char *name, size_t len)
{
    static const char *const prefixes[] = {"NXM_NX_", "NXM_OF_", "OXM_OF_", "ONFOXM_ET_", "NXOXM_"};
    const struct ofp_field *f = ofp_field_by_name(name, len);
    char lower[NAME_MAX_LEN];
    unsigned int n;

    for (size_t i = 0; !f && i < ARRAY_SIZE(prefixes); i++) {
        size_t prefix = strlen(prefixes[i]);

        if (len <= prefix || len - prefix >= sizeof lower || memcmp(name, prefixes[i], prefix)) {
            continue;
        }
        for (size_t j = 0; j < len - prefix; j++) {
            lower[j] = (char)tolower((unsigned char)name[prefix + j]);
        }
        lower[len - prefix] = '\0';
        for (size_t j = 0; !f && j < ARRAY_SIZE(aliases); j++) {
            f = strcmp(lower, aliases[j].name) ? NULL : ofp_field(aliases[j].id);
        }
        if (!f && sscanf(lower, "pkt_reg%1u", &n) == 1 && strlen(lower) == 8 && n <= 7) {
            f = ofp_field((enum ofp_field_id)(OFP_FIELD_XREG0 + n));
        }
        if (!f) {
            f = ofp_field_by_name(lower, len - prefix);
        }
    }
    return f;
}

void ofp_field_format_nxm_name(struct strbuf *s, const struct ofp_field *f)
{
    const char *name = f->name2 ? f->name2 : f->name;

    for (size_t i = 0; i < ARRAY_SIZE(aliases); i++) {
        if (aliases[i].id == f->id && !(f->nxm && aliases[i].is_oxm)) {
            name = aliases[i].name;
        }
    }
    strbuf_puts(s, !f->nxm                       ? "OXM_OF_"
                   : f->nxm >> 16 == OFP_NXM_0   ? "NXM_OF_"
                   : f->nxm >> 16 == OFP_OXM_NSH ? "NXOXM_"
                                                 : "NXM_NX_");
    if (f->id >= OFP_FIELD_XREG0 && f->id <= OFP_FIELD_XREG7) {
        strbuf_printf(s, "PKT_REG%d", (int)f->id - OFP_FIELD_XREG0);
        return;
    }
    for (; *name; name++) {
        strbuf_putc(s, (char)toupper((unsigned char)*name));
    }
}

int ofp_subfield_parse(const char *text, struct ofp_subfield *ret, struct error *err)
{
    size_t len = strcspn(text, "[");
    const struct ofp_field *f = ofp_field_by_any_name(text, len);
    const char *bits = text + len;
    unsigned int first = 0, last, end = 0;

    if (!f) {
        return error_set(err, EINVAL, "'%.*s' is not a field", (int)len, text);
    }
    if (!ofp_field_is_mapped(f)) {
        return error_set(err, EINVAL, "field '%s': no option is mapped to it", f->name);
    }
    if (!f->n_bits) {
        return error_set(err, EINVAL, "field '%s': it has no bits", f->name);
    }
    last = f->n_bits - 1u;
    if (sscanf(bits, "[%u..%u]%n", &first, &last, (int *)&end) == 2 && end) {
        bits += end;
    } else if (sscanf(bits, "[%u]%n", &first, (int *)&end) == 1 && end) {
        last = first;
        bits += end;
    } else if (!strncmp(bits, "[]", 2)) {
        bits += 2;
    }
    if (*bits) {
        return error_set(err, EINVAL,
                         "'%s': the bits of a field are written as FIELD[], FIELD[BIT] or "
                         "FIELD[FIRST..LAST]",
                         text);
    }
    if (first > last || last >= f->n_bits) {
        return error_set(err, EINVAL, "'%s': the field has the bits 0...%u", text, f->n_bits - 1u);
    }
    *ret = (struct ofp_subfield){(uint16_t)f->id, (uint16_t)first, (uint16_t)(last - first + 1), 0};
    return 0;
}

int ofp_action_text_subfield(const char *name, const char *text, bool to_write,
                             struct ofp_subfield *ret, struct error *err)
{
    int rc = ofp_subfield_parse(text, ret, err);
    const struct ofp_field *f;

    if (rc) {
        return error_prefix(err, "action '%s'", name);
    }
    f = ofp_field((enum ofp_field_id)ret->field);
    if (to_write && !f->is_settable) {
        return error_set(err, EINVAL, "action '%s': field '%s' cannot be written", name, f->name);
    }
    return 0;
}

char *ofp_action_text_arrow(const char *name, char *text, struct error *err)
{
    char *arrow = strstr(text, "->");

    if (!arrow) {
        error_set(err, EINVAL, "action '%s': '%s': '->' and a field are missing", name, text);
        return NULL;
    }
    *arrow = '\0';
    return arrow + 2;
}
