/* A ring of variable-length records between two processes that do not trust each other: one writer,
 * one reader, no lock, no system call.
 *
 * Each end keeps its own position in its own memory and only publishes it; of the other end's
 * position it checks that it is possible. The reader copies a record out before anybody looks at
 * it, and checks its length against what was published, so whatever the writer does, the reader
 * reads within the ring. A writer that dies in the middle of a record has not published it. Used by
 * both ends of the channel; a worker writes its own upcall ring. No EAL. */
#ifndef DATAPATH_CHANNEL_RING_H
#define DATAPATH_CHANNEL_RING_H

#include <sys/uio.h>

#include "datapath/channel/layout.h"

#define RING_RECORD_HEADER 8
/* What a record of 'len' bytes takes. */
#define RING_RECORD_SIZE(LEN) (RING_RECORD_HEADER + ROUND_UP((uint64_t)(LEN), 8))

struct ring_writer {
    struct channel_ring *shared;
    uint8_t *data;
    uint32_t size;      /* A power of two. */
    uint64_t head;      /* Where the next record goes. */
    uint64_t published; /* What the reader was told. */
    uint64_t tail;      /* The reader's last good position. */
};

struct ring_reader {
    struct channel_ring *shared;
    const uint8_t *data;
    uint32_t size;
    uint64_t tail;
    uint64_t head; /* The writer's last good position. */
};

/* On fresh (zeroed) shared memory. */
void ring_writer_init(struct ring_writer *, struct channel_ring *, void *data, uint32_t size);
void ring_reader_init(struct ring_reader *, struct channel_ring *, const void *data, uint32_t size);

/* Appends a record made of the parts, not visible until ring_publish(). -ENOSPC when there is no
 * room now, -EMSGSIZE when it would not even fit an empty ring, -EPROTO when the reader's position
 * is impossible. */
int ring_put(struct ring_writer *, uint32_t type, const struct iovec *parts, unsigned int n_parts);
/* Makes what was put visible. Returns false when there was nothing new. */
bool ring_publish(struct ring_writer *);
/* Whether a record of 'len' bytes fits now; -EPROTO as above. */
int ring_has_room(struct ring_writer *, uint32_t len);

/* Copies the next record into 'buffer' of 'size' bytes: 1 and its type and length; 0 when there is
 * none; -EPROTO when the writer's position or the record's length is impossible, or it does not fit
 * the buffer. */
int ring_get(struct ring_reader *, void *buffer, uint32_t size, uint32_t *ret_type,
             uint32_t *ret_len);
/* Gives the room of what was read back to the writer. Returns false when nothing was read since. */
bool ring_release(struct ring_reader *);
/* 1 when there is something to read, 0, or -EPROTO. */
int ring_pending(struct ring_reader *);

/* Wakes an end when it sleeps: after publishing, with the flag of that end and what it waits on (an
 * eventfd or a pipe, to which 8 bytes are written). 'least' is the value of the flag from which on
 * this news matters (CHANNEL_WAIT_*). Any thread. */
void channel_wake(uint32_t *waits, uint32_t least, int wake_fd);
/* Before an end sleeps: sets its flag. The caller then looks once more at its rings, and sleeps
 * only when they are empty; else it calls channel_awake(). */
void channel_prepare_sleep(uint32_t *waits, uint32_t value);
void channel_awake(uint32_t *waits);

#endif
