/* The table of meters: see meters.h. Control thread. */
#include "datapath/core/meters.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "datapath/core/private.h"

struct core_meter *core_meters[DP_MAX_METERS];
uint64_t core_meter_tsc_mult;
uint64_t core_meter_tsc_zero;

static uint32_t end;   /* No meter's number is this or above. */
static uint32_t epoch; /* Of the attachment. */

void core_meters_start(void)
{
    unsigned __int128 ticks_per_s = (unsigned __int128)METER_TICKS_PER_NS * 1000000000;

    core_meter_tsc_mult = (uint64_t)((ticks_per_s << 32) / rte_get_tsc_hz());
    core_meter_tsc_zero = rte_rdtsc();
}

void core_meters_stop(void)
{
    for (uint32_t i = 0; i < end; i++) {
        free(core_meters[i]);
        core_meters[i] = NULL;
    }
    end = 0;
}

void core_meters_new_epoch(void)
{
    epoch++;
}

struct change {
    struct core_meter *old; /* To be freed; NULL: none. */
    uint32_t meter_no;      /* Whose counters end; DP_NO_METER: none's. */
    core_done_cb *done;     /* NULL: nobody waits. */
    void *aux;
};

static void clear_counters(uint32_t meter_no)
{
    static const struct core_meter_counter none;

    for (unsigned int i = 0; i < core.max_workers; i++) {
        struct core_meter_counter *c = &core.counters.meters[i][meter_no];

        if (c->packets) {
            memcpy(c, &none, sizeof none);
        }
    }
}

/* Every worker has seen the change. */
static void changed(void *change_)
{
    struct change *c = change_;
    struct dp_flow_stats none = {0};

    if (c->meter_no != DP_NO_METER && !core_meters[c->meter_no]) {
        clear_counters(c->meter_no);
    }
    if (c->done) {
        c->done(0, &none, c->aux);
    }
    free(c->old);
    free(c);
}

static void defer(struct core_meter *old, uint32_t cleared_no, core_done_cb *done, void *aux)
{
    struct change *c = xmalloc(sizeof *c);

    *c = (struct change){old, cleared_no, done, aux};
    grace_defer(changed, c);
}

static struct core_meter *meter_new(const struct dp_meter *config)
{
    struct core_meter *m = aligned_alloc(
        64, ROUND_UP(sizeof *m + config->n_bands * sizeof m->band[0], 64));

    if (!m) {
        return NULL;
    }
    memset(m, 0, sizeof *m + config->n_bands * sizeof m->band[0]);
    m->n_bands = config->n_bands;
    m->in_packets = config->in_packets;
    m->shown = *config;
    for (unsigned int i = 0; i < config->n_bands; i++) {
        m->band[i].rate = meter_rate(config, i);
        m->band[i].rate_shown = config->band[i].rate;
        m->band[i].type = config->band[i].type;
        m->band[i].prec_level = config->band[i].prec_level;
        m->remarks |= config->band[i].type == DP_BAND_DSCP_REMARK;
    }
    return m;
}

int core_meter_put(uint32_t meter_no, const struct dp_meter *config, core_done_cb *done, void *aux)
{
    struct core_meter *old, *m;

    if (meter_no >= DP_MAX_METERS || dp_meter_validate(config, NULL)) {
        return -EINVAL;
    }
    old = core_meters[meter_no];
    if (old && !memcmp(&old->shown, config, sizeof *config)) {
        old->epoch = epoch;
        defer(NULL, DP_NO_METER, done, aux);
        return 0;
    }
    m = meter_new(config);
    if (!m) {
        return -ENOMEM;
    }
    m->epoch = epoch;
    __atomic_store_n(&core_meters[meter_no], m, __ATOMIC_RELEASE);
    end = MAX_OF(end, meter_no + 1);
    defer(old, DP_NO_METER, done, aux);
    return 0;
}

static void take_out(uint32_t meter_no, core_done_cb *done, void *aux)
{
    struct core_meter *old = core_meters[meter_no];

    __atomic_store_n(&core_meters[meter_no], NULL, __ATOMIC_RELEASE);
    while (end && !core_meters[end - 1]) {
        end--;
    }
    defer(old, meter_no, done, aux);
}

int core_meter_del(uint32_t meter_no, core_done_cb *done, void *aux)
{
    if (meter_no == DP_NO_METER) {
        for (uint32_t i = 0; i < end; i++) {
            if (core_meters[i] && core_meters[i]->epoch != epoch) {
                take_out(i, NULL, NULL);
            }
        }
        defer(NULL, DP_NO_METER, done, aux);
        return 0;
    }
    if (meter_no >= DP_MAX_METERS || !core_meters[meter_no]) {
        return -ENOENT;
    }
    take_out(meter_no, done, aux);
    return 0;
}

static uint64_t load(const uint64_t *p)
{
    return __atomic_load_n(p, __ATOMIC_RELAXED);
}

static void show_counters(struct strbuf *s, uint32_t meter_no)
{
    struct core_meter_counter sum = {0};

    for (unsigned int w = 0; w < core.max_workers; w++) {
        const struct core_meter_counter *c = &core.counters.meters[w][meter_no];

        sum.packets += load(&c->packets);
        sum.bytes += load(&c->bytes);
        for (unsigned int i = 0; i < DP_METER_MAX_BANDS; i++) {
            sum.band[i].packets += load(&c->band[i].packets);
            sum.band[i].bytes += load(&c->band[i].bytes);
        }
    }
    strbuf_printf(s, " packets:%lu bytes:%lu", sum.packets, sum.bytes);
    for (unsigned int i = 0; i < core_meters[meter_no]->n_bands; i++) {
        strbuf_printf(s, " band%u:%lu/%lu", i, sum.band[i].packets, sum.band[i].bytes);
    }
    strbuf_putc(s, '\n');
}

void core_meters_show(struct strbuf *s)
{
    for (uint32_t i = 0; i < end; i++) {
        if (core_meters[i]) {
            strbuf_printf(s, "meter %u: ", i);
            dp_meter_format(s, &core_meters[i]->shown);
            show_counters(s, i);
        }
    }
}
