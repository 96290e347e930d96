/* The last transactions, kept so that a client that reconnects is sent what changed meanwhile and
 * not everything (monitor_cond_since, ovsdb-server(7) section 4.1.15).
 *
 * A transaction leaves behind the old values of what it changed and the rows that it deleted: they
 * are kept instead of freed. What changed since some transaction is put together from the oldest to
 * the newest: for each row its values before, which are compared with its values now. */
#include <stdlib.h>
#include <string.h>

#include "db/server/internal.h"

#define MAX_TRANSACTIONS 1000
#define MAX_ROWS 20000 /* Of all transactions together. */

struct history_row {
    struct table *table;
    struct uuid uuid;
    struct txn_row *t; /* t->row is there only if it was deleted; else it may be gone by now. */
};

struct history_entry {
    TAILQ_ENTRY(history_entry) entry;
    struct uuid txn_id;
    size_t n_rows;
    struct history_row *rows;
};

struct history {
    struct database *db;
    struct uuid start; /* The id before the oldest entry. */
    size_t n_entries, n_rows;
    TAILQ_HEAD(entry_list, history_entry) entries; /* Oldest first. */
};

struct history *history_new(struct database *db)
{
    struct history *history = xcalloc(1, sizeof *history);

    history->db = db;
    uuid_generate(&history->start);
    TAILQ_INIT(&history->entries);
    return history;
}

static void drop_oldest(struct history *history)
{
    struct history_entry *e = TAILQ_FIRST(&history->entries);

    TAILQ_REMOVE(&history->entries, e, entry);
    history->n_entries--;
    history->n_rows -= e->n_rows;
    history->start = e->txn_id;
    for (size_t i = 0; i < e->n_rows; i++) {
        txn_row_free(e->rows[i].t);
    }
    free(e->rows);
    free(e);
}

void history_free(struct history *history)
{
    if (!history) {
        return;
    }
    while (history->n_entries) {
        drop_oldest(history);
    }
    free(history);
}

static void keep(struct txn_row *t, void *e_)
{
    struct history_entry *e = e_;

    e->rows[e->n_rows++] = (struct history_row){t->row->table, t->row->uuid, t};
}

void history_commit(struct history *history, struct txn *txn, const struct uuid *txn_id)
{
    struct history_entry *e = xcalloc(1, sizeof *e);

    e->txn_id = *txn_id;
    e->rows = xcalloc(txn->n_rows, sizeof *e->rows);
    txn_commit_keep(txn, keep, e);
    TAILQ_INSERT_TAIL(&history->entries, e, entry);
    history->n_entries++;
    history->n_rows += e->n_rows;
    while (history->n_entries > MAX_TRANSACTIONS || history->n_rows > MAX_ROWS) {
        drop_oldest(history);
    }
}

const struct uuid *history_last(const struct history *history)
{
    const struct history_entry *e = TAILQ_LAST(&history->entries, entry_list);

    return e ? &e->txn_id : &history->start;
}

/* --- What changed since. --- */

/* A row that changed, and its values at the beginning. */
struct past {
    UT_hash_handle hh;
    struct past_key {
        struct table *table;
        struct uuid uuid;
    } key;
    bool existed;
    struct row *deleted;             /* The row that existed, once it was deleted. */
    const struct db_datum *before[]; /* NULL: as now. */
};

static struct past *find_past(struct past **all, const struct history_row *r)
{
    struct past_key key;
    struct past *past;

    memset(&key, 0, sizeof key); /* Hashed as bytes. */
    key.table = r->table;
    key.uuid = r->uuid;
    HASH_FIND(hh, *all, &key, sizeof key, past);
    if (!past) {
        past = xcalloc(1, sizeof *past + r->table->schema->n_columns * sizeof past->before[0]);
        past->key = key;
        past->existed = !r->t->is_inserted;
        HASH_ADD(hh, *all, key, sizeof key, past);
    }
    return past;
}

/* Goes one change further from the beginning. */
static void follow(struct past *past, const struct history_row *r)
{
    if (!past->existed || past->deleted) {
        return; /* A new row that took the uuid: what it was in between is nobody's concern. */
    }
    for (unsigned int i = 0; i < r->t->n_saved; i++) {
        const struct db_datum **before = &past->before[r->t->saved[i].column->index];

        *before = *before ? *before : &r->t->saved[i].datum;
    }
    if (r->t->is_deleted) {
        past->deleted = r->t->row;
        for (unsigned int i = 0; i < r->table->schema->n_columns; i++) {
            past->before[i] = past->before[i] ? past->before[i] : &r->t->row->columns[i];
        }
    }
}

/* The change from the beginning to now, with borrowed values; NULL when there is none. */
static struct txn_row *summarize(const struct past *past)
{
    const struct db_table_schema *schema = past->key.table->schema;
    struct row *now = table_row(past->key.table, &past->key.uuid);
    struct txn_row *t;

    if (!now && !past->existed) {
        return NULL;
    }
    t = xcalloc(1, sizeof *t);
    t->row = now ? now : past->deleted;
    t->is_inserted = !past->existed;
    t->is_deleted = !now;
    t->saved = xcalloc(schema->n_columns, sizeof *t->saved);
    for (unsigned int i = 0; i < schema->n_columns && past->existed; i++) {
        const struct db_datum *before = past->before[i];

        if (before && !db_datum_equal(before, &t->row->columns[i], &schema->columns[i].type)) {
            t->saved[t->n_saved++] = (struct saved_datum){&schema->columns[i], *before};
        }
    }
    return t;
}

static struct txn *summarize_all(const struct history *history, struct past *all)
{
    struct txn *txn = txn_new(history->db);
    struct past *past, *next;

    txn->rows = xcalloc(HASH_COUNT(all), sizeof(struct txn_row *));
    HASH_ITER (hh, all, past, next) {
        struct txn_row *t = summarize(past);

        if (t) {
            txn->rows[txn->n_rows++] = t;
        }
        HASH_DEL(all, past);
        free(past);
    }
    return txn;
}

struct txn *history_changes_since(const struct history *history, const struct uuid *txn_id)
{
    bool is_found = !uuid_compare(txn_id, &history->start);
    const struct history_entry *e;
    struct past *all = NULL;

    TAILQ_FOREACH (e, &history->entries, entry) {
        for (size_t i = 0; i < e->n_rows && is_found; i++) {
            follow(find_past(&all, &e->rows[i]), &e->rows[i]);
        }
        is_found |= !uuid_compare(txn_id, &e->txn_id);
    }
    return is_found ? summarize_all(history, all) : NULL;
}

void history_free_changes(struct txn *txn)
{
    for (size_t i = 0; i < txn->n_rows; i++) {
        free(txn->rows[i]->saved);
        free(txn->rows[i]);
    }
    free(txn->rows);
    free(txn);
}
