/* The hash of connections. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "datapath/flow/hash.h"

static struct flow_key udp(uint32_t src, uint32_t dst, uint16_t tp_src, uint16_t tp_dst)
{
    struct flow_key key;

    memset(&key, 0, sizeof key);
    key.lines = 1u << FLOW_LINE_BASE;
    key.eth_type = be16_make(0x0800);
    key.nw_proto = 17;
    key.nw_src = be32_make(src);
    key.nw_dst = be32_make(dst);
    key.tp_src = be16_make(tp_src);
    key.tp_dst = be16_make(tp_dst);
    return key;
}

static void it_is_of_the_connection_alone(void **state UNUSED)
{
    struct flow_key a = udp(1, 2, 3, 4), b = a;

    b.in_port = 7;
    b.nw_ttl = 9;
    b.nw_tos = 4;
    b.eth_src[3] = 1;
    b.vlan[0].tci = be16_make(FLOW_VLAN_PRESENT | 5);
    b.recirc_id = 6;
    b.dp_hash = 8;
    assert_int_equal(flow_key_hash(&a, DP_HASH_L4, 0), flow_key_hash(&b, DP_HASH_L4, 0));
    b.tp_src = 0;
    assert_int_not_equal(flow_key_hash(&a, DP_HASH_L4, 0), flow_key_hash(&b, DP_HASH_L4, 0));
    assert_int_not_equal(flow_key_hash(&a, DP_HASH_L4, 0), flow_key_hash(&a, DP_HASH_L4, 1));
}

static void only_the_symmetric_one_is_the_same_both_ways(void **state UNUSED)
{
    struct flow_key a = udp(1, 2, 3, 4), b = udp(2, 1, 4, 3);

    assert_int_equal(flow_key_hash(&a, DP_HASH_SYM_L4, 5), flow_key_hash(&b, DP_HASH_SYM_L4, 5));
    assert_int_not_equal(flow_key_hash(&a, DP_HASH_L4, 5), flow_key_hash(&b, DP_HASH_L4, 5));
}

static void fragments_stay_together(void **state UNUSED)
{
    struct flow_key first = udp(1, 2, 3, 4), later = udp(1, 2, 0, 0);

    first.nw_frag = FLOW_FRAG_ANY;
    later.nw_frag = FLOW_FRAG_ANY | FLOW_FRAG_LATER;
    assert_int_equal(flow_key_hash(&first, DP_HASH_L4, 0), flow_key_hash(&later, DP_HASH_L4, 0));
}

static void what_is_not_ip_goes_by_its_addresses(void **state UNUSED)
{
    struct flow_key a, b;

    memset(&a, 0, sizeof a);
    a.lines = 1u << FLOW_LINE_BASE;
    a.eth_type = be16_make(0x9000);
    b = a;
    b.eth_src[5] = 1;
    assert_int_not_equal(flow_key_hash(&a, DP_HASH_L4, 0), flow_key_hash(&b, DP_HASH_L4, 0));
    b = a;
    b.tp_src = 5; /* No field of such a packet. */
    assert_int_equal(flow_key_hash(&a, DP_HASH_L4, 0), flow_key_hash(&b, DP_HASH_L4, 0));
}

static void its_low_bits_are_spread_evenly(void **state UNUSED)
{
    unsigned int n[16] = {0};

    for (uint32_t i = 0; i < 16000; i++) {
        struct flow_key key = udp(0x0a000000 + i % 16, 0x0a000001, (uint16_t)(1024 + i / 16), 80);

        n[flow_key_hash(&key, DP_HASH_L4, 0) % 16]++;
    }
    for (unsigned int i = 0; i < 16; i++) {
        assert_in_range(n[i], 850, 1150);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_of_the_connection_alone),
        cmocka_unit_test(only_the_symmetric_one_is_the_same_both_ways),
        cmocka_unit_test(fragments_stay_together),
        cmocka_unit_test(what_is_not_ip_goes_by_its_addresses),
        cmocka_unit_test(its_low_bits_are_spread_evenly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
