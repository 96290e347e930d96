/* Taking over the flows that the datapath holds when this process attaches to it: after our own
 * restart, or after the connection broke.
 *
 * Each becomes a flow of our table under its number, with its statistics, not yet translated. Two
 * passes follow. The first, here, lets flows teach the bridges MAC addresses, those used last the
 * last, so that the present place of a host wins. The second is the ordinary revalidation
 * (revalidate.c), which finds them all out of date, compares, and keeps, corrects or deletes. While
 * that goes on the datapath forwards as before. */
#include <stdlib.h>
#include <string.h>

#include "lib/hash.h"
#include "lib/log.h"
#include "vswitchd/upcall/internal.h"

LOG_MODULE(adopt);

struct teacher {
    struct cached_flow *flow;
    uint64_t used_ms;
};

struct adoption {
    struct upcall *u;
    uint64_t now_ms;
    struct teacher *teachers;
    size_t n, size;
};

static uint64_t id_hash(const struct cached_flow *f)
{
    uint64_t h = hash_bytes(&f->id.masked, sizeof f->id.masked, 0);

    h = hash_bytes(&f->id.mask->mask.bits, sizeof f->id.mask->mask.bits, h);
    return h ? h : 1;
}

void upcall_forget(struct upcall *u)
{
    free(u->memory);
    u->memory = NULL;
    u->n_memory = 0;
}

void upcall_remember(struct upcall *u)
{
    if (!u->flows.n) {
        return; /* Lost before the flows were taken over: what is remembered still holds. */
    }
    upcall_forget(u);
    u->n_memory = u->flows.high;
    u->memory = xcalloc(u->n_memory, sizeof *u->memory);
    for (uint32_t i = 0; i < u->n_memory; i++) {
        const struct cached_flow *f = u->flows.by_no[i];

        if (f && f->effects) {
            u->memory[i] = (struct flow_memory){id_hash(f), f->credited.packets, f->credited.bytes};
        }
    }
}

/* The flow that this process has credited before must not be credited from the beginning again. */
static void recall(struct upcall *u, struct cached_flow *f, const struct dp_flow_stats *stats)
{
    const struct flow_memory *m = f->flow_no < u->n_memory ? &u->memory[f->flow_no] : NULL;

    if (m && m->id_hash && m->packets <= stats->packets && m->id_hash == id_hash(f)) {
        f->credited.packets = m->packets;
        f->credited.bytes = m->bytes;
    }
}

static void adopt_one(const struct dp_flow *df, void *aux)
{
    struct adoption *a = aux;
    struct cached_flow *f;
    struct dp_flow_stats stats;

    f = flow_table_adopt(&a->u->flows, df->flow_no, &df->key, &df->mask, a->now_ms);
    if (!f) {
        log_warn_limit("the datapath lists flow %u twice or out of range", df->flow_no);
        return;
    }
    f->installed = true;
    f->actions.data = df->actions_len ? xmemdup(df->actions, df->actions_len) : NULL;
    f->actions.len = f->actions.size = df->actions_len;
    if (a->n == a->size) {
        a->size = MAX_OF(2 * a->size, (size_t)64);
        a->teachers = xreallocarray(a->teachers, a->size, sizeof *a->teachers);
    }
    a->teachers[a->n].flow = f;
    a->teachers[a->n].used_ms = 0;
    if (!dp_flow_stats(a->u->dp, f->flow_no, &stats)) {
        a->teachers[a->n].used_ms = stats.used_ms;
        f->created_ms = stats.used_ms ? stats.used_ms : a->now_ms; /* Its idle time goes on. */
        recall(a->u, f, &stats);
    }
    a->n++;
}

static int by_use(const void *a_, const void *b_)
{
    const struct teacher *a = a_, *b = b_;
    return a->used_ms < b->used_ms ? -1 : a->used_ms > b->used_ms;
}

/* The translation's verdict is thrown away: other MACs may be missing yet. */
static void teach(struct upcall *u, const struct teacher *t, uint64_t now_ms)
{
    struct ofproto_xlate_in in = {
        .key = &t->flow->id.masked, .may_learn = true, .now_ms = MIN_OF(t->used_ms, now_ms)};
    struct ofproto_xlate_out out;

    ofproto_translate(u->ofprotos, &in, &out);
    ofproto_xlate_out_free(&out);
}

void upcall_adopt(struct upcall *u, uint64_t now_ms)
{
    struct adoption a = {.u = u, .now_ms = now_ms};
    struct error err = {0};

    flow_table_clear(&u->flows);
    if (dp_flow_list(u->dp, adopt_one, &a, &err)) {
        /* Flow numbers in use are unknown now; a put on one fails and is executed instead. */
        log_err("cannot list the datapath's flows: %s", err.text);
    }
    flow_table_adopted(&u->flows);
    if (a.n) {
        qsort(a.teachers, a.n, sizeof *a.teachers, by_use);
    }
    for (size_t i = 0; i < a.n; i++) {
        if (a.teachers[i].used_ms) {
            teach(u, &a.teachers[i], now_ms);
        }
    }
    u->n.adopted += a.n;
    free(a.teachers);
    log_info("took over %zu cached flows", a.n);
}
