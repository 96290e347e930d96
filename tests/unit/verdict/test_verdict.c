/* The verdict by the caches is the verdict by the tables, for some seeds (verdict.h). With numbers
 * for arguments, for those: test_verdict FIRST COUNT [STEPS]. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/verdict/verdict.h"

static void run_seed(uint64_t seed, unsigned int n_steps)
{
    chance.state = seed;
    chance.n = 0;
    verdict_run(n_steps);
}

static void verdict_by_cache_is_verdict_by_tables(void **state UNUSED)
{
    for (uint64_t seed = 26; seed <= 50; seed++) {
        run_seed(seed, 50);
    }
    /* It is about something. */
    for (unsigned int i = 1; i < DP_N_ACTIONS; i++) {
        assert_true(naive_done[i]);
    }
    assert_true(verdict.n.outputs > 800);
    assert_true(verdict.n.rules > 400);
    assert_true(verdict.n.packet_outs > 50);
    assert_true(verdict.n.restarts > 5);
    assert_true(verdict.n.gave_up < verdict.n.packets / 10);
}

int main(int argc, char *argv[])
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(verdict_by_cache_is_verdict_by_tables)};

    inproc_start(8);
    if (argc > 2) {
        uint64_t first = strtoull(argv[1], NULL, 10), n = strtoull(argv[2], NULL, 10);

        for (uint64_t seed = first; seed < first + n; seed++) {
            fprintf(stderr, "seed %llu\n", (unsigned long long)seed);
            run_seed(seed, argc > 3 ? (unsigned int)atoi(argv[3]) : 100);
        }
        fprintf(stderr,
                "packets %llu, outputs %llu, changes %llu, rules %llu, refused %llu, "
                "packet-outs %llu, restarts %llu, given up %llu\n",
                (unsigned long long)verdict.n.packets, (unsigned long long)verdict.n.outputs,
                (unsigned long long)verdict.n.changes, (unsigned long long)verdict.n.rules,
                (unsigned long long)verdict.n.refused, (unsigned long long)verdict.n.packet_outs,
                (unsigned long long)verdict.n.restarts, (unsigned long long)verdict.n.gave_up);
        for (unsigned int i = 1; i < DP_N_ACTIONS; i++) {
            fprintf(stderr, " %u:%llu", i, (unsigned long long)naive_done[i]);
        }
        fprintf(stderr, "\n");
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
