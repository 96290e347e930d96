/* The channel client's rings: submitting operations, delivering completions and upcalls in batches
 * with a budget per turn of the loop, so that vswitchd's other work is never starved by a flood of
 * misses. On the event base's thread. See client.h. */
#include "datapath/channel/client.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "datapath/channel/record.h"
#include "lib/util.h"

#define UPCALL_BATCH 32
#define UPCALL_BUDGET 256 /* A turn. */
#define COMPLETION_BATCH 64
#define COMPLETION_BUDGET 2048

/* Where records are copied to before they are looked at. */
struct client_batch {
    struct flow_key keys[UPCALL_BATCH];
    uint8_t records[UPCALL_BATCH][ROUND_UP(RECORD_UPCALL_MAX, 64)];
    struct dp_upcall upcalls[UPCALL_BATCH];
    struct dp_completion completions[COMPLETION_BATCH];
};

struct client_batch *client_batch_new(void)
{
    struct client_batch *batch = aligned_alloc(64, ROUND_UP(sizeof *batch, 64));

    if (!batch) {
        abort();
    }
    memset(batch, 0, sizeof *batch);
    return batch;
}

void client_batch_free(struct client_batch *batch)
{
    free(batch);
}

static void on_woken(evutil_socket_t fd, short what UNUSED, void *client_)
{
    struct client *client = client_;
    uint64_t wakes[64];

    if (read(fd, wakes, sizeof wakes) < 0) {
        return; /* What else there is would make an event of its own. */
    }
    if (client_usable(client)) {
        client_drain(client);
    }
}

void client_rings_start(struct client *client)
{
    struct client_session *s = &client->session;

    ring_writer_init(&s->commands, &s->shared->commands, s->rings + CHANNEL_COMMANDS_AT,
                     CHANNEL_COMMANDS_SIZE);
    ring_reader_init(&s->completions, &s->shared->completions, s->rings + CHANNEL_COMPLETIONS_AT,
                     CHANNEL_COMPLETIONS_SIZE);
    for (unsigned int i = 0; i < CHANNEL_MAX_WORKERS; i++) {
        ring_reader_init(&s->upcalls[i], &s->shared->upcalls[i], s->rings + CHANNEL_UPCALLS_AT(i),
                         CHANNEL_UPCALLS_SIZE);
    }
    s->woken = event_new(client->base, s->wake_us, EV_READ | EV_PERSIST, on_woken, client);
    event_add(s->woken, NULL);
    client->drain_more = true;
    client_defer(client);
}

int client_submit(struct dp *dp, const struct dp_op *ops, size_t n)
{
    struct client *client = client_cast(dp);
    struct client_session *s = &client->session;
    size_t i;
    int error = 0;

    if (!client_usable(client)) {
        return -ENOTCONN;
    }
    for (i = 0; i < n; i++) {
        error = record_put_op(&s->commands, &ops[i]);
        if (error) {
            break;
        }
    }
    if (ring_publish(&s->commands)) {
        channel_wake(&s->shared->datapath_waits, CHANNEL_WAIT_RECORDS, s->wake_datapath);
    }
    if (error == -EPROTO) {
        client_broken(client, "the command ring is corrupt");
        return -ENOTCONN;
    }
    return i || error == -ENOSPC || !error ? (int)i : error;
}

static int drain_completions(struct client *client)
{
    struct client_session *s = &client->session;
    struct client_batch *batch = client->batch;
    unsigned int budget = COMPLETION_BUDGET;
    size_t n;

    do {
        uint32_t type, len;

        for (n = 0; n < COMPLETION_BATCH; n++) {
            uint64_t record[RECORD_COMPLETION_LEN / 8];
            int got = ring_get(&s->completions, record, sizeof record, &type, &len);

            if (!got) {
                break;
            }
            if (got < 0 || record_get_completion(type, record, len, &batch->completions[n])) {
                return -EPROTO;
            }
        }
        if (ring_release(&s->completions)) {
            channel_wake(&s->shared->datapath_waits, CHANNEL_WAIT_ROOM, s->wake_datapath);
        }
        if (n && client->callbacks->completions) {
            client->callbacks->completions(batch->completions, n, client->aux);
        }
        budget -= MIN_OF(budget, (unsigned int)n);
    } while (n == COMPLETION_BATCH && budget && client_usable(client));
    return 0;
}

/* One batch from one ring; the number, or -EPROTO. */
static int drain_upcall_batch(struct client *client, struct ring_reader *ring)
{
    struct client_batch *batch = client->batch;
    uint32_t type, len;
    int n;

    for (n = 0; n < UPCALL_BATCH; n++) {
        int got = ring_get(ring, batch->records[n], RECORD_UPCALL_MAX, &type, &len);

        if (!got) {
            break;
        }
        if (got < 0 ||
            record_get_upcall(type, batch->records[n], len, &batch->keys[n], &batch->upcalls[n])) {
            return -EPROTO;
        }
    }
    ring_release(ring);
    if (n && client->callbacks->upcalls) {
        client->callbacks->upcalls(batch->upcalls, (size_t)n, client->aux);
    }
    return n;
}

/* Serves the workers' rings in turn, so that none waits for a flooded other. */
static int drain_upcalls(struct client *client)
{
    struct client_session *s = &client->session;
    unsigned int idle = 0;

    for (int budget = UPCALL_BUDGET; budget > 0 && idle < CHANNEL_MAX_WORKERS;) {
        int n = drain_upcall_batch(client, &s->upcalls[s->next_upcalls]);

        if (n < 0) {
            return n;
        }
        if (!client_usable(client)) {
            return 0;
        }
        s->next_upcalls = (s->next_upcalls + 1) % CHANNEL_MAX_WORKERS;
        idle = n ? 0 : idle + 1;
        budget -= n;
    }
    return 0;
}

/* 1 when any ring has something, 0, or -EPROTO. */
static int any_pending(struct client_session *s)
{
    int pending = ring_pending(&s->completions);

    for (unsigned int i = 0; i < CHANNEL_MAX_WORKERS && !pending; i++) {
        pending = ring_pending(&s->upcalls[i]);
    }
    return pending;
}

void client_drain(struct client *client)
{
    struct client_session *s = &client->session;
    int error;

    client->drain_more = false;
    channel_awake(&s->shared->vswitchd_waits);
    error = drain_completions(client);
    if (!error && client_usable(client)) {
        error = drain_upcalls(client);
    }
    if (!error && client_usable(client)) {
        channel_prepare_sleep(&s->shared->vswitchd_waits, CHANNEL_WAIT_RECORDS);
        error = any_pending(s);
        if (error > 0) {
            channel_awake(&s->shared->vswitchd_waits);
            client->drain_more = true;
            client_defer(client);
        }
    }
    if (error < 0) {
        client_broken(client, "it wrote a corrupt record");
    }
}
