/* Logging: see log.h.
 *
 * A line is made in memory and written with one write(2) to a descriptor opened with O_APPEND, so
 * lines of several threads and processes do not mix. There is one descriptor for the program's
 * life: a new file is dup2()ed over it, and a thread that is writing never sees it closed. Text
 * that came from outside cannot forge lines: control characters are escaped. Called from any thread
 * but those of the fast path. */
#include "lib/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LIMIT_WINDOW_MS 60000
#define LIMIT_PER_WINDOW 10
#define LINE_MAX_LEN 4096 /* Longer messages are cut. */

static struct log_module *modules;
static const char *program_name = "sluice";
static int log_fd = STDERR_FILENO;
static char *log_path;
/* Guards the limits' counters and 'log_path'; never held while writing a message. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static const char *const level_names[] = {[LOG_OFF] = "OFF",
                                          [LOG_ERR] = "ERR",
                                          [LOG_WARN] = "WARN",
                                          [LOG_INFO] = "INFO",
                                          [LOG_DBG] = "DBG"};

void log_module_register(struct log_module *m)
{
    m->next = modules;
    modules = m;
}

void log_init(const char *program)
{
    program_name = program;
}

const char *log_program(void)
{
    return program_name;
}

/* Copies 'text' to 'line' with control characters escaped. Returns the new end. */
static char *put_escaped(char *p, const char *end, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if (c < 0x20 || c == 0x7f) {
            if (end - p < 5) {
                break;
            }
            p += sprintf(p, c == '\n' ? "\\n" : "\\x%02x", c);
        } else {
            if (end - p < 2) {
                break;
            }
            *p++ = (char)c;
        }
    }
    return p;
}

void log_write(const struct log_module *module, enum log_level level, const char *fmt, ...)
{
    char text[LINE_MAX_LEN], line[LINE_MAX_LEN + 256];
    int saved_errno = errno;
    struct timespec now;
    struct tm tm;
    va_list args;
    char *p = line;
    const char *end = line + sizeof line - 1;
    ssize_t n;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    p += strftime(p, 64, "%Y-%m-%dT%H:%M:%S", &tm);
    p += snprintf(p, 160, ".%03ldZ|%.40s|%.40s|%s|", now.tv_nsec / 1000000, program_name,
                  module->name, level_names[level]);
    p = put_escaped(p, end, text);
    *p++ = '\n';

    /* A full disk or a closed stderr must not stop the program: what cannot be written is lost. */
    do {
        n = write(log_fd, line, (size_t)(p - line));
    } while (n < 0 && errno == EINTR);
    errno = saved_errno;
}

bool log_limit_pass(struct log_limit *limit, const struct log_module *module, enum log_level level)
{
    uint64_t now = time_now_ms();
    unsigned int n_left_out = 0;
    bool pass;

    pthread_mutex_lock(&mutex);
    if (!limit->n_written || now - limit->window_start_ms >= LIMIT_WINDOW_MS) {
        n_left_out = limit->n_left_out;
        limit->window_start_ms = now;
        limit->n_written = 0;
        limit->n_left_out = 0;
    }
    pass = limit->n_written < LIMIT_PER_WINDOW;
    if (pass) {
        limit->n_written++;
    } else {
        limit->n_left_out++;
    }
    pthread_mutex_unlock(&mutex);

    if (n_left_out) {
        log_write(module, level, "%u messages like the next were left out", n_left_out);
    }
    return pass;
}

/* Makes 'path' what is written to, in place of the present file. */
static int open_log(const char *path, struct error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

    if (fd < 0) {
        return error_set_errno(err, errno, "log file '%s': cannot be opened", path);
    }
    if (log_fd == STDERR_FILENO) {
        log_fd = fd;
        return 0;
    }
    if (dup3(fd, log_fd, O_CLOEXEC) < 0) {
        int code = errno;

        close(fd);
        return error_set_errno(err, code, "log file '%s': cannot be used", path);
    }
    close(fd);
    return 0;
}

int log_open_file(const char *path, struct error *err)
{
    int error = open_log(path, err);

    if (!error) {
        char *copy = xstrdup(path);

        pthread_mutex_lock(&mutex);
        free(log_path);
        log_path = copy;
        pthread_mutex_unlock(&mutex);
    }
    return error;
}

int log_reopen(struct error *err)
{
    char *path;
    int error;

    pthread_mutex_lock(&mutex);
    path = log_path ? xstrdup(log_path) : NULL;
    pthread_mutex_unlock(&mutex);
    if (!path) {
        return 0;
    }
    error = open_log(path, err);
    free(path);
    return error;
}

/* --- Levels ----------------------------------------------------------------------------------- */

bool log_parse_level(const char *word, enum log_level *ret)
{
    if (!strcasecmp(word, "emer")) {
        *ret = LOG_ERR; /* Nothing is logged as an emergency here; errors are the nearest. */
        return true;
    }
    for (size_t i = 0; i < ARRAY_SIZE(level_names); i++) {
        if (!strcasecmp(word, level_names[i])) {
            *ret = (enum log_level)i;
            return true;
        }
    }
    return false;
}

static bool is_destination(const char *word)
{
    return !strcasecmp(word, "syslog") || !strcasecmp(word, "console") || !strcasecmp(word, "file");
}

/* A place that nothing is ever written to: its level is OFF and stays so. "file" never is one,
 * because --log-file may come after the levels, nor is stderr that somebody has led into a file. */
static bool is_unused(const char *destination)
{
    return !strcasecmp(destination, "syslog") || (!strcasecmp(destination, "console") && log_path);
}

/* Sets the level of all modules called 'name' (NULL: all there are). Returns how many; changes
 * nothing with 'dry_run'. */
static unsigned int set_level(const char *name, enum log_level level, bool dry_run)
{
    unsigned int n = 0;

    for (struct log_module *m = modules; m; m = m->next) {
        if (!name || !strcasecmp(m->name, name)) {
            if (!dry_run) {
                __atomic_store_n(&m->level, level, __ATOMIC_RELAXED);
            }
            n++;
        }
    }
    return n;
}

/* One "[MODULE:][DEST:][LEVEL]"; the parts may come in any order, and a missing level is dbg, as
 * vlog/set has it. There is one place where the log goes; others can only be switched off. */
static int apply_word(char *word, bool dry_run, struct error *err)
{
    const char *module = NULL, *unused = NULL;
    enum log_level level = LOG_DBG;
    char *save = NULL, *whole = xstrdup(word);
    int error = 0;

    for (char *part = strtok_r(word, ":", &save); part; part = strtok_r(NULL, ":", &save)) {
        if (is_destination(part)) {
            unused = is_unused(part) ? part : unused;
            continue;
        }
        if (log_parse_level(part, &level) || !strcasecmp(part, "any")) {
            continue;
        }
        if (module) {
            error = error_set(err, EINVAL, "log level '%s': '%s' is no level or destination", whole,
                              part);
            goto out;
        }
        module = part;
    }
    if (unused) {
        if (level != LOG_OFF) {
            error = error_set(err, EINVAL,
                              "log level '%s': nothing is ever written to '%s': use '%s', or no "
                              "destination",
                              whole, unused, log_path ? "file" : "console");
        }
        goto out;
    }
    if (!set_level(module, level, dry_run) && module) {
        error = error_set(err, EINVAL,
                          "log level '%s': '%s' is neither a level (off, err, warn, info, dbg) nor "
                          "a module (vlog/list shows them)",
                          whole, module);
    }
out:
    free(whole);
    return error;
}

int log_set_levels(const char *spec, struct error *err)
{
    int error = 0;

    /* All words are checked before the first takes effect. */
    for (int pass = 0; pass < 2 && !error; pass++) {
        char *copy = xstrdup(spec), *save = NULL;

        for (char *w = strtok_r(copy, ", \t", &save); w && !error;
             w = strtok_r(NULL, ", \t", &save)) {
            error = apply_word(w, pass == 0, err);
        }
        free(copy);
    }
    return error;
}

static int compare_modules(const void *a, const void *b)
{
    const struct log_module *const *x = a, *const *y = b;

    return strcmp((*x)->name, (*y)->name);
}

void log_list(struct strbuf *s)
{
    const struct log_module **sorted;
    struct stat st;
    /* As a supervisor starts a program, stderr is a file. */
    bool is_file = log_path || (!fstat(log_fd, &st) && S_ISREG(st.st_mode));
    size_t n = 0, i = 0;

    for (struct log_module *m = modules; m; m = m->next) {
        n++;
    }
    sorted = xcalloc(n, sizeof *sorted);
    for (struct log_module *m = modules; m; m = m->next) {
        sorted[i++] = m;
    }
    qsort(sorted, n, sizeof *sorted, compare_modules);

    strbuf_printf(s, "%-24s %-10s %-9s %s\n", "", "console", "syslog", "file");
    strbuf_printf(s, "%-24s %-10s %-9s %s\n", "", "-------", "------", "------");
    for (i = 0; i < n; i++) {
        if (!i || strcmp(sorted[i]->name, sorted[i - 1]->name)) {
            const char *level = level_names[__atomic_load_n(&sorted[i]->level, __ATOMIC_RELAXED)];

            strbuf_printf(s, "%-24s %-10s %-9s %s\n", sorted[i]->name, is_file ? "OFF" : level,
                          "OFF", is_file ? level : "OFF");
        }
    }
    free(sorted);
}
