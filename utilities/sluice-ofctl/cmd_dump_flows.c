/* dump-flows, dump-aggregate. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ofproto/codec/action_text.h"
#include "utilities/sluice-ofctl/flows.h"
#include "utilities/sluice-ofctl/json.h"

#define STATS_AGGREGATE 2
#define STATS_VENDOR 0xffff

static int parse_query(struct ofports *ports, const char *text, struct ofp_flow_query *q,
                       struct error *err)
{
    int rc = ofp_flow_query_parse(text ? text : "", ofports_lookup, ports, q, err);

    return ofports_error(ports, rc ? error_prefix(err, "flow '%s'", text) : 0, err);
}

/* What a query needs that OpenFlow 1.0 cannot say. */
static uint32_t query_versions(const struct ofp_flow_query *q)
{
    return q->out_group == UINT32_MAX ? OFP_ALL_VERSIONS : OFP_ALL_VERSIONS & ~(1u << OFP10);
}

/* --- As it comes. */

/* A part's flows, held until its header was printed. */
static void format_one(const struct ofp_flow_stats *fs, void *text)
{
    strbuf_putc(text, ' ');
    ofp_flow_stats_format(text, fs, OFP_FLOW_TEXT_STATS | OFP_FLOW_TEXT_AGES);
    strbuf_putc(text, '\n');
}

static void print_part(const struct ofconn_msg *m, enum ofp_flow_stats_form form, bool more,
                       void *text_)
{
    struct strbuf *text = text_, tail = STRBUF_INIT;

    ofconn_print_tail(&tail, &m->h);
    printf("%s_FLOW reply%s%s\n%s", form == OFP_FLOW_STATS_NX ? "NXST" : "OFPST", strbuf_str(&tail),
           more ? " flags=[more]" : "", strbuf_str(text));
    strbuf_free(&tail);
    strbuf_clear(text);
}

/* --- Sorted, without headers. */

static const struct ofctl_options *sort_options; /* Of qsort(). */
static const struct ofp_field *sort_fields[OFCTL_MAX_SORTS];

/* A flow that says nothing of the field comes last, whichever way is sorted. */
static int compare_field(const struct ofp_field *f, const struct ofp_match *a,
                         const struct ofp_match *b, bool *ret_is_last)
{
    bool in_a = ofp_field_any(f, &a->mask), in_b = ofp_field_any(f, &b->mask);
    uint8_t va[OFP_FIELD_MAX_BYTES], vb[OFP_FIELD_MAX_BYTES];

    *ret_is_last = in_a != in_b;
    if (!in_a || !in_b) {
        return (int)in_b - (int)in_a;
    }
    ofp_field_get(f, &a->flow, va);
    ofp_field_get(f, &b->flow, vb);
    return memcmp(va, vb, f->n_bytes);
}

static int compare_flows(const void *a_, const void *b_)
{
    const struct flow *a = a_, *b = b_;

    for (size_t i = 0; i < sort_options->n_sorts; i++) {
        const struct ofctl_sort *sort = &sort_options->sort[i];
        bool is_last = false;
        int n = sort->field ? compare_field(sort_fields[i], &a->fs.match, &b->fs.match, &is_last)
                            : (int)a->fs.priority - (int)b->fs.priority;

        if (n) {
            return sort->descending && !is_last ? -n : n;
        }
    }
    if (a->fs.priority != b->fs.priority) {
        return a->fs.priority > b->fs.priority ? -1 : 1;
    }
    return a->position < b->position ? -1 : 1;
}

static int find_sort_fields(const struct ofctl_options *o, struct error *err)
{
    for (size_t i = 0; i < o->n_sorts; i++) {
        const char *name = o->sort[i].field;

        sort_fields[i] = name ? ofp_field_by_any_name(name, strlen(name)) : NULL;
        if (name && !sort_fields[i]) {
            return error_set(err, EINVAL, "option --%s: '%s' is not a field",
                             o->sort[i].descending ? "rsort" : "sort", name);
        }
    }
    sort_options = o;
    return 0;
}

static void print_list(const struct ofctl_options *o, const struct flow_list *list)
{
    struct strbuf s = STRBUF_INIT;

    for (size_t i = 0; i < list->n; i++) {
        strbuf_clear(&s);
        ofp_flow_stats_format(&s, &list->flow[i].fs, o->no_stats ? 0 : OFP_FLOW_TEXT_STATS);
        printf(" %s\n", strbuf_str(&s));
    }
    strbuf_free(&s);
}

/* --- JSON. */

static json_t *flow_json(const struct ofp_flow_stats *fs, bool stats)
{
    struct strbuf match = STRBUF_INIT, actions = STRBUF_INIT;
    char cookie[20];
    json_t *json;

    ofp_match_format(&match, &fs->match);
    ofp_actions_format(&actions, fs->actions, fs->actions_len);
    snprintf(cookie, sizeof cookie, "0x%llx", (unsigned long long)fs->cookie);
    json = json_pack("{s:i, s:i, s:s, s:s, s:s, s:i, s:i, s:i}", "table", (int)fs->table_id,
                     "priority", (int)fs->priority, "cookie", cookie, "match", strbuf_str(&match),
                     "actions", strbuf_str(&actions), "idle_timeout", (int)fs->idle_timeout_s,
                     "hard_timeout", (int)fs->hard_timeout_s, "importance", (int)fs->importance);
    if (stats) {
        json_object_set_new(json, "n_packets", json_integer((json_int_t)fs->packets));
        json_object_set_new(json, "n_bytes", json_integer((json_int_t)fs->bytes));
        json_object_set_new(json, "duration_ms", json_integer((json_int_t)fs->duration_ms));
    }
    strbuf_free(&match);
    strbuf_free(&actions);
    return json;
}

static void print_json(const struct ofctl_options *o, const struct flow_list *list)
{
    json_t *array = json_array();

    for (size_t i = 0; i < list->n; i++) {
        json_array_append_new(array, flow_json(&list->flow[i].fs, !o->no_stats));
    }
    ofctl_print_json(array, 0);
}

static int dump(struct ofconn *c, const struct ofctl_options *o, const struct ofp_flow_query *q,
                bool plain, struct error *err)
{
    struct flow_list list = {NULL, 0, 0};
    struct strbuf text = STRBUF_INIT;
    int rc;

    if (plain) {
        rc = flows_dump(c, q, format_one, print_part, &text, err);
        strbuf_free(&text);
        return rc;
    }
    rc = flows_dump(c, q, flow_list_add, NULL, &list, err);
    if (o->n_sorts && list.n) {
        qsort(list.flow, list.n, sizeof *list.flow, compare_flows);
    }
    if (o->json) {
        print_json(o, &list);
    } else {
        print_list(o, &list);
    }
    flow_list_free(&list);
    return rc;
}

static int dump_flows(const struct ofctl_options *o, char *args[], struct error *err)
{
    struct ofconn *c = NULL;
    struct ofports ports;
    struct ofp_flow_query q;
    int rc = find_sort_fields(o, err);

    ofports_init(&ports, o, args[0]);
    rc = rc ? rc : parse_query(&ports, args[1], &q, err);
    rc = rc ? rc : ofports_show_names(&ports, err);
    rc = rc ? rc : ofconn_open(o, args[0], query_versions(&q), &c, err);
    if (!rc) {
        rc = dump(c, o, &q, !o->n_sorts && !o->no_stats && !o->names && !o->json, err);
    }
    ofconn_close(c);
    ofports_free(&ports);
    return rc;
}

/* --- Sums. */

struct aggregate {
    const struct ofctl_options *o;
    bool nx;
};

static int on_aggregate(const struct ofconn *c, const struct ofconn_msg *m, bool more, void *agg_,
                        struct error *err)
{
    const struct aggregate *agg = agg_;
    struct strbuf tail = STRBUF_INIT;
    uint64_t packets, bytes;
    uint32_t flows;

    (void)more;
    if (ofp_aggregate_decode(ofconn_version(c), m->body, m->len, &packets, &bytes, &flows)) {
        return error_set(err, EPROTO, "%s: the reply cannot be read", ofconn_target(c));
    }
    if (agg->o->json) {
        printf("{\"packet_count\":%llu,\"byte_count\":%llu,\"flow_count\":%u}\n",
               (unsigned long long)packets, (unsigned long long)bytes, flows);
        return 0;
    }
    ofconn_print_tail(&tail, &m->h);
    printf("%s_AGGREGATE reply%s packet_count=%llu byte_count=%llu flow_count=%u\n",
           agg->nx ? "NXST" : "OFPST", strbuf_str(&tail), (unsigned long long)packets,
           (unsigned long long)bytes, flows);
    strbuf_free(&tail);
    return 0;
}

static int dump_aggregate(const struct ofctl_options *o, char *args[], struct error *err)
{
    struct ofconn_stats what = {.type = STATS_AGGREGATE};
    enum ofp_flow_stats_form form = OFP_FLOW_STATS_OWN;
    struct strbuf body = STRBUF_INIT;
    struct ofconn *c = NULL;
    struct aggregate agg = {.o = o};
    struct ofports ports;
    struct ofp_flow_query q;
    int rc;

    ofports_init(&ports, o, args[0]);
    rc = parse_query(&ports, args[1], &q, err);
    rc = rc ? rc : ofconn_open(o, args[0], query_versions(&q), &c, err);
    rc = rc ? rc : flows_form(c, &form, err);
    if (!rc) {
        agg.nx = form == OFP_FLOW_STATS_NX;
        if (agg.nx) {
            what = (struct ofconn_stats){STATS_VENDOR, OFP_VENDOR_NX, OFCTL_NX_AGGREGATE};
        }
        ofp_flow_query_encode(&body, ofconn_version(c), form, &q);
        rc = ofconn_stats(c, &what, &body, on_aggregate, &agg, err);
    }
    strbuf_free(&body);
    ofconn_close(c);
    ofports_free(&ports);
    return rc;
}

static const struct ofctl_command commands[] = {
    {"dump-flows", 1, 2, "SWITCH [FLOW]", "flows, all or those within FLOW", dump_flows},
    {"dump-aggregate", 1, 2, "SWITCH [FLOW]", "sums over flows", dump_aggregate},
    {NULL},
};
OFCTL_COMMANDS(commands)
