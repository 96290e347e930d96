/* Instructions (OpenFlow 1.3.5 section 7.2.4): on the wire a list of their own, inside records
 * after a rule's actions, so that a rule is one list in the order in which it is carried out: apply
 * actions, clear actions, write actions, write metadata, go to a table. */
#ifndef OFPROTO_CODEC_INSTRUCTION_H
#define OFPROTO_CODEC_INSTRUCTION_H

#include "ofproto/codec/action.h"

/* The instructions of a rule for table 'table_id'. '*ret' is empty before and, after an error,
 * again. OpenFlow 1.1 and later. */
int ofp_instructions_decode(enum ofp_version, const uint8_t *p, size_t len, uint8_t table_id,
                            const struct ofp_match *match, struct ofp_actions *ret);
void ofp_instructions_encode(struct strbuf *, enum ofp_version, const void *data, size_t len);

#endif
