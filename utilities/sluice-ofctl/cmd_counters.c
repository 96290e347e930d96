/* What a switch counted: dump-ports, dump-tables. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ofproto/codec/action.h"
#include "utilities/sluice-ofctl/json.h"
#include "utilities/sluice-ofctl/message.h"
#include "utilities/sluice-ofctl/ports.h"

#define STATS_TABLE 3
#define STATS_PORT 4

/* --- Ports. */

/* In the order in which they are printed. */
static const struct {
    const char *text, *key;
    unsigned int count;
} columns[] = {
    {": rx pkts=", "rx_packets", OFP_COUNT_RX_PACKETS},
    {", bytes=", "rx_bytes", OFP_COUNT_RX_BYTES},
    {", drop=", "rx_dropped", OFP_COUNT_RX_DROPPED},
    {", errs=", "rx_errors", OFP_COUNT_RX_ERRORS},
    {", frame=", "rx_frame", OFP_COUNT_RX_FRAME},
    {", over=", "rx_over", OFP_COUNT_RX_OVER},
    {", crc=", "rx_crc", OFP_COUNT_RX_CRC},
    {"\n           tx pkts=", "tx_packets", OFP_COUNT_TX_PACKETS},
    {", bytes=", "tx_bytes", OFP_COUNT_TX_BYTES},
    {", drop=", "tx_dropped", OFP_COUNT_TX_DROPPED},
    {", errs=", "tx_errors", OFP_COUNT_TX_ERRORS},
    {", coll=", "collisions", OFP_COUNT_COLLISIONS},
};

struct port_dump {
    json_t *json; /* NULL: text. */
};

static void print_duration(struct strbuf *s, const struct ofp_port_counts *p)
{
    strbuf_puts(s, "           duration=");
    message_format_duration(s, p->duration_s, p->duration_ns);
    strbuf_puts(s, "s\n");
}

static void print_port(struct strbuf *s, const struct ofp_port_counts *p)
{
    strbuf_puts(s, p->port < 10 ? "  port  " : "  port ");
    ofp_port_format(s, p->port);
    for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
        uint64_t count = p->count[columns[i].count];

        strbuf_puts(s, columns[i].text);
        if (count == UINT64_MAX) {
            strbuf_putc(s, '?');
        } else {
            strbuf_printf(s, "%llu", (unsigned long long)count);
        }
    }
    strbuf_putc(s, '\n');
    if (p->has_duration) {
        print_duration(s, p);
    }
}

static void add_port_json(json_t *list, const struct ofp_port_counts *p)
{
    json_t *port = json_pack("{s:i}", "port", (int)p->port);

    for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
        uint64_t count = p->count[columns[i].count];

        json_object_set_new(port, columns[i].key,
                            count == UINT64_MAX ? json_null() : json_integer((json_int_t)count));
    }
    json_array_append_new(list, port);
}

static int on_ports(const struct ofconn *c, const struct ofconn_msg *m, bool more, void *dump_,
                    struct error *err)
{
    struct port_dump *d = dump_;
    struct strbuf s = STRBUF_INIT, tail = STRBUF_INIT;
    const uint8_t *p = m->body;
    size_t left = m->len, n, ports = 0;
    int rc = 0;

    for (; left && !rc; p += n, left -= n, ports++) {
        struct ofp_port_counts counts;

        n = 0;
        if (ofp_port_counts_decode(ofconn_version(c), p, left, &counts, &n)) {
            rc = error_set(err, EPROTO, "%s: counters of a port cannot be read", ofconn_target(c));
        } else if (d->json) {
            add_port_json(d->json, &counts);
        } else {
            print_port(&s, &counts);
        }
    }
    if (!rc && !d->json) {
        ofconn_print_tail(&tail, &m->h);
        printf("OFPST_PORT reply%s%s %zu ports\n%s", strbuf_str(&tail), more ? " flags=[more]" : "",
               ports, strbuf_str(&s));
    }
    strbuf_free(&tail);
    strbuf_free(&s);
    return rc;
}

static int dump_ports(const struct ofctl_options *o, char *args[], struct error *err)
{
    static const struct ofconn_stats what = {.type = STATS_PORT};
    struct port_dump d = {.json = o->json ? json_array() : NULL};
    uint32_t port = OFP_PORT_NONE;
    struct strbuf body = STRBUF_INIT;
    struct ofconn *c = NULL;
    struct ofports ports;
    int rc;

    ofports_init(&ports, o, args[0]);
    rc = args[1] ? ofports_find(&ports, args[1], &port, err) : 0;
    rc = rc ? rc : ofports_show_names(&ports, err);
    rc = rc ? rc : ofconn_open(o, args[0], OFP_ALL_VERSIONS, &c, err);
    if (!rc) {
        ofp_port_counts_request(&body, ofconn_version(c), port);
        rc = ofconn_stats(c, &what, &body, on_ports, &d, err);
    }
    strbuf_free(&body);
    ofconn_close(c);
    ofports_free(&ports);
    return ofctl_print_json(d.json, rc);
}

/* --- Tables. */

struct table_dump {
    json_t *json; /* NULL: text. */
    struct ofp_table_counts last;
    bool any;             /* 'last' is one. */
    unsigned int n_ditto; /* After 'last' so many are the same. */
};

/* Of tables without names those in a row are one line. */
static void print_dittos(struct table_dump *d)
{
    if (d->n_ditto == 1) {
        printf("  table %u: ditto\n", d->last.table_id);
    } else if (d->n_ditto) {
        printf("  tables %u...%u: ditto\n", d->last.table_id - d->n_ditto + 1, d->last.table_id);
    }
    d->n_ditto = 0;
}

/* OpenFlow 1.0's bits for fields that may be wild, as names with what they have in common. */
static void print_wildcards(uint32_t w)
{
    static const struct {
        const char *group, *member;
        uint32_t bits;
    } fields[] = {{"in_port", NULL, 1u << 0}, {"eth", "src", 1u << 2},  {"eth", "dst", 1u << 3},
                  {"eth", "type", 1u << 4},   {"vlan", "vid", 1u << 1}, {"vlan", "pcp", 1u << 20},
                  {"ip", "src", 63u << 8},    {"ip", "dst", 63u << 14}, {"nw", "proto", 1u << 5},
                  {"nw", "tos", 1u << 21},    {"tcp", "src", 1u << 6},  {"tcp", "dst", 1u << 7}};
    const char *group = NULL;

    for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
        bool same = group && !strcmp(group, fields[i].group);

        if ((w & fields[i].bits) != fields[i].bits) {
            continue;
        }
        if (group && !same && strcmp(group, "in_port")) {
            putchar('}');
        }
        if (!fields[i].member) {
            printf(" %s", fields[i].group);
        } else if (same) {
            printf(",%s", fields[i].member);
        } else {
            printf(" %s_{%s", fields[i].group, fields[i].member);
        }
        group = fields[i].group;
    }
    puts(group && strcmp(group, "in_port") ? "}" : "");
}

static void print_table(struct table_dump *d, const struct ofp_table_counts *t, bool is_10)
{
    bool same_features = d->any && t->wildcards == d->last.wildcards &&
                         t->max_entries == d->last.max_entries;
    if (same_features && t->n_active == d->last.n_active && t->n_lookups == d->last.n_lookups &&
        t->n_matched == d->last.n_matched && d->last.table_id + 1u == t->table_id) {
        if (*t->name) {
            printf("  table %u (\"%s\"): ditto\n", t->table_id, t->name);
        } else {
            d->n_ditto++;
        }
        d->last = *t;
        return;
    }
    print_dittos(d);
    printf("  table %u", t->table_id);
    if (*t->name) {
        printf(" (\"%s\")", t->name);
    }
    printf(":\n    active=%u, lookup=%llu, matched=%llu\n", t->n_active,
           (unsigned long long)t->n_lookups, (unsigned long long)t->n_matched);
    if (is_10 && same_features) {
        puts("    (same features)");
    } else if (is_10) {
        printf("    max_entries=%u\n    matching:\n      exact match or wildcard:", t->max_entries);
        print_wildcards(t->wildcards);
    }
    putchar('\n');
    d->last = *t;
    d->any = true;
}

static int on_tables(const struct ofconn *c, const struct ofconn_msg *m, bool more, void *dump_,
                     struct error *err)
{
    bool is_10 = ofconn_version(c) == OFP10;
    struct table_dump *d = dump_;
    struct strbuf tail = STRBUF_INIT;
    const uint8_t *p = m->body;
    size_t left = m->len, n;

    if (!d->json) {
        ofconn_print_tail(&tail, &m->h);
        printf("OFPST_TABLE reply%s%s\n", strbuf_str(&tail), more ? " flags=[more]" : "");
        strbuf_free(&tail);
    }
    for (; left; p += n, left -= n) {
        struct ofp_table_counts t;

        if (ofp_table_counts_decode(ofconn_version(c), p, left, &t, &n)) {
            return error_set(err, EPROTO, "%s: counters of a table cannot be read",
                             ofconn_target(c));
        }
        if (d->json) {
            json_array_append_new(
                d->json, json_pack("{s:i, s:I, s:I, s:I}", "table", (int)t.table_id, "active",
                                   (json_int_t)t.n_active, "lookup", (json_int_t)t.n_lookups,
                                   "matched", (json_int_t)t.n_matched));
        } else {
            print_table(d, &t, is_10);
        }
    }
    return 0;
}

static int dump_tables(const struct ofctl_options *o, char *args[], struct error *err)
{
    static const struct ofconn_stats what = {.type = STATS_TABLE};
    struct table_dump d = {.json = o->json ? json_array() : NULL};
    struct ofconn *c = NULL;
    int rc = ofconn_open(o, args[0], OFP_ALL_VERSIONS, &c, err);

    rc = rc ? rc : ofconn_stats(c, &what, NULL, on_tables, &d, err);
    if (!rc && !d.json) {
        print_dittos(&d);
    }
    ofconn_close(c);
    return ofctl_print_json(d.json, rc);
}

static const struct ofctl_command commands[] = {
    {"dump-ports", 1, 2, "SWITCH [PORT]", "counters of ports", dump_ports},
    {"dump-tables", 1, 1, "SWITCH", "counters of tables", dump_tables},
    {NULL},
};
OFCTL_COMMANDS(commands)
