/* See known.h. */
#include "ofproto/xlate/known.h"

#include "ofproto/xlate/xlate.h"

#define VLAN_WORD (offsetof(struct ofp_flow, pkt.vlan) / 8)
#define PORTS_WORD (offsetof(struct ofp_flow, pkt.tp_src) / 8)
static_assert(PORTS_WORD == offsetof(struct ofp_flow, pkt.tp_dst) / 8, "ports are in one word");
/* With an index: of other bits of the word nothing is known, whatever the key has there. */
#define WHOLE (UINT64_C(1) << 32)

static void put(struct known_words *k, uint64_t index, uint64_t value, uint64_t mask)
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

static uint64_t without_ports(uint64_t word)
{
    struct ofp_flow ports;

    ports.u64[PORTS_WORD] = 0;
    ports.pkt.tp_src = ports.pkt.tp_dst = UINT16_MAX;
    return word & ~ports.u64[PORTS_WORD];
}

/* Of packets whose headers moved. */
static void put_moved(struct known_words *k, const struct xlate_packet *now,
                      const struct ofp_flow *looked, bool ports_unknown)
{
    for (unsigned int i = 0; i < FLOW_N_WORDS; i++) {
        uint64_t known = looked->u64[i] | (i == VLAN_WORD ? 0 : now->written.u64[i]);

        put(k, i | WHOLE, now->flow.u64[i],
            i == PORTS_WORD && ports_unknown ? without_ports(known) : known);
    }
}

static void put_headers(struct known_words *k, const struct xlate_packet *now,
                        const struct ofp_flow *looked, bool ports_unknown)
{
    for (unsigned int i = 0; i < FLOW_N_WORDS; i++) {
        if (i == VLAN_WORD) {
            if (!is_untouched(&now->vlans)) { /* All the flow's packets agree on what was read. */
                put(k, i | WHOLE, now->flow.u64[i], looked->u64[i]);
            }
        } else if (i == PORTS_WORD && ports_unknown) {
            put(k, i | WHOLE, now->flow.u64[i],
                without_ports(looked->u64[i] | now->written.u64[i]));
        } else if (now->written.u64[i]) {
            put(k, i, now->flow.u64[i], now->written.u64[i]);
        }
    }
}

struct known_range known_add(struct known_words *k, const struct xlate_packet *now,
                             const struct ofp_flow *looked, bool ports_unknown)
{
    struct known_range range = {k->n, 0};

    if (shims_changed(&now->shims)) {
        put_moved(k, now, looked, ports_unknown);
    } else {
        put_headers(k, now, looked, ports_unknown);
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

void known_get(const struct known_words *k, struct known_range range, const struct flow_key *masked,
               const struct flow_mask *mask, struct known_flow *ret)
{
    memset(&ret->value, 0, sizeof ret->value);
    memset(&ret->known, 0, sizeof ret->known);
    if (masked) {
        memcpy(&ret->value.pkt, masked, sizeof *masked);
        memcpy(&ret->known.pkt, &mask->bits, sizeof mask->bits);
    }
    memset(&ret->known.u64[FLOW_N_WORDS], 0xff, OFP_PIPELINE_WORDS * 8);
    for (const struct known_word *w = k->word + range.at, *end = w + range.n; w < end; w++) {
        uint64_t index = w->index & ~WHOLE;

        if (w->index & WHOLE) { /* Of tags that moved, other bits may be another's. */
            ret->known.u64[index] = 0;
        }
        ret->value.u64[index] = (ret->value.u64[index] & ~w->mask) | w->value;
        ret->known.u64[index] |= w->mask;
    }
    ret->known.conj_id = 0; /* Any conjunction may lead there. */
}
