/* Commands on the switch as a whole: init, emer-reset, comment. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "utilities/sluice-vsctl/vsctl.h"

/* The Open_vSwitch row is made before any command runs. */
static int init(struct vsctl *v UNUSED, struct command *c UNUSED, struct error *err UNUSED)
{
    return 0;
}

/* All commands of an invocation are the transaction's comment in any case. */
static int comment(struct vsctl *v UNUSED, struct command *c UNUSED, struct error *err UNUSED)
{
    return 0;
}

/* --- emer-reset ---------------------------------------------------------------------------------
 */

/* Columns that go back to their defaults. */
static const char *const reset_columns[][2] = {
    {"Open_vSwitch", "manager_options"},
    {"Open_vSwitch", "ssl"},
    {"Bridge", "controller"},
    {"Bridge", "fail_mode"},
    {"Bridge", "mirrors"},
    {"Bridge", "netflow"},
    {"Bridge", "sflow"},
    {"Bridge", "ipfix"},
};

/* Tables that are emptied. */
static const char *const reset_tables[] = {
    "Controller", "Manager", "Mirror", "NetFlow",
    "sFlow",      "IPFIX",   "SSL",    "Flow_Sample_Collector_Set"};

static int needs_reset(struct vsctl *v, struct command *c UNUSED, struct error *err UNUSED)
{
    for (size_t i = 0; i < ARRAY_SIZE(reset_columns); i++) {
        vsctl_need(v, reset_columns[i][0], reset_columns[i][1]);
    }
    for (size_t i = 0; i < ARRAY_SIZE(reset_tables); i++) {
        vsctl_need(v, reset_tables[i], NULL);
    }
    for (unsigned int i = 0; i < v->schema->n_tables; i++) {
        if (db_table_column(&v->schema->tables[i], "other_config")) {
            vsctl_need(v, v->schema->tables[i].name, "other_config");
        }
    }
    return 0;
}

static bool is_emptied(const char *table)
{
    for (size_t i = 0; i < ARRAY_SIZE(reset_tables); i++) {
        if (!strcmp(reset_tables[i], table)) {
            return true;
        }
    }
    return false;
}

/* A bridge keeps its MAC address. */
static void reset_other_config(struct mrow *row)
{
    const char *hwaddr = mrow_map(row, "other_config", "hwaddr");
    char *kept = hwaddr && !strcmp(mrow_table(row)->name, "Bridge") ? xstrdup(hwaddr) : NULL;

    mrow_clear(row, "other_config");
    if (kept) {
        mrow_set_key(row, "other_config", "hwaddr", kept);
    }
    free(kept);
}

static void reset_row(struct mrow *row)
{
    const char *table = mrow_table(row)->name;

    for (size_t i = 0; i < ARRAY_SIZE(reset_columns); i++) {
        if (!strcmp(reset_columns[i][0], table)) {
            mrow_clear(row, reset_columns[i][1]);
        }
    }
    if (mrow_get_named(row, "other_config")->n) {
        reset_other_config(row);
    }
    if (is_emptied(table)) {
        model_delete(row);
    }
}

static int emer_reset(struct vsctl *v, struct command *c UNUSED, struct error *err UNUSED)
{
    for (unsigned int i = 0; i < v->schema->n_tables; i++) {
        size_t n;
        struct mrow **rows = model_rows(v->model, &v->schema->tables[i], &n);

        for (size_t k = 0; k < n; k++) {
            reset_row(rows[k]);
        }
        free(rows);
    }
    return 0;
}

static const struct command_def defs[] = {
    {"init", 0, 0, "", NULL, NULL, init},
    {"emer-reset", 0, 0, "", NULL, needs_reset, emer_reset},
    {"comment", 0, INT_MAX, "[ARG]...", NULL, NULL, comment},
    {NULL},
};

VSCTL_COMMANDS(defs)
