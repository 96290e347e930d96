/* See coverage.h. */
#include "lib/coverage.h"

#include <event2/event.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ctl.h"

#define MINUTE_SLOTS (60 / COVERAGE_SLOT_S)

static struct coverage *counters;
static unsigned int at; /* The slot that ended last. */
static struct event *timer;

void coverage_register(struct coverage *c)
{
    struct coverage **p = &counters;

    while (*p && strcmp((*p)->name, c->name) < 0) {
        p = &(*p)->next;
    }
    c->next = *p;
    *p = c;
}

void coverage_turn(void)
{
    at = (at + 1) % COVERAGE_SLOTS;
    for (struct coverage *c = counters; c; c = c->next) {
        c->slots[at] = c->total - c->told;
        c->told = c->total;
    }
}

static double per_second(const struct coverage *c, unsigned int n_slots)
{
    uint64_t sum = 0;

    for (unsigned int i = 0; i < n_slots; i++) {
        sum += c->slots[(at + COVERAGE_SLOTS - i) % COVERAGE_SLOTS];
    }
    return (double)sum / (n_slots * COVERAGE_SLOT_S);
}

void coverage_show(struct strbuf *s)
{
    unsigned int n_never = 0;

    strbuf_puts(s, "Event coverage, avg rate over last: 5 seconds, last minute, last hour:\n");
    for (const struct coverage *c = counters; c; c = c->next) {
        if (!c->total) {
            n_never++;
            continue;
        }
        strbuf_printf(s, "%-24s %5.1f/sec %9.3f/sec %13.4f/sec   total: %" PRIu64 "\n", c->name,
                      per_second(c, 1), per_second(c, MINUTE_SLOTS), per_second(c, COVERAGE_SLOTS),
                      c->total);
    }
    strbuf_printf(s, "%u events never hit\n", n_never);
}

static void show(struct ctl_request *req, int argc UNUSED, const char *const argv[] UNUSED,
                 void *aux UNUSED)
{
    struct strbuf s = STRBUF_INIT;
    json_t *list;

    if (!ctl_wants_json(req)) {
        coverage_show(&s);
        ctl_reply(req, strbuf_str(&s));
        strbuf_free(&s);
        return;
    }
    list = json_array();
    for (const struct coverage *c = counters; c; c = c->next) {
        json_array_append_new(list,
                              json_pack("{s:s, s:I, s:f, s:f, s:f}", "event", c->name, "total",
                                        (json_int_t)c->total, "per_second_5s", per_second(c, 1),
                                        "per_second_minute", per_second(c, MINUTE_SLOTS),
                                        "per_second_hour", per_second(c, COVERAGE_SLOTS)));
    }
    ctl_reply_json(req, list);
}

static void read_counter(struct ctl_request *req, int argc UNUSED, const char *const argv[],
                         void *aux UNUSED)
{
    char text[64];

    for (const struct coverage *c = counters; c; c = c->next) {
        if (!strcmp(c->name, argv[0])) {
            snprintf(text, sizeof text, "%llu", (unsigned long long)c->total);
            ctl_reply(req, text);
            return;
        }
    }
    snprintf(text, sizeof text, "there is no event '%.20s'; see coverage/show", argv[0]);
    ctl_reply_error(req, text);
}

static void on_timer(evutil_socket_t fd UNUSED, short what UNUSED, void *aux UNUSED)
{
    coverage_turn();
}

void coverage_start(struct event_base *base)
{
    static const struct timeval slot = {COVERAGE_SLOT_S, 0};

    ctl_register("coverage/show", "", 0, 0, show, NULL);
    ctl_register("coverage/read-counter", "COUNTER", 1, 1, read_counter, NULL);
    timer = event_new(base, -1, EV_PERSIST, on_timer, NULL);
    event_add(timer, &slot);
}

void coverage_stop(void)
{
    if (timer) {
        event_free(timer);
        timer = NULL;
    }
}
