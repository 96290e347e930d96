/* See uuid.h. */
#include "lib/uuid.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

void uuid_generate(struct uuid *ret)
{
    size_t n = 0;

    while (n < sizeof *ret) {
        ssize_t got = getrandom((char *)ret + n, sizeof *ret - n, 0);

        if (got > 0) {
            n += (size_t)got;
        } else if (got < 0 && errno != EINTR) {
            perror("getrandom");
            abort(); /* A kernel without entropy calls does not run this program. */
        }
    }
    /* Version 4, variant 10 (RFC 4122 section 4.4). */
    ret->parts[1] = (ret->parts[1] & 0xffff0fff) | 0x00004000;
    ret->parts[2] = (ret->parts[2] & 0x3fffffff) | 0x80000000;
}

int uuid_compare(const struct uuid *a, const struct uuid *b)
{
    for (size_t i = 0; i < ARRAY_SIZE(a->parts); i++) {
        if (a->parts[i] != b->parts[i]) {
            return a->parts[i] < b->parts[i] ? -1 : 1;
        }
    }
    return 0;
}

bool uuid_is_zero(const struct uuid *u)
{
    return !(u->parts[0] | u->parts[1] | u->parts[2] | u->parts[3]);
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

bool uuid_from_string(const char *s, struct uuid *ret)
{
    struct uuid u = {{0, 0, 0, 0}};
    unsigned int n_digits = 0;

    for (int i = 0; i < UUID_LEN; i++) {
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (s[i] != '-') {
                return false;
            }
        } else {
            int digit = hex_digit(s[i]); /* The final NUL is no digit: never read past. */

            if (digit < 0) {
                return false;
            }
            u.parts[n_digits / 8] = u.parts[n_digits / 8] << 4 | (uint32_t)digit;
            n_digits++;
        }
    }
    if (s[UUID_LEN]) {
        return false;
    }
    *ret = u;
    return true;
}

void uuid_to_string(const struct uuid *u, char text[UUID_LEN + 1])
{
    snprintf(text, UUID_LEN + 1, "%08x-%04x-%04x-%04x-%04x%08x", u->parts[0], u->parts[1] >> 16,
             u->parts[1] & 0xffff, u->parts[2] >> 16, u->parts[2] & 0xffff, u->parts[3]);
}
