/* Keeps cached flows right: passes over all of them, in slices of half a millisecond so that
 * misses and connections never wait long.
 *
 * A pass begins when the tables' generation changed, when somebody asks (upcall_sync()), and every
 * second for the statistics. In that one, each flow's counters are read and credited, and a flow
 * that was unused for max-idle is deleted. In every pass, one whose verdict something that changed
 * since may concern (ofproto_effects_hold()) is translated again from its masked key. When the new
 * verdict looks at bits that the flow's mask does not have, the flow stands for packets that now
 * differ: it is deleted. When only the actions differ, they are replaced. */
#include <event2/event.h>

#include <string.h>
#include <time.h>

#include "lib/coverage.h"
#include "lib/log.h"
#include "vswitchd/upcall/internal.h"

LOG_MODULE(revalidate);

COVERAGE(revalidate_pass)

static uint64_t now_us(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

void upcall_pass_reset(struct upcall *u)
{
    u->in_pass = u->kicked = false;
    u->cursor = 0;
    u->pass_generation = 0;
}

/* Near the flow limit, the idle time of ports that have more than their share shrinks: what is used
 * now has a better right to the room. */
static uint64_t idle_limit_ms(const struct upcall *u, const struct cached_flow *f)
{
    size_t n = flow_table_count(&u->flows);

    if (flow_table_port_count(&u->flows, f->in_port) <
        flow_table_port_share(&u->flows, f->in_port, u->flow_limit)) {
        return u->max_idle_ms;
    }
    if (n >= u->flow_limit) {
        return MIN_OF(u->max_idle_ms, UINT64_C(500));
    }
    if (n >= u->flow_limit / 10 * 9) {
        return MIN_OF(u->max_idle_ms, UINT64_C(2000));
    }
    return u->max_idle_ms;
}

static bool same_actions(const struct dp_actions *a, const struct dp_actions *b)
{
    return a->len == b->len && (!a->len || !memcmp(a->data, b->data, a->len));
}

/* Translates the flow's masked key anew and makes the flow agree. MAC addresses are learned from
 * packets and from counters (ofproto_effects_credit()), not from this. */
static void retranslate(struct upcall *u, struct cached_flow *f, uint64_t now_ms)
{
    struct ofproto_xlate_in in = {.key = &f->id.masked, .now_ms = now_ms};
    struct ofproto_xlate_out out;

    u->n.retranslated++;
    ofproto_translate(u->ofprotos, &in, &out);
    if (out.no_cache || !flow_mask_is_subset(&out.mask, &f->id.mask->mask)) {
        u->n.deleted_wrong++;
        upcall_delete_flow(u, f);
        ofproto_xlate_out_free(&out);
        return;
    }
    if (f->effects) {
        ofproto_effects_free(f->effects);
    }
    f->effects = out.effects;
    out.effects = NULL;
    if (!same_actions(&f->actions, &out.actions)) {
        dp_actions_free(&f->actions);
        f->actions = out.actions;
        out.actions = (struct dp_actions)DP_ACTIONS_INIT;
        upcall_put_flow(u, f, NULL, DP_NO_PENDING);
        u->n.reput++;
    }
    ofproto_xlate_out_free(&out);
}

/* What changed since the flow was last looked at concerns it, or may. */
static bool is_stale(const struct upcall *u, struct cached_flow *f)
{
    return f->generation != ofproto_set_generation(u->ofprotos) &&
           (!f->effects || !ofproto_effects_hold(f->effects, &f->id.masked, &f->id.mask->mask));
}

/* Counters, idle time, verdict. What came until now is credited to the rules of the old verdict. */
static void revalidate_whole(struct upcall *u, struct cached_flow *f, bool stale, uint64_t now_ms)
{
    struct dp_flow_stats stats;
    uint64_t used;

    if (dp_flow_stats(u->dp, f->flow_no, &stats)) {
        if (stale) {
            retranslate(u, f, now_ms);
        }
        return;
    }
    used = MAX_OF(stats.used_ms, f->created_ms);
    if (now_ms > used && now_ms - used >= idle_limit_ms(u, f)) {
        u->n.deleted_idle++;
        upcall_delete_flow(u, f);
        return;
    }
    upcall_credit(u, f, &stats);
    if (stale) {
        retranslate(u, f, now_ms);
    }
    if (!f->deleting) {
        upcall_credit(u, f, &stats); /* One that was adopted had no effects until now. */
    }
}

static void revalidate_flow(struct upcall *u, struct cached_flow *f, uint64_t now_ms)
{
    uint64_t generation = ofproto_set_generation(u->ofprotos);
    bool stale = is_stale(u, f);

    if (!f->installed) {
        /* Its put is under way, so its counters may be its predecessor's still. */
        if (stale) {
            retranslate(u, f, now_ms);
        }
    } else if (stale || u->pass_is_whole) {
        revalidate_whole(u, f, stale, now_ms);
    }
    f->generation = generation;
}

static uint64_t pass_gap_ms(const struct upcall *u)
{
    return MAX_OF(UPCALL_PASS_GAP_MS, MIN_OF(u->pass_took_ms, (uint64_t)UPCALL_PASS_GAP_MAX_MS));
}

static bool pass_is_due(const struct upcall *u, uint64_t now_ms)
{
    if (sync_wants_pass(u)) {
        return true;
    }
    if (u->pass_generation != ofproto_set_generation(u->ofprotos)) {
        return now_ms - u->pass_ended_ms >= pass_gap_ms(u);
    }
    return now_ms - u->whole_ended_ms >= UPCALL_PASS_INTERVAL_MS;
}

static void pass_begin(struct upcall *u, uint64_t now_ms)
{
    u->in_pass = true;
    u->kicked = false;
    u->cursor = 0;
    u->pass_began_ms = now_ms;
    u->pass_is_whole = now_ms - u->whole_ended_ms >= UPCALL_PASS_INTERVAL_MS;
    u->pass_generation = ofproto_set_generation(u->ofprotos);
}

static void pass_end(struct upcall *u, uint64_t now_ms)
{
    u->in_pass = false;
    u->pass_ended_ms = now_ms;
    if (u->pass_is_whole) {
        u->whole_ended_ms = now_ms;
    }
    u->pass_took_ms = now_ms - u->pass_began_ms;
    u->n.passes++;
    coverage_hit(revalidate_pass);
    sync_pass_ended(u);
}

/* A pass goes from flow to flow through memory that no cache holds: has what the next ones need
 * brought while this one is at work. */
static void prefetch(const struct upcall *u)
{
    const struct flow_table *t = &u->flows;
    const struct cached_flow *f;

    if (u->cursor + 32 < t->high && (f = t->by_no[u->cursor + 32])) {
        __builtin_prefetch(&f->id.masked);
        __builtin_prefetch(&f->id.mask);
        __builtin_prefetch(&f->flow_no);
        __builtin_prefetch(&f->credited);
    }
    if (u->cursor + 20 < t->high && (f = t->by_no[u->cursor + 20]) && f->effects) {
        __builtin_prefetch(f->effects);
    }
    if (u->cursor + 8 < t->high && (f = t->by_no[u->cursor + 8]) && f->effects) {
        ofproto_effects_prefetch(f->effects);
    }
}

unsigned int upcall_run(struct upcall *u, uint64_t now_ms)
{
    uint64_t end_us = now_us() + UPCALL_SLICE_US, since;

    if (!u->is_running) {
        return UPCALL_PASS_INTERVAL_MS;
    }
    if (!u->in_pass) {
        if (!pass_is_due(u, now_ms)) {
            goto out;
        }
        pass_begin(u, now_ms);
    }
    for (unsigned int i = 0; u->cursor < u->flows.high; u->cursor++) {
        struct cached_flow *f = u->flows.by_no[u->cursor];

        prefetch(u);
        if (f && !f->deleting) {
            revalidate_flow(u, f, now_ms);
            if (++i % 16 == 0 && (now_us() > end_us || op_queue_is_full(&u->ops))) {
                u->cursor++;
                break;
            }
        }
    }
    if (u->cursor >= u->flows.high) {
        pass_end(u, now_ms);
    }
out:
    upcall_flush_ops(u);
    if (op_queue_length(&u->ops)) {
        return 1; /* The ring is full. */
    }
    if (u->in_pass || sync_wants_pass(u)) {
        return 0;
    }
    if (u->pass_generation != ofproto_set_generation(u->ofprotos)) {
        return (unsigned int)pass_gap_ms(u);
    }
    /* Not a whole interval from now: a timer that was a millisecond early would skip a pass. */
    since = now_ms - u->whole_ended_ms;
    return (unsigned int)(since < UPCALL_PASS_INTERVAL_MS ? UPCALL_PASS_INTERVAL_MS - since : 1);
}
