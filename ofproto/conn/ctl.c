/* The ctl command openflow/show: the OpenFlow connections of bridges. Registers itself; runs on the
 * event base's thread. */
#include <stdio.h>

#include "lib/ctl.h"
#include "lib/strbuf.h"
#include "ofproto/conn/conn.h"

static void show_bridge(struct ofproto *bridge, void *s)
{
    const struct conn *conn;

    if (!bridge->mgmt) {
        return;
    }
    LIST_FOREACH (conn, &bridge->mgmt->conns, node) {
        char version[24] = "no version yet";

        if (conn->version) { /* 1.0 is number 1. */
            snprintf(version, sizeof version, "OpenFlow 1.%u", conn->version - 1u);
        }
        strbuf_printf(s, "%s %s: %s, role %s, asynchronous messages %s, packets dropped %llu\n",
                      bridge->name, conn->peer, version, conn_role_name(conn),
                      conn_is_async(conn) ? "on" : "off",
                      (unsigned long long)conn->n_packet_ins_dropped);
    }
}

static void show(struct ctl_request *req, int argc, const char *const argv[], void *aux)
{
    struct strbuf s = STRBUF_INIT;

    (void)argc;
    (void)argv;
    (void)aux;
    bridge_each(show_bridge, &s);
    ctl_reply(req, strbuf_str(&s));
    strbuf_free(&s);
}

CONSTRUCTOR static void register_commands(void)
{
    ctl_register("openflow/show", "", 0, 0, show, NULL);
}
