/* See top_view.h. A switch may have thousands of ports and a terminal 24 lines: what does something
 * comes first, the drops keep a part of the screen, and what is left out is counted. */
#include "utilities/sluice/top_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util.h"

/* From here on the ports' types are shown, too. */
#define WIDE_COLS 90
/* Lines around ports and drops: title, totals, headings, two counts of what is left out, blanks. */
#define FRAME_ROWS 8
#define MIN_DROP_ROWS 3

static const char *const port_counters[] = {"rx_packets", "rx_bytes",   "tx_packets", "tx_bytes",
                                            "rx_dropped", "tx_dropped", "rx_errors",  "tx_errors"};
enum { RX_PACKETS, RX_BYTES, TX_PACKETS, TX_BYTES, RX_DROPPED, TX_DROPPED, RX_ERRORS, TX_ERRORS };
#define N_COUNTERS ARRAY_SIZE(port_counters)

struct port {
    const json_t *json;
    const char *name;
    uint64_t count[N_COUNTERS];
    double rate[N_COUNTERS];
};

struct drop {
    const json_t *json;
    uint64_t packets;
    double rate;
};

struct view {
    struct port *ports;
    struct drop *drops;
    size_t n_ports, n_drops;
    struct port total;
    enum top_sort sort;
    bool has_rates;
};

void top_look_free(struct top_look *look)
{
    json_decref(look->show);
    json_decref(look->drops);
    *look = (struct top_look){NULL, NULL, 0};
}

/* --- From answers to numbers --------------------------------------------------------------------
 */

static uint64_t number(const json_t *object, const char *key)
{
    return (uint64_t)MAX_OF(json_integer_value(json_object_get(object, key)), 0);
}

static const char *string(const json_t *object, const char *key)
{
    const char *s = json_string_value(json_object_get(object, key));

    return s ? s : "";
}

/* What makes it the same thing in two looks: a port number is given anew after its port went. */
static void make_key(const json_t *e, const char *name, char *buf, size_t size)
{
    snprintf(buf, size, "%llu/%s", (unsigned long long)number(e, "port_no"), string(e, name));
}

/* The elements of a list by their keys. */
static json_t *make_index(json_t *list, const char *name)
{
    json_t *index = json_object(), *e;
    char key[256];
    size_t i;

    json_array_foreach (list, i, e) {
        make_key(e, name, key, sizeof key);
        json_object_set(index, key, e);
    }
    return index;
}

static const json_t *find(const json_t *index, const json_t *e, const char *name)
{
    char key[256];

    make_key(e, name, key, sizeof key);
    return json_object_get(index, key);
}

/* Growth per second. Nothing after the datapath's restart, when counters are below what they were.
 */
static double rate(uint64_t now, const json_t *before, const char *key, double seconds)
{
    uint64_t then = before ? number(before, key) : now;

    return now > then && seconds > 0 ? (double)(now - then) / seconds : 0;
}

static void read_ports(struct view *v, json_t *list, json_t *before, double seconds)
{
    json_t *index = make_index(before, "name"), *e;
    size_t i;

    v->ports = xcalloc(json_array_size(list), sizeof *v->ports);
    v->total.name = "total";
    json_array_foreach (list, i, e) {
        struct port *p = &v->ports[v->n_ports++];
        const json_t *old = find(index, e, "name");

        p->json = e;
        p->name = string(e, "name");
        for (size_t c = 0; c < N_COUNTERS; c++) {
            p->count[c] = number(e, port_counters[c]);
            p->rate[c] = rate(p->count[c], old, port_counters[c], seconds);
            v->total.count[c] += p->count[c];
            v->total.rate[c] += p->rate[c];
        }
    }
    json_decref(index);
}

static void read_drops(struct view *v, json_t *list, json_t *before, double seconds)
{
    json_t *index = make_index(before, "reason"), *e;
    size_t i;

    v->drops = xcalloc(json_array_size(list), sizeof *v->drops);
    json_array_foreach (list, i, e) {
        struct drop *d = &v->drops[v->n_drops++];
        const json_t *old = find(index, e, "reason");

        d->json = e;
        d->packets = number(e, "packets");
        /* One that is new in the list had none before. */
        d->rate = v->has_rates && !old && seconds > 0 ? (double)d->packets / seconds
                                                      : rate(d->packets, old, "packets", seconds);
    }
    json_decref(index);
}

/* --- Sorting ------------------------------------------------------------------------------------
 */

static int descending(double a, double b)
{
    return a < b ? 1 : a > b ? -1 : 0;
}

static double drops_of(const struct port *p, bool per_second)
{
    return per_second ? p->rate[RX_DROPPED] + p->rate[TX_DROPPED]
                      : (double)(p->count[RX_DROPPED] + p->count[TX_DROPPED]);
}

static double traffic_of(const struct port *p, bool per_second)
{
    return per_second ? p->rate[RX_BYTES] + p->rate[TX_BYTES]
                      : (double)(p->count[RX_BYTES] + p->count[TX_BYTES]);
}

/* By what happens now, then by what happened ever, then by name: quiet ports keep their places. */
static int compare_ports(const void *a_, const void *b_, void *sort_)
{
    const struct port *a = a_, *b = b_;
    enum top_sort sort = *(enum top_sort *)sort_;
    double (*of)(const struct port *, bool) = sort == TOP_SORT_DROPS ? drops_of : traffic_of;
    int order = 0;

    if (sort != TOP_SORT_NAME) {
        order = descending(of(a, true), of(b, true));
        order = order ? order : descending(of(a, false), of(b, false));
    }
    return order ? order : strverscmp(a->name, b->name);
}

static int compare_drops(const void *a_, const void *b_)
{
    const struct drop *a = a_, *b = b_;
    int order = descending(a->rate, b->rate);

    return order ? order : descending((double)a->packets, (double)b->packets);
}

static void make_view(struct view *v, const struct top_style *style, const struct top_look *now,
                      const struct top_look *before)
{
    double seconds = before ? (double)(now->at_ms - before->at_ms) / 1000 : 0;

    *v = (struct view){.sort = style->sort, .has_rates = before != NULL};
    read_ports(v, json_object_get(now->show, "ports"),
               before ? json_object_get(before->show, "ports") : NULL, seconds);
    read_drops(v, now->drops, before ? before->drops : NULL, seconds);
    if (v->n_ports) {
        qsort_r(v->ports, v->n_ports, sizeof *v->ports, compare_ports, &v->sort);
    }
    if (v->n_drops) {
        qsort(v->drops, v->n_drops, sizeof *v->drops, compare_drops);
    }
}

static void free_view(struct view *v)
{
    free(v->ports);
    free(v->drops);
}

/* --- As text ------------------------------------------------------------------------------------
 */

struct cell {
    char text[16];
};

/* "1.23M", "999": at most three digits and a unit. */
static struct cell scaled(double v)
{
    static const char *const units[] = {"", "k", "M", "G", "T", "P", "E"};
    struct cell cell;
    size_t u = 0;

    while (v >= 999.5 && u + 1 < ARRAY_SIZE(units)) {
        v /= 1000;
        u++;
    }
    snprintf(cell.text, sizeof cell.text, "%.*f%s",
             u && v < 9.995  ? 2
             : u && v < 99.5 ? 1
                             : 0,
             v, units[u]);
    return cell;
}

/* Harmless to a terminal. */
static void put_clean(struct strbuf *s, const char *text, size_t max)
{
    for (; *text && max; text++, max--) {
        strbuf_putc(s, (unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text);
    }
}

/* The text in a column, with a blank behind it. */
static void put_column(struct strbuf *s, const char *text, unsigned int width)
{
    size_t start = s->len;

    put_clean(s, text, width);
    while (s->len < start + width + 1) {
        strbuf_putc(s, ' ');
    }
}

static void put_rate(struct strbuf *s, const struct view *v, double rate)
{
    strbuf_printf(s, " %7s", v->has_rates ? scaled(rate).text : "-");
}

static void put_port(struct strbuf *s, const struct view *v, const struct port *p, bool wide)
{
    const json_t *up = json_object_get(p->json, "link_up");

    put_column(s, p->name, 15);
    if (wide) {
        put_column(s, string(p->json, "type"), 8);
    }
    strbuf_printf(s, "%-4s", !p->json ? "" : json_is_true(up) ? "up" : "down");
    put_rate(s, v, p->rate[RX_PACKETS]);
    put_rate(s, v, p->rate[RX_BYTES] * 8);
    put_rate(s, v, p->rate[TX_PACKETS]);
    put_rate(s, v, p->rate[TX_BYTES] * 8);
    put_rate(s, v, drops_of(p, true));
    strbuf_printf(s, " %7s %7s\n", scaled(drops_of(p, false)).text,
                  scaled((double)(p->count[RX_ERRORS] + p->count[TX_ERRORS])).text);
}

static void put_ports(struct strbuf *s, const struct view *v, size_t n, bool wide)
{
    put_column(s, "PORT", 15);
    if (wide) {
        put_column(s, "TYPE", 8);
    }
    strbuf_printf(s, "%-4s %7s %7s %7s %7s %7s %7s %7s\n", "LINK", "RX pps", "RX bps", "TX pps",
                  "TX bps", "DROP/s", "DROPPED", "ERRORS");
    put_port(s, v, &v->total, wide);
    for (size_t i = 0; i < n; i++) {
        put_port(s, v, &v->ports[i], wide);
    }
    if (n < v->n_ports) {
        strbuf_printf(s, "... and %zu more\n", v->n_ports - n);
    }
}

static void put_drops(struct strbuf *s, const struct view *v, size_t n, unsigned int cols)
{
    if (!v->n_drops) {
        strbuf_puts(s, "No packet was dropped.\n");
        return;
    }
    put_column(s, "DROP REASON", 22);
    put_column(s, "PORT", 15);
    strbuf_printf(s, "%7s %7s  WHAT IT MEANS\n", "DROP/s", "PACKETS");
    for (size_t i = 0; i < n; i++) {
        const struct drop *d = &v->drops[i];
        size_t start = s->len;

        put_column(s, string(d->json, "reason"), 22);
        put_column(s, *string(d->json, "port") ? string(d->json, "port") : "-", 15);
        strbuf_printf(s, "%7s %7s  ", v->has_rates ? scaled(d->rate).text : "-",
                      scaled((double)d->packets).text);
        put_clean(s, string(d->json, "help"),
                  cols ? cols - MIN_OF(cols, s->len - start) : SIZE_MAX);
        strbuf_putc(s, '\n');
    }
    if (n < v->n_drops) {
        strbuf_printf(s, "... and %zu more\n", v->n_drops - n);
    }
}

void top_view_text(struct strbuf *s, const struct top_style *style, const struct top_look *now,
                   const struct top_look *before)
{
    size_t n_ports, n_drops, room = style->rows > FRAME_ROWS ? style->rows - FRAME_ROWS : 2;
    struct view v;

    make_view(&v, style, now, before);
    n_ports = v.n_ports;
    n_drops = v.n_drops;
    if (style->rows && n_ports + n_drops > room) {
        /* A third for the drops, or what the ports leave. */
        size_t share = MAX_OF(room / 3, (size_t)MIN_DROP_ROWS);

        share = MAX_OF(share, room - MIN_OF(room, n_ports));
        n_drops = MIN_OF(n_drops, MIN_OF(share, room));
        n_ports = MIN_OF(n_ports, room - n_drops);
    }
    strbuf_printf(s, "%s: %llu flows, %zu ports, vswitchd %s\n\n", style->rundir,
                  (unsigned long long)number(now->show, "flows"), v.n_ports,
                  number(now->show, "attached_pid") ? "attached" : "NOT ATTACHED");
    put_ports(s, &v, n_ports, !style->cols || style->cols >= WIDE_COLS);
    strbuf_putc(s, '\n');
    put_drops(s, &v, n_drops, style->cols);
    free_view(&v);
}

/* --- As JSON ------------------------------------------------------------------------------------
 */

static json_t *port_json(const struct view *v, const struct port *p)
{
    json_t *o = json_pack("{s:s}", "name", p->name);

    if (p->json) {
        json_object_update(o, (json_t *)p->json);
    }
    for (size_t c = 0; c < N_COUNTERS; c++) {
        char key[32];

        json_object_set_new(o, port_counters[c], json_integer((json_int_t)p->count[c]));
        if (v->has_rates) {
            snprintf(key, sizeof key, "%s_per_s", port_counters[c]);
            json_object_set_new(o, key, json_real(p->rate[c]));
        }
    }
    return o;
}

json_t *top_view_json(const struct top_style *style, const struct top_look *now,
                      const struct top_look *before)
{
    json_t *ports = json_array(), *drops = json_array(), *o;
    struct view v;

    make_view(&v, style, now, before);
    for (size_t i = 0; i < v.n_ports; i++) {
        json_array_append_new(ports, port_json(&v, &v.ports[i]));
    }
    for (size_t i = 0; i < v.n_drops; i++) {
        o = json_copy((json_t *)v.drops[i].json);
        if (v.has_rates) {
            json_object_set_new(o, "packets_per_s", json_real(v.drops[i].rate));
        }
        json_array_append_new(drops, o);
    }
    o = json_pack("{s:s, s:I, s:I, s:b, s:o, s:o, s:o}", "rundir", style->rundir, "time_ms",
                  (json_int_t)time_wall_ms(), "flows", (json_int_t)number(now->show, "flows"),
                  "vswitchd_attached", number(now->show, "attached_pid") != 0, "total",
                  port_json(&v, &v.total), "ports", ports, "drops", drops);
    free_view(&v);
    return o;
}
