/* See field_set.h. */
#include "ofproto/match/field_set.h"

/* The fields that have bits in each word. Constant after main() began. */
static struct ofp_field_set in_word[OFP_FLOW_WORDS];

CONSTRUCTOR static void find_words(void)
{
    for (unsigned int i = 0; i < OFP_N_FIELDS; i++) {
        struct ofp_flow all = {0};

        ofp_field_fill(ofp_field((enum ofp_field_id)i), &all);
        for (unsigned int w = 0; w < OFP_FLOW_WORDS; w++) {
            in_word[w].bits[i / 64] |= (uint64_t)(all.u64[w] != 0) << (i % 64);
        }
    }
}

struct ofp_field_set ofp_field_set_of(const struct ofp_flow *mask)
{
    struct ofp_field_set set = {{0}};
    uint64_t options = mask->tun_metadata_present;

    for (unsigned int w = 0; w < OFP_FLOW_WORDS; w++) {
        for (unsigned int i = 0; i < OFP_FIELD_SET_WORDS && mask->u64[w]; i++) {
            set.bits[i] |= in_word[w].bits[i];
        }
    }
    for (; options; options &= options - 1) {
        unsigned int i = OFP_FIELD_TUN_METADATA0 + (unsigned int)__builtin_ctzll(options);

        set.bits[i / 64] |= UINT64_C(1) << i % 64;
    }
    return set;
}

const struct ofp_field *ofp_field_set_take(struct ofp_field_set *set)
{
    for (unsigned int i = 0; i < OFP_FIELD_SET_WORDS; i++) {
        if (set->bits[i]) {
            unsigned int bit = (unsigned int)__builtin_ctzll(set->bits[i]);

            set->bits[i] &= set->bits[i] - 1;
            return ofp_field((enum ofp_field_id)(i * 64 + bit));
        }
    }
    return NULL;
}
