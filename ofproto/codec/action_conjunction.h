/* The record of the action "conjunction"; see action_conjunction.c. */
#ifndef OFPROTO_CODEC_ACTION_CONJUNCTION_H
#define OFPROTO_CODEC_ACTION_CONJUNCTION_H

#include "ofproto/codec/action.h"

#define OFP_CONJUNCTION_MAX_CLAUSES 64

struct ofp_action_conjunction {
    struct ofp_action h;
    uint32_t id;
    uint8_t clause; /* From 0. */
    uint8_t n_clauses;
};

bool ofp_actions_have_conjunction(const void *data, size_t len);
/* Beside conjunctions only notes may stand: 0 or OFPERR_NXBAC_BAD_CONJUNCTION. */
int ofp_actions_check_conjunction(const void *data, size_t len);

#endif
