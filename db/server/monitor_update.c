/* Updates: what a transaction means for those who monitor (RFC 7047 section 4.1.6; ovsdb-server(7)
 * sections 4.1.12 and 4.1.14). Made as text, once for each group of monitors that ask for the same.
 */
#include <stdlib.h>
#include <string.h>

#include "db/server/internal.h"

/* Puts, in front of the first row of a table and between rows, what JSON wants there. */
struct writer {
    struct strbuf *s;
    bool has_table;
    bool has_row;
};

static void begin_row(struct writer *w, const struct monitor_table *mt, const struct uuid *uuid)
{
    char text[UUID_LEN + 1];

    uuid_to_string(uuid, text);
    if (w->has_row) {
        strbuf_putc(w->s, ',');
    } else {
        strbuf_printf(w->s, "%s\"%s\":{", w->has_table ? "}," : "", mt->table->schema->name);
        w->has_table = true;
    }
    w->has_row = true;
    strbuf_printf(w->s, "\"%s\":", text);
}

static void put_column(struct strbuf *s, const struct db_column *column, const struct db_datum *d,
                       bool *first)
{
    strbuf_printf(s, "%s\"%s\":", *first ? "" : ",", column->name);
    db_datum_put_json(s, d, &column->type);
    *first = false;
}

static bool is_default(const struct db_datum *d, const struct db_column *column)
{
    struct db_datum def;
    bool same;

    if (d->n != column->type.n_min || column == &database_column_version) {
        return false;
    }
    db_datum_default(&def, &column->type);
    same = db_datum_equal(d, &def, &column->type);
    db_datum_free(&def, &column->type);
    return same;
}

/* The row as it is, with the columns that 'select' names; for update2 without defaults. */
static void put_whole(struct strbuf *s, const struct monitor_table *mt, const struct row *row,
                      unsigned int select, bool skip_defaults)
{
    struct row_scratch scratch;
    bool first = true;

    strbuf_putc(s, '{');
    for (unsigned int i = 0; i < mt->n_columns; i++) {
        const struct db_column *column = mt->columns[i].column;
        const struct db_datum *d = row_datum(row, column, &scratch);

        if (mt->columns[i].select & select && !(skip_defaults && is_default(d, column))) {
            put_column(s, column, d, &first);
        }
    }
    strbuf_putc(s, '}');
}

/* The row as it was: all columns of 'select', or just those that changed. */
static void put_old(struct strbuf *s, const struct monitor_table *mt, const struct txn_row *t,
                    unsigned int select, bool changed_only)
{
    struct row_scratch scratch;
    bool first = true;

    strbuf_putc(s, '{');
    for (unsigned int i = 0; i < mt->n_columns; i++) {
        const struct db_column *column = mt->columns[i].column;

        if (mt->columns[i].select & select && (!changed_only || txn_row_changed(t, column))) {
            put_column(s, column, txn_row_old(t, column, &scratch), &first);
        }
    }
    strbuf_putc(s, '}');
}

static void put_diff(struct strbuf *s, const struct monitor_table *mt, const struct txn_row *t)
{
    struct row_scratch old_scratch, new_scratch;
    bool first = true;

    strbuf_putc(s, '{');
    for (unsigned int i = 0; i < mt->n_columns; i++) {
        const struct db_column *column = mt->columns[i].column;
        struct db_datum diff;

        if (mt->columns[i].select & SELECT_MODIFY && txn_row_changed(t, column)) {
            db_datum_diff(&diff, txn_row_old(t, column, &old_scratch),
                          row_datum(t->row, column, &new_scratch), &column->type);
            put_column(s, column, &diff, &first);
            db_datum_free(&diff, &column->type);
        }
    }
    strbuf_putc(s, '}');
}

/* True when a column changed that the client wants to know of. "_version" alone is no news: it
 * follows from the others. */
static bool wants_modify(const struct monitor_table *mt, const struct txn_row *t)
{
    for (unsigned int i = 0; i < mt->n_columns; i++) {
        const struct db_column *column = mt->columns[i].column;

        if (mt->columns[i].select & SELECT_MODIFY && txn_row_changed(t, column)) {
            return true;
        }
    }
    return false;
}

/* What happened to a row, in the eyes of a monitor with conditions: 0 for nothing. */
static enum select_bits classify(const struct monitor_table *mt, const struct txn_row *t)
{
    bool was = !t->is_inserted && condition_holds(&mt->condition, t->row, t);
    bool is = !t->is_deleted && condition_holds(&mt->condition, t->row, NULL);

    if (was && is) {
        return wants_modify(mt, t) ? SELECT_MODIFY : 0;
    }
    if (is) {
        return SELECT_INSERT;
    }
    return was ? SELECT_DELETE : 0;
}

static void put_update1(struct strbuf *s, const struct monitor_table *mt, const struct txn_row *t,
                        enum select_bits what)
{
    strbuf_putc(s, '{');
    if (what != SELECT_DELETE) {
        strbuf_puts(s, "\"new\":");
        put_whole(s, mt, t->row, what, false);
    }
    if (what != SELECT_INSERT) {
        strbuf_puts(s, what == SELECT_DELETE ? "\"old\":" : ",\"old\":");
        put_old(s, mt, t, what, what == SELECT_MODIFY);
    }
    strbuf_putc(s, '}');
}

static void put_update2(struct strbuf *s, const struct monitor_table *mt, const struct txn_row *t,
                        enum select_bits what)
{
    switch (what) {
    case SELECT_INSERT:
        strbuf_puts(s, "{\"insert\":");
        put_whole(s, mt, t->row, what, true);
        break;
    case SELECT_DELETE: strbuf_puts(s, "{\"delete\":null"); break;
    default:
        strbuf_puts(s, "{\"modify\":");
        put_diff(s, mt, t);
        break;
    }
    strbuf_putc(s, '}');
}

static void put_table(struct writer *w, const struct monitor_group *g,
                      const struct monitor_table *mt, const struct txn *txn)
{
    w->has_row = false;
    for (size_t i = 0; i < txn->n_rows; i++) {
        const struct txn_row *t = txn->rows[i];
        enum select_bits what;

        if (t->row->table != mt->table || txn_row_is_void(t)) {
            continue;
        }
        what = classify(mt, t);
        if (!(what & mt->select)) {
            continue;
        }
        begin_row(w, mt, &t->row->uuid);
        if (g->version == 1) {
            put_update1(w->s, mt, t, what);
        } else {
            put_update2(w->s, mt, t, what);
        }
    }
}

static bool touches(const struct monitor_group *g, const struct txn *txn)
{
    for (size_t i = 0; i < txn->n_rows; i++) {
        if (g->by_table[txn->rows[i]->row->table->schema->index]) {
            return true;
        }
    }
    return false;
}

void monitor_put_changes(struct strbuf *s, const struct monitor_group *g, const struct txn *txn)
{
    size_t start = s->len;
    struct writer w = {.s = s};

    if (!touches(g, txn)) {
        return;
    }
    strbuf_putc(s, '{');
    for (unsigned int i = 0; i < g->n_tables; i++) {
        put_table(&w, g, &g->tables[i], txn);
    }
    if (w.has_table) {
        strbuf_puts(s, "}}");
    } else {
        strbuf_chop(s, s->len - start);
    }
}

void monitor_stage(struct hosted *h, const struct txn *txn, struct staged_updates *updates)
{
    struct monitor_group *g, *next;

    HASH_ITER (hh, h->groups, g, next) {
        struct strbuf s = STRBUF_INIT;
        struct staged_update *u;

        if (LIST_EMPTY(&g->monitors)) {
            continue;
        }
        monitor_put_changes(&s, g, txn);
        if (!s.len) {
            strbuf_free(&s);
            continue;
        }
        u = xcalloc(1, sizeof *u);
        u->text = s;
        u->group = g;
        g->n_refs++;
        STAILQ_INSERT_TAIL(updates, u, entry);
    }
}

void monitor_discard(struct staged_updates *updates)
{
    struct staged_update *u;

    while ((u = STAILQ_FIRST(updates))) {
        STAILQ_REMOVE_HEAD(updates, entry);
        monitor_group_unref(u->group);
        strbuf_free(&u->text);
        free(u);
    }
}

void monitor_publish(struct staged_updates *updates, const struct uuid *txn_id)
{
    struct staged_update *u;
    struct monitor *monitor;

    STAILQ_FOREACH (u, updates, entry) {
        size_t len = u->text.len;
        struct jsonrpc_text *text = jsonrpc_text_new(strbuf_steal(&u->text), len);

        LIST_FOREACH (monitor, &u->group->monitors, in_group) {
            monitor_send(monitor, txn_id, text);
        }
        jsonrpc_text_unref(text);
    }
    monitor_discard(updates);
}

/* --- Not caused by a transaction. --- */

static void put_rows(struct writer *w, const struct monitor_group *g,
                     const struct monitor_table *mt)
{
    struct row *row;
    size_t cursor = 0;

    w->has_row = false;
    if (!(mt->select & SELECT_INITIAL)) {
        return;
    }
    while ((row = table_next(mt->table, &cursor))) {
        if (condition_holds(&mt->condition, row, NULL)) {
            begin_row(w, mt, &row->uuid);
            strbuf_puts(w->s, g->version == 1 ? "{\"new\":" : "{\"initial\":");
            put_whole(w->s, mt, row, SELECT_INITIAL, g->version > 1);
            strbuf_putc(w->s, '}');
        }
    }
}

void monitor_put_initial(struct strbuf *s, const struct monitor_group *g)
{
    struct writer w = {.s = s};

    strbuf_putc(s, '{');
    for (unsigned int i = 0; i < g->n_tables; i++) {
        put_rows(&w, g, &g->tables[i]);
    }
    strbuf_puts(s, w.has_table ? "}}" : "}");
}

static void put_changed_rows(struct writer *w, const struct monitor_table *old,
                             const struct monitor_table *mt)
{
    struct row *row;
    size_t cursor = 0;

    w->has_row = false;
    while ((row = table_next(mt->table, &cursor))) {
        bool was = condition_holds(&old->condition, row, NULL);
        bool is = condition_holds(&mt->condition, row, NULL);

        if (is && !was && mt->select & SELECT_INSERT) {
            begin_row(w, mt, &row->uuid);
            strbuf_puts(w->s, "{\"insert\":");
            put_whole(w->s, mt, row, SELECT_INSERT, true);
            strbuf_putc(w->s, '}');
        } else if (was && !is && mt->select & SELECT_DELETE) {
            begin_row(w, mt, &row->uuid);
            strbuf_puts(w->s, "{\"delete\":null}");
        }
    }
}

void monitor_put_cond_change(struct strbuf *s, const struct monitor_group *old,
                             const struct monitor_group *new_group)
{
    struct writer w = {.s = s};

    for (unsigned int i = 0; i < new_group->n_tables; i++) {
        const struct monitor_table *mt = &new_group->tables[i];

        if (!w.has_table && !s->len) {
            strbuf_putc(s, '{');
        }
        put_changed_rows(&w, old->by_table[mt->table->schema->index], mt);
    }
    if (w.has_table) {
        strbuf_puts(s, "}}");
    } else {
        strbuf_clear(s);
    }
}
