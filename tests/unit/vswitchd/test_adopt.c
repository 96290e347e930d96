/* Attaching again: after vswitchd was restarted, after the connection broke, after the datapath was
 * restarted. */
#include "ofproto/codec/group_text.h"
#include "ofproto/group/group.h"
#include "tests/unit/vswitchd/upcall_env.h"

/* This process dies and a new one takes its place; the datapath goes on. */
static void restart(struct env *e)
{
    dp_close(e->dp);
    env_free_bridge(e);
    e->n_attached = 0;
    env_make_bridge(e);
    env_open(e, "fake:upcall");
    assert_false(e->fresh);
}

static void two_hosts_talk(struct env *e)
{
    env_send(e, 1, 2);
    env_send(e, 2, 1);
    env_revalidate(e);
    env_send(e, 1, 2);
    env_send(e, 2, 1);
    fake_outputs_clear(e->dp);
}

static void flows_that_agree_are_kept_with_their_statistics(void **state)
{
    struct env *e = *state;
    struct flow_key key = env_key(1, 2, 1000);
    struct dp_flow before, after;
    struct dp_flow_stats stats;

    two_hosts_talk(e);
    assert_true(fake_flow_lookup(e->dp, &key, &before));
    fake_flow_set_stats(
        e->dp, before.flow_no,
        &(struct dp_flow_stats){.packets = 77, .bytes = 7700, .used_ms = time_now_ms()});
    restart(e);
    upcall_start(e->u, false, time_now_ms());
    env_revalidate(e);
    assert_int_equal(e->u->n.adopted, 2);
    assert_int_equal(e->u->n.deleted_wrong, 0);
    assert_int_equal(e->u->n.reput, 0);
    assert_true(fake_flow_lookup(e->dp, &key, &after));
    assert_int_equal(after.flow_no, before.flow_no);
    assert_int_equal(dp_flow_stats(e->dp, after.flow_no, &stats), 0);
    assert_int_equal(stats.packets, 77);
    assert_true(env_send(e, 1, 2));
    assert_int_equal(env_sent(e, 2), 1);
    assert_int_equal(env_sent(e, 3), 0);
}

static void flows_that_disagree_are_corrected(void **state)
{
    struct env *e = *state;

    two_hosts_talk(e);
    restart(e);
    env_set_vlan(e, 1, 10);
    env_set_vlan(e, 2, 20);
    upcall_start(e->u, false, time_now_ms());
    env_revalidate(e);
    env_send(e, 1, 2);
    assert_int_equal(env_sent(e, 2), 0);
}

static void addresses_are_learned_from_the_flows_that_live(void **state)
{
    struct env *e = *state;

    two_hosts_talk(e);
    restart(e);
    upcall_start(e->u, false, time_now_ms());
    env_send(e, 3, 1);
    assert_int_equal(env_sent(e, 1), 1);
    assert_int_equal(env_sent(e, 2) + env_sent(e, 4), 0);
}

/* A select group in place of NORMAL. */
static void add_group(struct env *e)
{
    static const char text[] = "group_id=1,type=select,bucket=actions=output:2,"
                               "bucket=actions=output:3";
    struct ofp_match match;
    struct ofp_actions actions = OFP_ACTIONS_INIT;
    struct ofp_action_group *group = ofp_actions_put(&actions, OFP_ACTION_GROUP, sizeof *group);
    struct ofp_rule_config config = {.match = &match, .priority = 200};
    struct ofp_group_mod gm;
    struct error err;

    assert_int_equal(ofp_group_mod_parse(OFP_GROUP_ADD, text, NULL, NULL, &gm, &err), 0);
    assert_int_equal(group_mod_apply(e->bridge, &gm, env_now(e)), 0);
    ofp_group_config_free(&gm.config);
    group->group_id = 1;
    ofp_match_init(&match);
    config.actions = actions.data;
    config.actions_len = actions.len;
    bridge_add_rule(e->bridge, 0, rule_new(&e->bridge->set->masks, &config));
    ofp_actions_free(&actions);
}

/* Recirculation ids mean the same to the next process. */
static void flows_of_packets_that_go_round_are_kept(void **state)
{
    struct env *e = *state;
    struct flow_key key = env_key(1, 2, 1000);
    const struct dp_action *a;
    struct dp_flow flow;

    add_group(e);
    env_send_key(e, &key);
    assert_true(fake_flow_lookup(e->dp, &key, &flow));
    a = dp_actions_first(flow.actions, flow.actions_len);
    assert_int_equal(a->type, DP_ACTION_HASH);
    a = dp_actions_next(flow.actions, flow.actions_len, a);
    assert_int_equal(a->type, DP_ACTION_RECIRC);
    key.recirc_id = ((const struct dp_action_recirc *)a)->id;
    for (uint32_t hash = 0; hash < 16; hash++) {
        key.dp_hash = hash;
        env_send_key(e, &key);
    }
    assert_int_equal(fake_flow_count(e->dp), 17);
    key.recirc_id = 0;
    env_send_key(e, &key); /* Used again. */
    restart(e);
    add_group(e);
    upcall_start(e->u, false, time_now_ms());
    env_revalidate(e);
    assert_int_equal(e->u->n.adopted, 17);
    assert_int_equal(e->u->n.deleted_wrong, 0);
    assert_int_equal(e->u->n.reput, 0);
    assert_int_equal(fake_flow_count(e->dp), 17);
}

/* Those of rules that are gone are deleted. */
static void flows_of_a_round_that_means_nothing_are_deleted(void **state)
{
    struct env *e = *state;
    struct flow_key key = env_key(1, 2, 1000);
    const struct dp_action *a;
    struct dp_flow flow;

    add_group(e);
    env_send_key(e, &key);
    assert_true(fake_flow_lookup(e->dp, &key, &flow));
    a = dp_actions_first(flow.actions, flow.actions_len);
    a = dp_actions_next(flow.actions, flow.actions_len, a);
    key.recirc_id = ((const struct dp_action_recirc *)a)->id;
    key.dp_hash = 5;
    env_send_key(e, &key);
    assert_int_equal(fake_flow_count(e->dp), 2);
    restart(e);
    upcall_start(e->u, false, time_now_ms());
    env_revalidate(e);
    assert_false(fake_flow_lookup(e->dp, &key, &flow));
}

static void misses_wait_until_the_configuration_is_in_place(void **state)
{
    struct env *e = *state;

    two_hosts_talk(e);
    restart(e);
    env_send(e, 3, 1);
    env_send(e, 3, 2);
    assert_int_equal(fake_pending_count(e->dp), 2);
    assert_int_equal(env_sent(e, 1), 0);
    upcall_start(e->u, false, time_now_ms());
    fake_run(e->base);
    assert_int_equal(fake_pending_count(e->dp), 0);
    assert_int_equal(env_sent(e, 1), 1);
    assert_int_equal(env_sent(e, 2), 1);
}

static void new_flows_do_not_take_numbers_of_adopted_ones(void **state)
{
    struct env *e = *state;
    size_t n;

    two_hosts_talk(e);
    restart(e);
    upcall_start(e->u, false, time_now_ms());
    env_send(e, 3, 1);
    n = fake_flow_count(e->dp);
    assert_int_equal(n, 3);
    assert_int_equal(e->u->n.put_errors, 0);
}

static void restarted_datapath_is_filled_by_misses(void **state)
{
    struct env *e = *state;

    two_hosts_talk(e);
    fake_lose(e->dp, "killed");
    fake_run(e->base);
    assert_int_equal(e->n_lost, 1);
    assert_int_equal(e->u->flows.n, 0);
    fake_restart(e->dp);
    fake_attach(e->dp);
    fake_run(e->base);
    assert_true(e->fresh);
    env_add_ports(e);
    upcall_start(e->u, true, time_now_ms());
    assert_false(env_send(e, 1, 2));
    assert_true(env_send(e, 1, 2));
    /* Addresses were learned before the loss and are known still. */
    assert_int_equal(env_sent(e, 2), 2);
    assert_int_equal(env_sent(e, 3), 0);
}

static void broken_connection_ends_in_the_same_flows(void **state)
{
    struct env *e = *state;

    two_hosts_talk(e);
    fake_lose(e->dp, "broken");
    fake_run(e->base);
    fake_attach(e->dp);
    fake_run(e->base);
    assert_false(e->fresh);
    upcall_start(e->u, false, time_now_ms());
    env_revalidate(e);
    assert_int_equal(fake_flow_count(e->dp), 2);
    assert_true(env_send(e, 1, 2));
}

static void packets_are_not_credited_twice_after_a_broken_connection(void **state)
{
    struct env *e = *state;
    struct flow_key key = env_key(1, 2, 1000);
    struct dp_flow flow;

    two_hosts_talk(e);
    assert_true(fake_flow_lookup(e->dp, &key, &flow));
    fake_flow_set_stats(
        e->dp, flow.flow_no,
        &(struct dp_flow_stats){.packets = 50, .bytes = 5000, .used_ms = time_now_ms()});
    env_revalidate(e);
    fake_lose(e->dp, "broken");
    fake_run(e->base);
    fake_attach(e->dp);
    fake_run(e->base);
    upcall_start(e->u, false, time_now_ms());
    assert_int_equal(flow_table_get(&e->u->flows, flow.flow_no)->credited.packets, 50);
}

int main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, env_setup, env_teardown)
    const struct CMUnitTest tests[] = {
        TEST(flows_that_agree_are_kept_with_their_statistics),
        TEST(flows_that_disagree_are_corrected),
        TEST(addresses_are_learned_from_the_flows_that_live),
        TEST(flows_of_packets_that_go_round_are_kept),
        TEST(flows_of_a_round_that_means_nothing_are_deleted),
        TEST(misses_wait_until_the_configuration_is_in_place),
        TEST(new_flows_do_not_take_numbers_of_adopted_ones),
        TEST(restarted_datapath_is_filled_by_misses),
        TEST(broken_connection_ends_in_the_same_flows),
        TEST(packets_are_not_credited_twice_after_a_broken_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
