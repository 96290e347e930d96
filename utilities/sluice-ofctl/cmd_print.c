/* Messages of OpenFlow from elsewhere than a switch: ofp-print, ofp-parse. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/output.h"
#include "utilities/sluice-ofctl/json.h"
#include "utilities/sluice-ofctl/message.h"

static void show(const struct ofctl_options *o, const uint8_t *msg, size_t len, json_t *json)
{
    struct strbuf s = STRBUF_INIT;

    message_format(&s, msg, len, o->more);
    if (json) {
        json_array_append_new(json, json_string(strbuf_str(&s)));
    } else {
        fputs(strbuf_str(&s), stdout);
    }
    strbuf_free(&s);
}

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c | 0x20) : NULL;

    return at ? (int)(at - digits) : -1;
}

/* Pairs of digits, with or without spaces between. */
static int parse_hex(const char *text, struct strbuf *ret, struct error *err)
{
    for (const char *p = text; *p;) {
        int high, low;

        if (strchr(" \t\n", *p)) {
            p++;
            continue;
        }
        high = hex_digit(*p);
        low = high < 0 ? -1 : hex_digit(p[1]);
        if (low < 0) {
            return error_set(err, EINVAL, "'%s': the message is no pairs of hexadecimal digits",
                             text);
        }
        if (ret->len >= UINT16_MAX) {
            return error_set(err, EINVAL, "the message is longer than %u bytes", UINT16_MAX);
        }
        wire_put8(ret, (uint8_t)(high << 4 | low));
        p += 2;
    }
    return 0;
}

/* What the header says and what there is may differ; then that is told, with the bytes. */
static int ofp_print(const struct ofctl_options *o, char *args[], struct error *err)
{
    json_t *json = o->json ? json_array() : NULL;
    struct strbuf msg = STRBUF_INIT;
    int rc = parse_hex(args[0], &msg, err);

    if (!rc && msg.len >= OFP_HEADER_LEN && wire_get16((const uint8_t *)msg.data + 2) != msg.len) {
        rc = error_set(err, EINVAL, "the message has %zu bytes, and its header says %u", msg.len,
                       wire_get16((const uint8_t *)msg.data + 2));
    }
    if (!rc) {
        show(o, (const uint8_t *)msg.data, msg.len, json);
    }
    strbuf_free(&msg);
    return ofctl_print_json(json, rc);
}

/* Exactly 'n' bytes. 1: the end of the file is before the first one. */
static int read_bytes(int fd, const char *path, uint8_t *p, size_t n, struct error *err)
{
    size_t got = 0;

    while (got < n) {
        ssize_t k = read(fd, p + got, n - got);

        if (k < 0 && errno == EINTR) {
            continue;
        }
        if (k < 0) {
            return error_set(err, errno, "%s: %s", path, strerror(errno));
        }
        if (!k) {
            return got ? error_set(err, EPROTO, "%s: it ends within a message", path) : 1;
        }
        got += (size_t)k;
    }
    return 0;
}

static int read_message(int fd, const char *path, uint8_t *msg, size_t *ret_len, struct error *err)
{
    int rc = read_bytes(fd, path, msg, OFP_HEADER_LEN, err);

    if (rc) {
        return rc;
    }
    *ret_len = wire_get16(msg + 2);
    if (*ret_len < OFP_HEADER_LEN) {
        return error_set(err, EPROTO,
                         "%s: a message says that it has %zu bytes, less than a header", path,
                         *ret_len);
    }
    rc = *ret_len == OFP_HEADER_LEN
             ? 0
             : read_bytes(fd, path, msg + OFP_HEADER_LEN, *ret_len - OFP_HEADER_LEN, err);
    return rc == 1 ? error_set(err, EPROTO, "%s: it ends within a message", path) : rc;
}

static int ofp_parse(const struct ofctl_options *o, char *args[], struct error *err)
{
    bool is_stdin = !strcmp(args[0], "-");
    int fd = is_stdin ? STDIN_FILENO : open(args[0], O_RDONLY | O_CLOEXEC);
    uint8_t *msg = xmalloc(UINT16_MAX);
    json_t *json = o->json ? json_array() : NULL;
    int rc = fd < 0 ? error_set(err, errno, "%s: %s", args[0], strerror(errno)) : 0;
    size_t len = 0;

    while (!rc) {
        rc = read_message(fd, args[0], msg, &len, err);
        if (!rc) {
            show(o, msg, len, json);
        }
    }
    free(msg);
    if (fd >= 0 && !is_stdin) {
        close(fd);
    }
    return ofctl_print_json(json, rc == 1 ? 0 : rc);
}

static const struct ofctl_command commands[] = {
    {"ofp-print", 1, 1, "HEX", "prints a message given as hexadecimal digits", ofp_print},
    {"ofp-parse", 1, 1, "FILE", "prints the messages of a file, '-' for the standard input",
     ofp_parse},
    {NULL},
};
OFCTL_COMMANDS(commands)
