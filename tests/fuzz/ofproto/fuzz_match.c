/* Matches: any text is parsed or refused, and what was parsed is written so that it reads the same;
 * any bytes are decoded as OXM or NXM or refused, and what was decoded is encoded so that it
 * decodes the same. */
#include <stdlib.h>
#include <string.h>

#include "ofproto/codec/match_wire.h"
#include "ofproto/match/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void text(const char *s)
{
    struct strbuf out = STRBUF_INIT;
    struct ofp_match match, again;
    struct error err;

    if (!ofp_match_parse(s, NULL, NULL, &match, &err)) {
        ofp_match_format(&out, &match);
        if (ofp_match_parse(strbuf_str(&out), NULL, NULL, &again, &err) ||
            !ofp_match_equal(&match, &again)) {
            abort();
        }
    }
    strbuf_free(&out);
}

static void oxm(const uint8_t *p, size_t len)
{
    struct strbuf out = STRBUF_INIT;
    struct ofp_match match, again;
    size_t n;

    if (!ofp_match_decode(p, len, &match, &n)) {
        if (n > len) {
            abort();
        }
        ofp_match_encode(&out, OFP13, &match);
        if (ofp_match_decode((const uint8_t *)out.data, out.len, &again, &n) || n != out.len ||
            !ofp_match_equal(&match, &again)) {
            abort();
        }
    }
    strbuf_free(&out);
}

static void nxm(const uint8_t *p, size_t len)
{
    struct strbuf out = STRBUF_INIT;
    struct ofp_match match, again;
    struct nxm_cookie cookie;

    if (!nxm_match_decode(p, len, &match, &cookie)) {
        nxm_match_encode(&out, &match);
        if (nxm_match_decode((const uint8_t *)strbuf_str(&out), out.len, &again, NULL) ||
            !ofp_match_equal(&match, &again)) {
            abort();
        }
    }
    strbuf_free(&out);
}

static void fixed(const uint8_t *p)
{
    struct strbuf out = STRBUF_INIT;
    struct ofp_match match, again;

    ofp10_match_decode(p, &match);
    ofp10_match_encode(&out, &match);
    ofp10_match_decode((const uint8_t *)out.data, &again);
    if (!ofp_match_equal(&match, &again)) {
        abort();
    }
    strbuf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char *s = malloc(len + 1);

    if (len) {
        memcpy(s, data, len);
    }
    s[len] = '\0';
    text(s);
    free(s);
    oxm(data, len);
    nxm(data, len);
    if (len >= OFP10_MATCH_LEN) {
        fixed(data);
    }
    return 0;
}
