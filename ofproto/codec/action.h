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
    OFP_PORT_MAX = 0xff00, /* Numbers of physical ports are below. */
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
    OFP_ACTION_PUSH_VLAN,
    OFP_ACTION_POP_VLAN,
    OFP_N_ACTIONS
};

struct ofp_action {
    uint16_t type; /* enum ofp_action_type. */
    uint16_t len;  /* With this header; a multiple of 8. */
};

struct ofp_action_output {
    struct ofp_action h;
    uint32_t port; /* enum ofp_port or a port's number. */
};

struct ofp_action_push_vlan {
    struct ofp_action h;
    be16_t tpid;
};

/* field = (field & ~mask) | (value & mask). The field is a settable one of the table; value and
 * mask are its number, most significant byte first, right-aligned in the field's n_bytes. */
struct ofp_action_set_field {
    struct ofp_action h;
    uint16_t field; /* enum ofp_field_id. */
    uint16_t pad;
    uint8_t value[16];
    uint8_t mask[16];
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
/* 'mask' NULL: all of the field. */
void ofp_actions_put_set_field(struct ofp_actions *, const struct ofp_field *, const uint8_t *value,
                               const uint8_t *mask);
bool ofp_actions_equal(const struct ofp_actions *, const struct ofp_actions *);

/* for (a = first(data, len); a; a = next(data, len, a)) */
const struct ofp_action *ofp_actions_first(const void *data, size_t len);
const struct ofp_action *ofp_actions_next(const void *data, size_t len, const struct ofp_action *);

/* Whether an output to this port is among them: what out_port of deletes and dumps asks. */
bool ofp_actions_output_to(const void *data, size_t len, uint32_t port);

/* In ovs-ofctl's syntax: "output:2,NORMAL", "drop" when empty. */
void ofp_actions_format(struct strbuf *, const void *data, size_t len);
void ofp_action_format(struct strbuf *, const struct ofp_action *);
void ofp_port_format(struct strbuf *, uint32_t port);

/* Decodes the actions of a message. 'version' is OFP10 or OFP13. '*ret' is empty before and, after
 * an error, again. 'match' (NULL: unknown) is what the rule matches: set-field wants its
 * prerequisites there. */
int ofp_actions_decode(enum ofp_version version, const uint8_t *p, size_t len,
                       const struct ofp_match *match, struct ofp_actions *ret);
void ofp_actions_encode(struct strbuf *, enum ofp_version version, const void *data, size_t len);

/* A type's text and its way onto the wire; registered before main(). */
struct ofp_action_codec {
    enum ofp_action_type type;
    void (*format)(struct strbuf *, const struct ofp_action *);
    void (*encode)(struct strbuf *, enum ofp_version, const struct ofp_action *);
};
void ofp_action_codec_register(const struct ofp_action_codec *);

/* A form that actions have on the wire. 'p' is the whole action, whose length was checked to be
 * 'len' (when not 0) and a multiple of 8. Appends to 'out'. */
struct ofp_action_form {
    enum ofp_version version;
    uint16_t wire_type;
    uint16_t len; /* 0: any of at least 8. */
    int (*decode)(const uint8_t *p, size_t len, const struct ofp_match *match,
                  struct ofp_actions *out);
};
void ofp_action_forms_register(const struct ofp_action_form *, size_t n);

#endif
