/* A bridge's meters, and the datapath's side of them; see meter.h. What meter mods do is in
 * meter_mod.c. */
#include "ofproto/meter/meter.h"

#include <errno.h>
#include <stdlib.h>

#include "ofproto/meter/numbers.h"

#define READ_AT_ONCE 1024 /* Meters, of meter_read_some(). */

struct ofp_meter *meter_find(const struct ofproto *bridge, uint32_t id)
{
    struct ofp_meter *meter;

    HASH_FIND(hh, bridge->meters, &id, sizeof id, meter);
    return meter;
}

uint32_t meter_dp_no(const struct ofproto *bridge, uint32_t id)
{
    const struct ofp_meter *meter = meter_find(bridge, id);

    return meter ? meter->dp_no : DP_NO_METER;
}

bool meter_remarks(const struct ofp_meter *meter)
{
    for (unsigned int i = 0; i < meter->config.n; i++) {
        if (meter->config.band[i].type == OFP_BAND_DSCP_REMARK) {
            return true;
        }
    }
    return false;
}

uint32_t meter_n_rules(const struct ofproto *bridge, const struct ofp_meter *meter)
{
    uint32_t n_buckets, n = uses_count(&bridge->uses, USE_OF_METER, meter->id, &n_buckets);

    return n - n_buckets;
}

/* --- Counters. */

static void add(struct dp_meter_stats *sum, const struct dp_meter_stats *more)
{
    sum->packets += more->packets;
    sum->bytes += more->bytes;
    for (unsigned int i = 0; i < DP_METER_MAX_BANDS; i++) {
        sum->band[i].packets += more->band[i].packets;
        sum->band[i].bytes += more->band[i].bytes;
    }
}

static void subtract(struct dp_meter_stats *from, const struct dp_meter_stats *less)
{
    from->packets -= MIN_OF(from->packets, less->packets);
    from->bytes -= MIN_OF(from->bytes, less->bytes);
    for (unsigned int i = 0; i < DP_METER_MAX_BANDS; i++) {
        struct dp_band_stats *b = &from->band[i];

        b->packets -= MIN_OF(b->packets, less->band[i].packets);
        b->bytes -= MIN_OF(b->bytes, less->band[i].bytes);
    }
}

static void read_counters(struct ofproto_set *set, struct ofp_meter *meter)
{
    struct dp_meter_stats now;

    if (set->dp && !dp_meter_stats(set->dp, meter->dp_no, &now)) {
        meter->last = now;
    }
}

void meter_read(struct ofproto_set *set, struct ofp_meter *meter, struct dp_meter_stats *ret)
{
    struct dp_meter_stats now;

    read_counters(set, meter);
    now = meter->last;
    subtract(&now, &meter->zero);
    *ret = meter->before;
    add(ret, &now);
}

void meter_read_some(struct ofproto_set *set)
{
    struct meter_numbers *numbers = set->meter_numbers;
    unsigned int n = MIN_OF(HASH_CNT(by_no, numbers->meters), (unsigned int)READ_AT_ONCE);
    struct ofp_meter *meter;

    HASH_FIND(by_no, numbers->meters, &numbers->read_cursor, sizeof meter->dp_no, meter);
    while (n--) { /* As many as there are, at most: none comes twice. */
        meter = meter ? meter : numbers->meters;
        read_counters(set, meter);
        meter = meter->by_no.next;
        numbers->read_cursor = meter ? meter->dp_no : DP_NO_METER;
    }
}

/* What the bands counted until now does not concern those that they are from now on. */
static void reset_bands(struct ofproto_set *set, struct ofp_meter *meter)
{
    read_counters(set, meter);
    memset(meter->before.band, 0, sizeof meter->before.band);
    memcpy(meter->zero.band, meter->last.band, sizeof meter->zero.band);
}

/* The counters that are read now are those of another datapath, and begin at 0. */
static void counters_lost(struct ofp_meter *meter)
{
    subtract(&meter->last, &meter->zero);
    add(&meter->before, &meter->last);
    memset(&meter->last, 0, sizeof meter->last);
    memset(&meter->zero, 0, sizeof meter->zero);
}

/* --- The datapath. */

static void to_dp(const struct ofp_meter_config *config, struct dp_meter *ret)
{
    memset(ret, 0, sizeof *ret);
    ret->in_packets = (config->flags & OFP_METER_PKTPS) != 0;
    ret->n_bands = config->n;
    for (unsigned int i = 0; i < config->n; i++) {
        const struct ofp_band *b = &config->band[i];

        ret->band[i].type = b->type == OFP_BAND_DROP ? DP_BAND_DROP : DP_BAND_DSCP_REMARK;
        ret->band[i].prec_level = b->prec_level;
        ret->band[i].rate = b->rate;
        /* OpenFlow 1.3.5 section 7.3.4.4.1: without the flag it means nothing. */
        ret->band[i].burst = config->flags & OFP_METER_BURST ? b->burst : 0;
    }
}

int meter_put(struct ofproto_set *set, struct ofp_meter *meter,
              const struct ofp_meter_config *config)
{
    const struct ofproto_hooks *hooks = &set->hooks;
    struct dp_meter dp_meter;
    int error;

    if (!hooks->meter) {
        return 0;
    }
    to_dp(config, &dp_meter);
    error = hooks->meter(meter->dp_no, &dp_meter, hooks->aux);
    if (!error) {
        meter->n_puts++;
    }
    return error == -ENOTCONN ? 0 : error; /* It is put when the datapath comes. */
}

void ofproto_meter_done(struct ofproto_set *set, uint32_t meter_no, bool was_deleted)
{
    struct ofp_meter *meter;

    if (was_deleted) {
        meter_number_deleted(set->meter_numbers, meter_no);
        return;
    }
    HASH_FIND(by_no, set->meter_numbers->meters, &meter_no, sizeof meter_no, meter);
    if (meter && meter->n_puts && !--meter->n_puts && meter->resets_bands) {
        /* Some of the packets that were counted since the change met the old bands. */
        meter->resets_bands = false;
        reset_bands(set, meter);
    }
}

/* The datapath has every meter that there is now: what else it has is of a process that died. */
static void delete_strangers(void *set_)
{
    struct ofproto_set *set = set_;

    if (set->hooks.meter) {
        set->hooks.meter(DP_NO_METER, NULL, set->hooks.aux);
    }
}

void ofproto_meters_attach(struct ofproto_set *set)
{
    struct meter_numbers *numbers = set->meter_numbers;
    struct dp_info info = {0};

    meter_numbers_forget_deleting(numbers);
    if (set->dp) {
        dp_get_info(set->dp, &info);
    }
    for (struct ofp_meter *m = numbers->meters; m; m = m->by_no.next) {
        if (info.boot_id != numbers->boot_id) {
            counters_lost(m);
        }
        m->n_puts = 0;
        meter_put(set, m, &m->config);
    }
    numbers->boot_id = info.boot_id;
    if (set->hooks.sync) {
        set->hooks.sync(delete_strangers, set, set->hooks.aux);
    }
}

/* --- Coming and going. */

int meter_add(struct ofproto *bridge, uint32_t id, const struct ofp_meter_config *config,
              uint64_t now_ms)
{
    struct meter_numbers *numbers = bridge->set->meter_numbers;
    uint32_t dp_no = meter_number_take(numbers);
    struct ofp_meter *meter;

    if (dp_no == DP_NO_METER) {
        return OFPERR_MMFC_OUT_OF_METERS;
    }
    meter = xcalloc(1, sizeof *meter);
    meter->id = id;
    meter->dp_no = dp_no;
    meter->config = *config;
    meter->created_ms = now_ms;
    read_counters(bridge->set, meter);
    meter->zero = meter->last;
    if (meter_put(bridge->set, meter, config)) {
        meter_number_give_back(numbers, dp_no);
        free(meter);
        return OFPERR_MMFC_UNKNOWN;
    }
    HASH_ADD(hh, bridge->meters, id, sizeof meter->id, meter);
    HASH_ADD(by_no, numbers->meters, dp_no, sizeof meter->dp_no, meter);
    return 0;
}

int meter_change(struct ofproto_set *set, struct ofp_meter *meter,
                 const struct ofp_meter_config *config)
{
    if (meter_put(set, meter, config)) {
        return OFPERR_MMFC_UNKNOWN;
    }
    meter->config = *config;
    /* OpenFlow 1.5.1 section 6.5: the meter's own counters go on. */
    reset_bands(set, meter);
    meter->resets_bands = meter->n_puts;
    return 0;
}

void meter_restore_bands(struct ofp_meter *meter, const struct dp_meter_stats *counted)
{
    memcpy(meter->before.band, counted->band, sizeof meter->before.band);
    meter->resets_bands = false;
}

uint32_t meter_end(struct ofproto_set *set, struct ofp_meter *meter)
{
    uint32_t dp_no = meter->dp_no;

    HASH_DELETE(by_no, set->meter_numbers->meters, meter);
    free(meter);
    return dp_no;
}

uint32_t meter_remove(struct ofproto *bridge, struct ofp_meter *meter)
{
    HASH_DELETE(hh, bridge->meters, meter);
    return meter_end(bridge->set, meter);
}

void meter_flush(struct ofproto *bridge)
{
    uint32_t *numbers;
    size_t n = 0;

    if (!bridge->meters) {
        return;
    }
    numbers = xcalloc(HASH_COUNT(bridge->meters), sizeof *numbers);
    while (bridge->meters) {
        numbers[n++] = meter_remove(bridge, bridge->meters);
    }
    meter_numbers_leave(bridge->set, numbers, n);
}
