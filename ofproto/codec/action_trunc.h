/* The form of output that sends the first bytes of a packet, see action_trunc.c: what is written as
 * "output(port=2,max_len=100)" is told from other outputs by action_output.c. Control thread. */
#ifndef OFPROTO_CODEC_ACTION_TRUNC_H
#define OFPROTO_CODEC_ACTION_TRUNC_H

#include "ofproto/codec/action_text.h"

/* Whether an output's argument is of this form. */
bool ofp_action_trunc_is_text(const char *arg);
/* An ofp_action_word's function. */
int ofp_action_trunc_parse(const struct ofp_action_text *, const char *name, char *arg,
                           struct ofp_actions *out, struct error *);

#endif
