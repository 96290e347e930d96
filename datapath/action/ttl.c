/* dec_ttl and copy_ttl, of IPv4, IPv6, MPLS and (the first alone) NSH: so packets of any TTL share
 * a cached flow, and those whose time is over are sorted out here. Workers; fast path. */
#include "datapath/action/checksum.h"
#include "datapath/action/layers.h"
#include "datapath/action/nsh.h"
#include "datapath/action/shim.h"

/* IPv4's header checksum covers it; IPv6 has none. */
static void write_ttl(uint8_t *ip, uint8_t ttl)
{
    if (ip[0] >> 4 == 6) {
        ip[7] = ttl;
    } else {
        uint8_t word[2] = {ttl, ip[9]};

        checksum_apply(ip + 10, checksum_delta(ip + 8, word, 2));
        ip[8] = ttl;
    }
}

static uint8_t read_ttl(const uint8_t *ip)
{
    return ip[0] >> 4 == 6 ? ip[7] : ip[8];
}

/* False: its time is over. */
static bool dec_ip(struct rte_mbuf *m)
{
    struct layers l = layers_find(m);

    if (unlikely(!l.ip)) {
        return true;
    }
    if (unlikely(read_ttl(l.ip) <= 1)) {
        return false;
    }
    write_ttl(l.ip, (uint8_t)(read_ttl(l.ip) - 1));
    return true;
}

static bool dec_mpls(struct rte_mbuf *m)
{
    struct shim s;

    if (shim_find_label(m, &s)) {
        uint8_t *ttl = rte_pktmbuf_mtod_offset(m, uint8_t *, s.at + 3);

        if (unlikely(*ttl <= 1)) {
            return false;
        }
        --*ttl;
    }
    return true;
}

static bool dec_nsh(struct rte_mbuf *m)
{
    uint8_t *h = nsh_find(m);

    if (likely(h)) {
        if (unlikely(nsh_ttl(h) <= 1)) {
            return false;
        }
        nsh_put_ttl(h, (uint8_t)(nsh_ttl(h) - 1));
    }
    return true;
}

static bool dec_layer(struct rte_mbuf *m, uint16_t layer)
{
    switch (layer) {
    case DP_TTL_MPLS: return dec_mpls(m);
    case DP_TTL_NSH: return dec_nsh(m);
    default: return dec_ip(m);
    }
}

static uint16_t dec(struct action_env *env, const struct dp_action *action, struct rte_mbuf **pkts,
                    uint16_t n)
{
    const struct dp_action_dec_ttl *a = (const void *)action;
    struct rte_mbuf *over[ACTION_BATCH];
    uint16_t left = 0, n_over = 0;

    for (uint16_t i = 0; i < n; i++) {
        struct rte_mbuf *m = action_writable(env, pkts[i], ACTION_HEADER_BYTES);

        if (unlikely(!m)) {
            continue;
        }
        if (likely(dec_layer(m, a->layer))) {
            pkts[left++] = m;
        } else {
            over[n_over++] = m;
        }
    }
    if (unlikely(n_over)) {
        if (a->tell) {
            action_tell(env, a->cookie, a->meter_no, over, n_over);
        }
        action_drop(env, DP_DROP_TTL_EXPIRED, a->tell, over, n_over);
    }
    return left;
}

/* A place where a TTL stands; an IP header is told from a label by 'is_ip'. */
struct ttl {
    uint8_t *at; /* NULL: there is none. */
    bool is_ip;
};

/* Behind the header of a later fragment there is the middle of something. */
static bool is_later_fragment(const uint8_t *ip)
{
    return ip[0] >> 4 == 4 && be16_load(ip + 6) & be16_make(0x1fff);
}

/* An IP header within 'room' bytes, whole but for options. */
static struct ttl ttl_of_ip(uint8_t *p, uint32_t room)
{
    bool is_ip = (room >= 20 && p[0] >> 4 == 4) || (room >= 40 && p[0] >> 4 == 6);

    return (struct ttl){is_ip ? p : NULL, true};
}

/* The two outermost: of labels, of the last label and the IP header behind it, of IP in IP. */
static void find_two(uint8_t *p, uint32_t room, struct ttl two[2])
{
    struct shim s;

    two[0] = two[1] = (struct ttl){NULL, false};
    if (!shim_find(p, room, &s)) {
        return;
    }
    if (shim_is_mpls(s.type)) {
        if (room < s.at + SHIM_LEN) {
            return;
        }
        two[0].at = p + s.at + 3;
        if (be32_load(p + s.at) & MPLS_BOS) {
            two[1] = ttl_of_ip(p + s.at + SHIM_LEN, room - s.at - SHIM_LEN);
        } else if (room >= s.at + 2 * SHIM_LEN) {
            two[1].at = p + s.at + SHIM_LEN + 3;
        }
    } else if (s.type == be16_make(0x0800) || s.type == be16_make(0x86dd)) {
        uint32_t header;
        uint8_t proto, *ip;

        two[0] = ttl_of_ip(p + s.at, room - s.at);
        ip = two[0].at;
        if (!ip) {
            return;
        }
        header = ip[0] >> 4 == 6 ? 40 : (ip[0] & 15) * 4u;
        proto = ip[0] >> 4 == 6 ? ip[6] : ip[9];
        if ((proto == 4 || proto == 41) && header >= 20 && room >= s.at + header &&
            !is_later_fragment(ip)) {
            two[1] = ttl_of_ip(ip + header, room - s.at - header);
        }
    }
}

static void copy_one(struct rte_mbuf *m, bool inwards)
{
    struct ttl two[2];
    const struct ttl *from = &two[!inwards], *to = &two[inwards];
    uint8_t ttl;

    find_two(rte_pktmbuf_mtod(m, uint8_t *), shim_room(m), two);
    if (unlikely(!two[0].at || !two[1].at)) {
        return;
    }
    ttl = from->is_ip ? read_ttl(from->at) : *from->at;
    if (to->is_ip) {
        write_ttl(to->at, ttl);
    } else {
        *to->at = ttl;
    }
}

static struct rte_mbuf *copy(struct action_env *env UNUSED, const struct dp_action *a,
                             struct rte_mbuf *m)
{
    copy_one(m, ((const struct dp_action_copy_ttl *)(const void *)a)->inwards);
    return m;
}

ACTION_REGISTER(DP_ACTION_DEC_TTL, dec)
ACTION_REGISTER_EACH(DP_ACTION_COPY_TTL, ACTION_HEADER_BYTES, copy)
