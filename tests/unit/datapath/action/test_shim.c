/* Unit tests of the actions on labels, I-TAGs and TTLs, byte by byte, and of clones and
 * recirculation in lists. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <rte_eal.h>
#include <stdlib.h>

#include "datapath/action/exec.h"
#include "datapath/parse/parse_mbuf.h"

static struct port_pools pools;
static struct rte_mbuf *sent[64];
static uint32_t sent_to[64]; /* Port; 1000 + id: recirculated; 2000 + cookie: told. */
static unsigned int n_sent;
static uint64_t n_copies;
static struct dp_actions list;

static void collect(struct action_env *env UNUSED, uint32_t port, struct rte_mbuf **pkts,
                    uint16_t n)
{
    for (uint16_t i = 0; i < n; i++) {
        sent_to[n_sent] = port;
        sent[n_sent++] = pkts[i];
    }
}

static void collect_recirc(struct action_env *e, uint32_t id, struct rte_mbuf **pkts, uint16_t n)
{
    collect(e, 1000 + id, pkts, n);
}

static void collect_told(struct action_env *env UNUSED, uint32_t cookie, struct rte_mbuf **pkts,
                         uint16_t n)
{
    for (uint16_t i = 0; i < n; i++) {
        sent_to[n_sent] = 2000 + cookie;
        sent[n_sent++] = rte_pktmbuf_copy(pkts[i], pools.small, 0, UINT32_MAX);
    }
}

static struct action_env env = {.pools = &pools,
                                .copies = &n_copies,
                                .output = collect,
                                .upcall = collect_told,
                                .recirculate = collect_recirc};

static int setup(void **state UNUSED)
{
    n_sent = 0;
    n_copies = 0;
    dp_actions_clear(&list);
    return 0;
}

static int teardown(void **state UNUSED)
{
    for (unsigned int i = 0; i < n_sent; i++) {
        rte_pktmbuf_free(sent[i]);
    }
    assert_int_equal(rte_mempool_in_use_count(pools.small), 0); /* Nothing leaks. */
    return 0;
}

static uint16_t unhex(const char *hex, uint8_t *out)
{
    uint16_t n = 0;

    for (; *hex; hex++) {
        unsigned int v;

        if (*hex != ' ') {
            assert_int_equal(sscanf(hex++, "%2x", &v), 1);
            out[n++] = (uint8_t)v;
        }
    }
    return n;
}

static struct rte_mbuf *packet(const char *hex)
{
    struct rte_mbuf *m = rte_pktmbuf_alloc(pools.small);
    struct flow_key key;

    rte_pktmbuf_append(m, unhex(hex, rte_pktmbuf_mtod(m, uint8_t *)));
    m->port = 1;
    parse_mbuf(m, 1, PARSE_ALL, &key);
    return m;
}

static void run(struct rte_mbuf *m)
{
    struct wildcard_actions *a = wildcard_actions_new(list.data, list.len);
    struct error err;

    assert_int_equal(dp_actions_validate(list.data, list.len, &err), 0);
    action_run(&env, a, &m, 1);
    free(a);
}

static void assert_sent(unsigned int i, uint32_t to, const char *hex)
{
    uint8_t want[2048];
    uint16_t n = unhex(hex, want);

    assert_true(i < n_sent);
    assert_int_equal(sent_to[i], to);
    assert_int_equal(sent[i]->pkt_len, n);
    assert_memory_equal(rte_pktmbuf_mtod(sent[i], void *), want, n);
}

/* The list so far, then output to 1: what does it make of the bytes? */
static void assert_makes(const char *from, const char *to)
{
    unsigned int at = n_sent;

    dp_actions_put_output(&list, 1);
    run(packet(from));
    assert_int_equal(n_sent, at + 1);
    assert_sent(at, 1, to);
    dp_actions_clear(&list);
}

static void push_mpls(uint32_t lse, uint32_t mask)
{
    struct dp_action_push_mpls *a = dp_actions_put(&list, DP_ACTION_PUSH_MPLS, sizeof *a);

    a->eth_type = be16_make(0x8847);
    a->lse = be32_make(lse);
    a->mask = be32_make(mask);
}

static void pop_mpls(uint16_t type)
{
    struct dp_action_pop_mpls *a = dp_actions_put(&list, DP_ACTION_POP_MPLS, sizeof *a);

    a->eth_type = be16_make(type);
}

static void dec_ttl(enum dp_ttl_layer layer, bool tell)
{
    struct dp_action_dec_ttl *a = dp_actions_put(&list, DP_ACTION_DEC_TTL, sizeof *a);

    a->layer = (uint16_t)layer;
    a->tell = tell;
    a->cookie = 7;
    a->meter_no = DP_NO_METER;
}

static void copy_ttl(bool inwards)
{
    struct dp_action_copy_ttl *a = dp_actions_put(&list, DP_ACTION_COPY_TTL, sizeof *a);

    a->inwards = inwards;
}

#define MACS "020000000002 020000000001 "
#define TAG "8100 6005 "
/* A datagram without payload; checksums of both TTLs are right. */
#define V4(TTL, SUM) "45000014 00010000 " TTL "11" SUM "0a000001 0a000002 "
#define V4_64 V4("40", "66d6")
#define V4_63 V4("3f", "67d6")
#define V4_9 V4("09", "9dd6")
#define V6(TTL)                                                                                    \
    "60000000 00003b" TTL "20010000000000000000000000000001 20010000000000000000000000000002 "

static void a_pushed_label_copies_what_was_outside(void **state UNUSED)
{
    push_mpls(0x100, 0xffffff00);
    assert_makes(MACS "0800" V4_64, MACS "8847 00000140" V4_64);
    push_mpls(0x100, 0x100);
    assert_makes(MACS TAG "86dd" V6("2a"), MACS TAG "8847 0000012a" V6("2a"));
    push_mpls(0, 0x100); /* Label, class and TTL of the outermost. */
    assert_makes(MACS "8847 12345bff" V4_64, MACS "8847 12345aff 12345bff" V4_64);
    push_mpls(0x00011100, 0xffffffff);
    assert_makes(MACS "0800" V4_64, MACS "8847 00011100" V4_64);
    push_mpls(0x100, 0x100);
    assert_makes(MACS "88b5 0102", MACS "8847 00000100 0102");
}

static void a_label_is_popped_behind_the_tags(void **state UNUSED)
{
    pop_mpls(0x0800);
    assert_makes(MACS TAG "8847 000141ff" V4_64, MACS TAG "0800" V4_64);
    pop_mpls(0x8847);
    assert_makes(MACS "8847 000140ff 000241ff" V4_64, MACS "8847 000241ff" V4_64);
    pop_mpls(0x0800); /* Not one. */
    assert_makes(MACS "0800" V4_64, MACS "0800" V4_64);
    pop_mpls(0x0800); /* Cut. */
    assert_makes(MACS "8847 0001", MACS "8847 0001");
}

static void bits_of_a_label_are_set(void **state UNUSED)
{
    struct dp_action_set_mpls *a = dp_actions_put(&list, DP_ACTION_SET_MPLS, sizeof *a);

    a->lse = be32_make(0xfffff033);
    a->lse_mask = be32_make(0xfffff0ff);
    assert_makes(MACS TAG "8847 000153ff 00020100", MACS TAG "8847 fffff333 00020100");
}

static void what_follows_a_pop_finds_the_inner_header(void **state UNUSED)
{
    struct dp_action_set_ipv4 *a;

    pop_mpls(0x0800);
    a = dp_actions_put(&list, DP_ACTION_SET_IPV4, sizeof *a);
    a->ttl = 9;
    a->ttl_mask = 0xff;
    assert_makes(MACS "8847 000141ff" V4_64, MACS "0800" V4_9);
    push_mpls(0x100, 0x100);
    pop_mpls(0x0800);
    dec_ttl(DP_TTL_IP, false);
    assert_makes(MACS "0800" V4_64, MACS "0800" V4_63);
}

/* A label was pushed and popped, and the type is not what it was. */
static void what_the_type_does_not_say_is_no_header(void **state UNUSED)
{
    push_mpls(0x100, 0xffffffff);
    pop_mpls(0x86dd);
    dec_ttl(DP_TTL_IP, false);
    assert_makes(MACS "0800" V4_64, MACS "86dd" V4_64);
}

static void a_ttl_is_decremented_in_its_header(void **state UNUSED)
{
    dec_ttl(DP_TTL_IP, false);
    assert_makes(MACS TAG "0800" V4_64, MACS TAG "0800" V4_63);
    dec_ttl(DP_TTL_IP, false);
    assert_makes(MACS "86dd" V6("02"), MACS "86dd" V6("01"));
    dec_ttl(DP_TTL_MPLS, false);
    assert_makes(MACS TAG "8847 00014140" V4_64, MACS TAG "8847 0001413f" V4_64);
    dec_ttl(DP_TTL_MPLS, false); /* Has none. */
    assert_makes(MACS "0800" V4_64, MACS "0800" V4_64);
}

static void a_packet_whose_time_is_over_goes_no_further(void **state UNUSED)
{
    dec_ttl(DP_TTL_IP, false);
    dp_actions_put_output(&list, 1);
    run(packet(MACS "86dd" V6("01")));
    run(packet(MACS "86dd" V6("00")));
    assert_int_equal(n_sent, 0);
    dp_actions_clear(&list);
    dec_ttl(DP_TTL_MPLS, true);
    dp_actions_put_output(&list, 1);
    run(packet(MACS "8847 00014101"));
    assert_int_equal(n_sent, 1);
    assert_sent(0, 2007, MACS "8847 00014101");
}

#define V4_OF_V4(FRAGMENT) "45000028 0001" FRAGMENT "4004 0000 0a000001 0a000002"

static void ttls_are_copied_between_the_two_outermost_headers(void **state UNUSED)
{
    copy_ttl(false);
    assert_makes(MACS "8847 000140ff 00024107", MACS "8847 00014007 00024107");
    copy_ttl(true);
    assert_makes(MACS "8847 000140ff 00024107", MACS "8847 000140ff 000241ff");
    copy_ttl(false);
    assert_makes(MACS "8847 000141ff" V4_64, MACS "8847 00014140" V4_64);
    copy_ttl(true);
    assert_makes(MACS TAG "8847 00014109" V4_64, MACS TAG "8847 00014109" V4_9);
    copy_ttl(true);
    assert_makes(MACS "8847 00014109" V6("40"), MACS "8847 00014109" V6("09"));
    copy_ttl(true); /* IP in IP, its first fragment and its second. */
    assert_makes(MACS "0800" V4_OF_V4("2000") V4_9, MACS "0800" V4_OF_V4("2000") V4_64);
    copy_ttl(true);
    assert_makes(MACS "0800" V4_OF_V4("0001") V4_9, MACS "0800" V4_OF_V4("0001") V4_9);
    copy_ttl(true); /* Nothing within. */
    assert_makes(MACS "8847 00014109 01020304", MACS "8847 00014109 01020304");
}

static void a_customers_frame_goes_behind_an_i_tag_and_comes_back(void **state UNUSED)
{
    struct dp_action_push_pbb *a = dp_actions_put(&list, DP_ACTION_PUSH_PBB, sizeof *a);
    struct dp_action_set_pbb *set;

    a->tag = be32_make(0x60012345);
    assert_makes(MACS TAG "0800" V4_64, MACS "88e7 60012345" MACS TAG "0800" V4_64);
    dp_actions_put(&list, DP_ACTION_POP_PBB, sizeof(struct dp_action_pop_pbb));
    assert_makes(MACS TAG "88e7 60012345 040000000002 040000000001 0800" V4_64,
                 "040000000002 040000000001" TAG "0800" V4_64);
    set = dp_actions_put(&list, DP_ACTION_SET_PBB, sizeof *set);
    set->tag = be32_make(0x08fffffe);
    set->tag_mask = be32_make(0x08ffffff);
    assert_makes(MACS "88e7 60012345" MACS "0800", MACS "88e7 68fffffe" MACS "0800");
    dp_actions_put(&list, DP_ACTION_POP_PBB, sizeof(struct dp_action_pop_pbb)); /* Cut. */
    assert_makes(MACS "88e7 60012345 0400", MACS "88e7 60012345 0400");
}

static void lengths_follow_for_a_checksum_that_is_still_to_be_made(void **state UNUSED)
{
    struct rte_mbuf *m = packet(MACS "0800" V4_64);

    m->ol_flags |= RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_UDP_CKSUM;
    push_mpls(0x100, 0x100);
    dp_actions_put_output(&list, 1);
    run(m);
    assert_int_equal(sent[0]->l2_len, 18);
    assert_int_equal(sent[0]->l3_len, 20);
    assert_int_equal(sent[0]->packet_type, PORT_PTYPE_SHIM);
}

#define CONTEXT "00000001 00000002 00000003 fffffffe "

static struct dp_action_set_nsh *set_nsh(void)
{
    struct dp_action_set_nsh *a = dp_actions_put(&list, DP_ACTION_SET_NSH, sizeof *a);

    a->path = be32_make(0x00777705);
    a->path_mask = be32_make(0x00ffff0f);
    a->flags = 2;
    a->flags_mask = 2;
    a->ttl = 0x2a;
    a->ttl_mask = 0x3f;
    a->context[3] = be32_make(5);
    a->context_mask[3] = be32_make(15);
    return a;
}

static void a_network_service_header_is_set_under_its_masks(void **state UNUSED)
{
    set_nsh();
    assert_makes(MACS TAG "894f 1fc6 0103 ab1234f0 " CONTEXT "99",
                 MACS TAG "894f 3a86 0103 ab7777f5 00000001 00000002 00000003 fffffff5 99");
    set_nsh(); /* Without context headers, what follows is not written to. */
    assert_makes(MACS "894f 0fc2 0203 ab1234f0 " CONTEXT, MACS "894f 2a82 0203 ab7777f5 " CONTEXT);
    set_nsh();
    assert_makes(MACS "894f 4fc6 0103 ab1234f0 " CONTEXT, MACS "894f 4fc6 0103 ab1234f0 " CONTEXT);
    set_nsh();
    assert_makes(MACS "894f 0fc6 0103 ab1234f0 00", MACS "894f 0fc6 0103 ab1234f0 00");
    set_nsh();
    assert_makes(MACS "0800" V4_64, MACS "0800" V4_64);
}

static void a_network_service_headers_ttl_is_decremented(void **state UNUSED)
{
    dec_ttl(DP_TTL_NSH, false);
    assert_makes(MACS "894f 3fc6 0103 001234f0 " CONTEXT, MACS "894f 3f86 0103 001234f0 " CONTEXT);
    dec_ttl(DP_TTL_NSH, false);
    assert_makes(MACS "894f 0402 0201 001234f0", MACS "894f 03c2 0201 001234f0");
    dec_ttl(DP_TTL_NSH, false);
    dp_actions_put_output(&list, 1);
    run(packet(MACS "894f 0046 0103 001234f0 " CONTEXT));
    run(packet(MACS "894f 0006 0103 001234f0 " CONTEXT));
    assert_int_equal(n_sent, 2);
}

static void a_clone_changes_nothing_of_the_packet(void **state UNUSED)
{
    uint32_t start;

    dp_actions_put_output(&list, 1);
    start = list.len;
    push_mpls(0x100, 0x100);
    dp_actions_put_output(&list, 2);
    assert_true(dp_actions_wrap_clone(&list, start));
    dp_actions_put_output(&list, 3);
    run(packet(MACS "0800" V4_64));
    assert_int_equal(n_sent, 3);
    assert_sent(0, 1, MACS "0800" V4_64);
    assert_sent(1, 2, MACS "8847 00000140" V4_64);
    assert_sent(2, 3, MACS "0800" V4_64);
    assert_int_equal(n_copies, 2);
}

static void the_last_clone_needs_no_copy(void **state UNUSED)
{
    dec_ttl(DP_TTL_IP, false);
    dp_actions_put_output(&list, 2);
    assert_true(dp_actions_wrap_clone(&list, 0));
    run(packet(MACS "0800" V4_64));
    assert_sent(0, 2, MACS "0800" V4_63);
    assert_int_equal(n_copies, 0);
}

static void recirculation_gets_the_packet_as_it_is(void **state UNUSED)
{
    struct dp_action_recirc *a;

    pop_mpls(0x0800);
    a = dp_actions_put(&list, DP_ACTION_RECIRC, sizeof *a);
    a->id = 5;
    dp_actions_put_output(&list, 1);
    run(packet(MACS "8847 000141ff" V4_64));
    assert_int_equal(n_sent, 2);
    assert_sent(0, 1005, MACS "0800" V4_64);
    assert_sent(1, 1, MACS "0800" V4_64);
}

int main(void)
{
    char *argv[] = {"test", "--no-huge", "--no-shconf", "--no-pci", "--no-telemetry",
                    "-m",   "64",        "-l",          "0",        "--log-level=lib.*:3"};
    const struct CMUnitTest tests[] = {
#define T(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
        T(a_pushed_label_copies_what_was_outside),
        T(a_label_is_popped_behind_the_tags),
        T(bits_of_a_label_are_set),
        T(what_follows_a_pop_finds_the_inner_header),
        T(what_the_type_does_not_say_is_no_header),
        T(a_ttl_is_decremented_in_its_header),
        T(a_packet_whose_time_is_over_goes_no_further),
        T(ttls_are_copied_between_the_two_outermost_headers),
        T(a_customers_frame_goes_behind_an_i_tag_and_comes_back),
        T(lengths_follow_for_a_checksum_that_is_still_to_be_made),
        T(a_network_service_header_is_set_under_its_masks),
        T(a_network_service_headers_ttl_is_decremented),
        T(a_clone_changes_nothing_of_the_packet),
        T(the_last_clone_needs_no_copy),
        T(recirculation_gets_the_packet_as_it_is),
    };
    int failed;

    if (rte_eal_init((int)ARRAY_SIZE(argv), argv) < 0) {
        return 1;
    }
    pools.small = rte_pktmbuf_pool_create("t", 1023, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, 0);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    dp_actions_free(&list);
    return failed;
}
