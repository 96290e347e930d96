/* See model.h; compile.c makes the transaction. */
#include "utilities/sluice-vsctl/model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "utilities/sluice-vsctl/model_impl.h"

/* --- Rows ---------------------------------------------------------------------------------------
 */

struct model *model_new(struct db_client *client)
{
    struct model *m = xcalloc(1, sizeof *m);

    m->client = client;
    return m;
}

static void mrow_free(struct mrow *r)
{
    for (unsigned int i = 0; i < r->table->n_columns; i++) {
        if (r->cells[i].is_own) {
            db_datum_free(&r->cells[i].datum, &r->table->columns[i].type);
        }
    }
    free(r->cells);
    free(r);
}

void model_free(struct model *m)
{
    struct mrow *r, *next;
    struct symbol *s, *tmp;

    if (!m) {
        return;
    }
    HASH_CLEAR(hh, m->by_uuid);
    for (r = m->rows; r; r = next) {
        next = r->next;
        mrow_free(r);
    }
    HASH_ITER (hh, m->symbols, s, tmp) {
        HASH_DEL(m->symbols, s);
        free(s->name);
        free(s);
    }
    free(m);
}

static struct mrow *add_row(struct model *m, const struct db_table_schema *table,
                            const struct uuid *uuid, struct db_row *origin)
{
    struct mrow *r = xcalloc(1, sizeof *r);

    r->table = table;
    r->uuid = r->final_uuid = *uuid;
    r->origin = origin;
    r->cells = xcalloc(table->n_columns, sizeof *r->cells);
    if (m->last) {
        m->last->next = r;
    } else {
        m->rows = r;
    }
    m->last = r;
    HASH_ADD(hh, m->by_uuid, uuid, sizeof r->uuid, r);
    return r;
}

/* The model's row for one of the replica. */
static struct mrow *wrap(struct model *m, struct db_row *row)
{
    struct mrow *r;

    if (!row) {
        return NULL;
    }
    HASH_FIND(hh, m->by_uuid, &row->uuid, sizeof row->uuid, r);
    return r ? r : add_row(m, row->table, &row->uuid, row);
}

struct mrow *model_find(struct model *m, const struct db_table_schema *table,
                        const struct uuid *uuid)
{
    struct mrow *r;

    HASH_FIND(hh, m->by_uuid, uuid, sizeof *uuid, r);
    if (!r) {
        r = wrap(m, db_client_get(m->client, table->name, uuid));
    }
    return r && !r->is_deleted && r->table == table ? r : NULL;
}

static int compare_rows(const void *a_, const void *b_)
{
    const struct mrow *a = *(struct mrow *const *)a_, *b = *(struct mrow *const *)b_;
    int order = strcmp(mrow_string(a, "name", ""), mrow_string(b, "name", ""));

    return order ? order : uuid_compare(&a->uuid, &b->uuid);
}

struct mrow **model_rows_unsorted(struct model *m, const struct db_table_schema *table,
                                  size_t *ret_n)
{
    struct mrow **rows = NULL;
    struct db_row *row = NULL;
    size_t n = 0, size = 0;

    while ((row = db_client_next(m->client, table->name, row)) != NULL) {
        wrap(m, row);
    }
    for (struct mrow *r = m->rows; r; r = r->next) {
        if (r->table != table || r->is_deleted) {
            continue;
        }
        if (n == size) {
            size = size ? size * 2 : 16;
            rows = xreallocarray(rows, size, sizeof *rows);
        }
        rows[n++] = r;
    }
    *ret_n = n;
    return rows;
}

struct mrow **model_rows(struct model *m, const struct db_table_schema *table, size_t *ret_n)
{
    struct mrow **rows = model_rows_unsorted(m, table, ret_n);

    if (*ret_n) {
        qsort(rows, *ret_n, sizeof *rows, compare_rows);
    }
    return rows;
}

struct mrow *model_first(struct model *m, const struct db_table_schema *table)
{
    size_t n;
    struct mrow **rows, *first;

    if (!table) {
        return NULL;
    }
    rows = model_rows_unsorted(m, table, &n);
    first = n ? rows[0] : NULL;
    free(rows);
    return first;
}

struct mrow *model_ref(struct model *m, const struct mrow *row, const char *column)
{
    const struct db_column *c = db_table_column(row->table, column);
    const struct db_table_schema *target;
    const struct db_datum *d;

    if (!c || db_type_is_map(&c->type) || !c->type.key.ref_table) {
        return NULL;
    }
    target = db_schema_table(db_client_schema(m->client), c->type.key.ref_table);
    d = mrow_get(row, c);
    return d->n && target ? model_find(m, target, &d->keys[0].uuid) : NULL;
}

struct mrow *model_insert(struct model *m, const struct db_table_schema *table,
                          const struct uuid *uuid, bool is_final)
{
    struct uuid made_up;
    struct mrow *r;

    if (!uuid) {
        uuid_generate(&made_up);
        uuid = &made_up;
    }
    r = add_row(m, table, uuid, NULL);
    r->is_final = is_final;
    for (unsigned int i = 0; i < table->n_columns; i++) {
        db_datum_default(&r->cells[i].datum, &table->columns[i].type);
        r->cells[i].is_own = true;
    }
    return r;
}

void model_delete(struct mrow *r)
{
    r->is_deleted = true;
}

/* --- Reading ------------------------------------------------------------------------------------
 */

const struct uuid *mrow_uuid(const struct mrow *r)
{
    return &r->uuid;
}

const struct uuid *mrow_final_uuid(const struct mrow *r)
{
    return &r->final_uuid;
}

const struct db_table_schema *mrow_table(const struct mrow *r)
{
    return r->table;
}

bool mrow_is_new(const struct mrow *r)
{
    return !r->origin;
}

const struct db_datum *mrow_get(const struct mrow *r, const struct db_column *column)
{
    const struct cell *cell = &r->cells[column->index];

    return cell->is_own ? &cell->datum : &r->origin->columns[column->index];
}

const struct db_datum *mrow_get_named(const struct mrow *r, const char *column)
{
    static const struct db_datum empty;
    const struct db_column *c = db_table_column(r->table, column);

    return c ? mrow_get(r, c) : &empty;
}

/* The first element of a set of this type, or NULL. */
static const union db_atom *first(const struct mrow *r, const char *column, enum db_atom_type type)
{
    const struct db_column *c = db_table_column(r->table, column);
    const struct db_datum *d = c ? mrow_get(r, c) : NULL;

    return d && d->n && c->type.key.type == type && !db_type_is_map(&c->type) ? &d->keys[0] : NULL;
}

const char *mrow_string(const struct mrow *r, const char *column, const char *def)
{
    const union db_atom *a = first(r, column, DB_STRING);

    return a ? a->string : def;
}

int64_t mrow_integer(const struct mrow *r, const char *column, int64_t def)
{
    const union db_atom *a = first(r, column, DB_INTEGER);

    return a ? a->integer : def;
}

bool mrow_bool(const struct mrow *r, const char *column)
{
    const union db_atom *a = first(r, column, DB_BOOLEAN);

    return a && a->boolean;
}

static bool is_string_map(const struct db_column *c)
{
    return c && c->type.key.type == DB_STRING && c->type.value.type == DB_STRING;
}

const char *mrow_map(const struct mrow *r, const char *column, const char *key)
{
    const struct db_column *c = db_table_column(r->table, column);
    const union db_atom k = {.string = (char *)key};
    int at;

    if (!is_string_map(c)) {
        return NULL;
    }
    at = db_datum_find(mrow_get(r, c), &k, DB_STRING);
    return at < 0 ? NULL : mrow_get(r, c)->values[at].string;
}

/* --- Writing ------------------------------------------------------------------------------------
 */

void mrow_set(struct mrow *r, const struct db_column *column, struct db_datum *datum)
{
    struct cell *cell = &r->cells[column->index];

    if (cell->is_own) {
        db_datum_free(&cell->datum, &column->type);
    }
    cell->datum = *datum;
    cell->is_own = true;
    cell->is_replaced = true;
}

struct db_datum *mrow_modify(struct mrow *r, const struct db_column *column)
{
    struct cell *cell = &r->cells[column->index];

    if (!cell->is_own) {
        db_datum_copy(&cell->datum, &r->origin->columns[column->index], &column->type);
        cell->is_own = true;
    }
    return &cell->datum;
}

void mrow_verify(struct mrow *r, const char *column)
{
    const struct db_column *c = db_table_column(r->table, column);

    if (c && r->origin) {
        r->cells[c->index].is_verified = true;
    }
}

static void set_atom(struct mrow *r, const char *column, enum db_atom_type type,
                     union db_atom *atom)
{
    const struct db_column *c = db_table_column(r->table, column);
    struct db_datum d;

    if (!c || c->type.key.type != type || db_type_is_map(&c->type)) {
        db_atom_free(type, atom);
        return;
    }
    db_datum_init(&d);
    db_datum_add(&d, atom, NULL);
    mrow_set(r, c, &d);
}

void mrow_set_string(struct mrow *r, const char *column, const char *value)
{
    union db_atom atom = {.string = xstrdup(value)};

    set_atom(r, column, DB_STRING, &atom);
}

void mrow_set_integer(struct mrow *r, const char *column, int64_t value)
{
    union db_atom atom = {.integer = value};

    set_atom(r, column, DB_INTEGER, &atom);
}

void mrow_set_bool(struct mrow *r, const char *column, bool value)
{
    union db_atom atom = {.boolean = value};

    set_atom(r, column, DB_BOOLEAN, &atom);
}

void mrow_clear(struct mrow *r, const char *column)
{
    const struct db_column *c = db_table_column(r->table, column);
    struct db_datum d;

    if (c) {
        db_datum_default(&d, &c->type);
        mrow_set(r, c, &d);
    }
}

void mrow_remove_key(struct mrow *r, const char *column, const char *key)
{
    const struct db_column *c = db_table_column(r->table, column);
    const union db_atom k = {.string = (char *)key};
    int at;

    if (!is_string_map(c)) {
        return;
    }
    at = db_datum_find(mrow_get(r, c), &k, DB_STRING);
    if (at >= 0) {
        db_datum_remove(mrow_modify(r, c), (unsigned int)at, &c->type);
    }
}

void mrow_set_key(struct mrow *r, const char *column, const char *key, const char *value)
{
    const struct db_column *c = db_table_column(r->table, column);
    union db_atom k, v;
    struct db_datum *d;

    if (!is_string_map(c)) {
        return;
    }
    mrow_remove_key(r, column, key);
    d = mrow_modify(r, c);
    k.string = xstrdup(key);
    v.string = xstrdup(value);
    db_datum_add(d, &k, &v);
    db_datum_sort(d, &c->type);
}

void mrow_add_ref(struct mrow *r, const char *column, const struct mrow *target)
{
    const struct db_column *c = db_table_column(r->table, column);
    union db_atom atom = {.uuid = target->uuid};
    struct db_datum *d;

    if (c) {
        d = mrow_modify(r, c);
        if (c->type.n_max == 1 && d->n) {
            db_datum_remove(d, 0, &c->type);
        }
        db_datum_add(d, &atom, NULL);
        db_datum_sort(d, &c->type);
    }
}

void mrow_remove_ref(struct mrow *r, const char *column, const struct mrow *target)
{
    const struct db_column *c = db_table_column(r->table, column);
    union db_atom atom = {.uuid = target->uuid};
    int at = c ? db_datum_find(mrow_get(r, c), &atom, DB_UUID) : -1;

    if (at >= 0) {
        db_datum_remove(mrow_modify(r, c), (unsigned int)at, &c->type);
    }
}
