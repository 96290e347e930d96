/* What happens to packets in the fake datapath: lookup, parking behind upcalls, execution of
 * actions and the record of what was sent. For unit tests only; one thread. */
#include "datapath/fake/fake_private.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/util.h"

#define FRAME_MAX (65535 + 64)
#define MAC_LEN 12 /* Both addresses: tags come after them. */

/* A frame that actions change. */
struct frame {
    uint8_t data[FRAME_MAX];
    size_t len;
};

struct fake_flow *fake_find_flow(struct fake_state *state, const struct flow_key *key)
{
    struct fake_flow *flow;

    for (flow = state->flows; flow; flow = flow->hh.next) {
        struct flow_key masked;

        flow_key_mask(&masked, key, &flow->flow.mask);
        if (flow_key_equal(&masked, &flow->flow.key)) {
            return flow;
        }
    }
    return NULL;
}

bool fake_flow_lookup(struct dp *dp, const struct flow_key *key, struct dp_flow *ret)
{
    const struct fake_flow *flow = fake_find_flow(fake_cast(dp)->state, key);

    if (flow) {
        *ret = flow->flow;
    }
    return flow;
}

/* --- Actions. --- */

static void output(struct fake_state *state, uint32_t port_no, const struct frame *frame)
{
    struct fake_port *port;
    struct fake_output *out;

    HASH_FIND(hh, state->ports, &port_no, sizeof port_no, port);
    if (!port) {
        fake_count_drop(state, "port-gone", port_no, 1);
        return;
    }
    port->stats.tx_packets++;
    port->stats.tx_bytes += frame->len;
    state->outputs = xreallocarray(state->outputs, state->n_outputs + 1, sizeof *state->outputs);
    out = &state->outputs[state->n_outputs++];
    out->port_no = port_no;
    out->packet = xmemdup(frame->data, frame->len);
    out->len = frame->len;
}

static void set_masked(uint8_t *p, const uint8_t *value, const uint8_t *mask, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        p[i] = (p[i] & ~mask[i]) | (value[i] & mask[i]);
    }
}

static void push_vlan(struct frame *frame, const struct dp_action_push_vlan *a)
{
    be16_t tci = a->tci & ~be16_make(FLOW_VLAN_PRESENT);

    if (frame->len < MAC_LEN + 2 || frame->len + 4 > FRAME_MAX) {
        return;
    }
    memmove(frame->data + MAC_LEN + 4, frame->data + MAC_LEN, frame->len - MAC_LEN);
    memcpy(frame->data + MAC_LEN, &a->tpid, 2);
    memcpy(frame->data + MAC_LEN + 2, &tci, 2);
    frame->len += 4;
}

static void pop_vlan(struct frame *frame)
{
    if (frame->len >= MAC_LEN + 6) {
        memmove(frame->data + MAC_LEN, frame->data + MAC_LEN + 4, frame->len - MAC_LEN - 4);
        frame->len -= 4;
    }
}

static void post_upcall(struct fake_dp *fake, enum dp_upcall_reason reason,
                        const struct flow_key *key, uint64_t token, uint32_t cookie,
                        const void *packet, size_t len)
{
    struct fake_upcall_entry *entry;

    if (!fake->attached) {
        return;
    }
    entry = aligned_alloc(64, ROUND_UP(sizeof *entry + len, 64));
    memset(entry, 0, sizeof *entry);
    flow_key_copy(&entry->key, key);
    memcpy(entry->packet, packet, len);
    entry->upcall = (struct dp_upcall){.reason = reason,
                                       .in_port = key->in_port,
                                       .pending = token,
                                       .key = &entry->key,
                                       .packet = entry->packet,
                                       .packet_len = (uint32_t)len,
                                       .full_len = (uint32_t)len,
                                       .cookie = cookie};
    STAILQ_INSERT_TAIL(&fake->upcalls, entry, next);
    fake_schedule(fake);
}

/* The key is what a parser would say of the Ethernet header alone. */
static void tell(struct fake_state *state, const struct dp_action_upcall *a, uint32_t in_port,
                 const struct frame *frame)
{
    struct flow_key key;

    if (!state->listener || frame->len < MAC_LEN + 2 ||
        (a->meter_no != DP_NO_METER && !fake_meter_pass(state, a->meter_no, in_port, frame->len))) {
        return;
    }
    memset(&key, 0, sizeof key);
    key.lines = 1u << FLOW_LINE_BASE;
    key.in_port = (uint16_t)in_port;
    memcpy(key.eth_dst, frame->data, 6);
    memcpy(key.eth_src, frame->data + 6, 6);
    memcpy(&key.eth_type, frame->data + MAC_LEN, 2);
    post_upcall(state->listener, DP_UPCALL_ACTION, &key, DP_NO_PENDING, a->cookie, frame->data,
                frame->len);
}

static void apply(struct fake_state *state, const struct dp_action *action, uint32_t in_port,
                  struct frame *frame)
{
    const be16_t no_cfi = ~be16_make(FLOW_VLAN_PRESENT);

    switch ((enum dp_action_type)action->type) {
    case DP_ACTION_OUTPUT:
        output(state, ((const struct dp_action_output *)action)->port, frame);
        break;
    case DP_ACTION_OUTPUT_TRUNC: {
        const struct dp_action_output_trunc *a = (const struct dp_action_output_trunc *)action;
        size_t whole = frame->len;

        frame->len = MIN_OF(whole, (size_t)a->max_len);
        output(state, a->port, frame);
        frame->len = whole;
        break;
    }
    case DP_ACTION_PUSH_VLAN: push_vlan(frame, (const struct dp_action_push_vlan *)action); break;
    case DP_ACTION_POP_VLAN: pop_vlan(frame); break;
    case DP_ACTION_SET_ETH: {
        const struct dp_action_set_eth *a = (const struct dp_action_set_eth *)action;

        if (frame->len >= MAC_LEN) {
            set_masked(frame->data, a->dst, a->dst_mask, 6);
            set_masked(frame->data + 6, a->src, a->src_mask, 6);
        }
        break;
    }
    case DP_ACTION_SET_VLAN: {
        const struct dp_action_set_vlan *a = (const struct dp_action_set_vlan *)action;
        be16_t mask = a->tci_mask & no_cfi;

        if (frame->len >= MAC_LEN + 4) {
            set_masked(frame->data + MAC_LEN + 2, (const uint8_t *)&a->tci, (const uint8_t *)&mask,
                       2);
        }
        break;
    }
    case DP_ACTION_UPCALL:
        tell(state, (const struct dp_action_upcall *)action, in_port, frame);
        break;
    case DP_ACTION_DROP:
        fake_count_drop(state, dp_policy_drop_name(((const struct dp_action_drop *)action)->reason),
                        in_port, 1);
        break;
    default: break; /* fake.h says which are left out. */
    }
}

void fake_execute(struct fake_state *state, const void *actions, size_t actions_len,
                  uint32_t in_port, const void *packet, size_t len)
{
    const struct dp_action *action;
    struct frame *frame;

    if (len > FRAME_MAX) {
        return;
    }
    frame = xmalloc(sizeof *frame);
    memcpy(frame->data, packet, len);
    frame->len = len;
    for (action = dp_actions_first(actions, actions_len); action;
         action = dp_actions_next(actions, actions_len, action)) {
        if (action->type == DP_ACTION_METER &&
            !fake_meter_pass(state, ((const struct dp_action_meter *)action)->meter_no, in_port,
                             frame->len)) {
            break;
        }
        apply(state, action, in_port, frame);
    }
    free(frame);
}

/* --- Parked packets. --- */

static void free_pending(struct fake_state *state, struct fake_pending *pending)
{
    HASH_DEL(state->pending, pending);
    while (!STAILQ_EMPTY(&pending->packets)) {
        struct fake_packet *packet = STAILQ_FIRST(&pending->packets);

        STAILQ_REMOVE_HEAD(&pending->packets, next);
        free(packet);
    }
    free(pending);
}

void fake_pending_free_all(struct fake_state *state)
{
    while (state->pending) {
        free_pending(state, state->pending);
    }
}

int fake_release(struct fake_state *state, uint64_t token, const void *actions, size_t actions_len)
{
    struct fake_pending *pending;
    struct fake_packet *packet;

    HASH_FIND(hh, state->pending, &token, sizeof token, pending);
    if (!pending) {
        return -ENOENT;
    }
    for (packet = STAILQ_FIRST(&pending->packets); packet; packet = STAILQ_NEXT(packet, next)) {
        fake_execute(state, actions, actions_len, pending->key.in_port, packet->data, packet->len);
    }
    free_pending(state, pending);
    return 0;
}

static void park(struct fake_pending *pending, const void *data, size_t len)
{
    struct fake_packet *packet = xmalloc(sizeof *packet + len);

    packet->len = len;
    memcpy(packet->data, data, len);
    STAILQ_INSERT_TAIL(&pending->packets, packet, next);
}

static struct fake_pending *new_pending(struct fake_state *state, const struct flow_key *key)
{
    struct fake_pending *pending = aligned_alloc(64, ROUND_UP(sizeof *pending, 64));

    memset(pending, 0, sizeof *pending);
    pending->token = ++state->last_token;
    flow_key_copy(&pending->key, key);
    STAILQ_INIT(&pending->packets);
    HASH_ADD(hh, state->pending, token, sizeof pending->token, pending);
    return pending;
}

uint64_t fake_upcall(struct dp *dp, enum dp_upcall_reason reason, const struct flow_key *key,
                     const void *packet, size_t len)
{
    struct fake_dp *fake = fake_cast(dp);
    uint64_t token = DP_NO_PENDING;

    if (reason == DP_UPCALL_MISS) {
        struct fake_pending *pending = new_pending(fake->state, key);

        park(pending, packet, len);
        token = pending->token;
    }
    post_upcall(fake, reason, key, token, 0, packet, len);
    return token;
}

bool fake_receive(struct dp *dp, const struct flow_key *key, const void *packet, size_t len)
{
    struct fake_dp *fake = fake_cast(dp);
    struct fake_state *state = fake->state;
    struct fake_flow *flow = fake_find_flow(state, key);
    struct fake_pending *pending;
    uint32_t port_no = key->in_port;
    struct fake_port *port;

    state->listener = fake;
    HASH_FIND(hh, state->ports, &port_no, sizeof port_no, port);
    if (port) {
        port->stats.rx_packets++;
        port->stats.rx_bytes += len;
    }
    if (flow) {
        flow->stats.packets++;
        flow->stats.bytes += len;
        flow->stats.used_ms = time_now_ms();
        flow->stats.tcp_flags |= be16_get(key->tcp_flags);
        fake_execute(state, flow->flow.actions, flow->flow.actions_len, port_no, packet, len);
        return true;
    }
    for (pending = state->pending; pending; pending = pending->hh.next) {
        if (pending->by_key && flow_key_equal(&pending->key, key)) {
            park(pending, packet, len);
            return false;
        }
    }
    pending = new_pending(state, key);
    pending->by_key = true;
    park(pending, packet, len);
    post_upcall(fake, DP_UPCALL_MISS, key, pending->token, 0, packet, len);
    return false;
}

size_t fake_pending_count(struct dp *dp)
{
    return HASH_COUNT(fake_cast(dp)->state->pending);
}

const struct fake_output *fake_outputs(struct dp *dp, size_t *ret_n)
{
    *ret_n = fake_cast(dp)->state->n_outputs;
    return fake_cast(dp)->state->outputs;
}

void fake_outputs_free(struct fake_state *state)
{
    for (size_t i = 0; i < state->n_outputs; i++) {
        free(state->outputs[i].packet);
    }
    free(state->outputs);
    state->outputs = NULL;
    state->n_outputs = 0;
}

void fake_outputs_clear(struct dp *dp)
{
    fake_outputs_free(fake_cast(dp)->state);
}
