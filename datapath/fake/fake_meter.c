/* The fake datapath's meters: those of the real one, under a clock that only the test moves. For
 * unit tests only; one thread. */
#include "datapath/fake/fake_private.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/util.h"

static uint64_t now = METER_TIME_ZERO;

void fake_meters_pass_ms(uint64_t ms)
{
    now += ms * 1000000 * METER_TICKS_PER_NS;
}

struct fake_meter *fake_get_meter(struct fake_state *state, uint32_t meter_no)
{
    struct fake_meter *meter;

    HASH_FIND(hh, state->meters, &meter_no, sizeof meter_no, meter);
    return meter;
}

int fake_meter_put(struct fake_state *state, const struct dp_op *op)
{
    struct fake_meter *meter = fake_get_meter(state, op->meter_no);

    if (op->meter_no >= DP_MAX_METERS || dp_meter_validate(op->meter, NULL)) {
        return -EINVAL;
    }
    if (!meter) {
        meter = xcalloc(1, sizeof *meter);
        meter->meter_no = op->meter_no;
        HASH_ADD(hh, state->meters, meter_no, sizeof meter->meter_no, meter);
    }
    meter->is_old = false;
    if (memcmp(&meter->config, op->meter, sizeof meter->config)) {
        meter->config = *op->meter;
        memset(meter->bucket, 0, sizeof meter->bucket);
    }
    return 0;
}

static void free_meter(struct fake_state *state, struct fake_meter *meter)
{
    HASH_DEL(state->meters, meter);
    free(meter);
}

int fake_meter_del(struct fake_state *state, uint32_t meter_no)
{
    struct fake_meter *meter = fake_get_meter(state, meter_no), *next;

    if (meter_no == DP_NO_METER) {
        HASH_ITER (hh, state->meters, meter, next) {
            if (meter->is_old) {
                free_meter(state, meter);
            }
        }
        return 0;
    }
    if (!meter) {
        return -ENOENT;
    }
    free_meter(state, meter);
    return 0;
}

void fake_meters_free_all(struct fake_state *state)
{
    while (state->meters) {
        free_meter(state, state->meters);
    }
}

void fake_meters_age(struct fake_state *state)
{
    for (struct fake_meter *meter = state->meters; meter; meter = meter->hh.next) {
        meter->is_old = true;
    }
}

bool fake_meter_pass(struct fake_state *state, uint32_t meter_no, uint32_t in_port, size_t len)
{
    struct fake_meter *meter = fake_get_meter(state, meter_no);
    int hit = -1;

    if (!meter) {
        return true;
    }
    meter->stats.packets++;
    meter->stats.bytes += len;
    for (int i = 0; i < meter->config.n_bands; i++) {
        struct meter_rate rate = meter_rate(&meter->config, (unsigned int)i);

        if (!meter_take(&meter->bucket[i], &rate, meter->config.in_packets ? 1 : len * 8, now) &&
            (hit < 0 || meter->config.band[i].rate > meter->config.band[hit].rate)) {
            hit = i;
        }
    }
    if (hit < 0) {
        return true;
    }
    meter->stats.band[hit].packets++;
    meter->stats.band[hit].bytes += len;
    if (meter->config.band[hit].type != DP_BAND_DROP) {
        return true;
    }
    fake_count_drop(state, "meter", in_port, 1);
    return false;
}

bool fake_meter_get(struct dp *dp, uint32_t meter_no, struct dp_meter *ret)
{
    const struct fake_meter *meter = fake_get_meter(fake_cast(dp)->state, meter_no);

    if (meter) {
        *ret = meter->config;
    }
    return meter;
}

size_t fake_meter_count(struct dp *dp)
{
    return HASH_COUNT(fake_cast(dp)->state->meters);
}
