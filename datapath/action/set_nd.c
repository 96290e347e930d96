/* set(nd): the target, the reserved bits and the link-layer addresses of neighbour solicitations
 * and advertisements (RFC 4861 section 4.3, 4.4). Workers; fast path. */
#include "datapath/action/checksum.h"
#include "datapath/action/layers.h"

#define ND_LEN 24 /* Before the options. */
#define OPTION_LEN 8
#define MAX_OPTIONS 16

enum { AT_RESERVED = 4, AT_TARGET = 8 };

/* n bytes at an even place of the message; the checksum follows. */
static void blend(const struct l4_checksum *c, uint8_t *p, const void *value, const void *mask,
                  unsigned int n)
{
    const uint8_t *v = value, *m = mask;
    uint8_t new[16];

    for (unsigned int i = 0; i < n; i++) {
        new[i] = (uint8_t)((p[i] & ~m[i]) | (v[i] & m[i]));
    }
    l4_checksum_header(c, checksum_delta(p, new, n));
    memcpy(p, new, n);
}

static bool is_address(const uint8_t *option)
{
    return (option[0] == 1 || option[0] == 2) && option[1] == 1;
}

/* The type of the first option with an address first: then it is of that type. */
static void set_options(const struct l4_checksum *c, uint8_t *p, uint32_t room,
                        const struct dp_action_set_nd *a)
{
    bool first = true;

    for (unsigned int n = 0; n < MAX_OPTIONS && room >= OPTION_LEN; n++) {
        uint32_t len = p[1] * 8u;

        if (!len || len > room) {
            return;
        }
        if (is_address(p)) {
            if (first && a->option_mask) {
                const uint8_t value[2] = {a->option, 0}, mask[2] = {a->option_mask, 0};

                blend(c, p, value, mask, 2);
            }
            first = false;
            if (p[0] == 1) {
                blend(c, p + 2, a->sll, a->sll_mask, 6);
            } else if (p[0] == 2) {
                blend(c, p + 2, a->tll, a->tll_mask, 6);
            }
        }
        p += len;
        room -= len;
    }
}

static struct rte_mbuf *set(struct action_env *env UNUSED, const struct dp_action *action,
                            struct rte_mbuf *m)
{
    const struct dp_action_set_nd *a = (const void *)action;
    struct layers l = layers_find(m);
    struct l4_checksum c;

    if (!l.l4 || l.room < ND_LEN || l.proto != 58 || l.ip[0] >> 4 != 6 ||
        (l.l4[0] != 135 && l.l4[0] != 136) || l.l4[1]) {
        return m;
    }
    c = l4_checksum_find(m, l.l4, l.room, l.proto);
    blend(&c, l.l4 + AT_RESERVED, &a->reserved, &a->reserved_mask, 4);
    blend(&c, l.l4 + AT_TARGET, a->target, a->target_mask, 16);
    set_options(&c, l.l4 + ND_LEN, l.room - ND_LEN, a);
    return m;
}

ACTION_REGISTER_EACH(DP_ACTION_SET_ND, ACTION_HEADER_BYTES, set)
