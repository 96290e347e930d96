/* Writes back how things are: the columns of Interface, Bridge and Open_vSwitch that a switch sets,
 * and cur_cfg, by which ovs-vsctl knows that its change is in force.
 *
 * Every value is compared with the replica's, so an unchanged switch writes nothing. One
 * transaction is under way at a time; what changes meanwhile goes with the next. 'statistics' is
 * stats.c's. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <errno.h>

#include "db/client/client.h"
#include "lib/coverage.h"
#include "lib/log.h"
#include "vswitchd/reconcile/live.h"

LOG_MODULE(status);

COVERAGE(txn_status)

/* --- What is replicated.
 * ------------------------------------------------------------------------- */

static const char *const root_columns[] = {
    "manager_options", "system_type", "system_version",   "ssl",
    "datapaths",       "bridges",     "next_cfg",         "cur_cfg",
    "other_config",    "ovs_version", "db_version",       "dpdk_version",
    "datapath_types",  "iface_types", "dpdk_initialized", NULL};
static const char *const bridge_columns[] = {"name",
                                             "ports",
                                             "datapath_type",
                                             "datapath_id",
                                             "fail_mode",
                                             "other_config",
                                             "flood_vlans",
                                             "datapath_version",
                                             "controller",
                                             "mirrors",
                                             "netflow",
                                             "sflow",
                                             "ipfix",
                                             "auto_attach",
                                             "flow_tables",
                                             "stp_enable",
                                             "rstp_enable",
                                             "mcast_snooping_enable",
                                             "protocols",
                                             "status",
                                             NULL};
static const char *const port_columns[] = {"name",
                                           "interfaces",
                                           "tag",
                                           "trunks",
                                           "vlan_mode",
                                           "other_config",
                                           "protected",
                                           "qos",
                                           "lacp",
                                           "cvlans",
                                           "bond_fake_iface",
                                           "mac",
                                           "bond_mode",
                                           "bond_updelay",
                                           "bond_downdelay",
                                           "status",
                                           NULL};
static const char *const iface_columns[] = {"name",
                                            "type",
                                            "options",
                                            "ofport_request",
                                            "mac",
                                            "mtu_request",
                                            "ofport",
                                            "error",
                                            "link_state",
                                            "admin_state",
                                            "mac_in_use",
                                            "mtu",
                                            "ifindex",
                                            "link_speed",
                                            "duplex",
                                            "status",
                                            "link_resets",
                                            "cfm_mpid",
                                            "bfd",
                                            "lldp",
                                            "ingress_policing_rate",
                                            "ingress_policing_kpkts_rate",
                                            "other_config",
                                            NULL};

static const char *const controller_columns[] = {"target",
                                                 "max_backoff",
                                                 "inactivity_probe",
                                                 "controller_rate_limit",
                                                 "controller_burst_limit",
                                                 "enable_async_messages",
                                                 "type",
                                                 "controller_queue_size",
                                                 "connection_mode",
                                                 "local_ip",
                                                 "local_netmask",
                                                 "local_gateway",
                                                 "other_config",
                                                 "is_connected",
                                                 "role",
                                                 "status",
                                                 NULL};

/* The last two are of schemas after 8.3.1. */
static const char *const ssl_columns[] = {
    "private_key",   "certificate", "ca_cert", "bootstrap_ca_cert",
    "ssl_protocols", "ssl_ciphers", NULL};

static const char *const table_columns[] = {"name",   "flow_limit", "overflow_policy",
                                            "groups", "prefixes",   NULL};

const struct db_client_table *reconcile_db_tables(void)
{
    static const struct db_client_table tables[] = {{"Open_vSwitch", root_columns},
                                                    {"Bridge", bridge_columns},
                                                    {"Port", port_columns},
                                                    {"Interface", iface_columns},
                                                    {"Controller", controller_columns},
                                                    {"SSL", ssl_columns},

                                                    {"Flow_Table", table_columns},
                                                    {NULL, NULL}};
    return tables;
}

/* Columns that we write ourselves: when nothing else changed, there is nothing to do. */
static bool is_own_column(const char *table, const char *column)
{
    static const char *const own[] = {"Open_vSwitch.cur_cfg",
                                      "Open_vSwitch.ovs_version",
                                      "Open_vSwitch.db_version",
                                      "Open_vSwitch.dpdk_version",
                                      "Open_vSwitch.system_type",
                                      "Open_vSwitch.system_version",
                                      "Open_vSwitch.dpdk_initialized",
                                      "Open_vSwitch.iface_types",
                                      "Open_vSwitch.datapath_types",
                                      "Bridge.datapath_id",
                                      "Bridge.datapath_version",
                                      "Bridge.status",
                                      "Port.status",
                                      "Controller.is_connected",
                                      "Controller.role",
                                      "Controller.status",
                                      "Interface.ofport",
                                      "Interface.error",
                                      "Interface.link_state",
                                      "Interface.admin_state",
                                      "Interface.mac_in_use",
                                      "Interface.mtu",
                                      "Interface.ifindex",
                                      "Interface.link_speed",
                                      "Interface.duplex",
                                      "Interface.status",
                                      "Interface.link_resets"};
    size_t n = strlen(table);

    for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
        if (!strncmp(own[i], table, n) && own[i][n] == '.' && !strcmp(own[i] + n + 1, column)) {
            return true;
        }
    }
    return false;
}

void reconcile_db_row(struct reconcile *r, const struct db_row *old, const struct db_row *new_row)
{
    const struct db_table_schema *table;

    if (!old || !new_row) {
        r->conf_is_old = true;
        return;
    }
    table = new_row->table;
    for (unsigned int i = 0; i < table->n_columns && !r->conf_is_old; i++) {
        const struct db_column *c = &table->columns[i];

        r->conf_is_old = !db_datum_equal(&old->columns[i], &new_row->columns[i], &c->type) &&
                         !is_own_column(table->name, c->name);
    }
}

/* --- Values.
 * ------------------------------------------------------------------------------------- */

json_t *map_new(void)
{
    return json_pack("[s, []]", "map");
}

void map_put(json_t *map, const char *key, json_t *value)
{
    json_array_append_new(json_array_get(map, 1), json_pack("[s, o]", key, value));
}

static json_t *none(void)
{
    return json_pack("[s, []]", "set");
}

/* Sets the column when the replica has another value. Takes 'value' over. */
void status_put(struct db_txn *txn, const struct db_row *row, const char *column, json_t *value)
{
    const struct db_column *c = db_table_column(row->table, column);
    struct db_datum d;
    struct error err;

    if (!c) {
        json_decref(value);
        return;
    }
    if (db_datum_from_json(&d, &c->type, value, NULL, NULL, &err)) {
        log_warn_limit("column '%s' of table %s: %s", column, row->table->name, err.text);
        json_decref(value);
        return;
    }
    if (db_datum_equal(&d, &row->columns[c->index], &c->type)) {
        json_decref(value);
    } else {
        db_txn_set(txn, row->table->name, &row->uuid, NULL, column, value);
    }
    db_datum_free(&d, &c->type);
}

static json_t *mac_json(const uint8_t mac[6])
{
    char text[18];

    snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
             mac[4], mac[5]);
    return json_string(text);
}

static json_t *state_json(bool up)
{
    return json_string(up ? "up" : "down");
}

/* Text that comes from elsewhere may not be UTF-8, which the database requires. */
static json_t *text_json(const char *text)
{
    json_t *j = json_string(text);
    return j ? j : json_string("(text that is not UTF-8)");
}

/* --- Interface.
 * ---------------------------------------------------------------------------------- */

static void put_state(struct db_txn *txn, const struct db_row *row, const struct iface *i)
{
    const struct dp_port_info *info = i->has_info && i->dp_port ? &i->info : NULL;
    bool patch = i->type == IFACE_PATCH && i->ofport;
    json_t *status = map_new();

    status_put(txn, row, "admin_state",
               info || patch ? state_json(patch || info->admin_up) : none());
    status_put(txn, row, "link_state", info || patch ? state_json(patch || info->link_up) : none());
    status_put(txn, row, "mac_in_use", info ? mac_json(info->mac) : none());
    status_put(txn, row, "mtu", info && info->mtu ? json_integer(info->mtu) : none());
    status_put(txn, row, "ifindex", info ? json_integer(info->ifindex) : none());
    status_put(txn, row, "link_speed",
               info && info->link_speed_bps ? json_integer((json_int_t)info->link_speed_bps)
                                            : none());
    status_put(txn, row, "duplex", info && info->link_speed_bps ? json_string("full") : none());
    status_put(txn, row, "link_resets", info ? json_integer(i->link_resets) : none());
    if (info && info->driver[0]) {
        map_put(status, "driver_name", text_json(info->driver));
    }
    status_put(txn, row, "status", status);
}

static void put_iface(struct db_txn *txn, const struct db_row *row, const struct iface *i)
{
    const char *error = iface_error(i);

    status_put(txn, row, "ofport", json_integer(i->ofport ? i->ofport : -1));
    status_put(txn, row, "error", error[0] ? text_json(error) : none());
    put_state(txn, row, i);
}

/* --- Bridge, Port, Open_vSwitch.
 * ----------------------------------------------------------------------- */

/* 'error' is why the row does not work at all, or "". */
static json_t *complaints_json(const struct complaints *c, const char *error)
{
    json_t *map = map_new();

    if (error[0]) {
        map_put(map, "error", text_json(error));
    }
    for (unsigned int i = 0; c && i < c->n; i++) {
        char *key = xasprintf("error:%s", c->list[i].column);

        map_put(map, key, text_json(c->list[i].reason));
        free(key);
    }
    return map;
}

/* Whose rows have no object of their own beside the configuration. */
static void put_complaints(struct reconcile *r, struct db_txn *txn)
{
    for (size_t i = 0; i < r->conf->n_bridges; i++) {
        const struct conf_bridge *want = &r->conf->bridges[i];
        const struct bridge *b = bridge_find(r, want->name);
        const struct db_row *row = db_client_get(r->db, "Bridge", &want->uuid);

        if (row) {
            status_put(txn, row, "status", complaints_json(want->complaints, b ? b->error : ""));
        }
        for (size_t k = 0; k < want->n_ports; k++) {
            row = db_client_get(r->db, "Port", &want->ports[k].uuid);
            if (row) {
                status_put(txn, row, "status", complaints_json(want->ports[k].complaints, ""));
            }
        }
    }
}

static void put_bridge(struct db_txn *txn, const struct db_row *row, const struct bridge *b,
                       const struct dp_info *info)
{
    char text[17];

    snprintf(text, sizeof text, "%016" PRIx64, b->datapath_id);
    status_put(txn, row, "datapath_id", b->ofproto ? json_string(text) : none());
    status_put(txn, row, "datapath_version", info ? text_json(info->version) : json_string(""));
}

/* As at each start of Open vSwitch; whoever sets another value keeps it until the next. */
static void put_system(struct db_txn *txn, const struct db_row *row)
{
    char *type = os_release("ID"), *version = os_release("VERSION_ID");

    status_put(txn, row, "system_type", type ? text_json(type) : json_string("unknown"));
    status_put(txn, row, "system_version", version ? text_json(version) : json_string("unknown"));
    free(type);
    free(version);
}

static void put_seconds(json_t *map, const char *key, int64_t seconds)
{
    char text[24];

    if (seconds >= 0) {
        snprintf(text, sizeof text, "%" PRId64, seconds);
        map_put(map, key, json_string(text));
    }
}

static void put_controller(struct db_txn *txn, const struct db_row *row,
                           const struct conf_controller *c,
                           const struct ofproto_controller_status *s)
{
    json_t *status = complaints_json(c->complaints, "");

    map_put(status, "state", json_string(s->state));
    if (s->error[0]) {
        map_put(status, "last_error", text_json(s->error));
    }
    put_seconds(status, "sec_since_connect", s->connected_s);
    put_seconds(status, "sec_since_disconnect", s->disconnected_s);
    status_put(txn, row, "is_connected", json_boolean(s->is_connected));
    status_put(txn, row, "role", s->role ? json_string(s->role) : none());
    status_put(txn, row, "status", status);
}

void status_put_controllers(struct reconcile *r, struct db_txn *txn)
{
    for (size_t i = 0; i < r->conf->n_bridges; i++) {
        const struct conf_bridge *want = &r->conf->bridges[i];
        const struct bridge *b = bridge_find(r, want->name);

        for (size_t j = 0; b && b->ofproto && j < want->n_controllers; j++) {
            const struct conf_controller *c = &want->controllers[j];
            const struct db_row *row = db_client_get(r->db, "Controller", &c->uuid);
            struct ofproto_controller_status status;

            if (row && ofproto_get_controller(b->ofproto, c->target, &status)) {
                put_controller(txn, row, c, &status);
            }
        }
    }
}

static void put_root(struct reconcile *r, struct db_txn *txn, const struct db_row *row)
{
    struct dp_info info;
    bool have_info = r->attached && !dp_get_info(r->dp, &info);

    if (!r->is_ready) {
        put_system(txn, row);
    }
    status_put(txn, row, "dpdk_version",
               have_info && info.engine[0] ? text_json(info.engine) : none());
    status_put(txn, row, "ovs_version", json_string(OFPROTO_OVS_VERSION));
    status_put(txn, row, "db_version", json_string(db_client_schema(r->db)->version));
    status_put(txn, row, "dpdk_initialized", json_boolean(r->attached));
    status_put(txn, row, "datapath_types", json_pack("[s, [s, s]]", "set", "netdev", "system"));
    status_put(
        txn, row, "iface_types",
        json_pack("[s, [s, s, s, s, s]]", "set", "dpdk", "internal", "patch", "system", "tap"));
}

static void put_all(struct reconcile *r, struct db_txn *txn)
{
    const struct db_row *row;
    struct dp_info info;
    bool have_info = r->attached && !dp_get_info(r->dp, &info);
    struct bridge *b;
    struct iface *i;

    for (b = r->bridges; b; b = b->hh.next) {
        row = db_client_get(r->db, "Bridge", &b->uuid);
        if (row) {
            put_bridge(txn, row, b, have_info ? &info : NULL);
        }
    }
    for (i = r->ifaces; i; i = i->hh.next) {
        row = i->pass == r->pass ? db_client_get(r->db, "Interface", &i->uuid) : NULL;
        if (row) {
            put_iface(txn, row, i);
            stats_put_first(r, txn, i);
        }
    }
    put_complaints(r, txn);
}

/* --- The transaction.
 * ---------------------------------------------------------------------------- */

static void done(int error, const char *text, const json_t *results UNUSED, void *aux)
{
    struct reconcile *r = aux;

    r->txn_in_flight = false;
    if (error == -ECANCELED) {
        return;
    }
    if (error) {
        log_warn_limit("writing the state to the database: %s", text ? text : strerror(-error));
        r->status_dirty = true;
        r->cfg_written = false;
        for (struct iface *i = r->ifaces; i; i = i->hh.next) {
            i->stats_written = false;
        }
        reconcile_retry_status(r);
        return;
    }
    if (r->cfg_written) {
        reconcile_first_confirmed(r);
    }
    if (r->status_dirty) {
        status_write(r);
    }
}

void status_write(struct reconcile *r)
{
    const struct db_row *root;
    struct db_txn *txn;

    if (!r->db || !db_client_is_synced(r->db) || r->txn_in_flight) {
        r->status_dirty = true;
        return;
    }
    root = db_client_only(r->db, "Open_vSwitch");
    if (!r->conf || !r->is_active) {
        return;
    }
    if (!root) {
        if (r->synced_cfg_valid) {
            reconcile_first_confirmed(r); /* There is nothing to confirm, nor where to. */
        }
        return;
    }
    r->status_dirty = false;
    txn = db_txn_new(r->db);
    put_all(r, txn);
    status_put_controllers(r, txn);
    put_root(r, txn, root);
    if (r->synced_cfg_valid) {
        status_put(txn, root, "cur_cfg", json_integer(r->synced_cfg));
        r->cfg_written = true;
    }
    if (db_txn_is_empty(txn)) {
        db_txn_free(txn);
        if (r->cfg_written) {
            reconcile_first_confirmed(r);
        }
        return;
    }
    r->txn_in_flight = true;
    coverage_hit(txn_status);
    db_txn_commit(txn, done, r);
}
