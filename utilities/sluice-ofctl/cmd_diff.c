/* diff-flows, replace-flows: what is different between two lists of flows, each a switch's or a
 * file's, and making a switch's the same as a file's. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "utilities/sluice-ofctl/flows.h"
#include "utilities/sluice-ofctl/json.h"

struct source {
    struct ofports ports;
    struct flow_list list;
    uint32_t versions; /* Of a file: that can say it all. */
    bool any_table;
};

static int add_line(enum ofp_flow_mod_command command, char *text, unsigned int line, void *src_,
                    struct error *err)
{
    struct source *src = src_;
    struct ofp_flow_stats fs;
    struct ofp_flow_mod fm;
    int rc;

    (void)line;
    if (command != OFPFC_ADD) {
        return error_set(err, EINVAL, "flow '%s': only flows to add may stand here", text);
    }
    rc = ofp_flow_mod_parse(OFPFC_ADD, text, ofports_lookup, &src->ports, &fm, err);
    if (rc) {
        return ofports_error(&src->ports, error_prefix(err, "flow '%s'", text), err);
    }
    src->versions &= ofp_flow_mod_versions(&fm);
    src->any_table |= fm.table_id != OFPTT_ALL;
    fs = (struct ofp_flow_stats){
        .table_id = fm.table_id == OFPTT_ALL ? 0 : fm.table_id,
        .priority = fm.priority,
        .idle_timeout_s = fm.idle_timeout_s,
        .hard_timeout_s = fm.hard_timeout_s,
        .importance = fm.importance,
        .flags = fm.flags,
        .cookie = fm.new_cookie,
        .match = fm.match,
        .actions = fm.actions.data,
        .actions_len = fm.actions.len,
    };
    flow_list_add(&fs, &src->list);
    ofp_actions_free(&fm.actions);
    return 0;
}

static int load_switch(const struct ofctl_options *o, const char *target, uint32_t versions,
                       struct source *src, struct error *err)
{
    struct ofp_flow_query all;
    struct ofconn *c = NULL;
    int rc = ofp_flow_query_parse("", NULL, NULL, &all, err);

    rc = rc ? rc : ofconn_open(o, target, versions, &c, err);
    rc = rc ? rc : flows_dump(c, &all, flow_list_add, NULL, &src->list, err);
    ofconn_close(c);
    return rc;
}

static bool is_file(const char *name)
{
    struct stat st;

    return !strcmp(name, "-") || (!stat(name, &st) && !S_ISSOCK(st.st_mode));
}

/* By table, then from the highest priority down, then by match. */
static int compare_keys(const struct flow *a, const struct flow *b)
{
    int n = (int)a->fs.table_id - (int)b->fs.table_id;

    n = n ? n : (int)b->fs.priority - (int)a->fs.priority;
    n = n ? n : memcmp(&a->fs.match.flow, &b->fs.match.flow, sizeof a->fs.match.flow);
    return n ? n : memcmp(&a->fs.match.mask, &b->fs.match.mask, sizeof a->fs.match.mask);
}

static int compare_for_sort(const void *a_, const void *b_)
{
    const struct flow *a = a_, *b = b_;
    int n = compare_keys(a, b);

    return n ? n : a->position < b->position ? -1 : 1;
}

/* Sorted; of flows that are the same but for what they do the last is left, as a switch would. */
static void arrange(struct flow_list *list)
{
    size_t n = 0;

    if (list->n) {
        qsort(list->flow, list->n, sizeof *list->flow, compare_for_sort);
    }
    for (size_t i = 0; i < list->n; i++) {
        if (i + 1 < list->n && !compare_keys(&list->flow[i], &list->flow[i + 1])) {
            free((void *)list->flow[i].fs.actions);
        } else {
            list->flow[n++] = list->flow[i];
        }
    }
    list->n = n;
}

/* Whether two flows with the same key do the same. The form that an action came in does not
 * count: the text is compared. */
static bool is_same(const struct ofp_flow_stats *a, const struct ofp_flow_stats *b)
{
    struct strbuf s = STRBUF_INIT, t = STRBUF_INIT;
    bool same = a->cookie == b->cookie && a->idle_timeout_s == b->idle_timeout_s &&
                a->hard_timeout_s == b->hard_timeout_s && a->importance == b->importance;

    if (same) {
        ofp_actions_format(&s, a->actions, a->actions_len);
        ofp_actions_format(&t, b->actions, b->actions_len);
        same = !strcmp(strbuf_str(&s), strbuf_str(&t));
    }
    strbuf_free(&s);
    strbuf_free(&t);
    return same;
}

/* Calls back for each key: NULL for the side that does not have it. */
typedef int pair_cb(const struct flow *a, const struct flow *b, void *aux, struct error *err);

static int each_pair(const struct flow_list *a, const struct flow_list *b, pair_cb *cb, void *aux,
                     struct error *err)
{
    size_t i = 0, j = 0;
    int rc = 0;

    while (!rc && (i < a->n || j < b->n)) {
        int n = i == a->n ? 1 : j == b->n ? -1 : compare_keys(&a->flow[i], &b->flow[j]);
        const struct flow *x = n <= 0 ? &a->flow[i++] : NULL;
        const struct flow *y = n >= 0 ? &b->flow[j++] : NULL;

        rc = cb(x, y, aux, err);
    }
    return rc;
}

/* --- diff-flows. */

struct diff {
    json_t *json; /* NULL: text. */
    bool any;
};

static void print_flow(struct diff *d, char sign, const struct ofp_flow_stats *fs)
{
    struct strbuf s = STRBUF_INIT;

    if (fs->table_id) {
        strbuf_printf(&s, "table=%u ", fs->table_id);
    }
    ofp_rule_format(&s, fs->priority, &fs->match);
    if (fs->cookie) {
        strbuf_printf(&s, " cookie=0x%llx", (unsigned long long)fs->cookie);
    }
    if (fs->idle_timeout_s) {
        strbuf_printf(&s, " idle_timeout=%u", fs->idle_timeout_s);
    }
    if (fs->hard_timeout_s) {
        strbuf_printf(&s, " hard_timeout=%u", fs->hard_timeout_s);
    }
    if (fs->importance) {
        strbuf_printf(&s, " importance=%u", fs->importance);
    }
    strbuf_puts(&s, " actions=");
    ofp_actions_format(&s, fs->actions, fs->actions_len);
    if (d->json) {
        json_array_append_new(d->json, json_pack("{s:s, s:s}", "side", sign == '-' ? "-" : "+",
                                                 "flow", strbuf_str(&s)));
    } else {
        printf("%c%s\n", sign, strbuf_str(&s));
    }
    strbuf_free(&s);
    d->any = true;
}

static int print_pair(const struct flow *a, const struct flow *b, void *diff,
                      struct error *err UNUSED)
{
    if (a && b && is_same(&a->fs, &b->fs)) {
        return 0;
    }
    if (a) {
        print_flow(diff, '-', &a->fs);
    }
    if (b) {
        print_flow(diff, '+', &b->fs);
    }
    return 0;
}

static int load(const struct ofctl_options *o, char *args[], struct source src[2],
                struct error *err)
{
    uint32_t versions = OFP_ALL_VERSIONS;
    int rc = 0;

    /* Files first: a version that can say all that is in them is then spoken. */
    for (int i = 0; i < 2; i++) {
        bool other = is_file(args[!i]);

        ofports_init(&src[i].ports, o, other ? args[i] : args[!i]);
        src[i].versions = OFP_ALL_VERSIONS;
        if (is_file(args[i]) && !rc) {
            rc = flows_read_file(args[i], OFPFC_ADD, add_line, &src[i], err);
            versions &= src[i].versions;
        }
    }
    for (int i = 0; i < 2 && !rc; i++) {
        if (!is_file(args[i])) {
            rc = load_switch(o, args[i], versions, &src[i], err);
        }
        arrange(&src[i].list);
    }
    return rc;
}

static void unload(struct source src[2])
{
    for (int i = 0; i < 2; i++) {
        flow_list_free(&src[i].list);
        ofports_free(&src[i].ports);
    }
}

/* Exits with 2 when there are differences, as ovs-ofctl does. */
static int diff_flows(const struct ofctl_options *o, char *args[], struct error *err)
{
    struct source src[2] = {0};
    struct diff d = {.json = o->json ? json_array() : NULL};
    int rc = load(o, args, src, err);

    rc = rc ? rc : each_pair(&src[0].list, &src[1].list, print_pair, &d, err);
    rc = ofctl_print_json(d.json, rc);
    unload(src);
    return rc ? rc : d.any ? OFCTL_DIFFERENT : 0;
}

/* --- replace-flows. */

struct replace {
    struct flow_batch batch;
    bool deletes; /* Else adds. */
    bool readd;
};

static int send_pair(const struct flow *have, const struct flow *want, void *replace_,
                     struct error *err)
{
    struct replace *r = replace_;
    const struct ofp_flow_stats *fs;
    struct ofp_flow_mod fm;

    if (r->deletes ? !have || want
                   : !want || (have && !r->readd && is_same(&have->fs, &want->fs))) {
        return 0;
    }
    fs = r->deletes ? &have->fs : &want->fs;
    fm = (struct ofp_flow_mod){
        .command = r->deletes ? OFPFC_DELETE_STRICT : OFPFC_ADD,
        .table_id = fs->table_id,
        .priority = fs->priority,
        .out_port = OFP_PORT_NONE,
        .out_group = UINT32_MAX,
        .match = fs->match,
    };
    if (!r->deletes) {
        fm.idle_timeout_s = fs->idle_timeout_s;
        fm.hard_timeout_s = fs->hard_timeout_s;
        fm.importance = fs->importance;
        fm.flags = fs->flags;
        fm.new_cookie = fs->cookie;
        fm.actions.data = (uint8_t *)fs->actions; /* Only read. */
        fm.actions.len = fs->actions_len;
    }
    return flow_batch_add(&r->batch, &fm, 0, err);
}

static int replace_flows(const struct ofctl_options *o, char *args[], struct error *err)
{
    struct replace r = {.readd = o->readd};
    struct source have = {0}, want = {.versions = OFP_ALL_VERSIONS};
    struct ofconn *c = NULL;
    int rc;

    ofports_init(&want.ports, o, args[0]);
    rc = flows_read_file(args[1], OFPFC_ADD, add_line, &want, err);
    rc = rc ? rc : load_switch(o, args[0], want.versions, &have, err);
    arrange(&have.list);
    arrange(&want.list);
    for (size_t i = 0; i < have.list.n; i++) {
        want.any_table |= have.list.flow[i].fs.table_id != 0;
    }
    rc = rc ? rc : ofconn_open(o, args[0], want.versions & batch_versions(o), &c, err);
    rc = rc ? rc : flow_batch_begin(&r.batch, c, NULL, want.any_table, o->bundle, err);
    for (int deletes = 1; deletes >= 0 && !rc; deletes--) {
        r.deletes = deletes;
        rc = each_pair(&have.list, &want.list, send_pair, &r, err);
    }
    rc = rc ? rc : batch_end(&r.batch.batch, err);
    batch_free(&r.batch.batch);
    ofconn_close(c);
    flow_list_free(&have.list);
    flow_list_free(&want.list);
    ofports_free(&want.ports);
    return rc;
}

static const struct ofctl_command commands[] = {
    {"diff-flows", 2, 2, "SOURCE SOURCE",
     "compares flows of switches or files ('-': the standard input); exits with 2 when they differ",
     diff_flows},
    {"replace-flows", 2, 2, "SWITCH FILE", "makes the switch's flows those of FILE", replace_flows,
     true},
    {NULL},
};
OFCTL_COMMANDS(commands)
