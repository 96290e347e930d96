/* See group.h. Here: groups as they are; what group mods do to them is in group_mod.c. */
#include "ofproto/group/group.h"

#include <stdlib.h>

#include "lib/hash.h"
#include "ofproto/bridge.h"

struct ofp_group *group_new(uint32_t id, struct ofp_group_config *config, uint64_t now_ms)
{
    struct ofp_group *group = xcalloc(1, sizeof *group);

    group->id = id;
    group->refs = 1;
    group->created_ms = now_ms;
    group->config = *config;
    group->bucket_counters = xcalloc(config->n + 1, sizeof *group->bucket_counters);
    memset(config, 0, sizeof *config);
    return group;
}

void group_ref(struct ofp_group *group)
{
    group->refs++;
}

void group_unref(struct ofp_group *group)
{
    if (!group || --group->refs) {
        return;
    }
    ofp_group_config_free(&group->config);
    free(group->bucket_counters);
    free(group->slots);
    free(group);
}

struct ofp_group *group_find(const struct ofproto *bridge, uint32_t id)
{
    struct ofp_group *group;

    HASH_FIND(hh, bridge->groups, &id, sizeof id, group);
    return group;
}

/* The options of tunnels by which it chooses buckets. */
static uint64_t hashed_tlvs(const struct ofp_group *group)
{
    return group->config.fields ? group->config.fields->tun_metadata_present : 0;
}

void group_link(struct ofproto *bridge, struct ofp_group *group)
{
    HASH_ADD(hh, bridge->groups, id, sizeof group->id, group);
    for (unsigned int i = 0; i < group->config.n; i++) {
        uses_add_bucket(&bridge->uses, &group->config.bucket[i].actions);
    }
    uses_add_tlvs(&bridge->uses, hashed_tlvs(group));
    bridge_changed(bridge);
}

void group_unlink(struct ofproto *bridge, struct ofp_group *group)
{
    HASH_DEL(bridge->groups, group);
    for (unsigned int i = 0; i < group->config.n; i++) {
        uses_remove_bucket(&bridge->uses, &group->config.bucket[i].actions);
    }
    uses_remove_tlvs(&bridge->uses, hashed_tlvs(group));
    bridge_changed(bridge);
}

void group_flush(struct ofproto *bridge)
{
    struct ofp_group *group, *next;

    HASH_ITER (hh, bridge->groups, group, next) {
        group_unlink(bridge, group);
        group_unref(group);
    }
}

/* --- Liveness. */

/* Groups may watch each other in circles, and many: what is not found alive in so many steps is
 * dead. */
#define MAX_WATCH_DEPTH 4
#define MAX_WATCH_STEPS 256

static bool lives(const struct ofproto *bridge, const struct ofp_bucket *b, unsigned int depth,
                  unsigned int *steps)
{
    const struct ofport *port = ofport_by_number(bridge, b->watch_port);
    const struct ofp_group *group;

    if (b->watch_port == OFP_PORT_NONE && b->watch_group == OFP_GROUP_ANY) {
        return true;
    }
    if (port && port->up) {
        return true;
    }
    group = depth && b->watch_group != OFP_GROUP_ANY ? group_find(bridge, b->watch_group) : NULL;
    for (unsigned int i = 0; group && i < group->config.n && *steps; i++) {
        --*steps;
        if (lives(bridge, &group->config.bucket[i], depth - 1, steps)) {
            return true;
        }
    }
    return false;
}

bool group_bucket_lives(const struct ofproto *bridge, const struct ofp_bucket *bucket)
{
    unsigned int steps = MAX_WATCH_STEPS;

    return lives(bridge, bucket, MAX_WATCH_DEPTH, &steps);
}

/* --- Selection: highest random weight. */

/* -log2(x / 2^32) with 24 bits behind the point; x is not 0. */
static uint32_t minus_log2(uint32_t x)
{
    unsigned int whole = 31 - (unsigned int)__builtin_clz(x);
    uint64_t m = (uint64_t)x << (31 - whole); /* 1 to 2, with 31 bits behind the point. */
    uint32_t part = 0;

    for (unsigned int bit = 0; bit < 24; bit++) {
        m = m * m >> 31;
        part <<= 1;
        if (m >> 32) {
            part |= 1;
            m >>= 1;
        }
    }
    return (32 - whole) * (1u << 24) - part;
}

/* Each bucket draws a waiting time, exponential with its weight for a rate; the first one wins. So
 * each wins as often as its weight says, and takes nothing from another by leaving. */
int group_select(const struct ofproto *bridge, const struct ofp_group *group, uint32_t hash)
{
    uint64_t best_time = 0, best_weight = 0;
    int best = -1;

    for (unsigned int i = 0; i < group->config.n; i++) {
        const struct ofp_bucket *b = &group->config.bucket[i];
        uint32_t draw[2] = {hash, b->id}, x;
        uint64_t time;

        if (!b->weight || !group_bucket_lives(bridge, b)) {
            continue;
        }
        x = (uint32_t)hash_bytes(draw, sizeof draw, 0);
        time = minus_log2(x ? x : 1);
        if (best < 0 || time * best_weight < best_time * b->weight) {
            best = (int)i;
            best_time = time;
            best_weight = b->weight;
        }
    }
    return best;
}
