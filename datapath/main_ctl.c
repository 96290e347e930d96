/* The ctl commands of sluice-datapath: what a person asks of the running datapath. Names follow
 * ovs-appctl's where there is one. Control thread; they read and never change, but for "exit". */
#include "datapath/main_datapath.h"

#include <event2/event.h>
#include <inttypes.h>
#include <malloc.h>
#include <rte_malloc.h>
#include <rte_mempool.h>
#include <stdio.h>
#include <unistd.h>

#include "datapath/channel/server_ports.h"
#include "datapath/core/meters.h"
#include "lib/ctl.h"
#include "lib/strbuf.h"

static void answer(struct ctl_request *request, struct strbuf *s)
{
    ctl_reply(request, strbuf_str(s));
    strbuf_free(s);
}

/* --- Ports. --- */

struct show {
    struct ctl_context *ctx;
    struct strbuf text;
    json_t *ports;
};

static void show_port(const struct dp_port_info *info, void *show_)
{
    struct show *show = show_;
    struct strbuf *s = &show->text;
    struct dp_port_stats st;

    server_counters_port(show->ctx->counters, info->port_no, &st);
    strbuf_printf(s, "  port %u: %s (%s%s%s)%s%s\n", info->port_no, info->name, info->type,
                  info->admin_up ? "" : ", admin down", info->link_up ? "" : ", link down",
                  *info->error ? ": " : "", info->error);
    strbuf_printf(
        s, "    RX packets:%" PRIu64 " bytes:%" PRIu64 " dropped:%" PRIu64 " errors:%" PRIu64 "\n",
        st.rx_packets, st.rx_bytes, st.rx_dropped, st.rx_errors);
    strbuf_printf(
        s, "    TX packets:%" PRIu64 " bytes:%" PRIu64 " dropped:%" PRIu64 " errors:%" PRIu64 "\n",
        st.tx_packets, st.tx_bytes, st.tx_dropped, st.tx_errors);
}

static void show_port_json(const struct dp_port_info *info, void *show_)
{
    struct show *show = show_;
    struct dp_port_stats st;
    char mac[18];

    server_counters_port(show->ctx->counters, info->port_no, &st);
    snprintf(mac, sizeof mac, "%02x:%02x:%02x:%02x:%02x:%02x", info->mac[0], info->mac[1],
             info->mac[2], info->mac[3], info->mac[4], info->mac[5]);
    json_array_append_new(
        show->ports,
        json_pack("{s:i, s:s, s:s, s:s, s:i, s:i, s:b, s:b, s:s, s:s, s:I, s:I, s:I, s:I, s:I, "
                  "s:I, s:I, s:I}",
                  "port_no", (int)info->port_no, "name", info->name, "type", info->type, "mac", mac,
                  "mtu", (int)info->mtu, "ifindex", info->ifindex, "admin_up", info->admin_up,
                  "link_up", info->link_up, "driver", info->driver, "error", info->error,
                  "rx_packets", (json_int_t)st.rx_packets, "rx_bytes", (json_int_t)st.rx_bytes,
                  "rx_dropped", (json_int_t)st.rx_dropped, "rx_errors", (json_int_t)st.rx_errors,
                  "tx_packets", (json_int_t)st.tx_packets, "tx_bytes", (json_int_t)st.tx_bytes,
                  "tx_dropped", (json_int_t)st.tx_dropped, "tx_errors", (json_int_t)st.tx_errors));
}

static void show_datapath(struct ctl_request *request, int argc UNUSED,
                          const char *const argv[] UNUSED, void *ctx)
{
    struct show show = {.ctx = ctx, .text = STRBUF_INIT};
    int pid = server_attached_pid(show.ctx->server);

    if (ctl_wants_json(request)) {
        show.ports = json_array();
        ports_each(show_port_json, &show);
        ctl_reply_json(request,
                       json_pack("{s:i, s:i, s:I, s:o}", "attached_pid", pid, "attach_count",
                                 (int)server_attach_count(show.ctx->server), "flows",
                                 (json_int_t)core_flow_count(), "ports", show.ports));
        return;
    }
    strbuf_printf(&show.text, "sluice-datapath: %zu flows, %zu ports, ", core_flow_count(),
                  ports_count());
    if (pid) {
        strbuf_printf(&show.text, "vswitchd (process %d) attached\n", pid);
    } else {
        strbuf_puts(&show.text, "no vswitchd attached\n");
    }
    ports_each(show_port, &show);
    answer(request, &show.text);
}

/* --- Flows. --- */

static const char *port_name(uint32_t port_no, void *aux UNUSED)
{
    return ports_name(port_no);
}

static void dump_flow(const struct dp_flow *flow, void *show_)
{
    struct show *show = show_;
    struct strbuf *s = &show->text;
    struct dp_flow_stats stats;
    uint64_t now = time_now_ms();

    server_counters_flow(show->ctx->counters, flow->flow_no, &stats);
    flow_key_format(s, &flow->key, &flow->mask, port_name, NULL);
    strbuf_printf(s, ", packets:%" PRIu64 ", bytes:%" PRIu64, stats.packets, stats.bytes);
    if (stats.used_ms) {
        uint64_t ago = now > stats.used_ms ? now - stats.used_ms : 0;

        strbuf_printf(s, ", used:%" PRIu64 ".%03us", ago / 1000, (unsigned int)(ago % 1000));
    } else {
        strbuf_puts(s, ", used:never");
    }
    strbuf_puts(s, ", actions:");
    dp_actions_format_names(s, flow->actions, flow->actions_len, port_name, NULL);
    strbuf_putc(s, '\n');
}

static void dump_flows(struct ctl_request *request, int argc UNUSED,
                       const char *const argv[] UNUSED, void *ctx)
{
    struct show show = {.ctx = ctx, .text = STRBUF_INIT};

    core_flow_list(dump_flow, &show);
    answer(request, &show.text);
}

/* --- Drops. --- */

static void show_drops(struct ctl_request *request, int argc UNUSED,
                       const char *const argv[] UNUSED, void *ctx_)
{
    struct ctl_context *ctx = ctx_;
    uint32_t n_ports = server_counters_ports_used(ctx->counters);
    bool json = ctl_wants_json(request);
    json_t *list = json ? json_array() : NULL;
    struct strbuf s = STRBUF_INIT;

    for (unsigned int id = 0; id < drop_n_reasons(); id++) {
        const struct drop_reason *reason = drop_reason_get(id);

        for (uint32_t port_no = 0; port_no < n_ports; port_no++) {
            uint64_t n = server_counters_drops(ctx->counters, port_no, id);
            const char *name = ports_name(port_no);

            if (!n) {
                continue;
            }
            if (json) {
                json_array_append_new(list, json_pack("{s:s, s:s, s:i, s:s, s:I}", "reason",
                                                      reason->name, "help", reason->help, "port_no",
                                                      (int)port_no, "port", name ? name : "",
                                                      "packets", (json_int_t)n));
            } else {
                strbuf_printf(&s, "%-24s %-16s %12" PRIu64 "  %s\n", reason->name,
                              name ? name : (port_no ? "(removed)" : "-"), n, reason->help);
            }
        }
    }
    if (json) {
        ctl_reply_json(request, list);
        strbuf_free(&s);
    } else {
        answer(request, &s);
    }
}

/* --- Totals. --- */

static uint64_t load(const uint64_t *counter)
{
    return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

/* What must balance once traffic has settled: rx + injected + copies == tx + drops + parked. */
static void show_totals(struct ctl_request *request, int argc UNUSED,
                        const char *const argv[] UNUSED, void *ctx_)
{
    struct ctl_context *ctx = ctx_;
    const struct core_counters *core = server_counters_core(ctx->counters);
    uint32_t n_ports = server_counters_ports_used(ctx->counters);
    uint64_t rx = 0, tx = 0, drops = 0, injected = 0, copies = 0, parked = 0;
    struct strbuf s = STRBUF_INIT;

    for (uint32_t port_no = 0; port_no < n_ports; port_no++) {
        struct dp_port_stats st;

        server_counters_port(ctx->counters, port_no, &st);
        rx += st.rx_packets + st.rx_errors; /* Those are dropped under a reason each. */
        tx += st.tx_packets;
        for (unsigned int id = 0; id < drop_n_reasons(); id++) {
            drops += server_counters_drops(ctx->counters, port_no, id);
        }
    }
    for (unsigned int w = 0; w < CORE_MAX_WORKERS; w++) {
        injected += load(&core->totals[w]->injected);
        copies += load(&core->totals[w]->copies);
        parked += load(&core->totals[w]->parked);
    }
    if (ctl_wants_json(request)) {
        ctl_reply_json(request, json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "rx", (json_int_t)rx,
                                          "injected", (json_int_t)injected, "copies",
                                          (json_int_t)copies, "tx", (json_int_t)tx, "drops",
                                          (json_int_t)drops, "parked", (json_int_t)parked));
        return;
    }
    strbuf_printf(&s,
                  "rx %" PRIu64 "\ninjected %" PRIu64 "\ncopies %" PRIu64 "\ntx %" PRIu64
                  "\ndrops %" PRIu64 "\nparked %" PRIu64 "\n",
                  rx, injected, copies, tx, drops, parked);
    answer(request, &s);
}

/* --- Workers, meters and memory. --- */

static void dump_meters(struct ctl_request *request, int argc UNUSED,
                        const char *const argv[] UNUSED, void *ctx UNUSED)
{
    struct strbuf s = STRBUF_INIT;

    core_meters_show(&s);
    answer(request, &s);
}

static void show_workers(struct ctl_request *request, int argc UNUSED,
                         const char *const argv[] UNUSED, void *ctx UNUSED)
{
    struct strbuf s = STRBUF_INIT;

    core_show(&s);
    answer(request, &s);
}

static void show_pool(struct rte_mempool *pool, void *s)
{
    strbuf_printf(s, "pool %s: %u of %u in use\n", pool->name, rte_mempool_in_use_count(pool),
                  pool->size);
}

static void show_memory(struct ctl_request *request, int argc UNUSED,
                        const char *const argv[] UNUSED, void *ctx UNUSED)
{
    struct rte_malloc_socket_stats heap = {0};
    struct strbuf s = STRBUF_INIT;
    struct mallinfo2 info = mallinfo2();

    for (int socket = 0; socket < 8; socket++) {
        if (!rte_malloc_get_socket_stats(socket, &heap) && heap.heap_totalsz_bytes) {
            strbuf_printf(&s, "dpdk heap %d: %zu of %zu KiB in use (%s)\n", socket,
                          heap.heap_allocsz_bytes / 1024, heap.heap_totalsz_bytes / 1024,
                          eal_has_hugepages() ? "hugepages" : "no hugepages");
        }
    }
    strbuf_printf(&s, "control heap: %zu KiB in use\n", info.uordblks / 1024);
    strbuf_printf(&s, "flows: %zu\nports: %zu\n", core_flow_count(), ports_count());
    rte_mempool_walk(show_pool, &s);
    answer(request, &s);
}

static void exit_program(struct ctl_request *request, int argc UNUSED,
                         const char *const argv[] UNUSED, void *ctx_)
{
    /* The reply is written by the turns of the loop until then. */
    static const struct timeval soon = {0, 50000};
    struct ctl_context *ctx = ctx_;

    ctl_reply(request, "");
    event_base_loopexit(ctx->base, &soon);
}

void datapath_ctl_init(struct ctl_context *ctx)
{
    ctl_register("dpif/show", "", 0, 0, show_datapath, ctx);
    ctl_register("dpctl/show", "", 0, 0, show_datapath, ctx);
    ctl_register("dpctl/dump-flows", "", 0, 0, dump_flows, ctx);
    ctl_register("dpctl/show-drops", "", 0, 0, show_drops, ctx);
    ctl_register("dpctl/dump-meters", "", 0, 0, dump_meters, ctx);
    ctl_register("dpctl/totals", "", 0, 0, show_totals, ctx);
    ctl_register("dpif/pmd-stats-show", "", 0, 0, show_workers, ctx);
    ctl_register("memory/show", "", 0, 0, show_memory, ctx);
    ctl_register("exit", "", 0, 0, exit_program, ctx);
}
