/* The queue family: enqueue of OpenFlow 1.0, set_queue and Nicira's pop_queue. Text and wire forms;
 * execution is in xlate/action_queue.c. Control thread. */
#include "ofproto/codec/action_queue.h"

#include <errno.h>

#include "ofproto/codec/action_text.h"
#include "ofproto/codec/match_wire.h"

#define NX_SET_QUEUE 4
#define NX_POP_QUEUE 5

/* --- To text and wire. */

static void format_enqueue(struct strbuf *s, const struct ofp_action *h)
{
    const struct ofp_action_enqueue *a = (const struct ofp_action_enqueue *)h;

    strbuf_puts(s, "enqueue:");
    ofp_port_format(s, a->port);
    strbuf_printf(s, ":%u", a->queue);
}

static void format_set(struct strbuf *s, const struct ofp_action *h)
{
    strbuf_printf(s, "set_queue:%u", ((const struct ofp_action_set_queue *)h)->queue);
}

static void format_pop(struct strbuf *s, const struct ofp_action *h UNUSED)
{
    strbuf_puts(s, "pop_queue");
}

static void put_set(struct strbuf *s, enum ofp_version version, uint32_t queue)
{
    size_t start;

    if (version == OFP10) {
        start = nx_action_begin(s, NX_SET_QUEUE);
        wire_zeros(s, 2);
        wire_put32(s, queue);
        ofp_action_end(s, start);
    } else {
        wire_put16(s, 21);
        wire_put16(s, 8);
        wire_put32(s, queue);
    }
}

static void encode_set(struct strbuf *s, enum ofp_version version, const struct ofp_action *h)
{
    put_set(s, version, ((const struct ofp_action_set_queue *)h)->queue);
}

static void encode_pop(struct strbuf *s, enum ofp_version version UNUSED,
                       const struct ofp_action *h UNUSED)
{
    ofp_action_end(s, nx_action_begin(s, NX_POP_QUEUE));
}

/* Later versions say it with three actions. */
static void encode_enqueue(struct strbuf *s, enum ofp_version version, const struct ofp_action *h)
{
    const struct ofp_action_enqueue *a = (const struct ofp_action_enqueue *)h;
    struct ofp_actions output = OFP_ACTIONS_INIT;

    if (version == OFP10) {
        wire_put16(s, 11);
        wire_put16(s, 16);
        wire_put16(s, a->port);
        wire_zeros(s, 6);
        wire_put32(s, a->queue);
        return;
    }
    put_set(s, version, a->queue);
    ofp_actions_put_output(&output, a->port);
    ofp_actions_encode(s, version, output.data, output.len);
    ofp_actions_free(&output);
    encode_pop(s, version, h);
}

/* --- From the wire. */

static int put_enqueue(struct ofp_actions *out, uint32_t port, uint32_t queue)
{
    struct ofp_action_enqueue *a;

    if (port >= OFP_PORT_MAX && port != OFP_PORT_IN_PORT && port != OFP_PORT_LOCAL) {
        return OFPERR_BAC_BAD_OUT_PORT;
    }
    a = ofp_actions_put(out, OFP_ACTION_ENQUEUE, sizeof *a);
    if (!a) {
        return OFPERR_BAC_TOO_MANY;
    }
    a->port = (uint16_t)port;
    a->queue = queue;
    return 0;
}

static int put_set_queue(struct ofp_actions *out, uint32_t queue)
{
    struct ofp_action_set_queue *a = ofp_actions_put(out, OFP_ACTION_SET_QUEUE, sizeof *a);

    if (!a) {
        return OFPERR_BAC_TOO_MANY;
    }
    a->queue = queue;
    return 0;
}

static int put_pop_queue(struct ofp_actions *out)
{
    return ofp_actions_put(out, OFP_ACTION_POP_QUEUE, sizeof(struct ofp_action))
               ? 0
               : OFPERR_BAC_TOO_MANY;
}

static int decode_enqueue(const struct ofp_action_in *in, struct ofp_actions *out)
{
    return put_enqueue(out, wire_get16(in->p + 4), wire_get32(in->p + 12));
}

static int decode_set(const struct ofp_action_in *in, struct ofp_actions *out)
{
    return put_set_queue(out, wire_get32(in->p + 4));
}

static int decode_nx_set(const struct ofp_action_in *in, struct ofp_actions *out)
{
    return put_set_queue(out, wire_get32(in->p + 12));
}

static int decode_pop(const struct ofp_action_in *in UNUSED, struct ofp_actions *out)
{
    return put_pop_queue(out);
}

CONSTRUCTOR static void register_queue(void)
{
    static const struct ofp_action_codec codecs[] = {
        {OFP_ACTION_ENQUEUE, format_enqueue, encode_enqueue, OFP_PLACE_NONE},
        {OFP_ACTION_SET_QUEUE, format_set, encode_set, OFP_PLACE_QOS},
        {OFP_ACTION_POP_QUEUE, format_pop, encode_pop, OFP_PLACE_NONE},
    };
    static const struct ofp_action_form forms[] = {
        {OFP10, OFP10, 11, 16, decode_enqueue},
        {OFP11, OFP15, 21, 8, decode_set},
        {OFP10, OFP15, NX_SET_QUEUE, 16, decode_nx_set, OFP_VENDOR_NX},
        {OFP10, OFP15, NX_POP_QUEUE, 16, decode_pop, OFP_VENDOR_NX},
    };

    for (unsigned int i = 0; i < ARRAY_SIZE(codecs); i++) {
        ofp_action_codec_register(&codecs[i]);
    }
    ofp_action_forms_register(forms, ARRAY_SIZE(forms));
}

/* --- From text. */

static int parse_queue(const char *name, const char *text, uint32_t *ret, struct error *err)
{
    uint64_t queue;
    int rc = ofp_action_text_number(name, "queue", text, UINT32_MAX, &queue, err);

    *ret = rc ? 0 : (uint32_t)queue;
    return rc;
}

/* "enqueue:PORT:QUEUE", "enqueue(PORT,QUEUE)". */
static int parse_enqueue(const struct ofp_action_text *t, const char *name, char *arg,
                         struct ofp_actions *out, struct error *err)
{
    char *second = arg + strcspn(arg, ":,");
    uint32_t port, queue;
    int rc;

    if (!*second) {
        return error_set(err, EINVAL, "action '%s': '%s' has no queue; write %s:PORT:QUEUE", name,
                         arg, name);
    }
    *second++ = '\0';
    rc = ofp_action_text_port(t, name, arg, &port, err);
    rc = rc ? rc : parse_queue(name, second, &queue, err);
    if (rc) {
        return rc;
    }
    rc = put_enqueue(out, port, queue);
    return rc == OFPERR_BAC_BAD_OUT_PORT
               ? error_set(err, EINVAL, "action '%s': '%s' is no port with queues", name, arg)
           : rc ? ofp_action_text_full(name, err)
                : 0;
}

static int parse_set(const struct ofp_action_text *t UNUSED, const char *name, char *arg,
                     struct ofp_actions *out, struct error *err)
{
    uint32_t queue;
    int rc = parse_queue(name, arg, &queue, err);

    return rc ? rc : put_set_queue(out, queue) ? ofp_action_text_full(name, err) : 0;
}

static int parse_pop(const struct ofp_action_text *t UNUSED, const char *name, char *arg UNUSED,
                     struct ofp_actions *out, struct error *err)
{
    return put_pop_queue(out) ? ofp_action_text_full(name, err) : 0;
}

CONSTRUCTOR static void register_queue_words(void)
{
    static const struct ofp_action_word words[] = {
        {"enqueue", OFP_ARG_WANTED, parse_enqueue},
        {"set_queue", OFP_ARG_WANTED, parse_set},
        {"pop_queue", OFP_ARG_NONE, parse_pop},
    };

    ofp_action_words_register(words, ARRAY_SIZE(words));
}
