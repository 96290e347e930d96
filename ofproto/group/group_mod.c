/* What group mods do to the groups of a bridge (OpenFlow 1.5.1 section 6.7): each makes a new group
 * or fails and changes nothing. See group.h. */
#include <stdlib.h>

#include "ofproto/bridge.h"
#include "ofproto/codec/flow_removed.h"
#include "ofproto/group/group.h"
#include "ofproto/meter/meter.h"

static int check_exists(uint32_t group_id, void *bridge)
{
    return group_find(bridge, group_id) ? 0 : OFPERR_BAC_BAD_OUT_GROUP;
}

int group_check_actions(const struct ofproto *bridge, const void *actions, size_t len)
{
    return ofp_actions_each_group(actions, len, check_exists, (void *)bridge);
}

/* --- Groups that lead to each other. */

struct search {
    const struct ofproto *bridge;
    uint32_t wanted;
    uint32_t mark;
    unsigned int depth; /* Left. */
};

static int search_buckets(struct search *, const struct ofp_group_config *);

static int search_group(uint32_t group_id, void *search_)
{
    struct search *s = search_;
    struct ofp_group *group = group_find(s->bridge, group_id);
    int rc;

    if (group_id == s->wanted || !s->depth) {
        return OFPERR_GMFC_LOOP;
    }
    if (!group || group->mark == s->mark) {
        return 0;
    }
    group->mark = s->mark;
    s->depth--;
    rc = search_buckets(s, &group->config);
    s->depth++;
    return rc;
}

static int search_buckets(struct search *s, const struct ofp_group_config *config)
{
    int rc = 0;

    for (unsigned int i = 0; i < config->n && !rc; i++) {
        const struct ofp_actions *a = &config->bucket[i].actions;

        rc = ofp_actions_each_group(a->data, a->len, search_group, s);
    }
    return rc;
}

/* Every group that the buckets name exists and leads not back to this one. Long chains, which no
 * packet would get through either, count as loops. */
static int check_chain(const struct ofproto *bridge, uint32_t group_id,
                       const struct ofp_group_config *config)
{
    static uint32_t last_mark;
    struct search s = {bridge, group_id, ++last_mark, GROUP_MAX_CHAIN};
    int rc = search_buckets(&s, config);

    for (unsigned int i = 0; i < config->n && !rc; i++) {
        const struct ofp_actions *a = &config->bucket[i].actions;

        rc = group_check_actions(bridge, a->data, a->len);
        rc = rc ? rc : meter_check_actions(bridge, a->data, a->len);
    }
    return rc;
}

/* --- What changes is noted. */

static void take_out(struct ofproto *bridge, struct ofp_group *group, struct group_changes *changes)
{
    changes->removed = xrealloc(changes->removed,
                                (changes->n_removed + 1) * sizeof(struct ofp_group *));
    changes->removed[changes->n_removed++] = group;
    group_unlink(bridge, group);
}

void group_changes_undo(struct group_changes *changes, struct ofproto *bridge)
{
    if (changes->added) {
        group_unlink(bridge, changes->added);
        group_unref(changes->added);
    }
    for (size_t i = 0; i < changes->n_removed; i++) {
        group_link(bridge, changes->removed[i]);
    }
    flow_changes_undo(&changes->flows, bridge);
    free(changes->removed);
    *changes = (struct group_changes){0};
}

void group_changes_finish(struct group_changes *changes, struct ofproto *bridge, uint64_t now_ms)
{
    for (size_t i = 0; i < changes->n_removed; i++) {
        group_unref(changes->removed[i]);
    }
    flow_changes_finish(&changes->flows, bridge, now_ms, NULL);
    free(changes->removed);
    *changes = (struct group_changes){0};
}

/* --- Adding and changing. */

static int put(struct ofproto *bridge, uint32_t id, struct ofp_group_config *config,
               uint64_t now_ms, struct group_changes *changes)
{
    struct ofp_group *old = group_find(bridge, id), *group;
    int rc = check_chain(bridge, id, config);

    if (rc) {
        return rc;
    }
    if (!old && HASH_COUNT(bridge->groups) >= GROUP_MAX_GROUPS) {
        return OFPERR_GMFC_OUT_OF_GROUPS;
    }
    changes->added = group = group_new(id, config, now_ms);
    if (old) {
        group->created_ms = old->created_ms;
        take_out(bridge, old, changes);
    }
    group_link(bridge, group);
    return 0;
}

/* --- Deleting. */

struct removal {
    struct ofproto *bridge;
    struct flow_changes *changes;
};

static void remove_rule_cb(struct ofp_rule *rule, void *removal_)
{
    struct removal *r = removal_;

    flow_changes_remove(r->changes, r->bridge, rule, OFPRR_GROUP_DELETE);
}

/* Rules that lead to it go with it: OpenFlow 1.3.5 section 6.5. */
static void remove_rules(struct ofproto *bridge, uint32_t group_id, struct group_changes *changes)
{
    struct removal r = {bridge, &changes->flows};

    uses_each_rule(&bridge->uses, USE_OF_GROUP, group_id, remove_rule_cb, &r);
}

static int delete (struct ofproto *bridge, uint32_t group_id, struct group_changes *changes)
{
    struct ofp_group *group, *next;
    uint32_t n_chained;

    if (group_id == OFP_GROUP_ALL) {
        HASH_ITER (hh, bridge->groups, group, next) {
            remove_rules(bridge, group->id, changes);
            take_out(bridge, group, changes);
        }
        return 0;
    }
    group = group_find(bridge, group_id);
    if (!group) {
        return 0;
    }
    uses_count(&bridge->uses, USE_OF_GROUP, group_id, &n_chained);
    if (n_chained) {
        return OFPERR_GMFC_CHAINED_GROUP;
    }
    remove_rules(bridge, group_id, changes);
    take_out(bridge, group, changes);
    return 0;
}

/* --- Single buckets. */

/* -1: no bucket has this id. */
static int place_of(const struct ofp_group_config *c, uint32_t bucket_id)
{
    for (unsigned int i = 0; i < c->n; i++) {
        if (c->bucket[i].id == bucket_id) {
            return (int)i;
        }
    }
    return -1;
}

static void copy_bucket(struct ofp_bucket *to, const struct ofp_bucket *from)
{
    *to = *from;
    if (from->actions.len) {
        to->actions.data = xmemdup(from->actions.data, from->actions.len);
        to->actions.size = from->actions.len;
    } else {
        to->actions = (struct ofp_actions)OFP_ACTIONS_INIT;
    }
}

/* The group's configuration with buckets 'first' to 'end' left out and those of 'more' (NULL: none)
 * in their place. */
static void splice(const struct ofp_group_config *c, unsigned int first, unsigned int end,
                   const struct ofp_group_config *more, struct ofp_group_config *ret)
{
    unsigned int n_more = more ? more->n : 0;

    *ret = *c;
    ret->n = 0;
    ret->bucket = xcalloc(c->n - (end - first) + n_more + 1, sizeof *ret->bucket);
    if (c->fields) {
        ret->fields = xmemdup(c->fields, sizeof *c->fields);
        ret->fields_wire = xmemdup(c->fields_wire, c->fields_wire_len);
    }
    for (unsigned int i = 0; i < first; i++) {
        copy_bucket(&ret->bucket[ret->n++], &c->bucket[i]);
    }
    for (unsigned int i = 0; i < n_more; i++) {
        copy_bucket(&ret->bucket[ret->n++], &more->bucket[i]);
    }
    for (unsigned int i = end; i < c->n; i++) {
        copy_bucket(&ret->bucket[ret->n++], &c->bucket[i]);
    }
}

static int put_spliced(struct ofproto *bridge, uint32_t id, struct ofp_group_config *config,
                       uint64_t now_ms, struct group_changes *changes)
{
    int rc = ofp_group_check_buckets(config);

    if (!rc) {
        rc = put(bridge, id, config, now_ms, changes);
    }
    ofp_group_config_free(config);
    return rc;
}

static int insert_buckets(struct ofproto *bridge, const struct ofp_group_mod *gm, uint64_t now_ms,
                          struct group_changes *changes)
{
    const struct ofp_group *group = group_find(bridge, gm->group_id);
    struct ofp_group_config config;
    unsigned int at;

    if (!group) {
        return OFPERR_GMFC_UNKNOWN_GROUP;
    }
    for (unsigned int i = 0; i < gm->config.n; i++) {
        if (place_of(&group->config, gm->config.bucket[i].id) >= 0) {
            return OFPERR_GMFC_BUCKET_EXISTS;
        }
    }
    if (gm->command_bucket_id == OFP_BUCKET_FIRST) {
        at = 0;
    } else if (gm->command_bucket_id == OFP_BUCKET_LAST) {
        at = group->config.n;
    } else {
        at = (unsigned int)(place_of(&group->config, gm->command_bucket_id) + 1);
        if (!at) {
            return OFPERR_GMFC_UNKNOWN_BUCKET;
        }
    }
    splice(&group->config, at, at, &gm->config, &config);
    return put_spliced(bridge, gm->group_id, &config, now_ms, changes);
}

static int remove_buckets(struct ofproto *bridge, const struct ofp_group_mod *gm, uint64_t now_ms,
                          struct group_changes *changes)
{
    const struct ofp_group *group = group_find(bridge, gm->group_id);
    struct ofp_group_config config;
    unsigned int n, first = 0, end;
    int at;

    if (!group) {
        return OFPERR_GMFC_UNKNOWN_GROUP;
    }
    n = end = group->config.n;
    if (gm->command_bucket_id == OFP_BUCKET_FIRST) {
        end = MIN_OF(n, 1u);
    } else if (gm->command_bucket_id == OFP_BUCKET_LAST) {
        first = n ? n - 1 : 0;
    } else if (gm->command_bucket_id != OFP_BUCKET_ALL) {
        at = place_of(&group->config, gm->command_bucket_id);
        if (at < 0) {
            return OFPERR_GMFC_UNKNOWN_BUCKET;
        }
        first = (unsigned int)at;
        end = first + 1;
    }
    splice(&group->config, first, end, NULL, &config);
    return put_spliced(bridge, gm->group_id, &config, now_ms, changes);
}

int group_mod_change(struct ofproto *bridge, struct ofp_group_mod *gm, uint64_t now_ms,
                     struct group_changes *changes)
{
    bool exists = group_find(bridge, gm->group_id) != NULL;

    switch (gm->command) {
    case OFP_GROUP_ADD:
        return exists ? OFPERR_GMFC_GROUP_EXISTS
                      : put(bridge, gm->group_id, &gm->config, now_ms, changes);
    case OFP_GROUP_MODIFY:
        return exists ? put(bridge, gm->group_id, &gm->config, now_ms, changes)
                      : OFPERR_GMFC_UNKNOWN_GROUP;
    case OFP_GROUP_ADD_OR_MODIFY: return put(bridge, gm->group_id, &gm->config, now_ms, changes);
    case OFP_GROUP_INSERT_BUCKET: return insert_buckets(bridge, gm, now_ms, changes);
    case OFP_GROUP_REMOVE_BUCKET: return remove_buckets(bridge, gm, now_ms, changes);
    default: return delete (bridge, gm->group_id, changes);
    }
}

int group_mod_apply(struct ofproto *bridge, struct ofp_group_mod *gm, uint64_t now_ms)
{
    struct group_changes changes = {0};
    int rc = group_mod_change(bridge, gm, now_ms, &changes);

    group_changes_finish(&changes, bridge, now_ms); /* Of one that failed: none. */
    return rc;
}
