/* What a table can do, on the wire (OpenFlow 1.3.5 section 7.3.5.5). */
#ifndef OFPROTO_CODEC_TABLE_FEATURES_H
#define OFPROTO_CODEC_TABLE_FEATURES_H

#include "ofproto/codec/wire.h"

/* One entry: every field that has a header can be matched, the settable ones set, actions that are
 * registered applied. OpenFlow 1.3. */
void ofp_table_features_encode(struct strbuf *, uint8_t table_id, const char *name,
                               uint32_t max_rules);

#endif
