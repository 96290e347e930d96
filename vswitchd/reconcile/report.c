/* All complaints of the switch in one place: for the log, each once, and for the ctl command
 * config/complaints, which `sluice status` points at. */
#include <stdlib.h>
#include <string.h>

#include "lib/ctl.h"
#include "lib/log.h"
#include "vswitchd/reconcile/live.h"

LOG_MODULE(config);

/* A complaint that the log has, by a hash of its text. */
struct said {
    fingerprint print;
    uint64_t pass;
    UT_hash_handle hh;
};

static void tell(const struct complaints *c, const char *table, const char *name, complaint_cb *cb,
                 void *aux)
{
    for (unsigned int i = 0; c && i < c->n; i++) {
        cb(table, name, c->list[i].column, c->list[i].reason, aux);
    }
}

/* Of the rows that have no say_error() of their own. */
static void for_each_quiet(const struct reconcile *r, complaint_cb *cb, void *aux)
{
    const struct conf *c = r->conf;

    tell(c->complaints, "Open_vSwitch", "", cb, aux);
    tell(r->settings_complaints, "Open_vSwitch", "", cb, aux);
    for (size_t i = 0; i < c->n_bridges; i++) {
        const struct conf_bridge *b = &c->bridges[i];

        tell(b->complaints, "Bridge", b->name, cb, aux);
        for (size_t k = 0; k < b->n_controllers; k++) {
            tell(b->controllers[k].complaints, "Controller", b->controllers[k].target, cb, aux);
        }
        for (size_t k = 0; k < b->n_ports; k++) {
            tell(b->ports[k].complaints, "Port", b->ports[k].name, cb, aux);
        }
    }
}

void complaints_for_each(const struct reconcile *r, complaint_cb *cb, void *aux)
{
    const struct bridge *b;
    const struct iface *i;

    if (!r->conf) {
        return;
    }
    for_each_quiet(r, cb, aux);
    for (b = r->bridges; b; b = b->hh.next) {
        if (b->error[0]) {
            cb("Bridge", b->name, "error", b->error, aux);
        }
    }
    for (i = r->ifaces; i; i = i->hh.next) {
        const char *error = iface_error(i);

        if (i->pass != r->pass) {
            continue;
        }
        if (error[0] && (error != i->notice || !i->notice_is_complaint)) {
            cb("Interface", i->name, "error", error, aux);
        }
        tell(i->want->complaints, "Interface", i->name, cb, aux);
    }
}

/* --- The log.
 * ------------------------------------------------------------------------------------ */

static void say(const char *table, const char *name, const char *column, const char *reason,
                void *aux)
{
    struct complaint c = {(char *)column, (char *)reason};
    struct reconcile *r = aux;
    struct strbuf s = STRBUF_INIT;
    struct said *said;
    fingerprint print;

    complaint_format(&s, &c, table, name);
    print = print_str(8, strbuf_str(&s));
    HASH_FIND(hh, r->said, &print, sizeof print, said);
    if (!said) {
        said = xcalloc(1, sizeof *said);
        said->print = print;
        HASH_ADD(hh, r->said, print, sizeof said->print, said);
        log_warn("%s", strbuf_str(&s));
    }
    said->pass = r->pass;
    strbuf_free(&s);
}

static void forget(struct reconcile *r, uint64_t but_pass)
{
    struct said *said, *next;

    for (said = r->said; said; said = next) {
        next = said->hh.next;
        if (said->pass != but_pass) {
            HASH_DEL(r->said, said);
            free(said);
        }
    }
}

void complaints_say(struct reconcile *r)
{
    for_each_quiet(r, say, r);
    forget(r, r->pass);
}

void complaints_forget_said(struct reconcile *r)
{
    forget(r, UINT64_MAX);
}

/* --- The ctl command.
 * ---------------------------------------------------------------------------- */

struct listing {
    struct strbuf text;
    json_t *list;
};

static void list_one(const char *table, const char *name, const char *column, const char *reason,
                     void *aux)
{
    struct complaint c = {(char *)column, (char *)reason};
    struct listing *l = aux;
    json_t *j;

    complaint_format(&l->text, &c, table, name);
    strbuf_putc(&l->text, '\n');
    j = json_pack("{s:s, s:s, s:s, s:s}", "table", table, "name", name, "column", column, "reason",
                  reason);
    if (j) {
        json_array_append_new(l->list, j);
    }
}

static void complaints(struct ctl_request *req, int argc UNUSED, const char *const argv[] UNUSED,
                       void *aux)
{
    struct listing l = {.list = json_array()};

    complaints_for_each(aux, list_one, &l);
    if (ctl_wants_json(req)) {
        ctl_reply_json(req, l.list);
    } else {
        ctl_reply(req, strbuf_str(&l.text));
        json_decref(l.list);
    }
    strbuf_free(&l.text);
}

void complaints_ctl_init(struct reconcile *r)
{
    ctl_register("config/complaints", "", 0, 0, complaints, r);
}
