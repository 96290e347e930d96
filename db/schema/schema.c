/* Schemas from and to JSON (RFC 7047 section 3.2): see schema.h. A schema may come from a client
 * ("convert") or a file, so everything is checked, and what refers to something else by name is
 * resolved here, once. */
#include "db/schema/schema.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* <id>: letters, digits and underscores, not beginning with a digit. */
static bool is_id(const char *s)
{
    if (!isalpha((unsigned char)*s) && *s != '_') {
        return false;
    }
    for (; *s; s++) {
        if (!isalnum((unsigned char)*s) && *s != '_') {
            return false;
        }
    }
    return true;
}

static int check_members(const json_t *object, const char *const *known, struct error *err)
{
    const char *name;
    json_t *value;
    size_t i;

    json_object_foreach ((json_t *)object, name, value) {
        for (i = 0; known[i] && strcmp(name, known[i]); i++) {
        }
        if (!known[i]) {
            return error_set(err, EINVAL, "unknown member \"%.64s\"", name);
        }
    }
    return 0;
}

/* --- Columns. --- */

static bool is_weak(const struct db_base_type *base)
{
    return base->ref_table && base->ref_type == DB_REF_WEAK;
}

static int bool_member(const json_t *object, const char *name, bool *ret, struct error *err)
{
    const json_t *json = json_object_get(object, name);

    if (json && !json_is_boolean(json)) {
        return error_set(err, EINVAL, "\"%s\" is not a boolean", name);
    }
    if (json) {
        *ret = json_is_true(json);
    }
    return 0;
}

static int column_from_json(struct db_column *ret, const char *name, const json_t *json,
                            struct error *err)
{
    static const char *const members[] = {"type", "ephemeral", "mutable", NULL};
    struct db_column column = {.is_mutable = true};
    int error;

    if (!is_id(name) || name[0] == '_') {
        return error_set(err, EINVAL,
                         "a column's name consists of letters, digits and underscores and begins "
                         "with a letter");
    }
    if (!json_is_object(json)) {
        return error_set(err, EINVAL, "not an object");
    }
    if (check_members(json, members, err) ||
        bool_member(json, "ephemeral", &column.is_ephemeral, err) ||
        bool_member(json, "mutable", &column.is_mutable, err)) {
        return -EINVAL;
    }
    error = db_type_from_json(&column.type, json_object_get(json, "type"), err);
    if (error) {
        return error_prefix(err, "type");
    }
    /* What a weak reference names may go away, which changes the column (ovsdb-server(7)). */
    if (is_weak(&column.type.key) || is_weak(&column.type.value)) {
        column.is_mutable = true;
    }
    column.name = xstrdup(name);
    *ret = column;
    return 0;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names of an object, sorted. */
static const char **sorted_names(const json_t *object, unsigned int *ret_n)
{
    const char **names = xcalloc(json_object_size(object), sizeof *names), *name;
    unsigned int n = 0;
    json_t *value;

    json_object_foreach ((json_t *)object, name, value) {
        names[n++] = name;
    }
    qsort(names, n, sizeof *names, compare_names);
    *ret_n = n;
    return names;
}

static int columns_from_json(struct db_table_schema *table, const json_t *json, struct error *err)
{
    const char **names;
    unsigned int n;
    int error = 0;

    if (!json_is_object(json) || !json_object_size(json)) {
        return error_set(err, EINVAL, "\"columns\" is not an object with at least one member");
    }
    names = sorted_names(json, &n);
    table->columns = xcalloc(n, sizeof *table->columns);
    for (unsigned int i = 0; i < n && !error; i++) {
        error = column_from_json(&table->columns[i], names[i], json_object_get(json, names[i]),
                                 err);
        if (error) {
            error_prefix(err, "column \"%.64s\"", names[i]);
        } else {
            table->columns[i].index = i;
            table->n_columns++;
        }
    }
    free(names);
    return error;
}

/* --- Tables. --- */

static int index_from_json(struct db_index *index, const struct db_table_schema *table,
                           const json_t *json, struct error *err)
{
    const char *name;
    json_t *element;
    size_t i;

    if (!json_is_array(json) || !json_array_size(json)) {
        return error_set(err, EINVAL, "not an array of at least one column");
    }
    index->columns = xcalloc(json_array_size(json), sizeof *index->columns);
    json_array_foreach (json, i, element) {
        const struct db_column *column;

        name = json_string_value(element);
        column = name ? db_table_column(table, name) : NULL;
        if (!column) {
            return error_set(err, EINVAL, "there is no column \"%.64s\"", name ? name : "?");
        }
        if (column->is_ephemeral) {
            return error_set(err, EINVAL, "column \"%s\" is ephemeral", column->name);
        }
        for (unsigned int j = 0; j < index->n; j++) {
            if (index->columns[j] == column) {
                return error_set(err, EINVAL, "column \"%s\" is named twice", column->name);
            }
        }
        index->columns[index->n++] = column;
    }
    return 0;
}

static int indexes_from_json(struct db_table_schema *table, const json_t *json, struct error *err)
{
    json_t *element;
    size_t i;

    if (!json) {
        return 0;
    }
    if (!json_is_array(json)) {
        return error_set(err, EINVAL, "\"indexes\" is not an array");
    }
    table->indexes = xcalloc(json_array_size(json), sizeof *table->indexes);
    json_array_foreach (json, i, element) {
        table->n_indexes++; /* Before it is filled: so that it is freed in any case. */
        if (index_from_json(&table->indexes[i], table, element, err)) {
            return error_prefix(err, "index %zu", i);
        }
    }
    return 0;
}

static int table_from_json(struct db_table_schema *table, const json_t *json, bool *has_is_root,
                           struct error *err)
{
    static const char *const members[] = {"columns", "maxRows", "isRoot", "indexes", NULL};
    const json_t *max_rows = json_object_get(json, "maxRows");

    if (!is_id(table->name) || table->name[0] == '_') {
        return error_set(err, EINVAL,
                         "a table's name consists of letters, digits and underscores and begins "
                         "with a letter");
    }
    if (!json_is_object(json)) {
        return error_set(err, EINVAL, "not an object");
    }
    if (check_members(json, members, err) || bool_member(json, "isRoot", &table->is_root, err)) {
        return -EINVAL;
    }
    *has_is_root |= table->is_root;
    table->max_rows = DB_UNLIMITED;
    if (max_rows && (!json_is_integer(max_rows) || json_integer_value(max_rows) < 1)) {
        return error_set(err, EINVAL, "\"maxRows\" is not a positive integer");
    }
    if (max_rows && json_integer_value(max_rows) < DB_UNLIMITED) {
        table->max_rows = (unsigned int)json_integer_value(max_rows);
    }
    if (columns_from_json(table, json_object_get(json, "columns"), err)) {
        return -EINVAL;
    }
    return indexes_from_json(table, json_object_get(json, "indexes"), err);
}

static int tables_from_json(struct db_schema *schema, const json_t *json, struct error *err)
{
    const char **names;
    bool has_is_root = false;
    unsigned int n;
    int error = 0;

    if (!json_is_object(json)) {
        return error_set(err, EINVAL, "\"tables\" is not an object");
    }
    names = sorted_names(json, &n);
    schema->tables = xcalloc(n, sizeof *schema->tables);
    for (unsigned int i = 0; i < n && !error; i++) {
        schema->tables[i].name = xstrdup(names[i]);
        schema->tables[i].index = i;
        schema->n_tables++;
        error = table_from_json(&schema->tables[i], json_object_get(json, names[i]), &has_is_root,
                                err);
        if (error) {
            error_prefix(err, "table \"%.64s\"", names[i]);
        }
    }
    free(names);
    for (unsigned int i = 0; i < schema->n_tables && !has_is_root; i++) {
        schema->tables[i].is_root = true;
    }
    return error;
}

static int check_reference(const struct db_schema *schema, const struct db_table_schema *table,
                           const struct db_column *column, const struct db_base_type *base,
                           struct error *err)
{
    const struct db_table_schema *target;

    if (!base->ref_table) {
        return 0;
    }
    target = db_schema_table(schema, base->ref_table);
    if (!target) {
        return error_set(err, EINVAL,
                         "table \"%s\" column \"%s\" refers to table \"%.64s\", which does not "
                         "exist",
                         table->name, column->name, base->ref_table);
    }
    if (column->is_ephemeral && base->ref_type == DB_REF_STRONG && !target->is_root) {
        return error_set(err, EINVAL,
                         "table \"%s\" column \"%s\" is ephemeral, so it may not hold the strong "
                         "references that keep rows of table \"%s\"",
                         table->name, column->name, target->name);
    }
    return 0;
}

static int check_references(const struct db_schema *schema, struct error *err)
{
    for (unsigned int i = 0; i < schema->n_tables; i++) {
        const struct db_table_schema *table = &schema->tables[i];

        for (unsigned int j = 0; j < table->n_columns; j++) {
            const struct db_column *column = &table->columns[j];

            if (check_reference(schema, table, column, &column->type.key, err) ||
                check_reference(schema, table, column, &column->type.value, err)) {
                return -EINVAL;
            }
        }
    }
    return 0;
}

/* --- Schemas. --- */

/* "x.y.z" of digits. */
static bool is_version(const char *s)
{
    for (int dots = 0;; dots++) {
        if (!isdigit((unsigned char)*s)) {
            return false;
        }
        while (isdigit((unsigned char)*s)) {
            s++;
        }
        if (dots == 2) {
            return !*s;
        }
        if (*s++ != '.') {
            return false;
        }
    }
}

int db_schema_from_json(struct db_schema **ret, const json_t *json, struct error *err)
{
    static const char *const members[] = {"name", "version", "cksum", "tables", NULL};
    const char *name = json_string_value(json_object_get(json, "name"));
    const json_t *version = json_object_get(json, "version"), *cksum;
    struct db_schema *schema;

    if (!json_is_object(json)) {
        return error_set(err, EINVAL, "a schema is a JSON object");
    }
    if (!name || !is_id(name)) {
        return error_set(err, EINVAL, "schema: \"name\" is not an identifier");
    }
    if (version && (!json_is_string(version) || !is_version(json_string_value(version)))) {
        return error_set(err, EINVAL, "schema \"%.64s\": \"version\" is not of the form x.y.z",
                         name);
    }
    cksum = json_object_get(json, "cksum");
    if (cksum && !json_is_string(cksum)) {
        return error_set(err, EINVAL, "schema \"%.64s\": \"cksum\" is not a string", name);
    }
    schema = xcalloc(1, sizeof *schema);
    schema->name = xstrdup(name);
    schema->version = xstrdup(version ? json_string_value(version) : "");
    schema->cksum = xstrdup(cksum ? json_string_value(cksum) : "");
    if (check_members(json, members, err) ||
        tables_from_json(schema, json_object_get(json, "tables"), err) ||
        check_references(schema, err)) {
        db_schema_free(schema);
        return error_prefix(err, "schema \"%.64s\"", name);
    }
    *ret = schema;
    return 0;
}

void db_schema_free(struct db_schema *schema)
{
    if (!schema) {
        return;
    }
    for (unsigned int i = 0; i < schema->n_tables; i++) {
        struct db_table_schema *table = &schema->tables[i];

        for (unsigned int j = 0; j < table->n_columns; j++) {
            free(table->columns[j].name);
            db_type_free(&table->columns[j].type);
        }
        for (unsigned int j = 0; j < table->n_indexes; j++) {
            free(table->indexes[j].columns);
        }
        free(table->columns);
        free(table->indexes);
        free(table->name);
    }
    free(schema->tables);
    free(schema->name);
    free(schema->version);
    free(schema->cksum);
    free(schema);
}

static json_t *table_to_json(const struct db_table_schema *table, bool default_is_root)
{
    json_t *json = json_object(), *columns = json_object(), *indexes = json_array();

    for (unsigned int i = 0; i < table->n_columns; i++) {
        const struct db_column *column = &table->columns[i];
        json_t *c = json_object();

        json_object_set_new(c, "type", db_type_to_json(&column->type));
        if (column->is_ephemeral) {
            json_object_set_new(c, "ephemeral", json_true());
        }
        if (!column->is_mutable) {
            json_object_set_new(c, "mutable", json_false());
        }
        json_object_set_new(columns, column->name, c);
    }
    json_object_set_new(json, "columns", columns);
    if (table->max_rows != DB_UNLIMITED) {
        json_object_set_new(json, "maxRows", json_integer(table->max_rows));
    }
    if (table->is_root && !default_is_root) {
        json_object_set_new(json, "isRoot", json_true());
    }
    for (unsigned int i = 0; i < table->n_indexes; i++) {
        json_t *index = json_array();

        for (unsigned int j = 0; j < table->indexes[i].n; j++) {
            json_array_append_new(index, json_string(table->indexes[i].columns[j]->name));
        }
        json_array_append_new(indexes, index);
    }
    if (table->n_indexes) {
        json_object_set(json, "indexes", indexes);
    }
    json_decref(indexes);
    return json;
}

json_t *db_schema_to_json(const struct db_schema *schema)
{
    json_t *json = json_object(), *tables = json_object();
    bool all_root = true;

    for (unsigned int i = 0; i < schema->n_tables; i++) {
        all_root &= schema->tables[i].is_root;
    }
    for (unsigned int i = 0; i < schema->n_tables; i++) {
        json_object_set_new(tables, schema->tables[i].name,
                            table_to_json(&schema->tables[i], all_root));
    }
    json_object_set_new(json, "name", json_string(schema->name));
    if (schema->version[0]) {
        json_object_set_new(json, "version", json_string(schema->version));
    }
    if (schema->cksum[0]) {
        json_object_set_new(json, "cksum", json_string(schema->cksum));
    }
    json_object_set_new(json, "tables", tables);
    return json;
}

const struct db_table_schema *db_schema_table(const struct db_schema *schema, const char *name)
{
    unsigned int low = 0, high = schema->n_tables;

    while (low < high) {
        unsigned int mid = low + (high - low) / 2;
        int cmp = strcmp(name, schema->tables[mid].name);

        if (!cmp) {
            return &schema->tables[mid];
        }
        if (cmp < 0) {
            high = mid;
        } else {
            low = mid + 1;
        }
    }
    return NULL;
}

const struct db_column *db_table_column(const struct db_table_schema *table, const char *name)
{
    unsigned int low = 0, high = table->n_columns;

    while (low < high) {
        unsigned int mid = low + (high - low) / 2;
        int cmp = strcmp(name, table->columns[mid].name);

        if (!cmp) {
            return &table->columns[mid];
        }
        if (cmp < 0) {
            high = mid;
        } else {
            low = mid + 1;
        }
    }
    return NULL;
}
