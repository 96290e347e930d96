/* The counters' shared memory, as the datapath makes it: one sparse memfd for the life of the
 * process. Workers write their blocks through core's pointers; whoever gets the fd can only map it
 * read-only. Control thread. The layout is layout.h's. */
#include "datapath/channel/server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "datapath/channel/layout.h"
#include "lib/util.h"

/* layout.h repeats core's structs, because vswitchd cannot include core.h: they must be the same.
 */
#define SAME(A, B, FIELD)                                                                          \
    static_assert(offsetof(struct A, FIELD) == offsetof(struct B, FIELD), #FIELD)
static_assert(sizeof(struct channel_flow_counter) == sizeof(struct core_flow_counter), "flows");
SAME(channel_flow_counter, core_flow_counter, packets);
SAME(channel_flow_counter, core_flow_counter, bytes);
SAME(channel_flow_counter, core_flow_counter, used_ms);
SAME(channel_flow_counter, core_flow_counter, tcp_flags);
static_assert(sizeof(struct channel_port_counter) == sizeof(struct core_port_counter), "ports");
SAME(channel_port_counter, core_port_counter, rx_packets);
SAME(channel_port_counter, core_port_counter, rx_bytes);
SAME(channel_port_counter, core_port_counter, tx_packets);
SAME(channel_port_counter, core_port_counter, tx_bytes);
SAME(channel_port_counter, core_port_counter, rx_errors);
SAME(channel_port_counter, core_port_counter, tx_errors);
SAME(channel_port_counter, core_port_counter, rx_dropped);
SAME(channel_port_counter, core_port_counter, tx_dropped);
static_assert(sizeof(struct channel_meter_counter) == sizeof(struct core_meter_counter), "meters");
SAME(channel_meter_counter, core_meter_counter, packets);
SAME(channel_meter_counter, core_meter_counter, bytes);
SAME(channel_meter_counter, core_meter_counter, band);
static_assert(CHANNEL_MAX_WORKERS == CORE_MAX_WORKERS, "workers");
static_assert(CHANNEL_MAX_REASONS == DROP_MAX_REASONS, "reasons");
static_assert(sizeof(struct core_totals) <= CHANNEL_TOTALS_SIZE, "totals");

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

struct server_counters {
    int fd;
    uint8_t *map;
    struct channel_counters_header *header;
    struct core_counters core;
};

static void fill_header(struct channel_counters_header *header)
{
    header->magic = CHANNEL_COUNTERS_MAGIC;
    header->version = CHANNEL_VERSION;
    header->n_reasons = drop_n_reasons();
    header->workers_used = 0;
    header->ports_used = 1; /* Drops without a port. */
    for (unsigned int i = 0; i < header->n_reasons; i++) {
        snprintf(header->reasons[i], sizeof header->reasons[i], "%s", drop_reason_get(i)->name);
    }
}

int server_counters_new(struct server_counters **ret, struct error *err)
{
    struct server_counters *c = xcalloc(1, sizeof *c);
    int code;

    c->fd = memfd_create("sluice-counters", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (c->fd < 0 || ftruncate(c->fd, (off_t)CHANNEL_COUNTERS_SIZE)) {
        goto fail;
    }
    c->map = mmap(NULL, CHANNEL_COUNTERS_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
                  c->fd, 0);
    if (c->map == MAP_FAILED) {
        c->map = NULL;
        goto fail;
    }
    /* Our mapping stays writable; no later one can be. */
    if (fcntl(c->fd, F_ADD_SEALS,
              F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL)) {
        goto fail;
    }
    c->header = (struct channel_counters_header *)c->map;
    fill_header(c->header);
    for (unsigned int w = 0; w < CORE_MAX_WORKERS; w++) {
        c->core.flows[w] = (struct core_flow_counter *)(c->map + CHANNEL_FLOWS_AT(w));
        c->core.ports[w] = (struct core_port_counter *)(c->map + CHANNEL_PORTS_AT(w));
        c->core.drops[w] = (uint64_t *)(c->map + CHANNEL_DROPS_AT(w));
        c->core.totals[w] = (struct core_totals *)(c->map + CHANNEL_TOTALS_AT(w));
        c->core.meters[w] = (struct core_meter_counter *)(c->map + CHANNEL_METERS_AT(w));
    }
    *ret = c;
    return 0;
fail:
    code = errno;
    server_counters_free(c);
    return error_set_errno(err, code, "the counters' shared memory cannot be made");
}

void server_counters_free(struct server_counters *c)
{
    if (!c) {
        return;
    }
    if (c->map) {
        munmap(c->map, CHANNEL_COUNTERS_SIZE);
    }
    if (c->fd >= 0) {
        close(c->fd);
    }
    free(c);
}

const struct core_counters *server_counters_core(const struct server_counters *c)
{
    return &c->core;
}

int server_counters_fd(const struct server_counters *c)
{
    return c->fd;
}

void server_counters_mark(struct server_counters *c, unsigned int n_workers, uint32_t n_ports)
{
    uint32_t workers = MAX_OF(c->header->workers_used, n_workers);
    uint32_t ports = MAX_OF(c->header->ports_used, n_ports);

    __atomic_store_n(&c->header->workers_used, MIN_OF(workers, CORE_MAX_WORKERS), __ATOMIC_RELAXED);
    __atomic_store_n(&c->header->ports_used, MIN_OF(ports, DP_MAX_PORTS), __ATOMIC_RELAXED);
}

uint32_t server_counters_ports_used(const struct server_counters *c)
{
    return c->header->ports_used;
}

static uint64_t load(const uint64_t *p)
{
    return __atomic_load_n(p, __ATOMIC_RELAXED);
}

void server_counters_port(const struct server_counters *c, uint32_t port_no,
                          struct dp_port_stats *ret)
{
    memset(ret, 0, sizeof *ret);
    for (unsigned int w = 0; w < c->header->workers_used; w++) {
        const struct core_port_counter *p = &c->core.ports[w][port_no];

        ret->rx_packets += load(&p->rx_packets);
        ret->rx_bytes += load(&p->rx_bytes);
        ret->rx_dropped += load(&p->rx_dropped);
        ret->rx_errors += load(&p->rx_errors);
        ret->tx_packets += load(&p->tx_packets);
        ret->tx_bytes += load(&p->tx_bytes);
        ret->tx_dropped += load(&p->tx_dropped);
        ret->tx_errors += load(&p->tx_errors);
    }
}

void server_counters_flow(const struct server_counters *c, uint32_t flow_no,
                          struct dp_flow_stats *ret)
{
    memset(ret, 0, sizeof *ret);
    for (unsigned int w = 0; w < c->header->workers_used; w++) {
        const struct core_flow_counter *f = &c->core.flows[w][flow_no];
        uint64_t used_ms = load(&f->used_ms);

        ret->packets += load(&f->packets);
        ret->bytes += load(&f->bytes);
        ret->used_ms = MAX_OF(ret->used_ms, used_ms);
        ret->tcp_flags |= (uint16_t)load(&f->tcp_flags);
    }
}

uint64_t server_counters_drops(const struct server_counters *c, uint32_t port_no,
                               unsigned int reason)
{
    uint64_t sum = 0;

    for (unsigned int w = 0; w < c->header->workers_used; w++) {
        sum += load(&c->core.drops[w][(size_t)port_no * DROP_MAX_REASONS + reason]);
    }
    return sum;
}
