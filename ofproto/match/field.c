/* The table of match fields; see field.h. */
#include "ofproto/match/tlv_map.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#define F(MEMBER) offsetof(struct ofp_flow, MEMBER)
#define P(MEMBER) offsetof(struct ofp_flow, pkt.MEMBER)
#define OXM(N) OFP_OXM(OFP_OXM_BASIC, N)
#define NXM0(N) OFP_OXM(OFP_NXM_0, N)
#define NXM1(N) OFP_OXM(OFP_NXM_1, N)
#define ERIC(N) OFP_OXM(OFP_OXM_ERICSSON, N)
#define NXEXP(N) OFP_OXM(OFP_OXM_EXPERIMENTER, N)
#define NSH(N) OFP_OXM(OFP_OXM_NSH, N)

/* Columns: name, name2, offset, bytes, bits, shift, host_order, trie, maskable, settable, stage,
 * form, prerequisite, OXM, NXM, whether OXM is late. */
#define REGS(ID, NAME, REGISTER, BYTES, OXM_HEADER, NXM_HEADER)                                    \
    [ID] = {ID,                                                                                    \
            NAME,                                                                                  \
            NULL,                                                                                  \
            F(reg[REGISTER]),                                                                      \
            BYTES,                                                                                 \
            (BYTES)*8,                                                                             \
            0,                                                                                     \
            false,                                                                                 \
            false,                                                                                 \
            true,                                                                                  \
            true,                                                                                  \
            OFP_STAGE_METADATA,                                                                    \
            OFP_FORM_HEX,                                                                          \
            OFP_PREREQ_NONE,                                                                       \
            OXM_HEADER,                                                                            \
            NXM_HEADER,                                                                            \
            true}
#define REG(N) REGS(OFP_FIELD_REG0 + N, "reg" #N, N, 4, 0, NXM1(N))
#define XREG(N) REGS(OFP_FIELD_XREG0 + N, "xreg" #N, 2 * N, 8, OFP_OXM(OFP_OXM_REGS, N), 0)
#define XXREG(N) REGS(OFP_FIELD_XXREG0 + N, "xxreg" #N, 4 * N, 16, 0, NXM1(111 + N))
#define NSH_CONTEXT(N, NAME)                                                                       \
    [OFP_FIELD_NSH_C1 + N] = {OFP_FIELD_NSH_C1 + N,                                                \
                              NAME,                                                                \
                              NULL,                                                                \
                              P(ipv6_src[4 * N]),                                                  \
                              4,                                                                   \
                              32,                                                                  \
                              0,                                                                   \
                              false,                                                               \
                              false,                                                               \
                              true,                                                                \
                              true,                                                                \
                              OFP_STAGE_L3,                                                        \
                              OFP_FORM_HEX,                                                        \
                              OFP_PREREQ_NSH_CONTEXT,                                              \
                              0,                                                                   \
                              NSH(6 + N)}
#define ROW(ID, ...) [OFP_FIELD_##ID] = {OFP_FIELD_##ID, __VA_ARGS__}

/* clang-format off */
static const struct ofp_field fields[OFP_N_FIELDS] = {
    ROW(IN_PORT, "in_port", NULL, F(in_port), 4, 32, 0, true, false, false, true,
        OFP_STAGE_METADATA, OFP_FORM_PORT, OFP_PREREQ_NONE, OXM(0), NXM0(0)),
    ROW(ACTSET_OUTPUT, "actset_output", NULL, F(actset_output), 4, 32, 0, true, false, false,
        false, OFP_STAGE_METADATA, OFP_FORM_PORT, OFP_PREREQ_NONE, OXM(43), 0, true),
    ROW(METADATA, "metadata", NULL, F(metadata), 8, 64, 0, true, false, true, true,
        OFP_STAGE_METADATA, OFP_FORM_HEX, OFP_PREREQ_NONE, OXM(2), 0),
    REG(0), REG(1), REG(2), REG(3), REG(4), REG(5), REG(6), REG(7),
    REG(8), REG(9), REG(10), REG(11), REG(12), REG(13), REG(14), REG(15),
    XREG(0), XREG(1), XREG(2), XREG(3), XREG(4), XREG(5), XREG(6), XREG(7),
    XXREG(0), XXREG(1), XXREG(2), XXREG(3),
    ROW(PACKET_TYPE, "packet_type", NULL, F(packet_type), 4, 32, 0, false, false, false, false,
        OFP_STAGE_METADATA, OFP_FORM_PACKET_TYPE, OFP_PREREQ_NONE, OXM(44), 0),
    ROW(CONJ_ID, "conj_id", NULL, F(conj_id), 4, 32, 0, false, false, false, false,
        OFP_STAGE_METADATA, OFP_FORM_DECIMAL, OFP_PREREQ_NONE, 0, NXM1(37)),
    ROW(TUN_ID, "tun_id", "tunnel_id", F(tun_id), 8, 64, 0, false, false, true, true,
        OFP_STAGE_METADATA, OFP_FORM_HEX, OFP_PREREQ_NONE, OXM(38), NXM1(16)),
    ROW(TUN_SRC, "tun_src", NULL, F(tun_src), 4, 32, 0, false, false, true, true,
        OFP_STAGE_METADATA, OFP_FORM_IPV4, OFP_PREREQ_NONE, 0, NXM1(31)),
    ROW(TUN_DST, "tun_dst", NULL, F(tun_dst), 4, 32, 0, false, false, true, true,
        OFP_STAGE_METADATA, OFP_FORM_IPV4, OFP_PREREQ_NONE, 0, NXM1(32)),
    ROW(TUN_IPV6_SRC, "tun_ipv6_src", NULL, F(tun_ipv6_src), 16, 128, 0, false, false, true, true,
        OFP_STAGE_METADATA, OFP_FORM_IPV6, OFP_PREREQ_NONE, 0, NXM1(109)),
    ROW(TUN_IPV6_DST, "tun_ipv6_dst", NULL, F(tun_ipv6_dst), 16, 128, 0, false, false, true, true,
        OFP_STAGE_METADATA, OFP_FORM_IPV6, OFP_PREREQ_NONE, 0, NXM1(110)),
    ROW(TUN_GBP_ID, "tun_gbp_id", NULL, F(tun_gbp_id), 2, 16, 0, false, false, true, true,
        OFP_STAGE_METADATA, OFP_FORM_DECIMAL, OFP_PREREQ_NONE, 0, NXM1(38)),
    ROW(TUN_GBP_FLAGS, "tun_gbp_flags", NULL, F(tun_gbp_flags), 1, 8, 0, false, false, true, true,
        OFP_STAGE_METADATA, OFP_FORM_HEX, OFP_PREREQ_NONE, 0, NXM1(39)),
    ROW(TUN_ERSPAN_VER, "tun_erspan_ver", NULL, F(tun_erspan_ver), 1, 4, 0, false, false, true,
        true, OFP_STAGE_METADATA, OFP_FORM_DECIMAL, OFP_PREREQ_NONE, 0, NXEXP(12)),
    ROW(TUN_ERSPAN_IDX, "tun_erspan_idx", NULL, F(tun_erspan_idx), 4, 20, 0, false, false, true,
        true, OFP_STAGE_METADATA, OFP_FORM_HEX, OFP_PREREQ_NONE, 0, NXEXP(11)),
    ROW(TUN_ERSPAN_DIR, "tun_erspan_dir", NULL, F(tun_erspan_dir), 1, 1, 0, false, false, true,
        true, OFP_STAGE_METADATA, OFP_FORM_DECIMAL, OFP_PREREQ_NONE, 0, NXEXP(13)),
    ROW(TUN_ERSPAN_HWID, "tun_erspan_hwid", NULL, F(tun_erspan_hwid), 1, 6, 0, false, false, true,
        true, OFP_STAGE_METADATA, OFP_FORM_HEX, OFP_PREREQ_NONE, 0, NXEXP(14)),
    ROW(TUN_GTPU_FLAGS, "tun_gtpu_flags", NULL, F(tun_gtpu_flags), 1, 8, 0, false, false, true,
        false, OFP_STAGE_METADATA, OFP_FORM_HEX, OFP_PREREQ_NONE, 0, NXEXP(15)),
    ROW(TUN_GTPU_MSGTYPE, "tun_gtpu_msgtype", NULL, F(tun_gtpu_msgtype), 1, 8, 0, false, false,
        true, false, OFP_STAGE_METADATA, OFP_FORM_DECIMAL, OFP_PREREQ_NONE, 0, NXEXP(16)),
    ROW(TUN_FLAGS, "tun_flags", NULL, F(tun_flags), 2, 1, 0, false, false, true, true,
        OFP_STAGE_METADATA, OFP_FORM_HEX, OFP_PREREQ_NONE, 0, NXM1(104)),
    ROW(CT_LABEL, "ct_label", NULL, F(ct_label), 16, 128, 0, false, false, true, false,
        OFP_STAGE_METADATA, OFP_FORM_HEX, OFP_PREREQ_NONE, 0, NXM1(108)),
    ROW(CT_NW_SRC, "ct_nw_src", NULL, F(ct_nw_src), 4, 32, 0, false, false, true, false,
        OFP_STAGE_METADATA, OFP_FORM_IPV4, OFP_PREREQ_CT, 0, NXM1(120)),
    ROW(CT_NW_DST, "ct_nw_dst", NULL, F(ct_nw_dst), 4, 32, 0, false, false, true, false,
        OFP_STAGE_METADATA, OFP_FORM_IPV4, OFP_PREREQ_CT, 0, NXM1(121)),
    ROW(CT_IPV6_SRC, "ct_ipv6_src", NULL, F(ct_ipv6_src), 16, 128, 0, false, false, true, false,
        OFP_STAGE_METADATA, OFP_FORM_IPV6, OFP_PREREQ_CT, 0, NXM1(122)),
    ROW(CT_IPV6_DST, "ct_ipv6_dst", NULL, F(ct_ipv6_dst), 16, 128, 0, false, false, true, false,
        OFP_STAGE_METADATA, OFP_FORM_IPV6, OFP_PREREQ_CT, 0, NXM1(123)),
    ROW(CT_NW_PROTO, "ct_nw_proto", NULL, F(ct_nw_proto), 1, 8, 0, false, false, false, false,
        OFP_STAGE_METADATA, OFP_FORM_DECIMAL, OFP_PREREQ_CT, 0, NXM1(119)),
    ROW(CT_TP_SRC, "ct_tp_src", NULL, F(ct_tp_src), 2, 16, 0, false, false, true, false,
        OFP_STAGE_METADATA, OFP_FORM_DECIMAL, OFP_PREREQ_CT, 0, NXM1(124)),
    ROW(CT_TP_DST, "ct_tp_dst", NULL, F(ct_tp_dst), 2, 16, 0, false, false, true, false,
        OFP_STAGE_METADATA, OFP_FORM_DECIMAL, OFP_PREREQ_CT, 0, NXM1(125)),
    ROW(RECIRC_ID, "recirc_id", NULL, P(recirc_id), 4, 32, 0, true, false, false, false,
        OFP_STAGE_METADATA, OFP_FORM_HEX, OFP_PREREQ_NONE, 0, NXM1(36)),
    ROW(DP_HASH, "dp_hash", NULL, P(dp_hash), 4, 32, 0, true, false, true, false,
        OFP_STAGE_METADATA, OFP_FORM_HEX, OFP_PREREQ_NONE, 0, NXM1(35)),
    ROW(PKT_MARK, "pkt_mark", NULL, P(pkt_mark), 4, 32, 0, true, false, true, true,
        OFP_STAGE_METADATA, OFP_FORM_HEX, OFP_PREREQ_NONE, 0, NXM1(33)),
    ROW(CT_STATE, "ct_state", NULL, P(ct_state), 1, 8, 0, true, false, true, false,
        OFP_STAGE_METADATA, OFP_FORM_HEX, OFP_PREREQ_NONE, 0, NXM1(105)),
    ROW(CT_ZONE, "ct_zone", NULL, P(ct_zone), 2, 16, 0, true, false, false, false,
        OFP_STAGE_METADATA, OFP_FORM_DECIMAL, OFP_PREREQ_NONE, 0, NXM1(106)),
    ROW(CT_MARK, "ct_mark", NULL, P(ct_mark), 4, 32, 0, true, false, true, false,
        OFP_STAGE_METADATA, OFP_FORM_HEX, OFP_PREREQ_NONE, 0, NXM1(107)),
    ROW(ETH_DST, "dl_dst", "eth_dst", P(eth_dst), 6, 48, 0, false, false, true, true,
        OFP_STAGE_L2, OFP_FORM_MAC, OFP_PREREQ_NONE, OXM(3), NXM0(1)),
    ROW(ETH_SRC, "dl_src", "eth_src", P(eth_src), 6, 48, 0, false, false, true, true,
        OFP_STAGE_L2, OFP_FORM_MAC, OFP_PREREQ_NONE, OXM(4), NXM0(2)),
    ROW(VLAN_TCI, "vlan_tci", NULL, P(vlan[0].tci), 2, 16, 0, false, false, true, true,
        OFP_STAGE_L2, OFP_FORM_HEX, OFP_PREREQ_NONE, 0, NXM0(4)),
    ROW(VLAN_VID, "dl_vlan", "vlan_vid", P(vlan[0].tci), 2, 12, 0, false, false, true, true,
        OFP_STAGE_L2, OFP_FORM_DECIMAL, OFP_PREREQ_NONE, OXM(6), 0),
    ROW(VLAN_PCP, "dl_vlan_pcp", "vlan_pcp", P(vlan[0].tci), 2, 3, 13, false, false, false, true,
        OFP_STAGE_L2, OFP_FORM_DECIMAL, OFP_PREREQ_VLAN, OXM(7), 0),
    ROW(ETH_TYPE, "dl_type", "eth_type", P(eth_type), 2, 16, 0, false, false, false, false,
        OFP_STAGE_L2, OFP_FORM_HEX, OFP_PREREQ_NONE, OXM(5), NXM0(3)),
    /* A label stack entry stands where IPv4 has its source address: an MPLS packet has none. */
    ROW(MPLS_LABEL, "mpls_label", NULL, P(nw_src), 4, 20, 12, false, false, false, true,
        OFP_STAGE_L3, OFP_FORM_DECIMAL, OFP_PREREQ_MPLS, OXM(34), 0),
    ROW(MPLS_TC, "mpls_tc", NULL, P(nw_src), 4, 3, 9, false, false, false, true,
        OFP_STAGE_L3, OFP_FORM_DECIMAL, OFP_PREREQ_MPLS, OXM(35), 0),
    ROW(MPLS_BOS, "mpls_bos", NULL, P(nw_src), 4, 1, 8, false, false, false, false,
        OFP_STAGE_L3, OFP_FORM_DECIMAL, OFP_PREREQ_MPLS, OXM(36), 0),
    ROW(MPLS_TTL, "mpls_ttl", NULL, P(nw_src), 4, 8, 0, false, false, false, true,
        OFP_STAGE_L3, OFP_FORM_DECIMAL, OFP_PREREQ_MPLS, 0, NXM1(30)),
    /* So does a backbone frame's service instance tag. */
    ROW(PBB_ISID, "pbb_isid", NULL, P(nw_src), 4, 24, 0, false, false, true, true,
        OFP_STAGE_L3, OFP_FORM_HEX, OFP_PREREQ_PBB, OXM(37), 0),
    ROW(PBB_UCA, "pbb_uca", NULL, P(nw_src), 4, 1, 27, false, false, false, true,
        OFP_STAGE_L3, OFP_FORM_DECIMAL, OFP_PREREQ_PBB, OXM(41), 0),
    /* A network service header: see key.h. */
    ROW(NSH_FLAGS, "nsh_flags", NULL, P(nw_tos), 1, 2, 0, false, false, true, true,
        OFP_STAGE_L3, OFP_FORM_DECIMAL, OFP_PREREQ_NSH, 0, NSH(1)),
    ROW(NSH_TTL, "nsh_ttl", NULL, P(nw_ttl), 1, 6, 0, false, false, false, true,
        OFP_STAGE_L3, OFP_FORM_DECIMAL, OFP_PREREQ_NSH, 0, NSH(10)),
    ROW(NSH_MDTYPE, "nsh_mdtype", NULL, P(tp_src), 2, 4, 0, false, false, false, false,
        OFP_STAGE_L4, OFP_FORM_DECIMAL, OFP_PREREQ_NSH, 0, NSH(2)),
    ROW(NSH_NP, "nsh_np", NULL, P(nw_proto), 1, 8, 0, false, false, false, false,
        OFP_STAGE_L3, OFP_FORM_DECIMAL, OFP_PREREQ_NSH, 0, NSH(3)),
    ROW(NSH_SPI, "nsh_spi", NULL, P(nw_src), 4, 24, 8, false, false, false, true,
        OFP_STAGE_L3, OFP_FORM_HEX, OFP_PREREQ_NSH, 0, NSH(4)),
    ROW(NSH_SI, "nsh_si", NULL, P(nw_src), 4, 8, 0, false, false, false, true,
        OFP_STAGE_L3, OFP_FORM_DECIMAL, OFP_PREREQ_NSH, 0, NSH(5)),
    NSH_CONTEXT(0, "nsh_c1"), NSH_CONTEXT(1, "nsh_c2"), NSH_CONTEXT(2, "nsh_c3"),
    NSH_CONTEXT(3, "nsh_c4"),
    ROW(NW_SRC, "nw_src", "ip_src", P(nw_src), 4, 32, 0, false, true, true, true,
        OFP_STAGE_L3, OFP_FORM_IPV4, OFP_PREREQ_IPV4, OXM(11), NXM0(7)),
    ROW(NW_DST, "nw_dst", "ip_dst", P(nw_dst), 4, 32, 0, false, true, true, true,
        OFP_STAGE_L3, OFP_FORM_IPV4, OFP_PREREQ_IPV4, OXM(12), NXM0(8)),
    ROW(NW_PROTO, "nw_proto", "ip_proto", P(nw_proto), 1, 8, 0, false, false, false, false,
        OFP_STAGE_L3, OFP_FORM_DECIMAL, OFP_PREREQ_IP, OXM(10), NXM0(6)),
    ROW(NW_TOS, "ip_dscp", NULL, P(nw_tos), 1, 6, 2, false, false, false, true,
        OFP_STAGE_L3, OFP_FORM_DECIMAL, OFP_PREREQ_IP, OXM(8), 0),
    ROW(NW_TOS_BYTE, "nw_tos", NULL, P(nw_tos), 1, 8, 0, false, false, false, true,
        OFP_STAGE_L3, OFP_FORM_DECIMAL, OFP_PREREQ_IP, 0, NXM0(5)),
    ROW(NW_ECN, "nw_ecn", "ip_ecn", P(nw_tos), 1, 2, 0, false, false, false, true,
        OFP_STAGE_L3, OFP_FORM_DECIMAL, OFP_PREREQ_IP, OXM(9), NXM1(28)),
    ROW(NW_TTL, "nw_ttl", NULL, P(nw_ttl), 1, 8, 0, false, false, false, true,
        OFP_STAGE_L3, OFP_FORM_DECIMAL, OFP_PREREQ_IP, 0, NXM1(29)),
    ROW(NW_FRAG, "ip_frag", "nw_frag", P(nw_frag), 1, 2, 0, false, false, true, false,
        OFP_STAGE_L3, OFP_FORM_FRAG, OFP_PREREQ_IP, 0, NXM1(26)),
    ROW(ARP_OP, "arp_op", NULL, P(tp_src), 2, 16, 0, false, false, false, true,
        OFP_STAGE_L4, OFP_FORM_DECIMAL, OFP_PREREQ_ARP, OXM(21), NXM0(15)),
    ROW(ARP_SPA, "arp_spa", NULL, P(nw_src), 4, 32, 0, false, true, true, true,
        OFP_STAGE_L3, OFP_FORM_IPV4, OFP_PREREQ_ARP, OXM(22), NXM0(16)),
    ROW(ARP_TPA, "arp_tpa", NULL, P(nw_dst), 4, 32, 0, false, true, true, true,
        OFP_STAGE_L3, OFP_FORM_IPV4, OFP_PREREQ_ARP, OXM(23), NXM0(17)),
    ROW(ARP_SHA, "arp_sha", NULL, P(arp_sha), 6, 48, 0, false, false, true, true,
        OFP_STAGE_L3, OFP_FORM_MAC, OFP_PREREQ_ARP, OXM(24), NXM1(17)),
    ROW(ARP_THA, "arp_tha", NULL, P(arp_tha), 6, 48, 0, false, false, true, true,
        OFP_STAGE_L3, OFP_FORM_MAC, OFP_PREREQ_ARP, OXM(25), NXM1(18)),
    ROW(IPV6_SRC, "ipv6_src", NULL, P(ipv6_src), 16, 128, 0, false, true, true, true,
        OFP_STAGE_L3, OFP_FORM_IPV6, OFP_PREREQ_IPV6, OXM(26), NXM1(19)),
    ROW(IPV6_DST, "ipv6_dst", NULL, P(ipv6_dst), 16, 128, 0, false, true, true, true,
        OFP_STAGE_L3, OFP_FORM_IPV6, OFP_PREREQ_IPV6, OXM(27), NXM1(20)),
    ROW(IPV6_LABEL, "ipv6_label", NULL, P(ipv6_label), 4, 20, 0, false, false, true, true,
        OFP_STAGE_L3, OFP_FORM_HEX, OFP_PREREQ_IPV6, OXM(28), NXM1(27)),
    ROW(IPV6_EXTHDR, "ipv6_exthdr", NULL, P(ipv6_exthdr), 2, 9, 0, false, false, true, false,
        OFP_STAGE_L3, OFP_FORM_HEX, OFP_PREREQ_IPV6, OXM(39), 0),
    ROW(ND_TARGET, "nd_target", NULL, P(nd_target), 16, 128, 0, false, false, true, true,
        OFP_STAGE_L4, OFP_FORM_IPV6, OFP_PREREQ_ND, OXM(31), NXM1(23)),
    ROW(ND_SLL, "nd_sll", NULL, P(arp_sha), 6, 48, 0, false, false, true, true,
        OFP_STAGE_L3, OFP_FORM_MAC, OFP_PREREQ_ND_SOLICIT, OXM(32), NXM1(24)),
    ROW(ND_TLL, "nd_tll", NULL, P(arp_tha), 6, 48, 0, false, false, true, true,
        OFP_STAGE_L3, OFP_FORM_MAC, OFP_PREREQ_ND_ADVERT, OXM(33), NXM1(25)),
    /* Where IPv4 has its addresses. */
    ROW(ND_RESERVED, "nd_reserved", NULL, P(nw_src), 4, 32, 0, false, false, true, true,
        OFP_STAGE_L3, OFP_FORM_DECIMAL, OFP_PREREQ_ND, 0, ERIC(1)),
    ROW(ND_OPTIONS_TYPE, "nd_options_type", NULL, P(nw_dst), 4, 8, 0, false, false, true, true,
        OFP_STAGE_L3, OFP_FORM_DECIMAL, OFP_PREREQ_ND, 0, ERIC(2)),
    ROW(TCP_SRC, "tcp_src", "tp_src", P(tp_src), 2, 16, 0, false, true, true, true,
        OFP_STAGE_L4, OFP_FORM_DECIMAL, OFP_PREREQ_TCP, OXM(13), NXM0(9)),
    ROW(TCP_DST, "tcp_dst", "tp_dst", P(tp_dst), 2, 16, 0, false, true, true, true,
        OFP_STAGE_L4, OFP_FORM_DECIMAL, OFP_PREREQ_TCP, OXM(14), NXM0(10)),
    ROW(UDP_SRC, "udp_src", NULL, P(tp_src), 2, 16, 0, false, true, true, true,
        OFP_STAGE_L4, OFP_FORM_DECIMAL, OFP_PREREQ_UDP, OXM(15), NXM0(11)),
    ROW(UDP_DST, "udp_dst", NULL, P(tp_dst), 2, 16, 0, false, true, true, true,
        OFP_STAGE_L4, OFP_FORM_DECIMAL, OFP_PREREQ_UDP, OXM(16), NXM0(12)),
    ROW(SCTP_SRC, "sctp_src", NULL, P(tp_src), 2, 16, 0, false, true, true, true,
        OFP_STAGE_L4, OFP_FORM_DECIMAL, OFP_PREREQ_SCTP, OXM(17), 0),
    ROW(SCTP_DST, "sctp_dst", NULL, P(tp_dst), 2, 16, 0, false, true, true, true,
        OFP_STAGE_L4, OFP_FORM_DECIMAL, OFP_PREREQ_SCTP, OXM(18), 0),
    ROW(ICMP_TYPE, "icmp_type", NULL, P(tp_src), 2, 8, 0, false, true, false, true,
        OFP_STAGE_L4, OFP_FORM_DECIMAL, OFP_PREREQ_ICMP, OXM(19), NXM0(13)),
    ROW(ICMP_CODE, "icmp_code", NULL, P(tp_dst), 2, 8, 0, false, true, false, true,
        OFP_STAGE_L4, OFP_FORM_DECIMAL, OFP_PREREQ_ICMP, OXM(20), NXM0(14)),
    ROW(ICMPV6_TYPE, "icmpv6_type", NULL, P(tp_src), 2, 8, 0, false, true, false, true,
        OFP_STAGE_L4, OFP_FORM_DECIMAL, OFP_PREREQ_ICMPV6, OXM(29), NXM1(21)),
    ROW(ICMPV6_CODE, "icmpv6_code", NULL, P(tp_dst), 2, 8, 0, false, true, false, true,
        OFP_STAGE_L4, OFP_FORM_DECIMAL, OFP_PREREQ_ICMPV6, OXM(30), NXM1(22)),
    ROW(TCP_FLAGS, "tcp_flags", NULL, P(tcp_flags), 2, 12, 0, false, false, true, false,
        OFP_STAGE_L4, OFP_FORM_HEX, OFP_PREREQ_TCP, OXM(42), NXM1(34), true),
};
/* clang-format on */

const struct ofp_field *ofp_field(enum ofp_field_id id)
{
    return id >= OFP_FIELD_TUN_METADATA0 && id <= OFP_FIELD_TUN_METADATA63
               ? ofp_tlv_row((unsigned int)(id - OFP_FIELD_TUN_METADATA0))
               : &fields[id];
}

const struct ofp_field *ofp_field_by_name(const char *name, size_t len)
{
    for (unsigned int i = 0; i < OFP_N_FIELDS; i++) {
        const struct ofp_field *f = ofp_field((enum ofp_field_id)i);

        if ((strlen(f->name) == len && !memcmp(f->name, name, len)) ||
            (f->name2 && strlen(f->name2) == len && !memcmp(f->name2, name, len))) {
            return f;
        }
    }
    return NULL;
}

/* The stored number as bytes, most significant first. */
static void stored_get(const struct ofp_field *f, const struct ofp_flow *flow, uint8_t out[16])
{
    const uint8_t *p = (const uint8_t *)flow + f->offset;

    for (unsigned int i = 0; i < f->n_bytes; i++) {
        out[i] = p[f->host_order ? f->n_bytes - 1 - i : i];
    }
}

static void stored_put(const struct ofp_field *f, struct ofp_flow *flow, const uint8_t in[16])
{
    uint8_t *p = (uint8_t *)flow + f->offset;

    for (unsigned int i = 0; i < f->n_bytes; i++) {
        p[f->host_order ? f->n_bytes - 1 - i : i] = in[i];
    }
}

static void make_mask(const struct ofp_field *f, uint8_t out[16])
{
    for (unsigned int b = f->shift; b < f->shift + f->n_bits; b++) {
        out[f->n_bytes - 1 - b / 8] |= (uint8_t)(1u << b % 8);
    }
    if (f->id == OFP_FIELD_NW_TOS_BYTE) {
        out[0] &= 0xfc; /* ECN is a field of its own. */
    }
}

/* The field's bits within the stored number. Made when first asked for, which is before main(). */
static const uint8_t *stored_mask(const struct ofp_field *f)
{
    static uint8_t masks[OFP_N_FIELDS][16];
    static bool made;

    if (!made) {
        for (unsigned int i = 0; i < OFP_N_FIELDS; i++) {
            make_mask(&fields[i], masks[i]); /* Of tun_metadata: none. */
        }
        made = true;
    }
    return masks[f->id];
}

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "host-order fields are kept reversed");

void ofp_field_get(const struct ofp_field *f, const struct ofp_flow *flow, uint8_t *value)
{
    const uint8_t *mask = stored_mask(f);
    unsigned int n = f->n_bytes;
    uint8_t raw[16];

    if (ofp_field_is_tlv(f)) {
        ofp_tlv_get(f, flow, value);
        return;
    }
    stored_get(f, flow, raw);
    if (n <= 4) { /* All fields with a shift are this short. */
        uint32_t v = 0;

        for (unsigned int i = 0; i < n; i++) {
            v = v << 8 | (raw[i] & mask[i]);
        }
        v >>= f->shift;
        for (unsigned int i = n; i-- > 0; v >>= 8) {
            value[i] = (uint8_t)v;
        }
        return;
    }
    for (unsigned int i = 0; i < n; i++) {
        value[i] = raw[i] & mask[i];
    }
}

void ofp_field_put(const struct ofp_field *f, struct ofp_flow *flow, const uint8_t *value)
{
    const uint8_t *mask = stored_mask(f);
    unsigned int n = f->n_bytes;
    uint8_t raw[16], shifted[16];

    if (ofp_field_is_tlv(f)) {
        ofp_tlv_put(f, flow, value);
        return;
    }
    stored_get(f, flow, raw);
    memcpy(shifted, value, n);
    if (f->shift) {
        uint32_t v = 0;

        for (unsigned int i = 0; i < n; i++) {
            v = v << 8 | value[i];
        }
        v <<= f->shift;
        for (unsigned int i = n; i-- > 0; v >>= 8) {
            shifted[i] = (uint8_t)v;
        }
    }
    for (unsigned int i = 0; i < n; i++) {
        raw[i] = (uint8_t)((raw[i] & ~mask[i]) | (shifted[i] & mask[i]));
    }
    stored_put(f, flow, raw);
}

void ofp_field_fill(const struct ofp_field *f, struct ofp_flow *mask)
{
    uint8_t ones[OFP_FIELD_MAX_BYTES];

    memset(ones, 0xff, f->n_bytes);
    ofp_field_put(f, mask, ones);
}

void ofp_field_clear(const struct ofp_field *f, struct ofp_flow *flow)
{
    static const uint8_t none[16];

    if (ofp_field_is_tlv(f)) {
        ofp_tlv_clear(f, flow);
    } else {
        ofp_field_put(f, flow, none);
    }
}

bool ofp_field_any(const struct ofp_field *f, const struct ofp_flow *mask)
{
    const uint8_t *p = (const uint8_t *)mask + f->offset, *bits = stored_mask(f);
    unsigned int last = (f->offset + f->n_bytes - 1u) / 8;
    uint64_t words = 0;
    uint8_t any = 0;

    if (ofp_field_is_tlv(f)) {
        return mask->tun_metadata_present & ofp_tlv_bit(f->id);
    }
    for (unsigned int w = f->offset / 8u; w <= last; w++) {
        words |= mask->u64[w];
    }
    if (!words) { /* As it is of most fields. */
        return false;
    }
    for (unsigned int i = 0; i < f->n_bytes; i++) {
        any |= p[f->host_order ? f->n_bytes - 1 - i : i] & bits[i];
    }
    return any;
}

/* An option without a value has no bits that an exact match could have. */
static bool all_of_option(const struct ofp_field *f, const struct ofp_flow *mask)
{
    uint8_t bytes[OFP_FIELD_MAX_BYTES];
    unsigned int n = 0;

    ofp_tlv_get(f, mask, bytes);
    while (n < f->n_bytes && bytes[n] == 0xff) {
        n++;
    }
    return n && n == f->n_bytes;
}

bool ofp_field_all(const struct ofp_field *f, const struct ofp_flow *mask)
{
    const uint8_t *p = (const uint8_t *)mask + f->offset, *bits = stored_mask(f);
    uint8_t missing = 0;

    if (ofp_field_is_tlv(f)) {
        return all_of_option(f, mask);
    }
    for (unsigned int i = 0; i < f->n_bytes; i++) {
        missing |= bits[i] & (uint8_t)~p[f->host_order ? f->n_bytes - 1 - i : i];
    }
    return !missing;
}

/* --- Prerequisites. */

/* ct_state. */
enum {
    CT_NEW = 0x01,
    CT_EST = 0x02,
    CT_REL = 0x04,
    CT_RPL = 0x08,
    CT_INV = 0x10,
    CT_TRK = 0x20,
    CT_SNAT = 0x40,
    CT_DNAT = 0x80,
};

static bool has_type(const struct ofp_flow *flow, uint16_t type)
{
    return flow->pkt.eth_type == be16_make(type);
}

static bool has_proto(const struct ofp_flow *flow, uint16_t type4, uint8_t proto4, uint8_t proto6)
{
    return (proto4 && has_type(flow, type4) && flow->pkt.nw_proto == proto4) ||
           (proto6 && has_type(flow, 0x86dd) && flow->pkt.nw_proto == proto6);
}

/* A neighbour message of this type, and its code. */
static bool is_nd(const struct ofp_flow *flow, uint16_t type)
{
    return has_proto(flow, 0x0800, 0, IPPROTO_ICMPV6) && flow->pkt.tp_src == be16_make(type) &&
           !flow->pkt.tp_dst;
}

static bool prereq_holds(enum ofp_prereq prereq, const struct ofp_flow *flow)
{
    switch (prereq) {
    case OFP_PREREQ_NONE: return true;
    case OFP_PREREQ_VLAN: return flow->pkt.vlan[0].tci & be16_make(FLOW_VLAN_PRESENT);
    case OFP_PREREQ_IP: return has_type(flow, 0x0800) || has_type(flow, 0x86dd);
    case OFP_PREREQ_IPV4: return has_type(flow, 0x0800);
    case OFP_PREREQ_IPV6: return has_type(flow, 0x86dd);
    case OFP_PREREQ_ARP: return has_type(flow, 0x0806) || has_type(flow, 0x8035);
    case OFP_PREREQ_TCP: return has_proto(flow, 0x0800, IPPROTO_TCP, IPPROTO_TCP);
    case OFP_PREREQ_UDP: return has_proto(flow, 0x0800, IPPROTO_UDP, IPPROTO_UDP);
    case OFP_PREREQ_SCTP: return has_proto(flow, 0x0800, IPPROTO_SCTP, IPPROTO_SCTP);
    case OFP_PREREQ_ICMP: return has_proto(flow, 0x0800, IPPROTO_ICMP, 0);
    case OFP_PREREQ_ICMPV6: return has_proto(flow, 0x0800, 0, IPPROTO_ICMPV6);
    case OFP_PREREQ_MPLS: return has_type(flow, 0x8847) || has_type(flow, 0x8848);
    case OFP_PREREQ_PBB: return has_type(flow, 0x88e7);
    case OFP_PREREQ_NSH: return has_type(flow, 0x894f);
    case OFP_PREREQ_NSH_CONTEXT: return has_type(flow, 0x894f) && flow->pkt.tp_src == be16_make(1);
    case OFP_PREREQ_CT: return flow->pkt.ct_state != 0;
    case OFP_PREREQ_ND: return is_nd(flow, 135) || is_nd(flow, 136);
    case OFP_PREREQ_ND_SOLICIT: return is_nd(flow, 135);
    case OFP_PREREQ_ND_ADVERT: return is_nd(flow, 136);
    }
    return false;
}

/* The bits that decide it. */
static void prereq_bits(enum ofp_prereq prereq, struct ofp_flow *mask)
{
    switch (prereq) {
    case OFP_PREREQ_NONE: return;
    case OFP_PREREQ_VLAN: mask->pkt.vlan[0].tci |= be16_make(FLOW_VLAN_PRESENT); return;
    case OFP_PREREQ_ND:
    case OFP_PREREQ_ND_SOLICIT:
    case OFP_PREREQ_ND_ADVERT:
        mask->pkt.tp_src |= be16_make(0xff);
        mask->pkt.tp_dst |= be16_make(0xff);
        mask->pkt.nw_frag |= FLOW_FRAG_LATER; /* Fall through. */
    case OFP_PREREQ_TCP:
    case OFP_PREREQ_UDP:
    case OFP_PREREQ_SCTP:
    case OFP_PREREQ_ICMP:
    case OFP_PREREQ_ICMPV6: mask->pkt.nw_proto = 0xff; /* Fall through. */
    case OFP_PREREQ_IP:
    case OFP_PREREQ_IPV4:
    case OFP_PREREQ_IPV6:
    case OFP_PREREQ_MPLS:
    case OFP_PREREQ_PBB:
    case OFP_PREREQ_NSH:
    case OFP_PREREQ_ARP: mask->pkt.eth_type = 0xffff; return;
    case OFP_PREREQ_NSH_CONTEXT:
        mask->pkt.eth_type = 0xffff;
        mask->pkt.tp_src |= be16_make(0xf);
        return;
    case OFP_PREREQ_CT: return; /* Any bit of the state, which the flow then has. */
    }
}

static bool has_ports(enum ofp_prereq prereq)
{
    return prereq == OFP_PREREQ_TCP || prereq == OFP_PREREQ_UDP || prereq == OFP_PREREQ_SCTP;
}

/* The match speaks of a connection only where its state says that there is a valid one: with one of
 * the bits that imply it, or tracked and not invalid. */
static bool match_has_connection(const struct ofp_match *match)
{
    uint8_t state = match->flow.pkt.ct_state, mask = match->mask.pkt.ct_state;

    return state & (CT_NEW | CT_EST | CT_REL | CT_RPL | CT_SNAT | CT_DNAT) ||
           (state & CT_TRK && mask & CT_INV && !(state & CT_INV));
}

#define NAMESPACE_ETHERTYPE 1

bool ofp_match_is_ethernet(const struct ofp_match *match)
{
    return !be32_get(match->flow.packet_type) || be32_get(match->mask.packet_type) != UINT32_MAX;
}

/* A packet without an Ethernet header says by its type what follows, as an Ethernet type would. */
static bool prereq_match_without_ethernet(enum ofp_prereq prereq, const struct ofp_match *match)
{
    uint32_t type = be32_get(match->flow.packet_type);
    struct ofp_match as_ethernet = *match;

    as_ethernet.flow.packet_type = as_ethernet.mask.packet_type = be32_make(0);
    if (type >> 16 == NAMESPACE_ETHERTYPE) {
        as_ethernet.flow.pkt.eth_type = be16_make((uint16_t)type);
        as_ethernet.mask.pkt.eth_type = be16_make(UINT16_MAX);
    }
    return ofp_prereq_match(prereq, &as_ethernet);
}

bool ofp_prereq_match(enum ofp_prereq prereq, const struct ofp_match *match)
{
    struct ofp_flow need;

    if (prereq == OFP_PREREQ_NONE) {
        return true;
    }
    if (!ofp_match_is_ethernet(match)) {
        return prereq_match_without_ethernet(prereq, match);
    }
    if (prereq == OFP_PREREQ_NSH_CONTEXT) {
        prereq = OFP_PREREQ_NSH;
    }
    if (prereq == OFP_PREREQ_CT) {
        return match_has_connection(match);
    }
    if (has_ports(prereq) && match->flow.pkt.nw_frag & FLOW_FRAG_LATER) {
        return false; /* Later fragments have none. */
    }
    memset(&need, 0, sizeof need);
    prereq_bits(prereq, &need);
    need.pkt.tp_dst = 0; /* Codes that nobody names are zero. */
    need.pkt.nw_frag = 0;
    for (unsigned int i = 0; i < OFP_FLOW_WORDS; i++) {
        if (need.u64[i] & ~match->mask.u64[i]) {
            return false;
        }
    }
    return prereq_holds(prereq, &match->flow);
}

bool ofp_prereq_flow(enum ofp_prereq prereq, const struct ofp_flow *flow, struct ofp_flow *looked)
{
    prereq_bits(prereq, looked);
    return prereq_holds(prereq, flow);
}

void ofp_match_set_field(struct ofp_match *match, const struct ofp_field *f, const uint8_t *value,
                         const uint8_t *mask)
{
    uint8_t v[OFP_FIELD_MAX_BYTES] = {0}, m[OFP_FIELD_MAX_BYTES];

    if (mask) {
        memcpy(m, mask, f->n_bytes);
    } else {
        memset(m, 0xff, f->n_bytes);
    }
    for (unsigned int i = 0; i < f->n_bytes; i++) {
        v[i] = value[i] & m[i];
    }
    ofp_field_put(f, &match->flow, v);
    ofp_field_put(f, &match->mask, m);
    if (f->id == OFP_FIELD_VLAN_VID || f->id == OFP_FIELD_VLAN_PCP) {
        /* To have a VLAN id or priority is to have a tag. */
        match->flow.pkt.vlan[0].tci |= be16_make(FLOW_VLAN_PRESENT);
        match->mask.pkt.vlan[0].tci |= be16_make(FLOW_VLAN_PRESENT);
    }
    ofp_match_normalize(match);
}
