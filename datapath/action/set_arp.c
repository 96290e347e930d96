/* set(arp): opcode and addresses of ARP and RARP over Ethernet and IPv4. Workers; fast path. */
#include "datapath/action/exec.h"

#define ARP_LEN 28

/* Places in the message. */
enum { AT_OP = 6, AT_SHA = 8, AT_SPA = 14, AT_THA = 18, AT_TPA = 24 };

static void blend(uint8_t *p, const void *value, const void *mask, unsigned int n)
{
    const uint8_t *v = value, *m = mask;

    for (unsigned int i = 0; i < n; i++) {
        p[i] = (uint8_t)((p[i] & ~m[i]) | (v[i] & m[i]));
    }
}

/* The message, NULL when the packet is none that the parser would read. */
static uint8_t *find(struct rte_mbuf *m)
{
    static const uint8_t ethernet_ipv4[AT_OP] = {0, 1, 8, 0, 6, 4};
    uint8_t *p = rte_pktmbuf_mtod(m, uint8_t *) + m->l2_len;
    be16_t type;

    if (m->l2_len < 14 || m->data_len < m->l2_len + ARP_LEN) {
        return NULL;
    }
    type = be16_load(p - 2);
    return (type == be16_make(0x0806) || type == be16_make(0x8035)) &&
                   !memcmp(p, ethernet_ipv4, sizeof ethernet_ipv4)
               ? p
               : NULL;
}

static struct rte_mbuf *set(struct action_env *env UNUSED, const struct dp_action *action,
                            struct rte_mbuf *m)
{
    const struct dp_action_set_arp *a = (const void *)action;
    uint8_t *p = find(m);

    if (likely(p)) {
        blend(p + AT_OP, &a->op, &a->op_mask, 2);
        blend(p + AT_SHA, a->sha, a->sha_mask, 6);
        blend(p + AT_SPA, &a->spa, &a->spa_mask, 4);
        blend(p + AT_THA, a->tha, a->tha_mask, 6);
        blend(p + AT_TPA, &a->tpa, &a->tpa_mask, 4);
    }
    return m;
}

ACTION_REGISTER_EACH(DP_ACTION_SET_ARP, ACTION_HEADER_BYTES, set)
