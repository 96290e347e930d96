/* See rundir.h. */
#include "utilities/sluice/rundir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/daemon.h"

const char *const program_names[N_PROGRAMS] = {"sluice-vswitchd", "sluice-datapath", "sluice-db"};

/* All names under which pid files and ctl sockets are made; Open vSwitch's are for its tools. */
static const char *const all_names[] = {"sluice-vswitchd", "sluice-datapath", "sluice-db",
                                        "sluice",          "ovs-vswitchd",    "ovsdb-server"};

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);

    return n >= m && !strcmp(s + n - m, end);
}

/* True for "NAME.pid" (suffix ".pid") or "NAME.123.ctl" of one of the programs. */
static bool is_program_file(const char *file, const char *suffix)
{
    for (size_t i = 0; i < ARRAY_SIZE(all_names); i++) {
        size_t n = strlen(all_names[i]);

        if (!strncmp(file, all_names[i], n) && file[n] == '.' && ends_with(file + n, suffix)) {
            const char *rest = file + n + strspn(file + n, ".0123456789");

            return !strcmp(rest, suffix + 1) || !strcmp(file + n, suffix);
        }
    }
    return false;
}

/* Calls 'is_garbage' for each file and removes those for which it is true. */
static void remove_if(const char *rundir, bool (*is_garbage)(int dir_fd, const char *, void *),
                      void *aux)
{
    DIR *dir = opendir(rundir);
    struct dirent *e;

    if (!dir) {
        return;
    }
    while ((e = readdir(dir))) {
        if (is_garbage(dirfd(dir), e->d_name, aux)) {
            unlinkat(dirfd(dir), e->d_name, 0);
        }
    }
    closedir(dir);
}

int rundir_check_unused(const char *rundir, struct error *err)
{
    for (size_t i = 0; i < ARRAY_SIZE(all_names); i++) {
        pid_t pid = daemon_pidfile_read(rundir, all_names[i]);

        if (pid && pid != getpid()) {
            return error_set(err, EEXIST,
                             "run directory '%s': %s is already running there as process %ld; "
                             "'sluice down' stops it",
                             rundir, all_names[i], (long)pid);
        }
    }
    return 0;
}

static bool is_ctl_of_pid(int dir_fd UNUSED, const char *file, void *suffix)
{
    return ends_with(file, suffix) && is_program_file(file, ".ctl");
}

void rundir_forget_pid(const char *rundir, pid_t pid)
{
    char suffix[32];

    snprintf(suffix, sizeof suffix, ".%ld.ctl", (long)pid);
    remove_if(rundir, is_ctl_of_pid, suffix);
}

static bool is_any_leftover(int dir_fd, const char *file, void *rundir)
{
    struct stat st;
    char name[64];

    if (is_program_file(file, ".pid")) {
        snprintf(name, sizeof name, "%.*s", (int)(strlen(file) - 4), file);
        return !daemon_pidfile_read(rundir, name);
    }
    if (is_program_file(file, ".ctl")) {
        snprintf(name, sizeof name, ".%ld.ctl", (long)getpid());
        return !ends_with(file, name);
    }
    return (!strcmp(file, "db.sock") || !strcmp(file, "dp.sock") || !strcmp(file, "notify.sock") ||
            ends_with(file, ".mgmt") || ends_with(file, ".snoop")) &&
           !fstatat(dir_fd, file, &st, AT_SYMLINK_NOFOLLOW) && S_ISSOCK(st.st_mode);
}

void rundir_clean(const char *rundir)
{
    remove_if(rundir, is_any_leftover, (void *)rundir);
}
