/* See complaint.h. */
#include "vswitchd/reconcile/complaint.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALUE_MAX 80

void complaint_add(struct complaints **list, const char *column, const char *key,
                   const char *reason_fmt, ...)
{
    struct complaints *c = *list = *list ? *list : xcalloc(1, sizeof **list);
    char *name = key ? xasprintf("%s:%.*s", column, complaint_width(key), key) : xstrdup(column);
    char *reason = NULL;
    va_list args;

    for (unsigned int i = 0; i < c->n; i++) {
        if (!strcmp(c->list[i].column, name)) {
            free(name);
            return;
        }
    }
    if (c->n == COMPLAINTS_MAX) {
        free(name);
        return;
    }
    va_start(args, reason_fmt);
    if (vasprintf(&reason, reason_fmt, args) < 0) {
        reason = xstrdup("is refused");
    }
    va_end(args);
    c->list[c->n].column = name;
    c->list[c->n++].reason = reason;
}

void complaints_free(struct complaints *c)
{
    for (unsigned int i = 0; c && i < c->n; i++) {
        free(c->list[i].column);
        free(c->list[i].reason);
    }
    free(c);
}

/* Cuts between characters, not in one: the database wants UTF-8. */
int complaint_width(const char *value)
{
    size_t n = strnlen(value, VALUE_MAX + 1);

    if (n > VALUE_MAX) {
        n = VALUE_MAX;
        while (n && ((unsigned char)value[n] & 0xc0) == 0x80) {
            n--;
        }
    }
    return (int)n;
}

void complaint_format(struct strbuf *s, const struct complaint *c, const char *table,
                      const char *name)
{
    strbuf_puts(s, table);
    if (*name) {
        strbuf_printf(s, " '%s'", name);
    }
    strbuf_printf(s, ": %s: %s", c->column, c->reason);
}
