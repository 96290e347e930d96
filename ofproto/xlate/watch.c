/* Watched effects: those of cached flows, whose lookups lie in the index of their table
 * (table/lookup_index.h), so that a rule that changed finds them. Called by vswitchd's upcall
 * handling. Control thread. */
#include <stdlib.h>

#include "ofproto/xlate/effects.h"

struct watched_lookup {
    struct lookup lookup;
    struct effects_watch *watch;
    const struct effect *effect;
};

struct effects_watch {
    struct ofproto_effects *effects;
    const struct flow_key *masked;
    const struct flow_mask *mask;
    void *owner;
    bool is_concerned; /* And in the set's list. */
    TAILQ_ENTRY(effects_watch) concerned;
    uint32_t n;
    struct watched_lookup lookup[];
};

static void tell_known(const struct lookup *lookup, struct known_flow *ret)
{
    const struct watched_lookup *l = CONTAINER_OF(lookup, struct watched_lookup, lookup);

    known_get(&l->watch->effects->known, l->effect->known, l->watch->masked, l->watch->mask, ret);
}

static struct lookup_index *index_of(const struct effect *e)
{
    return &e->bridge->lookups[e->table_id];
}

void ofproto_effects_watch(struct ofproto_effects *effects, const struct flow_key *masked,
                           const struct flow_mask *mask, void *owner)
{
    struct effects_watch *w;
    uint32_t n = 0;

    for (uint32_t i = 0; i < effects->n; i++) {
        n += effects->effect[i].kind == EFFECT_LOOKUP;
    }
    w = xcalloc(1, sizeof *w + n * sizeof w->lookup[0]);
    *w = (struct effects_watch){.effects = effects, .masked = masked, .mask = mask, .owner = owner};
    effects->watch = w;
    for (uint32_t i = 0; i < effects->n; i++) {
        const struct effect *e = &effects->effect[i];

        if (e->kind == EFFECT_LOOKUP) {
            struct watched_lookup *l = &w->lookup[w->n++];

            *l = (struct watched_lookup){{.priority = e->priority}, w, e};
            lookup_index_add(index_of(e), &l->lookup, tell_known);
        }
    }
}

static void no_concern(struct effects_watch *w)
{
    if (w->is_concerned) {
        w->is_concerned = false;
        TAILQ_REMOVE(&w->effects->set->concerned, w, concerned);
    }
}

void effects_unwatch(struct ofproto_effects *effects)
{
    struct effects_watch *w = effects->watch;

    if (w) {
        no_concern(w);
        for (uint32_t i = 0; i < w->n; i++) {
            lookup_index_remove(index_of(w->lookup[i].effect), &w->lookup[i].lookup);
        }
        free(w);
        effects->watch = NULL;
    }
}

bool effects_are_concerned(const struct ofproto_effects *effects)
{
    return effects->watch && effects->watch->is_concerned;
}

/* The index has found a lookup that the event may concern. */
static void candidate(struct lookup *lookup, void *event_)
{
    struct effects_watch *w = CONTAINER_OF(lookup, struct watched_lookup, lookup)->watch;
    const struct rule_event *event = event_;
    struct known_flow known;

    if (w->is_concerned || event->version <= w->effects->version) {
        return;
    }
    tell_known(lookup, &known);
    if (rule_may_match(event->rule, &known)) {
        w->is_concerned = true;
        TAILQ_INSERT_TAIL(&w->effects->set->concerned, w, concerned);
    }
}

static void search(const struct rule_event *event, void *bridge_)
{
    struct ofproto *bridge = bridge_;

    lookup_index_find(&bridge->lookups[event->rule->table_id], event->rule, candidate,
                      (void *)event);
}

bool ofproto_find_concerned(struct ofproto_set *set, uint64_t since)
{
    uint64_t n_changes = set->generation - since, n_events = 0;
    struct ofproto *bridge;

    if (n_changes > HISTORY_EVENTS) {
        return false;
    }
    for (bridge = set->bridges; bridge; bridge = bridge->hh.next) {
        n_events += rule_history_since(&bridge->history, since, NULL, NULL);
    }
    if (n_events != n_changes) {
        return false; /* Something else changed, too. */
    }
    for (bridge = set->bridges; bridge; bridge = bridge->hh.next) {
        rule_history_since(&bridge->history, since, search, bridge);
    }
    return true;
}

void *ofproto_next_concerned(struct ofproto_set *set)
{
    struct effects_watch *w = TAILQ_FIRST(&set->concerned);

    if (!w) {
        return NULL;
    }
    no_concern(w);
    return w->owner;
}
