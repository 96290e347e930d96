/* The decoders of what controllers send besides flow mods: packet-out, port mod, role request,
 * asynchronous masks, table mods, bundles, flow monitors, NXT_RESUME. What they accept lies within
 * the input, is in range, and comes out of the encoders as whole messages. */
#include <stdlib.h>
#include <string.h>

#include "ofproto/codec/action.h"
#include "ofproto/codec/async.h"
#include "ofproto/codec/bundle.h"
#include "ofproto/codec/flow_monitor.h"
#include "ofproto/codec/packet_in.h"
#include "ofproto/codec/packet_out.h"
#include "ofproto/codec/port_mod.h"
#include "ofproto/codec/role.h"
#include "ofproto/codec/table_mod.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(bool ok)
{
    if (!ok) {
        abort();
    }
}

static void check_message(struct strbuf *s)
{
    struct ofp_header h;

    check(s->len >= OFP_HEADER_LEN);
    ofp_header_decode((const uint8_t *)s->data, &h);
    check(h.length == s->len);
    strbuf_free(s);
}

static void packet_out(enum ofp_version version, const uint8_t *p, size_t len)
{
    struct ofp_actions actions = OFP_ACTIONS_INIT;
    struct ofp_packet_out po;

    if (ofp_packet_out_decode(version, p, len, &po)) {
        return;
    }
    check(po.actions >= p && po.actions + po.actions_len == po.packet &&
          po.packet + po.packet_len == p + len && po.packet_len >= 14);
    if (!ofp_actions_decode(version, po.actions, po.actions_len, NULL, &actions)) {
        ofp_actions_free(&actions);
    }
}

static void port_mod(enum ofp_version version, const uint8_t *p, size_t len)
{
    struct strbuf s = STRBUF_INIT;
    struct ofp_port_mod mod;

    if (!ofp_port_mod_decode(version, p, len, &mod)) {
        struct ofp_port_desc desc = {.port = mod.port, .name = "port", .config = mod.config};

        check(!(mod.config & ~mod.mask));
        ofp_port_status_encode(&s, version, OFPPR_MODIFY, &desc);
        check_message(&s);
    }
}

static void role(enum ofp_version version, const uint8_t *p, size_t len)
{
    struct ofp_role_request request;
    struct ofp_async_masks masks = {{{0}}}, again = {{{0}}};
    struct strbuf s = STRBUF_INIT;

    if (!ofp_role_request_decode(version, p, len, &request)) {
        check(request.role < OFPCR_N);
        ofp_role_reply_encode(&s, version, 1, &request);
        check_message(&s);
        ofp_role_status_encode(&s, version, &request, OFPCRR_CONFIG);
        check_message(&s);
    }
    if (!ofp_async_decode(version, p, len, &masks)) {
        ofp_async_reply_encode(&s, version, 1, &masks);
        check(!ofp_async_decode(version, (const uint8_t *)s.data + OFP_HEADER_LEN,
                                s.len - OFP_HEADER_LEN, &again));
        check(!memcmp(&masks, &again, sizeof masks));
        check_message(&s);
    }
}

static void bundle(enum ofp_version version, const uint8_t *p, size_t len)
{
    struct ofp_bundle_control control;
    struct strbuf s = STRBUF_INIT;
    struct ofp_bundle_add add;

    if (!ofp_bundle_control_decode(p, len, &control)) {
        ofp_bundle_control_encode(&s, version, 1, &control);
        check_message(&s);
    }
    if (len >= 16 && !ofp_bundle_add_decode(p[8], wire_get32(p + 12), p, len, &add)) {
        check(add.msg >= p && add.msg_len >= OFP_HEADER_LEN && add.msg + add.msg_len <= p + len);
    }
}

static void monitor(enum ofp_version version, const uint8_t *p, size_t len)
{
    struct ofp_monitor_request r;
    struct strbuf s = STRBUF_INIT;
    size_t n;

    if (!ofp_monitor_request_decode(version, p, len, &r, &n)) {
        struct ofp_flow_update update = {.event = OFPFME_ADDED, .match = r.match};

        check(n && n <= len && r.command <= OFPFMC_DELETE);
        ofp_flow_update_encode(&s, version, &update);
        check(wire_get16((const uint8_t *)s.data) == s.len && s.len % 8 == 0);
        strbuf_free(&s);
    }
}

static void table_mod(enum ofp_version version, const uint8_t *p, size_t len)
{
    struct ofp_table_mod tm;
    struct strbuf s = STRBUF_INIT;

    if (!ofp_table_mod_decode(version, p, len, &tm)) {
        struct ofp_table_desc desc = {.table_id = tm.table_id,
                                      .evicts = tm.evicts,
                                      .tells_vacancy = tm.tells_vacancy,
                                      .eviction_flags = tm.eviction_flags,
                                      .vacancy_down = tm.vacancy_down,
                                      .vacancy_up = tm.vacancy_up};

        check(tm.vacancy_down <= tm.vacancy_up && tm.vacancy_up <= 100 && tm.eviction_flags <= 7);
        check(version >= OFP14 || !(tm.evicts || tm.tells_vacancy));
        ofp_table_status_encode(&s, version, OFPTR_VACANCY_UP, &desc);
        check_message(&s);
    }
}

/* What comes back from a controller goes out as any packet-in does. */
static void resume(enum ofp_version version, const uint8_t *p, size_t len)
{
    struct ofp_packet_in pin, again;
    struct strbuf s = STRBUF_INIT;

    if (ofp_packet_in2_decode(p, len, &pin)) {
        return;
    }
    check((const uint8_t *)pin.packet >= p && pin.packet_len <= len);
    check(!pin.userdata_len || (pin.userdata >= p && pin.userdata_len <= len));
    check(!pin.continuation_len || (pin.continuation >= p && pin.continuation_len <= len));
    for (unsigned int format = 0; format < OFP_N_PACKET_IN_FORMATS; format++) {
        ofp_packet_in_encode(&s, version, (enum ofp_packet_in_format)format, &pin);
        if (format == OFP_PACKET_IN_NXT2) {
            check(!ofp_packet_in2_decode((const uint8_t *)s.data + 16, s.len - 16, &again));
            check(ofp_match_equal(&again.match, &pin.match));
            check(again.userdata_len == pin.userdata_len);
        }
        check_message(&s);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const enum ofp_version versions[] = {OFP10, OFP13, OFP14, OFP15};
    enum ofp_version version;
    uint8_t *p;

    if (!len) {
        return 0;
    }
    /* A block of its own: the sanitizer sees what is read beyond. */
    p = malloc(len - 1);
    if (len > 1) {
        memcpy(p, data + 1, len - 1);
    }
    version = versions[data[0] % ARRAY_SIZE(versions)];
    packet_out(version, p, len - 1);
    port_mod(version, p, len - 1);
    role(version, p, len - 1);
    table_mod(version, p, len - 1);
    bundle(version, p, len - 1);
    monitor(version, p, len - 1);
    resume(version, p, len - 1);
    free(p);
    return 0;
}
