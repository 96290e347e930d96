/* See json.h. */
#include "utilities/sluice-ofctl/json.h"

#include <stdio.h>

int ofctl_print_json(json_t *json, int rc)
{
    if (json && rc >= 0) {
        json_dumpf(json, stdout, JSON_COMPACT | JSON_ENCODE_ANY);
        putchar('\n');
    }
    json_decref(json);
    return rc;
}
