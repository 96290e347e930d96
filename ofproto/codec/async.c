/* See async.h. */
#include "ofproto/codec/async.h"

#include "ofproto/codec/property.h"

#define LEN13 24
#define TYPES13 (ASYNC_FLOW_REMOVED + 1)
#define PROPERTY_LEN 8

uint32_t ofp_async_reasons(enum ofp_version version, enum async_type type)
{
    /* Of table status: vacancy down and up. */
    static const uint32_t reasons14[ASYNC_N] = {0x3f, 7, 0x3f, 7, 3u << 3, 3};
    static const uint32_t reasons13[ASYNC_N] = {7, 7, 0xf};

    return (version >= OFP14 ? reasons14 : reasons13)[type];
}

/* Reasons that are not there are ignored: nobody is told of them. */
static int decode13(const uint8_t *p, size_t len, struct ofp_async_masks *ret)
{
    if (len != LEN13) {
        return OFPERR_BRC_BAD_LEN;
    }
    for (unsigned int i = 0; i < TYPES13; i++) {
        ret->of[i][ASYNC_MASTER] = wire_get32(p + 8 * i);
        ret->of[i][ASYNC_SLAVE] = wire_get32(p + 8 * i + 4);
    }
    return 0;
}

static int decode_property(enum ofp_version version, const struct ofp_property *property,
                           struct ofp_async_masks *ret)
{
    unsigned int type = property->type;
    uint32_t mask;

    if (type / ASYNC_N_COLUMNS >= ASYNC_N) {
        return OFPERR_ACFC_UNSUPPORTED;
    }
    if (property->len != PROPERTY_LEN) {
        return OFPERR_BPC_BAD_LEN;
    }
    mask = wire_get32(property->p + 4);
    if (mask & ~ofp_async_reasons(version, (enum async_type)(type / ASYNC_N_COLUMNS))) {
        return OFPERR_ACFC_INVALID;
    }
    ret->of[type / ASYNC_N_COLUMNS][type % ASYNC_N_COLUMNS] = mask;
    return 0;
}

static int decode14(enum ofp_version version, const uint8_t *p, size_t len,
                    struct ofp_async_masks *ret)
{
    struct ofp_async_masks masks = *ret;

    while (len) {
        struct ofp_property property;
        int rc = ofp_property_take(&p, &len, &property);

        if (!rc) {
            rc = decode_property(version, &property, &masks);
        }
        if (rc) {
            return rc;
        }
    }
    *ret = masks;
    return 0;
}

int ofp_async_decode(enum ofp_version version, const uint8_t *p, size_t len,
                     struct ofp_async_masks *ret)
{
    return version >= OFP14 ? decode14(version, p, len, ret) : decode13(p, len, ret);
}

void ofp_async_reply_encode(struct strbuf *s, enum ofp_version version, uint32_t xid,
                            const struct ofp_async_masks *masks)
{
    size_t start = ofp_begin(s, version, OFPT13_GET_ASYNC_REPLY, xid);

    for (unsigned int i = 0; version < OFP14 && i < TYPES13; i++) {
        wire_put32(s, masks->of[i][ASYNC_MASTER]);
        wire_put32(s, masks->of[i][ASYNC_SLAVE]);
    }
    for (unsigned int type = 0; version >= OFP14 && type < ASYNC_N * ASYNC_N_COLUMNS; type++) {
        wire_put16(s, (uint16_t)type);
        wire_put16(s, PROPERTY_LEN);
        wire_put32(s, masks->of[type / ASYNC_N_COLUMNS][type % ASYNC_N_COLUMNS]);
    }
    ofp_end(s, start);
}
