/* Reads the configuration out of the replica of the database. See conf.h. */
#include "vswitchd/reconcile/conf.h"

#include <stdlib.h>
#include <string.h>

#include "db/client/client.h"
#include "lib/strbuf.h"
#include "vswitchd/reconcile/unbuilt.h"

static struct dp_option *read_map(const struct db_row *row, const char *column, size_t *ret_n)
{
    const struct db_type *type;
    const struct db_datum *d = db_row_datum(row, column, &type);
    struct dp_option *options;

    *ret_n = 0;
    if (!d->n || type->key.type != DB_STRING || type->value.type != DB_STRING) {
        return NULL;
    }
    options = xcalloc(d->n, sizeof *options);
    for (unsigned int i = 0; i < d->n; i++) {
        options[i].key = xstrdup(d->keys[i].string);
        options[i].value = xstrdup(d->values[i].string);
    }
    *ret_n = d->n;
    return options;
}

static uint16_t *read_vlans(const struct db_row *row, const char *column, size_t *ret_n)
{
    const struct db_type *type;
    const struct db_datum *d = db_row_datum(row, column, &type);
    uint16_t *vlans;
    size_t n = 0;

    *ret_n = 0;
    if (!d->n || type->key.type != DB_INTEGER) {
        return NULL;
    }
    vlans = xcalloc(d->n, sizeof *vlans);
    for (unsigned int i = 0; i < d->n; i++) {
        if (d->keys[i].integer >= 0 && d->keys[i].integer < 4096) {
            vlans[n++] = (uint16_t)d->keys[i].integer;
        }
    }
    *ret_n = n;
    return vlans;
}

static unsigned int count_refs(const struct db_row *row, const char *column)
{
    const struct db_type *type;
    return db_row_datum(row, column, &type)->n;
}

static char *copy_or_null(const char *s)
{
    return s ? xstrdup(s) : NULL;
}

static unsigned int map_number(const struct db_row *row, const char *key, unsigned int def,
                               unsigned int max)
{
    const char *text = db_row_map(row, "other_config", key, NULL);
    uint64_t v;

    return text && parse_u64(text, max, &v) && v ? (unsigned int)v : def;
}

static void read_iface(const struct db_row *row, struct conf_iface *i)
{
    int64_t n;

    i->uuid = row->uuid;
    i->name = xstrdup(db_row_string(row, "name", ""));
    i->type = xstrdup(db_row_string(row, "type", ""));
    i->options = read_map(row, "options", &i->n_options);
    n = db_row_integer(row, "ofport_request", 0);
    i->ofport_request = n > 0 && n < OFPROTO_MAX_PORTS ? (uint16_t)n : 0;
    n = db_row_integer(row, "ofport", 0);
    i->ofport_before = n > 0 && n < OFPROTO_MAX_PORTS ? (uint16_t)n : 0;
    i->mac = copy_or_null(db_row_string(row, "mac", NULL));
    n = db_row_integer(row, "mtu_request", 0);
    /* The device's type knows its bounds, and says them. */
    i->mtu_request = n > 0 ? (unsigned int)MIN_OF(n, INT32_MAX) : 0;
}

static void read_vlan_mode(const struct db_row *row, struct conf_port *p)
{
    static const struct {
        const char *name;
        enum ofproto_vlan_mode mode;
    } modes[] = {{"access", OFPROTO_VLAN_ACCESS},
                 {"trunk", OFPROTO_VLAN_TRUNK},
                 {"native-tagged", OFPROTO_VLAN_NATIVE_TAGGED},
                 {"native-untagged", OFPROTO_VLAN_NATIVE_UNTAGGED}};
    const char *text = db_row_string(row, "vlan_mode", NULL);

    /* What ovs-vswitchd.conf.db(5) says for an empty vlan_mode: a tag makes an access port. */
    p->vlan_mode = p->tag >= 0 ? OFPROTO_VLAN_ACCESS : OFPROTO_VLAN_TRUNK;
    for (size_t i = 0; text && i < ARRAY_SIZE(modes); i++) {
        if (!strcmp(text, modes[i].name)) {
            p->vlan_mode = modes[i].mode;
        }
    }
}

static void read_priority_tags(const struct db_row *row, struct conf_port *p)
{
    const char *text = db_row_map(row, "other_config", "priority-tags", "");

    /* "true" is the old spelling of if-nonzero. */
    p->priority_tags = !strcmp(text, "always") ? OFPROTO_PRIO_TAG_ALWAYS
                       : !strcmp(text, "if-nonzero") || !strcmp(text, "true")
                           ? OFPROTO_PRIO_TAG_IF_NONZERO
                           : OFPROTO_PRIO_TAG_NEVER;
}

static void read_port(struct db_client *db, const struct db_row *row, struct conf_port *p,
                      struct strbuf *unbuilt)
{
    unsigned int n = count_refs(row, "interfaces");

    p->uuid = row->uuid;
    p->name = xstrdup(db_row_string(row, "name", ""));
    p->tag = (int)db_row_integer(row, "tag", -1);
    p->trunks = read_vlans(row, "trunks", &p->n_trunks);
    read_vlan_mode(row, p);
    read_priority_tags(row, p);
    p->is_protected = db_row_bool(row, "protected", false);
    unbuilt_check(row, p->name, unbuilt);
    p->ifaces = xcalloc(n, sizeof *p->ifaces);
    for (unsigned int i = 0; i < n; i++) {
        const struct db_row *iface = db_row_ref(db, row, "interfaces", i);

        if (iface) {
            read_iface(iface, &p->ifaces[p->n_ifaces++]);
            unbuilt_check(iface, db_row_string(iface, "name", ""), unbuilt);
        }
    }
}

static void read_bridge(struct db_client *db, const struct db_row *row, struct conf_bridge *b,
                        struct strbuf *unbuilt)
{
    unsigned int n = count_refs(row, "ports");

    b->uuid = row->uuid;
    b->name = xstrdup(db_row_string(row, "name", ""));
    b->datapath_type = xstrdup(db_row_string(row, "datapath_type", ""));
    b->hwaddr = copy_or_null(db_row_map(row, "other_config", "hwaddr", NULL));
    b->datapath_id = copy_or_null(db_row_map(row, "other_config", "datapath-id", NULL));
    b->secure = !strcmp(db_row_string(row, "fail_mode", ""), "secure");
    b->forward_bpdu = !strcmp(db_row_map(row, "other_config", "forward-bpdu", ""), "true");
    b->mac_aging_s = map_number(row, "mac-aging-time", 300, 1000000);
    b->mac_table_size = map_number(row, "mac-table-size", 8192, 1000000);
    b->flood_vlans = read_vlans(row, "flood_vlans", &b->n_flood_vlans);
    unbuilt_check(row, b->name, unbuilt);
    b->ports = xcalloc(n, sizeof *b->ports);
    for (unsigned int i = 0; i < n; i++) {
        const struct db_row *port = db_row_ref(db, row, "ports", i);

        if (port) {
            read_port(db, port, &b->ports[b->n_ports++], unbuilt);
        }
    }
}

struct conf *conf_read(struct db_client *db)
{
    const struct db_row *root = db_client_only(db, "Open_vSwitch");
    struct strbuf unbuilt = STRBUF_INIT;
    struct conf *c;
    unsigned int n;

    c = xcalloc(1, sizeof *c);
    if (!root) {
        c->unbuilt = xstrdup("");
        return c;
    }
    c->next_cfg = db_row_integer(root, "next_cfg", 0);
    c->settings = read_map(root, "other_config", &c->n_settings);
    n = count_refs(root, "bridges");
    c->bridges = xcalloc(n, sizeof *c->bridges);
    for (unsigned int i = 0; i < n; i++) {
        const struct db_row *bridge = db_row_ref(db, root, "bridges", i);

        if (bridge) {
            read_bridge(db, bridge, &c->bridges[c->n_bridges++], &unbuilt);
        }
    }
    c->unbuilt = xstrdup(strbuf_str(&unbuilt));
    strbuf_free(&unbuilt);
    return c;
}

static void free_options(struct dp_option *options, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(options[i].key);
        free(options[i].value);
    }
    free(options);
}

static void free_port(struct conf_port *p)
{
    for (size_t i = 0; i < p->n_ifaces; i++) {
        struct conf_iface *iface = &p->ifaces[i];

        free(iface->name);
        free(iface->type);
        free(iface->mac);
        free_options(iface->options, iface->n_options);
    }
    free(p->ifaces);
    free(p->name);
    free(p->trunks);
}

void conf_free(struct conf *c)
{
    if (!c) {
        return;
    }
    for (size_t i = 0; i < c->n_bridges; i++) {
        struct conf_bridge *b = &c->bridges[i];

        for (size_t j = 0; j < b->n_ports; j++) {
            free_port(&b->ports[j]);
        }
        free(b->ports);
        free(b->name);
        free(b->datapath_type);
        free(b->hwaddr);
        free(b->datapath_id);
        free(b->flood_vlans);
    }
    free(c->bridges);
    free_options(c->settings, c->n_settings);
    free(c->unbuilt);
    free(c);
}

const char *conf_setting(const struct conf *c, const char *key)
{
    for (size_t i = 0; i < c->n_settings; i++) {
        if (!strcmp(c->settings[i].key, key)) {
            return c->settings[i].value;
        }
    }
    return NULL;
}
