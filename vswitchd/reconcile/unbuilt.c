/* See unbuilt.h. A row of a table is taken out when its feature is built. */
#include "vswitchd/reconcile/unbuilt.h"

#include <string.h>

#include "db/client/client.h"

/* --- Columns.
 * ------------------------------------------------------------------------------------ */

static const char not_built[] = "is not built yet and has no effect";

/* Any value but an empty one, false, 0 and 'harmless' asks for the feature. */
static const struct {
    const char *table;
    const char *column;
    const char *harmless;
} columns[] = {
    {"Open_vSwitch", "manager_options", NULL},
    {"Open_vSwitch", "datapaths", NULL},
    {"Controller", "connection_mode", "out-of-band"},
    {"Controller", "controller_queue_size", NULL},
    {"Controller", "local_ip", NULL},
    {"Controller", "local_netmask", NULL},
    {"Controller", "local_gateway", NULL},
    {"Bridge", "mirrors", NULL},
    {"Bridge", "netflow", NULL},
    {"Bridge", "sflow", NULL},
    {"Bridge", "ipfix", NULL},
    {"Bridge", "auto_attach", NULL},
    {"Bridge", "stp_enable", NULL},
    {"Bridge", "rstp_enable", NULL},
    {"Bridge", "mcast_snooping_enable", NULL},
    {"Port", "qos", NULL},
    {"Port", "lacp", "off"},
    {"Port", "cvlans", NULL},
    {"Port", "mac", NULL},
    {"Port", "bond_mode", NULL},
    {"Port", "bond_updelay", NULL},
    {"Port", "bond_downdelay", NULL},
    {"Port", "bond_fake_iface", NULL},
    {"Interface", "cfm_mpid", NULL},
    {"Interface", "bfd", NULL},
    {"Interface", "lldp", NULL},
    {"Interface", "ingress_policing_rate", NULL},
    {"Interface", "ingress_policing_kpkts_rate", NULL},
};

static bool asks_for_something(const struct db_datum *d, const struct db_type *type,
                               const char *harmless)
{
    if (!d->n || (d->n > 1 || db_type_is_map(type))) {
        return d->n > 0;
    }
    switch (type->key.type) {
    case DB_BOOLEAN: return d->keys[0].boolean;
    case DB_INTEGER:
        /* A set with a 0 in it was given one. */
        return d->keys[0].integer || !type->n_min;
    case DB_STRING: return !harmless || strcmp(d->keys[0].string, harmless) != 0;
    default: return true;
    }
}

static void check_columns(const struct db_row *row, struct complaints **list)
{
    for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
        const struct db_type *type;
        const struct db_datum *d;

        if (strcmp(row->table->name, columns[i].table)) {
            continue;
        }
        d = db_row_datum(row, columns[i].column, &type);
        if (asks_for_something(d, type, columns[i].harmless)) {
            complaint_add(list, columns[i].column, NULL, "%s", not_built);
        }
    }
}

/* --- Keys of other_config.
 * ----------------------------------------------------------------------- */

/* What has an effect. With a value: that one alone has, because it is how things are anyway. */
static const struct key_rule {
    const char *table;
    const char *key; /* "PREFIX*" is possible. */
    const char *value;
} built_keys[] = {
    {"Open_vSwitch", "flow-limit", NULL},
    {"Open_vSwitch", "max-idle", NULL},
    {"Open_vSwitch", "pmd-cpu-mask", NULL},
    {"Open_vSwitch", "n-workers", NULL},
    {"Open_vSwitch", "mask-limit", NULL},
    {"Open_vSwitch", "upcall-rate", NULL},
    {"Open_vSwitch", "pending-limit", NULL},
    {"Open_vSwitch", "stats-update-interval", NULL},
    {"Open_vSwitch", "enable-statistics", NULL},
    {"Open_vSwitch", "dpdk-init", "true"},
    {"Open_vSwitch", "dpdk-init", "try"},
    {"Open_vSwitch", "hw-offload", "false"},
    {"Open_vSwitch", "vlan-limit", "0"},
    {"Open_vSwitch", "vlan-limit", "2"},
    {"Bridge", "hwaddr", NULL},
    {"Bridge", "datapath-id", NULL},
    {"Bridge", "forward-bpdu", NULL},
    {"Bridge", "mac-aging-time", NULL},
    {"Bridge", "mac-table-size", NULL},
    {"Bridge", "disable-in-band", "true"},
};

/* Of these tables other programs keep notes of their own in other_config, so that a key which is
 * not known is no mistake: only what Open vSwitch would act on is complained of. */
static const struct key_rule unbuilt_keys[] = {
    {"Port", "bond-*", NULL},          {"Port", "bond_*", NULL},
    {"Port", "lacp-*", NULL},          {"Port", "stp-*", NULL},
    {"Port", "rstp-*", NULL},          {"Port", "mcast-snooping-*", NULL},
    {"Port", "qinq-ethtype", NULL},    {"Interface", "pmd-rxq-affinity", NULL},
    {"Interface", "cfm_*", NULL},      {"Interface", "lacp-*", NULL},
    {"Interface", "bond-*", NULL},     {"Interface", "lldp-*", NULL},
    {"Interface", "emc-enable", NULL}, {"Interface", "tx-steering", NULL},
};

/* Why a key that people set has no effect, when there is more to say. */
static const struct key_rule reasons[] = {
    {"Open_vSwitch", "n-handler-threads",
     "has no effect: flow misses are handled without threads of their own"},
    {"Open_vSwitch", "n-revalidator-threads",
     "has no effect: cached flows are revalidated without threads of their own"},
    {"Open_vSwitch", "vlan-limit",
     "has no effect: two VLAN tags are always looked at (0 and 2 say so)"},
    {"Open_vSwitch", "dpdk-init", "has no effect: the datapath always runs on DPDK"},
    {"Open_vSwitch", "dpdk-*",
     "has no effect: how the datapath starts DPDK is chosen by sluice-datapath's options"},
    {"Bridge", "disable-in-band", "has no effect: there are no in-band rules (true says so)"},
};

static bool key_matches(const struct key_rule *rule, const char *table, const char *key)
{
    size_t n = strlen(rule->key);

    return !strcmp(rule->table, table) &&
           (rule->key[n - 1] == '*' ? !strncmp(rule->key, key, n - 1) : !strcmp(rule->key, key));
}

static const struct key_rule *find_rule(const struct key_rule *rules, size_t n, const char *table,
                                        const char *key, const char *value)
{
    for (size_t i = 0; i < n; i++) {
        if (key_matches(&rules[i], table, key) &&
            (!value || !rules[i].value || !strcmp(rules[i].value, value))) {
            return &rules[i];
        }
    }
    return NULL;
}

static void check_key(const char *table, const char *key, const char *value,
                      struct complaints **list)
{
    bool has_notes = !strcmp(table, "Port") || !strcmp(table, "Interface");
    const struct key_rule *reason;

    if (has_notes ? !find_rule(unbuilt_keys, ARRAY_SIZE(unbuilt_keys), table, key, value)
                  : find_rule(built_keys, ARRAY_SIZE(built_keys), table, key, value) != NULL) {
        return;
    }
    reason = find_rule(reasons, ARRAY_SIZE(reasons), table, key, NULL);
    complaint_add(list, "other_config", key, "%s",
                  reason      ? reason->value
                  : has_notes ? not_built
                              : "is not known, or not built yet, and has no effect");
}

void unbuilt_check(const struct db_row *row, struct complaints **list)
{
    const struct db_type *type;
    const struct db_datum *d = db_row_datum(row, "other_config", &type);

    check_columns(row, list);
    if (type->key.type != DB_STRING || type->value.type != DB_STRING) {
        return;
    }
    for (unsigned int i = 0; i < d->n; i++) {
        check_key(row->table->name, d->keys[i].string, d->values[i].string, list);
    }
}
