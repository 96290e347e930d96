/* What rows of the database become: conf_read(). */
#include "tests/unit/vswitchd/fake_db.h"

#include "vswitchd/reconcile/conf.h"

static int setup(void **state)
{
    *state = fake_db_new();
    return 0;
}

static int teardown(void **state)
{
    fake_db_free(*state);
    return 0;
}

/* One bridge with one port with one interface, with more columns. */
static struct conf *read_one(struct db_client *db, const char *bridge, const char *port,
                             const char *iface)
{
    fake_db_put(db, "Interface", 111, "{'name':'p'}");
    fake_db_put(db, "Interface", 111, iface);
    fake_db_put(db, "Port", 11, "{'name':'p','interfaces':U111}");
    fake_db_put(db, "Port", 11, port);
    fake_db_put(db, "Bridge", 10, "{'name':'br0','ports':U11}");
    fake_db_put(db, "Bridge", 10, bridge);
    fake_db_put(db, "Open_vSwitch", 1, "{'bridges':U10}");
    return conf_read(db);
}

static void database_without_a_root_row_is_an_empty_configuration(void **state)
{
    struct conf *c = conf_read(*state);

    assert_int_equal(c->n_bridges, 0);
    assert_int_equal(c->n_settings, 0);
    assert_null(conf_setting(c, "flow-limit"));
    conf_free(c);
    conf_free(NULL);
}

static void defaults_are_those_of_open_vswitch(void **state)
{
    struct conf *c = read_one(*state, "{}", "{}", "{}");
    const struct conf_bridge *b = &c->bridges[0];
    const struct conf_port *p = &b->ports[0];
    const struct conf_iface *i = &p->ifaces[0];

    assert_int_equal(c->n_bridges, 1);
    assert_string_equal(b->name, "br0");
    assert_string_equal(b->datapath_type, "");
    assert_null(b->hwaddr);
    assert_null(b->datapath_id);
    assert_false(b->secure || b->forward_bpdu);
    assert_int_equal(b->mac_aging_s, 300);
    assert_int_equal(b->mac_table_size, 8192);
    assert_int_equal(b->n_ports, 1);
    assert_int_equal(p->tag, -1);
    assert_int_equal(p->vlan_mode, OFPROTO_VLAN_TRUNK);
    assert_int_equal(p->n_trunks, 0);
    assert_int_equal(p->priority_tags, OFPROTO_PRIO_TAG_NEVER);
    assert_false(p->is_protected);
    assert_int_equal(p->n_ifaces, 1);
    assert_string_equal(i->name, "p");
    assert_string_equal(i->type, "");
    assert_int_equal(i->n_options, 0);
    assert_int_equal(i->ofport_request, 0);
    assert_int_equal(i->ofport_before, 0);
    assert_int_equal(i->mtu_request, 0);
    assert_null(i->mac);
    conf_free(c);
}

static void every_column_arrives(void **state)
{
    struct conf *c = read_one(
        *state,
        "{'datapath_type':'netdev','fail_mode':'secure','flood_vlans':['set',[0,4095]],"
        "'other_config':['map',[['hwaddr','02:00:00:00:00:07'],['datapath-id','00ab'],"
        "['forward-bpdu','true'],['mac-aging-time','60'],['mac-table-size','100']]]}",
        "{'tag':10,'trunks':['set',[1,4095]],'vlan_mode':'native-tagged','protected':true,"
        "'other_config':['map',[['priority-tags','if-nonzero']]]}",
        "{'type':'tap','options':['map',[['a','1'],['b','']]],'ofport_request':9,'ofport':3,"
        "'mac':'02:00:00:00:00:01','mtu_request':9000}");
    const struct conf_bridge *b = &c->bridges[0];
    const struct conf_port *p = &b->ports[0];
    const struct conf_iface *i = &p->ifaces[0];

    assert_string_equal(b->datapath_type, "netdev");
    assert_true(b->secure && b->forward_bpdu);
    assert_int_equal(b->n_flood_vlans, 2);
    assert_int_equal(b->flood_vlans[1], 4095);
    assert_string_equal(b->hwaddr, "02:00:00:00:00:07");
    assert_string_equal(b->datapath_id, "00ab");
    assert_int_equal(b->mac_aging_s, 60);
    assert_int_equal(b->mac_table_size, 100);
    assert_int_equal(p->tag, 10);
    assert_int_equal(p->n_trunks, 2);
    assert_int_equal(p->trunks[0], 1);
    assert_int_equal(p->vlan_mode, OFPROTO_VLAN_NATIVE_TAGGED);
    assert_true(p->is_protected);
    assert_int_equal(p->priority_tags, OFPROTO_PRIO_TAG_IF_NONZERO);
    assert_string_equal(i->type, "tap");
    assert_int_equal(i->n_options, 2);
    assert_string_equal(i->options[0].key, "a");
    assert_string_equal(i->options[1].value, "");
    assert_int_equal(i->ofport_request, 9);
    assert_int_equal(i->ofport_before, 3);
    assert_string_equal(i->mac, "02:00:00:00:00:01");
    assert_int_equal(i->mtu_request, 9000);
    conf_free(c);
}

static void tag_alone_makes_an_access_port(void **state)
{
    struct conf *c = read_one(*state, "{}", "{'tag':0}", "{}");

    assert_int_equal(c->bridges[0].ports[0].tag, 0);
    assert_int_equal(c->bridges[0].ports[0].vlan_mode, OFPROTO_VLAN_ACCESS);
    conf_free(c);
    c = read_one(*state, "{}", "{'tag':5,'vlan_mode':'native-untagged'}", "{}");
    assert_int_equal(c->bridges[0].ports[0].vlan_mode, OFPROTO_VLAN_NATIVE_UNTAGGED);
    conf_free(c);
}

static void number_that_is_none_or_out_of_range_leaves_the_default(void **state)
{
    static const char *const bad[] = {"", "0", "-1", "1000001", "12x", "99999999999999999999"};

    for (size_t k = 0; k < ARRAY_SIZE(bad); k++) {
        char *columns = xasprintf("{'other_config':['map',[['mac-aging-time','%s'],"
                                  "['mac-table-size','%s']]]}",
                                  bad[k], bad[k]);
        struct conf *c = read_one(*state, columns, "{}", "{}");

        assert_int_equal(c->bridges[0].mac_aging_s, 300);
        assert_int_equal(c->bridges[0].mac_table_size, 8192);
        conf_free(c);
        free(columns);
    }
}

static void number_that_no_openflow_port_can_have_is_not_remembered(void **state)
{
    static const char *const bad[] = {"-1", "0", "65280", "65534", "4294967297"};

    for (size_t k = 0; k < ARRAY_SIZE(bad); k++) {
        char *columns = xasprintf("{'ofport':%s}", bad[k]);
        struct conf *c = read_one(*state, "{}", "{}", columns);

        assert_int_equal(c->bridges[0].ports[0].ifaces[0].ofport_before, 0);
        conf_free(c);
        free(columns);
    }
}

static void huge_mtu_is_handed_on_as_huge_for_the_device_to_refuse(void **state)
{
    struct conf *c = read_one(*state, "{}", "{}", "{'mtu_request':9223372036854775807}");

    assert_int_equal(c->bridges[0].ports[0].ifaces[0].mtu_request, INT32_MAX);
    conf_free(c);
}

static void rows_that_vanished_are_left_out_and_the_others_stay(void **state)
{
    struct db_client *db = *state;
    struct conf *c = read_one(db, "{}", "{}", "{}");

    conf_free(c);
    fake_db_put(db, "Port", 12, "{'name':'q','interfaces':['set',[U111,U999]]}");
    fake_db_put(db, "Bridge", 10, "{'ports':['set',[U11,U12,U998]]}");
    fake_db_put(db, "Open_vSwitch", 1, "{'bridges':['set',[U10,U997]]}");
    c = conf_read(db);
    assert_int_equal(c->n_bridges, 1);
    assert_int_equal(c->bridges[0].n_ports, 2);
    assert_int_equal(c->bridges[0].ports[1].n_ifaces, 1);
    conf_free(c);
    fake_db_delete(db, "Interface", 111);
    c = conf_read(db);
    assert_int_equal(c->bridges[0].ports[0].n_ifaces, 0);
    conf_free(c);
}

static void configuration_does_not_move_when_the_replica_does(void **state)
{
    struct db_client *db = *state;
    struct conf *c = read_one(db, "{}", "{'tag':1}", "{'options':['map',[['k','v']]]}");

    fake_db_put(db, "Port", 11, "{'tag':2}");
    fake_db_delete(db, "Interface", 111);
    assert_int_equal(c->bridges[0].ports[0].tag, 1);
    assert_string_equal(c->bridges[0].ports[0].ifaces[0].options[0].value, "v");
    conf_free(c);
}

static void switch_wide_settings_and_next_cfg_arrive(void **state)
{
    struct db_client *db = *state;
    struct conf *c;

    fake_db_put(db, "Open_vSwitch", 1,
                "{'next_cfg':-5,'other_config':['map',[['flow-limit','7'],['max-idle','']]]}");
    c = conf_read(db);
    assert_int_equal(c->next_cfg, -5);
    assert_string_equal(conf_setting(c, "flow-limit"), "7");
    assert_string_equal(conf_setting(c, "max-idle"), "");
    assert_null(conf_setting(c, "max-idl"));
    conf_free(c);
}

int main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(database_without_a_root_row_is_an_empty_configuration),
        TEST(defaults_are_those_of_open_vswitch),
        TEST(every_column_arrives),
        TEST(tag_alone_makes_an_access_port),
        TEST(number_that_is_none_or_out_of_range_leaves_the_default),
        TEST(number_that_no_openflow_port_can_have_is_not_remembered),
        TEST(huge_mtu_is_handed_on_as_huge_for_the_device_to_refuse),
        TEST(rows_that_vanished_are_left_out_and_the_others_stay),
        TEST(configuration_does_not_move_when_the_replica_does),
        TEST(switch_wide_settings_and_next_cfg_arrive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
