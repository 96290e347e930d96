/* Groups as people write them, in ovs-ofctl's syntax ("group_id=1,type=select,
 * bucket=weight:5,actions=output:1"), to group mods, and groups to text. Errors name the part that
 * is wrong. For command-line programs; control thread. */
#ifndef OFPROTO_CODEC_GROUP_TEXT_H
#define OFPROTO_CODEC_GROUP_TEXT_H

#include "ofproto/codec/group_mod.h"
#include "ofproto/match/text.h"

/* 'command' says what must be there: a type to add or modify, a bucket to insert before or to
 * remove. On an error nothing is left to free. */
int ofp_group_mod_parse(uint16_t command, const char *text, ofp_port_lookup *lookup, void *aux,
                        struct ofp_group_mod *ret, struct error *);
/* A number, "all" or "any". */
bool ofp_group_id_parse(const char *text, uint32_t *ret);

/* "group_id=1,type=all,bucket=...". 'with_ids': buckets with their ids. */
void ofp_group_format(struct strbuf *, uint32_t group_id, const struct ofp_group_config *,
                      bool with_ids, bool with_type);

#endif
