/* See ports.h. */
#include "utilities/sluice-ofctl/ports.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ofproto/codec/action_text.h"

#define MAX_PORTS 65536

void ofports_init(struct ofports *ports, const struct ofctl_options *o, const char *target)
{
    *ports = (struct ofports){.options = o, .target = target};
}

void ofports_free(struct ofports *ports)
{
    free(ports->list);
    ports->list = NULL;
    ports->n = 0;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = ((const struct ofp_port_info *)a)->port,
             y = ((const struct ofp_port_info *)b)->port;

    return x < y ? -1 : x > y;
}

void ofports_sort(struct ofp_port_info *list, size_t n)
{
    if (n) {
        qsort(list, n, sizeof *list, by_number);
    }
}

int ofports_add(struct ofports *ports, enum ofp_version version, const uint8_t *p, size_t len,
                struct error *err)
{
    while (len) {
        struct ofp_port_info info;
        size_t n;

        if (ofp_port_info_decode(version, p, len, &info, &n) || ports->n == MAX_PORTS) {
            return error_set(err, EPROTO, "%s: a description of a port cannot be read",
                             ports->target);
        }
        if (!(ports->n & (ports->n - 1))) {
            ports->list = xrealloc(ports->list,
                                   MAX_OF(ports->n * 2, (size_t)1) * sizeof *ports->list);
        }
        ports->list[ports->n++] = info;
        p += n;
        len -= n;
    }
    return 0;
}

static int on_part(const struct ofconn *c, const struct ofconn_msg *m, bool more, void *ports,
                   struct error *err)
{
    (void)more;
    return ofports_add(ports, ofconn_version(c), m->body, m->len, err);
}

static int ask(struct ofports *ports, struct ofconn *c, struct error *err)
{
    static const struct ofconn_stats desc = {.type = 13};
    struct strbuf all = STRBUF_INIT;
    struct ofconn_msg m;
    int rc;

    if (ofconn_version(c) == OFP10) {
        rc = ofconn_transact(c, OFPT_FEATURES_REQUEST, NULL, OFPT_FEATURES_REPLY, &m, err);
        return rc || m.len < OFP_FEATURES_LEN ? rc
                                              : ofports_add(ports, OFP10, m.body + OFP_FEATURES_LEN,
                                                            m.len - OFP_FEATURES_LEN, err);
    }
    if (ofconn_version(c) >= OFP15) {
        ofp_port_counts_request(&all, OFP15, OFP_PORT_NONE);
    }
    rc = ofconn_stats(c, &desc, &all, on_part, ports, err);
    strbuf_free(&all);
    return rc;
}

static int load(struct ofports *ports)
{
    struct ofconn *c;

    if (!ports->asked) {
        ports->asked = true;
        if (!ofconn_open(ports->options, ports->target, OFP_ALL_VERSIONS, &c, &ports->err)) {
            ask(ports, c, &ports->err);
            ofconn_close(c);
        }
    }
    return -ports->err.code;
}

bool ofports_lookup(const char *name, uint32_t *ret, void *ports_)
{
    struct ofports *ports = ports_;
    size_t len = strlen(name);

    if (len >= 2 && name[0] == '"' && name[len - 1] == '"') { /* As dumps write odd names. */
        name++;
        len -= 2;
    }
    if (load(ports)) {
        return false;
    }
    for (size_t i = 0; i < ports->n; i++) {
        if (strlen(ports->list[i].name) == len && !memcmp(ports->list[i].name, name, len)) {
            *ret = ports->list[i].port;
            return true;
        }
    }
    return false;
}

static const char *name_of(uint32_t port, void *ports_)
{
    struct ofports *ports = ports_;

    for (size_t i = 0; port < OFP_PORT_MAX && i < ports->n; i++) {
        if (ports->list[i].port == port) {
            return ports->list[i].name;
        }
    }
    return NULL;
}

static bool wants_names(const struct ofctl_options *o)
{
    return o->names || (!o->no_names && isatty(STDOUT_FILENO));
}

int ofports_show_names(struct ofports *ports, struct error *err)
{
    int rc = 0;

    if (wants_names(ports->options)) {
        rc = load(ports);
        if (rc) {
            *err = ports->err;
        } else {
            ofp_ports_by_name(name_of, ports);
        }
    }
    return rc;
}

int ofports_error(const struct ofports *ports, int rc, struct error *err)
{
    if (rc && ports->err.code) {
        *err = ports->err;
        return -err->code;
    }
    return rc;
}

int ofports_find(struct ofports *ports, const char *text, uint32_t *ret, struct error *err)
{
    uint64_t x;

    if (parse_u64(text, UINT16_MAX, &x)) {
        *ret = (uint32_t)x;
        return 0;
    }
    if (ofp_port_by_name(text, ret) || ofports_lookup(text, ret, ports)) {
        return 0;
    }
    return ofports_error(
        ports, error_set(err, ENODEV, "%s: there is no port '%s'", ports->target, text), err);
}

int ofports_load(struct ofports *ports, struct error *err)
{
    if (load(ports)) {
        *err = ports->err;
        return -err->code;
    }
    return 0;
}

int ofports_get(struct ofports *ports, const char *text, const struct ofp_port_info **ret,
                struct error *err)
{
    uint32_t port = 0;
    int rc = ofports_find(ports, text, &port, err);

    rc = rc ? rc : ofports_load(ports, err);
    for (size_t i = 0; !rc && i < ports->n; i++) {
        if (ports->list[i].port == port) {
            *ret = &ports->list[i];
            return 0;
        }
    }
    return rc ? rc : error_set(err, ENODEV, "%s: there is no port '%s'", ports->target, text);
}

/* --- Printing. */

static void put_bits(struct strbuf *s, uint32_t bits, const char *const *names, size_t n)
{
    bool any = false;

    for (size_t i = 0; i < 32; i++) {
        if (!(bits & 1u << i)) {
            continue;
        }
        if (i < n && names[i]) {
            strbuf_printf(s, "%s%s", any ? " " : "", names[i]);
        } else {
            strbuf_printf(s, "%s0x%x", any ? " " : "", 1u << i);
        }
        any = true;
    }
    strbuf_puts(s, any ? "\n" : "0\n");
}

static void put_features(struct strbuf *s, const char *what, uint32_t bits)
{
    static const char *const names[] = {"10MB-HD",  "10MB-FD",  "100MB-HD",   "100MB-FD",
                                        "1GB-HD",   "1GB-FD",   "10GB-FD",    "40GB-FD",
                                        "100GB-FD", "1TB-FD",   "OTHER",      "COPPER",
                                        "FIBER",    "AUTO_NEG", "AUTO_PAUSE", "AUTO_PAUSE_ASYM"};

    if (bits) {
        strbuf_printf(s, "     %-12s", what);
        put_bits(s, bits, names, ARRAY_SIZE(names));
    }
}

void ofports_print(struct strbuf *s, enum ofp_version version, const struct ofp_port_info *p)
{
    static const char *const config10[] = {"PORT_DOWN", "NO_STP", "NO_RECV",     "NO_RECV_STP",
                                           "NO_FLOOD",  "NO_FWD", "NO_PACKET_IN"};
    static const char *const config11[] = {"PORT_DOWN", NULL,     "NO_RECV",     NULL,
                                           NULL,        "NO_FWD", "NO_PACKET_IN"};
    static const char *const state10[] = {"LINK_DOWN"};
    static const char *const state11[] = {"LINK_DOWN", "BLOCKED", "LIVE"};
    bool is_10 = version == OFP10;

    strbuf_putc(s, ' ');
    if (p->port < OFP_PORT_MAX) {
        strbuf_printf(s, "%u", p->port);
    } else {
        ofp_port_format(s, p->port);
    }
    strbuf_printf(s, "(%s): addr:%02x:%02x:%02x:%02x:%02x:%02x\n     config:     ", p->name,
                  p->mac[0], p->mac[1], p->mac[2], p->mac[3], p->mac[4], p->mac[5]);
    put_bits(s, p->config, is_10 ? config10 : config11, ARRAY_SIZE(config10));
    strbuf_puts(s, "     state:      ");
    put_bits(s, p->state, is_10 ? state10 : state11, is_10 ? 1 : ARRAY_SIZE(state11));
    put_features(s, "current:", p->current);
    put_features(s, "advertised:", p->advertised);
    put_features(s, "supported:", p->supported);
    put_features(s, "peer:", p->peer);
    strbuf_printf(s, "     speed: %u Mbps now, %u Mbps max\n", p->current_mbps, p->max_mbps);
}
