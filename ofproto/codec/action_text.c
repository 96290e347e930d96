/* See action_text.h. */
#include "ofproto/codec/action_text.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>

#include "ofproto/codec/action_conjunction.h"

#define MAX_WORDS 128
#define MAX_NESTED 16
#define SPACES " \t\r\n"

static const struct ofp_action_word *words[MAX_WORDS];
static size_t n_words;

void ofp_action_words_register(const struct ofp_action_word *word, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        assert(n_words < MAX_WORDS);
        words[n_words++] = &word[i];
    }
}

static const struct ofp_action_word *find_word(const char *name)
{
    for (size_t i = 0; i < n_words; i++) {
        if (!strcasecmp(words[i]->name, name)) {
            return words[i];
        }
    }
    return NULL;
}

int ofp_action_text_full(const char *name, struct error *err)
{
    return error_set(err, E2BIG, "action '%s': the actions take more than %d bytes", name,
                     OFP_ACTIONS_MAX_LEN);
}

/* Up to one of the delimiters, or the end, that no parentheses enclose. */
static char *find_end(char *s, const char *delimiters)
{
    unsigned int depth = 0;

    for (; *s; s++) {
        if (!depth && strchr(delimiters, *s)) {
            break;
        }
        depth += *s == '(';
        depth -= *s == ')' && depth;
    }
    return s;
}

static char *trim(char *s)
{
    size_t n;

    s += strspn(s, SPACES);
    n = strlen(s);
    while (n && strchr(SPACES, s[n - 1])) {
        n--;
    }
    s[n] = '\0';
    return s;
}

char *ofp_action_text_next(char **s)
{
    char *word = *s, *end;

    if (!*word) {
        return NULL;
    }
    end = find_end(word, ",");
    *s = *end ? end + 1 : end;
    *end = '\0';
    return trim(word);
}

int ofp_action_text_number(const char *name, const char *what, const char *text, uint64_t max,
                           uint64_t *ret, struct error *err)
{
    return parse_u64(text, max, ret)
               ? 0
               : error_set(err, EINVAL, "action '%s': %s '%s' is not a number within 0...%llu",
                           name, what, text, (unsigned long long)max);
}

static unsigned int hex_digit(char c)
{
    return c <= '9' ? (unsigned int)(c - '0') : ((unsigned int)c | 0x20) - 'a' + 10;
}

int ofp_action_text_bytes(const char *name, const char *text, uint8_t **ret, size_t *ret_n,
                          struct error *err)
{
    uint8_t *bytes = xmalloc(strlen(text) / 2 + 1);
    size_t n = 0;

    for (const char *c = text; *c; c += 2) {
        c += n && *c == '.';
        if (strspn(c, "0123456789abcdefABCDEF") < 2) {
            free(bytes);
            return error_set(err, EINVAL, "action '%s': '%s': bytes are two hexadecimal digits",
                             name, text);
        }
        bytes[n++] = (uint8_t)(hex_digit(c[0]) << 4 | hex_digit(c[1]));
    }
    *ret = bytes;
    *ret_n = n;
    return 0;
}

bool ofp_port_by_name(const char *name, uint32_t *ret)
{
    static const uint32_t ports[] = {OFP_PORT_IN_PORT, OFP_PORT_TABLE,     OFP_PORT_NORMAL,
                                     OFP_PORT_FLOOD,   OFP_PORT_ALL,       OFP_PORT_LOCAL,
                                     OFP_PORT_NONE,    OFP_PORT_CONTROLLER};
    bool found = false;

    for (size_t i = 0; i < ARRAY_SIZE(ports) && !found; i++) {
        struct strbuf s = STRBUF_INIT;

        ofp_port_format(&s, ports[i]);
        found = !strcasecmp(strbuf_str(&s), name);
        if (found) {
            *ret = ports[i];
        }
        strbuf_free(&s);
    }
    return found;
}

int ofp_action_text_port(const struct ofp_action_text *t, const char *name, const char *text,
                         uint32_t *ret, struct error *err)
{
    uint64_t x;

    if (parse_u64(text, UINT32_MAX, &x)) {
        if (x >= 0xffff0000u + OFP_PORT_UNSET) {
            x &= 0xffff; /* As versions after 1.0 number the reserved ones. */
        }
        if (x > UINT16_MAX) {
            return error_set(err, EINVAL, "action '%s': there is no port %llu", name,
                             (unsigned long long)x);
        }
        *ret = (uint32_t)x;
        return 0;
    }
    if (ofp_port_by_name(text, ret) || (t->lookup && t->lookup(text, ret, t->aux))) {
        return 0;
    }
    return error_set(err, EINVAL, "action '%s': '%s' is neither a port's number nor a port's name",
                     name, text);
}

/* --- Lists. */

/* An action's name and argument, both cut out of 's'; what comes after is returned. */
static char *split(char *s, char **ret_name, char **ret_arg)
{
    size_t n = strcspn(s, ":=(," SPACES);
    char *arg = s + n, *end;

    *ret_name = s;
    *ret_arg = NULL;
    if (*arg == '(') {
        end = find_end(arg + 1, ")");
        *ret_arg = arg + 1;
        *arg = '\0';
        if (!*end) {
            return NULL; /* Not closed. */
        }
        if (end[1] != '-') {
            *end++ = '\0';
            return end;
        }
        end = find_end(end + 1, "," SPACES); /* "NAME(ARG)->FIELD": all of it. */
        if (*end) {
            *end++ = '\0';
        }
        return end;
    }
    if (*arg == ':' || *arg == '=') {
        *arg++ = '\0';
        end = find_end(arg, "," SPACES);
        *ret_arg = arg;
    } else {
        end = arg;
    }
    if (*end) {
        *end++ = '\0';
    }
    return end;
}

static int parse_one(const struct ofp_action_text *t, char *name, char *arg,
                     struct ofp_actions *out, struct error *err)
{
    static char none[1];
    const struct ofp_action_word *word = find_word(name);
    uint32_t port;

    if (word) {
        if (arg && *arg && word->arg == OFP_ARG_NONE) {
            return error_set(err, EINVAL, "action '%s': '%s': it takes no argument", name, arg);
        }
        if ((!arg || !*arg) && word->arg == OFP_ARG_WANTED) {
            return error_set(err, EINVAL, "action '%s': its argument is missing", name);
        }
        return word->parse(t, word->name, arg ? arg : none, out, err);
    }
    /* A port by itself is output. */
    if (!arg && !ofp_action_text_port(t, name, name, &port, NULL)) {
        return find_word("output")->parse(t, "output", name, out, err);
    }
    return error_set(err, EINVAL, "'%s' is neither an action nor a port", name);
}

static int parse_list(const struct ofp_action_text *t, char *s, struct ofp_actions *out,
                      struct error *err)
{
    bool drop = false;
    int rc = 0;

    while (s && !rc) {
        char *name, *arg, *start;

        s += strspn(s, "," SPACES);
        if (!*s) {
            break;
        }
        start = s;
        s = split(s, &name, &arg);
        if (!s) {
            return error_set(err, EINVAL, "action '%s': a parenthesis is not closed", start);
        }
        if (drop || (!strcasecmp(name, "drop") && out->len)) {
            return error_set(err, EINVAL, "action 'drop': other actions may not stand beside it");
        }
        if (!strcasecmp(name, "drop") && !arg) {
            drop = true;
            continue;
        }
        rc = parse_one(t, name, arg, out, err);
    }
    return rc;
}

/* Instructions come after all actions, once each, in the order in which they are carried out. */
static int check_order(const struct ofp_actions *list, bool nested, struct error *err)
{
    const struct ofp_action *last = NULL;

    for (const struct ofp_action *a = ofp_actions_first(list->data, list->len); a;
         a = ofp_actions_next(list->data, list->len, a)) {
        bool is_instruction = a->type >= OFP_ACTION_CLEAR_ACTIONS;

        if ((last && a->type <= last->type) || (nested && is_instruction)) {
            struct strbuf s = STRBUF_INIT;
            int rc;

            ofp_action_format(&s, a);
            rc = nested
                     ? error_set(err, EINVAL, "action '%s': it may not stand in another",
                                 strbuf_str(&s))
                     : error_set(err, EINVAL,
                                 "action '%s': in the wrong place; the order is: actions, "
                                 "clear_actions, write_actions, write_metadata, goto_table, each "
                                 "at most once",
                                 strbuf_str(&s));
            strbuf_free(&s);
            return rc;
        }
        last = is_instruction ? a : NULL;
    }
    if (ofp_actions_check_conjunction(list->data, list->len)) {
        return error_set(err, EINVAL,
                         "action 'conjunction': beside it only conjunctions and notes may stand");
    }
    return 0;
}

static int parse(const struct ofp_action_text *t, const char *text, struct ofp_actions *ret,
                 struct error *err)
{
    char *copy = xstrdup(text);
    int rc = parse_list(t, copy, ret, err);

    if (!rc) {
        rc = check_order(ret, t->depth, err);
    }
    if (rc) {
        ofp_actions_free(ret);
    }
    free(copy);
    return rc;
}

int ofp_actions_parse(const char *text, ofp_port_lookup *lookup, void *aux, struct ofp_actions *ret,
                      struct error *err)
{
    return ofp_actions_parse_for(NULL, text, lookup, aux, ret, err);
}

int ofp_actions_parse_for(const struct ofp_match *match, const char *text, ofp_port_lookup *lookup,
                          void *aux, struct ofp_actions *ret, struct error *err)
{
    const struct ofp_action_text t = {.lookup = lookup, .aux = aux, .match = match};

    return parse(&t, text, ret, err);
}

int ofp_actions_parse_nested(const struct ofp_action_text *outer, const char *name,
                             const char *text, struct ofp_actions *ret, struct error *err)
{
    struct ofp_action_text t = *outer;

    if (++t.depth > MAX_NESTED) {
        return error_set(err, EINVAL, "action '%s': actions are more than %d deep in each other",
                         name, MAX_NESTED);
    }
    return parse(&t, text, ret, err);
}
