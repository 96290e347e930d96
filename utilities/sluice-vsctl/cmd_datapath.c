/* Commands on datapaths and automatic attachment: {add,del,list}-zone-tp, list-dp-cap,
 * {add,del,get}-aa-mapping. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "utilities/sluice-vsctl/topology.h"

/* --- Datapaths ----------------------------------------------------------------------------------
 */

static int needs_datapath(struct vsctl *v, struct command *c UNUSED, struct error *err UNUSED)
{
    vsctl_need(v, "Open_vSwitch", "datapaths");
    vsctl_need(v, "Datapath", "ct_zones");
    vsctl_need(v, "Datapath", "capabilities");
    vsctl_need(v, "CT_Zone", "timeout_policy");
    vsctl_need(v, "CT_Timeout_Policy", "timeouts");
    return 0;
}

static struct mrow *find_datapath(struct vsctl *v, const char *name)
{
    const union db_atom key = {.string = (char *)name};
    const struct db_datum *d = mrow_get_named(vsctl_root(v), "datapaths");
    int at = db_datum_find(d, &key, DB_STRING);

    return at < 0 ? NULL : model_find(v->model, vsctl_table(v, "Datapath"), &d->values[at].uuid);
}

static int parse_zone(const char *text, int64_t *ret, struct error *err)
{
    uint64_t zone;

    if (strncmp(text, "zone=", 5) || !parse_u64(text + 5, 65535, &zone)) {
        return error_set(err, EINVAL,
                         "invalid argument %s: zone=ID with ID within 0...65535 is "
                         "expected",
                         text);
    }
    *ret = (int64_t)zone;
    return 0;
}

/* KEY=SECONDS into the timeouts of a policy. */
static int set_timeout(struct mrow *policy, const char *text, struct error *err)
{
    const struct db_column *c = db_table_column(mrow_table(policy), "timeouts");
    struct db_datum d;
    int rc = db_datum_from_text(&d, &c->type, text, NULL, NULL, err);

    if (!rc) {
        db_datum_union(mrow_modify(policy, c), &d, &c->type);
        db_datum_free(&d, &c->type);
    }
    return rc;
}

static int add_zone_tp(struct vsctl *v, struct command *c, struct error *err)
{
    struct mrow *dp = find_datapath(v, c->argv[1]), *zone, *policy;
    const struct db_column *zones;
    union db_atom key, value;
    int rc;

    if (!dp) {
        return error_set(err, ENOENT, "datapath %s does not exist", c->argv[1]);
    }
    rc = parse_zone(c->argv[2], &key.integer, err);
    if (rc) {
        return rc;
    }
    zones = db_table_column(mrow_table(dp), "ct_zones");
    if (db_datum_find(mrow_get(dp, zones), &key, DB_INTEGER) >= 0) {
        return command_has(c, "may-exist")
                   ? 0
                   : error_set(err, EEXIST, "zone id %lld already exists", (long long)key.integer);
    }
    rc = vsctl_require_table(v, "CT_Timeout_Policy", err);
    rc = rc ? rc : vsctl_require_table(v, "CT_Zone", err);
    if (rc) {
        return rc;
    }
    policy = model_insert(v->model, vsctl_table(v, "CT_Timeout_Policy"), NULL, false);
    for (int i = 3; i < c->argc && !rc; i++) {
        rc = set_timeout(policy, c->argv[i], err);
    }
    zone = model_insert(v->model, vsctl_table(v, "CT_Zone"), NULL, false);
    mrow_add_ref(zone, "timeout_policy", policy);
    value.uuid = *mrow_uuid(zone);
    db_datum_add(mrow_modify(dp, zones), &key, &value);
    db_datum_sort(mrow_modify(dp, zones), &zones->type);
    return rc;
}

static int del_zone_tp(struct vsctl *v, struct command *c, struct error *err)
{
    struct mrow *dp = find_datapath(v, c->argv[1]);
    const struct db_column *zones;
    union db_atom key;
    int rc, at;

    if (!dp) {
        return error_set(err, ENOENT, "datapath %s does not exist", c->argv[1]);
    }
    rc = parse_zone(c->argv[2], &key.integer, err);
    if (rc) {
        return rc;
    }
    zones = db_table_column(mrow_table(dp), "ct_zones");
    at = db_datum_find(mrow_get(dp, zones), &key, DB_INTEGER);
    if (at < 0) {
        return command_has(c, "if-exists")
                   ? 0
                   : error_set(err, ENOENT, "zone id %lld does not exist", (long long)key.integer);
    }
    db_datum_remove(mrow_modify(dp, zones), (unsigned int)at, &zones->type);
    return 0;
}

static int list_zone_tp(struct vsctl *v, struct command *c, struct error *err)
{
    struct mrow *dp = find_datapath(v, c->argv[1]);
    const struct db_datum *zones;

    if (!dp) {
        return error_set(err, ENOENT, "datapath: %s record not found", c->argv[1]);
    }
    zones = mrow_get_named(dp, "ct_zones");
    for (unsigned int i = 0; i < zones->n; i++) {
        struct mrow *zone = model_find(v->model, vsctl_table(v, "CT_Zone"), &zones->values[i].uuid);
        struct mrow *policy = zone ? model_ref(v->model, zone, "timeout_policy") : NULL;
        const struct db_datum *t = policy ? mrow_get_named(policy, "timeouts") : NULL;

        strbuf_printf(&c->output,
                      "Zone:%lld, Timeout Policies:", (long long)zones->keys[i].integer);
        for (unsigned int k = 0; t && k < t->n; k++) {
            strbuf_printf(&c->output, " %s=%lld", t->keys[k].string,
                          (long long)t->values[k].integer);
        }
        strbuf_puts(&c->output, t && t->n ? "\n" : " system default\n");
    }
    return 0;
}

static int list_dp_cap(struct vsctl *v, struct command *c, struct error *err)
{
    struct mrow *dp = find_datapath(v, c->argv[1]);
    const struct db_datum *caps;

    if (!dp) {
        return error_set(err, ENOENT, "datapath \"%s\" record not found", c->argv[1]);
    }
    caps = mrow_get_named(dp, "capabilities");
    for (unsigned int i = 0; i < caps->n; i++) {
        strbuf_printf(&c->output, "%s%s=%s", i ? " " : "", caps->keys[i].string,
                      caps->values[i].string);
    }
    strbuf_putc(&c->output, '\n');
    return 0;
}

/* --- Auto-Attach --------------------------------------------------------------------------------
 */

static int needs_aa(struct vsctl *v, struct command *c UNUSED, struct error *err UNUSED)
{
    need_topology(v);
    vsctl_need(v, "Bridge", "auto_attach");
    vsctl_need(v, "AutoAttach", "mappings");
    return 0;
}

static int parse_mapping(const struct command *c, union db_atom *isid, union db_atom *vlan,
                         struct error *err)
{
    uint64_t i, n;

    if (!parse_u64(c->argv[2], 0xffffff, &i)) {
        return error_set(err, EINVAL, "%s: I-SID must be between 0 and 16777215", c->argv[2]);
    }
    if (!parse_u64(c->argv[3], 4095, &n)) {
        return error_set(err, EINVAL, "%s: VLAN must be between 0 and 4095", c->argv[3]);
    }
    isid->integer = (int64_t)i;
    vlan->integer = (int64_t)n;
    return 0;
}

static int add_aa_mapping(struct vsctl *v, struct command *c, struct error *err)
{
    const struct db_column *mappings;
    union db_atom isid, vlan;
    struct bridge *b;
    struct mrow *aa;
    int at, rc = find_bridge(v, c->argv[1], &b, err);

    if (!rc) {
        rc = parse_mapping(c, &isid, &vlan, err);
    }
    rc = rc ? rc : vsctl_require_table(v, "AutoAttach", err);
    if (rc) {
        return rc;
    }
    aa = model_ref(v->model, b->row, "auto_attach");
    if (!aa) {
        aa = model_insert(v->model, vsctl_table(v, "AutoAttach"), NULL, false);
        mrow_add_ref(b->row, "auto_attach", aa);
    }
    mappings = db_table_column(mrow_table(aa), "mappings");
    at = db_datum_find(mrow_get(aa, mappings), &isid, DB_INTEGER);
    if (at >= 0) {
        db_datum_remove(mrow_modify(aa, mappings), (unsigned int)at, &mappings->type);
    }
    db_datum_add(mrow_modify(aa, mappings), &isid, &vlan);
    db_datum_sort(mrow_modify(aa, mappings), &mappings->type);
    return 0;
}

static int del_aa_mapping(struct vsctl *v, struct command *c, struct error *err)
{
    union db_atom isid, vlan;
    struct bridge *b;
    struct mrow *aa;
    int rc = find_bridge(v, c->argv[1], &b, err);

    if (!rc) {
        rc = parse_mapping(c, &isid, &vlan, err);
    }
    aa = rc ? NULL : model_ref(v->model, b->row, "auto_attach");
    if (aa) {
        const struct db_column *mappings = db_table_column(mrow_table(aa), "mappings");
        const struct db_datum *d = mrow_get(aa, mappings);
        int at = db_datum_find(d, &isid, DB_INTEGER);

        if (at >= 0 && d->values[at].integer == vlan.integer) {
            db_datum_remove(mrow_modify(aa, mappings), (unsigned int)at, &mappings->type);
        }
    }
    return rc;
}

static int get_aa_mapping(struct vsctl *v, struct command *c, struct error *err)
{
    struct bridge *b;
    struct mrow *aa;
    int rc = find_bridge(v, c->argv[1], &b, err);

    aa = rc ? NULL : model_ref(v->model, b->row, "auto_attach");
    if (aa) {
        const struct db_datum *d = mrow_get_named(aa, "mappings");

        for (unsigned int i = 0; i < d->n; i++) {
            strbuf_printf(&c->output, "%lld %lld\n", (long long)d->keys[i].integer,
                          (long long)d->values[i].integer);
        }
    }
    return rc;
}

static const struct command_def defs[] = {
    {"add-zone-tp", 3, INT_MAX, "DATAPATH zone=ID KEY=SECONDS...", "may-exist", needs_datapath,
     add_zone_tp},
    {"del-zone-tp", 2, 2, "DATAPATH zone=ID", "if-exists", needs_datapath, del_zone_tp},
    {"list-zone-tp", 1, 1, "DATAPATH", NULL, needs_datapath, list_zone_tp},
    {"list-dp-cap", 1, 1, "DATAPATH", NULL, needs_datapath, list_dp_cap},
    {"add-aa-mapping", 3, 3, "BRIDGE I-SID VLAN", NULL, needs_aa, add_aa_mapping},
    {"del-aa-mapping", 3, 3, "BRIDGE I-SID VLAN", NULL, needs_aa, del_aa_mapping},
    {"get-aa-mapping", 1, 1, "BRIDGE", NULL, needs_aa, get_aa_mapping},
    {NULL},
};

VSCTL_COMMANDS(defs)
