/* See group_info.h. */
#include "ofproto/codec/group_info.h"

#define COUNT_LEN 16 /* Of one bucket. */

static struct ofp_group_count get_count(const uint8_t *p)
{
    return (struct ofp_group_count){wire_get64(p), wire_get64(p + 8)};
}

int ofp_group_counts_decode(enum ofp_version version, const uint8_t *p, size_t left,
                            struct ofp_group_counts *ret, size_t *ret_len)
{
    bool has_duration = version == OFP10 || version >= OFP13;
    size_t head = has_duration ? 40 : 32, len = left < head ? 0 : wire_get16(p);

    if (len < head || len > left || (len - head) % COUNT_LEN) {
        return OFPERR_BRC_BAD_LEN;
    }
    *ret = (struct ofp_group_counts){
        .group_id = wire_get32(p + 4),
        .refs = wire_get32(p + 8),
        .all = get_count(p + 16),
        .has_duration = has_duration,
        .buckets = p + head,
        .n = (unsigned int)((len - head) / COUNT_LEN),
    };
    if (has_duration) {
        ret->duration_s = wire_get32(p + 32);
        ret->duration_ns = wire_get32(p + 36);
    }
    *ret_len = len;
    return 0;
}

struct ofp_group_count ofp_group_bucket_count(const struct ofp_group_counts *c, unsigned int i)
{
    return get_count(c->buckets + (size_t)COUNT_LEN * i);
}

int ofp_group_features_decode(const uint8_t *p, size_t len, struct ofp_group_features *ret)
{
    if (len != 8 + 2 * 4 * OFP_N_GROUP_TYPES) {
        return OFPERR_BRC_BAD_LEN;
    }
    ret->types = wire_get32(p);
    ret->capabilities = wire_get32(p + 4);
    p += 8;
    for (unsigned int i = 0; i < OFP_N_GROUP_TYPES; i++, p += 4) {
        ret->max_groups[i] = wire_get32(p);
    }
    for (unsigned int i = 0; i < OFP_N_GROUP_TYPES; i++, p += 4) {
        ret->actions[i] = wire_get32(p);
    }
    return 0;
}

void ofp_group_request_encode(struct strbuf *s, uint32_t group_id)
{
    wire_put32(s, group_id);
    wire_zeros(s, 4);
}

/* --- Bits of actions. */

struct action_bit {
    uint8_t bit;
    const char *name;
};

static const struct action_bit bits10[] = {
    {0, "output"},     {11, "enqueue"},   {1, "set_vlan_vid"}, {2, "set_vlan_pcp"},
    {3, "strip_vlan"}, {4, "mod_dl_src"}, {5, "mod_dl_dst"},   {6, "mod_nw_src"},
    {7, "mod_nw_dst"}, {8, "mod_nw_tos"}, {9, "mod_tp_src"},   {10, "mod_tp_dst"},
};
/* OpenFlow 1.1, whose fields have actions of their own. */
static const struct action_bit bits11[] = {
    {0, "output"},          {22, "group"},       {1, "set_vlan_vid"},  {2, "set_vlan_pcp"},
    {18, "strip_vlan"},     {17, "push_vlan"},   {3, "mod_dl_src"},    {4, "mod_dl_dst"},
    {5, "mod_nw_src"},      {6, "mod_nw_dst"},   {7, "mod_nw_tos"},    {8, "mod_nw_ecn"},
    {23, "mod_nw_ttl"},     {9, "mod_tp_src"},   {10, "mod_tp_dst"},   {24, "dec_ttl"},
    {13, "set_mpls_label"}, {14, "set_mpls_tc"}, {15, "set_mpls_ttl"}, {16, "dec_mpls_ttl"},
    {19, "push_mpls"},      {20, "pop_mpls"},    {21, "set_queue"},
};
static const struct action_bit bits12[] = {
    {0, "output"},        {22, "group"},      {25, "set_field"},    {18, "strip_vlan"},
    {17, "push_vlan"},    {23, "mod_nw_ttl"}, {24, "dec_ttl"},      {15, "set_mpls_ttl"},
    {16, "dec_mpls_ttl"}, {19, "push_mpls"},  {20, "pop_mpls"},     {21, "set_queue"},
    {26, "push_pbb"},     {27, "pop_pbb"},    {11, "copy_ttl_out"}, {12, "copy_ttl_in"},
    {28, "copy_field"},   {29, "meter"},
};

void ofp_action_bits_format(struct strbuf *s, enum ofp_version version, uint32_t bits)
{
    const struct action_bit *list = version == OFP10 ? bits10 : version == OFP11 ? bits11 : bits12;
    size_t n = version == OFP10   ? ARRAY_SIZE(bits10)
               : version == OFP11 ? ARRAY_SIZE(bits11)
                                  : ARRAY_SIZE(bits12);

    for (size_t i = 0; i < n; i++) {
        if (bits & 1u << list[i].bit) {
            strbuf_printf(s, " %s", list[i].name);
        }
    }
}
