/* What is written back to the database, and when not: status.c. */
#include "tests/unit/vswitchd/reconcile_env.h"

static void assert_column(struct env *e, const char *table, unsigned int n, const char *column,
                          const char *expected)
{
    const char *text = fake_db_written(e->db, table, n, column);

    if (!text || strcmp(text, expected)) {
        fail_msg("%s row %u: column '%s' was set to %s, not to %s", table, n, column,
                 text ? text : "nothing", expected);
    }
}

static void state_of_a_port_is_written_with_the_confirmation(void **state)
{
    struct env *e = *state;
    uint32_t no;

    env_add_bridge(e, "p1", "tap");
    env_settle(e);
    assert_int_equal(e->db->n_commits, 1);
    assert_int_equal(e->n_ready, 0);
    assert_column(e, "Open_vSwitch", 1, "cur_cfg", "1");
    assert_column(e, "Open_vSwitch", 1, "ovs_version", "'3.1.0'");
    assert_column(e, "Open_vSwitch", 1, "db_version", "'8.3.1'");
    assert_column(e, "Open_vSwitch", 1, "dpdk_initialized", "true");
    assert_column(e, "Open_vSwitch", 1, "datapath_types", "['set',['netdev','system']]");
    assert_column(e, "Interface", 111, "ofport", "65534");
    assert_column(e, "Interface", 112, "ofport", "1");
    assert_column(e, "Interface", 112, "admin_state", "'up'");
    assert_non_null(fake_db_written(e->db, "Interface", 112, "mac_in_use"));
    assert_null(fake_db_written(e->db, "Interface", 112, "error"));
    assert_non_null(fake_db_written(e->db, "Bridge", 10, "datapath_id"));
    assert_true(fake_db_answer(e->db, 0));
    assert_int_equal(e->n_ready, 1);

    no = fake_port_find(e->dp, "p1");
    fake_port_set_state(e->dp, no, true, false, "");
    ENV_WAIT(e, e->db->n_commits > 1);
    assert_column(e, "Interface", 112, "link_state", "'down'");
    assert_column(e, "Interface", 112, "link_resets", "1");
    assert_null(fake_db_written(e->db, "Interface", 112, "admin_state"));
    assert_null(fake_db_written(e->db, "Interface", 111, "ofport"));
}

static void unchanged_switch_writes_nothing(void **state)
{
    struct env *e = *state;
    unsigned int n;

    env_add_bridge(e, "p1", "tap");
    env_write(e);
    n = e->db->n_commits;
    for (int i = 0; i < 3; i++) {
        status_write(e->r);
        reconcile_port_changed(e->r);
        env_settle(e);
    }
    assert_int_equal(e->db->n_commits, n);
    /* A next_cfg alone is confirmed with nothing else. */
    fake_db_put(e->db, "Open_vSwitch", 1, "{'next_cfg':2}");
    env_settle(e);
    assert_int_equal(e->db->n_commits, n + 1);
    assert_column(e, "Open_vSwitch", 1, "cur_cfg", "2");
    assert_null(fake_db_written(e->db, "Open_vSwitch", 1, "ovs_version"));
    assert_int_equal(json_object_size(e->db->last), 1);
}

static void own_columns_that_change_cause_no_pass(void **state)
{
    struct env *e = *state;
    uint64_t pass;

    env_add_bridge(e, "p1", "tap");
    env_write(e);
    pass = e->r->pass;
    fake_db_put(e->db, "Interface", 112, "{'link_resets':99,'status':['map',[['x','y']]]}");
    fake_db_put(e->db, "Open_vSwitch", 1, "{'cur_cfg':50}");
    assert_false(e->r->conf_is_old);
    fake_run(e->base);
    assert_int_equal(e->r->pass, pass);
    fake_db_put(e->db, "Port", 12, "{'tag':3}");
    env_settle(e);
    assert_int_equal(e->r->pass, pass + 1);
}

static void error_is_written_and_taken_back(void **state)
{
    struct env *e = *state;

    env_add_bridge(e, "p1", "patch");
    env_settle(e);
    assert_non_null(strstr(fake_db_written(e->db, "Interface", 112, "error"), "options:peer"));
    assert_column(e, "Interface", 112, "ofport", "-1");
    fake_db_answer(e->db, 0);
    fake_db_put(e->db, "Interface", 112, "{'type':'tap'}");
    env_settle(e);
    assert_column(e, "Interface", 112, "error", "['set',[]]");
    assert_column(e, "Interface", 112, "ofport", "1");
}

static void text_that_is_no_utf8_is_written_as_something_else(void **state)
{
    struct env *e = *state;

    env_add_bridge(e, "p1", "tap");
    env_write(e);
    fake_port_set_state(e->dp, fake_port_find(e->dp, "p1"), true, false, "broken \xff\xfe");
    ENV_WAIT(e, e->db->txns[0]);
    assert_non_null(strstr(fake_db_written(e->db, "Interface", 112, "error"), "UTF-8"));
}

static void lost_datapath_leaves_no_old_state_behind(void **state)
{
    struct env *e = *state;

    env_add_bridge(e, "p1", "tap");
    env_write(e);
    fake_lose(e->dp, "killed");
    fake_run(e->base);
    env_settle(e);
    assert_column(e, "Interface", 112, "link_state", "['set',[]]");
    assert_column(e, "Interface", 112, "mac_in_use", "['set',[]]");
    assert_non_null(strstr(fake_db_written(e->db, "Interface", 112, "error"), "not running"));
    assert_column(e, "Open_vSwitch", 1, "dpdk_initialized", "false");
    assert_column(e, "Bridge", 10, "datapath_version", "''");
    /* Its number stays reserved. */
    assert_null(fake_db_written(e->db, "Interface", 112, "ofport"));
}

static void change_is_not_confirmed_before_its_pass(void **state)
{
    struct env *e = *state;

    env_add_bridge(e, "p1", "tap");
    env_write(e);
    fake_db_put(e->db, "Interface", 113, "{'name':'p2','type':'tap'}");
    fake_db_put(e->db, "Port", 13, "{'name':'p2','interfaces':U113}");
    fake_db_put(e->db, "Bridge", 10, "{'ports':['set',[U11,U12,U13]]}");
    fake_db_put(e->db, "Open_vSwitch", 1, "{'next_cfg':2}");
    status_write(e->r);
    assert_null(e->db->txns[0]);
    env_settle(e);
    assert_column(e, "Open_vSwitch", 1, "cur_cfg", "2");
    assert_column(e, "Interface", 113, "ofport", "2");
}

static void changes_during_a_transaction_go_with_the_next(void **state)
{
    struct env *e = *state;
    unsigned int n;

    env_add_bridge(e, "p1", "tap");
    env_settle(e);
    n = e->db->n_commits;
    fake_port_set_state(e->dp, fake_port_find(e->dp, "p1"), false, false, "");
    ENV_WAIT(e, e->r->status_dirty);
    assert_int_equal(e->db->n_commits, n);
    fake_db_answer(e->db, 0);
    assert_int_equal(e->db->n_commits, n + 1);
    assert_column(e, "Interface", 112, "admin_state", "'down'");
}

static void refused_transaction_is_tried_again(void **state)
{
    struct env *e = *state;

    env_add_bridge(e, "p1", "tap");
    env_settle(e);
    assert_true(fake_db_answer(e->db, -EAGAIN));
    assert_int_equal(e->n_ready, 0);
    ENV_WAIT(e, e->db->txns[0]);
    assert_column(e, "Open_vSwitch", 1, "cur_cfg", "1");
    assert_non_null(fake_db_written(e->db, "Interface", 112, "statistics"));
    fake_db_answer(e->db, 0);
    assert_int_equal(e->n_ready, 1);
}

static void rows_that_vanished_meanwhile_are_not_written(void **state)
{
    struct env *e = *state;

    env_add_bridge(e, "p1", "tap");
    env_write(e);
    e->db->reconcile = NULL; /* Not yet told. */
    fake_db_delete(e->db, "Interface", 112);
    fake_db_delete(e->db, "Bridge", 10);
    fake_port_set_state(e->dp, fake_port_find(e->dp, "p1"), false, false, "");
    fake_port_set_state(e->dp, fake_port_find(e->dp, "br0"), false, false, "");
    ENV_WAIT(e, e->db->txns[0]);
    assert_column(e, "Interface", 111, "admin_state", "'down'");
    assert_null(fake_db_written(e->db, "Interface", 112, "admin_state"));
}

static void who_does_not_hold_the_lock_neither_acts_nor_writes(void **state)
{
    struct env *e = *state;

    e->db->lost_lock = true;
    env_add_bridge(e, "p1", "tap");
    reconcile_db_changed(e->r);
    fake_run(e->base);
    assert_int_equal(fake_port_count(e->dp), 0);
    assert_int_equal(e->db->n_commits, 0);
    e->db->lost_lock = false;
    env_settle(e);
    assert_int_equal(fake_port_count(e->dp), 2);
    assert_int_equal(e->db->n_commits, 1);
}

static void without_a_connection_nothing_is_written_until_it_is_back(void **state)
{
    struct env *e = *state;
    unsigned int n;

    env_add_bridge(e, "p1", "tap");
    env_write(e);
    n = e->db->n_commits;
    e->db->is_unsynced = true;
    fake_port_set_state(e->dp, fake_port_find(e->dp, "p1"), false, false, "");
    ENV_WAIT(e, e->r->status_dirty);
    assert_int_equal(e->db->n_commits, n);
    e->db->is_unsynced = false;
    reconcile_db_changed(e->r);
    assert_int_equal(e->db->n_commits, n + 1);
}

static void bridge_takes_the_address_and_id_it_is_given(void **state)
{
    struct env *e = *state;

    env_add_bridge(e, "p1", "tap");
    fake_db_put(e->db, "Bridge", 10,
                "{'other_config':['map',[['hwaddr','02:00:00:00:00:77'],['datapath-id','ab']]]}");
    env_settle(e);
    assert_column(e, "Bridge", 10, "datapath_id", "'00000000000000ab'");
    assert_column(e, "Interface", 111, "mac_in_use", "'02:00:00:00:00:77'");
    fake_db_answer(e->db, 0);
    fake_db_put(e->db, "Bridge", 10, "{'other_config':['map',[['hwaddr','02:00:00:00:00:78']]]}");
    env_settle(e);
    assert_column(e, "Bridge", 10, "datapath_id", "'0000020000000078'");
}

static void address_and_id_that_are_none_are_replaced(void **state)
{
    static const char *const bad[] = {"03:00:00:00:00:77", "zz", "02:00:00:00:00:77:88", ""};
    struct env *e = *state;

    env_add_bridge(e, "p1", "tap");
    for (size_t k = 0; k < ARRAY_SIZE(bad); k++) {
        char *columns = xasprintf("{'other_config':['map',[['hwaddr','%s'],"
                                  "['datapath-id','0x']]]}",
                                  bad[k]);
        fake_db_put(e->db, "Bridge", 10, columns);
        env_write(e);
        assert_int_equal(e->r->bridges->local_mac[0] & 3, 2);
        assert_true(e->r->bridges->datapath_id != 0);
        free(columns);
    }
}

static void assert_says(struct env *e, const char *table, unsigned int n, const char *column,
                        const char *words)
{
    const char *text = fake_db_written(e->db, table, n, column);

    if (!text || !strstr(text, words)) {
        fail_msg("%s row %u: column '%s' was set to %s and does not say %s", table, n, column,
                 text ? text : "nothing", words);
    }
}

static void complaints_are_written_where_the_setting_is_and_taken_back(void **state)
{
    struct env *e = *state;
    unsigned int n;

    env_add_bridge(e, "p1", "tap");
    fake_db_put(e->db, "Bridge", 10,
                "{'stp_enable':true,'other_config':['map',[['hwaddr','no']]]}");
    fake_db_put(e->db, "Port", 12, "{'vlan_mode':'dot1q-tunnel'}");
    fake_db_put(e->db, "Interface", 112, "{'ingress_policing_rate':5,'bfd':['map',[['a','b']]]}");
    env_settle(e);
    assert_says(e, "Bridge", 10, "status", "['error:stp_enable','is not built yet");
    assert_says(e, "Bridge", 10, "status", "['error:other_config:hwaddr',");
    assert_says(e, "Port", 12, "status", "['error:vlan_mode',");
    assert_null(fake_db_written(e->db, "Port", 11, "status"));
    assert_says(e, "Interface", 112, "error", "not built");
    assert_says(e, "Interface", 112, "error", "1 more");
    assert_column(e, "Interface", 112, "ofport", "1"); /* It works all the same. */
    env_write(e);
    n = e->db->n_commits;
    status_write(e->r);
    assert_int_equal(e->db->n_commits, n);

    fake_db_put(e->db, "Bridge", 10, "{'stp_enable':false,'other_config':['map',[]]}");
    fake_db_put(e->db, "Port", 12, "{'vlan_mode':['set',[]]}");
    fake_db_put(e->db, "Interface", 112, "{'ingress_policing_rate':0,'bfd':['map',[]]}");
    env_settle(e);
    assert_column(e, "Bridge", 10, "status", "['map',[]]");
    assert_column(e, "Port", 12, "status", "['map',[]]");
    assert_column(e, "Interface", 112, "error", "['set',[]]");
}

static void bridge_that_does_not_work_says_so_in_its_status(void **state)
{
    struct env *e = *state;

    env_add_bridge(e, "p1", "tap");
    fake_db_put(e->db, "Bridge", 10, "{'datapath_type':'nosuch'}");
    env_settle(e);
    assert_says(e, "Bridge", 10, "status", "nosuch");
    assert_says(e, "Interface", 112, "error", "nosuch");
}

static void patch_port_without_its_peer_says_so_until_there_is_one(void **state)
{
    struct env *e = *state;

    env_add_bridge(e, "p1", "patch");
    fake_db_put(e->db, "Interface", 112, "{'options':['map',[['peer','p2']]]}");
    env_settle(e);
    assert_says(e, "Interface", 112, "error", "no patch port 'p2'");
    assert_column(e, "Interface", 112, "ofport", "1");
    env_write(e);
    fake_db_put(e->db, "Interface", 113,
                "{'name':'p2','type':'patch','options':['map',[['peer','other']]]}");
    fake_db_put(e->db, "Port", 13, "{'name':'p2','interfaces':U113}");
    fake_db_put(e->db, "Bridge", 10, "{'ports':['set',[U11,U12,U13]]}");
    env_settle(e);
    assert_says(e, "Interface", 112, "error", "has peer 'other', not this one");
    env_write(e);
    fake_db_put(e->db, "Interface", 113, "{'options':['map',[['peer','p1']]]}");
    env_settle(e);
    assert_column(e, "Interface", 112, "error", "['set',[]]");
    assert_column(e, "Interface", 113, "error", "['set',[]]");
    env_write(e);
    fake_db_put(e->db, "Interface", 113, "{'type':'tap'}");
    env_settle(e);
    assert_says(e, "Interface", 112, "error", "no patch port 'p2'");
}

static void system_is_written_once_and_may_be_changed_then(void **state)
{
    struct env *e = *state;
    char *id = os_release("ID");

    assert_non_null(id);
    env_add_bridge(e, "p1", "tap");
    env_settle(e);
    assert_says(e, "Open_vSwitch", 1, "system_type", id);
    assert_non_null(fake_db_written(e->db, "Open_vSwitch", 1, "system_version"));
    env_write(e);
    fake_db_put(e->db, "Open_vSwitch", 1, "{'system_type':'mine','next_cfg':9}");
    env_settle(e);
    assert_column(e, "Open_vSwitch", 1, "cur_cfg", "9");
    assert_null(fake_db_written(e->db, "Open_vSwitch", 1, "system_type"));
    free(id);
}

static void os_release_is_read_with_and_without_quotes(void **state UNUSED)
{
    static const char text[] =
        "NAME=\"Debian GNU/Linux\"\nVERSION_ID='12'\nID=debian\nEMPTY=\nQ=\"\n";
    static const struct {
        const char *key, *value;
    } rows[] = {{"NAME", "Debian GNU/Linux"},
                {"VERSION_ID", "12"},
                {"ID", "debian"},
                {"Q", "\""},
                {"EMPTY", NULL},
                {"VERSION", NULL}};

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char *value = os_release_value(text, rows[i].key);

        assert_true(!value == !rows[i].value);
        if (value) {
            assert_string_equal(value, rows[i].value);
        }
        free(value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ENV_TEST(state_of_a_port_is_written_with_the_confirmation),
        ENV_TEST(unchanged_switch_writes_nothing),
        ENV_TEST(own_columns_that_change_cause_no_pass),
        ENV_TEST(error_is_written_and_taken_back),
        ENV_TEST(text_that_is_no_utf8_is_written_as_something_else),
        ENV_TEST(lost_datapath_leaves_no_old_state_behind),
        ENV_TEST(change_is_not_confirmed_before_its_pass),
        ENV_TEST(changes_during_a_transaction_go_with_the_next),
        ENV_TEST(refused_transaction_is_tried_again),
        ENV_TEST(rows_that_vanished_meanwhile_are_not_written),
        ENV_TEST(who_does_not_hold_the_lock_neither_acts_nor_writes),
        ENV_TEST(without_a_connection_nothing_is_written_until_it_is_back),
        ENV_TEST(bridge_takes_the_address_and_id_it_is_given),
        ENV_TEST(address_and_id_that_are_none_are_replaced),
        ENV_TEST(complaints_are_written_where_the_setting_is_and_taken_back),
        ENV_TEST(system_is_written_once_and_may_be_changed_then),
        cmocka_unit_test(os_release_is_read_with_and_without_quotes),
        ENV_TEST(bridge_that_does_not_work_says_so_in_its_status),
        ENV_TEST(patch_port_without_its_peer_says_so_until_there_is_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
