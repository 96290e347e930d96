/* Meter mods of any bytes, one after the other: what is taken is described so that it reads the
 * same again, and is what a datapath takes; then the same bytes as the replies and the text of a
 * switch and a person. */
#include <stdlib.h>

#include "ofproto/bridge.h"
#include "ofproto/meter/meter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int on_meter(uint32_t meter_no, const struct dp_meter *meter, void *aux)
{
    (void)aux;
    if (meter && (meter_no >= DP_MAX_METERS || dp_meter_validate(meter, NULL))) {
        abort();
    }
    return 0;
}

static void check_description(const struct ofp_meter *meter)
{
    struct strbuf desc = STRBUF_INIT, text = STRBUF_INIT;
    struct ofp_meter_config again;
    uint32_t id;
    size_t n;

    ofp_meter_desc_encode(&desc, meter->id, &meter->config);
    if (!ofp_meter_desc_decode((uint8_t *)desc.data, desc.len, &id, &again, &n) ||
        id != meter->id || n != desc.len || memcmp(&again, &meter->config, sizeof again)) {
        abort();
    }
    ofp_meter_config_format(&text, &again);
    strbuf_free(&text);
    strbuf_free(&desc);
}

static void as_replies(const uint8_t *data, size_t len)
{
    struct ofp_meter_features features;
    struct ofp_meter_config config;
    struct ofp_meter_stats stats;
    uint32_t id;
    size_t n;

    if (ofp_meter_desc_decode(data, len, &id, &config, &n) && (!n || n > len)) {
        abort();
    }
    if (ofp_meter_stats_decode(data, len, &stats, &n) && (!n || n > len)) {
        abort();
    }
    ofp_meter_features_decode(data, len, &features);
}

/* What is parsed is encoded so that it is read again. */
static void as_text(const uint8_t *data, size_t len)
{
    struct ofp_meter_mod mod = {.command = OFP_METER_ADD}, again;
    char *text = xstrndup((const char *)data, len);
    struct strbuf s = STRBUF_INIT;
    struct error err;

    if (!ofp_meter_mod_parse(text, &mod, &err) && mod.meter_id != OFP_METER_ALL) {
        ofp_meter_mod_encode(&s, OFP13, 1, &mod);
        if (ofp_meter_mod_decode((uint8_t *)s.data + OFP_HEADER_LEN, s.len - OFP_HEADER_LEN,
                                 &again) ||
            memcmp(&mod, &again, sizeof mod)) {
            abort();
        }
    }
    strbuf_free(&s);
    free(text);
}

/* Each mod: its length in two bytes, then the mod. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const struct ofproto_hooks hooks = {.meter = on_meter};
    struct ofproto_set *set = ofproto_set_new();
    struct ofproto *bridge;
    size_t at = 0;

    ofproto_set_hooks(set, &hooks);
    if (ofproto_new(set, "br0", &bridge, NULL)) {
        abort();
    }
    while (at + 2 <= len) {
        size_t n = MIN_OF((size_t)wire_get16(data + at), len - at - 2);
        struct ofp_meter_mod mod;

        if (!ofp_meter_mod_decode(data + at + 2, n, &mod)) {
            meter_mod_apply(bridge, &mod, 1);
        }
        at += 2 + n;
    }
    for (const struct ofp_meter *m = bridge->meters; m; m = m->hh.next) {
        check_description(m);
    }
    as_replies(data, len);
    as_text(data, len);
    ofproto_free(bridge);
    ofproto_set_free(set);
    return 0;
}
