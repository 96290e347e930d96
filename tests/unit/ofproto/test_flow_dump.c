/* Dumps of many flows: whole, in order with what follows on the connection, as they were when they
 * were asked for, and never more of them in memory than the peer reads. */
#include <sys/mman.h>

#include "ofproto/conn/conn.h"
#include "tests/unit/ofproto/peer.h"

#define N_RULES 30000
#define MORE_THAN_AHEAD ((size_t)2 << 20)

static void add_rules(struct net *net)
{
    bridge_flush_rules(net->br);
    for (uint16_t i = 1; i <= N_RULES; i++) {
        net_rule(net->br, 0, i, "in_port=1", NULL);
    }
}

static void ask(struct peer *p)
{
    struct strbuf s = STRBUF_INIT;
    struct ofp_match any;

    ofp_match_init(&any);
    wire_put16(&s, 1);
    wire_zeros(&s, 6);
    wire_put8(&s, 0xff);
    wire_zeros(&s, 3);
    wire_put32(&s, UINT32_MAX);
    wire_put32(&s, UINT32_MAX);
    wire_zeros(&s, 4 + 8 + 8);
    ofp_match_encode(&s, OFP13, &any);
    peer_send(p, OFPT13_MULTIPART_REQUEST, &s);
    strbuf_free(&s);
}

static const struct conn *conn_of(const struct peer *p)
{
    return LIST_FIRST(&p->net.br->mgmt->conns);
}

static size_t n_unread(const struct conn *conn)
{
    return evbuffer_get_length(bufferevent_get_output(conn->bev));
}

/* Reads replies up to the last one; returns how many flows there were in them. */
static unsigned int receive_dump(struct peer *p)
{
    unsigned int n = 0;
    bool more = true;

    for (unsigned int i = 0; more && i < 100000; i++) {
        size_t len;

        peer_run(p);
        len = peer_receive(p);
        if (!len) {
            continue;
        }
        assert_int_equal(message[1], OFPT13_MULTIPART_REPLY);
        assert_int_equal(wire_get32(message + 4), PEER_XID);
        assert_int_equal(wire_get16(message + 8), 1);
        more = wire_get16(message + 10) & 1;
        for (size_t at = 16; at < len; at += wire_get16(message + at)) {
            n++;
        }
    }
    assert_false(more);
    return n;
}

static void a_dump_waits_for_who_reads_it_and_tells_what_was_there(void **state)
{
    struct peer *p = *state;

    peer_greet(p, OFP13);
    add_rules(&p->net);
    bufferevent_disable(p->bev, EV_READ);
    ask(p);
    peer_send(p, OFPT_ECHO_REQUEST, NULL);
    peer_run(p);
    assert_true(conn_dump_left(conn_of(p)) > 0);
    assert_true(n_unread(conn_of(p)) < MORE_THAN_AHEAD);
    bridge_flush_rules(p->net.br);
    bufferevent_enable(p->bev, EV_READ);
    assert_int_equal(receive_dump(p), N_RULES);
    peer_run(p);
    assert_int_equal(peer_receive(p), 8);
    assert_int_equal(message[1], OFPT_ECHO_REPLY);
    ask(p);
    assert_int_equal(receive_dump(p), 0);
}

static void a_connection_may_end_within_a_dump(void **state)
{
    struct peer *p = *state;

    peer_greet(p, OFP13);
    add_rules(&p->net);
    bufferevent_disable(p->bev, EV_READ);
    ask(p);
    assert_true(conn_dump_left(conn_of(p)) > 0);
    conn_close(LIST_FIRST(&p->net.br->mgmt->conns), NULL);
    peer_run(p);
    assert_true(LIST_EMPTY(&p->net.br->mgmt->conns));
}

/* As if so much had been sent to it. */
static void leave_unread(const struct conn *conn, void *bytes, size_t len)
{
    evbuffer_add_reference(bufferevent_get_output(conn->bev), bytes, len, NULL, NULL);
}

static void who_leaves_the_most_unread_is_cut_off_when_all_leave_too_much(void **state)
{
    size_t len = (size_t)700 << 20;
    void *bytes = mmap(NULL, len, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    struct peer *p = *state;
    struct bufferevent *others[2];
    const struct conn *lesser;

    assert_true(bytes != MAP_FAILED);
    peer_greet(p, OFP13);
    others[0] = peer_connect(p);
    bufferevent_disable(others[0], EV_READ);
    leave_unread(conn_of(p), bytes, len);
    ask(p);
    assert_int_equal(p->net.br->mgmt->n_conns[CONN_MANAGEMENT], 2);
    others[1] = peer_connect(p);
    bufferevent_disable(others[1], EV_READ);
    lesser = conn_of(p);
    leave_unread(lesser, bytes, len - 1);
    ask(p);
    assert_int_equal(p->net.br->mgmt->n_conns[CONN_MANAGEMENT], 2);
    assert_ptr_equal(conn_of(p), lesser);
    assert_int_equal(receive_dump(p), 1);
    bufferevent_free(others[0]);
    bufferevent_free(others[1]);
    peer_run(p);
    munmap(bytes, len);
}

int main(void)
{
#define TEST(F) cmocka_unit_test_setup_teardown(F, peer_setup, peer_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_dump_waits_for_who_reads_it_and_tells_what_was_there),
        TEST(a_connection_may_end_within_a_dump),
        TEST(who_leaves_the_most_unread_is_cut_off_when_all_leave_too_much),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
