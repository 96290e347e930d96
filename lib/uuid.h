/* RFC 4122 identifiers: random (version 4) ones made from the kernel's entropy, text form both
 * ways. Any thread. */
#ifndef LIB_UUID_H
#define LIB_UUID_H

#include "lib/util.h"

#define UUID_LEN 36 /* Of the text, without a NUL. */

struct uuid {
    uint32_t parts[4]; /* Host order; parts[0] is the first eight hexadecimal digits. */
};

void uuid_generate(struct uuid *ret);
int uuid_compare(const struct uuid *, const struct uuid *);
bool uuid_is_zero(const struct uuid *);
/* Exactly 36 characters and then the end of the string. */
bool uuid_from_string(const char *s, struct uuid *ret) MUST_CHECK;
void uuid_to_string(const struct uuid *, char text[UUID_LEN + 1]);

#endif
