/* Meters (OpenFlow 1.3.5 section 5.7), which limit the rate of the packets that rules send through
 * them. The datapath does the metering (datapath/flow/meter.h). This module knows which meters a
 * bridge has, the number of each in the datapath, and what they counted, which outlives a datapath.
 *
 * Each meter of a set has a datapath number of its own. The number of a deleted meter is free again
 * when no cached flow can name it any more. When a meter's bands change, no cached flow does.
 * Control thread. */
#ifndef OFPROTO_METER_METER_H
#define OFPROTO_METER_METER_H

#include <uthash.h>

#include "ofproto/bridge.h"
#include "ofproto/codec/meter_mod.h"
#include "ofproto/conn/changes.h"

struct ofp_meter {
    uint32_t id;
    uint32_t dp_no;
    uint64_t created_ms;
    struct ofp_meter_config config;
    unsigned int n_puts;          /* Puts that the datapath has not completed. */
    bool resets_bands;            /* Reset the bands' counters when the last of them completes. */
    struct dp_meter_stats before; /* Counted by datapaths that are gone. */
    struct dp_meter_stats zero;   /* The datapath's counters when this meter began to use them. */
    struct dp_meter_stats last;   /* The datapath's counters as read last. */
    UT_hash_handle hh;            /* In the bridge, by id. */
    UT_hash_handle by_no;         /* In the set, by dp_no. */
};

/* The numbers of a set's meters. */
struct meter_numbers *meter_numbers_new(void);
void meter_numbers_free(struct meter_numbers *);

struct ofp_meter *meter_find(const struct ofproto *, uint32_t id);
/* The datapath's number of a meter of the bridge; DP_NO_METER when there is no such meter. */
uint32_t meter_dp_no(const struct ofproto *, uint32_t id);
/* Whether it may change packets' DSCP. */
bool meter_remarks(const struct ofp_meter *);
/* All of them, with the bridge. */
void meter_flush(struct ofproto *);

/* What a meter mod changed, to be undone (a bundle that fails) or finished. */
struct meter_changes {
    struct flow_changes flows;  /* Rules that went with their meter. */
    struct ofp_meter *added;    /* NULL: none. The bridge's; so is the next. */
    struct ofp_meter *modified; /* NULL: none. */
    struct ofp_meter_config before;
    struct dp_meter_stats counted; /* By the modified one. */
    struct ofp_meter **removed;    /* Not in the bridge any more, but still in the datapath. */
    size_t n_removed;
};
/* Carries it out: 0 or the error, and an error changes nothing. */
int meter_mod_change(struct ofproto *, const struct ofp_meter_mod *, uint64_t now_ms,
                     struct meter_changes *);
/* Either ends the changes: takes them back, or completes them and reports removed rules. */
void meter_changes_undo(struct meter_changes *, struct ofproto *);
void meter_changes_finish(struct meter_changes *, struct ofproto *, uint64_t now_ms);
/* All of it: 0 or the error. */
int meter_mod_apply(struct ofproto *, const struct ofp_meter_mod *, uint64_t now_ms);
/* Whether every meter that the actions name exists: 0 or OFPERR_MMFC_INVALID_METER. */
int meter_check_actions(const struct ofproto *, const void *actions, size_t len);

/* What the meter has counted. */
void meter_read(struct ofproto_set *, struct ofp_meter *, struct dp_meter_stats *ret);
/* How many rules refer to it. */
uint32_t meter_n_rules(const struct ofproto *, const struct ofp_meter *);
/* Reads the counters of some meters, so that little is lost if the datapath dies. Call every
 * second. */
void meter_read_some(struct ofproto_set *);

#endif
