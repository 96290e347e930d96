/* See controller.h. */
#include "ofproto/xlate/controller.h"

#include <stdlib.h>

#include "lib/hash.h"
#include "ofproto/codec/port_desc.h"
#include "ofproto/meter/meter.h"
#include "ofproto/xlate/xlate.h"

#define UNUSED_MAX 16384
#define UNUSED_MS 10000

struct packet_origins {
    struct packet_origin *by_id;
    struct packet_origin *by_number;
    TAILQ_HEAD(packet_origin_list, packet_origin) unused; /* The oldest first. */
    unsigned int n_unused;
    uint32_t next_number;
};

struct packet_origins *packet_origins_new(void)
{
    struct packet_origins *o = xcalloc(1, sizeof *o);

    TAILQ_INIT(&o->unused);
    /* Flows that an earlier process left in the datapath carry that one's numbers. */
    o->next_number = (uint32_t)hash_bytes(&o, sizeof o, time_now_ms());
    return o;
}

static void forget(struct packet_origins *o, struct packet_origin *origin)
{
    TAILQ_REMOVE(&o->unused, origin, unused);
    o->n_unused--;
    HASH_DELETE(by_id, o->by_id, origin);
    HASH_DELETE(by_number, o->by_number, origin);
    bridge_unref(origin->id.bridge);
    free(origin);
}

void packet_origins_free(struct packet_origins *o)
{
    if (o) {
        packet_origins_expire(o, UINT64_MAX);
        free(o);
    }
}

void packet_origins_expire(struct packet_origins *o, uint64_t now_ms)
{
    struct packet_origin *origin;

    while ((origin = TAILQ_FIRST(&o->unused)) &&
           (o->n_unused > UNUSED_MAX || now_ms - origin->unused_ms >= UNUSED_MS)) {
        forget(o, origin);
    }
}

struct packet_origin *packet_origin_find(const struct packet_origins *o, uint32_t number)
{
    struct packet_origin *origin;

    HASH_FIND(by_number, o->by_number, &number, sizeof number, origin);
    return origin;
}

void packet_origin_ref(struct packet_origins *o, struct packet_origin *origin)
{
    if (!origin->refs++) {
        TAILQ_REMOVE(&o->unused, origin, unused);
        o->n_unused--;
    }
}

struct packet_origin *packet_origin_get(struct packet_origins *o, const struct packet_origin_id *id)
{
    struct packet_origin *origin;

    HASH_FIND(by_id, o->by_id, id, sizeof *id, origin);
    if (origin) {
        packet_origin_ref(o, origin);
        return origin;
    }
    origin = xcalloc(1, sizeof *origin);
    origin->id = *id;
    origin->refs = 1;
    bridge_ref(id->bridge);
    do {
        origin->number = o->next_number++;
    } while (packet_origin_find(o, origin->number));
    HASH_ADD(by_id, o->by_id, id, sizeof origin->id, origin);
    HASH_ADD(by_number, o->by_number, number, sizeof origin->number, origin);
    return origin;
}

void packet_origin_unref(struct packet_origins *o, struct packet_origin *origin, uint64_t now_ms)
{
    if (!--origin->refs) {
        origin->unused_ms = now_ms;
        TAILQ_INSERT_TAIL(&o->unused, origin, unused);
        o->n_unused++;
        packet_origins_expire(o, now_ms);
    }
}

static_assert(sizeof(struct packet_origin_id) == 3 * 8 + 4 + 4 * OFP_N_REGS + 4, "no padding");

void xlate_controller(struct xlate_ctx *ctx, enum ofp_packet_in_reason reason)
{
    struct packet_origin_id id = {
        .bridge = ctx->bridge,
        .cookie = ctx->at.cookie,
        .metadata = ctx->now.flow.metadata,
        .in_port = ctx->now.flow.in_port,
        .reason = (uint8_t)reason,
        .table_id = ctx->at.table_id,
    };
    struct packet_origins *origins = ctx->set->origins;
    struct packet_origin *origin;

    if (ctx->too_deep || !xlate_has_room(ctx)) {
        return;
    }
    if (ctx->in_port->config & OFPPC_NO_PACKET_IN) {
        xlate_say(ctx, "     >> port %s is configured to send no packets to controllers",
                  ctx->in_port->name);
        xlate_drop(ctx, DP_DROP_PORT_CONFIG);
        return;
    }
    memcpy(id.reg, ctx->now.flow.reg, sizeof id.reg);
    origin = packet_origin_get(origins, &id);
    effects_add_origin(ctx->effects, origin);
    xlate_commit(ctx);
    dp_actions_put_upcall(ctx->actions, origin->number,
                          meter_dp_no(ctx->bridge, OFP_METER_CONTROLLER));
    ctx->last_output_end = ctx->actions->len;
    packet_origin_unref(origins, origin, ctx->set->now_ms);
}
