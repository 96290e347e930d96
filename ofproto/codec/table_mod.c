/* See table_mod.h. */
#include "ofproto/codec/table_mod.h"

#include "ofproto/codec/property.h"

#define MOD_LEN 8
#define PROPERTY_LEN 8
#define EVICTION_FLAGS 7

enum { PROPERTY_EVICTION = 2, PROPERTY_VACANCY = 3 };

static int decode_eviction(const struct ofp_property *property, struct ofp_table_mod *tm)
{
    tm->has_eviction_flags = true;
    tm->eviction_flags = wire_get32(property->p + 4);
    return tm->eviction_flags & ~(uint32_t)EVICTION_FLAGS ? OFPERR_TMFC_BAD_CONFIG : 0;
}

static int decode_vacancy(const struct ofp_property *property, struct ofp_table_mod *tm)
{
    tm->has_thresholds = true;
    tm->vacancy_down = property->p[4];
    tm->vacancy_up = property->p[5];
    return tm->vacancy_down > tm->vacancy_up || tm->vacancy_up > 100 ? OFPERR_BPC_BAD_VALUE : 0;
}

static int decode_property(const struct ofp_property *property, struct ofp_table_mod *tm)
{
    if (property->type == OFP_PROPERTY_EXPERIMENTER) {
        return OFPERR_BPC_BAD_EXPERIMENTER;
    }
    if (property->type != PROPERTY_EVICTION && property->type != PROPERTY_VACANCY) {
        return OFPERR_BPC_BAD_TYPE;
    }
    if (property->len != PROPERTY_LEN) {
        return OFPERR_BPC_BAD_LEN;
    }
    return property->type == PROPERTY_EVICTION ? decode_eviction(property, tm)
                                               : decode_vacancy(property, tm);
}

uint32_t ofp_table_miss_config(enum ofp_table_miss miss)
{
    return miss ? miss - (uint32_t)OFP_MISS_CONTROLLER : 0;
}

int ofp_table_mod_decode(enum ofp_version version, const uint8_t *p, size_t len,
                         struct ofp_table_mod *ret)
{
    struct ofp_table_mod tm = {0};
    uint32_t config, known;

    if (len < MOD_LEN || (version < OFP14 && len != MOD_LEN)) {
        return OFPERR_BRC_BAD_LEN;
    }
    known = OFPTC_DEPRECATED | (version >= OFP14 ? OFPTC_EVICTION | OFPTC_VACANCY_EVENTS : 0u);
    config = wire_get32(p + 4);
    if (config & ~known) {
        return OFPERR_TMFC_BAD_CONFIG;
    }
    if (version < OFP13) {
        if (config == OFPTC_DEPRECATED) {
            return OFPERR_TMFC_BAD_CONFIG;
        }
        tm.miss = (enum ofp_table_miss)(config + OFP_MISS_CONTROLLER);
    }
    tm.table_id = p[0];
    tm.has_config = version >= OFP14;
    tm.evicts = config & OFPTC_EVICTION;
    tm.tells_vacancy = config & OFPTC_VACANCY_EVENTS;
    p += MOD_LEN;
    len -= MOD_LEN;
    while (len) {
        struct ofp_property property;
        int rc = ofp_property_take(&p, &len, &property);

        rc = rc ? rc : decode_property(&property, &tm);
        if (rc) {
            return rc;
        }
    }
    *ret = tm;
    return 0;
}

void ofp_table_desc_encode(struct strbuf *s, const struct ofp_table_desc *desc)
{
    size_t start = s->len;

    wire_put16(s, 0);
    wire_put8(s, desc->table_id);
    wire_put8(s, 0);
    wire_put32(s, (desc->evicts ? OFPTC_EVICTION : 0u) |
                      (desc->tells_vacancy ? OFPTC_VACANCY_EVENTS : 0u));
    wire_put16(s, PROPERTY_EVICTION);
    wire_put16(s, PROPERTY_LEN);
    wire_put32(s, desc->eviction_flags);
    if (desc->tells_vacancy) {
        wire_put16(s, PROPERTY_VACANCY);
        wire_put16(s, PROPERTY_LEN);
        wire_put8(s, desc->vacancy_down);
        wire_put8(s, desc->vacancy_up);
        wire_put8(s, desc->vacancy);
        wire_put8(s, 0);
    }
    wire_set16(s, start, (uint16_t)(s->len - start));
}

void ofp_table_status_encode(struct strbuf *s, enum ofp_version version,
                             enum ofp_table_reason reason, const struct ofp_table_desc *desc)
{
    size_t start = ofp_begin(s, version, OFPT14_TABLE_STATUS, 0);

    wire_put8(s, (uint8_t)reason);
    wire_zeros(s, 7);
    ofp_table_desc_encode(s, desc);
    ofp_end(s, start);
}

int ofp_table_desc_decode(const uint8_t *p, size_t left, struct ofp_table_desc *ret,
                          size_t *ret_len)
{
    size_t len = left < MOD_LEN ? 0 : wire_get16(p);
    const uint8_t *at = p + MOD_LEN;
    size_t rest = len - MOD_LEN;
    uint32_t config;

    if (len < MOD_LEN || len > left) {
        return OFPERR_BRC_BAD_LEN;
    }
    config = wire_get32(p + 4);
    *ret = (struct ofp_table_desc){.table_id = p[2],
                                   .evicts = config & OFPTC_EVICTION,
                                   .tells_vacancy = config & OFPTC_VACANCY_EVENTS};
    while (rest) {
        struct ofp_property property;
        int rc = ofp_property_take(&at, &rest, &property);

        if (rc) {
            return rc;
        }
        if (property.type == PROPERTY_EVICTION && property.len == PROPERTY_LEN) {
            ret->eviction_flags = wire_get32(property.p + 4);
        } else if (property.type == PROPERTY_VACANCY && property.len == PROPERTY_LEN) {
            ret->vacancy_down = property.p[4];
            ret->vacancy_up = property.p[5];
            ret->vacancy = property.p[6];
        }
    }
    *ret_len = len;
    return 0;
}

void ofp_table_mod_encode(struct strbuf *s, enum ofp_version version, uint32_t xid,
                          const struct ofp_table_desc *desc)
{
    size_t start = ofp_begin(s, (uint8_t)version, OFPT11_TABLE_MOD, xid);

    wire_put8(s, desc->table_id);
    wire_zeros(s, 3);
    wire_put32(s, (desc->evicts ? OFPTC_EVICTION : 0u) |
                      (desc->tells_vacancy ? OFPTC_VACANCY_EVENTS : 0u));
    if (desc->tells_vacancy) {
        wire_put16(s, PROPERTY_VACANCY);
        wire_put16(s, PROPERTY_LEN);
        wire_put8(s, desc->vacancy_down);
        wire_put8(s, desc->vacancy_up);
        wire_zeros(s, 2);
    }
    ofp_end(s, start);
}

void ofp_table_miss_encode(struct strbuf *s, enum ofp_version version, uint32_t xid,
                           uint8_t table_id, enum ofp_table_miss miss)
{
    size_t start = ofp_begin(s, (uint8_t)version, OFPT11_TABLE_MOD, xid);

    wire_put8(s, table_id);
    wire_zeros(s, 3);
    wire_put32(s, ofp_table_miss_config(miss));
    ofp_end(s, start);
}
