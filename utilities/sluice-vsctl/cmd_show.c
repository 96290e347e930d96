/* show: a tree of what is configured. Which tables and columns appear is a table of its own. */
#include <stdlib.h>
#include <string.h>

#include "utilities/sluice-vsctl/vsctl.h"

#define MAX_DEPTH 8

static const struct shown {
    const char *table;
    const char *name;       /* The column that names a row; NULL: its UUID. */
    const char *columns[6]; /* Those that refer to a table here open a level below. */
} shown[] = {
    {"Open_vSwitch", NULL, {"manager_options", "bridges", "ovs_version"}},
    {"Bridge", "name", {"controller", "fail_mode", "datapath_type", "ports"}},
    {"Port", "name", {"tag", "trunks", "interfaces"}},
    {"Interface", "name", {"type", "options", "error"}},
    {"Controller", "target", {"is_connected"}},
    {"Manager", "target", {"is_connected"}},
};

static const struct shown *find_shown(const char *table)
{
    for (size_t i = 0; i < ARRAY_SIZE(shown); i++) {
        if (table && !strcmp(shown[i].table, table)) {
            return &shown[i];
        }
    }
    return NULL;
}

static int needs(struct vsctl *v, struct command *c UNUSED, struct error *err UNUSED)
{
    for (size_t i = 0; i < ARRAY_SIZE(shown); i++) {
        if (shown[i].name) {
            vsctl_need(v, shown[i].table, shown[i].name);
        }
        for (size_t k = 0; k < ARRAY_SIZE(shown[i].columns) && shown[i].columns[k]; k++) {
            vsctl_need(v, shown[i].table, shown[i].columns[k]);
        }
    }
    return 0;
}

static void show_row(struct vsctl *v, struct strbuf *s, const struct mrow *row, unsigned int depth);

static void indent(struct strbuf *s, unsigned int depth)
{
    strbuf_printf(s, "%*s", (int)(depth * 4), "");
}

static int compare_rows(const void *a_, const void *b_)
{
    const struct mrow *a = *(struct mrow *const *)a_, *b = *(struct mrow *const *)b_;
    const char *name = find_shown(mrow_table(a)->name)->name;

    return strcmp(mrow_string(a, name, ""), mrow_string(b, name, ""));
}

static void show_refs(struct vsctl *v, struct strbuf *s, const struct db_datum *d,
                      const char *table, unsigned int depth)
{
    struct mrow **rows = xcalloc(d->n, sizeof *rows);
    size_t n = 0;

    for (unsigned int i = 0; i < d->n; i++) {
        struct mrow *row = model_find(v->model, vsctl_table(v, table), &d->keys[i].uuid);

        if (row) {
            rows[n++] = row;
        }
    }
    if (n) {
        qsort(rows, n, sizeof *rows, compare_rows);
    }
    for (size_t i = 0; i < n; i++) {
        show_row(v, s, rows[i], depth);
    }
    free(rows);
}

static bool is_default(const struct db_datum *d, const struct db_type *type)
{
    struct db_datum def;
    bool equal;

    db_datum_default(&def, type);
    equal = db_datum_equal(&def, d, type);
    db_datum_free(&def, type);
    return equal;
}

static void show_row(struct vsctl *v, struct strbuf *s, const struct mrow *row, unsigned int depth)
{
    const struct shown *how = find_shown(mrow_table(row)->name);
    char uuid[UUID_LEN + 1];
    const struct db_column *c = how->name ? db_table_column(mrow_table(row), how->name) : NULL;

    indent(s, depth);
    if (c) {
        strbuf_printf(s, "%s ", how->table);
        db_datum_to_text(s, mrow_get(row, c), &c->type);
    } else {
        uuid_to_string(mrow_uuid(row), uuid);
        strbuf_puts(s, uuid);
    }
    strbuf_putc(s, '\n');
    for (size_t i = 0; i < ARRAY_SIZE(how->columns) && how->columns[i] && depth < MAX_DEPTH; i++) {
        const struct db_datum *d;

        c = db_table_column(mrow_table(row), how->columns[i]);
        if (!c) {
            continue;
        }
        d = mrow_get(row, c);
        if (c->type.key.type == DB_UUID && find_shown(c->type.key.ref_table)) {
            show_refs(v, s, d, c->type.key.ref_table, depth + 1);
        } else if (!is_default(d, &c->type)) {
            indent(s, depth + 1);
            strbuf_printf(s, "%s: ", c->name);
            db_datum_to_text(s, d, &c->type);
            strbuf_putc(s, '\n');
        }
    }
}

static int show(struct vsctl *v, struct command *c, struct error *err UNUSED)
{
    show_row(v, &c->output, vsctl_root(v), 0);
    return 0;
}

static const struct command_def defs[] = {
    {"show", 0, 0, "", NULL, needs, show},
    {NULL},
};

VSCTL_COMMANDS(defs)
