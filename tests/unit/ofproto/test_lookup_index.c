/* The index of lookups against a walk over all of them: random lookups that come and go, and random
 * rules; and how few it looks at when there are many. */
#include "ofproto/table/lookup_index.h"
#include "tests/unit/ofproto/net.h"
#include "tests/unit/rng.h"

struct one {
    struct lookup lookup;
    struct known_flow known;
    bool found;
};

static void tell(const struct lookup *lookup, struct known_flow *ret)
{
    *ret = CONTAINER_OF(lookup, struct one, lookup)->known;
}

static void init(struct one *one, const char *known, int32_t priority)
{
    struct ofp_match match;
    struct error err = {0};

    if (ofp_match_parse(known, NULL, NULL, &match, &err)) {
        fail_msg("%s", err.text);
    }
    memset(one, 0, sizeof *one);
    one->known = (struct known_flow){match.flow, match.mask};
    one->lookup.priority = priority;
}

static struct ofp_rule *rule(struct mask_pool *masks, const char *text, uint16_t priority)
{
    struct ofp_match match;
    struct ofp_rule_config config = {.match = &match, .priority = priority};
    struct error err = {0};

    if (ofp_match_parse(text, NULL, NULL, &match, &err)) {
        fail_msg("%s", err.text);
    }
    return rule_new(masks, &config);
}

static unsigned int n_visited;

static void visit(struct lookup *lookup, void *aux)
{
    (void)aux;
    n_visited++;
    assert_false(CONTAINER_OF(lookup, struct one, lookup)->found); /* Once. */
    CONTAINER_OF(lookup, struct one, lookup)->found = true;
}

/* Every lookup that the rule concerns is found, and none that a rule of a higher priority has. */
static void check(struct lookup_index *index, struct one *ones, size_t n, struct ofp_rule *r)
{
    lookup_index_find(index, r, visit, NULL);
    for (size_t i = 0; i < n; i++) {
        bool counts = ones[i].lookup.priority <= r->priority || rule_is_conjunctive(r);

        if (ones[i].lookup.group && counts && rule_may_match(r, &ones[i].known)) {
            assert_true(ones[i].found);
        }
        assert_true(counts || !ones[i].found);
        ones[i].found = false;
    }
}

static void random_text(char *s, size_t n)
{
    static const char *const ports[] = {"", ",udp_src=%u", ",udp_dst=%u"};
    int k = snprintf(s, n, "udp");

    if (rnd(4)) {
        k += snprintf(s + k, n - (size_t)k, ",nw_src=10.0.%u.%u/%u", rnd(3), rnd(40),
                      rnd(2) ? 32 : 16 + rnd(16));
    }
    if (rnd(2)) {
        k += snprintf(s + k, n - (size_t)k, ",nw_dst=10.1.0.%u/%u", rnd(20), rnd(2) ? 32 : 28);
    }
    if (rnd(3) == 0) {
        k += snprintf(s + k, n - (size_t)k, ",metadata=%u/%u", rnd(4), 1 + rnd(3));
    }
    snprintf(s + k, n - (size_t)k, ports[rnd(3)], rnd(8));
}

#define N_ONES 3000

static void a_rule_finds_every_lookup_that_it_concerns(void **state)
{
    struct one *ones = xcalloc(N_ONES, sizeof *ones);
    struct lookup_index index = {0};
    struct mask_pool masks = {0};
    char text[128];

    (void)state;
    rng_state = 1;
    for (unsigned int round = 0; round < 6000; round++) {
        struct one *one = &ones[rnd(round < 3000 ? N_ONES : 200)];

        if (one->lookup.group) {
            lookup_index_remove(&index, &one->lookup);
        }
        if (rnd(5)) {
            random_text(text, sizeof text);
            init(one, text, (int32_t)rnd(6) - 1);
            lookup_index_add(&index, &one->lookup, tell);
        }
        if (round % 10 == 0) {
            struct ofp_rule *r;

            random_text(text, sizeof text);
            r = rule(&masks, rnd(20) ? text : "ip,conj_id=3", (uint16_t)rnd(5));
            check(&index, ones, N_ONES, r);
            rule_unref(&masks, r);
        }
    }
    for (unsigned int i = 0; i < N_ONES; i++) {
        if (ones[i].lookup.group) {
            lookup_index_remove(&index, &ones[i].lookup);
        }
    }
    assert_null(index.groups);
    mask_pool_free(&masks);
    free(ones);
}

static void a_rule_is_held_against_few_of_many_lookups(void **state)
{
    struct one *ones = xcalloc(N_ONES, sizeof *ones);
    struct lookup_index index = {0};
    struct mask_pool masks = {0};
    static const struct {
        const char *rule;
        uint16_t priority;
        unsigned int n_most;
    } row[] = {
        {"udp,nw_src=10.0.7.9,nw_dst=10.9.9.9,udp_src=5,udp_dst=7", 10, 1},
        {"udp,nw_src=10.0.0.7", 10, 1},
        {"udp,nw_src=10.0.0.7", 3, 0},
        {"udp,nw_src=10.0.1.16/28", 10, 16},
        {"udp,udp_dst=99", 10, 0},
        {"tcp", 10, 0},
        {"udp", 3, 0},
        {"udp", 10, N_ONES},
        {"metadata=1", 10, 0},
    };

    (void)state;
    for (unsigned int i = 0; i < N_ONES; i++) {
        char text[128];

        snprintf(text, sizeof text,
                 "udp,nw_src=10.0.%u.%u,nw_dst=10.9.9.9,udp_src=5,udp_dst=7,metadata=0", i / 250,
                 i % 250);
        init(&ones[i], text, 5);
        lookup_index_add(&index, &ones[i].lookup, tell);
    }
    for (unsigned int i = 0; i < ARRAY_SIZE(row); i++) {
        struct ofp_rule *r = rule(&masks, row[i].rule, row[i].priority);

        n_visited = 0;
        check(&index, ones, N_ONES, r);
        assert_true(n_visited <= row[i].n_most + 32); /* That happen to lie beside. */
        rule_unref(&masks, r);
    }
    for (unsigned int i = 0; i < N_ONES; i++) {
        lookup_index_remove(&index, &ones[i].lookup);
    }
    mask_pool_free(&masks);
    free(ones);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rule_finds_every_lookup_that_it_concerns),
        cmocka_unit_test(a_rule_is_held_against_few_of_many_lookups),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
