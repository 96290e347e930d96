/* Finds the transport header, see l4.h. Workers. */
#include "datapath/port/l4.h"

#include <netinet/in.h>

#include "lib/byteorder.h"

#define MAX_EXT_HEADERS 8

static bool is_vlan(uint16_t eth_type)
{
    return eth_type == 0x8100 || eth_type == 0x88a8;
}

static bool locate_ipv4(const uint8_t *ip, size_t len, struct l4_place *p)
{
    if (len < 20 || ip[0] >> 4 != 4) {
        return false;
    }
    p->l3_len = (uint16_t)((ip[0] & 15) * 4);
    p->proto = ip[9];
    /* Neither "more fragments" nor an offset. */
    return p->l3_len >= 20 && p->l3_len <= len && !(be16_get(be16_load(ip + 6)) & 0x3fff);
}

static bool locate_ipv6(const uint8_t *ip, size_t len, struct l4_place *p)
{
    size_t at = 40;
    uint8_t next;

    if (len < 40 || ip[0] >> 4 != 6) {
        return false;
    }
    next = ip[6];
    for (int i = 0; i <= MAX_EXT_HEADERS; i++) {
        size_t unit;

        switch (next) {
        case IPPROTO_HOPOPTS:
        case IPPROTO_ROUTING:
        case IPPROTO_DSTOPTS: unit = 8; break;
        case IPPROTO_AH: unit = 4; break;
        case IPPROTO_FRAGMENT: return false;
        default:
            p->l3_len = (uint16_t)at;
            p->proto = next;
            return true;
        }
        if (len - at < 8) {
            return false;
        }
        next = ip[at];
        at += (ip[at + 1] + (unit == 8 ? 1u : 2u)) * unit;
        if (at > len) {
            return false;
        }
    }
    return false;
}

static uint16_t l4_header_len(const uint8_t *l4, size_t len, uint8_t proto)
{
    if (proto == IPPROTO_UDP) {
        return len >= 8 ? 8 : 0;
    }
    if (proto == IPPROTO_TCP && len >= 20) {
        uint16_t header = (uint16_t)((l4[12] >> 4) * 4);

        return header >= 20 && header <= len ? header : 0;
    }
    return 0;
}

bool l4_locate(const uint8_t *data, size_t len, struct l4_place *ret)
{
    struct l4_place p = {0};
    uint16_t eth_type;
    size_t l2 = 14;

    if (len < l2) {
        return false;
    }
    eth_type = be16_get(be16_load(data + 12));
    for (int i = 0; is_vlan(eth_type); i++) {
        if (i == L4_MAX_VLANS || len < l2 + 4) {
            return false;
        }
        eth_type = be16_get(be16_load(data + l2 + 2));
        l2 += 4;
    }
    p.l2_len = (uint16_t)l2;
    p.ipv6 = eth_type == 0x86dd;
    if (!(p.ipv6                 ? locate_ipv6(data + l2, len - l2, &p)
          : (eth_type == 0x0800) ? locate_ipv4(data + l2, len - l2, &p)
                                 : false)) {
        return false;
    }
    p.l4_len = l4_header_len(data + l2 + p.l3_len, len - l2 - p.l3_len, p.proto);
    *ret = p;
    return true;
}
