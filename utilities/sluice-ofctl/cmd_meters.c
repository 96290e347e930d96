/* add-meter, mod-meter, del-meters, dump-meters, meter-stats, meter-features, and how the messages
 * about meters are printed. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ofproto/codec/meter_mod.h"
#include "utilities/sluice-ofctl/batch.h"
#include "utilities/sluice-ofctl/json.h"
#include "utilities/sluice-ofctl/message.h"

#define STATS_METER 9
#define STATS_METER_CONFIG 10
#define STATS_METER_FEATURES 11
#define VERSIONS (1u << OFP13 | 1u << OFP14 | 1u << OFP15)

static const char *const flag_names[] = {"kbps", "pktps", "burst", "stats"};
static const char *const type_names[] = {NULL, "drop", "dscp_remark"};

static json_t *id_json(uint32_t meter_id)
{
    struct strbuf s = STRBUF_INIT;
    json_t *id;

    ofp_meter_id_format(&s, meter_id);
    id = meter_id > OFP_METER_MAX ? json_string(strbuf_str(&s)) : json_integer(meter_id);
    strbuf_free(&s);
    return id;
}

/* The names of the bits. */
static json_t *names_json(uint32_t bits, const char *const *names, size_t n)
{
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++) {
        if (names[i] && bits & 1u << i) {
            json_array_append_new(list, json_string(names[i]));
        }
    }
    return list;
}

static void print_names(struct strbuf *s, uint32_t bits, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (names[i] && bits & 1u << i) {
            strbuf_printf(s, " %s", names[i]);
        }
    }
    strbuf_putc(s, '\n');
}

/* --- Configurations. */

static void print_config(struct strbuf *s, uint32_t id, const struct ofp_meter_config *config)
{
    strbuf_puts(s, "meter=");
    ofp_meter_id_format(s, id);
    strbuf_putc(s, ' ');
    ofp_meter_config_format(s, config);
}

static int print_configs(struct strbuf *s, const struct message *m)
{
    const uint8_t *p = m->body;

    for (size_t left = m->len, n = 0; left; p += n, left -= n) {
        struct ofp_meter_config config;
        uint32_t id;

        if (!ofp_meter_desc_decode(p, left, &id, &config, &n)) {
            return OFPERR_BRC_BAD_LEN;
        }
        strbuf_putc(s, '\n');
        print_config(s, id, &config);
    }
    return 0;
}

static int configs_json(json_t *list, const struct message *m)
{
    const uint8_t *p = m->body;

    for (size_t left = m->len, n = 0; left; p += n, left -= n) {
        struct ofp_meter_config c;
        json_t *bands = json_array();
        uint32_t id;

        if (!ofp_meter_desc_decode(p, left, &id, &c, &n)) {
            json_decref(bands);
            return OFPERR_BRC_BAD_LEN;
        }
        for (unsigned int i = 0; i < c.n; i++) {
            const struct ofp_band *b = &c.band[i];

            json_array_append_new(bands, json_pack("{s:s, s:I, s:I, s:i}", "type",
                                                   type_names[b->type], "rate", (json_int_t)b->rate,
                                                   "burst_size", (json_int_t)b->burst, "prec_level",
                                                   (int)b->prec_level));
        }
        json_array_append_new(list,
                              json_pack("{s:o, s:o, s:o}", "meter", id_json(id), "flags",
                                        names_json(c.flags, flag_names, ARRAY_SIZE(flag_names)),
                                        "bands", bands));
    }
    return 0;
}

/* --- Statistics. */

static int print_stats(struct strbuf *s, const struct message *m)
{
    const uint8_t *p = m->body;

    for (size_t left = m->len, n = 0; left; p += n, left -= n) {
        struct ofp_meter_stats st;

        if (!ofp_meter_stats_decode(p, left, &st, &n)) {
            return OFPERR_BRC_BAD_LEN;
        }
        strbuf_puts(s, "\nmeter:");
        ofp_meter_id_format(s, st.meter_id);
        strbuf_printf(s, " flow_count:%u packet_in_count:%llu byte_in_count:%llu duration:",
                      st.n_flows, (unsigned long long)st.packets, (unsigned long long)st.bytes);
        message_format_duration(s, st.duration_s, st.duration_ns);
        strbuf_puts(s, "s bands:\n");
        for (unsigned int i = 0; i < st.n; i++) {
            strbuf_printf(s, "%u: packet_count:%llu byte_count:%llu\n", i,
                          (unsigned long long)st.band[i].packets,
                          (unsigned long long)st.band[i].bytes);
        }
    }
    return 0;
}

static int stats_json(json_t *list, const struct message *m)
{
    const uint8_t *p = m->body;

    for (size_t left = m->len, n = 0; left; p += n, left -= n) {
        struct ofp_meter_stats st;
        json_t *bands = json_array();

        if (!ofp_meter_stats_decode(p, left, &st, &n)) {
            json_decref(bands);
            return OFPERR_BRC_BAD_LEN;
        }
        for (unsigned int i = 0; i < st.n; i++) {
            json_array_append_new(bands,
                                  json_pack("{s:I, s:I}", "packets", (json_int_t)st.band[i].packets,
                                            "bytes", (json_int_t)st.band[i].bytes));
        }
        json_array_append_new(
            list, json_pack("{s:o, s:I, s:I, s:I, s:f, s:o}", "meter", id_json(st.meter_id),
                            "flows", (json_int_t)st.n_flows, "packets", (json_int_t)st.packets,
                            "bytes", (json_int_t)st.bytes, "duration_s",
                            st.duration_s + st.duration_ns / 1e9, "bands", bands));
    }
    return 0;
}

/* --- Features. */

static int print_features(struct strbuf *s, const struct message *m)
{
    struct ofp_meter_features f;

    if (!ofp_meter_features_decode(m->body, m->len, &f)) {
        return OFPERR_BRC_BAD_LEN;
    }
    strbuf_printf(s, "\nmax_meter:%u max_bands:%u max_color:%u\nband_types:", f.max_meters,
                  f.max_bands, f.max_color);
    print_names(s, f.band_types, type_names, ARRAY_SIZE(type_names));
    strbuf_puts(s, "capabilities:");
    print_names(s, f.capabilities, flag_names, ARRAY_SIZE(flag_names));
    return 0;
}

static int features_json(json_t *list, const struct message *m)
{
    struct ofp_meter_features f;

    if (!ofp_meter_features_decode(m->body, m->len, &f)) {
        return OFPERR_BRC_BAD_LEN;
    }
    json_array_append_new(
        list,
        json_pack("{s:I, s:i, s:i, s:o, s:o}", "max_meters", (json_int_t)f.max_meters, "max_bands",
                  (int)f.max_bands, "max_color", (int)f.max_color, "band_types",
                  names_json(f.band_types, type_names, ARRAY_SIZE(type_names)), "capabilities",
                  names_json(f.capabilities, flag_names, ARRAY_SIZE(flag_names))));
    return 0;
}

/* --- Other messages. */

static int print_meter_mod(struct strbuf *s, const struct message *m)
{
    static const char *const commands[] = {"ADD", "MOD", "DEL"};
    struct ofp_meter_mod mod;
    int rc = ofp_meter_mod_decode(m->body, m->len, &mod);

    if (!rc) {
        strbuf_printf(s, " %s ", commands[mod.command]);
        print_config(s, mod.meter_id, &mod.config);
    }
    return rc;
}

static int print_request(struct strbuf *s, const struct message *m)
{
    if (m->len < 8) {
        return OFPERR_BRC_BAD_LEN;
    }
    strbuf_puts(s, " meter=");
    ofp_meter_id_format(s, wire_get32(m->body));
    return 0;
}

static const struct message_row rows[] = {
    {MESSAGE_PLAIN, OFP13, OFP15, 0, OFPT13_METER_MOD, "OFPT_METER_MOD", print_meter_mod},
    {MESSAGE_REQUEST, OFP13, OFP15, 0, STATS_METER, "OFPST_METER", print_request},
    {MESSAGE_REPLY, OFP13, OFP15, 0, STATS_METER, "OFPST_METER", print_stats},
    {MESSAGE_REQUEST, OFP13, OFP15, 0, STATS_METER_CONFIG, "OFPST_METER_CONFIG", print_request},
    {MESSAGE_REPLY, OFP13, OFP15, 0, STATS_METER_CONFIG, "OFPST_METER_CONFIG", print_configs},
    {MESSAGE_REQUEST, OFP13, OFP15, 0, STATS_METER_FEATURES, "OFPST_METER_FEATURES", NULL},
    {MESSAGE_REPLY, OFP13, OFP15, 0, STATS_METER_FEATURES, "OFPST_METER_FEATURES", print_features},
    {MESSAGE_PLAIN, 0, 0, 0, 0, NULL, NULL},
};
MESSAGE_ROWS(rows)

/* --- Commands that ask. */

struct meter_dump {
    uint16_t type;
    const char *name;
    int (*print)(struct strbuf *, const struct message *);
    int (*to_json)(json_t *list, const struct message *);
    json_t *json; /* NULL: text. */
};

static int on_part(const struct ofconn *c, const struct ofconn_msg *part, bool more, void *dump_,
                   struct error *err)
{
    const struct meter_dump *d = dump_;
    const struct message m = {.version = ofconn_version(c), .body = part->body, .len = part->len};

    return d->json ? message_unreadable(c, d->name, d->to_json(d->json, &m), err)
                   : message_print_part(c, part, d->name, more, d->print, err);
}

/* "meter=5" or "5"; NULL: all. */
static int parse_meter_arg(const char *text, uint32_t *ret, struct error *err)
{
    const char *value = text && !strncmp(text, "meter=", 6) ? text + 6 : text;

    *ret = OFP_METER_ALL;
    if (value && !ofp_meter_id_parse(value, true, ret)) {
        return error_set(err, EINVAL,
                         "meter '%s': '%s' is neither a number of 1 to %u nor 'controller' nor "
                         "'slowpath'",
                         text, value, OFP_METER_MAX);
    }
    return 0;
}

static int dump(const struct ofctl_options *o, char *args[], struct meter_dump *d,
                struct error *err)
{
    const struct ofconn_stats what = {.type = d->type};
    struct strbuf body = STRBUF_INIT;
    struct ofconn *c = NULL;
    uint32_t id;
    int rc = parse_meter_arg(args[1], &id, err);

    rc = rc ? rc : ofconn_open(o, args[0], VERSIONS, &c, err);
    if (!rc) {
        if (d->type != STATS_METER_FEATURES) {
            wire_put32(&body, id);
            wire_zeros(&body, 4);
        }
        d->json = o->json ? json_array() : NULL;
        rc = ofconn_stats(c, &what, &body, on_part, d, err);
    }
    strbuf_free(&body);
    ofconn_close(c);
    return ofctl_print_json(d->json, rc);
}

static int dump_meters(const struct ofctl_options *o, char *args[], struct error *err)
{
    struct meter_dump d = {STATS_METER_CONFIG, "OFPST_METER_CONFIG", print_configs, configs_json,
                           NULL};

    return dump(o, args, &d, err);
}

static int meter_stats(const struct ofctl_options *o, char *args[], struct error *err)
{
    struct meter_dump d = {STATS_METER, "OFPST_METER", print_stats, stats_json, NULL};

    return dump(o, args, &d, err);
}

static int meter_features(const struct ofctl_options *o, char *args[], struct error *err)
{
    struct meter_dump d = {STATS_METER_FEATURES, "OFPST_METER_FEATURES", print_features,
                           features_json, NULL};

    return dump(o, args, &d, err);
}

/* --- Commands that tell. */

static int send_mod(const struct ofctl_options *o, const char *target,
                    const struct ofp_meter_mod *mod, struct error *err)
{
    struct strbuf s = STRBUF_INIT;
    struct batch batch;
    struct ofconn *c;
    int rc = ofconn_open(o, target, VERSIONS, &c, err);

    if (rc) {
        return rc;
    }
    rc = batch_begin(&batch, c, NULL, "meter", false, err);
    if (!rc) {
        ofp_meter_mod_encode(&s, ofconn_version(c), batch_xid(&batch), mod);
        rc = batch_add(&batch, &s, 0, err);
    }
    rc = rc ? rc : batch_end(&batch, err);
    batch_free(&batch);
    ofconn_close(c);
    return rc;
}

static int change(const struct ofctl_options *o, char *args[], enum ofp_meter_command command,
                  struct error *err)
{
    struct ofp_meter_mod mod = {.command = command};
    int rc = ofp_meter_mod_parse(args[1], &mod, err);

    return rc ? rc : send_mod(o, args[0], &mod, err);
}

static int add_meter(const struct ofctl_options *o, char *args[], struct error *err)
{
    return change(o, args, OFP_METER_ADD, err);
}

static int mod_meter(const struct ofctl_options *o, char *args[], struct error *err)
{
    return change(o, args, OFP_METER_MODIFY, err);
}

static int del_meters(const struct ofctl_options *o, char *args[], struct error *err)
{
    struct ofp_meter_mod mod = {.command = OFP_METER_DELETE};
    int rc = parse_meter_arg(args[1], &mod.meter_id, err);

    return rc ? rc : send_mod(o, args[0], &mod, err);
}

#define METER "meter=N,kbps|pktps[,burst][,stats],bands=type=drop|dscp_remark,rate=R[,...]"

static const struct ofctl_command commands[] = {
    {"add-meter", 2, 2, "SWITCH METER", "adds METER: " METER, add_meter, true},
    {"mod-meter", 2, 2, "SWITCH METER", "puts METER in the place of the meter with its number",
     mod_meter, true},
    {"del-meter", 2, 2, "SWITCH meter=N", "deletes a meter, and the flows that refer to it",
     del_meters, true},
    {"del-meters", 1, 2, "SWITCH [meter=N]", "deletes a meter, or all", del_meters, true},
    {"dump-meter", 2, 2, "SWITCH meter=N", "a meter", dump_meters},
    {"dump-meters", 1, 2, "SWITCH [meter=N]", "meters", dump_meters},
    {"meter-stats", 1, 2, "SWITCH [meter=N]", "counters of meters", meter_stats},
    {"meter-features", 1, 1, "SWITCH", "what meters can do", meter_features},
    {NULL},
};
OFCTL_COMMANDS(commands)
