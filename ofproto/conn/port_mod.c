/* Ports as controllers see them: descriptions, port status, and port mods, which change a port's
 * configuration while it lives. Event base's thread. */
#include "ofproto/codec/port_mod.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <stdlib.h>

#include "lib/log.h"
#include "ofproto/conn/bundle.h"
#include "ofproto/conn/mgmt.h"

LOG_MODULE(port_status);

#define UNREAD_MAX ((size_t)16 << 20)

struct ofp_port_desc ofport_describe(const struct ofport *port)
{
    struct ofp_port_desc desc = {.port = port->ofport,
                                 .name = port->name,
                                 .config = port->config,
                                 .link_down = !port->up,
                                 .speed_bps = port->speed_bps};

    memcpy(desc.mac, port->mac, sizeof desc.mac);
    return desc;
}

void mgmt_port_status(struct mgmt *mgmt, const struct ofport *port, enum ofp_port_reason reason)
{
    struct ofp_port_desc desc = ofport_describe(port);
    struct conn *conn;

    LIST_FOREACH (conn, &mgmt->conns, node) {
        struct strbuf s = STRBUF_INIT;

        if (!conn_wants(conn, ASYNC_PORT_STATUS, reason)) {
            continue;
        }
        if (evbuffer_get_length(bufferevent_get_output(conn->bev)) > UNREAD_MAX) {
            log_warn_limit("bridge '%s': a controller does not read: it is not told of ports",
                           mgmt->bridge->name);
            continue;
        }
        ofp_port_status_encode(&s, (enum ofp_version)conn->version, reason, &desc);
        conn_send(conn, &s);
    }
}

static int check(struct conn *conn, const struct ofp_port_mod *mod, struct ofport **ret)
{
    *ret = ofport_by_number(conn->bridge, mod->port);
    if (!*ret) {
        return OFPERR_PMFC_BAD_PORT;
    }
    return memcmp(mod->mac, (*ret)->mac, sizeof mod->mac) ? OFPERR_PMFC_BAD_HW_ADDR : 0;
}

static void configure(struct ofport *port, const struct ofp_port_mod *mod)
{
    ofport_configure(port, (port->config & ~mod->mask) | mod->config);
}

int handle_port_mod(struct conn *conn, const struct request *r)
{
    struct ofp_port_mod mod;
    struct ofport *port;
    int rc = ofp_port_mod_decode((enum ofp_version)conn->version, request_body(r),
                                 request_body_len(r), &mod);

    rc = rc ? rc : check(conn, &mod, &port);
    if (!rc) {
        configure(port, &mod);
    }
    return rc;
}

/* --- In a bundle. */

static int stage(struct conn *conn, const struct request *r, struct staged *ret)
{
    struct ofp_port_mod mod;
    int rc = ofp_port_mod_decode((enum ofp_version)conn->version, request_body(r),
                                 request_body_len(r), &mod);

    if (!rc) {
        ret->arg = xmemdup(&mod, sizeof mod);
        ret->bytes = sizeof mod;
    }
    return rc;
}

static int apply(struct conn *conn, void *mod, uint64_t now_ms UNUSED)
{
    struct ofport *port;
    return check(conn, mod, &port);
}

static void finish(struct conn *conn, void *mod, uint64_t now_ms UNUSED)
{
    struct ofport *port;

    if (!check(conn, mod, &port)) {
        configure(port, mod);
    }
}

static void free_staged(struct ofproto_set *set UNUSED, void *mod)
{
    free(mod);
}

CONSTRUCTOR static void register_op(void)
{
    static const struct bundle_op op = {
        .type = OFPT13_PORT_MOD,
        .stage = stage,
        .apply = apply,
        .finish = finish,
        .free = free_staged,
    };

    bundle_op_register(&op);
}
