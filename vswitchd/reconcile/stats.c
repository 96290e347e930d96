/* Statistics of interfaces, and of the system when they are enabled: read from the datapath's
 * counters and written every stats-update-interval, those that changed. */
#include <event2/event.h>

#include <errno.h>
#include <string.h>

#include "db/client/client.h"
#include "lib/coverage.h"
#include "lib/log.h"
#include "vswitchd/reconcile/live.h"

LOG_MODULE(stats);

COVERAGE(txn_statistics)

static json_t *stats_json(const struct dp_port_stats *s)
{
    const struct {
        const char *key;
        uint64_t value;
    } rows[] = {
        {"rx_packets", s->rx_packets}, {"rx_bytes", s->rx_bytes},     {"rx_dropped", s->rx_dropped},
        {"rx_errors", s->rx_errors},   {"tx_packets", s->tx_packets}, {"tx_bytes", s->tx_bytes},
        {"tx_dropped", s->tx_dropped}, {"tx_errors", s->tx_errors},
    };
    json_t *map = map_new();

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        map_put(map, rows[i].key, json_integer((json_int_t)(rows[i].value & INT64_MAX)));
    }
    return map;
}

static bool read_stats(struct reconcile *r, const struct iface *i, struct dp_port_stats *ret)
{
    memset(ret, 0, sizeof *ret);
    if (i->dp_port) {
        return r->attached && !dp_port_stats(r->dp, i->dp_port, ret);
    }
    return i->type == IFACE_PATCH && i->bridge && i->ofport &&
           !ofproto_port_patch_stats(i->bridge->ofproto, i->name, ret);
}

void stats_put_first(struct reconcile *r, struct db_txn *txn, struct iface *i)
{
    struct dp_port_stats s;

    if (!i->stats_written && read_stats(r, i, &s)) {
        db_txn_set(txn, "Interface", &i->uuid, NULL, "statistics", stats_json(&s));
        i->stats = s;
        i->stats_written = true;
    }
}

static void put_interfaces(struct reconcile *r, struct db_txn *txn)
{
    struct iface *i;

    for (i = r->ifaces; i; i = i->hh.next) {
        struct dp_port_stats s;

        if (!read_stats(r, i, &s) || (i->stats_written && !memcmp(&s, &i->stats, sizeof s)) ||
            !db_client_get(r->db, "Interface", &i->uuid)) {
            continue;
        }
        db_txn_set(txn, "Interface", &i->uuid, NULL, "statistics", stats_json(&s));
        i->stats = s;
        i->stats_written = true;
    }
}

static void done(int error, const char *text, const json_t *results UNUSED, void *aux)
{
    struct reconcile *r = aux;
    struct iface *i;

    r->stats_in_flight = false;
    if (!error || error == -ECANCELED) {
        return;
    }
    log_warn_limit("writing statistics to the database: %s", text ? text : strerror(-error));
    for (i = r->ifaces; i; i = i->hh.next) {
        i->stats_written = false;
    }
}

static void write_stats(struct reconcile *r)
{
    const struct db_row *root = db_client_only(r->db, "Open_vSwitch");
    struct db_txn *txn;

    if (!root) {
        return;
    }
    txn = db_txn_new(r->db);
    put_interfaces(r, txn);
    status_put_controllers(r, txn);
    if (r->system_stats || r->system_stats_written) {
        db_txn_set(txn, "Open_vSwitch", &root->uuid, NULL, "statistics",
                   r->system_stats ? system_stats() : map_new());
        r->system_stats_written = r->system_stats;
    }
    if (db_txn_is_empty(txn)) {
        db_txn_free(txn);
        return;
    }
    r->stats_in_flight = true;
    coverage_hit(txn_statistics);
    db_txn_commit(txn, done, r);
}

static void on_timer(evutil_socket_t fd UNUSED, short what UNUSED, void *aux)
{
    struct reconcile *r = aux;

    if (r->db && db_client_is_synced(r->db) && !r->stats_in_flight && r->conf && r->is_active) {
        write_stats(r);
    }
}

void stats_interval_changed(struct reconcile *r)
{
    struct timeval tv = {r->stats_interval_ms / 1000, r->stats_interval_ms % 1000 * 1000};

    event_add(r->stats_timer, &tv);
}

void stats_start(struct reconcile *r)
{
    r->stats_timer = event_new(r->base, -1, EV_PERSIST, on_timer, r);
    r->stats_interval_ms = 5000;
    stats_interval_changed(r);
}
