/* Which system this is, from os-release(5): for Open_vSwitch's columns system_type and
 * system_version, which ovs-ctl(8) sets for Open vSwitch. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vswitchd/reconcile/live.h"

char *os_release_value(const char *text, const char *key)
{
    size_t key_len = strlen(key);

    while (text && *text) {
        const char *end = text + strcspn(text, "\n");

        if (!strncmp(text, key, key_len) && text[key_len] == '=') {
            const char *value = text + key_len + 1;
            size_t n = (size_t)(end - value);

            if (n >= 2 && (*value == '"' || *value == '\'') && value[n - 1] == *value) {
                value++;
                n -= 2;
            }
            return n ? xstrndup(value, n) : NULL;
        }
        text = *end ? end + 1 : NULL;
    }
    return NULL;
}

char *os_release(const char *key)
{
    static const char *const paths[] = {"/etc/os-release", "/usr/lib/os-release"};
    char text[8192];

    for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
        FILE *f = fopen(paths[i], "re");

        if (f) {
            size_t n = fread(text, 1, sizeof text - 1, f);

            fclose(f);
            text[n] = '\0';
            return os_release_value(text, key);
        }
    }
    return NULL;
}
