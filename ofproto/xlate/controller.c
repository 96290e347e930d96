/* See controller.h. */
#include "ofproto/xlate/controller.h"

#include <stdlib.h>

#include "lib/hash.h"
#include "ofproto/codec/match_wire.h"
#include "ofproto/codec/port_desc.h"
#include "ofproto/meter/meter.h"
#include "ofproto/xlate/xlate.h"

#define UNUSED_MAX 16384
#define UNUSED_MS 10000
#define MAX_BYTES ((size_t)256 << 20) /* Of all. */

struct packet_origins {
    struct packet_origin *by_id;
    struct packet_origin *by_number;
    TAILQ_HEAD(packet_origin_list, packet_origin) unused; /* The oldest first. */
    unsigned int n_unused;
    uint32_t next_number;
    size_t bytes; /* Of all. */
};

struct packet_origins *packet_origins_new(void)
{
    struct packet_origins *o = xcalloc(1, sizeof *o);

    TAILQ_INIT(&o->unused);
    /* Flows that an earlier process left in the datapath carry that one's numbers. */
    o->next_number = (uint32_t)hash_bytes(&o, sizeof o, time_now_ms());
    return o;
}

static size_t size_of(const struct packet_origin_id *id)
{
    return sizeof(struct packet_origin) + id->userdata_len + id->continuation_len + id->tlvs_len;
}

static void forget(struct packet_origins *o, struct packet_origin *origin)
{
    o->bytes -= size_of(&origin->id);
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

static size_t key_len(const struct packet_origin_id *id)
{
    return sizeof *id + id->userdata_len + id->continuation_len + id->tlvs_len;
}

/* Forgets those that nobody holds, until there is room for one more. */
static bool make_room(struct packet_origins *o, size_t size)
{
    while (o->bytes + size > MAX_BYTES) {
        if (TAILQ_EMPTY(&o->unused)) {
            return false;
        }
        forget(o, TAILQ_FIRST(&o->unused));
    }
    return true;
}

static void add(struct packet_origins *o, struct packet_origin *origin)
{
    o->bytes += size_of(&origin->id);
    origin->refs = 1;
    bridge_ref(origin->id.bridge);
    do {
        origin->number = o->next_number++;
    } while (packet_origin_find(o, origin->number));
    HASH_ADD_KEYPTR(by_id, o->by_id, &origin->id, key_len(&origin->id), origin);
    HASH_ADD(by_number, o->by_number, number, sizeof origin->number, origin);
}

struct packet_origin *packet_origin_get(struct packet_origins *o, const struct packet_origin_id *id,
                                        const void *userdata, const void *continuation,
                                        const void *tlvs)
{
    struct packet_origin *fresh = xcalloc(1, offsetof(struct packet_origin, id) + key_len(id)),
                         *old;
    uint8_t *p = fresh->extra;

    fresh->id = *id;
    if (id->userdata_len) {
        memcpy(p, userdata, id->userdata_len);
        p += id->userdata_len;
    }
    if (id->continuation_len) {
        memcpy(p, continuation, id->continuation_len);
        p += id->continuation_len;
    }
    if (id->tlvs_len) {
        memcpy(p, tlvs, id->tlvs_len);
    }
    HASH_FIND(by_id, o->by_id, &fresh->id, key_len(id), old);
    if (old) {
        free(fresh);
        packet_origin_ref(o, old);
        return old;
    }
    if (!make_room(o, size_of(id))) {
        free(fresh);
        return NULL;
    }
    add(o, fresh);
    return fresh;
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

static_assert(sizeof(struct packet_origin_id) == 3 * 8 + 4 + 4 * OFP_N_REGS + 4 + 4 * 4,
              "no padding");
static_assert(offsetof(struct packet_origin, extra) ==
                  offsetof(struct packet_origin, id) + sizeof(struct packet_origin_id),
              "one key");

/* The options of a tunnel that the packet has. */
static void put_tlvs(struct strbuf *s, const struct ofp_flow *flow)
{
    struct ofp_match match;

    ofp_match_init(&match);
    for (uint64_t left = flow->tun_metadata_present; left; left &= left - 1) {
        const struct ofp_field *f = ofp_field(
            (enum ofp_field_id)(OFP_FIELD_TUN_METADATA0 + __builtin_ctzll(left)));
        uint8_t value[OFP_FIELD_MAX_BYTES];

        ofp_field_get(f, flow, value);
        ofp_match_set_field(&match, f, value, NULL);
    }
    oxm_fields_encode(s, OFP13, &match);
}

bool xlate_origin(struct xlate_ctx *ctx, const struct packet_to_controller *to, uint32_t *ret)
{
    struct packet_origin_id id = {
        .bridge = ctx->bridge,
        .cookie = ctx->at.cookie,
        .metadata = ctx->now.flow.metadata,
        .in_port = ctx->now.flow.in_port,
        .reason = (uint8_t)to->reason,
        .table_id = ctx->at.table_id,
        .controller_id = to->controller_id,
        .userdata_len = to->userdata_len,
        .continuation_len = to->continuation ? (uint32_t)to->continuation->len : 0,
    };
    struct packet_origins *origins = ctx->set->origins;
    struct strbuf tlvs = STRBUF_INIT;
    struct packet_origin *origin;

    if (ctx->in_port->config & OFPPC_NO_PACKET_IN) {
        xlate_say(ctx, "     >> port %s is configured to send no packets to controllers",
                  ctx->in_port->name);
        return false;
    }
    memcpy(id.reg, ctx->now.flow.reg, sizeof id.reg);
    ctx->bridge->meters_some_packet_ins |= to->meter_id != 0;
    if (ctx->now.flow.tun_metadata_present) {
        put_tlvs(&tlvs, &ctx->now.flow);
        id.tlvs_len = (uint32_t)tlvs.len;
    }
    origin = packet_origin_get(origins, &id, to->userdata,
                               to->continuation ? to->continuation->data : NULL, tlvs.data);
    strbuf_free(&tlvs);
    if (!origin) {
        ctx->no_cache = true;
        xlate_too_deep(ctx, "what is kept for packets to controllers takes too much memory");
        return false;
    }
    effects_add_origin(ctx->effects, origin);
    *ret = origin->number;
    packet_origin_unref(origins, origin, ctx->set->now_ms);
    return true;
}

void xlate_to_controller(struct xlate_ctx *ctx, const struct packet_to_controller *to)
{
    uint32_t number;

    if (ctx->too_deep || ctx->unknown || !xlate_has_room(ctx)) {
        return;
    }
    if (!xlate_origin(ctx, to, &number)) {
        xlate_drop(ctx, DP_DROP_PORT_CONFIG);
        return;
    }
    xlate_commit(ctx);
    dp_actions_put_upcall(
        ctx->actions, number,
        meter_dp_no(ctx->bridge, to->meter_id ? to->meter_id : OFP_METER_CONTROLLER));
    ctx->last_output_end = ctx->actions->len;
}

void xlate_controller(struct xlate_ctx *ctx, enum ofp_packet_in_reason reason)
{
    xlate_to_controller(ctx, &(struct packet_to_controller){.reason = reason});
}
