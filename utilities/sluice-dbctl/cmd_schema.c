/* Commands on what there is: list-dbs, get-schema, get-schema-version, get-schema-cksum,
 * needs-conversion, list-tables, list-columns. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utilities/sluice-dbctl/dbctl.h"

static int list_dbs(struct dbctl *d, int argc UNUSED, char *argv[] UNUSED, struct error *err)
{
    json_t *names, *name;
    size_t i;
    int rc = dbctl_call(d, "list_dbs", json_array(), &names, err);

    if (rc) {
        return rc;
    }
    json_array_foreach (names, i, name) {
        if (json_is_string(name)) {
            puts(json_string_value(name));
        }
    }
    json_decref(names);
    return 0;
}

static int get_schema(struct dbctl *d, int argc UNUSED, char *argv[] UNUSED, struct error *err)
{
    json_t *schema;
    int rc = dbctl_schema_json(d, &schema, err);

    if (!rc) {
        dbctl_print_json(d, schema);
        json_decref(schema);
    }
    return rc;
}

static int print_member(struct dbctl *d, const char *member, struct error *err)
{
    json_t *schema;
    int rc = dbctl_schema_json(d, &schema, err);

    if (!rc) {
        const char *text = json_string_value(json_object_get(schema, member));

        puts(text ? text : "");
        json_decref(schema);
    }
    return rc;
}

static int get_version(struct dbctl *d, int argc UNUSED, char *argv[] UNUSED, struct error *err)
{
    return print_member(d, "version", err);
}

static int get_cksum(struct dbctl *d, int argc UNUSED, char *argv[] UNUSED, struct error *err)
{
    return print_member(d, "cksum", err);
}

static int read_schema(const char *path, struct db_schema **ret, struct error *err)
{
    json_error_t where;
    json_t *json = json_load_file(path, 0, &where);
    int rc = json ? db_schema_from_json(ret, json, err) : error_set(err, EINVAL, "%s", where.text);

    json_decref(json);
    return rc ? error_prefix(err, "schema file '%s'", path) : 0;
}

static int needs_conversion(struct dbctl *d, int argc UNUSED, char *argv[], struct error *err)
{
    struct db_schema *wanted, *present;
    int rc = read_schema(argv[0], &wanted, err);

    if (rc) {
        return rc;
    }
    d->db = wanted->name;
    rc = dbctl_schema(d, &present, err);
    if (!rc) {
        json_t *a = db_schema_to_json(wanted), *b = db_schema_to_json(present);

        puts(json_equal(a, b) ? "no" : "yes");
        json_decref(a);
        json_decref(b);
        db_schema_free(present);
    }
    db_schema_free(wanted);
    return rc;
}

static int list_tables(struct dbctl *d, int argc UNUSED, char *argv[] UNUSED, struct error *err)
{
    struct db_schema *schema;
    struct db_report *r;
    int rc = dbctl_schema(d, &schema, err);

    if (rc) {
        return rc;
    }
    r = db_report_new(&d->style, NULL);
    db_report_heading(r, "Table");
    for (unsigned int i = 0; i < schema->n_tables; i++) {
        db_report_text(r, schema->tables[i].name);
    }
    dbctl_print_report(d, r);
    db_schema_free(schema);
    return 0;
}

static void report_columns(struct db_report *r, const struct db_table_schema *table,
                           bool with_table)
{
    static const char *const internal[] = {"_uuid", "_version"};

    for (size_t i = 0; i < ARRAY_SIZE(internal); i++) {
        if (with_table) {
            db_report_text(r, table->name);
        }
        db_report_text(r, internal[i]);
        db_report_json(r, json_string("uuid"));
    }
    for (unsigned int i = 0; i < table->n_columns; i++) {
        if (with_table) {
            db_report_text(r, table->name);
        }
        db_report_text(r, table->columns[i].name);
        db_report_json(r, db_type_to_json(&table->columns[i].type));
    }
}

static int list_columns(struct dbctl *d, int argc, char *argv[], struct error *err)
{
    const struct db_table_schema *table = NULL;
    struct db_schema *schema;
    struct db_report *r;
    int rc = dbctl_schema(d, &schema, err);

    if (!rc && argc) {
        rc = dbctl_find_table(schema, argv[0], &table, err);
        if (rc) {
            db_schema_free(schema);
        }
    }
    if (rc) {
        return rc;
    }
    r = db_report_new(&d->style, NULL);
    if (!table) {
        db_report_heading(r, "Table");
    }
    db_report_heading(r, "Column");
    db_report_heading(r, "Type");
    for (unsigned int i = 0; i < schema->n_tables; i++) {
        if (!table || table == &schema->tables[i]) {
            report_columns(r, &schema->tables[i], !table);
        }
    }
    dbctl_print_report(d, r);
    db_schema_free(schema);
    return 0;
}

static const struct dbctl_command commands[] = {
    {"list-dbs", DBCTL_SERVER, 0, 0, "", list_dbs},
    {"get-schema", DBCTL_DATABASE, 0, 0, "", get_schema},
    {"get-schema-version", DBCTL_DATABASE, 0, 0, "", get_version},
    {"get-schema-cksum", DBCTL_DATABASE, 0, 0, "", get_cksum},
    {"needs-conversion", DBCTL_SERVER, 1, 1, "SCHEMA-FILE", needs_conversion},
    {"list-tables", DBCTL_DATABASE, 0, 0, "", list_tables},
    {"list-columns", DBCTL_DATABASE, 0, 1, "[TABLE]", list_columns},
    {NULL},
};

DBCTL_COMMANDS(commands)
