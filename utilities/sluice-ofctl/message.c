/* See message.h. */
#include "utilities/sluice-ofctl/message.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ofproto/codec/action.h"
#include "ofproto/codec/ofp_error.h"

#define MAX_TABLES 32
#define VENDOR_STATS 0xffff
#define MORE 1

static const struct message_row *tables[MAX_TABLES];
static size_t n_tables;

void message_register(const struct message_row *rows)
{
    assert(n_tables < MAX_TABLES);
    tables[n_tables++] = rows;
}

static const struct message_row *find(enum message_kind kind, uint8_t version, uint32_t vendor,
                                      uint32_t type)
{
    for (size_t i = 0; i < n_tables; i++) {
        for (const struct message_row *row = tables[i]; row->name; row++) {
            if (row->kind == kind && version >= row->from && version <= row->to &&
                row->vendor == vendor && row->type == type) {
                return row;
            }
        }
    }
    return NULL;
}

void message_hexdump(struct strbuf *s, const uint8_t *p, size_t len)
{
    for (size_t i = 0; i < len; i += 16) {
        size_t n = MIN_OF(len - i, (size_t)16);

        strbuf_printf(s, "%08zx ", i);
        for (size_t j = 0; j < 16; j++) {
            if (j < n) {
                strbuf_printf(s, "%c%02x", j == 8 ? '-' : ' ', p[i + j]);
            } else {
                strbuf_puts(s, j == 8 && n == 8 ? "-  " : "   ");
            }
        }
        strbuf_puts(s, " |");
        for (size_t j = 0; j < 16; j++) {
            char c = j < n ? (char)p[i + j] : ' ';

            strbuf_putc(s, j >= n || (c >= ' ' && c < 0x7f) ? c : '.');
        }
        strbuf_puts(s, "|\n");
    }
}

static void end_line(struct strbuf *s)
{
    if (!s->len || s->data[s->len - 1] != '\n') {
        strbuf_putc(s, '\n');
    }
}

static void format_error(struct strbuf *s, int rc, const uint8_t *msg, size_t len)
{
    strbuf_printf(s, "***decode error: %s***\n", ofp_error_name((enum ofp_error)rc));
    message_hexdump(s, msg, len);
}

/* --- A message from its first byte. */

struct kind {
    enum message_kind kind;
    uint32_t vendor, type;
    size_t head; /* Before the body. */
    bool more;
};

static bool is_stats(uint8_t version, uint8_t type)
{
    return version == OFP10 ? type == OFPT10_STATS_REQUEST || type == OFPT10_STATS_REPLY
                            : type == OFPT13_MULTIPART_REQUEST || type == OFPT13_MULTIPART_REPLY;
}

/* False: too short for what its type says. */
static bool classify(const struct ofp_header *h, const uint8_t *msg, size_t len, struct kind *ret)
{
    size_t head = h->version == OFP10 ? 12 : 16;

    *ret = (struct kind){.type = h->type, .head = OFP_HEADER_LEN};
    if (h->type == OFPT_VENDOR) {
        if (len < 16) {
            return false;
        }
        ret->vendor = wire_get32(msg + 8);
        ret->type = wire_get32(msg + 12);
        ret->head = 16;
    } else if (is_stats(h->version, h->type)) {
        if (len < head) {
            return false;
        }
        /* The reply's type is the request's and one. */
        ret->kind = h->type ==
                            (h->version == OFP10 ? OFPT10_STATS_REQUEST : OFPT13_MULTIPART_REQUEST)
                        ? MESSAGE_REQUEST
                        : MESSAGE_REPLY;
        ret->type = wire_get16(msg + 8);
        ret->more = wire_get16(msg + 10) & MORE;
        ret->head = head;
        if (ret->type == VENDOR_STATS) {
            size_t more = h->version == OFP10 ? 12 : 8;

            if (len < head + more) {
                return false;
            }
            ret->vendor = wire_get32(msg + head);
            ret->type = wire_get32(msg + head + 4);
            ret->head = head + more;
        }
    }
    return true;
}

static void format_name(struct strbuf *s, const struct message_row *row, const struct ofp_header *h)
{
    static const char *const kinds[] = {"", " request", " reply"};

    strbuf_printf(s, "%s%s", row->name, kinds[row->kind]);
    ofconn_print_tail(s, h);
}

void message_format(struct strbuf *s, const uint8_t *msg, size_t len, bool verbose)
{
    const struct message_row *row;
    struct message m = {.verbose = verbose};
    struct ofp_header h;
    struct kind kind;
    size_t start;
    int rc;

    if (len < OFP_HEADER_LEN) {
        strbuf_printf(s, "OpenFlow packet too short (only %zu bytes):\n", len);
        message_hexdump(s, msg, len);
        return;
    }
    ofp_header_decode(msg, &h);
    if (!classify(&h, msg, len, &kind)) {
        format_error(s, OFPERR_BRC_BAD_LEN, msg, len);
        return;
    }
    row = find(kind.kind, h.version, kind.vendor, kind.type);
    if (!row) {
        format_error(s,
                     kind.vendor ? OFPERR_BRC_BAD_SUBTYPE
                     : kind.kind ? OFPERR_BRC_BAD_STAT
                                 : OFPERR_BRC_BAD_TYPE,
                     msg, len);
        return;
    }
    format_name(s, row, &h);
    strbuf_puts(s, kind.more ? " flags=[more]" : "");
    m.version = (enum ofp_version)h.version;
    m.body = msg + kind.head;
    m.len = len - kind.head;
    start = s->len;
    ofp_actions_format_like(m.version);
    rc = row->print ? row->print(s, &m) : 0;
    if (rc) {
        strbuf_chop(s, s->len - start);
        strbuf_putc(s, ' ');
        format_error(s, rc, msg, len);
    }
    end_line(s);
}

int message_unreadable(const struct ofconn *c, const char *name, int rc, struct error *err)
{
    return rc ? error_set(err, EPROTO, "%s: a part of the reply (%s) cannot be read: %s",
                          ofconn_target(c), name, ofp_error_name((enum ofp_error)rc))
              : 0;
}

void message_format_duration(struct strbuf *s, uint32_t seconds, uint32_t ns)
{
    strbuf_printf(s, "%u", seconds);
    if (ns) {
        strbuf_printf(s, ns % 1000000 ? ".%09u" : ".%03u", ns % 1000000 ? ns : ns / 1000000);
    }
}

int message_print_part(const struct ofconn *c, const struct ofconn_msg *part, const char *name,
                       bool more, int (*print)(struct strbuf *, const struct message *),
                       struct error *err)
{
    struct message m = {
        .version = ofconn_version(c), .body = part->body, .len = part->len, .verbose = true};
    struct strbuf s = STRBUF_INIT;
    int rc;

    strbuf_printf(&s, "%s reply", name);
    ofconn_print_tail(&s, &part->h);
    strbuf_puts(&s, more ? " flags=[more]" : "");
    rc = print(&s, &m);
    if (rc) {
        strbuf_free(&s);
        return message_unreadable(c, name, rc, err);
    }
    end_line(&s);
    fputs(strbuf_str(&s), stdout);
    strbuf_free(&s);
    return 0;
}
