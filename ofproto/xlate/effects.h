/* Effects: what a cached flow's packets are credited to, and what its verdict depended on.
 *
 * Recorded during translation, kept by the owner of the cached flow. Names things by number or
 * address where they may go away first, holds references to rules and bridges. Control thread. */
#ifndef OFPROTO_XLATE_EFFECTS_H
#define OFPROTO_XLATE_EFFECTS_H

#include "ofproto/bridge.h"
#include "ofproto/xlate/known.h"

struct ofproto_effects *effects_new(struct ofproto_set *);
void effects_add_rule(struct ofproto_effects *, struct ofp_rule *);
void effects_add_mac(struct ofproto_effects *, struct ofproto *, uint16_t vlan,
                     const uint8_t mac[6], uint16_t ofport);
void effects_add_patch(struct ofproto_effects *, const struct ofport *from);
/* A lookup of 'now' found 'rule', or NULL: counts for its table, and depends on the table's rules.
 * 'looked' is what it read. */
void effects_add_lookup(struct ofproto_effects *, struct ofproto *, uint8_t table_id,
                        const struct ofp_rule *rule, const struct xlate_packet *now,
                        const struct ofp_flow *looked);
/* Of a group, and of the bucket that was carried out. */
void effects_add_group(struct ofproto_effects *, struct ofp_group *);
void effects_add_bucket(struct ofproto_effects *, struct ofp_group *, unsigned int bucket);
/* To be done again as packets come; takes it over. */
struct rule_change;
void effects_add_change(struct ofproto_effects *, struct rule_change *);
struct packet_origin;
void effects_add_origin(struct ofproto_effects *, struct packet_origin *);
/* The verdict depends on the bridge's configuration and groups; on a bucket of its MAC table. */
void effects_depend_bridge(struct ofproto_effects *, struct ofproto *);
void effects_depend_mac(struct ofproto_effects *, struct ofproto *, unsigned int bucket);

#endif
