/* A translation at work: what the tables, actions and NORMAL do to one packet, and what its verdict
 * depends on. For the files of xlate/ and l2/ alone; others call ofproto_translate().
 *
 * The packet exists twice: 'now', as the pipeline sees it, and 'base', as the datapath actions put
 * so far make it. Before an output xlate_commit() adds the difference as pushes, pops and masked
 * sets. Each of them knows which bits were overwritten with constants: those no longer depend on
 * the packet, so reading them adds nothing to the mask 'wc', which always speaks of the packet as
 * it came in. Whoever reads a bit says so: xlate_look(), xlate_look_vlan().
 *
 * When the pipeline needs to know of the packet what only a parser can tell (headers behind those
 * that were taken off), it is frozen: frozen.h.
 *
 * Bounds: XLATE_MAX_DEPTH nested bridges and resubmits, XLATE_MAX_LOOKUPS table lookups,
 * XLATE_MAX_ACTIONS actions and buckets carried out, DP_ACTIONS_MAX_LEN bytes of datapath actions;
 * beyond them the packet is dropped (DP_DROP_TOO_DEEP).
 * Control thread. */
#ifndef OFPROTO_XLATE_XLATE_H
#define OFPROTO_XLATE_XLATE_H

#include "ofproto/bridge.h"
#include "ofproto/codec/packet_in.h"
#include "ofproto/match/text.h"
#include "ofproto/xlate/effects.h"
#include "ofproto/xlate/record.h"
#include "ofproto/xlate/frozen.h"
#include "ofproto/xlate/shims.h"
#include "ofproto/xlate/vlan_stack.h"

#define XLATE_MAX_DEPTH 64
#define XLATE_MAX_LOOKUPS 4096
#define XLATE_MAX_ACTIONS 65536
#define XLATE_MAX_STACK 256

struct xlate_packet {
    struct ofp_flow flow;
    struct ofp_flow written; /* Bits of 'flow' that are constants; VLAN bits are in 'vlans'. */
    struct vlan_stack vlans;
    struct shims shims;
};

/* The rule at work. */
struct xlate_at {
    struct ofp_rule *rule; /* NULL: none (yet), or it was at work before the packet came back. */
    uint64_t cookie;       /* UINT64_MAX: none. */
    bool is_miss;          /* It is a table-miss entry. */
    uint8_t table_id;
};

struct xlate_ctx {
    struct ofproto_set *set;
    const struct ofproto_xlate_in *in;
    struct ofproto *bridge;        /* At work. */
    const struct ofport *in_port;  /* In that bridge. */
    enum ofp_packet_in_reason via; /* Why controllers get what is output to them here. */
    struct xlate_at at;
    struct xlate_packet now;
    struct xlate_packet base;
    struct ofp_flow wc;
    struct dp_actions *actions;
    uint32_t last_output_end; /* Length of 'actions' after the last output. */
    struct ofproto_effects *effects;
    struct ofp_actions action_set; /* As it was written; of the bridge at work. */
    bool resubmit_from;            /* now.flow.in_port is another for the next lookup, */
    uint32_t own_in_port;          /* and this after it. */
    int next_table;                /* That "go to table" named; -1: none. */
    bool stop;                     /* No more actions of the bridge at work. */
    unsigned int n_resubmits;      /* At work in this bridge, one in the other. */
    struct xlate_stack {
        uint8_t (
            *value)[OFP_FIELD_MAX_BYTES]; /* Numbers, right-aligned, most significant byte first. */
        unsigned int n;
        unsigned int floor; /* Below are those of the bridges that the packet came from. */
    } stack;
    struct xlate_freeze freeze;
    struct xlate_dp_hash hash; /* What now.flow's dp_hash is. */
    unsigned int depth;
    unsigned int n_lookups;
    unsigned int n_actions;
    uint16_t next_tag_id;
    bool too_deep;
    bool no_cache;
    bool is_metered;            /* Some meter is among the actions. */
    bool own_copy;              /* Put datapath actions here that cannot be undone. */
    bool unknown;               /* See xlate_unknown(). */
    unsigned int n_clones;      /* In each other, of the datapath's. */
    enum dp_policy_drop reason; /* Why, if nothing is output. */
};

/* ofproto_translate() of a packet that came by this port (NULL: by none that a bridge has). */
void translate_from(struct ofproto_set *, const struct ofport *, const struct ofproto_xlate_in *,
                    struct ofproto_xlate_out *);

/* The same by a port that the bridge does not have (any more), or none. */
void translate_from_none(struct ofproto *bridge, uint32_t in_port, const struct ofproto_xlate_in *,
                         struct ofproto_xlate_out *);

/* A packet that a controller sends: a list of actions in place of table 0. */
struct xlate_packet_out {
    struct ofproto *bridge;
    uint32_t in_port; /* A port of the bridge, OFP_PORT_CONTROLLER or OFP_PORT_NONE. */
    const struct ofp_flow *pipeline; /* Its metadata and registers; the packet is the key's. */
    const void *actions;
    size_t actions_len;
    const struct continuation *resumed; /* That goes on in place of actions; NULL: none does. */
};
void translate_packet_out(const struct xlate_packet_out *, const struct ofproto_xlate_in *,
                          struct ofproto_xlate_out *);

/* Whether MACs and rules are learned now. */
bool xlate_may_learn(const struct xlate_ctx *);

/* The verdict depends on these bits of 'now' (VLAN bits among them are followed to where they came
 * from). */
void xlate_look(struct xlate_ctx *, const struct ofp_flow *bits);
#define XLATE_LOOK(CTX, MEMBER)                                                                    \
    do {                                                                                           \
        struct ofp_flow look_bits_;                                                                \
        memset(&look_bits_, 0, sizeof look_bits_);                                                 \
        memset(&look_bits_.MEMBER, 0xff, sizeof look_bits_.MEMBER);                                \
        xlate_look(CTX, &look_bits_);                                                              \
    } while (0)
void xlate_look_vlan(struct xlate_ctx *, uint16_t tci_bits);

/* VLAN changes; they keep now.flow and now.vlans in step. Push false: too many tags. */
void xlate_vlan_pop(struct xlate_ctx *);
bool xlate_vlan_push(struct xlate_ctx *, be16_t tpid, be16_t tci);
void xlate_vlan_write(struct xlate_ctx *, be16_t tci, be16_t mask);
/* Puts an earlier state of the tags back. */
void xlate_vlan_restore(struct xlate_ctx *, const struct vlan_stack *);

/* The bridge at work, and its fields, from now on. */
void xlate_be_in(struct xlate_ctx *, struct ofproto *bridge);
/* Goes on in the bridge of this port, as if received there. */
void xlate_enter_bridge(struct xlate_ctx *, const struct ofport *in_port);
/* Looks the packet up in a table of the bridge and carries out what the rule says, there and in the
 * tables that it goes to. */
void xlate_table(struct xlate_ctx *, uint8_t table_id);
/* What follows the tables: the action set, if the packet has one, or a freeze before or within it.
 */
void xlate_end_pipeline(struct xlate_ctx *, bool has_set);
/* In instruction.c: adds to the action set; carries it out at the end. */
void xlate_write_actions(struct xlate_ctx *, const void *actions, size_t len);
void xlate_run_action_set(struct xlate_ctx *);
/* field = (field & ~mask) | (value & mask), right-aligned in its n_bytes; in action_set.c. */
void xlate_set_field(struct xlate_ctx *, const struct ofp_field *,
                     const uint8_t value[OFP_FIELD_MAX_BYTES],
                     const uint8_t mask[OFP_FIELD_MAX_BYTES]);
/* The part of the field as a number, right-aligned in OFP_FIELD_MAX_BYTES, most significant first;
 * it is looked at; in action_move.c. */
void xlate_read_subfield(struct xlate_ctx *, const struct ofp_subfield *,
                         uint8_t number[OFP_FIELD_MAX_BYTES]);
/* Whether the field has these bits: an option of a tunnel may be mapped otherwise than when the
 * action was made, if that was done to a packet that waited meanwhile; in action_move.c. */
bool xlate_has_bits(struct xlate_ctx *, const struct ofp_subfield *);
/* The number's bits (right-aligned in OFP_FIELD_MAX_BYTES) at the part's place in the field,
 * right-aligned in its n_bytes, and a mask of that place; in action_move.c. */
void xlate_place_subfield(const struct ofp_subfield *, const uint8_t number[OFP_FIELD_MAX_BYTES],
                          uint8_t value[OFP_FIELD_MAX_BYTES], uint8_t mask[OFP_FIELD_MAX_BYTES]);
/* The part of the field becomes the number (right-aligned in OFP_FIELD_MAX_BYTES); in
 * action_move.c. */
void xlate_write_subfield(struct xlate_ctx *, const struct ofp_subfield *,
                          const uint8_t number[OFP_FIELD_MAX_BYTES]);
/* In frozen.c. From here on, nothing of the pipeline at work is done to this packet: it is kept for
 * when the packet comes back from recirculation, parsed anew. An action calls it to have all that
 * follows it kept. */
void xlate_freeze(struct xlate_ctx *);
/* The same, kept twice: packets of more than 'max_len' bytes (from Ethernet's header on, without a
 * tag) come back with what 'set' writes, others with zeros there. */
struct ofp_action_set_field;
void xlate_freeze_by_length(struct xlate_ctx *, uint16_t max_len,
                            const struct ofp_action_set_field *set);
/* Keeps actions, while the pipeline is being frozen: xlate_actions() does. */
void xlate_freeze_actions(struct xlate_ctx *, const void *actions, size_t len);
/* The pipeline, or what is carried out on a copy, is at its end: if it was frozen, recirculates the
 * packet as it is now. 'run_set': the action set is to be carried out then. */
void xlate_freeze_end(struct xlate_ctx *, bool run_set);
/* The action is done again when the packet comes back with this hash, and what follows it then. */
void xlate_freeze_hashed(struct xlate_ctx *, const struct ofp_action *again, enum dp_hash_alg,
                         uint32_t basis);
/* Goes on with what was kept; ctx->bridge and in_port are those of the state. */
void xlate_thaw(struct xlate_ctx *, struct frozen_state *);
/* The same with a state's contents alone; metadata, registers and mark are 'pipeline's, as a
 * controller wants them. */
void xlate_thaw_contents(struct xlate_ctx *, const void *contents, const struct ofp_flow *pipeline);
/* Carries out actions as an action set; the same for a copy of the packet, its stack and its set,
 * in action_clone.c. */
void xlate_run_set(struct xlate_ctx *, const void *actions, size_t len);
void xlate_set_on_copy(struct xlate_ctx *, const void *actions, size_t len);
void xlate_actions(struct xlate_ctx *, const void *actions, size_t len);
/* What the action output:PORT does. */
void xlate_output_to(struct xlate_ctx *, uint32_t port);
/* The same with the packet's first 'max_len' bytes, to a port's number, LOCAL or IN_PORT. */
void xlate_output_first(struct xlate_ctx *, uint32_t port, uint32_t max_len);
/* Sends the packet as it is now out of a port, or into the bridge behind a patch port. */
void xlate_output(struct xlate_ctx *, const struct ofport *);
/* Sends its first 'max_len' bytes. Not through patch ports: the tables behind one would decide by
 * what is cut off. */
void xlate_output_trunc(struct xlate_ctx *, const struct ofport *, uint32_t max_len);
/* In l2/normal.c: OpenFlow's NORMAL and, without learning, FLOOD and ALL. */
void xlate_normal(struct xlate_ctx *);
void xlate_commit(struct xlate_ctx *);
/* For one more commit and output; gives the translation up when there is none. */
bool xlate_has_room(struct xlate_ctx *);
/* Why nothing was output here; the last one counts if nothing was output at all. */
void xlate_drop(struct xlate_ctx *, enum dp_policy_drop);
/* Gives the whole translation up. */
void xlate_too_deep(struct xlate_ctx *, const char *what);

/* What people read in a record of the translation; without one these do nothing. A remark begins
 * with "-> " when it tells what came of a step, with ">> " when it tells why something else did. */
void xlate_say(struct xlate_ctx *, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* A step that the next ones are in, up to xlate_leave() with what is returned; in say.c. */
struct xlate_step *xlate_enter(struct xlate_ctx *, enum xlate_step_kind, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
void xlate_leave(struct xlate_ctx *, struct xlate_step *);
/* A step that none is in. */
void xlate_say_action(struct xlate_ctx *, const char *text);
/* The table that the last action of the last table goes to: steps are in that action from now on,
 * up to xlate_leave(). */
struct xlate_step *xlate_say_place(const struct xlate_ctx *);
void xlate_enter_goto(struct xlate_ctx *);
struct xlate_step *xlate_enter_action(struct xlate_ctx *, const struct ofp_action *);
/* 'looked': bits that the look-up read. */
struct xlate_step *xlate_enter_rule(struct xlate_ctx *, const struct ofp_rule *,
                                    const struct ofp_flow *looked);
/* "-> NXM_NX_REG1[] is now 0x5". */
void xlate_say_subfield(struct xlate_ctx *, const struct ofp_subfield *,
                        const uint8_t number[OFP_FIELD_MAX_BYTES]);

/* How an action is carried out; registered before main(). */
struct xlate_action_class {
    enum ofp_action_type type;
    void (*execute)(struct xlate_ctx *, const struct ofp_action *);
};
void xlate_action_register(const struct xlate_action_class *);

#endif
