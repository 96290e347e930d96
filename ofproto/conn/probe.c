/* Inactivity probes: a peer that said nothing for a while is asked for an echo; one that says
 * nothing for as long again is gone. Event base's thread. */
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdio.h>

#include "ofproto/conn/conn.h"

static void wait_ms(struct conn *conn, uint64_t ms)
{
    struct timeval tv = {(time_t)(ms / 1000), (suseconds_t)(ms % 1000) * 1000};

    event_add(conn->probe, &tv);
}

static void on_probe(evutil_socket_t fd UNUSED, short what UNUSED, void *conn_)
{
    struct conn *conn = conn_;
    uint64_t now_ms = time_now_ms(), idle_ms;
    struct strbuf s = STRBUF_INIT;
    char why[80];

    if (conn->paused || conn->in_barrier) {
        conn->heard_ms = now_ms; /* It is we who do not listen. */
        conn->probing = false;
    }
    idle_ms = now_ms - MIN_OF(now_ms, conn->heard_ms);
    if (idle_ms < conn->probe_ms) {
        wait_ms(conn, conn->probe_ms - idle_ms);
        return;
    }
    if (conn->probing) {
        snprintf(why, sizeof why, "no answer to an inactivity probe within %u ms", conn->probe_ms);
        conn_close(conn, why);
        return;
    }
    conn->probing = true;
    if (conn->version) {
        ofp_end(&s, ofp_begin(&s, conn->version, OFPT_ECHO_REQUEST, 0));
        conn_send(conn, &s);
    }
    wait_ms(conn, conn->probe_ms);
}

void conn_set_probe(struct conn *conn, unsigned int probe_ms)
{
    if (conn->probe_ms == probe_ms) {
        return;
    }
    conn->probe_ms = probe_ms;
    if (!conn->probe) {
        conn->probe = event_new(bufferevent_get_base(conn->bev), -1, 0, on_probe, conn);
    }
    event_del(conn->probe);
    if (probe_ms) {
        conn->heard_ms = time_now_ms();
        conn->probing = false;
        wait_ms(conn, probe_ms);
    }
}

void conn_end_probe(struct conn *conn)
{
    if (conn->probe) {
        event_free(conn->probe);
    }
}
