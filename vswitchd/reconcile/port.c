/* Ports of the database: one interface each (several are a bond, which is not built yet) and VLAN
 * settings, which become an ofproto bundle. */
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "vswitchd/reconcile/live.h"

LOG_MODULE(port);

static struct port *port_get(struct bridge *b, const char *name)
{
    struct port *p;

    HASH_FIND_STR(b->ports, name, p);
    if (!p) {
        p = xcalloc(1, sizeof *p);
        p->name = xstrdup(name);
        HASH_ADD_KEYPTR(hh, b->ports, p->name, strlen(p->name), p);
    }
    return p;
}

void port_free(struct bridge *b, struct port *p)
{
    if (p->print && b->ofproto) {
        ofproto_bundle_remove(b->ofproto, p->name);
    }
    HASH_DEL(b->ports, p);
    free(p->name);
    free(p);
}

static fingerprint fingerprint_of(const struct conf_port *w, const struct iface *i)
{
    int numbers[] = {w->tag, (int)w->vlan_mode, w->priority_tags, w->is_protected, i->ofport};
    fingerprint p = print_add(2, numbers, sizeof numbers);

    p = print_add(p, &i->ofport_serial, sizeof i->ofport_serial);
    p = print_add(p, w->trunks, w->n_trunks * sizeof *w->trunks);
    p = print_str(p, i->name);
    return p ? p : 1;
}

/* Keeps a bond's interfaces out, and says so in each. */
static void refuse_bond(struct reconcile *r, const struct conf_port *want)
{
    for (size_t k = 0; k < want->n_ifaces; k++) {
        struct iface *i = iface_find(r, want->ifaces[k].name);

        if (i && i->want == &want->ifaces[k]) {
            iface_leave_bridge(i);
            dp_port_remove(r, i);
            iface_set_error(i,
                            "port '%s': bonding is not built yet: give the port one interface, not "
                            "%zu",
                            want->name, want->n_ifaces);
        }
    }
}

static void sync_bundle(struct bridge *b, struct port *p, const struct conf_port *want,
                        struct iface *i)
{
    const char *names[1] = {i->name};
    struct ofproto_bundle_config config = {
        .name = want->name,
        .ports = names,
        .n_ports = 1,
        .vlan_mode = want->vlan_mode,
        .tag = want->tag,
        .trunks = want->trunks,
        .n_trunks = want->n_trunks,
        .is_protected = want->is_protected,
        .priority_tags = want->priority_tags,
    };
    fingerprint print = fingerprint_of(want, i);
    struct error err = {0};

    if (p->print == print) {
        return;
    }
    if (ofproto_bundle_set(b->ofproto, &config, &err)) {
        iface_set_error(i, "%s", err.text);
        log_err("%s", err.text);
        return;
    }
    p->print = print;
}

void port_mark(struct reconcile *r, struct bridge *b, const struct conf_port *want)
{
    port_get(b, want->name)->pass = r->pass;
}

void port_sync(struct reconcile *r, struct bridge *b, const struct conf_port *want)
{
    struct port *p = port_get(b, want->name);
    struct iface *i = want->n_ifaces ? iface_find(r, want->ifaces[0].name) : NULL;

    if (want->n_ifaces > 1) {
        refuse_bond(r, want);
        i = NULL;
    } else if (i && i->want == &want->ifaces[0]) {
        iface_sync(r, i, b);
    } else {
        i = NULL;
    }
    if (i && i->ofport && b->ofproto) {
        sync_bundle(b, p, want, i);
    } else if (p->print && b->ofproto) {
        ofproto_bundle_remove(b->ofproto, p->name);
        p->print = 0;
    }
}

void ports_remove_gone(struct reconcile *r, struct bridge *b)
{
    struct port *p, *next;

    for (p = b->ports; p; p = next) {
        next = p->hh.next;
        if (p->pass != r->pass) {
            port_free(b, p);
        }
    }
}
