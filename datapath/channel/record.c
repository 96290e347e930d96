/* Encoding, decoding and checking of the records in the channel's rings: see record.h. Called by
 * both ends. The decoders are the trust boundary of the datapath process: nothing behind them
 * checks again. */
#include "datapath/channel/record.h"

#include <errno.h>

#include "lib/util.h"

#define ALL_LINES ((1u << FLOW_N_LINES) - 1)
#define BASE_LINE (1u << FLOW_LINE_BASE)

struct wire_op {
    uint64_t cookie;
    uint64_t pending;
    uint32_t flow_no;
    uint32_t actions_len;
    uint32_t packet_len;
    uint32_t in_port;
    uint8_t key_lines;
    uint8_t mask_lines;
    uint8_t zero[6];
};
static_assert(sizeof(struct wire_op) == 40, "no hidden padding");

struct wire_upcall {
    uint64_t pending;
    uint32_t in_port;
    uint32_t packet_len;
    uint32_t full_len;
    uint8_t reason;
    uint8_t key_lines;
    uint8_t zero[2];
    uint32_t cookie;
    uint32_t zero2;
};
static_assert(sizeof(struct wire_upcall) == 32, "no hidden padding");

struct wire_completion {
    uint64_t cookie;
    uint64_t packets;
    uint64_t bytes;
    uint64_t used_ms;
    uint32_t type;
    int32_t error;
    uint32_t flow_no;
    uint16_t tcp_flags;
    uint8_t zero[14];
};
static_assert(sizeof(struct wire_completion) == RECORD_COMPLETION_LEN, "as record.h says");

/* --- Keys and masks. --- */

uint32_t record_key_len(uint8_t lines)
{
    return (uint32_t)__builtin_popcount(lines) * 64;
}

void record_key_put(void *dst, const struct flow_key *key, uint8_t lines)
{
    uint8_t *to = dst;

    for (unsigned int l = 0; l < FLOW_N_LINES; l++) {
        if (lines & (1u << l)) {
            memcpy(to, &key->u64[l * FLOW_LINE_WORDS], 64);
            to += 64;
        }
    }
}

static int get_lines(const void *src, uint8_t lines, struct flow_key *ret)
{
    const uint8_t *from = src;

    if (lines & ~ALL_LINES) {
        return -EPROTO;
    }
    memset(ret, 0, sizeof *ret);
    for (unsigned int l = 0; l < FLOW_N_LINES; l++) {
        if (lines & (1u << l)) {
            memcpy(&ret->u64[l * FLOW_LINE_WORDS], from, 64);
            from += 64;
        }
    }
    return ret->ipv6_exthdr & ~be16_make(FLOW_EXTHDR_ALL) ? -EPROTO : 0;
}

int record_key_get(const void *src, uint8_t lines, struct flow_key *ret)
{
    int error = get_lines(src, lines, ret);

    if (error) {
        return error;
    }
    ret->lines = lines;
    return 0;
}

int record_mask_get(const void *src, uint8_t lines, struct flow_mask *ret)
{
    struct flow_mask sealed;
    int error = get_lines(src, lines, &ret->bits);

    if (error) {
        return error;
    }
    ret->bits.lines = 0;
    ret->lines = lines;
    sealed = *ret;
    flow_mask_seal(&sealed);
    return sealed.lines == lines ? 0 : -EPROTO;
}

/* --- Commands. --- */

int record_put_op(struct ring_writer *w, const struct dp_op *op)
{
    struct wire_op wire = {.cookie = op->cookie, .flow_no = op->flow_no};
    uint8_t lines[2 * RECORD_LINES_MAX];
    struct iovec parts[5] = {{&wire, sizeof wire}};
    static const uint8_t padding[8];
    const void *packet = op->packet;
    struct flow_key key;

    switch (op->type) {
    case DP_OP_FLOW_PUT:
        if (!op->key || !op->mask || op->flow_no >= DP_MAX_FLOWS) {
            return -EINVAL;
        }
        flow_key_copy(&key, op->key); /* Whole: dp.h says what for. */
        wire.key_lines = key.lines;
        wire.mask_lines = op->mask->lines;
        key.lines = 0;
        record_key_put(lines, &key, wire.key_lines);
        record_key_put(lines + record_key_len(wire.key_lines), &op->mask->bits, wire.mask_lines);
        wire.actions_len = op->actions_len;
        wire.pending = op->pending;
        break;
    case DP_OP_EXECUTE:
        wire.actions_len = op->actions_len;
        wire.pending = op->pending;
        wire.packet_len = op->pending ? 0 : op->packet_len;
        wire.in_port = op->in_port;
        break;
    case DP_OP_METER_PUT:
        if (!op->meter) {
            return -EINVAL;
        }
        wire.packet_len = sizeof *op->meter;
        packet = op->meter;
        break;
    case DP_OP_FLOW_DEL:
    case DP_OP_METER_DEL:
    case DP_OP_BARRIER: break;
    default: return -EINVAL;
    }
    if (wire.actions_len > DP_ACTIONS_MAX_LEN || wire.packet_len > CHANNEL_EXECUTE_MAX) {
        return -EMSGSIZE;
    }
    parts[1] = (struct iovec){lines,
                              record_key_len(wire.key_lines) + record_key_len(wire.mask_lines)};
    parts[2] = (struct iovec){(void *)op->actions, wire.actions_len};
    parts[3] = (struct iovec){(void *)padding, ROUND_UP(wire.actions_len, 8) - wire.actions_len};
    parts[4] = (struct iovec){(void *)packet, wire.packet_len};
    return ring_put(w, op->type, parts, ARRAY_SIZE(parts));
}

static int get_key_and_mask(const struct wire_op *wire, const uint8_t *at, struct record_op *ret)
{
    int error = record_key_get(at, wire->key_lines, &ret->key);

    return error ? error
                 : record_mask_get(at + record_key_len(wire->key_lines), wire->mask_lines,
                                   &ret->mask);
}

static int check_op_values(const struct dp_op *op)
{
    bool has_actions = op->type == DP_OP_FLOW_PUT || op->type == DP_OP_EXECUTE;
    bool has_flow = op->type == DP_OP_FLOW_PUT || op->type == DP_OP_FLOW_DEL;

    if (has_actions && dp_actions_validate(op->actions, op->actions_len, NULL)) {
        return -EINVAL;
    }
    if (has_flow && op->flow_no >= DP_MAX_FLOWS) {
        return -EINVAL;
    }
    if (op->type == DP_OP_METER_PUT &&
        (op->meter_no >= DP_MAX_METERS || op->packet_len != sizeof *op->meter ||
         dp_meter_validate(op->meter, NULL))) {
        return -EINVAL;
    }
    if (op->type == DP_OP_METER_DEL && op->meter_no >= DP_MAX_METERS &&
        op->meter_no != DP_NO_METER) {
        return -EINVAL;
    }
    if (op->type == DP_OP_EXECUTE && !op->pending &&
        (op->packet_len == 0 || op->in_port >= DP_MAX_PORTS)) {
        return -EINVAL;
    }
    return 0;
}

int record_get_op(uint32_t type, const void *record, uint32_t len, struct record_op *ret)
{
    const uint8_t *at = record;
    struct wire_op wire;
    uint64_t need;
    int error;

    if (len < sizeof wire || type > DP_OP_BARRIER) {
        return -EPROTO;
    }
    memcpy(&wire, at, sizeof wire);
    at += sizeof wire;
    if (wire.key_lines & ~ALL_LINES || wire.mask_lines & ~ALL_LINES ||
        wire.actions_len > DP_ACTIONS_MAX_LEN || wire.packet_len > CHANNEL_EXECUTE_MAX) {
        return -EPROTO;
    }
    need = sizeof wire + record_key_len(wire.key_lines) + record_key_len(wire.mask_lines) +
           ROUND_UP(wire.actions_len, 8) + wire.packet_len;
    if (len != need) {
        return -EPROTO;
    }
    ret->op = (struct dp_op){.type = (enum dp_op_type)type,
                             .cookie = wire.cookie,
                             .flow_no = wire.flow_no,
                             .key = &ret->key,
                             .mask = &ret->mask,
                             .pending = wire.pending,
                             .in_port = wire.in_port,
                             .actions_len = wire.actions_len,
                             .packet_len = wire.packet_len};
    error = get_key_and_mask(&wire, at, ret);
    if (error) {
        return error;
    }
    at += record_key_len(wire.key_lines) + record_key_len(wire.mask_lines);
    ret->op.actions = at;
    ret->op.packet = at + ROUND_UP(wire.actions_len, 8);
    if (type == DP_OP_METER_PUT) {
        ret->op.meter =
            ret->op.packet; /* Records, and all that is before it in one, are aligned. */
    }
    return check_op_values(&ret->op);
}

/* --- Upcalls. --- */

int record_put_upcall(struct ring_writer *w, const struct dp_upcall *upcall)
{
    uint8_t lines[RECORD_LINES_MAX];
    struct wire_upcall wire = {.pending = upcall->pending,
                               .in_port = upcall->in_port,
                               .packet_len = MIN_OF(upcall->packet_len, CHANNEL_PACKET_MAX),
                               .full_len = upcall->full_len,
                               .reason = (uint8_t)upcall->reason,
                               .key_lines = upcall->key->lines,
                               .cookie = upcall->cookie};
    const struct iovec parts[] = {{&wire, sizeof wire},
                                  {lines, record_key_len(wire.key_lines)},
                                  {(void *)upcall->packet, wire.packet_len}};

    record_key_put(lines, upcall->key, wire.key_lines);
    return ring_put(w, RECORD_UPCALL, parts, ARRAY_SIZE(parts));
}

int record_get_upcall(uint32_t type, const void *record, uint32_t len, struct flow_key *key,
                      struct dp_upcall *ret)
{
    const uint8_t *at = record;
    struct wire_upcall wire;

    if (type != RECORD_UPCALL || len < sizeof wire) {
        return -EPROTO;
    }
    memcpy(&wire, at, sizeof wire);
    at += sizeof wire;
    if (wire.key_lines & ~ALL_LINES || !(wire.key_lines & BASE_LINE) ||
        wire.reason > DP_UPCALL_ACTION || wire.in_port >= DP_MAX_PORTS ||
        wire.packet_len > CHANNEL_PACKET_MAX || wire.full_len < wire.packet_len ||
        len != sizeof wire + record_key_len(wire.key_lines) + wire.packet_len ||
        record_key_get(at, wire.key_lines, key) || key->in_port != wire.in_port) {
        return -EPROTO;
    }
    *ret = (struct dp_upcall){.reason = (enum dp_upcall_reason)wire.reason,
                              .in_port = wire.in_port,
                              .pending = wire.pending,
                              .key = key,
                              .packet = at + record_key_len(wire.key_lines),
                              .packet_len = wire.packet_len,
                              .full_len = wire.full_len,
                              .cookie = wire.cookie};
    return 0;
}

/* --- Completions. --- */

int record_put_completion(struct ring_writer *w, const struct dp_completion *c)
{
    struct wire_completion wire = {.cookie = c->cookie,
                                   .packets = c->stats.packets,
                                   .bytes = c->stats.bytes,
                                   .used_ms = c->stats.used_ms,
                                   .type = c->type,
                                   .error = c->error,
                                   .flow_no = c->flow_no,
                                   .tcp_flags = c->stats.tcp_flags};
    const struct iovec part = {&wire, sizeof wire};

    return ring_put(w, RECORD_COMPLETION, &part, 1);
}

int record_get_completion(uint32_t type, const void *record, uint32_t len,
                          struct dp_completion *ret)
{
    struct wire_completion wire;

    if (type != RECORD_COMPLETION || len != sizeof wire) {
        return -EPROTO;
    }
    memcpy(&wire, record, sizeof wire);
    if (wire.type > DP_OP_BARRIER || wire.error > 0 || wire.error < -4095) {
        return -EPROTO;
    }
    *ret = (struct dp_completion){.cookie = wire.cookie,
                                  .type = (enum dp_op_type)wire.type,
                                  .error = wire.error,
                                  .flow_no = wire.flow_no,
                                  .stats = {.packets = wire.packets,
                                            .bytes = wire.bytes,
                                            .used_ms = wire.used_ms,
                                            .tcp_flags = wire.tcp_flags}};
    return 0;
}
