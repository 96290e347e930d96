/* A database that is served, and the end of its turn: one write, at most one sync, then updates and
 * replies in the order of the requests. See internal.h for the whole way of a transaction. */
#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "db/server/internal.h"
#include "lib/log.h"

LOG_MODULE(db_hosted)

/* So many requests are answered together at most: clients of a busy server should not wait for a
 * turn that does not end. */
#define MAX_FINISHED 1024

static void on_flush(evutil_socket_t fd UNUSED, short what UNUSED, void *h)
{
    hosted_flush(h);
}

struct hosted *hosted_new(struct server *server, struct store *store, struct database *db,
                          bool is_read_only)
{
    struct hosted *h = xcalloc(1, sizeof *h);

    h->server = server;
    h->store = store;
    h->db = db;
    h->name = db->schema->name;
    h->is_read_only = is_read_only;
    TAILQ_INIT(&h->finished);
    TAILQ_INIT(&h->waiting);
    h->history = history_new(db);
    h->flush_event = event_new(server->base, -1, 0, on_flush, h);
    LIST_INSERT_HEAD(&server->dbs, h, entry);
    return h;
}

/* No session is left when this is called. */
void hosted_free(struct hosted *h)
{
    if (!h) {
        return;
    }
    hosted_flush(h);
    monitor_cancel_all(h);
    event_free(h->flush_event);
    LIST_REMOVE(h, entry);
    history_free(h->history);
    hosted_stop_compaction(h);
    if (h->store) {
        store_close(h->store);
    } else {
        database_free(h->db);
    }
    free(h);
}

void hosted_flush_later(struct hosted *h)
{
    if (h->n_finished >= MAX_FINISHED) {
        hosted_flush(h);
        return;
    }
    /* Behind the events that are active now: those are the turn. */
    event_active(h->flush_event, EV_TIMEOUT, 0);
}

/* Marks who waits for what the transaction changed. */
static bool mark_waiting(struct hosted *h, const struct txn *txn)
{
    struct request *r;
    bool any = false;

    if (TAILQ_EMPTY(&h->waiting)) {
        return false;
    }
    for (size_t i = 0; i < txn->n_rows; i++) {
        TAILQ_FOREACH (r, &h->waiting, entry) {
            if (r->wait_table == txn->rows[i]->row->table) {
                r->is_due = any = true;
            }
        }
    }
    return any;
}

/* Everything is in the file. */
static void succeed(struct hosted *h, struct request_list *requests)
{
    struct request *r;
    bool any_due = false;

    while ((r = TAILQ_FIRST(requests))) {
        TAILQ_REMOVE(requests, r, entry);
        if (r->txn) {
            monitor_publish(&r->updates, &r->txn_id);
            any_due |= mark_waiting(h, r->txn);
            history_commit(h->history, r->txn, &r->txn_id);
            r->txn = NULL;
        }
        transact_reply(r);
    }
    if (any_due) {
        transact_retry(h);
    }
}

/* Nothing of it is in the file: takes back what was done in memory, newest first, and says so. What
 * only read is told the same from the first change on, for it may have seen it. */
static void fail(struct request_list *requests, const struct error *err)
{
    struct failure failure = {NULL, NULL, NULL};
    bool is_affected = false;
    struct request *r;

    TAILQ_FOREACH_REVERSE(r, requests, request_list, entry)
    {
        if (r->txn) {
            txn_abort(r->txn);
        }
    }
    failure_set(&failure, FAILURE_IO, "%s", err->text);
    while ((r = TAILQ_FIRST(requests))) {
        TAILQ_REMOVE(requests, r, entry);
        is_affected |= r->txn || r->result.is_durable;
        r->txn = NULL;
        if (is_affected && !r->result.has_failed) {
            execute_result_fail(&r->result, &failure);
        }
        transact_reply(r);
    }
    failure_clear(&failure);
}

static int write_out(struct hosted *h, bool sync, struct error *err)
{
    int error;

    if (!h->store) {
        return 0;
    }
    error = store_flush(h->store, sync, err);
    if (error) {
        log_err_limit("%s", err->text);
    }
    return error;
}

static void log_compaction(const struct hosted *h, int error, const struct error *err)
{
    if (error) {
        log_warn("database %s: compaction failed: %s", h->name, err->text);
    } else {
        log_info("database %s: compacted its file from %lld to %lld bytes", h->name,
                 (long long)h->size_before, (long long)store_size(h->store));
    }
}

static void on_compacted(evutil_socket_t fd UNUSED, short what UNUSED, void *h_)
{
    struct hosted *h = h_;
    struct error err;

    event_free(h->compaction);
    h->compaction = NULL;
    hosted_flush(h);
    log_compaction(h, store_compact_end(h->store, &err), &err);
}

void hosted_stop_compaction(struct hosted *h)
{
    if (h->compaction) {
        event_free(h->compaction);
        h->compaction = NULL;
        store_compact_cancel(h->store);
    }
}

/* A child does it while we go on; but without a file that can be written there is no going on. */
static void compact_if_grown(struct hosted *h)
{
    struct error err;
    int fd, error;

    if (!h->store || !store_wants_compaction(h->store)) {
        return;
    }
    if (store_is_broken(h->store)) {
        hosted_compact(h, &err);
        return;
    }
    h->size_before = store_size(h->store);
    error = store_compact_start(h->store, &fd, &err);
    if (error) {
        log_compaction(h, error, &err);
        return;
    }
    h->compaction = event_new(h->server->base, fd, EV_READ, on_compacted, h);
    event_add(h->compaction, NULL);
}

void hosted_flush(struct hosted *h)
{
    struct request_list requests = TAILQ_HEAD_INITIALIZER(requests);
    bool sync = false, any_txn = false;
    struct request *r;
    struct error err;

    /* Taken out first, because retried transactions may add new ones. */
    TAILQ_CONCAT(&requests, &h->finished, entry);
    h->n_finished = 0;
    TAILQ_FOREACH (r, &requests, entry) {
        sync |= r->result.is_durable;
        any_txn |= r->txn != NULL;
    }
    if ((sync || any_txn) && write_out(h, sync, &err)) {
        fail(&requests, &err);
    } else {
        succeed(h, &requests);
    }
    limits_check(h->server);
    if (any_txn && TAILQ_EMPTY(&h->finished)) {
        compact_if_grown(h);
    }
}

void hosted_flush_all(struct hosted *h)
{
    do {
        hosted_flush(h);
    } while (!TAILQ_EMPTY(&h->finished));
}

int hosted_compact(struct hosted *h, struct error *err)
{
    int error;

    if (!h->store) {
        return error_set(err, EOPNOTSUPP, "database %s is kept in memory only", h->name);
    }
    hosted_flush_all(h);
    hosted_stop_compaction(h);
    h->size_before = store_size(h->store);
    error = store_compact(h->store, err);
    log_compaction(h, error, err);
    return error;
}

int hosted_commit_internal(struct hosted *h, struct txn *txn, struct error *err)
{
    struct failure failure = {NULL, NULL, NULL};
    struct staged_updates updates = STAILQ_HEAD_INITIALIZER(updates);
    struct uuid txn_id;
    int error;

    if (txn_prepare(txn, &failure)) {
        error = error_set(err, EINVAL, "%s: %s", failure.error, failure.details);
        failure_clear(&failure);
        txn_abort(txn);
        return error;
    }
    uuid_generate(&txn_id);
    monitor_stage(h, txn, &updates);
    monitor_publish(&updates, &txn_id);
    mark_waiting(h, txn);
    history_commit(h->history, txn, &txn_id);
    transact_retry(h);
    return 0;
}
