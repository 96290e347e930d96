/* mod-table, dump-table-desc. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ofproto/codec/table_mod.h"
#include "utilities/sluice-ofctl/batch.h"
#include "utilities/sluice-ofctl/json.h"
#include "utilities/sluice-ofctl/message.h"

#define STATS_TABLE_DESC 14
#define VERSIONS (1u << OFP14 | 1u << OFP15)

static void print_flags(struct strbuf *s, uint32_t flags)
{
    static const char *const names[] = {"OTHER", "IMPORTANCE", "LIFETIME"};
    size_t start = s->len;

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (flags & 1u << i) {
            strbuf_printf(s, "%s%s", s->len > start ? "|" : "", names[i]);
        }
    }
    if (s->len == start) {
        strbuf_puts(s, "(none)");
    }
}

static int print_desc(struct strbuf *s, const struct message *m)
{
    const uint8_t *p = m->body;
    size_t left = m->len, n = 0;

    for (; left; p += n, left -= n) {
        struct ofp_table_desc d;
        int rc = ofp_table_desc_decode(p, left, &d, &n);

        if (rc) {
            return rc;
        }
        strbuf_printf(s, "\n  table %u:\n   eviction=%s eviction_flags=", d.table_id,
                      d.evicts ? "on" : "off");
        print_flags(s, d.eviction_flags);
        strbuf_printf(s, "\n   vacancy=%s", d.tells_vacancy ? "on" : "off");
        if (d.tells_vacancy) {
            strbuf_printf(s, " vacancy_down=%u%% vacancy_up=%u%% vacancy=%u%%", d.vacancy_down,
                          d.vacancy_up, d.vacancy);
        }
        strbuf_putc(s, '\n');
    }
    return 0;
}

static const struct message_row rows[] = {
    {MESSAGE_REQUEST, OFP14, OFP15, 0, STATS_TABLE_DESC, "OFPST_TABLE_DESC", NULL},
    {MESSAGE_REPLY, OFP14, OFP15, 0, STATS_TABLE_DESC, "OFPST_TABLE_DESC", print_desc},
    {MESSAGE_PLAIN, OFP10, OFP10, 0, 0, NULL, NULL},
};
MESSAGE_ROWS(rows)

/* --- dump-table-desc. */

static int on_desc(const struct ofconn *c, const struct ofconn_msg *part, bool more, void *json_,
                   struct error *err)
{
    json_t *json = json_;
    const uint8_t *p = part->body;
    size_t left = part->len, n = 0;
    int rc = 0;

    if (!json) {
        return message_print_part(c, part, "OFPST_TABLE_DESC", more, print_desc, err);
    }
    for (; left && !rc; p += n, left -= n) {
        struct ofp_table_desc d;

        rc = ofp_table_desc_decode(p, left, &d, &n);
        if (!rc) {
            json_array_append_new(json, json_pack("{s:i, s:b, s:b, s:i, s:i, s:i}", "table",
                                                  (int)d.table_id, "eviction", d.evicts,
                                                  "vacancy_events", d.tells_vacancy, "vacancy_down",
                                                  (int)d.vacancy_down, "vacancy_up",
                                                  (int)d.vacancy_up, "vacancy", (int)d.vacancy));
        }
    }
    return message_unreadable(c, "OFPST_TABLE_DESC", rc, err);
}

static int dump_table_desc(const struct ofctl_options *o, char *args[], struct error *err)
{
    static const struct ofconn_stats what = {.type = STATS_TABLE_DESC};
    json_t *json = o->json ? json_array() : NULL;
    struct ofconn *c = NULL;
    int rc = ofconn_open(o, args[0], VERSIONS, &c, err);

    rc = rc ? rc : ofconn_stats(c, &what, NULL, on_desc, json, err);
    ofconn_close(c);
    return ofctl_print_json(json, rc);
}

/* --- mod-table. */

struct tables {
    uint32_t wanted; /* UINT32_MAX: all. */
    struct ofp_table_desc *list;
    size_t n;
};

static int collect(const struct ofconn *c, const struct ofconn_msg *part, bool more, void *tables_,
                   struct error *err)
{
    struct tables *t = tables_;
    const uint8_t *p = part->body;
    size_t left = part->len, n = 0;

    (void)more;
    for (; left; p += n, left -= n) {
        struct ofp_table_desc d;
        int rc = ofp_table_desc_decode(p, left, &d, &n);

        if (rc) {
            return message_unreadable(c, "OFPST_TABLE_DESC", rc, err);
        }
        if (t->wanted == UINT32_MAX || t->wanted == d.table_id) {
            if (t->n > UINT8_MAX) {
                return error_set(err, EPROTO, "%s: it describes too many tables", ofconn_target(c));
            }
            t->list[t->n++] = d;
        }
    }
    return 0;
}

/* What a word changes of each table. */
static int change(struct tables *t, const char *text, struct error *err)
{
    unsigned int down, up;
    int end = 0;
    bool vacancy = sscanf(text, "vacancy:%u,%u%n", &down, &up, &end) == 2 && !text[end];

    if (vacancy && (down > up || up > 100)) {
        return error_set(err, EINVAL,
                         "'%s': it is written as vacancy:DOWN,UP, per cent, with UP "
                         "not below DOWN",
                         text);
    }
    if (!vacancy && strcmp(text, "evict") && strcmp(text, "noevict") && strcmp(text, "novacancy")) {
        return error_set(err, EINVAL,
                         "'%s' is none of controller, continue, drop, evict, noevict, "
                         "vacancy:DOWN,UP, novacancy",
                         text);
    }
    for (size_t i = 0; i < t->n; i++) {
        struct ofp_table_desc *d = &t->list[i];

        if (vacancy) {
            d->tells_vacancy = true;
            d->vacancy_down = (uint8_t)down;
            d->vacancy_up = (uint8_t)up;
        } else if (!strcmp(text, "novacancy")) {
            d->tells_vacancy = false;
        } else {
            d->evicts = *text == 'e';
        }
    }
    return 0;
}

static int parse_table(const char *text, struct tables *t, struct error *err)
{
    uint64_t x;

    if (!strcasecmp(text, "all")) {
        t->wanted = UINT32_MAX;
    } else if (parse_u64(text, UINT8_MAX - 1, &x)) {
        t->wanted = (uint32_t)x;
    } else {
        return error_set(err, EINVAL, "table '%s': it is neither a number within 0...254 nor 'all'",
                         text);
    }
    return 0;
}

static int send_all(struct ofconn *c, const struct tables *t, struct error *err)
{
    struct batch b;
    int rc = batch_begin(&b, c, NULL, "change", false, err);

    for (size_t i = 0; i < t->n && !rc; i++) {
        struct strbuf s = STRBUF_INIT;

        ofp_table_mod_encode(&s, ofconn_version(c), batch_xid(&b), &t->list[i]);
        rc = batch_add(&b, &s, 0, err);
    }
    rc = rc ? rc : batch_end(&b, err);
    batch_free(&b);
    return rc;
}

/* What becomes of packets that miss: another message, of other versions. */
static int mod_miss(const struct ofctl_options *o, char *args[], const struct tables *t,
                    enum ofp_table_miss miss, struct error *err)
{
    struct strbuf s = STRBUF_INIT;
    struct ofconn *c = NULL;
    struct batch b = {.conn = NULL};
    int rc = ofconn_open(o, args[0], 1u << OFP11 | 1u << OFP12, &c, err);

    rc = rc ? rc : batch_begin(&b, c, NULL, "change", false, err);
    if (!rc) {
        ofp_table_miss_encode(&s, ofconn_version(c), batch_xid(&b),
                              t->wanted == UINT32_MAX ? UINT8_MAX : (uint8_t)t->wanted, miss);
        rc = batch_add(&b, &s, 0, err);
        rc = rc ? rc : batch_end(&b, err);
    }
    batch_free(&b);
    ofconn_close(c);
    return rc;
}

static enum ofp_table_miss parse_miss(const char *text)
{
    return !strcmp(text, "controller") ? OFP_MISS_CONTROLLER
           : !strcmp(text, "continue") ? OFP_MISS_CONTINUE
           : !strcmp(text, "drop")     ? OFP_MISS_DROP
                                       : OFP_MISS_DEFAULT;
}

static int mod_table(const struct ofctl_options *o, char *args[], struct error *err)
{
    static const struct ofconn_stats what = {.type = STATS_TABLE_DESC};
    struct tables t = {.list = xcalloc(UINT8_MAX + 1, sizeof *t.list)};
    struct ofconn *c = NULL;
    int rc = parse_table(args[1], &t, err);

    if (!rc && parse_miss(args[2])) {
        free(t.list);
        return mod_miss(o, args, &t, parse_miss(args[2]), err);
    }
    rc = rc ? rc : change(&t, args[2], err); /* Before anything is asked. */
    rc = rc ? rc : ofconn_open(o, args[0], VERSIONS, &c, err);
    rc = rc ? rc : ofconn_stats(c, &what, NULL, collect, &t, err);
    if (!rc && !t.n) {
        rc = error_set(err, ENOENT, "%s: there is no table %s", args[0], args[1]);
    }
    rc = rc ? rc : change(&t, args[2], err);
    rc = rc ? rc : send_all(c, &t, err);
    free(t.list);
    ofconn_close(c);
    return rc;
}

static const struct ofctl_command commands[] = {
    {"dump-table-desc", 1, 1, "SWITCH", "how tables are set up (OpenFlow 1.4 and later)",
     dump_table_desc},
    {"mod-table", 3, 3, "SWITCH TABLE CHANGE",
     "CHANGE is evict, noevict, vacancy:DOWN,UP (per cent) or novacancy; in OpenFlow 1.1 and 1.2 "
     "controller, continue or drop; TABLE may be 'all'",
     mod_table, true},
    {NULL},
};
OFCTL_COMMANDS(commands)
