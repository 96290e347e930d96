/* Carries out the queue family; see codec/action_queue.c for its other forms.
 *
 * Ports have no queues (QoS of the database is told as not in force), so whatever queue is asked
 * for a packet goes out as without: what OpenFlow 1.3.5 section 5.12 leaves to the switch. */
#include "ofproto/codec/action_queue.h"

#include "ofproto/xlate/xlate.h"

static void execute_enqueue(struct xlate_ctx *ctx, const struct ofp_action *h)
{
    const struct ofp_action_enqueue *a = (const struct ofp_action_enqueue *)h;

    xlate_say(ctx, "     >> the port has no queue %u: its only one is used", a->queue);
    xlate_output_to(ctx, a->port);
}

static void execute_set(struct xlate_ctx *ctx, const struct ofp_action *h)
{
    xlate_say(ctx, "     >> ports have no queue %u: their only one is used",
              ((const struct ofp_action_set_queue *)h)->queue);
}

static void execute_pop(struct xlate_ctx *ctx, const struct ofp_action *h)
{
    (void)ctx;
    (void)h;
}

CONSTRUCTOR static void register_queue(void)
{
    static const struct xlate_action_class classes[] = {
        {OFP_ACTION_ENQUEUE, execute_enqueue},
        {OFP_ACTION_SET_QUEUE, execute_set},
        {OFP_ACTION_POP_QUEUE, execute_pop},
    };

    for (unsigned int i = 0; i < ARRAY_SIZE(classes); i++) {
        xlate_action_register(&classes[i]);
    }
}
