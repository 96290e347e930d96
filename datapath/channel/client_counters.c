/* The channel client's view of the datapath's counters: sums over workers, read from memory that
 * the datapath shares read-only. No message, no system call. On the event base's thread. See
 * client.h. */
#include "datapath/channel/client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "lib/util.h"

static uint64_t load(const uint64_t *p)
{
    return __atomic_load_n(p, __ATOMIC_RELAXED);
}

static const struct channel_counters_header *header_of(const struct client_session *session)
{
    return (const struct channel_counters_header *)session->counters;
}

static unsigned int workers_used(const struct client_session *session)
{
    uint32_t n = __atomic_load_n(&header_of(session)->workers_used, __ATOMIC_RELAXED);

    return MIN_OF(n, CHANNEL_MAX_WORKERS);
}

static uint32_t ports_used(const struct client_session *session)
{
    uint32_t n = __atomic_load_n(&header_of(session)->ports_used, __ATOMIC_RELAXED);

    return MIN_OF(n, DP_MAX_PORTS);
}

static const void *at(const struct client_session *session, uint64_t offset)
{
    return session->counters + offset;
}

int client_counters_map(struct client_session *session, int fd, struct error *err)
{
    const struct channel_counters_header *header;
    struct stat st;
    int seals = fcntl(fd, F_GET_SEALS);
    void *p;

    if (seals < 0 || !(seals & F_SEAL_SHRINK) || fstat(fd, &st) ||
        st.st_size != (off_t)CHANNEL_COUNTERS_SIZE) {
        return error_set(err, EPROTO, "the counters' memory is not %llu sealed bytes",
                         (unsigned long long)CHANNEL_COUNTERS_SIZE);
    }
    p = mmap(NULL, CHANNEL_COUNTERS_SIZE, PROT_READ, MAP_SHARED | MAP_NORESERVE, fd, 0);
    if (p == MAP_FAILED) {
        return error_set_errno(err, errno, "the counters' memory cannot be mapped");
    }
    session->counters = p;
    header = p;
    session->n_reasons = header->n_reasons;
    if (header->magic != CHANNEL_COUNTERS_MAGIC || header->version != CHANNEL_VERSION ||
        session->n_reasons > CHANNEL_MAX_REASONS) {
        return error_set(err, EPROTO, "the counters' memory has another layout");
    }
    memcpy(session->reasons, header->reasons, sizeof session->reasons);
    for (unsigned int i = 0; i < session->n_reasons; i++) {
        session->reasons[i][DP_NAME_MAX - 1] = '\0';
    }
    return 0;
}

int client_flow_stats(struct dp *dp, uint32_t flow_no, struct dp_flow_stats *ret)
{
    const struct client *client = client_cast(dp);
    struct dp_flow_stats sum = {0, 0, 0, 0};
    unsigned int n;

    if (!client_usable(client)) {
        return -ENOTCONN;
    }
    n = workers_used(&client->session);
    for (unsigned int w = 0; w < n; w++) {
        const struct channel_flow_counter *c = (const struct channel_flow_counter *)at(
                                                   &client->session, CHANNEL_FLOWS_AT(w)) +
                                               flow_no;
        uint64_t used_ms = load(&c->used_ms);

        sum.packets += load(&c->packets);
        sum.bytes += load(&c->bytes);
        sum.used_ms = MAX_OF(sum.used_ms, used_ms);
        sum.tcp_flags |= (uint16_t)load(&c->tcp_flags);
    }
    *ret = sum;
    return 0;
}

int client_port_stats(struct dp *dp, uint32_t port_no, struct dp_port_stats *ret)
{
    const struct client *client = client_cast(dp);
    struct dp_port_stats sum = {0};
    unsigned int n;

    if (!client_usable(client)) {
        return -ENOTCONN;
    }
    n = workers_used(&client->session);
    for (unsigned int w = 0; w < n; w++) {
        const struct channel_port_counter *c = (const struct channel_port_counter *)at(
                                                   &client->session, CHANNEL_PORTS_AT(w)) +
                                               port_no;

        sum.rx_packets += load(&c->rx_packets);
        sum.rx_bytes += load(&c->rx_bytes);
        sum.rx_dropped += load(&c->rx_dropped);
        sum.rx_errors += load(&c->rx_errors);
        sum.tx_packets += load(&c->tx_packets);
        sum.tx_bytes += load(&c->tx_bytes);
        sum.tx_dropped += load(&c->tx_dropped);
        sum.tx_errors += load(&c->tx_errors);
    }
    *ret = sum;
    return 0;
}

static uint64_t drops_of(const struct client_session *session, uint32_t port_no,
                         unsigned int reason, unsigned int n_workers)
{
    uint64_t sum = 0;

    for (unsigned int w = 0; w < n_workers; w++) {
        const uint64_t *drops = at(session, CHANNEL_DROPS_AT(w));

        sum += load(&drops[(size_t)port_no * CHANNEL_MAX_REASONS + reason]);
    }
    return sum;
}

int client_drops(struct dp *dp, struct dp_drop **ret, size_t *ret_n)
{
    const struct client *client = client_cast(dp);
    const struct client_session *session = &client->session;
    struct dp_drop *drops = NULL;
    size_t n = 0, size = 0;
    unsigned int n_workers;
    uint32_t n_ports;

    if (!client_usable(client)) {
        return -ENOTCONN;
    }
    n_workers = workers_used(session);
    n_ports = ports_used(session);
    for (uint32_t port_no = 0; port_no < n_ports; port_no++) {
        for (unsigned int reason = 0; reason < session->n_reasons; reason++) {
            uint64_t packets = drops_of(session, port_no, reason, n_workers);

            if (!packets) {
                continue;
            }
            if (n == size) {
                size = size ? size * 2 : 16;
                drops = xreallocarray(drops, size, sizeof *drops);
            }
            drops[n++] = (struct dp_drop){session->reasons[reason], port_no, packets};
        }
    }
    *ret = drops;
    *ret_n = n;
    return 0;
}

int client_meter_stats(struct dp *dp, uint32_t meter_no, struct dp_meter_stats *ret)
{
    const struct client *client = client_cast(dp);
    struct dp_meter_stats sum = {0};
    unsigned int n;

    if (!client_usable(client)) {
        return -ENOTCONN;
    }
    n = workers_used(&client->session);
    for (unsigned int w = 0; w < n; w++) {
        const struct channel_meter_counter *c = (const struct channel_meter_counter *)at(
                                                    &client->session, CHANNEL_METERS_AT(w)) +
                                                meter_no;

        sum.packets += load(&c->packets);
        sum.bytes += load(&c->bytes);
        for (unsigned int i = 0; i < DP_METER_MAX_BANDS; i++) {
            sum.band[i].packets += load(&c->band[i].packets);
            sum.band[i].bytes += load(&c->band[i].bytes);
        }
    }
    *ret = sum;
    return 0;
}
