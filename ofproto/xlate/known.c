/* See known.h. */
#include "ofproto/xlate/known.h"

#include "ofproto/xlate/xlate.h"

#define VLAN_WORD (offsetof(struct ofp_flow, pkt.vlan) / 8)
#define CONJ_WORD (offsetof(struct ofp_flow, conj_id) / 8)

static void put(struct known_words *k, unsigned int index, uint64_t value, uint64_t mask)
{
    if (k->n == k->size) {
        k->size = k->size ? k->size * 2 : 4;
        k->word = xreallocarray(k->word, k->size, sizeof *k->word);
    }
    k->word[k->n++] = (struct known_word){value & mask, mask, index};
}

static bool is_untouched(const struct vlan_stack *s)
{
    bool same = s->n == s->n_original;

    for (unsigned int i = 0; i < s->n && same; i++) {
        same = s->tag[i].id == i && !s->tag[i].written;
    }
    return same;
}

struct known_range known_add(struct known_words *k, const struct xlate_packet *now,
                             const struct ofp_flow *looked)
{
    struct known_range range = {k->n, 0};

    for (unsigned int i = 0; i < FLOW_N_WORDS; i++) {
        if (i == VLAN_WORD) {
            if (!is_untouched(&now->vlans)) { /* All the flow's packets agree on what was read. */
                put(k, i, now->flow.u64[i], looked->u64[i]);
            }
        } else if (now->written.u64[i]) {
            put(k, i, now->flow.u64[i], now->written.u64[i]);
        }
    }
    for (unsigned int i = FLOW_N_WORDS; i < OFP_FLOW_WORDS; i++) {
        if (now->flow.u64[i]) {
            put(k, i, now->flow.u64[i], UINT64_MAX);
        }
    }
    range.n = (uint16_t)(k->n - range.at);
    if (range.at >= range.n &&
        !memcmp(&k->word[range.at - range.n], &k->word[range.at], range.n * sizeof k->word[0])) {
        k->n = range.at; /* As the last one, which will do. */
        range.at -= range.n;
    }
    return range;
}

static uint64_t conj_bits(void)
{
    const struct ofp_flow flow = {.conj_id = UINT32_MAX};

    return flow.u64[CONJ_WORD];
}

bool known_is_conjunctive(const struct ofp_rule *rule)
{
    for (unsigned int i = rule->mask->n; i-- > 0 && rule->mask->index[i] >= CONJ_WORD;) {
        if (rule->mask->index[i] == CONJ_WORD) {
            return rule->mask->word[i] & conj_bits();
        }
    }
    return false;
}

bool known_may_match(const struct known_words *k, struct known_range range,
                     const struct ofp_rule *rule, const struct flow_key *masked,
                     const struct flow_mask *mask)
{
    const struct known_word *w = k->word + range.at, *end = w + range.n;
    for (unsigned int i = 0; i < rule->mask->n; i++) {
        unsigned int index = rule->mask->index[i];
        uint64_t value = 0, known = 0;

        if (index >= FLOW_N_WORDS) {
            known = UINT64_MAX; /* Zero where nothing was noted. */
        } else if (masked) {
            value = masked->u64[index];
            known = mask->bits.u64[index];
        }
        while (w < end && w->index < index) {
            w++;
        }
        if (w < end && w->index == index) {
            /* Of a tag that moved, nothing else is known: its bits may be another's. */
            if (index == VLAN_WORD) {
                known = 0;
            }
            value = (value & ~w->mask) | w->value;
            known |= w->mask;
        }
        if (index == CONJ_WORD) {
            known &= ~conj_bits(); /* Any conjunction may lead there. */
        }
        if ((value ^ rule->value[i]) & known & rule->mask->word[i]) {
            return false;
        }
    }
    return true;
}
