/* lib/daemon: directories, pid files between processes, and the supervisor's protocol. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/daemon.h"

static char dir[] = "/tmp/sluice-test-daemon-XXXXXX";

static void option_wins_over_environment_over_default(void **state UNUSED)
{
    char *d;

    unsetenv("SLUICE_RUNDIR");
    unsetenv("OVS_RUNDIR");
    d = daemon_rundir(NULL);
    assert_string_equal(d, "/run/sluice");
    free(d);
    setenv("OVS_RUNDIR", "/ovs", 1);
    d = daemon_rundir(NULL);
    assert_string_equal(d, "/ovs");
    free(d);
    setenv("SLUICE_RUNDIR", "/ours", 1);
    d = daemon_rundir(NULL);
    assert_string_equal(d, "/ours");
    free(d);
    d = daemon_rundir("/given");
    assert_string_equal(d, "/given");
    free(d);
    unsetenv("SLUICE_DBDIR");
    unsetenv("OVS_DBDIR");
    d = daemon_dbdir(NULL);
    assert_string_equal(d, "/var/lib/sluice");
    free(d);
}

static void directory_is_made_and_its_parents_are_not(void **state UNUSED)
{
    struct error err = {0};
    char path[128], wrong[128];
    struct stat st;
    FILE *f;

    snprintf(path, sizeof path, "%s/a", dir);
    snprintf(wrong, sizeof wrong, "%s/a/b/", dir);
    assert_int_equal(daemon_make_dir(wrong, &err), -ENOENT);
    assert_non_null(strstr(err.text, wrong));
    assert_non_null(strstr(err.text, "there is no"));
    assert_int_equal(stat(path, &st), -1);
    assert_int_equal(daemon_make_dir(path, &err), 0);
    assert_int_equal(daemon_make_dir(wrong, &err), 0);
    assert_int_equal(rmdir(wrong), 0);
    assert_int_equal(daemon_make_dir(path, &err), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_true(S_ISDIR(st.st_mode));
    rmdir(path);
    f = fopen(path, "w");
    fclose(f);
    assert_int_equal(daemon_make_dir(path, &err), -ENOTDIR);
    assert_non_null(strstr(err.text, path));
    unlink(path);
}

static void pid_file_holds_a_lock_that_others_see(void **state UNUSED)
{
    struct error err = {0};
    char path[128];
    int to_parent[2], to_child[2], status;
    char c;
    pid_t child;

    assert_int_equal(pipe(to_parent) | pipe(to_child), 0);
    child = fork();
    if (!child) {
        int failed = daemon_pidfile(dir, "prog", NULL) != 0;

        failed |= daemon_pidfile(dir, "prog", NULL) != 0; /* Ours already: fine. */
        failed |= daemon_pidfile_read(dir, "prog") != getpid();
        failed |= write(to_parent[1], "x", 1) != 1;
        failed |= read(to_child[0], &c, 1) < 0;
        daemon_cleanup();
        _exit(failed);
    }
    assert_int_equal(read(to_parent[0], &c, 1), 1);
    assert_int_equal(daemon_pidfile_read(dir, "prog"), child);
    assert_int_equal(daemon_pidfile(dir, "prog", &err), -EEXIST);
    snprintf(path, sizeof path, "process %ld", (long)child);
    assert_non_null(strstr(err.text, path));
    assert_int_equal(write(to_child[1], "x", 1), 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    snprintf(path, sizeof path, "%s/prog.pid", dir);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(daemon_pidfile_read(dir, "prog"), 0);
}

static void pid_file_of_a_killed_process_counts_for_nothing(void **state UNUSED)
{
    char path[128];
    FILE *f;

    snprintf(path, sizeof path, "%s/prog.pid", dir);
    f = fopen(path, "w");
    fprintf(f, "1\n");
    fclose(f);
    assert_int_equal(daemon_pidfile_read(dir, "prog"), 0);
    assert_int_equal(daemon_pidfile(dir, "prog", NULL), 0);
    daemon_cleanup();
    assert_int_equal(access(path, F_OK), -1);
}

static void pid_file_that_another_put_there_is_not_ours(void **state UNUSED)
{
    char path[128], moved[128];
    FILE *f;

    snprintf(path, sizeof path, "%s/prog.pid", dir);
    snprintf(moved, sizeof moved, "%s/moved", dir);
    assert_false(daemon_pidfile_is_ours(dir, "prog"));
    assert_int_equal(daemon_pidfile(dir, "prog", NULL), 0);
    assert_true(daemon_pidfile_is_ours(dir, "prog"));
    assert_int_equal(rename(path, moved), 0);
    assert_false(daemon_pidfile_is_ours(dir, "prog"));
    f = fopen(path, "w");
    fclose(f);
    assert_false(daemon_pidfile_is_ours(dir, "prog"));
    daemon_cleanup();
    assert_int_equal(unlink(path), 0);
    assert_int_equal(unlink(moved), 0);
}

/* --- The supervisor's protocol ------------------------------------------------------------------
 */

static int notify_socket(void)
{
    struct sockaddr_un sun = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

    snprintf(sun.sun_path, sizeof sun.sun_path, "%s/notify", dir);
    unlink(sun.sun_path);
    assert_int_equal(bind(fd, (struct sockaddr *)&sun, sizeof sun), 0);
    setenv("NOTIFY_SOCKET", sun.sun_path, 1);
    return fd;
}

/* Receives one datagram; returns the descriptor that came with it, or -1. */
static int receive(int sock, char *text, size_t size)
{
    char control[CMSG_SPACE(sizeof(int))];
    struct iovec iov = {text, size - 1};
    struct msghdr msg = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    ssize_t n = recvmsg(sock, &msg, 0);
    int fd = -1;

    text[n > 0 ? n : 0] = '\0';
    if (n > 0 && CMSG_FIRSTHDR(&msg)) {
        memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof fd);
    }
    return fd;
}

static void readiness_and_descriptors_reach_the_supervisor(void **state UNUSED)
{
    int sock = notify_socket(), fds[2], got;
    char text[512], c;

    daemon_notify_ready();
    assert_int_equal(receive(sock, text, sizeof text), -1);
    assert_string_equal(text, "READY=1");

    assert_int_equal(pipe(fds), 0);
    assert_int_equal(daemon_fd_keep("tap.v0.1", fds[1]), 0);
    got = receive(sock, text, sizeof text);
    assert_true(got >= 0);
    assert_string_equal(text, "FDSTORE=1\nFDNAME=tap.v0.1\nFDPOLL=0");
    assert_int_equal(write(got, "x", 1), 1);
    assert_int_equal(read(fds[0], &c, 1), 1);
    assert_int_equal(daemon_fd_forget("tap.v0.1"), 0);
    receive(sock, text, sizeof text);
    assert_string_equal(text, "FDSTOREREMOVE=1\nFDNAME=tap.v0.1");

    assert_int_equal(daemon_fd_keep("a\nREADY=1", fds[1]), -EINVAL);
    assert_int_equal(daemon_fd_keep("a:b", fds[1]), -EINVAL);
    assert_int_equal(daemon_fd_keep("", fds[1]), -EINVAL);
    close(fds[0]);
    close(fds[1]);
    close(got);
    close(sock);
    unlink(getenv("NOTIFY_SOCKET"));
    assert_true(daemon_fd_keep("a", 0) < 0); /* The supervisor is gone. */
    unsetenv("NOTIFY_SOCKET");
    assert_int_equal(daemon_fd_keep("a", 0), 0);
}

static void predecessors_descriptors_are_taken_by_name(void **state UNUSED)
{
    int sock = notify_socket(), status;
    char text[512];
    pid_t child = fork();

    if (!child) {
        char pid[16];
        int a, b;

        for (int i = 0; i < 4; i++) {
            dup2(open("/dev/null", O_RDONLY), 3 + i);
        }
        snprintf(pid, sizeof pid, "%ld", (long)getpid());
        setenv("LISTEN_PID", pid, 1);
        setenv("LISTEN_FDS", "4", 1);
        setenv("LISTEN_FDNAMES", "tap.a:tap.b:tap.a:old", 1);
        a = daemon_fd_take("tap.a");
        b = daemon_fd_take("tap.a");
        if (a != 3 || b != 5 || daemon_fd_take("tap.a") != -1 || daemon_fd_take("none") != -1 ||
            !(fcntl(a, F_GETFD) & FD_CLOEXEC) || getenv("LISTEN_FDS")) {
            _exit(1);
        }
        daemon_fd_rest();
        if (fcntl(4, F_GETFD) != -1 || fcntl(6, F_GETFD) != -1 || fcntl(3, F_GETFD) < 0) {
            _exit(2);
        }
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    receive(sock, text, sizeof text);
    assert_string_equal(text, "FDSTOREREMOVE=1\nFDNAME=tap.b");
    receive(sock, text, sizeof text);
    assert_string_equal(text, "FDSTOREREMOVE=1\nFDNAME=old");
    close(sock);
    unlink(getenv("NOTIFY_SOCKET"));
    unsetenv("NOTIFY_SOCKET");
}

static void descriptors_for_another_process_are_not_ours(void **state UNUSED)
{
    setenv("LISTEN_PID", "1", 1);
    setenv("LISTEN_FDS", "4", 1);
    assert_int_equal(daemon_fd_take("unknown"), -1);
    daemon_fd_rest();
}

static int set_up(void **state UNUSED)
{
    return !mkdtemp(dir);
}

static int tear_down(void **state UNUSED)
{
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(option_wins_over_environment_over_default),
        cmocka_unit_test(directory_is_made_and_its_parents_are_not),
        cmocka_unit_test(pid_file_holds_a_lock_that_others_see),
        cmocka_unit_test(pid_file_of_a_killed_process_counts_for_nothing),
        cmocka_unit_test(pid_file_that_another_put_there_is_not_ours),
        cmocka_unit_test(readiness_and_descriptors_reach_the_supervisor),
        cmocka_unit_test(predecessors_descriptors_are_taken_by_name),
        cmocka_unit_test(descriptors_for_another_process_are_not_ours),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
