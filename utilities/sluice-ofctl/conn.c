/* See conn.h. */
#include "utilities/sluice-ofctl/conn.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ofproto/codec/action.h"
#include "ofproto/codec/ofp_error.h"
#include "utilities/sluice-ofctl/socket.h"

#define MULTIPART 0xffff
#define MORE 1
#define MAX_OFFERED 32

struct ofconn {
    struct ofsocket sock;
    char *target;
    enum ofp_version version;
    uint32_t next_xid;
    bool listens; /* To what others say: nothing is answered. */
};

static const struct {
    const char *name, *number;
    enum ofp_version version;
} versions[] = {{"OpenFlow10", "1.0", OFP10}, {"OpenFlow11", "1.1", OFP11},
                {"OpenFlow12", "1.2", OFP12}, {"OpenFlow13", "1.3", OFP13},
                {"OpenFlow14", "1.4", OFP14}, {"OpenFlow15", "1.5", OFP15}};

uint32_t ofconn_version_by_name(const char *name, size_t len)
{
    for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
        if ((strlen(versions[i].name) == len && !strncasecmp(versions[i].name, name, len)) ||
            (strlen(versions[i].number) == len && !memcmp(versions[i].number, name, len))) {
            return 1u << versions[i].version;
        }
    }
    return 0;
}

static const char *version_number(unsigned int version)
{
    for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
        if (versions[i].version == version) {
            return versions[i].number;
        }
    }
    return version == OFP11 ? "1.1" : version == OFP12 ? "1.2" : "?";
}

static void put_versions(struct strbuf *s, uint32_t bits)
{
    for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
        if (bits & 1u << versions[i].version) {
            strbuf_printf(s, "%s%s", s->len ? ", " : "", versions[i].number);
        }
    }
}

enum ofp_version ofconn_version(const struct ofconn *c)
{
    return c->version;
}

const char *ofconn_target(const struct ofconn *c)
{
    return c->target;
}

uint32_t ofconn_next_xid(struct ofconn *c)
{
    return c->next_xid++;
}

void ofconn_print_tail(struct strbuf *s, const struct ofp_header *h)
{
    if (h->version != OFP10) {
        strbuf_printf(s, " (OF%s)", version_number(h->version));
    }
    strbuf_printf(s, " (xid=0x%x):", h->xid);
}

int ofconn_send(struct ofconn *c, struct strbuf *msg, struct error *err)
{
    int rc = ofsocket_write(&c->sock, msg->data, msg->len, err);

    strbuf_free(msg);
    return rc ? error_prefix(err, "%s", c->target) : 0;
}

/* The next message that is no echo request. */
static int receive(struct ofconn *c, struct ofconn_msg *ret, struct error *err)
{
    for (;;) {
        const uint8_t *msg;
        size_t len;
        int rc = ofsocket_read(&c->sock, &msg, &len, err);
        struct strbuf reply = STRBUF_INIT;
        size_t start;

        if (rc) {
            return error_prefix(err, "%s", c->target);
        }
        ofp_header_decode(msg, &ret->h);
        ret->body = msg + OFP_HEADER_LEN;
        ret->len = len - OFP_HEADER_LEN;
        if (ret->h.type != OFPT_ECHO_REQUEST || c->listens) {
            return 0;
        }
        start = ofp_begin(&reply, ret->h.version, OFPT_ECHO_REPLY, ret->h.xid);
        strbuf_put(&reply, ret->body, ret->len);
        ofp_end(&reply, start);
        rc = ofconn_send(c, &reply, err);
        if (rc) {
            return rc;
        }
    }
}

int ofconn_next(struct ofconn *c, struct ofconn_msg *ret, struct error *err)
{
    return receive(c, ret, err);
}

/* --- Errors of the switch. */

#define NXET_VENDOR 0xb0c2

/* An error's name, in 'text' when it has none. */
static const char *error_name(const struct ofconn_msg *m, char text[64])
{
    uint16_t type = m->len < 4 ? 0 : wire_get16(m->body);
    uint16_t code = m->len < 4 ? 0 : wire_get16(m->body + 2);
    const char *name;

    if (m->len < 4) {
        return "an error with no type";
    }
    if (type == NXET_VENDOR && m->len >= 12) { /* Nicira's, in OpenFlow 1.0. */
        type = wire_get16(m->body + 8);
        code = wire_get16(m->body + 10);
    }
    name = ofp_error_find(m->h.version, type, code);
    if (!name) {
        snprintf(text, 64, "error type %u code %u", type, code);
        name = text;
    }
    return name;
}

/* As ovs-ofctl says it; scripts look for this line. */
static const char *print_error(const struct ofconn_msg *m, char text[64])
{
    const char *name = error_name(m, text);
    struct strbuf s = STRBUF_INIT;

    ofconn_print_tail(&s, &m->h);
    fprintf(stderr, "OFPT_ERROR%s %s\n", strbuf_str(&s), name);
    strbuf_free(&s);
    return name;
}

/* --- Negotiation. */

static uint32_t peer_versions(const struct ofconn_msg *m)
{
    const uint8_t *p = m->body;
    size_t left = m->len;

    while (left >= 8) {
        size_t n = wire_get16(p + 2);

        if (wire_get16(p) == 1 && n >= 8 && n <= left) {
            return wire_get32(p + 4);
        }
        if (n < 4 || ROUND_UP(n, 8) > left) {
            break;
        }
        p += ROUND_UP(n, 8);
        left -= ROUND_UP(n, 8);
    }
    /* Every one up to the header's, as far as anybody can tell. */
    return m->h.version >= 31 ? UINT32_MAX : (2u << m->h.version) - 1;
}

static int no_common(const struct ofconn *c, uint32_t ours, uint32_t theirs, struct error *err)
{
    struct strbuf a = STRBUF_INIT, b = STRBUF_INIT;
    int rc;

    put_versions(&a, ours);
    put_versions(&b, theirs);
    rc = error_set(err, EPROTONOSUPPORT,
                   "%s: no common version of OpenFlow: the switch speaks %s, and this command may "
                   "speak %s; -O allows others",
                   c->target, b.len ? strbuf_str(&b) : "none of ours", strbuf_str(&a));
    strbuf_free(&a);
    strbuf_free(&b);
    return rc;
}

static int negotiate(struct ofconn *c, uint32_t ours, struct error *err)
{
    uint8_t highest = (uint8_t)(31 - __builtin_clz(ours));
    struct strbuf s = STRBUF_INIT;
    struct ofconn_msg m;
    uint32_t common;
    size_t start = ofp_begin(&s, highest, OFPT_HELLO, ofconn_next_xid(c));
    int rc;

    wire_put16(&s, 1);
    wire_put16(&s, 8);
    wire_put32(&s, ours);
    ofp_end(&s, start);
    rc = ofconn_send(c, &s, err);
    if (!rc) {
        rc = receive(c, &m, err);
    }
    if (rc) {
        return rc;
    }
    if (m.h.type != OFPT_HELLO) {
        return error_set(err, EPROTO, "%s: it does not begin with a hello: this is no switch",
                         c->target);
    }
    common = peer_versions(&m) & ours;
    if (!common) {
        return no_common(c, ours, peer_versions(&m), err);
    }
    c->version = (enum ofp_version)(31 - __builtin_clz(common));
    return 0;
}

static int open_socket(const struct ofctl_options *o, const char *target, const char *suffix,
                       uint32_t offered, struct ofconn **ret, struct error *err)
{
    struct ofconn *c = xcalloc(1, sizeof *c);
    int rc;

    c->target = xstrdup(target);
    c->next_xid = 1;
    rc = ofsocket_connect(&c->sock, o, target, suffix, err);
    rc = rc ? rc : negotiate(c, offered, err);
    if (rc) {
        ofconn_close(c);
        return rc;
    }
    *ret = c;
    return 0;
}

int ofconn_listen(const struct ofctl_options *o, const char *target, struct ofconn **ret,
                  struct error *err)
{
    int rc = open_socket(o, target, "snoop", OFP_ALL_VERSIONS, ret, err);

    if (!rc) {
        (*ret)->listens = true;
    }
    return rc;
}

int ofconn_open(const struct ofctl_options *o, const char *target, uint32_t usable,
                struct ofconn **ret, struct error *err)
{
    uint32_t ours = o->versions & usable;
    struct ofconn *c;
    int rc;

    if (!ours) {
        struct strbuf s = STRBUF_INIT;

        put_versions(&s, usable);
        rc = error_set(err, EINVAL, "%s: this takes OpenFlow %s, which option -O does not allow",
                       target, s.len ? strbuf_str(&s) : "of no version that there is");
        strbuf_free(&s);
        return rc;
    }
    if (!o->versions_given && ours & 1u << OFP10) {
        ours = 1u << OFP10; /* As ovs-ofctl does, so that output is what scripts know. */
    }
    rc = open_socket(o, target, "mgmt", ours, &c, err);
    if (rc) {
        return rc;
    }
    if (o->more) {
        fprintf(stderr, "%s: OpenFlow %s\n", target, version_number(c->version));
    }
    ofp_actions_format_like(c->version);
    *ret = c;
    return 0;
}

void ofconn_close(struct ofconn *c)
{
    if (c) {
        ofsocket_close(&c->sock);
        free(c->target);
        free(c);
    }
}

/* --- Requests. */

/* Waits for the reply to 'xid'. */
static int wait_reply(struct ofconn *c, uint32_t xid, uint8_t type, struct ofconn_msg *ret,
                      struct error *err)
{
    char text[64];

    for (;;) {
        int rc = receive(c, ret, err);

        if (rc) {
            return rc;
        }
        if (ret->h.xid != xid) {
            continue; /* Of its own accord: a port's status. */
        }
        if (ret->h.type == OFPT_ERROR) {
            return error_set(err, EPROTO, "%s: the switch refused the request: %s", c->target,
                             print_error(ret, text));
        }
        if (ret->h.type == type) {
            return 0;
        }
    }
}

int ofconn_transact(struct ofconn *c, uint8_t type, const struct strbuf *body, uint8_t reply,
                    struct ofconn_msg *ret, struct error *err)
{
    uint32_t xid = ofconn_next_xid(c);
    struct strbuf s = STRBUF_INIT;
    size_t start = ofp_begin(&s, (uint8_t)c->version, type, xid);
    int rc;

    if (body) {
        strbuf_put(&s, body->data, body->len);
    }
    ofp_end(&s, start);
    rc = ofconn_send(c, &s, err);
    return rc ? rc : wait_reply(c, xid, reply, ret, err);
}

int ofconn_barrier(struct ofconn *c, ofconn_refused *cb, void *aux, struct error *err)
{
    bool is_10 = c->version == OFP10;
    uint32_t xid = ofconn_next_xid(c);
    struct strbuf s = STRBUF_INIT;
    struct ofconn_msg m;
    char text[64];
    int rc, result = 0;

    ofp_end(&s, ofp_begin(&s, (uint8_t)c->version,
                          is_10 ? OFPT10_BARRIER_REQUEST : OFPT13_BARRIER_REQUEST, xid));
    rc = ofconn_send(c, &s, err);
    if (rc) {
        return rc;
    }
    for (;;) {
        rc = receive(c, &m, err);
        if (rc) {
            return rc;
        }
        if (m.h.type == OFPT_ERROR) {
            cb(m.h.xid, print_error(&m, text), aux);
            result = -EPROTO;
        } else if (m.h.xid == xid &&
                   m.h.type == (is_10 ? OFPT10_BARRIER_REPLY : OFPT13_BARRIER_REPLY)) {
            return result;
        }
    }
}

static int read_part(struct ofconn *c, uint32_t xid, const struct ofconn_stats *what,
                     struct ofconn_msg *m, bool *ret_more, struct error *err)
{
    bool is_10 = c->version == OFP10;
    size_t head = is_10 ? 4 : 8, vendor = what->type == MULTIPART ? (is_10 ? 12 : 8) : 0;
    int rc = wait_reply(c, xid, is_10 ? OFPT10_STATS_REPLY : OFPT13_MULTIPART_REPLY, m, err);

    if (rc) {
        return rc;
    }
    if (m->len < head + vendor || wire_get16(m->body) != what->type) {
        return error_set(err, EPROTO, "%s: a reply that is none to the request", c->target);
    }
    *ret_more = wire_get16(m->body + 2) & MORE;
    m->body += head + vendor;
    m->len -= head + vendor;
    return 0;
}

int ofconn_stats(struct ofconn *c, const struct ofconn_stats *what, const struct strbuf *body,
                 ofconn_part *cb, void *aux, struct error *err)
{
    bool is_10 = c->version == OFP10, more = true;
    uint32_t xid = ofconn_next_xid(c);
    struct strbuf s = STRBUF_INIT;
    size_t start = ofp_begin(&s, (uint8_t)c->version,
                             is_10 ? OFPT10_STATS_REQUEST : OFPT13_MULTIPART_REQUEST, xid);
    struct ofconn_msg m;
    int rc;

    wire_put16(&s, what->type);
    wire_zeros(&s, is_10 ? 2 : 6);
    if (what->type == MULTIPART) {
        wire_put32(&s, what->vendor);
        wire_put32(&s, what->subtype);
        wire_zeros(&s, is_10 ? 4 : 0);
    }
    if (body) {
        strbuf_put(&s, body->data, body->len);
    }
    ofp_end(&s, start);
    rc = ofconn_send(c, &s, err);
    while (!rc && more) {
        rc = read_part(c, xid, what, &m, &more, err);
        if (!rc) {
            rc = cb(c, &m, more, aux, err);
        }
    }
    return rc;
}
