/* See continuation.h. */
#include "ofproto/xlate/continuation.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdlib.h>

#include "ofproto/codec/action_controller.h"
#include "ofproto/codec/property.h"
#include "ofproto/xlate/controller.h"

/* With the packet it must fit a message. */
#define MAX_LEN 32768
#define MAC_LEN 16
/* Open vSwitch's properties of continuations. */
#define NXCPT_TABLE_ID 0x8004
#define NXCPT_COOKIE 0x8005
#define NXCPT_ACTIONS 0x8006
#define NOTE 8
#define NOTE_LEN 10 /* Before its bytes: how many the contents are, they, their MAC, padding. */

static bool mac_of(const struct ofproto *bridge, const void *p, size_t len,
                   uint8_t ret[EVP_MAX_MD_SIZE])
{
    static uint8_t key[32];
    static bool has_key;
    struct strbuf s = STRBUF_INIT;
    bool ok;

    if (!has_key) {
        has_key = RAND_bytes(key, sizeof key) == 1;
    }
    /* The name first, with its end: no other name with other contents is the same bytes. */
    strbuf_put(&s, bridge->name, strlen(bridge->name) + 1);
    strbuf_put(&s, p, len);
    ok = has_key && HMAC(EVP_sha256(), key, sizeof key, (const uint8_t *)s.data, s.len, ret, NULL);
    strbuf_free(&s);
    return ok;
}

void xlate_pause(struct xlate_ctx *ctx, const struct ofp_action_controller *a)
{
    xlate_say(ctx, "     >> the rest waits for a controller");
    ctx->freeze.pause = a;
    ctx->freeze.pause_cookie = ctx->at.cookie;
    ctx->freeze.pause_table_id = ctx->at.table_id;
    xlate_freeze(ctx);
}

/* Around the contents, what tells people where it stopped. */
static bool put_continuation(struct strbuf *s, const struct xlate_ctx *ctx, const void *contents,
                             size_t len)
{
    uint8_t mac[EVP_MAX_MD_SIZE];
    size_t start, note;

    if (len > MAX_LEN || !mac_of(ctx->bridge, contents, len, mac)) {
        return false;
    }
    ofp_property_put(s, NXCPT_TABLE_ID, &ctx->freeze.pause_table_id, 1);
    wire_put16(s, NXCPT_COOKIE);
    wire_put16(s, 16);
    wire_zeros(s, 4);
    wire_put64(s, ctx->freeze.pause_cookie);
    start = s->len;
    wire_put16(s, NXCPT_ACTIONS);
    wire_zeros(s, 6);
    note = nx_action_begin(s, NOTE);
    wire_put32(s, (uint32_t)len);
    strbuf_put(s, contents, len);
    strbuf_put(s, mac, MAC_LEN);
    ofp_action_end(s, note);
    wire_set16(s, start + 2, (uint16_t)(s->len - start));
    return true;
}

void xlate_pause_end(struct xlate_ctx *ctx, const void *contents, size_t len)
{
    const struct ofp_action_controller *a = ctx->freeze.pause;
    struct strbuf continuation = STRBUF_INIT;
    const struct packet_to_controller to = {.reason = (enum ofp_packet_in_reason)a->reason,
                                            .controller_id = a->controller_id,
                                            .userdata = a->userdata,
                                            .userdata_len = a->userdata_len,
                                            .meter_id = a->meter_id,
                                            .continuation = &continuation};
    struct xlate_at at = ctx->at;

    if (!put_continuation(&continuation, ctx, contents, len)) {
        xlate_too_deep(ctx, "what waits for a controller is too long");
    }
    ctx->at = (struct xlate_at){.cookie = ctx->freeze.pause_cookie,
                                .table_id = ctx->freeze.pause_table_id};
    xlate_to_controller(ctx, &to);
    ctx->at = at;
    strbuf_free(&continuation);
}

/* The bytes in the note. */
static bool find_note(const uint8_t *p, size_t len, const uint8_t **ret, size_t *ret_len)
{
    while (len) {
        struct ofp_property property;
        size_t n;

        if (ofp_property_take(&p, &len, &property)) {
            return false;
        }
        if (property.type != NXCPT_ACTIONS) {
            continue;
        }
        n = property.len;
        if (n < 8 + NOTE_LEN || wire_get16(property.p + 8) != UINT16_MAX ||
            wire_get16(property.p + 10) != n - 8 || wire_get32(property.p + 12) != OFP_VENDOR_NX ||
            wire_get16(property.p + 16) != NOTE) {
            return false;
        }
        *ret = property.p + 8 + NOTE_LEN;
        *ret_len = n - 8 - NOTE_LEN;
        return true;
    }
    return false;
}

bool continuation_open(const struct ofproto *bridge, const uint8_t *p, size_t len,
                       struct continuation *ret)
{
    uint8_t mac[EVP_MAX_MD_SIZE];
    size_t room, contents_len;
    const uint8_t *note;

    if (!find_note(p, len, &note, &room) || room < 4 + MAC_LEN) {
        return false;
    }
    contents_len = wire_get32(note);
    if (contents_len > room - 4 - MAC_LEN || !mac_of(bridge, note + 4, contents_len, mac) ||
        CRYPTO_memcmp(mac, note + 4 + contents_len, MAC_LEN)) {
        return false;
    }
    *ret = (struct continuation){note + 4, contents_len};
    return true;
}

void xlate_resume(struct xlate_ctx *ctx, const struct continuation *c,
                  const struct ofp_flow *pipeline)
{
    void *contents = xmemdup(c->contents, c->len); /* Where records may lie. */

    xlate_thaw_contents(ctx, contents, pipeline);
    free(contents);
}
