/* See supervisor.h. The database and the datapath start first, together; vswitchd, which needs
 * both, when they are ready. After that each is restarted by itself: they find one another again.
 */
#include "utilities/sluice/supervisor.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/ctl.h"
#include "lib/daemon.h"
#include "lib/log.h"
#include "utilities/sluice/notify.h"
#include "utilities/sluice/program.h"
#include "utilities/sluice/report.h"
#include "utilities/sluice/rundir.h"

LOG_MODULE(supervisor)

/* Between SIGTERM and SIGKILL. */
#define GRACE_S 10

struct supervisor {
    const struct supervisor_config *config;
    struct event_base *base;
    struct notify *notify;
    struct ctl_server *ctl;
    struct event *signals[4];
    struct event *stop_timer;            /* Grace of the program being stopped. */
    struct event *start_timer;           /* Until all are ready. */
    struct program programs[N_PROGRAMS]; /* In the order in which they are stopped. */
    struct event *restart_timers[N_PROGRAMS];
    uint64_t started_ms;
    bool up; /* All were ready once. */
    bool stopping;
    struct strbuf *report;
    struct error *err;
    int error; /* What supervisor_run() returns. */
};

static void stop_next(struct supervisor *);

/* --- Starting --------------------------------------------------------------------------------- */

static void add_common_args(const struct supervisor_config *c, struct program *p)
{
    p->log_path = xasprintf("%s/%s.log", c->rundir, p->name);
    program_add_arg(p, "%s/%s", c->bindir, p->name);
    program_add_arg(p, "--rundir=%s", c->rundir);
    program_add_arg(p, "--log-file=%s", p->log_path);
    if (c->log_level) {
        program_add_arg(p, "--log-level=%s", c->log_level);
    }
}

static void make_programs(struct supervisor *s)
{
    const struct supervisor_config *c = s->config;

    for (size_t i = 0; i < N_PROGRAMS; i++) {
        struct program *p = &s->programs[i];

        p->name = program_names[i];
        add_common_args(c, p);
        if (!strcmp(p->name, "sluice-db")) {
            program_add_arg(p, "--dbdir=%s", c->dbdir);
            if (c->db_file) {
                program_add_arg(p, "--db=%s", c->db_file);
            }
            if (c->n_remotes) { /* Given ones replace the default. */
                program_add_arg(p, "--remote=punix:%s/db.sock", c->rundir);
            }
            for (size_t r = 0; r < c->n_remotes; r++) {
                program_add_arg(p, "--remote=%s", c->remotes[r]);
            }
        } else if (!strcmp(p->name, "sluice-datapath")) {
            if (c->memory) {
                program_add_arg(p, "--memory=%s", c->memory);
            }
            if (c->eal) {
                program_add_arg(p, "--eal=%s", c->eal);
            }
        }
    }
}

/* Ends the attempt to come up, with 'err' set. */
static void give_up(struct supervisor *s)
{
    if (!s->stopping) {
        s->error = -(s->err->code ? s->err->code : EIO);
        s->stopping = true;
        stop_next(s);
    }
}

static void start_program(struct supervisor *s, struct program *p)
{
    struct error err = {0};

    if (!program_start(p, notify_address(s->notify), &err)) {
        log_info("%s: started as process %ld", p->name, (long)p->pid);
        return;
    }
    log_err("%s", err.text);
    if (!s->up) {
        *s->err = err;
        give_up(s);
    } else {
        struct timeval later = {.tv_sec = 1};

        p->state = PROGRAM_WAITING;
        evtimer_add(s->restart_timers[p - s->programs], &later);
    }
}

static void on_restart_timer(evutil_socket_t fd UNUSED, short what UNUSED, void *s_)
{
    struct supervisor *s = s_;

    for (size_t i = 0; i < N_PROGRAMS; i++) {
        if (s->programs[i].state == PROGRAM_WAITING &&
            !evtimer_pending(s->restart_timers[i], NULL)) {
            start_program(s, &s->programs[i]);
        }
    }
}

/* The loop's first event: from here on, giving up ends the loop. */
static void on_first(evutil_socket_t fd UNUSED, short what UNUSED, void *s_)
{
    struct supervisor *s = s_;

    for (size_t i = N_PROGRAMS; --i > 0 && !s->stopping;) {
        start_program(s, &s->programs[i]);
    }
}

/* Moves the start on: vswitchd once the others are ready, then the good news. */
static void advance_start(struct supervisor *s)
{
    struct program *vswitchd = &s->programs[0];

    if (s->up || s->stopping) {
        return;
    }
    for (size_t i = 1; i < N_PROGRAMS; i++) {
        if (s->programs[i].state != PROGRAM_READY) {
            return;
        }
    }
    if (vswitchd->state == PROGRAM_STOPPED) {
        start_program(s, vswitchd);
    } else if (vswitchd->state == PROGRAM_READY) {
        s->up = true;
        evtimer_del(s->start_timer);
        log_info("all programs are ready");
        if (!s->config->ready(s->config->aux)) {
            log_warn("nobody waits for the start to end: stopping");
            s->stopping = true;
            stop_next(s);
        }
    }
}

static void on_start_timeout(evutil_socket_t fd UNUSED, short what UNUSED, void *s_)
{
    struct supervisor *s = s_;

    for (size_t i = N_PROGRAMS; i-- > 0;) {
        struct program *p = &s->programs[i];

        if (p->state == PROGRAM_STARTING) {
            error_set(s->err, ETIMEDOUT,
                      "%s is not ready after %u s; its log '%s' ends with:", p->name,
                      s->config->start_timeout_s, p->log_path);
            program_log_tail(p, "  ", s->report);
            break;
        }
    }
    log_err("%s", s->err->text);
    give_up(s);
}

/* --- Ends ------------------------------------------------------------------------------------- */

static void on_grace_over(evutil_socket_t fd UNUSED, short what UNUSED, void *s_)
{
    struct supervisor *s = s_;

    for (size_t i = 0; i < N_PROGRAMS; i++) {
        struct program *p = &s->programs[i];

        if (p->state == PROGRAM_STOPPING && p->pid) {
            log_warn("%s: did not end within %d s: killed", p->name, GRACE_S);
            kill(p->pid, SIGKILL);
        }
    }
}

/* Stops the first program that still runs; ends the loop when there is none. */
static void stop_next(struct supervisor *s)
{
    struct timeval grace = {.tv_sec = GRACE_S};

    for (size_t i = 0; i < N_PROGRAMS; i++) {
        struct program *p = &s->programs[i];

        evtimer_del(s->restart_timers[i]);
        if (p->state == PROGRAM_STOPPING && p->pid) {
            return;
        }
        if (p->pid) {
            p->state = PROGRAM_STOPPING;
            kill(p->pid, SIGTERM);
            evtimer_add(s->stop_timer, &grace);
            return;
        }
        p->state = PROGRAM_STOPPED;
    }
    event_base_loopbreak(s->base);
}

/* A program died although it should not. */
static void handle_death(struct supervisor *s, struct program *p)
{
    unsigned int ms;
    struct timeval wait;

    if (!s->up) {
        error_set(s->err, ECHILD, "%s failed to start: it %s; its log '%s' ends with:", p->name,
                  p->last_end, p->log_path);
        program_log_tail(p, "  ", s->report);
        log_err("%s failed to start: it %s", p->name, p->last_end);
        give_up(s);
        return;
    }
    ms = program_backoff_ms(p);
    p->n_restarts++;
    log_warn("%s: %s; started again%s", p->name, p->last_end, ms ? " after a while" : " at once");
    if (!ms) {
        start_program(s, p);
        return;
    }
    p->state = PROGRAM_WAITING;
    wait = (struct timeval){ms / 1000, (suseconds_t)(ms % 1000) * 1000};
    evtimer_add(s->restart_timers[p - s->programs], &wait);
}

/* Looks for programs that have ended. */
static void reap(struct supervisor *s)
{
    notify_drain(s->notify); /* What the dead said last still counts. */
    for (size_t i = 0; i < N_PROGRAMS; i++) {
        struct program *p = &s->programs[i];
        pid_t pid = p->pid;
        bool expected = s->stopping;
        int status;

        if (!pid || waitpid(pid, &status, WNOHANG) != pid) {
            continue;
        }
        program_ended(p, status);
        rundir_forget_pid(s->config->rundir, pid);
        if (expected) {
            log_info("%s: %s", p->name, p->last_end);
        } else {
            handle_death(s, p);
        }
    }
    if (s->stopping) {
        stop_next(s);
    }
}

static void on_child(evutil_socket_t fd UNUSED, short what UNUSED, void *s_)
{
    reap(s_);
}

static void on_stop_signal(evutil_socket_t sig, short what UNUSED, void *s_)
{
    struct supervisor *s = s_;

    if (s->stopping) {
        return;
    }
    log_info("signal %d: stopping", (int)sig);
    if (!s->up) {
        error_set(s->err, EINTR, "stopped by a signal before all programs were ready");
        s->error = -EINTR;
    }
    s->stopping = true;
    stop_next(s);
}

static void on_hangup(evutil_socket_t sig UNUSED, short what UNUSED, void *s_)
{
    struct supervisor *s = s_;
    struct error err = {0};

    if (log_reopen(&err)) {
        log_err("%s", err.text);
    }
    for (size_t i = 0; i < N_PROGRAMS; i++) { /* The logs are rotated together. */
        if (s->programs[i].state == PROGRAM_READY) {
            kill(s->programs[i].pid, SIGHUP);
        }
    }
}

/* --- News from the programs ------------------------------------------------------------------- */

static void handle_fds(struct program *p, struct notify_msg *m)
{
    const char *name = m->fd_name ? m->fd_name : "stored";
    struct error err = {0};

    if (m->remove) {
        fdstore_remove(&p->fds, name);
    }
    for (; m->store && m->n_fds; m->n_fds--) {
        if (fdstore_add(&p->fds, name, m->fds[m->n_fds - 1], &err)) {
            log_warn_limit("%s: %s", p->name, err.text);
        }
    }
}

static void on_notify(struct notify_msg *m, void *s_)
{
    struct supervisor *s = s_;
    struct program *p = NULL;

    for (size_t i = 0; i < N_PROGRAMS; i++) {
        if (m->pid && s->programs[i].pid == m->pid) {
            p = &s->programs[i];
        }
    }
    if (!p) {
        log_warn_limit("a message of process %ld, which is none of ours, is ignored", (long)m->pid);
    } else if (m->bad) {
        log_warn_limit("%s: a message is ignored: %s", p->name, m->bad);
    } else {
        handle_fds(p, m);
        if (m->ready && p->state == PROGRAM_STARTING) {
            p->state = PROGRAM_READY;
            log_info("%s: ready", p->name);
        }
    }
    for (size_t i = 0; i < m->n_fds; i++) {
        close(m->fds[i]);
    }
    if (p && m->ready) {
        advance_start(s);
    }
}

static void ctl_status(struct ctl_request *r, int argc UNUSED, const char *const argv[] UNUSED,
                       void *s_)
{
    struct supervisor *s = s_;

    reap(s); /* The request may have come before the news of a death that it follows. */
    ctl_reply_json(r, report_status(s->config->rundir, s->started_ms, s->programs, N_PROGRAMS));
}

/* --- Life ------------------------------------------------------------------------------------- */

static int set_up(struct supervisor *s, struct error *err)
{
    static const struct {
        int signal;
        event_callback_fn handler;
    } handlers[] = {{SIGCHLD, on_child},
                    {SIGTERM, on_stop_signal},
                    {SIGINT, on_stop_signal},
                    {SIGHUP, on_hangup}};
    struct timeval timeout = {.tv_sec = s->config->start_timeout_s};
    char *ctl_path = xasprintf("%s/sluice.%ld.ctl", s->config->rundir, (long)getpid());
    int error;

    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    daemon_raise_fd_limit(); /* Kept descriptors count, here and in the datapath. */
    error = notify_new(s->base, s->config->rundir, on_notify, s, &s->notify, err);
    if (!error) {
        error = ctl_server_new(s->base, ctl_path, &s->ctl, err);
    }
    free(ctl_path);
    if (error) {
        return error;
    }
    ctl_register("status", "", 0, 0, ctl_status, s);
    for (size_t i = 0; i < ARRAY_SIZE(handlers); i++) {
        s->signals[i] = evsignal_new(s->base, handlers[i].signal, handlers[i].handler, s);
        event_add(s->signals[i], NULL);
    }
    for (size_t i = 0; i < N_PROGRAMS; i++) {
        s->restart_timers[i] = evtimer_new(s->base, on_restart_timer, s);
    }
    s->stop_timer = evtimer_new(s->base, on_grace_over, s);
    s->start_timer = evtimer_new(s->base, on_start_timeout, s);
    evtimer_add(s->start_timer, &timeout);
    return 0;
}

static void tear_down(struct supervisor *s)
{
    struct event *events[] = {s->stop_timer, s->start_timer};

    for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
        if (events[i]) {
            event_free(events[i]);
        }
    }
    for (size_t i = 0; i < ARRAY_SIZE(s->signals); i++) {
        if (s->signals[i]) {
            event_free(s->signals[i]);
        }
    }
    for (size_t i = 0; i < N_PROGRAMS; i++) {
        if (s->restart_timers[i]) {
            event_free(s->restart_timers[i]);
        }
        program_destroy(&s->programs[i]);
    }
    ctl_server_free(s->ctl);
    notify_free(s->notify);
    event_base_free(s->base);
}

int supervisor_run(const struct supervisor_config *config, struct strbuf *report, struct error *err)
{
    struct supervisor s = {
        .config = config, .report = report, .err = err, .started_ms = time_now_ms()};
    struct timeval at_once = {0};

    s.base = event_base_new();
    if (!s.base) {
        return error_set(err, ENOMEM, "no event loop can be made");
    }
    make_programs(&s);
    s.error = set_up(&s, err);
    if (!s.error) {
        event_base_once(s.base, -1, EV_TIMEOUT, on_first, &s, &at_once);
        event_base_dispatch(s.base);
        if (daemon_pidfile_is_ours(config->rundir, "sluice")) {
            rundir_clean(config->rundir);
        } else {
            log_warn("run directory '%s' was removed while the switch ran: what is there now is "
                     "left alone",
                     config->rundir);
        }
        log_info("stopped");
    }
    tear_down(&s);
    return s.error;
}
