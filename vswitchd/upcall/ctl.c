/* The ctl commands about cached flows: dpctl/dump-flows, dpif/dump-flows, dpctl/del-flows,
 * revalidator/purge, memory/show, upcall/show, dpctl/show-drops. They belong to the one 'struct
 * upcall' of the process, which main.c names with upcall_ctl_init(). */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ctl.h"
#include "lib/strbuf.h"
#include "ofproto/match/text.h"
#include "ofproto/match/tlv_map.h"
#include "vswitchd/upcall/ctl.h"
#include "vswitchd/upcall/internal.h"

struct dump_options {
    bool more;                    /* -m: with an id for each flow. */
    bool names;                   /* Ports by name. */
    const struct ofproto *bridge; /* Not NULL: flows of its ports alone. */
    bool filters;
    struct ofp_match filter; /* filter=...: in_port is the datapath's number. */
};

bool upcall_is_datapath_name(const char *arg)
{
    return !strcmp(arg, "netdev@ovs-netdev") || !strcmp(arg, "system@ovs-system") ||
           !strcmp(arg, "ovs-netdev") || !strcmp(arg, "ovs-system");
}

static bool filter_port(const char *name, uint32_t *ret, void *ofprotos)
{
    return ofproto_dp_port_by_name(ofprotos, name, ret);
}

/* The one word that is no option names the datapath, or the bridge with 'of_bridge'. */
static int parse_dump_word(const struct upcall *u, const char *word, bool of_bridge,
                           struct dump_options *o, struct error *err)
{
    if (!of_bridge && !upcall_is_datapath_name(word)) {
        return error_set(err, EINVAL, "dpctl/dump-flows: '%s' is not known: use -m, --names", word);
    }
    if (of_bridge) {
        if (o->bridge) {
            return error_set(err, EINVAL, "dpif/dump-flows: '%s': one bridge is enough", word);
        }
        o->bridge = ofproto_find(u->ofprotos, word);
        if (!o->bridge) {
            return error_set(err, ENOENT,
                             "dpif/dump-flows: '%s' is no bridge (see ofproto/list) and no option "
                             "(-m, --names)",
                             word);
        }
    }
    return 0;
}

static int parse_dump_options(const struct upcall *u, int argc, const char *const argv[],
                              bool of_bridge, struct dump_options *o, struct error *err)
{
    int error = 0;

    memset(o, 0, sizeof *o);
    for (int i = 0; i < argc && !error; i++) {
        if (!strcmp(argv[i], "-m") || !strcmp(argv[i], "--more")) {
            o->more = true;
        } else if (!strncmp(argv[i], "filter=", 7)) {
            o->filters = true;
            ofp_tlv_map_use(NULL); /* The datapath has none of their fields. */
            error = ofp_match_parse(argv[i] + 7, filter_port, u->ofprotos, &o->filter, err);
            error = error ? error_prefix(err, "%s", argv[i]) : 0;
        } else if (!strcmp(argv[i], "--names") || !strcmp(argv[i], "names")) {
            o->names = true;
        } else if (!strcmp(argv[i], "--no-names")) {
            o->names = false;
        } else {
            error = parse_dump_word(u, argv[i], of_bridge, o, err);
        }
    }
    if (!error && of_bridge && !o->bridge) {
        error = error_set(err, EINVAL, "dpif/dump-flows: the bridge is missing; see ofproto/list");
    }
    return error;
}

static void format_tcp_flags(struct strbuf *s, uint16_t flags)
{
    static const char letters[] = "FSRP.UEC";

    if (flags) {
        strbuf_puts(s, ", flags:");
        for (unsigned int i = 0; i < 8; i++) {
            if (flags & 1u << i) {
                strbuf_putc(s, letters[i]);
            }
        }
    }
}

static void format_flow(struct strbuf *s, struct upcall *u, const struct cached_flow *f,
                        const struct dump_options *o, uint64_t now_ms)
{
    flow_port_name *name = o->names ? ofproto_dp_port_name : NULL;
    struct dp_flow_stats stats = {0};

    dp_flow_stats(u->dp, f->flow_no, &stats);
    if (o->more) {
        strbuf_printf(s, "ufid:00000000-0000-0000-0000-%012x, ", f->flow_no);
    }
    flow_key_format(s, &f->id.masked, &f->id.mask->mask, name, u->ofprotos);
    strbuf_printf(s, ", packets:%" PRIu64 ", bytes:%" PRIu64 ", used:", stats.packets, stats.bytes);
    if (stats.used_ms) {
        uint64_t ago = now_ms > stats.used_ms ? now_ms - stats.used_ms : 0;
        strbuf_printf(s, "%" PRIu64 ".%03us", ago / 1000, (unsigned int)(ago % 1000));
    } else {
        strbuf_puts(s, "never");
    }
    format_tcp_flags(s, stats.tcp_flags);
    strbuf_puts(s, ", actions:");
    dp_actions_format_names(s, f->actions.data, f->actions.len, name, u->ofprotos);
}

static json_t *flow_json(struct upcall *u, const struct cached_flow *f,
                         const struct dump_options *o, uint64_t now_ms)
{
    flow_port_name *name = o->names ? ofproto_dp_port_name : NULL;
    struct dp_flow_stats stats = {0};
    struct strbuf key = STRBUF_INIT, actions = STRBUF_INIT;
    json_t *j;

    dp_flow_stats(u->dp, f->flow_no, &stats);
    flow_key_format(&key, &f->id.masked, &f->id.mask->mask, name, u->ofprotos);
    dp_actions_format_names(&actions, f->actions.data, f->actions.len, name, u->ofprotos);
    j = json_pack("{s:i, s:s, s:I, s:I, s:s}", "flow", (int)f->flow_no, "match", strbuf_str(&key),
                  "packets", (json_int_t)stats.packets, "bytes", (json_int_t)stats.bytes, "actions",
                  strbuf_str(&actions));
    if (stats.used_ms) {
        json_object_set_new(
            j, "used_ms_ago",
            json_integer(now_ms > stats.used_ms ? (json_int_t)(now_ms - stats.used_ms) : 0));
    }
    strbuf_free(&key);
    strbuf_free(&actions);
    return j;
}

/* What a cached flow does not look at counts as zero. */
static bool passes(const struct cached_flow *f, const struct dump_options *o)
{
    struct ofp_flow flow;

    if (!o->filters) {
        return true;
    }
    ofp_flow_init(&flow, &f->id.masked);
    flow.in_port = f->id.masked.in_port;
    return ofp_match_covers(&o->filter, &flow);
}

static bool is_to_dump(const struct upcall *u, const struct cached_flow *f,
                       const struct dump_options *o)
{
    return f && !f->deleting && f->installed && passes(f, o) &&
           (!o->bridge || ofproto_of_dp_port(u->ofprotos, f->id.masked.in_port) == o->bridge);
}

static void dump(struct ctl_request *req, struct upcall *u, const struct dump_options *o)
{
    struct strbuf s = STRBUF_INIT;
    uint64_t now_ms = time_now_ms();
    json_t *list = NULL;

    if (ctl_wants_json(req)) {
        list = json_array();
    }
    for (uint32_t i = 0; i < u->flows.high; i++) {
        const struct cached_flow *f = u->flows.by_no[i];

        if (!is_to_dump(u, f, o)) {
            continue;
        }
        if (list) {
            json_array_append_new(list, flow_json(u, f, o, now_ms));
        } else {
            format_flow(&s, u, f, o, now_ms);
            strbuf_putc(&s, '\n');
        }
    }
    if (list) {
        ctl_reply_json(req, list);
    } else {
        ctl_reply(req, strbuf_str(&s));
    }
    strbuf_free(&s);
}

static void dump_flows(struct ctl_request *req, int argc, const char *const argv[], void *aux)
{
    struct dump_options o;
    struct error err;

    if (parse_dump_options(aux, argc, argv, false, &o, &err)) {
        ctl_reply_error(req, err.text);
    } else {
        dump(req, aux, &o);
    }
}

static void dump_bridge_flows(struct ctl_request *req, int argc, const char *const argv[],
                              void *aux)
{
    struct dump_options o;
    struct error err;

    if (parse_dump_options(aux, argc, argv, true, &o, &err)) {
        ctl_reply_error(req, err.text);
    } else {
        dump(req, aux, &o);
    }
}

static void del_flows(struct ctl_request *req, int argc, const char *const argv[], void *aux)
{
    if (argc && !upcall_is_datapath_name(argv[0])) {
        struct error err;

        error_set(&err, EINVAL, "dpctl/del-flows: '%s' is no datapath; see dpctl/dump-dps",
                  argv[0]);
        ctl_reply_error(req, err.text);
        return;
    }
    upcall_flush(aux);
    ctl_reply(req, "");
}

/* As Open vSwitch's: every cached flow goes, and is made anew by its next packet. */
static void purge(struct ctl_request *req, int argc UNUSED, const char *const argv[] UNUSED,
                  void *aux)
{
    upcall_flush(aux);
    ctl_reply(req, "");
}

static void memory_show(struct ctl_request *req, int argc UNUSED, const char *const argv[] UNUSED,
                        void *aux)
{
    struct upcall *u = aux;
    struct mallinfo2 heap = mallinfo2();
    size_t ports = 0, rules = 0;
    struct strbuf s = STRBUF_INIT;

    ofproto_count(u->ofprotos, &ports, &rules);
    strbuf_printf(&s, "heap:%zu masks:%zu ports:%zu rules:%zu udpif keys:%zu\n",
                  heap.uordblks + heap.hblkhd, (size_t)flow_table_n_masks(&u->flows), ports, rules,
                  (size_t)flow_table_count(&u->flows));
    if (ctl_wants_json(req)) {
        ctl_reply_json(req, json_pack("{s:I, s:I, s:I, s:I, s:I}", "heap",
                                      (json_int_t)(heap.uordblks + heap.hblkhd), "masks",
                                      (json_int_t)flow_table_n_masks(&u->flows), "ports",
                                      (json_int_t)ports, "rules", (json_int_t)rules, "udpif_keys",
                                      (json_int_t)flow_table_count(&u->flows)));
    } else {
        ctl_reply(req, strbuf_str(&s));
    }
    strbuf_free(&s);
}

static const char *drop_port_name(struct upcall *u, uint32_t port_no, char *buf, size_t size)
{
    const char *name = port_no ? ofproto_dp_port_name(port_no, u->ofprotos) : "-";

    if (!name) {
        snprintf(buf, size, "%u", port_no);
        name = buf;
    }
    return name;
}

static void show_drops(struct ctl_request *req, int argc UNUSED, const char *const argv[] UNUSED,
                       void *aux)
{
    struct upcall *u = aux;
    struct dp_drop *drops = NULL;
    struct strbuf s = STRBUF_INIT;
    size_t n = 0;
    json_t *list;

    if (!u->dp || dp_drops(u->dp, &drops, &n)) {
        ctl_reply_error(req, "the datapath is not running");
        return;
    }
    upcall_drops(u, &drops, &n);
    list = json_array();
    strbuf_printf(&s, "%-28s %-16s %s\n", "reason", "port", "packets");
    for (size_t i = 0; i < n; i++) {
        char buf[16];
        const char *port = drop_port_name(u, drops[i].port_no, buf, sizeof buf);

        strbuf_printf(&s, "%-28s %-16s %" PRIu64 "\n", drops[i].reason, port, drops[i].packets);
        json_array_append_new(list, json_pack("{s:s, s:s, s:i, s:I}", "reason", drops[i].reason,
                                              "port", port, "port_no", (int)drops[i].port_no,
                                              "packets", (json_int_t)drops[i].packets));
    }
    if (ctl_wants_json(req)) {
        ctl_reply_json(req, list);
    } else {
        ctl_reply(req, strbuf_str(&s));
        json_decref(list);
    }
    strbuf_free(&s);
    free(drops);
}

struct counter_row {
    const char *name;
    uint64_t value;
};

static void show(struct ctl_request *req, int argc UNUSED, const char *const argv[] UNUSED,
                 void *aux)
{
    struct upcall *u = aux;
    const struct counter_row rows[] = {
        {"flows", flow_table_count(&u->flows)},
        {"flow-limit", u->flow_limit},
        {"masks", flow_table_n_masks(&u->flows)},
        {"max-idle-ms", u->max_idle_ms},
        {"upcalls", u->n.upcalls},
        {"installed", u->n.installed},
        {"executed", u->n.executed},
        {"adopted", u->n.adopted},
        {"limit-hits", u->n.limit_hits},
        {"unanswered", u->n.unanswered},
        {"packet-ins", u->n.packet_ins},
        {"refused", u->n.refused},
        {"put-errors", u->n.put_errors},
        {"held", u->held.n},
        {"queued", op_queue_length(&u->ops)},
        {"revalidation-passes", u->n.passes},
        {"translated-again", u->n.retranslated},
        {"changed-by-revalidation", u->n.reput},
        {"deleted-by-revalidation", u->n.deleted_wrong},
        {"expired", u->n.deleted_idle},
        {"evicted", u->n.evicted},
    };
    struct strbuf s = STRBUF_INIT;
    json_t *j = json_object();

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        strbuf_printf(&s, "%-24s %" PRIu64 "\n", rows[i].name, rows[i].value);
        json_object_set_new(j, rows[i].name, json_integer((json_int_t)rows[i].value));
    }
    if (ctl_wants_json(req)) {
        ctl_reply_json(req, j);
    } else {
        ctl_reply(req, strbuf_str(&s));
        json_decref(j);
    }
    strbuf_free(&s);
}

void upcall_counts(const struct upcall *u, struct upcall_counts *ret)
{
    ret->flows = flow_table_count(&u->flows);
    ret->missed = u->n.upcalls;
    ret->unanswered = u->n.unanswered;
    ret->hit = u->n.flow_packets;
    for (uint32_t i = 0; i < u->flows.high; i++) {
        struct dp_flow_stats stats;

        if (u->flows.by_no[i] && !dp_flow_stats(u->dp, i, &stats)) {
            ret->hit += stats.packets;
        }
    }
}

void upcall_ctl_init(struct upcall *u)
{
    ctl_register("dpctl/dump-flows", "[-m] [--names] [DP] [filter=MATCH]", 0, 5, dump_flows, u);
    ctl_register("dpif/dump-flows", "[-m] [--names] BRIDGE [filter=MATCH]", 1, 5, dump_bridge_flows,
                 u);
    ctl_register("dpctl/del-flows", "[DP]", 0, 1, del_flows, u);
    ctl_register("revalidator/purge", "", 0, 0, purge, u);
    ctl_register("memory/show", "", 0, 0, memory_show, u);
    ctl_register("dpctl/show-drops", "", 0, 0, show_drops, u);
    ctl_register("upcall/show", "", 0, 0, show, u);
}
