/* Sets of match fields: to go through the few that a match has without asking each of the many that
 * it could have. Pure functions; any thread. */
#ifndef OFPROTO_MATCH_FIELD_SET_H
#define OFPROTO_MATCH_FIELD_SET_H

#include "ofproto/match/field.h"

#define OFP_FIELD_SET_WORDS ((OFP_N_FIELDS + 63) / 64)

struct ofp_field_set {
    uint64_t bits[OFP_FIELD_SET_WORDS]; /* By number. */
};

/* All fields of which the mask has bits (ofp_field_any()), and some that lie beside these. */
struct ofp_field_set ofp_field_set_of(const struct ofp_flow *mask);
/* Takes the field with the lowest number out; NULL: there is none. */
const struct ofp_field *ofp_field_set_take(struct ofp_field_set *);

#endif
