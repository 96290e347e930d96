/* The bytes of a database file; what opens is written to and opens again. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "db/store/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_file(const char *path, const uint8_t *data, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    if (fd < 0 || write(fd, data, size) != (ssize_t)size) {
        abort();
    }
    close(fd);
}

/* Checksums that are right, so that what is behind them is reached: every line that is not a header
 * becomes a record. */
static void write_as_records(const char *path, const uint8_t *data, size_t size)
{
    struct strbuf s = STRBUF_INIT;
    const uint8_t *end = data + size, *line = data, *next;

    for (; line < end; line = next + 1) {
        next = memchr(line, '\n', (size_t)(end - line));
        next = next ? next : end;
        if (memcmp(line, "OVSDB", (size_t)(next - line) < 5 ? (size_t)(next - line) : 5)) {
            dbfile_put_record(&s, (const char *)line, (size_t)(next - line));
        }
    }
    write_file(path, (const uint8_t *)strbuf_str(&s), s.len);
    strbuf_free(&s);
}

static void open_twice(const char *path)
{
    struct store *store;
    size_t n;

    if (store_open(path, NULL, NULL, &store, NULL)) {
        return;
    }
    n = database_n_rows(store_database(store));
    if (store_compact(store, NULL)) {
        abort();
    }
    store_close(store);
    if (store_open(path, NULL, NULL, &store, NULL) || database_n_rows(store_database(store)) != n) {
        abort();
    }
    store_close(store);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];

    snprintf(path, sizeof path, "/tmp/fuzz_dbfile.%ld", (long)getpid());
    write_file(path, data, size);
    open_twice(path);
    write_as_records(path, data, size);
    open_twice(path);
    unlink(path);
    snprintf(path, sizeof path, "/tmp/.fuzz_dbfile.%ld.~lock~", (long)getpid());
    unlink(path);
    return 0;
}
