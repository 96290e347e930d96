/* Open_vSwitch's other_config: what reaches the datapath and upcall/, and what is refused. */
#include "tests/unit/vswitchd/reconcile_env.h"
#include "vswitchd/upcall/internal.h"

static void set(struct env *e, const char *map)
{
    char *columns = xasprintf("{'other_config':['map',[%s]]}", map);

    fake_db_put(e->db, "Open_vSwitch", 1, columns);
    env_write(e);
    free(columns);
}

static void settings_reach_the_datapath_by_its_names(void **state)
{
    struct env *e = *state;

    set(e, "['flow-limit','100'],['pmd-cpu-mask','3'],['n-workers','1'],['mask-limit','16'],"
           "['upcall-rate','50'],['pending-limit','8']");
    assert_string_equal(fake_config(e->dp, "flow-limit"), "100");
    assert_string_equal(fake_config(e->dp, "worker-cores"), "0x3");
    assert_string_equal(fake_config(e->dp, "n-workers"), "1");
    assert_string_equal(fake_config(e->dp, "mask-limit"), "16");
    assert_string_equal(fake_config(e->dp, "upcall-rate"), "50");
    assert_string_equal(fake_config(e->dp, "pending-limit"), "8");
    set(e, "['pmd-cpu-mask','0x2']");
    assert_string_equal(fake_config(e->dp, "worker-cores"), "0x2");
}

static void setting_that_is_removed_goes_back_to_its_default(void **state)
{
    struct env *e = *state;

    set(e, "['flow-limit','100'],['max-idle','700']");
    assert_int_equal(e->u->flow_limit, 100);
    assert_int_equal(e->u->max_idle_ms, 700);
    set(e, "");
    assert_string_equal(fake_config(e->dp, "flow-limit"), "");
    assert_int_equal(e->u->max_idle_ms, UPCALL_MAX_IDLE_MS_DEFAULT);
    assert_int_not_equal(e->u->flow_limit, 100);
}

static void number_out_of_range_leaves_the_default(void **state)
{
    static const char *const bad[] = {"499", "86400001", "-5", "", "1e9", "ten"};
    struct env *e = *state;

    for (size_t k = 0; k < ARRAY_SIZE(bad); k++) {
        char *map = xasprintf("['max-idle','%s'],['stats-update-interval','%s']", bad[k],
                              k < 2 ? "0" : bad[k]);

        set(e, map);
        assert_int_equal(e->u->max_idle_ms, UPCALL_MAX_IDLE_MS_DEFAULT);
        assert_int_equal(e->r->stats_interval_ms, 5000);
        free(map);
    }
    set(e, "['max-idle','500']");
    assert_int_equal(e->u->max_idle_ms, 500);
}

static void one_bad_setting_does_not_keep_the_others_out(void **state)
{
    struct env *e = *state;

    set(e, "['mask-limit','16'],['max-idle','none'],['pending-limit','9']");
    assert_string_equal(fake_config(e->dp, "mask-limit"), "16");
    assert_string_equal(fake_config(e->dp, "pending-limit"), "9");
}

static void mask_of_cpus_that_is_none_is_told_as_it_was_set(void **state)
{
    static const char *const bad[] = {"zz", "0x", "0", "0x6,7", "0x12345678123456781"};
    struct env *e = *state;

    set(e, "['pmd-cpu-mask','0x0000000000000000002']");
    assert_string_equal(fake_config(e->dp, "worker-cores"), "0x2");
    for (size_t k = 0; k < ARRAY_SIZE(bad); k++) {
        char *map = xasprintf("['pmd-cpu-mask','%s']", bad[k]);
        char *told = xasprintf("'%s' is not a mask of CPUs 0 to 63 such as 0x6", bad[k]);

        set(e, map);
        assert_string_equal(fake_config(e->dp, "worker-cores"), "0x2");
        assert_string_equal(e->r->settings_complaints->list[0].reason, told);
        free(told);
        free(map);
    }
}

static void restarted_datapath_gets_its_settings_again(void **state)
{
    struct env *e = *state;

    set(e, "['mask-limit','16']");
    fake_lose(e->dp, "killed");
    fake_run(e->base);
    env_settle(e);
    fake_restart(e->dp);
    fake_attach(e->dp);
    fake_run(e->base);
    env_settle(e);
    assert_string_equal(fake_config(e->dp, "mask-limit"), "16");
}

static void flow_limit_is_no_more_than_the_datapath_holds(void **state)
{
    struct env *e = *state;
    struct dp_info info;

    set(e, "['flow-limit','1048576']");
    assert_int_equal(dp_get_info(e->dp, &info), 0);
    assert_true(e->u->flow_limit <= info.max_flows);
    set(e, "['flow-limit','0']");
    assert_int_equal(e->u->flow_limit, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ENV_TEST(settings_reach_the_datapath_by_its_names),
        ENV_TEST(setting_that_is_removed_goes_back_to_its_default),
        ENV_TEST(number_out_of_range_leaves_the_default),
        ENV_TEST(one_bad_setting_does_not_keep_the_others_out),
        ENV_TEST(mask_of_cpus_that_is_none_is_told_as_it_was_set),
        ENV_TEST(restarted_datapath_gets_its_settings_again),
        ENV_TEST(flow_limit_is_no_more_than_the_datapath_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
