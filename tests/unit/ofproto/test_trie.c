/* The prefix trie: which lengths fit, and that the bits it names are enough. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "ofproto/table/trie.h"
#include "tests/unit/rng.h"

#define N 64

static bool same_prefix(const uint8_t *a, const uint8_t *b, unsigned int n)
{
    for (unsigned int i = 0; i < n; i++) {
        if ((a[i / 8] ^ b[i / 8]) & 0x80 >> i % 8) {
            return false;
        }
    }
    return true;
}

static void random_key(uint8_t *key, unsigned int n)
{
    for (unsigned int i = 0; i < n; i++) {
        key[i] = (uint8_t)(rnd(2) ? 0 : 1u << rnd(8));
    }
}

static void check(const struct trie *t, const uint8_t *value, uint8_t keys[][16],
                  const unsigned int *lengths, unsigned int n)
{
    struct trie_lengths want = {{0}}, got, other;
    uint8_t changed[16];
    unsigned int bits;

    for (unsigned int i = 0; i < n; i++) {
        if (lengths[i] && same_prefix(keys[i], value, lengths[i])) {
            trie_lengths_add(&want, lengths[i]);
        }
    }
    bits = trie_lookup(t, value, &got);
    assert_memory_equal(&got, &want, sizeof want);
    assert_true(bits <= t->n_bytes * 8u);
    memcpy(changed, value, 16);
    for (unsigned int i = bits; i < t->n_bytes * 8u; i++) {
        changed[i / 8] ^= (uint8_t)(rnd(2) ? 0x80 >> i % 8 : 0);
    }
    trie_lookup(t, changed, &other);
    assert_memory_equal(&other, &want, sizeof want);
}

static void lengths_equal_linear_scan_through_adds_and_removes(void **state)
{
    static const unsigned int widths[] = {2, 4, 16};

    (void)state;
    for (unsigned int w = 0; w < 3; w++) {
        unsigned int lengths[N] = {0};
        uint8_t keys[N][16], value[16] = {0};
        struct trie t;

        trie_init(&t, widths[w]);
        for (unsigned int round = 0; round < 4000; round++) {
            unsigned int i = rnd(N);

            if (lengths[i]) {
                trie_remove(&t, keys[i], lengths[i]);
                lengths[i] = 0;
            } else {
                random_key(keys[i], widths[w]);
                lengths[i] = 1 + rnd(widths[w] * 8);
                trie_add(&t, keys[i], lengths[i]);
            }
            random_key(value, widths[w]);
            check(&t, value, keys, lengths, N);
        }
        for (unsigned int i = 0; i < N; i++) {
            if (lengths[i]) {
                trie_remove(&t, keys[i], lengths[i]);
            }
        }
        trie_destroy(&t);
    }
}

static void removed_nodes_are_used_again(void **state)
{
    uint8_t key[4] = {10, 0, 0, 0};
    struct trie t;
    uint32_t size;

    (void)state;
    trie_init(&t, 4);
    for (unsigned int i = 0; i < 200; i++) {
        key[3] = (uint8_t)i;
        trie_add(&t, key, 32);
    }
    size = t.n_nodes;
    for (unsigned int round = 0; round < 10; round++) {
        for (unsigned int i = 0; i < 200; i++) {
            key[3] = (uint8_t)i;
            trie_remove(&t, key, 32);
        }
        for (unsigned int i = 0; i < 200; i++) {
            key[3] = (uint8_t)i;
            trie_add(&t, key, 32);
        }
    }
    assert_int_equal(t.n_nodes, size);
    trie_destroy(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths_equal_linear_scan_through_adds_and_removes),
        cmocka_unit_test(removed_nodes_are_used_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
