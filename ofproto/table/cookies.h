/* How many rules of a table have a certain cookie: what the limit of an action learn goes by, for
 * each packet that would learn. Counted once, then kept as rules come and go; only cookies that
 * somebody asked for. Part of table.c. Control thread. */
#ifndef OFPROTO_TABLE_COOKIES_H
#define OFPROTO_TABLE_COOKIES_H

#include "ofproto/table/classifier.h"

struct cookie_count;

struct cookies {
    struct cookie_count *counts;
};

void cookies_free(struct cookies *);
/* A rule with it came to the table; left it. */
void cookies_add(struct cookies *, uint64_t cookie);
void cookies_remove(struct cookies *, uint64_t cookie);
/* Of the rules in the classifier, which is the table's. */
uint32_t cookies_count(struct cookies *, struct classifier *, uint64_t cookie);

#endif
