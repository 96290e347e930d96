/* What all clients together may use: memory of messages that are not complete or not written, and
 * places for sessions. Each client has limits of its own; these are for many of them.
 *
 * Memory: who holds the most is disconnected, until the rest is within the limit. A client that
 * fell so far behind loses nothing that it could not ask for again.
 *
 * Sessions: when all places are taken, the one that has been silent the longest and waits for
 * nothing (no monitor, lock, transaction or reply) gives its place to the newcomer. Raising the
 * number instead would only make the same flood larger. If all wait for something, a process (or a
 * host) that has more than its share of the places loses its most silent session; only when no
 * client has that many is a newcomer refused.
 *
 * What was freed is given back to the system: after large messages, when they are gone. */
#include <event2/event.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "db/server/internal.h"
#include "lib/log.h"

LOG_MODULE(db_limits)

#define MIN_MEMORY ((size_t)64 << 20)
#define MAX_MEMORY ((size_t)1 << 30)
#define MEMORY_SHARE 8 /* Of the machine's. */
/* Nothing is looked at before so much more went in or out. */
#define CHECK_TRAFFIC ((uint64_t)1 << 20)
#define TRIM_TRAFFIC ((uint64_t)16 << 20)
#define TRIM_AFTER_S 3
#define OWNER_SHARE 4 /* A client may have a quarter of the sessions. */

struct limits {
    struct event *enforce;
    struct event *trim;
    uint64_t checked; /* jsonrpc_traffic() when memory was last looked at, and trimmed. */
    uint64_t trimmed;
    struct session_owner *owners;
    uint64_t n_evicted_memory, n_evicted_sessions, n_refused;
};

/* --- Memory. --- */

static size_t held_bytes(const struct server *server)
{
    size_t bytes = jsonrpc_text_bytes();
    const struct session *s;

    TAILQ_FOREACH (s, &server->sessions, entry) {
        bytes += jsonrpc_own_bytes(s->rpc);
    }
    return bytes;
}

/* What a session is blamed for: also texts that others share. */
static size_t greed(const struct session *s)
{
    size_t own = jsonrpc_own_bytes(s->rpc), backlog = jsonrpc_backlog(s->rpc);

    return MAX_OF(own, backlog);
}

static struct session *find_greediest(const struct server *server)
{
    struct session *s, *greediest = NULL;

    TAILQ_FOREACH (s, &server->sessions, entry) {
        if (greed(s) && (!greediest || greed(s) > greed(greediest))) {
            greediest = s;
        }
    }
    return greediest;
}

static void trim_later(struct limits *l)
{
    struct timeval soon = {.tv_sec = TRIM_AFTER_S};

    if (!evtimer_pending(l->trim, NULL)) {
        evtimer_add(l->trim, &soon);
    }
}

static void on_trim(evutil_socket_t fd UNUSED, short what UNUSED, void *server_)
{
    struct server *server = server_;

    server->bounds->trimmed = jsonrpc_traffic();
    malloc_trim(0);
    if (held_bytes(server) >= TRIM_TRAFFIC) {
        trim_later(server->bounds); /* It is still to be freed. */
    }
}

static void on_enforce(evutil_socket_t fd UNUSED, short what UNUSED, void *server_)
{
    struct server *server = server_;
    size_t limit = server->limits.max_memory, held;
    struct session *s;

    while ((held = held_bytes(server)) > limit && (s = find_greediest(server))) {
        log_warn_limit("%s: disconnected: messages of all clients hold %zu bytes, the limit is "
                       "%zu, and the %zu of this one are the most",
                       s->peer, held, limit, greed(s));
        server->bounds->n_evicted_memory++;
        session_close(s, false);
        trim_later(server->bounds);
    }
}

void limits_check(struct server *server)
{
    struct limits *l = server->bounds;
    uint64_t traffic = jsonrpc_traffic();

    if (traffic - l->checked >= CHECK_TRAFFIC) {
        l->checked = traffic;
        event_active(l->enforce, EV_TIMEOUT, 0); /* Nobody is in the middle of a session then. */
    }
    if (traffic - l->trimmed >= TRIM_TRAFFIC) {
        trim_later(l);
    }
}

/* --- Sessions. --- */

struct session_owner *limits_owner_ref(struct server *server, const char *name)
{
    struct session_owner *o;

    HASH_FIND_STR(server->bounds->owners, name, o);
    if (!o) {
        o = xcalloc(1, sizeof *o);
        o->name = xstrdup(name);
        HASH_ADD_KEYPTR(hh, server->bounds->owners, o->name, strlen(o->name), o);
    }
    o->n_sessions++;
    return o;
}

void limits_owner_unref(struct server *server, struct session_owner *o)
{
    if (!--o->n_sessions) {
        HASH_DEL(server->bounds->owners, o);
        free(o->name);
        free(o);
    }
}

static bool has_request(const struct session *s)
{
    const struct hosted *h;
    const struct request *r;

    LIST_FOREACH (h, &s->server->dbs, entry) {
        TAILQ_FOREACH (r, &h->finished, entry) {
            if (r->session == s) {
                return true;
            }
        }
    }
    return s->n_waiting > 0;
}

static bool waits_for_something(const struct session *s)
{
    return s->n_monitors || s->n_locks || jsonrpc_own_bytes(s->rpc) || jsonrpc_backlog(s->rpc) ||
           has_request(s);
}

/* The most silent session of whoever has the most, if those are too many. */
static struct session *find_of_greediest(const struct server *server)
{
    struct session *s, *found = NULL;

    TAILQ_FOREACH (s, &server->sessions, entry) {
        if (!found || s->owner->n_sessions > found->owner->n_sessions) {
            found = s;
        }
    }
    return found && found->owner->n_sessions > server->limits.max_sessions / OWNER_SHARE ? found
                                                                                         : NULL;
}

bool limits_make_room(struct server *server)
{
    struct session *s;

    if (server->n_sessions < server->limits.max_sessions) {
        return true;
    }
    TAILQ_FOREACH (s, &server->sessions, entry) {
        if (!waits_for_something(s)) {
            break;
        }
    }
    s = s ? s : find_of_greediest(server);
    if (!s) {
        server->bounds->n_refused++;
        return false;
    }
    log_warn_limit("%s: disconnected to make room: %u clients are connected, which is the limit, "
                   "and %u sessions are of %s",
                   s->peer, server->n_sessions, s->owner->n_sessions, s->owner->name);
    server->bounds->n_evicted_sessions++;
    session_close(s, false);
    return true;
}

/* --- Life. --- */

static size_t default_memory(void)
{
    size_t pages = (size_t)MAX_OF(sysconf(_SC_PHYS_PAGES), 0);
    size_t share = pages * (size_t)sysconf(_SC_PAGESIZE) / MEMORY_SHARE;

    return share < MIN_MEMORY ? MIN_MEMORY : MIN_OF(share, MAX_MEMORY);
}

struct limits *limits_new(struct server *server)
{
    struct limits *l = xcalloc(1, sizeof *l);

    if (!server->limits.max_memory) {
        server->limits.max_memory = default_memory();
    }
    l->enforce = event_new(server->base, -1, 0, on_enforce, server);
    l->trim = evtimer_new(server->base, on_trim, server);
    return l;
}

void limits_free(struct limits *l)
{
    event_free(l->enforce);
    event_free(l->trim);
    free(l);
}

void limits_put(struct strbuf *s, const struct server *server)
{
    const struct limits *l = server->bounds;

    strbuf_printf(s,
                  "held:%zu held-limit:%zu sessions:%u sessions-limit:%u evicted-for-memory:%llu "
                  "evicted-for-room:%llu refused:%llu",
                  held_bytes(server), server->limits.max_memory, server->n_sessions,
                  server->limits.max_sessions, (unsigned long long)l->n_evicted_memory,
                  (unsigned long long)l->n_evicted_sessions, (unsigned long long)l->n_refused);
}
