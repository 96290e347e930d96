/* `sluice top`: ports, rates and drops, once a second, until 'q'. Asks sluice-datapath alone, so it
 * also works while the rest of the switch is being restarted. Not on a terminal it prints plain
 * text, or JSON, as often as --count says. What is shown is made in top_view.c. */
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
#include "lib/output.h"
#include "utilities/sluice/commands.h"
#include "utilities/sluice/top_view.h"

#define TIMEOUT_MS 5000

struct top {
    struct top_style style;
    char *rundir;
    unsigned int interval_ms;
    uint64_t count; /* 0: for ever. */
    bool terminal;
    bool json;
    struct termios saved;
    struct top_look before; /* The last look; nothing in it when there was none. */
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

static int take_look(const struct top *t, struct top_look *ret, struct error *err)
{
    struct top_look look = {.show = ask(t, "dpctl/show", err)};

    look.drops = look.show ? ask(t, "dpctl/show-drops", err) : NULL;
    look.at_ms = time_now_ms();
    if (!look.drops) {
        top_look_free(&look);
        return -EIO;
    }
    *ret = look;
    return 0;
}

/* --- Terminal --------------------------------------------------------------------------------- */

static void open_terminal(struct top *t)
{
    struct termios raw;

    t->terminal = !t->json && isatty(STDOUT_FILENO) && isatty(STDIN_FILENO) &&
                  !tcgetattr(0, &t->saved);
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

/* How much of the terminal there is for the view; the last line is ours. */
static void measure_terminal(struct top *t)
{
    struct winsize w = {0};

    if (t->terminal) {
        if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) || !w.ws_row || !w.ws_col) {
            w = (struct winsize){.ws_row = 24, .ws_col = 80}; /* Some terminals do not say. */
        }
        t->style.rows = MAX_OF(w.ws_row, 2) - 1u;
        t->style.cols = w.ws_col;
    }
}

static void print_cut(const struct top *t, const char *screen)
{
    fputs("\033[H", stdout);
    for (unsigned int row = 0; row < t->style.rows && *screen; row++) {
        size_t n = strcspn(screen, "\n");

        printf("%.*s\033[K\n", (int)MIN_OF(n, t->style.cols), screen);
        screen += n + (screen[n] == '\n');
    }
    printf("\033[J%.*s", (int)t->style.cols, "q: end   t, d, n: by traffic, drops, name");
}

/* Prints the text, cut to the terminal's size. */
static int print_screen(const struct top *t, const char *screen, struct error *err)
{
    if (t->terminal) {
        print_cut(t, screen);
    } else {
        fputs(screen, stdout);
    }
    return output_flush(err);
}

/* False when the person wants to leave. */
static bool handle_key(struct top *t, char c)
{
    switch (c) {
    case 't': t->style.sort = TOP_SORT_TRAFFIC; return true;
    case 'd': t->style.sort = TOP_SORT_DROPS; return true;
    case 'n': t->style.sort = TOP_SORT_NAME; return true;
    case 'q': return false;
    default: return true;
    }
}

/* Waits for the next look. False when the person wants to leave. */
static bool wait_or_quit(struct top *t)
{
    struct pollfd p = {.fd = t->terminal ? STDIN_FILENO : -1, .events = POLLIN};
    uint64_t until = time_now_ms() + t->interval_ms, now;
    char c;

    while (!stop && (now = time_now_ms()) < until) {
        if (poll(&p, 1, (int)(until - now)) > 0 && (read(0, &c, 1) != 1 || !handle_key(t, c))) {
            return false;
        }
    }
    return !stop;
}

/* --- Looks ------------------------------------------------------------------------------------ */

static int show(struct top *t, const struct top_look *now, struct error *err)
{
    const struct top_look *before = t->before.show ? &t->before : NULL;
    struct strbuf s = STRBUF_INIT;
    json_t *value;
    char *text;
    int error;

    measure_terminal(t);
    if (t->json) {
        value = top_view_json(&t->style, now, before);
        text = json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(6));
        strbuf_printf(&s, "%s\n", text ? text : "{}");
        free(text);
        json_decref(value);
    } else {
        top_view_text(&s, &t->style, now, before);
    }
    error = print_screen(t, strbuf_str(&s), err);
    strbuf_free(&s);
    return error;
}

/* A person is told what a program sees by the lack of a line. */
static int show_absence(struct top *t, const struct error *why, struct error *err)
{
    char *text = xasprintf("sluice top: %s\n", why->text);
    int error = t->terminal ? print_screen(t, text, err) : 0;

    free(text);
    return error;
}

/* Until --count, the person or the reader of a pipe ends it. A datapath that does not answer is
 * waited for: it may be being restarted; but not at the beginning, nor at the end. */
static int run(struct top *t, struct error *err)
{
    struct top_look now = {0};
    struct error away = {0};
    uint64_t n_shown = 0;
    int error = take_look(t, &now, err), unseen = 0;

    if (error) {
        return error;
    }
    open_terminal(t);
    if (t->terminal) {
        error = show(t, &now, err); /* A person wants to see something at once. */
    }
    t->before = now;
    while (!error && !(t->count && n_shown++ >= t->count)) {
        if (!wait_or_quit(t)) {
            unseen = 0;
            break;
        }
        unseen = take_look(t, &now, &away);
        if (unseen) {
            error = show_absence(t, &away, err);
            continue;
        }
        error = show(t, &now, err);
        top_look_free(&t->before);
        t->before = now;
    }
    close_terminal(t);
    top_look_free(&t->before);
    if (!error && unseen) {
        *err = away;
        error = unseen;
    }
    return error;
}

/* --- The command ------------------------------------------------------------------------------ */

struct words {
    const char *interval, *count, *format, *sort;
};

static int apply_words(struct top *t, const struct words *w, struct error *err)
{
    static const char *const sorts[] = {"traffic", "drops", "name"};
    uint64_t seconds;
    size_t i = 0;

    if (!parse_u64(w->interval, 3600, &seconds) || !seconds) {
        return error_set(err, EINVAL, "option --interval: '%s' is not within 1...3600 seconds",
                         w->interval);
    }
    if (!parse_u64(w->count, UINT32_MAX, &t->count)) {
        return error_set(err, EINVAL, "option --count: '%s' is not a number", w->count);
    }
    if (strcmp(w->format, "text") && strcmp(w->format, "json")) {
        return error_set(err, EINVAL, "option --format: '%s' is neither 'text' nor 'json'",
                         w->format);
    }
    while (i < ARRAY_SIZE(sorts) && strcmp(w->sort, sorts[i])) {
        i++;
    }
    if (i == ARRAY_SIZE(sorts)) {
        return error_set(err, EINVAL, "option --sort: '%s' is not 'traffic', 'drops' or 'name'",
                         w->sort);
    }
    t->interval_ms = (unsigned int)seconds * 1000;
    t->json = !strcmp(w->format, "json");
    t->style.sort = (enum top_sort)i;
    return 0;
}

int cmd_top(int argc, char *argv[])
{
    struct words w = {"1", "0", "text", "traffic"};
    const char *rundir = NULL;
    const struct option_def defs[] = {
        OPTION_RUNDIR(&rundir),
        {"interval", 'i', "SECS", "seconds between two looks (default 1)", .value = &w.interval},
        {"count", 'n', "N", "end after N intervals (default: when 'q' is typed)",
         .value = &w.count},
        {"sort", 's', "KEY", "ports by traffic (default), drops or name", .value = &w.sort},
        {"format", 'f', "FORMAT", "text (default), or json: a line with one object per interval",
         .value = &w.format},
        {NULL},
    };
    int first = options_parse(argc, argv, "sluice top", "[OPTION]...",
                              "Shows ports, rates and drops, live, busiest first.\n"
                              "pps and bps are packets and bits per second; DROPPED and ERRORS\n"
                              "count since the port was made.",
                              defs);
    struct sigaction action = {.sa_handler = on_signal};
    struct error err = {0};
    struct top t = {0};
    int error;

    if (first < argc) {
        fprintf(stderr, "sluice top: unknown word '%s'; 'sluice top --help' lists the options\n",
                argv[first]);
        return 1;
    }
    error = apply_words(&t, &w, &err);
    if (!error) {
        t.rundir = daemon_rundir(rundir);
        t.style.rundir = t.rundir;
        sigaction(SIGINT, &action, NULL);
        sigaction(SIGTERM, &action, NULL);
        error = run(&t, &err);
        free(t.rundir);
    }
    if (error) {
        fprintf(stderr, "sluice top: %s\n", err.text);
    }
    return error ? 1 : 0;
}
