/* The dp channel end to end: the provider "channel:" against the server with the real core. */
#include "tests/unit/datapath/channel/loopback.h"

/* Flow i: to one destination address, dropped. */
static void make_flow(uint32_t i, struct flow_key *key, struct flow_mask *mask)
{
    memset(key, 0, sizeof *key);
    key->lines = 1u << FLOW_LINE_BASE;
    key->in_port = 1;
    key->eth_type = be16_make(0x0800);
    key->nw_dst = be32_make(i);
    flow_mask_init(mask);
    FLOW_MASK_FIELD(mask, in_port);
    FLOW_MASK_FIELD(mask, eth_type);
    FLOW_MASK_FIELD(mask, nw_dst);
    flow_mask_seal(mask);
}

static void put_flows(struct user *user, uint32_t first, uint32_t n)
{
    struct dp_actions actions = DP_ACTIONS_INIT;
    struct flow_key key;
    struct flow_mask mask;

    dp_actions_put_drop(&actions, DP_DROP_NO_OUTPUT);
    for (uint32_t i = first; i < first + n; i++) {
        struct dp_op op = {.type = DP_OP_FLOW_PUT,
                           .cookie = i,
                           .flow_no = i,
                           .key = &key,
                           .mask = &mask,
                           .actions = actions.data,
                           .actions_len = actions.len};
        int took;

        make_flow(i, &key, &mask);
        while ((took = dp_submit(user->dp, &op, 1)) == 0) {
            event_base_loop(user->base, EVLOOP_ONCE);
        }
        assert_int_equal(took, 1);
    }
    RUN_UNTIL(user, n_completions, n);
    dp_actions_free(&actions);
}

static void del_flows(struct user *user, uint32_t first, uint32_t n)
{
    struct dp_op *ops = xcalloc(n, sizeof *ops);

    for (uint32_t i = 0; i < n; i++) {
        ops[i] = (struct dp_op){.type = DP_OP_FLOW_DEL, .cookie = i, .flow_no = first + i};
    }
    submit_all(user, ops, n);
    free(ops);
}

struct listed {
    size_t n;
    uint8_t seen[20000];
};

static void list_flow(const struct dp_flow *flow, void *listed_)
{
    struct listed *listed = listed_;
    struct flow_key key, masked;
    struct flow_mask mask;

    make_flow(flow->flow_no, &key, &mask);
    flow_key_mask(&masked, &key, &mask);
    assert_true(flow_key_equal(&masked, &flow->key));
    assert_true(flow_mask_equal(&mask, &flow->mask));
    assert_int_equal(listed->seen[flow->flow_no]++, 0);
    listed->n++;
}

/* --- Tests. --- */

static void test_attaches_to_a_fresh_datapath(void **state UNUSED)
{
    struct dp_info info;
    struct user user;

    user_open(&user);
    assert_int_equal(dp_get_info(user.dp, &info), -ENOTCONN);
    RUN_UNTIL(&user, n_attached, 1);
    assert_true(user.fresh);
    assert_int_equal(dp_get_info(user.dp, &info), 0);
    assert_int_equal(info.n_workers, 1);
    assert_int_equal(info.max_flows, 200000);
    assert_true(info.boot_id != 0);
    assert_string_equal(info.version, SLUICE_VERSION);
    user_close(&user);
}

static void test_waits_in_the_background_for_a_datapath_that_is_not_there(void **state UNUSED)
{
    struct user user = {0};
    struct error err;

    user.base = event_base_new();
    assert_int_equal(dp_open("channel:/nonexistent", user.base, &callbacks, &user, &user.dp, &err),
                     0);
    for (int i = 0; i < 50; i++) {
        event_base_loop(user.base, EVLOOP_NONBLOCK);
        usleep(1000);
    }
    assert_int_equal(user.n_attached, 0);
    assert_int_equal(dp_submit(user.dp, NULL, 0), -ENOTCONN);
    assert_int_equal(dp_port_del(user.dp, 1, &err), -ENOTCONN);
    user_close(&user);
}

static void test_ports_come_and_go_with_clear_errors(void **state UNUSED)
{
    struct dp_option option = {"dpdk-devargs", "net_null_ch0,no-rx=1"};
    struct dp_port_config config = {
        .name = "null0", .type = "dpdk", .options = &option, .n_options = 1};
    struct dp_port_info *ports;
    struct error err;
    struct user user;
    uint32_t port_no, other;
    size_t n;

    user_attach(&user);
    assert_int_equal(dp_port_add(user.dp, &config, 0, &port_no, &err), 0);
    assert_int_equal(dp_port_add(user.dp, &config, 0, &other, &err), -EEXIST);
    assert_non_null(strstr(err.text, "null0"));
    config.name = "null1";
    assert_int_equal(dp_port_add(user.dp, &config, port_no, &other, &err), -EEXIST);
    config.type = "pigeon";
    assert_int_equal(dp_port_add(user.dp, &config, 0, &other, &err), -EINVAL);
    assert_non_null(strstr(err.text, "pigeon"));
    assert_int_equal(dp_port_list(user.dp, &ports, &n, &err), 0);
    assert_int_equal(n, 1);
    assert_int_equal(ports[0].port_no, port_no);
    assert_string_equal(ports[0].name, "null0");
    assert_string_equal(ports[0].type, "dpdk");
    free(ports);
    assert_int_equal(dp_port_del(user.dp, port_no, &err), 0);
    assert_int_equal(dp_port_del(user.dp, port_no, &err), -ENOENT);
    assert_int_equal(dp_port_list(user.dp, &ports, &n, &err), 0);
    assert_int_equal(n, 0);
    assert_null(ports);
    user_close(&user);
}

static void test_settings_are_checked_by_name_and_value(void **state UNUSED)
{
    struct dp_option option = {"flow-limit", "1000"};
    struct dp_info info;
    struct error err;
    struct user user;

    user_attach(&user);
    assert_int_equal(dp_set_config(user.dp, &option, 1, &err), 0);
    dp_get_info(user.dp, &info);
    assert_int_equal(info.max_flows, 1000);
    option.value = "many";
    assert_int_equal(dp_set_config(user.dp, &option, 1, &err), -EINVAL);
    assert_non_null(strstr(err.text, "flow-limit"));
    assert_non_null(strstr(err.text, "many"));
    option.key = "colour";
    assert_int_equal(dp_set_config(user.dp, &option, 1, &err), -EINVAL);
    assert_non_null(strstr(err.text, "colour"));
    option = (struct dp_option){"flow-limit", ""};
    assert_int_equal(dp_set_config(user.dp, &option, 1, &err), 0);
    dp_get_info(user.dp, &info);
    assert_int_equal(info.max_flows, 200000);
    user_close(&user);
}

static void test_cores_are_a_list_or_a_mask(void **state UNUSED)
{
    struct core_settings settings = {0};
    struct dp_option option = {"worker-cores", "1,3-5"};
    struct error err;

    assert_int_equal(server_parse_settings(&option, 1, &settings, &err), 0);
    assert_int_equal(settings.cores, 0x3a);
    option.value = "0x6";
    assert_int_equal(server_parse_settings(&option, 1, &settings, &err), 0);
    assert_int_equal(settings.cores, 6);
    option.value = "0-63";
    assert_int_equal(server_parse_settings(&option, 1, &settings, &err), 0);
    assert_true(settings.cores == UINT64_MAX);
    option.value = "5-3";
    assert_int_equal(server_parse_settings(&option, 1, &settings, &err), -EINVAL);
    option.value = "64";
    assert_int_equal(server_parse_settings(&option, 1, &settings, &err), -EINVAL);
    option.value = ",";
    assert_int_equal(server_parse_settings(&option, 1, &settings, &err), -EINVAL);
    assert_non_null(strstr(err.text, "worker-cores"));
}

static void test_limits_that_the_cache_cannot_keep_are_refused(void **state UNUSED)
{
    struct core_settings settings = {0};
    struct dp_option option = {"mask-limit", "257"};
    struct error err;

    assert_int_equal(server_parse_settings(&option, 1, &settings, &err), -EINVAL);
    assert_non_null(strstr(err.text, "4...256"));
    option.value = "3";
    assert_int_equal(server_parse_settings(&option, 1, &settings, &err), -EINVAL);
    option.value = "256";
    assert_int_equal(server_parse_settings(&option, 1, &settings, &err), 0);
    assert_int_equal(settings.mask_limit, 256);
}

static void test_ten_thousand_flows_are_put_listed_kept_and_deleted(void **state UNUSED)
{
    struct listed *listed = xcalloc(1, sizeof *listed);
    struct core_flow_counter *counter;
    struct dp_flow_stats stats;
    struct error err;
    struct user user;

    user_attach(&user);
    put_flows(&user, 0, 10000);
    assert_int_equal(user.n_errors, 0);
    assert_int_equal(dp_flow_list(user.dp, list_flow, listed, &err), 0);
    assert_int_equal(listed->n, 10000);

    /* As a worker would: another one than runs here. */
    server_counters_mark(dpath.counters, 3, 1);
    counter = server_counters_core(dpath.counters)->flows[2] + 4711;
    counter->packets = 7;
    counter->bytes = 700;
    assert_int_equal(dp_flow_stats(user.dp, 4711, &stats), 0);
    assert_int_equal(stats.packets, 7);

    /* vswitchd goes and comes: flows and counters stay. */
    user_close(&user);
    user_attach(&user);
    assert_false(user.fresh);
    memset(listed, 0, sizeof *listed);
    assert_int_equal(dp_flow_list(user.dp, list_flow, listed, &err), 0);
    assert_int_equal(listed->n, 10000);
    assert_int_equal(dp_flow_stats(user.dp, 4711, &stats), 0);
    assert_int_equal(stats.bytes, 700);
    del_flows(&user, 0, 10000);
    assert_int_equal(user.n_errors, 0);
    memset(listed, 0, sizeof *listed);
    assert_int_equal(dp_flow_list(user.dp, list_flow, listed, &err), 0);
    assert_int_equal(listed->n, 0);
    counter->packets = counter->bytes = 0;
    user_close(&user);
    free(listed);
}

static void test_errors_come_back_with_the_cookie(void **state UNUSED)
{
    struct dp_op op = {.type = DP_OP_FLOW_DEL, .cookie = 0xfeed, .flow_no = 12345};
    const uint32_t bad_actions[] = {0xffffffff, 0xffffffff};
    struct user user;

    user_attach(&user);
    submit_all(&user, &op, 1);
    assert_int_equal(user.last.cookie, 0xfeed);
    assert_int_equal(user.last.error, -ENOENT);
    op = (struct dp_op){.type = DP_OP_EXECUTE,
                        .cookie = 2,
                        .packet = "packet",
                        .packet_len = 6,
                        .actions = bad_actions,
                        .actions_len = sizeof bad_actions};
    submit_all(&user, &op, 1);
    assert_int_equal(user.last.error, -EINVAL);
    op = (struct dp_op){.type = DP_OP_BARRIER, .cookie = 3};
    submit_all(&user, &op, 1);
    assert_int_equal(user.last.cookie, 3);
    assert_int_equal(user.last.error, 0);
    user_close(&user);
}

static void test_more_operations_than_the_rings_hold_all_complete(void **state UNUSED)
{
    enum { N = 200000 };
    struct dp_op *ops = xcalloc(N, sizeof *ops);
    struct user user;

    user_attach(&user);
    for (size_t i = 0; i < N; i++) {
        ops[i] = (struct dp_op){.type = DP_OP_FLOW_DEL, .cookie = i, .flow_no = 1};
    }
    assert_in_range(dp_submit(user.dp, ops, N), 1, N - 1); /* Full, before anybody reads. */
    user.n_completions = 0;
    user_close(&user); /* With all of it under way. */
    user_attach(&user);
    submit_all(&user, ops, N);
    assert_int_equal(user.n_completions, N);
    assert_int_equal(user.last.cookie, N - 1);
    user_close(&user);
    free(ops);
}

static void test_upcalls_arrive_in_order_with_a_budget_per_turn(void **state UNUSED)
{
    struct user user;
    size_t posted, total = 0;

    user_attach(&user);
    for (int round = 0; round < 5; round++) {
        posted = post_upcalls(total, 100000);
        assert_in_range(posted, 500, 2000); /* What the ring holds; the rest would be dropped. */
        total += posted;
        RUN_UNTIL(&user, n_upcalls, total);
    }
    assert_in_range(user.turn_max, 1, 300);
    user_close(&user);
}

static void test_upcalls_go_nowhere_when_nobody_is_attached(void **state UNUSED)
{
    struct user user;

    user_attach(&user);
    user_close(&user);
    for (int i = 0; i < 2000 && post_upcalls(0, 1); i++) {
        usleep(1000);
    }
    assert_int_equal(post_upcalls(0, 1), 0);
}

static void test_drops_are_named(void **state UNUSED)
{
    struct dp_drop *drops;
    struct user user;
    bool found = false;
    size_t n;

    user_attach(&user);
    server_counters_mark(dpath.counters, 3, 10);
    server_counters_core(dpath.counters)->drops[2][9 * DROP_MAX_REASONS + 1] = 99;
    assert_int_equal(dp_drops(user.dp, &drops, &n), 0);
    for (size_t i = 0; i < n; i++) {
        if (drops[i].port_no == 9) {
            assert_string_equal(drops[i].reason, drop_reason_get(1)->name);
            assert_int_equal(drops[i].packets, 99);
            found = true;
        }
    }
    assert_true(found);
    free(drops);
    server_counters_core(dpath.counters)->drops[2][9 * DROP_MAX_REASONS + 1] = 0;
    user_close(&user);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_attaches_to_a_fresh_datapath),
        cmocka_unit_test(test_waits_in_the_background_for_a_datapath_that_is_not_there),
        cmocka_unit_test(test_ports_come_and_go_with_clear_errors),
        cmocka_unit_test(test_settings_are_checked_by_name_and_value),
        cmocka_unit_test(test_cores_are_a_list_or_a_mask),
        cmocka_unit_test(test_limits_that_the_cache_cannot_keep_are_refused),
        cmocka_unit_test(test_ten_thousand_flows_are_put_listed_kept_and_deleted),
        cmocka_unit_test(test_errors_come_back_with_the_cookie),
        cmocka_unit_test(test_more_operations_than_the_rings_hold_all_complete),
        cmocka_unit_test(test_upcalls_arrive_in_order_with_a_budget_per_turn),
        cmocka_unit_test(test_upcalls_go_nowhere_when_nobody_is_attached),
        cmocka_unit_test(test_drops_are_named),
    };

    return cmocka_run_group_tests(tests, start_datapath, stop_datapath);
}
