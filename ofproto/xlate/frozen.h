/* Frozen pipelines: where translation resumes when a packet comes back from recirculation.
 *
 * Sometimes the tables depend on more than the packet's key: on headers behind those that are
 * popped, or on a hash that the datapath computes. Translation then freezes what is left to do (the
 * remaining actions of each rule at work, the action set, the stack, metadata and registers) into a
 * 'frozen state', and recirculates the packet with the state's id in its key. Translating that key
 * thaws the state.
 *
 * There is one state for equal contents, and its id is a hash of the contents (if two collide, the
 * next free number). So a process that takes over the cached flows of another gets the same ids for
 * the same pipelines. The effects of cached flows hold references to the states that they
 * recirculate to and start from. A state without references is kept for a while, because packets
 * may be on their way. Bounded in number and size. Control thread. */
#ifndef OFPROTO_XLATE_FROZEN_H
#define OFPROTO_XLATE_FROZEN_H

#include "ofproto/bridge.h"

#define FROZEN_MAX_STATES 131072
#define FROZEN_MAX_LEN 65536                 /* Bytes of one. */
#define FROZEN_MAX_BYTES ((size_t)256 << 20) /* Of all. */

struct frozen_state;
struct frozen_states;
struct ofp_action_controller;

struct frozen_states *frozen_states_new(void);
/* Nobody may hold any. */
void frozen_states_free(struct frozen_states *);
/* Frees those that have been without references for a while. */
void frozen_states_expire(struct frozen_states *, uint64_t now_ms);
size_t frozen_states_count(const struct frozen_states *);
void frozen_state_ref(struct frozen_states *, struct frozen_state *);
void frozen_state_unref(struct frozen_states *, struct frozen_state *, uint64_t now_ms);
/* NULL when there is none (any more). */
struct frozen_state *frozen_state_find(const struct frozen_states *, uint32_t id);
/* The bridge whose pipeline it is; NULL: the bridge is gone. */
struct ofproto *frozen_state_bridge(const struct ofproto_set *, const struct frozen_state *);
/* The OpenFlow port, in that bridge, by which the packet entered the pipeline. */
uint32_t frozen_state_in_port(const struct frozen_state *);

/* The hash by which the datapath marks packets that come back. */
struct xlate_dp_hash {
    bool on;
    uint8_t alg;    /* enum dp_hash_alg. */
    uint8_t n_used; /* Its low bits that chose a bucket already and cannot choose another. */
    uint32_t basis;
};

/* What is kept while a pipeline is being frozen: frames, each a header and a list of actions. */
struct xlate_freeze {
    bool on;
    const struct ofp_action_controller
        *pause;            /* Until its controller says so; NULL: recirculates. */
    uint64_t pause_cookie; /* Of its rule. */
    uint8_t pause_table_id;
    struct xlate_dp_hash hash; /* Asked for. */
    uint8_t *frames;
    uint32_t len, size;
    /* Not 0: the first frame, so long, writes a bit for packets longer than max_len; for others the
     * same frame does not. */
    uint32_t by_length;
    uint16_t max_len;
};

#endif
