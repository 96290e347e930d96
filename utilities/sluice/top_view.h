/* What `sluice top` shows: made from two looks at the datapath, as text that fits a terminal or as
 * JSON. Pure functions; main thread. */
#ifndef UTILITIES_SLUICE_TOP_VIEW_H
#define UTILITIES_SLUICE_TOP_VIEW_H

#include <jansson.h>

#include "lib/strbuf.h"

/* The datapath's answers at one moment. */
struct top_look {
    json_t *show;  /* dpctl/show */
    json_t *drops; /* dpctl/show-drops */
    uint64_t at_ms;
};

enum top_sort { TOP_SORT_TRAFFIC, TOP_SORT_DROPS, TOP_SORT_NAME };

struct top_style {
    const char *rundir;
    enum top_sort sort;
    unsigned int rows; /* That there is room for; 0: no end. */
    unsigned int cols; /* 0: no end. */
};

void top_look_free(struct top_look *);
/* Busiest first, with rates per second between the looks; 'before' is NULL at the first. */
void top_view_text(struct strbuf *, const struct top_style *, const struct top_look *now,
                   const struct top_look *before);
/* The same as an object: every port and drop with its counters and "..._per_s". */
json_t *top_view_json(const struct top_style *, const struct top_look *now,
                      const struct top_look *before);

#endif
