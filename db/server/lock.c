/* Locks (RFC 7047 sections 4.1.8 to 4.1.10): names with an owner and a queue, by all sessions of
 * the server. */
#include <stdlib.h>
#include <string.h>

#include "db/server/internal.h"

struct lock {
    UT_hash_handle hh; /* In server->locks. */
    char *name;
    TAILQ_HEAD(lock_queue, lock_wait) queue; /* The first is the owner. */
};

/* A session's place in a lock's queue. */
struct lock_wait {
    TAILQ_ENTRY(lock_wait) in_lock;
    LIST_ENTRY(lock_wait) in_session;
    struct lock *lock;
    struct session *session;
};

static bool is_owner(const struct lock_wait *w)
{
    return TAILQ_FIRST(&w->lock->queue) == w;
}

static void notify(const struct lock_wait *w, const char *method)
{
    jsonrpc_send_notify(w->session->rpc, method, json_pack("[s]", w->lock->name));
}

static struct lock_wait *find(const struct session *s, const char *name)
{
    struct lock_wait *w;

    LIST_FOREACH (w, &s->locks, in_session) {
        if (!strcmp(w->lock->name, name)) {
            return w;
        }
    }
    return NULL;
}

static struct lock *get(struct server *server, const char *name)
{
    struct lock *lock;

    HASH_FIND_STR(server->locks, name, lock);
    if (!lock) {
        lock = xcalloc(1, sizeof *lock);
        lock->name = xstrdup(name);
        TAILQ_INIT(&lock->queue);
        HASH_ADD_KEYPTR(hh, server->locks, lock->name, strlen(lock->name), lock);
    }
    return lock;
}

static void release(struct lock_wait *w, bool tell_next)
{
    struct server *server = w->session->server;
    struct lock *lock = w->lock;
    bool was_owner = is_owner(w);

    TAILQ_REMOVE(&lock->queue, w, in_lock);
    LIST_REMOVE(w, in_session);
    w->session->n_locks--;
    free(w);
    if (TAILQ_EMPTY(&lock->queue)) {
        HASH_DEL(server->locks, lock);
        free(lock->name);
        free(lock);
    } else if (was_owner && tell_next) {
        notify(TAILQ_FIRST(&lock->queue), "locked");
    }
}

/* <id>, which is what names of locks are. */
static const char *lock_name(struct session *s, const struct jsonrpc_msg *m)
{
    const char *name = json_string_value(json_array_get(m->params, 0));

    if (json_array_size(m->params) != 1 || !name || !name[0]) {
        methods_error(s, m, FAILURE_SYNTAX, "%s request params must be <id>", m->method);
        return NULL;
    }
    return name;
}

void lock_request(struct session *s, const struct jsonrpc_msg *m, bool steal)
{
    const char *name = lock_name(s, m);
    struct lock_wait *w, *owner;

    if (!name) {
        return;
    }
    if (find(s, name)) {
        methods_error(s, m, FAILURE_SYNTAX, "must issue \"unlock\" before new \"%s\"", m->method);
        return;
    }
    if (s->n_locks >= MAX_LOCKS) {
        methods_error(s, m, FAILURE_RESOURCES, "a session may have at most %d locks", MAX_LOCKS);
        return;
    }
    w = xcalloc(1, sizeof *w);
    w->session = s;
    w->lock = get(s->server, name);
    owner = TAILQ_FIRST(&w->lock->queue);
    if (steal) {
        TAILQ_INSERT_HEAD(&w->lock->queue, w, in_lock);
        if (owner) {
            notify(owner, "stolen");
        }
    } else {
        TAILQ_INSERT_TAIL(&w->lock->queue, w, in_lock);
    }
    LIST_INSERT_HEAD(&s->locks, w, in_session);
    s->n_locks++;
    jsonrpc_send_reply(s->rpc, m->id, json_pack("{s:b}", "locked", is_owner(w)));
}

void lock_unlock_request(struct session *s, const struct jsonrpc_msg *m)
{
    const char *name = lock_name(s, m);
    struct lock_wait *w = name ? find(s, name) : NULL;

    if (!name) {
        return;
    }
    if (!w) {
        methods_error(s, m, FAILURE_SYNTAX, "\"unlock\" without \"lock\" or \"steal\"");
        return;
    }
    release(w, true);
    jsonrpc_send_reply(s->rpc, m->id, json_object());
}

bool lock_is_owned(const struct session *s, const char *name)
{
    const struct lock_wait *w = find(s, name);

    return w && is_owner(w);
}

void lock_release_all(struct session *s)
{
    struct lock_wait *w;

    while ((w = LIST_FIRST(&s->locks))) {
        release(w, true);
    }
}
