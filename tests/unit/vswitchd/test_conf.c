/* What rows of the database become: conf_read(). */
#include "tests/unit/vswitchd/fake_db.h"

#include "vswitchd/reconcile/conf.h"
#include "vswitchd/reconcile/conf_table.h"

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
    assert_false(b->has_hwaddr);
    assert_int_equal(b->datapath_id, 0);
    assert_null(c->complaints);
    assert_null(b->complaints);
    assert_null(p->complaints);
    assert_null(i->complaints);
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
    assert_true(b->has_hwaddr);
    assert_memory_equal(b->hwaddr, "\x02\0\0\0\0\x07", 6);
    assert_int_equal(b->datapath_id, 0xab);
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
        assert_int_equal(c->bridges[0].complaints->n, 2);
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

/* Asserts that there is one complaint, about that column, with these words. */
static void assert_complains(const struct complaints *c, const char *column, const char *words)
{
    if (!c || c->n != 1 || strcmp(c->list[0].column, column) || !strstr(c->list[0].reason, words)) {
        fail_msg("%u complaints, %s: %s: not %s: ...%s...", c ? c->n : 0,
                 c ? c->list[0].column : "", c ? c->list[0].reason : "", column, words);
    }
}

static void protocols_that_are_not_named_are_refused(void **state)
{
    struct conf *c = read_one(*state, "{}", "{}", "{}");

    assert_int_equal(c->bridges[0].refused_versions, 0);
    conf_free(c);
    c = read_one(*state, "{'protocols':['set',['OpenFlow10','OpenFlow11','OpenFlow14']]}", "{}",
                 "{}");
    assert_int_equal(~c->bridges[0].refused_versions, 1u << 1 | 1u << 2 | 1u << 5);
    assert_null(c->bridges[0].complaints);
    conf_free(c);
}

static void tables_arrive_without_what_is_no_field(void **state)
{
    struct db_client *db = *state;
    const struct ofproto_table_config *t;
    struct conf *c;

    fake_db_put(db, "Flow_Table", 5,
                "{'name':'five','flow_limit':7,'overflow_policy':'evict',"
                "'groups':['set',['NXM_OF_IN_PORT[]','rubbish']],'prefixes':'ip_dst'}");
    fake_db_put(db, "Flow_Table", 6, "{'prefixes':['set',['none','metadata']]}");
    c = read_one(db, "{'flow_tables':['map',[[3,U5],[253,U6]]]}", "{}", "{}");
    assert_int_equal(c->bridges[0].n_tables, 2);
    assert_int_equal(c->bridges[0].tables[0].id, 3);
    t = &c->bridges[0].tables[0].config;
    assert_string_equal(t->name, "five");
    assert_true(t->has_limit && t->max_rules == 7 && t->evict);
    assert_int_equal(t->n_groups, 1);
    assert_string_equal(t->groups[0], "NXM_OF_IN_PORT[]");
    assert_int_equal(t->n_prefixes, 1);
    t = &c->bridges[0].tables[1].config;
    assert_true(!t->name && !t->has_limit && !t->evict && t->n_prefixes == 1);
    assert_complains(c->bridges[0].complaints, "flow_tables", "'rubbish' is not a field");
    conf_free(c);
}

static void controllers_arrive_with_what_they_ask_for_in_vain(void **state)
{
    struct db_client *db = *state;
    struct conf_controller *controller;
    struct conf *c;

    fake_db_put(db, "Controller", 5,
                "{'target':'tcp:127.0.0.1:6653','max_backoff':2000,'inactivity_probe':-5,"
                "'controller_rate_limit':100,'controller_burst_limit':25,"
                "'enable_async_messages':false,'connection_mode':'in-band'}");
    fake_db_put(db, "Controller", 6, "{'target':'ptcp:6653','connection_mode':'out-of-band'}");
    c = read_one(db, "{'controller':['set',[U5,U6,U999]]}", "{}", "{}");
    assert_int_equal(c->bridges[0].n_controllers, 2);
    controller = &c->bridges[0].controllers[0];
    assert_string_equal(controller->target, "tcp:127.0.0.1:6653");
    assert_int_equal(controller->max_backoff_ms, 2000);
    assert_int_equal(controller->inactivity_probe_ms, 0);
    assert_int_equal(controller->rate_limit, 100);
    assert_int_equal(controller->burst_limit, 25);
    assert_true(controller->no_async);
    assert_complains(controller->complaints, "connection_mode", "not built");
    controller = &c->bridges[0].controllers[1];
    assert_int_equal(controller->max_backoff_ms, 8000);
    assert_int_equal(controller->inactivity_probe_ms, 5000);
    assert_int_equal(controller->rate_limit, 0);
    assert_false(controller->no_async);
    assert_null(controller->complaints);
    conf_free(c);
}

static void what_is_not_built_or_no_value_is_a_complaint_of_its_row(void **state)
{
    static const struct {
        char where;
        const char *columns, *column, *words;
    } rows[] = {
        {'b', "{'stp_enable':true}", "stp_enable", "not built"},
        {'b', "{'mirrors':U5}", "mirrors", "not built"},
        {'b', "{'flow_tables':['map',[[254,U5]]]}", "flow_tables", "table 254 is not there"},
        {'b', "{'other_config':['map',[['hwaddr','01:00:00:00:00:00']]]}", "other_config:hwaddr",
         "'01:00:00:00:00:00' is not a unicast"},
        {'b', "{'other_config':['map',[['datapath-id','-1']]]}", "other_config:datapath-id", "-1"},
        {'b', "{'other_config':['map',[['datapath-id','00000000000000000']]]}",
         "other_config:datapath-id", "16"},
        {'b', "{'other_config':['map',[['forward-bpdu','yes']]]}", "other_config:forward-bpdu",
         "'true' or 'false'"},
        {'b', "{'other_config':['map',[['mac-ageing-time','5']]]}", "other_config:mac-ageing-time",
         "not known"},
        {'b', "{'other_config':['map',[['disable-in-band','false']]]}",
         "other_config:disable-in-band", "no in-band"},
        {'p', "{'qos':U5}", "qos", "not built"},
        {'p', "{'lacp':'active'}", "lacp", "not built"},
        {'p', "{'bond_mode':'balance-slb'}", "bond_mode", "not built"},
        {'p', "{'vlan_mode':'dot1q-tunnel','tag':3}", "vlan_mode", "using 'access'"},
        {'p', "{'cvlans':0}", "cvlans", "not built"},
        {'p', "{'other_config':['map',[['priority-tags','some']]]}", "other_config:priority-tags",
         "if-nonzero"},
        {'p', "{'other_config':['map',[['bond-rebalance-interval','1']]]}",
         "other_config:bond-rebalance-interval", "not built"},
        {'i', "{'ingress_policing_rate':1}", "ingress_policing_rate", "not built"},
        {'i', "{'cfm_mpid':0}", "cfm_mpid", "not built"},
        {'i', "{'type':'patch','options':['map',[['peer','x'],['no-such','7']]]}",
         "options:no-such", "'7'"},
        {'i', "{'bfd':['map',[['enable','true']]]}", "bfd", "not built"},
        {'i', "{'other_config':['map',[['pmd-rxq-affinity','0:1']]]}",
         "other_config:pmd-rxq-affinity", "not built"},
    };

    for (size_t k = 0; k < ARRAY_SIZE(rows); k++) {
        struct db_client *db = fake_db_new();
        struct conf *c = read_one(db, rows[k].where == 'b' ? rows[k].columns : "{}",
                                  rows[k].where == 'p' ? rows[k].columns : "{}",
                                  rows[k].where == 'i' ? rows[k].columns : "{}");
        const struct conf_port *p = &c->bridges[0].ports[0];

        assert_complains(rows[k].where == 'b'   ? c->bridges[0].complaints
                         : rows[k].where == 'p' ? p->complaints
                                                : p->ifaces[0].complaints,
                         rows[k].column, rows[k].words);
        conf_free(c);
        fake_db_free(db);
    }
    (void)state;
}

static void what_asks_for_nothing_is_no_complaint(void **state)
{
    struct conf *c = read_one(
        *state,
        "{'stp_enable':false,'protocols':['set',['OpenFlow10','OpenFlow13']],"
        "'other_config':['map',[['disable-in-band','true'],['forward-bpdu','false'],"
        "['datapath-id','0xFFFFFFFFFFFFFFFF']]],'external_ids':['map',[['a','b']]]}",
        "{'lacp':'off','bond_updelay':0,'other_config':['map',[['net_uuid','x'],"
        "['priority-tags','never']]]}",
        "{'ingress_policing_rate':0,'ingress_policing_burst':8,"
        "'other_config':['map',[['note','x']]]}");

    assert_null(c->bridges[0].complaints);
    assert_true(c->bridges[0].datapath_id == UINT64_MAX);
    assert_null(c->bridges[0].ports[0].complaints);
    assert_null(c->bridges[0].ports[0].ifaces[0].complaints);
    conf_free(c);
}

static void switch_wide_keys_without_effect_are_complaints(void **state)
{
    static const struct {
        const char *map, *column, *words;
    } rows[] = {
        {"['vlan-limit','1']", "other_config:vlan-limit", "two VLAN tags"},
        {"['n-handler-threads','2']", "other_config:n-handler-threads", "no effect"},
        {"['n-revalidator-threads','2']", "other_config:n-revalidator-threads", "no effect"},
        {"['dpdk-init','false']", "other_config:dpdk-init", "always runs on DPDK"},
        {"['dpdk-socket-mem','1024']", "other_config:dpdk-socket-mem", "sluice-datapath"},
        {"['flow-limt','1']", "other_config:flow-limt", "not known"},
    };
    struct db_client *db = *state;
    struct conf *c;

    for (size_t k = 0; k < ARRAY_SIZE(rows); k++) {
        char *columns = xasprintf("{'other_config':['map',[%s]]}", rows[k].map);

        fake_db_put(db, "Open_vSwitch", 1, columns);
        c = conf_read(db);
        assert_complains(c->complaints, rows[k].column, rows[k].words);
        conf_free(c);
        free(columns);
    }
    fake_db_put(db, "Open_vSwitch", 1,
                "{'other_config':['map',[['vlan-limit','0'],['dpdk-init','true'],['max-idle','x'],"
                "['hw-offload','false']]]}");
    c = conf_read(db);
    assert_null(c->complaints);
    conf_free(c);
}

static void thousands_of_unknown_keys_make_a_few_complaints(void **state)
{
    struct strbuf s = STRBUF_INIT;
    struct conf *c;

    strbuf_puts(&s, "{'other_config':['map',[['k','v']");
    for (int k = 0; k < 3000; k++) {
        strbuf_printf(&s,
                      ",['\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9"
                      "\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9"
                      "\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9"
                      "%d\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9','v']",
                      k);
    }
    strbuf_puts(&s, "]]}");
    c = read_one(*state, strbuf_str(&s), "{}", "{}");
    assert_int_equal(c->bridges[0].complaints->n, COMPLAINTS_MAX);
    for (unsigned int k = 0; k < COMPLAINTS_MAX; k++) {
        json_t *text = json_string(c->bridges[0].complaints->list[k].column);

        assert_non_null(text); /* No half character at its end. */
        json_decref(text);
    }
    conf_free(c);
    strbuf_free(&s);
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
        TEST(protocols_that_are_not_named_are_refused),
        TEST(tables_arrive_without_what_is_no_field),
        TEST(controllers_arrive_with_what_they_ask_for_in_vain),
        TEST(what_is_not_built_or_no_value_is_a_complaint_of_its_row),
        TEST(what_asks_for_nothing_is_no_complaint),
        TEST(switch_wide_keys_without_effect_are_complaints),
        TEST(thousands_of_unknown_keys_make_a_few_complaints),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
