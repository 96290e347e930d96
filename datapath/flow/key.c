/* Operations on whole keys and masks: copy, compare, project, or. They loop over lines and words
 * and know no field (key.h says why). Called by both processes, any thread; pure functions. */
#include "datapath/flow/key.h"

#define ALL_LINES ((1u << FLOW_N_LINES) - 1)

static_assert(offsetof(struct flow_key, lines) == 6, "the 'lines' byte's place in word 0");

static bool has_line(uint8_t lines, unsigned int line)
{
    return lines & (1u << line);
}

static const uint64_t *line_words(const struct flow_key *key, unsigned int line)
{
    return &key->u64[line * FLOW_LINE_WORDS];
}

void flow_key_copy(struct flow_key *dst, const struct flow_key *src)
{
    for (unsigned int l = 0; l < FLOW_N_LINES; l++) {
        uint64_t *to = &dst->u64[l * FLOW_LINE_WORDS];

        if (has_line(src->lines, l)) {
            memcpy(to, line_words(src, l), 64);
        } else {
            memset(to, 0, 64);
        }
    }
    /* Also right when the base line's bit was missing: then nothing at all is there. */
    dst->lines = src->lines;
}

bool flow_key_equal(const struct flow_key *a, const struct flow_key *b)
{
    if (a->lines != b->lines) {
        return false;
    }
    for (unsigned int l = 0; l < FLOW_N_LINES; l++) {
        if (has_line(a->lines, l) && memcmp(line_words(a, l), line_words(b, l), 64)) {
            return false;
        }
    }
    return true;
}

void flow_key_mask(struct flow_key *dst, const struct flow_key *src, const struct flow_mask *mask)
{
    uint8_t lines = src->lines & mask->lines;

    for (unsigned int l = 0; l < FLOW_N_LINES; l++) {
        for (unsigned int w = l * FLOW_LINE_WORDS; w < (l + 1) * FLOW_LINE_WORDS; w++) {
            dst->u64[w] = has_line(lines, l) ? src->u64[w] & mask->bits.u64[w] : 0;
        }
    }
    dst->lines = lines;
}

void flow_mask_init(struct flow_mask *mask)
{
    memset(mask, 0, sizeof *mask);
}

void flow_mask_exact(struct flow_mask *mask, uint8_t lines)
{
    memset(mask, 0, sizeof *mask);
    for (unsigned int l = 0; l < FLOW_N_LINES; l++) {
        if (has_line(lines, l)) {
            memset(&mask->bits.u64[l * FLOW_LINE_WORDS], 0xff, 64);
        }
    }
    mask->bits.lines = 0;
    mask->bits.ipv6_exthdr &= be16_make(FLOW_EXTHDR_ALL);
    mask->lines = lines & ALL_LINES;
}

void flow_mask_seal(struct flow_mask *mask)
{
    mask->bits.lines = 0;
    mask->bits.ipv6_exthdr &= be16_make(FLOW_EXTHDR_ALL);
    mask->lines = 0;
    for (unsigned int w = 0; w < FLOW_N_WORDS; w++) {
        if (mask->bits.u64[w]) {
            mask->lines |= (uint8_t)(1u << (w / FLOW_LINE_WORDS));
        }
    }
}

bool flow_mask_equal(const struct flow_mask *a, const struct flow_mask *b)
{
    if (a->lines != b->lines) {
        return false;
    }
    for (unsigned int l = 0; l < FLOW_N_LINES; l++) {
        if (has_line(a->lines, l) && memcmp(line_words(&a->bits, l), line_words(&b->bits, l), 64)) {
            return false;
        }
    }
    return true;
}

bool flow_mask_is_subset(const struct flow_mask *a, const struct flow_mask *b)
{
    for (unsigned int l = 0; l < FLOW_N_LINES; l++) {
        if (!has_line(a->lines, l)) {
            continue;
        }
        if (!has_line(b->lines, l)) {
            return false;
        }
        for (unsigned int w = l * FLOW_LINE_WORDS; w < (l + 1) * FLOW_LINE_WORDS; w++) {
            if (a->bits.u64[w] & ~b->bits.u64[w]) {
                return false;
            }
        }
    }
    return true;
}

void flow_mask_or(struct flow_mask *dst, const struct flow_mask *src)
{
    for (unsigned int l = 0; l < FLOW_N_LINES; l++) {
        if (!has_line(src->lines, l)) {
            continue;
        }
        for (unsigned int w = l * FLOW_LINE_WORDS; w < (l + 1) * FLOW_LINE_WORDS; w++) {
            /* A line that 'dst' does not have may never have been written. */
            dst->bits.u64[w] = (has_line(dst->lines, l) ? dst->bits.u64[w] : 0) | src->bits.u64[w];
        }
    }
    dst->lines |= src->lines;
}
