/* What the records in the channel's rings say, and how they are checked.
 *
 * The put functions are called by who owns the writer (a worker, for upcalls) and allocate nothing.
 * The get functions take a record that ring_get() has copied out, of any content, and answer 0 or
 * -EPROTO; they never read beyond it. No EAL. */
#ifndef DATAPATH_CHANNEL_RECORD_H
#define DATAPATH_CHANNEL_RECORD_H

#include "datapath/channel/ring.h"

/* Types of records: commands are enum dp_op_type. */
#define RECORD_UPCALL 100
#define RECORD_COMPLETION 101

/* The largest record of each ring. */
#define RECORD_LINES_MAX (FLOW_N_LINES * 64)
#define RECORD_COMMAND_MAX                                                                         \
    (64 + 2 * RECORD_LINES_MAX + ROUND_UP(DP_ACTIONS_MAX_LEN, 8) + CHANNEL_EXECUTE_MAX)
#define RECORD_UPCALL_MAX (64 + RECORD_LINES_MAX + CHANNEL_PACKET_MAX)
#define RECORD_COMPLETION_LEN 64

/* Errors as ring_put(); also -EMSGSIZE for a packet or actions that are too long and -EINVAL for an
 * op without what its type needs. */
int record_put_op(struct ring_writer *, const struct dp_op *);
/* A packet longer than CHANNEL_PACKET_MAX is cut. */
int record_put_upcall(struct ring_writer *, const struct dp_upcall *);
int record_put_completion(struct ring_writer *, const struct dp_completion *);

/* A command as received; op's key and mask point into it, op's actions and packet into the record.
 */
struct record_op {
    struct flow_key key;
    struct flow_mask mask;
    struct dp_op op;
};
/* -EPROTO: the sender is broken. -EINVAL: a well-formed record with bad values (an action list that
 * does not validate): ret->op has type, cookie and flow number, to answer with. 'actions' are
 * checked with dp_actions_validate(). */
int record_get_op(uint32_t type, const void *record, uint32_t len, struct record_op *ret);

/* 'key' receives the upcall's key; ret's packet points into the record. */
int record_get_upcall(uint32_t type, const void *record, uint32_t len, struct flow_key *key,
                      struct dp_upcall *ret);
int record_get_completion(uint32_t type, const void *record, uint32_t len,
                          struct dp_completion *ret);

/* The present lines of a key or a mask, one after the other; FLOW_N_LINES * 64 bytes at most.
 * Returns the length. The decoder checks that 'lines' has known bits only, 'len' is exactly theirs,
 * and the form is canonical as far as can be told without the packet; key->lines is set from
 * 'lines'. */
uint32_t record_key_len(uint8_t lines);
void record_key_put(void *dst, const struct flow_key *, uint8_t lines);
int record_key_get(const void *src, uint8_t lines, struct flow_key *ret);
int record_mask_get(const void *src, uint8_t lines, struct flow_mask *ret);

#endif
