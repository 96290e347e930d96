/* Carries out move, stack push and pop, output to the port in a field; see codec/action_move.c for
 * their other forms. Bits that are read are looked at; what they are written to is a constant then.
 */
#include <stdlib.h>

#include "ofproto/codec/wire.h"
#include "ofproto/match/tlv_map.h"
#include "ofproto/xlate/xlate.h"

bool xlate_has_bits(struct xlate_ctx *ctx, const struct ofp_subfield *sub)
{
    const struct ofp_field *f = ofp_field((enum ofp_field_id)sub->field);
    bool ok = sub->ofs + sub->n_bits <= f->n_bits;

    if (!ok) {
        xlate_say(ctx, ">> %s is not mapped as it was", f->name);
    }
    return ok;
}

/* The part as a number, right-aligned in OFP_FIELD_MAX_BYTES, most significant first. */
void xlate_read_subfield(struct xlate_ctx *ctx, const struct ofp_subfield *sub,
                         uint8_t out[OFP_FIELD_MAX_BYTES])
{
    const struct ofp_field *f = ofp_field((enum ofp_field_id)sub->field);
    uint8_t value[OFP_FIELD_MAX_BYTES] = {0}, mask[OFP_FIELD_MAX_BYTES] = {0};
    struct ofp_flow looked;

    ofp_field_get(f, &ctx->now.flow, value);
    memset(out, 0, OFP_FIELD_MAX_BYTES);
    if (!xlate_has_bits(ctx, sub)) {
        return;
    }
    for (unsigned int b = 0; b < sub->n_bits; b++) {
        unsigned int bit = sub->ofs + b, at = f->n_bytes - 1u - bit / 8;

        mask[at] |= (uint8_t)(1u << bit % 8);
        out[OFP_FIELD_MAX_BYTES - 1 - b / 8] |= (uint8_t)((value[at] >> bit % 8 & 1) << b % 8);
    }
    memset(&looked, 0, sizeof looked);
    ofp_field_put(f, &looked, mask);
    xlate_look(ctx, &looked);
}

void xlate_place_subfield(const struct ofp_subfield *sub, const uint8_t number[OFP_FIELD_MAX_BYTES],
                          uint8_t value[OFP_FIELD_MAX_BYTES], uint8_t mask[OFP_FIELD_MAX_BYTES])
{
    const struct ofp_field *f = ofp_field((enum ofp_field_id)sub->field);

    memset(value, 0, OFP_FIELD_MAX_BYTES);
    memset(mask, 0, OFP_FIELD_MAX_BYTES);
    for (unsigned int b = 0; b < sub->n_bits; b++) {
        unsigned int bit = sub->ofs + b, at = f->n_bytes - 1u - bit / 8;

        mask[at] |= (uint8_t)(1u << bit % 8);
        value[at] |= (uint8_t)((number[OFP_FIELD_MAX_BYTES - 1 - b / 8] >> b % 8 & 1) << bit % 8);
    }
}

void xlate_write_subfield(struct xlate_ctx *ctx, const struct ofp_subfield *sub,
                          const uint8_t number[OFP_FIELD_MAX_BYTES])
{
    uint8_t value[OFP_FIELD_MAX_BYTES], mask[OFP_FIELD_MAX_BYTES];

    if (!xlate_has_bits(ctx, sub)) {
        return;
    }
    xlate_place_subfield(sub, number, value, mask);
    xlate_set_field(ctx, ofp_field((enum ofp_field_id)sub->field), value, mask);
}

static void execute_move(struct xlate_ctx *ctx, const struct ofp_action *h)
{
    const struct ofp_action_move *a = (const struct ofp_action_move *)h;
    uint8_t number[OFP_FIELD_MAX_BYTES];

    xlate_read_subfield(ctx, &a->src, number);
    xlate_write_subfield(ctx, &a->dst, number);
    xlate_say_subfield(ctx, &a->dst, number);
}

static void execute_push(struct xlate_ctx *ctx, const struct ofp_action *h)
{
    const struct ofp_action_stack *a = (const struct ofp_action_stack *)h;
    struct xlate_stack *stack = &ctx->stack;
    uint8_t number[OFP_FIELD_MAX_BYTES];

    if (stack->n == XLATE_MAX_STACK) {
        xlate_too_deep(ctx, "too many values on the stack");
        return;
    }
    if (!stack->value) {
        stack->value = xcalloc(XLATE_MAX_STACK, sizeof stack->value[0]);
    }
    xlate_read_subfield(ctx, &a->subfield, number);
    if (!ctx->unknown) {
        memcpy(stack->value[stack->n++], number, sizeof number);
    }
}

static void execute_pop(struct xlate_ctx *ctx, const struct ofp_action *h)
{
    const struct ofp_action_stack *a = (const struct ofp_action_stack *)h;

    if (ctx->stack.n == ctx->stack.floor) {
        xlate_say(ctx, ">> the stack is empty");
        return;
    }
    xlate_write_subfield(ctx, &a->subfield, ctx->stack.value[ctx->stack.n - 1]);
    if (!ctx->unknown) {
        ctx->stack.n--;
        xlate_say_subfield(ctx, &a->subfield, ctx->stack.value[ctx->stack.n]);
    }
}

static void execute_output_reg(struct xlate_ctx *ctx, const struct ofp_action *h)
{
    const struct ofp_action_output_reg *a = (const struct ofp_action_output_reg *)h;
    uint8_t number[OFP_FIELD_MAX_BYTES];
    uint32_t port;

    xlate_read_subfield(ctx, &a->src, number);
    port = wire_get32(number + OFP_FIELD_MAX_BYTES - 4);
    if (port >= 0xffff0000u + OFP_PORT_IN_PORT) {
        port &= 0xffff; /* A reserved port as OpenFlow 1.1 and later number it. */
    }
    xlate_say(ctx, "-> output port is %u", port);
    xlate_output_to(ctx, port);
}

CONSTRUCTOR static void register_move(void)
{
    static const struct xlate_action_class classes[] = {
        {OFP_ACTION_MOVE, execute_move},
        {OFP_ACTION_STACK_PUSH, execute_push},
        {OFP_ACTION_STACK_POP, execute_pop},
        {OFP_ACTION_OUTPUT_REG, execute_output_reg},
    };

    for (size_t i = 0; i < ARRAY_SIZE(classes); i++) {
        xlate_action_register(&classes[i]);
    }
}
