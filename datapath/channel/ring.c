/* Single-writer, single-reader record rings over untrusted shared memory: see ring.h. Called by
 * both ends of the dp channel, on the thread that owns the reader or writer. Must not read shared
 * memory twice for one decision. */
#include "datapath/channel/ring.h"

#include <errno.h>
#include <unistd.h>

#include "lib/util.h"

struct record_header {
    uint32_t len;
    uint32_t type;
};
static_assert(sizeof(struct record_header) == RING_RECORD_HEADER, "a header is one aligned word");

void ring_writer_init(struct ring_writer *w, struct channel_ring *shared, void *data, uint32_t size)
{
    *w = (struct ring_writer){.shared = shared, .data = data, .size = size};
}

void ring_reader_init(struct ring_reader *r, struct channel_ring *shared, const void *data,
                      uint32_t size)
{
    *r = (struct ring_reader){.shared = shared, .data = data, .size = size};
}

static int refresh_tail(struct ring_writer *w)
{
    uint64_t tail = __atomic_load_n(&w->shared->tail, __ATOMIC_ACQUIRE);

    /* The reader can only have gone on, and not past what it was told of. */
    if (tail - w->tail > w->published - w->tail || tail % RING_RECORD_HEADER) {
        return -EPROTO;
    }
    w->tail = tail;
    return 0;
}

int ring_has_room(struct ring_writer *w, uint32_t len)
{
    uint64_t need = RING_RECORD_SIZE(len);

    if (need > w->size) {
        return -EMSGSIZE;
    }
    if (w->size - (w->head - w->tail) < need) {
        int error = refresh_tail(w);

        if (error) {
            return error;
        }
        return w->size - (w->head - w->tail) < need ? -ENOSPC : 0;
    }
    return 0;
}

static void copy_in(struct ring_writer *w, uint64_t at, const void *p, size_t n)
{
    uint32_t offset = at & (w->size - 1);
    size_t first = MIN_OF(n, w->size - offset);

    memcpy(w->data + offset, p, first);
    memcpy(w->data, (const uint8_t *)p + first, n - first);
}

int ring_put(struct ring_writer *w, uint32_t type, const struct iovec *parts, unsigned int n_parts)
{
    struct record_header header = {.type = type};
    uint64_t at = w->head + RING_RECORD_HEADER;
    size_t len = 0;
    int error;

    for (unsigned int i = 0; i < n_parts; i++) {
        len += parts[i].iov_len;
    }
    if (len > w->size) {
        return -EMSGSIZE;
    }
    error = ring_has_room(w, (uint32_t)len);
    if (error) {
        return error;
    }
    header.len = (uint32_t)len;
    copy_in(w, w->head, &header, sizeof header);
    for (unsigned int i = 0; i < n_parts; i++) {
        if (parts[i].iov_len) {
            copy_in(w, at, parts[i].iov_base, parts[i].iov_len);
            at += parts[i].iov_len;
        }
    }
    w->head += RING_RECORD_SIZE(len);
    return 0;
}

bool ring_publish(struct ring_writer *w)
{
    if (w->published == w->head) {
        return false;
    }
    w->published = w->head;
    __atomic_store_n(&w->shared->head, w->head, __ATOMIC_RELEASE);
    return true;
}

static int refresh_head(struct ring_reader *r)
{
    uint64_t head = __atomic_load_n(&r->shared->head, __ATOMIC_ACQUIRE);

    if (head - r->tail > r->size || head - r->tail < r->head - r->tail ||
        head % RING_RECORD_HEADER) {
        return -EPROTO;
    }
    r->head = head;
    return 0;
}

int ring_pending(struct ring_reader *r)
{
    if (r->head == r->tail) {
        int error = refresh_head(r);

        if (error) {
            return error;
        }
    }
    return r->head != r->tail;
}

static void copy_out(const struct ring_reader *r, uint64_t at, void *p, size_t n)
{
    uint32_t offset = at & (r->size - 1);
    size_t first = MIN_OF(n, r->size - offset);

    memcpy(p, r->data + offset, first);
    memcpy((uint8_t *)p + first, r->data, n - first);
}

int ring_get(struct ring_reader *r, void *buffer, uint32_t size, uint32_t *ret_type,
             uint32_t *ret_len)
{
    struct record_header header;
    int error = ring_pending(r);

    if (error <= 0) {
        return error;
    }
    copy_out(r, r->tail, &header, sizeof header);
    if (header.len > size || RING_RECORD_SIZE(header.len) > r->head - r->tail) {
        return -EPROTO;
    }
    copy_out(r, r->tail + RING_RECORD_HEADER, buffer, header.len);
    r->tail += RING_RECORD_SIZE(header.len);
    *ret_type = header.type;
    *ret_len = header.len;
    return 1;
}

bool ring_release(struct ring_reader *r)
{
    if (__atomic_load_n(&r->shared->tail, __ATOMIC_RELAXED) == r->tail) {
        return false;
    }
    __atomic_store_n(&r->shared->tail, r->tail, __ATOMIC_RELEASE);
    return true;
}

/* --- Sleeping and waking. ---
 *
 * The sleeper stores its flag and then loads the heads; whoever publishes stores a head and then
 * loads the flag. With a full fence between the store and the load on both sides, at least one sees
 * the other's store, so no wake-up is lost. */

void channel_wake(uint32_t *waits, uint32_t least, int wake_fd)
{
    static const uint64_t one = 1;

    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (__atomic_load_n(waits, __ATOMIC_RELAXED) >= least &&
        __atomic_exchange_n(waits, CHANNEL_AWAKE, __ATOMIC_SEQ_CST) != CHANNEL_AWAKE) {
        /* When it is full it is readable, so the sleeper wakes anyway. */
        if (write(wake_fd, &one, sizeof one) < 0) {
            return;
        }
    }
}

void channel_prepare_sleep(uint32_t *waits, uint32_t value)
{
    __atomic_store_n(waits, value, __ATOMIC_SEQ_CST);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void channel_awake(uint32_t *waits)
{
    __atomic_store_n(waits, CHANNEL_AWAKE, __ATOMIC_RELAXED);
}
