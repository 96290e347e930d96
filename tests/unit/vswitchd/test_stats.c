/* Statistics in the database: stats.c and system_stats.c. */
#include "tests/unit/vswitchd/reconcile_env.h"

/* The value of a map's key in a column that the last transaction set; -1: it has none. */
static json_int_t in_map(struct env *e, const char *table, unsigned int n, const char *column,
                         const char *key)
{
    const char *text = fake_db_written(e->db, table, n, column);
    json_t *map = text ? fake_db_json(text) : NULL, *pair;
    json_int_t value = -1;
    size_t i;

    json_array_foreach (json_array_get(map, 1), i, pair) {
        if (!strcmp(json_string_value(json_array_get(pair, 0)), key)) {
            value = json_integer_value(json_array_get(pair, 1));
        }
    }
    json_decref(map);
    return value;
}

/* With statistics often, and all that is to be written at the start written. */
static void begin(struct env *e, const char *settings)
{
    char *columns = xasprintf("{'other_config':['map',[['stats-update-interval','20']%s]]}",
                              settings);

    env_add_bridge(e, "p1", "tap");
    fake_db_put(e->db, "Open_vSwitch", 1, columns);
    env_write(e);
    free(columns);
}

static void counters_are_written_under_open_vswitchs_names(void **state)
{
    static const char *const names[] = {"rx_packets", "rx_bytes", "rx_dropped", "rx_errors",
                                        "tx_packets", "tx_bytes", "tx_dropped", "tx_errors"};
    struct env *e = *state;
    const struct dp_port_stats stats = {1, 2, 3, 4, 5, 6, 7, 8};

    begin(e, "");
    fake_port_set_stats(e->dp, fake_port_find(e->dp, "p1"), &stats);
    ENV_WAIT(e, e->db->txns[0]);
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        assert_int_equal(in_map(e, "Interface", 112, "statistics", names[i]), i + 1);
    }
    /* Only what changed. */
    assert_null(fake_db_written(e->db, "Interface", 111, "statistics"));
}

static void new_interface_has_statistics_with_its_first_state(void **state)
{
    struct env *e = *state;

    env_add_bridge(e, "p1", "tap");
    env_settle(e);
    assert_int_equal(in_map(e, "Interface", 112, "statistics", "rx_packets"), 0);
    assert_int_equal(in_map(e, "Interface", 111, "statistics", "tx_errors"), 0);
}

static void unchanged_counters_are_not_written_again(void **state)
{
    struct env *e = *state;
    unsigned int n;

    begin(e, "");
    n = e->db->n_commits;
    for (int i = 0; i < 3; i++) {
        event_active(e->r->stats_timer, EV_TIMEOUT, 0);
        fake_run(e->base);
    }
    assert_int_equal(e->db->n_commits, n);
}

static void counter_beyond_the_databases_integers_is_no_negative_number(void **state)
{
    struct env *e = *state;
    const struct dp_port_stats stats = {.rx_bytes = UINT64_MAX};

    begin(e, "");
    fake_port_set_stats(e->dp, fake_port_find(e->dp, "p1"), &stats);
    ENV_WAIT(e, e->db->txns[0]);
    assert_true(in_map(e, "Interface", 112, "statistics", "rx_bytes") == INT64_MAX);
}

static void refused_statistics_are_written_again_also_when_unchanged(void **state)
{
    struct env *e = *state;
    const struct dp_port_stats stats = {.rx_packets = 9};

    begin(e, "");
    fake_port_set_stats(e->dp, fake_port_find(e->dp, "p1"), &stats);
    ENV_WAIT(e, e->db->txns[0]);
    fake_db_answer(e->db, -EPERM);
    ENV_WAIT(e, e->db->txns[0]);
    assert_int_equal(in_map(e, "Interface", 112, "statistics", "rx_packets"), 9);
}

static void one_transaction_at_a_time(void **state)
{
    struct env *e = *state;
    struct dp_port_stats stats = {.rx_packets = 1};
    unsigned int n;

    begin(e, "");
    fake_port_set_stats(e->dp, fake_port_find(e->dp, "p1"), &stats);
    ENV_WAIT(e, e->db->txns[0]);
    n = e->db->n_commits;
    stats.rx_packets = 2;
    fake_port_set_stats(e->dp, fake_port_find(e->dp, "p1"), &stats);
    for (int i = 0; i < 3; i++) {
        event_active(e->r->stats_timer, EV_TIMEOUT, 0);
        fake_run(e->base);
    }
    assert_int_equal(e->db->n_commits, n);
    fake_db_answer(e->db, 0);
    ENV_WAIT(e, e->db->txns[0]);
    assert_int_equal(in_map(e, "Interface", 112, "statistics", "rx_packets"), 2);
}

static void row_that_vanished_is_not_written(void **state)
{
    struct env *e = *state;
    const struct dp_port_stats stats = {.rx_packets = 1};

    begin(e, "");
    e->db->reconcile = NULL; /* Not yet told. */
    fake_db_delete(e->db, "Interface", 112);
    fake_port_set_stats(e->dp, fake_port_find(e->dp, "p1"), &stats);
    fake_port_set_stats(e->dp, fake_port_find(e->dp, "br0"), &stats);
    ENV_WAIT(e, e->db->txns[0]);
    assert_int_equal(in_map(e, "Interface", 111, "statistics", "rx_packets"), 1);
    assert_null(fake_db_written(e->db, "Interface", 112, "statistics"));
}

static void row_that_is_made_anew_gets_its_statistics_at_once(void **state)
{
    struct env *e = *state;

    begin(e, "");
    fake_db_delete(e->db, "Interface", 112);
    fake_db_put(e->db, "Interface", 113, "{'name':'p1','type':'tap'}");
    fake_db_put(e->db, "Port", 12, "{'interfaces':U113}");
    env_settle(e);
    assert_int_equal(in_map(e, "Interface", 113, "statistics", "rx_packets"), 0);
}

static void interval_is_the_databases(void **state)
{
    struct env *e = *state;
    struct timeval tv;

    env_add_bridge(e, "p1", "tap");
    env_write(e);
    assert_int_equal(e->r->stats_interval_ms, 5000);
    fake_db_put(e->db, "Open_vSwitch", 1,
                "{'other_config':['map',[['stats-update-interval','60000']]]}");
    env_write(e);
    assert_int_equal(e->r->stats_interval_ms, 60000);
    assert_true(event_pending(e->r->stats_timer, EV_TIMEOUT, &tv));
    fake_db_put(e->db, "Open_vSwitch", 1,
                "{'other_config':['map',[['stats-update-interval','0']]]}");
    env_write(e);
    assert_int_equal(e->r->stats_interval_ms, 5000);
}

static void system_statistics_come_when_asked_for_and_go(void **state)
{
    struct env *e = *state;

    begin(e, ",['enable-statistics','true']");
    ENV_WAIT(e, fake_db_written(e->db, "Open_vSwitch", 1, "statistics"));
    assert_non_null(strstr(fake_db_written(e->db, "Open_vSwitch", 1, "statistics"), "'cpu'"));
    env_write(e);
    fake_db_put(e->db, "Open_vSwitch", 1,
                "{'other_config':['map',[['stats-update-interval','20']]]}");
    while (fake_db_answer(e->db, 0)) {
    }
    ENV_WAIT(e,
             (fake_db_answer(e->db, 0),
              fake_db_written(e->db, "Open_vSwitch", 1, "statistics") &&
                  !strcmp(fake_db_written(e->db, "Open_vSwitch", 1, "statistics"), "['map',[]]")));
    fake_db_answer(e->db, 0);
    assert_false(e->r->system_stats_written);
}

static const char *text_in(const json_t *map, const char *key)
{
    const json_t *pair;
    size_t i;

    json_array_foreach (json_array_get(map, 1), i, pair) {
        if (!strcmp(json_string_value(json_array_get(pair, 0)), key)) {
            return json_string_value(json_array_get(pair, 1));
        }
    }
    fail_msg("the system's statistics have no '%s'", key);
    return NULL;
}

static void system_statistics_have_the_documented_forms(void **state UNUSED)
{
    json_t *map = system_stats();
    unsigned long total, used, cached, swap, swap_used;
    double one, five, fifteen;
    int end = 0;

    assert_true(atoi(text_in(map, "cpu")) >= 1);
    assert_int_equal(
        sscanf(text_in(map, "load_average"), "%lf,%lf,%lf%n", &one, &five, &fifteen, &end), 3);
    assert_int_equal(sscanf(text_in(map, "memory"), "%lu,%lu,%lu,%lu,%lu", &total, &used, &cached,
                            &swap, &swap_used),
                     5);
    assert_true(total > 0 && used <= total && cached <= total && swap_used <= swap);
    assert_int_equal(sscanf(text_in(map, "file_systems"), "/,%lu,%lu", &total, &used), 2);
    assert_true(used <= total);
    json_decref(map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ENV_TEST(counters_are_written_under_open_vswitchs_names),
        ENV_TEST(new_interface_has_statistics_with_its_first_state),
        ENV_TEST(unchanged_counters_are_not_written_again),
        ENV_TEST(counter_beyond_the_databases_integers_is_no_negative_number),
        ENV_TEST(refused_statistics_are_written_again_also_when_unchanged),
        ENV_TEST(one_transaction_at_a_time),
        ENV_TEST(row_that_vanished_is_not_written),
        ENV_TEST(row_that_is_made_anew_gets_its_statistics_at_once),
        ENV_TEST(interval_is_the_databases),
        ENV_TEST(system_statistics_come_when_asked_for_and_go),
        cmocka_unit_test(system_statistics_have_the_documented_forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
