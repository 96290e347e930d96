/* The core's beginning and end, its settings, and the control thread's turn of the crank. */
#include "datapath/core/private.h"

#include <errno.h>
#include <rte_cycles.h>
#include <rte_malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "datapath/core/meters.h"

#define ASK_AT_ONCE 16 /* Whether a grace period is over, before there is a pause. */

static_assert(CORE_MIN_MASKS == WILDCARD_RESERVED + 1 && CORE_MAX_MASKS == WILDCARD_MAX_MASKS,
              "core.h says what the cache can do");

struct core core;

void core_settings_default(struct core_settings *s)
{
    *s = (struct core_settings){
        .flow_limit = 200000,
        .mask_limit = 32,
        .upcall_rate = 50000,
        .pending_per_flow = 32,
        .pending_per_port = 512,
        .pending_timeout_ms = 1000,
    };
}

static unsigned int workers_wanted(const struct core_settings *s)
{
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);

    if (s->n_workers) {
        return MIN_OF(s->n_workers, CORE_MAX_WORKERS);
    }
    return cpus < 2 ? 1 : cpus > 8 ? 4 : (unsigned int)cpus / 2;
}

static void stop_workers(void)
{
    while (core.n_workers) {
        worker_free(core.workers[core.n_workers - 1]);
        core.workers[--core.n_workers] = NULL;
    }
    core.n_active = 0;
}

/* Until there are 'n'; on failure there are those that there were. */
static int add_workers(unsigned int n, struct error *err)
{
    unsigned int had = core.n_workers;
    int error = 0;

    while (core.n_workers < n && !error) {
        error = worker_new(core.n_workers, &core.workers[core.n_workers], err);
        core.n_workers += !error;
    }
    core.max_workers = MAX_OF(core.max_workers, core.n_workers);
    while (error && core.n_workers > had) {
        worker_free(core.workers[core.n_workers - 1]);
        core.workers[--core.n_workers] = NULL;
    }
    return error;
}

/* Lets go of workers that have no queues any more, once what they had parked is answered or has
 * timed out. Returns false while one is left. */
static bool retire_workers(void)
{
    while (core.n_workers > core.n_active) {
        if (!worker_is_idle(core.workers[core.n_workers - 1])) {
            return false;
        }
        worker_free(core.workers[core.n_workers - 1]);
        core.workers[--core.n_workers] = NULL;
    }
    return true;
}

int core_start(const struct core_settings *settings, const struct core_counters *counters,
               const struct core_upcall_sink *sink, struct error *err)
{
    int error;

    memset(&core, 0, sizeof core);
    core.settings = *settings;
    core.counters = *counters;
    core.sink = *sink;
    core.tsc_per_ms = rte_get_tsc_hz() / 1000;
    core.running = true;
    core_meters_start();
    memcpy(drop_counters, counters->drops, sizeof drop_counters);
    error = pools_new(&core.pools, err);
    if (error) {
        goto fail;
    }
    core.rcu = rte_zmalloc(NULL, rte_rcu_qsbr_get_memsize(CORE_MAX_WORKERS), 64);
    if (!core.rcu || rte_rcu_qsbr_init(core.rcu, CORE_MAX_WORKERS) ||
        wildcard_new(settings->flow_limit, settings->mask_limit, grace_defer, &core.wildcard)) {
        error = error_set(err, ENOMEM, "no memory for the flow cache");
        goto fail;
    }
    core.settings.n_workers = workers_wanted(settings);
    error = add_workers(core.settings.n_workers, err);
    if (error) {
        goto fail;
    }
    core.n_active = core.n_workers;
    return 0;
fail:
    core_stop();
    return error;
}

void core_stop(void)
{
    if (!core.running) {
        return;
    }
    stop_workers();
    while (core.rcu && !grace_poll()) {
    }
    core_meters_stop();
    wildcard_free(core.wildcard); /* Deletions that were under way have ended in it. */
    rte_free(core.rcu);
    pools_free(&core.pools);
    memset(drop_counters, 0, sizeof drop_counters);
    memset(&core, 0, sizeof core);
}

const struct core_settings *core_get_settings(void)
{
    return &core.settings;
}

const struct port_pools *core_pools(void)
{
    return &core.pools;
}

int core_set_settings(const struct core_settings *settings, struct error *err)
{
    unsigned int n = workers_wanted(settings);
    struct pending_limits limits;
    int error = add_workers(n, err);

    if (error) {
        return error;
    }
    if (wildcard_set_limits(core.wildcard, settings->flow_limit, settings->mask_limit)) {
        /* Workers that were added have no queues, and go again by themselves. */
        return error_set(err, ENOMEM, "no memory for %u flows", settings->flow_limit);
    }
    core.settings = *settings;
    core.settings.n_workers = n;
    if (n != core.n_active) {
        core.n_active = n;
        ports_share_out();
    }
    pending_limits_of(&core.settings, &limits);
    for (unsigned int i = 0; i < core.n_workers; i++) {
        pending_set_limits(core.workers[i]->pending, &limits);
        worker_pin(core.workers[i]);
    }
    return 0;
}

unsigned int core_poll(void)
{
    static unsigned int n_asked; /* In vain, without a pause. */
    static uint64_t tidied_ms;
    uint64_t now = time_now_ms();
    bool busy = false;

    for (unsigned int i = 0; i < core.n_workers; i++) {
        busy |= message_collect(core.workers[i]);
    }
    if (now >= tidied_ms + 1000) {
        tidied_ms = now;
        wildcard_tidy(core.wildcard, now);
    }
    if (!grace_poll()) {
        /* Workers at work pass within a round of theirs: somebody may wait for it. */
        return n_asked++ < ASK_AT_ONCE ? 0 : 1;
    }
    n_asked = 0;
    return busy ? 1 : retire_workers() ? 1000 : 20;
}

void core_show(struct strbuf *s)
{
    wildcard_show(core.wildcard, s);
    for (unsigned int i = 0; i < core.n_workers; i++) {
        const struct worker *w = core.workers[i];
        const struct core_totals *t = w->totals;
        uint64_t hits = t->exact_hits + t->wildcard_hits, packets = hits + t->misses;

        strbuf_printf(s,
                      "worker %u: %u queues, %lu packets: %lu in the exact cache, %lu in the "
                      "wildcard cache, %lu missed, %lu upcalls, %lu parked\n",
                      i, w->n_queues, packets, t->exact_hits, t->wildcard_hits, t->misses,
                      t->upcalls, t->parked);
        strbuf_printf(s,
                      "  %.1f packets a burst, %.0f cycles a packet while busy, %.0f %% busy, "
                      "%lu sleeps\n",
                      t->bursts ? (double)packets / (double)t->bursts : 0.0,
                      packets ? (double)t->busy_cycles / (double)packets : 0.0,
                      t->busy_cycles ? 100.0 * (double)t->busy_cycles /
                                           (double)(t->busy_cycles + t->idle_cycles)
                                     : 0.0,
                      t->sleeps);
    }
}
