/* See retired.h. */
#include "ofproto/table/retired.h"

#include "ofproto/table/tuple.h"

void retired_take(struct retired *r, struct classifier *cls)
{
    unsigned int tries_used = cls->tries_used;

    r->cls = *cls;
    r->bucket = 0;
    classifier_init(cls);
    cls->tries_used = tries_used;
    for (size_t i = 0; i < r->cls.n_tuples; i++) {
        r->cls.tuples[i]->is_retired = true;
    }
}

static unsigned int free_bucket(struct ofp_rule **bucket, struct mask_pool *masks)
{
    struct ofp_rule *rule, *next;
    unsigned int n = 0;

    for (rule = *bucket; rule; rule = next) {
        next = rule->chain;
        rule->tuple = NULL;
        rule_unref(masks, rule);
        n++;
    }
    *bucket = NULL;
    return n;
}

bool retired_free_some(struct retired *r, struct mask_pool *masks, unsigned int n)
{
    unsigned int done = 0;

    while (r->cls.n_tuples) {
        struct tuple *t = r->cls.tuples[r->cls.n_tuples - 1];

        while (r->bucket < t->n_buckets) {
            /* An empty bucket is work, too. */
            done += 1 + free_bucket(&t->buckets[r->bucket++], masks);
            if (done >= n) {
                return false;
            }
        }
        tuple_free(t);
        r->cls.n_tuples--;
        r->bucket = 0;
    }
    classifier_destroy(&r->cls);
    return true;
}
