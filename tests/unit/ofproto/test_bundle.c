/* Bundles: all of one or nothing, and exact errors. */
#include "ofproto/codec/bundle.h"
#include "ofproto/conn/bundle.h"
#include "ofproto/group/group.h"
#include "ofproto/meter/meter.h"
#include "tests/unit/ofproto/peer.h"

#define ID 7
#define BOTH_FLAGS (OFPBF_ATOMIC | OFPBF_ORDERED)

static void send_body(struct peer *p, uint8_t type, uint32_t subtype, const struct strbuf *body)
{
    struct strbuf s = STRBUF_INIT;

    if (p->version < OFP14) {
        wire_put32(&s, OFP_VENDOR_ONF);
        wire_put32(&s, subtype);
        type = OFPT_VENDOR;
    }
    strbuf_put(&s, body->data, body->len);
    peer_send(p, type, &s);
    strbuf_free(&s);
}

static void control(struct peer *p, uint32_t id, uint16_t type, uint16_t flags)
{
    struct strbuf s = STRBUF_INIT;

    wire_put32(&s, id);
    wire_put16(&s, type);
    wire_put16(&s, flags);
    send_body(p, OFPT14_BUNDLE_CONTROL, ONFT_BUNDLE_CONTROL, &s);
    strbuf_free(&s);
}

static void expect_reply(struct peer *p, uint16_t type)
{
    size_t at = p->version < OFP14 ? 16 : 8;

    assert_int_equal(peer_receive(p), at + 8);
    assert_int_equal(message[1], p->version < OFP14 ? OFPT_VENDOR : OFPT14_BUNDLE_CONTROL);
    assert_int_equal(wire_get32(message + at), ID);
    assert_int_equal(wire_get16(message + at + 4), type);
    assert_int_equal(peer_receive(p), 0);
}

static void open_it(struct peer *p)
{
    control(p, ID, OFPBCT_OPEN_REQUEST, BOTH_FLAGS);
    expect_reply(p, OFPBCT_OPEN_REQUEST + 1);
}

static void commit_it(struct peer *p)
{
    control(p, ID, OFPBCT_COMMIT_REQUEST, BOTH_FLAGS);
    expect_reply(p, OFPBCT_COMMIT_REQUEST + 1);
}

static void add(struct peer *p, uint16_t flags, uint8_t type, uint32_t xid,
                const struct strbuf *body)
{
    struct strbuf s = STRBUF_INIT;
    size_t start;

    wire_put32(&s, ID);
    wire_put16(&s, 0);
    wire_put16(&s, flags);
    start = ofp_begin(&s, p->version, type, xid);
    strbuf_put(&s, body->data, body->len);
    ofp_end(&s, start);
    send_body(p, OFPT14_BUNDLE_ADD, ONFT_BUNDLE_ADD, &s);
    strbuf_free(&s);
}

static void put_flow_mod(struct peer *p, struct strbuf *s, uint8_t command, uint16_t priority,
                         uint16_t flags, const char *text, uint32_t port)
{
    struct ofp_match match;

    assert_int_equal(ofp_match_parse(text, NULL, NULL, &match, NULL), 0);
    wire_put64(s, priority); /* As the cookie, too. */
    wire_put64(s, 0);
    wire_put8(s, 0);
    wire_put8(s, command);
    wire_zeros(s, 4);
    wire_put16(s, priority);
    wire_put32(s, OFP_NO_BUFFER);
    wire_put32(s, UINT32_MAX);
    wire_put32(s, UINT32_MAX);
    wire_put16(s, flags);
    wire_zeros(s, 2);
    ofp_match_encode(s, (enum ofp_version)p->version, &match);
    if (command < OFPFC_DELETE) {
        wire_put16(s, 4); /* Apply actions. */
        wire_put16(s, 24);
        wire_put32(s, 0);
        peer_put_output(p, s, port);
    }
}

static void add_flow_mod(struct peer *p, uint8_t command, uint16_t priority, uint16_t flags,
                         const char *text, uint32_t port)
{
    struct strbuf s = STRBUF_INIT;

    put_flow_mod(p, &s, command, priority, flags, text, port);
    add(p, BOTH_FLAGS, OFPT_FLOW_MOD, PEER_XID, &s);
    strbuf_free(&s);
}

/* The tables as text. */
static void print_rule(struct ofp_rule *rule, void *s)
{
    struct ofp_match match;

    rule_get_match(rule, &match);
    strbuf_printf(s, "%u,", rule->priority);
    ofp_match_format(s, &match);
    strbuf_printf(s, ",%llu/%llu:", (unsigned long long)rule->cookie,
                  (unsigned long long)rule->packets);
    for (const struct ofp_action *a = ofp_actions_first(rule->actions, rule->actions_len); a;
         a = ofp_actions_next(rule->actions, rule->actions_len, a)) {
        ofp_action_format(s, a);
    }
    strbuf_puts(s, " ");
}

static int compare_words(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void expect_rules(struct peer *p, const char *wanted)
{
    struct strbuf s = STRBUF_INIT, sorted = STRBUF_INIT;
    char *words[32], *save = NULL;
    size_t n = 0;

    classifier_each(&p->net.br->tables[0]->cls, print_rule, &s);
    strbuf_puts(&s, "");
    for (char *w = s.len ? strtok_r(s.data, " ", &save) : NULL; w; w = strtok_r(NULL, " ", &save)) {
        words[n++] = w;
    }
    qsort(words, n, sizeof words[0], compare_words);
    for (size_t i = 0; i < n; i++) {
        strbuf_printf(&sorted, "%s%s", i ? " " : "", words[i]);
    }
    assert_string_equal(strbuf_str(&sorted), wanted);
    strbuf_free(&sorted);
    strbuf_free(&s);
}

#define NORMAL_RULE "0,,0/0:NORMAL"

static void all_of_a_bundle_is_carried_out_in_order(struct peer *p)
{
    expect_rules(p, NORMAL_RULE);
    open_it(p);
    add_flow_mod(p, OFPFC_ADD, 1, 0, "in_port=1", 2);
    add_flow_mod(p, OFPFC_ADD, 2, 0, "in_port=2", 2);
    add_flow_mod(p, OFPFC_MODIFY, 3, 0, "in_port=1", 3);
    add_flow_mod(p, OFPFC_DELETE, 4, 0, "in_port=2", 0);
    add_flow_mod(p, OFPFC_ADD, 5, 0, "in_port=2", 1);
    assert_int_equal(peer_receive(p), 0);
    expect_rules(p, NORMAL_RULE);
    control(p, ID, OFPBCT_CLOSE_REQUEST, BOTH_FLAGS);
    expect_reply(p, OFPBCT_CLOSE_REQUEST + 1);
    commit_it(p);
    expect_rules(p, NORMAL_RULE " 1,in_port=1,1/0:output:3 5,in_port=2,5/0:output:1");
    assert_int_equal(p->net.br->mgmt->staged_bytes, 0);
    control(p, ID, OFPBCT_COMMIT_REQUEST, BOTH_FLAGS); /* It is gone. */
    assert_true(peer_receive(p) >= 12);
    assert_int_equal(message[1], OFPT_ERROR);
}

static void all_of_a_bundle_is_carried_out_in_order13(void **state)
{
    peer_greet(*state, OFP13);
    all_of_a_bundle_is_carried_out_in_order(*state);
}

static void all_of_a_bundle_is_carried_out_in_order14(void **state)
{
    peer_greet(*state, OFP14);
    all_of_a_bundle_is_carried_out_in_order(*state);
}

static void one_that_fails_changes_nothing(void **state)
{
    static const char before[] = NORMAL_RULE " 1,in_port=1,1/0:output:2 2,in_port=2,2/5:output:2";
    struct peer *p = *state;
    struct ofp_match any;

    peer_greet(p, OFP14);
    open_it(p);
    add_flow_mod(p, OFPFC_ADD, 1, 0, "in_port=1", 2);
    add_flow_mod(p, OFPFC_ADD, 2, 0, "in_port=2", 2);
    commit_it(p);
    net_send(&p->net, net_key(2, 2, 9));
    ofp_match_init(&any);
    {
        struct ofproto_xlate_out out;
        struct flow_key key = net_key(2, 2, 9);

        net_translate(&p->net, &key, false, &out);
        ofproto_effects_credit(out.effects, 5, 500, p->net.now_ms);
        ofproto_xlate_out_free(&out);
    }
    expect_rules(p, before);
    open_it(p);
    add_flow_mod(p, OFPFC_ADD, 1, OFPFF_RESET_COUNTS, "in_port=1", 3);    /* Replaces. */
    add_flow_mod(p, OFPFC_MODIFY, 0, OFPFF_RESET_COUNTS, "in_port=2", 1); /* Changes. */
    add_flow_mod(p, OFPFC_ADD, 9, 0, "in_port=3", 1);                     /* Adds. */
    add_flow_mod(p, OFPFC_DELETE, 0, 0, "", 0);                           /* Deletes. */
    add_flow_mod(p, OFPFC_ADD, 9, 0, "in_port=3", 2);
    add_flow_mod(p, OFPFC_ADD, 9, OFPFF_CHECK_OVERLAP, "dl_dst=02:00:00:00:00:01", 1); /* Fails. */
    add_flow_mod(p, OFPFC_ADD, 10, 0, "in_port=3", 2);
    assert_int_equal(peer_receive(p), 0);
    control(p, ID, OFPBCT_COMMIT_REQUEST, BOTH_FLAGS);
    assert_int_equal(peer_receive(p), 12 + 100 - 12); /* The message, then the commit. */
    assert_int_equal(wire_get16(message + 8), 5);
    assert_int_equal(wire_get16(message + 10), 3);
    peer_expect_error(p, 17, 13);
    expect_rules(p, before);
    assert_int_equal(p->net.br->mgmt->staged_bytes, 0);
}

/* --- Groups. */

/* Of type "all", with a bucket that outputs to the port, or (port 0) leads to the group 'next'. */
static void add_group_mod(struct peer *p, uint16_t command, uint32_t id, uint32_t port,
                          uint32_t next)
{
    struct strbuf s = STRBUF_INIT;
    bool has_bucket = command < OFP_GROUP_DELETE || command == OFP_GROUP_ADD_OR_MODIFY;
    size_t actions = port ? 16 : 8;

    wire_put16(&s, command);
    wire_zeros(&s, 2);
    wire_put32(&s, id);
    if (p->version >= OFP15) {
        wire_put16(&s, (uint16_t)(has_bucket ? 8 + actions : 0));
        wire_zeros(&s, 2);
        wire_put32(&s, OFP_BUCKET_ALL);
    }
    if (has_bucket && p->version >= OFP15) {
        wire_put16(&s, (uint16_t)(8 + actions));
        wire_put16(&s, (uint16_t)actions);
        wire_put32(&s, 1);
    } else if (has_bucket) {
        wire_put16(&s, (uint16_t)(16 + actions));
        wire_zeros(&s, 2);
        wire_put32(&s, OFP_GROUP_ANY);
        wire_put32(&s, OFP_GROUP_ANY);
        wire_zeros(&s, 4);
    }
    if (has_bucket && port) {
        peer_put_output(p, &s, port);
    } else if (has_bucket) {
        wire_put16(&s, 22);
        wire_put16(&s, 8);
        wire_put32(&s, next);
    }
    add(p, BOTH_FLAGS, OFPT11_GROUP_MOD, PEER_XID, &s);
    strbuf_free(&s);
}

static void add_rule_to_group(struct peer *p, uint16_t priority, const char *text, uint32_t group)
{
    struct strbuf s = STRBUF_INIT;

    put_flow_mod(p, &s, OFPFC_DELETE, priority, 0, text, 0);
    s.data[17] = OFPFC_ADD;
    wire_put16(&s, 4);
    wire_put16(&s, 16);
    wire_put32(&s, 0);
    wire_put16(&s, 22);
    wire_put16(&s, 8);
    wire_put32(&s, group);
    add(p, BOTH_FLAGS, OFPT_FLOW_MOD, PEER_XID, &s);
    strbuf_free(&s);
}

static void commit_fails(struct peer *p, uint16_t type, uint16_t code)
{
    assert_int_equal(peer_receive(p), 0);
    control(p, ID, OFPBCT_COMMIT_REQUEST, BOTH_FLAGS);
    assert_true(peer_receive(p) > 12);
    assert_int_equal(wire_get16(message + 8), type);
    assert_int_equal(wire_get16(message + 10), code);
    peer_expect_error(p, p->version < OFP14 ? 0xffff : 17, p->version < OFP14 ? 2313 : 13);
    assert_int_equal(p->net.br->mgmt->staged_bytes, 0);
}

static void groups_and_rules_go_together(struct peer *p)
{
    open_it(p);
    add_group_mod(p, OFP_GROUP_ADD, 1, 2, 0);
    add_group_mod(p, OFP_GROUP_ADD, 2, 0, 1);
    add_rule_to_group(p, 5, "in_port=1", 2);
    assert_null(p->net.br->groups);
    commit_it(p);
    expect_rules(p, NORMAL_RULE " 5,in_port=1,5/0:group:2");
    assert_string_equal(net_send(&p->net, net_key(1, 1, 9)), "2");
    /* The group that leads to it is not there yet, or not any more. */
    open_it(p);
    add_rule_to_group(p, 6, "in_port=2", 3);
    add_group_mod(p, OFP_GROUP_ADD, 3, 2, 0);
    commit_fails(p, 2, 9);
    assert_null(group_find(p->net.br, 3));
    open_it(p);
    add_group_mod(p, OFP_GROUP_MODIFY, 1, 3, 0);
    commit_it(p);
    assert_string_equal(net_send(&p->net, net_key(1, 1, 9)), "3");
}

static void groups_and_rules_go_together13(void **state)
{
    peer_greet(*state, OFP13);
    groups_and_rules_go_together(*state);
}

static void groups_and_rules_go_together14(void **state)
{
    peer_greet(*state, OFP14);
    groups_and_rules_go_together(*state);
}

static void groups_and_rules_go_together15(void **state)
{
    peer_greet(*state, OFP15);
    groups_and_rules_go_together(*state);
}

static void groups_come_back_when_a_bundle_fails(void **state)
{
    static const char before[] = NORMAL_RULE " 5,in_port=1,5/0:group:2";
    struct peer *p = *state;
    struct ofp_group *one, *two;

    peer_greet(p, OFP14);
    open_it(p);
    add_group_mod(p, OFP_GROUP_ADD, 1, 2, 0);
    add_group_mod(p, OFP_GROUP_ADD, 2, 0, 1);
    add_rule_to_group(p, 5, "in_port=1", 2);
    commit_it(p);
    one = group_find(p->net.br, 1);
    two = group_find(p->net.br, 2);
    open_it(p);
    add_group_mod(p, OFP_GROUP_MODIFY, 1, 3, 0);
    add_group_mod(p, OFP_GROUP_ADD, 7, 3, 0);
    add_rule_to_group(p, 6, "in_port=2", 7);
    add_group_mod(p, OFP_GROUP_DELETE, 2, 0, 0); /* With its rule. */
    add_group_mod(p, OFP_GROUP_ADD, 2, 3, 0);
    add_group_mod(p, OFP_GROUP_DELETE, OFP_GROUP_ALL, 0, 0);
    add_group_mod(p, OFP_GROUP_MODIFY, 1, 3, 0); /* Fails. */
    commit_fails(p, 6, 8);
    expect_rules(p, before);
    assert_ptr_equal(group_find(p->net.br, 1), one);
    assert_ptr_equal(group_find(p->net.br, 2), two);
    assert_int_equal(HASH_COUNT(p->net.br->groups), 2);
    assert_string_equal(net_send(&p->net, net_key(1, 1, 9)), "2");
    open_it(p);
    add_group_mod(p, OFP_GROUP_DELETE, OFP_GROUP_ALL, 0, 0);
    commit_it(p);
    expect_rules(p, NORMAL_RULE);
    assert_null(p->net.br->groups);
}

static void niciras_group_mods_take_part(void **state)
{
    struct strbuf s = STRBUF_INIT;
    struct peer *p = *state;

    peer_greet(p, OFP14);
    open_it(p);
    add_group_mod(p, OFP_GROUP_ADD, 1, 2, 0);
    wire_put32(&s, OFP_VENDOR_NX);
    wire_put32(&s, NXT_GROUP_MOD);
    wire_put16(&s, OFP_GROUP_INSERT_BUCKET);
    wire_zeros(&s, 2);
    wire_put32(&s, 1);
    wire_put16(&s, 24);
    wire_zeros(&s, 2);
    wire_put32(&s, OFP_BUCKET_LAST);
    wire_put16(&s, 24);
    wire_put16(&s, 16);
    wire_put32(&s, 9);
    peer_put_output(p, &s, 3);
    add(p, BOTH_FLAGS, OFPT_VENDOR, PEER_XID, &s);
    commit_it(p);
    assert_int_equal(group_find(p->net.br, 1)->config.n, 2);
    wire_set16(&s, 2, 0x9999); /* Another's. */
    open_it(p);
    add(p, BOTH_FLAGS, OFPT_VENDOR, PEER_XID, &s);
    peer_expect_error(p, 17, 10);
    strbuf_chop(&s, s.len - 4);
    add(p, BOTH_FLAGS, OFPT_VENDOR, PEER_XID, &s);
    peer_expect_error(p, 17, 10);
    strbuf_free(&s);
}

/* --- Meters. */

/* Of packets a second, with a band that drops. */
static void add_meter_mod(struct peer *p, uint16_t command, uint32_t id, uint32_t rate)
{
    struct ofp_meter_mod mod = {.command = (enum ofp_meter_command)command, .meter_id = id};
    struct strbuf s = STRBUF_INIT;

    mod.config.flags = OFP_METER_PKTPS;
    if (command != OFP_METER_DELETE) {
        mod.config.n = 1;
        mod.config.band[0] = (struct ofp_band){.type = OFP_BAND_DROP, .rate = rate};
    }
    ofp_meter_mod_encode(&s, (enum ofp_version)p->version, PEER_XID, &mod);
    wire_set16(&s, 2, (uint16_t)s.len);
    {
        struct strbuf body = STRBUF_INIT;

        strbuf_put(&body, s.data + OFP_HEADER_LEN, s.len - OFP_HEADER_LEN);
        add(p, BOTH_FLAGS, OFPT13_METER_MOD, PEER_XID, &body);
        strbuf_free(&body);
    }
    strbuf_free(&s);
}

static uint32_t rate_of(const struct peer *p, uint32_t meter_id)
{
    const struct ofp_meter *meter = meter_find(p->net.br, meter_id);

    return meter ? meter->config.band[0].rate : 0;
}

/* A rule of version 1.3 or 1.4 that sends its packets through meter 1. */
static void add_rule_with_meter(struct peer *p, uint16_t priority, uint32_t meter_id)
{
    struct strbuf s = STRBUF_INIT;

    put_flow_mod(p, &s, OFPFC_ADD, priority, 0, "in_port=1", 2);
    wire_put16(&s, 6);
    wire_put16(&s, 8);
    wire_put32(&s, meter_id);
    add(p, BOTH_FLAGS, OFPT_FLOW_MOD, PEER_XID, &s);
    strbuf_free(&s);
}

static void meters_and_rules_go_together(void **state)
{
    struct peer *p = *state;
    struct ofp_meter *meter;

    peer_greet(p, OFP14);
    open_it(p);
    add_meter_mod(p, OFP_METER_ADD, 1, 100);
    add_rule_with_meter(p, 5, 1);
    add_meter_mod(p, OFP_METER_MODIFY, 1, 200);
    assert_null(p->net.br->meters);
    commit_it(p);
    assert_int_equal(rate_of(p, 1), 200);
    assert_int_equal(p->net.br->tables[0]->cls.n_rules, 2);
    meter = meter_find(p->net.br, 1);
    open_it(p);
    add_meter_mod(p, OFP_METER_MODIFY, 1, 300);
    add_meter_mod(p, OFP_METER_ADD, 2, 100);
    add_rule_with_meter(p, 6, 2);
    add_meter_mod(p, OFP_METER_DELETE, 1, 0); /* With its rule. */
    add_meter_mod(p, OFP_METER_ADD, 1, 400);
    add_meter_mod(p, OFP_METER_DELETE, OFP_METER_ALL, 0);
    add_meter_mod(p, OFP_METER_ADD, 3, 100);
    add_meter_mod(p, OFP_METER_MODIFY, 7, 100); /* Fails. */
    commit_fails(p, 12, 3);
    assert_ptr_equal(meter_find(p->net.br, 1), meter);
    assert_int_equal(rate_of(p, 1), 200);
    assert_int_equal(HASH_COUNT(p->net.br->meters), 1);
    assert_int_equal(p->net.br->tables[0]->cls.n_rules, 2);
    open_it(p);
    add_meter_mod(p, OFP_METER_DELETE, OFP_METER_ALL, 0);
    commit_it(p);
    assert_null(p->net.br->meters);
    expect_rules(p, NORMAL_RULE);
}

/* Another connection, which wants to hear of group mods. */
static struct bufferevent *listener(struct peer *p, uint8_t version)
{
    struct bufferevent *other = peer_connect(p);
    uint8_t own = p->version;
    struct conn *conn;

    p->version = version;
    peer_greet_on(p, other);
    p->version = own;
    conn = LIST_FIRST(&p->net.br->mgmt->conns);
    conn->is_primary = true;
    conn->async.of[ASYNC_REQUESTFORWARD][ASYNC_MASTER] = 3;
    return other;
}

/* The message within. */
static void expect_forwarded(struct bufferevent *other, uint16_t command, uint32_t group,
                             uint32_t port)
{
    assert_true(peer_receive_on(other) >= 24);
    assert_int_equal(message[1], OFPT14_REQUESTFORWARD);
    assert_int_equal(message[8], message[0]);
    assert_int_equal(message[9], OFPT11_GROUP_MOD);
    assert_int_equal(wire_get16(message + 10) + 8, wire_get16(message + 2));
    assert_int_equal(wire_get32(message + 12), PEER_XID);
    assert_int_equal(wire_get16(message + 16), command);
    assert_int_equal(wire_get32(message + 20), group);
    if (port) {
        assert_int_equal(wire_get32(message + 44), port);
    }
    assert_int_equal(peer_receive_on(other), 0);
}

static void others_hear_of_group_mods(void **state)
{
    struct bufferevent *old, *young, *deaf;
    struct peer *p = *state;

    peer_greet(p, OFP14);
    deaf = listener(p, OFP13);
    old = listener(p, OFP14);
    young = listener(p, OFP15);
    LIST_FIRST(&p->net.br->mgmt->conns)->role = OFPCR_EQUAL;
    open_it(p);
    add_group_mod(p, OFP_GROUP_ADD, 1, 2, 0);
    assert_int_equal(peer_receive_on(old), 0);
    commit_it(p);
    expect_forwarded(old, OFP_GROUP_ADD, 1, 2);
    expect_forwarded(young, OFP_GROUP_ADD, 1, 2);
    open_it(p);
    add_group_mod(p, OFP_GROUP_ADD_OR_MODIFY, 1, 3, 0);
    commit_it(p);
    expect_forwarded(old, OFP_GROUP_MODIFY, 1, 3);
    expect_forwarded(young, OFP_GROUP_MODIFY, 1, 3);
    open_it(p);
    add_group_mod(p, OFP_GROUP_DELETE, OFP_GROUP_ALL, 0, 0);
    commit_it(p);
    expect_forwarded(old, OFP_GROUP_DELETE, OFP_GROUP_ALL, 0);
    open_it(p);
    add_group_mod(p, OFP_GROUP_MODIFY, 1, 3, 0);
    commit_fails(p, 6, 8);
    assert_int_equal(peer_receive_on(old), 0);
    assert_int_equal(peer_receive_on(deaf), 0);
    bufferevent_free(old);
    bufferevent_free(young);
    bufferevent_free(deaf);
    peer_run(p);
}

static void single_buckets_are_told_before_1_5_as_the_group(void **state)
{
    struct bufferevent *old, *young;
    struct strbuf s = STRBUF_INIT;
    struct peer *p = *state;

    peer_greet(p, OFP15);
    open_it(p);
    add_group_mod(p, OFP_GROUP_ADD, 1, 2, 0);
    commit_it(p);
    old = listener(p, OFP14);
    young = listener(p, OFP15);
    wire_put16(&s, OFP_GROUP_INSERT_BUCKET);
    wire_zeros(&s, 2);
    wire_put32(&s, 1);
    wire_put16(&s, 24);
    wire_zeros(&s, 2);
    wire_put32(&s, OFP_BUCKET_LAST);
    wire_put16(&s, 24);
    wire_put16(&s, 16);
    wire_put32(&s, 9);
    peer_put_output(p, &s, 3);
    peer_send(p, OFPT11_GROUP_MOD, &s);
    strbuf_free(&s);
    expect_forwarded(young, OFP_GROUP_INSERT_BUCKET, 1, 3);
    expect_forwarded(old, OFP_GROUP_MODIFY, 1, 2);
    assert_int_equal(wire_get16(message + 10), 16 + 2 * 32);
    assert_int_equal(peer_receive(p), 0);
    bufferevent_free(old);
    bufferevent_free(young);
    peer_run(p);
}

static void a_commits_reply_waits_for_the_flows(void **state)
{
    struct peer *p = *state;

    peer_greet(p, OFP14);
    open_it(p);
    add_flow_mod(p, OFPFC_ADD, 1, 0, "in_port=1", 2);
    p->hold_syncs = true;
    control(p, ID, OFPBCT_COMMIT_REQUEST, BOTH_FLAGS);
    peer_send(p, OFPT_ECHO_REQUEST, NULL);
    assert_int_equal(peer_receive(p), 0);
    peer_synced(p);
    assert_int_equal(peer_receive(p), 16);
    assert_int_equal(message[1], OFPT14_BUNDLE_CONTROL);
    assert_int_equal(peer_receive(p), 8);
    assert_int_equal(message[1], OFPT_ECHO_REPLY);
}

static void ports_and_packets_take_part(void **state)
{
    struct strbuf s = STRBUF_INIT;
    struct peer *p = *state;
    struct ofp_match match;

    peer_greet(p, OFP15);
    open_it(p);
    wire_put32(&s, 3);
    wire_zeros(&s, 12);
    wire_put32(&s, OFPPC_NO_FWD);
    wire_put32(&s, OFPPC_NO_FWD);
    add(p, BOTH_FLAGS, OFPT13_PORT_MOD, PEER_XID, &s);
    strbuf_free(&s);
    wire_put32(&s, OFP_NO_BUFFER);
    wire_put16(&s, 16);
    wire_put16(&s, 0);
    ofp_match_init(&match);
    OFP_MATCH_SET(&match, in_port, 1);
    ofp_match_encode(&s, OFP15, &match);
    peer_put_output(p, &s, OFP_PORT_ALL);
    peer_put_packet(&s, 1, 2);
    add(p, BOTH_FLAGS, OFPT_PACKET_OUT, PEER_XID, &s);
    strbuf_free(&s);
    assert_int_equal(p->n_executed, 0);
    commit_it(p);
    assert_string_equal(p->actions, "2");
    assert_int_equal(p->n_executed, 1);
    /* With a port mod that cannot be, the packet stays. */
    open_it(p);
    peer_put_packet(&s, 1, 2);
    strbuf_free(&s);
    wire_put32(&s, 99);
    wire_zeros(&s, 20);
    add(p, BOTH_FLAGS, OFPT13_PORT_MOD, PEER_XID, &s);
    control(p, ID, OFPBCT_COMMIT_REQUEST, BOTH_FLAGS);
    assert_true(peer_receive(p) > 12);
    assert_int_equal(wire_get16(message + 8), 7);
    peer_expect_error(p, 17, 13);
    strbuf_free(&s);
}

static void what_is_wrong_gets_the_exact_error(void **state)
{
    struct strbuf s = STRBUF_INIT;
    struct peer *p = *state;

    peer_greet(p, OFP14);
    control(p, ID, OFPBCT_CLOSE_REQUEST, BOTH_FLAGS);
    peer_expect_error(p, 17, 2);
    control(p, ID, 1, BOTH_FLAGS);
    peer_expect_error(p, 17, 6);
    control(p, ID, OFPBCT_OPEN_REQUEST, 4);
    peer_expect_error(p, 17, 7);
    open_it(p);
    control(p, ID, OFPBCT_OPEN_REQUEST, BOTH_FLAGS); /* The old one is gone, too. */
    peer_expect_error(p, 17, 2);
    control(p, ID, OFPBCT_DISCARD_REQUEST, BOTH_FLAGS);
    peer_expect_error(p, 17, 2);
    put_flow_mod(p, &s, OFPFC_ADD, 1, 0, "in_port=1", 2);
    add(p, BOTH_FLAGS, OFPT_FLOW_MOD, 1, &s);
    peer_expect_error(p, 17, 9);
    add(p, BOTH_FLAGS, OFPT_ECHO_REQUEST, PEER_XID, &s); /* Opens it, and is refused. */
    peer_expect_error(p, 17, 10);
    add(p, OFPBF_ORDERED, OFPT_FLOW_MOD, PEER_XID, &s);
    peer_expect_error(p, 17, 7);
    open_it(p);
    control(p, ID, OFPBCT_CLOSE_REQUEST, BOTH_FLAGS);
    expect_reply(p, OFPBCT_CLOSE_REQUEST + 1);
    add(p, BOTH_FLAGS, OFPT_FLOW_MOD, PEER_XID, &s);
    peer_expect_error(p, 17, 4);
    s.data[17] = 9; /* A flow mod whose command does not exist. */
    add(p, BOTH_FLAGS, OFPT_FLOW_MOD, PEER_XID, &s);
    peer_expect_error(p, 5, 6);
    strbuf_free(&s);
    for (uint32_t id = 100; id < 163; id++) {
        control(p, id, OFPBCT_OPEN_REQUEST, BOTH_FLAGS);
        assert_int_equal(peer_receive(p), 16);
    }
    control(p, 200, OFPBCT_OPEN_REQUEST, BOTH_FLAGS);
    peer_expect_error(p, 17, 5);
    expect_rules(p, NORMAL_RULE);
}

static void features_say_atomic_and_ordered(void **state)
{
    struct strbuf s = STRBUF_INIT;
    struct peer *p = *state;

    peer_greet(p, OFP15);
    wire_put16(&s, 19);
    wire_zeros(&s, 14);
    peer_send(p, OFPT13_MULTIPART_REQUEST, &s);
    assert_int_equal(peer_receive(p), 24);
    assert_int_equal(wire_get16(message + 16), 3);
    strbuf_chop(&s, 8);
    peer_send(p, OFPT13_MULTIPART_REQUEST, &s);
    peer_expect_error(p, 1, 6);
    strbuf_free(&s);
}

static void the_extensions_errors_are_experimenters(void **state)
{
    struct peer *p = *state;

    peer_greet(p, OFP13);
    control(p, ID, OFPBCT_CLOSE_REQUEST, BOTH_FLAGS);
    assert_true(peer_receive(p) > 16);
    assert_int_equal(wire_get16(message + 8), 0xffff);
    assert_int_equal(wire_get16(message + 10), 2302);
    assert_int_equal(wire_get32(message + 12), OFP_VENDOR_ONF);
}

static void one_in_which_nothing_happens_ends(void **state)
{
    struct peer *p = *state;

    peer_greet(p, OFP14);
    open_it(p);
    mgmt_expire_bundles(p->net.br->mgmt, time_now_ms());
    peer_run(p);
    assert_int_equal(peer_receive(p), 0);
    mgmt_expire_bundles(p->net.br->mgmt, time_now_ms() + 20000);
    peer_run(p);
    assert_int_equal(peer_receive(p), 12);
    assert_int_equal(wire_get16(message + 8), 17);
    assert_int_equal(wire_get16(message + 10), 14);
    control(p, ID, OFPBCT_COMMIT_REQUEST, BOTH_FLAGS);
    peer_expect_error(p, 17, 2);
}

static void a_connection_that_ends_takes_its_bundles_along(void **state)
{
    struct peer *p = *state;

    peer_greet(p, OFP14);
    open_it(p);
    add_flow_mod(p, OFPFC_ADD, 1, 0, "in_port=1", 2);
    add_flow_mod(p, OFPFC_MODIFY, 1, 0, "in_port=1", 2);
    assert_true(p->net.br->mgmt->staged_bytes > 0);
    mgmt_free(p->net.br->mgmt);
    p->net.br->mgmt = NULL;
}

int main(void)
{
#define TEST(F) cmocka_unit_test_setup_teardown(F, peer_setup, peer_teardown)
    const struct CMUnitTest tests[] = {
        TEST(all_of_a_bundle_is_carried_out_in_order13),
        TEST(all_of_a_bundle_is_carried_out_in_order14),
        TEST(one_that_fails_changes_nothing),
        TEST(groups_and_rules_go_together13),
        TEST(groups_and_rules_go_together14),
        TEST(groups_and_rules_go_together15),
        TEST(groups_come_back_when_a_bundle_fails),
        TEST(niciras_group_mods_take_part),
        TEST(meters_and_rules_go_together),
        TEST(others_hear_of_group_mods),
        TEST(single_buckets_are_told_before_1_5_as_the_group),
        TEST(a_commits_reply_waits_for_the_flows),
        TEST(ports_and_packets_take_part),
        TEST(what_is_wrong_gets_the_exact_error),
        TEST(features_say_atomic_and_ordered),
        TEST(the_extensions_errors_are_experimenters),
        TEST(one_in_which_nothing_happens_ends),
        TEST(a_connection_that_ends_takes_its_bundles_along),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
