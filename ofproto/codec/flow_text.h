/* Flows as people write them, in ovs-ofctl's syntax ("table=1,priority=5,tcp,tp_dst=80
 * actions=output:2"), to flow mods and queries, and what is told of them to text. Errors name the
 * part that is wrong. For command-line programs; control thread. */
#ifndef OFPROTO_CODEC_FLOW_TEXT_H
#define OFPROTO_CODEC_FLOW_TEXT_H

#include "ofproto/codec/flow_mod.h"
#include "ofproto/codec/flow_stats.h"
#include "ofproto/match/text.h"

#define OFP_DEFAULT_PRIORITY 32768

/* What counters of a dump say is read over. A modify that names no cookie has the new cookie
 * UINT64_MAX: as it was. On an error nothing is left to free. */
int ofp_flow_mod_parse(enum ofp_flow_mod_command, const char *text, ofp_port_lookup *lookup,
                       void *aux, struct ofp_flow_mod *ret, struct error *);
/* "" is every flow. */
int ofp_flow_query_parse(const char *text, ofp_port_lookup *lookup, void *aux,
                         struct ofp_flow_query *ret, struct error *);

/* A bit (1 << version) for each version of the protocol, of 1.0, 1.3, 1.4 and 1.5, that can say it
 * all (1.0 with Nicira's extensions). */
uint32_t ofp_flow_mod_versions(const struct ofp_flow_mod *);

enum {
    OFP_FLOW_TEXT_STATS = 1, /* Cookie, duration and counters. */
    OFP_FLOW_TEXT_AGES = 2,  /* How long ago it was used, and changed. */
};
/* A line of a dump, without a space before or a newline after it. */
void ofp_flow_stats_format(struct strbuf *, const struct ofp_flow_stats *, unsigned int what);
/* "priority=5,tcp,tp_dst=80", "" when there is nothing to say. */
void ofp_rule_format(struct strbuf *, uint16_t priority, const struct ofp_match *);

#endif
