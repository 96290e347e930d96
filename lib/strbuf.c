/* See strbuf.h. */
#include "lib/strbuf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void reserve(struct strbuf *s, size_t extra)
{
    size_t need = s->len + extra + 1;

    if (need > s->size) {
        s->size = MAX_OF(need, s->size * 2 + 32);
        s->data = xrealloc(s->data, s->size);
    }
}

void strbuf_free(struct strbuf *s)
{
    free(s->data);
    *s = (struct strbuf)STRBUF_INIT;
}

void strbuf_clear(struct strbuf *s)
{
    strbuf_chop(s, s->len);
}

void strbuf_put(struct strbuf *s, const void *p, size_t n)
{
    reserve(s, n);
    if (n) {
        memcpy(s->data + s->len, p, n);
    }
    s->len += n;
    s->data[s->len] = '\0';
}

void strbuf_puts(struct strbuf *s, const char *text)
{
    strbuf_put(s, text, strlen(text));
}

void strbuf_putc(struct strbuf *s, char c)
{
    strbuf_put(s, &c, 1);
}

void strbuf_printf(struct strbuf *s, const char *fmt, ...)
{
    va_list args;
    int n;

    va_start(args, fmt);
    n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (n < 0) {
        return;
    }
    reserve(s, (size_t)n);
    va_start(args, fmt);
    vsnprintf(s->data + s->len, (size_t)n + 1, fmt, args);
    va_end(args);
    s->len += (size_t)n;
}

void strbuf_chop(struct strbuf *s, size_t n)
{
    s->len -= MIN_OF(n, s->len);
    if (s->data) {
        s->data[s->len] = '\0';
    }
}

const char *strbuf_str(const struct strbuf *s)
{
    return s->data ? s->data : "";
}

char *strbuf_steal(struct strbuf *s)
{
    char *text = s->data ? s->data : xstrdup("");

    *s = (struct strbuf)STRBUF_INIT;
    return text;
}
