/* See unbuilt.h. A row of the table is taken out when its feature is built. */
#include "vswitchd/reconcile/unbuilt.h"

#include <string.h>

#include "db/client/client.h"

static const struct {
    const char *table;
    const char *column;
    bool is_flag; /* Asks for something only when true. */
} unbuilt[] = {
    {"Bridge", "controller", false},
    {"Bridge", "mirrors", false},
    {"Bridge", "netflow", false},
    {"Bridge", "sflow", false},
    {"Bridge", "ipfix", false},
    {"Bridge", "auto_attach", false},
    {"Bridge", "flow_tables", false},
    {"Bridge", "stp_enable", true},
    {"Bridge", "rstp_enable", true},
    {"Bridge", "mcast_snooping_enable", true},
    {"Port", "qos", false},
    {"Port", "lacp", false},
    {"Port", "cvlans", false},
    {"Port", "bond_fake_iface", true},
    {"Interface", "cfm_mpid", false},
    {"Interface", "bfd", false},
    {"Interface", "lldp", false},
    {"Interface", "ingress_policing_rate", true},
    {"Interface", "ingress_policing_kpkts_rate", true},
};

void unbuilt_check(const struct db_row *row, const char *name, struct strbuf *lines)
{
    for (size_t i = 0; i < ARRAY_SIZE(unbuilt); i++) {
        const struct db_datum *d;
        const struct db_type *type;

        if (strcmp(row->table->name, unbuilt[i].table)) {
            continue;
        }
        d = db_row_datum(row, unbuilt[i].column, &type);
        if (!d->n) {
            continue;
        }
        if (unbuilt[i].is_flag && type->key.type == DB_BOOLEAN && !d->keys[0].boolean) {
            continue;
        }
        if (unbuilt[i].is_flag && type->key.type == DB_INTEGER && !d->keys[0].integer) {
            continue;
        }
        strbuf_printf(lines, "%s '%s': column '%s' is not built yet and has no effect\n",
                      unbuilt[i].table, name, unbuilt[i].column);
    }
}
