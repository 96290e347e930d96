/* Meters on their way to the datapath: they are there before flows that name them, come again after
 * a loss with what they counted, and go when nobody needs them. */
#include "ofproto/meter/meter.h"
#include "tests/unit/vswitchd/upcall_env.h"

static int on_meter(uint32_t meter_no, const struct dp_meter *meter, void *aux)
{
    struct env *e = aux;

    return upcall_meter(e->u, meter_no, meter);
}

static void on_sync(void (*done)(void *), void *done_aux, void *aux)
{
    struct env *e = aux;

    upcall_sync(e->u, done, done_aux);
}

static void hook(struct env *e)
{
    const struct ofproto_hooks hooks = {.meter = on_meter, .sync = on_sync, .aux = e};

    ofproto_set_hooks(e->ofprotos, &hooks);
    ofproto_set_dp(e->ofprotos, e->dp);
}

static int setup(void **state)
{
    int rc = env_setup(state);

    hook(*state);
    return rc;
}

/* The bridge ends after what drives the datapath. */
static void unhook(struct env *e)
{
    ofproto_set_hooks(e->ofprotos, &(struct ofproto_hooks){0});
    ofproto_set_dp(e->ofprotos, NULL);
}

static int teardown(void **state)
{
    unhook(*state);
    return env_teardown(state);
}

/* One packet a second, and a burst. */
static int mod(struct env *e, enum ofp_meter_command command, uint32_t id, uint32_t burst)
{
    struct ofp_meter_mod m = {
        .command = command,
        .meter_id = id,
        .config = {.flags = OFP_METER_PKTPS | OFP_METER_BURST,
                   .n = 1,
                   .band = {{.type = OFP_BAND_DROP, .rate = 1, .burst = burst}}}};
    int rc = meter_mod_apply(e->bridge, &m, 1);

    upcall_flush_ops(e->u);
    fake_run(e->base);
    return rc;
}

/* All packets from host 1 go through the meter to port 2. */
static void metered_rule(struct env *e, uint32_t meter_id)
{
    struct ofp_actions actions = OFP_ACTIONS_INIT;
    struct ofp_match match;
    struct ofp_rule_config config = {.match = &match, .priority = 100};
    struct ofp_action_meter *a = ofp_actions_put(&actions, OFP_ACTION_METER, sizeof *a);

    a->meter_id = meter_id;
    ofp_actions_put_output(&actions, 2);
    assert_int_equal(ofp_match_parse("in_port=1", NULL, NULL, &match, NULL), 0);
    config.actions = actions.data;
    config.actions_len = actions.len;
    bridge_add_rule(e->bridge, 0, rule_new(&e->bridge->set->masks, &config));
    ofp_actions_free(&actions);
}

static struct dp_meter_stats stats(struct env *e, uint32_t id)
{
    struct dp_meter_stats ret;

    meter_read(e->ofprotos, meter_find(e->bridge, id), &ret);
    return ret;
}

static void traffic(struct env *e, unsigned int n)
{
    fake_outputs_clear(e->dp);
    while (n--) {
        env_send(e, 1, 2);
    }
}

static void what_a_meter_drops_is_counted(void **state)
{
    struct env *e = *state;

    assert_int_equal(mod(e, OFP_METER_ADD, 1, 3), 0);
    assert_int_equal(fake_meter_count(e->dp), 1);
    metered_rule(e, 1);
    traffic(e, 10); /* The first of them before there is a cached flow. */
    assert_int_equal(env_sent(e, 2), 3);
    assert_int_equal(stats(e, 1).packets, 10);
    assert_int_equal(stats(e, 1).bytes, 600);
    assert_int_equal(stats(e, 1).band[0].packets, 7);
    fake_meters_pass_ms(2000);
    traffic(e, 10);
    assert_int_equal(env_sent(e, 2), 2);
}

static void a_change_resets_the_bands_alone(void **state)
{
    struct env *e = *state;
    uint64_t n_reput;

    assert_int_equal(mod(e, OFP_METER_ADD, 1, 3), 0);
    metered_rule(e, 1);
    traffic(e, 10);
    n_reput = e->u->n.reput;
    assert_int_equal(mod(e, OFP_METER_MODIFY, 1, 5), 0);
    assert_int_equal(stats(e, 1).packets, 10);
    assert_int_equal(stats(e, 1).band[0].packets, 0);
    traffic(e, 10);
    assert_int_equal(env_sent(e, 2), 5);
    assert_int_equal(stats(e, 1).packets, 20);
    assert_int_equal(stats(e, 1).band[0].packets, 5);
    env_revalidate(e);
    assert_int_equal(e->u->n.reput, n_reput); /* Cached flows stay as they are. */
}

static void a_deleted_meter_leaves_when_no_flow_names_it(void **state)
{
    struct env *e = *state;

    assert_int_equal(mod(e, OFP_METER_ADD, 1, 3), 0);
    metered_rule(e, 1);
    traffic(e, 2);
    assert_int_equal(mod(e, OFP_METER_DELETE, 1, 0), 0);
    env_revalidate(e);
    env_revalidate(e);
    assert_int_equal(fake_meter_count(e->dp), 0);
    assert_int_equal(mod(e, OFP_METER_ADD, 1, 3), 0);
    assert_int_equal(stats(e, 1).packets, 0);
}

static void come_back(struct env *e)
{
    fake_attach(e->dp);
    fake_run(e->base);
    if (e->fresh) {
        env_add_ports(e);
    }
    upcall_start(e->u, e->fresh, time_now_ms());
    fake_run(e->base);
    env_revalidate(e);
}

static void a_restarted_datapath_gets_meters_again(void **state)
{
    struct env *e = *state;
    uint32_t no;

    ofproto_meters_attach(e->ofprotos); /* So that its boot id is known. */
    assert_int_equal(mod(e, OFP_METER_ADD, 1, 3), 0);
    metered_rule(e, 1);
    traffic(e, 10);
    ofproto_set_run(e->ofprotos, time_now_ms()); /* Reads the counters. */
    no = meter_find(e->bridge, 1)->dp_no;
    fake_lose(e->dp, "killed");
    fake_run(e->base);
    assert_int_equal(stats(e, 1).packets, 10);
    assert_int_equal(mod(e, OFP_METER_ADD, 2, 3), 0); /* Without a datapath. */
    fake_restart(e->dp);
    come_back(e);
    assert_int_equal(fake_meter_count(e->dp), 2);
    assert_int_equal(meter_find(e->bridge, 1)->dp_no, no);
    traffic(e, 10);
    assert_int_equal(env_sent(e, 2), 3);
    assert_int_equal(stats(e, 1).packets, 20);
    assert_int_equal(stats(e, 1).band[0].packets, 14);
}

static void a_broken_connection_changes_nothing(void **state)
{
    struct env *e = *state;

    ofproto_meters_attach(e->ofprotos);
    assert_int_equal(mod(e, OFP_METER_ADD, 1, 3), 0);
    assert_int_equal(mod(e, OFP_METER_ADD, 2, 3), 0);
    metered_rule(e, 1);
    traffic(e, 2);
    fake_lose(e->dp, "broken");
    fake_run(e->base);
    assert_int_equal(mod(e, OFP_METER_DELETE, 2, 0), 0);
    come_back(e);
    assert_int_equal(fake_meter_count(e->dp), 1); /* What went meanwhile is gone there. */
    traffic(e, 10);
    assert_int_equal(env_sent(e, 2), 1); /* Its bucket was not filled. */
    assert_int_equal(stats(e, 1).packets, 12);
}

static void a_new_process_deletes_what_the_old_one_left(void **state)
{
    struct env *e = *state;

    assert_int_equal(mod(e, OFP_METER_ADD, 1, 3), 0);
    assert_int_equal(mod(e, OFP_METER_ADD, 2, 3), 0);
    metered_rule(e, 1);
    traffic(e, 1);
    unhook(e);
    dp_close(e->dp);
    env_free_bridge(e);
    e->n_attached = 0;
    env_make_bridge(e);
    env_open(e, "fake:upcall");
    hook(e);
    assert_int_equal(fake_meter_count(e->dp), 2);
    upcall_start(e->u, false, time_now_ms());
    assert_int_equal(mod(e, OFP_METER_ADD, 1, 3), 0);
    env_revalidate(e);
    env_revalidate(e);
    assert_int_equal(fake_meter_count(e->dp), 1);
    assert_int_equal(stats(e, 1).packets, 0);
}

int main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
    static const struct CMUnitTest tests[] = {
        TEST(what_a_meter_drops_is_counted),
        TEST(a_change_resets_the_bands_alone),
        TEST(a_deleted_meter_leaves_when_no_flow_names_it),
        TEST(a_restarted_datapath_gets_meters_again),
        TEST(a_broken_connection_changes_nothing),
        TEST(a_new_process_deletes_what_the_old_one_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
