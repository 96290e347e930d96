/* dump-groups, dump-group-stats, dump-group-features, and how the messages about groups are
 * printed. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ofproto/codec/group_info.h"
#include "ofproto/codec/group_text.h"
#include "utilities/sluice-ofctl/json.h"
#include "utilities/sluice-ofctl/message.h"
#include "utilities/sluice-ofctl/ports.h"

#define STATS_GROUP 6
#define STATS_GROUP_DESC 7
#define STATS_GROUP_FEATURES 8
/* Nicira's, of OpenFlow 1.0. */
enum { NX_GROUP = 7, NX_GROUP_DESC = 8, NX_GROUP_FEATURES = 9 };

static const char *const types[] = {"all", "select", "indirect", "fast failover"};

/* --- Descriptions. */

static int print_desc(struct strbuf *s, const struct message *m)
{
    const uint8_t *p = m->body;
    size_t left = m->len, n = 0;
    int rc = 0;

    strbuf_putc(s, '\n');
    for (; left && !rc; p += n, left -= n) {
        struct ofp_group_config config;
        uint32_t id;

        rc = ofp_group_desc_decode(m->version, p, left, &id, &config, &n);
        if (!rc) {
            strbuf_putc(s, ' ');
            ofp_group_format(s, id, &config, m->version == OFP10 || m->version >= OFP15, true);
            strbuf_putc(s, '\n');
            ofp_group_config_free(&config);
        }
    }
    return rc;
}

static int desc_json(json_t *list, const struct message *m)
{
    const uint8_t *p = m->body;
    size_t left = m->len, n = 0;
    int rc = 0;

    for (; left && !rc; p += n, left -= n) {
        struct ofp_group_config config;
        json_t *buckets = json_array();
        uint32_t id;

        rc = ofp_group_desc_decode(m->version, p, left, &id, &config, &n);
        for (unsigned int i = 0; !rc && i < config.n; i++) {
            const struct ofp_bucket *b = &config.bucket[i];
            struct strbuf actions = STRBUF_INIT;

            ofp_actions_format(&actions, b->actions.data, b->actions.len);
            json_array_append_new(buckets, json_pack("{s:I, s:i, s:s}", "bucket_id",
                                                     (json_int_t)b->id, "weight", (int)b->weight,
                                                     "actions", strbuf_str(&actions)));
            strbuf_free(&actions);
        }
        if (rc) {
            json_decref(buckets);
        } else {
            json_array_append_new(list, json_pack("{s:I, s:s, s:o}", "group_id", (json_int_t)id,
                                                  "type", types[config.type], "buckets", buckets));
            ofp_group_config_free(&config);
        }
    }
    return rc;
}

/* --- Statistics. */

static void format_count(struct strbuf *s, const struct ofp_group_count *c)
{
    strbuf_printf(s, "packet_count=%llu,byte_count=%llu", (unsigned long long)c->packets,
                  (unsigned long long)c->bytes);
}

static int print_counts(struct strbuf *s, const struct message *m)
{
    const uint8_t *p = m->body;
    size_t left = m->len, n = 0;

    strbuf_putc(s, '\n');
    for (; left; p += n, left -= n) {
        struct ofp_group_counts c;
        int rc = ofp_group_counts_decode(m->version, p, left, &c, &n);

        if (rc) {
            return rc;
        }
        strbuf_printf(s, " group_id=%u,", c.group_id);
        if (c.has_duration) {
            strbuf_puts(s, "duration=");
            message_format_duration(s, c.duration_s, c.duration_ns);
            strbuf_puts(s, "s,");
        }
        strbuf_printf(s, "ref_count=%u,", c.refs);
        format_count(s, &c.all);
        for (unsigned int i = 0; i < c.n; i++) {
            struct ofp_group_count b = ofp_group_bucket_count(&c, i);

            strbuf_printf(s, ",bucket%u:", i);
            format_count(s, &b);
        }
        strbuf_putc(s, '\n');
    }
    return 0;
}

static int counts_json(json_t *list, const struct message *m)
{
    const uint8_t *p = m->body;
    size_t left = m->len, n = 0;

    for (; left; p += n, left -= n) {
        struct ofp_group_counts c;
        int rc = ofp_group_counts_decode(m->version, p, left, &c, &n);
        json_t *buckets;

        if (rc) {
            return rc;
        }
        buckets = json_array();
        for (unsigned int i = 0; i < c.n; i++) {
            struct ofp_group_count b = ofp_group_bucket_count(&c, i);

            json_array_append_new(buckets,
                                  json_pack("{s:I, s:I}", "packet_count", (json_int_t)b.packets,
                                            "byte_count", (json_int_t)b.bytes));
        }
        json_array_append_new(list,
                              json_pack("{s:I, s:I, s:I, s:I, s:o}", "group_id",
                                        (json_int_t)c.group_id, "ref_count", (json_int_t)c.refs,
                                        "packet_count", (json_int_t)c.all.packets, "byte_count",
                                        (json_int_t)c.all.bytes, "buckets", buckets));
    }
    return 0;
}

/* --- Features. */

static int print_features(struct strbuf *s, const struct message *m)
{
    struct ofp_group_features f;
    int rc = ofp_group_features_decode(m->body, m->len, &f);

    if (rc) {
        return rc;
    }
    strbuf_printf(s, "\n Group table:\n    Types:  0x%x\n    Capabilities:  0x%x\n", f.types,
                  f.capabilities);
    for (unsigned int i = 0; i < OFP_N_GROUP_TYPES; i++) {
        if (f.types & 1u << i) {
            strbuf_printf(s, "    %s group:\n       max_groups=%#x\n       actions:", types[i],
                          f.max_groups[i]);
            ofp_action_bits_format(s, m->version, f.actions[i]);
            strbuf_putc(s, '\n');
        }
    }
    return 0;
}

static int features_json(json_t *list, const struct message *m)
{
    struct ofp_group_features f;
    int rc = ofp_group_features_decode(m->body, m->len, &f);

    for (unsigned int i = 0; !rc && i < OFP_N_GROUP_TYPES; i++) {
        struct strbuf actions = STRBUF_INIT;

        if (f.types & 1u << i) {
            ofp_action_bits_format(&actions, m->version, f.actions[i]);
            json_array_append_new(list, json_pack("{s:s, s:I, s:s}", "type", types[i], "max_groups",
                                                  (json_int_t)f.max_groups[i], "actions",
                                                  strbuf_str(&actions) + (actions.len != 0)));
        }
        strbuf_free(&actions);
    }
    return rc;
}

/* --- Group mods. */

static int print_group_mod_form(struct strbuf *s, const struct message *m, enum ofp_version form)
{
    static const char *const commands[] = {"ADD",           "MOD", "DEL",
                                           "INSERT_BUCKET", NULL,  "REMOVE_BUCKET"};
    struct ofp_group_mod gm;
    int rc = ofp_group_mod_decode(m->version, form, m->body, m->len, &gm);
    const char *command;

    if (rc) {
        return rc;
    }
    command = gm.command < ARRAY_SIZE(commands) ? commands[gm.command] : "ADD_OR_MOD";
    strbuf_printf(s, "\n %s ", command);
    if (gm.command == OFP_GROUP_INSERT_BUCKET || gm.command == OFP_GROUP_REMOVE_BUCKET) {
        strbuf_puts(s, "command_bucket_id:");
        switch (gm.command_bucket_id) {
        case OFP_BUCKET_FIRST: strbuf_puts(s, "first,"); break;
        case OFP_BUCKET_LAST: strbuf_puts(s, "last,"); break;
        case OFP_BUCKET_ALL: strbuf_puts(s, "all,"); break;
        default: strbuf_printf(s, "%u,", gm.command_bucket_id); break;
        }
    }
    ofp_group_format(s, gm.group_id, &gm.config, form == OFP15,
                     gm.command != OFP_GROUP_INSERT_BUCKET &&
                         gm.command != OFP_GROUP_REMOVE_BUCKET);
    strbuf_putc(s, '\n');
    ofp_group_config_free(&gm.config);
    return 0;
}

static int print_group_mod(struct strbuf *s, const struct message *m)
{
    return print_group_mod_form(s, m, m->version);
}

static int print_nx_group_mod(struct strbuf *s, const struct message *m)
{
    return print_group_mod_form(s, m, OFP15);
}

static int print_request(struct strbuf *s, const struct message *m)
{
    uint32_t id = m->len < 8 ? OFP_GROUP_ALL : wire_get32(m->body);

    if (id == OFP_GROUP_ALL) {
        strbuf_puts(s, " group_id=ALL");
    } else {
        strbuf_printf(s, " group_id=%u", id);
    }
    return 0;
}

static const struct message_row rows[] = {
    {MESSAGE_PLAIN, OFP11, OFP15, 0, OFPT11_GROUP_MOD, "OFPT_GROUP_MOD", print_group_mod},
    {MESSAGE_PLAIN, OFP10, OFP14, OFP_VENDOR_NX, NXT_GROUP_MOD, "NXT_GROUP_MOD",
     print_nx_group_mod},
    {MESSAGE_REQUEST, OFP11, OFP15, 0, STATS_GROUP, "OFPST_GROUP", print_request},
    {MESSAGE_REPLY, OFP11, OFP15, 0, STATS_GROUP, "OFPST_GROUP", print_counts},
    {MESSAGE_REQUEST, OFP11, OFP14, 0, STATS_GROUP_DESC, "OFPST_GROUP_DESC", NULL},
    {MESSAGE_REQUEST, OFP15, OFP15, 0, STATS_GROUP_DESC, "OFPST_GROUP_DESC", print_request},
    {MESSAGE_REPLY, OFP11, OFP15, 0, STATS_GROUP_DESC, "OFPST_GROUP_DESC", print_desc},
    {MESSAGE_REQUEST, OFP12, OFP15, 0, STATS_GROUP_FEATURES, "OFPST_GROUP_FEATURES", NULL},
    {MESSAGE_REPLY, OFP12, OFP15, 0, STATS_GROUP_FEATURES, "OFPST_GROUP_FEATURES", print_features},
    {MESSAGE_REQUEST, OFP10, OFP10, OFP_VENDOR_NX, NX_GROUP, "NXST_GROUP", print_request},
    {MESSAGE_REPLY, OFP10, OFP10, OFP_VENDOR_NX, NX_GROUP, "NXST_GROUP", print_counts},
    {MESSAGE_REQUEST, OFP10, OFP10, OFP_VENDOR_NX, NX_GROUP_DESC, "NXST_GROUP_DESC", print_request},
    {MESSAGE_REPLY, OFP10, OFP10, OFP_VENDOR_NX, NX_GROUP_DESC, "NXST_GROUP_DESC", print_desc},
    {MESSAGE_REQUEST, OFP10, OFP11, OFP_VENDOR_NX, NX_GROUP_FEATURES, "NXST_GROUP_FEATURES", NULL},
    {MESSAGE_REPLY, OFP10, OFP11, OFP_VENDOR_NX, NX_GROUP_FEATURES, "NXST_GROUP_FEATURES",
     print_features},
    {MESSAGE_PLAIN, 0, 0, 0, 0, NULL, NULL},
};
MESSAGE_ROWS(rows)

/* --- Commands. */

struct group_dump {
    uint16_t type;
    uint32_t nx;
    const char *name; /* Without "OFPST_". */
    int (*print)(struct strbuf *, const struct message *);
    int (*to_json)(json_t *list, const struct message *);
    json_t *json; /* NULL: text. */
};

static int on_part(const struct ofconn *c, const struct ofconn_msg *part, bool more, void *dump_,
                   struct error *err)
{
    const struct group_dump *d = dump_;
    const struct message m = {.version = ofconn_version(c), .body = part->body, .len = part->len};
    char name[40];

    snprintf(name, sizeof name, "%s_%s", m.version == OFP10 ? "NXST" : "OFPST", d->name);
    if (!d->json) {
        return message_print_part(c, part, name, more, d->print, err);
    }
    return message_unreadable(c, name, d->to_json(d->json, &m), err);
}

/* "group_id=5" or "5". */
static int parse_group_arg(const char *text, uint32_t *ret, struct error *err)
{
    const char *value = text && !strncmp(text, "group_id=", 9) ? text + 9 : text;

    *ret = OFP_GROUP_ALL;
    if (value && !ofp_group_id_parse(value, ret)) {
        return error_set(err, EINVAL, "group '%s': '%s' is not a group's number", text, value);
    }
    return 0;
}

static int dump(const struct ofctl_options *o, char *args[], struct group_dump *d, bool takes_group,
                struct error *err)
{
    struct ofconn_stats what = {.type = d->type};
    struct strbuf body = STRBUF_INIT;
    struct ofconn *c = NULL;
    struct ofports ports;
    uint32_t id;
    int rc = parse_group_arg(args[1], &id, err);

    ofports_init(&ports, o, args[0]);
    rc = rc ? rc : ofports_show_names(&ports, err);
    rc = rc ? rc : ofconn_open(o, args[0], OFP_ALL_VERSIONS, &c, err);
    if (!rc) {
        enum ofp_version version = ofconn_version(c);

        if (version == OFP10) {
            what = (struct ofconn_stats){0xffff, OFP_VENDOR_NX, d->nx};
        }
        /* Before 1.5 all are described. */
        if (takes_group && (d->type == STATS_GROUP || version == OFP10 || version >= OFP15)) {
            ofp_group_request_encode(&body, id);
        }
        d->json = o->json ? json_array() : NULL;
        rc = ofconn_stats(c, &what, &body, on_part, d, err);
    }
    strbuf_free(&body);
    ofconn_close(c);
    ofports_free(&ports);
    return ofctl_print_json(d->json, rc);
}

static int dump_groups(const struct ofctl_options *o, char *args[], struct error *err)
{
    struct group_dump d = {STATS_GROUP_DESC, NX_GROUP_DESC, "GROUP_DESC",
                           print_desc,       desc_json,     NULL};

    return dump(o, args, &d, true, err);
}

static int dump_group_stats(const struct ofctl_options *o, char *args[], struct error *err)
{
    struct group_dump d = {STATS_GROUP, NX_GROUP, "GROUP", print_counts, counts_json, NULL};

    return dump(o, args, &d, true, err);
}

static int dump_group_features(const struct ofctl_options *o, char *args[], struct error *err)
{
    struct group_dump d = {STATS_GROUP_FEATURES, NX_GROUP_FEATURES, "GROUP_FEATURES",
                           print_features,       features_json,     NULL};

    return dump(o, args, &d, false, err);
}

static const struct ofctl_command commands[] = {
    {"dump-groups", 1, 2, "SWITCH [GROUP]", "groups", dump_groups},
    {"dump-group-stats", 1, 2, "SWITCH [GROUP]", "counters of groups", dump_group_stats},
    {"dump-group-features", 1, 1, "SWITCH", "what groups can do", dump_group_features},
    {NULL},
};
OFCTL_COMMANDS(commands)
