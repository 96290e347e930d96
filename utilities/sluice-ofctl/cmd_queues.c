/* queue-stats, queue-get-config. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ofproto/codec/action.h"
#include "ofproto/codec/match_wire.h"
#include "ofproto/codec/queue_info.h"
#include "utilities/sluice-ofctl/json.h"
#include "utilities/sluice-ofctl/message.h"
#include "utilities/sluice-ofctl/ports.h"

#define STATS_QUEUE 5
#define STATS_QUEUE_DESC 15

/* --- Counters. */

static void print_count(struct strbuf *s, const char *name, uint64_t x)
{
    if (x == UINT64_MAX) {
        strbuf_printf(s, "%s=?, ", name);
    } else {
        strbuf_printf(s, "%s=%llu, ", name, (unsigned long long)x);
    }
}

static int print_counts(struct strbuf *s, const struct message *m)
{
    struct strbuf text = STRBUF_INIT;
    const uint8_t *p = m->body;
    size_t left = m->len, n = 0, queues = 0;
    int rc = 0;

    for (; left && !rc; p += n, left -= n, queues++) {
        struct ofp_queue_counts c;

        rc = ofp_queue_counts_decode(m->version, p, left, &c, &n);
        if (rc) {
            break;
        }
        strbuf_puts(&text, "  port ");
        ofp_port_format(&text, c.port);
        strbuf_printf(&text, " queue %u: ", c.queue);
        print_count(&text, "bytes", c.bytes);
        print_count(&text, "pkts", c.packets);
        print_count(&text, "errors", c.errors);
        strbuf_puts(&text, "duration=");
        if (c.duration_s == UINT32_MAX) {
            strbuf_puts(&text, "?\n");
        } else {
            message_format_duration(&text, c.duration_s, c.duration_ns);
            strbuf_puts(&text, "s\n");
        }
    }
    strbuf_printf(s, " %zu queues\n%s", queues, strbuf_str(&text));
    strbuf_free(&text);
    return rc;
}

static int on_counts(const struct ofconn *c, const struct ofconn_msg *part, bool more, void *json,
                     struct error *err)
{
    const uint8_t *p = part->body;
    size_t left = part->len, n = 0;
    int rc = 0;

    if (!json) {
        return message_print_part(c, part, "OFPST_QUEUE", more, print_counts, err);
    }
    for (; left && !rc; p += n, left -= n) {
        struct ofp_queue_counts q;

        rc = ofp_queue_counts_decode(ofconn_version(c), p, left, &q, &n);
        if (!rc) {
            json_array_append_new(
                json, json_pack("{s:i, s:I, s:I, s:I, s:I}", "port", (int)q.port, "queue",
                                (json_int_t)q.queue, "bytes", (json_int_t)q.bytes, "packets",
                                (json_int_t)q.packets, "errors", (json_int_t)q.errors));
        }
    }
    return message_unreadable(c, "OFPST_QUEUE", rc, err);
}

static int queue_stats(const struct ofctl_options *o, char *args[], struct error *err)
{
    static const struct ofconn_stats what = {.type = STATS_QUEUE};
    json_t *json = o->json ? json_array() : NULL;
    uint64_t queue = OFP_QUEUE_ALL;
    uint32_t port = OFP_PORT_NONE;
    struct strbuf body = STRBUF_INIT;
    struct ofconn *c = NULL;
    struct ofports ports;
    int rc = 0;

    ofports_init(&ports, o, args[0]);
    if (args[1] && strcasecmp(args[1], "all") && strcasecmp(args[1], "any")) {
        rc = ofports_find(&ports, args[1], &port, err);
    }
    if (!rc && args[2] && strcasecmp(args[2], "all") &&
        !parse_u64(args[2], UINT32_MAX - 1, &queue)) {
        rc = error_set(err, EINVAL, "queue '%s': it is neither a number nor 'all'", args[2]);
    }
    rc = rc ? rc : ofports_show_names(&ports, err);
    rc = rc ? rc : ofconn_open(o, args[0], OFP_ALL_VERSIONS, &c, err);
    if (!rc) {
        ofp_queue_counts_request(&body, ofconn_version(c), port, (uint32_t)queue);
        rc = ofconn_stats(c, &what, &body, on_counts, json, err);
    }
    strbuf_free(&body);
    ofconn_close(c);
    ofports_free(&ports);
    return ofctl_print_json(json, rc);
}

/* --- Configuration. */

static void print_rate(struct strbuf *s, const char *name, uint16_t rate)
{
    if (rate != UINT16_MAX) {
        strbuf_printf(s, " %s:", name);
        if (rate <= 1000) {
            strbuf_printf(s, "%u.%u%%", rate / 10, rate % 10);
        } else {
            strbuf_puts(s, "(disabled)");
        }
    }
}

static int by_port(const void *a_, const void *b_)
{
    const struct ofp_queue_config *a = a_, *b = b_;

    return a->port != b->port    ? (a->port < b->port ? -1 : 1)
           : a->queue < b->queue ? -1
                                 : a->queue > b->queue;
}

static void print_config(struct strbuf *s, const struct ofp_queue_config *q, uint32_t port,
                         bool says_port, bool is_first)
{
    if (says_port) {
        strbuf_puts(s, is_first ? " port=" : "port=");
        if (port == OFP_PORT_NONE) {
            strbuf_puts(s, "ANY");
        } else {
            ofp_port_format(s, port);
        }
        strbuf_putc(s, '\n');
    }
    strbuf_printf(s, "queue %u:", q->queue);
    print_rate(s, "min_rate", q->min_rate);
    print_rate(s, "max_rate", q->max_rate);
    strbuf_putc(s, '\n');
}

/* Before 1.4 the reply's head alone says which port was asked for. */
static int print_configs(struct strbuf *s, enum ofp_version version, uint32_t asked,
                         const uint8_t *p, size_t left, json_t *json)
{
    struct ofp_queue_config *list = xcalloc(left / 8 + 1, sizeof *list);
    size_t n_list = 0, n = 0;
    int rc = 0;

    for (; left && !rc; p += n, left -= n) {
        list[n_list].port = asked;
        rc = ofp_queue_config_decode(version, p, left, &list[n_list++], &n);
    }
    if (!rc && version >= OFP14 && n_list) {
        qsort(list, n_list, sizeof *list, by_port);
    }
    for (size_t i = 0; !rc && i < n_list; i++) {
        if (json) {
            json_array_append_new(json, json_pack("{s:i, s:I}", "port", (int)list[i].port, "queue",
                                                  (json_int_t)list[i].queue));
        } else {
            print_config(s, &list[i], version < OFP14 ? asked : list[i].port,
                         !i || (version >= OFP14 && list[i].port != list[i - 1].port), !i);
        }
    }
    free(list);
    return rc;
}

static int print_old_config(struct strbuf *s, const struct message *m, json_t *json)
{
    static const size_t head = 8;
    uint32_t port = 0;

    if (m->len < head) {
        return OFPERR_BRC_BAD_LEN;
    }
    if (m->version == OFP10) {
        port = wire_get16(m->body);
    } else if (!ofp_port_from32(wire_get32(m->body), &port)) {
        return OFPERR_BRC_BAD_PORT;
    }
    return print_configs(s, m->version, port, m->body + head, m->len - head, json);
}

static int on_desc(const struct ofconn *c, const struct ofconn_msg *part, bool more, void *json,
                   struct error *err)
{
    struct strbuf s = STRBUF_INIT;
    int rc = print_configs(&s, ofconn_version(c), OFP_PORT_NONE, part->body, part->len, json);

    if (!rc && !json) {
        struct strbuf tail = STRBUF_INIT;

        ofconn_print_tail(&tail, &part->h);
        printf("OFPST_QUEUE_DESC reply%s%s%s%s", strbuf_str(&tail), more ? " flags=[more]" : "",
               strbuf_str(&s), s.len ? "" : "\n");
        strbuf_free(&tail);
    }
    strbuf_free(&s);
    return message_unreadable(c, "OFPST_QUEUE_DESC", rc, err);
}

static int get_one(struct ofconn *c, uint32_t port, json_t *json, struct error *err)
{
    bool is_10 = ofconn_version(c) == OFP10;
    struct strbuf body = STRBUF_INIT, s = STRBUF_INIT, tail = STRBUF_INIT;
    struct ofconn_msg part;
    int rc;

    ofp_queue_config_request(&body, ofconn_version(c), port);
    rc = ofconn_transact(
        c, is_10 ? OFPT10_QUEUE_GET_CONFIG_REQUEST : OFPT11_QUEUE_GET_CONFIG_REQUEST, &body,
        is_10 ? OFPT10_QUEUE_GET_CONFIG_REPLY : OFPT11_QUEUE_GET_CONFIG_REPLY, &part, err);
    if (!rc) {
        const struct message m = {.version = ofconn_version(c), .body = part.body, .len = part.len};

        rc = print_old_config(&s, &m, json);
        rc = message_unreadable(c, "OFPT_QUEUE_GET_CONFIG_REPLY", rc, err);
        ofconn_print_tail(&tail, &part.h);
    }
    if (!rc && !json) {
        printf("OFPT_QUEUE_GET_CONFIG_REPLY%s%s%s", strbuf_str(&tail), strbuf_str(&s),
               s.len ? "" : "\n");
    }
    strbuf_free(&body);
    strbuf_free(&s);
    strbuf_free(&tail);
    return rc;
}

/* OpenFlow 1.0 cannot ask for all: each port is asked for. */
static int get_each(struct ofconn *c, struct ofports *ports, json_t *json, struct error *err)
{
    int rc = ofports_load(ports, err);

    for (size_t i = 0; !rc && i < ports->n; i++) {
        if (ports->list[i].port < OFP_PORT_MAX) {
            rc = get_one(c, ports->list[i].port, json, err);
        }
    }
    return rc;
}

static int queue_get_config(const struct ofctl_options *o, char *args[], struct error *err)
{
    static const struct ofconn_stats what = {.type = STATS_QUEUE_DESC};
    json_t *json = o->json ? json_array() : NULL;
    uint32_t port = OFP_PORT_NONE;
    struct strbuf body = STRBUF_INIT;
    struct ofconn *c = NULL;
    struct ofports ports;
    int rc = 0;

    ofports_init(&ports, o, args[0]);
    if (args[1] && strcasecmp(args[1], "any")) {
        rc = ofports_find(&ports, args[1], &port, err);
    }
    rc = rc ? rc : ofconn_open(o, args[0], OFP_ALL_VERSIONS, &c, err);
    if (!rc && ofconn_version(c) >= OFP14) {
        ofp_queue_counts_request(&body, ofconn_version(c), port, OFP_QUEUE_ALL);
        rc = ofconn_stats(c, &what, &body, on_desc, json, err);
    } else if (!rc && ofconn_version(c) == OFP10 && port == OFP_PORT_NONE) {
        rc = get_each(c, &ports, json, err);
    } else if (!rc) {
        rc = get_one(c, port, json, err);
    }
    strbuf_free(&body);
    ofconn_close(c);
    ofports_free(&ports);
    return ofctl_print_json(json, rc);
}

static const struct ofctl_command commands[] = {
    {"queue-stats", 1, 3, "SWITCH [PORT [QUEUE]]", "counters of queues", queue_stats},
    {"queue-get-config", 1, 2, "SWITCH [PORT]", "queues of ports", queue_get_config},
    {NULL},
};
OFCTL_COMMANDS(commands)
