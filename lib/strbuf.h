/* A growing string for text that control code builds piece by piece. Always NUL-terminated once
 * something was put. 'struct strbuf s = STRBUF_INIT;' needs no constructor. One thread at a time.
 */
#ifndef LIB_STRBUF_H
#define LIB_STRBUF_H

#include "lib/util.h"

struct strbuf {
    char *data; /* NULL while nothing was put. */
    size_t len;
    size_t size;
};

#define STRBUF_INIT                                                                                \
    {                                                                                              \
        NULL, 0, 0                                                                                 \
    }

void strbuf_free(struct strbuf *);
void strbuf_clear(struct strbuf *);
void strbuf_put(struct strbuf *, const void *, size_t n);
void strbuf_puts(struct strbuf *, const char *);
void strbuf_putc(struct strbuf *, char);
void strbuf_printf(struct strbuf *, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Removes the last 'n' bytes (all when there are fewer). */
void strbuf_chop(struct strbuf *, size_t n);
/* The text, "" when nothing was put; valid until the next change. */
const char *strbuf_str(const struct strbuf *);
/* The text as a string of its own that the caller frees; leaves the buffer empty. */
char *strbuf_steal(struct strbuf *);

#endif
