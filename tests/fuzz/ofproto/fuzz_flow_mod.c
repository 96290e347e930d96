/* Flow mods of every version and Nicira's, from any bytes: refused, or decoded into a rule that can
 * be told in every version; what is told in its own version reads and is told the same again. The
 * rule is carried out for a packet: what comes of it is valid for the datapath. */
#include <stdlib.h>
#include <string.h>

#include "ofproto/bridge.h"
#include "ofproto/codec/flow_mod.h"
#include "ofproto/codec/flow_stats.h"
#include "ofproto/codec/instruction.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const enum ofp_version versions[] = {OFP10, OFP13, OFP14, OFP15};

static void encode(struct strbuf *s, enum ofp_version version, const struct ofp_actions *actions)
{
    if (version == OFP10) {
        ofp_actions_encode(s, version, actions->data, actions->len);
    } else {
        ofp_instructions_encode(s, version, actions->data, actions->len);
    }
}

static int decode(enum ofp_version version, const struct strbuf *s, const struct ofp_flow_mod *fm,
                  struct ofp_actions *ret)
{
    const uint8_t *p = (const uint8_t *)strbuf_str(s);

    return version == OFP10
               ? ofp_actions_decode(version, p, s->len, &fm->match, ret)
               : ofp_instructions_decode(version, p, s->len, fm->table_id, &fm->match, ret);
}

static void tell_again(enum ofp_version version, const struct ofp_flow_mod *fm)
{
    struct strbuf once = STRBUF_INIT, twice = STRBUF_INIT;
    struct ofp_actions again = OFP_ACTIONS_INIT;

    encode(&once, version, &fm->actions);
    if (once.len <= UINT16_MAX) {
        if (decode(version, &once, fm, &again)) {
            abort();
        }
        encode(&twice, version, &again);
        if (once.len != twice.len || memcmp(strbuf_str(&once), strbuf_str(&twice), once.len)) {
            abort();
        }
    }
    ofp_actions_free(&again);
    strbuf_free(&once);
    strbuf_free(&twice);
}

static void tell_everywhere(const struct ofp_flow_mod *fm)
{
    struct ofp_flow_stats fs = {
        .match = fm->match, .actions = fm->actions.data, .actions_len = fm->actions.len};
    struct strbuf s = STRBUF_INIT;

    for (unsigned int v = 0; v < ARRAY_SIZE(versions); v++) {
        ofp_flow_stats_encode(&s, versions[v], OFP_FLOW_STATS_OWN, &fs);
        ofp_flow_stats_encode(&s, versions[v], OFP_FLOW_STATS_NX, &fs);
        strbuf_clear(&s);
    }
    ofp_actions_format(&s, fm->actions.data, fm->actions.len);
    strbuf_free(&s);
}

static void carry_out(const struct ofp_flow_mod *fm)
{
    struct ofproto_port_config port = {.name = "p1", .dp_port = 1, .up = true};
    struct flow_key key = {.lines = 1, .in_port = 1, .eth_type = be16_make(0x0800), .nw_proto = 6};
    struct ofproto_xlate_in in = {.key = &key, .may_learn = true, .now_ms = 1};
    struct ofp_rule_config config = {.priority = 9, .now_ms = 1};
    struct ofproto_set *set = ofproto_set_new();
    struct ofproto_xlate_out out;
    struct ofproto *bridge;
    struct ofp_match any;
    struct error err;

    if (ofproto_new(set, "br0", &bridge, NULL) || ofproto_port_set(bridge, &port, NULL, NULL)) {
        abort();
    }
    ofp_match_init(&any);
    config.match = &any;
    config.actions = fm->actions.data;
    config.actions_len = fm->actions.len;
    bridge_add_rule(bridge, 0, rule_new(&set->masks, &config));
    ofproto_translate(set, &in, &out);
    if (dp_actions_validate(out.actions.data, out.actions.len, &err)) {
        abort();
    }
    ofproto_xlate_out_free(&out);
    ofproto_free(bridge);
    ofproto_set_free(set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    enum ofp_version version;
    struct ofp_flow_mod fm;
    bool with_table_id;

    if (!len) {
        return 0;
    }
    version = versions[data[0] & 3];
    with_table_id = data[0] & 4;
    if (data[0] & 8 ? nx_flow_mod_decode(version = OFP10, data + 1, len - 1, with_table_id, &fm)
                    : ofp_flow_mod_decode(version, data + 1, len - 1, with_table_id, &fm)) {
        return 0;
    }
    tell_again(version, &fm);
    tell_everywhere(&fm);
    carry_out(&fm);
    ofp_actions_free(&fm.actions);
    return 0;
}
