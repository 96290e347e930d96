/* monitor: shows what a switch sends unasked, until it is interrupted. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/output.h"
#include "ofproto/codec/flow_text.h"
#include "ofproto/codec/group_mod.h"
#include "ofproto/codec/unasked.h"
#include "utilities/sluice-ofctl/json.h"
#include "utilities/sluice-ofctl/message.h"
#include "utilities/sluice-ofctl/ports.h"

#define STATS_FLOW_MONITOR 16
#define VENDOR_STATS 0xffff
#define NXT_SET_PACKET_IN_FORMAT 16
#define NXT_RESUME 28
#define NXT_PACKET_IN2 30
#define INVALID_TTL 4 /* Of the configuration's flags, up to OpenFlow 1.2. */
#define VERSIONS12 (1u << OFP10 | 1u << OFP11 | 1u << OFP12)

struct wanted {
    bool sets_config;
    uint16_t miss_len;
    bool invalid_ttl;
    struct ofp_monitor_request watch[OFCTL_MAX_ARGS];
    size_t n_watches;
    bool resumes;
    uint32_t versions;
};

static const struct {
    const char *word;
    uint16_t flag;
} flags[] = {{"initial", OFPFMF_INITIAL},      {"add", OFPFMF_ADD},
             {"delete", OFPFMF_REMOVED},       {"modify", OFPFMF_MODIFY},
             {"actions", OFPFMF_INSTRUCTIONS}, {"own", OFPFMF_NO_ABBREV}};

/* "!add" and words of flags; the rest is a query of flows. */
static int parse_watch(const char *text, struct ofports *ports, struct ofp_monitor_request *r,
                       struct error *err)
{
    struct strbuf query = STRBUF_INIT;
    char *copy = xstrdup(text), *save = NULL;
    struct ofp_flow_query q;
    int rc;

    r->flags = OFPFMF_INITIAL | OFPFMF_ADD | OFPFMF_REMOVED | OFPFMF_MODIFY | OFPFMF_INSTRUCTIONS |
               OFPFMF_NO_ABBREV;
    for (char *word = strtok_r(copy, ", ", &save); word; word = strtok_r(NULL, ", ", &save)) {
        bool off = *word == '!';
        size_t i = 0;

        while (i < ARRAY_SIZE(flags) && strcmp(word + off, flags[i].word)) {
            i++;
        }
        if (i == ARRAY_SIZE(flags)) {
            strbuf_printf(&query, "%s%s", query.len ? "," : "", word);
        } else {
            r->flags = (uint16_t)(off ? r->flags & ~flags[i].flag : r->flags | flags[i].flag);
        }
    }
    rc = ofp_flow_query_parse(strbuf_str(&query), ofports_lookup, ports, &q, err);
    if (!rc) {
        r->command = OFPFMC_ADD;
        r->table_id = q.table_id;
        r->out_port = q.out_port;
        r->out_group = q.out_group;
        r->match = q.match;
    }
    strbuf_free(&query);
    free(copy);
    return rc ? ofports_error(ports, error_prefix(err, "watch '%s'", text), err) : 0;
}

static int parse_args(char *args[], struct ofports *ports, struct wanted *w, struct error *err)
{
    uint64_t x;
    int rc = 0;

    for (size_t i = 1; args[i] && !rc; i++) {
        if (!strcmp(args[i], "invalid_ttl")) {
            w->invalid_ttl = w->sets_config = true;
            w->versions &= VERSIONS12;
        } else if (!strncmp(args[i], "watch:", 6)) {
            w->watch[w->n_watches].id = (uint32_t)w->n_watches;
            rc = parse_watch(args[i] + 6, ports, &w->watch[w->n_watches++], err);
        } else if (!strcmp(args[i], "resume")) {
            w->resumes = true;
        } else if (parse_u64(args[i], UINT16_MAX, &x)) {
            w->miss_len = (uint16_t)x;
            w->sets_config = true;
        } else {
            rc = error_set(err, EINVAL,
                           "'%s' is none of a number of bytes, invalid_ttl, resume, watch:[...]",
                           args[i]);
        }
    }
    return rc;
}

/* --- Asking for it. */

static int set_config(struct ofconn *c, const struct wanted *w, struct error *err)
{
    struct strbuf s = STRBUF_INIT;
    size_t start = ofp_begin(&s, (uint8_t)ofconn_version(c), OFPT_SET_CONFIG, ofconn_next_xid(c));

    wire_put16(&s, w->invalid_ttl ? INVALID_TTL : 0);
    wire_put16(&s, w->miss_len);
    ofp_end(&s, start);
    return ofconn_send(c, &s, err);
}

/* What is told of packets is the most in Nicira's newer form. */
static int set_format(struct ofconn *c, uint32_t format, struct error *err)
{
    struct strbuf s = STRBUF_INIT;
    size_t start = ofp_begin(&s, (uint8_t)ofconn_version(c), OFPT_VENDOR, ofconn_next_xid(c));

    wire_put32(&s, OFP_VENDOR_NX);
    wire_put32(&s, NXT_SET_PACKET_IN_FORMAT);
    wire_put32(&s, format);
    ofp_end(&s, start);
    return ofconn_send(c, &s, err);
}

static int send_watch(struct ofconn *c, const struct ofp_monitor_request *r, struct error *err)
{
    enum ofp_version version = ofconn_version(c);
    struct strbuf s = STRBUF_INIT;
    size_t start = ofp_begin(&s, (uint8_t)version,
                             version == OFP10 ? OFPT10_STATS_REQUEST : OFPT13_MULTIPART_REQUEST,
                             ofconn_next_xid(c));

    wire_put16(&s, version >= OFP14 ? STATS_FLOW_MONITOR : VENDOR_STATS);
    wire_zeros(&s, version == OFP10 ? 2 : 6);
    if (version < OFP14) {
        wire_put32(&s, version == OFP13 ? OFP_VENDOR_ONF : OFP_VENDOR_NX);
        wire_put32(&s, version == OFP13 ? ONFST_FLOW_MONITOR : NXST_FLOW_MONITOR);
        wire_zeros(&s, version == OFP10 ? 4 : 0);
    }
    ofp_monitor_request_encode(&s, version, r);
    ofp_end(&s, start);
    return ofconn_send(c, &s, err);
}

/* --- Showing it. */

static void put_time(struct strbuf *s)
{
    struct timespec now;
    struct tm tm;
    char text[40];

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &tm);
    strbuf_printf(s, "%s.%03ld: ", text, now.tv_nsec / 1000000);
}

static int show(const struct ofctl_options *o, const struct ofconn_msg *m, struct error *err)
{
    struct strbuf s = STRBUF_INIT;

    if (o->timestamp) {
        put_time(&s);
    }
    message_format(&s, m->body - OFP_HEADER_LEN, m->len + OFP_HEADER_LEN, o->more);
    if (o->json) {
        ofctl_print_json(json_pack("{s:i, s:i, s:s}", "version", (int)m->h.version, "xid",
                                   (int)m->h.xid, "text", strbuf_str(&s)),
                         0);
    } else {
        fputs(strbuf_str(&s), stdout);
    }
    strbuf_free(&s);
    return output_flush(err); /* Who reads it waits for it. */
}

/* A packet that waits goes on as it came: what was told of it is sent back. */
static int resume(const struct ofctl_options *o, struct ofconn *c, const struct ofconn_msg *m,
                  struct error *err)
{
    struct strbuf s = STRBUF_INIT, text = STRBUF_INIT;
    struct ofp_packet_in pin;
    size_t start;

    if (m->h.type != OFPT_VENDOR || m->len < 8 || wire_get32(m->body) != OFP_VENDOR_NX ||
        wire_get32(m->body + 4) != NXT_PACKET_IN2 ||
        ofp_packet_in2_decode(m->body + 8, m->len - 8, &pin) || !pin.continuation_len) {
        return 0;
    }
    start = ofp_nx_begin(&s, (uint8_t)ofconn_version(c), NXT_RESUME, ofconn_next_xid(c));
    strbuf_put(&s, m->body + 8, m->len - 8);
    ofp_end(&s, start);
    message_format(&text, (const uint8_t *)s.data, s.len, o->more);
    fprintf(stderr, "send: %s", strbuf_str(&text));
    strbuf_free(&text);
    return ofconn_send(c, &s, err);
}

/* Shows what comes, until the connection or the time is over. */
static int show_all(const struct ofctl_options *o, struct ofconn *c, bool resumes,
                    struct error *err)
{
    struct ofconn_msg m;
    int rc = 0;

    while (!rc) {
        rc = ofconn_next(c, &m, err);
        rc = rc ? rc : show(o, &m, err);
        rc = rc || !resumes ? rc : resume(o, c, &m, err);
    }
    return rc;
}

static int monitor(const struct ofctl_options *o, char *args[], struct error *err)
{
    struct wanted w = {.versions = OFP_ALL_VERSIONS};
    struct ofconn *c = NULL;
    struct ofports ports;
    int rc;

    ofports_init(&ports, o, args[0]);
    rc = parse_args(args, &ports, &w, err);
    rc = rc ? rc : ofports_show_names(&ports, err);
    rc = rc ? rc : ofconn_open(o, args[0], w.versions, &c, err);
    if (!rc && w.sets_config) {
        rc = set_config(c, &w, err);
    }
    if (!rc && (w.sets_config || o->has_packet_in_format)) {
        rc = set_format(c, o->has_packet_in_format ? o->packet_in_format : OFP_PACKET_IN_NXT2, err);
    }
    for (size_t i = 0; i < w.n_watches && !rc; i++) {
        rc = send_watch(c, &w.watch[i], err);
    }
    rc = rc ? rc : show_all(o, c, w.resumes, err);
    ofconn_close(c);
    ofports_free(&ports);
    return rc;
}

static int snoop(const struct ofctl_options *o, char *args[], struct error *err)
{
    struct ofconn *c = NULL;
    int rc = ofconn_listen(o, args[0], &c, err);

    rc = rc ? rc : show_all(o, c, false, err);
    ofconn_close(c);
    return rc;
}

static const struct ofctl_command commands[] = {
    {"monitor", 1, OFCTL_MAX_ARGS, "SWITCH [MISS-LEN] [invalid_ttl] [resume] [watch:[...]]...",
     "shows what the switch sends: packets and changes with MISS-LEN, changes of flows with "
     "watch:; "
     "resume: packets that wait go on",
     monitor},
    {"snoop", 1, 1, "SWITCH",
     "shows what passes between a switch and its controller, in both directions", snoop},
    {NULL},
};
OFCTL_COMMANDS(commands)
