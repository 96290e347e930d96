/* Carries out move, stack push and pop, output to the port in a field; see codec/action_move.c for
 * their other forms. Bits that are read are looked at; what they are written to is a constant then.
 */
#include <stdlib.h>

#include "ofproto/xlate/xlate.h"

/* The part as a number, right-aligned in 16 bytes, most significant first. */
void xlate_read_subfield(struct xlate_ctx *ctx, const struct ofp_subfield *sub, uint8_t out[16])
{
    const struct ofp_field *f = ofp_field((enum ofp_field_id)sub->field);
    uint8_t value[16] = {0}, mask[16] = {0};
    struct ofp_flow looked;

    ofp_field_get(f, &ctx->now.flow, value);
    memset(out, 0, 16);
    for (unsigned int b = 0; b < sub->n_bits; b++) {
        unsigned int bit = sub->ofs + b, at = f->n_bytes - 1u - bit / 8;

        mask[at] |= (uint8_t)(1u << bit % 8);
        out[15 - b / 8] |= (uint8_t)((value[at] >> bit % 8 & 1) << b % 8);
    }
    memset(&looked, 0, sizeof looked);
    ofp_field_put(f, &looked, mask);
    xlate_look(ctx, &looked);
}

void xlate_place_subfield(const struct ofp_subfield *sub, const uint8_t number[16],
                          uint8_t value[16], uint8_t mask[16])
{
    const struct ofp_field *f = ofp_field((enum ofp_field_id)sub->field);

    memset(value, 0, 16);
    memset(mask, 0, 16);
    for (unsigned int b = 0; b < sub->n_bits; b++) {
        unsigned int bit = sub->ofs + b, at = f->n_bytes - 1u - bit / 8;

        mask[at] |= (uint8_t)(1u << bit % 8);
        value[at] |= (uint8_t)((number[15 - b / 8] >> b % 8 & 1) << bit % 8);
    }
}

void xlate_write_subfield(struct xlate_ctx *ctx, const struct ofp_subfield *sub,
                          const uint8_t number[16])
{
    uint8_t value[16], mask[16];

    xlate_place_subfield(sub, number, value, mask);
    xlate_set_field(ctx, ofp_field((enum ofp_field_id)sub->field), value, mask);
}

static void execute_move(struct xlate_ctx *ctx, const struct ofp_action *h)
{
    const struct ofp_action_move *a = (const struct ofp_action_move *)h;
    uint8_t number[16];

    xlate_read_subfield(ctx, &a->src, number);
    xlate_write_subfield(ctx, &a->dst, number);
    xlate_say_subfield(ctx, &a->dst, number);
}

static void execute_push(struct xlate_ctx *ctx, const struct ofp_action *h)
{
    const struct ofp_action_stack *a = (const struct ofp_action_stack *)h;
    struct xlate_stack *stack = &ctx->stack;
    uint8_t number[16];

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
    uint8_t number[16];
    uint32_t port;

    xlate_read_subfield(ctx, &a->src, number);
    port = (uint32_t)number[12] << 24 | (uint32_t)number[13] << 16 | (uint32_t)number[14] << 8 |
           number[15];
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
