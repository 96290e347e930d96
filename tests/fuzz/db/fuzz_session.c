/* A client of the database server says anything, through all methods of its sessions, while another
 * one monitors everything. Neither may harm the server: what it answers is JSON with an id or a
 * notification, and the one that said nothing wrong stays connected and is told of each commit. */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "db/server/internal.h"
#include "lib/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char schema[] =
    "{\"name\":\"D\",\"version\":\"1.0.0\",\"tables\":{"
    "\"T\":{\"columns\":{\"n\":{\"type\":\"string\"},\"i\":{\"type\":\"integer\"},"
    "\"s\":{\"type\":{\"key\":\"integer\",\"min\":0,\"max\":\"unlimited\"}},"
    "\"m\":{\"type\":{\"key\":\"string\",\"value\":\"string\",\"min\":0,\"max\":\"unlimited\"}}},"
    "\"isRoot\":true}}}";
/* Who is not aware of changes is disconnected when the schema is converted. */
static const char watch[] =
    "{\"id\":\"aware\",\"method\":\"set_db_change_aware\",\"params\":[true]}"
    "{\"id\":\"watch\",\"method\":\"monitor_cond_since\",\"params\":[\"D\",\"w\",{\"T\":[{}]},"
    "\"00000000-0000-0000-0000-000000000000\"]}";
static const char echo[] = "{\"id\":1,\"method\":\"echo\",\"params\":[]}";

static char path[64];

static void remove_file(void)
{
    unlink(path);
}

static struct server *new_server(struct event_base *base)
{
    static const struct server_limits limits = {
        .max_message = 1 << 16, .max_backlog = 1 << 20, .max_memory = 1 << 22};
    struct server *server = server_new(base, &limits);
    struct store *store;

    unlink(path);
    if (store_open(path, schema, NULL, &store, NULL) || server_add_store(server, store, NULL)) {
        abort();
    }
    return server;
}

static struct bufferevent *connect_client(struct server *server, struct event_base *base)
{
    struct bufferevent *pair[2];

    if (bufferevent_pair_new(base, BEV_OPT_CLOSE_ON_FREE, pair)) {
        abort();
    }
    bufferevent_enable(pair[1], EV_READ | EV_WRITE);
    session_accept(server, pair[0], "fuzz");
    return pair[1];
}

static void run(struct event_base *base)
{
    for (int i = 0; i < 20; i++) {
        event_base_loop(base, EVLOOP_NONBLOCK);
    }
}

/* How many messages there are, all of which must be some. */
static unsigned int check_answers(struct bufferevent *client)
{
    struct evbuffer *in = bufferevent_get_input(client);
    size_t len = evbuffer_get_length(in), at = 0;
    const char *text = (const char *)evbuffer_pullup(in, -1);
    unsigned int n = 0;

    while (at < len) {
        json_error_t error;
        json_t *json = json_loadb(text + at, len - at, JSON_DISABLE_EOF_CHECK, &error);

        if (!json_object_get(json, "id") ||
            !json_object_get(json, "method") == !json_object_get(json, "error")) {
            abort();
        }
        json_decref(json);
        at += (size_t)error.position;
        n++;
    }
    evbuffer_drain(in, len);
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct event_base *base;
    struct bufferevent *watcher, *client;
    struct server *server;

    if (!base) {
        base = event_base_new();
        log_set_levels("off", NULL);
        snprintf(path, sizeof path, "%s/fuzz_session.%d.db",
                 access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm", (int)getpid());
        atexit(remove_file);
    }
    server = new_server(base);
    watcher = connect_client(server, base);
    bufferevent_write(watcher, watch, sizeof watch - 1);
    run(base);
    if (check_answers(watcher) != 2) {
        abort();
    }
    client = connect_client(server, base);
    bufferevent_write(client, data, size);
    run(base);
    check_answers(client);
    check_answers(watcher);
    bufferevent_write(watcher, echo, sizeof echo - 1);
    run(base);
    if (!check_answers(watcher)) {
        abort();
    }
    bufferevent_free(client);
    run(base);
    server_free(server);
    bufferevent_free(watcher);
    run(base);
    return 0;
}
