/* See lookup_index.h. */
#include "ofproto/table/lookup_index.h"

#include <stdlib.h>
#include <uthash.h>

#include "lib/hash.h"

#define GROUP_VIEWS 12 /* That a group keeps. */
#define CROWD 16       /* So few lookups are gone through one by one. */
#define NONE UINT32_MAX

/* The lookups at one place of a view. */
struct place {
    uint32_t first;
    uint32_t n;
    int32_t min_priority; /* At most what each of them has. */
};

/* A lookup's neighbours in its place. */
struct link {
    uint32_t place;
    uint32_t next;
    uint32_t prev;
};

struct bits {
    unsigned int n; /* Words. */
    uint8_t index[OFP_FLOW_WORDS];
    uint64_t word[OFP_FLOW_WORDS];
};

struct view {
    struct bits bits; /* That it goes by. */
    struct place *place;
    struct link *link; /* By the lookups' numbers in the group. */
};

struct lookup_group {
    struct ofp_flow known; /* Bits of all its lookups. */
    lookup_known_cb *tell;
    struct lookup **lookup;
    uint32_t n;
    uint32_t size; /* A power of two; so many places has a view, too. */
    unsigned int n_views;
    unsigned int oldest; /* When there is no room for one more. */
    struct view *view[GROUP_VIEWS];
    UT_hash_handle hh;
};

/* --- Views. */

static uint32_t view_place(const struct view *v, uint32_t n_places, const struct ofp_flow *value)
{
    uint64_t h = 0;

    for (unsigned int i = 0; i < v->bits.n; i++) {
        h = hash_mix64(h ^ (value->u64[v->bits.index[i]] & v->bits.word[i]));
    }
    return (uint32_t)h & (n_places - 1);
}

static void view_link(struct view *v, uint32_t at, uint32_t place, int32_t priority)
{
    struct place *p = &v->place[place];

    v->link[at] = (struct link){place, p->first, NONE};
    if (p->first != NONE) {
        v->link[p->first].prev = at;
    }
    p->first = at;
    p->n++;
    p->min_priority = MIN_OF(p->min_priority, priority);
}

static void view_unlink(struct view *v, uint32_t at)
{
    const struct link *l = &v->link[at];
    struct place *p = &v->place[l->place];

    if (l->prev != NONE) {
        v->link[l->prev].next = l->next;
    } else {
        p->first = l->next;
    }
    if (l->next != NONE) {
        v->link[l->next].prev = l->prev;
    }
    if (!--p->n) {
        p->min_priority = INT32_MAX;
    }
}

static void view_free(struct view *v)
{
    free(v->place);
    free(v->link);
    free(v);
}

/* The bits of 'mask' that are known of the group. */
static void known_part(const struct lookup_group *g, const struct rule_mask *mask, struct bits *ret)
{
    ret->n = 0;
    for (unsigned int i = 0; i < mask->n; i++) {
        uint64_t word = mask->word[i] & g->known.u64[mask->index[i]];

        if (word) {
            ret->index[ret->n] = mask->index[i];
            ret->word[ret->n++] = word;
        }
    }
}

/* Whether all of 'a' is in 'b'. Both have their words by rising index. */
static bool is_part(const struct bits *a, const struct bits *b)
{
    unsigned int j = 0;

    for (unsigned int i = 0; i < a->n; i++) {
        while (j < b->n && b->index[j] < a->index[i]) {
            j++;
        }
        if (j == b->n || b->index[j] != a->index[i] || a->word[i] & ~b->word[j]) {
            return false;
        }
    }
    return true;
}

static struct view *view_new(const struct lookup_group *g, const struct bits *bits)
{
    struct view *v = xmalloc(sizeof *v);

    v->bits = *bits;
    v->place = xreallocarray(NULL, g->size, sizeof *v->place);
    v->link = xreallocarray(NULL, g->size, sizeof *v->link);
    for (uint32_t i = 0; i < g->size; i++) {
        v->place[i] = (struct place){NONE, 0, INT32_MAX};
    }
    for (uint32_t i = 0; i < g->n; i++) {
        struct known_flow known;

        g->tell(g->lookup[i], &known);
        view_link(v, i, view_place(v, g->size, &known.value), g->lookup[i]->priority);
    }
    return v;
}

/* --- Groups. */

static struct lookup_group *group_of(struct lookup_index *index, const struct ofp_flow *known,
                                     lookup_known_cb *tell)
{
    struct lookup_group *g;

    HASH_FIND(hh, index->groups, known, sizeof *known, g);
    if (!g) {
        g = xcalloc_line(sizeof *g);
        g->known = *known;
        g->tell = tell;
        HASH_ADD(hh, index->groups, known, sizeof g->known, g);
    }
    return g;
}

static void free_views(struct lookup_group *g)
{
    while (g->n_views) {
        view_free(g->view[--g->n_views]);
    }
}

static struct view *add_view(struct lookup_group *g, const struct bits *bits)
{
    struct view **v;

    if (g->n_views < GROUP_VIEWS) {
        v = &g->view[g->n_views++];
    } else {
        v = &g->view[g->oldest++ % GROUP_VIEWS];
        view_free(*v);
    }
    return *v = view_new(g, bits);
}

static void group_grow(struct lookup_group *g)
{
    free_views(g); /* Which are made anew, larger, when they are needed again. */
    g->size = MAX_OF(2 * g->size, 4u);
    g->lookup = xreallocarray(g->lookup, g->size, sizeof(struct lookup *));
}

void lookup_index_add(struct lookup_index *index, struct lookup *lookup, lookup_known_cb *tell)
{
    struct lookup_group *g;
    struct known_flow known;

    tell(lookup, &known);
    g = group_of(index, &known.known, tell);
    if (g->n == g->size) {
        group_grow(g);
    }
    lookup->group = g;
    lookup->at = g->n++;
    g->lookup[lookup->at] = lookup;
    for (unsigned int i = 0; i < g->n_views; i++) {
        struct view *v = g->view[i];

        view_link(v, lookup->at, view_place(v, g->size, &known.value), lookup->priority);
    }
}

/* The last lookup takes the number of the one that goes. */
static void view_remove(struct view *v, uint32_t at, uint32_t last, int32_t last_priority)
{
    uint32_t place = v->link[last].place;

    view_unlink(v, at);
    if (last != at) {
        view_unlink(v, last);
        view_link(v, at, place, last_priority);
    }
}

void lookup_index_remove(struct lookup_index *index, struct lookup *lookup)
{
    struct lookup_group *g = lookup->group;
    struct lookup *last = g->lookup[--g->n];

    for (unsigned int i = 0; i < g->n_views; i++) {
        view_remove(g->view[i], lookup->at, g->n, last->priority);
    }
    g->lookup[lookup->at] = last;
    last->at = lookup->at;
    lookup->group = NULL;
    if (!g->n) {
        HASH_DEL(index->groups, g);
        free_views(g);
        free(g->lookup);
        free(g);
    }
}

/* --- Questions. */

struct search {
    int32_t priority; /* Of lookups that count, at most. */
    lookup_cb *cb;
    void *aux;
};

static void visit(const struct search *s, struct lookup *lookup)
{
    if (lookup->priority <= s->priority) {
        s->cb(lookup, s->aux);
    }
}

static void visit_place(const struct search *s, const struct lookup_group *g, const struct view *v,
                        struct place *p)
{
    int32_t min = INT32_MAX;

    if (p->min_priority > s->priority) {
        return;
    }
    for (uint32_t i = p->first; i != NONE; i = v->link[i].next) {
        min = MIN_OF(min, g->lookup[i]->priority);
        visit(s, g->lookup[i]);
    }
    p->min_priority = min;
}

/* A view that leads to few lookups that count, or has all the bits; it may have to be made. */
static struct view *good_view(const struct search *s, struct lookup_group *g,
                              const struct bits *bits, const struct ofp_flow *value)
{
    for (unsigned int i = 0; i < g->n_views; i++) {
        struct view *v = g->view[i];

        if (is_part(&v->bits, bits)) {
            const struct place *p = &v->place[view_place(v, g->size, value)];

            if (p->n <= CROWD || p->min_priority > s->priority || is_part(bits, &v->bits)) {
                return v;
            }
        }
    }
    return add_view(g, bits);
}

static void visit_group(const struct search *s, struct lookup_group *g,
                        const struct rule_mask *mask, const struct ofp_flow *value)
{
    struct bits bits;
    struct view *v;

    if (g->n <= CROWD) {
        for (uint32_t i = 0; i < g->n; i++) {
            visit(s, g->lookup[i]);
        }
        return;
    }
    known_part(g, mask, &bits);
    v = good_view(s, g, &bits, value);
    visit_place(s, g, v, &v->place[view_place(v, g->size, value)]);
}

void lookup_index_find(struct lookup_index *index, const struct ofp_rule *rule, lookup_cb *cb,
                       void *aux)
{
    const struct search s = {rule_is_conjunctive(rule) ? INT32_MAX : rule->priority, cb, aux};
    struct lookup_group *g, *next;
    struct ofp_match match;

    rule_get_match(rule, &match);
    HASH_ITER (hh, index->groups, g, next) {
        visit_group(&s, g, rule->mask, &match.flow);
    }
}
