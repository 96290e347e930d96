/* Barriers: the reply waits for the cached flows, and what follows on the connection waits for the
 * reply. */
#include "ofproto/conn/conn.h"
#include "tests/unit/ofproto/peer.h"

static void the_reply_and_what_follows_wait_for_the_flows(void **state)
{
    struct peer *p = *state;
    struct bufferevent *other;

    p->hold_syncs = true;
    peer_greet(p, OFP13);
    peer_send(p, OFPT_ECHO_REQUEST, NULL);
    assert_int_equal(peer_receive(p), 8);
    peer_send(p, OFPT13_BARRIER_REQUEST, NULL);
    peer_send(p, OFPT_ECHO_REQUEST, NULL);
    assert_int_equal(peer_receive(p), 0);
    assert_int_equal(p->n_syncs, 1);
    /* Others are served meanwhile. */
    other = peer_connect(p);
    peer_greet_on(p, other);
    peer_send_on(p, other, OFPT_ECHO_REQUEST, NULL);
    assert_int_equal(peer_receive_on(other), 8);
    assert_int_equal(peer_receive(p), 0);
    peer_synced(p);
    assert_int_equal(peer_receive(p), 8);
    assert_int_equal(message[1], OFPT13_BARRIER_REPLY);
    assert_int_equal(wire_get32(message + 4), PEER_XID);
    assert_int_equal(peer_receive(p), 8);
    assert_int_equal(message[1], OFPT_ECHO_REPLY);
    bufferevent_free(other);
}

static void barriers_at_once_and_in_a_row_are_all_answered(void **state)
{
    struct peer *p = *state;

    peer_greet(p, OFP10);
    for (unsigned int i = 0; i < 3; i++) {
        peer_send(p, OFPT10_BARRIER_REQUEST, NULL);
        assert_int_equal(peer_receive(p), 8);
        assert_int_equal(message[1], OFPT10_BARRIER_REPLY);
    }
    p->hold_syncs = true;
    peer_send(p, OFPT10_BARRIER_REQUEST, NULL);
    peer_send(p, OFPT10_BARRIER_REQUEST, NULL);
    peer_synced(p);
    assert_int_equal(peer_receive(p), 8);
    assert_int_equal(peer_receive(p), 0);
    peer_synced(p);
    assert_int_equal(peer_receive(p), 8);
}

static void a_connection_that_ends_waits_no_longer(void **state)
{
    struct peer *p = *state;

    p->hold_syncs = true;
    peer_greet(p, OFP13);
    peer_send(p, OFPT13_BARRIER_REQUEST, NULL);
    mgmt_free(p->net.br->mgmt);
    p->net.br->mgmt = NULL;
    assert_null(p->synced);
}

int main(void)
{
#define TEST(F) cmocka_unit_test_setup_teardown(F, peer_setup, peer_teardown)
    const struct CMUnitTest tests[] = {
        TEST(the_reply_and_what_follows_wait_for_the_flows),
        TEST(barriers_at_once_and_in_a_row_are_all_answered),
        TEST(a_connection_that_ends_waits_no_longer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
