/* Answers as JSON. */
#ifndef UTILITIES_OFCTL_JSON_H
#define UTILITIES_OFCTL_JSON_H

#include <jansson.h>

/* Prints it on a line when 'rc' is no error, and frees it; NULL is fine. Returns 'rc'. */
int ofctl_print_json(json_t *, int rc);

#endif
