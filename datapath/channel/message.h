/* Messages on the dp channel's socket (RUNDIR/dp.sock, SOCK_SEQPACKET: one message is one
 * datagram): the handshake, rare commands, and the passing of file descriptors.
 *
 * - HELLO of vswitchd is answered by WELCOME with four fds (counters, rings, the eventfd that wakes
 * the datapath, the pipe that wakes vswitchd), or by REFUSED;
 * - a command of vswitchd by any number of CHUNKs, then REPLY, with the command's sequence number;
 * - PORT_CHANGED comes from the datapath at any time.
 *
 * A message is a header and a body of numbers in host order and strings, written and read by the
 * cursors below. A reader that runs over the end stays at the end, returns zeros and remembers:
 * callers read everything and then ask message_ok(). No EAL. */
#ifndef DATAPATH_CHANNEL_MESSAGE_H
#define DATAPATH_CHANNEL_MESSAGE_H

#include "datapath/channel/layout.h"

#define MESSAGE_MAX 65536
#define MESSAGE_MAX_FDS 4
/* In the HELLO and the WELCOME. */
#define MESSAGE_MAGIC UINT32_C(0x534c4443)

enum message_type {
    MESSAGE_HELLO = 1,
    MESSAGE_WELCOME,
    MESSAGE_REFUSED,
    MESSAGE_REPLY,
    MESSAGE_CHUNK,
    MESSAGE_PORT_CHANGED,
    MESSAGE_SET_CONFIG,
    MESSAGE_PORT_ADD,
    MESSAGE_PORT_DEL,
    MESSAGE_PORT_SET,
    MESSAGE_PORT_LIST,
    MESSAGE_FLOW_LIST,
};

struct message_header {
    uint32_t type;
    uint32_t seq;
};

/* A message being built. Running over the end is an error that channel_send() tells. */
struct message {
    uint8_t *data; /* MESSAGE_MAX bytes. */
    size_t len;
    bool overflow;
};

/* A message being read. */
struct message_reader {
    const uint8_t *data;
    size_t len;
    size_t pos;
    bool bad;
};

void message_init(struct message *, uint8_t *buffer, enum message_type, uint32_t seq);
void message_put_u8(struct message *, uint8_t);
void message_put_u32(struct message *, uint32_t);
void message_put_u64(struct message *, uint64_t);
void message_put_bytes(struct message *, const void *, size_t n);
/* At most 64 KiB; NULL is "". */
void message_put_string(struct message *, const char *);
/* Overwrites a number that was put at 'pos'. */
void message_patch_u32(struct message *, size_t pos, uint32_t);

/* False when there is not even a header. */
bool message_read(struct message_reader *, const void *data, size_t len, struct message_header *);
uint8_t message_get_u8(struct message_reader *);
uint32_t message_get_u32(struct message_reader *);
uint64_t message_get_u64(struct message_reader *);
/* NULL when there are fewer. */
const void *message_get_bytes(struct message_reader *, size_t n);
/* Into 'dst' of 'size' bytes with a NUL. A string that does not fit, or with a NUL inside, is bad.
 */
void message_get_string(struct message_reader *, char *dst, size_t size);
/* A string of at most 'max' bytes that the caller frees; NULL when it is bad. */
char *message_get_new_string(struct message_reader *, size_t max);
/* True when nothing was missing; message_done(): and nothing is left. */
bool message_ok(const struct message_reader *);
bool message_done(const struct message_reader *);

/* --- Composite bodies. --- */

#define MESSAGE_VALUE_MAX 4096 /* Of an option's value. */

void message_put_options(struct message *, const struct dp_option *, size_t n);
/* A port's configuration that owns its strings. */
struct message_config {
    struct dp_port_config config;
    struct dp_option options[DP_MAX_PORT_OPTIONS];
    size_t n_options;
    char name[DP_NAME_MAX];
    char type[DP_NAME_MAX];
};
/* Also when it fails, message_config_free() what was got. */
void message_get_options(struct message_reader *, struct dp_option options[DP_MAX_PORT_OPTIONS],
                         size_t *ret_n);
void message_options_free(struct dp_option *, size_t n);
void message_put_config(struct message *, const struct dp_port_config *);
void message_get_config(struct message_reader *, struct message_config *);
void message_config_free(struct message_config *);

void message_put_port_info(struct message *, const struct dp_port_info *);
void message_get_port_info(struct message_reader *, struct dp_port_info *);

void message_put_flow(struct message *, const struct dp_flow *);
/* The actions point into the message, or into 'actions', DP_ACTIONS_MAX_LEN bytes aligned to 4. */
void message_get_flow(struct message_reader *, struct dp_flow *, void *actions);

/* The body of REPLY and REFUSED begins with this: 0 or positive errno, and a text. */
void message_put_result(struct message *, int error, const struct error *);
/* Returns 0 or negative errno and sets 'err'; -EPROTO when malformed. */
int message_get_result(struct message_reader *, struct error *);

/* --- The socket. Never blocking. --- */

/* 0, -EAGAIN, or another negative errno (the peer is gone). */
int channel_send(int sock, const struct message *, const int *fds, unsigned int n_fds);
/* The length (0: the peer closed), -EAGAIN, -EMSGSIZE (truncated), or another negative errno. 'fds'
 * (NULL: none are wanted, and those that come are closed) receives up to MESSAGE_MAX_FDS. */
int channel_recv(int sock, void *buffer, int fds[MESSAGE_MAX_FDS], unsigned int *ret_n_fds);

#endif
