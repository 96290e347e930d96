/* See program.h. */
#include "utilities/sluice/program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define BACKOFF_FIRST_MS 100
#define BACKOFF_MAX_MS 4000
/* A process that lived for this long was well: its end is not one of a row of failures. */
#define WELL_MS 10000
#define TAIL_BYTES 4096
#define TAIL_LINES 12

const char *program_state_name(enum program_state state)
{
    static const char *const names[] = {[PROGRAM_STOPPED] = "stopped",
                                        [PROGRAM_STARTING] = "starting",
                                        [PROGRAM_READY] = "ready",
                                        [PROGRAM_WAITING] = "waiting",
                                        [PROGRAM_STOPPING] = "stopping"};

    return names[state];
}

void program_add_arg(struct program *p, const char *fmt, ...)
{
    char *text = NULL;
    va_list args;
    size_t n = 0;

    va_start(args, fmt);
    if (vasprintf(&text, fmt, args) < 0) {
        abort();
    }
    va_end(args);
    while (p->argv && p->argv[n]) {
        n++;
    }
    p->argv = xreallocarray(p->argv, n + 2, sizeof *p->argv);
    p->argv[n] = text;
    p->argv[n + 1] = NULL;
}

void program_destroy(struct program *p)
{
    for (size_t i = 0; p->argv && p->argv[i]; i++) {
        free(p->argv[i]);
    }
    free(p->argv);
    free(p->log_path);
    fdstore_clear(&p->fds);
    p->argv = NULL;
    p->log_path = NULL;
}

/* In the child. Signals are blocked. */
static void __attribute__((noreturn))
become(const struct program *p, pid_t parent, int log_fd, const char *notify_address)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGCHLD, SIGPIPE, SIGXFSZ};
    sigset_t none;
    int error, null_fd;

    /* Never outlive the supervisor, not even when it is killed. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
        _exit(127);
    }
    setpgid(0, 0); /* Ctrl-C is for the supervisor, which stops the programs in their order. */
    for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
        signal(signals[i], SIG_DFL);
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);

    null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null_fd < 0 || dup2(null_fd, STDIN_FILENO) < 0 || dup2(log_fd, STDOUT_FILENO) < 0 ||
        dup2(log_fd, STDERR_FILENO) < 0) {
        _exit(127);
    }
    setenv("NOTIFY_SOCKET", notify_address, 1);
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    error = fdstore_hand_over(&p->fds);
    if (error) {
        fprintf(stderr, "%s: kept descriptors cannot be handed over: %s\n", p->name,
                strerror(-error));
        _exit(127);
    }
    execv(p->argv[0], p->argv);
    fprintf(stderr, "%s: cannot be executed: %s\n", p->argv[0], strerror(errno));
    _exit(127);
}

int program_start(struct program *p, const char *notify_address, struct error *err)
{
    pid_t parent = getpid(), pid;
    sigset_t all, old;
    int log_fd = open(p->log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

    if (log_fd < 0) {
        return error_set_errno(err, errno, "%s: log file '%s': cannot be opened", p->name,
                               p->log_path);
    }
    p->log_offset = lseek(log_fd, 0, SEEK_END);

    /* Between fork() and exec() the child still has our handlers, which would tell us of a signal
     * that is meant for it. */
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &old);
    pid = fork();
    if (!pid) {
        become(p, parent, log_fd, notify_address);
    }
    sigprocmask(SIG_SETMASK, &old, NULL);
    close(log_fd);
    if (pid < 0) {
        return error_set_errno(err, errno, "%s: no process can be made", p->name);
    }
    p->pid = pid;
    p->started_ms = time_now_ms();
    p->state = PROGRAM_STARTING;
    return 0;
}

void program_ended(struct program *p, int status)
{
    if (WIFSIGNALED(status)) {
        snprintf(p->last_end, sizeof p->last_end, "killed by signal %d (%s)%s", WTERMSIG(status),
                 strsignal(WTERMSIG(status)), WCOREDUMP(status) ? ", core dumped" : "");
    } else {
        snprintf(p->last_end, sizeof p->last_end, "exited with code %d", WEXITSTATUS(status));
    }
    if (p->state == PROGRAM_READY && time_now_ms() - p->started_ms >= WELL_MS) {
        p->n_failures = 0;
    }
    p->n_failures++;
    p->pid = 0;
    p->state = PROGRAM_STOPPED;
}

unsigned int program_backoff_ms(const struct program *p)
{
    unsigned int ms = BACKOFF_FIRST_MS;

    if (p->n_failures <= 1) {
        return 0;
    }
    for (unsigned int i = 2; i < p->n_failures && ms < BACKOFF_MAX_MS; i++) {
        ms *= 2;
    }
    return MIN_OF(ms, BACKOFF_MAX_MS);
}

void program_log_tail(const struct program *p, const char *indent, struct strbuf *s)
{
    char text[TAIL_BYTES + 1], *start = text;
    int fd = open(p->log_path, O_RDONLY | O_CLOEXEC);
    off_t end = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
    off_t from = MAX_OF(p->log_offset, end - TAIL_BYTES);
    ssize_t n = fd < 0 || end <= from ? 0 : pread(fd, text, TAIL_BYTES, from);
    unsigned int n_lines = 0;
    char *save = NULL;

    if (fd >= 0) {
        close(fd);
    }
    n = MAX_OF(n, 0);
    text[n] = '\0';
    if (n && from > p->log_offset && strchr(text, '\n')) {
        start = strchr(text, '\n') + 1; /* The first line is not whole. */
    }
    for (const char *c = text + n; c > start; c--) {
        if (c[-1] == '\n' && c != text + n && ++n_lines == TAIL_LINES) {
            start = (char *)c;
            break;
        }
    }
    for (char *line = strtok_r(start, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        strbuf_printf(s, "%s%s\n", indent, line);
    }
}
