/* `sluice up`: checks what it was told, goes to the background (unless --foreground), and
 * supervises. The process that the person started waits until the switch is ready, or says why it
 * is not. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/daemon.h"
#include "lib/log.h"
#include "lib/options.h"
#include "lib/stream.h"
#include "utilities/sluice/commands.h"
#include "utilities/sluice/rundir.h"
#include "utilities/sluice/supervisor.h"

#define MAX_REMOTES 64
/* What sluice-datapath takes, so that a wrong number is told before anything is started. */
#define MIN_MEMORY_MB 64
#define MAX_MEMORY_MB (1u << 20)

/* First byte of what the background process tells the one that waits. */
#define TOLD_READY 'R'
#define TOLD_ERROR 'E'

struct up {
    struct supervisor_config config;
    bool foreground;
    int report_fd; /* To the process that waits, -1 in the foreground. */
    const char *remotes[MAX_REMOTES];
};

static int fail(const char *text)
{
    fprintf(stderr, "sluice up: %s\n", text);
    return 1;
}

static void add_remote(const char *value, void *up_)
{
    struct up *up = up_;

    if (up->config.n_remotes >= MAX_REMOTES) {
        fprintf(stderr, "sluice up: more than %d times --remote\n", MAX_REMOTES);
        exit(1);
    }
    up->remotes[up->config.n_remotes++] = value;
}

/* The absolute path of 'dir', which is made when it is not there. */
static int use_dir(char *dir, const char **ret, struct error *err)
{
    int error = daemon_make_dir(dir, err);
    char *path = error ? NULL : realpath(dir, NULL);

    if (!error && !path) {
        error = error_set_errno(err, errno, "directory '%s': cannot be used", dir);
    }
    free(dir);
    if (!error) {
        *ret = path;
    }
    return error;
}

/* Where this program is: the others are beside it. */
static int find_programs(const char **ret, struct error *err)
{
    char *exe = realpath("/proc/self/exe", NULL), *slash = exe ? strrchr(exe, '/') : NULL;

    if (!slash) {
        free(exe);
        return error_set_errno(err, errno, "/proc/self/exe: cannot be read");
    }
    *slash = '\0';
    for (size_t i = 0; i < N_PROGRAMS; i++) {
        char *path = xasprintf("%s/%s", exe, program_names[i]);
        int error = access(path, X_OK)
                        ? error_set_errno(err, errno, "program '%s' must be beside sluice", path)
                        : 0;

        free(path);
        if (error) {
            free(exe);
            return error;
        }
    }
    *ret = exe;
    return 0;
}

static int check_options(struct up *up, const char *timeout, struct error *err)
{
    enum log_level level;
    uint64_t n;

    if (up->config.memory &&
        (!parse_u64(up->config.memory, MAX_MEMORY_MB, &n) || n < MIN_MEMORY_MB)) {
        return error_set(err, EINVAL, "option --memory: '%s' is not a number of MiB within %u...%u",
                         up->config.memory, MIN_MEMORY_MB, MAX_MEMORY_MB);
    }
    if (up->config.log_level && !log_parse_level(up->config.log_level, &level)) {
        return error_set(err, EINVAL,
                         "option --log-level: '%s' is no level (off, err, warn, info, dbg)",
                         up->config.log_level);
    }
    for (size_t i = 0; i < up->config.n_remotes; i++) {
        int error = stream_check_passive(up->remotes[i], err);

        if (error) {
            return error_prefix(err, "option --remote");
        }
    }
    if (!parse_u64(timeout, 3600, &n) || !n) {
        return error_set(err, EINVAL, "option --timeout: '%s' is not within 1...3600 seconds",
                         timeout);
    }
    up->config.start_timeout_s = (unsigned int)n;
    return 0;
}

/* --- The background -----------------------------------------------------------------------------
 */

static bool tell(int fd, char what, const char *text)
{
    size_t n = strlen(text);

    return write(fd, &what, 1) == 1 && (!n || write(fd, text, n) == (ssize_t)n);
}

/* Supervisor's callback. */
static bool on_ready(void *up_)
{
    struct up *up = up_;
    bool heard = true;

    if (up->report_fd >= 0) {
        heard = tell(up->report_fd, TOLD_READY, "");
        close(up->report_fd);
        up->report_fd = -1;
    } else {
        daemon_notify_ready();
    }
    return heard;
}

/* Everything that needs the pid of the process that stays. Returns an exit code. */
static int supervise(struct up *up, struct error *err, struct strbuf *report)
{
    int error = daemon_pidfile(up->config.rundir, "sluice", err);

    if (error) {
        error_prefix(err, "run directory '%s'", up->config.rundir);
        return 1;
    }
    error = rundir_check_unused(up->config.rundir, err);
    if (!error) {
        rundir_clean(up->config.rundir);
        error = supervisor_run(&up->config, report, err);
    }
    daemon_cleanup();
    return error ? 1 : 0;
}

/* In the background: stdout and stderr go to the log. */
static void __attribute__((noreturn)) be_daemon(struct up *up)
{
    struct strbuf report = STRBUF_INIT, text = STRBUF_INIT;
    char *log_path = xasprintf("%s/sluice.log", up->config.rundir);
    struct error err = {0};
    int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC), code = 1;

    setsid();
    unsetenv("NOTIFY_SOCKET"); /* Of whoever started the command, not of this service. */
    if (null_fd < 0 || chdir("/")) {
        error_set_errno(&err, errno, "/dev/null");
    } else if (!log_open_file(log_path, &err)) {
        for (int fd = 0; fd < 3; fd++) {
            dup2(null_fd, fd);
        }
        signal(SIGPIPE, SIG_IGN);
        code = supervise(up, &err, &report);
    }
    if (code && up->report_fd >= 0) {
        strbuf_printf(&text, "%s\n%s", err.text, strbuf_str(&report));
        tell(up->report_fd, TOLD_ERROR, strbuf_str(&text));
    }
    strbuf_free(&report);
    strbuf_free(&text);
    free(log_path);
    exit(code);
}

/* Waits for what the background process tells. Returns the exit code. */
static int wait_for_start(const struct up *up, int fd)
{
    struct strbuf said = STRBUF_INIT;
    char buf[4096];
    int code = 1;
    ssize_t n;

    while ((n = read(fd, buf, sizeof buf)) > 0 || (n < 0 && errno == EINTR)) {
        strbuf_put(&said, buf, n > 0 ? (size_t)n : 0);
    }
    if (said.len && said.data[0] == TOLD_READY) {
        printf("The switch is up. Run directory: %s\n", up->config.rundir);
        code = fflush(stdout) ? 1 : 0;
    } else if (said.len) {
        fprintf(stderr, "sluice up: %s", said.data + 1);
    } else {
        fprintf(stderr, "sluice up: the supervisor died; see '%s/sluice.log'\n", up->config.rundir);
    }
    strbuf_free(&said);
    return code;
}

static int go_to_background(struct up *up)
{
    int fds[2];
    pid_t pid;

    if (pipe2(fds, O_CLOEXEC)) {
        return fail(strerror(errno));
    }
    fflush(NULL);
    pid = fork();
    if (pid < 0) {
        return fail(strerror(errno));
    }
    if (!pid) {
        /* Whatever our caller left open (locks, pipes) must not live as long as the switch. */
        up->report_fd = dup3(fds[1], 3, O_CLOEXEC) < 0 && fds[1] != 3 ? fds[1] : 3;
        close_range((unsigned int)up->report_fd + 1, ~0u, 0);
        be_daemon(up);
    }
    close(fds[1]);
    return wait_for_start(up, fds[0]);
}

static int stay_in_foreground(struct up *up)
{
    struct strbuf report = STRBUF_INIT;
    struct error err = {0};
    int code = supervise(up, &err, &report);

    if (code) {
        fprintf(stderr, "sluice up: %s\n%s", err.text, strbuf_str(&report));
    }
    strbuf_free(&report);
    return code;
}

/* --- The command --------------------------------------------------------------------------------
 */

int cmd_up(int argc, char *argv[])
{
    struct up up = {.report_fd = -1, .config = {.ready = on_ready}};
    const char *rundir = NULL, *dbdir = NULL, *timeout = "60";
    const struct option_def defs[] = {
        {"foreground", 'f', NULL, "stay in the foreground, for a service manager",
         .flag = &up.foreground},
        OPTION_RUNDIR(&rundir),
        {"dbdir", 0, "DIR",
         "database directory (default $SLUICE_DBDIR, $OVS_DBDIR, /var/lib/sluice)",
         .value = &dbdir},
        {"db", 0, "FILE", "database file (default DBDIR/conf.db)", .value = &up.config.db_file},
        {"remote", 0, "NAME", "let the database listen there too, e.g. ptcp:6640:127.0.0.1",
         .each = add_remote, .aux = &up},
        {"memory", 'm', "MB",
         "memory of the datapath, in MiB (default 512, or what hugepages there are)",
         .value = &up.config.memory},
        {"eal", 0, "ARGS", "more arguments for DPDK's EAL, such as \"-a 0000:03:00.0\"",
         .value = &up.config.eal},
        {"log-level", 'v', "LEVEL",
         "of all programs: off, err, warn, info or dbg ('sluice-appctl vlog/set' changes one "
         "module's)",
         .value = &up.config.log_level},
        {"timeout", 'T', "SECS", "how long to wait for the start (default 60)", .value = &timeout},
        {NULL},
    };
    struct error err = {0};
    char *cwd, *db_file = NULL;
    int first, code = 1;

    first = options_parse(argc, argv, "sluice up", "[OPTION]...",
                          "Starts the switch and restarts whatever of it dies. Returns when it is "
                          "ready.",
                          defs);
    if (first < argc) {
        fprintf(stderr, "sluice up: unknown word '%s'; 'sluice up --help' lists the options\n",
                argv[first]);
        return 1;
    }
    up.config.aux = &up;
    if (up.config.db_file && up.config.db_file[0] != '/') { /* The background has another cwd. */
        cwd = getcwd(NULL, 0);
        db_file = xasprintf("%s/%s", cwd ? cwd : "", up.config.db_file);
        up.config.db_file = db_file;
        free(cwd);
    }
    up.config.remotes = up.remotes;
    log_init("sluice");
    if (check_options(&up, timeout, &err) ||
        use_dir(daemon_rundir(rundir), &up.config.rundir, &err) ||
        use_dir(daemon_dbdir(dbdir), &up.config.dbdir, &err) ||
        find_programs(&up.config.bindir, &err)) {
        fail(err.text);
    } else {
        code = up.foreground ? stay_in_foreground(&up) : go_to_background(&up);
    }
    free(db_file);
    free((char *)up.config.rundir);
    free((char *)up.config.dbdir);
    free((char *)up.config.bindir);
    return code;
}
