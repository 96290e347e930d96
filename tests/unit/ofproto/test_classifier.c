/* The classifier: same verdict as a linear scan, a sound mask, few tuples, few bits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "ofproto/match/text.h"
#include "ofproto/table/classifier.h"
#include "tests/unit/rng.h"

#define MAX_RULES 4000
#define RANDOM_RULES 400 /* At once. */

struct world {
    struct mask_pool masks;
    struct classifier cls;
    struct ofp_rule *rules[MAX_RULES];
    size_t n;
};

static void world_init(struct world *w)
{
    memset(w, 0, sizeof *w);
    classifier_init(&w->cls);
}

static struct ofp_rule *world_add(struct world *w, const struct ofp_match *match, uint16_t prio)
{
    struct ofp_rule_config config = {.match = match, .priority = prio};
    struct ofp_rule *rule = rule_new(&w->masks, &config);

    if (classifier_find_same(&w->cls, rule)) {
        rule_unref(&w->masks, rule);
        return NULL;
    }
    classifier_insert(&w->cls, rule);
    assert_ptr_equal(classifier_find_same(&w->cls, rule), rule);
    w->rules[w->n++] = rule;
    return rule;
}

static void world_remove(struct world *w, size_t i)
{
    classifier_remove(&w->cls, w->rules[i]);
    rule_unref(&w->masks, w->rules[i]);
    w->rules[i] = w->rules[--w->n];
}

static void world_free(struct world *w)
{
    while (w->n) {
        world_remove(w, w->n - 1);
    }
    assert_int_equal(w->cls.n_tuples, 0);
    classifier_destroy(&w->cls);
    assert_int_equal(w->masks.n, 0);
    mask_pool_free(&w->masks);
}

/* --- Random matches and packets, from few values so that they meet. */

static void random_packet(struct ofp_flow *f)
{
    memset(f, 0, sizeof *f);
    f->in_port = 1 + rnd(3);
    f->pkt.eth_dst[5] = (uint8_t)rnd(4);
    f->pkt.eth_src[5] = (uint8_t)rnd(4);
    f->pkt.eth_type = rnd(4) ? be16_make(0x0800) : be16_make(0x86dd);
    f->pkt.vlan[0].tci = rnd(2) ? be16_make((uint16_t)(0x1000 | rnd(3))) : 0;
    f->pkt.nw_src = be32_make(rnd(4) << 30 | rnd(4) << 20 | rnd(4) << 8 | rnd(4));
    f->pkt.nw_dst = be32_make(rnd(4) << 30 | rnd(4) << 20 | rnd(4) << 8 | rnd(4));
    f->pkt.ipv6_src[0] = (uint8_t)rnd(4);
    f->pkt.ipv6_dst[15] = (uint8_t)rnd(4);
    f->pkt.nw_proto = rnd(2) ? 6 : 17;
    f->pkt.tp_src = be16_make((uint16_t)rnd(8));
    f->pkt.tp_dst = be16_make((uint16_t)(rnd(4) << 13 | rnd(8)));
}

static void random_prefix(struct ofp_match *m, unsigned int field)
{
    prefix_set(&m->mask, field, rnd(2) ? rnd(trie_fields[field].n_bytes * 8u + 1) : 0);
}

static void random_match(struct ofp_match *m, bool arbitrary)
{
    ofp_match_init(m);
    random_packet(&m->flow);
    if (rnd(4) == 0) {
        m->mask.in_port = UINT32_MAX;
    }
    if (rnd(4) == 0) {
        memset(m->mask.pkt.eth_dst, 0xff, 6);
    }
    if (rnd(6) == 0) {
        m->mask.pkt.vlan[0].tci = UINT16_MAX;
    }
    if (rnd(2)) {
        m->mask.pkt.eth_type = UINT16_MAX;
    }
    if (rnd(3) == 0) {
        m->mask.pkt.nw_proto = UINT8_MAX;
    }
    for (unsigned int f = 0; f < N_TRIE_FIELDS; f++) {
        random_prefix(m, f);
    }
    for (unsigned int n = arbitrary ? rnd(4) : 0; n; n--) {
        unsigned int i = rnd(OFP_FLOW_WORDS);

        m->mask.u64[i] = (uint64_t)rnd(UINT32_MAX) << 32 | rnd(UINT32_MAX);
    }
    m->mask.pkt.lines = 0;
    ofp_match_normalize(m);
}

static void check_lookup(struct world *w, const struct ofp_flow *flow)
{
    struct ofp_rule *got, *best = NULL;
    struct ofp_flow looked, looked2, other;

    memset(&looked, 0, sizeof looked);
    got = classifier_lookup(&w->cls, flow, &looked);
    for (size_t i = 0; i < w->n; i++) {
        if (rule_matches(w->rules[i], flow) && (!best || w->rules[i]->priority > best->priority)) {
            best = w->rules[i];
        }
    }
    if (!best) {
        assert_null(got);
    } else {
        assert_non_null(got);
        assert_int_equal(got->priority, best->priority);
        assert_true(rule_matches(got, flow));
    }
    for (unsigned int n = 0; n < 8; n++) {
        random_packet(&other);
        for (unsigned int i = 0; i < OFP_FLOW_WORDS; i++) {
            uint64_t noise = n & 1 ? other.u64[i]
                                   : (uint64_t)rnd(UINT32_MAX) << 32 | rnd(UINT32_MAX);

            other.u64[i] = (flow->u64[i] & looked.u64[i]) | (noise & ~looked.u64[i]);
        }
        memset(&looked2, 0, sizeof looked2);
        assert_ptr_equal(classifier_lookup(&w->cls, &other, &looked2), got);
        assert_memory_equal(&looked2, &looked, sizeof looked);
    }
}

static void run_random(bool arbitrary, uint64_t seed)
{
    struct world w;
    struct ofp_match m;
    struct ofp_flow flow;

    rng_state = seed;
    world_init(&w);
    for (unsigned int round = 0; round < 60; round++) {
        for (unsigned int i = rnd(20); i && w.n < RANDOM_RULES; i--) {
            random_match(&m, arbitrary);
            world_add(&w, &m, (uint16_t)(rnd(3) ? rnd(8) : rnd(65536)));
        }
        for (unsigned int i = rnd(12); i && w.n; i--) {
            world_remove(&w, rnd((uint32_t)w.n));
        }
        for (unsigned int i = 0; i < 50; i++) {
            random_packet(&flow);
            check_lookup(&w, &flow);
        }
    }
    world_free(&w);
}

static void verdict_equals_linear_scan_and_mask_is_sound(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        run_random(false, seed);
        run_random(true, seed + 1000);
    }
}

static void add_text(struct world *w, const char *text, uint16_t prio)
{
    struct ofp_match m;
    struct error err = {0};

    if (ofp_match_parse(text, NULL, NULL, &m, &err)) {
        fail_msg("%s", err.text);
    }
    world_add(w, &m, prio);
}

static void many_masks_share_few_tuples(void **state)
{
    struct world w;
    char text[128];

    (void)state;
    world_init(&w);
    for (unsigned int s = 0; s < 19; s++) {
        for (unsigned int d = 0; d < 20; d++) {
            snprintf(text, sizeof text, "ip,nw_src=10.%u.%u.0/%u,nw_dst=11.%u.%u.0/%u", s, d,
                     14 + s, d, s, 13 + d);
            add_text(&w, text, (uint16_t)(s * 20 + d));
        }
    }
    assert_int_equal(w.n, 380);
    assert_true(w.cls.n_tuples <= 12);
    world_free(&w);
}

static uint32_t any_bits(void)
{
    return rnd(UINT32_MAX) & rnd(UINT32_MAX);
}

/* And the verdict stays what it is, also when half of them are gone. */
static void masks_of_any_bits_share_few_tuples(void **state)
{
    struct world w;

    (void)state;
    rng_state = 11;
    world_init(&w);
    while (w.n < 3000) {
        struct ofp_match m;

        ofp_match_init(&m);
        m.mask.pkt.eth_type = UINT16_MAX;
        m.mask.reg[0] = be32_make(any_bits());
        m.mask.pkt.nw_dst = be32_make(any_bits());
        random_packet(&m.flow);
        m.flow.reg[0] = be32_make(rnd(2) ? rnd(UINT32_MAX) : 0);
        ofp_match_normalize(&m);
        world_add(&w, &m, (uint16_t)rnd(100));
    }
    assert_true(w.cls.n_tuples <= 320);
    for (unsigned int i = 0; i < 400; i++) {
        const struct ofp_rule *rule = w.rules[rnd((uint32_t)w.n)];
        struct ofp_match m;
        struct ofp_flow flow;

        rule_get_match(rule, &m);
        random_packet(&flow);
        flow.reg[0] = be32_make(rnd(UINT32_MAX));
        for (unsigned int k = 0; k < OFP_FLOW_WORDS; k++) {
            flow.u64[k] = (flow.u64[k] & ~m.mask.u64[k]) | m.flow.u64[k];
        }
        check_lookup(&w, &flow);
        if (i < 300) {
            for (unsigned int k = 0; k < 5; k++) {
                world_remove(&w, rnd((uint32_t)w.n));
            }
        }
    }
    world_free(&w);
}

static void l2_rules_do_not_look_at_l3(void **state)
{
    struct ofp_flow flow, looked;
    struct world w;

    (void)state;
    world_init(&w);
    add_text(&w, "in_port=1,dl_dst=02:00:00:00:00:01", 10);
    add_text(&w, "in_port=2,ip,nw_dst=10.0.0.0/8", 20);
    memset(&flow, 0, sizeof flow);
    flow.in_port = 1;
    flow.pkt.eth_type = be16_make(0x0800);
    flow.pkt.nw_dst = be32_make(0x0a000001);
    memset(&looked, 0, sizeof looked);
    classifier_lookup(&w.cls, &flow, &looked);
    assert_int_equal(looked.pkt.nw_dst, 0);
    assert_int_equal(looked.pkt.tp_dst, 0);
    world_free(&w);
}

static int mask_compare(const void *a, const void *b)
{
    return memcmp(a, b, 2 * sizeof(struct ofp_flow));
}

/* An ACL of prefixes and ports that the traffic does not touch leaves that traffic in a handful of
 * megaflows. */
static void untouched_traffic_is_a_handful_of_megaflows(void **state)
{
    enum { N = 4000 };
    struct {
        struct ofp_flow value, mask;
    } *seen = calloc(N, sizeof *seen);
    size_t n_distinct = 0;
    struct world w;
    char text[128];

    (void)state;
    rng_state = 7;
    world_init(&w);
    add_text(&w, "", 0);
    for (unsigned int i = 0; i < 100; i++) {
        snprintf(text, sizeof text, "tcp,nw_src=192.168.%u.0/24,tcp_dst=%u", i, 1 + rnd(1024));
        add_text(&w, text, (uint16_t)(100 + i));
        snprintf(text, sizeof text, "ip,nw_dst=172.16.%u.%u", i, rnd(256));
        add_text(&w, text, (uint16_t)(300 + i));
    }
    for (unsigned int i = 0; i < N; i++) {
        struct ofp_flow flow;

        memset(&flow, 0, sizeof flow);
        flow.pkt.eth_type = be16_make(0x0800);
        flow.pkt.nw_proto = 6;
        flow.pkt.nw_src = be32_make(0x0a000000u | rnd(1 << 24));
        flow.pkt.nw_dst = be32_make(0x0a000000u | rnd(1 << 24));
        flow.pkt.tp_src = be16_make((uint16_t)rnd(65536));
        flow.pkt.tp_dst = be16_make(443);
        classifier_lookup(&w.cls, &flow, &seen[i].mask);
        for (unsigned int k = 0; k < OFP_FLOW_WORDS; k++) {
            seen[i].value.u64[k] = flow.u64[k] & seen[i].mask.u64[k];
        }
    }
    qsort(seen, N, sizeof *seen, mask_compare);
    for (unsigned int i = 0; i < N; i++) {
        n_distinct += !i || memcmp(&seen[i], &seen[i - 1], sizeof *seen);
    }
    assert_true(n_distinct <= 4);
    free(seen);
    world_free(&w);
}

struct seen {
    const struct world *w;
    unsigned int times[MAX_RULES];
};

static void see(struct ofp_rule *rule, void *seen_)
{
    struct seen *seen = seen_;

    for (size_t i = 0; i < seen->w->n; i++) {
        seen->times[i] += seen->w->rules[i] == rule;
    }
}

static bool overlap(const struct ofp_match *a, const struct ofp_match *b)
{
    for (unsigned int i = 0; i < OFP_FLOW_WORDS; i++) {
        if ((a->flow.u64[i] ^ b->flow.u64[i]) & a->mask.u64[i] & b->mask.u64[i]) {
            return false;
        }
    }
    return true;
}

static void rules_that_overlap_a_match_are_visited_and_no_others(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct world w;

        rng_state = seed;
        world_init(&w);
        while (w.n < 200) {
            struct ofp_match m;

            random_match(&m, rnd(8) == 0);
            world_add(&w, &m, (uint16_t)(1 + rnd(20)));
        }
        for (unsigned int k = 0; k < 100; k++) {
            struct seen seen = {.w = &w};
            struct ofp_match m, of_rule;

            random_match(&m, false);
            if (k % 2) { /* As a controller names one rule. */
                rule_get_match(w.rules[rnd((uint32_t)w.n)], &m);
            }
            classifier_each_overlapping(&w.cls, &m, see, &seen);
            for (size_t i = 0; i < w.n; i++) {
                rule_get_match(w.rules[i], &of_rule);
                assert_int_equal(seen.times[i], overlap(&m, &of_rule));
            }
        }
        world_free(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdict_equals_linear_scan_and_mask_is_sound),
        cmocka_unit_test(many_masks_share_few_tuples),
        cmocka_unit_test(masks_of_any_bits_share_few_tuples),
        cmocka_unit_test(l2_rules_do_not_look_at_l3),
        cmocka_unit_test(untouched_traffic_is_a_handful_of_megaflows),
        cmocka_unit_test(rules_that_overlap_a_match_are_visited_and_no_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
