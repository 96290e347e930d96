/* What changed of a bridge's rules: whom it concerns, also after many changes. */
#include "ofproto/table/history.h"
#include "tests/unit/ofproto/net.h"

struct past {
    struct mask_pool masks;
    struct rule_history history;
    uint64_t version;
};

static int setup(void **state)
{
    struct past *p = xcalloc(1, sizeof *p);

    p->version = 1;
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    struct past *p = *state;

    rule_history_clear(&p->history, &p->masks);
    assert_int_equal(p->masks.n, 0);
    mask_pool_free(&p->masks);
    free(p);
    return 0;
}

static void change(struct past *p, uint8_t table_id, uint16_t priority, const char *text)
{
    struct ofp_match match;
    struct ofp_rule_config config = {.match = &match, .priority = priority};
    struct ofp_rule *rule;
    struct error err = {0};

    if (ofp_match_parse(text, NULL, NULL, &match, &err)) {
        fail_msg("%s", err.text);
    }
    rule = rule_new(&p->masks, &config);
    rule->table_id = table_id;
    rule_history_add(&p->history, &p->masks, rule, ++p->version);
    rule_unref(&p->masks, rule);
}

/* A flow of which this much is known. */
static bool concerns(const struct past *p, uint8_t table_id, uint64_t since, const char *known,
                     int priority)
{
    struct ofp_match match;
    struct known_flow k;
    struct error err = {0};

    if (ofp_match_parse(known, NULL, NULL, &match, &err)) {
        fail_msg("%s", err.text);
    }
    k.value = match.flow;
    k.known = match.mask;
    return rule_history_concerns(&p->history, table_id, since, &k, priority);
}

static void a_change_concerns_flows_that_it_may_match(void **state)
{
    struct past *p = *state;
    uint64_t before = p->version;

    change(p, 0, 10, "udp,nw_src=10.0.0.1,udp_dst=53");
    assert_true(concerns(p, 0, before, "udp,nw_src=10.0.0.1,udp_dst=53", 5));
    assert_true(concerns(p, 0, before, "udp,nw_src=10.0.0.1,udp_dst=53", 10));
    assert_true(concerns(p, 0, before, "udp,nw_src=10.0.0.1", 5));
    assert_true(concerns(p, 0, before, "", -1));
    assert_false(concerns(p, 0, before, "udp,nw_src=10.0.0.2,udp_dst=53", 5));
    assert_false(concerns(p, 0, before, "udp,nw_src=10.0.0.128/25", 5));
    assert_false(concerns(p, 0, before, "tcp", 5));
    assert_false(concerns(p, 0, before, "udp,nw_src=10.0.0.1,udp_dst=53", 11));
    assert_false(concerns(p, 1, before, "", -1));
    assert_false(concerns(p, 0, p->version, "", -1));
}

static void a_conjunction_leads_to_rules_of_any_priority(void **state)
{
    struct past *p = *state;
    uint64_t before = p->version;

    change(p, 0, 1, "ip,conj_id=7");
    assert_true(concerns(p, 0, before, "udp", 100));
    assert_false(concerns(p, 0, before, "arp", 100));
}

static void many_changes_are_told_apart(void **state)
{
    struct past *p = *state;
    uint64_t before = p->version, middle;
    char text[64];

    for (unsigned int i = 0; i < 3000; i++) {
        snprintf(text, sizeof text, "udp,nw_src=10.0.%u.%u", i / 250, i % 250);
        change(p, 0, 10, text);
    }
    middle = p->version;
    change(p, 0, 10, "udp,nw_src=10.0.100.1");
    assert_true(concerns(p, 0, before, "udp,nw_src=10.0.3.7", 5));
    assert_false(concerns(p, 0, middle, "udp,nw_src=10.0.3.7", 5));
    assert_true(concerns(p, 0, middle, "udp,nw_src=10.0.100.1", 5));
    assert_false(concerns(p, 0, before, "udp,nw_src=10.0.77.7", 5));
    assert_false(concerns(p, 0, before, "udp,nw_src=10.1.0.0/16", 5));
    /* Too many to hold a flow of which half is known against each. */
    assert_true(concerns(p, 0, before, "udp,nw_src=10.0.0.0/16", 5));
    assert_true(concerns(p, 0, middle, "udp,nw_src=10.0.0.0/16", 5));
    assert_false(concerns(p, 0, middle, "udp,nw_src=10.0.2.0/24", 5));
}

static void what_is_forgotten_concerns_everybody(void **state)
{
    struct past *p = *state;
    uint64_t before = p->version, later;

    for (unsigned int i = 0; i <= HISTORY_BATCH; i++) {
        change(p, 0, 10, "udp,nw_src=10.0.0.1");
    }
    later = p->version - HISTORY_BATCH / 2;
    assert_false(concerns(p, 0, before, "udp,nw_src=10.0.0.2", 5));
    for (unsigned int i = 0; i <= HISTORY_BATCH; i++) {
        change(p, 0, 10, "udp,nw_src=10.0.0.1");
    }
    assert_true(concerns(p, 0, before, "udp,nw_src=10.0.0.2", 5));
    assert_true(concerns(p, 0, later, "udp,nw_src=10.0.0.2", 5));
    assert_false(concerns(p, 0, p->version - HISTORY_BATCH / 2, "udp,nw_src=10.0.0.2", 5));
    /* So it is with many masks. */
    before = p->version;
    for (unsigned int i = 0; i < 2 * HISTORY_GROUPS + 2; i++) {
        char text[64];

        snprintf(text, sizeof text, "metadata=0/0x%x", i + 1);
        change(p, 0, 10, text);
    }
    assert_true(concerns(p, 0, before, "metadata=0xffffffffffffffff", 5));
    assert_false(concerns(p, 0, p->version - 5, "metadata=0xffffffffffffffff", 5));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_change_concerns_flows_that_it_may_match, setup, teardown),
        cmocka_unit_test_setup_teardown(a_conjunction_leads_to_rules_of_any_priority, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(many_changes_are_told_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_forgotten_concerns_everybody, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
