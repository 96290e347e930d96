/* Fuzzes what each end of the dp channel reads from the other: records (commands, upcalls,
 * completions), the rings' shared positions, and the messages on the socket. The first byte
 * chooses. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "datapath/channel/message.h"
#include "datapath/channel/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_op(const struct dp_op *op, const uint8_t *record, size_t len)
{
    const uint8_t *actions = op->actions, *packet = op->packet;

    /* Whatever is accepted lies within the record. */
    if (actions < record || actions + op->actions_len > record + len || packet < record ||
        packet + op->packet_len > record + len) {
        abort();
    }
}

static void fuzz_record(const uint8_t *data, size_t size)
{
    static struct record_op op;
    struct dp_completion completion;
    struct dp_upcall upcall;
    struct flow_key key;
    uint8_t *copy;
    uint32_t type;

    if (size < 4 || size > RECORD_COMMAND_MAX) {
        return;
    }
    memcpy(&type, data, 4);
    type %= RECORD_COMPLETION + 1;
    size -= 4;
    copy = aligned_alloc(8, ROUND_UP(size + 1, 8));
    memcpy(copy, data + 4, size);
    if (!record_get_op(type, copy, (uint32_t)size, &op)) {
        check_op(&op.op, copy, size);
    }
    record_get_upcall(type, copy, (uint32_t)size, &key, &upcall);
    record_get_completion(type, copy, (uint32_t)size, &completion);
    free(copy);
}

/* The input is the shared memory: positions, then data. */
static void fuzz_ring(const uint8_t *data, size_t size)
{
    enum { RING = 256 };
    static uint8_t ring[RING] __attribute__((aligned(8)));
    struct channel_ring shared = {0};
    uint64_t payload[2] = {1, 2};
    const struct iovec part = {payload, sizeof payload};
    struct ring_reader reader;
    struct ring_writer writer;
    uint8_t out[64];

    memset(ring, 0, sizeof ring);
    ring_reader_init(&reader, &shared, ring, RING);
    ring_writer_init(&writer, &shared, ring, RING);
    while (size >= 18) {
        uint32_t type, len;

        memcpy(&shared.head, data, 8);
        memcpy(&shared.tail, data + 8, 8);
        memcpy(ring + data[16] % (RING - 8), data + 10, 8);
        if (data[17] & 1) {
            shared.head = reader.tail + data[17];
            shared.tail = writer.tail + (data[17] & ~7u);
        }
        if (ring_get(&reader, out, sizeof out, &type, &len) == 1 && len > sizeof out) {
            abort();
        }
        ring_put(&writer, 1, &part, 1);
        ring_publish(&writer);
        data += 18;
        size -= 18;
    }
}

static void fuzz_message(const uint8_t *data, size_t size, unsigned int which)
{
    static uint8_t actions[DP_ACTIONS_MAX_LEN] __attribute__((aligned(8)));
    struct dp_option options[DP_MAX_PORT_OPTIONS];
    struct message_config config;
    struct message_header header;
    struct message_reader r;
    struct dp_port_info info;
    struct dp_flow flow;
    struct error err;
    size_t n;

    if (!message_read(&r, data, size, &header)) {
        return;
    }
    switch (which) {
    case 0:
        message_get_config(&r, &config);
        message_config_free(&config);
        break;
    case 1:
        message_get_options(&r, options, &n);
        message_options_free(options, n);
        break;
    case 2: message_get_port_info(&r, &info); break;
    case 3:
        while (message_ok(&r) && !message_done(&r)) {
            message_get_flow(&r, &flow, actions);
        }
        break;
    default: message_get_result(&r, &err); break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size) {
        return 0;
    }
    switch (data[0] % 7) {
    case 0: fuzz_record(data + 1, size - 1); break;
    case 1: fuzz_ring(data + 1, size - 1); break;
    default: fuzz_message(data + 1, size - 1, data[0] % 7 - 2u); break;
    }
    return 0;
}
