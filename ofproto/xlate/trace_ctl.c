/* The ctl commands ofproto/trace and ofproto/trace-packet-out, with the arguments that ovs-appctl's
 * have. Control thread. */
#include <errno.h>
#include <stdlib.h>

#include "lib/ctl.h"
#include "ofproto/bridge.h"
#include "ofproto/codec/action.h"
#include "ofproto/xlate/trace.h"

#define MAX_PACKET 65535
#define MAX_WORDS 4

struct request {
    const char *word[MAX_WORDS]; /* Arguments that are no options. */
    int n;
    bool generate;
    struct strbuf flow; /* In the words of matches, when it came in the datapath's. */
    uint8_t *packet;
    struct ofproto_trace trace;
};

/* --- Options. */

static int take_options(struct request *r, int argc, const char *const argv[], struct error *err)
{
    for (int i = 0; i < argc; i++) {
        if (!strcmp(argv[i], "-generate") || !strcmp(argv[i], "--generate")) {
            r->generate = true;
        } else if (!strcmp(argv[i], "-consistent") || !strcmp(argv[i], "--consistent")) {
            continue; /* Flow and packet always are: the flow is made from the packet. */
        } else if (!strncmp(argv[i], "--ct-next", 9)) {
            return error_set(err, EINVAL, "option --ct-next: connections are not tracked");
        } else if (argv[i][0] == '-') {
            return error_set(err, EINVAL, "option '%s' is not known: use -generate", argv[i]);
        } else if (r->n == MAX_WORDS) {
            return error_set(err, EINVAL, "'%s' is one word too many", argv[i]);
        } else {
            r->word[r->n++] = argv[i];
        }
    }
    return 0;
}

static int parse_packet(struct request *r, const char *hex, struct error *err)
{
    size_t len = strlen(hex);

    if (len % 2 || strspn(hex, "0123456789abcdefABCDEF") != len || !len || len / 2 > MAX_PACKET) {
        return error_set(err, EINVAL,
                         "packet '%.40s': it is not an even number of hexadecimal "
                         "digits, up to %d bytes",
                         hex, MAX_PACKET);
    }
    r->packet = xmalloc(len / 2);
    for (size_t i = 0; i < len; i += 2) {
        char byte[3] = {hex[i], hex[i + 1], '\0'};

        r->packet[i / 2] = (uint8_t)strtoul(byte, NULL, 16);
    }
    r->trace.packet = r->packet;
    r->trace.packet_len = len / 2;
    r->trace.may_learn = true;
    return 0;
}

/* --- The flow. */

struct port_search {
    uint32_t dp_port;
    const struct ofport *found;
};

static void search_port(struct ofproto *bridge, void *search_)
{
    struct port_search *search = search_;
    const struct ofport *port = ofport_by_dp(bridge->set, search->dp_port);

    if (port) {
        search->found = port;
    }
}

static int take_odp(struct request *r, const char *odp, struct error *err)
{
    struct port_search search = {0};
    int rc = ofproto_odp_to_match(odp, &r->flow, &search.dp_port, err);

    if (rc) {
        return error_prefix(err, "flow '%s'", odp);
    }
    bridge_each(search_port, &search);
    if (!search.found) {
        return error_set(err, ENODEV, "flow '%s': port %u of the datapath belongs to no bridge",
                         odp, search.dp_port);
    }
    strbuf_printf(&r->flow, "%sin_port=%u", r->flow.len ? "," : "", search.found->ofport);
    r->trace.bridge = search.found->bridge;
    r->trace.flow = strbuf_str(&r->flow);
    return 0;
}

static bool is_datapath(const char *name)
{
    const char *at = strchr(name, '@');

    name = at ? at + 1 : name;
    return !strcmp(name, "ovs-system") || !strcmp(name, "ovs-netdev");
}

/* "[DP] ODP-FLOW" or "BRIDGE FLOW"; '*used' words of it. */
static int take_flow(struct request *r, int *used, struct error *err)
{
    if (r->n && strchr(r->word[0], '(')) {
        *used = 1;
        return take_odp(r, r->word[0], err);
    }
    if (r->n < 2) {
        return error_set(err, EINVAL, "it is written as 'BRIDGE FLOW' or 'ODP-FLOW'");
    }
    *used = 2;
    r->trace.bridge = bridge_find_anywhere(r->word[0]);
    if (r->trace.bridge) {
        r->trace.flow = r->word[1];
        return 0;
    }
    if (is_datapath(r->word[0])) {
        return take_odp(r, r->word[1], err);
    }
    return error_set(err, ENOENT, "bridge '%s': no such bridge; see ofproto/list", r->word[0]);
}

static int take(struct request *r, int argc, const char *const argv[], bool packet_out,
                struct error *err)
{
    int used = 0, rc = take_options(r, argc, argv, err);

    rc = rc ? rc : take_flow(r, &used, err);
    if (rc) {
        return rc;
    }
    if (packet_out) {
        if (used == r->n) {
            return error_set(err, EINVAL, "the actions are missing");
        }
        r->trace.actions = r->word[--r->n];
    }
    if (used < r->n) {
        rc = parse_packet(r, r->word[used++], err);
    }
    if (!rc && used < r->n) {
        rc = error_set(err, EINVAL, "'%s' is one word too many", r->word[used]);
    }
    r->trace.may_learn |= r->generate;
    return rc;
}

static void run(struct ctl_request *req, int argc, const char *const argv[], bool packet_out)
{
    struct request r = {.flow = STRBUF_INIT};
    struct strbuf text = STRBUF_INIT;
    json_t *json = NULL;
    struct error err = {0};
    int rc = take(&r, argc, argv, packet_out, &err);

    rc = rc ? rc : ofproto_trace(&r.trace, &text, ctl_wants_json(req) ? &json : NULL, &err);
    if (rc) {
        ctl_reply_error(req, err.text);
    } else if (json) {
        ctl_reply_json(req, json);
    } else {
        ctl_reply(req, strbuf_str(&text));
    }
    strbuf_free(&text);
    strbuf_free(&r.flow);
    free(r.packet);
}

static void trace(struct ctl_request *req, int argc, const char *const argv[], void *aux)
{
    (void)aux;
    run(req, argc, argv, false);
}

static void trace_packet_out(struct ctl_request *req, int argc, const char *const argv[], void *aux)
{
    (void)aux;
    run(req, argc, argv, true);
}

CONSTRUCTOR static void register_trace(void)
{
    static const char flow[] = "{BRIDGE FLOW | [DP] ODP-FLOW} [-generate | PACKET]";
    static const char out[] = "{BRIDGE FLOW | [DP] ODP-FLOW} [-generate | PACKET] ACTIONS";

    ctl_register("ofproto/trace", flow, 1, 8, trace, NULL);
    ctl_register("ofproto/trace-packet-out", out, 2, 8, trace_packet_out, NULL);
}
