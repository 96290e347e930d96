/* Bundles: messages that are collected first and carried out together, all or none. Whoever handles
 * a type of message registers, before main(), how that is done in a bundle. Event base's thread. */
#ifndef OFPROTO_CONN_BUNDLE_H
#define OFPROTO_CONN_BUNDLE_H

#include "ofproto/conn/conn.h"

struct staged {
    void *arg;
    size_t bytes; /* What it holds, about; for the limit. */
};

struct bundle_op {
    uint8_t type;     /* Of OpenFlow 1.3 and later. */
    uint32_t vendor;  /* Of OFPT_VENDOR: whose extension, */
    uint32_t subtype; /* and its message. */
    /* Checks the message as far as it can without a look at the tables, and keeps what apply()
     * needs. 0, or the error that the peer gets. */
    int (*stage)(struct conn *, const struct request *, struct staged *ret);
    /* Carries it out so that undo() can take it back, telling nobody; an error when it cannot be,
     * and then nothing is to be undone. NULL: finish() is all, and cannot fail. */
    int (*apply)(struct conn *, void *arg, uint64_t now_ms);
    void (*undo)(struct conn *, void *arg);
    /* All of the bundle was applied: what is left to do. */
    void (*finish)(struct conn *, void *arg, uint64_t now_ms);
    /* The rule that a message adds, when it does nothing else and needs no look at the bridge (a
     * rule of shadow.h); NULL: it is another one. May be missing. */
    struct ofp_rule *(*plain_add)(void *arg, uint8_t *ret_table_id);
    /* Ends 'arg', whatever was done with it. The connection may be gone. */
    void (*free)(struct ofproto_set *, void *arg);
};
/* Kept by address. */
void bundle_op_register(const struct bundle_op *);

int handle_bundle_control(struct conn *, const struct request *);
int handle_bundle_add(struct conn *, const struct request *);

#endif
