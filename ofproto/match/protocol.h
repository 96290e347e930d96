/* The words for protocols in matches: "tcp" stands for dl_type=0x0800,nw_proto=6. Pure functions.
 */
#ifndef OFPROTO_MATCH_PROTOCOL_H
#define OFPROTO_MATCH_PROTOCOL_H

#include "ofproto/match/match.h"

/* Sets what the word stands for; false when it is no such word. */
bool ofp_protocol_set(const char *word, size_t len, struct ofp_match *);
/* The word for what the match says, whose bits are then taken out of 'left'; NULL: there is none.
 */
const char *ofp_protocol_take(const struct ofp_match *, struct ofp_flow *left);

#endif
