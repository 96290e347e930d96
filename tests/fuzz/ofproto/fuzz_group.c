/* Group mods of any bytes, one after the other, in each version: what is taken is described so that
 * it reads the same again, and packets go through it. */
#include <stdlib.h>

#include "ofproto/bridge.h"
#include "ofproto/group/group.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* In the description's form, as an "add" of the same version. */
static void check_description(const struct ofp_group *group, enum ofp_version version)
{
    struct strbuf desc = STRBUF_INIT, mod = STRBUF_INIT, again = STRBUF_INIT;
    struct ofp_group_mod gm;
    size_t head = version >= OFP15 ? 16 : 8;

    ofp_group_desc_encode(&desc, version, group->id, &group->config);
    wire_put16(&mod, OFP_GROUP_ADD);
    wire_put8(&mod, group->config.type);
    wire_put8(&mod, 0);
    wire_put32(&mod, group->id);
    if (version >= OFP15) {
        wire_put16(&mod, wire_get16((uint8_t *)desc.data + 8));
        wire_put16(&mod, 0);
        wire_put32(&mod, OFP_BUCKET_ALL);
    }
    strbuf_put(&mod, desc.data + head, desc.len - head);
    if (ofp_group_mod_decode(version, version, (uint8_t *)mod.data, mod.len, &gm)) {
        abort();
    }
    ofp_group_desc_encode(&again, version, group->id, &gm.config);
    if (again.len != desc.len || memcmp(again.data, desc.data, desc.len)) {
        abort();
    }
    ofp_group_config_free(&gm.config);
    strbuf_free(&desc);
    strbuf_free(&mod);
    strbuf_free(&again);
}

static void translate(struct ofproto_set *set, struct ofproto *bridge)
{
    struct flow_key key = {.lines = 1, .in_port = 1, .eth_type = be16_make(0x0800), .nw_proto = 6};
    struct ofproto_xlate_in in = {.key = &key, .may_learn = true, .now_ms = 1};
    struct ofp_actions actions = OFP_ACTIONS_INIT;
    struct ofp_match match;
    struct ofp_rule_config config = {.match = &match, .priority = 9};
    struct ofproto_xlate_out out;
    struct error err;

    ofp_match_init(&match);
    for (const struct ofp_group *g = bridge->groups; g; g = g->hh.next) {
        struct ofp_action_group *a = ofp_actions_put(&actions, OFP_ACTION_GROUP, sizeof *a);

        a->group_id = g->id;
    }
    config.actions = actions.data;
    config.actions_len = actions.len;
    bridge_add_rule(bridge, 0, rule_new(&set->masks, &config));
    ofp_actions_free(&actions);
    ofproto_translate(set, &in, &out);
    if (dp_actions_validate(out.actions.data, out.actions.len, &err)) {
        abort();
    }
    ofproto_xlate_out_free(&out);
}

/* Each mod: its length in two bytes, then the mod. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const enum ofp_version versions[] = {OFP13, OFP14, OFP15, OFP15};
    enum ofp_version version = len ? versions[data[0] & 3] : OFP13;
    struct ofproto_port_config port = {.name = "p1", .dp_port = 1, .up = true};
    struct ofproto_set *set = ofproto_set_new();
    struct ofproto *bridge;
    size_t at = 1;

    if (ofproto_new(set, "br0", &bridge, NULL) || ofproto_port_set(bridge, &port, NULL, NULL)) {
        abort();
    }
    while (at + 2 <= len) {
        size_t n = MIN_OF((size_t)wire_get16(data + at), len - at - 2);
        struct ofp_group_mod gm;

        if (!ofp_group_mod_decode(version, version, data + at + 2, n, &gm)) {
            group_mod_apply(bridge, &gm, 1);
            ofp_group_config_free(&gm.config);
        }
        at += 2 + n;
    }
    for (const struct ofp_group *g = bridge->groups; g; g = g->hh.next) {
        check_description(g, version);
    }
    translate(set, bridge);
    ofproto_free(bridge);
    ofproto_set_free(set);
    return 0;
}
