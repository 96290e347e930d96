/* RUNDIR/BRIDGE.snoop, where "ovs-ofctl snoop" listens to a controller's connection: what passes in
 * either direction is copied to it. Which controller is chosen as somebody connects: the master,
 * one that has no role, a slave, in this order, and rather one that is connected; it stays chosen
 * when it connects again. Hellos are not copied: each listener gets one of its own. What listeners
 * say is not read. One that does not read is ended, so that none costs more than UNREAD_MAX. Event
 * base's thread. */
#include "ofproto/conn/snoop.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdlib.h>

#include "lib/log.h"
#include "lib/stream.h"
#include "ofproto/conn/conn.h"
#include "ofproto/conn/controller.h"
#include "ofproto/conn/mgmt.h"

LOG_MODULE(snoop);

#define SNOOPERS_MAX 8 /* Of a bridge. */
#define UNREAD_MAX ((size_t)4 << 20)

struct snooper {
    LIST_ENTRY(snooper) node; /* In the mgmt. */
    struct mgmt *mgmt;
    const struct controller *controller;
    struct bufferevent *bev;
};

static void end_one(struct snooper *s)
{
    LIST_REMOVE(s, node);
    s->mgmt->n_snoopers--;
    bufferevent_free(s->bev);
    free(s);
}

void snoop_end(struct mgmt *mgmt, const struct controller *controller)
{
    struct snooper *s, *next;

    for (s = LIST_FIRST(&mgmt->snoopers); s; s = next) {
        next = LIST_NEXT(s, node);
        if (!controller || s->controller == controller) {
            end_one(s);
        }
    }
}

void snoop(const struct conn *conn, const void *message, size_t len)
{
    struct snooper *s, *next;

    if (!conn->controller || !conn->version) {
        return;
    }
    for (s = LIST_FIRST(&conn->mgmt->snoopers); s; s = next) {
        next = LIST_NEXT(s, node);
        if (s->controller != conn->controller) {
            continue;
        }
        if (evbuffer_get_length(bufferevent_get_output(s->bev)) > UNREAD_MAX) {
            log_warn_limit("bridge '%s': one that listens to a controller does not read: its "
                           "connection is ended",
                           conn->bridge->name);
            end_one(s);
        } else {
            bufferevent_write(s->bev, message, len);
        }
    }
}

static void on_read(struct bufferevent *bev, void *snooper UNUSED)
{
    struct evbuffer *in = bufferevent_get_input(bev);

    evbuffer_drain(in, evbuffer_get_length(in));
}

static void on_event(struct bufferevent *bev UNUSED, short what, void *snooper)
{
    if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) {
        end_one(snooper);
    }
}

static void accepted(struct bufferevent *bev, const char *peer UNUSED, void *mgmt_)
{
    struct mgmt *mgmt = mgmt_;
    const struct controller *controller = controllers_pick(mgmt);
    struct strbuf hello = STRBUF_INIT;
    struct snooper *s;

    if (!controller || mgmt->n_snoopers >= SNOOPERS_MAX) {
        log_info_limit("bridge '%s': nobody more may listen: %s", mgmt->bridge->name,
                       controller ? "there are too many" : "there is no controller");
        bufferevent_free(bev);
        return;
    }
    s = xcalloc(1, sizeof *s);
    s->mgmt = mgmt;
    s->controller = controller;
    s->bev = bev;
    LIST_INSERT_HEAD(&mgmt->snoopers, s, node);
    mgmt->n_snoopers++;
    bufferevent_setcb(bev, on_read, NULL, on_event, s);
    conn_put_hello(&hello, OFP_ALL_VERSIONS);
    bufferevent_write(bev, hello.data, hello.len);
    strbuf_free(&hello);
    bufferevent_enable(bev, EV_READ | EV_WRITE);
}

int ofproto_snoop_listen(struct ofproto *bridge, struct event_base *base, const char *path,
                         struct error *err)
{
    char *name;
    int rc;

    if (!bridge->mgmt) {
        bridge->mgmt = mgmt_new(bridge);
    }
    if (bridge->mgmt->snoop_listener) {
        return error_set(err, EALREADY, "bridge '%s': snoop is served already", bridge->name);
    }
    name = xasprintf("punix:%s", path);
    rc = stream_listen(base, name, accepted, bridge->mgmt, &bridge->mgmt->snoop_listener, err);
    free(name);
    return rc ? error_prefix(err, "bridge '%s': snoop socket", bridge->name) : 0;
}
