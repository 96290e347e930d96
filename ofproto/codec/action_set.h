/* What the two files of the set-field family share. */
#ifndef OFPROTO_CODEC_ACTION_SET_H
#define OFPROTO_CODEC_ACTION_SET_H

#include "ofproto/codec/action.h"

/* Bytes of the record for a field of so many. */
static inline size_t ofp_set_field_size(unsigned int n_bytes)
{
    return ROUND_UP(sizeof(struct ofp_action_set_field) + 2 * (size_t)n_bytes, 8);
}
/* NULL when the list is full. 'mask' NULL: all of the field. */
struct ofp_action_set_field *ofp_put_set(struct ofp_actions *, const struct ofp_field *,
                                         const uint8_t *value, const uint8_t *mask,
                                         enum ofp_set_form);
/* Encodes it as the field's own action; false when the version has none that says the same. */
bool ofp_encode_set_own(struct strbuf *, enum ofp_version, const struct ofp_action_set_field *,
                        const struct ofp_field *, bool is_masked);
/* The field's own action, of a label's field: "set_mpls_ttl(64)". */
void ofp_format_set_mpls(struct strbuf *, const struct ofp_field *, const uint8_t *value);
/* Writes it in the words of ofp_actions_format_version(); 'is_exact': the mask is all of the field.
 */
void ofp_format_set_like(struct strbuf *, const struct ofp_action_set_field *,
                         const struct ofp_field *, const uint8_t *value, const uint8_t *mask,
                         bool is_exact);

#endif
