/* Meters' configuration and arithmetic; see meter.h. Called by both processes, any thread; no
 * state. */
#include "datapath/flow/meter.h"

#include <errno.h>
#include <string.h>

#include "lib/strbuf.h"
#include "lib/util.h"

static const char *const type_names[DP_N_BAND_TYPES] = {
    [DP_BAND_DROP] = "drop", [DP_BAND_DSCP_REMARK] = "dscp_remark"};

static int check_band(const struct dp_band *b, unsigned int i, struct error *err)
{
    if (b->type != DP_BAND_DROP && b->type != DP_BAND_DSCP_REMARK) {
        return error_set(err, EINVAL, "meter: band %u: type %u is unknown", i, b->type);
    }
    if (!b->rate) {
        return error_set(err, EINVAL, "meter: band %u: its rate is 0", i);
    }
    if (b->zero[0] || b->zero[1] || (b->prec_level && b->type != DP_BAND_DSCP_REMARK)) {
        return error_set(err, EINVAL, "meter: band %u: what has no meaning is not 0", i);
    }
    return 0;
}

int dp_meter_validate(const struct dp_meter *m, struct error *err)
{
    static const struct dp_band none;

    if (m->in_packets > 1 || m->zero[0] || m->zero[1]) {
        return error_set(err, EINVAL, "meter: its unit is unknown");
    }
    if (m->n_bands > DP_METER_MAX_BANDS) {
        return error_set(err, EINVAL, "meter: %u bands are more than %d", m->n_bands,
                         DP_METER_MAX_BANDS);
    }
    for (unsigned int i = 0; i < DP_METER_MAX_BANDS; i++) {
        int error = i < m->n_bands ? check_band(&m->band[i], i, err) : 0;

        if (error) {
            return error;
        }
        if (i >= m->n_bands && memcmp(&m->band[i], &none, sizeof none)) {
            return error_set(err, EINVAL, "meter: band %u behind the last is not empty", i);
        }
    }
    return 0;
}

void dp_meter_format(struct strbuf *s, const struct dp_meter *m)
{
    strbuf_printf(s, "%s bands=", m->in_packets ? "pktps" : "kbps");
    for (unsigned int i = 0; i < m->n_bands; i++) {
        const struct dp_band *b = &m->band[i];

        strbuf_printf(s, "%s%s(rate=%u,burst=%u", i ? "," : "", type_names[b->type], b->rate,
                      b->burst ? b->burst : b->rate);
        if (b->type == DP_BAND_DSCP_REMARK) {
            strbuf_printf(s, ",prec_level=%u", b->prec_level);
        }
        strbuf_putc(s, ')');
    }
}

struct meter_rate meter_rate(const struct dp_meter *m, unsigned int band)
{
    const struct dp_band *b = &m->band[band];
    /* A kbit/s is a bit in a millisecond. */
    uint64_t ns = m->in_packets ? UINT64_C(1000000000) : UINT64_C(1000000);
    unsigned __int128 depth;
    struct meter_rate rate;

    rate.cost = (ns * METER_TICKS_PER_NS << METER_COST_SHIFT) / b->rate;
    depth = (unsigned __int128)(b->burst ? b->burst : b->rate) * (m->in_packets ? 1 : 1000);
    depth = depth * rate.cost >> METER_COST_SHIFT;
    /* Two years' worth is as good as more, and the time can never run out. */
    rate.depth = (uint64_t)MIN_OF(depth, (unsigned __int128)(METER_TIME_ZERO >> 2));
    return rate;
}

uint8_t meter_remark(uint8_t dscp, uint8_t level)
{
    uint8_t class = dscp >> 3, precedence = dscp >> 1 & 3;

    if (dscp & 1 || !class || class > 4 || !precedence) {
        return dscp;
    }
    return (uint8_t)(class << 3 | MIN_OF(precedence + level, 3) << 1);
}
