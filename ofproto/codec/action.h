/* OpenFlow actions in the switch's own form: a list of records, as decoded from any version of the
 * protocol, executed by xlate/, kept by rules.
 *
 * One family of actions is one pair of files: codec/action_FAMILY.c knows its text (later its wire
 * forms) and xlate/action_FAMILY.c its execution; each registers with a class, found by type. A
 * list is bounded (OFP_ACTIONS_MAX_LEN) and validated when it is built. Numbers are in host order.
 */
#ifndef OFPROTO_CODEC_ACTION_H
#define OFPROTO_CODEC_ACTION_H

#include "lib/error.h"
#include "lib/strbuf.h"
#include "ofproto/codec/ofp_error.h"
#include "ofproto/match/field.h"

/* Bytes of one list. On the wire it may be twice as long, and a rule must fit one message. */
#define OFP_ACTIONS_MAX_LEN 28672

/* OpenFlow port numbers as kept inside: those of OpenFlow 1.0, in 32 bits. */
enum ofp_port {
    OFP_PORT_MAX = 0xff00,   /* Numbers of physical ports are below. */
    OFP_PORT_UNSET = 0xfff7, /* Of the field actset_output: the action set has no output. */
    OFP_PORT_IN_PORT = 0xfff8,
    OFP_PORT_TABLE = 0xfff9,
    OFP_PORT_NORMAL = 0xfffa,
    OFP_PORT_FLOOD = 0xfffb,
    OFP_PORT_ALL = 0xfffc,
    OFP_PORT_CONTROLLER = 0xfffd,
    OFP_PORT_LOCAL = 0xfffe,
    OFP_PORT_NONE = 0xffff,
};

enum ofp_action_type {
    OFP_ACTION_OUTPUT,
    OFP_ACTION_SET_FIELD,
    OFP_ACTION_DELETE_FIELD,
    OFP_ACTION_PUSH_VLAN,
    OFP_ACTION_POP_VLAN,
    OFP_ACTION_DEC_TTL,
    OFP_ACTION_COPY_TTL_IN,
    OFP_ACTION_COPY_TTL_OUT,
    OFP_ACTION_PUSH_MPLS, /* action_shim.h has these. */
    OFP_ACTION_POP_MPLS,
    OFP_ACTION_DEC_MPLS_TTL,
    OFP_ACTION_DEC_NSH_TTL,
    OFP_ACTION_PUSH_PBB,
    OFP_ACTION_POP_PBB,
    OFP_ACTION_MOVE,
    OFP_ACTION_STACK_PUSH,
    OFP_ACTION_STACK_POP,
    OFP_ACTION_OUTPUT_REG,
    OFP_ACTION_OUTPUT_TRUNC,
    OFP_ACTION_RESUBMIT,
    OFP_ACTION_NOTE,
    OFP_ACTION_EXIT,
    OFP_ACTION_CLONE,
    OFP_ACTION_GROUP,     /* group_mod.h has it. */
    OFP_ACTION_MULTIPATH, /* action_hash.h has these two. */
    OFP_ACTION_BUNDLE,
    OFP_ACTION_LEARN, /* action_learn.h has these two. */
    OFP_ACTION_FIN_TIMEOUT,
    OFP_ACTION_CONJUNCTION, /* action_conjunction.h has it. */
    OFP_ACTION_ENQUEUE,     /* action_queue.h has these. */
    OFP_ACTION_SET_QUEUE,
    OFP_ACTION_POP_QUEUE,
    OFP_ACTION_METER,      /* meter_mod.h has it. */
    OFP_ACTION_CONTROLLER, /* action_controller.h has it. */
    OFP_ACTION_SAMPLE,
    OFP_ACTION_CHECK_LEN,
    /* Instructions, in their order; those of "apply actions" are the actions before. */
    OFP_ACTION_CLEAR_ACTIONS,
    OFP_ACTION_WRITE_ACTIONS,
    OFP_ACTION_WRITE_METADATA,
    OFP_ACTION_GOTO_TABLE,
    OFP_N_ACTIONS
};

struct ofp_action {
    uint16_t type; /* enum ofp_action_type. */
    uint16_t len;  /* With this header; a multiple of 8. */
};

struct ofp_action_output {
    struct ofp_action h;
    uint16_t port;    /* enum ofp_port or a port's number. */
    uint16_t max_len; /* To CONTROLLER: as asked for. The packet goes whole: none is buffered. */
};

/* The packet's first bytes, to a port; other packets than LOCAL's, IN_PORT's and a number's go
 * nowhere. */
#define OFP_TRUNC_MIN 14 /* An Ethernet header. */
struct ofp_action_output_trunc {
    struct ofp_action h;
    uint16_t port; /* enum ofp_port or a port's number. */
    uint16_t pad;
    uint32_t max_len; /* Bytes, at least OFP_TRUNC_MIN. */
};

struct ofp_action_push_vlan {
    struct ofp_action h;
    be16_t tpid;
};

/* In which of its forms set-field came, and is told again. */
enum ofp_set_form {
    OFP_SET_FIELD,
    OFP_SET_LOAD, /* Nicira's reg_load: ones of the mask are in one piece of at most 64 bits. */
    OFP_SET_OWN,  /* The field's own action: mod_nw_ttl, set_mpls_ttl. */
};

/* field = (field & ~mask) | (value & mask). The field is a settable one of the table; value and
 * mask are its number, most significant byte first, right-aligned in the field's n_bytes. */
struct ofp_action_set_field {
    struct ofp_action h;
    uint16_t field;   /* enum ofp_field_id. */
    uint8_t form;     /* enum ofp_set_form. */
    uint8_t n_bytes;  /* As the field had then: options of tunnels may be mapped otherwise later. */
    uint8_t number[]; /* Value and mask. */
};
static inline const uint8_t *ofp_set_value(const struct ofp_action_set_field *a)
{
    return a->number;
}
static inline const uint8_t *ofp_set_mask(const struct ofp_action_set_field *a)
{
    return a->number + a->n_bytes;
}
/* An option of a tunnel is taken off the packet. */
struct ofp_action_delete_field {
    struct ofp_action h;
    uint16_t field; /* enum ofp_field_id. */
    uint16_t pad;
};

/* n_bits of a field from bit 'ofs' up. */
struct ofp_subfield {
    uint16_t field; /* enum ofp_field_id. */
    uint16_t ofs;
    uint16_t n_bits; /* 1 and more. */
    uint16_t pad;
};

struct ofp_action_move {
    struct ofp_action h;
    uint32_t pad;
    struct ofp_subfield src;
    struct ofp_subfield dst; /* As many bits; settable. */
};

struct ofp_action_check_len {
    struct ofp_action h;
    uint16_t max_len; /* Bytes from the Ethernet header on, without a VLAN tag. */
    uint16_t pad;
    struct ofp_subfield dst; /* One bit: 1 for packets that are longer. Settable. */
};

struct ofp_action_stack {
    struct ofp_action h;
    uint32_t pad;
    struct ofp_subfield subfield; /* To pop into: settable. */
};

struct ofp_action_output_reg {
    struct ofp_action h;
    uint16_t max_len; /* Of what a controller gets. */
    uint16_t pad;
    struct ofp_subfield src;
};

struct ofp_action_dec_ttl {
    struct ofp_action h;
    uint16_t n_ids; /* Controllers who want packets whose time is over; 0: as without ids. */
    uint16_t id[];
};

#define OFP_RESUBMIT_SAME_TABLE 0xff

struct ofp_action_resubmit {
    struct ofp_action h;
    uint32_t in_port;  /* OFP_PORT_IN_PORT: as it is. */
    uint16_t table_id; /* Or OFP_RESUBMIT_SAME_TABLE. */
    uint16_t pad[3];
};

struct ofp_action_note {
    struct ofp_action h;
    uint16_t n;
    uint8_t data[]; /* n bytes. */
};

struct ofp_action_sample {
    struct ofp_action h;
    uint16_t probability;   /* Of 65535; not 0. */
    uint16_t sampling_port; /* OFP_PORT_NONE: none. */
    uint32_t collector_set_id;
    uint32_t obs_domain_id;
    uint32_t obs_point_id;
    uint8_t direction; /* 0: both; 1: ingress; 2: egress. */
    uint8_t pad[3];
};

/* Clone, and the instruction "write actions". */
struct ofp_action_nested {
    struct ofp_action h;
    uint32_t len;
    uint8_t data[]; /* 'len' bytes of records. */
};

struct ofp_action_write_metadata {
    struct ofp_action h;
    uint32_t pad;
    uint64_t metadata;
    uint64_t mask;
};

struct ofp_action_goto_table {
    struct ofp_action h;
    uint8_t table_id;
    uint8_t pad[3];
};

/* The order in which an action set is carried out (OpenFlow 1.5.1 section 5.6): of each place but
 * OFP_PLACE_SET the last one that was written, and nothing after a group. */
enum ofp_set_place {
    OFP_PLACE_NONE, /* May not be in a set. */
    OFP_PLACE_COPY_TTL_IN,
    OFP_PLACE_POP_VLAN,
    OFP_PLACE_POP_MPLS,
    OFP_PLACE_POP_PBB,
    OFP_PLACE_PUSH_MPLS,
    OFP_PLACE_PUSH_PBB,
    OFP_PLACE_PUSH_VLAN,
    OFP_PLACE_COPY_TTL_OUT,
    OFP_PLACE_DEC_TTL,
    OFP_PLACE_DEC_MPLS_TTL,
    OFP_PLACE_DEC_NSH_TTL,
    OFP_PLACE_SET, /* All of them, as they were written. */
    OFP_PLACE_METER,
    OFP_PLACE_QOS,
    OFP_PLACE_GROUP,
    OFP_PLACE_OUTPUT,
    OFP_PLACE_RESUBMIT,
    OFP_N_PLACES
};

struct ofp_actions {
    uint8_t *data;
    uint32_t len;
    uint32_t size;
};
#define OFP_ACTIONS_INIT                                                                           \
    {                                                                                              \
        NULL, 0, 0                                                                                 \
    }

void ofp_actions_free(struct ofp_actions *);
/* Appends a zeroed record; NULL when the list would pass OFP_ACTIONS_MAX_LEN. Valid until the next
 * change. */
void *ofp_actions_put(struct ofp_actions *, enum ofp_action_type, size_t len);
void ofp_actions_put_output(struct ofp_actions *, uint32_t port);
void ofp_actions_put_controller(struct ofp_actions *, uint16_t max_len);
/* 'mask' NULL: all of the field. */
void ofp_actions_put_set_field(struct ofp_actions *, const struct ofp_field *, const uint8_t *value,
                               const uint8_t *mask);
bool ofp_actions_equal(const struct ofp_actions *, const struct ofp_actions *);

/* for (a = first(data, len); a; a = next(data, len, a)) */
const struct ofp_action *ofp_actions_first(const void *data, size_t len);
const struct ofp_action *ofp_actions_next(const void *data, size_t len, const struct ofp_action *);

/* Calls back for each, also for those in others, until 'cb' returns something else than 0, which it
 * returns. */
int ofp_actions_each(const void *data, size_t len, int (*cb)(const struct ofp_action *, void *aux),
                     void *aux);

/* Those that actions read or write (ofp_action_codec.tlv_fields), also actions in others. */
uint64_t ofp_actions_tlv_fields(const void *data, size_t len);

/* Whether an output to this port is among them: what out_port of deletes and dumps asks. */
bool ofp_actions_output_to(const void *data, size_t len, uint32_t port);

/* In ovs-ofctl's syntax: "output:2,NORMAL", "drop" when empty. */
void ofp_actions_format(struct strbuf *, const void *data, size_t len);
void ofp_action_format(struct strbuf *, const struct ofp_action *);
void ofp_port_format(struct strbuf *, uint32_t port);
/* Actions are written as ovs-ofctl writes those of a switch that speaks this version: mod_* in 1.0,
 * fields by NXM's names. For programs that show them; set once, before anything is formatted. 0,
 * as it is else: with one name for each thing. */
void ofp_actions_format_like(enum ofp_version);
enum ofp_version ofp_actions_format_version(void);

/* Decodes the actions of a message. '*ret' is empty before and, after an error, again. 'match'
 * (NULL: unknown) is what the rule matches: whoever touches a field wants its prerequisites there.
 */
int ofp_actions_decode(enum ofp_version version, const uint8_t *p, size_t len,
                       const struct ofp_match *match, struct ofp_actions *ret);
/* The same, and what is known of the packet behind them; '*after' stays as it is when nothing is
 * known before, or after an error. */
int ofp_actions_decode_then(enum ofp_version version, const uint8_t *p, size_t len,
                            const struct ofp_match *match, struct ofp_match *after,
                            struct ofp_actions *ret);
/* The actions within an action, which begin at 'p'; what they do to the match is for them alone.
 * OFPERR_BAC_TOO_MANY when they lie too deep in each other. */
struct ofp_action_in;
int ofp_actions_decode_nested(const struct ofp_action_in *, const uint8_t *p, size_t len,
                              struct ofp_actions *ret);
/* Everything but instructions. */
void ofp_actions_encode(struct strbuf *, enum ofp_version version, const void *data, size_t len);

/* A type's text, its way onto the wire, its place in an action set; registered before main(). */
struct ofp_action_codec {
    enum ofp_action_type type;
    void (*format)(struct strbuf *, const struct ofp_action *);
    void (*encode)(struct strbuf *, enum ofp_version, const struct ofp_action *);
    enum ofp_set_place place;
    /* The options of tunnels that it reads or writes, a bit for each of tun_metadata0 to 63; not
     * those of actions in it. NULL: none. */
    uint64_t (*tlv_fields)(const struct ofp_action *);
};
void ofp_action_codec_register(const struct ofp_action_codec *);
enum ofp_set_place ofp_action_set_place(enum ofp_action_type);

/* One action on the wire, to be decoded: 'p' is the whole of it, with its header, whose length was
 * checked to be 'len' (the form's, when that is not 0) and a multiple of 8. */
struct ofp_action_in {
    const uint8_t *p;
    size_t len;
    enum ofp_version version;
    /* What is known of the packet here: the rule's match, as changed by the actions before. NULL:
     * nothing. */
    struct ofp_match *match;
    unsigned int depth; /* So many actions have this one in them. */
};

/* A form that actions have on the wire, in which versions. Appends to 'out'. */
struct ofp_action_form {
    enum ofp_version from, to;
    uint16_t type; /* On the wire; of an extension its subtype. */
    uint16_t len;  /* 0: any of at least 8, of an extension 16. */
    int (*decode)(const struct ofp_action_in *, struct ofp_actions *out);
    uint32_t vendor; /* 0, or OFP_VENDOR_NX. */
};
void ofp_action_forms_register(const struct ofp_action_form *, size_t n);
/* A bit for each type of the protocol's own that is registered in the version. */
uint32_t ofp_action_types(enum ofp_version);
/* Begins the encoding of an extension's action: returns where it starts, for the end, which pads
 * and fills the length in. */
size_t nx_action_begin(struct strbuf *, uint16_t subtype);
void ofp_action_end(struct strbuf *, size_t start);

/* Whether the prerequisites of a field that an action touches hold: 0 or an error. */
int ofp_action_check_prereq(const struct ofp_action_in *, const struct ofp_field *);
/* A part of a field on the wire: its header at 'p', of 'len' bytes at most, and the bits. */
int ofp_subfield_decode(const struct ofp_action_in *, const uint8_t *p, size_t len,
                        unsigned int ofs, unsigned int n_bits, bool to_write,
                        struct ofp_subfield *ret, size_t *ret_len);
/* "NXM_NX_REG0[0..15]" in the field's own name: "reg0[0..15]". */
void ofp_subfield_format(struct strbuf *, const struct ofp_subfield *);

#endif
