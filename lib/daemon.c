/* Run directory, pid files and signals of a long-running program: see daemon.h. What is said to the
 * supervisor is in daemon_notify.c.
 *
 * The lock on a pid file is an fcntl() record lock because that is what ovs-appctl looks for. Such
 * a lock is lost when its process closes *any* descriptor of the file, so nothing here opens a pid
 * file that we hold ourselves; and it is not inherited by fork(): go to the background first. Main
 * thread only. */
#include "lib/daemon.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/file_id.h"
#include "lib/log.h"

LOG_MODULE(daemon)

struct pidfile {
    struct pidfile *next;
    char *path;
    int fd;
    struct file_id id;
};

static struct pidfile *pidfiles;

/* --- Directories ------------------------------------------------------------------------------ */

static char *choose_dir(const char *option, const char *var1, const char *var2, const char *def)
{
    const char *dir = option;

    if (!dir || !*dir) {
        dir = getenv(var1);
    }
    if (!dir || !*dir) {
        dir = getenv(var2);
    }
    return xstrdup(dir && *dir ? dir : def);
}

char *daemon_rundir(const char *option)
{
    return choose_dir(option, "SLUICE_RUNDIR", "OVS_RUNDIR", "/run/sluice");
}

char *daemon_dbdir(const char *option)
{
    return choose_dir(option, "SLUICE_DBDIR", "OVS_DBDIR", "/var/lib/sluice");
}

/* The name of what holds 'path', owned by the caller. */
static char *parent_dir(const char *path)
{
    char *copy = xstrdup(path), *parent = xstrdup(dirname(copy));

    free(copy);
    return parent;
}

int daemon_make_dir(const char *path, struct error *err)
{
    struct stat st;

    if (!*path) {
        return error_set(err, EINVAL, "directory '': the name is empty");
    }
    if (!mkdir(path, 0755)) {
        return 0;
    }
    if (errno == ENOENT) {
        char *parent = parent_dir(path);

        error_set(err, ENOENT,
                  "directory '%s': cannot be made, because there is no '%s'; make that first, or "
                  "correct the name",
                  path, parent);
        free(parent);
        return -ENOENT;
    }
    if (errno != EEXIST) {
        return error_set_errno(err, errno, "directory '%s': cannot be made", path);
    }
    if (stat(path, &st)) {
        return error_set_errno(err, errno, "directory '%s': cannot be used", path);
    }
    if (!S_ISDIR(st.st_mode)) {
        return error_set(err, ENOTDIR, "directory '%s': there is something else of that name",
                         path);
    }
    return 0;
}

/* --- Pid files -------------------------------------------------------------------------------- */

static struct flock whole_file(void)
{
    return (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET};
}

/* Opens and locks 'path'. Returns the descriptor or a negative errno. */
static int lock_pidfile(const char *path, struct file_id *ret_id, struct error *err)
{
    /* The file may be removed between our open() and our lock, by its owner's exit: then what we
     * locked is no longer what has the name, and we start anew. */
    for (int tries = 0; tries < 100; tries++) {
        struct flock lock = whole_file();
        struct stat st;
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);

        if (fd < 0) {
            return error_set_errno(err, errno, "pid file '%s': cannot be opened", path);
        }
        if (fcntl(fd, F_SETLK, &lock)) {
            int code = errno;

            if (code != EAGAIN && code != EACCES) {
                close(fd);
                return error_set_errno(err, code, "pid file '%s': cannot be locked", path);
            }
            lock = whole_file();
            if (!fcntl(fd, F_GETLK, &lock) && lock.l_type == F_UNLCK) {
                close(fd);
                continue; /* The holder just went. */
            }
            close(fd);
            return error_set(err, EEXIST,
                             "pid file '%s': already running as process %ld; stop it first, or use "
                             "another run directory",
                             path, (long)lock.l_pid);
        }
        if (!fstat(fd, &st)) {
            *ret_id = (struct file_id){st.st_dev, st.st_ino};
            if (file_id_names(ret_id, path)) {
                return fd;
            }
        }
        close(fd);
    }
    return error_set(err, EBUSY, "pid file '%s': is replaced again and again by others", path);
}

int daemon_pidfile(const char *rundir, const char *name, struct error *err)
{
    char text[32];
    struct file_id id;
    struct pidfile *p;
    char *path = xasprintf("%s/%s.pid", rundir, name);
    int len = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    int fd;

    for (p = pidfiles; p; p = p->next) {
        if (!strcmp(p->path, path)) {
            free(path);
            return 0;
        }
    }
    fd = lock_pidfile(path, &id, err);
    if (fd < 0) {
        free(path);
        return fd;
    }
    if (ftruncate(fd, 0) || write(fd, text, (size_t)len) != len) {
        int error = error_set_errno(err, errno, "pid file '%s': cannot be written", path);

        unlink(path);
        close(fd);
        free(path);
        return error;
    }
    p = xcalloc(1, sizeof *p);
    *p = (struct pidfile){.next = pidfiles, .path = path, .fd = fd, .id = id};
    pidfiles = p;
    return 0;
}

static bool is_ours(const char *path)
{
    for (const struct pidfile *p = pidfiles; p; p = p->next) {
        if (file_id_names(&p->id, path)) {
            return true;
        }
    }
    return false;
}

bool daemon_pidfile_is_ours(const char *rundir, const char *name)
{
    char *path = xasprintf("%s/%s.pid", rundir, name);
    bool ours = is_ours(path);

    free(path);
    return ours;
}

pid_t daemon_pidfile_read(const char *rundir, const char *name)
{
    char *path = xasprintf("%s/%s.pid", rundir, name);
    struct flock lock = whole_file();
    pid_t pid = 0;
    int fd;

    if (is_ours(path)) {
        pid = getpid(); /* Opening and closing it would drop our lock. */
    } else {
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd >= 0) {
            /* Whether a write lock could be had is asked for; a read-only descriptor may ask. */
            if (!fcntl(fd, F_GETLK, &lock) && lock.l_type != F_UNLCK && lock.l_pid > 0) {
                pid = lock.l_pid;
            }
            close(fd);
        }
    }
    free(path);
    return pid;
}

void daemon_cleanup(void)
{
    while (pidfiles) {
        struct pidfile *p = pidfiles;

        pidfiles = p->next;
        file_id_unlink(&p->id, p->path);
        close(p->fd);
        free(p->path);
        free(p);
    }
}

/* --- Signals ---------------------------------------------------------------------------------- */

static struct event *signal_events[3];

static void on_stop(evutil_socket_t sig, short what UNUSED, void *base)
{
    log_info("signal %d: stopping", (int)sig);
    event_base_loopbreak(base);
}

static void on_hangup(evutil_socket_t sig UNUSED, short what UNUSED, void *base UNUSED)
{
    struct error err = {0};

    if (log_reopen(&err)) {
        log_err("%s", err.text);
    }
}

void daemon_signals(struct event_base *base)
{
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* A file that may not grow is an error where it is written. */
    signal_events[0] = evsignal_new(base, SIGTERM, on_stop, base);
    signal_events[1] = evsignal_new(base, SIGINT, on_stop, base);
    signal_events[2] = evsignal_new(base, SIGHUP, on_hangup, base);
    for (size_t i = 0; i < ARRAY_SIZE(signal_events); i++) {
        if (!signal_events[i] || event_add(signal_events[i], NULL)) {
            log_err("signals cannot be caught");
        }
    }
}

unsigned int daemon_raise_fd_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit)) {
        return 0;
    }
    if (limit.rlim_cur < limit.rlim_max) {
        rlim_t before = limit.rlim_cur;

        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit)) {
            limit.rlim_cur = before;
        }
    }
    return (unsigned int)MIN_OF(limit.rlim_cur, (rlim_t)INT32_MAX);
}
