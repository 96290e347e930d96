/* Delete_field: takes an option of a tunnel (tun_metadata) off the packet. Text and wire form
 * (Nicira's 50); execution is in xlate/action_set.c. Control thread. */
#include <errno.h>

#include "ofproto/codec/action_text.h"
#include "ofproto/codec/match_wire.h"
#include "ofproto/match/tlv_map.h"

#define SUBTYPE 50
#define LEN 24

static const struct ofp_field *field_of(const struct ofp_action *h)
{
    return ofp_field((enum ofp_field_id)((const struct ofp_action_delete_field *)h)->field);
}

static void format_delete(struct strbuf *s, const struct ofp_action *h)
{
    strbuf_printf(s, "delete_field:%s", field_of(h)->name);
}

static void encode_delete(struct strbuf *s, enum ofp_version version UNUSED,
                          const struct ofp_action *h)
{
    size_t start = nx_action_begin(s, SUBTYPE);

    oxm_encode_header(s, OFP10, field_of(h), false);
    wire_zeros(s, LEN - (s->len - start));
    ofp_action_end(s, start);
}

/* 0, or the list is full. */
static int put_delete(struct ofp_actions *out, const struct ofp_field *f)
{
    struct ofp_action_delete_field *a = ofp_actions_put(out, OFP_ACTION_DELETE_FIELD, sizeof *a);

    if (!a) {
        return OFPERR_BAC_TOO_MANY;
    }
    a->field = (uint16_t)f->id;
    return 0;
}

static int decode_delete(const struct ofp_action_in *in, struct ofp_actions *out)
{
    const struct ofp_field *f;
    bool has_mask;
    size_t body, n;
    int rc = oxm_decode_header(in->p + 10, in->len - 10, &f, &has_mask, &body, &n);

    if (rc) {
        return rc;
    }
    if (has_mask) {
        return OFPERR_BMC_BAD_MASK;
    }
    return ofp_field_is_tlv(f) ? put_delete(out, f) : OFPERR_BAC_BAD_ARGUMENT;
}

static int parse_delete(const struct ofp_action_text *t UNUSED, const char *name, char *arg,
                        struct ofp_actions *out, struct error *err)
{
    const struct ofp_field *f = ofp_field_by_any_name(arg, strlen(arg));

    if (!f || !ofp_field_is_tlv(f)) {
        return error_set(err, EINVAL, "action '%s': '%s' is not one of tun_metadata0 to 63", name,
                         arg);
    }
    return put_delete(out, f) ? ofp_action_text_full(name, err) : 0;
}

static uint64_t tlv_fields(const struct ofp_action *h)
{
    return ofp_tlv_bit(((const struct ofp_action_delete_field *)h)->field);
}

CONSTRUCTOR static void register_delete(void)
{
    static const struct ofp_action_codec codec = {OFP_ACTION_DELETE_FIELD, format_delete,
                                                  encode_delete, OFP_PLACE_NONE, tlv_fields};
    static const struct ofp_action_form form = {OFP10, OFP15,         SUBTYPE,
                                                LEN,   decode_delete, OFP_VENDOR_NX};
    static const struct ofp_action_word word = {"delete_field", OFP_ARG_WANTED, parse_delete};

    ofp_action_codec_register(&codec);
    ofp_action_forms_register(&form, 1);
    ofp_action_words_register(&word, 1);
}
