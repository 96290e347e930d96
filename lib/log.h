/* Logging with a level per module that can be changed at run time.
 *
 * A .c file that logs says, after its includes, LOG_MODULE(name); then log_info("...") and so on.
 * Messages go to stderr until log_open_file(). Levels are changed by log_set_levels() and by the
 * ctl commands vlog/set and vlog/list (Open vSwitch's names). A message that an outsider can cause
 * at will goes through log_*_limit(): at most 10 a minute per place, and how many were left out is
 * said. Any thread, but never fast-path code. Library code (lib, db/schema, codec) returns errors
 * and does not log. */
#ifndef LIB_LOG_H
#define LIB_LOG_H

#include "lib/error.h"
#include "lib/strbuf.h"
#include "lib/util.h"

enum log_level { LOG_OFF, LOG_ERR, LOG_WARN, LOG_INFO, LOG_DBG };

struct log_module {
    const char *name;
    enum log_level level; /* Read without a lock, by relaxed atomics. */
    struct log_module *next;
};

struct log_limit {
    uint64_t window_start_ms;
    unsigned int n_written;
    unsigned int n_left_out;
};

#define LOG_MODULE(NAME)                                                                           \
    static struct log_module this_log_module = {#NAME, LOG_INFO, NULL};                            \
    CONSTRUCTOR static void log_register_##NAME(void)                                              \
    {                                                                                              \
        log_module_register(&this_log_module);                                                     \
    }

void log_module_register(struct log_module *);
void log_write(const struct log_module *, enum log_level, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* True when this message is within the limit; it then also writes what was left out before. */
bool log_limit_pass(struct log_limit *, const struct log_module *, enum log_level);

#define LOG_AT(LEVEL, ...)                                                                         \
    do {                                                                                           \
        if (__atomic_load_n(&this_log_module.level, __ATOMIC_RELAXED) >= (LEVEL)) {                \
            log_write(&this_log_module, (LEVEL), __VA_ARGS__);                                     \
        }                                                                                          \
    } while (0)
#define LOG_AT_LIMIT(LEVEL, ...)                                                                   \
    do {                                                                                           \
        static struct log_limit limit_;                                                            \
        if (__atomic_load_n(&this_log_module.level, __ATOMIC_RELAXED) >= (LEVEL) &&                \
            log_limit_pass(&limit_, &this_log_module, (LEVEL))) {                                  \
            log_write(&this_log_module, (LEVEL), __VA_ARGS__);                                     \
        }                                                                                          \
    } while (0)

#define log_err(...) LOG_AT(LOG_ERR, __VA_ARGS__)
#define log_warn(...) LOG_AT(LOG_WARN, __VA_ARGS__)
#define log_info(...) LOG_AT(LOG_INFO, __VA_ARGS__)
#define log_dbg(...) LOG_AT(LOG_DBG, __VA_ARGS__)
#define log_err_limit(...) LOG_AT_LIMIT(LOG_ERR, __VA_ARGS__)
#define log_warn_limit(...) LOG_AT_LIMIT(LOG_WARN, __VA_ARGS__)
#define log_info_limit(...) LOG_AT_LIMIT(LOG_INFO, __VA_ARGS__)

/* Names the program in each line ("sluice-db|..."). 'name' must live on. */
void log_init(const char *program);
/* What log_init() was given ("sluice" before). */
const char *log_program(void);
/* Appends to 'path' from now on; log_reopen() opens it anew (after a rotation). */
int log_open_file(const char *path, struct error *);
int log_reopen(struct error *);
/* Applies "LEVEL", "MODULE:LEVEL" or "any:LEVEL" words separated by commas or spaces (vlog/set's
 * "MODULE:DEST:LEVEL" is accepted for DEST "file" and "console"; nothing but "off", without effect,
 * for "syslog", and for "console" when the log goes to a file). Levels: off, emer, err, warn, info,
 * dbg. */
int log_set_levels(const char *spec, struct error *);
/* A word that is a level, in either case. */
bool log_parse_level(const char *word, enum log_level *ret);
/* A table of modules and levels for a person, a line each, in ovs-appctl's columns. */
void log_list(struct strbuf *);

#endif
