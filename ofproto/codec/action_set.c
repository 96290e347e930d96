/* The set-field family: overwrites bits of a field. Text form; execution is in xlate/action_set.c.
 * Control thread. */
#include "ofproto/match/text.h"
#include "ofproto/codec/action.h"

static void format_set(struct strbuf *s, const struct ofp_action *h)
{
    const struct ofp_action_set_field *a = (const struct ofp_action_set_field *)h;
    const struct ofp_field *f = ofp_field((enum ofp_field_id)a->field);
    struct strbuf text = STRBUF_INIT;
    struct ofp_match match;

    ofp_match_init(&match);
    ofp_field_put(f, &match.flow, a->value);
    ofp_field_put(f, &match.mask, a->mask);
    if (f->id == OFP_FIELD_VLAN_VID || f->id == OFP_FIELD_VLAN_PCP) {
        uint8_t v[16];

        ofp_field_get(f, &match.flow, v);
        strbuf_printf(s, f->id == OFP_FIELD_VLAN_VID ? "mod_vlan_vid:%u" : "mod_vlan_pcp:%u",
                      (unsigned int)(v[0] << 8 | v[1]));
        return;
    }
    ofp_match_format(&text, &match); /* "name=value". */
    strbuf_printf(s, "set_field:%s->%s", strchr(strbuf_str(&text), '=') + 1, f->name);
    strbuf_free(&text);
}

void ofp_actions_put_set_field(struct ofp_actions *actions, const struct ofp_field *f,
                               const uint8_t *value, const uint8_t *mask)
{
    struct ofp_action_set_field *a = ofp_actions_put(actions, OFP_ACTION_SET_FIELD,
                                                     sizeof(struct ofp_action_set_field));

    if (a) {
        a->field = (uint16_t)f->id;
        for (unsigned int i = 0; i < f->n_bytes; i++) {
            a->mask[i] = mask ? mask[i] : 0xff;
            a->value[i] = value[i] & a->mask[i];
        }
    }
}

CONSTRUCTOR static void register_set(void)
{
    static const struct ofp_action_codec codec = {OFP_ACTION_SET_FIELD, format_set};

    ofp_action_codec_register(&codec);
}
