/* What OpenFlow rules match on: the packet's key and the pipeline's own fields (OpenFlow port,
 * metadata, registers), as an array of 64-bit words.
 *
 * The classifier, rules and translation work on words and know no field; fields are known by
 * match/field.c alone. A new packet field comes with a new line of 'struct flow_key'; a new
 * pipeline field is a member here (in the padding, or OFP_FLOW_WORDS grows). All words are always
 * readable: lines that the packet does not have are zeros, as flow_key_copy() leaves them. Control
 * thread. */
#ifndef OFPROTO_MATCH_FLOW_H
#define OFPROTO_MATCH_FLOW_H

#include "datapath/flow/key.h"

#define OFP_N_REGS 16
#define OFP_N_TLV_FIELDS 64
#define OFP_TUN_METADATA_BYTES 256
#define OFP_PIPELINE_WORDS 64 /* Whole lines. */
#define OFP_FLOW_WORDS (FLOW_N_WORDS + OFP_PIPELINE_WORDS)

struct ofp_flow {
    union {
        uint64_t u64[OFP_FLOW_WORDS];
        struct {
            struct flow_key pkt;
            /* The pipeline's fields, in host order but for the registers, of which two or four in a
             * row are one number. No bit of them is a bit of a packet: a verdict that depends on
             * them adds nothing to a megaflow's mask. */
            uint64_t metadata;
            uint32_t in_port;       /* OpenFlow port number in the bridge at work. */
            uint32_t actset_output; /* OpenFlow port number. */
            be32_t reg[OFP_N_REGS];
            /* Of tunnels and connections, in network order. No packet comes with any yet: rules
             * write them, and match what was written. */
            be64_t tun_id;
            be32_t tun_src;
            be32_t tun_dst;
            uint8_t tun_ipv6_src[16];
            uint8_t tun_ipv6_dst[16];
            be16_t tun_gbp_id;
            be16_t tun_flags;
            uint8_t tun_gbp_flags;
            uint8_t ct_nw_proto;
            be16_t ct_tp_src;
            uint8_t ct_label[16];
            uint8_t ct_ipv6_src[16];
            uint8_t ct_ipv6_dst[16];
            be32_t ct_nw_src;
            be32_t ct_nw_dst;
            be32_t packet_type; /* 0: Ethernet, which all are. */
            be32_t conj_id;     /* The conjunction that led here. */
            be16_t ct_tp_dst;
            uint8_t tun_erspan_ver;
            uint8_t tun_erspan_dir;
            be32_t tun_erspan_idx; /* Low 20 bits. */
            uint8_t tun_erspan_hwid;
            uint8_t tun_gtpu_flags;
            uint8_t tun_gtpu_msgtype;
            uint8_t pipeline_pad[5];
            uint64_t tun_metadata_present; /* Which options there are: see match/tlv_map.h, */
            uint8_t tun_metadata[OFP_TUN_METADATA_BYTES]; /* also on where they are here. */
            uint8_t pipeline_pad2[32];
        };
    };
};

static_assert(sizeof(struct ofp_flow) == OFP_FLOW_WORDS * 8, "a flow is whole words");
/* The pipeline's view of a packet; pipeline fields are zero. */
static inline void ofp_flow_init(struct ofp_flow *flow, const struct flow_key *key)
{
    flow_key_copy(&flow->pkt, key);
    memset(&flow->u64[FLOW_N_WORDS], 0, OFP_PIPELINE_WORDS * 8);
}

#endif
