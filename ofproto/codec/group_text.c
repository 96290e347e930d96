/* See group_text.h. */
#include "ofproto/codec/group_text.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "ofproto/codec/action_text.h"
#include "ofproto/codec/match_wire.h"

static const char *const types[] = {"all", "select", "indirect", "ff"};

struct parse {
    struct ofp_group_mod *gm;
    bool has_id, has_type, has_bucket_id, has_method;
    ofp_port_lookup *lookup;
    void *aux;
    struct error *err;
};

bool ofp_group_id_parse(const char *text, uint32_t *ret)
{
    uint64_t x;

    if (!strcasecmp(text, "all")) {
        *ret = OFP_GROUP_ALL;
    } else if (!strcasecmp(text, "any")) {
        *ret = OFP_GROUP_ANY;
    } else if (parse_u64(text, OFP_GROUP_MAX, &x)) {
        *ret = (uint32_t)x;
    } else {
        return false;
    }
    return true;
}

static int bad_value(const struct parse *p, const char *name, const char *value, const char *wanted)
{
    return error_set(p->err, EINVAL, "'%s': '%s' is not %s", name, value, wanted);
}

static int number(const struct parse *p, const char *name, const char *value, uint64_t max,
                  uint64_t *ret)
{
    if (parse_u64(value, max, ret)) {
        return 0;
    }
    return error_set(p->err, EINVAL, "'%s': '%s' is not a number within 0...%llu", name, value,
                     (unsigned long long)max);
}

/* Spaces between words, outside parentheses, are commas. */
static void spaces_to_commas(char *s)
{
    unsigned int depth = 0;

    for (; *s; s++) {
        depth += *s == '(';
        depth -= *s == ')' && depth;
        if (!depth && isspace((unsigned char)*s)) {
            *s = ',';
        }
    }
}

/* "name=value", "name:value", "name(value)": cuts after the name; the value, "" when there is
 * none. */
static char *split_value(char *word)
{
    char *value = word + strcspn(word, "=:(");
    size_t len;

    if (*value == '(') {
        len = strlen(value);
        if (value[len - 1] == ')') {
            value[len - 1] = '\0';
        }
    }
    if (*value) {
        *value++ = '\0';
    }
    return value;
}

/* --- Fields to hash. */

static int add_hash_field(struct parse *p, char *word, struct strbuf *wire)
{
    struct ofp_group_config *c = &p->gm->config;
    char *value = strchr(word, '=');
    const struct ofp_field *f;
    uint8_t bits[OFP_FIELD_MAX_BYTES] = {0}, mask[OFP_FIELD_MAX_BYTES];

    if (value) {
        *value++ = '\0';
    }
    f = ofp_field_by_any_name(word, strlen(word));
    if (!f || !oxm_has_header(f)) {
        return bad_value(p, "fields", word, "a field");
    }
    if (value) {
        if (!ofp_field_parse(f, value, p->lookup, p->aux, bits, mask)) {
            return bad_value(p, word, value, "a mask of this field");
        }
    } else {
        struct ofp_flow all;

        memset(&all, 0, sizeof all);
        ofp_field_fill(f, &all);
        ofp_field_get(f, &all, bits);
    }
    if (!c->fields) {
        c->fields = xcalloc(1, sizeof *c->fields);
    }
    ofp_field_put(f, c->fields, bits);
    oxm_encode(wire, OFP15, f, bits, NULL);
    return 0;
}

static int parse_fields(struct parse *p, char *value)
{
    struct ofp_group_config *c = &p->gm->config;
    struct strbuf wire = STRBUF_INIT;
    char *word;
    int rc = 0;

    if (c->fields) {
        return error_set(p->err, EINVAL, "'fields': it is given twice");
    }
    spaces_to_commas(value);
    while (!rc && (word = ofp_action_text_next(&value))) {
        rc = *word ? add_hash_field(p, word, &wire) : 0;
    }
    if (!rc && !wire.len) {
        rc = error_set(p->err, EINVAL, "'fields': it names none");
    }
    if (!rc) {
        c->fields_wire = xmemdup(wire.data, wire.len);
        c->fields_wire_len = wire.len;
    }
    strbuf_free(&wire);
    return rc;
}

/* --- Buckets. */

static bool has_bucket(const struct ofp_group_config *c, uint32_t id)
{
    for (unsigned int i = 0; i < c->n; i++) {
        if (c->bucket[i].id == id) {
            return true;
        }
    }
    return false;
}

static int parse_bucket_word(struct parse *p, struct ofp_bucket *b, const char *name,
                             const char *value)
{
    uint64_t x = 0;
    int rc = 0;

    if (!strcmp(name, "bucket_id")) {
        rc = number(p, name, value, OFP_BUCKET_MAX, &x);
        if (!rc && has_bucket(&p->gm->config, (uint32_t)x)) {
            rc = error_set(p->err, EINVAL, "'bucket_id': there are two buckets %llu",
                           (unsigned long long)x);
        }
        b->id = (uint32_t)x;
    } else if (!strcmp(name, "weight")) {
        rc = number(p, name, value, UINT16_MAX, &x);
        b->weight = (uint16_t)x;
    } else if (!strcmp(name, "watch_group")) {
        if (!ofp_group_id_parse(value, &b->watch_group) || b->watch_group == OFP_GROUP_ALL) {
            rc = bad_value(p, name, value, "a group");
        }
    } else if (parse_u64(value, OFP_PORT_MAX - 1, &x)) {
        b->watch_port = (uint32_t)x;
    } else if (!ofp_port_by_name(value, &b->watch_port) &&
               !(p->lookup && p->lookup(value, &b->watch_port, p->aux))) {
        rc = bad_value(p, name, value, "a port");
    }
    return rc;
}

static bool is_bucket_word(const char *name)
{
    return !strcmp(name, "bucket_id") || !strcmp(name, "weight") || !strcmp(name, "watch_port") ||
           !strcmp(name, "watch_group");
}

/* What is none of a bucket's own words is an action; "actions=" before the first may be left out.
 */
static int parse_bucket(struct parse *p, char *text)
{
    struct ofp_group_config *c = &p->gm->config;
    struct ofp_bucket *b;
    struct strbuf actions = STRBUF_INIT;
    char *word;
    int rc = 0;

    b = ofp_group_add_bucket(c);
    if (!b) {
        return error_set(p->err, E2BIG, "more than %d buckets", OFP_GROUP_MAX_BUCKETS);
    }
    b->id = OFP_BUCKET_ALL; /* None yet. */
    spaces_to_commas(text);
    while (!rc && (word = ofp_action_text_next(&text))) {
        size_t n = strcspn(word, "=:(");
        char end = word[n];

        word[n] = '\0';
        if (is_bucket_word(word)) {
            rc = parse_bucket_word(p, b, word, end ? word + n + 1 : "");
            continue;
        }
        if ((!strcmp(word, "actions") || !strcmp(word, "action")) && end) {
            word += n + 1;
        } else {
            word[n] = end;
        }
        strbuf_printf(&actions, "%s%s", actions.len ? "," : "", word);
    }
    if (!rc) {
        rc = ofp_actions_parse(strbuf_str(&actions), p->lookup, p->aux, &b->actions, p->err);
    }
    strbuf_free(&actions);
    return rc;
}

/* Buckets without an id get the lowest that are free. */
static void number_buckets(struct ofp_group_config *c)
{
    uint32_t next = 0;

    for (unsigned int i = 0; i < c->n; i++) {
        if (c->bucket[i].id == OFP_BUCKET_ALL) {
            while (has_bucket(c, next)) {
                next++;
            }
            c->bucket[i].id = next++;
        }
    }
}

/* --- The group. */

static int parse_type(struct parse *p, const char *name, const char *value)
{
    if (!strcmp(value, "fast_failover")) {
        value = "ff";
    }
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        if (!strcmp(value, types[i])) {
            p->gm->config.type = (uint8_t)i;
            p->has_type = true;
            return 0;
        }
    }
    return bad_value(p, name, value, "one of all, select, indirect, ff");
}

static int parse_command_bucket(struct parse *p, const char *name, const char *value)
{
    uint64_t x = 0;
    int rc = 0;

    if (!strcmp(value, "first")) {
        x = OFP_BUCKET_FIRST;
    } else if (!strcmp(value, "last")) {
        x = OFP_BUCKET_LAST;
    } else if (!strcmp(value, "all")) {
        x = OFP_BUCKET_ALL;
    } else {
        rc = number(p, name, value, OFP_BUCKET_MAX, &x);
    }
    p->gm->command_bucket_id = (uint32_t)x;
    p->has_bucket_id = true;
    return rc;
}

static int parse_method(struct parse *p, const char *name, const char *value)
{
    if (!strcmp(value, "hash")) {
        p->gm->config.method = OFP_GROUP_METHOD_HASH;
    } else if (!strcmp(value, "dp_hash")) {
        p->gm->config.method = OFP_GROUP_METHOD_DP_HASH;
    } else {
        return bad_value(p, name, value, "one of hash, dp_hash");
    }
    p->has_method = true;
    return 0;
}

static int parse_word(struct parse *p, char *word)
{
    char *value = split_value(word);
    const char *name = word;

    if (!strcmp(name, "group_id")) {
        p->has_id = true;
        return ofp_group_id_parse(value, &p->gm->group_id)
                   ? 0
                   : bad_value(p, name, value, "a group's number, 'all' or 'any'");
    }
    if (!strcmp(name, "type")) {
        return parse_type(p, name, value);
    }
    if (!strcmp(name, "command_bucket_id")) {
        return parse_command_bucket(p, name, value);
    }
    if (!strcmp(name, "selection_method")) {
        return parse_method(p, name, value);
    }
    if (!strcmp(name, "selection_method_param")) {
        return number(p, name, value, UINT64_MAX, &p->gm->config.method_param);
    }
    if (!strcmp(name, "fields")) {
        return parse_fields(p, value);
    }
    return error_set(p->err, EINVAL, "'%s' is no part of a group", name);
}

/* Where the next bucket begins, or the text's end. */
static char *find_bucket(char *s)
{
    char *at = s;

    for (;; at++) {
        at = strstr(at, "bucket=");
        if (!at) {
            return s + strlen(s);
        }
        if (at == s || at[-1] == ',' || isspace((unsigned char)at[-1])) {
            return at;
        }
    }
}

static int parse_buckets(struct parse *p, char *s)
{
    int rc = 0;

    while (*s && !rc) {
        char *text = s + strlen("bucket=");

        s = find_bucket(text);
        if (*s) {
            s[-1] = '\0'; /* "bucket=bucket=" has an empty one, whose "=" goes. */
        }
        rc = parse_bucket(p, text);
        rc = rc ? error_prefix(p->err, "bucket %u", p->gm->config.n) : 0;
    }
    return rc;
}

static int check_buckets(const struct parse *p)
{
    const struct ofp_group_config *c = &p->gm->config;

    if (c->type == OFP_GROUP_TYPE_INDIRECT && c->n != 1) {
        return error_set(p->err, EINVAL, "an indirect group has one bucket");
    }
    for (unsigned int i = 0; i < c->n; i++) {
        const struct ofp_bucket *b = &c->bucket[i];
        bool watches = b->watch_port != OFP_PORT_NONE || b->watch_group != OFP_GROUP_ANY;

        if (b->weight && c->type != OFP_GROUP_TYPE_SELECT) {
            return error_set(p->err, EINVAL, "bucket %u: 'weight' is of select groups alone",
                             i + 1);
        }
        if (!watches && c->type == OFP_GROUP_TYPE_FF) {
            return error_set(p->err, EINVAL,
                             "bucket %u: in a fast failover group it needs 'watch_port' or "
                             "'watch_group'",
                             i + 1);
        }
    }
    return 0;
}

static int check_method(const struct parse *p)
{
    const struct ofp_group_config *c = &p->gm->config;

    if (p->has_method && c->type != OFP_GROUP_TYPE_SELECT) {
        return error_set(p->err, EINVAL, "'selection_method' is of select groups alone");
    }
    if (c->fields && c->method != OFP_GROUP_METHOD_HASH) {
        return error_set(p->err, EINVAL, "'fields' goes with 'selection_method=hash'");
    }
    if (c->method_param && !p->has_method) {
        return error_set(p->err, EINVAL, "'selection_method_param' goes with 'selection_method'");
    }
    return 0;
}

static int check(const struct parse *p)
{
    uint16_t command = p->gm->command;
    bool is_config = command == OFP_GROUP_ADD || command == OFP_GROUP_MODIFY ||
                     command == OFP_GROUP_ADD_OR_MODIFY;

    if (!p->has_id && command != OFP_GROUP_DELETE) {
        return error_set(p->err, EINVAL, "'group_id=...' is missing");
    }
    if (is_config && p->gm->group_id > OFP_GROUP_MAX) {
        return error_set(p->err, EINVAL, "'group_id': 'all' and 'any' are for deletions");
    }
    if (is_config && !p->has_type) {
        return error_set(p->err, EINVAL, "'type=...' is missing");
    }
    if (p->has_bucket_id && command != OFP_GROUP_INSERT_BUCKET &&
        command != OFP_GROUP_REMOVE_BUCKET) {
        return error_set(p->err, EINVAL,
                         "'command_bucket_id' is for insert-buckets and "
                         "remove-buckets");
    }
    if (!p->has_bucket_id && command == OFP_GROUP_INSERT_BUCKET) {
        return error_set(p->err, EINVAL, "'command_bucket_id=...' is missing");
    }
    if (p->gm->config.n && (command == OFP_GROUP_DELETE || command == OFP_GROUP_REMOVE_BUCKET)) {
        return error_set(p->err, EINVAL, "'bucket': nothing is added here");
    }
    return is_config ? check_method(p) || check_buckets(p) ? -EINVAL : 0 : 0;
}

static int parse(struct parse *p, char *text)
{
    char *buckets = find_bucket(text), *word;
    bool has_buckets = *buckets;
    int rc = 0;

    if (has_buckets && buckets > text) {
        buckets[-1] = '\0';
    } else if (has_buckets) {
        text += strlen(text); /* Nothing before. */
    }
    spaces_to_commas(text);
    while (!rc && (word = ofp_action_text_next(&text))) {
        rc = *word ? parse_word(p, word) : 0;
    }
    rc = rc || !has_buckets ? rc : parse_buckets(p, buckets);
    number_buckets(&p->gm->config);
    return rc ? rc : check(p);
}

int ofp_group_mod_parse(uint16_t command, const char *text, ofp_port_lookup *lookup, void *aux,
                        struct ofp_group_mod *ret, struct error *err)
{
    struct ofp_group_mod gm = {
        .command = command, .group_id = OFP_GROUP_ALL, .command_bucket_id = OFP_BUCKET_ALL};
    struct parse p = {.gm = &gm, .lookup = lookup, .aux = aux, .err = err};
    char *copy = xstrdup(text);
    int rc = parse(&p, copy);

    free(copy);
    if (rc) {
        ofp_group_config_free(&gm.config);
        return rc;
    }
    *ret = gm;
    return 0;
}

/* --- To text. */

static void format_fields(struct strbuf *s, const struct ofp_group_config *c, size_t *ret_n)
{
    const uint8_t *p = c->fields_wire;
    size_t len = c->fields_wire_len, n_fields = 0, n;

    for (; len; p += n, len -= n, n_fields++) {
        const struct ofp_field *f;
        uint8_t bits[OFP_FIELD_MAX_BYTES], mask[OFP_FIELD_MAX_BYTES], ones[OFP_FIELD_MAX_BYTES];
        struct ofp_flow all;
        bool has_mask;

        if (oxm_decode(p, len, &f, bits, mask, &has_mask, &n)) {
            break;
        }
        memset(&all, 0, sizeof all);
        ofp_field_fill(f, &all);
        ofp_field_get(f, &all, ones);
        strbuf_printf(s, "%s%s", n_fields ? "," : "", f->name2 ? f->name2 : f->name);
        if (memcmp(has_mask ? mask : bits, ones, f->n_bytes)) {
            strbuf_putc(s, '=');
            ofp_field_format(s, f, has_mask ? mask : bits, ones);
        }
    }
    *ret_n = n_fields;
}

static void format_bucket(struct strbuf *s, const struct ofp_bucket *b, uint8_t type, bool with_id)
{
    strbuf_puts(s, ",bucket=");
    if (with_id) {
        strbuf_printf(s, "bucket_id:%u,", b->id);
    }
    if (b->weight != (type == OFP_GROUP_TYPE_SELECT)) {
        strbuf_printf(s, "weight:%u,", b->weight);
    }
    if (b->watch_port != OFP_PORT_NONE) {
        strbuf_puts(s, "watch_port:");
        ofp_port_format(s, b->watch_port);
        strbuf_putc(s, ',');
    }
    if (b->watch_group != OFP_GROUP_ANY) {
        strbuf_printf(s, "watch_group:%u,", b->watch_group);
    }
    strbuf_puts(s, "actions=");
    ofp_actions_format(s, b->actions.data, b->actions.len);
}

void ofp_group_format(struct strbuf *s, uint32_t group_id, const struct ofp_group_config *c,
                      bool with_ids, bool with_type)
{
    static const char *const methods[] = {NULL, "hash", "dp_hash"};
    struct strbuf fields = STRBUF_INIT;
    size_t n_fields;

    strbuf_printf(s, "group_id=%u", group_id);
    if (with_type) {
        strbuf_printf(s, ",type=%s", types[c->type]);
    }
    if (c->method && c->method < ARRAY_SIZE(methods)) {
        strbuf_printf(s, ",selection_method=%s", methods[c->method]);
        if (c->method_param) {
            strbuf_printf(s, ",selection_method_param=%llu", (unsigned long long)c->method_param);
        }
        format_fields(&fields, c, &n_fields);
        if (n_fields) {
            strbuf_printf(s, n_fields == 1 ? ",fields=%s" : ",fields(%s)", strbuf_str(&fields));
        }
        strbuf_free(&fields);
    }
    for (unsigned int i = 0; i < c->n; i++) {
        format_bucket(s, &c->bucket[i], c->type, with_ids);
    }
}
