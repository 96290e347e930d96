/* Unit tests of datapath/flow/format.c: the text is what ovs-dpctl's users and scripts expect. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>

#include "datapath/flow/action.h"

static const char *port_name(uint32_t port, void *aux UNUSED)
{
    return port == 2 ? "veth2" : NULL;
}

static void assert_key(const struct flow_key *key, const struct flow_mask *mask, const char *text)
{
    struct strbuf s = STRBUF_INIT;

    flow_key_format(&s, key, mask, port_name, NULL);
    assert_string_equal(strbuf_str(&s), text);
    strbuf_free(&s);
}

static void tcp_key(struct flow_key *key)
{
    memset(key, 0, sizeof *key);
    key->lines = 1;
    key->in_port = 2;
    memcpy(key->eth_src, "\x02\x00\x00\x00\x00\x01", 6);
    memcpy(key->eth_dst, "\x02\x00\x00\x00\x00\x02", 6);
    key->eth_type = be16_make(0x0800);
    key->nw_src = inet_addr("10.0.0.1");
    key->nw_dst = inet_addr("10.0.0.2");
    key->nw_proto = 6;
    key->nw_ttl = 64;
    key->tp_src = be16_make(1234);
    key->tp_dst = be16_make(80);
    key->tcp_flags = be16_make(0x012);
}

static void all_fields_of_a_tcp_packet(void **state UNUSED)
{
    struct flow_mask mask;
    struct flow_key key;

    tcp_key(&key);
    flow_mask_exact(&mask, 1);
    mask.bits.dp_hash = mask.bits.pkt_mark = mask.bits.ct_mark = 0;
    mask.bits.ct_zone = 0;
    mask.bits.ct_state = 0;
    mask.bits.u64[3] = 0; /* VLANs. */
    assert_key(&key, &mask,
               "recirc_id(0),in_port(veth2),eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:02),"
               "eth_type(0x0800),ipv4(src=10.0.0.1,dst=10.0.0.2,proto=6,tos=0,ttl=64,frag=no),"
               "tcp(src=1234,dst=80),tcp_flags(syn|ack)");
}

static void only_masked_fields_and_partial_masks(void **state UNUSED)
{
    struct flow_mask mask;
    struct flow_key key;

    tcp_key(&key);
    key.in_port = 3;
    flow_mask_init(&mask);
    FLOW_MASK_FIELD(&mask, recirc_id);
    FLOW_MASK_FIELD(&mask, in_port);
    FLOW_MASK_FIELD(&mask, eth_type);
    mask.bits.nw_dst = inet_addr("255.255.255.0");
    mask.bits.tp_dst = be16_make(0xfff0);
    mask.bits.tcp_flags = be16_make(0x006);
    flow_mask_seal(&mask);
    assert_key(&key, &mask,
               "recirc_id(0),in_port(3),eth_type(0x0800),ipv4(dst=10.0.0.2/255.255.255.0),"
               "tcp(dst=80/0xfff0),tcp_flags(+syn-rst)");
}

static void a_tag_encloses_what_follows(void **state UNUSED)
{
    struct flow_mask mask;
    struct flow_key key;

    tcp_key(&key);
    key.vlan[0].tpid = be16_make(0x8100);
    key.vlan[0].tci = be16_make(FLOW_VLAN_PRESENT | 0x600a);
    flow_mask_init(&mask);
    FLOW_MASK_FIELD(&mask, in_port);
    FLOW_MASK_FIELD(&mask, vlan[0]);
    FLOW_MASK_FIELD(&mask, eth_type);
    flow_mask_seal(&mask);
    assert_key(&key, &mask,
               "in_port(veth2),eth_type(0x8100),vlan(vid=10,pcp=3),encap(eth_type(0x0800))");
    memset(key.vlan, 0, sizeof key.vlan);
    assert_key(&key, &mask, "in_port(veth2),vlan(none),eth_type(0x0800)");
}

static void an_mpls_label(void **state)
{
    struct flow_key key;
    struct flow_mask mask;

    (void)state;
    memset(&key, 0, sizeof key);
    key.lines = 1;
    key.eth_type = be16_make(0x8847);
    key.nw_src = be32_make(17 << 12 | 5 << 9 | 1 << 8 | 64);
    flow_mask_init(&mask);
    FLOW_MASK_FIELD(&mask, eth_type);
    FLOW_MASK_FIELD(&mask, nw_src);
    flow_mask_seal(&mask);
    assert_key(&key, &mask, "eth_type(0x8847),mpls(label=17,tc=5,ttl=64,bos=1)");
}

static void a_network_service_header(void **state UNUSED)
{
    struct flow_mask mask;
    struct flow_key key;

    memset(&key, 0, sizeof key);
    key.lines = 3;
    key.eth_type = be16_make(0x894f);
    key.nw_src = be32_make(0x123405);
    key.nw_ttl = 63;
    key.nw_proto = 3;
    key.tp_src = be16_make(1);
    key.ipv6_src[15] = 9;
    flow_mask_init(&mask);
    FLOW_MASK_FIELD(&mask, eth_type);
    FLOW_MASK_FIELD(&mask, nw_src);
    FLOW_MASK_FIELD(&mask, nw_tos);
    FLOW_MASK_FIELD(&mask, nw_ttl);
    FLOW_MASK_FIELD(&mask, nw_proto);
    FLOW_MASK_FIELD(&mask, tp_src);
    mask.bits.ipv6_src[15] = 15;
    flow_mask_seal(&mask);
    assert_key(&key, &mask,
               "eth_type(0x894f),nsh(flags=0,ttl=63,mdtype=1,np=3,spi=0x1234,si=5,c4=0x9/0xf)");
}

static void arp_and_neighbour_discovery(void **state UNUSED)
{
    struct flow_mask mask;
    struct flow_key key;

    memset(&key, 0, sizeof key);
    key.lines = 3;
    key.eth_type = be16_make(0x0806);
    key.tp_src = be16_make(1);
    key.nw_src = inet_addr("10.0.0.1");
    key.arp_sha[5] = 1;
    flow_mask_init(&mask);
    FLOW_MASK_FIELD(&mask, eth_type);
    FLOW_MASK_FIELD(&mask, tp_src);
    FLOW_MASK_FIELD(&mask, nw_src);
    FLOW_MASK_FIELD(&mask, arp_sha);
    flow_mask_seal(&mask);
    assert_key(&key, &mask, "eth_type(0x0806),arp(sip=10.0.0.1,op=1,sha=00:00:00:00:00:01)");

    key.eth_type = be16_make(0x86dd);
    key.nw_proto = 58;
    key.nw_src = 0;
    key.tp_src = be16_make(135);
    inet_pton(AF_INET6, "fe80::1", key.nd_target);
    inet_pton(AF_INET6, "fe80::2", key.ipv6_src);
    mask.bits.nw_src = 0;
    FLOW_MASK_FIELD(&mask, nw_proto);
    FLOW_MASK_FIELD(&mask, nd_target);
    FLOW_MASK_FIELD(&mask, ipv6_src);
    assert_key(&key, &mask,
               "eth_type(0x86dd),ipv6(src=fe80::2,proto=58),icmpv6(type=135),"
               "nd(target=fe80::1,sll=00:00:00:00:00:01)");
}

static void actions_in_order(void **state UNUSED)
{
    struct dp_actions list = DP_ACTIONS_INIT;
    struct dp_action_push_vlan *push;
    struct dp_action_set_ipv4 *ip;
    struct strbuf s = STRBUF_INIT;

    dp_actions_format(&s, NULL, 0);
    assert_string_equal(strbuf_str(&s), "drop");
    strbuf_clear(&s);

    dp_actions_put(&list, DP_ACTION_POP_VLAN, sizeof(struct dp_action_pop_vlan));
    push = dp_actions_put(&list, DP_ACTION_PUSH_VLAN, sizeof *push);
    push->tpid = be16_make(0x8100);
    push->tci = be16_make(10);
    ip = dp_actions_put(&list, DP_ACTION_SET_IPV4, sizeof *ip);
    ip->src = inet_addr("1.2.3.4");
    ip->src_mask = UINT32_MAX;
    ip->ttl = 63;
    ip->ttl_mask = 0xff;
    dp_actions_put_output(&list, 2);
    dp_actions_put_output(&list, 3);
    dp_actions_put_drop(&list, DP_DROP_VLAN_INGRESS);
    dp_actions_format(&s, list.data, list.len);
    assert_string_equal(strbuf_str(&s), "pop_vlan,push_vlan(vid=10,pcp=0),"
                                        "set(ipv4(src=1.2.3.4,ttl=63)),2,3,drop:vlan-ingress");
    strbuf_clear(&s);
    dp_actions_format_names(&s, list.data + 36, 16, port_name, NULL);
    assert_string_equal(strbuf_str(&s), "veth2,3");
    strbuf_free(&s);
    dp_actions_free(&list);
}

static void meters_of_packets_and_of_what_is_told(void **state UNUSED)
{
    struct dp_actions list = DP_ACTIONS_INIT;
    struct strbuf s = STRBUF_INIT;

    dp_actions_put_meter(&list, 3);
    dp_actions_put_upcall(&list, 16, DP_NO_METER);
    dp_actions_put_upcall(&list, 17, 4);
    dp_actions_format(&s, list.data, list.len);
    assert_string_equal(strbuf_str(&s), "meter(3),userspace(cookie=0x10),"
                                        "clone(meter(4),userspace(cookie=0x11))");
    strbuf_free(&s);
    dp_actions_free(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_fields_of_a_tcp_packet),
        cmocka_unit_test(only_masked_fields_and_partial_masks),
        cmocka_unit_test(a_tag_encloses_what_follows),
        cmocka_unit_test(a_network_service_header),
        cmocka_unit_test(arp_and_neighbour_discovery),
        cmocka_unit_test(an_mpls_label),
        cmocka_unit_test(actions_in_order),
        cmocka_unit_test(meters_of_packets_and_of_what_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
