/* See dbfile_record.h. */
#include "db/store/dbfile_record.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

#include "db/store/dbfile.h"

#define MAGIC "OVSDB JSON "
#define MAX_HEADER 128

static void sha1_hex(const void *data, size_t len, char hex[2 * SHA_DIGEST_LENGTH + 1])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char digest[SHA_DIGEST_LENGTH];

    SHA1(data, len, digest);
    for (size_t i = 0; i < sizeof digest; i++) {
        hex[2 * i] = digits[digest[i] >> 4];
        hex[2 * i + 1] = digits[digest[i] & 15];
    }
    hex[2 * sizeof digest] = '\0';
}

/* The decimal number at '*p', which is advanced; SIZE_MAX when there is none. */
static size_t read_number(const char **p)
{
    const char *start = *p;
    size_t n = 0;

    for (; **p >= '0' && **p <= '9'; (*p)++) {
        if (n > (SIZE_MAX - 9) / 10) {
            return SIZE_MAX;
        }
        n = n * 10 + (size_t)(**p - '0');
    }
    return *p == start ? SIZE_MAX : n;
}

static bool same_hex(const char *a, const char *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char c = a[i] >= 'A' && a[i] <= 'F' ? (char)(a[i] + 32) : a[i];

        if (c != b[i]) {
            return false;
        }
    }
    return true;
}

const char *record_parse(const char *data, size_t len, struct record_header *ret)
{
    char line[MAX_HEADER], hex[2 * SHA_DIGEST_LENGTH + 1];
    const char *end = memchr(data, '\n', MIN_OF(len, sizeof line - 1)), *p = line;
    size_t text, length;

    if (!end) {
        return "the record's first line is incomplete";
    }
    text = (size_t)(end - data) + 1;
    memcpy(line, data, text - 1);
    line[text - 1] = '\0';
    if (strncmp(line, MAGIC, sizeof MAGIC - 1)) {
        return "no record begins there";
    }
    p += sizeof MAGIC - 1;
    length = read_number(&p);
    if (length == SIZE_MAX || !length || *p != ' ' || strlen(p) != 1 + 2 * SHA_DIGEST_LENGTH) {
        return "the record's first line is not \"OVSDB JSON <length> <sha1>\"";
    }
    if (length > len - text) {
        return "the record is longer than the file";
    }
    sha1_hex(data + text, length, hex);
    if (!same_hex(p + 1, hex, 2 * SHA_DIGEST_LENGTH)) {
        return "the record's checksum is wrong";
    }
    *ret = (struct record_header){text, length};
    return NULL;
}

bool record_find(const char *data, size_t len)
{
    const char *end = data + len, *p = data;
    struct record_header header;

    while ((p = memmem(p, (size_t)(end - p), "\n" MAGIC, sizeof MAGIC))) {
        p++;
        if (!record_parse(p, (size_t)(end - p), &header)) {
            return true;
        }
    }
    return false;
}

void dbfile_put_record(struct strbuf *s, const char *json, size_t len)
{
    char hex[2 * SHA_DIGEST_LENGTH + 1], header[MAX_HEADER];
    size_t start, n;

    /* The header needs the checksum of the text with its newline: the text goes first, then both
     * are put in order. A header's length depends on nothing but the number in it. */
    n = (size_t)snprintf(header, sizeof header, MAGIC "%zu %040d\n", len + 1, 0);
    start = s->len;
    strbuf_put(s, header, n);
    strbuf_put(s, json, len);
    strbuf_putc(s, '\n');
    sha1_hex(s->data + start + n, len + 1, hex);
    memcpy(s->data + start + n - 1 - 2 * SHA_DIGEST_LENGTH, hex, 2 * SHA_DIGEST_LENGTH);
}
