/* `sluice top`: ports, rates and drops, once a second, until 'q'. Asks sluice-datapath alone, so it
 * also works while the rest of the switch is being restarted. Not on a terminal it prints plain
 * text, as often as --count says. */
#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "lib/ctl.h"
#include "lib/daemon.h"
#include "lib/options.h"
#include "lib/strbuf.h"
#include "utilities/sluice/commands.h"

#define TIMEOUT_MS 5000

struct top {
    char *rundir;
    unsigned int interval_ms;
    uint64_t count; /* 0: for ever. */
    bool terminal;
    struct termios saved;
    json_t *ports; /* Of the last look, and when that was. */
    json_t *drops;
    uint64_t looked_ms;
};

static volatile sig_atomic_t stop;

static void on_signal(int sig UNUSED)
{
    stop = 1;
}

/* The datapath's answer as JSON; NULL with 'err' set. */
static json_t *ask(const struct top *t, const char *command, struct error *err)
{
    const char *args[] = {CTL_JSON_ARG};
    json_t *answer = NULL;
    char *text = NULL;
    bool ok = false;

    if (!ctl_call(t->rundir, "sluice-datapath", command, 1, args, TIMEOUT_MS, &ok, &text, err)) {
        answer = ok ? json_loads(text, 0, NULL) : NULL;
        if (!answer) {
            error_set(err, EPROTO, "sluice-datapath: %s: %s", command, text);
        }
    }
    free(text);
    return answer;
}

static json_int_t number(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

/* A string of an answer, harmless to a terminal. */
static const char *text(const json_t *object, const char *key, char *buf, size_t size)
{
    const char *s = json_string_value(json_object_get(object, key));
    size_t n = 0;

    for (; s && *s && n + 1 < size; s++) {
        buf[n++] = (unsigned char)*s < 0x20 || *s == 0x7f ? '?' : *s;
    }
    buf[n] = '\0';
    return buf;
}

/* The element of the last look that has the same values under 'keys'. */
static const json_t *find_same(const json_t *list, const json_t *object, const char *key1,
                               const char *key2)
{
    const json_t *e;
    size_t i;

    json_array_foreach (list, i, e) {
        if (json_equal(json_object_get(e, key1), json_object_get(object, key1)) &&
            json_equal(json_object_get(e, key2), json_object_get(object, key2))) {
            return e;
        }
    }
    return NULL;
}

/* How much 'key' grew since the last look, per second. Nothing after the datapath's restart. */
static double rate(const json_t *old, const json_t *new_object, const char *key, double seconds)
{
    json_int_t now = number(new_object, key), before = old ? number(old, key) : now;

    return now > before && seconds > 0 ? (double)(now - before) / seconds : 0;
}

/* "1.23 M": four characters of digits and a unit. */
static const char *scaled(double v, char *buf, size_t size)
{
    static const char units[] = " kMGT";
    size_t u = 0;

    while (v >= 999.5 && units[u + 1]) {
        v /= 1000;
        u++;
    }
    snprintf(buf, size, u && v < 10 ? "%.2f%c" : u && v < 100 ? "%.1f%c" : "%.0f%c", v, units[u]);
    return buf;
}

static void put_ports(struct strbuf *s, const struct top *t, const json_t *ports, double seconds)
{
    const json_t *p;
    size_t i;

    strbuf_printf(s, "%-16s %-10s %-5s %9s %9s %9s %9s %9s %9s\n", "PORT", "TYPE", "LINK",
                  "RX pkt/s", "RX bit/s", "TX pkt/s", "TX bit/s", "DROPPED", "ERRORS");
    json_array_foreach (ports, i, p) {
        const json_t *old = find_same(t->ports, p, "name", "port_no");
        char name[17], type[11], b[6][16];

        strbuf_printf(
            s, "%-16s %-10s %-5s %9s %9s %9s %9s %9s %9s\n", text(p, "name", name, sizeof name),
            text(p, "type", type, sizeof type),
            json_is_true(json_object_get(p, "link_up")) ? "up" : "down",
            scaled(rate(old, p, "rx_packets", seconds), b[0], sizeof b[0]),
            scaled(rate(old, p, "rx_bytes", seconds) * 8, b[1], sizeof b[1]),
            scaled(rate(old, p, "tx_packets", seconds), b[2], sizeof b[2]),
            scaled(rate(old, p, "tx_bytes", seconds) * 8, b[3], sizeof b[3]),
            scaled((double)(number(p, "rx_dropped") + number(p, "tx_dropped")), b[4], sizeof b[4]),
            scaled((double)(number(p, "rx_errors") + number(p, "tx_errors")), b[5], sizeof b[5]));
    }
}

static void put_drops(struct strbuf *s, const struct top *t, const json_t *drops, double seconds)
{
    const json_t *d;
    size_t i;

    if (!json_array_size(drops)) {
        strbuf_puts(s, "\nNo packet was dropped.\n");
        return;
    }
    strbuf_printf(s, "\n%-24s %-16s %9s %9s  %s\n", "DROP REASON", "PORT", "PACKETS", "pkt/s",
                  "WHAT IT MEANS");
    json_array_foreach (drops, i, d) {
        char reason[25], port[17], help[120], b[2][16];

        strbuf_printf(
            s, "%-24s %-16s %9s %9s  %s\n", text(d, "reason", reason, sizeof reason),
            text(d, "port", port, sizeof port),
            scaled((double)number(d, "packets"), b[0], sizeof b[0]),
            scaled(rate(find_same(t->drops, d, "reason", "port_no"), d, "packets", seconds), b[1],
                   sizeof b[1]),
            text(d, "help", help, sizeof help));
    }
}

/* Appends what there is to see now. False, with the error as text, when nothing answers. */
static bool look(struct top *t, struct strbuf *s)
{
    struct error err = {0};
    json_t *show = ask(t, "dpctl/show", &err);
    json_t *drops = show ? ask(t, "dpctl/show-drops", &err) : NULL;
    uint64_t now = time_now_ms();
    double seconds = t->looked_ms ? (double)(now - t->looked_ms) / 1000 : 0;
    json_t *ports;

    if (!drops) {
        strbuf_printf(s, "sluice top: %s\n", err.text);
        json_decref(show);
        return false;
    }
    ports = json_object_get(show, "ports");
    strbuf_printf(s, "%s: %lld flows, %zu ports, vswitchd %s\n\n", t->rundir,
                  (long long)number(show, "flows"), json_array_size(ports),
                  number(show, "attached_pid") ? "attached" : "NOT ATTACHED");
    put_ports(s, t, ports, seconds);
    put_drops(s, t, drops, seconds);

    json_decref(t->ports);
    json_decref(t->drops);
    t->ports = json_incref(ports);
    t->drops = drops;
    t->looked_ms = now;
    json_decref(show);
    return true;
}

/* --- Terminal --------------------------------------------------------------------------------- */

static void open_terminal(struct top *t)
{
    struct termios raw;

    t->terminal = isatty(STDOUT_FILENO) && isatty(STDIN_FILENO) && !tcgetattr(0, &t->saved);
    if (t->terminal) {
        raw = t->saved;
        raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
        tcsetattr(0, TCSANOW, &raw);
        fputs("\033[?1049h\033[?25l", stdout); /* The other screen, no cursor. */
    }
}

static void close_terminal(struct top *t)
{
    if (t->terminal) {
        fputs("\033[?25h\033[?1049l", stdout);
        tcsetattr(0, TCSANOW, &t->saved);
    }
}

/* Prints the text, cut to the terminal's size. */
static void print_screen(const struct top *t, const char *screen)
{
    struct winsize w = {0};

    if (!t->terminal) {
        fputs(screen, stdout);
        fflush(stdout);
        return;
    }
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) || !w.ws_row || !w.ws_col) {
        w = (struct winsize){.ws_row = 24, .ws_col = 80}; /* Some terminals do not say. */
    }
    fputs("\033[H", stdout);
    for (unsigned int row = 1; row + 1 < w.ws_row && *screen; row++) {
        size_t n = strcspn(screen, "\n");

        printf("%.*s\033[K\n", (int)MIN_OF(n, w.ws_col), screen);
        screen += n + (screen[n] == '\n');
    }
    fputs("\033[J'q' ends.", stdout);
    fflush(stdout);
}

/* Waits for the next look. False when the person wants to leave. */
static bool wait_or_quit(const struct top *t)
{
    struct pollfd p = {.fd = t->terminal ? STDIN_FILENO : -1, .events = POLLIN};
    uint64_t until = time_now_ms() + t->interval_ms, now;
    char c;

    while (!stop && (now = time_now_ms()) < until) {
        if (poll(&p, 1, (int)(until - now)) > 0 && (read(0, &c, 1) != 1 || c == 'q')) {
            return false;
        }
    }
    return !stop;
}

static bool run(struct top *t)
{
    struct strbuf s = STRBUF_INIT;
    bool ok = true;

    open_terminal(t);
    for (uint64_t i = 0; !stop; i++) {
        strbuf_clear(&s);
        ok = look(t, &s);
        if (!ok && !i) {
            break; /* It never worked: no reason to wait. */
        }
        print_screen(t, strbuf_str(&s));
        if ((t->count && i + 1 >= t->count) || !wait_or_quit(t)) {
            break;
        }
    }
    close_terminal(t);
    if (!ok) {
        fputs(strbuf_str(&s), stderr);
    }
    strbuf_free(&s);
    return ok;
}

int cmd_top(int argc, char *argv[])
{
    const char *rundir = NULL, *interval = "1", *count = "0";
    const struct option_def defs[] = {
        OPTION_RUNDIR(&rundir),
        {"interval", 'i', "SECS", "seconds between two looks (default 1)", .value = &interval},
        {"count", 'n', "N", "end after N looks (default: when 'q' is typed)", .value = &count},
        {NULL},
    };
    int first = options_parse(argc, argv, "sluice top", "[OPTION]...",
                              "Shows ports, rates and drops, live.", defs);
    struct sigaction action = {.sa_handler = on_signal};
    struct top t = {0};
    uint64_t seconds;
    bool ok;

    if (first < argc) {
        fprintf(stderr, "sluice top: unknown word '%s'; 'sluice top --help' lists the options\n",
                argv[first]);
        return 1;
    }
    if (!parse_u64(interval, 3600, &seconds) || !seconds) {
        fprintf(stderr, "sluice top: option --interval: '%s' is not within 1...3600 seconds\n",
                interval);
        return 1;
    }
    if (!parse_u64(count, UINT32_MAX, &t.count)) {
        fprintf(stderr, "sluice top: option --count: '%s' is not a number\n", count);
        return 1;
    }
    t.interval_ms = (unsigned int)seconds * 1000;
    t.rundir = daemon_rundir(rundir);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    ok = run(&t);
    json_decref(t.ports);
    json_decref(t.drops);
    free(t.rundir);
    return ok ? 0 : 1;
}
