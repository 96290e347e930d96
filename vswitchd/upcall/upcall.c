/* The way of an upcall: translate, then put a flow that carries the pending token, or execute. Also
 * what becomes of operations when they complete. See upcall.h. */
#include "vswitchd/upcall/upcall.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "lib/coverage.h"
#include "lib/log.h"
#include "vswitchd/upcall/internal.h"

LOG_MODULE(upcall);

COVERAGE(upcall)
COVERAGE(upcall_execute)
COVERAGE(flow_install)
COVERAGE(flow_evict)
COVERAGE(flow_put_error)

#define EVICT_SEARCH 256 /* Flows that are looked at for one that may go. */

static void on_timer(evutil_socket_t fd UNUSED, short what UNUSED, void *aux)
{
    struct upcall *u = aux;
    unsigned int ms = upcall_run(u, time_now_ms());
    struct timeval tv = {ms / 1000, ms % 1000 * 1000};

    event_add(u->timer, &tv);
}

struct upcall *upcall_new(struct event_base *base, struct ofproto_set *ofprotos)
{
    struct upcall *u = xcalloc(1, sizeof *u);

    u->ofprotos = ofprotos;
    u->flow_limit = UPCALL_FLOW_LIMIT_DEFAULT;
    u->max_idle_ms = UPCALL_MAX_IDLE_MS_DEFAULT;
    flow_table_init(&u->flows);
    op_queue_init(&u->ops);
    hold_init(&u->held);
    TAILQ_INIT(&u->waiters);
    if (base) {
        u->timer = event_new(base, -1, 0, on_timer, u);
    }
    return u;
}

void upcall_free(struct upcall *u)
{
    if (!u) {
        return;
    }
    if (u->timer) {
        event_free(u->timer);
    }
    hold_free(&u->held);
    sync_free(u);
    upcall_forget(u);
    flow_table_clear(&u->flows);
    op_queue_free(&u->ops);
    free(u->drops);
    free(u);
}

void upcall_set_dp(struct upcall *u, struct dp *dp)
{
    u->dp = dp;
}

void upcall_set_limits(struct upcall *u, uint32_t flow_limit, uint64_t max_idle_ms)
{
    u->flow_limit = flow_limit;
    u->max_idle_ms = max_idle_ms;
}

bool upcall_is_running(const struct upcall *u)
{
    return u->is_running;
}

void upcall_kick(struct upcall *u)
{
    u->kicked = true;
    if (u->timer && u->is_running) {
        event_active(u->timer, 0, 0);
    }
}

/* Answers an upcall with 'actions' for this packet alone. */
static void execute(struct upcall *u, const struct dp_upcall *up, uint64_t pending,
                    const struct dp_actions *actions)
{
    struct dp_op op = {.type = DP_OP_EXECUTE,
                       .cookie = COOKIE_EXECUTE << 56,
                       .actions = actions->data,
                       .actions_len = actions->len,
                       .pending = pending,
                       .in_port = up->in_port};

    if (pending == DP_NO_PENDING) {
        if (!up->packet_len || up->packet_len < up->full_len) {
            upcall_drop(u, UPCALL_DROP_CUT, up->in_port);
            return;
        }
        op.cookie |= up->in_port;
        op.packet = up->packet;
        op.packet_len = up->packet_len;
    }
    op_queue_put(&u->ops, &op);
    u->n.executed++;
    coverage_hit(upcall_execute);
}

/* A flow of a port that has more than 'share' of them, NULL when a short search finds none. */
static struct cached_flow *over_share(struct upcall *u, uint32_t share)
{
    for (unsigned int i = 0; i < EVICT_SEARCH && u->flows.high; i++) {
        struct cached_flow *f;

        u->evict_cursor = (u->evict_cursor + 1) % u->flows.high;
        f = flow_table_get(&u->flows, u->evict_cursor);
        if (f && !f->deleting && flow_table_port_count(&u->flows, f->in_port) > share) {
            return f;
        }
    }
    return NULL;
}

/* At the limit, a port that has less than its share takes room from those that have more, so that a
 * port that fills the cache is the only one that feels it. */
static bool make_room(struct upcall *u, uint32_t in_port)
{
    uint32_t share = flow_table_port_share(&u->flows, in_port, u->flow_limit);
    struct cached_flow *f = NULL;

    if (flow_table_count(&u->flows) < u->flow_limit) {
        return true;
    }
    if (flow_table_port_count(&u->flows, in_port) < share) {
        f = over_share(u, share);
    }
    if (!f) {
        return false;
    }
    u->n.evicted++;
    coverage_hit(flow_evict);
    upcall_delete_flow(u, f);
    return true;
}

/* The flow to put for this verdict; NULL when executing the packet is all. A flow that is there
 * already is put again under this packet's key: the datapath may file a flow under a more specific
 * mask, for one packet's key at a time (dp.h). */
static struct cached_flow *flow_for(struct upcall *u, const struct dp_upcall *up,
                                    const struct ofproto_xlate_out *out, uint64_t now_ms)
{
    struct cached_flow *f;

    if (up->reason != DP_UPCALL_MISS || out->no_cache) {
        return NULL;
    }
    f = flow_table_find(&u->flows, up->key, &out->mask);
    if (f) {
        return f;
    }
    if (!make_room(u, up->in_port)) {
        u->n.limit_hits++;
        log_warn_limit("the limit of %u cached flows is reached: packets of new flows are handled "
                       "one by one (other_config:flow-limit)",
                       u->flow_limit);
        return NULL;
    }
    u->n.installed++;
    coverage_hit(flow_install);
    return flow_table_add(&u->flows, up->key, &out->mask, now_ms);
}

static void install(struct upcall *u, const struct dp_upcall *up, struct cached_flow *f,
                    struct ofproto_xlate_out *out)
{
    struct dp_actions actions = f->actions;

    f->actions = out->actions;
    out->actions = actions;
    flow_table_set_effects(f, out->effects);
    out->effects = NULL;
    /* What this very packet taught does not make its own verdict old. */
    f->generation = ofproto_set_generation(u->ofprotos);
    upcall_put_flow(u, f, up->key, up->pending);
    if (up->pending == DP_NO_PENDING) {
        execute(u, up, DP_NO_PENDING, &f->actions);
    }
}

/* One with a token is counted by the datapath, when nobody answers. */
static void unanswered(struct upcall *u, const struct dp_upcall *up)
{
    u->n.unanswered++;
    if (up->pending == DP_NO_PENDING) {
        upcall_drop(u, UPCALL_DROP_BUSY, up->in_port);
    }
}

static void handle_one(struct upcall *u, const struct dp_upcall *up, uint64_t now_ms)
{
    uint64_t generation = ofproto_set_generation(u->ofprotos);
    struct ofproto_xlate_in in = {.key = up->key,
                                  .packet = up->packet,
                                  .packet_len = up->packet_len,
                                  .may_learn = true,
                                  .now_ms = now_ms};
    struct ofproto_xlate_out out;
    struct cached_flow *f;

    if (up->reason == DP_UPCALL_ACTION) {
        u->n.packet_ins++;
        ofproto_packet_in(u->ofprotos, up, now_ms);
        return;
    }
    u->n.upcalls++;
    coverage_hit(upcall);
    if (op_queue_is_full(&u->ops)) {
        unanswered(u, up);
        return;
    }
    ofproto_translate(u->ofprotos, &in, &out);
    f = flow_for(u, up, &out, now_ms);
    if (f) {
        install(u, up, f, &out);
    } else {
        execute(u, up, up->pending, &out.actions);
        if (out.effects) {
            ofproto_effects_credit(out.effects, 1, up->full_len, now_ms);
        }
    }
    ofproto_xlate_out_free(&out);
    if (ofproto_set_generation(u->ofprotos) != generation) {
        u->kicked = true;
    }
}

void upcall_handle(struct upcall *u, const struct dp_upcall *ups, size_t n, uint64_t now_ms)
{
    for (size_t i = 0; i < n; i++) {
        if (u->is_running) {
            handle_one(u, &ups[i], now_ms);
        } else if (!hold_put(&u->held, &ups[i])) {
            unanswered(u, &ups[i]);
        }
    }
    if (u->is_running) {
        upcall_flush_ops(u);
        if (u->kicked) {
            upcall_kick(u);
        }
    }
}

/* --- Starting, losing.
 * --------------------------------------------------------------------------- */

struct release {
    struct upcall *u;
    uint64_t now_ms;
};

static void release_one(const struct dp_upcall *up, void *aux)
{
    struct release *r = aux;
    handle_one(r->u, up, r->now_ms);
}

void upcall_start(struct upcall *u, bool fresh, uint64_t now_ms)
{
    struct release r = {u, now_ms};

    if (u->is_running) {
        return;
    }
    if (!fresh) {
        upcall_adopt(u, now_ms);
    }
    upcall_forget(u);
    upcall_pass_reset(u); /* What was adopted is to be looked at. */
    u->is_running = true;
    ofproto_meters_attach(u->ofprotos);
    hold_release(&u->held, release_one, &r);
    upcall_flush_ops(u);
    upcall_kick(u);
}

void upcall_lost(struct upcall *u)
{
    u->is_running = false;
    op_queue_reset(&u->ops);
    hold_free(&u->held);
    upcall_remember(u);
    flow_table_clear(&u->flows);
    upcall_pass_reset(u);
    sync_lost(u);
}

/* --- Completions.
 * -------------------------------------------------------------------------------- */

static void put_completed(struct upcall *u, struct cached_flow *f, int error)
{
    f->puts_in_flight--;
    if (!error) {
        f->installed = true;
        return;
    }
    u->n.put_errors++;
    coverage_hit(flow_put_error);
    log_warn_limit("the datapath did not take flow %u: %s", f->flow_no, strerror(-error));
    if (f->pending != DP_NO_PENDING) {
        /* The token may be unanswered still; if it was answered this does nothing. */
        struct dp_op op = {.type = DP_OP_EXECUTE,
                           .cookie = COOKIE_EXECUTE << 56,
                           .actions = f->actions.data,
                           .actions_len = f->actions.len,
                           .pending = f->pending};
        op_queue_put(&u->ops, &op);
        f->pending = DP_NO_PENDING;
    }
    /* Without room, a flow that it has keeps its other keys and has the new actions. */
    if (!f->deleting && !(error == -ENOSPC && f->installed)) {
        upcall_delete_flow(u, f);
    }
}

static void del_completed(struct upcall *u, struct cached_flow *f, const struct dp_completion *c)
{
    if (!f->deleting) {
        return;
    }
    if (!c->error) {
        flow_table_credit(f, &c->stats);
        u->n.flow_packets += c->stats.packets;
    }
    flow_table_remove(&u->flows, f);
}

static void meter_completed(struct upcall *u, enum dp_op_type type, uint32_t meter_no, int error)
{
    if (error) {
        log_warn_limit("the datapath did not take meter %u: %s", meter_no, strerror(-error));
    }
    ofproto_meter_done(u->ofprotos, meter_no, type == DP_OP_METER_DEL);
}

void upcall_completions(struct upcall *u, const struct dp_completion *cs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct dp_completion *c = &cs[i];

        if (COOKIE_KIND(c->cookie) == COOKIE_SYNC) {
            sync_barrier_passed(u, c->cookie & ~(COOKIE_SYNC << 56));
        } else if (COOKIE_KIND(c->cookie) == COOKIE_EXECUTE) {
            uint32_t in_port = (uint32_t)(c->cookie & UINT32_MAX);

            if (c->error && in_port) {
                upcall_drop(u, UPCALL_DROP_REFUSED, in_port);
            }
        } else if (COOKIE_KIND(c->cookie) == COOKIE_METER) {
            meter_completed(u, c->type, c->meter_no, c->error);
        } else if (COOKIE_KIND(c->cookie) == COOKIE_FLOW) {
            struct cached_flow *f = flow_table_get(&u->flows, c->flow_no);

            if (f && c->type == DP_OP_FLOW_PUT && f->puts_in_flight) {
                put_completed(u, f, c->error);
            } else if (f && c->type == DP_OP_FLOW_DEL) {
                del_completed(u, f, c);
            }
        }
    }
    upcall_flush_ops(u);
}
