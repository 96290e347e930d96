/* The numbers that the datapath knows meters by: each is taken, or leaving while something may
 * still use it; and what else the files of ofproto/meter share. For the files of ofproto/meter
 * alone; control thread. */
#ifndef OFPROTO_METER_NUMBERS_H
#define OFPROTO_METER_NUMBERS_H

#include <sys/queue.h>

#include "ofproto/meter/meter.h"

/* Numbers of meters that were deleted together, until no cached flow names them. */
struct leaving_meters {
    LIST_ENTRY(leaving_meters) node;
    struct ofproto_set *set;
    size_t n;
    uint32_t *numbers;
};

struct meter_numbers {
    uint64_t taken[DP_MAX_METERS / 64];
    uint64_t deleting[DP_MAX_METERS / 64]; /* Taken; the datapath was asked to delete it. */
    uint32_t n_taken;
    uint32_t next; /* To try first. */
    uint32_t read_cursor;
    uint64_t boot_id; /* Of the datapath whose counters are read. */
    struct ofp_meter *meters;
    LIST_HEAD(leaving_list, leaving_meters) leaving;
};

/* In meter.c: what meter_mod_apply() is made of. They fail when the datapath has no room now. */
int meter_add(struct ofproto *, uint32_t id, const struct ofp_meter_config *, uint64_t now_ms);
int meter_change(struct ofproto_set *, struct ofp_meter *, const struct ofp_meter_config *);
int meter_put(struct ofproto_set *, struct ofp_meter *, const struct ofp_meter_config *);
/* Frees it, and returns its number, which is to leave; the second of one that its bridge has not
 * any more. */
uint32_t meter_remove(struct ofproto *, struct ofp_meter *);
uint32_t meter_end(struct ofproto_set *, struct ofp_meter *);
/* A change was taken back: its bands had counted so much. */
void meter_restore_bands(struct ofp_meter *, const struct dp_meter_stats *);

/* DP_NO_METER: all are taken. */
uint32_t meter_number_take(struct meter_numbers *);
void meter_number_give_back(struct meter_numbers *, uint32_t number);
/* Takes over the array. The numbers are given back when the datapath has no such meters any more.
 */
void meter_numbers_leave(struct ofproto_set *, uint32_t *numbers, size_t n);
/* The datapath has deleted it; false: it was not asked to. */
bool meter_number_deleted(struct meter_numbers *, uint32_t number);
/* A datapath that was asked to delete some will not answer. */
void meter_numbers_forget_deleting(struct meter_numbers *);

#endif
