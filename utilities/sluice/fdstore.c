/* See fdstore.h. The protocol is systemd's (sd_listen_fds_with_names(3)). */
#include "utilities/sluice/fdstore.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/strbuf.h"
#include "utilities/sluice/closer.h"

#define FIRST_FD 3

static bool same_file(int a, int b)
{
    pid_t self = getpid();

    return syscall(SYS_kcmp, self, self, KCMP_FILE, a, b) == 0;
}

static bool is_name(const char *name)
{
    for (const char *c = name; *c; c++) {
        if (*c <= ' ' || *c > '~' || *c == ':') {
            return false;
        }
    }
    return *name && strlen(name) <= 255;
}

int fdstore_add(struct fdstore *s, const char *name, int fd, struct error *err)
{
    if (!is_name(name)) {
        close(fd);
        return error_set(err, EINVAL, "descriptor '%.60s': its name is not valid", name);
    }
    for (size_t i = 0; i < s->n; i++) {
        if (!strcmp(s->entries[i].name, name) && same_file(s->entries[i].fd, fd)) {
            close(fd);
            return 0;
        }
    }
    if (s->n >= FDSTORE_MAX || s->names_len + strlen(name) + 1 > FDSTORE_MAX_NAMES) {
        close(fd);
        return error_set(err, ENOSPC,
                         "descriptor '%s': %zu are kept already; this one will not survive a crash",
                         name, s->n);
    }
    if (s->n >= s->size) {
        s->size = s->size * 2 + 16;
        s->entries = xreallocarray(s->entries, s->size, sizeof *s->entries);
    }
    s->entries[s->n++] = (struct fdstore_entry){.name = xstrdup(name), .fd = fd};
    s->names_len += strlen(name) + 1;
    return 0;
}

static void close_entry(struct fdstore *s, struct fdstore_entry *e)
{
    s->names_len -= strlen(e->name) + 1;
    closer_close(e->fd);
    free(e->name);
}

void fdstore_remove(struct fdstore *s, const char *name)
{
    size_t kept = 0;

    for (size_t i = 0; i < s->n; i++) {
        if (!strcmp(s->entries[i].name, name)) {
            close_entry(s, &s->entries[i]);
        } else {
            s->entries[kept++] = s->entries[i];
        }
    }
    s->n = kept;
}

void fdstore_clear(struct fdstore *s)
{
    for (size_t i = 0; i < s->n; i++) {
        close_entry(s, &s->entries[i]);
    }
    closer_wait();
    free(s->entries);
    *s = (struct fdstore){0};
}

int fdstore_hand_over(const struct fdstore *s)
{
    struct strbuf names = STRBUF_INIT;
    char number[32];
    int end = FIRST_FD + (int)s->n;

    if (!s->n) {
        unsetenv("LISTEN_PID");
        unsetenv("LISTEN_FDS");
        unsetenv("LISTEN_FDNAMES");
        return 0;
    }
    /* First out of the way of the numbers that they are to get. */
    for (size_t i = 0; i < s->n; i++) {
        if (s->entries[i].fd < end) {
            int fd = fcntl(s->entries[i].fd, F_DUPFD_CLOEXEC, end);

            if (fd < 0) {
                return -errno;
            }
            s->entries[i].fd = fd;
        }
    }
    for (size_t i = 0; i < s->n; i++) {
        if (dup2(s->entries[i].fd, FIRST_FD + (int)i) < 0) { /* The copy is not close-on-exec. */
            return -errno;
        }
        strbuf_printf(&names, "%s%s", i ? ":" : "", s->entries[i].name);
    }
    setenv("LISTEN_FDNAMES", strbuf_str(&names), 1);
    strbuf_free(&names);
    snprintf(number, sizeof number, "%zu", s->n);
    setenv("LISTEN_FDS", number, 1);
    snprintf(number, sizeof number, "%ld", (long)getpid());
    setenv("LISTEN_PID", number, 1);
    return 0;
}
