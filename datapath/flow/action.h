/* Datapath actions: what a cached flow does to its packets.
 *
 * A list is bytes: records one after the other, each a header and a body, padded to 4 bytes. The
 * same bytes go over the dp channel and are executed by the workers, so they are validated once,
 * when they come in (dp_actions_validate()). An empty list drops. docs/adding-an-action.md says
 * how to add one. Numbers are in host order except where a be type says otherwise. No EAL here. */
#ifndef DATAPATH_FLOW_ACTION_H
#define DATAPATH_FLOW_ACTION_H

#include "datapath/flow/hash.h"
#include "datapath/flow/key.h"
#include "datapath/flow/meter.h"
#include "lib/error.h"
#include "lib/strbuf.h"

#define DP_ACTIONS_MAX_LEN 16384 /* Bytes of one list. */
#define DP_ACTION_MAX_PORT 8191  /* DP_MAX_PORTS - 1 (dp.h). */

enum dp_action_type {
    DP_ACTION_OUTPUT = 1,
    DP_ACTION_PUSH_VLAN,
    DP_ACTION_POP_VLAN,
    DP_ACTION_SET_ETH,
    DP_ACTION_SET_VLAN,
    DP_ACTION_SET_IPV4,
    DP_ACTION_SET_IPV6,
    DP_ACTION_SET_L4,
    DP_ACTION_DROP,
    DP_ACTION_UPCALL,
    DP_ACTION_METER,
    DP_ACTION_PUSH_MPLS,
    DP_ACTION_POP_MPLS,
    DP_ACTION_SET_MPLS,
    DP_ACTION_PUSH_PBB,
    DP_ACTION_POP_PBB,
    DP_ACTION_SET_PBB,
    DP_ACTION_DEC_TTL,
    DP_ACTION_COPY_TTL,
    DP_ACTION_CLONE,
    DP_ACTION_RECIRC,
    DP_ACTION_SET_ARP,
    DP_ACTION_SET_ND,
    DP_ACTION_CHECK_LEN,
    DP_ACTION_HASH,
    DP_ACTION_OUTPUT_TRUNC,
    DP_ACTION_SET_NSH,
    DP_N_ACTIONS
};

struct dp_action {
    uint16_t type; /* enum dp_action_type. */
    uint16_t len;  /* Of the record with this header, before padding to 4. */
};

struct dp_action_output {
    struct dp_action h;
    uint32_t port; /* Datapath port number. */
};

/* Sends the packet's first bytes; of what is segmented on its way out, each segment's. */
#define DP_TRUNC_MIN 14 /* An Ethernet header. */
struct dp_action_output_trunc {
    struct dp_action h;
    uint32_t port;
    uint32_t max_len; /* Bytes, at least DP_TRUNC_MIN. */
};

struct dp_action_push_vlan {
    struct dp_action h;
    be16_t tpid; /* 0x8100 or 0x88a8. */
    be16_t tci;  /* FLOW_VLAN_PRESENT is ignored. */
};

struct dp_action_pop_vlan {
    struct dp_action h;
};

/* Set actions: packet = (packet & ~mask) | (value & mask), then checksums are kept right. */
struct dp_action_set_eth {
    struct dp_action h;
    uint8_t src[6], src_mask[6];
    uint8_t dst[6], dst_mask[6];
};

struct dp_action_set_vlan { /* The outermost tag. */
    struct dp_action h;
    be16_t tci, tci_mask;
};

struct dp_action_set_ipv4 {
    struct dp_action h;
    be32_t src, src_mask;
    be32_t dst, dst_mask;
    uint8_t tos, tos_mask;
    uint8_t ttl, ttl_mask;
};

struct dp_action_set_ipv6 {
    struct dp_action h;
    uint8_t src[16], src_mask[16];
    uint8_t dst[16], dst_mask[16];
    be32_t label, label_mask; /* Low 20 bits. */
    uint8_t tclass, tclass_mask;
    uint8_t hlimit, hlimit_mask;
};

struct dp_action_set_l4 { /* TCP, UDP or SCTP ports, ICMP type and code, as in the key. */
    struct dp_action h;
    be16_t src, src_mask;
    be16_t dst, dst_mask;
};

struct dp_action_set_arp {
    struct dp_action h;
    be16_t op, op_mask;
    be32_t spa, spa_mask;
    be32_t tpa, tpa_mask;
    uint8_t sha[6], sha_mask[6];
    uint8_t tha[6], tha_mask[6];
};

struct dp_action_set_nd { /* Neighbour solicitation and advertisement. */
    struct dp_action h;
    uint8_t option, option_mask; /* Type of the first option that has a link-layer address. */
    uint8_t pad[2];
    be32_t reserved, reserved_mask;
    uint8_t target[16], target_mask[16];
    uint8_t sll[6], sll_mask[6];
    uint8_t tll[6], tll_mask[6];
};

/* Ends the list: what was not output is dropped for a reason that vswitchd knows. */
struct dp_action_drop {
    struct dp_action h;
    uint32_t reason; /* enum dp_policy_drop. */
};

/* Tells policy of the packet as it is now (dp_upcall's reason ACTION); the list goes on. */
struct dp_action_upcall {
    struct dp_action h;
    uint32_t cookie;   /* Comes back with each packet: what policy wants to do with them. */
    uint32_t meter_no; /* Of what it drops policy is not told. DP_NO_METER: none. */
};

/* What the meter drops goes no further. One that does not exist lets everything pass. */
struct dp_action_meter {
    struct dp_action h;
    uint32_t meter_no;
};

/* The hash of the packet as it is now becomes the dp_hash of those that this list recirculates. */
struct dp_action_hash {
    struct dp_action h;
    uint32_t alg; /* enum dp_hash_alg. */
    uint32_t basis;
};

/* The packet as it is now is parsed and looked up again, as one of its input port with this
 * recirculation id in its key, and the hash of the list's last hash action (without one: 0); the
 * list goes on with a copy. */
struct dp_action_recirc {
    struct dp_action h;
    uint32_t id; /* Not 0. */
};

/* Recirculates packets that are longer than max_len with one id, and others with the other. Counts
 * from Ethernet's header on, without a VLAN tag; of what is segmented on its way out, a segment. */
struct dp_action_check_len {
    struct dp_action h;
    uint32_t max_len;
    uint32_t longer_id, other_id; /* Neither is 0. */
};

/* Labels and I-TAGs go behind the VLAN tags. A new label stack entry is 'lse' in the bits of
 * 'mask' and, in the others, what stood outside so far: the entry that was the outermost, or an IP
 * header's TTL. The mask has the bit that says whether it is the bottom of the stack. */
struct dp_action_push_mpls {
    struct dp_action h;
    be16_t eth_type; /* 0x8847 or 0x8848. */
    be16_t pad;
    be32_t lse, mask;
};

struct dp_action_pop_mpls {
    struct dp_action h;
    be16_t eth_type; /* Of what is behind it. */
    be16_t pad;
};

struct dp_action_set_mpls { /* The outermost entry. */
    struct dp_action h;
    be32_t lse, lse_mask;
};

/* The frame becomes the customer's, within one of the same addresses (IEEE 802.1Q section 6.10). */
struct dp_action_push_pbb {
    struct dp_action h;
    be32_t tag;
};

struct dp_action_pop_pbb {
    struct dp_action h;
};

struct dp_action_set_pbb {
    struct dp_action h;
    be32_t tag, tag_mask;
};

struct dp_action_set_nsh {
    struct dp_action h;
    be32_t path, path_mask; /* Service path identifier and service index. */
    uint8_t flags, flags_mask;
    uint8_t ttl, ttl_mask;
    be32_t context[4], context_mask[4]; /* Of MD type 1. */
};

enum dp_ttl_layer { DP_TTL_IP, DP_TTL_MPLS, DP_TTL_NSH };

/* A packet that has 1 or 0 left is dropped ("ttl-expired"), after policy was told if it wants. */
struct dp_action_dec_ttl {
    struct dp_action h;
    uint16_t layer; /* enum dp_ttl_layer. */
    uint16_t tell;  /* 1: as dp_action_upcall, whose fields follow; 0. */
    uint32_t cookie;
    uint32_t meter_no;
};

/* Between the two outermost headers that have a TTL. */
struct dp_action_copy_ttl {
    struct dp_action h;
    uint32_t inwards; /* 1; 0: outwards. */
};

/* Carries out a list of its own on a copy of the packet. */
#define DP_MAX_CLONES 16 /* In each other. */
struct dp_action_clone {
    struct dp_action h;
    uint8_t actions[]; /* h.len less the header. */
};

/* Why policy dropped a packet. Rows in action.c give names; the datapath counts each under that
 * name. */
enum dp_policy_drop {
    DP_DROP_NO_RULE,            /* Table miss, fail-mode secure, or an explicit drop. */
    DP_DROP_VLAN_INGRESS,       /* The port's VLAN configuration does not admit the tag. */
    DP_DROP_RESERVED_MAC,       /* 01:80:c2:00:00:0x that a bridge does not forward. */
    DP_DROP_SAME_PORT,          /* The destination is where it came from. */
    DP_DROP_NO_OUTPUT,          /* Nobody else to send it to. */
    DP_DROP_PORT_NOT_IN_BRIDGE, /* The input port belongs to no bridge. */
    DP_DROP_PORT_CONFIG,        /* A controller switched the port's receiving or sending off. */
    DP_DROP_TOO_DEEP,           /* Translation passed its bound of depth or size. */
    DP_DROP_TTL_EXPIRED,        /* dec_ttl of a packet that had 1 or 0 left. */
    DP_DROP_RECIRC_UNKNOWN,     /* Its recirculation id means nothing (any more). */
    DP_DROP_RECIRC_LIMIT,       /* Too many recirculation ids are in use. */
    DP_DROP_TOO_MANY_TAGS,      /* More VLAN tags or labels than an action can work on. */
    DP_DROP_FRAGMENT,           /* A controller wants no IP fragments. */
    DP_N_POLICY_DROPS
};
const char *dp_policy_drop_name(enum dp_policy_drop);

/* A list being built, or a view of one. */
struct dp_actions {
    uint8_t *data;
    uint32_t len;
    uint32_t size; /* 0: 'data' is borrowed. */
};

#define DP_ACTIONS_INIT                                                                            \
    {                                                                                              \
        NULL, 0, 0                                                                                 \
    }

void dp_actions_free(struct dp_actions *);
void dp_actions_clear(struct dp_actions *);
/* Appends a zeroed record of 'len' bytes (header included, filled in) and returns it, valid until
 * the next change. */
void *dp_actions_put(struct dp_actions *, enum dp_action_type, size_t len);
void dp_actions_put_output(struct dp_actions *, uint32_t port);
void dp_actions_put_output_trunc(struct dp_actions *, uint32_t port, uint32_t max_len);
void dp_actions_put_upcall(struct dp_actions *, uint32_t cookie, uint32_t meter_no);
void dp_actions_put_meter(struct dp_actions *, uint32_t meter_no);
void dp_actions_put_hash(struct dp_actions *, enum dp_hash_alg, uint32_t basis);
void dp_actions_put_recirc(struct dp_actions *, uint32_t id);
void dp_actions_put_drop(struct dp_actions *, enum dp_policy_drop reason);
/* Makes what was put from byte 'start' on into a clone. False when it would be too long. */
bool dp_actions_wrap_clone(struct dp_actions *, uint32_t start);
void dp_actions_append(struct dp_actions *, const struct dp_actions *more);
bool dp_actions_equal(const struct dp_actions *, const struct dp_actions *);

/* Walks a validated list: for (a = first; a; a = next). */
const struct dp_action *dp_actions_first(const void *data, size_t len);
const struct dp_action *dp_actions_next(const void *data, size_t len, const struct dp_action *);

/* The list within a clone. */
static inline const void *dp_action_nested(const struct dp_action *a, size_t *ret_len)
{
    *ret_len = a->len - sizeof *a;
    return a + 1;
}

/* Whether packets, or copies of them, leave the list here, or policy is told of them: what stands
 * before it in the list has an effect. */
static inline bool dp_action_is_output(const struct dp_action *a)
{
    return a->type == DP_ACTION_OUTPUT || a->type == DP_ACTION_OUTPUT_TRUNC ||
           a->type == DP_ACTION_UPCALL || a->type == DP_ACTION_RECIRC ||
           a->type == DP_ACTION_CHECK_LEN || a->type == DP_ACTION_CLONE ||
           (a->type == DP_ACTION_DEC_TTL && ((const struct dp_action_dec_ttl *)a)->tell);
}

/* Whether the list, or one within it, has an action that 'is' says yes to. */
bool dp_actions_any(const void *data, size_t len, bool (*is)(const struct dp_action *));

/* Checks bytes from an untrusted side: every record whole, of a known type and its exact size,
 * values in range. 'data' must be aligned to 4 bytes. */
int dp_actions_validate(const void *data, size_t len, struct error *);

/* Gives the name of a port number, or NULL. */
typedef const char *flow_port_name(uint32_t port, void *aux);

/* A validated list in ovs-dpctl's syntax ("push_vlan(vid=10,pcp=0),2"; "drop:vlan-ingress"); the
 * second with ports' names where 'port_name' (may be NULL) knows one. In format.c. */
void dp_actions_format(struct strbuf *, const void *data, size_t len);
void dp_actions_format_names(struct strbuf *, const void *data, size_t len,
                             flow_port_name *port_name, void *aux);

/* A key under a mask in ovs-dpctl's syntax:
 * "recirc_id(0),in_port(2),eth(src=...,dst=...),eth_type(0x0800),ipv4(...)". 'port_name' (may be
 * NULL) gives a name for a port number, or NULL. In format.c. */
void flow_key_format(struct strbuf *, const struct flow_key *, const struct flow_mask *,
                     flow_port_name *port_name, void *aux);

#endif
