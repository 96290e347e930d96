/* See learners.h. */
#include "ofproto/table/learners.h"

#include <stdlib.h>
#include <uthash.h>

#include "ofproto/codec/action_learn.h"

struct key {
    uint64_t cookie;
    uint64_t table_id;
};

struct learner {
    struct key key;
    uint32_t n; /* Actions. */
    bool asked; /* Its rules are being deleted. */
    LIST_ENTRY(learner) node;
    UT_hash_handle hh;
};

void learners_init(struct learners *l)
{
    l->by_key = NULL;
    LIST_INIT(&l->idle);
}

static struct learner *find(const struct learners *l, uint64_t cookie, uint8_t table_id)
{
    struct key key = {cookie, table_id};
    struct learner *x;

    HASH_FIND(hh, l->by_key, &key, sizeof key, x);
    return x;
}

static void add(struct learners *l, const struct ofp_action_learn *a)
{
    struct learner *x = find(l, a->cookie, a->table_id);

    if (!x) {
        x = xcalloc(1, sizeof *x);
        x->key = (struct key){a->cookie, a->table_id};
        HASH_ADD(hh, l->by_key, key, sizeof x->key, x);
    } else if (!x->n) {
        LIST_REMOVE(x, node); /* It was idle. */
        x->asked = false;
    }
    x->n++;
}

static void drop(struct learners *l, const struct ofp_action_learn *a)
{
    struct learner *x = find(l, a->cookie, a->table_id);

    if (x && !--x->n) {
        LIST_INSERT_HEAD(&l->idle, x, node);
    }
}

static void each(struct learners *l, const void *data, size_t len,
                 void (*cb)(struct learners *, const struct ofp_action_learn *))
{
    for (const struct ofp_action *a = ofp_actions_first(data, len); a;
         a = ofp_actions_next(data, len, a)) {
        if (a->type == OFP_ACTION_LEARN) {
            const struct ofp_action_learn *learn = (const struct ofp_action_learn *)a;

            if (learn->flags & OFP_LEARN_DELETE) {
                cb(l, learn);
            }
        } else if (a->type == OFP_ACTION_CLONE) {
            const struct ofp_action_nested *nested = (const struct ofp_action_nested *)a;

            each(l, nested->data, nested->len, cb);
        }
    }
}

void learners_add_rule(struct learners *l, const struct ofp_rule *rule)
{
    each(l, rule->actions, rule->actions_len, add);
}

void learners_remove_rule(struct learners *l, const struct ofp_rule *rule)
{
    each(l, rule->actions, rule->actions_len, drop);
}

void learners_begin(struct learners *l, bool ret_tables[256])
{
    struct learner *x;

    memset(ret_tables, 0, 256 * sizeof *ret_tables);
    LIST_FOREACH (x, &l->idle, node) {
        x->asked = true;
        ret_tables[x->key.table_id] = true;
    }
}

bool learners_orphans(const struct learners *l, const struct ofp_rule *rule)
{
    const struct learner *x = find(l, rule->cookie, rule->table_id);

    return x && !x->n && x->asked;
}

void learners_end(struct learners *l)
{
    struct learner *x, *next;

    for (x = LIST_FIRST(&l->idle); x; x = next) {
        next = LIST_NEXT(x, node);
        if (x->asked) {
            LIST_REMOVE(x, node);
            HASH_DEL(l->by_key, x);
            free(x);
        }
    }
}
