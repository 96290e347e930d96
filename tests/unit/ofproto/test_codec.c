/* Fields, actions, instructions and flow mods on the wire: what is written reads the same in each
 * version, and what is wrong gets the exact error. */
#include "ofproto/codec/flow_mod.h"
#include "ofproto/codec/flow_stats.h"
#include "ofproto/codec/match_wire.h"
#include "ofproto/match/tlv_map.h"
#include "tests/unit/ofproto/hex.h"

static const enum ofp_version versions[] = {OFP10, OFP12, OFP13, OFP14, OFP15};

/* A value of the field's bits under a mask of them. */
static void make_value(const struct ofp_field *f, uint8_t seed, bool masked, uint8_t *value,
                       uint8_t *mask)
{
    struct ofp_flow flow;

    memset(&flow, 0, sizeof flow);
    memset(mask, 0xff, OFP_FIELD_MAX_BYTES);
    for (unsigned int i = 0; i < OFP_FIELD_MAX_BYTES; i++) {
        mask[i] = masked ? (uint8_t)(0x5a + i * seed) : 0xff;
        value[i] = (uint8_t)(mask[i] & (i * 29 + seed));
    }
    if (f->form == OFP_FORM_PORT) {
        memset(value, 0, OFP_FIELD_MAX_BYTES);
        value[2] = 1;
        value[3] = seed;
    }
    ofp_field_put(f, &flow, value);
    ofp_field_get(f, &flow, value);
    memset(&flow, 0, sizeof flow);
    ofp_field_put(f, &flow, mask);
    ofp_field_get(f, &flow, mask);
}

static void every_field_reads_as_it_was_written(void **state)
{
    (void)state;
    for (unsigned int i = 0; i < OFP_N_FIELDS; i++) {
        const struct ofp_field *f = ofp_field((enum ofp_field_id)i);

        assert_true(oxm_has_header(f));
        for (unsigned int v = 0; v < ARRAY_SIZE(versions); v++) {
            for (unsigned int masked = 0; masked <= (f->is_maskable ? 1u : 0u); masked++) {
                uint8_t value[OFP_FIELD_MAX_BYTES], mask[OFP_FIELD_MAX_BYTES];
                uint8_t value2[OFP_FIELD_MAX_BYTES], mask2[OFP_FIELD_MAX_BYTES];
                struct strbuf s = STRBUF_INIT;
                const struct ofp_field *g;
                bool has_mask;
                size_t n;

                make_value(f, (uint8_t)(i + 1), masked, value, mask);
                oxm_encode(&s, versions[v], f, value, masked ? mask : NULL);
                assert_int_equal(
                    oxm_decode((uint8_t *)s.data, s.len, &g, value2, mask2, &has_mask, &n), 0);
                assert_ptr_equal(f, g);
                assert_int_equal(n, s.len);
                assert_int_equal(has_mask, masked);
                assert_memory_equal(value, value2, f->n_bytes);
                if (masked) {
                    assert_memory_equal(mask, mask2, f->n_bytes);
                }
                for (size_t cut = 0; cut < s.len; cut++) {
                    assert_int_equal(
                        oxm_decode((uint8_t *)s.data, cut, &g, value2, mask2, &has_mask, &n),
                        OFPERR_BMC_BAD_LEN);
                }
                strbuf_free(&s);
            }
        }
    }
}

static const char *const matches[] = {
    "",
    "tun_metadata0,tun_metadata1=0,tun_metadata2=0x5,tun_metadata63=0x12345678",
    "tun_metadata5=0/0xff,tun_metadata6=0x100/0xff00,tun_metadata7=0x1/0x80000001",
    "in_port=LOCAL",
    "in_port=3,actset_output=7",
    "packet_type=(0,1),conj_id=7,tun_id=0x5/0xff,tun_src=10.0.0.1,tun_dst=10.0.0.0/8,tun_flags=1",
    "tun_ipv6_src=fe80::1,tun_ipv6_dst=fe80::/64,tun_gbp_id=5,tun_gbp_flags=0x1/0x3",
    "tun_erspan_ver=2,tun_erspan_idx=0x12345/0xfffff,tun_erspan_dir=1,tun_erspan_hwid=0x3/0xf",
    "tun_gtpu_flags=0x30,tun_gtpu_msgtype=255",
    "ct_state=0x22/0x22,ct_label=0x5/0xf,ct_nw_src=10.0.0.1,ct_nw_dst=10.0.0.0/8,ct_nw_proto=6",
    "ct_state=0x20/0x30,ct_ipv6_src=fe80::1,ct_ipv6_dst=fe80::/64,ct_tp_src=5,ct_tp_dst=0x5/0xf",
    "mpls,mpls_label=1048575,mpls_tc=5,mpls_bos=1,mpls_ttl=9",
    "mplsm,mpls_label=16",
    "tcp,nw_src=10.0.0.0/9,tcp_dst=80,tcp_flags=0x12/0x3f",
    "dl_vlan=10,dl_vlan_pcp=2",
    "vlan_tci=0x0000",
    "vlan_tci=0x1000/0x1000",
    "udp6,ipv6_src=2001:db8::/32,ipv6_label=0x12345",
    "arp,arp_op=2,arp_sha=02:00:00:00:00:01,arp_tpa=10.0.0.0/8",
    "icmp6,icmpv6_type=135,nd_target=fe80::1,nd_sll=02:00:00:00:00:01",
    "icmp6,icmpv6_type=136,icmpv6_code=0,nd_reserved=1610612736,nd_options_type=2,"
    "nd_tll=02:00:00:00:00:01",
    "rarp,arp_op=3",
    "dl_dst=01:00:00:00:00:00/01:00:00:00:00:00,reg7=0x5/0xf,metadata=9/0xff",
    "ip,nw_tos=184,nw_ecn=1,nw_ttl=3,ip_frag=first",
    "xreg1=0x500000007,xxreg3=0x112233445566778899aabbccddeeff00,pkt_mark=1/3",
    "sctp,sctp_src=1,sctp_dst=2/0xfffe",
    "icmp,icmp_type=8,icmp_code=0,ct_state=0x20/0x20",
};

static void every_match_reads_as_it_was_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(matches); i++) {
        struct ofp_match match, again;
        struct error err = {0};

        if (ofp_match_parse(matches[i], NULL, NULL, &match, &err)) {
            fail_msg("%s", err.text);
        }
        for (unsigned int v = 0; v < ARRAY_SIZE(versions); v++) {
            struct strbuf s = STRBUF_INIT;
            size_t n;

            if (versions[v] == OFP10) {
                nxm_match_encode(&s, &match);
                assert_int_equal(nxm_match_decode((uint8_t *)s.data, s.len, &again, NULL), 0);
            } else {
                ofp_match_encode(&s, versions[v], &match);
                assert_int_equal(ofp_match_decode((uint8_t *)s.data, s.len, &again, &n), 0);
                assert_int_equal(n, s.len);
            }
            ofp_match_normalize(&again);
            assert_true(ofp_match_equal(&match, &again));
            strbuf_free(&s);
        }
    }
}

/* The structure of OpenFlow 1.1 can say them. */
static void matches_of_openflow_11_read_as_they_were_written(void **state)
{
    static const char *const fit[] = {
        "",
        "in_port=LOCAL",
        "in_port=7,eth_src=02:00:00:00:00:01/ff:00:00:00:00:ff,eth_dst=01:00:00:00:00:00/"
        "01:00:00:00:00:00",
        "dl_vlan=5,dl_vlan_pcp=3",
        "vlan_tci=0x1000/0x1000",
        "vlan_tci=0x0000/0x1000",
        "vlan_tci=0x7000/0xf000",
        "rarp,arp_op=3,arp_tpa=10.0.0.1",
        "mpls,mpls_label=100",
        "mplsm,mpls_label=1048575,mpls_tc=5",
        "mpls,mpls_tc=0",
        "arp,nw_proto=2,nw_src=10.0.0.0/255.0.255.0",
        "ip,nw_tos=16,nw_dst=10.1.2.3",
        "udp,tp_src=53",
        "sctp,tp_dst=3",
        "icmp,icmp_type=8,icmp_code=0",
        "ipv6",
        "metadata=0x12345678/0xffffffff",
    };
    static const char *const unfit[] = {"mpls,mpls_bos=1",
                                        "mpls,mpls_label=1,mpls_ttl=3",
                                        "ipv6,ipv6_src=::1",
                                        "tcp6,tcp_dst=80",
                                        "reg0=1",
                                        "tcp,tcp_src=0x10/0xfff0",
                                        "ip,nw_ttl=5",
                                        "vlan_tci=0x1005/0x100f"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(fit) + ARRAY_SIZE(unfit); i++) {
        bool fits = i < ARRAY_SIZE(fit);
        struct strbuf s = STRBUF_INIT;
        struct ofp_match match, again;
        struct error err = {0};
        size_t n;

        if (ofp_match_parse(fits ? fit[i] : unfit[i - ARRAY_SIZE(fit)], NULL, NULL, &match, &err)) {
            fail_msg("%s", err.text);
        }
        ofp_match_encode(&s, OFP11, &match);
        assert_int_equal(s.len, OFP11_MATCH_LEN);
        assert_int_equal(ofp_match_decode((uint8_t *)s.data, s.len, &again, &n), 0);
        assert_int_equal(n, s.len);
        assert_int_equal(ofp_match_equal(&match, &again), fits);
        assert_int_equal(ofp_match_fits(OFP11, &match), fits);
        strbuf_free(&s);
    }
}

static void wrong_matches_of_openflow_11_get_the_exact_error(void **state)
{
    static const struct {
        uint32_t wildcards;
        unsigned int at;
        const char *hex;
        enum ofp_error error;
    } bad[] = {
        {0x7ff, 0, "", OFPERR_BMC_BAD_WILDCARDS},
        {0x3fe, 4, "ffff0001", OFPERR_BMC_BAD_VALUE}, /* No port. */
        {0x3fd, 36, "1000", OFPERR_BMC_BAD_VALUE},    /* VLAN id. */
        {0x3f9, 36, "0005 08", OFPERR_BMC_BAD_VALUE}, /* Priority. */
        {0x3e7, 40, "0800 11", OFPERR_BMC_BAD_VALUE}, /* ECN bits. */
        {0x397, 40, "0800 00 01 0000000000000000 0000000000000000 0100", OFPERR_BMC_BAD_FIELD},
        {0x397, 40, "0800 00 02 0000000000000000 0000000000000000 0100", OFPERR_NONE}, /* IGMP. */
        {0x2f7, 40, "8847", OFPERR_NONE},
        {0x2f7, 40, "8847 0000 0000000000000000 0000000000000000 00000000 00100000",
         OFPERR_BMC_BAD_VALUE},
        {0x2f7, 64, "00100000", OFPERR_NONE}, /* Not of MPLS. */
        {0x3ff, 2, "0050", OFPERR_BMC_BAD_LEN},
        {0x3ff, 0, "0002", OFPERR_BMC_BAD_TYPE},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        uint8_t p[OFP11_MATCH_LEN] = {0, 0, 0, OFP11_MATCH_LEN};
        struct ofp_match match;
        size_t n;

        p[10] = (uint8_t)(bad[i].wildcards >> 8);
        p[11] = (uint8_t)bad[i].wildcards;
        from_hex(bad[i].hex, p + bad[i].at);
        assert_int_equal(ofp_match_decode(p, sizeof p, &match, &n), bad[i].error);
        assert_int_equal(ofp_match_decode(p, sizeof p - 1, &match, &n),
                         bad[i].error == OFPERR_BMC_BAD_TYPE ? bad[i].error : OFPERR_BMC_BAD_LEN);
    }
}

/* OpenFlow 1.5.1 section 7.2.3.11. */
static void a_packet_type_stands_for_the_ethernet_header(void **state)
{
#define ETHERNET "8000 58 04 0000 0000 "
#define IP "8000 58 04 0001 0800 "
#define OTHER "8000 58 04 0005 0800 "
#define IP_SRC "8000 16 04 0a000001 "
    static const struct {
        const char *hex;
        int error;
    } rows[] = {
        {IP IP_SRC, 0},
        {OTHER IP_SRC, OFPERR_BMC_BAD_PREREQ},
        {ETHERNET IP_SRC, OFPERR_BMC_BAD_PREREQ},
        {ETHERNET "8000 0a 02 0800 " IP_SRC, 0},
        {ETHERNET "8000 08 06 020000000001 ", 0},
        {IP "8000 08 06 020000000001 ", OFPERR_BMC_BAD_PREREQ},
        {IP "8000 0a 02 0800 ", OFPERR_BMC_BAD_PREREQ},
        {IP "8000 0c 02 1005 ", OFPERR_BMC_BAD_PREREQ},
        {IP "8000 14 01 06 8000 1a 02 0050 ", 0},
        {"8000 59 08 0001 0800 ffff 0000 ", OFPERR_BMC_BAD_MASK},
    };
    uint8_t bytes[64];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        size_t n = from_hex(rows[i].hex, bytes);
        struct ofp_match match;
        int rc;

        ofp_match_init(&match);
        rc = oxm_fields_decode(bytes, n, &match);
        if (rc != rows[i].error) {
            fail_msg("%s: %s", rows[i].hex, ofp_error_name((enum ofp_error)rc));
        }
    }
}

static void a_nicira_match_may_ask_for_a_cookie(void **state)
{
    uint8_t body[] = {0, 1, 0x3d, 16, 0, 0, 0, 0, 0, 0, 0, 5,    0,    0,    0, 0,
                      0, 0, 0,    15, 0, 0, 6, 2, 8, 0, 0, 0x00, 0x0c, 0x01, 17};
    struct nxm_cookie cookie;
    struct ofp_match m;

    (void)state;
    assert_int_equal(nxm_match_decode(body, sizeof body, &m, &cookie), 0);
    assert_int_equal(cookie.value, 5);
    assert_int_equal(cookie.mask, 15);
    assert_int_equal(m.flow.pkt.nw_proto, 17);
    /* Else it is the number of mpls_ttl, which is shorter. */
    assert_int_equal(nxm_match_decode(body, sizeof body, &m, NULL), OFPERR_BMC_BAD_LEN);
    assert_int_equal(nxm_match_decode(body, sizeof body - 1, &m, &cookie), OFPERR_BMC_BAD_LEN);
}

/* --- Actions: bytes as ovs-ofctl sends them, and the text of what they are. */

#define LEARN2(LEN, FLAGS, RESULT)                                                                 \
    "ffff " LEN " 00002320 002d 0000 0000 8000 0000000000000000 " FLAGS                            \
    "0100 0000 0000 00000064 " RESULT
#define LEARN(LEN, FLAGS, TABLE)                                                                   \
    "ffff " LEN " 00002320 0010 000a 0014 8000 0000000000000005 " FLAGS TABLE "00 0001 0002 "

static const struct {
    const char *hex, *text;
    enum ofp_version from, to;
} actions[] = {
    {"0000 0008 0003 0000", "output:3", OFP10, OFP10},
    {"0000 0010 00000003 0000 000000000000", "output:3", OFP13, OFP15},
    {"0006 0008 0a000001", "set_field:10.0.0.1->nw_src", OFP10, OFP10},
    {"0005 0008 0a000001", "set_field:10.0.0.1->nw_src", OFP11, OFP11},
    {"0003 0010 020000000001 000000000000", "set_field:02:00:00:00:00:01->eth_src", OFP11, OFP11},
    {"000b 0010 0003 000000000000 00000007", "enqueue:3:7", OFP10, OFP10},
    {"0015 0008 00000007", "set_queue:7", OFP11, OFP15},
    {"0016 0008 00000009", "group:9", OFP11, OFP15},
    {"ffff 0010 00002320 0028 0000 00000009", "group:9", OFP10, OFP10},
    {"ffff 0010 00002320 0004 0000 00000007", "set_queue:7", OFP10, OFP10},
    {"ffff 0010 00002320 0005 000000000000", "pop_queue", OFP10, OFP15},
    {"0019 0010 80001604 0a000001 00000000", "set_field:10.0.0.1->nw_src", OFP13, OFP15},
    {"0017 0008 07 000000", "mod_nw_ttl:7", OFP13, OFP15},
    {"0018 0008 00000000", "dec_ttl", OFP13, OFP15},
    {"ffff 0010 00002320 0012 000000000000", "dec_ttl", OFP10, OFP10},
    {"ffff 0018 00002320 0015 0002 00000000 0001 0002 00000000", "dec_ttl(1,2)", OFP10, OFP15},
    {"ffff 0018 00002320 0007 001f 80000004 000000000000ffff", "load:0xffff->in_port[]", OFP10,
     OFP14},
    {"ffff 0018 00002320 0007 000f 00000002 0000000000000004", "load:0x4->in_port[0..15]", OFP10,
     OFP14},
    {"ffff 0018 00002320 0007 0007 00010004 0000000000000005", "load:0x5->reg0[0..7]", OFP10,
     OFP14},
    {"ffff 0018 00002320 0021 00010604 00000005 0000 00000000", "set_field:0x5->reg3", OFP10,
     OFP10},
    {"ffff 0018 00002320 0021 00010708 00000005 000000ff 0000", "set_field:0x5/0xff->reg3", OFP10,
     OFP14},
    {"0019 0010 00010708 00000005 000000ff", "set_field:0x5/0xff->reg3", OFP15, OFP15},
    {"ffff 0018 00002320 0006 0010 0000 0010 00010004 00010204", "move:reg0[0..15]->reg1[16..31]",
     OFP10, OFP14},
    {"001c 0018 0010 0000 0010 0000 00010004 00010204 00000000", "move:reg0[0..15]->reg1[16..31]",
     OFP15, OFP15},
    {"ffff 0018 00002320 001b 0000 00010404 0020 000000000000", "push:reg2[]", OFP10, OFP15},
    {"ffff 0018 00002320 001c 0004 00010604 0004 000000000000", "pop:reg3[4..7]", OFP10, OFP15},
    {"ffff 0018 00002320 000f 000f 00010004 ffff 000000000000", "output:reg0[0..15]", OFP10, OFP15},
    {"ffff 0010 00002320 0027 0002 00000064", "output(port=2,max_len=100)", OFP10, OFP15},
    {"ffff 0010 00002320 0027 fffe 0000000e", "output(port=LOCAL,max_len=14)", OFP10, OFP15},
    {"ffff 0010 00002320 0027 fffa ffffffff", "output(port=NORMAL,max_len=4294967295)", OFP10,
     OFP15},
    {"ffff 0010 00002320 0001 0001 00000000", "resubmit:1", OFP10, OFP15},
    {"ffff 0010 00002320 000e fff8 04 000000", "resubmit(,4)", OFP10, OFP15},
    {"ffff 0010 00002320 000e 0001 04 000000", "resubmit(1,4)", OFP10, OFP15},
    {"ffff 0010 00002320 0011 000000000000", "exit", OFP10, OFP15},
    {"ffff 0018 00002320 0031 05dc 0007 00010204 000000000000", "check_pkt_larger(1500)->reg1[7]",
     OFP10, OFP15},
    {"ffff 0010 00002320 0008 010203000000", "note:01.02.03.00.00.00", OFP10, OFP15},
    {"ffff 0010 00002320 0002 0000 00000005", "set_tunnel:0x5", OFP10, OFP10},
    {"ffff 0018 00002320 0009 000000000000 0000000500000000", "set_tunnel:0x500000000", OFP10,
     OFP10},
    {"ffff 0020 00002320 000a 0001 0032 0000 0002 0003 00000000 0000 001f 00010004",
     "multipath(symmetric_l4,50,hrw,4,0,reg0[])", OFP10, OFP15},
    {"ffff 0028 00002320 000c 0001 0000 0007 00000002 0003 0000 00000000 00000000"
     "0004 0008 fffe 0000",
     "bundle(eth_src,7,hrw,ofport,members:4,8,LOCAL)", OFP10, OFP15},
    {"ffff 0028 00002320 000d 0000 0003 0000 00000002 0001 000f 00010004 00000000"
     "0004 000000000000",
     "bundle_load(symmetric_l3l4+udp,0,active_backup,ofport,reg0[0..15],members:4)", OFP10, OFP15},
    {"ffff 0030 00002320 002a 000000000000 0012 0008 00000000 0000 0010 00000003 0000 "
     "000000000000 0018 0008 00000000",
     "clone(pop_vlan,output:3,dec_ttl)", OFP13, OFP15},
    {"ffff 0010 00002320 002a 000000000000", "clone(drop)", OFP10, OFP15},
    {"ffff 0010 00002320 0022 01 03 00000009", "conjunction(9,2/3)", OFP10, OFP15},
    {LEARN("0050", "0001", "01") "000c 00000802 0000 00000802 0000"
                                 "0030 00000406 0000 00000206 0000"
                                 "2808 0005 00010004 0000"
                                 "1010 00000002 0000"
                                 "0000",
     "learn(table=1,idle_timeout=10,hard_timeout=20,fin_idle_timeout=1,fin_hard_timeout=2,"
     "send_flow_rem,cookie=0x5,vlan_tci[0..11],dl_dst[]=dl_src[],load:0x5->reg0[0..7],"
     "output:in_port[0..15])",
     OFP10, OFP15},
    {"ffff 0028 00002320 002d 0000 0000 8000 0000000000000000 0000 0100 0000 0000 00000064 "
     "00000000",
     "learn(table=1,limit=100)", OFP10, OFP15},
    {LEARN("0020", "0002", "01"),
     "learn(table=1,idle_timeout=10,hard_timeout=20,fin_idle_timeout=1,fin_hard_timeout=2,"
     "delete_learned,cookie=0x5)",
     OFP10, OFP15},
    {"ffff 0030 00002320 002d 0000 0000 8000 0000000000000000 0007 0100 0000 0000 00000064 "
     "0003 0000 00010004 00000000",
     "learn(table=1,send_flow_rem,delete_learned,limit=100,result_dst=reg0[3])", OFP10, OFP15},
    {"0013 0008 8847 0000", "push_mpls:0x8847", OFP13, OFP15},
    {"ffff 0010 00002320 0017 8848 00000000", "push_mpls:0x8848", OFP10, OFP10},
    {"0013 0008 8847 0000 000f 0008 09 000000", "push_mpls:0x8847,set_mpls_ttl(9)", OFP13, OFP15},
    {"ffff 0010 00002320 0017 8847 00000000 ffff 0010 00002320 0019 09 0000000000",
     "push_mpls:0x8847,set_mpls_ttl(9)", OFP10, OFP10},
    {"ffff 0010 00002320 0017 8847 00000000 ffff 0010 00002320 001e 0000 00012345"
     "ffff 0010 00002320 001f 05 0000000000",
     "push_mpls:0x8847,set_mpls_label(74565),set_mpls_tc(5)", OFP10, OFP10},
    {"0013 0008 8847 0000 0019 0010 80004404 00012345 00000000 0019 0010 80004601 05 000000 "
     "00000000",
     "push_mpls:0x8847,set_field:74565->mpls_label,set_field:5->mpls_tc", OFP13, OFP15},
    {"0013 0008 8847 0000 0010 0008 00000000 0014 0008 0800 0000",
     "push_mpls:0x8847,dec_mpls_ttl,pop_mpls:0x0800", OFP13, OFP15},
    {"ffff 0010 00002320 0017 8847 00000000 ffff 0010 00002320 001a 000000000000"
     "ffff 0010 00002320 0018 0800 00000000",
     "push_mpls:0x8847,dec_mpls_ttl,pop_mpls:0x0800", OFP10, OFP10},
    {"000b 0008 00000000 000c 0008 00000000", "copy_ttl_out,copy_ttl_in", OFP13, OFP15},
    {"001a 0008 88e7 0000 0019 0010 80004a03 012345 00 00000000 0019 0010 80005201 01 000000 "
     "00000000"
     "001b 0008 00000000",
     "push_pbb:0x88e7,set_field:0x12345->pbb_isid,set_field:1->pbb_uca,pop_pbb", OFP13, OFP15},
    {"0016 0008 00000005", "group:5", OFP13, OFP15},
    {"001d 0008 00000005", "meter:5", OFP15, OFP15},
    {"ffff 0010 00002320 0014 0010 0005 01 00", "controller(max_len=16,id=5)", OFP10, OFP15},
    {"ffff 0010 00002320 0014 ffff 0000 02 00", "controller(reason=invalid_ttl)", OFP10, OFP15},
    {"ffff 0038 00002320 0025 000000000000 0000 0008 0010 0000 0001 0008 0005 0000"
     "0002 0005 00 000000 0003 0007 010203 00 0004 0004 00000000",
     "controller(reason=no_match,max_len=16,id=5,userdata=01.02.03,pause)", OFP10, OFP15},
    {"ffff 0018 00002320 0025 000000000000 0004 0004 00000000", "controller(pause)", OFP10, OFP15},
    {"ffff 0018 00002320 0025 000000000000 0005 0008 00000007", "controller(meter_id=7)", OFP10,
     OFP15},
    {"ffff 0018 00002320 001d 0064 00000001 00000002 00000003",
     "sample(probability=100,collector_set_id=1,obs_domain_id=2,obs_point_id=3)", OFP10, OFP15},
    {"ffff 0020 00002320 0026 0064 00000001 00000002 00000003 0004 000000000000",
     "sample(probability=100,collector_set_id=1,obs_domain_id=2,obs_point_id=3,sampling_port=4)",
     OFP10, OFP15},
    {"ffff 0020 00002320 0029 ffff 00000001 00000002 00000003 ffff 02 0000000000",
     "sample(probability=65535,collector_set_id=1,obs_domain_id=2,obs_point_id=3,egress)", OFP10,
     OFP15},
    {"0011 0008 88a8 0000", "push_vlan:0x88a8", OFP13, OFP15},
    {"0012 0008 00000000", "pop_vlan", OFP13, OFP15},
    {"0003 0008 00000000", "pop_vlan", OFP10, OFP10},
};

static void every_action_reads_as_it_was_written(void **state)
{
    struct ofp_match ip;

    (void)state;
    assert_int_equal(ofp_match_parse("ip", NULL, NULL, &ip, NULL), 0);
    for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
        for (unsigned int v = 0; v < ARRAY_SIZE(versions); v++) {
            struct ofp_actions list = OFP_ACTIONS_INIT;
            struct strbuf text = STRBUF_INIT, wire = STRBUF_INIT;
            uint8_t bytes[128];
            size_t n = from_hex(actions[i].hex, bytes);

            if (versions[v] < actions[i].from || versions[v] > actions[i].to) {
                continue;
            }
            if (ofp_actions_decode(versions[v], bytes, n, &ip, &list)) {
                fail_msg("%s in version %u", actions[i].text, versions[v]);
            }
            ofp_actions_format(&text, list.data, list.len);
            assert_string_equal(strbuf_str(&text), actions[i].text);
            ofp_actions_encode(&wire, versions[v], list.data, list.len);
            assert_int_equal(wire.len, n);
            assert_memory_equal(wire.data, bytes, n);
            ofp_actions_free(&list);
            strbuf_free(&text);
            strbuf_free(&wire);
        }
    }
}

/* Each level is bounded by its length, all of them by their number. */
static void clones_lie_in_each_other_to_a_limit(void **state)
{
    (void)state;
    for (unsigned int depth = 16; depth <= 17; depth++) {
        struct ofp_actions list = OFP_ACTIONS_INIT;
        struct strbuf s = STRBUF_INIT;

        for (unsigned int i = 0; i < depth; i++) {
            size_t start = nx_action_begin(&s, 42);

            wire_zeros(&s, 6);
            wire_set16(&s, start + 2, (uint16_t)(16 * (depth - i)));
        }
        assert_int_equal(ofp_actions_decode(OFP13, (uint8_t *)s.data, s.len, NULL, &list),
                         depth == 16 ? 0 : OFPERR_BAC_TOO_MANY);
        ofp_actions_free(&list);
        strbuf_free(&s);
    }
}

static const struct {
    const char *hex, *match;
    enum ofp_version version;
    enum ofp_error error;
} wrong_actions[] = {
    {"0000 0010 0003 0000 0000000000000000", "", OFP10, OFPERR_BAC_BAD_LEN},
    {"0000 0007 0003 0000", "", OFP10, OFPERR_BAC_BAD_LEN},
    {"00fe 0008 00000000", "", OFP10, OFPERR_BAC_BAD_TYPE},
    {"ffff 0008 00002320", "", OFP10, OFPERR_BAC_BAD_LEN},
    {"ffff 0010 00002320 00ff 000000000000", "", OFP10, OFPERR_BAC_BAD_VENDOR_TYPE},
    {"ffff 0010 00002321 0011 000000000000", "", OFP10, OFPERR_BAC_BAD_VENDOR},
    {"000b 0010 fffb 000000000000 00000001", "", OFP10, OFPERR_BAC_BAD_OUT_PORT},
    {"ffff 0010 00002320 0027 0002 0000000d", "", OFP10, OFPERR_BAC_BAD_ARGUMENT},
    {"ffff 0010 00002320 0027 ffff 00000000", "", OFP10, OFPERR_BAC_BAD_ARGUMENT},
    {"ffff 0010 00002320 0027 ff00 00000064", "", OFP10, OFPERR_BAC_BAD_OUT_PORT},
    {"ffff 0010 00002320 0027 fff7 00000064", "", OFP10, OFPERR_BAC_BAD_OUT_PORT},
    {"ffff 0010 00002320 0027 ffff 00000064", "", OFP15, OFPERR_BAC_BAD_OUT_PORT},
    {"ffff 0018 00002320 0027 0002 00000064 0000000000000000", "", OFP13, OFPERR_BAC_BAD_LEN},
    {"0016 0008 ffffff01", "", OFP13, OFPERR_BAC_BAD_OUT_GROUP},
    {"0018 0008 00000000", "arp", OFP13, OFPERR_BAC_MATCH_INCONSISTENT},
    {"0011 0008 9100 0000", "", OFP13, OFPERR_BAC_BAD_ARGUMENT},
    {"0013 0008 0800 0000", "", OFP13, OFPERR_BAC_BAD_ARGUMENT},
    {"0013 000c 8847 0000 00000000", "", OFP13, OFPERR_BAC_BAD_LEN},
    {"0014 0008 0800 0000", "ip", OFP13, OFPERR_BAC_MATCH_INCONSISTENT},
    {"0010 0008 00000000", "ip", OFP13, OFPERR_BAC_MATCH_INCONSISTENT},
    {"000f 0008 09 000000", "ip", OFP13, OFPERR_BAC_MATCH_INCONSISTENT},
    {"0019 0010 80004404 00000005 00000000", "ip", OFP13, OFPERR_BAC_MATCH_INCONSISTENT},
    {"0019 0010 80004404 00100000 00000000", "mpls", OFP13, OFPERR_BAC_BAD_SET_ARGUMENT},
    {"0019 0010 80004801 01 000000 00000000", "mpls", OFP13, OFPERR_BAC_BAD_SET_ARGUMENT},
    {"ffff 0010 00002320 001e 0000 00100000", "mpls", OFP10, OFPERR_BAC_BAD_ARGUMENT},
    {"ffff 0010 00002320 001f 08 0000000000", "mpls", OFP10, OFPERR_BAC_BAD_ARGUMENT},
    {"0013 0008 8847 0000 0019 0010 80001604 0a000001 00000000", "ip", OFP13,
     OFPERR_BAC_MATCH_INCONSISTENT}, /* No address behind a label. */
    {"000c 0008 00000000", "arp", OFP13, OFPERR_BAC_MATCH_INCONSISTENT},
    {"001a 0008 8100 0000", "", OFP13, OFPERR_BAC_BAD_ARGUMENT},
    {"001b 0008 00000000", "ip", OFP13, OFPERR_BAC_MATCH_INCONSISTENT},
    {"001a 0008 88e7 0000", "", OFP12, OFPERR_BAC_BAD_TYPE},
    {"0019 0010 80000c02 100a 0000 00000000", "", OFP13, OFPERR_BAC_MATCH_INCONSISTENT},
    {"0019 0010 80000e01 03 000000 00000000", "vlan_tci=0x1000/0x1000", OFP13, OFPERR_NONE},
    {"0019 0010 80001604 0a000001 00000000", "arp", OFP13, OFPERR_BAC_MATCH_INCONSISTENT},
    {"0019 0010 80000a02 0800 0000 00000000", "", OFP13, OFPERR_BAC_BAD_SET_ARGUMENT},
    {"0019 0010 00010708 00000005 000000ff", "", OFP13, OFPERR_BAC_BAD_SET_TYPE},
    {"0019 0010 00010708 000000ff 00000005", "", OFP15, OFPERR_BMC_BAD_WILDCARDS},
    {"0019 0018 80001604 0a000001 0000000000000000 00000000", "ip", OFP13, OFPERR_BAC_BAD_SET_LEN},
    {"0019 0010 8000fe04 0a000001 00000000", "ip", OFP13, OFPERR_BAC_BAD_SET_TYPE},
    {"ffff 0018 00002320 0007 07c7 00010004 0000000000000005", "", OFP10,
     OFPERR_BAC_BAD_ARGUMENT}, /* Bits 31...38 of 32. */
    {"ffff 0018 00002320 0007 0003 00010004 0000000000000010", "", OFP10, OFPERR_BAC_BAD_ARGUMENT},
    {"ffff 0018 00002320 0007 000f 00000602 0000000000000800", "", OFP10,
     OFPERR_BAC_BAD_SET_ARGUMENT}, /* The Ethernet type. */
    {"ffff 0018 00002320 0006 0000 0000 0010 00010004 00010204", "", OFP10,
     OFPERR_BAC_BAD_ARGUMENT},
    {"ffff 0018 00002320 0015 0005 00000000 0001 0002 00000000", "ip", OFP10, OFPERR_BAC_BAD_LEN},
    {"ffff 0010 00002320 000e fff8 04 000001", "", OFP10, OFPERR_BAC_BAD_ARGUMENT},
    {"ffff 0020 00002320 0016 000000000000 0000000000000005 000000000000000f"
     "0000 0008 0003 0000",
     "", OFP10, OFPERR_BAC_UNSUPPORTED_ORDER},
    {"ffff 0020 00002320 000a 0007 0000 0000 0000 0001 00000000 0000 001f 00010004", "", OFP10,
     OFPERR_BAC_BAD_ARGUMENT}, /* Unknown fields. */
    {"ffff 0020 00002320 000a 0001 0000 0000 0000 0004 00000000 0000 0001 00010004", "", OFP10,
     OFPERR_BAC_BAD_ARGUMENT}, /* Link 4 in two bits. */
    {"ffff 0028 00002320 000c 0001 0000 0007 00000002 0005 0000 00000000 00000000"
     "0004 0008 fffe 0000",
     "", OFP10, OFPERR_BAC_BAD_LEN},
    {"ffff 0028 00002320 000c 0001 0000 0007 00000002 0003 0000 00000000 00000000"
     "0004 0008 fffa 0000",
     "", OFP10, OFPERR_BAC_BAD_OUT_PORT}, /* NORMAL. */
    {"ffff 0010 00002320 0022 03 03 00000009", "", OFP10, OFPERR_NXBAC_BAD_CONJUNCTION},
    {"ffff 0010 00002320 0022 00 01 00000009", "", OFP10, OFPERR_NXBAC_BAD_CONJUNCTION},
    {"ffff 0010 00002320 0022 00 41 00000009", "", OFP10, OFPERR_NXBAC_BAD_CONJUNCTION},
    {"ffff 0010 00002320 0022 00 02 00000009 0000 0008 0003 0000", "", OFP10,
     OFPERR_NXBAC_BAD_CONJUNCTION},
    {"ffff 0020 00002320 002a 000000000000 ffff 0010 00002320 0022 00 02 00000009", "", OFP10,
     OFPERR_NXBAC_BAD_CONJUNCTION},
    {"ffff 0018 00002320 002a 000000000000 00fe 0008 00000000", "", OFP10, OFPERR_BAC_BAD_TYPE},
    {"ffff 0018 00002320 0010 000000000000 0000000000000000", "", OFP10, OFPERR_BAC_BAD_LEN},
    {LEARN("0020", "0000", "fe"), "", OFP10, OFPERR_BAC_BAD_ARGUMENT}, /* Table 254. */
    {LEARN("0020", "0004", "01"), "", OFP10, OFPERR_BAC_BAD_ARGUMENT}, /* Write result. */
    {LEARN2("0028", "0008", "00000000"), "", OFP10, OFPERR_BAC_BAD_ARGUMENT},
    {LEARN2("0028", "0000", "00030000"), "", OFP10, OFPERR_BAC_BAD_ARGUMENT},
    {LEARN2("0028", "0000", "00000001"), "", OFP10, OFPERR_BAC_BAD_ARGUMENT},
    {LEARN2("0028", "0004", "00000000"), "", OFP10, OFPERR_BAC_BAD_LEN},
    {LEARN2("0030", "0004", "00200000") "00010004 00000000", "", OFP10,
     OFPERR_BAC_BAD_ARGUMENT}, /* Beyond the register. */
    {LEARN("0030", "0000", "01") "0010 00000e04 0000 00000e04 0000 0000", "ip", OFP10,
     OFPERR_BAC_MATCH_INCONSISTENT}, /* Matches an address, but not IP. */
    {LEARN("0028", "0000", "01") "0030 00000406 0000", "", OFP10, OFPERR_BAC_BAD_LEN},
    {LEARN("0028", "0000", "01") "1821 00000406 0000", "", OFP10, OFPERR_BAC_BAD_ARGUMENT},
    {LEARN("0028", "0000", "01") "0000 0000 00000001", "", OFP10, OFPERR_BAC_BAD_ARGUMENT},
    {"ffff 0010 00002320 0014 0010 0005 09 00", "", OFP10, OFPERR_BAC_BAD_ARGUMENT},
    {"ffff 0018 00002320 0025 000000000001 0004 0004 00000000", "", OFP10,
     OFPERR_NXBRC_MUST_BE_ZERO},
    {"ffff 0018 00002320 0025 000000000000 0009 0004 00000000", "", OFP10, OFPERR_BPC_BAD_TYPE},
    {"ffff 0018 00002320 0025 000000000000 0000 0006 00000000", "", OFP10, OFPERR_BPC_BAD_LEN},
    {"ffff 0018 00002320 0025 000000000000 0003 0009 00000000", "", OFP10, OFPERR_BPC_BAD_LEN},
    {"ffff 0018 00002320 0025 000000000000 0002 0005 07 000000", "", OFP10,
     OFPERR_BAC_BAD_ARGUMENT},
    {"ffff 0018 00002320 001d 0000 00000001 00000002 00000003", "", OFP10, OFPERR_BAC_BAD_ARGUMENT},
    {"ffff 0020 00002320 0026 0064 00000001 00000002 00000003 0004 000000000001", "", OFP10,
     OFPERR_NXBRC_MUST_BE_ZERO},
    {"ffff 0020 00002320 0029 0064 00000001 00000002 00000003 0004 030000000000", "", OFP10,
     OFPERR_BAC_BAD_ARGUMENT},
    {"ffff 0010 00002320 0013 0001 0002 0000", "udp", OFP13, OFPERR_BAC_MATCH_INCONSISTENT}};

static void wrong_actions_get_the_exact_error(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(wrong_actions); i++) {
        struct ofp_actions list = OFP_ACTIONS_INIT;
        struct ofp_match match;
        uint8_t bytes[128];
        size_t n = from_hex(wrong_actions[i].hex, bytes);
        int rc;

        assert_int_equal(ofp_match_parse(wrong_actions[i].match, NULL, NULL, &match, NULL), 0);
        rc = ofp_actions_decode(wrong_actions[i].version, bytes, n, &match, &list);
        if (rc != (int)wrong_actions[i].error) {
            fail_msg("%s: %s", wrong_actions[i].hex, ofp_error_name((enum ofp_error)rc));
        }
        ofp_actions_free(&list);
    }
}

static void a_pushed_tag_is_a_prerequisite(void **state)
{
    uint8_t bytes[128];
    size_t n = from_hex("0011 0008 8100 0000 0019 0010 80000c02 100a 0000 00000000"
                        "0012 0008 00000000",
                        bytes);
    struct ofp_actions list = OFP_ACTIONS_INIT;
    struct ofp_match any;

    (void)state;
    ofp_match_init(&any);
    assert_int_equal(ofp_actions_decode(OFP13, bytes, n, &any, &list), 0);
    ofp_actions_free(&list);
    n = from_hex("0012 0008 00000000 0019 0010 80000c02 100a 0000 00000000", bytes);
    assert_int_equal(ofp_match_parse("dl_vlan=1", NULL, NULL, &any, NULL), 0);
    assert_int_equal(ofp_actions_decode(OFP13, bytes, n, &any, &list),
                     OFPERR_BAC_MATCH_INCONSISTENT);
}

/* --- Instructions. */

#define GOTO20 "0001 0008 14 000000"
#define METADATA "0002 0018 00000000 0000000000000005 00000000000000ff"
#define WRITE3 "0003 0018 00000000 0000 0010 00000003 0000 000000000000"
#define APPLY1 "0004 0018 00000000 0000 0010 00000001 0000 000000000000"
#define CLEAR "0005 0008 00000000"
#define METER7 "0006 0008 00000007"

static void instructions_are_kept_in_their_order(void **state)
{
    struct ofp_actions list = OFP_ACTIONS_INIT;
    struct strbuf text = STRBUF_INIT, wire = STRBUF_INIT;
    uint8_t bytes[256], want[256];
    size_t n = from_hex(GOTO20 METADATA WRITE3 CLEAR APPLY1 METER7, bytes);
    struct ofp_match any;

    (void)state;
    ofp_match_init(&any);
    assert_int_equal(ofp_instructions_decode(OFP13, bytes, n, 3, &any, &list), 0);
    ofp_actions_format(&text, list.data, list.len);
    assert_string_equal(strbuf_str(&text), "meter:7,output:1,clear_actions,write_actions(output:3),"
                                           "write_metadata:0x5/0xff,goto_table:20");
    ofp_instructions_encode(&wire, OFP13, list.data, list.len);
    n = from_hex(METER7 APPLY1 CLEAR WRITE3 METADATA GOTO20, want);
    assert_int_equal(wire.len, n);
    assert_memory_equal(wire.data, want, n);
    assert_true(ofp_actions_output_to(list.data, list.len, 3));
    assert_false(ofp_actions_output_to(list.data, list.len, 4));
    ofp_actions_free(&list);
    strbuf_free(&text);
    strbuf_free(&wire);
}

static void wrong_instructions_get_the_exact_error(void **state)
{
    static const struct {
        const char *hex;
        uint8_t table_id;
        enum ofp_error error;
    } bad[] = {
        {GOTO20, 20, OFPERR_BIC_BAD_TABLE_ID},
        {GOTO20, 21, OFPERR_BIC_BAD_TABLE_ID},
        {"0001 0008 fe 000000", 0, OFPERR_BIC_BAD_TABLE_ID},
        {"0001 0008 ff 000000", 0, OFPERR_BIC_BAD_TABLE_ID},
        {GOTO20 GOTO20, 0, OFPERR_BIC_DUP_INST},
        {APPLY1 CLEAR APPLY1, 0, OFPERR_BIC_DUP_INST},
        {"0006 0008 00000000", 0, OFPERR_MMFC_INVALID_METER},
        {"0006 0008 ffff0001", 0, OFPERR_MMFC_INVALID_METER},
        {"0006 0008 00000001 0006 0008 00000001", 0, OFPERR_BIC_DUP_INST},
        {"0007 0008 00000001", 0, OFPERR_BIC_UNKNOWN_INST},
        {"0000 0008 00000001", 0, OFPERR_BIC_UNKNOWN_INST},
        {"ffff 0008 00002320", 0, OFPERR_BIC_BAD_EXPERIMENTER},
        {"0001 0010 14 000000 0000000000000000", 0, OFPERR_BIC_BAD_LEN},
        {"0001 0007 14 000000", 0, OFPERR_BIC_BAD_LEN},
        {"0005 0010 00000000", 0, OFPERR_BIC_BAD_LEN},
        {"0005 00", 0, OFPERR_BIC_BAD_LEN},
        /* A note does not belong into an action set. */
        {"0003 0018 00000000 ffff 0010 00002320 0008 000000000000", 0, OFPERR_BAC_BAD_TYPE},
        {CLEAR "0003 0018 00000000 0000 0010 ffffff00 0000 000000000000", 0,
         OFPERR_BAC_BAD_OUT_PORT},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct ofp_actions list = OFP_ACTIONS_INIT;
        struct ofp_match any;
        uint8_t bytes[256];
        size_t n = from_hex(bad[i].hex, bytes);
        int rc;

        ofp_match_init(&any);
        rc = ofp_instructions_decode(OFP13, bytes, n, bad[i].table_id, &any, &list);
        if (rc != (int)bad[i].error) {
            fail_msg("%s: %s", bad[i].hex, ofp_error_name((enum ofp_error)rc));
        }
        assert_null(list.data);
    }
}

/* pop_mpls:0x0800, then write_actions(dec_ttl) and write_actions(dec_mpls_ttl). */
static void what_is_written_may_be_of_the_packet_before_and_behind_what_is_applied(void **state)
{
    static const struct {
        const char *hex;
        int error;
    } cases[] = {
        {"0004 0010 00000000 0014 0008 0800 0000 0003 0010 00000000 0018 0008 00000000", 0},
        {"0004 0010 00000000 0014 0008 0800 0000 0003 0010 00000000 0010 0008 00000000", 0},
        {"0003 0010 00000000 0018 0008 00000000", OFPERR_BAC_MATCH_INCONSISTENT},
    };
    struct ofp_match mpls;
    struct error err;

    (void)state;
    assert_int_equal(ofp_match_parse("mpls", NULL, NULL, &mpls, &err), 0);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct ofp_actions list = OFP_ACTIONS_INIT;
        uint8_t bytes[128];
        size_t n = from_hex(cases[i].hex, bytes);

        assert_int_equal(ofp_instructions_decode(OFP13, bytes, n, 0, &mpls, &list), cases[i].error);
        ofp_actions_free(&list);
    }
}

/* --- Flow mods. */

static void nicira_flow_mods_name_a_table_when_that_is_on(void **state)
{
    uint8_t bytes[128];
    size_t n = from_hex("0000000000000077 0300 003c 0000 8000 ffffffff ffff 0000"
                        "0006 000000000000 0000 0602 0800 0000"
                        "0000 0008 0003 0000",
                        bytes);
    struct ofp_flow_mod fm;

    (void)state;
    assert_int_equal(nx_flow_mod_decode(OFP10, bytes, n, true, &fm), 0);
    assert_int_equal(fm.table_id, 3);
    assert_int_equal(fm.command, OFPFC_ADD);
    assert_int_equal(fm.new_cookie, 0x77);
    assert_int_equal(fm.idle_timeout_s, 60);
    assert_int_equal(fm.match.flow.pkt.eth_type, be16_make(0x0800));
    assert_int_equal(fm.actions.len, 8);
    ofp_actions_free(&fm.actions);
    assert_int_equal(nx_flow_mod_decode(OFP10, bytes, n, false, &fm), OFPERR_FMFC_BAD_COMMAND);
    bytes[8] = 255; /* An add goes to the first table, a delete into all. */
    assert_int_equal(nx_flow_mod_decode(OFP10, bytes, n, true, &fm), 0);
    assert_int_equal(fm.table_id, 0);
    ofp_actions_free(&fm.actions);
    bytes[9] = OFPFC_DELETE;
    assert_int_equal(nx_flow_mod_decode(OFP10, bytes, n, true, &fm), 0);
    assert_int_equal(fm.table_id, OFPTT_ALL);
    assert_int_equal(fm.actions.len, 0);
    for (size_t cut = 0; cut < n; cut++) {
        if (!nx_flow_mod_decode(OFP10, bytes, cut, true, &fm)) {
            assert_int_equal(cut, n - 8); /* Without the action. */
        }
    }
}

static void flow_statistics_are_as_long_as_they_say(void **state)
{
    static const enum ofp_flow_stats_form forms[] = {OFP_FLOW_STATS_OWN, OFP_FLOW_STATS_NX,
                                                     OFP_FLOW_STATS_SHORT};
    struct ofp_flow_stats fs = {.table_id = 3, .priority = 7, .duration_ms = 1500, .packets = 9};

    (void)state;
    assert_int_equal(ofp_match_parse("tcp,reg1=5,tcp_dst=80", NULL, NULL, &fs.match, NULL), 0);
    for (unsigned int v = 0; v < ARRAY_SIZE(versions); v++) {
        for (unsigned int i = 0; i < ARRAY_SIZE(forms); i++) {
            struct strbuf s = STRBUF_INIT;

            ofp_flow_stats_encode(&s, versions[v], forms[i], &fs);
            assert_int_equal(wire_get16((uint8_t *)s.data), s.len);
            assert_int_equal(s.len % 8, 0);
            strbuf_free(&s);
        }
    }
}

int main(void)
{
    struct ofp_tlv_map map;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_reads_as_it_was_written),
        cmocka_unit_test(every_match_reads_as_it_was_written),
        cmocka_unit_test(matches_of_openflow_11_read_as_they_were_written),
        cmocka_unit_test(wrong_matches_of_openflow_11_get_the_exact_error),
        cmocka_unit_test(a_packet_type_stands_for_the_ethernet_header),
        cmocka_unit_test(a_nicira_match_may_ask_for_a_cookie),
        cmocka_unit_test(every_action_reads_as_it_was_written),
        cmocka_unit_test(clones_lie_in_each_other_to_a_limit),
        cmocka_unit_test(wrong_actions_get_the_exact_error),
        cmocka_unit_test(a_pushed_tag_is_a_prerequisite),
        cmocka_unit_test(instructions_are_kept_in_their_order),
        cmocka_unit_test(wrong_instructions_get_the_exact_error),
        cmocka_unit_test(what_is_written_may_be_of_the_packet_before_and_behind_what_is_applied),
        cmocka_unit_test(nicira_flow_mods_name_a_table_when_that_is_on),
        cmocka_unit_test(flow_statistics_are_as_long_as_they_say),
    };

    ofp_tlv_map_init(&map);
    for (unsigned int i = 0; i < OFP_N_TLV_FIELDS; i++) {
        assert_true(ofp_tlv_map_add(&map, i, 1, (uint8_t)i, 4));
    }
    ofp_tlv_map_use(&map);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
