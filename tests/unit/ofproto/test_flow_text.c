/* Flows as people write them: what is parsed is written the same, and reads the same from the wire
 * of each version; what is wrong is named. */
#include <errno.h>
#include <stdlib.h>

#include "ofproto/codec/action_text.h"
#include "ofproto/codec/flow_text.h"
#include "ofproto/codec/instruction.h"
#include "ofproto/codec/switch_info.h"
#include "ofproto/codec/port_desc.h"
#include "ofproto/codec/port_stats.h"
#include "tests/unit/ofproto/hex.h"

static const enum ofp_version versions[] = {OFP10, OFP13, OFP14, OFP15};

static bool lookup(const char *name, uint32_t *ret, void *aux)
{
    (void)aux;
    *ret = 7;
    return !strcmp(name, "eth-7");
}

static void check_actions(const char *in, const char *want)
{
    struct ofp_actions actions = OFP_ACTIONS_INIT;
    struct strbuf s = STRBUF_INIT;
    struct error err = {0};

    if (ofp_actions_parse(in, lookup, NULL, &actions, &err)) {
        fail_msg("%s: %s", in, err.text);
    }
    ofp_actions_format(&s, actions.data, actions.len);
    assert_string_equal(strbuf_str(&s), want);
    strbuf_free(&s);
    ofp_actions_free(&actions);
}

/* Written as they are printed; what prints otherwise is in the test after this one. */
static const char *const same[] = {
    "drop",
    "output:1",
    "NORMAL",
    "FLOOD",
    "CONTROLLER:65535",
    "output:2,CONTROLLER:128",
    "ALL",
    "IN_PORT",
    "LOCAL",
    "output:1,output:2,LOCAL",
    "output:reg0[0..15]",
    "output(port=2,max_len=100),output(port=IN_PORT,max_len=4294967295)",
    "mod_vlan_vid:5,pop_vlan",
    "mod_vlan_pcp:7",
    "push_vlan:0x8100,push_vlan:0x88a8",
    "set_field:10.0.0.1->nw_src",
    "set_field:0x5/0xff->reg0",
    "set_field:fe80::1->ipv6_src",
    "set_field:00:01:02:03:04:05->dl_src",
    "mod_nw_ttl:9",
    "set_tunnel:0x5",
    "load:0x5->reg0[0..7]",
    "load:0x1->reg0[31]",
    "load:0xffff->metadata[]",
    "move:dl_src[]->dl_dst[]",
    "move:reg0[0..7]->reg1[8..15]",
    "push:reg0[]",
    "pop:reg0[3]",
    "dec_ttl",
    "dec_ttl(1,2,3)",
    "resubmit:3",
    "resubmit(,5)",
    "resubmit(3,5)",
    "resubmit(LOCAL,5)",
    "exit",
    "note:01.02.03.04.05.06",
    "clone(output:1,clone(mod_vlan_vid:5,NORMAL)),output:2",
    "group:5",
    "meter:5,output:1",
    "multipath(symmetric_l4,5,modulo_n,16,0,reg0[0..3])",
    "bundle(eth_src,0,hrw,ofport,members:1,2,3)",
    "bundle_load(nw_src,1,active_backup,ofport,reg0[],members:1)",
    "conjunction(5,1/2),conjunction(6,64/64)",
    "check_pkt_larger(1500)->reg0[0],output:1",
    "clear_actions",
    "write_actions(output:1,group:5)",
    "write_metadata:0x5",
    "write_metadata:0x5/0xff",
    "goto_table:5",
    "output:1,clear_actions,write_actions(drop),write_metadata:0x1,goto_table:9",
};

static void actions_are_read_as_they_are_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(same); i++) {
        check_actions(same[i], same[i]);
    }
}

static void actions_may_be_written_in_many_ways(void **state)
{
    (void)state;
    check_actions("", "drop");
    check_actions(" 1 , 2,normal", "output:1,output:2,NORMAL");
    check_actions("output:LOCAL output(3)", "LOCAL,output:3");
    check_actions("output:eth-7,eth-7", "output:7,output:7");
    check_actions("output:0xfffffffe", "LOCAL");
    check_actions("strip_vlan,set_vlan_vid:5,set_vlan_pcp:1",
                  "pop_vlan,mod_vlan_vid:5,mod_vlan_pcp:1");
    check_actions("set_field:4106->vlan_vid", "mod_vlan_vid:10");
    check_actions("mod_nw_tos:32,mod_dl_src:1:2:3:4:5:6",
                  "set_field:8->ip_dscp,set_field:01:02:03:04:05:06->dl_src");
    check_actions("load:5->NXM_NX_REG0[0..7],move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[]",
                  "load:0x5->reg0[0..7],move:dl_src[]->dl_dst[]");
    check_actions("move:OXM_OF_METADATA[0..31]->NXM_NX_REG3[]", "move:metadata[0..31]->reg3[]");
    check_actions("push:OXM_OF_PKT_REG1[0..3],pop:NXM_OF_IP_SRC[]",
                  "push:xreg1[0..3],pop:nw_src[]");
    check_actions("set_field:0x10/0xf0->OXM_OF_METADATA", "set_field:0x10/0xf0->metadata");
    check_actions("set_tunnel64:0x500000000", "set_tunnel:0x500000000");
    check_actions("note:010203", "note:01.02.03.00.00.00");
    check_actions("note", "note:00.00.00.00.00.00");
    check_actions("controller(id=0,max_len=99)", "CONTROLLER:99");
    check_actions("controller(pause,userdata=0102.03,reason=group,id=7)",
                  "controller(reason=group,id=7,userdata=01.02.03,pause)");
    check_actions("sample(probability=5,egress,sampling_port=1)",
                  "sample(probability=5,collector_set_id=0,obs_domain_id=0,obs_point_id=0,"
                  "sampling_port=1,egress)");
    check_actions("resubmit(1)", "resubmit:1");
    check_actions("clone()", "clone(drop)");
}

static void wrong_actions_are_named(void **state)
{
    static const struct {
        const char *text, *error;
    } bad[] = {
        {"foo", "'foo' is neither an action nor a port"},
        {"foo:1", "'foo' is neither an action nor a port"},
        {"drop,1", "action 'drop': other actions may not stand beside it"},
        {"1,drop", "action 'drop': other actions may not stand beside it"},
        {"controller:x",
         "action 'controller': length in bytes 'x' is not a number within 0...65535"},
        {"controller(id=70000)",
         "action 'controller': controller's id '70000' is not a number within 0...65535"},
        {"controller(reason=x)", "action 'controller': 'x' is no reason of a packet-in"},
        {"controller(id=1,foo)",
         "action 'controller': 'foo' is none of max_len=, id=, reason=, userdata=, pause, "
         "meter_id="},
        {"sample(egress)", "action 'sample': probability= is wanted, within 1...65535"},
        {"sample(probability=1,x=2)",
         "action 'sample': 'x' is none of probability=, collector_set_id=, obs_domain_id=, "
         "obs_point_id=, sampling_port=, ingress, egress"},
        {"normal:1", "action 'normal': '1': it takes no argument"},
        {"output", "action 'output': its argument is missing"},
        {"output(port=2,max_len=13)",
         "action 'output': max_len '13' is less than an Ethernet header's 14 bytes"},
        {"output(port=2,max_len=4294967296)",
         "action 'output': max_len '4294967296' is not a number within 0...4294967295"},
        {"output(port=NORMAL,max_len=100)",
         "action 'output': port 'NORMAL': with max_len it is a port's number or name, LOCAL or "
         "IN_PORT"},
        {"output(port=2,max_len=100,foo=1)",
         "action 'output': 'foo=1' is neither port= nor max_len="},
        {"write_actions(output(port=2,max_len=100))",
         "action 'write_actions': 'output(port=2,max_len=100)': not all of these may be in an "
         "action set"},
        {"output:eth0", "action 'output': 'eth0' is neither a port's number nor a port's name"},
        {"output:65536", "action 'output': there is no port 65536"},
        {"clone(1", "action 'clone': a parenthesis is not closed"},
        {"clone(clone(foo))", "'foo' is neither an action nor a port"},
        {"clone(goto_table:5)", "action 'goto_table:5': it may not stand in another"},
        {"goto_table:5,1",
         "action 'output:1': in the wrong place; the order is: actions, clear_actions, "
         "write_actions, write_metadata, goto_table, each at most once"},
        {"goto_table:256", "action 'goto_table': table '256' is not a number within 0...255"},
        {"mod_vlan_vid:4096",
         "action 'mod_vlan_vid': '4096' is not a valid value for field 'dl_vlan'"},
        {"mod_nw_tos:33", "action 'mod_nw_tos': '33' is not a multiple of 4 within 0...252"},
        {"push_vlan:5", "action 'push_vlan': '5' is neither 0x8100 nor 0x88a8"},
        {"set_field:5", "action 'set_field': '5': '->' and a field are missing"},
        {"set_field:5->foo", "action 'set_field': 'foo' is not a field"},
        {"set_field:5->dl_type",
         "action 'set_field': 'dl_type' is not a field that can be written"},
        {"set_field:x->reg0", "action 'set_field': 'x' is not a valid value for field 'reg0'"},
        {"load:256->reg0[0..7]", "action 'load': value '256' is not a number within 0...255"},
        {"load:1->reg0[0..32]", "action 'load': 'reg0[0..32]': the field has the bits 0...31"},
        {"load:1->reg0[5..4]", "action 'load': 'reg0[5..4]': the field has the bits 0...31"},
        {"load:1->reg0[x]", "action 'load': 'reg0[x]': the bits of a field are written as FIELD[], "
                            "FIELD[BIT] or FIELD[FIRST..LAST]"},
        {"move:reg0[]->reg1[0..3]", "action 'move': 'reg0[]' has 32 bits and 'reg1[0..3]' 4"},
        {"resubmit(,)",
         "action 'resubmit': it names neither a port nor a table: it would never end"},
        {"resubmit(,1,2)", "action 'resubmit': '2': it takes a port and a table"},
        {"note:1", "action 'note': '1': bytes are two hexadecimal digits"},
        {"conjunction(5,3/2)", "action 'conjunction': clause 3 of 2: there are 2...64, from 1"},
        {"check_pkt_larger(1500)->reg0[0..1]",
         "action 'check_pkt_larger': 'reg0[0..1]' has 2 bits: only one is written"},
        {"check_pkt_larger(70000)->reg0[0]",
         "action 'check_pkt_larger': length in bytes '70000' is not a number within 0...65535"},
        {"conjunction(5)", "action 'conjunction': it is written as conjunction(ID,CLAUSE/CLAUSES)"},
        {"conjunction(5,1/2),1",
         "action 'conjunction': beside it only conjunctions and notes may stand"},
        {"write_actions(note:00)",
         "action 'write_actions': 'note:00': not all of these may be in an action set"},
        {"multipath(foo,0,hrw,1,0,reg0[])", "action 'multipath': 'foo' is no fields it knows"},
        {"bundle(eth_src,0,hrw,ofport,members:)", "action 'bundle': it names no port"},
        {"bundle(eth_src,0,hrw)", "action 'bundle': it has 3 arguments and takes more"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct ofp_actions actions = OFP_ACTIONS_INIT;
        struct error err = {0};

        if (!ofp_actions_parse(bad[i].text, NULL, NULL, &actions, &err)) {
            fail_msg("'%s' is accepted", bad[i].text);
        }
        assert_string_equal(err.text, bad[i].error);
        assert_null(actions.data);
    }
}

static void actions_of_any_depth_and_length_end(void **state)
{
    struct ofp_actions actions = OFP_ACTIONS_INIT;
    struct strbuf s = STRBUF_INIT;
    struct error err = {0};

    (void)state;
    for (int i = 0; i < 10000; i++) {
        strbuf_puts(&s, "clone(");
    }
    for (int i = 0; i < 10000; i++) {
        strbuf_putc(&s, ')');
    }
    assert_int_equal(ofp_actions_parse(strbuf_str(&s), NULL, NULL, &actions, &err), -EINVAL);
    assert_string_equal(err.text, "action 'clone': actions are more than 16 deep in each other");
    strbuf_clear(&s);
    for (int i = 0; i < 10000; i++) {
        strbuf_puts(&s, "1,");
    }
    assert_int_equal(ofp_actions_parse(strbuf_str(&s), NULL, NULL, &actions, &err), -E2BIG);
    strbuf_free(&s);
}

/* --- Flow mods. */

static void decode(enum ofp_version version, const struct strbuf *s, struct ofp_flow_mod *ret)
{
    const uint8_t *p = (const uint8_t *)s->data;
    bool nx = p[1] == OFPT_VENDOR;
    int rc;

    assert_int_equal(wire_get16(p + 2), s->len);
    assert_int_equal(p[0], version);
    assert_int_equal(wire_get32(p + 4), 99);
    rc = nx ? nx_flow_mod_decode(version, p + 16, s->len - 16, true, ret)
            : ofp_flow_mod_decode(version, p + 8, s->len - 8, true, ret);
    assert_int_equal(rc, 0);
}

static const struct {
    const char *text;
    enum ofp_flow_mod_command command;
    enum ofp_version from;
} mods[] = {
    {"actions=drop", OFPFC_ADD, OFP10},
    {"table=5,priority=7,cookie=0x1234,idle_timeout=3,hard_timeout=4,send_flow_rem,check_overlap,"
     "in_port=1,actions=output:2",
     OFPFC_ADD, OFP10},
    {"importance=9,reset_counts,no_packet_counts,no_byte_counts,table=0,actions=NORMAL", OFPFC_ADD,
     OFP14},
    {"table=1,tcp,nw_src=10.0.0.0/8,tp_dst=80,actions=mod_nw_dst:1.2.3.4,output:1", OFPFC_ADD,
     OFP10},
    {"table=1,tcp,tp_dst=0x50/0xfff0,actions=output:1", OFPFC_ADD, OFP10},
    {"table=1,reg0=5,metadata=7,actions=set_field:0x1->reg1,resubmit(,2)", OFPFC_ADD, OFP10},
    {"table=1,ipv6,ipv6_src=fe80::/64,actions=dec_ttl,output:1", OFPFC_MODIFY, OFP10},
    {"table=1,cookie=5/7,actions=output:1", OFPFC_MODIFY, OFP10},
    {"table=1,priority=9,in_port=4,actions=output:1", OFPFC_MODIFY_STRICT, OFP10},
    {"", OFPFC_DELETE, OFP10},
    {"table=3,cookie=5/-1,out_port=7", OFPFC_DELETE, OFP10},
    {"table=3,out_group=7", OFPFC_DELETE, OFP13},
    {"table=3,priority=5,in_port=1", OFPFC_DELETE_STRICT, OFP10},
    {"table=1,actions=write_metadata:0x5/0x7,goto_table:2", OFPFC_ADD, OFP13},
    {"table=1,actions=clear_actions,write_actions(output:1)", OFPFC_ADD, OFP13},
};

static void flow_mods_read_as_they_were_sent(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(mods) * ARRAY_SIZE(versions); i++) {
        enum ofp_version version = versions[i % ARRAY_SIZE(versions)];
        const char *text = mods[i / ARRAY_SIZE(versions)].text;
        enum ofp_flow_mod_command command = mods[i / ARRAY_SIZE(versions)].command;
        struct ofp_flow_mod fm, got;
        struct strbuf s = STRBUF_INIT, a = STRBUF_INIT, b = STRBUF_INIT;
        struct error err = {0};

        if (ofp_flow_mod_parse(command, text, NULL, NULL, &fm, &err)) {
            fail_msg("%s: %s", text, err.text);
        }
        assert_int_equal(!!(ofp_flow_mod_versions(&fm) & 1u << version),
                         version >= mods[i / ARRAY_SIZE(versions)].from);
        if (version < mods[i / ARRAY_SIZE(versions)].from) {
            ofp_actions_free(&fm.actions);
            continue;
        }
        ofp_flow_mod_encode(&s, version, 99, true, &fm);
        decode(version, &s, &got);
        assert_int_equal(got.command, command);
        assert_int_equal(got.table_id,
                         command == OFPFC_ADD && fm.table_id == OFPTT_ALL ? 0 : fm.table_id);
        assert_int_equal(got.priority, fm.priority);
        assert_int_equal(got.idle_timeout_s, fm.idle_timeout_s);
        assert_int_equal(got.hard_timeout_s, fm.hard_timeout_s);
        assert_int_equal(got.importance, fm.importance);
        assert_int_equal(got.flags | OFPFF_RESET_COUNTS, fm.flags | OFPFF_RESET_COUNTS);
        assert_int_equal(got.out_port, fm.out_port);
        assert_int_equal(got.out_group, fm.out_group);
        assert_int_equal(got.cookie_mask, fm.cookie_mask);
        assert_int_equal(got.cookie & got.cookie_mask, fm.cookie & fm.cookie_mask);
        if (command == OFPFC_ADD) {
            assert_int_equal(got.new_cookie, fm.new_cookie);
        }
        assert_true(ofp_match_equal(&got.match, &fm.match));
        ofp_actions_format(&a, fm.actions.data, fm.actions.len);
        ofp_actions_format(&b, got.actions.data, got.actions.len);
        assert_string_equal(strbuf_str(&a), strbuf_str(&b));
        strbuf_free(&s);
        strbuf_free(&a);
        strbuf_free(&b);
        ofp_actions_free(&fm.actions);
        ofp_actions_free(&got.actions);
    }
}

static void what_no_version_had_before_is_not_said_in_it(void **state)
{
    struct ofp_flow_mod fm;

    (void)state;
    assert_int_equal(
        ofp_flow_mod_parse(OFPFC_ADD, "actions=push_vlan:0x8100", NULL, NULL, &fm, NULL), 0);
    assert_int_equal(ofp_flow_mod_versions(&fm), OFP_ALL_VERSIONS & ~(1u << OFP10));
    ofp_actions_free(&fm.actions);
    assert_int_equal(
        ofp_flow_mod_parse(OFPFC_ADD, "ipv6,ipv6_src=::1,actions=drop", NULL, NULL, &fm, NULL), 0);
    assert_int_equal(ofp_flow_mod_versions(&fm), OFP_ALL_VERSIONS & ~(1u << OFP11));
    ofp_actions_free(&fm.actions);
    assert_int_equal(
        ofp_flow_mod_parse(OFPFC_ADD, "importance=1,actions=drop", NULL, NULL, &fm, NULL), 0);
    assert_int_equal(ofp_flow_mod_versions(&fm), 1u << OFP14 | 1u << OFP15);
    ofp_actions_free(&fm.actions);
}

static void wrong_flows_are_named(void **state)
{
    static const struct {
        const char *text;
        enum ofp_flow_mod_command command;
        const char *error;
    } bad[] = {
        {"in_port=1", OFPFC_ADD, "'actions=...' is missing"},
        {"actions=drop", OFPFC_DELETE, "'actions=drop': this command takes no actions"},
        {"table=256,actions=drop", OFPFC_ADD,
         "field 'table': '256' is not a number within 0...255"},
        {"priority=x,actions=drop", OFPFC_ADD,
         "field 'priority': 'x' is not a number within 0...65535"},
        {"priority=5", OFPFC_DELETE, "field 'priority': '5': this command does not take it"},
        {"idle_timeout=5", OFPFC_DELETE,
         "field 'idle_timeout': '5': this command does not take it"},
        {"cookie=5", OFPFC_DELETE,
         "field 'cookie': '5': there is none to set; to look for it write a mask: cookie=5/-1"},
        {"cookie=5/1,actions=drop", OFPFC_ADD,
         "field 'cookie': '5/1': what is added has no mask of it"},
        {"send_flow_rem", OFPFC_DELETE,
         "'send_flow_rem' is neither FIELD=VALUE nor a protocol's name"},
        {"foo=1,actions=drop", OFPFC_ADD, "'foo=1': 'foo' is not a field"},
        {"out_port=eth0", OFPFC_DELETE, "field 'out_port': there is no port 'eth0'"},
        {"in_port=1,actions=1,mod_nw_ttl:3", OFPFC_ADD,
         "action 'mod_nw_ttl:3': the match does not name the protocol that has its field; add a "
         "word such as 'ip', 'tcp' or 'arp'"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct ofp_flow_mod fm;
        struct error err = {0};

        if (!ofp_flow_mod_parse(bad[i].command, bad[i].text, NULL, NULL, &fm, &err)) {
            fail_msg("'%s' is accepted", bad[i].text);
        }
        assert_string_equal(err.text, bad[i].error);
        assert_null(fm.actions.data);
    }
}

/* --- Statistics. */

static void flows_told_are_read(void **state)
{
    static const enum ofp_flow_stats_form forms[] = {OFP_FLOW_STATS_OWN, OFP_FLOW_STATS_NX};
    struct ofp_flow_mod fm;

    (void)state;
    assert_int_equal(ofp_flow_mod_parse(OFPFC_ADD, "tcp,tp_dst=80,actions=output:1,LOCAL", NULL,
                                        NULL, &fm, NULL),
                     0);
    for (size_t v = 0; v < ARRAY_SIZE(versions); v++) {
        for (size_t f = 0; f < (versions[v] == OFP10 ? 2u : 1u); f++) {
            struct ofp_flow_stats fs = {.table_id = 3,
                                        .priority = 9,
                                        .idle_timeout_s = 5,
                                        .hard_timeout_s = 6,
                                        .duration_ms = 7008,
                                        .idle_ms = 2000,
                                        .hard_ms = 3000,
                                        .cookie = 0xabc,
                                        .packets = 11,
                                        .bytes = 12,
                                        .match = fm.match,
                                        .actions = fm.actions.data,
                                        .actions_len = fm.actions.len};
            struct ofp_actions actions = OFP_ACTIONS_INIT;
            struct strbuf s = STRBUF_INIT, text = STRBUF_INIT;
            struct ofp_flow_stats got;
            size_t n;

            ofp_flow_stats_encode(&s, versions[v], forms[f], &fs);
            assert_int_equal(ofp_flow_stats_decode(versions[v], forms[f], (uint8_t *)s.data, s.len,
                                                   &got, &actions, &n),
                             0);
            assert_int_equal(n, s.len);
            ofp_flow_stats_format(&text, &got, OFP_FLOW_TEXT_STATS);
            assert_string_equal(strbuf_str(&text),
                                "cookie=0xabc, duration=7.008s, table=3, n_packets=11, n_bytes=12, "
                                "idle_timeout=5, hard_timeout=6, priority=9,tcp,tp_dst=80 "
                                "actions=output:1,LOCAL");
            ofp_actions_free(&actions);
            for (size_t cut = 0; cut < s.len; cut++) {
                uint8_t *copy = malloc(cut + 1); /* Of exactly that size: for the sanitizer. */

                memcpy(copy, s.data, cut);
                assert_int_not_equal(
                    ofp_flow_stats_decode(versions[v], forms[f], copy, cut, &got, &actions, &n), 0);
                assert_int_equal(n, 0);
                ofp_actions_free(&actions);
                free(copy);
            }
            strbuf_free(&s);
            strbuf_free(&text);
        }
    }
    ofp_actions_free(&fm.actions);
}

static void queries_read_as_they_were_sent(void **state)
{
    (void)state;
    for (size_t v = 0; v < ARRAY_SIZE(versions); v++) {
        enum ofp_flow_stats_form form = versions[v] == OFP10 ? OFP_FLOW_STATS_NX
                                                             : OFP_FLOW_STATS_OWN;
        struct ofp_flow_query q, got;
        struct strbuf s = STRBUF_INIT;

        assert_int_equal(ofp_flow_query_parse("table=3,cookie=5/7,out_port=LOCAL,udp,udp_src=5",
                                              NULL, NULL, &q, NULL),
                         0);
        ofp_flow_query_encode(&s, versions[v], form, &q);
        assert_int_equal(ofp_flow_query_decode(versions[v], form, (uint8_t *)s.data, s.len, &got),
                         0);
        assert_int_equal(got.table_id, 3);
        assert_int_equal(got.out_port, OFP_PORT_LOCAL);
        assert_int_equal(got.cookie, 5);
        assert_int_equal(got.cookie_mask, 7);
        assert_true(ofp_match_equal(&got.match, &q.match));
        strbuf_free(&s);
    }
}

static void sums_and_ports_told_are_read(void **state)
{
    (void)state;
    for (size_t v = 0; v < ARRAY_SIZE(versions); v++) {
        const struct ofp_port_desc desc = {
            .port = OFP_PORT_LOCAL, .name = "br0", .link_down = true};
        const struct ofp_port_stats stats = {.port = 5, .stats = {.rx_packets = 1, .tx_errors = 9}};
        struct ofp_port_counts counts;
        struct ofp_port_info info;
        struct strbuf s = STRBUF_INIT;
        uint64_t packets, bytes;
        uint32_t flows;
        size_t n;

        ofp_aggregate_encode(&s, versions[v], 5, 6, 7);
        assert_int_equal(
            ofp_aggregate_decode(versions[v], (uint8_t *)s.data, s.len, &packets, &bytes, &flows),
            0);
        assert_true(packets == 5 && bytes == 6 && flows == 7);
        strbuf_clear(&s);
        ofp_port_desc_encode(&s, versions[v], &desc);
        assert_int_equal(ofp_port_info_decode(versions[v], (uint8_t *)s.data, s.len, &info, &n), 0);
        assert_int_equal(n, s.len);
        assert_true(info.port == OFP_PORT_LOCAL && info.state & 1 && !strcmp(info.name, "br0"));
        strbuf_clear(&s);
        ofp_port_stats_encode(&s, versions[v], &stats);
        assert_int_equal(ofp_port_counts_decode(versions[v], (uint8_t *)s.data, s.len, &counts, &n),
                         0);
        assert_int_equal(n, s.len);
        assert_int_equal(counts.port, 5);
        assert_int_equal(counts.count[OFP_COUNT_RX_PACKETS], 1);
        assert_int_equal(counts.count[OFP_COUNT_TX_ERRORS], 9);
        assert_true(counts.count[OFP_COUNT_COLLISIONS] == UINT64_MAX);
        strbuf_free(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(actions_are_read_as_they_are_written),
        cmocka_unit_test(actions_may_be_written_in_many_ways),
        cmocka_unit_test(wrong_actions_are_named),
        cmocka_unit_test(actions_of_any_depth_and_length_end),
        cmocka_unit_test(flow_mods_read_as_they_were_sent),
        cmocka_unit_test(what_no_version_had_before_is_not_said_in_it),
        cmocka_unit_test(wrong_flows_are_named),
        cmocka_unit_test(flows_told_are_read),
        cmocka_unit_test(queries_read_as_they_were_sent),
        cmocka_unit_test(sums_and_ports_told_are_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
