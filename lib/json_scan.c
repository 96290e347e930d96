/* See json_scan.h. */
#include "lib/json_scan.h"

#include <errno.h>
#include <string.h>

/* An array or object costs the parser a hundred bytes and more: with at most one in 16 bytes of the
 * largest message, memory stays within a small multiple of the message's limit. */
#define BYTES_PER_CONTAINER 16
#define MIN_CONTAINERS 1024

void json_scan_init(struct json_scan *s, size_t max_bytes, size_t max_depth)
{
    *s = (struct json_scan){.max_bytes = max_bytes,
                            .max_depth = max_depth,
                            .max_containers = max_bytes / BYTES_PER_CONTAINER + MIN_CONTAINERS};
}

size_t json_scan_space(struct json_scan *s, const char *data, size_t n)
{
    size_t i = 0;

    while (!s->n_bytes && i < n &&
           (data[i] == ' ' || data[i] == '\n' || data[i] == '\r' || data[i] == '\t')) {
        i++;
    }
    s->offset += i;
    return i;
}

/* Looks at bytes of a string, from data[i] on. Returns the index behind the string's end, or 'n'.
 */
static size_t scan_string(struct json_scan *s, const char *data, size_t i, size_t n)
{
    while (i < n) {
        char c = data[i++];

        if (s->escaped) {
            s->escaped = false;
        } else if (c == '\\') {
            s->escaped = true;
        } else if (c == '"') {
            s->in_string = false;
            break;
        }
    }
    return i;
}

static enum json_scan_result open_container(struct json_scan *s, uint64_t at, struct error *err)
{
    if (++s->depth > s->max_depth) {
        error_set(err, EINVAL, "message is nested deeper than %zu at byte %llu", s->max_depth,
                  (unsigned long long)at);
        return JSON_SCAN_ERROR;
    }
    if (++s->n_containers > s->max_containers) {
        error_set(err, EMSGSIZE, "message has more than %zu arrays and objects at byte %llu",
                  s->max_containers, (unsigned long long)at);
        return JSON_SCAN_ERROR;
    }
    return JSON_SCAN_MORE;
}

/* Does the work of json_scan(), without the limit on bytes. */
static enum json_scan_result scan(struct json_scan *s, const char *data, size_t n, size_t *ret_used,
                                  struct error *err)
{
    enum json_scan_result result = JSON_SCAN_MORE;
    size_t i = 0;

    if (!s->n_bytes && n && data[0] != '{') {
        error_set(err, EINVAL, "bad JSON at byte %llu: an object must begin with '{'",
                  (unsigned long long)s->offset);
        result = JSON_SCAN_ERROR;
    }
    while (i < n && result == JSON_SCAN_MORE) {
        if (s->in_string) {
            i = scan_string(s, data, i, n);
            continue;
        }
        switch (data[i++]) {
        case '"': s->in_string = true; break;
        case '{':
        case '[': result = open_container(s, s->offset + i - 1, err); break;
        case '}':
        case ']':
            if (!--s->depth) {
                result = JSON_SCAN_END;
            }
            break;
        default: break;
        }
    }
    *ret_used = i;
    return result;
}

enum json_scan_result json_scan(struct json_scan *s, const char *data, size_t n, size_t *ret_used,
                                struct error *err)
{
    size_t room = s->max_bytes - s->n_bytes;
    enum json_scan_result result = scan(s, data, MIN_OF(n, room), ret_used, err);

    s->offset += *ret_used;
    s->n_bytes += *ret_used;
    if (result == JSON_SCAN_MORE && n > room) {
        error_set(err, EMSGSIZE, "message is longer than %zu bytes", s->max_bytes);
        return JSON_SCAN_ERROR;
    }
    if (result == JSON_SCAN_END) {
        s->n_bytes = 0;
        s->n_containers = 0;
    }
    return result;
}
