/* Commands to the running server, with Open vSwitch's names. */
#include <errno.h>
#include <event2/event.h>
#include <malloc.h>
#include <string.h>

#include "db/server/internal.h"
#include "lib/ctl.h"

static void list_dbs(struct ctl_request *request, int argc UNUSED, const char *const argv[] UNUSED,
                     void *server_)
{
    struct server *server = server_;
    struct strbuf s = STRBUF_INIT;
    struct hosted *h;

    LIST_FOREACH (h, &server->dbs, entry) {
        strbuf_printf(&s, "%s\n", h->name);
    }
    ctl_reply(request, strbuf_str(&s));
    strbuf_free(&s);
}

static void list_remotes(struct ctl_request *request, int argc UNUSED,
                         const char *const argv[] UNUSED, void *server_)
{
    struct server *server = server_;
    struct strbuf s = STRBUF_INIT;
    struct remote *remote;

    LIST_FOREACH (remote, &server->remotes, entry) {
        strbuf_printf(&s, "%s\n", remote->name);
    }
    ctl_reply(request, strbuf_str(&s));
    strbuf_free(&s);
}

static void compact(struct ctl_request *request, int argc, const char *const argv[], void *server_)
{
    struct server *server = server_;
    struct strbuf errors = STRBUF_INIT;
    struct error err;
    struct hosted *h;

    if (argc && !server_find(server, argv[0])) {
        ctl_reply_error(request, "not a valid database name");
        return;
    }
    LIST_FOREACH (h, &server->dbs, entry) {
        if ((argc ? !strcmp(h->name, argv[0]) : h->store != NULL) && hosted_compact(h, &err)) {
            strbuf_printf(&errors, "%s\n", err.text);
        }
    }
    if (errors.len) {
        ctl_reply_error(request, strbuf_str(&errors));
    } else {
        ctl_reply(request, "");
    }
    strbuf_free(&errors);
}

static void memory_show(struct ctl_request *request, int argc UNUSED,
                        const char *const argv[] UNUSED, void *server_)
{
    struct server *server = server_;
    struct mallinfo2 info = mallinfo2();
    struct strbuf s = STRBUF_INIT;
    size_t n_cells = 0, n_rows = 0, n_monitors = 0, backlog = 0;
    struct session *session;
    struct hosted *h;

    LIST_FOREACH (h, &server->dbs, entry) {
        for (unsigned int i = 0; i < h->db->schema->n_tables; i++) {
            n_rows += h->db->tables[i].n_rows;
            n_cells += h->db->tables[i].n_rows * h->db->tables[i].schema->n_columns;
        }
    }
    TAILQ_FOREACH (session, &server->sessions, entry) {
        n_monitors += session->n_monitors;
        backlog += jsonrpc_backlog(session->rpc);
    }
    strbuf_printf(&s, "backlog:%zu cells:%zu heap:%zu monitors:%zu rows:%zu ", backlog, n_cells,
                  (size_t)info.uordblks + (size_t)info.hblkhd, n_monitors, n_rows);
    limits_put(&s, server);
    strbuf_putc(&s, '\n');
    ctl_reply(request, strbuf_str(&s));
    strbuf_free(&s);
}

static void do_exit(struct ctl_request *request, int argc UNUSED, const char *const argv[] UNUSED,
                    void *server_)
{
    struct server *server = server_;
    struct timeval soon = {.tv_usec = 50000}; /* Time for the answer to leave. */

    ctl_reply(request, "");
    event_base_loopexit(server->base, &soon);
}

void server_register_ctl(struct server *server)
{
    ctl_register("ovsdb-server/list-dbs", "", 0, 0, list_dbs, server);
    ctl_register("ovsdb-server/list-remotes", "", 0, 0, list_remotes, server);
    ctl_register("ovsdb-server/compact", "[DATABASE]", 0, 1, compact, server);
    ctl_register("memory/show", "", 0, 0, memory_show, server);
    ctl_register("exit", "", 0, 0, do_exit, server);
}
