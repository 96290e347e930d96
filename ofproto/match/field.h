/* The match fields: one row each says where a field lies in 'struct ofp_flow', at which layer, how
 * people write it, what must hold before it means anything, and its OXM and NXM headers.
 *
 * Whoever needs to know fields asks this table: the text parser and formatter, the codecs, the
 * classifier (layers and prefixes), the set-field action. Adding a field is adding a row. Pure
 * functions over constant data; any thread. */
#ifndef OFPROTO_MATCH_FIELD_H
#define OFPROTO_MATCH_FIELD_H

#include "lib/error.h"
#include "lib/strbuf.h"
#include "ofproto/match/match.h"

/* The order in which the classifier looks: a verdict that the lower layers decide does not depend
 * on the higher ones. */
enum ofp_stage { OFP_STAGE_METADATA, OFP_STAGE_L2, OFP_STAGE_L3, OFP_STAGE_L4, OFP_N_STAGES };

enum ofp_field_id {
    OFP_FIELD_PACKET_TYPE, /* In the order in which people see them. */
    OFP_FIELD_CONJ_ID,
    OFP_FIELD_RECIRC_ID,
    OFP_FIELD_DP_HASH,
    OFP_FIELD_CT_STATE,
    OFP_FIELD_CT_ZONE,
    OFP_FIELD_CT_MARK,
    OFP_FIELD_CT_LABEL,
    OFP_FIELD_CT_NW_SRC,
    OFP_FIELD_CT_NW_DST,
    OFP_FIELD_CT_IPV6_SRC,
    OFP_FIELD_CT_IPV6_DST,
    OFP_FIELD_CT_NW_PROTO,
    OFP_FIELD_CT_TP_SRC,
    OFP_FIELD_CT_TP_DST,
    OFP_FIELD_PKT_MARK,
    OFP_FIELD_TUN_ID,
    OFP_FIELD_TUN_SRC,
    OFP_FIELD_TUN_DST,
    OFP_FIELD_TUN_IPV6_SRC,
    OFP_FIELD_TUN_IPV6_DST,
    OFP_FIELD_TUN_GBP_ID,
    OFP_FIELD_TUN_GBP_FLAGS,
    OFP_FIELD_TUN_ERSPAN_VER,
    OFP_FIELD_TUN_ERSPAN_IDX,
    OFP_FIELD_TUN_ERSPAN_DIR,
    OFP_FIELD_TUN_ERSPAN_HWID,
    OFP_FIELD_TUN_GTPU_FLAGS,
    OFP_FIELD_TUN_GTPU_MSGTYPE,
    OFP_FIELD_TUN_FLAGS,
    OFP_FIELD_TUN_METADATA0, /* Options of tunnels: see tlv_map.h. */
    OFP_FIELD_TUN_METADATA63 = OFP_FIELD_TUN_METADATA0 + OFP_N_TLV_FIELDS - 1,
    OFP_FIELD_REG0,
    OFP_FIELD_REG15 = OFP_FIELD_REG0 + OFP_N_REGS - 1,
    OFP_FIELD_XREG0, /* Two registers, four registers. */
    OFP_FIELD_XREG7 = OFP_FIELD_XREG0 + OFP_N_REGS / 2 - 1,
    OFP_FIELD_XXREG0,
    OFP_FIELD_XXREG3 = OFP_FIELD_XXREG0 + OFP_N_REGS / 4 - 1,
    OFP_FIELD_METADATA,
    OFP_FIELD_IN_PORT,
    OFP_FIELD_ACTSET_OUTPUT,
    OFP_FIELD_VLAN_VID,
    OFP_FIELD_VLAN_PCP,
    OFP_FIELD_VLAN_TCI,
    OFP_FIELD_ETH_SRC,
    OFP_FIELD_ETH_DST,
    OFP_FIELD_ETH_TYPE,
    OFP_FIELD_MPLS_LABEL, /* Of the outermost label stack entry. */
    OFP_FIELD_MPLS_TC,
    OFP_FIELD_MPLS_BOS,
    OFP_FIELD_MPLS_TTL,
    OFP_FIELD_PBB_ISID,
    OFP_FIELD_PBB_UCA,
    OFP_FIELD_NSH_FLAGS, /* Network service header. */
    OFP_FIELD_NSH_TTL,
    OFP_FIELD_NSH_MDTYPE,
    OFP_FIELD_NSH_NP,
    OFP_FIELD_NSH_SPI,
    OFP_FIELD_NSH_SI,
    OFP_FIELD_NSH_C1,
    OFP_FIELD_NSH_C4 = OFP_FIELD_NSH_C1 + 3,
    OFP_FIELD_NW_SRC,
    OFP_FIELD_NW_DST,
    OFP_FIELD_NW_PROTO,
    OFP_FIELD_NW_TOS,
    OFP_FIELD_NW_TOS_BYTE, /* The same bits, where they stand in the header. */
    OFP_FIELD_NW_ECN,
    OFP_FIELD_NW_TTL,
    OFP_FIELD_NW_FRAG,
    OFP_FIELD_ARP_OP,
    OFP_FIELD_ARP_SPA,
    OFP_FIELD_ARP_TPA,
    OFP_FIELD_ARP_SHA,
    OFP_FIELD_ARP_THA,
    OFP_FIELD_IPV6_SRC,
    OFP_FIELD_IPV6_DST,
    OFP_FIELD_IPV6_LABEL,
    OFP_FIELD_IPV6_EXTHDR,
    OFP_FIELD_ND_TARGET,
    OFP_FIELD_ND_SLL,
    OFP_FIELD_ND_TLL,
    OFP_FIELD_ND_RESERVED,
    OFP_FIELD_ND_OPTIONS_TYPE, /* Of the first option that has a link-layer address. */
    OFP_FIELD_TCP_SRC,
    OFP_FIELD_TCP_DST,
    OFP_FIELD_UDP_SRC,
    OFP_FIELD_UDP_DST,
    OFP_FIELD_SCTP_SRC,
    OFP_FIELD_SCTP_DST,
    OFP_FIELD_ICMP_TYPE,
    OFP_FIELD_ICMP_CODE,
    OFP_FIELD_ICMPV6_TYPE,
    OFP_FIELD_ICMPV6_CODE,
    OFP_FIELD_TCP_FLAGS,
    OFP_N_FIELDS
};

enum ofp_field_form {
    OFP_FORM_DECIMAL,
    OFP_FORM_HEX,
    OFP_FORM_MAC,
    OFP_FORM_IPV4,
    OFP_FORM_IPV6,
    OFP_FORM_PORT, /* An OpenFlow port. */
    OFP_FORM_FRAG,
    OFP_FORM_PACKET_TYPE, /* Name space and type: "(1,0x894f)". */
};

/* What the other fields must say. */
enum ofp_prereq {
    OFP_PREREQ_NONE,
    OFP_PREREQ_VLAN, /* A tag. */
    OFP_PREREQ_IP,   /* IPv4 or IPv6. */
    OFP_PREREQ_IPV4,
    OFP_PREREQ_IPV6,
    OFP_PREREQ_ARP,
    OFP_PREREQ_TCP,
    OFP_PREREQ_UDP,
    OFP_PREREQ_SCTP,
    OFP_PREREQ_ICMP,
    OFP_PREREQ_ICMPV6,
    OFP_PREREQ_MPLS,
    OFP_PREREQ_PBB,
    OFP_PREREQ_NSH,
    OFP_PREREQ_NSH_CONTEXT, /* To have it a packet is of MD type 1; a match may leave that open. */
    OFP_PREREQ_CT,          /* Something of a connection. */
    OFP_PREREQ_ND,          /* Neighbour solicitation or advertisement. */
    OFP_PREREQ_ND_SOLICIT,
    OFP_PREREQ_ND_ADVERT,
};

/* Headers with 1 for the length: (class << 16) | (field << 9) | 1. 0: there is none. */
#define OFP_OXM(CLASS, FIELD) ((uint32_t)(CLASS) << 16 | (uint32_t)(FIELD) << 9 | 1)
#define OFP_OXM_BASIC 0x8000
#define OFP_OXM_REGS 0x8001
#define OFP_OXM_ERICSSON 0x1000
#define OFP_OXM_EXPERIMENTER 0xffff
/* Stands in the table for the experimenter of NSH's fields; on the wire it is a class like others.
 */
#define OFP_OXM_NSH 0xfffe
#define OFP_NXM_0 0x0000
#define OFP_NXM_1 0x0001

/* Bytes of the longest field. */
#define OFP_FIELD_MAX_BYTES 124

struct ofp_field {
    enum ofp_field_id id;
    const char *name;  /* ovs-ofctl's first name: "dl_src". */
    const char *name2; /* Another name ("eth_src"), or NULL. */
    uint16_t offset;   /* First byte in ofp_flow. */
    uint8_t n_bytes;   /* As stored. */
    uint16_t n_bits;   /* That are used: the low ones of the number. */
    uint8_t shift;     /* The field's lowest bit within the stored number (VLAN PCP: 13). */
    bool host_order;   /* Stored in host order (pipeline fields and metadata). */
    bool is_trie;      /* Prefixes of it go into the classifier's tries. */
    bool is_maskable;
    bool
        is_settable; /* By set-field: datapath actions can carry it out, or it is the pipeline's. */
    enum ofp_stage stage;
    enum ofp_field_form form;
    enum ofp_prereq prereq;
    uint32_t oxm;
    uint32_t nxm;     /* Of class OFP_OXM_EXPERIMENTER: an extension of Nicira's. */
    bool oxm_is_late; /* Since OpenFlow 1.5; before it is an extension of the ONF's, or NXM. */
};

/* Of tun_metadata: as the map at work has it (tlv_map.h), without bits when it is not mapped. */
const struct ofp_field *ofp_field(enum ofp_field_id);
/* NULL when nobody has this name. */
const struct ofp_field *ofp_field_by_name(const char *name, size_t len);

/* The field's number from a flow or mask, most significant byte first, right-aligned in 'value'
 * (n_bytes of it), shifted down and cut to its bits; and the reverse, which leaves other bits. */
void ofp_field_get(const struct ofp_field *, const struct ofp_flow *, uint8_t *value);
void ofp_field_put(const struct ofp_field *, struct ofp_flow *, const uint8_t *value);
/* Takes it out of a mask; of a flow, it is zero then, and of tun_metadata not there. */
void ofp_field_clear(const struct ofp_field *, struct ofp_flow *);
/* Or-s every bit of the field into 'mask'. */
void ofp_field_fill(const struct ofp_field *, struct ofp_flow *mask);
/* True when the mask has any (every) bit of it. */
bool ofp_field_any(const struct ofp_field *, const struct ofp_flow *mask);
bool ofp_field_all(const struct ofp_field *, const struct ofp_flow *mask);

/* Not when it names another packet type (OpenFlow 1.5.1 section 7.2.3.11): then there are no fields
 * of Ethernet. */
bool ofp_match_is_ethernet(const struct ofp_match *);
/* Whether the match says what the prerequisite wants. */
bool ofp_prereq_match(enum ofp_prereq, const struct ofp_match *);
/* Whether the packet does; or-s the bits that had to be read into 'looked'. */
bool ofp_prereq_flow(enum ofp_prereq, const struct ofp_flow *, struct ofp_flow *looked);

/* Sets field = value/mask (right-aligned, most significant first, mask NULL: exact) in a match;
 * handles what is special about VLAN fields. */
void ofp_match_set_field(struct ofp_match *, const struct ofp_field *, const uint8_t *value,
                         const uint8_t *mask);

#endif
