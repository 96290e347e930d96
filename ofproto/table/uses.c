/* See uses.h. */
#include "ofproto/table/uses.h"

#include <stdlib.h>

#include "ofproto/codec/group_mod.h"
#include "ofproto/codec/meter_mod.h"

static uint64_t key_of(enum use_kind kind, uint32_t id)
{
    return (uint64_t)kind << 32 | id;
}

static struct used_thing *find(const struct uses *uses, uint64_t key)
{
    struct used_thing *thing;

    HASH_FIND(hh, uses->things, &key, sizeof key, thing);
    return thing;
}

static struct used_thing *find_or_make(struct uses *uses, uint64_t key)
{
    struct used_thing *thing = find(uses, key);

    if (!thing) {
        thing = xcalloc(1, sizeof *thing);
        thing->key = key;
        HASH_ADD(hh, uses->things, key, sizeof thing->key, thing);
    }
    return thing;
}

/* Whether the action names something. */
static bool names(const struct ofp_action *a, uint64_t *ret_key)
{
    if (a->type == OFP_ACTION_GROUP) {
        *ret_key = key_of(USE_OF_GROUP, ((const struct ofp_action_group *)a)->group_id);
    } else if (a->type == OFP_ACTION_METER) {
        *ret_key = key_of(USE_OF_METER, ((const struct ofp_action_meter *)a)->meter_id);
    } else {
        return false;
    }
    return true;
}

static void free_if_unused(struct uses *uses, struct used_thing *thing)
{
    if (!thing->n_rules && !thing->n_buckets) {
        HASH_DEL(uses->things, thing);
        free(thing);
    }
}

/* --- Options of tunnels. */

void uses_add_tlvs(struct uses *uses, uint64_t fields)
{
    for (; fields; fields &= fields - 1) {
        uses->n_tlv[__builtin_ctzll(fields)]++;
    }
}

void uses_remove_tlvs(struct uses *uses, uint64_t fields)
{
    for (; fields; fields &= fields - 1) {
        uses->n_tlv[__builtin_ctzll(fields)]--;
    }
}

uint64_t uses_of_tlvs(const struct uses *uses, uint64_t fields)
{
    uint64_t used = 0;

    for (; fields; fields &= fields - 1) {
        used |= uses->n_tlv[__builtin_ctzll(fields)] ? fields & -fields : 0;
    }
    return used;
}

static uint64_t tlvs_of_rule(const struct ofp_rule *rule)
{
    return rule_tlv_fields(rule) | ofp_actions_tlv_fields(rule->actions, rule->actions_len);
}

/* --- Rules. */

struct rule_in {
    struct uses *uses;
    struct ofp_rule *rule;
};

static int add_rule(const struct ofp_action *a, void *in_)
{
    struct rule_in *in = in_;
    struct used_thing *thing;
    struct rule_use *use;
    uint64_t key;

    if (!names(a, &key)) {
        return 0;
    }
    thing = find_or_make(in->uses, key);
    if (thing->n_rules && LIST_FIRST(&thing->rules)->rule == in->rule) {
        return 0; /* The rule names it twice. */
    }
    use = xmalloc(sizeof *use);
    *use = (struct rule_use){.of_rule = in->rule->uses, .thing = thing, .rule = in->rule};
    in->rule->uses = use;
    LIST_INSERT_HEAD(&thing->rules, use, of_thing);
    thing->n_rules++;
    return 0;
}

void uses_add_rule(struct uses *uses, struct ofp_rule *rule)
{
    ofp_actions_each(rule->actions, rule->actions_len, add_rule, &(struct rule_in){uses, rule});
    uses_add_tlvs(uses, tlvs_of_rule(rule));
}

void uses_remove_rule(struct uses *uses, struct ofp_rule *rule)
{
    uses_remove_tlvs(uses, tlvs_of_rule(rule));
    while (rule->uses) {
        struct rule_use *use = rule->uses;

        rule->uses = use->of_rule;
        LIST_REMOVE(use, of_thing);
        use->thing->n_rules--;
        free_if_unused(uses, use->thing);
        free(use);
    }
}

/* --- Buckets. */

static int add_bucket(const struct ofp_action *a, void *uses)
{
    uint64_t key;

    if (names(a, &key)) {
        find_or_make(uses, key)->n_buckets++;
    }
    return 0;
}

static int remove_bucket(const struct ofp_action *a, void *uses)
{
    struct used_thing *thing;
    uint64_t key;

    if (names(a, &key)) {
        thing = find(uses, key);
        thing->n_buckets--;
        free_if_unused(uses, thing);
    }
    return 0;
}

void uses_add_bucket(struct uses *uses, const struct ofp_actions *actions)
{
    ofp_actions_each(actions->data, actions->len, add_bucket, uses);
    uses_add_tlvs(uses, ofp_actions_tlv_fields(actions->data, actions->len));
}

void uses_remove_bucket(struct uses *uses, const struct ofp_actions *actions)
{
    ofp_actions_each(actions->data, actions->len, remove_bucket, uses);
    uses_remove_tlvs(uses, ofp_actions_tlv_fields(actions->data, actions->len));
}

/* --- Questions. */

uint32_t uses_count(const struct uses *uses, enum use_kind kind, uint32_t id, uint32_t *ret_buckets)
{
    const struct used_thing *thing = find(uses, key_of(kind, id));

    if (ret_buckets) {
        *ret_buckets = thing ? thing->n_buckets : 0;
    }
    return thing ? thing->n_rules + thing->n_buckets : 0;
}

void uses_each_rule(const struct uses *uses, enum use_kind kind, uint32_t id,
                    void (*cb)(struct ofp_rule *, void *aux), void *aux)
{
    struct used_thing *thing = find(uses, key_of(kind, id));
    uint32_t left = thing ? thing->n_rules : 0;
    struct rule_use *use = thing ? LIST_FIRST(&thing->rules) : NULL;

    while (left--) {
        struct rule_use *next = LIST_NEXT(use, of_thing);

        cb(use->rule, aux);
        use = next;
    }
}
