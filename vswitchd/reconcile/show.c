/* The ctl commands about ports and bridges: dpif/show, dpctl/show, dpctl/dump-dps, bridge/show. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ctl.h"
#include "vswitchd/reconcile/live.h"
#include "vswitchd/upcall/ctl.h"

#define DATAPATH_NAME "netdev@ovs-netdev"

static int by_ofport(const void *a_, const void *b_)
{
    const struct iface *a = *(struct iface *const *)a_, *b = *(struct iface *const *)b_;

    if (!strcmp(a->bridge->name, b->bridge->name)) {
        return (int)a->ofport - (int)b->ofport;
    }
    return strcmp(a->bridge->name, b->bridge->name);
}

static int by_dp_port(const void *a_, const void *b_)
{
    const struct iface *a = *(struct iface *const *)a_, *b = *(struct iface *const *)b_;
    return (int)a->dp_port - (int)b->dp_port;
}

static struct iface **sorted(struct reconcile *r, int (*compare)(const void *, const void *),
                             size_t *ret_n)
{
    struct iface **list = xcalloc(HASH_COUNT(r->ifaces), sizeof *list), *i;
    size_t n = 0;

    for (i = r->ifaces; i; i = i->hh.next) {
        if (i->bridge) {
            list[n++] = i;
        }
    }
    qsort(list, n, sizeof *list, compare);
    *ret_n = n;
    return list;
}

static int bridge_by_name(struct bridge *a, struct bridge *b)
{
    return strcmp(a->name, b->name);
}

static void put_lookups(struct reconcile *r, struct strbuf *s, const char *label)
{
    struct upcall_counts c = {0};

    if (r->attached) {
        upcall_counts(r->upcall, &c);
    }
    strbuf_printf(s, "%shit:%" PRIu64 " missed:%" PRIu64, label, c.hit, c.missed);
}

static void dpif_show(struct ctl_request *req, int argc UNUSED, const char *const argv[] UNUSED,
                      void *aux)
{
    struct reconcile *r = aux;
    struct strbuf s = STRBUF_INIT;
    struct bridge *b;
    size_t n;
    struct iface **list = sorted(r, by_ofport, &n);

    HASH_SORT(r->bridges, bridge_by_name);
    put_lookups(r, &s, DATAPATH_NAME ": ");
    strbuf_putc(&s, '\n');
    for (b = r->bridges; b; b = b->hh.next) {
        strbuf_printf(&s, "  %s:\n", b->name);
        for (size_t k = 0; k < n; k++) {
            if (list[k]->bridge != b) {
                continue;
            }
            strbuf_printf(&s, "    %s %u/", list[k]->name, list[k]->ofport);
            if (list[k]->dp_port) {
                strbuf_printf(&s, "%u: (%s)\n", list[k]->dp_port, iface_type_name(list[k]->type));
            } else {
                strbuf_printf(&s, "none: (%s)\n", iface_type_name(list[k]->type));
            }
        }
    }
    free(list);
    ctl_reply(req, strbuf_str(&s));
    strbuf_free(&s);
}

static void put_port_stats(struct strbuf *s, const struct dp_port_stats *t)
{
    strbuf_printf(
        s, "    RX packets:%" PRIu64 " errors:%" PRIu64 " dropped:%" PRIu64 " overruns:? frame:?\n",
        t->rx_packets, t->rx_errors, t->rx_dropped);
    strbuf_printf(s,
                  "    TX packets:%" PRIu64 " errors:%" PRIu64 " dropped:%" PRIu64
                  " aborted:? carrier:?\n    collisions:?\n",
                  t->tx_packets, t->tx_errors, t->tx_dropped);
    strbuf_printf(s, "    RX bytes:%" PRIu64 "  TX bytes:%" PRIu64 "\n", t->rx_bytes, t->tx_bytes);
}

static json_t *port_json(const struct iface *i, const struct dp_port_stats *t)
{
    return json_pack("{s:i, s:s, s:s, s:{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}}", "port_no",
                     (int)i->dp_port, "name", i->name, "type", iface_type_name(i->type),
                     "statistics", "rx_packets", (json_int_t)t->rx_packets, "rx_bytes",
                     (json_int_t)t->rx_bytes, "rx_dropped", (json_int_t)t->rx_dropped, "rx_errors",
                     (json_int_t)t->rx_errors, "tx_packets", (json_int_t)t->tx_packets, "tx_bytes",
                     (json_int_t)t->tx_bytes, "tx_dropped", (json_int_t)t->tx_dropped, "tx_errors",
                     (json_int_t)t->tx_errors);
}

static void dpctl_show(struct ctl_request *req, int argc, const char *const argv[], void *aux)
{
    struct reconcile *r = aux;
    struct strbuf s = STRBUF_INIT;
    struct upcall_counts c = {0};
    bool statistics = false;
    size_t n;
    struct iface **list;
    json_t *ports;

    for (int i = 0; i < argc; i++) {
        if (!strcmp(argv[i], "-s") || !strcmp(argv[i], "--statistics")) {
            statistics = true;
        } else if (!upcall_is_datapath_name(argv[i])) {
            strbuf_printf(&s, "dpctl/show: '%s' is no datapath (see dpctl/dump-dps) and no option",
                          argv[i]);
            ctl_reply_error(req, strbuf_str(&s));
            strbuf_free(&s);
            return;
        }
    }
    if (!r->attached) {
        ctl_reply_error(req, "the datapath is not running");
        return;
    }
    ports = json_array();
    list = sorted(r, by_dp_port, &n);
    upcall_counts(r->upcall, &c);
    put_lookups(r, &s, DATAPATH_NAME ":\n  lookups: ");
    strbuf_printf(&s, " lost:%" PRIu64 "\n  flows: %" PRIu64 "\n", c.unanswered, c.flows);
    for (size_t k = 0; k < n; k++) {
        struct dp_port_stats t = {0};

        if (!list[k]->dp_port) {
            continue;
        }
        dp_port_stats(r->dp, list[k]->dp_port, &t);
        strbuf_printf(&s, "  port %u: %s (%s)\n", list[k]->dp_port, list[k]->name,
                      iface_type_name(list[k]->type));
        if (statistics) {
            put_port_stats(&s, &t);
        }
        json_array_append_new(ports, port_json(list[k], &t));
    }
    if (ctl_wants_json(req)) {
        ctl_reply_json(req, json_pack("{s:s, s:I, s:I, s:I, s:o}", "name", DATAPATH_NAME, "hit",
                                      (json_int_t)c.hit, "missed", (json_int_t)c.missed, "flows",
                                      (json_int_t)c.flows, "ports", ports));
    } else {
        ctl_reply(req, strbuf_str(&s));
        json_decref(ports);
    }
    free(list);
    strbuf_free(&s);
}

static void dump_dps(struct ctl_request *req, int argc UNUSED, const char *const argv[] UNUSED,
                     void *aux)
{
    const struct reconcile *r = aux;
    ctl_reply(req, r->attached ? DATAPATH_NAME "\n" : "");
}

static json_t *iface_json(const struct iface *i)
{
    json_t *j = json_pack("{s:s, s:s, s:s, s:i, s:i, s:s}", "name", i->name, "bridge",
                          i->want_bridge_name ? i->want_bridge_name : "", "type",
                          iface_type_name(i->type), "ofport", i->ofport ? i->ofport : -1, "dp_port",
                          (int)i->dp_port, "error", iface_error(i));
    return j ? j : json_object();
}

static void bridge_show(struct ctl_request *req, int argc, const char *const argv[], void *aux)
{
    struct reconcile *r = aux;
    struct strbuf s = STRBUF_INIT;
    json_t *list = json_array();
    struct iface *i;

    if (argc && !bridge_find(r, argv[0])) {
        char *text = xasprintf("there is no bridge '%s'", argv[0]);
        ctl_reply_error(req, text);
        free(text);
        json_decref(list);
        return;
    }
    strbuf_printf(&s, "%-16s %-16s %-9s %7s %8s %s\n", "bridge", "interface", "type", "ofport",
                  "dp_port", "state");
    for (i = r->ifaces; i; i = i->hh.next) {
        const char *bridge = i->want_bridge_name ? i->want_bridge_name : "";

        if (argc && strcmp(bridge, argv[0])) {
            continue;
        }
        strbuf_printf(&s, "%-16s %-16s %-9s %7d %8u %s\n", bridge, i->name,
                      iface_type_name(i->type), i->ofport ? i->ofport : -1, i->dp_port,
                      *iface_error(i)                   ? iface_error(i)
                      : !i->has_info || i->info.link_up ? "up"
                                                        : "down");
        json_array_append_new(list, iface_json(i));
    }
    if (ctl_wants_json(req)) {
        ctl_reply_json(req, list);
    } else {
        json_decref(list);
        ctl_reply(req, strbuf_str(&s));
    }
    strbuf_free(&s);
}

void reconcile_ctl_init(struct reconcile *r)
{
    ctl_register("dpif/show", "", 0, 0, dpif_show, r);
    ctl_register("dpctl/show", "[-s] [DP]", 0, 2, dpctl_show, r);
    ctl_register("dpctl/dump-dps", "", 0, 0, dump_dps, r);
    ctl_register("dpif/dump-dps", "", 0, 0, dump_dps, r);
    ctl_register("bridge/show", "[BRIDGE]", 0, 1, bridge_show, r);
    complaints_ctl_init(r);
}
