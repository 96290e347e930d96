/* Looks into one tuple, and proves the answer with as few bits as it can: a layer under which no
 * rule lies, a prefix that no rule has, or for each rule that shares the packet's hash one place
 * where they differ.
 *
 * Whatever is read before a decision goes into 'looked' first, even where less would prove the
 * verdict: so a packet that agrees on the mask takes the same way and gets the same mask, and
 * revalidating a cached flow by its masked key finds it as it was. */
#include "lib/hash.h"
#include "ofproto/table/tuple.h"

static void answer(struct trie_answers *a, unsigned int f, const struct ofp_flow *flow)
{
    if (!a->done[f]) {
        a->n_bits[f] = trie_lookup(&a->tries[f], (const uint8_t *)flow + trie_fields[f].offset,
                                   &a->lengths[f]);
        a->done[f] = true;
    }
}

static unsigned int longest(const struct trie_lengths *l)
{
    for (unsigned int i = ARRAY_SIZE(l->bits); i-- > 0;) {
        if (l->bits[i]) {
            return i * 64 + 63 - (unsigned int)__builtin_clzll(l->bits[i]);
        }
    }
    return 0;
}

/* True when no prefix length that the rules have of some field of the layer fits the packet. */
static bool no_prefix_fits(const struct tuple *t, unsigned int stage, const struct ofp_flow *flow,
                           struct trie_answers *a, struct ofp_flow *looked)
{
    for (unsigned int f = 0; f < N_TRIE_FIELDS; f++) {
        const struct trie_lengths *have = &t->lengths[f], *fit = &a->lengths[f];

        if (trie_fields[f].stage != stage || t->n_without_prefix[f] || !(a->used >> f & 1)) {
            continue;
        }
        answer(a, f, flow);
        /* What fits up to a length depends on no bit beyond it. */
        prefix_add(looked, f, MIN_OF(a->n_bits[f], longest(have)));
        if (!(have->bits[0] & fit->bits[0]) && !(have->bits[1] & fit->bits[1]) &&
            !(have->bits[2] & fit->bits[2])) {
            return true;
        }
    }
    return false;
}

static void add_words(const struct tuple *t, unsigned int n, struct ofp_flow *looked)
{
    for (unsigned int w = 0; w < n; w++) {
        looked->u64[t->word[w].index] |= t->word[w].mask;
    }
}

/* The first bit in which flow and rule differ within the rule's prefix of the field; -1: none. */
static int prefix_difference(const struct ofp_rule *rule, const uint64_t diff[OFP_FLOW_WORDS],
                             unsigned int f)
{
    const uint8_t *p = (const uint8_t *)diff + trie_fields[f].offset;

    if (rule->mask->prefix[f] > 0) {
        for (unsigned int i = 0; i < trie_fields[f].n_bytes; i++) {
            if (p[i]) {
                return (int)(i * 8 + (unsigned int)__builtin_clz((unsigned int)p[i] << 24));
            }
        }
    }
    return -1;
}

/* Proves that the rule, which has the packet's hash, does not match it; false when it does. */
static bool differs(const struct ofp_rule *rule, const struct ofp_flow *flow,
                    struct ofp_flow *looked)
{
    const struct rule_mask *mask = rule->mask;
    uint64_t diff[OFP_FLOW_WORDS], any = 0;

    for (unsigned int i = 0; i < mask->n; i++) {
        unsigned int w = mask->index[i];
        uint64_t bits = (flow->u64[w] ^ rule->value[i]) & mask->word[i];

        if (bits & looked->u64[w]) {
            return true; /* Known already. */
        }
        any |= bits;
    }
    if (!any) {
        return false;
    }
    memset(diff, 0, sizeof diff);
    for (unsigned int i = 0; i < mask->n; i++) {
        unsigned int w = mask->index[i];

        diff[w] = (flow->u64[w] ^ rule->value[i]) & mask->word[i];
    }
    for (unsigned int f = 0; f < N_TRIE_FIELDS; f++) {
        int bit = prefix_difference(rule, diff, f);

        if (bit >= 0) {
            prefix_add(looked, f, (unsigned int)bit + 1);
            return true;
        }
        if (mask->prefix[f] > 0) {
            prefix_add(looked, f, (unsigned int)mask->prefix[f]);
        }
    }
    for (unsigned int s = 0; s < OFP_N_STAGES; s++) {
        for (unsigned int i = 0; i < mask->n; i++) {
            uint64_t bits = layer_bits((enum ofp_stage)s, mask->index[i]);

            looked->u64[mask->index[i]] |= mask->word[i] & bits;
            if (diff[mask->index[i]] & bits) {
                return true;
            }
        }
    }
    return true;
}

struct ofp_rule *tuple_lookup(const struct tuple *t, const struct ofp_flow *flow, int above,
                              struct trie_answers *tries, struct soft_matches *soft,
                              struct ofp_flow *looked)
{
    unsigned int w = 0;
    uint64_t h = 0;

    for (unsigned int s = 0; s < OFP_N_STAGES; s++) {
        if (no_prefix_fits(t, s, flow, tries, looked)) {
            return NULL;
        }
        for (; w < t->end[s]; w++) {
            h = hash_mix64(h ^ (flow->u64[t->word[w].index] & t->word[w].mask));
        }
        if (s < t->last_stage && t->partial[s].n) {
            add_words(t, w, looked);
            if (!hash_counts_has(&t->partial[s], (uint32_t)h)) {
                return NULL;
            }
        }
    }
    add_words(t, w, looked);
    for (struct ofp_rule *r = t->buckets[(uint32_t)h & (t->n_buckets - 1)];
         r && (int)r->priority > above; r = r->chain) {
        if (r->hash != (uint32_t)h || (r->is_soft && !soft) || differs(r, flow, looked)) {
            continue;
        }
        for (unsigned int i = 0; i < r->mask->n; i++) {
            looked->u64[r->mask->index[i]] |= r->mask->word[i];
        }
        if (!r->is_soft) {
            return r;
        }
        if (soft) {
            soft_matches_add(soft, r);
        }
    }
    return NULL;
}
