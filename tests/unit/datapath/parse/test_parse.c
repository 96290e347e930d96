/* Unit tests of the parser: what headers become, and that nothing in them is believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <stdlib.h>

#include "datapath/parse/parse.h"
#include "datapath/parse/parse_mbuf.h"

/* A packet being put together. */
struct frame {
    uint8_t b[2048];
    uint32_t n;
};

static void put(struct frame *f, const char *hex)
{
    for (; *hex; hex++) {
        unsigned int v;

        if (*hex == ' ') {
            continue;
        }
        assert_int_equal(sscanf(hex, "%2x", &v), 1);
        f->b[f->n++] = (uint8_t)v;
        hex++;
    }
}

#define MACS "020000000002 020000000001 "
#define IPV4(LEN, PROTO, FRAG) "4500" LEN "0001" FRAG "40" PROTO "0000 0a000001 0a000002 "
#define TCP "04d2 0050 00000001 00000002 5012 ffff 0000 0000 "

/* Parses exactly the bytes, on the heap so that sanitizers see each read beyond them. */
static enum parse_status parse(const struct frame *f, uint32_t n, struct flow_key *key,
                               struct parse_lens *lens)
{
    struct flow_key raw;
    uint8_t *copy = malloc(n ? n : 1);
    enum parse_status status;

    memcpy(copy, f->b, n);
    memset(&raw, 0xa5, sizeof raw);
    status = parse_bytes(copy, n, n, 3, PARSE_ALL, &raw, lens);
    if (status == PARSE_OK) {
        flow_key_copy(key, &raw);
    }
    free(copy);
    return status;
}

static void a_tcp_packet_fills_the_base_line(void **state UNUSED)
{
    struct frame f = {.n = 0};
    struct parse_lens lens;
    struct flow_key key;

    put(&f, MACS "0800" IPV4("0028", "06", "0000") TCP);
    put(&f, "000000000000"); /* Padding. */
    assert_int_equal(parse(&f, f.n, &key, &lens), PARSE_OK);
    assert_int_equal(key.lines, 1);
    assert_int_equal(key.in_port, 3);
    assert_int_equal(key.recirc_id, 0);
    assert_memory_equal(key.eth_dst, f.b, 6);
    assert_memory_equal(key.eth_src, f.b + 6, 6);
    assert_int_equal(key.eth_type, be16_make(0x0800));
    assert_int_equal(key.nw_src, inet_addr("10.0.0.1"));
    assert_int_equal(key.nw_dst, inet_addr("10.0.0.2"));
    assert_int_equal(key.nw_proto, 6);
    assert_int_equal(key.nw_ttl, 64);
    assert_int_equal(key.nw_frag, 0);
    assert_int_equal(key.tp_src, be16_make(1234));
    assert_int_equal(key.tp_dst, be16_make(80));
    assert_int_equal(key.tcp_flags, be16_make(0x012));
    assert_int_equal(key.vlan[0].tci, 0);
    assert_int_equal(lens.l2, 14);
    assert_int_equal(lens.l3, 20);
    assert_int_equal(lens.l4, 20);
}

static void tags_are_read_outermost_first_and_marked_present(void **state UNUSED)
{
    struct frame f = {.n = 0};
    struct parse_lens lens;
    struct flow_key key;

    put(&f, MACS "88a8 0064 8100 6000 0800" IPV4("0028", "06", "0000") TCP);
    assert_int_equal(parse(&f, f.n, &key, &lens), PARSE_OK);
    assert_int_equal(key.vlan[0].tpid, be16_make(0x88a8));
    assert_int_equal(key.vlan[0].tci, be16_make(0x1064));
    assert_int_equal(key.vlan[1].tpid, be16_make(0x8100));
    assert_int_equal(key.vlan[1].tci, be16_make(0x7000)); /* VLAN 0, priority 3. */
    assert_int_equal(key.eth_type, be16_make(0x0800));
    assert_int_equal(key.tp_dst, be16_make(80));
    assert_int_equal(lens.l2, 22);
    for (uint32_t n = 14; n < 22; n++) {
        assert_int_equal(parse(&f, n, &key, &lens), PARSE_CUT_VLAN);
    }
    for (uint32_t n = 0; n < 14; n++) {
        assert_int_equal(parse(&f, n, &key, &lens), PARSE_RUNT);
    }
}

static void a_third_tag_is_the_eth_type(void **state UNUSED)
{
    struct frame f = {.n = 0};
    struct parse_lens lens;
    struct flow_key key;

    put(&f, MACS "8100 0001 8100 0002 8100 0003 0800" IPV4("0028", "06", "0000") TCP);
    assert_int_equal(parse(&f, f.n, &key, &lens), PARSE_OK);
    assert_int_equal(key.eth_type, be16_make(0x8100));
    assert_int_equal(key.nw_proto, 0);
}

static void frames_of_802_3_have_no_type_or_snaps(void **state UNUSED)
{
    struct frame f = {.n = 0}, g = {.n = 0};
    struct parse_lens lens;
    struct flow_key key;

    put(&f, "0180c2000000 020000000001 0026 424203 0000 00 00 00");
    assert_int_equal(parse(&f, f.n, &key, &lens), PARSE_OK);
    assert_int_equal(key.eth_type, be16_make(0x05ff));
    put(&g, MACS "0030 aaaa03 000000 0800" IPV4("0028", "06", "0000") TCP);
    assert_int_equal(parse(&g, g.n, &key, &lens), PARSE_OK);
    assert_int_equal(key.eth_type, be16_make(0x0800));
    assert_int_equal(key.nw_proto, 6);
    assert_int_equal(lens.l2, 22);
}

static void a_truncated_ip_header_leaves_l3_zero(void **state UNUSED)
{
    struct frame f = {.n = 0};
    struct parse_lens lens;
    struct flow_key key;

    put(&f, MACS "0800" IPV4("0028", "06", "0000") TCP);
    for (uint32_t n = 14; n < 54; n++) { /* Total length says more than there is. */
        assert_int_equal(parse(&f, n, &key, &lens), PARSE_OK);
        assert_int_equal(key.eth_type, be16_make(0x0800));
        assert_int_equal(key.u64[4], 0);
        assert_int_equal(key.u64[5], 0);
        assert_int_equal(lens.l3, 0);
    }
    f.b[14] = 0x44; /* A header of 16 bytes. */
    assert_int_equal(parse(&f, f.n, &key, &lens), PARSE_OK);
    assert_int_equal(key.nw_proto, 0);
    f.b[14] = 0x65; /* Version 6. */
    assert_int_equal(parse(&f, f.n, &key, &lens), PARSE_OK);
    assert_int_equal(key.nw_proto, 0);
}

static void a_datagram_shorter_than_its_l4_header_has_no_ports(void **state UNUSED)
{
    struct frame f = {.n = 0};
    struct parse_lens lens;
    struct flow_key key;

    put(&f, MACS "0800" IPV4("0020", "06", "0000") TCP); /* 12 bytes of TCP, then "padding". */
    assert_int_equal(parse(&f, f.n, &key, &lens), PARSE_OK);
    assert_int_equal(key.nw_proto, 6);
    assert_int_equal(key.tp_dst, 0);
    assert_int_equal(lens.l4, 0);
}

static void fragments_have_ports_only_in_the_first(void **state UNUSED)
{
    struct frame f = {.n = 0}, g = {.n = 0};
    struct parse_lens lens;
    struct flow_key key;

    put(&f, MACS "0800" IPV4("0028", "06", "2000") TCP);
    assert_int_equal(parse(&f, f.n, &key, &lens), PARSE_OK);
    assert_int_equal(key.nw_frag, FLOW_FRAG_ANY);
    assert_int_equal(key.tp_dst, be16_make(80));
    put(&g, MACS "0800" IPV4("0028", "06", "0001") TCP);
    assert_int_equal(parse(&g, g.n, &key, &lens), PARSE_OK);
    assert_int_equal(key.nw_frag, FLOW_FRAG_ANY | FLOW_FRAG_LATER);
    assert_int_equal(key.tp_dst, 0);
    assert_int_equal(key.tcp_flags, 0);
}

static void ipv4_options_are_stepped_over(void **state UNUSED)
{
    struct frame f = {.n = 0};
    struct parse_lens lens;
    struct flow_key key;

    put(&f, MACS "0800 4700 0024 0001 0000 40 11 0000 0a000001 0a000002 01010101 01010100");
    put(&f, "0035 0036 0008 0000");
    assert_int_equal(parse(&f, f.n, &key, &lens), PARSE_OK);
    assert_int_equal(key.tp_src, be16_make(0x35));
    assert_int_equal(key.tp_dst, be16_make(0x36));
    assert_int_equal(lens.l3, 28);
    assert_int_equal(lens.l4, 8);
}

static void icmp_has_type_and_code(void **state UNUSED)
{
    struct frame f = {.n = 0};
    struct parse_lens lens;
    struct flow_key key;

    put(&f, MACS "0800" IPV4("001c", "01", "0000") "0304 0000 00000000");
    assert_int_equal(parse(&f, f.n, &key, &lens), PARSE_OK);
    assert_int_equal(key.tp_src, be16_make(3));
    assert_int_equal(key.tp_dst, be16_make(4));
}

static void arp_fills_addresses_of_both_protocols(void **state UNUSED)
{
    struct frame f = {.n = 0};
    struct parse_lens lens;
    struct flow_key key;

    put(&f, "ffffffffffff 020000000001 0806 0001 0800 06 04 0001 020000000001 0a000001 "
            "000000000000 0a000002");
    assert_int_equal(parse(&f, f.n, &key, &lens), PARSE_OK);
    assert_int_equal(key.lines, 3);
    assert_int_equal(key.nw_proto, 0);
    assert_int_equal(key.tp_src, be16_make(1));
    assert_int_equal(key.nw_src, inet_addr("10.0.0.1"));
    assert_int_equal(key.nw_dst, inet_addr("10.0.0.2"));
    assert_memory_equal(key.arp_sha, f.b + 6, 6);
    assert_int_equal(parse(&f, f.n - 1, &key, &lens), PARSE_OK);
    assert_int_equal(key.lines, 1);
    assert_int_equal(key.nw_src, 0);
}

#define IP6(PLEN, NEXT)                                                                            \
    "60012345" PLEN NEXT "ff 20010db8000000000000000000000001 20010db8000000000000000000000002 "

static void ipv6_extension_headers_are_walked(void **state UNUSED)
{
    struct frame f = {.n = 0};
    struct parse_lens lens;
    struct flow_key key;

    put(&f, MACS "86dd" IP6("0024", "00") "3c00 010400000000 0601 000000000000 0000000000000000 ");
    put(&f, "04d2 0050 0008 0000 00000000");
    f.b[62] = 17; /* Destination options, then UDP. */
    assert_int_equal(parse(&f, f.n, &key, &lens), PARSE_OK);
    assert_int_equal(key.lines, 3);
    assert_int_equal(key.nw_proto, 17);
    assert_int_equal(key.tp_src, be16_make(1234));
    assert_int_equal(key.tp_dst, be16_make(80));
    assert_int_equal(key.ipv6_label, be32_make(0x12345));
    assert_int_equal(key.nw_ttl, 255);
    assert_memory_equal(key.ipv6_src, f.b + 22, 16);
    assert_memory_equal(key.ipv6_dst, f.b + 38, 16);
    assert_int_equal(lens.l3, 40 + 8 + 16);
}

static void too_many_extension_headers_hide_l4(void **state UNUSED)
{
    struct frame f = {.n = 0};
    struct parse_lens lens;
    struct flow_key key;

    put(&f, MACS "86dd" IP6("0050", "3c"));
    for (int i = 0; i < 9; i++) {
        put(&f, i == 8 ? "1100 010400000000" : "3c00 010400000000");
    }
    put(&f, "04d2 0050 0008 0000");
    assert_int_equal(parse(&f, f.n, &key, &lens), PARSE_OK);
    assert_int_equal(key.nw_proto, 60);
    assert_int_equal(key.tp_src, 0);
}

static void ipv6_fragments(void **state UNUSED)
{
    struct frame f = {.n = 0};
    struct parse_lens lens;
    struct flow_key key;

    put(&f, MACS "86dd" IP6("0010", "2c") "1100 0001 00000001 04d2 0050 0008 0000");
    assert_int_equal(parse(&f, f.n, &key, &lens), PARSE_OK);
    assert_int_equal(key.nw_frag, FLOW_FRAG_ANY);
    assert_int_equal(key.tp_src, be16_make(1234));
    f.b[57] = 0x08; /* Offset 1. */
    assert_int_equal(parse(&f, f.n, &key, &lens), PARSE_OK);
    assert_int_equal(key.nw_frag, FLOW_FRAG_ANY | FLOW_FRAG_LATER);
    assert_int_equal(key.nw_proto, 17);
    assert_int_equal(key.tp_src, 0);
    f.b[57] = 0; /* Atomic. */
    assert_int_equal(parse(&f, f.n, &key, &lens), PARSE_OK);
    assert_int_equal(key.nw_frag, 0);
}

static void neighbour_solicitation_and_its_options(void **state UNUSED)
{
    struct frame f = {.n = 0};
    struct parse_lens lens;
    struct flow_key key;

    put(&f, MACS "86dd" IP6("0020", "3a") "8700 0000 00000000 fe800000000000000000000000000001 "
                                          "0101 020000000009");
    assert_int_equal(parse(&f, f.n, &key, &lens), PARSE_OK);
    assert_int_equal(key.tp_src, be16_make(135));
    assert_int_equal(key.nd_target[15], 1);
    assert_int_equal(key.arp_sha[5], 9);
    f.b[f.n - 7] = 0; /* An option of no length. */
    assert_int_equal(parse(&f, f.n, &key, &lens), PARSE_OK);
    assert_int_equal(key.nd_target[15], 0);
    assert_int_equal(key.arp_sha[5], 0);
    f.b[f.n - 7] = 2; /* Longer than the packet. */
    assert_int_equal(parse(&f, f.n, &key, &lens), PARSE_OK);
    assert_int_equal(key.nd_target[15], 0);
}

static void headers_over_several_segments_read_as_one(void **state UNUSED)
{
    struct frame f = {.n = 0};
    struct flow_key whole, split;
    struct rte_mbuf seg[3];
    struct parse_lens lens;

    put(&f, MACS "8100 000a 0800" IPV4("0028", "06", "0000") TCP);
    assert_int_equal(parse(&f, f.n, &whole, &lens), PARSE_OK);
    for (uint16_t cut = 1; cut < f.n - 1; cut++) {
        memset(seg, 0, sizeof seg);
        seg[0].buf_addr = f.b;
        seg[0].data_len = cut;
        seg[0].pkt_len = f.n;
        seg[0].nb_segs = 3;
        seg[0].next = &seg[1];
        seg[1].buf_addr = f.b + cut;
        seg[1].data_len = 1;
        seg[1].next = &seg[2];
        seg[2].buf_addr = f.b + cut + 1;
        seg[2].data_len = (uint16_t)(f.n - cut - 1);
        assert_int_equal(parse_mbuf(&seg[0], 3, PARSE_ALL, &split), PARSE_OK);
        assert_true(flow_key_equal(&whole, &split));
        assert_int_equal(seg[0].l2_len, 18);
        assert_int_equal(seg[0].l3_len, 20);
        assert_int_equal(seg[0].l4_len, 20);
    }
}

static void labels_are_read_down_to_the_bottom_of_the_stack(void **state UNUSED)
{
    struct frame f = {.n = 0};
    struct parse_lens lens;
    struct flow_key key;

    put(&f, MACS "8847 00011040 00022041 00033042 00044143" IPV4("0014", "11", "0000"));
    assert_int_equal(parse(&f, f.n, &key, &lens), PARSE_OK);
    assert_int_equal(key.lines, 1);
    assert_int_equal(key.nw_src, be32_make(0x00011040));
    assert_int_equal(key.nw_dst, be32_make(0x00022041));
    assert_int_equal(key.tp_src, be16_make(0x0003));
    assert_int_equal(key.tp_dst, be16_make(0x3042));
    assert_int_equal(key.nw_proto, 0);
    assert_int_equal(lens.l3, 0);
    f.b[16] |= 1; /* The first one is the bottom. */
    assert_int_equal(parse(&f, f.n, &key, &lens), PARSE_OK);
    assert_int_equal(key.nw_dst, 0);
    assert_int_equal(key.tp_src, 0);
    f.b[16] &= 0xfe;
    assert_int_equal(parse(&f, 21, &key, &lens), PARSE_OK); /* The second is cut. */
    assert_int_equal(key.nw_src, be32_make(0x00011040));
    assert_int_equal(key.nw_dst, 0);
}

static void a_backbone_frame_has_its_i_tag(void **state UNUSED)
{
    struct frame f = {.n = 0};
    struct parse_lens lens;
    struct flow_key key;

    put(&f, MACS "88a8 0005 88e7 68012345" MACS "0800" IPV4("0014", "11", "0000"));
    assert_int_equal(parse(&f, f.n, &key, &lens), PARSE_OK);
    assert_int_equal(key.eth_type, be16_make(0x88e7));
    assert_int_equal(key.nw_src, be32_make(0x68012345));
    assert_int_equal(key.nw_dst, 0);
    assert_int_equal(parse(&f, 30, &key, &lens), PARSE_OK);
    assert_int_equal(key.nw_src, 0);
}

/* An IPv6 packet without payload behind these extension headers, the first of this type. */
static uint16_t exthdr_of(const char *first, const char *headers)
{
    struct frame f = {.n = 0}, tail = {.n = 0};
    char hex[128];
    struct parse_lens lens;
    struct flow_key key;

    put(&tail, headers);
    snprintf(hex, sizeof hex, MACS "86dd 60000000 %04x %s 40", tail.n, first);
    put(&f, hex);
    put(&f, "20010000000000000000000000000001 20010000000000000000000000000002");
    put(&f, headers);
    assert_int_equal(parse(&f, f.n, &key, &lens), PARSE_OK);
    return be16_get(key.ipv6_exthdr);
}

#define EXT(NEXT) NEXT "00 000000000000"

static void extension_headers_are_named_and_their_order_is_judged(void **state UNUSED)
{
    assert_int_equal(exthdr_of("11", ""), 0);
    assert_int_equal(exthdr_of("3b", ""), FLOW_EXTHDR_NONEXT);
    assert_int_equal(exthdr_of("32", ""), FLOW_EXTHDR_ESP);
    assert_int_equal(exthdr_of("00", EXT("11")), FLOW_EXTHDR_HOP);
    assert_int_equal(exthdr_of("00", EXT("3c") EXT("2b") EXT("2c") EXT("3c") EXT("3b")),
                     FLOW_EXTHDR_HOP | FLOW_EXTHDR_DEST | FLOW_EXTHDR_ROUTER | FLOW_EXTHDR_FRAG |
                         FLOW_EXTHDR_NONEXT);
    assert_int_equal(exthdr_of("3c", EXT("11")), FLOW_EXTHDR_DEST);
    assert_int_equal(exthdr_of("2b", EXT("00") EXT("11")),
                     FLOW_EXTHDR_HOP | FLOW_EXTHDR_ROUTER | FLOW_EXTHDR_UNSEQ);
    assert_int_equal(exthdr_of("2b", EXT("2b") EXT("11")), FLOW_EXTHDR_ROUTER | FLOW_EXTHDR_UNREP);
    assert_int_equal(exthdr_of("3c", EXT("3c") EXT("3c") EXT("11")),
                     FLOW_EXTHDR_DEST | FLOW_EXTHDR_UNREP);
}

#define NSH1 "894f 3fc6 0103 001234ff 00000001 00000002 00000003 fffffffe "

static void a_network_service_header_stands_where_ip_does(void **state UNUSED)
{
    struct frame f = {.n = 0};
    struct parse_lens lens;
    struct flow_key key;

    put(&f, MACS "8100 0005 " NSH1 "00");
    assert_int_equal(parse(&f, f.n, &key, &lens), PARSE_OK);
    assert_int_equal(key.lines, 3);
    assert_int_equal(key.eth_type, be16_make(0x894f));
    assert_int_equal(key.nw_src, be32_make(0x001234ff));
    assert_int_equal(key.nw_tos, 3);
    assert_int_equal(key.nw_ttl, 63);
    assert_int_equal(key.nw_proto, 3);
    assert_int_equal(key.tp_src, be16_make(1));
    assert_int_equal(key.tp_dst | key.nw_dst | key.nw_frag | lens.l3, 0);
    assert_memory_equal(key.ipv6_src, "\0\0\0\1\0\0\0\2\0\0\0\3\xff\xff\xff\xfe", 16);
    assert_memory_equal(key.ipv6_dst, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
    assert_int_equal(lens.l2, 18);

    f.n = 0; /* What MD type 2 has more is not looked at. */
    put(&f, MACS "894f 0044 0201 00000105 10000a04 00");
    assert_int_equal(parse(&f, f.n, &key, &lens), PARSE_OK);
    assert_int_equal(key.lines, 1); /* Longer than the frame: nothing of it is believed. */
    assert_int_equal(key.nw_src, 0);
    put(&f, "000000");
    assert_int_equal(parse(&f, f.n, &key, &lens), PARSE_OK);
    assert_int_equal(key.lines, 1);
    assert_int_equal(key.nw_src, be32_make(0x105));
    assert_int_equal(key.nw_ttl, 1);
    assert_int_equal(key.tp_src, be16_make(2));
}

static void a_network_service_header_that_contradicts_itself_is_none(void **state UNUSED)
{
    static const char *const bad[] = {
        "4fc6 0103 001234ff 00000001 00000002 00000003 fffffffe 0000", /* Version 1. */
        "0fc5 0103 001234ff 00000001 00000002 00000003 fffffffe 0000", /* Too short for type 1, */
        "0fc7 0103 001234ff 00000001 00000002 00000003 fffffffe 00000000", /* too long. */
        "0fc1 0203 001234ff 00000001 00000002 00000003 fffffffe 0000",     /* Half a header. */
        "0fc0 0203 001234ff 00000001 00000002 00000003 fffffffe 0000",
        "0fff 0203 001234ff 00000001 00000002 00000003 fffffffe 0000",
        "0fc6 0103 001234ff 00000001 00000002 00000003 fffffe", /* Cut. */
        "0fc2 0203 001234",
        "",
    };
    struct parse_lens lens;
    struct flow_key key;

    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct frame f = {.n = 0};

        put(&f, MACS "894f");
        put(&f, bad[i]);
        assert_int_equal(parse(&f, f.n, &key, &lens), PARSE_OK);
        assert_int_equal(key.lines, 1);
        assert_int_equal(key.eth_type, be16_make(0x894f));
        assert_int_equal(key.u64[4] | key.u64[5] | key.u64[6], 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tcp_packet_fills_the_base_line),
        cmocka_unit_test(tags_are_read_outermost_first_and_marked_present),
        cmocka_unit_test(a_third_tag_is_the_eth_type),
        cmocka_unit_test(frames_of_802_3_have_no_type_or_snaps),
        cmocka_unit_test(a_truncated_ip_header_leaves_l3_zero),
        cmocka_unit_test(a_datagram_shorter_than_its_l4_header_has_no_ports),
        cmocka_unit_test(fragments_have_ports_only_in_the_first),
        cmocka_unit_test(ipv4_options_are_stepped_over),
        cmocka_unit_test(icmp_has_type_and_code),
        cmocka_unit_test(arp_fills_addresses_of_both_protocols),
        cmocka_unit_test(ipv6_extension_headers_are_walked),
        cmocka_unit_test(too_many_extension_headers_hide_l4),
        cmocka_unit_test(ipv6_fragments),
        cmocka_unit_test(neighbour_solicitation_and_its_options),
        cmocka_unit_test(headers_over_several_segments_read_as_one),
        cmocka_unit_test(labels_are_read_down_to_the_bottom_of_the_stack),
        cmocka_unit_test(a_backbone_frame_has_its_i_tag),
        cmocka_unit_test(a_network_service_header_stands_where_ip_does),
        cmocka_unit_test(a_network_service_header_that_contradicts_itself_is_none),
        cmocka_unit_test(extension_headers_are_named_and_their_order_is_judged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
