/* Groups (OpenFlow 1.3.5 section 5.6): buckets of actions, of which one, the first live one, or all
 * are executed. A group never changes: a group mod replaces it by another. Groups are reference
 * counted, as rules are: by the bridge and by the effects of cached flows.
 *
 * Here: the store of a bridge's groups, liveness, and the choice by a hash. Codecs are
 * codec/group_mod.h, execution is xlate/action_group.c. Control thread. */
#ifndef OFPROTO_GROUP_GROUP_H
#define OFPROTO_GROUP_GROUP_H

#include <uthash.h>

#include "ofproto/codec/group_mod.h"
#include "ofproto/conn/changes.h"

struct ofproto;

/* Groups in each other. */
#define GROUP_MAX_CHAIN 32
#define GROUP_MAX_GROUPS 65536

struct group_counters {
    uint64_t packets;
    uint64_t bytes;
};

struct ofp_group {
    uint32_t id;
    uint32_t refs;
    uint32_t mark; /* Of the last search that came by. */
    uint64_t created_ms;
    struct group_counters counters;
    struct ofp_group_config config;         /* Owned. */
    struct group_counters *bucket_counters; /* One a bucket. */
    struct group_slots *slots;              /* Of slots.c; NULL: not needed yet. */
    UT_hash_handle hh;                      /* In the bridge. */
};

/* Takes the configuration over. Holds one reference. */
struct ofp_group *group_new(uint32_t id, struct ofp_group_config *, uint64_t now_ms);
void group_ref(struct ofp_group *);
void group_unref(struct ofp_group *); /* NULL is fine. */
struct ofp_group *group_find(const struct ofproto *, uint32_t id);
/* Makes it one of the bridge's groups, and no more; references stay the caller's. */
void group_link(struct ofproto *, struct ofp_group *);
void group_unlink(struct ofproto *, struct ofp_group *);
/* Of all of them, with the bridge. */
void group_flush(struct ofproto *);

/* Whether the bucket is live: its watch port is up, or its watch group has a live bucket. A bucket
 * that watches nothing is always live. */
bool group_bucket_lives(const struct ofproto *, const struct ofp_bucket *);
/* The bucket of a select group for a hash: in proportion to the weights of the live buckets, which
 * keep their hashes when another one dies. -1: no bucket is live. */
int group_select(const struct ofproto *, const struct ofp_group *, uint32_t hash);
/* The same by slots, in slots.c: the number of slots that hashes are spread over, a power of two of
 * at most 1024 (0: the weights differ too much for slots), and the bucket of a slot (-1: no bucket
 * is live). */
unsigned int group_n_slots(const struct ofp_group *);
int group_slot_bucket(const struct ofproto *, struct ofp_group *, unsigned int slot);

/* What a group mod changed, to be undone (a bundle that fails) or finished. */
struct group_changes {
    struct flow_changes flows;  /* Rules that went with their group. */
    struct ofp_group *added;    /* NULL: none. The bridge's. */
    struct ofp_group **removed; /* References. */
    size_t n_removed;
};
/* Carries it out: 0 or the error, and an error changes nothing. Takes what it needs out of the
 * message. */
int group_mod_change(struct ofproto *, struct ofp_group_mod *, uint64_t now_ms,
                     struct group_changes *);
/* Either ends the changes: takes them back, or completes them and reports removed rules. */
void group_changes_undo(struct group_changes *, struct ofproto *);
void group_changes_finish(struct group_changes *, struct ofproto *, uint64_t now_ms);
/* All of it: 0 or the error. */
int group_mod_apply(struct ofproto *, struct ofp_group_mod *, uint64_t now_ms);
/* Whether every group that the actions name exists: 0 or OFPERR_BAC_BAD_OUT_GROUP. */
int group_check_actions(const struct ofproto *, const void *actions, size_t len);

#endif
