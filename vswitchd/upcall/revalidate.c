/* Keeps cached flows right, in slices of half a millisecond so that misses and connections never
 * wait long.
 *
 * When the tables' generation changed, or somebody asks (upcall_sync()), what changed is settled:
 * the flows that a changed rule may concern are searched for (ofproto_find_concerned()); only when
 * that cannot tell, a pass over all flows asks each (ofproto_effects_hold()). Such a pass is also
 * made every second for the statistics: each flow's counters are read and credited, and a flow that
 * was unused for max-idle is deleted.
 *
 * A flow that is concerned is translated again from its masked key. When the new verdict looks at
 * bits that the flow's mask does not have, the flow stands for packets that now differ: it is
 * deleted. When only the actions differ, they are replaced. */
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
    u->settled = u->searched = 0;
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
    flow_table_set_effects(f, out.effects);
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
           (!f->effects ||
            !ofproto_effects_hold(f->effects, u->settled, &f->id.masked, &f->id.mask->mask));
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
    flow_table_credit(f, &stats);
    if (stale) {
        retranslate(u, f, now_ms);
    }
    if (!f->deleting) {
        flow_table_credit(f, &stats); /* One that was adopted had no effects until now. */
    }
}

static void revalidate_flow(struct upcall *u, struct cached_flow *f, bool stale, uint64_t now_ms)
{
    if (!f->installed) {
        /* Its put is under way, so its counters may be its predecessor's still. */
        if (stale) {
            retranslate(u, f, now_ms);
        }
    } else {
        revalidate_whole(u, f, stale, now_ms);
    }
}

/* --- What changed.
 * ------------------------------------------------------------------------------------------ */

static void set_settled(struct upcall *u, uint64_t generation, uint64_t now_ms)
{
    u->settled = MAX_OF(u->settled, generation);
    u->settled_ms = now_ms;
}

static bool is_settled(const struct upcall *u)
{
    return u->settled == ofproto_set_generation(u->ofprotos);
}

/* Flows were found that are yet to be translated. */
static bool is_searching(const struct upcall *u)
{
    return u->searched > u->settled;
}

static bool slice_is_over(const struct upcall *u, uint64_t end_us)
{
    return now_us() > end_us || op_queue_is_full(&u->ops);
}

/* Of the flows that were found. */
static void translate_found(struct upcall *u, uint64_t now_ms, uint64_t end_us)
{
    struct cached_flow *f;

    for (unsigned int i = 1; (f = ofproto_next_concerned(u->ofprotos)); i++) {
        if (!f->deleting) {
            revalidate_flow(u, f, true, now_ms);
            f->generation = u->searched;
        }
        if (i % 16 == 0 && slice_is_over(u, end_us)) {
            return;
        }
    }
    set_settled(u, u->searched, now_ms);
}

void upcall_settle(struct upcall *u, uint64_t now_ms)
{
    uint64_t end_us = now_us() + UPCALL_SLICE_US;

    if (!is_searching(u)) {
        if (!u->settled || is_settled(u) || !ofproto_find_concerned(u->ofprotos, u->settled)) {
            return;
        }
        u->searched = ofproto_set_generation(u->ofprotos);
    }
    translate_found(u, now_ms, end_us);
}

/* --- Passes.
 * ------------------------------------------------------------------------------------------------
 */

static uint64_t pass_gap_ms(const struct upcall *u)
{
    return MAX_OF(UPCALL_PASS_GAP_MS, MIN_OF(u->pass_took_ms, (uint64_t)UPCALL_PASS_GAP_MAX_MS));
}

static bool settling_is_due(const struct upcall *u, uint64_t now_ms)
{
    return !is_settled(u) &&
           (is_searching(u) || sync_wants_more(u) || now_ms - u->settled_ms >= pass_gap_ms(u));
}

static bool pass_is_due(const struct upcall *u, uint64_t now_ms)
{
    return (settling_is_due(u, now_ms) && !is_searching(u)) ||
           now_ms - u->whole_ended_ms >= UPCALL_PASS_INTERVAL_MS;
}

static void pass_begin(struct upcall *u, uint64_t now_ms)
{
    u->in_pass = true;
    u->cursor = 0;
    u->pass_began_ms = now_ms;
    u->pass_is_whole = now_ms - u->whole_ended_ms >= UPCALL_PASS_INTERVAL_MS;
    u->pass_generation = ofproto_set_generation(u->ofprotos);
}

static void pass_end(struct upcall *u, uint64_t now_ms)
{
    u->in_pass = false;
    if (u->pass_is_whole) {
        u->whole_ended_ms = now_ms;
    }
    u->pass_took_ms = now_ms - u->pass_began_ms;
    u->n.passes++;
    coverage_hit(revalidate_pass);
    set_settled(u, u->pass_generation, now_ms);
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

static void pass_run(struct upcall *u, uint64_t now_ms)
{
    uint64_t end_us = now_us() + UPCALL_SLICE_US;

    for (unsigned int i = 1; u->cursor < u->flows.high;) {
        struct cached_flow *f = u->flows.by_no[u->cursor];

        prefetch(u);
        u->cursor++;
        if (f && !f->deleting) {
            bool stale = is_stale(u, f);

            if (stale || u->pass_is_whole) {
                revalidate_flow(u, f, stale, now_ms);
            }
            f->generation = ofproto_set_generation(u->ofprotos);
            if (i++ % 16 == 0 && slice_is_over(u, end_us)) {
                return;
            }
        }
    }
    pass_end(u, now_ms);
}

/* In how many milliseconds there is more to do. */
static unsigned int rest_ms(const struct upcall *u, uint64_t now_ms)
{
    uint64_t since;

    if (op_queue_length(&u->ops)) {
        return 1; /* The ring is full. */
    }
    if (u->in_pass || is_searching(u) || sync_wants_more(u)) {
        return 0;
    }
    if (!is_settled(u)) {
        return (unsigned int)pass_gap_ms(u);
    }
    /* Not a whole interval from now: a timer that was a millisecond early would skip a pass. */
    since = now_ms - u->whole_ended_ms;
    return (unsigned int)(since < UPCALL_PASS_INTERVAL_MS ? UPCALL_PASS_INTERVAL_MS - since : 1);
}

unsigned int upcall_run(struct upcall *u, uint64_t now_ms)
{
    if (!u->is_running) {
        return UPCALL_PASS_INTERVAL_MS;
    }
    u->kicked = false;
    if (settling_is_due(u, now_ms)) {
        upcall_settle(u, now_ms);
    }
    if (!u->in_pass && pass_is_due(u, now_ms)) {
        pass_begin(u, now_ms);
    }
    if (u->in_pass) {
        pass_run(u, now_ms);
    }
    sync_settled(u);
    upcall_flush_ops(u);
    return rest_ms(u, now_ms);
}
