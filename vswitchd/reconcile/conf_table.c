/* See conf_table.h. */
#include "vswitchd/reconcile/conf_table.h"

#include <stdlib.h>
#include <string.h>

#include "db/client/client.h"

static void free_texts(const char *const *texts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free((char *)texts[i]);
    }
    free((void *)texts);
}

/* The texts of a set that 'check' lets through. */
static const char *const *read_texts(const struct db_row *row, const char *column,
                                     unsigned int table_id,
                                     int (*check)(const char *, struct error *), size_t *ret_n,
                                     struct complaints **complaints)
{
    const struct db_type *type;
    const struct db_datum *d = db_row_datum(row, column, &type);
    char **texts;
    size_t n = 0;

    if (!d->n || type->key.type != DB_STRING) {
        return NULL;
    }
    texts = xcalloc(d->n, sizeof(char *));
    for (unsigned int i = 0; i < d->n; i++) {
        struct error err = {0};

        if (check(d->keys[i].string, &err)) {
            complaint_add(complaints, "flow_tables", NULL, "table %u: %s: %.200s", table_id, column,
                          err.text);
        } else {
            texts[n++] = xstrdup(d->keys[i].string);
        }
    }
    *ret_n = n;
    return (const char *const *)texts;
}

static void read_table(const struct db_row *row, struct conf_table *t,
                       struct complaints **complaints)
{
    struct ofproto_table_config *c = &t->config;
    const char *name = db_row_string(row, "name", "");
    int64_t limit = db_row_integer(row, "flow_limit", -1);

    c->name = *name ? xstrdup(name) : NULL;
    c->has_limit = limit >= 0;
    c->max_rules = c->has_limit ? (uint32_t)MIN_OF(limit, (int64_t)UINT32_MAX) : 0;
    c->evict = !strcmp(db_row_string(row, "overflow_policy", ""), "evict");
    c->groups = read_texts(row, "groups", t->id, ofproto_check_table_group, &c->n_groups,
                           complaints);
    c->prefixes = read_texts(row, "prefixes", t->id, ofproto_check_table_prefix, &c->n_prefixes,
                             complaints);
}

struct conf_table *conf_tables_read(struct db_client *db, const struct db_row *bridge,
                                    size_t *ret_n, struct complaints **complaints)
{
    const struct db_type *type;
    const struct db_datum *d = db_row_datum(bridge, "flow_tables", &type);
    struct conf_table *tables;
    size_t n = 0;

    *ret_n = 0;
    if (!d->n || !d->values || type->key.type != DB_INTEGER) {
        return NULL;
    }
    tables = xcalloc(d->n, sizeof *tables);
    for (unsigned int i = 0; i < d->n; i++) {
        const struct db_row *row = db_client_get(db, "Flow_Table", &d->values[i].uuid);

        if (d->keys[i].integer < 0 || d->keys[i].integer >= OFPROTO_N_TABLES) {
            complaint_add(complaints, "flow_tables", NULL,
                          "table %lld is not there: tables are 0 to %d",
                          (long long)d->keys[i].integer, OFPROTO_N_TABLES - 1);
        } else if (row) {
            tables[n].id = (unsigned int)d->keys[i].integer;
            read_table(row, &tables[n++], complaints);
        }
    }
    *ret_n = n;
    return tables;
}

void conf_tables_free(struct conf_table *tables, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct ofproto_table_config *c = &tables[i].config;

        free((char *)c->name);
        free_texts(c->groups, c->n_groups);
        free_texts(c->prefixes, c->n_prefixes);
    }
    free(tables);
}
