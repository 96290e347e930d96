/* What a table can do, on the wire (OpenFlow 1.3.5 section 7.3.5.5). */
#ifndef OFPROTO_CODEC_TABLE_FEATURES_H
#define OFPROTO_CODEC_TABLE_FEATURES_H

#include "ofproto/codec/wire.h"

/* What a request asks for; in OpenFlow 1.5. */
enum ofp_table_features_command { OFPTFC_REPLACE, OFPTFC_MODIFY, OFPTFC_ENABLE, OFPTFC_DISABLE };

/* One entry: every field that has a header can be matched, the settable ones set, actions that are
 * registered applied, and each of the 'n_tables' after this one gone to. OpenFlow 1.3 and later. */
void ofp_table_features_encode(struct strbuf *, enum ofp_version, uint8_t table_id,
                               unsigned int n_tables, const char *name, uint32_t max_rules);
/* The same in a table's statistics of OpenFlow 1.1 (section A.3.5.3) and 1.2, from what may be wild
 * to how the table is configured. */
void ofp_table_abilities_encode(struct strbuf *, enum ofp_version, bool is_last, uint32_t config);

#endif
