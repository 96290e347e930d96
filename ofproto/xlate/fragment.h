/* Look-ups, and what they see of IP fragments; see fragment.c. For translate.c alone. */
#ifndef OFPROTO_XLATE_FRAGMENT_H
#define OFPROTO_XLATE_FRAGMENT_H

#include "ofproto/xlate/xlate.h"

/* Whether the packet is a fragment and the bridge takes none: then the reason is set. It may also
 * turn out that its headers must be looked at first (ctx->unknown). */
bool xlate_drops_fragment(struct xlate_ctx *);
/* What of the table the packet matches; NULL: nothing. 'looked': the bits that were read; the
 * verdict depends on them from now on. */
struct ofp_rule *xlate_look_up(struct xlate_ctx *, uint8_t table_id, struct ofp_flow *looked);
/* At the end: a cached flow that reads ports is not for fragments as well as for other packets,
 * since look-ups may see other ports of them. */
void xlate_part_fragments(struct ofp_flow *wc);

#endif
