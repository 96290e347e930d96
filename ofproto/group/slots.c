/* Slots of select groups: a hash's low bits choose a slot, and the slot a bucket, so that a group
 * needs as many cached flows as it has slots, however many connections go through it.
 *
 * Each bucket has as many slots as its weight says, to the nearest whole number (Webster's method:
 * the next slot goes to whom the fewest would be wronged by), and takes those that its own
 * permutation of them offers first. So few connections move when buckets come and go; when one
 * dies, only its slots are shared out among the living, and it gets them back. Nothing here depends
 * on the process. Control thread. */
#include <stdlib.h>

#include "lib/hash.h"
#include "ofproto/bridge.h"
#include "ofproto/group/group.h"

#define MIN_SLOTS 16
#define USUAL_MAX_SLOTS 256
#define MAX_SLOTS 1024
#define SLOTS_OF_LEAST 8 /* Those of the bucket with the least weight, while that is possible. */

struct group_slots {
    uint64_t version; /* Of bridge and ports. */
    unsigned int n;
    int16_t bucket[]; /* -1: none lives. */
};

static unsigned int power_of_two(uint64_t at_least)
{
    unsigned int n = MIN_SLOTS;

    while (n < at_least && n < MAX_SLOTS) {
        n *= 2;
    }
    return n;
}

unsigned int group_n_slots(const struct ofp_group *group)
{
    uint64_t total = 0, least = UINT64_MAX, ratio;

    for (unsigned int i = 0; i < group->config.n; i++) {
        uint64_t weight = group->config.bucket[i].weight;

        total += weight;
        least = weight ? MIN_OF(least, weight) : least;
    }
    ratio = total ? (total + least - 1) / least : 1;
    if (ratio > MAX_SLOTS) {
        return 0;
    }
    return power_of_two(MAX_OF(ratio, MIN_OF(ratio * SLOTS_OF_LEAST, (uint64_t)USUAL_MAX_SLOTS)));
}

/* Who takes part in sharing out slots, and what it has got. */
struct taker {
    uint32_t weight; /* 0: takes none. */
    uint32_t have;
    uint32_t next, step; /* Its permutation of the slots. */
};

static struct taker *takers_new(const struct ofp_group *group, unsigned int n_slots)
{
    struct taker *t = xcalloc(group->config.n + 1, sizeof *t);

    for (unsigned int i = 0; i < group->config.n; i++) {
        const struct ofp_bucket *b = &group->config.bucket[i];
        uint64_t hash = hash_bytes(&b->id, sizeof b->id, n_slots);

        t[i].weight = b->weight;
        t[i].next = (uint32_t)hash;
        t[i].step = (uint32_t)(hash >> 32) | 1; /* Odd: it comes by every slot. */
    }
    return t;
}

/* Whose turn it is; -1: nobody takes any. */
static int next_taker(const struct taker *t, unsigned int n)
{
    int best = -1;

    for (unsigned int i = 0; i < n; i++) {
        if (t[i].weight && (best < 0 || (uint64_t)t[i].weight * (2 * t[best].have + 1) >
                                            (uint64_t)t[best].weight * (2 * t[i].have + 1))) {
            best = (int)i;
        }
    }
    return best;
}

/* Gives away the slots that nobody has. */
static void share_out(struct group_slots *slots, struct taker *t, unsigned int n)
{
    unsigned int left = 0;

    for (unsigned int s = 0; s < slots->n; s++) {
        left += slots->bucket[s] < 0;
    }
    while (left) {
        int who = next_taker(t, n);

        if (who < 0) {
            return;
        }
        while (slots->bucket[t[who].next & (slots->n - 1)] >= 0) {
            t[who].next += t[who].step;
        }
        slots->bucket[t[who].next & (slots->n - 1)] = (int16_t)who;
        t[who].have++;
        left--;
    }
}

static void fill(const struct ofproto *bridge, const struct ofp_group *group,
                 struct group_slots *slots)
{
    unsigned int n = group->config.n;
    struct taker *t = takers_new(group, slots->n);

    for (unsigned int s = 0; s < slots->n; s++) {
        slots->bucket[s] = -1;
    }
    share_out(slots, t, n);
    for (unsigned int i = 0; i < n; i++) {
        if (!group_bucket_lives(bridge, &group->config.bucket[i])) {
            t[i].weight = 0;
        }
    }
    for (unsigned int s = 0; s < slots->n; s++) {
        if (slots->bucket[s] >= 0 && !t[slots->bucket[s]].weight) {
            slots->bucket[s] = -1;
        }
    }
    share_out(slots, t, n);
    free(t);
}

int group_slot_bucket(const struct ofproto *bridge, struct ofp_group *group, unsigned int slot)
{
    uint64_t version = MAX_OF(bridge->version, bridge->set->ports_version);
    unsigned int n = group_n_slots(group);

    if (!group->slots) {
        group->slots = xcalloc(1, sizeof *group->slots + n * sizeof group->slots->bucket[0]);
        group->slots->n = n;
    }
    if (group->slots->version != version) {
        fill(bridge, group, group->slots);
        group->slots->version = version;
    }
    return group->slots->bucket[slot & (n - 1)];
}
