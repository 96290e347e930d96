/* The heap: whatever comes, goes and changes, the least key is first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "lib/heap.h"

#define N 200

static void the_least_key_is_first_whatever_happens(void **state)
{
    struct heap_node node[N] = {{0}};
    bool is_in[N] = {false};
    struct heap h = {0};
    uint32_t random = 12345;

    (void)state;
    for (unsigned int step = 0; step < 20000; step++) {
        uint64_t least = UINT64_MAX;
        uint64_t key;
        unsigned int i;

        random = random * 1664525 + 1013904223;
        i = random >> 8 & 0x7f;
        key = random >> 16 & 0x3f;
        if (!is_in[i]) {
            heap_insert(&h, &node[i], key);
        } else if (random & 0x80) {
            heap_change(&h, &node[i], key);
        } else {
            heap_remove(&h, &node[i]);
        }
        is_in[i] = !is_in[i] || random & 0x80;
        for (unsigned int k = 0; k < N; k++) {
            least = is_in[k] && node[k].key < least ? node[k].key : least;
        }
        assert_int_equal(heap_first(&h) ? heap_first(&h)->key : UINT64_MAX, least);
    }
    while (heap_first(&h)) {
        heap_remove(&h, heap_first(&h));
    }
    assert_int_equal(h.n, 0);
    heap_free(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_least_key_is_first_whatever_happens),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
