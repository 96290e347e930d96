/* set(nsh): fields of a network service header (RFC 8300) behind the VLAN tags. Workers; fast path.
 */
#include "datapath/action/nsh.h"

static void set_bytes(uint8_t *p, const void *value, const void *mask, unsigned int n)
{
    const uint8_t *v = value, *m = mask;

    for (unsigned int i = 0; i < n; i++) {
        p[i] = (uint8_t)((p[i] & ~m[i]) | (v[i] & m[i]));
    }
}

static struct rte_mbuf *set(struct action_env *env UNUSED, const struct dp_action *action,
                            struct rte_mbuf *m)
{
    const struct dp_action_set_nsh *a = (const void *)action;
    uint8_t *h = nsh_find(m);

    if (unlikely(!h)) {
        return m;
    }
    nsh_put_ttl(h, (uint8_t)((nsh_ttl(h) & ~a->ttl_mask) | (a->ttl & a->ttl_mask)));
    h[0] = (uint8_t)((h[0] & ~(a->flags_mask << 4)) | (a->flags & a->flags_mask) << 4);
    set_bytes(h + 4, &a->path, &a->path_mask, 4);
    if ((h[2] & 0x0f) == 1) {
        set_bytes(h + 8, a->context, a->context_mask, sizeof a->context);
    }
    return m;
}

ACTION_REGISTER_EACH(DP_ACTION_SET_NSH, ACTION_HEADER_BYTES, set)
