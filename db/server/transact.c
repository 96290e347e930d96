/* "transact" and "cancel" (RFC 7047 sections 4.1.3, 4.1.4): requests from their arrival to their
 * reply. What happens in between is in hosted.c. */
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "db/server/internal.h"

static bool owns_lock(const char *name, void *request_)
{
    const struct request *request = request_;

    return request->session && lock_is_owned(request->session, name);
}

void request_free(struct request *r)
{
    if (r->timeout) {
        event_free(r->timeout);
    }
    json_decref(r->id);
    json_decref(r->params);
    execute_result_free(&r->result);
    monitor_discard(&r->updates);
    free(r);
}

void transact_reply(struct request *r)
{
    if (r->session) {
        jsonrpc_send_reply(r->session->rpc, r->id, json_incref(r->result.results));
    }
    request_free(r);
}

/* The operations all succeeded: the transaction's own checks, then its record and updates. */
static void commit(struct request *r, struct txn *txn)
{
    struct failure failure = {NULL, NULL, NULL};
    struct hosted *h = r->hosted;

    if (txn_prepare(txn, &failure)) {
        txn_abort(txn);
        execute_result_fail(&r->result, &failure);
        failure_clear(&failure);
        return;
    }
    if (txn_is_empty(txn)) {
        txn_commit(txn);
        return;
    }
    if (h->store) {
        store_add(h->store, txn, r->result.comment);
    }
    uuid_generate(&r->txn_id);
    monitor_stage(h, txn, &r->updates);
    r->txn = txn;
}

static void stop_waiting(struct request *r)
{
    if (r->wait_table) {
        r->wait_table = NULL;
        TAILQ_REMOVE(&r->hosted->waiting, r, entry);
        if (r->session) {
            r->session->n_waiting--;
        }
    }
}

static void on_timeout(evutil_socket_t fd UNUSED, short what UNUSED, void *r_)
{
    struct request *r = r_;

    /* "wait" itself finds out that its time is over. */
    stop_waiting(r);
    transact_run(r);
}

/* Puts the request aside until the table changes. */
static void start_waiting(struct request *r)
{
    struct hosted *h = r->hosted;

    if (r->session->n_waiting >= MAX_WAITING) {
        struct failure failure = {NULL, NULL, NULL};

        failure_set(&failure, FAILURE_RESOURCES,
                    "a session may have at most %d transactions that wait", MAX_WAITING);
        json_array_clear(r->result.results);
        execute_result_fail(&r->result, &failure);
        failure_clear(&failure);
        transact_reply(r);
        return;
    }
    r->wait_table = r->result.wait_table;
    r->is_due = false;
    TAILQ_INSERT_TAIL(&h->waiting, r, entry);
    r->session->n_waiting++;
    if (r->result.wait_ms != UINT64_MAX) {
        uint64_t ms = MIN_OF(r->result.wait_ms + 1, UINT64_C(1) << 40);
        struct timeval tv = {.tv_sec = (time_t)(ms / 1000),
                             .tv_usec = (suseconds_t)(ms % 1000 * 1000)};

        if (!r->timeout) {
            r->timeout = event_new(h->server->base, -1, 0, on_timeout, r);
        }
        event_add(r->timeout, &tv);
    }
    execute_result_free(&r->result);
}

void transact_run(struct request *r)
{
    struct hosted *h = r->hosted;
    struct execute_env env = {
        .owns_lock = owns_lock,
        .aux = r,
        .is_read_only = h->is_read_only,
        .elapsed_ms = time_now_ms() - r->start_ms,
    };
    struct txn *txn = txn_new(h->db);
    enum execute_status status;

    if (r->timeout) {
        event_del(r->timeout);
    }
    execute_result_free(&r->result);
    status = execute(txn, r->params, &env, &r->result);
    if (status == EXECUTE_DONE) {
        commit(r, txn);
    } else {
        txn_abort(txn);
        if (status == EXECUTE_WAIT && r->session) {
            start_waiting(r);
            return;
        }
    }
    if (!r->txn && !r->result.is_durable && TAILQ_EMPTY(&h->finished)) {
        transact_reply(r); /* Nothing that it may tell of is still to be written. */
        return;
    }
    TAILQ_INSERT_TAIL(&h->finished, r, entry);
    h->n_finished++;
    hosted_flush_later(h);
}

void transact_request(struct session *s, const struct jsonrpc_msg *m)
{
    struct hosted *h = methods_find_db(s, m);
    struct request *r;

    if (!h) {
        return;
    }
    r = xcalloc(1, sizeof *r);
    r->hosted = h;
    r->session = s;
    r->id = json_incref(m->id);
    r->params = json_incref(m->params);
    r->start_ms = time_now_ms();
    STAILQ_INIT(&r->updates);
    transact_run(r);
}

void transact_retry(struct hosted *h)
{
    struct request_list due = TAILQ_HEAD_INITIALIZER(due);
    struct request *r, *next;

    for (r = TAILQ_FIRST(&h->waiting); r; r = next) {
        next = TAILQ_NEXT(r, entry);
        if (r->is_due) {
            stop_waiting(r);
            TAILQ_INSERT_TAIL(&due, r, entry);
        }
    }
    while ((r = TAILQ_FIRST(&due))) {
        TAILQ_REMOVE(&due, r, entry);
        transact_run(r);
    }
}

static void reply_canceled(struct request *r)
{
    jsonrpc_send_error(r->session->rpc, r->id, json_string(FAILURE_CANCELED));
    stop_waiting(r);
    request_free(r);
}

void transact_cancel(struct session *s, const json_t *id)
{
    struct hosted *h;
    struct request *r, *next;

    LIST_FOREACH (h, &s->server->dbs, entry) {
        for (r = TAILQ_FIRST(&h->waiting); r; r = next) {
            next = TAILQ_NEXT(r, entry);
            if (r->session == s && json_equal(r->id, id)) {
                reply_canceled(r);
            }
        }
    }
}

void transact_cancel_waiting(struct hosted *h)
{
    struct request *r;

    while ((r = TAILQ_FIRST(&h->waiting))) {
        reply_canceled(r);
    }
}

void transact_forget(struct session *s)
{
    struct hosted *h;
    struct request *r, *next;

    LIST_FOREACH (h, &s->server->dbs, entry) {
        TAILQ_FOREACH (r, &h->finished, entry) {
            if (r->session == s) {
                r->session = NULL;
            }
        }
        for (r = TAILQ_FIRST(&h->waiting); r; r = next) {
            next = TAILQ_NEXT(r, entry);
            if (r->session == s) {
                stop_waiting(r);
                request_free(r);
            }
        }
    }
}
