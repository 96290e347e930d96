/* See switch_info.h. */
#include "ofproto/codec/switch_info.h"

#include "ofproto/codec/match_wire.h"

#define PORT10_LEN 48
#define PORT11_LEN 64
#define PORT14_LEN 40 /* Before the properties. */
#define COUNTS10_LEN 104
#define COUNTS13_LEN 112
#define COUNTS14_LEN 80 /* Before the properties. */
#define TABLE10_LEN 64
#define TABLE11_LEN 88
#define TABLE12_LEN 128
#define TABLE13_LEN 24
#define NAME_LEN 16
#define ETHERNET 0 /* The type of the property that is Ethernet's. */

int ofp_features_decode(enum ofp_version version, const uint8_t *p, size_t len,
                        struct ofp_features *ret)
{
    if (len < OFP_FEATURES_LEN) {
        return OFPERR_BRC_BAD_LEN;
    }
    *ret = (struct ofp_features){
        .datapath_id = wire_get64(p),
        .n_buffers = wire_get32(p + 8),
        .n_tables = p[12],
        .auxiliary_id = version >= OFP13 ? p[13] : 0,
        .capabilities = wire_get32(p + 16),
        .actions = version == OFP10 ? wire_get32(p + 20) : 0,
    };
    return 0;
}

static void get_name(const uint8_t *p, size_t n, char *name)
{
    memcpy(name, p, n);
    name[n] = '\0';
}

static uint32_t port_number(enum ofp_version version, const uint8_t *p)
{
    uint32_t port = UINT32_MAX;

    if (version == OFP10) {
        return wire_get16(p);
    }
    return ofp_port_from32(wire_get32(p), &port) ? port : wire_get32(p);
}

/* OpenFlow 1.0 has its media, from bit 7 on, where later ones have more speeds. */
static uint32_t features10(uint32_t f)
{
    return (f & 0x7f) | (f & 0xf80) << 4;
}

/* The highest speed among the bits. */
static uint32_t speed_of(uint32_t features)
{
    static const struct {
        uint32_t bits, mbps;
    } speeds[] = {{1u << 9, 1000000}, {1u << 8, 100000}, {1u << 7, 40000}, {1u << 6, 10000},
                  {3u << 4, 1000},    {3u << 2, 100},    {3u, 10}};

    for (size_t i = 0; i < ARRAY_SIZE(speeds); i++) {
        if (features & speeds[i].bits) {
            return speeds[i].mbps;
        }
    }
    return 0;
}

static void get_ethernet(const uint8_t *p, bool is_10, struct ofp_port_info *port)
{
    uint32_t *const features[] = {&port->current, &port->advertised, &port->supported, &port->peer};

    for (size_t i = 0; i < ARRAY_SIZE(features); i++) {
        *features[i] = wire_get32(p + 4 * i);
        if (is_10) {
            *features[i] = features10(*features[i]);
        }
    }
    port->current_mbps = is_10 ? speed_of(port->current) : wire_get32(p + 16) / 1000;
    port->max_mbps = is_10 ? speed_of(port->supported) : wire_get32(p + 20) / 1000;
}

/* Calls for the property of Ethernet's among those of an entry: where its body begins, NULL when
 * there is none of 'len' bytes. False when they are malformed. */
static bool find_ethernet(const uint8_t *p, size_t left, size_t len, const uint8_t **ret)
{
    *ret = NULL;
    while (left) {
        size_t n = left < 4 ? 0 : wire_get16(p + 2);

        if (n < 4 || ROUND_UP(n, 8) > left) {
            return false;
        }
        if (wire_get16(p) == ETHERNET && n == len) {
            *ret = p + 8;
        }
        p += ROUND_UP(n, 8);
        left -= ROUND_UP(n, 8);
    }
    return true;
}

int ofp_port_info_decode(enum ofp_version version, const uint8_t *p, size_t left,
                         struct ofp_port_info *ret, size_t *ret_len)
{
    size_t n = version == OFP10 ? PORT10_LEN : version < OFP14 ? PORT11_LEN : PORT14_LEN;
    size_t at = version == OFP10 ? 2 : 8, len;
    const uint8_t *ethernet;

    if (left < n) {
        return OFPERR_BRC_BAD_LEN;
    }
    len = version >= OFP14 ? wire_get16(p + 4) : n;
    if (len < n || len > left) {
        return OFPERR_BRC_BAD_LEN;
    }
    memset(ret, 0, sizeof *ret);
    ret->port = port_number(version, p);
    memcpy(ret->mac, p + at, sizeof ret->mac);
    at += version == OFP10 ? 6 : 8;
    get_name(p + at, NAME_LEN, ret->name);
    at += NAME_LEN;
    ret->config = wire_get32(p + at);
    ret->state = wire_get32(p + at + 4);
    at += 8;
    if (version < OFP14) {
        get_ethernet(p + at, version == OFP10, ret);
    } else if (!find_ethernet(p + at, len - at, 32, &ethernet)) {
        return OFPERR_BRC_BAD_LEN;
    } else if (ethernet) {
        get_ethernet(ethernet, false, ret);
    }
    *ret_len = len;
    return 0;
}

void ofp_port_counts_request(struct strbuf *s, enum ofp_version version, uint32_t port)
{
    if (version == OFP10) {
        wire_put16(s, (uint16_t)port);
        wire_zeros(s, 6);
    } else {
        wire_put32(s, ofp_port_to32(port));
        wire_put32(s, 0);
    }
}

int ofp_port_counts_decode(enum ofp_version version, const uint8_t *p, size_t left,
                           struct ofp_port_counts *ret, size_t *ret_len)
{
    size_t n = version < OFP13 ? COUNTS10_LEN : version < OFP14 ? COUNTS13_LEN : COUNTS14_LEN;
    unsigned int own = version < OFP14 ? OFP_N_COUNTS : OFP_COUNT_RX_FRAME;
    const uint8_t *ethernet = NULL, *at;
    size_t len;

    if (left < n) {
        return OFPERR_BRC_BAD_LEN;
    }
    len = version >= OFP14 ? wire_get16(p) : n;
    if (len < n || len > left ||
        (version >= OFP14 && !find_ethernet(p + n, len - n, 40, &ethernet))) {
        return OFPERR_BRC_BAD_LEN;
    }
    memset(ret, 0, sizeof *ret);
    ret->port = port_number(version, version >= OFP14 ? p + 4 : p);
    at = version < OFP14 ? p + 8 : p + 16;
    for (unsigned int i = 0; i < OFP_N_COUNTS; i++) {
        ret->count[i] = i < own    ? wire_get64(at + 8 * i)
                        : ethernet ? wire_get64(ethernet + 8 * (i - own))
                                   : UINT64_MAX;
    }
    if (version >= OFP13) {
        at = version < OFP14 ? p + 104 : p + 8;
        ret->has_duration = true;
        ret->duration_s = wire_get32(at);
        ret->duration_ns = wire_get32(at + 4);
    }
    *ret_len = len;
    return 0;
}

int ofp_table_counts_decode(enum ofp_version version, const uint8_t *p, size_t left,
                            struct ofp_table_counts *ret, size_t *ret_len)
{
    static const size_t lens[] = {
        [OFP10] = TABLE10_LEN, [OFP11] = TABLE11_LEN, [OFP12] = TABLE12_LEN};
    size_t n = version < OFP13 ? lens[version] : TABLE13_LEN;

    if (left < n) {
        return OFPERR_BRC_BAD_LEN;
    }
    memset(ret, 0, sizeof *ret);
    ret->table_id = p[0];
    if (version == OFP10) {
        get_name(p + 4, 32, ret->name);
        ret->wildcards = wire_get32(p + 36);
        ret->max_entries = wire_get32(p + 40);
    }
    ret->n_active = wire_get32(p + n - 20);
    ret->n_lookups = wire_get64(p + n - 16);
    ret->n_matched = wire_get64(p + n - 8);
    *ret_len = n;
    return 0;
}
