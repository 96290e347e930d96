/* OpenFlow on the management socket: negotiation, replies, exact errors, what flow mods do. */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ofproto/codec/flow_mod.h"
#include "ofproto/codec/match_wire.h"
#include "ofproto/conn/mgmt.h"
#include "tests/unit/ofproto/peer.h"

static int setup(void **state)
{
    return peer_setup_ports(state, 2);
}

static void greet(struct peer *p, uint8_t version)
{
    struct evbuffer *in = bufferevent_get_input(p->bev);
    uint8_t hello[16];

    assert_int_equal(evbuffer_copyout(in, hello, sizeof hello), sizeof hello);
    assert_int_equal(wire_get32(hello + 12), OFP_ALL_VERSIONS);
    peer_greet(p, version);
}

/* The switch listens no more. */
static void expect_end(struct peer *p)
{
    peer_send(p, OFPT_HELLO, NULL);
    peer_send(p, OFPT_ECHO_REQUEST, NULL);
    assert_int_equal(peer_receive(p), 0);
}

/* --- Negotiation. */

static void a_bitmap_decides_over_the_header(void **state)
{
    struct peer *p = *state;
    struct strbuf s = STRBUF_INIT;

    peer_receive(p);
    p->version = 7; /* Offers 1.0 and a later one than there is. */
    wire_put16(&s, 1);
    wire_put16(&s, 8);
    wire_put32(&s, 1u << 1 | 1u << 7);
    peer_send(p, OFPT_HELLO, &s);
    strbuf_free(&s);
    p->version = OFP10;
    peer_send(p, OFPT_ECHO_REQUEST, NULL);
    assert_int_equal(peer_receive(p), 8);
    assert_int_equal(message[0], OFP10);
    assert_int_equal(message[1], OFPT_ECHO_REPLY);
}

static void no_common_version_is_told_and_ends_it(void **state)
{
    struct peer *p = *state;

    peer_receive(p);
    p->net.br->config.refused_versions = 1u << OFP12;
    p->version = OFP12;
    peer_send(p, OFPT_HELLO, NULL);
    peer_expect_error(p, 0, 0);
    assert_int_equal(message[0], OFP12);
    expect_end(p);
}

static void a_first_message_that_is_no_hello_ends_it(void **state)
{
    struct peer *p = *state;

    peer_receive(p);
    p->version = OFP13;
    peer_send(p, OFPT_ECHO_REQUEST, NULL);
    peer_expect_error(p, 1, 0);
    expect_end(p);
}

/* What it sent before is thrown away. */
static bool is_closed(int fd)
{
    uint8_t buffer[4096];
    ssize_t n;

    while ((n = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT)) > 0) {
    }
    return !n;
}

/* Runs the base until the switch closed 'fd'; false when it does not within half a minute. */
static bool gets_closed(struct peer *p, int fd)
{
    const struct timeval patience = {30, 0};

    event_base_loopexit(p->base, &patience);
    while (!is_closed(fd)) {
        event_base_loop(p->base, EVLOOP_ONCE);
        if (event_base_got_exit(p->base)) {
            return false;
        }
        peer_run(p); /* What is freed is closed a turn later. */
    }
    return true;
}

static void serve_socket(struct peer *p, int *ret_fd)
{
    int fds[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    mgmt_serve(bufferevent_socket_new(p->base, fds[0], BEV_OPT_CLOSE_ON_FREE), "test",
               p->net.br->mgmt);
    *ret_fd = fds[1];
}

static void who_says_no_hello_loses_its_place(void **state)
{
    const uint8_t beginning[] = {OFP13, OFPT_HELLO};
    struct peer *p = *state;
    int silent, slow;

    greet(p, OFP13);
    serve_socket(p, &silent);
    serve_socket(p, &slow);
    assert_int_equal(send(slow, beginning, sizeof beginning, 0), 2);
    assert_true(gets_closed(p, silent));
    assert_true(gets_closed(p, slow));
    peer_send(p, OFPT_ECHO_REQUEST, NULL); /* Who did may stay. */
    assert_int_equal(peer_receive(p), 8);
    close(silent);
    close(slow);
}

static void a_crowd_that_says_no_hello_keeps_nobody_out(void **state)
{
    struct peer *p = *state;
    int crowd[64];

    greet(p, OFP13);
    for (size_t i = 0; i < ARRAY_SIZE(crowd); i++) { /* One more than there are places. */
        serve_socket(p, &crowd[i]);
    }
    peer_run(p);
    assert_true(is_closed(crowd[0]));
    for (size_t i = 1; i < ARRAY_SIZE(crowd); i++) {
        assert_false(is_closed(crowd[i]));
    }
    peer_send(p, OFPT_ECHO_REQUEST, NULL);
    assert_int_equal(peer_receive(p), 8);
    for (size_t i = 0; i < ARRAY_SIZE(crowd); i++) {
        close(crowd[i]);
    }
}

static void a_length_below_the_header_ends_it(void **state)
{
    struct peer *p = *state;
    uint8_t bad[8] = {OFP13, OFPT_ECHO_REQUEST, 0, 7, 0, 0, 0, 77};

    greet(p, OFP13);
    bufferevent_write(p->bev, bad, sizeof bad);
    peer_run(p);
    peer_expect_error(p, 1, 6);
    expect_end(p);
}

/* --- Replies. */

static void echo_features_config_and_barrier_are_answered(void **state)
{
    struct peer *p = *state;
    struct strbuf s = STRBUF_INIT;

    greet(p, OFP10);
    strbuf_puts(&s, "hello");
    peer_send(p, OFPT_ECHO_REQUEST, &s);
    strbuf_free(&s);
    assert_int_equal(peer_receive(p), 13);
    assert_memory_equal(message + 8, "hello", 5);
    peer_send(p, OFPT_FEATURES_REQUEST, NULL);
    assert_int_equal(peer_receive(p), 32 + 2 * 48);
    assert_int_equal(wire_get64(message + 8), 1);
    wire_put16(&s, 0);
    wire_put16(&s, 99);
    peer_send(p, OFPT_SET_CONFIG, &s);
    strbuf_free(&s);
    peer_send(p, OFPT_GET_CONFIG_REQUEST, NULL);
    assert_int_equal(peer_receive(p), 12);
    assert_int_equal(wire_get16(message + 10), 99);
    peer_send(p, OFPT10_BARRIER_REQUEST, NULL);
    assert_int_equal(peer_receive(p), 8);
    assert_int_equal(message[1], OFPT10_BARRIER_REPLY);
}

static void what_is_not_there_gets_the_exact_error(void **state)
{
    struct peer *p = *state;
    struct strbuf s = STRBUF_INIT;

    greet(p, OFP13);
    peer_send(p, 200, NULL);
    peer_expect_error(p, 1, 1);
    wire_put16(&s, 99); /* Statistics of what? */
    wire_zeros(&s, 6);
    peer_send(p, OFPT13_MULTIPART_REQUEST, &s);
    peer_expect_error(p, 1, 2);
    strbuf_clear(&s);
    wire_put32(&s, 0x2320);
    wire_put32(&s, 12);
    peer_send(p, OFPT_VENDOR, &s);
    peer_expect_error(p, 1, 4); /* Of OpenFlow 1.0 alone. */
    s.data[0] = 1;
    peer_send(p, OFPT_VENDOR, &s);
    peer_expect_error(p, 1, 3);
    peer_send(p, OFPT13_BARRIER_REQUEST, &s); /* Has no body. */
    peer_expect_error(p, 1, 6);
    p->version = OFP10;
    peer_send(p, OFPT_FEATURES_REQUEST, NULL);
    peer_expect_error(p, 1, 0);
    strbuf_free(&s);
}

/* --- Queues: ports have none. */

/* Asks for statistics, with 'type' 15 for descriptions, of the port's queue. */
static void ask_for_queue(struct peer *p, uint16_t type, uint32_t port, uint32_t queue)
{
    struct strbuf s = STRBUF_INIT;

    wire_put16(&s, type);
    wire_zeros(&s, p->version == OFP10 ? 2 : 6);
    if (p->version == OFP10) {
        wire_put16(&s, (uint16_t)port);
        wire_put16(&s, 0);
    } else {
        wire_put32(&s, port);
    }
    wire_put32(&s, queue);
    peer_send(p, p->version == OFP10 ? OFPT10_STATS_REQUEST : OFPT13_MULTIPART_REQUEST, &s);
    strbuf_free(&s);
}

static void of_queues_all_are_none_and_one_is_an_error(void **state)
{
    struct peer *p = *state;

    greet(p, OFP13);
    ask_for_queue(p, 5, UINT32_MAX, UINT32_MAX);
    assert_int_equal(peer_receive(p), 16);
    ask_for_queue(p, 5, 1, UINT32_MAX);
    assert_int_equal(peer_receive(p), 16);
    ask_for_queue(p, 5, 1, 7);
    peer_expect_error(p, 9, 1);
    ask_for_queue(p, 5, 9, UINT32_MAX);
    peer_expect_error(p, 9, 0);
    ask_for_queue(p, 15, 1, UINT32_MAX); /* Of 1.4. */
    peer_expect_error(p, 1, 2);
}

static void queues_are_asked_for_in_openflow_10_too(void **state)
{
    struct peer *p = *state;
    struct strbuf s = STRBUF_INIT;

    greet(p, OFP10);
    ask_for_queue(p, 5, OFP_PORT_ALL, UINT32_MAX);
    assert_int_equal(peer_receive(p), 12);
    ask_for_queue(p, 5, OFP_PORT_ALL, 1);
    peer_expect_error(p, 5, 1);
    wire_put16(&s, 1);
    wire_put16(&s, 0);
    peer_send(p, OFPT10_QUEUE_GET_CONFIG_REQUEST, &s);
    assert_int_equal(peer_receive(p), 16);
    assert_int_equal(message[1], OFPT10_QUEUE_GET_CONFIG_REPLY);
    assert_int_equal(wire_get16(message + 8), 1);
    s.data[1] = 9;
    peer_send(p, OFPT10_QUEUE_GET_CONFIG_REQUEST, &s);
    peer_expect_error(p, 5, 0);
    strbuf_free(&s);
}

/* --- Ports' statistics. */

/* The n-th entry of a reply; NULL when it has fewer. */
static const uint8_t *port_entry(const struct peer *p, size_t n)
{
    size_t head = p->version == OFP10 ? 12 : 16;
    size_t size = p->version == OFP10 ? 104 : p->version == OFP13 ? 112 : 120;
    size_t len = wire_get16(message + 2);
    const uint8_t *e = message + head + n * size;

    assert_int_equal((len - head) % size, 0);
    if (head + n * size >= len) {
        return NULL;
    }
    if (p->version >= OFP14) { /* Says how long it is, and that what follows is of Ethernet. */
        assert_int_equal(wire_get16(e), size);
        assert_int_equal(wire_get32(e + 80), 40);
    }
    return e;
}

static void ask_port_stats(struct peer *p, uint32_t port)
{
    struct strbuf s = STRBUF_INIT;

    wire_put16(&s, 4);
    wire_put16(&s, 0);
    if (p->version == OFP10) {
        wire_put16(&s, (uint16_t)port);
        wire_zeros(&s, 6);
        peer_send(p, OFPT10_STATS_REQUEST, &s);
    } else {
        wire_put32(&s, 0);
        wire_put32(&s, port);
        wire_put32(&s, 0);
        peer_send(p, OFPT13_MULTIPART_REQUEST, &s);
    }
    strbuf_free(&s);
    assert_true(peer_receive(p) >= 12);
    assert_int_equal(message[1], p->version == OFP10 ? OFPT10_STATS_REPLY : OFPT13_MULTIPART_REPLY);
}

static void check_port_stats(struct peer *p)
{
    size_t at = p->version >= OFP14 ? 16 : 8; /* Of the counters, */
    size_t ethernet = p->version >= OFP14 ? 88 : at + 8 * 8;
    uint32_t all = p->version == OFP10 ? 0xffff : UINT32_MAX;

    /* Without a datapath nothing is known. */
    ask_port_stats(p, 1);
    assert_non_null(port_entry(p, 0));
    assert_null(port_entry(p, 1));
    assert_true(wire_get64(port_entry(p, 0) + at) == UINT64_MAX);
    ofport_by_number(p->net.br, 2)->patch_peer = strdup("x");
    ofport_by_number(p->net.br, 2)->stats = (struct dp_port_stats){1, 2, 3, 4, 5, 6, 7, 8};
    ask_port_stats(p, 2);
    const uint8_t *e = port_entry(p, 0);
    static const uint64_t wanted[] = {1, 5, 2, 6, 3, 7, 4, 8};
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(wire_get64(e + at + 8 * i), wanted[i]);
    }
    for (size_t i = 0; i < 4; i++) { /* and of frame, overrun, CRC errors and collisions. */
        assert_true(wire_get64(e + ethernet + 8 * i) == UINT64_MAX);
    }
    if (p->version >= OFP14) {
        assert_int_equal(wire_get32(e + 4), 2);
    }
    ask_port_stats(p, all);
    assert_non_null(port_entry(p, 1));
    assert_null(port_entry(p, 2));
    ask_port_stats(p, 99);
    assert_null(port_entry(p, 0));
    ask_port_stats(p, all - 0x7000);
    assert_null(port_entry(p, 0));
}

static void port_statistics_are_told_in_openflow_10(void **state)
{
    struct peer *p = *state;
    struct strbuf s = STRBUF_INIT;

    greet(p, OFP10);
    check_port_stats(p);
    wire_put16(&s, 4);
    wire_zeros(&s, 2 + 7); /* A byte short. */
    peer_send(p, OFPT10_STATS_REQUEST, &s);
    peer_expect_error(p, 1, 6);
    strbuf_free(&s);
}

static void port_statistics_are_told_in_openflow_13(void **state)
{
    struct peer *p = *state;

    greet(p, OFP13);
    check_port_stats(p);
}

static void port_statistics_are_told_in_openflow_14(void **state)
{
    struct peer *p = *state;

    greet(p, OFP14);
    check_port_stats(p);
}

/* --- Flow mods. */

static void put_flow_mod13(struct strbuf *s, const char *match_text, uint8_t command,
                           uint16_t priority, uint32_t out_port, const struct strbuf *instructions)
{
    struct ofp_match match;

    assert_int_equal(ofp_match_parse(match_text, NULL, NULL, &match, NULL), 0);
    strbuf_clear(s);
    wire_put64(s, 0x1234);
    wire_put64(s, 0);
    wire_put8(s, 0);
    wire_put8(s, command);
    wire_put32(s, 0);
    wire_put16(s, priority);
    wire_put32(s, OFP_NO_BUFFER);
    wire_put32(s, out_port);
    wire_put32(s, UINT32_MAX);
    wire_put32(s, 0);
    ofp_match_encode(s, OFP13, &match);
    if (instructions) {
        strbuf_put(s, instructions->data, instructions->len);
    }
}

static void put_apply(struct strbuf *s, uint32_t port)
{
    strbuf_clear(s);
    wire_put16(s, 4);
    wire_put16(s, 24);
    wire_put32(s, 0);
    wire_put16(s, 0);
    wire_put16(s, 16);
    wire_put32(s, port);
    wire_zeros(s, 8);
}

static void count(void *n)
{
    ++*(unsigned int *)n;
}

static void who_caches_flows_is_told_of_changes_once(void **state)
{
    struct peer *p = *state;
    struct strbuf s = STRBUF_INIT;
    unsigned int n = 0;

    greet(p, OFP13);
    ofproto_set_on_change(p->net.set, count, &n);
    peer_send(p, OFPT_ECHO_REQUEST, NULL);
    assert_int_equal(n, 0);
    put_flow_mod13(&s, "ip", OFPFC_ADD, 1, UINT32_MAX, NULL);
    peer_send(p, OFPT_FLOW_MOD, &s);
    assert_int_equal(n, 1);
    strbuf_free(&s);
}

static void flow_mods_add_and_delete_and_packets_follow(void **state)
{
    struct peer *p = *state;
    struct strbuf s = STRBUF_INIT, apply = STRBUF_INIT;
    struct ofproto_xlate_out out;
    struct flow_key key = net_key(1, 1, 2);

    greet(p, OFP13);
    put_apply(&apply, 0xfffffff8); /* IN_PORT. */
    put_flow_mod13(&s, "udp,nw_dst=10.0.0.2,udp_dst=2000", OFPFC_ADD, 50, UINT32_MAX, &apply);
    net_translate(&p->net, &key, true, &out);
    peer_send(p, OFPT_FLOW_MOD, &s);
    assert_int_equal(peer_receive(p), 0);
    assert_false(net_holds(out.effects));
    ofproto_xlate_out_free(&out);
    assert_string_equal(net_send(&p->net, key), "1");
    /* A loose delete of what outputs elsewhere leaves it. */
    put_flow_mod13(&s, "ip", OFPFC_DELETE, 0, 7, NULL);
    peer_send(p, OFPT_FLOW_MOD, &s);
    assert_string_equal(net_send(&p->net, key), "1");
    put_flow_mod13(&s, "ip", OFPFC_DELETE, 0, UINT32_MAX, NULL);
    peer_send(p, OFPT_FLOW_MOD, &s);
    assert_int_equal(peer_receive(p), 0);
    assert_string_equal(net_send(&p->net, key), "2");
    strbuf_free(&s);
    strbuf_free(&apply);
}

static void a_bad_flow_mod_changes_nothing(void **state)
{
    struct peer *p = *state;
    struct strbuf s = STRBUF_INIT, apply = STRBUF_INIT;
    uint64_t generation;

    greet(p, OFP13);
    generation = ofproto_set_generation(p->net.set);
    put_apply(&apply, 0xfffffff9); /* TABLE. */
    put_flow_mod13(&s, "ip", OFPFC_ADD, 1, UINT32_MAX, &apply);
    peer_send(p, OFPT_FLOW_MOD, &s);
    peer_expect_error(p, 2, 4);
    put_apply(&apply, 1);
    apply.data[1] = 6; /* Meter, of another length. */
    put_flow_mod13(&s, "ip", OFPFC_ADD, 1, UINT32_MAX, &apply);
    peer_send(p, OFPT_FLOW_MOD, &s);
    peer_expect_error(p, 3, 7);
    put_flow_mod13(&s, "ip", 9, 1, UINT32_MAX, NULL);
    peer_send(p, OFPT_FLOW_MOD, &s);
    peer_expect_error(p, 5, 6);
    put_flow_mod13(&s, "ip", OFPFC_ADD, 1, UINT32_MAX, NULL);
    s.data[16] = (char)254; /* It is the switch's own. */
    peer_send(p, OFPT_FLOW_MOD, &s);
    peer_expect_error(p, 1, 5);
    put_flow_mod13(&s, "recirc_id=5", OFPFC_ADD, 1, UINT32_MAX, NULL); /* So is that. */
    peer_send(p, OFPT_FLOW_MOD, &s);
    peer_expect_error(p, 1, 5);
    put_flow_mod13(&s, "ip,nw_dst=10.0.0.1", OFPFC_ADD, 1, UINT32_MAX, NULL);
    s.data[45] = 0x22; /* The match's first field is no Ethernet type any more. */
    peer_send(p, OFPT_FLOW_MOD, &s);
    assert_true(peer_receive(p) && message[1] == OFPT_ERROR && wire_get16(message + 8) == 4);
    strbuf_chop(&s, s.len - 20);
    peer_send(p, OFPT_FLOW_MOD, &s);
    peer_expect_error(p, 1, 6);
    assert_int_equal(ofproto_set_generation(p->net.set), generation);
    strbuf_free(&s);
    strbuf_free(&apply);
}

static void a_full_table_takes_changes_and_no_more_rules(void **state)
{
    struct peer *p = *state;
    struct strbuf s = STRBUF_INIT;

    greet(p, OFP13);
    p->net.br->tables[0]->max_rules = 2; /* One is NORMAL's. */
    put_flow_mod13(&s, "ip", OFPFC_ADD, 1, UINT32_MAX, NULL);
    peer_send(p, OFPT_FLOW_MOD, &s);
    peer_send(p, OFPT_FLOW_MOD, &s); /* In the place of the first. */
    assert_int_equal(peer_receive(p), 0);
    put_flow_mod13(&s, "arp", OFPFC_ADD, 1, UINT32_MAX, NULL);
    peer_send(p, OFPT_FLOW_MOD, &s);
    peer_expect_error(p, 5, 1);
    assert_int_equal(p->net.br->tables[0]->cls.n_rules, 2);
    put_flow_mod13(&s, "ip", OFPFC_DELETE, 1, UINT32_MAX, NULL);
    peer_send(p, OFPT_FLOW_MOD, &s);
    put_flow_mod13(&s, "arp", OFPFC_ADD, 1, UINT32_MAX, NULL);
    peer_send(p, OFPT_FLOW_MOD, &s);
    assert_int_equal(peer_receive(p), 0);
    strbuf_free(&s);
}

static void a_long_dump_comes_in_whole_messages_and_all(void **state)
{
    struct peer *p = *state;
    struct ofp_actions actions = OFP_ACTIONS_INIT;
    struct strbuf s = STRBUF_INIT;
    unsigned int n_entries = 0, n_messages = 0;
    bool more = true;
    size_t n;

    greet(p, OFP10);
    for (unsigned int i = 0; i < 100; i++) {
        ofp_actions_put_output(&actions, i + 1);
    }
    for (unsigned int i = 0; i < 500; i++) {
        net_rule(p->net.br, 0, (uint16_t)(i + 1), "ip", &actions);
    }
    wire_put16(&s, 1);
    wire_put16(&s, 0);
    wire_put32(&s, 0xffffffff);
    wire_zeros(&s, OFP10_MATCH_LEN - 4);
    wire_put16(&s, 0xff00);
    wire_put16(&s, OFP_PORT_NONE);
    peer_send(p, OFPT10_STATS_REQUEST, &s);
    while ((n = peer_receive(p))) {
        assert_true(more);
        more = wire_get16(message + 10) & 1;
        n_messages++;
        for (size_t at = 12; at < n; at += wire_get16(message + at)) {
            assert_true(wire_get16(message + at) >= 88);
            n_entries++;
        }
    }
    assert_false(more);
    assert_int_equal(n_entries, 501);
    assert_true(n_messages > 5);
    strbuf_free(&s);
    ofp_actions_free(&actions);
}

static void rules_say_on_the_wire_what_they_are(void **state)
{
    static const char *const texts[] = {
        "",
        "in_port=LOCAL",
        "tcp,nw_src=10.0.0.0/9,tcp_dst=80",
        "dl_vlan=10,dl_vlan_pcp=2",
        "vlan_tci=0x0000",
        "dl_vlan_pcp=2",
        "vlan_tci=0x1000/0x1001",
        "udp6,ipv6_src=2001:db8::/32,ipv6_label=0x12345",
        "arp,arp_op=2,arp_sha=02:00:00:00:00:01",
        "icmp6,icmpv6_type=135,nd_target=fe80::1",
        "dl_dst=01:00:00:00:00:00/01:00:00:00:00:00,reg7=0x5/0xf,metadata=9",
        "ip,ip_dscp=46,nw_ecn=1,nw_ttl=3,ip_frag=first",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        struct strbuf s = STRBUF_INIT;
        struct ofp_match match, again;
        struct error err = {0};
        size_t n;

        if (ofp_match_parse(texts[i], NULL, NULL, &match, &err)) {
            fail_msg("%s", err.text);
        }
        ofp_match_encode(&s, OFP13, &match);
        assert_int_equal(ofp_match_decode((uint8_t *)s.data, s.len, &again, &n), 0);
        assert_int_equal(n, s.len);
        assert_true(ofp_match_equal(&match, &again));
        strbuf_free(&s);
    }
}

int main(void)
{
#define T(NAME) cmocka_unit_test_setup_teardown(NAME, setup, peer_teardown)
    const struct CMUnitTest tests[] = {
        T(a_bitmap_decides_over_the_header),
        T(no_common_version_is_told_and_ends_it),
        T(a_first_message_that_is_no_hello_ends_it),
        T(who_says_no_hello_loses_its_place),
        T(a_crowd_that_says_no_hello_keeps_nobody_out),
        T(a_length_below_the_header_ends_it),
        T(echo_features_config_and_barrier_are_answered),
        T(what_is_not_there_gets_the_exact_error),
        T(of_queues_all_are_none_and_one_is_an_error),
        T(queues_are_asked_for_in_openflow_10_too),
        T(port_statistics_are_told_in_openflow_10),
        T(port_statistics_are_told_in_openflow_13),
        T(port_statistics_are_told_in_openflow_14),
        T(who_caches_flows_is_told_of_changes_once),
        T(flow_mods_add_and_delete_and_packets_follow),
        T(a_bad_flow_mod_changes_nothing),
        T(a_full_table_takes_changes_and_no_more_rules),
        T(a_long_dump_comes_in_whole_messages_and_all),
        cmocka_unit_test(rules_say_on_the_wire_what_they_are),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
