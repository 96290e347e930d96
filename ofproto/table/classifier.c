/* See classifier.h. */
#include "ofproto/table/classifier.h"
#include <stdlib.h>
struct tuple {
    struct ofp_rule *head;
};
void classifier_init(struct classifier *c)
{
    memset(c, 0, sizeof *c);
    c->tuples = xcalloc(1, sizeof *c->tuples);
    c->tuples[0] = xcalloc(1, sizeof(struct tuple));
}
void classifier_destroy(struct classifier *c)
{
    free(c->tuples[0]);
    free(c->tuples);
}
void classifier_insert(struct classifier *c, struct ofp_rule *r)
{
    struct ofp_rule **p = &c->tuples[0]->head;
    while (*p && (*p)->priority >= r->priority)
        p = &(*p)->chain;
    r->chain = *p;
    *p = r;
    c->n_rules++;
    r->in_table = true;
}
void classifier_remove(struct classifier *c, struct ofp_rule *r)
{
    struct ofp_rule **p = &c->tuples[0]->head;
    while (*p != r)
        p = &(*p)->chain;
    *p = r->chain;
    c->n_rules--;
    r->in_table = false;
}
struct ofp_rule *classifier_lookup(const struct classifier *c, const struct ofp_flow *f,
                                   struct ofp_flow *looked)
{
    for (struct ofp_rule *r = c->tuples[0]->head; r; r = r->chain) {
        if (looked)
            for (unsigned i = 0; i < r->mask->n; i++)
                looked->u64[r->mask->index[i]] |= r->mask->word[i];
        if (rule_matches(r, f))
            return r;
    }
    return NULL;
}
struct ofp_rule *classifier_find_same(const struct classifier *c, const struct ofp_rule *x)
{
    for (struct ofp_rule *r = c->tuples[0]->head; r; r = r->chain)
        if (r->priority == x->priority && rule_same_match(r, x))
            return r;
    return NULL;
}
void classifier_each(struct classifier *c, classifier_cb *cb, void *aux)
{
    struct ofp_rule *r, *n;
    for (r = c->tuples[0]->head; r; r = n) {
        n = r->chain;
        cb(r, aux);
    }
}
