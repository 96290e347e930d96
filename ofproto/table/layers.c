/* See layers.h. */
#include "ofproto/table/layers.h"

const struct trie_field trie_fields[N_TRIE_FIELDS] = {
    {offsetof(struct ofp_flow, pkt.nw_src), 4, 8, OFP_STAGE_L3},
    {offsetof(struct ofp_flow, pkt.nw_dst), 4, 8, OFP_STAGE_L3},
    {offsetof(struct ofp_flow, pkt.ipv6_src), 16, 16, OFP_STAGE_L3},
    {offsetof(struct ofp_flow, pkt.ipv6_dst), 16, 16, OFP_STAGE_L3},
    {offsetof(struct ofp_flow, pkt.tp_src), 2, 16, OFP_STAGE_L4},
    {offsetof(struct ofp_flow, pkt.tp_dst), 2, 16, OFP_STAGE_L4},
};

static uint64_t bits[OFP_N_STAGES][OFP_FLOW_WORDS];

/* Several fields may share bits; the first row has them. What no field names is metadata. */
CONSTRUCTOR static void make_layers(void)
{
    struct ofp_flow taken, field;

    memset(&taken, 0, sizeof taken);
    for (unsigned int f = 0; f < OFP_N_FIELDS; f++) {
        memset(&field, 0, sizeof field);
        ofp_field_fill(ofp_field((enum ofp_field_id)f), &field);
        for (unsigned int i = 0; i < OFP_FLOW_WORDS; i++) {
            bits[ofp_field((enum ofp_field_id)f)->stage][i] |= field.u64[i] & ~taken.u64[i];
            taken.u64[i] |= field.u64[i];
        }
    }
    for (unsigned int i = 0; i < OFP_FLOW_WORDS; i++) {
        bits[OFP_STAGE_METADATA][i] |= ~taken.u64[i];
    }
}

uint64_t layer_bits(enum ofp_stage stage, unsigned int i)
{
    return bits[stage][i];
}

int prefix_of(const struct ofp_flow *mask, unsigned int field)
{
    const uint8_t *p = (const uint8_t *)mask + trie_fields[field].offset;
    unsigned int n = trie_fields[field].n_bytes, i = 0, length;
    uint8_t b;

    while (i < n && p[i] == 0xff) {
        i++;
    }
    length = i * 8;
    if (i == n) {
        return (int)length;
    }
    for (b = p[i++]; b & 0x80; b = (uint8_t)(b << 1)) {
        length++;
    }
    while (i < n && !b) {
        b = p[i++];
    }
    return b ? -1 : (int)length;
}

void prefix_add(struct ofp_flow *mask, unsigned int field, unsigned int length)
{
    uint8_t *p = (uint8_t *)mask + trie_fields[field].offset;

    memset(p, 0xff, length / 8);
    if (length % 8) {
        p[length / 8] |= (uint8_t)(0xff00 >> length % 8);
    }
}

void prefix_set(struct ofp_flow *mask, unsigned int field, unsigned int length)
{
    memset((uint8_t *)mask + trie_fields[field].offset, 0, trie_fields[field].n_bytes);
    prefix_add(mask, field, length);
}
