/* The action that sends the packet through a group. Text and wire forms, and which groups a list
 * names; execution is in xlate/action_group.c. Control thread. */
#include "ofproto/codec/group_mod.h"

#include <errno.h>

#include "ofproto/codec/action_text.h"

static void format_group(struct strbuf *s, const struct ofp_action *h)
{
    strbuf_printf(s, "group:%u", ((const struct ofp_action_group *)h)->group_id);
}

#define NXAST_GROUP 40

/* OpenFlow 1.0 has groups by Nicira's extension. */
static void encode_group(struct strbuf *s, enum ofp_version version, const struct ofp_action *h)
{
    uint32_t group_id = ((const struct ofp_action_group *)h)->group_id;
    size_t start;

    if (version >= OFP11) {
        wire_put16(s, 22);
        wire_put16(s, 8);
        wire_put32(s, group_id);
    } else {
        start = nx_action_begin(s, NXAST_GROUP);
        wire_zeros(s, 2);
        wire_put32(s, group_id);
        ofp_action_end(s, start);
    }
}

static int put_group(uint32_t id, struct ofp_actions *out)
{
    struct ofp_action_group *a;

    if (id > OFP_GROUP_MAX) {
        return OFPERR_BAC_BAD_OUT_GROUP;
    }
    a = ofp_actions_put(out, OFP_ACTION_GROUP, sizeof *a);
    if (!a) {
        return OFPERR_BAC_TOO_MANY;
    }
    a->group_id = id;
    return 0;
}

static int decode_group(const struct ofp_action_in *in, struct ofp_actions *out)
{
    return put_group(wire_get32(in->p + 4), out);
}

static int decode_nx_group(const struct ofp_action_in *in, struct ofp_actions *out)
{
    return put_group(wire_get32(in->p + 12), out);
}

struct walk {
    int (*cb)(uint32_t group_id, void *aux);
    void *aux;
};

static int visit(const struct ofp_action *a, void *walk_)
{
    const struct walk *w = walk_;

    return a->type == OFP_ACTION_GROUP
               ? w->cb(((const struct ofp_action_group *)a)->group_id, w->aux)
               : 0;
}

int ofp_actions_each_group(const void *data, size_t len, int (*cb)(uint32_t group_id, void *aux),
                           void *aux)
{
    struct walk w = {cb, aux};

    return ofp_actions_each(data, len, visit, &w);
}

static int is_it(uint32_t group_id, void *wanted)
{
    return *(uint32_t *)wanted == OFP_GROUP_ANY || *(uint32_t *)wanted == group_id;
}

bool ofp_actions_use_group(const void *data, size_t len, uint32_t group_id)
{
    return ofp_actions_each_group(data, len, is_it, &group_id);
}

CONSTRUCTOR static void register_group(void)
{
    static const struct ofp_action_codec codec = {OFP_ACTION_GROUP, format_group, encode_group,
                                                  OFP_PLACE_GROUP};
    static const struct ofp_action_form forms[] = {
        {OFP11, OFP15, 22, 8, decode_group},
        {OFP10, OFP10, NXAST_GROUP, 16, decode_nx_group, OFP_VENDOR_NX},
    };

    ofp_action_codec_register(&codec);
    ofp_action_forms_register(forms, ARRAY_SIZE(forms));
}

/* --- From text. */

static int parse_group(const struct ofp_action_text *t, const char *name, char *arg,
                       struct ofp_actions *out, struct error *err)
{
    struct ofp_action_group *a;
    uint64_t id;
    int rc = ofp_action_text_number(name, "group", arg, OFP_GROUP_MAX, &id, err);

    (void)t;
    if (rc) {
        return rc;
    }
    a = ofp_actions_put(out, OFP_ACTION_GROUP, sizeof *a);
    if (!a) {
        return ofp_action_text_full(name, err);
    }
    a->group_id = (uint32_t)id;
    return 0;
}

CONSTRUCTOR static void register_group_words(void)
{
    static const struct ofp_action_word word = {"group", OFP_ARG_WANTED, parse_group};

    ofp_action_words_register(&word, 1);
}
