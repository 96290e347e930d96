/* What a switch is: show, dump-desc, dump-ports-desc, get-frags. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ofproto/codec/group_info.h"
#include "utilities/sluice-ofctl/json.h"
#include "utilities/sluice-ofctl/ports.h"

#define STATS_DESC 0
#define STATS_PORT_DESC 13

static void print_features(const struct ofp_header *h, const struct ofp_features *f)
{
    struct strbuf s = STRBUF_INIT;

    ofconn_print_tail(&s, h);
    ofports_print_features(&s, (enum ofp_version)h->version, f);
    printf("OFPT_FEATURES_REPLY%s\n", strbuf_str(&s));
    strbuf_free(&s);
}

static void print_ports(enum ofp_version version, const struct ofports *ports)
{
    struct strbuf s = STRBUF_INIT;

    ofports_sort(ports->list, ports->n);
    for (size_t i = 0; i < ports->n; i++) {
        ofports_print(&s, version, &ports->list[i]);
    }
    fputs(strbuf_str(&s), stdout);
    strbuf_free(&s);
}

static json_t *ports_json(const struct ofports *ports)
{
    json_t *list = json_array();

    ofports_sort(ports->list, ports->n);
    for (size_t i = 0; i < ports->n; i++) {
        const struct ofp_port_info *p = &ports->list[i];
        char mac[18];

        snprintf(mac, sizeof mac, "%02x:%02x:%02x:%02x:%02x:%02x", p->mac[0], p->mac[1], p->mac[2],
                 p->mac[3], p->mac[4], p->mac[5]);
        json_array_append_new(list, json_pack("{s:i, s:s%, s:s, s:i, s:i, s:i, s:i}", "port",
                                              (int)p->port, "name", p->name, strlen(p->name), "mac",
                                              mac, "config", (int)p->config, "state", (int)p->state,
                                              "current_mbps", (int)p->current_mbps, "max_mbps",
                                              (int)p->max_mbps));
    }
    return list;
}

struct port_dump {
    struct ofports ports;
    bool headers;
};

static int on_ports(const struct ofconn *c, const struct ofconn_msg *m, bool more, void *dump_,
                    struct error *err)
{
    struct port_dump *d = dump_;
    struct strbuf s = STRBUF_INIT;
    size_t before = d->ports.n;
    int rc = ofports_add(&d->ports, ofconn_version(c), m->body, m->len, err);

    if (!rc && d->headers) {
        struct ofports part = {.list = d->ports.list + before, .n = d->ports.n - before};

        ofconn_print_tail(&s, &m->h);
        printf("OFPST_PORT_DESC reply%s%s\n", strbuf_str(&s), more ? " flags=[more]" : "");
        print_ports(ofconn_version(c), &part);
        strbuf_free(&s);
    }
    return rc;
}

static int dump_ports_desc(struct ofconn *c, uint32_t port, struct port_dump *d, struct error *err)
{
    static const struct ofconn_stats what = {.type = STATS_PORT_DESC};
    struct strbuf body = STRBUF_INIT;
    int rc;

    if (ofconn_version(c) >= OFP15) {
        ofp_port_counts_request(&body, OFP15, port);
    }
    rc = ofconn_stats(c, &what, &body, on_ports, d, err);
    strbuf_free(&body);
    return rc;
}

static int get_frags(struct ofconn *c, struct ofconn_msg *m, const char **ret, uint16_t *ret_len,
                     struct error *err)
{
    static const char *const frags[] = {"normal", "drop", "reassemble", "nx-match"};
    int rc = ofconn_transact(c, OFPT_GET_CONFIG_REQUEST, NULL, OFPT_GET_CONFIG_REPLY, m, err);

    if (!rc && m->len != 4) {
        rc = error_set(err, EPROTO, "%s: the configuration cannot be read", ofconn_target(c));
    }
    if (!rc) {
        *ret = frags[wire_get16(m->body) & 3];
        *ret_len = wire_get16(m->body + 2);
    }
    return rc;
}

static int show_config(struct ofconn *c, struct error *err)
{
    struct strbuf s = STRBUF_INIT;
    struct ofconn_msg m;
    const char *frags;
    uint16_t len;
    int rc;

    ofconn_next_xid(c); /* ovs-ofctl makes a connection anew here; its number is known to many. */
    rc = get_frags(c, &m, &frags, &len, err);
    if (!rc) {
        ofconn_print_tail(&s, &m.h);
        printf("OFPT_GET_CONFIG_REPLY%s frags=%s miss_send_len=%u\n", strbuf_str(&s), frags, len);
        strbuf_free(&s);
    }
    return rc;
}

static int show(const struct ofctl_options *o, char *args[], struct error *err)
{
    struct port_dump d = {.headers = !o->json};
    struct ofp_features f;
    struct ofconn_msg m;
    struct ofconn *c;
    int rc = ofconn_open(o, args[0], OFP_ALL_VERSIONS, &c, err);

    if (rc) {
        return rc;
    }
    ofports_init(&d.ports, o, args[0]);
    rc = ofconn_transact(c, OFPT_FEATURES_REQUEST, NULL, OFPT_FEATURES_REPLY, &m, err);
    if (!rc && ofp_features_decode(ofconn_version(c), m.body, m.len, &f)) {
        rc = error_set(err, EPROTO, "%s: its features cannot be read", args[0]);
    }
    if (!rc && !o->json) {
        print_features(&m.h, &f);
    }
    if (!rc && ofconn_version(c) >= OFP13) {
        rc = dump_ports_desc(c, OFP_PORT_NONE, &d, err);
    } else if (!rc) {
        rc = ofports_add(&d.ports, ofconn_version(c), m.body + OFP_FEATURES_LEN,
                         m.len - OFP_FEATURES_LEN, err);
        if (!rc && !o->json) {
            print_ports(ofconn_version(c), &d.ports);
        }
    }
    if (!rc && !o->json) {
        rc = show_config(c, err);
    } else if (!rc) {
        char dpid[17];

        snprintf(dpid, sizeof dpid, "%016llx", (unsigned long long)f.datapath_id);
        ofctl_print_json(json_pack("{s:s, s:i, s:o}", "dpid", dpid, "n_tables", (int)f.n_tables,
                                   "ports", ports_json(&d.ports)),
                         0);
    }
    ofports_free(&d.ports);
    ofconn_close(c);
    return rc;
}

static int cmd_ports_desc(const struct ofctl_options *o, char *args[], struct error *err)
{
    struct port_dump d = {.headers = !o->json};
    uint32_t port = OFP_PORT_NONE;
    struct ofconn *c = NULL;
    int rc = 0;

    ofports_init(&d.ports, o, args[0]);
    if (args[1]) {
        struct ofports by_name;

        ofports_init(&by_name, o, args[0]);
        rc = ofports_find(&by_name, args[1], &port, err);
        ofports_free(&by_name);
    }
    rc = rc ? rc : ofconn_open(o, args[0], OFP_ALL_VERSIONS, &c, err);
    if (!rc && args[1] && ofconn_version(c) < OFP15) {
        rc = error_set(err, EINVAL,
                       "%s: only OpenFlow 1.5 can ask for the description of one port; add -O "
                       "OpenFlow15",
                       args[0]);
    }
    rc = rc ? rc : dump_ports_desc(c, port, &d, err);
    if (!rc && o->json) {
        ofctl_print_json(ports_json(&d.ports), 0);
    }
    ofports_free(&d.ports);
    ofconn_close(c);
    return rc;
}

/* A text of fixed size, which need not end with a zero. */
static const char *fixed_text(const uint8_t *p, size_t size, char *buffer)
{
    memcpy(buffer, p, size);
    buffer[size] = '\0';
    return buffer;
}

static int on_desc(const struct ofconn *c, const struct ofconn_msg *m, bool more, void *options_,
                   struct error *err)
{
    static const struct {
        const char *name, *key;
        size_t size;
    } parts[] = {{"Manufacturer", "manufacturer", 256},
                 {"Hardware", "hardware", 256},
                 {"Software", "software", 256},
                 {"Serial Num", "serial", 32},
                 {"DP Description", "description", 256}};
    const struct ofctl_options *o = options_;
    const uint8_t *p = m->body;
    struct strbuf s = STRBUF_INIT;
    char text[257];
    json_t *json = o->json ? json_object() : NULL;

    (void)more;
    if (m->len != 4 * 256 + 32) {
        json_decref(json);
        return error_set(err, EPROTO, "%s: its description cannot be read", ofconn_target(c));
    }
    ofconn_print_tail(&s, &m->h);
    strbuf_putc(&s, '\n');
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        fixed_text(p, parts[i].size, text);
        strbuf_printf(&s, "%s: %s\n", parts[i].name, text);
        if (json) {
            json_object_set_new(json, parts[i].key, json_string(text));
        }
        p += parts[i].size;
    }
    if (json) {
        ofctl_print_json(json, 0);
    } else {
        printf("OFPST_DESC reply%s", strbuf_str(&s));
    }
    strbuf_free(&s);
    return 0;
}

static int dump_desc(const struct ofctl_options *o, char *args[], struct error *err)
{
    static const struct ofconn_stats what = {.type = STATS_DESC};
    struct ofconn *c;
    int rc = ofconn_open(o, args[0], OFP_ALL_VERSIONS, &c, err);

    if (!rc) {
        rc = ofconn_stats(c, &what, NULL, on_desc, (void *)o, err);
        ofconn_close(c);
    }
    return rc;
}

static int cmd_get_frags(const struct ofctl_options *o, char *args[], struct error *err)
{
    const char *frags;
    struct ofconn_msg m;
    struct ofconn *c;
    uint16_t len;
    int rc = ofconn_open(o, args[0], OFP_ALL_VERSIONS, &c, err);

    if (!rc) {
        rc = get_frags(c, &m, &frags, &len, err);
        if (!rc && o->json) {
            ofctl_print_json(json_pack("{s:s}", "frags", frags), 0);
        } else if (!rc) {
            printf("%s\n", frags);
        }
        ofconn_close(c);
    }
    return rc;
}

static const struct ofctl_command commands[] = {
    {"show", 1, 1, "SWITCH", "features and ports", show},
    {"dump-desc", 1, 1, "SWITCH", "what it is", dump_desc},
    {"dump-ports-desc", 1, 2, "SWITCH [PORT]", "ports", cmd_ports_desc},
    {"get-frags", 1, 1, "SWITCH", "how fragments are treated", cmd_get_frags},
    {NULL},
};
OFCTL_COMMANDS(commands)
