/* What monitors ask for: <monitor-requests> of RFC 7047 section 4.1.5 and <monitor-cond-requests>
 * of ovsdb-server(7) section 4.1.12. Those that ask for the same become one group. */
#include <stdlib.h>
#include <string.h>

#include "db/server/internal.h"

static int syntax_error(struct failure *failure, const struct monitor_table *mt, const char *why)
{
    return failure_set(failure, FAILURE_SYNTAX, "monitor request for table %s: %s",
                       mt->table->schema->name, why);
}

static int parse_select(const struct monitor_table *mt, const json_t *json, unsigned int *ret,
                        struct failure *failure)
{
    static const char *const names[] = {"initial", "insert", "delete", "modify"};
    const char *name;
    json_t *value;

    *ret = SELECT_INITIAL | SELECT_INSERT | SELECT_DELETE | SELECT_MODIFY;
    if (!json) {
        return 0;
    }
    if (!json_is_object(json)) {
        return syntax_error(failure, mt, "\"select\" is not an object");
    }
    json_object_foreach ((json_t *)json, name, value) {
        size_t i = 0;

        while (i < ARRAY_SIZE(names) && strcmp(name, names[i])) {
            i++;
        }
        if (i == ARRAY_SIZE(names) || !json_is_boolean(value)) {
            return syntax_error(failure, mt,
                                "\"select\" has members initial, insert, delete and modify only, "
                                "which are booleans");
        }
        if (json_is_false(value)) {
            *ret &= ~(1u << i);
        }
    }
    return 0;
}

static int add_column(struct monitor_table *mt, const struct db_column *column, unsigned int select,
                      struct failure *failure)
{
    for (unsigned int i = 0; i < mt->n_columns; i++) {
        if (mt->columns[i].column == column) {
            return failure_set(failure, FAILURE_SYNTAX,
                               "column %s of table %s is mentioned more than once", column->name,
                               mt->table->schema->name);
        }
    }
    mt->columns = xreallocarray(mt->columns, mt->n_columns + 1, sizeof *mt->columns);
    mt->columns[mt->n_columns++] = (struct monitor_column){column, select};
    return 0;
}

static int parse_columns(struct monitor_table *mt, const json_t *json, unsigned int select,
                         struct failure *failure)
{
    const struct db_table_schema *schema = mt->table->schema;
    json_t *element;
    size_t i;

    if (!json) { /* All, but for "_uuid", which every update tells anyway. */
        if (add_column(mt, &database_column_version, select, failure)) {
            return -1;
        }
        for (i = 0; i < schema->n_columns; i++) {
            if (add_column(mt, &schema->columns[i], select, failure)) {
                return -1;
            }
        }
        return 0;
    }
    if (!json_is_array(json)) {
        return syntax_error(failure, mt, "\"columns\" is not an array");
    }
    json_array_foreach (json, i, element) {
        const char *name = json_string_value(element);
        const struct db_column *column = name ? table_column(mt->table, name) : NULL;

        if (!column) {
            return failure_set(failure, FAILURE_SYNTAX,
                               "%.64s is not a valid column name of table %s",
                               name ? name : "(not a string)", schema->name);
        }
        if (add_column(mt, column, select, failure)) {
            return -1;
        }
    }
    return 0;
}

/* One <monitor-request>; its conditions are collected in 'where'. */
static int parse_one(struct monitor_table *mt, const json_t *json, int version, json_t *where,
                     struct failure *failure)
{
    const json_t *w = json_object_get(json, "where");
    unsigned int select;
    const char *name;
    json_t *value;

    if (!json_is_object(json)) {
        return syntax_error(failure, mt, "not an object");
    }
    json_object_foreach ((json_t *)json, name, value) {
        if (strcmp(name, "columns") && strcmp(name, "select") &&
            (version == 1 || strcmp(name, "where"))) {
            return syntax_error(failure, mt, "an unknown member is present");
        }
    }
    if (parse_select(mt, json_object_get(json, "select"), &select, failure) ||
        parse_columns(mt, json_object_get(json, "columns"), select, failure)) {
        return -1;
    }
    mt->select |= select;
    if (!w || (json_is_array(w) && !json_array_size(w))) {
        json_array_append_new(where, json_true());
        return 0;
    }
    if (!json_is_array(w)) {
        return syntax_error(failure, mt, "\"where\" is not an array");
    }
    json_array_extend(where, (json_t *)w);
    return 0;
}

static int parse_table(struct monitor_table *mt, const json_t *requests, int version,
                       struct failure *failure)
{
    json_t *where = json_array(), *element;
    int error = 0;
    size_t i;

    if (!json_is_array(requests)) { /* An old form that clients still use. */
        error = parse_one(mt, requests, version, where, failure);
    }
    json_array_foreach (requests, i, element) {
        error = error ? error : parse_one(mt, element, version, where, failure);
    }
    if (!error) {
        error = condition_parse(&mt->condition, mt->table, where, true, NULL, NULL, failure);
    }
    json_decref(where);
    return error;
}

static int compare_tables(const void *a, const void *b)
{
    const struct monitor_table *x = a, *y = b;

    return x->table < y->table ? -1 : x->table > y->table;
}

static int parse_tables(struct monitor_group *g, const struct database *db, const json_t *requests,
                        struct failure *failure)
{
    const char *name;
    json_t *value;

    g->tables = xcalloc(json_object_size(requests), sizeof *g->tables);
    json_object_foreach ((json_t *)requests, name, value) {
        struct monitor_table *mt = &g->tables[g->n_tables];

        mt->table = database_table(db, name);
        if (!mt->table) {
            return failure_set(failure, FAILURE_SYNTAX, "no table named %.64s", name);
        }
        g->n_tables++;
        if (parse_table(mt, value, g->version, failure)) {
            return -1;
        }
    }
    qsort(g->tables, g->n_tables, sizeof *g->tables, compare_tables);
    g->by_table = xcalloc(db->schema->n_tables, sizeof *g->by_table);
    for (unsigned int i = 0; i < g->n_tables; i++) {
        g->by_table[g->tables[i].table->schema->index] = &g->tables[i];
    }
    return 0;
}

static void destroy(struct monitor_group *g)
{
    for (unsigned int i = 0; i < g->n_tables; i++) {
        condition_free(&g->tables[i].condition);
        free(g->tables[i].columns);
    }
    free(g->tables);
    free(g->by_table);
    free(g->key);
    json_decref(g->requests);
    free(g);
}

void monitor_group_unref(struct monitor_group *g)
{
    if (--g->n_refs) {
        return;
    }
    if (g->hosted) {
        HASH_DEL(g->hosted->groups, g);
    }
    destroy(g);
}

int monitor_group_find(struct hosted *h, const json_t *requests, int version,
                       struct monitor_group **ret, struct failure *failure)
{
    struct monitor_group *g;
    char *json, *key;

    if (!json_is_object(requests)) {
        return failure_set(failure, FAILURE_SYNTAX, "<monitor-requests> is not an object");
    }
    json = json_dumps(requests, JSON_COMPACT | JSON_SORT_KEYS);
    key = xasprintf("%d %s", version, json);
    free(json);
    HASH_FIND_STR(h->groups, key, g);
    if (g) {
        free(key);
    } else {
        g = xcalloc(1, sizeof *g);
        g->key = key;
        g->version = version;
        g->requests = json_deep_copy(requests);
        LIST_INIT(&g->monitors);
        if (parse_tables(g, h->db, requests, failure)) {
            destroy(g);
            return -1;
        }
        g->hosted = h;
        HASH_ADD_KEYPTR(hh, h->groups, g->key, strlen(g->key), g);
    }
    g->n_refs++;
    *ret = g;
    return 0;
}
