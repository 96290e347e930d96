/* Reads the configuration out of the replica of the database. See conf.h. */
#include "vswitchd/reconcile/conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/client/client.h"
#include "lib/stream.h"
#include "vswitchd/reconcile/conf_table.h"
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

bool mac_from_text(const char *text, uint8_t ret[6])
{
    unsigned int b[6];
    int end = 0;

    if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5], &end) !=
            6 ||
        text[end] || strlen(text) != 17) {
        return false;
    }
    for (int i = 0; i < 6; i++) {
        ret[i] = (uint8_t)b[i];
    }
    return true;
}

/* --- Keys of other_config.
 * ----------------------------------------------------------------------- */

static void refuse_key(struct complaints **list, const char *key, const char *value,
                       const char *what)
{
    complaint_add(list, "other_config", key, "'%.*s' is not %s", complaint_width(value), value,
                  what);
}

static const char *map_value(const struct db_row *row, const char *key)
{
    return db_row_map(row, "other_config", key, NULL);
}

static unsigned int map_number(const struct db_row *row, const char *key, unsigned int def,
                               unsigned int max, struct complaints **list)
{
    const char *text = map_value(row, key);
    uint64_t v;

    if (!text) {
        return def;
    }
    if (!parse_u64(text, max, &v) || !v) {
        complaint_add(list, "other_config", key, "'%.*s' is not a number of 1 to %u: using %u",
                      complaint_width(text), text, max, def);
        return def;
    }
    return (unsigned int)v;
}

static bool map_flag(const struct db_row *row, const char *key, struct complaints **list)
{
    const char *text = map_value(row, key);

    if (text && strcmp(text, "true") && strcmp(text, "false")) {
        refuse_key(list, key, text, "'true' or 'false'");
    }
    return text && !strcmp(text, "true");
}

static void read_hwaddr(const struct db_row *row, struct conf_bridge *b)
{
    const char *text = map_value(row, "hwaddr");

    b->has_hwaddr = text && mac_from_text(text, b->hwaddr) && !(b->hwaddr[0] & 1);
    if (text && !b->has_hwaddr) {
        refuse_key(&b->complaints, "hwaddr", text, "a unicast MAC address");
    }
}

static void read_datapath_id(const struct db_row *row, struct conf_bridge *b)
{
    const char *text = map_value(row, "datapath-id"), *digits;
    size_t n;

    if (!text) {
        return;
    }
    digits = strncmp(text, "0x", 2) ? text : text + 2;
    n = strspn(digits, "0123456789abcdefABCDEF");
    if (n >= 1 && n <= 16 && !digits[n]) {
        b->datapath_id = strtoull(digits, NULL, 16);
    }
    if (!b->datapath_id) {
        refuse_key(&b->complaints, "datapath-id", text,
                   "a number of 1 to 16 hexadecimal digits other than 0");
    }
}

/* --- Rows.
 * --------------------------------------------------------------------------------------- */

/* A patch port is ofproto's alone: there is no device to refuse its options. */
static void check_patch_options(struct conf_iface *i)
{
    if (strcmp(i->type, "patch")) {
        return;
    }
    for (size_t k = 0; k < i->n_options; k++) {
        const char *key = i->options[k].key, *value = i->options[k].value;

        if (strcmp(key, "peer")) {
            complaint_add(&i->complaints, "options", key,
                          "(value '%.*s') is not known for type 'patch' and has no effect",
                          complaint_width(value), value);
        }
    }
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
    check_patch_options(i);
    unbuilt_check(row, &i->complaints);
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
            return;
        }
    }
    if (text) {
        complaint_add(&p->complaints, "vlan_mode", NULL, "'%.*s' is not built yet: using '%s'",
                      complaint_width(text), text, p->tag >= 0 ? "access" : "trunk");
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
    if (p->priority_tags == OFPROTO_PRIO_TAG_NEVER && *text && strcmp(text, "never") &&
        strcmp(text, "false")) {
        refuse_key(&p->complaints, "priority-tags", text, "'never', 'if-nonzero' or 'always'");
    }
}

static void read_port(struct db_client *db, const struct db_row *row, struct conf_port *p)
{
    unsigned int n = count_refs(row, "interfaces");

    p->uuid = row->uuid;
    p->name = xstrdup(db_row_string(row, "name", ""));
    p->tag = (int)db_row_integer(row, "tag", -1);
    p->trunks = read_vlans(row, "trunks", &p->n_trunks);
    read_vlan_mode(row, p);
    read_priority_tags(row, p);
    p->is_protected = db_row_bool(row, "protected", false);
    unbuilt_check(row, &p->complaints);
    p->ifaces = xcalloc(n, sizeof *p->ifaces);
    for (unsigned int i = 0; i < n; i++) {
        const struct db_row *iface = db_row_ref(db, row, "interfaces", i);

        if (iface) {
            read_iface(iface, &p->ifaces[p->n_ifaces++]);
        }
    }
}

/* Bits are numbers on the wire. Of the others, nobody who asks for them gets a different one. */
static void read_protocols(const struct db_row *row, struct conf_bridge *b)
{
    static const char *const built[] = {"OpenFlow10", "OpenFlow11", "OpenFlow12",
                                        "OpenFlow13", "OpenFlow14", "OpenFlow15"};
    const struct db_type *type;
    const struct db_datum *d = db_row_datum(row, "protocols", &type);
    uint32_t wanted = 0;

    if (!d->n || type->key.type != DB_STRING) {
        return;
    }
    for (unsigned int i = 0; i < d->n; i++) {
        const char *name = d->keys[i].string;
        size_t k = 0;

        while (k < ARRAY_SIZE(built) && strcmp(name, built[k])) {
            k++;
        }
        if (k < ARRAY_SIZE(built)) {
            wanted |= 2u << k;
        } else {
            complaint_add(&b->complaints, "protocols", NULL,
                          "'%.*s' is none of OpenFlow10, OpenFlow11 ... OpenFlow15",
                          complaint_width(name), name);
        }
    }
    b->refused_versions = ~wanted;
}

/* What ovs-vswitchd.conf.db(5) says of empty columns. */
#define DEFAULT_BACKOFF_MS 8000
#define DEFAULT_PROBE_MS 5000

static uint32_t clamp(int64_t n)
{
    return n < 0 ? 0 : (uint32_t)MIN_OF(n, (int64_t)1000000000);
}

static void read_controller(const struct db_row *row, struct conf_controller *c)
{
    const char *type;

    c->uuid = row->uuid;
    c->target = xstrdup(db_row_string(row, "target", ""));
    c->max_backoff_ms = clamp(db_row_integer(row, "max_backoff", DEFAULT_BACKOFF_MS));
    c->inactivity_probe_ms = clamp(db_row_integer(row, "inactivity_probe", DEFAULT_PROBE_MS));
    c->rate_limit = clamp(db_row_integer(row, "controller_rate_limit", 0));
    c->burst_limit = clamp(db_row_integer(row, "controller_burst_limit", 0));
    c->no_async = !db_row_bool(row, "enable_async_messages", true);
    type = db_row_string(row, "type", stream_name_is_active(c->target) ? "primary" : "service");
    c->is_primary = !strcmp(type, "primary");
    unbuilt_check(row, &c->complaints);
}

static void read_controllers(struct db_client *db, const struct db_row *row, struct conf_bridge *b)
{
    unsigned int n = count_refs(row, "controller");

    b->controllers = xcalloc(n, sizeof *b->controllers);
    for (unsigned int i = 0; i < n; i++) {
        const struct db_row *controller = db_row_ref(db, row, "controller", i);

        if (controller) {
            read_controller(controller, &b->controllers[b->n_controllers++]);
        }
    }
}

static void read_bridge(struct db_client *db, const struct db_row *row, struct conf_bridge *b)
{
    unsigned int n = count_refs(row, "ports");

    b->uuid = row->uuid;
    b->name = xstrdup(db_row_string(row, "name", ""));
    b->datapath_type = xstrdup(db_row_string(row, "datapath_type", ""));
    read_hwaddr(row, b);
    read_datapath_id(row, b);
    b->secure = !strcmp(db_row_string(row, "fail_mode", ""), "secure");
    b->forward_bpdu = map_flag(row, "forward-bpdu", &b->complaints);
    b->mac_aging_s = map_number(row, "mac-aging-time", 300, 1000000, &b->complaints);
    b->mac_table_size = map_number(row, "mac-table-size", 8192, 1000000, &b->complaints);
    b->flood_vlans = read_vlans(row, "flood_vlans", &b->n_flood_vlans);
    read_protocols(row, b);
    unbuilt_check(row, &b->complaints);
    read_controllers(db, row, b);
    b->tables = conf_tables_read(db, row, &b->n_tables, &b->complaints);
    b->ports = xcalloc(n, sizeof *b->ports);
    for (unsigned int i = 0; i < n; i++) {
        const struct db_row *port = db_row_ref(db, row, "ports", i);

        if (port) {
            read_port(db, port, &b->ports[b->n_ports++]);
        }
    }
}

static char *read_text(const struct db_row *row, const char *column)
{
    const char *text = db_row_string(row, column, "");

    return *text ? xstrdup(text) : NULL;
}

static void read_tls(const struct db_row *row, struct conf_tls *tls)
{
    tls->private_key = read_text(row, "private_key");
    tls->certificate = read_text(row, "certificate");
    tls->ca_cert = read_text(row, "ca_cert");
    tls->bootstrap_ca_cert = db_row_bool(row, "bootstrap_ca_cert", false);
    tls->protocols = read_text(row, "ssl_protocols");
    tls->ciphers = read_text(row, "ssl_ciphers");
}

struct conf *conf_read(struct db_client *db)
{
    const struct db_row *root = db_client_only(db, "Open_vSwitch");
    const struct db_row *ssl;
    struct conf *c;
    unsigned int n;

    c = xcalloc(1, sizeof *c);
    if (!root) {
        return c;
    }
    c->next_cfg = db_row_integer(root, "next_cfg", 0);
    c->settings = read_map(root, "other_config", &c->n_settings);
    unbuilt_check(root, &c->complaints);
    if (count_refs(root, "ssl") && (ssl = db_row_ref(db, root, "ssl", 0))) {
        read_tls(ssl, &c->tls);
    }
    n = count_refs(root, "bridges");
    c->bridges = xcalloc(n, sizeof *c->bridges);
    for (unsigned int i = 0; i < n; i++) {
        const struct db_row *bridge = db_row_ref(db, root, "bridges", i);

        if (bridge) {
            read_bridge(db, bridge, &c->bridges[c->n_bridges++]);
        }
    }
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
        complaints_free(iface->complaints);
    }
    free(p->ifaces);
    free(p->name);
    free(p->trunks);
    complaints_free(p->complaints);
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
        free(b->flood_vlans);
        complaints_free(b->complaints);
        for (size_t j = 0; j < b->n_controllers; j++) {
            complaints_free(b->controllers[j].complaints);
            free(b->controllers[j].target);
        }
        free(b->controllers);
        conf_tables_free(b->tables, b->n_tables);
    }
    free(c->bridges);
    free_options(c->settings, c->n_settings);
    free(c->tls.private_key);
    free(c->tls.certificate);
    free(c->tls.ca_cert);
    free(c->tls.protocols);
    free(c->tls.ciphers);
    complaints_free(c->complaints);
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
