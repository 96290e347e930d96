/* The Open_vSwitch row, tables by name, and the interfaces to be checked in the end. */
#include "utilities/sluice-vsctl/vsctl.h"

#include <errno.h>

const struct db_table_schema *vsctl_table(struct vsctl *v, const char *name)
{
    return db_schema_table(v->schema, name);
}

int vsctl_require_table(struct vsctl *v, const char *name, struct error *err)
{
    return vsctl_table(v, name) ? 0 : error_set(err, ENOENT, "the database has no table %s", name);
}

struct mrow *vsctl_root(struct vsctl *v)
{
    const struct db_table_schema *table = vsctl_table(v, "Open_vSwitch");
    struct mrow *root = model_first(v->model, table);

    return root ? root : model_insert(v->model, table, NULL, false);
}

void vsctl_expect_iface(struct vsctl *v, const char *name)
{
    v->new_ifaces = xreallocarray(v->new_ifaces, v->n_new_ifaces + 1, sizeof *v->new_ifaces);
    v->new_ifaces[v->n_new_ifaces++] = xstrdup(name);
}
