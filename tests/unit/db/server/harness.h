/* For tests of the server as its clients see it: a child process serves a database in a temporary
 * directory, the test speaks JSON-RPC to it over real sockets. */
#ifndef TESTS_UNIT_DB_SERVER_HARNESS_H
#define TESTS_UNIT_DB_SERVER_HARNESS_H

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db/server/server.h"
#include "lib/daemon.h"
#include "lib/log.h"
#include "tests/unit/db/fixture.h"

static const char schema[] =
    "{\"name\": \"D\", \"version\": \"1.0.0\", \"tables\": {\"T\": {\"columns\": {"
    "\"name\": {\"type\": \"string\"}, \"i\": {\"type\": \"integer\"},"
    "\"s\": {\"type\": {\"key\": \"integer\", \"min\": 0, \"max\": \"unlimited\"}},"
    "\"m\": {\"type\": {\"key\": \"string\", \"value\": \"string\", \"min\": 0, \"max\": "
    "\"unlimited\"}}}}}}";

static char dir[] = "/tmp/test_server.XXXXXX";
static pid_t pid;
static struct server_limits server_limits;
static rlim_t max_file_size = RLIM_INFINITY;

/* --- The server's process. --- */

static inline void serve(int ready_fd)
{
    struct event_base *base = event_base_new();
    struct server *server = server_new(base, &server_limits);
    struct rlimit limit = {max_file_size, RLIM_INFINITY};
    char *path = xasprintf("%s/conf.db", dir), *remote = xasprintf("punix:%s/db.sock", dir);
    struct error err = {0};
    struct store *store;

    log_set_levels("off", NULL);
    daemon_signals(base);
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
    if (store_open(path, schema, NULL, &store, &err) || server_add_store(server, store, &err) ||
        server_add_remote(server, remote, &err)) {
        fprintf(stderr, "%s\n", err.text);
        _exit(1);
    }
    if (write(ready_fd, "", 1) != 1) {
        _exit(1);
    }
    event_base_dispatch(base);
    server_free(server);
    event_base_free(base);
    free(path);
    free(remote);
}

static inline void start(void)
{
    int fds[2];
    char byte;

    assert_int_equal(pipe(fds), 0);
    fflush(NULL);
    pid = fork();
    if (!pid) {
        close(fds[0]);
        serve(fds[1]);
        exit(0);
    }
    close(fds[1]);
    assert_int_equal(read(fds[0], &byte, 1), 1);
    close(fds[0]);
}

static inline void stop(int sig)
{
    int status;

    kill(pid, sig);
    waitpid(pid, &status, 0);
    if (sig == SIGTERM) {
        assert_true(WIFEXITED(status) && !WEXITSTATUS(status));
    }
}

static inline int set_up(void **state UNUSED)
{
    strcpy(dir, "/tmp/test_server.XXXXXX");
    assert_non_null(mkdtemp(dir));
    max_file_size = RLIM_INFINITY;
    server_limits = (struct server_limits){.max_sessions = 20};
    start();
    return 0;
}

static inline int tear_down(void **state UNUSED)
{
    char *command = xasprintf("rm -rf %s", dir);
    int rc;

    stop(SIGTERM);
    rc = system(command);
    free(command);
    return rc;
}

/* --- Clients. --- */

static inline int dial(void)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    struct timeval timeout = {.tv_sec = 20};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(un.sun_path, sizeof un.sun_path, "%s/db.sock", dir);
    assert_int_equal(connect(fd, (struct sockaddr *)&un, sizeof un), 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    return fd;
}

static inline void say(int fd, const char *message)
{
    char *copy = xstrdup(message);

    for (char *p = copy; *p; p++) {
        *p = *p == '\'' ? '"' : *p;
    }
    assert_int_equal(write(fd, copy, strlen(copy)), strlen(copy));
    free(copy);
}

/* The next message, as text with ' for " and U for uuids. */
static inline char *hear(int fd)
{
    json_error_t err;
    json_t *json = json_loadfd(fd, JSON_DISABLE_EOF_CHECK, &err);
    char *text, *p;

    if (!json) {
        return xstrdup(err.text);
    }
    text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(json);
    for (p = text; *p; p++) {
        *p = *p == '"' ? '\'' : *p;
        if (strlen(p) > 36 && p[8] == '-' && p[13] == '-' && p[18] == '-' && p[23] == '-') {
            *p = 'U';
            memmove(p + 1, p + 36, strlen(p + 36) + 1);
        }
    }
    return text;
}

static inline void expect(int fd, const char *expected)
{
    char *text = hear(fd);

    assert_string_equal(text, expected);
    free(text);
}

static inline void expect_part(int fd, const char *part)
{
    char *text = hear(fd);

    if (!strstr(text, part)) {
        fail_msg("'%s' is not in '%s'", part, text);
    }
    free(text);
}

static inline void expect_silence(int fd)
{
    say(fd, "{'method': 'echo', 'params': ['still'], 'id': 'silence'}");
    expect(fd, "{'error':null,'id':'silence','result':['still']}");
}

#define TRANSACT(ID, OPS) "{'method': 'transact', 'params': ['D', " OPS "], 'id': " #ID "}"
#define INSERT(ROW) "{'op': 'insert', 'table': 'T', 'row': " ROW "}"
#define UPDATE(WHERE, ROW) "{'op': 'update', 'table': 'T', 'where': " WHERE ", 'row': " ROW "}"
#define DURABLE "{'op': 'commit', 'durable': true}"

#endif
