/* Rules that left their table all at once: the table's whole classifier was taken out, which is a
 * matter of pointers, and its rules are freed little by little. Nobody finds them any more; cached
 * flows may hold some until they are translated again. Control thread. */
#ifndef OFPROTO_TABLE_RETIRED_H
#define OFPROTO_TABLE_RETIRED_H

#include "ofproto/table/classifier.h"

struct retired {
    struct classifier cls;
    uint32_t bucket; /* Of the last tuple: those before it are empty. */
};

/* Leaves 'cls' empty, with its settings. */
void retired_take(struct retired *, struct classifier *cls);
/* Frees about so many rules; true when none are left. */
bool retired_free_some(struct retired *, struct mask_pool *, unsigned int n);

#endif
