/* Unit tests of pending entries: order, bounds, tokens that are never used twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "datapath/cache/pending/pending.h"

static const struct pending_limits limits = {
    .per_flow = 3, .per_port = 2, .port_packets = 5, .packets = 8, .timeout_ms = 100};

static void make_key(struct flow_key *key, uint16_t in_port, uint32_t n)
{
    memset(key, 0, sizeof *key);
    key->lines = 1;
    key->in_port = in_port;
    key->nw_src = n;
}

static struct rte_mbuf *packet(uintptr_t n)
{
    return (struct rte_mbuf *)n; /* Never looked into. */
}

static struct pending *new_pending(void)
{
    struct pending *p;

    assert_int_equal(pending_new(3, &limits, &p), 0);
    return p;
}

static void packets_come_out_in_order_by_token(void **state UNUSED)
{
    struct pending *p = new_pending();
    struct rte_mbuf *out[PENDING_MAX_PACKETS];
    struct pending_entry *e;
    struct flow_key key;
    uint64_t token;

    make_key(&key, 1, 1);
    assert_null(pending_find(p, &key));
    assert_int_equal(pending_open(p, &key, 0, 0, &e), PENDING_PARKED);
    token = e->token;
    assert_int_equal(pending_token_worker(token), 3);
    for (uintptr_t i = 1; i <= 3; i++) {
        assert_int_equal(pending_park(p, pending_find(p, &key), packet(i)), PENDING_PARKED);
    }
    assert_int_equal(pending_park(p, e, packet(4)), PENDING_FLOW_FULL);
    assert_ptr_equal(pending_by_token(p, token), e);
    assert_null(pending_by_token(p, token + 1));
    assert_null(pending_by_token(p, 0));
    assert_null(pending_by_token(p, UINT64_MAX));
    assert_int_equal(pending_close(p, e, out), 3);
    for (uintptr_t i = 1; i <= 3; i++) {
        assert_ptr_equal(out[i - 1], packet(i));
    }
    assert_null(pending_find(p, &key));
    assert_null(pending_by_token(p, token));
    assert_int_equal(pending_open(p, &key, 0, 0, &e), PENDING_PARKED);
    assert_true(e->token != token);
    assert_null(pending_by_token(p, token));
    pending_free(p);
}

static void a_port_has_its_share_and_no_more(void **state UNUSED)
{
    struct pending *p = new_pending();
    struct pending_entry *e, *f;
    struct flow_key key;

    make_key(&key, 1, 1);
    assert_int_equal(pending_open(p, &key, 0, 0, &e), PENDING_PARKED);
    make_key(&key, 1, 2);
    assert_int_equal(pending_open(p, &key, 0, 0, &f), PENDING_PARKED);
    make_key(&key, 1, 3);
    assert_int_equal(pending_open(p, &key, 0, 0, &f), PENDING_PORT_FULL);
    for (uintptr_t i = 0; i < 3; i++) {
        assert_int_equal(pending_park(p, e, packet(i)), PENDING_PARKED);
    }
    assert_int_equal(pending_park(p, f, packet(1)), PENDING_PARKED);
    assert_int_equal(pending_park(p, f, packet(2)), PENDING_PARKED);
    assert_int_equal(pending_park(p, f, packet(3)), PENDING_PORT_FULL);
    make_key(&key, 2, 3);
    assert_int_equal(pending_open(p, &key, 0, 0, &e), PENDING_PARKED);
    for (uintptr_t i = 0; i < 3; i++) {
        assert_int_equal(pending_park(p, e, packet(i)), PENDING_PARKED);
    }
    make_key(&key, 3, 3);
    assert_int_equal(pending_open(p, &key, 0, 0, &e), PENDING_TOTAL_FULL);
    pending_free(p);
}

static void the_oldest_expires_first(void **state UNUSED)
{
    struct pending *p = new_pending();
    struct rte_mbuf *out[PENDING_MAX_PACKETS];
    struct pending_entry *a, *b, *c;
    struct flow_key key;

    make_key(&key, 1, 1);
    pending_open(p, &key, 1000, 0, &a);
    make_key(&key, 2, 2);
    pending_open(p, &key, 1010, 0, &b);
    make_key(&key, 3, 3);
    pending_open(p, &key, 1020, 0, &c);
    assert_null(pending_expired(p, 1099));
    pending_close(p, b, out); /* From the middle. */
    assert_ptr_equal(pending_expired(p, 1200), a);
    pending_close(p, a, out);
    assert_ptr_equal(pending_of_port(p, 3), c);
    assert_null(pending_of_port(p, 1));
    assert_ptr_equal(pending_expired(p, 1200), c);
    pending_close(p, c, out);
    assert_null(pending_expired(p, 9999));
    assert_int_equal(p->n_entries, 0);
    pending_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_come_out_in_order_by_token),
        cmocka_unit_test(a_port_has_its_share_and_no_more),
        cmocka_unit_test(the_oldest_expires_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
