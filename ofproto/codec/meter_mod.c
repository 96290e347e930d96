/* See meter_mod.h. */
#include "ofproto/codec/meter_mod.h"

#define BAND_LEN 16
#define DESC_LEN 8
#define STATS_LEN 40
#define BAND_STATS_LEN 16
#define FEATURES_LEN 16

static int decode_band(const uint8_t *p, size_t n, struct ofp_band *ret)
{
    *ret = (struct ofp_band){
        .type = wire_get16(p), .rate = wire_get32(p + 4), .burst = wire_get32(p + 8)};
    if (n != BAND_LEN || (ret->type != OFP_BAND_DROP && ret->type != OFP_BAND_DSCP_REMARK)) {
        return OFPERR_MMFC_BAD_BAND;
    }
    if (ret->type == OFP_BAND_DSCP_REMARK) {
        ret->prec_level = p[12];
    }
    return ret->rate ? 0 : OFPERR_MMFC_BAD_RATE;
}

static int decode_bands(const uint8_t *p, size_t len, struct ofp_meter_config *config)
{
    while (len) {
        size_t n = len < 12 ? 0 : wire_get16(p + 2);
        int rc;

        if (n < 12 || n > len || n % 8) {
            return OFPERR_BRC_BAD_LEN;
        }
        if (config->n == OFP_METER_MAX_BANDS) {
            return OFPERR_MMFC_OUT_OF_BANDS;
        }
        rc = decode_band(p, n, &config->band[config->n]);
        if (rc) {
            return rc;
        }
        config->n++;
        p += n;
        len -= n;
    }
    return 0;
}

/* Rates are in kbit/s unless a flag says otherwise. */
static bool flags_are_good(uint16_t flags)
{
    const uint16_t both = OFP_METER_KBPS | OFP_METER_PKTPS;

    return !(flags & ~OFP_METER_FLAGS) && (flags & both) != both;
}

static bool id_is_good(uint32_t id)
{
    return (id && id <= OFP_METER_MAX) || id == OFP_METER_SLOWPATH || id == OFP_METER_CONTROLLER;
}

int ofp_meter_mod_decode(const uint8_t *p, size_t len, struct ofp_meter_mod *ret)
{
    uint16_t command;
    int rc;

    memset(ret, 0, sizeof *ret);
    if (len < 8) {
        return OFPERR_BRC_BAD_LEN;
    }
    command = wire_get16(p);
    ret->meter_id = wire_get32(p + 4);
    if (command > OFP_METER_DELETE) {
        return OFPERR_MMFC_BAD_COMMAND;
    }
    ret->command = (enum ofp_meter_command)command;
    if (ret->command == OFP_METER_DELETE) {
        return 0;
    }
    ret->config.flags = wire_get16(p + 2);
    if (!flags_are_good(ret->config.flags)) {
        return OFPERR_MMFC_BAD_FLAGS;
    }
    rc = decode_bands(p + 8, len - 8, &ret->config);
    return rc ? rc : id_is_good(ret->meter_id) ? 0 : OFPERR_MMFC_INVALID_METER;
}

static void put_bands(struct strbuf *s, const struct ofp_meter_config *config)
{
    for (unsigned int i = 0; i < config->n; i++) {
        const struct ofp_band *b = &config->band[i];

        wire_put16(s, b->type);
        wire_put16(s, BAND_LEN);
        wire_put32(s, b->rate);
        wire_put32(s, b->burst);
        wire_put8(s, b->prec_level);
        wire_zeros(s, 3);
    }
}

void ofp_meter_mod_encode(struct strbuf *s, enum ofp_version version, uint32_t xid,
                          const struct ofp_meter_mod *mod)
{
    size_t start = ofp_begin(s, (uint8_t)version, OFPT13_METER_MOD, xid);

    wire_put16(s, (uint16_t)mod->command);
    wire_put16(s, mod->config.flags);
    wire_put32(s, mod->meter_id);
    put_bands(s, &mod->config);
    ofp_end(s, start);
}

/* --- What is told. */

void ofp_meter_desc_encode(struct strbuf *s, uint32_t meter_id,
                           const struct ofp_meter_config *config)
{
    wire_put16(s, (uint16_t)(DESC_LEN + config->n * BAND_LEN));
    wire_put16(s, config->flags);
    wire_put32(s, meter_id);
    put_bands(s, config);
}

bool ofp_meter_desc_decode(const uint8_t *p, size_t len, uint32_t *ret_meter_id,
                           struct ofp_meter_config *ret, size_t *ret_len)
{
    size_t n = len < DESC_LEN ? 0 : wire_get16(p);

    memset(ret, 0, sizeof *ret);
    if (n < DESC_LEN || n > len || decode_bands(p + DESC_LEN, n - DESC_LEN, ret)) {
        return false;
    }
    ret->flags = wire_get16(p + 2);
    *ret_meter_id = wire_get32(p + 4);
    *ret_len = n;
    return true;
}

void ofp_meter_stats_encode(struct strbuf *s, const struct ofp_meter_stats *stats)
{
    wire_put32(s, stats->meter_id);
    wire_put16(s, (uint16_t)(STATS_LEN + stats->n * BAND_STATS_LEN));
    wire_zeros(s, 6);
    wire_put32(s, stats->n_flows);
    wire_put64(s, stats->packets);
    wire_put64(s, stats->bytes);
    wire_put32(s, stats->duration_s);
    wire_put32(s, stats->duration_ns);
    for (unsigned int i = 0; i < stats->n; i++) {
        wire_put64(s, stats->band[i].packets);
        wire_put64(s, stats->band[i].bytes);
    }
}

bool ofp_meter_stats_decode(const uint8_t *p, size_t len, struct ofp_meter_stats *ret,
                            size_t *ret_len)
{
    size_t n = len < STATS_LEN ? 0 : wire_get16(p + 4);

    if (n < STATS_LEN || n > len || (n - STATS_LEN) % BAND_STATS_LEN ||
        (n - STATS_LEN) / BAND_STATS_LEN > OFP_METER_MAX_BANDS) {
        return false;
    }
    *ret = (struct ofp_meter_stats){.meter_id = wire_get32(p),
                                    .n_flows = wire_get32(p + 12),
                                    .packets = wire_get64(p + 16),
                                    .bytes = wire_get64(p + 24),
                                    .duration_s = wire_get32(p + 32),
                                    .duration_ns = wire_get32(p + 36),
                                    .n = (uint8_t)((n - STATS_LEN) / BAND_STATS_LEN)};
    for (unsigned int i = 0; i < ret->n; i++) {
        ret->band[i].packets = wire_get64(p + STATS_LEN + i * BAND_STATS_LEN);
        ret->band[i].bytes = wire_get64(p + STATS_LEN + i * BAND_STATS_LEN + 8);
    }
    *ret_len = n;
    return true;
}

/* OpenFlow 1.5.1 adds where the action may stand; Open vSwitch does not say it, and its tools take
 * nothing else for a reply. */
void ofp_meter_features_encode(struct strbuf *s, const struct ofp_meter_features *f)
{
    wire_put32(s, f->max_meters);
    wire_put32(s, f->band_types);
    wire_put32(s, f->capabilities);
    wire_put8(s, f->max_bands);
    wire_put8(s, f->max_color);
    wire_zeros(s, 2);
}

bool ofp_meter_features_decode(const uint8_t *p, size_t len, struct ofp_meter_features *ret)
{
    if (len < FEATURES_LEN) {
        return false;
    }
    *ret = (struct ofp_meter_features){.max_meters = wire_get32(p),
                                       .band_types = wire_get32(p + 4),
                                       .capabilities = wire_get32(p + 8),
                                       .max_bands = p[12],
                                       .max_color = p[13]};
    return true;
}
