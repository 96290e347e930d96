/* ctl commands about MAC learning tables: fdb/show, fdb/flush, fdb/stats-show, fdb/stats-clear, in
 * the output forms that ovs-appctl's users know. Register themselves; run on the event base's
 * thread. */
#include <stdlib.h>

#include "lib/ctl.h"
#include "lib/strbuf.h"
#include "ofproto/bridge.h"
#include "ofproto/codec/action.h"

static struct ofproto *find_bridge(struct ctl_request *req, const char *name)
{
    struct ofproto *bridge = bridge_find_anywhere(name);

    if (!bridge) {
        char *text = xasprintf("bridge '%s': no such bridge; see ofproto/list", name);

        ctl_reply_error(req, text);
        free(text);
    }
    return bridge;
}

static void show(struct ctl_request *req, int argc, const char *const argv[], void *aux)
{
    struct ofproto *bridge = find_bridge(req, argv[0]);
    struct strbuf s = STRBUF_INIT;
    uint64_t now_ms = time_now_ms();
    const struct mac_entry *e;

    (void)argc;
    (void)aux;
    if (!bridge) {
        return;
    }
    strbuf_puts(&s, " port  VLAN  MAC                Age\n");
    TAILQ_FOREACH (e, &bridge->macs.by_use, by_use) {
        const struct bundle *b = CONTAINER_OF(e->owner, struct bundle, macs);
        uint64_t age_ms = now_ms > e->used_ms ? now_ms - e->used_ms : 0;
        struct strbuf port = STRBUF_INIT;

        ofp_port_format(&port, b->port ? b->port->ofport : OFP_PORT_NONE);
        strbuf_printf(&s, "%5s  %4u  %02x:%02x:%02x:%02x:%02x:%02x  %3llu\n", strbuf_str(&port),
                      e->vlan, e->mac[0], e->mac[1], e->mac[2], e->mac[3], e->mac[4], e->mac[5],
                      (unsigned long long)age_ms / 1000);
        strbuf_free(&port);
    }
    ctl_reply(req, strbuf_str(&s));
    strbuf_free(&s);
}

static void flush_bridge(struct ofproto *bridge, void *aux)
{
    (void)aux;
    mac_flush(&bridge->macs);
    set_tell_changes(bridge->set);
}

static void clear_stats(struct ofproto *bridge, void *aux)
{
    (void)aux;
    bridge->macs.n_learned = bridge->macs.n_expired = bridge->macs.n_evicted = 0;
    bridge->macs.n_moved = bridge->macs.n_flushed = 0;
}

/* Runs 'cb' on the bridge named, or on all. */
static void on_bridges(struct ctl_request *req, int argc, const char *const argv[],
                       void (*cb)(struct ofproto *, void *), const char *reply)
{
    struct ofproto *bridge;

    if (argc) {
        bridge = find_bridge(req, argv[0]);
        if (!bridge) {
            return;
        }
        cb(bridge, NULL);
    } else {
        bridge_each(cb, NULL);
    }
    ctl_reply(req, reply);
}

static void flush(struct ctl_request *req, int argc, const char *const argv[], void *aux)
{
    (void)aux;
    on_bridges(req, argc, argv, flush_bridge, "table successfully flushed");
}

static void stats_clear(struct ctl_request *req, int argc, const char *const argv[], void *aux)
{
    (void)aux;
    on_bridges(req, argc, argv, clear_stats, "statistics successfully cleared");
}

static void stats_show(struct ctl_request *req, int argc, const char *const argv[], void *aux)
{
    struct ofproto *bridge = find_bridge(req, argv[0]);
    struct strbuf s = STRBUF_INIT;
    const struct mac_table *t;

    (void)argc;
    (void)aux;
    if (!bridge) {
        return;
    }
    t = &bridge->macs;
    strbuf_printf(&s, "Statistics for bridge \"%s\":\n", bridge->name);
    strbuf_printf(&s, "  Current/maximum MAC entries in the table: %zu/%zu\n", t->n, t->max);
    strbuf_puts(&s, "  Current static MAC entries in the table : 0\n");
    strbuf_printf(&s, "  Total number of learned MAC entries     : %llu\n",
                  (unsigned long long)t->n_learned);
    strbuf_printf(&s, "  Total number of expired MAC entries     : %llu\n",
                  (unsigned long long)t->n_expired);
    strbuf_printf(&s, "  Total number of evicted MAC entries     : %llu\n",
                  (unsigned long long)t->n_evicted);
    strbuf_printf(&s, "  Total number of port moved MAC entries  : %llu\n",
                  (unsigned long long)t->n_moved);
    ctl_reply(req, strbuf_str(&s));
    strbuf_free(&s);
}

CONSTRUCTOR static void register_commands(void)
{
    ctl_register("fdb/show", "BRIDGE", 1, 1, show, NULL);
    ctl_register("fdb/flush", "[BRIDGE]", 0, 1, flush, NULL);
    ctl_register("fdb/stats-show", "BRIDGE", 1, 1, stats_show, NULL);
    ctl_register("fdb/stats-clear", "[BRIDGE]", 0, 1, stats_clear, NULL);
}
