/* What an invocation needs of the database: tables and columns, gathered from its commands and
 * given to the client as what to replicate. */
#include <stdlib.h>
#include <string.h>

#include "utilities/sluice-vsctl/vsctl.h"

struct need {
    char *table;
    char **columns; /* Ends with NULL. */
    size_t n_columns;
    bool is_all;
};

struct needs {
    struct need *needs;
    size_t n;
    struct db_client_table *tables; /* The last result of needs_tables(). */
};

static struct need *get_need(struct needs *n, const char *table)
{
    struct need *need;

    for (size_t i = 0; i < n->n; i++) {
        if (!strcmp(n->needs[i].table, table)) {
            return &n->needs[i];
        }
    }
    n->needs = xreallocarray(n->needs, n->n + 1, sizeof *n->needs);
    need = &n->needs[n->n++];
    memset(need, 0, sizeof *need);
    need->table = xstrdup(table);
    need->columns = xcalloc(1, sizeof *need->columns);
    return need;
}

void vsctl_need(struct vsctl *v, const char *table, const char *column)
{
    struct need *need;

    if (!v->needs) {
        v->needs = xcalloc(1, sizeof *v->needs);
    }
    need = get_need(v->needs, table);
    if (!column) {
        need->is_all = true;
        return;
    }
    for (size_t i = 0; i < need->n_columns; i++) {
        if (!strcmp(need->columns[i], column)) {
            return;
        }
    }
    need->columns = xreallocarray(need->columns, need->n_columns + 2, sizeof *need->columns);
    need->columns[need->n_columns++] = xstrdup(column);
    need->columns[need->n_columns] = NULL;
}

struct db_client_table *needs_tables(struct vsctl *v)
{
    struct needs *n = v->needs;
    size_t count = n ? n->n : 0;

    if (!n) {
        n = v->needs = xcalloc(1, sizeof *n);
    }
    free(n->tables);
    n->tables = xcalloc(count + 1, sizeof *n->tables);
    for (size_t i = 0; i < count; i++) {
        n->tables[i].name = n->needs[i].table;
        n->tables[i].columns = n->needs[i].is_all ? NULL : (const char *const *)n->needs[i].columns;
    }
    return n->tables;
}

void needs_free(struct vsctl *v)
{
    struct needs *n = v->needs;

    if (!n) {
        return;
    }
    for (size_t i = 0; i < n->n; i++) {
        for (size_t c = 0; c < n->needs[i].n_columns; c++) {
            free(n->needs[i].columns[c]);
        }
        free(n->needs[i].columns);
        free(n->needs[i].table);
    }
    free(n->needs);
    free(n->tables);
    free(n);
}
