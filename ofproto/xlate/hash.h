/* Hashes of a packet for actions that choose by one. For the files of xlate/. Control thread. */
#ifndef OFPROTO_XLATE_HASH_H
#define OFPROTO_XLATE_HASH_H

#include "ofproto/codec/action_hash.h"
#include "ofproto/xlate/xlate.h"

/* Of the packet as it is now; looks at what it hashes. */
uint32_t xlate_hash(struct xlate_ctx *, enum ofp_hash_fields, uint32_t basis);

#endif
