/* Finds where each JSON object of a byte stream ends, before it is parsed.
 *
 * JSON-RPC puts objects behind one another with no separator and no length (RFC 7047 section 4), so
 * the end has to be found by counting brackets outside strings. The scanner keeps its state between
 * pieces: every byte is looked at once however the stream is cut. It bounds what a hostile peer can
 * make the parser do: bytes, nesting, and the number of arrays and objects, which cost far more
 * memory than text. Whether what it found is JSON is the parser's business. Pure, one thread at a
 * time; used by jsonrpc.c. */
#ifndef LIB_JSON_SCAN_H
#define LIB_JSON_SCAN_H

#include "lib/error.h"

struct json_scan {
    size_t max_bytes; /* Limits of one object. */
    size_t max_depth;
    size_t max_containers;

    uint64_t offset; /* Of the stream's next byte, for messages. */
    size_t n_bytes;  /* Of the present object so far; 0 between objects. */
    size_t depth;
    size_t n_containers;
    bool in_string;
    bool escaped; /* The last byte was a backslash in a string. */
};

enum json_scan_result {
    JSON_SCAN_MORE,  /* All was consumed, the object goes on. */
    JSON_SCAN_END,   /* The last byte that was consumed ends the object. */
    JSON_SCAN_ERROR, /* This stream is unusable from here on. */
};

void json_scan_init(struct json_scan *, size_t max_bytes, size_t max_depth);
/* Consumes white space between objects. Returns how many bytes of 'data' that was. */
size_t json_scan_space(struct json_scan *, const char *data, size_t n);
/* Consumes bytes of one object, which begins at 'data' unless it had begun before. '*ret_used' is
 * set in any case. */
enum json_scan_result json_scan(struct json_scan *, const char *data, size_t n, size_t *ret_used,
                                struct error *);

#endif
