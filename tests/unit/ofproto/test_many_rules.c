/* Many rules at once, in slices: a bundle of adds is there all at once or not at all, a table is
 * empty at once. */
#include "ofproto/codec/bundle.h"
#include "tests/unit/ofproto/peer.h"

#define N 20000
#define ID 7
#define BOTH_FLAGS (OFPBF_ATOMIC | OFPBF_ORDERED)
#define PRIORITY 7

static unsigned int n_wanted;

static void want_work(void *aux UNUSED)
{
    n_wanted++;
}

/* Like peer_setup(), with somebody who does chores. */
static int setup(void **state)
{
    struct ofproto_hooks hooks = {
        .execute = peer_execute, .sync = peer_sync, .cancel = peer_cancel, .work = want_work};
    struct peer *p;

    peer_setup(state);
    p = *state;
    hooks.aux = p;
    ofproto_set_hooks(p->net.set, &hooks);
    peer_greet(p, OFP14);
    n_wanted = 0;
    return 0;
}

static void match_of(unsigned int i, struct ofp_match *m)
{
    ofp_match_init(m);
    OFP_MATCH_SET(m, metadata, i);
}

static void put_flow_mod(struct strbuf *s, uint8_t command, const struct ofp_match *match)
{
    size_t start = ofp_begin(s, OFP14, OFPT_FLOW_MOD, PEER_XID);

    wire_zeros(s, 16);
    wire_put8(s, 0);
    wire_put8(s, command);
    wire_zeros(s, 4);
    wire_put16(s, PRIORITY);
    wire_put32(s, OFP_NO_BUFFER);
    wire_put32(s, UINT32_MAX);
    wire_put32(s, UINT32_MAX);
    wire_zeros(s, 4);
    ofp_match_encode(s, OFP14, match);
    ofp_end(s, start);
}

static void control(struct strbuf *s, uint16_t type)
{
    size_t start = ofp_begin(s, OFP14, OFPT14_BUNDLE_CONTROL, PEER_XID);

    wire_put32(s, ID);
    wire_put16(s, type);
    wire_put16(s, BOTH_FLAGS);
    ofp_end(s, start);
}

static void send_all(struct peer *p, struct strbuf *s)
{
    bufferevent_write(p->bev, s->data, s->len);
    strbuf_free(s);
    for (unsigned int i = 0; i < 2000; i++) { /* A little of it a turn. */
        event_base_loop(p->base, EVLOOP_NONBLOCK);
    }
}

/* Up to the request to commit. */
static void send_bundle(struct peer *p)
{
    struct strbuf s = STRBUF_INIT;

    control(&s, OFPBCT_OPEN_REQUEST);
    for (unsigned int i = 0; i < N; i++) {
        size_t start = ofp_begin(&s, OFP14, OFPT14_BUNDLE_ADD, PEER_XID);
        struct ofp_match m;

        match_of(i, &m);
        wire_put32(&s, ID);
        wire_put16(&s, 0);
        wire_put16(&s, BOTH_FLAGS);
        put_flow_mod(&s, OFPFC_ADD, &m);
        ofp_end(&s, start);
    }
    control(&s, OFPBCT_COMMIT_REQUEST);
    send_all(p, &s);
    assert_int_equal(peer_receive(p), 16); /* That it is open. */
}

static struct ofp_table *table(struct peer *p)
{
    return p->net.br->tables[0];
}

static struct ofp_rule *rule_of(struct peer *p, unsigned int i)
{
    struct ofp_match m;
    struct ofp_rule_config config = {.match = &m, .priority = PRIORITY};
    struct ofp_rule *probe, *same;

    match_of(i, &m);
    probe = rule_new(&p->net.set->masks, &config);
    same = bridge_find_same(p->net.br, 0, probe);
    rule_unref(&p->net.set->masks, probe);
    return same;
}

static void add_rule(struct peer *p, unsigned int i)
{
    struct ofp_match m;
    struct ofp_rule_config config = {.match = &m, .priority = PRIORITY};

    match_of(i, &m);
    bridge_add_rule(p->net.br, 0, rule_new(&p->net.set->masks, &config));
}

static void all_at_once_and_with_what_was_there(void **state)
{
    struct peer *p = *state;

    add_rule(p, 5);
    add_rule(p, N + 5);
    rule_of(p, 5)->packets = 42;
    send_bundle(p);
    assert_int_equal(table(p)->cls.n_rules, 3);
    assert_int_equal(peer_receive(p), 0);
    assert_true(n_wanted > 0);
    while (!rule_of(p, 1)) {
        assert_true(table(p)->cls.n_rules <= 4);
        assert_true(ofproto_set_work(p->net.set));
        add_rule(p, N + 6); /* Others go on. */
    }
    assert_int_equal(table(p)->cls.n_rules, N + 3); /* NORMAL, and two others. */
    while (ofproto_set_work(p->net.set)) {
    }
    peer_run(p);
    assert_int_equal(peer_receive(p), 16);
    assert_int_equal(message[1], OFPT14_BUNDLE_CONTROL);
    assert_int_equal(wire_get16(message + 12), OFPBCT_COMMIT_REQUEST + 1);
    assert_int_equal(rule_of(p, 5)->packets, 42);
    assert_int_equal(rule_of(p, 6)->packets, 0);
    assert_non_null(rule_of(p, N + 5));
    assert_non_null(rule_of(p, N - 1));
}

static void one_that_does_not_fit_changes_nothing(void **state)
{
    struct peer *p = *state;

    table(p)->max_rules = N;
    send_bundle(p); /* There is the rule with NORMAL. */
    while (ofproto_set_work(p->net.set)) {
    }
    peer_run(p);
    assert_int_equal(table(p)->cls.n_rules, 1);
    assert_true(peer_receive(p) >= 12); /* The message, then the bundle. */
    assert_int_equal(wire_get16(message + 8), 5);
    assert_int_equal(wire_get16(message + 10), 1);
    peer_expect_error(p, 17, 13);
}

static void a_connection_that_ends_ends_its_commit(void **state)
{
    struct peer *p = *state;

    send_bundle(p);
    ofproto_set_work(p->net.set);
    mgmt_free(p->net.br->mgmt);
    p->net.br->mgmt = NULL;
    while (ofproto_set_work(p->net.set)) {
    }
    assert_int_equal(table(p)->cls.n_rules, 1);
}

static void a_table_is_empty_at_once(void **state)
{
    struct peer *p = *state;
    struct strbuf s = STRBUF_INIT;
    struct ofp_match any;

    for (unsigned int i = 0; i < N; i++) {
        add_rule(p, i);
    }
    ofp_match_init(&any);
    put_flow_mod(&s, OFPFC_DELETE, &any);
    send_all(p, &s);
    assert_int_equal(table(p)->cls.n_rules, 0);
    assert_null(rule_of(p, 1));
    add_rule(p, 1);
    while (ofproto_set_work(p->net.set)) {
    }
    assert_int_equal(table(p)->cls.n_rules, 1);
    assert_non_null(rule_of(p, 1));
}

int main(void)
{
#define TEST(F) cmocka_unit_test_setup_teardown(F, setup, peer_teardown)
    const struct CMUnitTest tests[] = {
        TEST(all_at_once_and_with_what_was_there),
        TEST(one_that_does_not_fit_changes_nothing),
        TEST(a_connection_that_ends_ends_its_commit),
        TEST(a_table_is_empty_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
