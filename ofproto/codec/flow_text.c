/* See flow_text.h. */
#include "ofproto/codec/flow_text.h"

#include <errno.h>
#include <stdlib.h>

#include "ofproto/codec/action_text.h"
#include "ofproto/codec/group_mod.h"
#include "ofproto/codec/match_wire.h"
#include "ofproto/codec/meter_mod.h"

#define SPACES " \t\r\n"
#define VALUE_MAX 64

/* What a command takes. */
enum { TAKES_PRIORITY = 1, TAKES_TIMEOUTS = 2, TAKES_FLAGS = 4, TAKES_OUT = 8, TAKES_ACTIONS = 16 };

struct parse {
    struct ofp_flow_mod *fm;
    unsigned int takes;
    bool is_query; /* Of statistics: a cookie is one to look for. */
    ofp_port_lookup *lookup;
    void *aux;
    struct error *err;
};

static int number(const struct parse *p, const char *name, const char *value, uint64_t max,
                  uint64_t *ret)
{
    return parse_u64(value, max, ret)
               ? 0
               : error_set(p->err, EINVAL, "field '%s': '%s' is not a number within 0...%llu", name,
                           value, (unsigned long long)max);
}

static int number16(const struct parse *p, const char *name, const char *value, uint16_t *ret)
{
    uint64_t x = 0;
    int rc = number(p, name, value, UINT16_MAX, &x);

    *ret = (uint16_t)x;
    return rc;
}

static int parse_table(const struct parse *p, const char *name, char *value)
{
    uint64_t x = OFPTT_ALL;
    int rc = number(p, name, value, UINT8_MAX, &x);

    p->fm->table_id = (uint8_t)x;
    return rc;
}

static int parse_priority(const struct parse *p, const char *name, char *value)
{
    return number16(p, name, value, &p->fm->priority);
}

static int parse_idle(const struct parse *p, const char *name, char *value)
{
    return number16(p, name, value, &p->fm->idle_timeout_s);
}

static int parse_hard(const struct parse *p, const char *name, char *value)
{
    return number16(p, name, value, &p->fm->hard_timeout_s);
}

static int parse_importance(const struct parse *p, const char *name, char *value)
{
    return number16(p, name, value, &p->fm->importance);
}

/* Without a mask it is the new one of what is added or modified. */
static int parse_cookie(const struct parse *p, const char *name, char *value)
{
    char *slash = strchr(value, '/');
    bool is_add = p->fm->command == OFPFC_ADD && !p->is_query;
    int rc;

    if (!slash) {
        if (p->is_query || p->fm->command >= OFPFC_DELETE) {
            return error_set(p->err, EINVAL,
                             "field '%s': '%s': there is none to set; to look for it write a mask: "
                             "%s=%s/-1",
                             name, value, name, value);
        }
        return number(p, name, value, UINT64_MAX, &p->fm->new_cookie);
    }
    if (is_add) {
        return error_set(p->err, EINVAL, "field '%s': '%s': what is added has no mask of it", name,
                         value);
    }
    *slash = '\0';
    rc = number(p, name, value, UINT64_MAX, &p->fm->cookie);
    if (!rc && !strcmp(slash + 1, "-1")) {
        p->fm->cookie_mask = UINT64_MAX;
    } else if (!rc) {
        rc = number(p, name, slash + 1, UINT64_MAX, &p->fm->cookie_mask);
    }
    return rc;
}

static int parse_out_port(const struct parse *p, const char *name, char *value)
{
    const struct ofp_action_text t = {.lookup = p->lookup, .aux = p->aux};

    return ofp_action_text_port(&t, name, value, &p->fm->out_port, NULL)
               ? error_set(p->err, EINVAL, "field '%s': there is no port '%s'", name, value)
               : 0;
}

static int parse_out_group(const struct parse *p, const char *name, char *value)
{
    uint64_t x = OFP_GROUP_ANY;
    int rc = number(p, name, value, UINT32_MAX, &x);

    p->fm->out_group = (uint32_t)x;
    return rc;
}

static int ignore(const struct parse *p, const char *name, char *value)
{
    (void)p;
    (void)name;
    (void)value;
    return 0;
}

static const struct attribute {
    const char *name;
    unsigned int takes; /* Who takes it; 0: everybody. */
    int (*parse)(const struct parse *, const char *name, char *value);
} attributes[] = {
    {"table", 0, parse_table},
    {"cookie", 0, parse_cookie},
    {"priority", TAKES_PRIORITY, parse_priority},
    {"idle_timeout", TAKES_TIMEOUTS, parse_idle},
    {"hard_timeout", TAKES_TIMEOUTS, parse_hard},
    {"importance", TAKES_TIMEOUTS, parse_importance},
    {"out_port", TAKES_OUT, parse_out_port},
    {"out_group", TAKES_OUT, parse_out_group},
    /* What dumps tell of a flow. */
    {"duration", 0, ignore},
    {"n_packets", 0, ignore},
    {"n_bytes", 0, ignore},
    {"idle_age", 0, ignore},
    {"hard_age", 0, ignore},
};

static const struct flag {
    const char *name;
    uint16_t bit;
} flags[] = {
    {"send_flow_rem", OFPFF_SEND_FLOW_REM},  {"check_overlap", OFPFF_CHECK_OVERLAP},
    {"reset_counts", OFPFF_RESET_COUNTS},    {"no_packet_counts", OFPFF_NO_PKT_COUNTS},
    {"no_byte_counts", OFPFF_NO_BYT_COUNTS},
};

/* -ENOENT: the word is not one of ours but the match's. */
static int parse_word(const struct parse *p, const char *word, size_t len)
{
    char name[VALUE_MAX], *value;

    if (len >= sizeof name) {
        return -ENOENT;
    }
    memcpy(name, word, len);
    name[len] = '\0';
    for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
        if (p->takes & TAKES_FLAGS && !strcmp(name, flags[i].name)) {
            p->fm->flags |= flags[i].bit;
            return 0;
        }
    }
    value = strchr(name, '=');
    if (!value) {
        return -ENOENT;
    }
    *value++ = '\0';
    for (size_t i = 0; i < ARRAY_SIZE(attributes); i++) {
        const struct attribute *a = &attributes[i];

        if (!strcmp(name, a->name)) {
            return a->takes && !(a->takes & p->takes)
                       ? error_set(p->err, EINVAL,
                                   "field '%s': '%s': this command does not take it", name, value)
                       : a->parse(p, name, value);
        }
    }
    return -ENOENT;
}

/* Where "actions=" begins; NULL when it is not there. */
static const char *find_actions(const char *text, const char **ret_value)
{
    for (const char *s = text; (s = strstr(s, "action")); s++) {
        const char *end = s + strlen("action");

        end += *end == 's';
        if (*end == '=' && (s == text || strchr("," SPACES, s[-1]))) {
            *ret_value = end + 1;
            return s;
        }
    }
    return NULL;
}

/* The words before the actions; those of the match are left in 'match'. */
static int parse_words(const struct parse *p, const char *text, const char *end,
                       struct strbuf *match)
{
    while (text < end) {
        size_t len = MIN_OF(ofp_match_word_len(text), (size_t)(end - text));
        int rc = len ? parse_word(p, text, len) : 0;

        if (rc == -ENOENT) {
            strbuf_put(match, text, len);
            strbuf_putc(match, ',');
        } else if (rc) {
            return rc;
        }
        text += len + 1;
    }
    return 0;
}

static int parse_flow(const struct parse *p, const char *text)
{
    const char *value = NULL, *actions = find_actions(text, &value);
    const char *end = actions ? actions : text + strlen(text);
    struct strbuf match = STRBUF_INIT;
    int rc = parse_words(p, text, end, &match);

    if (!rc) {
        rc = ofp_match_parse(strbuf_str(&match), p->lookup, p->aux, &p->fm->match, p->err);
    }
    strbuf_free(&match);
    if (rc) {
        return rc;
    }
    if (p->takes & TAKES_ACTIONS) {
        return actions ? ofp_actions_parse_for(&p->fm->match, value, p->lookup, p->aux,
                                               &p->fm->actions, p->err)
                       : error_set(p->err, EINVAL, "'actions=...' is missing");
    }
    return actions ? error_set(p->err, EINVAL, "'%s': this command takes no actions", actions) : 0;
}

/* The action that needs of the match what is not there; the decoder knows. */
static int check_prerequisites(const struct ofp_flow_mod *fm, struct error *err)
{
    const uint8_t *data = fm->actions.data;
    int rc = 0;

    for (const struct ofp_action *a = ofp_actions_first(data, fm->actions.len); a && !rc;
         a = ofp_actions_next(data, fm->actions.len, a)) {
        size_t len = (size_t)((const uint8_t *)a - data) + a->len;
        struct ofp_actions decoded = OFP_ACTIONS_INIT;
        struct strbuf wire = STRBUF_INIT, text = STRBUF_INIT;

        if (a->type < OFP_ACTION_CLEAR_ACTIONS) {
            ofp_actions_encode(&wire, OFP13, data, len);
            rc = ofp_actions_decode(OFP13, (const uint8_t *)wire.data, wire.len, &fm->match,
                                    &decoded);
        }
        ofp_actions_free(&decoded);
        if (rc == OFPERR_BAC_MATCH_INCONSISTENT) {
            ofp_action_format(&text, a);
            rc = error_set(err, EINVAL,
                           "action '%s': the match does not name the protocol that has its field; "
                           "add a word such as 'ip', 'tcp' or 'arp'",
                           strbuf_str(&text));
        } else {
            rc = 0; /* The switch may know more than we. */
        }
        strbuf_free(&text);
        strbuf_free(&wire);
    }
    return rc;
}

int ofp_flow_mod_parse(enum ofp_flow_mod_command command, const char *text, ofp_port_lookup *lookup,
                       void *aux, struct ofp_flow_mod *fm, struct error *err)
{
    bool is_delete = command >= OFPFC_DELETE;
    struct parse p = {.fm = fm, .lookup = lookup, .aux = aux, .err = err};
    int rc;

    p.takes = is_delete ? TAKES_OUT : TAKES_PRIORITY | TAKES_TIMEOUTS | TAKES_FLAGS | TAKES_ACTIONS;
    p.takes |= command == OFPFC_DELETE_STRICT ? TAKES_PRIORITY : 0;
    memset(fm, 0, sizeof *fm);
    fm->command = command;
    fm->table_id = OFPTT_ALL;
    fm->priority = OFP_DEFAULT_PRIORITY;
    fm->out_port = OFP_PORT_NONE;
    fm->out_group = OFP_GROUP_ANY;
    fm->new_cookie = command == OFPFC_ADD || is_delete ? 0 : UINT64_MAX;
    rc = parse_flow(&p, text);
    if (!rc) {
        rc = check_prerequisites(fm, err);
    }
    if (rc) {
        ofp_actions_free(&fm->actions);
    }
    return rc;
}

int ofp_flow_query_parse(const char *text, ofp_port_lookup *lookup, void *aux,
                         struct ofp_flow_query *ret, struct error *err)
{
    struct ofp_flow_mod fm = {
        .table_id = OFPTT_ALL, .out_port = OFP_PORT_NONE, .out_group = OFP_GROUP_ANY};
    struct parse p = {
        .fm = &fm, .takes = TAKES_OUT, .is_query = true, .lookup = lookup, .aux = aux, .err = err};
    int rc = parse_flow(&p, text);

    if (!rc) {
        *ret = (struct ofp_flow_query){.table_id = fm.table_id,
                                       .out_port = fm.out_port,
                                       .out_group = fm.out_group,
                                       .cookie = fm.cookie,
                                       .cookie_mask = fm.cookie_mask,
                                       .match = fm.match};
    }
    return rc;
}

struct meter_use {
    unsigned int n;
    bool leads; /* The first action is one. */
};

static int count_meter(uint32_t meter_id, void *use_)
{
    struct meter_use *use = use_;

    (void)meter_id;
    use->n++;
    return 0;
}

/* Before OpenFlow 1.5 a meter is an instruction, the first; in 1.0 there is none. */
static uint32_t meter_versions(const struct ofp_actions *actions)
{
    const struct ofp_action *first = ofp_actions_first(actions->data, actions->len);
    struct meter_use use = {.leads = first && first->type == OFP_ACTION_METER};

    ofp_actions_each_meter(actions->data, actions->len, count_meter, &use);
    return !use.n                    ? UINT32_MAX
           : use.n == 1 && use.leads ? 1u << OFP13 | 1u << OFP14 | 1u << OFP15
                                     : 1u << OFP15;
}

uint32_t ofp_flow_mod_versions(const struct ofp_flow_mod *fm)
{
    uint32_t versions = OFP_ALL_VERSIONS;
    bool not_in_10 = fm->out_group != OFP_GROUP_ANY ||
                     fm->flags & ~(OFPFF_SEND_FLOW_REM | OFPFF_CHECK_OVERLAP);

    for (const struct ofp_action *a = ofp_actions_first(fm->actions.data, fm->actions.len); a;
         a = ofp_actions_next(fm->actions.data, fm->actions.len, a)) {
        /* Write_metadata has a form in 1.0 as well; it is one with instructions all the same. */
        not_in_10 |= a->type >= OFP_ACTION_CLEAR_ACTIONS || a->type == OFP_ACTION_PUSH_VLAN;
    }
    if (not_in_10) {
        versions &= ~(1u << OFP10);
    }
    if (!ofp_match_fits(OFP11, &fm->match)) {
        versions &= ~(1u << OFP11);
    }
    versions &= meter_versions(&fm->actions);
    if (fm->importance) {
        versions &= 1u << OFP14 | 1u << OFP15;
    }
    return versions;
}

/* --- To text. */

void ofp_rule_format(struct strbuf *s, uint16_t priority, const struct ofp_match *match)
{
    struct strbuf text = STRBUF_INIT;

    ofp_match_format(&text, match);
    if (priority != OFP_DEFAULT_PRIORITY) {
        strbuf_printf(s, "priority=%u%s", priority, text.len ? "," : "");
    }
    strbuf_puts(s, strbuf_str(&text));
    strbuf_free(&text);
}

static void format_duration(struct strbuf *s, uint64_t ms)
{
    strbuf_printf(s, "%llu", (unsigned long long)ms / 1000);
    if (ms % 1000) {
        strbuf_printf(s, ".%03u", (unsigned int)(ms % 1000));
    }
}

static void format_counters(struct strbuf *s, const struct ofp_flow_stats *fs)
{
    strbuf_printf(s, "n_packets=%llu, n_bytes=%llu, ", (unsigned long long)fs->packets,
                  (unsigned long long)fs->bytes);
}

void ofp_flow_stats_format(struct strbuf *s, const struct ofp_flow_stats *fs, unsigned int what)
{
    bool stats = what & OFP_FLOW_TEXT_STATS;
    size_t before;

    if (stats || fs->cookie) {
        strbuf_printf(s, "cookie=0x%llx, ", (unsigned long long)fs->cookie);
    }
    if (stats) {
        strbuf_puts(s, "duration=");
        format_duration(s, fs->duration_ms);
        strbuf_puts(s, "s, ");
    }
    if (stats || fs->table_id) {
        strbuf_printf(s, "table=%u, ", fs->table_id);
    }
    if (stats) {
        format_counters(s, fs);
    }
    if (fs->idle_timeout_s) {
        strbuf_printf(s, "idle_timeout=%u, ", fs->idle_timeout_s);
    }
    if (fs->hard_timeout_s) {
        strbuf_printf(s, "hard_timeout=%u, ", fs->hard_timeout_s);
    }
    for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
        if (fs->flags & flags[i].bit) {
            strbuf_printf(s, "%s ", flags[i].name);
        }
    }
    if (fs->importance) {
        strbuf_printf(s, "importance=%u, ", fs->importance);
    }
    if (what & OFP_FLOW_TEXT_AGES && fs->idle_ms != UINT64_MAX) {
        strbuf_printf(s, "idle_age=%llu, ", (unsigned long long)fs->idle_ms / 1000);
    }
    if (what & OFP_FLOW_TEXT_AGES && fs->hard_ms != UINT64_MAX &&
        fs->hard_ms / 1000 != fs->duration_ms / 1000) {
        strbuf_printf(s, "hard_age=%llu, ", (unsigned long long)fs->hard_ms / 1000);
    }
    before = s->len;
    ofp_rule_format(s, fs->priority, &fs->match);
    strbuf_puts(s, s->len > before ? " actions=" : "actions=");
    ofp_actions_format(s, fs->actions, fs->actions_len);
}
