/* The action that takes the packet through a meter: in OpenFlow 1.3 and 1.4 an instruction, which
 * is carried out before all others (instruction.c), since 1.5 an action anywhere. Text and wire
 * forms, and which meters a list names; execution is in xlate/action_meter.c. Control thread. */
#include "ofproto/codec/meter_mod.h"

#include <errno.h>

#include "ofproto/codec/action_text.h"

static void format_meter(struct strbuf *s, const struct ofp_action *h)
{
    strbuf_printf(s, "meter:%u", ((const struct ofp_action_meter *)h)->meter_id);
}

/* Before 1.5 it is no action. */
static void encode_meter(struct strbuf *s, enum ofp_version version, const struct ofp_action *h)
{
    if (version >= OFP15) {
        wire_put16(s, 29);
        wire_put16(s, 8);
        wire_put32(s, ((const struct ofp_action_meter *)h)->meter_id);
    }
}

static int decode_meter(const struct ofp_action_in *in, struct ofp_actions *out)
{
    struct ofp_action_meter *a = ofp_actions_put(out, OFP_ACTION_METER, sizeof *a);

    if (!a) {
        return OFPERR_BAC_TOO_MANY;
    }
    a->meter_id = wire_get32(in->p + 4);
    return a->meter_id && a->meter_id <= OFP_METER_MAX ? 0 : OFPERR_MMFC_INVALID_METER;
}

struct walk {
    int (*cb)(uint32_t meter_id, void *aux);
    void *aux;
};

static int visit(const struct ofp_action *a, void *walk_)
{
    const struct walk *w = walk_;

    return a->type == OFP_ACTION_METER
               ? w->cb(((const struct ofp_action_meter *)a)->meter_id, w->aux)
               : 0;
}

int ofp_actions_each_meter(const void *data, size_t len, int (*cb)(uint32_t meter_id, void *aux),
                           void *aux)
{
    struct walk w = {cb, aux};

    return ofp_actions_each(data, len, visit, &w);
}

CONSTRUCTOR static void register_meter(void)
{
    static const struct ofp_action_codec codec = {OFP_ACTION_METER, format_meter, encode_meter,
                                                  OFP_PLACE_QOS};
    static const struct ofp_action_form form = {OFP15, OFP15, 29, 8, decode_meter};

    ofp_action_codec_register(&codec);
    ofp_action_forms_register(&form, 1);
}

/* --- From text. */

static int parse_meter(const struct ofp_action_text *t, const char *name, char *arg,
                       struct ofp_actions *out, struct error *err)
{
    struct ofp_action_meter *a;
    uint64_t id;
    int rc = ofp_action_text_number(name, "meter", arg, OFP_METER_MAX, &id, err);

    (void)t;
    if (rc) {
        return rc;
    }
    if (!id) {
        return error_set(err, EINVAL, "action '%s': there is no meter 0", name);
    }
    a = ofp_actions_put(out, OFP_ACTION_METER, sizeof *a);
    if (!a) {
        return ofp_action_text_full(name, err);
    }
    a->meter_id = (uint32_t)id;
    return 0;
}

CONSTRUCTOR static void register_meter_word(void)
{
    static const struct ofp_action_word word = {"meter", OFP_ARG_WANTED, parse_meter};

    ofp_action_words_register(&word, 1);
}
