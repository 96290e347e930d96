/* See names.h. */
#include "utilities/sluice-vsctl/names.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* How the records of a table are named: by 'column' of 'table' (NULL: the same table); with 'ref',
 * that row's only reference is meant. */
static const struct record_name {
    const char *of;
    const char *table;
    const char *column;
    const char *ref;
} record_names[] = {
    {"Bridge", NULL, "name", NULL},
    {"Port", NULL, "name", NULL},
    {"Interface", NULL, "name", NULL},
    {"Mirror", NULL, "name", NULL},
    {"Flow_Table", NULL, "name", NULL},
    {"Manager", NULL, "target", NULL},
    {"Controller", "Bridge", "name", "controller"},
    {"NetFlow", "Bridge", "name", "netflow"},
    {"sFlow", "Bridge", "name", "sflow"},
    {"IPFIX", "Bridge", "name", "ipfix"},
    {"AutoAttach", "Bridge", "name", "auto_attach"},
    {"QoS", "Port", "name", "qos"},
    {"Flow_Sample_Collector_Set", NULL, "id", NULL},
};

/* --- Tables and columns -------------------------------------------------------------------------
 */

/* 0: no; 1: 'word' abbreviates 'name'; 2: it is the name. */
static int match(const char *name, const char *word)
{
    for (; *word; name++, word++) {
        char a = (char)tolower((unsigned char)*name), b = (char)tolower((unsigned char)*word);

        if ((a == '-' ? '_' : a) != (b == '-' ? '_' : b)) {
            return 0;
        }
    }
    return *name ? 1 : 2;
}

static int ambiguous_table(struct vsctl *v, const char *name, struct error *err)
{
    struct strbuf s = STRBUF_INIT;

    for (unsigned int i = 0; i < v->schema->n_tables; i++) {
        if (match(v->schema->tables[i].name, name)) {
            strbuf_printf(&s, "%s%s", s.len ? ", " : "", v->schema->tables[i].name);
        }
    }
    error_set(err, EINVAL, "\"%s\" matches multiple table names: %s", name, strbuf_str(&s));
    strbuf_free(&s);
    return -EINVAL;
}

int find_table(struct vsctl *v, const char *name, const struct db_table_schema **ret,
               struct error *err)
{
    const struct db_table_schema *found = NULL;
    unsigned int n_found = 0;

    for (unsigned int i = 0; i < v->schema->n_tables; i++) {
        int m = match(v->schema->tables[i].name, name);

        if (m == 2) {
            *ret = &v->schema->tables[i];
            return 0;
        }
        if (m) {
            found = &v->schema->tables[i];
            n_found++;
        }
    }
    if (n_found > 1) {
        return ambiguous_table(v, name, err);
    }
    if (!n_found) {
        return error_set(err, ENOENT, "unknown table \"%s\"", name);
    }
    *ret = found;
    return 0;
}

int find_column(const struct db_table_schema *table, const char *name, const struct db_column **ret,
                struct error *err)
{
    const struct db_column *found = NULL;
    unsigned int n_found = 0;

    if (match("_uuid", name)) {
        *ret = NULL;
        if (match("_uuid", name) == 2) {
            return 0;
        }
        n_found++;
    }
    for (unsigned int i = 0; i < table->n_columns; i++) {
        int m = match(table->columns[i].name, name);

        if (m == 2) {
            *ret = &table->columns[i];
            return 0;
        }
        if (m) {
            found = &table->columns[i];
            n_found++;
        }
    }
    if (n_found > 1) {
        return error_set(err, EINVAL, "%s contains more than one column whose name matches \"%s\"",
                         table->name, name);
    }
    if (!n_found) {
        return error_set(err, ENOENT, "%s does not contain a column whose name matches \"%s\"",
                         table->name, name);
    }
    *ret = found;
    return 0;
}

/* --- Records ------------------------------------------------------------------------------------
 */

void need_records(struct vsctl *v, const struct db_table_schema *table)
{
    vsctl_need(v, table->name, "name");
    for (size_t i = 0; i < ARRAY_SIZE(record_names); i++) {
        const struct record_name *r = &record_names[i];

        if (!strcmp(r->of, table->name)) {
            vsctl_need(v, r->table ? r->table : table->name, r->column);
            if (r->ref) {
                vsctl_need(v, r->table, r->ref);
            }
        }
    }
}

static bool has_name(const struct mrow *row, const char *column, const char *name)
{
    const struct db_column *c = db_table_column(mrow_table(row), column);
    const struct db_datum *d = c ? mrow_get(row, c) : NULL;
    uint64_t number;

    if (!c || d->n != 1) {
        return false;
    }
    if (c->type.key.type == DB_STRING) {
        return !strcmp(d->keys[0].string, name);
    }
    return c->type.key.type == DB_INTEGER && parse_u64(name, INT64_MAX, &number) &&
           d->keys[0].integer == (int64_t)number;
}

static int find_named(struct vsctl *v, const struct db_table_schema *table,
                      const struct record_name *by, const char *name, struct mrow **ret,
                      struct error *err)
{
    const struct db_table_schema *in = by->table ? vsctl_table(v, by->table) : table;
    size_t n, n_found = 0;
    struct mrow **rows, *found = NULL;

    if (!in) {
        return 0;
    }
    rows = model_rows_unsorted(v->model, in, &n);
    for (size_t i = 0; i < n; i++) {
        if (!has_name(rows[i], by->column, name)) {
            continue;
        }
        if (!by->ref) {
            found = rows[i];
            n_found++;
        } else if (mrow_get_named(rows[i], by->ref)->n == 1) {
            found = model_ref(v->model, rows[i], by->ref);
            n_found += found != NULL;
        }
    }
    free(rows);
    if (n_found > 1) {
        return error_set(err, EINVAL, "multiple rows in %s match \"%s\"", table->name, name);
    }
    *ret = found;
    return 0;
}

/* At least four hexadecimal digits (and dashes) with which a UUID may begin. */
static bool is_uuid_prefix(const char *s)
{
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    size_t i;

    for (i = 0; s[i]; i++) {
        if (i >= sizeof form - 1 ||
            (form[i] == 'x' ? !isxdigit((unsigned char)s[i]) : s[i] != '-')) {
            return false;
        }
    }
    return i >= 4;
}

static int find_by_prefix(struct vsctl *v, const struct db_table_schema *table, const char *prefix,
                          struct mrow **ret, struct error *err)
{
    size_t n, n_found = 0;
    struct mrow **rows = model_rows_unsorted(v->model, table, &n), *found = NULL;
    char text[UUID_LEN + 1];

    for (size_t i = 0; i < n; i++) {
        uuid_to_string(mrow_uuid(rows[i]), text);
        if (!strncasecmp(text, prefix, strlen(prefix))) {
            found = rows[i];
            n_found++;
        }
    }
    free(rows);
    if (n_found > 1) {
        return error_set(err, EINVAL, "%s contains 2 or more rows whose UUIDs begin with %s",
                         table->name, prefix);
    }
    *ret = found;
    return 0;
}

int find_record(struct vsctl *v, const struct db_table_schema *table, const char *name,
                bool must_exist, struct mrow **ret, struct error *err)
{
    struct mrow *row = NULL;
    struct uuid uuid;
    int rc = 0;

    if (uuid_from_string(name, &uuid)) {
        row = model_find(v->model, table, &uuid);
    } else if (name[0] == '@' && model_named_uuid(name + 1, &uuid, v->model)) {
        row = model_find(v->model, table, &uuid);
    } else if (!strcmp(name, ".")) {
        size_t n;
        struct mrow **rows = model_rows_unsorted(v->model, table, &n);

        row = n == 1 ? rows[0] : NULL;
        free(rows);
    }
    for (size_t i = 0; !row && !rc && i < ARRAY_SIZE(record_names); i++) {
        if (!strcmp(record_names[i].of, table->name)) {
            rc = find_named(v, table, &record_names[i], name, &row, err);
        }
    }
    if (!row && !rc && is_uuid_prefix(name)) {
        rc = find_by_prefix(v, table, name, &row, err);
    }
    if (rc) {
        return rc;
    }
    if (!row && must_exist) {
        return error_set(err, ENOENT, "no row \"%s\" in table %s", name, table->name);
    }
    *ret = row;
    return 0;
}
