/* A mask compiled for speed: the few words of a key that have any of its bits. The caches hash and
 * compare only those, so a rule on a port's number costs next to nothing and one on TCP ports two
 * words, whatever else a packet holds.
 *
 * Selectors belong to the packets that just came by an input port, or to those of it that were
 * recirculated (a "view", wildcard.h): the port, and the recirculation id of the former, are
 * implied by whose selector it is and are left out of the words. Immutable once made; any thread.
 */
#ifndef DATAPATH_CACHE_SELECTOR_H
#define DATAPATH_CACHE_SELECTOR_H

#include "datapath/flow/key.h"

struct selector {
    uint64_t id;    /* Never 0. A mask's: of 32 bits, unique among masks at any time. */
    uint8_t n;      /* Words. */
    uint8_t n_base; /* Those of line 0, which come first. */
    uint8_t word[FLOW_N_WORDS];
    uint64_t bits[FLOW_N_WORDS];
};

/* Word 0 without in_port and the 'lines' byte: ct_state, and recirc_id where packets have one. */
#define SELECTOR_WORD0 UINT64_C(0xff00000000000000)
#define SELECTOR_WORD0_AGAIN UINT64_C(0xff000000ffffffff)

static inline void selector_compile(struct selector *s, const struct flow_mask *mask,
                                    bool recirculated, uint64_t id)
{
    *s = (struct selector){.id = id};
    for (uint8_t w = 0; w < FLOW_N_WORDS; w++) {
        uint64_t bits = mask->lines & (1u << (w / FLOW_LINE_WORDS)) ? mask->bits.u64[w] : 0;

        if (w == 0) {
            bits &= recirculated ? SELECTOR_WORD0_AGAIN : SELECTOR_WORD0;
        }
        if (bits) {
            s->word[s->n] = w;
            s->bits[s->n++] = bits;
            s->n_base = w < FLOW_LINE_WORDS ? s->n : s->n_base;
        }
    }
}

/* Writes the s->n words of 'key' that count. */
static inline void selector_extract(const struct selector *s, const struct flow_key *key,
                                    uint64_t *out)
{
    unsigned int i = 0;

    for (; i < s->n_base; i++) {
        out[i] = key->u64[s->word[i]] & s->bits[i];
    }
    if (__builtin_expect(i < s->n, 0)) {
        bool present = key->lines & (1u << FLOW_LINE_L3X);

        for (; i < s->n; i++) {
            out[i] = present ? key->u64[s->word[i]] & s->bits[i] : 0;
        }
    }
}

/* The same with n = s->n known to the compiler, for loops over many keys: 'word' and 'bits' are the
 * selector's, in variables that no store can alias. */
static inline __attribute__((always_inline)) void selector_extract_n(
    const struct selector *s, const struct flow_key *key, uint64_t *out, const unsigned int n,
    const uint8_t *word, const uint64_t *bits)
{
    if (__builtin_expect(s->n_base != n, 0)) {
        selector_extract(s, key, out);
        return;
    }
    for (unsigned int i = 0; i < n; i++) {
        out[i] = key->u64[word[i]] & bits[i];
    }
}

#endif
