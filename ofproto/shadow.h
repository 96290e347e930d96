/* Tables in the making: rules that come to a bridge all at once, a million of them perhaps, are put
 * into tables that nobody sees, little by little. Then these take the place of the bridge's, with
 * the rules that were there. Rules that name groups or meters, or that learn for as long as they
 * live, have no place here: what they name is the bridge's. Control thread. */
#ifndef OFPROTO_SHADOW_H
#define OFPROTO_SHADOW_H

#include "ofproto/bridge.h"

struct shadow;

struct shadow *shadow_new(struct ofproto *);
/* Gives its rules back, if it still has any; their references that it had are dropped. NULL is
 * fine. */
void shadow_free(struct shadow *);
/* Whether rules with these actions may come. */
bool shadow_may_have(const void *actions, uint32_t len);
/* Takes over a reference. The rule replaces one with its match and priority. */
void shadow_add(struct shadow *, uint8_t table_id, struct ofp_rule *);
/* True: the rules are the bridge's now, each as bridge_add_rule() would have put it, and with the
 * counters of the one that it replaces unless its flags say otherwise. False: nothing is changed,
 * as there are too many rules already to do so at once, or too many in all, or somebody must know
 * of each, or tables evict. */
bool shadow_swap(struct shadow *);

#endif
