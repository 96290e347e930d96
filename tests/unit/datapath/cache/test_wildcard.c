/* Unit tests of the wildcard and exact caches: above all, that a verdict by the caches is the
 * verdict by the tables, whatever masks come and however few are allowed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>

#include "datapath/cache/exact/exact.h"
#include "datapath/cache/wildcard/private.h"
#include "lib/hash.h"

/* --- Deferred calls: run when a test says that the grace period is over. */

static struct {
    void (*fn)(void *);
    void *arg;
} deferred[65536];
static unsigned int n_deferred;

static void defer(void (*fn)(void *), void *arg)
{
    assert_true(n_deferred < ARRAY_SIZE(deferred));
    deferred[n_deferred].fn = fn;
    deferred[n_deferred++].arg = arg;
}

static void grace(void)
{
    for (unsigned int i = 0; i < n_deferred; i++) {
        deferred[i].fn(deferred[i].arg);
    }
    n_deferred = 0;
}

static struct wildcard *new_cache(uint32_t flows, unsigned int masks)
{
    struct wildcard *w;

    assert_int_equal(wildcard_new(flows, masks, defer, &w), 0);
    return w;
}

static void free_cache(struct wildcard *w)
{
    grace();
    wildcard_free(w);
    grace();
}

static bool of_packet = true;

static int put(struct wildcard *w, uint32_t flow_no, const struct flow_key *key,
               const struct flow_mask *mask, uint32_t port)
{
    struct dp_actions actions = DP_ACTIONS_INIT;
    int error;

    dp_actions_put_output(&actions, port);
    error = wildcard_put(w, flow_no, key, mask, actions.data, actions.len, of_packet);
    dp_actions_free(&actions);
    return error;
}

static uint32_t lookup(const struct wildcard *w, const struct flow_key *key)
{
    const struct wildcard_view *view = wildcard_view(w, key->in_port);
    struct flow_key keys[WILDCARD_BATCH];
    uint32_t slots[WILDCARD_BATCH];

    if (!view) {
        return WILDCARD_NONE;
    }
    keys[0] = *key;
    wildcard_lookup(w, view, keys, 1, slots);
    return slots[0];
}

static void make_key(struct flow_key *key, uint16_t in_port, uint32_t n)
{
    memset(key, 0, sizeof *key);
    key->lines = 1;
    key->in_port = in_port;
    key->eth_src[5] = (uint8_t)n;
    key->eth_type = be16_make(0x0800);
    key->nw_src = n;
    key->tp_dst = (be16_t)(n >> 3);
    key->nw_proto = 17;
}

static void a_mask_of_the_port_alone_needs_no_parser(void **state UNUSED)
{
    struct wildcard *w = new_cache(100, 32);
    struct flow_mask mask;
    struct flow_key key;

    flow_mask_init(&mask);
    FLOW_MASK_FIELD(&mask, in_port);
    FLOW_MASK_FIELD(&mask, recirc_id);
    flow_mask_seal(&mask);
    make_key(&key, 3, 99);
    assert_int_equal(put(w, 1, &key, &mask, 2), 0);
    assert_false(wildcard_view(w, 3)->parse);
    assert_null(wildcard_view(w, 4));
    make_key(&key, 3, 5);
    assert_int_equal(w->slots[lookup(w, &key)].only_port, 2);

    FLOW_MASK_FIELD(&mask, eth_src);
    assert_int_equal(put(w, 2, &key, &mask, 2), 0);
    assert_true(wildcard_view(w, 3)->parse);
    assert_int_equal(wildcard_view(w, 3)->depth, PARSE_L2);
    FLOW_MASK_FIELD(&mask, nw_src);
    assert_int_equal(put(w, 3, &key, &mask, 2), 0);
    assert_int_equal(wildcard_view(w, 3)->depth, PARSE_ALL);
    free_cache(w);
}

static void masks_beyond_the_limit_are_filed_under_finer_ones(void **state UNUSED)
{
    struct wildcard *w = new_cache(1000, 8);
    struct flow_mask mask;
    struct flow_key key, other;

    for (uint32_t i = 0; i < 32; i++) {
        flow_mask_init(&mask);
        FLOW_MASK_FIELD(&mask, in_port);
        mask.bits.nw_src = be32_make(UINT32_MAX << i); /* Prefixes of 32, 31, ... bits. */
        flow_mask_seal(&mask);
        make_key(&key, 1, 0x01020304 + i);
        /* They overlap, so they must agree. */
        assert_int_equal(put(w, i, &key, &mask, 32), 0);
        assert_true(lookup(w, &key) != WILDCARD_NONE);
    }
    assert_true(wildcard_view(w, 1)->n <= 8);
    /* A flow that was filed under a finer mask misses for another packet, and then gets an
     * instance. Put again, it is there already. */
    other = key;
    other.nw_src ^= 1;
    if (lookup(w, &other) == WILDCARD_NONE) {
        size_t n = wildcard_n_instances(w);

        assert_int_equal(put(w, 31, &other, &mask, 32), 0);
        assert_int_equal(wildcard_n_instances(w), n + 1);
        assert_int_equal(put(w, 31, &other, &mask, 32), 0);
        assert_int_equal(wildcard_n_instances(w), n + 1);
    }
    assert_int_equal(w->slots[lookup(w, &other)].only_port, 32);
    assert_int_equal(wildcard_n_flows(w), 32);
    free_cache(w);
}

static void one_ports_masks_are_no_others(void **state UNUSED)
{
    struct wildcard *w = new_cache(1000, 8);
    struct flow_mask mask;
    struct flow_key key;

    for (uint32_t i = 0; i < 20; i++) {
        flow_mask_init(&mask);
        FLOW_MASK_FIELD(&mask, in_port);
        mask.bits.nw_dst = be32_make(UINT32_MAX << i);
        flow_mask_seal(&mask);
        make_key(&key, 1, i);
        assert_int_equal(put(w, i, &key, &mask, 1), 0);
    }
    make_key(&key, 2, 0);
    assert_int_equal(put(w, 100, &key, &mask, 1), 0);
    assert_int_equal(wildcard_view(w, 2)->n, 1);
    free_cache(w);
}

static void listed_flow(const struct dp_flow *flow, void *aux)
{
    struct dp_flow *to = aux;

    *to = *flow;
}

static void a_flow_is_listed_as_it_was_put(void **state UNUSED)
{
    struct wildcard *w = new_cache(1000, 4);
    struct flow_key key, masked;
    struct flow_mask mask;
    struct dp_flow flow;

    for (uint32_t i = 0; i < 5; i++) { /* The last is filed under a mask of last resort. */
        flow_mask_init(&mask);
        FLOW_MASK_FIELD(&mask, in_port);
        mask.bits.nw_src = be32_make(UINT32_MAX << i);
        flow_mask_seal(&mask);
        make_key(&key, 1, 0xff00ff00);
        assert_int_equal(put(w, i, &key, &mask, 1), 0);
    }
    wildcard_list(w, 0, DP_MAX_FLOWS, listed_flow, &flow); /* Keeps the last. */
    assert_int_equal(flow.flow_no, 4);
    flow_key_mask(&masked, &key, &mask);
    assert_true(flow_key_equal(&flow.key, &masked));
    assert_true(flow_mask_equal(&flow.mask, &mask));
    assert_int_equal(flow.actions_len, sizeof(struct dp_action_output));
    /* The masked key, as a revalidator has it, changes actions and adds nothing. */
    of_packet = false;
    assert_int_equal(put(w, 4, &flow.key, &flow.mask, 9), 0);
    of_packet = true;
    assert_int_equal(wildcard_n_instances(w), 5);
    assert_int_equal(w->slots[lookup(w, &key)].flow_no < 5, 1);
    key.nw_src ^= be32_make(0x10);
    assert_int_equal(put(w, 4, &key, &mask, 9), -EEXIST);
    free_cache(w);
}

static void unused_masks_go_after_a_while(void **state UNUSED)
{
    struct wildcard *w = new_cache(1000, 32);
    struct flow_mask mask;
    struct flow_key key;

    flow_mask_init(&mask);
    FLOW_MASK_FIELD(&mask, nw_src);
    flow_mask_seal(&mask);
    make_key(&key, 1, 1);
    assert_int_equal(put(w, 0, &key, &mask, 1), 0);
    assert_int_equal(wildcard_del(w, 0), 0);
    assert_int_equal(lookup(w, &key), WILDCARD_NONE);
    wildcard_tidy(w, time_now_ms());
    assert_non_null(wildcard_view(w, 1));
    wildcard_tidy(w, time_now_ms() + WILDCARD_IDLE_MASK_MS);
    assert_null(wildcard_view(w, 1));
    assert_int_equal(put(w, 0, &key, &mask, 1), 0);
    assert_true(lookup(w, &key) != WILDCARD_NONE);
    free_cache(w);
}

static void limits_may_grow_while_flows_are_there(void **state UNUSED)
{
    struct wildcard *w = new_cache(2, 32);
    struct flow_mask mask;
    struct flow_key key;

    flow_mask_init(&mask);
    FLOW_MASK_FIELD(&mask, nw_src);
    flow_mask_seal(&mask);
    for (uint32_t i = 0; i < 20000; i++) {
        make_key(&key, 1, i);
        if (i == 2) {
            assert_int_equal(put(w, i, &key, &mask, 1), -ENOSPC);
            assert_int_equal(wildcard_set_limits(w, 100000, 32), 0);
        }
        assert_int_equal(put(w, i, &key, &mask, 1), 0);
    }
    for (uint32_t i = 0; i < 20000; i++) {
        make_key(&key, 1, i);
        assert_int_equal(w->slots[lookup(w, &key)].flow_no, i);
    }
    free_cache(w);
}

static void an_entry_made_of_a_flow_just_deleted_never_comes_alive(void **state UNUSED)
{
    struct wildcard *w = new_cache(1000, 32);
    const struct wildcard_view *view;
    struct flow_key keys[WILDCARD_BATCH];
    uint32_t slots[WILDCARD_BATCH];
    struct exact_cache *exact;
    struct exact_work work;
    struct flow_mask mask;

    assert_int_equal(exact_cache_new(64, &exact), 0);
    flow_mask_init(&mask);
    FLOW_MASK_FIELD(&mask, nw_src);
    flow_mask_seal(&mask);
    make_key(&keys[0], 1, 1);
    make_key(&keys[1], 1, 2);
    assert_int_equal(put(w, 1, &keys[0], &mask, 1), 0);
    view = wildcard_view(w, 1);
    /* A worker finds it; it is deleted; the worker, none the wiser, remembers it. */
    assert_int_equal(exact_cache_lookup(exact, w, view, keys, 1, &work, slots), 0);
    assert_int_equal(wildcard_lookup(w, view, keys, 1, slots), 1);
    assert_int_equal(wildcard_del(w, 1), 0);
    exact_cache_insert(exact, w, view, &work, 0, slots[0]);
    assert_int_equal(exact_cache_lookup(exact, w, view, keys, 1, &work, slots), 0);
    grace();
    assert_int_equal(exact_cache_lookup(exact, w, view, keys, 1, &work, slots), 0);
    assert_int_equal(put(w, 2, &keys[1], &mask, 2), 0); /* In the same place. */
    assert_int_equal(lookup(w, &keys[1]), slots[0]);
    assert_int_equal(exact_cache_lookup(exact, w, view, keys, 1, &work, slots), 0);
    exact_cache_free(exact);
    free_cache(w);
}

/* --- The property. */

#define N_RULES 60
struct rule {
    struct flow_mask mask;
    struct flow_key key; /* Masked. */
    uint32_t port;
};
static struct rule rules[N_RULES];
static unsigned int seed;

static uint32_t rnd(uint32_t n)
{
    return (uint32_t)rand_r(&seed) % n;
}

/* Few values per field, so that rules and packets meet. */
static void random_key(struct flow_key *key)
{
    memset(key, 0, sizeof *key);
    key->in_port = (uint16_t)(1 + rnd(2));
    key->eth_src[5] = (uint8_t)rnd(3);
    key->nw_src = be32_make(rnd(2) ? rnd(16) << 28 | rnd(4) : rnd(4));
    key->nw_dst = be32_make(rnd(16) << 24);
    key->tp_dst = be16_make((uint16_t)rnd(8));
    key->nw_ttl = (uint8_t)rnd(3);
    key->lines = 1;
    if (rnd(2)) {
        key->lines = 3;
        key->eth_type = be16_make(0x86dd);
        key->ipv6_dst[15] = (uint8_t)rnd(4);
        key->nd_target[0] = (uint8_t)rnd(2);
        key->arp_sha[0] = (uint8_t)rnd(2);
    }
}

static void random_rule(struct rule *r, uint32_t port)
{
    struct flow_key key;

    flow_mask_init(&r->mask);
    FLOW_MASK_FIELD(&r->mask, eth_type); /* As a table would. */
    if (rnd(2)) {
        r->mask.bits.nw_src = be32_make(UINT32_MAX << rnd(32));
    }
    if (rnd(2)) {
        r->mask.bits.nw_dst = be32_make(UINT32_MAX << rnd(32));
    }
    if (rnd(2)) {
        r->mask.bits.tp_dst = be16_make((uint16_t)(0xffff << rnd(3)));
    }
    if (!rnd(3)) {
        FLOW_MASK_FIELD(&r->mask, ipv6_dst);
    }
    if (!rnd(4)) {
        FLOW_MASK_FIELD(&r->mask, nw_ttl);
    }
    if (!rnd(4)) {
        FLOW_MASK_FIELD(&r->mask, nd_target);
    }
    flow_mask_seal(&r->mask);
    random_key(&key);
    flow_key_mask(&r->key, &key, &r->mask);
    r->port = port;
}

static bool rule_matches(const struct rule *r, const struct flow_key *key)
{
    for (unsigned int i = 0; i < FLOW_N_WORDS; i++) {
        uint64_t have = key->lines & (1u << (i / FLOW_LINE_WORDS)) ? key->u64[i] : 0;

        if (i == 0) {
            have &= ~(UINT64_C(0xff) << 48); /* 'lines'. */
        }
        if ((have ^ (r->key.u64[i] & ~(i ? 0 : UINT64_C(0xff) << 48))) & r->mask.bits.u64[i]) {
            return false;
        }
    }
    return true;
}

/* The tables: the first rule that matches; the mask has all that was looked at on the way. */
static uint32_t tables(const struct flow_key *key, struct flow_mask *mask)
{
    flow_mask_init(mask);
    FLOW_MASK_FIELD(mask, in_port);
    flow_mask_seal(mask);
    for (unsigned int i = 0; i < N_RULES; i++) {
        flow_mask_or(mask, &rules[i].mask);
        if (rule_matches(&rules[i], key)) {
            return rules[i].port;
        }
    }
    return N_RULES + 1;
}

/* vswitchd in small: numbers of flows by masked key and mask. */
#define MAX_FLOWS 65536
enum { NEVER, GONE, USED };
static struct {
    struct flow_key key;
    struct flow_mask mask;
    int state;
} known[MAX_FLOWS];

static uint32_t flow_number(const struct flow_key *key, const struct flow_mask *mask)
{
    struct flow_key masked;
    uint32_t i, unused = MAX_FLOWS;

    flow_key_mask(&masked, key, mask);
    i = (uint32_t)(hash_bytes(&masked, sizeof masked, 0) ^ hash_bytes(mask, sizeof *mask, 1));
    for (i %= MAX_FLOWS; known[i].state != NEVER; i = (i + 1) % MAX_FLOWS) {
        if (known[i].state == GONE) {
            unused = i;
        } else if (flow_key_equal(&known[i].key, &masked) &&
                   flow_mask_equal(&known[i].mask, mask)) {
            return i;
        }
    }
    i = unused < MAX_FLOWS ? unused : i;
    known[i].key = masked;
    known[i].mask = *mask;
    known[i].state = USED;
    return i;
}

static void verdict_by_cache_is_verdict_by_tables(void **state)
{
    struct wildcard *w = new_cache(100000, *(unsigned int *)*state);
    unsigned int misses = 0, exact_hits = 0;
    struct flow_key keys[WILDCARD_BATCH];
    uint32_t slots[WILDCARD_BATCH];
    struct exact_work work;
    struct exact_cache *exact;

    assert_int_equal(exact_cache_new(64, &exact), 0); /* Small: entries give way. */
    memset(known, 0, sizeof known);
    seed = 42;
    for (uint32_t i = 0; i < N_RULES; i++) {
        random_rule(&rules[i], i + 1);
    }
    for (unsigned int round = 0; round < 6000; round++) {
        const struct wildcard_view *view;
        uint32_t found = 0, all = UINT32_MAX;
        struct flow_mask mask;

        random_key(&keys[0]);
        for (unsigned int i = 1; i < WILDCARD_BATCH; i++) {
            do {
                random_key(&keys[i]);
            } while (keys[i].in_port != keys[0].in_port);
        }
        view = wildcard_view(w, keys[0].in_port);
        if (view) {
            if (view->all.n) {
                found = exact_cache_lookup(exact, w, view, keys, WILDCARD_BATCH, &work, slots);
                exact_hits += (unsigned int)__builtin_popcount(found);
            }
            uint32_t wild = wildcard_lookup(w, view, keys, all & ~found, slots);
            for (uint32_t left = view->all.n ? wild : 0; left; left &= left - 1) {
                unsigned int i = (unsigned int)__builtin_ctz(left);

                exact_cache_insert(exact, w, view, &work, i, slots[i]);
            }
            found |= wild;
        }
        for (unsigned int i = 0; i < WILDCARD_BATCH; i++) {
            uint32_t verdict = tables(&keys[i], &mask);

            if (found & (1u << i)) {
                assert_int_equal(w->slots[slots[i]].only_port, verdict);
                continue;
            }
            misses++;
            assert_int_equal(put(w, flow_number(&keys[i], &mask), &keys[i], &mask, verdict), 0);
            assert_int_equal(w->slots[lookup(w, &keys[i])].only_port, verdict);
        }
        if (!rnd(50)) { /* Flows go, and their numbers come back for others. */
            for (uint32_t i = 0; i < MAX_FLOWS; i++) {
                if (known[i].state == USED && !rnd(3)) {
                    assert_int_equal(wildcard_del(w, i), 0);
                    known[i].state = GONE;
                }
            }
            wildcard_tidy(w, time_now_ms() + (rnd(2) ? 0 : WILDCARD_IDLE_MASK_MS));
            grace();
        }
    }
    assert_true(misses > 100 && exact_hits > 10);
    for (uint16_t port = 1; port <= 2; port++) {
        assert_true(wildcard_view(w, port)->n <= *(unsigned int *)*state);
    }
    exact_cache_free(exact);
    free_cache(w);
}

/* Masks come and go for as long as somebody likes; their ids are of 32 bits. */
static void ids_of_masks_wrap_without_two_being_alike(void **state UNUSED)
{
    struct wildcard *w = new_cache(1000, 200);
    struct flow_mask mask;
    struct flow_key key;

    for (uint32_t i = 0; i < 60; i++) {
        if (i == 30) {
            w->table->last_mask_id = UINT32_MAX - 1;
        }
        flow_mask_init(&mask);
        FLOW_MASK_FIELD(&mask, in_port);
        FLOW_MASK_FIELD(&mask, recirc_id);
        mask.bits.nw_src = (be32_t)(i + 1);
        flow_mask_seal(&mask);
        make_key(&key, (uint16_t)(1 + i % 2), UINT32_MAX);
        assert_int_equal(put(w, i, &key, &mask, 2 + i), 0);
    }
    for (uint32_t p = 1; p <= 2; p++) {
        for (unsigned int i = 0; i < w->table->ports[p]->n_masks; i++) {
            uint64_t id = w->table->ports[p]->masks[i]->selector.id;

            assert_true(id && id <= UINT32_MAX);
            for (uint32_t q = 1; q <= 2; q++) {
                for (unsigned int k = 0; k < w->table->ports[q]->n_masks; k++) {
                    assert_true((p == q && i == k) ||
                                w->table->ports[q]->masks[k]->selector.id != id);
                }
            }
        }
    }
    free_cache(w);
}

int main(void)
{
    static unsigned int few = 4, some = 8, many = 200;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mask_of_the_port_alone_needs_no_parser),
        cmocka_unit_test(masks_beyond_the_limit_are_filed_under_finer_ones),
        cmocka_unit_test(one_ports_masks_are_no_others),
        cmocka_unit_test(a_flow_is_listed_as_it_was_put),
        cmocka_unit_test(unused_masks_go_after_a_while),
        cmocka_unit_test(limits_may_grow_while_flows_are_there),
        cmocka_unit_test(an_entry_made_of_a_flow_just_deleted_never_comes_alive),
        cmocka_unit_test(ids_of_masks_wrap_without_two_being_alike),
        cmocka_unit_test_prestate(verdict_by_cache_is_verdict_by_tables, &few),
        cmocka_unit_test_prestate(verdict_by_cache_is_verdict_by_tables, &some),
        cmocka_unit_test_prestate(verdict_by_cache_is_verdict_by_tables, &many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
