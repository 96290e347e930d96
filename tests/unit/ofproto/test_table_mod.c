/* Tables as controllers and the database set them: what is evicted when one is full, who hears of
 * its vacancy, names, and exact errors. */
#include "ofproto/codec/table_mod.h"
#include "ofproto/conn/conn.h"
#include "tests/unit/ofproto/peer.h"

static void table_mod(struct peer *p, uint8_t table_id, uint32_t config, const struct strbuf *more)
{
    struct strbuf s = STRBUF_INIT;

    wire_put8(&s, table_id);
    wire_zeros(&s, 3);
    wire_put32(&s, config);
    if (more) {
        strbuf_put(&s, more->data, more->len);
    }
    peer_send(p, OFPT11_TABLE_MOD, &s);
    strbuf_free(&s);
}

static struct strbuf property(uint16_t type, uint16_t len, uint32_t value)
{
    struct strbuf s = STRBUF_INIT;

    wire_put16(&s, type);
    wire_put16(&s, len);
    wire_put32(&s, value);
    return s;
}

static void table_mod_with(struct peer *p, uint32_t config, uint16_t type, uint16_t len,
                           uint32_t value)
{
    struct strbuf s = property(type, len, value);

    table_mod(p, 3, config, &s);
    strbuf_free(&s);
}

static void limit(struct peer *p, uint32_t max_rules)
{
    const struct ofproto_table_config config = {.has_limit = true, .max_rules = max_rules};

    ofproto_configure_table(p->net.br, 3, &config);
}

/* Through the connection, to table 3: 'priority' is the cookie, too. Gives the flag for
 * flow-removed messages. */
static void add_flow(struct peer *p, uint16_t priority, uint16_t idle_s, uint16_t hard_s,
                     uint16_t importance, uint32_t in_port)
{
    struct strbuf s = STRBUF_INIT;
    struct ofp_match match;

    ofp_match_init(&match);
    if (in_port) {
        OFP_MATCH_SET(&match, in_port, in_port);
    }
    wire_put64(&s, priority);
    wire_put64(&s, 0);
    wire_put8(&s, 3);
    wire_put8(&s, OFPFC_ADD);
    wire_put16(&s, idle_s);
    wire_put16(&s, hard_s);
    wire_put16(&s, priority);
    wire_put32(&s, OFP_NO_BUFFER);
    wire_put32(&s, UINT32_MAX);
    wire_put32(&s, UINT32_MAX);
    wire_put16(&s, OFPFF_SEND_FLOW_REM);
    wire_put16(&s, p->version >= OFP14 ? importance : 0);
    ofp_match_encode(&s, (enum ofp_version)p->version, &match);
    peer_send(p, OFPT_FLOW_MOD, &s);
    strbuf_free(&s);
}

static void delete_flows(struct peer *p)
{
    struct strbuf s = STRBUF_INIT;
    struct ofp_match match;

    ofp_match_init(&match);
    wire_zeros(&s, 16);
    wire_put8(&s, 3);
    wire_put8(&s, OFPFC_DELETE);
    wire_zeros(&s, 6);
    wire_put32(&s, OFP_NO_BUFFER);
    wire_put32(&s, UINT32_MAX);
    wire_put32(&s, UINT32_MAX);
    wire_zeros(&s, 4);
    ofp_match_encode(&s, (enum ofp_version)p->version, &match);
    peer_send(p, OFPT_FLOW_MOD, &s);
    strbuf_free(&s);
}

/* As a controller that is told things. */
static void greet(struct peer *p, uint8_t version)
{
    struct conn *conn;

    peer_greet(p, version);
    conn = LIST_FIRST(&p->net.br->mgmt->conns);
    conn->is_primary = true;
    conn->async.of[ASYNC_TABLE_STATUS][ASYNC_MASTER] = 1u << OFPTR_VACANCY_UP |
                                                       1u << OFPTR_VACANCY_DOWN;
}

/* The rule of table 3 that made room last. */
static void expect_evicted(struct peer *p, uint64_t cookie)
{
    size_t cookie_at = p->version >= OFP15 ? 16 : 8;

    assert_true(peer_receive(p) > 40);
    assert_int_equal(message[1], OFPT_FLOW_REMOVED);
    assert_int_equal(wire_get64(message + cookie_at), cookie);
    assert_int_equal(message[p->version >= OFP15 ? 9 : 18],
                     p->version >= OFP14 ? OFPRR_EVICTION : OFPRR_DELETE);
    assert_int_equal(peer_receive(p), 0);
}

static uint32_t n_rules(const struct peer *p)
{
    return (uint32_t)p->net.br->tables[3]->cls.n_rules;
}

static void what_matters_least_makes_room(struct peer *p)
{
    greet(p, p->version);
    limit(p, 3);
    add_flow(p, 1, 0, 1000, 9, 1);
    add_flow(p, 2, 2000, 0, 5, 1);
    add_flow(p, 3, 0, 0, 0, 1);
    add_flow(p, 4, 0, 900, 7, 1);
    peer_expect_error(p, 5, 1);
    table_mod(p, 3, OFPTC_EVICTION, NULL);
    add_flow(p, 3, 0, 0, 0, 1); /* It is there: nobody goes. */
    assert_int_equal(peer_receive(p), 0);
    add_flow(p, 4, 0, 900, 7, 1);
    expect_evicted(p, 2);
    add_flow(p, 5, 3, 800, 7, 1);
    expect_evicted(p, 4);
    add_flow(p, 6, 0, 4000, 7, 1);
    expect_evicted(p, 5);
    add_flow(p, 7, 0, 0, 0, 1);
    expect_evicted(p, 6);
    add_flow(p, 8, 0, 0, 0, 1);
    expect_evicted(p, 1);
    add_flow(p, 9, 0, 0, 0, 1); /* What is left never ends. */
    peer_expect_error(p, 5, 1);
    assert_int_equal(n_rules(p), 3);
}

static void what_matters_least_makes_room14(void **state)
{
    struct peer *p = *state;

    p->version = OFP14;
    what_matters_least_makes_room(p);
}

static void what_matters_least_makes_room15(void **state)
{
    struct peer *p = *state;

    p->version = OFP15;
    what_matters_least_makes_room(p);
}

static void packets_prolong_a_rules_life(void **state)
{
    struct peer *p = *state;
    struct ofp_rule *first;

    greet(p, OFP14);
    limit(p, 2);
    table_mod_with(p, OFPTC_EVICTION, 2, 8, OFP_EVICTION_LIFETIME); /* Importance is nothing. */
    add_flow(p, 1, 100, 0, 0, 1);
    first = LIST_FIRST(&p->net.br->tables[3]->expirable);
    add_flow(p, 2, 200, 0, 7, 1);
    first->used_ms = first->modified_ms + 150000;
    add_flow(p, 3, 400, 0, 0, 1);
    expect_evicted(p, 2);
}

static void an_older_version_hears_of_an_eviction_as_of_a_deletion(void **state)
{
    const struct ofproto_table_config config = {
        .has_limit = true, .max_rules = 1, .evict = true, .name = "three"};
    struct peer *p = *state;

    greet(p, OFP13);
    ofproto_configure_table(p->net.br, 3, &config);
    add_flow(p, 1, 0, 100, 0, 1);
    add_flow(p, 2, 0, 100, 0, 1);
    expect_evicted(p, 1);
}

static void a_table_is_fair_as_the_database_says(void **state)
{
    static const char *const groups[] = {"NXM_OF_IN_PORT[0..1]"};
    const struct ofproto_table_config config = {
        .has_limit = true, .max_rules = 4, .evict = true, .groups = groups, .n_groups = 1};
    struct peer *p = *state;

    greet(p, OFP14);
    for (uint16_t i = 1; i <= 4; i++) {
        add_flow(p, i, 0, (uint16_t)(1000 + i), i, 1);
    }
    add_flow(p, 5, 0, 10, 0, 2);
    add_flow(p, 6, 0, 10, 0, 3);
    ofproto_configure_table(p->net.br, 3, &config); /* Too much is in it. */
    peer_run(p);
    assert_true(peer_receive(p) > 0);
    assert_int_equal(wire_get64(message + 8), 1);
    expect_evicted(p, 2);
    add_flow(p, 7, 0, 10, 0, 2);
    assert_true(peer_receive(p) > 0);
    assert_true(wire_get64(message + 8) == 3); /* Two are from port 1. */
    assert_int_equal(n_rules(p), 4);
    ofproto_configure_table(p->net.br, 3, NULL);
    add_flow(p, 8, 0, 10, 0, 2);
    assert_int_equal(n_rules(p), 5);
}

static void a_rule_that_comes_back_can_make_room_again(void **state)
{
    struct peer *p = *state;
    struct eviction *e;
    struct ofp_rule *rule;

    greet(p, OFP14);
    table_mod(p, 3, OFPTC_EVICTION, NULL);
    add_flow(p, 1, 0, 100, 0, 1);
    rule = LIST_FIRST(&p->net.br->tables[3]->expirable);
    e = p->net.br->tables[3]->eviction;
    rule_ref(rule);
    bridge_remove_rule(p->net.br, rule);
    assert_null(eviction_choose(e));
    bridge_add_rule(p->net.br, 3, rule);
    assert_ptr_equal(eviction_choose(e), rule);
    ofp_table_set_timeouts(p->net.br->tables[3], rule, 0, 0);
    assert_null(eviction_choose(e));
}

/* --- Vacancy. */

static void expect_status(struct peer *p, uint8_t reason, uint8_t vacancy)
{
    assert_int_equal(peer_receive(p), 40);
    assert_int_equal(message[1], OFPT14_TABLE_STATUS);
    assert_int_equal(message[8], reason);
    assert_int_equal(wire_get16(message + 16), 24);
    assert_int_equal(message[18], 3);
    assert_int_equal(wire_get32(message + 20), OFPTC_VACANCY_EVENTS);
    assert_int_equal(message[36], 20);
    assert_int_equal(message[37], 60);
    assert_int_equal(message[38], vacancy);
    assert_int_equal(peer_receive(p), 0);
}

static void a_table_says_that_it_gets_full_and_empty(void **state)
{
    struct peer *p = *state;

    greet(p, OFP14);
    limit(p, 10);
    table_mod_with(p, OFPTC_VACANCY_EVENTS, 3, 8, 20u << 24 | 60u << 16);
    for (uint16_t i = 1; i <= 8; i++) {
        add_flow(p, i, 0, 0, 0, 1);
    }
    assert_int_equal(peer_receive(p), 0);
    add_flow(p, 9, 0, 0, 0, 1);
    expect_status(p, OFPTR_VACANCY_DOWN, 10);
    add_flow(p, 10, 0, 0, 0, 1); /* Once. */
    assert_int_equal(peer_receive(p), 0);
    bridge_flush_rules(p->net.br);
    peer_run(p);
    expect_status(p, OFPTR_VACANCY_UP, 100);
    for (uint16_t i = 1; i <= 9; i++) {
        add_flow(p, i, 0, 0, 0, 1);
    }
    expect_status(p, OFPTR_VACANCY_DOWN, 10);
    table_mod(p, 3, 0, NULL);
    delete_flows(p);
    while (peer_receive(p)) {
        assert_int_equal(message[1], OFPT_FLOW_REMOVED);
    }
}

static void who_does_not_want_to_know_is_not_told(void **state)
{
    struct peer *p = *state;
    struct conn *conn;

    greet(p, OFP15);
    conn = LIST_FIRST(&p->net.br->mgmt->conns);
    conn->async.of[ASYNC_TABLE_STATUS][ASYNC_MASTER] = 1u << OFPTR_VACANCY_UP;
    limit(p, 10);
    table_mod_with(p, OFPTC_VACANCY_EVENTS, 3, 8, 20u << 24 | 60u << 16);
    for (uint16_t i = 1; i <= 9; i++) {
        add_flow(p, i, 0, 0, 0, 1);
    }
    assert_int_equal(peer_receive(p), 0);
    bridge_flush_rules(p->net.br);
    peer_run(p);
    expect_status(p, OFPTR_VACANCY_UP, 100);
}

/* --- Descriptions and errors. */

/* The reply's first bytes are of table 0. */
static void ask(struct peer *p, uint16_t type, uint16_t flags, const struct strbuf *body)
{
    struct strbuf s = STRBUF_INIT;

    wire_put16(&s, type);
    wire_put16(&s, flags);
    wire_put32(&s, 0);
    if (body) {
        strbuf_put(&s, body->data, body->len);
    }
    peer_send(p, OFPT13_MULTIPART_REQUEST, &s);
    strbuf_free(&s);
}

static void a_description_says_how_tables_are_set(void **state)
{
    struct peer *p = *state;

    peer_greet(p, OFP14);
    table_mod_with(p, OFPTC_VACANCY_EVENTS | OFPTC_EVICTION, 3, 8, 20u << 24 | 60u << 16);
    ask(p, 14, 0, NULL);
    assert_int_equal(peer_receive(p), 16 + 253 * 16 + 24);
    assert_int_equal(wire_get16(message + 16), 16);
    assert_int_equal(wire_get32(message + 20), 0);
    assert_int_equal(wire_get32(message + 28), OFP_EVICTION_ALL);
    assert_int_equal(message[16 + 48 + 2], 3);
    assert_int_equal(wire_get32(message + 16 + 48 + 4), OFPTC_VACANCY_EVENTS | OFPTC_EVICTION);
    assert_int_equal(message[16 + 48 + 22], 100);
    table_mod(p, 255, OFPTC_EVICTION, NULL); /* All; the thresholds stay, the events end. */
    ask(p, 14, 0, NULL);
    assert_int_equal(peer_receive(p), 16 + 254 * 16);
    assert_int_equal(wire_get32(message + 16 + 253 * 16 + 4), OFPTC_EVICTION);
}

static void what_is_wrong_gets_the_exact_error(void **state)
{
    struct peer *p = *state;

    peer_greet(p, OFP14);
    table_mod(p, 254, 0, NULL);
    peer_expect_error(p, 8, 0);
    table_mod(p, 3, 0x10, NULL);
    peer_expect_error(p, 8, 1);
    table_mod_with(p, OFPTC_EVICTION, 2, 8, 8);
    peer_expect_error(p, 8, 1);
    table_mod_with(p, OFPTC_EVICTION, 2, 12, 0);
    peer_expect_error(p, 14, 1);
    table_mod_with(p, OFPTC_EVICTION, 2, 4, 0);
    peer_expect_error(p, 14, 1);
    table_mod_with(p, OFPTC_VACANCY_EVENTS, 3, 8, 80u << 24 | 20u << 16);
    peer_expect_error(p, 14, 2);
    table_mod_with(p, OFPTC_VACANCY_EVENTS, 3, 8, 20u << 24 | 101u << 16);
    peer_expect_error(p, 14, 2);
    table_mod_with(p, 0, 9, 8, 0);
    peer_expect_error(p, 14, 0);
    table_mod_with(p, 0, 0xffff, 8, 0);
    peer_expect_error(p, 14, 5);
    peer_send(p, OFPT11_TABLE_MOD, NULL);
    peer_expect_error(p, 1, 6);
    for (unsigned int i = 0; i < BRIDGE_MAX_TABLES; i++) {
        assert_true(!p->net.br->tables[i] || !p->net.br->tables[i]->evicts);
    }
}

/* Up to 1.2 a table says what becomes of packets that it has no rule for. */
static void misses_go_where_the_table_says(void **state)
{
    struct peer *p = *state;
    struct ofp_actions actions = OFP_ACTIONS_INIT;

    peer_greet(p, OFP12);
    bridge_flush_rules(p->net.br);
    ofp_actions_put_output(&actions, 2);
    net_rule(p->net.br, 2, 5, "in_port=1", &actions);
    ofp_actions_free(&actions);
    assert_string_equal(net_send(&p->net, net_key(1, 1, 9)), "drop:no-rule");
    table_mod(p, 0, 1, NULL);
    assert_string_equal(net_send(&p->net, net_key(1, 1, 9)), "drop:no-rule");
    table_mod(p, 1, 1, NULL);
    assert_string_equal(net_send(&p->net, net_key(1, 1, 9)), "2");
    assert_string_equal(net_send(&p->net, net_key(3, 1, 9)), "drop:no-rule");
    table_mod(p, 255, 1, NULL); /* There is an end to it. */
    assert_string_equal(net_send(&p->net, net_key(3, 1, 9)), "drop:no-rule");
    table_mod(p, 1, 2, NULL);
    assert_string_equal(net_send(&p->net, net_key(1, 1, 9)), "drop:no-rule");
    table_mod(p, 1, 3, NULL);
    peer_expect_error(p, 8, 1);
    table_mod(p, 1, 4, NULL);
    peer_expect_error(p, 8, 1);
    LIST_FIRST(&p->net.br->mgmt->conns)->is_primary = true;
    table_mod(p, 0, 0, NULL);
    assert_non_null(strstr(net_send(&p->net, net_key(1, 1, 9)), "userspace("));
}

static void the_third_version_has_nothing_to_set(void **state)
{
    struct peer *p = *state;

    peer_greet(p, OFP13);
    table_mod(p, 3, 3, NULL);
    assert_int_equal(peer_receive(p), 0);
    table_mod(p, 3, OFPTC_EVICTION, NULL);
    peer_expect_error(p, 8, 1);
    table_mod_with(p, 0, 2, 8, 7);
    peer_expect_error(p, 1, 6);
}

/* --- Features. */

/* The entries of all tables, as they are told. */
static struct strbuf features(struct peer *p)
{
    struct strbuf s = STRBUF_INIT;
    size_t n;

    ask(p, 12, 0, NULL);
    while ((n = peer_receive(p))) {
        assert_int_equal(message[1], OFPT13_MULTIPART_REPLY);
        strbuf_put(&s, message + 16, n - 16);
    }
    return s;
}

static uint8_t *entry_of(struct strbuf *s, uint8_t id)
{
    uint8_t *e = (uint8_t *)s->data;

    while (e[2] != id) {
        e += wire_get16(e);
    }
    return e;
}

/* Cut as messages are. */
static void send_features(struct peer *p, const struct strbuf *all)
{
    size_t at = 0;

    while (at < all->len) {
        struct strbuf part = STRBUF_INIT;

        do {
            size_t n = wire_get16((const uint8_t *)all->data + at);

            strbuf_put(&part, all->data + at, n);
            at += n;
        } while (at < all->len && part.len < 50000);
        ask(p, 12, at < all->len, &part);
        strbuf_free(&part);
    }
}

static void take_reply(struct peer *p)
{
    unsigned int n = 0;

    while (peer_receive(p)) {
        assert_int_equal(message[1], OFPT13_MULTIPART_REPLY);
        n++;
    }
    assert_true(n > 0);
}

static void tables_are_named_in_a_request_of_many_messages(void **state)
{
    struct peer *p = *state;
    struct strbuf s;

    peer_greet(p, OFP13);
    s = features(p);
    strcpy((char *)entry_of(&s, 3) + 8, "three");
    strcpy((char *)entry_of(&s, 253) + 8, "last");
    send_features(p, &s);
    take_reply(p);
    assert_string_equal(p->net.br->tables[3]->name, "three");
    assert_string_equal(p->net.br->tables[253]->name, "last");
    assert_null(p->net.br->tables[4]);
    strcpy((char *)entry_of(&s, 3) + 8, "");
    wire_set16(&s, (size_t)(entry_of(&s, 253) - (uint8_t *)s.data) + 60, 1); /* Its size. */
    send_features(p, &s);
    peer_expect_error(p, 13, 5);
    assert_string_equal(p->net.br->tables[3]->name, "three");
    strbuf_free(&s);
    s = features(p);
    memset(entry_of(&s, 0) + 40, 0, 8); /* Wrong at once: the other messages are of no use. */
    send_features(p, &s);
    peer_expect_error(p, 13, 1);
    strbuf_free(&s);
    s = features(p);
    assert_true(s.len > 254 * 64);
    strbuf_free(&s);
}

static void send_entry(struct peer *p, uint8_t *entry, size_t len)
{
    struct strbuf s = STRBUF_INIT;

    strbuf_put(&s, entry, len);
    ask(p, 12, 0, &s);
    strbuf_free(&s);
}

static void one_table_is_named_alone_since_the_fifth(void **state)
{
    const struct ofproto_table_config config = {.name = "fixed"};
    struct peer *p = *state;
    struct strbuf s;
    uint8_t *e;

    peer_greet(p, OFP15);
    s = features(p);
    e = entry_of(&s, 3);
    strcpy((char *)e + 8, "three");
    send_entry(p, e, wire_get16(e)); /* All must be replaced. */
    peer_expect_error(p, 13, 5);
    e[3] = 1;
    send_entry(p, e, wire_get16(e));
    take_reply(p);
    assert_string_equal(p->net.br->tables[3]->name, "three");
    ofproto_configure_table(p->net.br, 3, &config);
    send_entry(p, e, wire_get16(e));
    peer_expect_error(p, 13, 5);
    e[3] = 2;
    send_entry(p, e, wire_get16(e));
    peer_expect_error(p, 13, 5);
    e[3] = 9;
    send_entry(p, e, wire_get16(e));
    peer_expect_error(p, 13, 9);
    e[3] = 1;
    e[2] = 254;
    send_entry(p, e, wire_get16(e));
    peer_expect_error(p, 13, 0);
    e[2] = 3;
    send_entry(p, e, 32);
    peer_expect_error(p, 14, 1);
    e[67] = 2;
    send_entry(p, e, wire_get16(e));
    peer_expect_error(p, 14, 1);
    strbuf_free(&s);
    ask(p, 1, 1, NULL); /* Nothing else comes in parts. */
    peer_expect_error(p, 1, 13);
}

int main(void)
{
#define TEST(F) cmocka_unit_test_setup_teardown(F, peer_setup, peer_teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_matters_least_makes_room14),
        TEST(what_matters_least_makes_room15),
        TEST(packets_prolong_a_rules_life),
        TEST(an_older_version_hears_of_an_eviction_as_of_a_deletion),
        TEST(a_table_is_fair_as_the_database_says),
        TEST(a_rule_that_comes_back_can_make_room_again),
        TEST(a_table_says_that_it_gets_full_and_empty),
        TEST(who_does_not_want_to_know_is_not_told),
        TEST(a_description_says_how_tables_are_set),
        TEST(what_is_wrong_gets_the_exact_error),
        TEST(misses_go_where_the_table_says),
        TEST(the_third_version_has_nothing_to_set),
        TEST(tables_are_named_in_a_request_of_many_messages),
        TEST(one_table_is_named_alone_since_the_fifth),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
