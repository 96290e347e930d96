/* Records of the actions that change rules as packets come: learn and fin_timeout; see
 * action_learn.c. */
#ifndef OFPROTO_CODEC_ACTION_LEARN_H
#define OFPROTO_CODEC_ACTION_LEARN_H

#include "ofproto/codec/action.h"

enum ofp_learn_dst { OFP_LEARN_MATCH, OFP_LEARN_LOAD, OFP_LEARN_OUTPUT };

/* n_bits of a field or a number become bits of the learned rule's match, of a field that it loads,
 * or the port that it outputs to. */
struct ofp_learn_spec {
    uint8_t is_number;
    uint8_t dst_kind; /* enum ofp_learn_dst. */
    uint16_t n_bits;
    struct ofp_subfield src;
    struct ofp_subfield dst;
    uint32_t number_at; /* Where the number is behind the specs. */
};

/* Flags, as on the wire. */
#define OFP_LEARN_SEND_REMOVED 1 /* Of the learned rule. */
#define OFP_LEARN_DELETE 2       /* Learned rules go when none learns them any more. */
#define OFP_LEARN_WRITE_RESULT 4 /* Whether there was room for the rule. */

struct ofp_action_learn {
    struct ofp_action h;
    uint16_t idle_timeout_s;
    uint16_t hard_timeout_s;
    uint64_t cookie;
    uint16_t priority;
    uint16_t flags; /* OFP_LEARN_*. */
    uint16_t fin_idle_s;
    uint16_t fin_hard_s;
    uint32_t limit; /* Of rules with this cookie in the table; 0: none. */
    uint8_t table_id;
    uint8_t pad;
    uint16_t n;
    struct ofp_subfield result;   /* A bit, with OFP_LEARN_WRITE_RESULT. */
    struct ofp_learn_spec spec[]; /* n of them; then the numbers, as they are on the wire. */
};

/* Bytes of a number of so many bits: whole 16 bits. */
static inline size_t ofp_learn_number_len(unsigned int n_bits)
{
    return (n_bits + 15) / 16 * 2;
}

/* A spec's number, most significant byte first. */
static inline const uint8_t *ofp_learn_number(const struct ofp_action_learn *a,
                                              const struct ofp_learn_spec *spec)
{
    return (const uint8_t *)&a->spec[a->n] + spec->number_at;
}

/* Once the connection ends (FIN or RST) the rule's timeouts are at most these; 0: as they are. */
struct ofp_action_fin_timeout {
    struct ofp_action h;
    uint16_t idle_s;
    uint16_t hard_s;
};

#endif
