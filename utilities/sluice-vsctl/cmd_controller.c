/* Commands on how the switch is controlled: {get,del,set}-controller, -fail-mode, -manager, -ssl.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "utilities/sluice-vsctl/topology.h"

/* --- Rows with a "target" that a set of references holds: controllers and managers. --- */

static void put_targets(struct vsctl *v, struct command *c, const struct mrow *row,
                        const char *column, const char *table)
{
    const struct db_datum *d = mrow_get_named(row, column);
    const char **names = xcalloc(d->n, sizeof *names);
    size_t n = 0;

    for (unsigned int i = 0; i < d->n; i++) {
        struct mrow *target = model_find(v->model, vsctl_table(v, table), &d->keys[i].uuid);

        if (target) {
            names[n++] = mrow_string(target, "target", "");
        }
    }
    put_sorted(&c->output, n, names);
}

/* Empties a column of references and deletes the rows that it had. */
static void delete_refs(struct vsctl *v, struct mrow *row, const char *column, const char *table)
{
    const struct db_datum *d = mrow_get_named(row, column);

    mrow_verify(row, column);
    for (unsigned int i = 0; i < d->n; i++) {
        struct mrow *target = model_find(v->model, vsctl_table(v, table), &d->keys[i].uuid);

        if (target) {
            model_delete(target);
        }
    }
    mrow_clear(row, column);
}

static void add_targets(struct vsctl *v, struct mrow *row, const char *column, const char *table,
                        int n, char *const targets[])
{
    for (int i = 0; i < n; i++) {
        struct mrow *target = model_insert(v->model, vsctl_table(v, table), NULL, false);

        mrow_set_string(target, "target", targets[i]);
        mrow_add_ref(row, column, target);
    }
}

static int check_targets(int n, char *const targets[], struct error *err)
{
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < i; k++) {
            if (!strcmp(targets[i], targets[k])) {
                return error_set(err, EINVAL, "target %s is given twice", targets[i]);
            }
        }
    }
    return 0;
}

/* --- Controllers --------------------------------------------------------------------------------
 */

static int needs_controller(struct vsctl *v, struct command *c UNUSED, struct error *err UNUSED)
{
    need_topology(v);
    vsctl_need(v, "Bridge", "controller");
    vsctl_need(v, "Bridge", "fail_mode");
    vsctl_need(v, "Controller", "target");
    return 0;
}

static int get_controller(struct vsctl *v, struct command *c, struct error *err)
{
    struct bridge *b;
    int rc = find_bridge(v, c->argv[1], &b, err);

    if (!rc) {
        put_targets(v, c, b->row, "controller", "Controller");
    }
    return rc;
}

static int del_controller(struct vsctl *v, struct command *c, struct error *err)
{
    struct bridge *b;
    int rc = find_real_bridge(v, c->argv[1], &b, err);

    if (!rc) {
        delete_refs(v, b->row, "controller", "Controller");
    }
    return rc;
}

static int set_controller(struct vsctl *v, struct command *c, struct error *err)
{
    struct bridge *b;
    int rc = find_real_bridge(v, c->argv[1], &b, err);

    if (!rc) {
        rc = check_targets(c->argc - 2, c->argv + 2, err);
    }
    rc = rc ? rc : vsctl_require_table(v, "Controller", err);
    if (!rc) {
        delete_refs(v, b->row, "controller", "Controller");
        add_targets(v, b->row, "controller", "Controller", c->argc - 2, c->argv + 2);
    }
    return rc;
}

static int get_fail_mode(struct vsctl *v, struct command *c, struct error *err)
{
    struct bridge *b;
    int rc = find_bridge(v, c->argv[1], &b, err);
    const char *mode = rc ? "" : mrow_string(b->row, "fail_mode", "");

    if (*mode) {
        strbuf_printf(&c->output, "%s\n", mode);
    }
    return rc;
}

static int del_fail_mode(struct vsctl *v, struct command *c, struct error *err)
{
    struct bridge *b;
    int rc = find_real_bridge(v, c->argv[1], &b, err);

    if (!rc) {
        mrow_clear(b->row, "fail_mode");
    }
    return rc;
}

static int set_fail_mode(struct vsctl *v, struct command *c, struct error *err)
{
    struct bridge *b;
    int rc = find_real_bridge(v, c->argv[1], &b, err);

    if (rc) {
        return rc;
    }
    if (strcmp(c->argv[2], "standalone") && strcmp(c->argv[2], "secure")) {
        return error_set(err, EINVAL, "fail-mode must be \"standalone\" or \"secure\"");
    }
    mrow_set_string(b->row, "fail_mode", c->argv[2]);
    return 0;
}

/* --- Managers -----------------------------------------------------------------------------------
 */

static int needs_manager(struct vsctl *v, struct command *c UNUSED, struct error *err UNUSED)
{
    vsctl_need(v, "Open_vSwitch", "manager_options");
    vsctl_need(v, "Manager", "target");
    return 0;
}

static int get_manager(struct vsctl *v, struct command *c, struct error *err UNUSED)
{
    put_targets(v, c, vsctl_root(v), "manager_options", "Manager");
    return 0;
}

static int del_manager(struct vsctl *v, struct command *c UNUSED, struct error *err UNUSED)
{
    delete_refs(v, vsctl_root(v), "manager_options", "Manager");
    return 0;
}

static int set_manager(struct vsctl *v, struct command *c, struct error *err)
{
    int rc = check_targets(c->argc - 1, c->argv + 1, err);

    rc = rc ? rc : vsctl_require_table(v, "Manager", err);
    if (!rc) {
        delete_refs(v, vsctl_root(v), "manager_options", "Manager");
        add_targets(v, vsctl_root(v), "manager_options", "Manager", c->argc - 1, c->argv + 1);
    }
    return rc;
}

/* --- SSL ----------------------------------------------------------------------------------------
 */

static int needs_ssl(struct vsctl *v, struct command *c UNUSED, struct error *err UNUSED)
{
    vsctl_need(v, "Open_vSwitch", "ssl");
    vsctl_need(v, "SSL", NULL);
    return 0;
}

static int get_ssl(struct vsctl *v, struct command *c, struct error *err UNUSED)
{
    struct mrow *ssl = model_ref(v->model, vsctl_root(v), "ssl");

    if (ssl) {
        strbuf_printf(&c->output,
                      "Private key: %s\nCertificate: %s\nCA Certificate: %s\nBootstrap: %s\n",
                      mrow_string(ssl, "private_key", ""), mrow_string(ssl, "certificate", ""),
                      mrow_string(ssl, "ca_cert", ""),
                      mrow_bool(ssl, "bootstrap_ca_cert") ? "true" : "false");
    }
    return 0;
}

static int del_ssl(struct vsctl *v, struct command *c UNUSED, struct error *err UNUSED)
{
    delete_refs(v, vsctl_root(v), "ssl", "SSL");
    return 0;
}

static int set_ssl(struct vsctl *v, struct command *c, struct error *err)
{
    int rc = vsctl_require_table(v, "SSL", err);
    struct mrow *ssl;

    if (rc) {
        return rc;
    }
    delete_refs(v, vsctl_root(v), "ssl", "SSL");
    ssl = model_insert(v->model, vsctl_table(v, "SSL"), NULL, false);
    mrow_set_string(ssl, "private_key", c->argv[1]);
    mrow_set_string(ssl, "certificate", c->argv[2]);
    mrow_set_string(ssl, "ca_cert", c->argv[3]);
    mrow_set_bool(ssl, "bootstrap_ca_cert", command_has(c, "bootstrap"));
    mrow_add_ref(vsctl_root(v), "ssl", ssl);
    return 0;
}

static const struct command_def defs[] = {
    {"get-controller", 1, 1, "BRIDGE", NULL, needs_controller, get_controller},
    {"del-controller", 1, 1, "BRIDGE", NULL, needs_controller, del_controller},
    {"set-controller", 1, INT_MAX, "BRIDGE TARGET...", NULL, needs_controller, set_controller},
    {"get-fail-mode", 1, 1, "BRIDGE", NULL, needs_controller, get_fail_mode},
    {"del-fail-mode", 1, 1, "BRIDGE", NULL, needs_controller, del_fail_mode},
    {"set-fail-mode", 2, 2, "BRIDGE MODE", NULL, needs_controller, set_fail_mode},
    {"get-manager", 0, 0, "", NULL, needs_manager, get_manager},
    {"del-manager", 0, 0, "", NULL, needs_manager, del_manager},
    {"set-manager", 1, INT_MAX, "TARGET...", NULL, needs_manager, set_manager},
    {"get-ssl", 0, 0, "", NULL, needs_ssl, get_ssl},
    {"del-ssl", 0, 0, "", NULL, needs_ssl, del_ssl},
    {"set-ssl", 3, 3, "PRIVATE-KEY CERTIFICATE CA-CERT", "bootstrap", needs_ssl, set_ssl},
    {NULL},
};

VSCTL_COMMANDS(defs)
