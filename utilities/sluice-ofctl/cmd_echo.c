/* probe, ping, benchmark: whether a switch answers, and how fast. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "utilities/sluice-ofctl/conn.h"
#include "utilities/sluice-ofctl/json.h"

#define N_PINGS 10
#define DEFAULT_SIZE 64
#define MAX_SIZE (UINT16_MAX - OFP_HEADER_LEN)

static double now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1000 + (double)t.tv_nsec / 1e6;
}

static int parse_number(const char *what, const char *text, uint64_t max, uint64_t *ret,
                        struct error *err)
{
    return parse_u64(text, max, ret)
               ? 0
               : error_set(err, EINVAL, "%s '%s': it is not a number within 0...%llu", what, text,
                           (unsigned long long)max);
}

/* One echo; what comes back must be what was sent. */
static int echo(struct ofconn *c, const struct strbuf *payload, struct ofconn_msg *m,
                struct error *err)
{
    int rc = ofconn_transact(c, OFPT_ECHO_REQUEST, payload, OFPT_ECHO_REPLY, m, err);

    if (!rc && (m->len != payload->len || (m->len && memcmp(m->body, payload->data, m->len)))) {
        rc = error_set(err, EPROTO, "%s: it answers an echo with other bytes", ofconn_target(c));
    }
    return rc;
}

static int probe(const struct ofctl_options *o, char *args[], struct error *err)
{
    static const struct strbuf nothing = STRBUF_INIT;
    struct ofconn *c = NULL;
    struct ofconn_msg m;
    int rc = ofconn_open(o, args[0], OFP_ALL_VERSIONS, &c, err);

    rc = rc ? rc : echo(c, &nothing, &m, err);
    ofconn_close(c);
    return rc;
}

static void fill(struct strbuf *s, uint64_t size)
{
    for (uint64_t i = 0; i < size; i++) {
        strbuf_putc(s, (char)(i * 31));
    }
}

static int ping(const struct ofctl_options *o, char *args[], struct error *err)
{
    json_t *json = o->json ? json_array() : NULL;
    struct strbuf payload = STRBUF_INIT;
    uint64_t size = DEFAULT_SIZE;
    struct ofconn *c = NULL;
    int rc = args[1] ? parse_number("size", args[1], MAX_SIZE, &size, err) : 0;

    rc = rc ? rc : ofconn_open(o, args[0], OFP_ALL_VERSIONS, &c, err);
    fill(&payload, rc ? 0 : size);
    for (int i = 0; i < N_PINGS && !rc; i++) {
        double start = now_ms(), ms;
        struct ofconn_msg m;

        rc = echo(c, &payload, &m, err);
        ms = now_ms() - start;
        if (!rc && json) {
            json_array_append_new(json, json_real(ms));
        } else if (!rc) {
            printf("%zu bytes from %s: xid=%08x time=%.1f ms\n", m.len, args[0], m.h.xid, ms);
        }
    }
    strbuf_free(&payload);
    ofconn_close(c);
    return ofctl_print_json(json, rc);
}

static int benchmark(const struct ofctl_options *o, char *args[], struct error *err)
{
    struct strbuf payload = STRBUF_INIT;
    struct ofconn *c = NULL;
    uint64_t size = 0, count = 0;
    double ms;
    int rc = parse_number("size", args[1], MAX_SIZE, &size, err);

    rc = rc ? rc : parse_number("count", args[2], UINT32_MAX, &count, err);
    rc = rc ? rc : ofconn_open(o, args[0], OFP_ALL_VERSIONS, &c, err);
    fill(&payload, rc ? 0 : size);
    ms = now_ms();
    if (!rc && !o->json) {
        printf("Sending %llu packets * %llu bytes (with header) = %llu bytes total\n",
               (unsigned long long)count, (unsigned long long)(size + OFP_HEADER_LEN),
               (unsigned long long)(count * (size + OFP_HEADER_LEN)));
    }
    for (uint64_t i = 0; i < count && !rc; i++) {
        struct ofconn_msg m;

        rc = echo(c, &payload, &m, err);
    }
    ms = now_ms() - ms;
    if (!rc && o->json) {
        ofctl_print_json(json_pack("{s:I, s:I, s:f}", "packets", (json_int_t)count, "bytes",
                                   (json_int_t)(count * (size + OFP_HEADER_LEN)), "ms", ms),
                         0);
    } else if (!rc) {
        double s = ms > 0 ? ms / 1000 : 1e-9;

        printf("Finished in %.1f ms (%.0f packets/s) (%.0f bytes/s)\n", ms, (double)count / s,
               (double)(count * (size + OFP_HEADER_LEN)) / s);
    }
    strbuf_free(&payload);
    ofconn_close(c);
    return rc;
}

static const struct ofctl_command commands[] = {
    {"probe", 1, 1, "SWITCH", "succeeds when the switch answers", probe},
    {"ping", 1, 2, "SWITCH [N]", "how long ten echoes of N (64) bytes take", ping},
    {"benchmark", 3, 3, "SWITCH N COUNT", "how long COUNT echoes of N bytes take", benchmark},
    {NULL},
};
OFCTL_COMMANDS(commands)
