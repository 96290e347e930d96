/* Groups as text: any text is parsed or refused; what was parsed is written so that it reads the
 * same, and encoded for each version that can say it. And what switches tell of groups: any bytes
 * are decoded or refused. */
#include <stdlib.h>
#include <string.h>

#include "ofproto/codec/group_info.h"
#include "ofproto/codec/group_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const enum ofp_version versions[] = {OFP10, OFP13, OFP14, OFP15};
static const uint16_t commands[] = {OFP_GROUP_ADD, OFP_GROUP_DELETE, OFP_GROUP_INSERT_BUCKET,
                                    OFP_GROUP_REMOVE_BUCKET};

static void check(const struct ofp_group_mod *gm)
{
    struct strbuf once = STRBUF_INIT, twice = STRBUF_INIT;
    struct ofp_group_mod again;

    ofp_group_format(&once, gm->group_id, &gm->config, true, true);
    if (ofp_group_mod_parse(OFP_GROUP_ADD, strbuf_str(&once), NULL, NULL, &again, NULL)) {
        abort();
    }
    ofp_group_format(&twice, again.group_id, &again.config, true, true);
    if (strcmp(strbuf_str(&once), strbuf_str(&twice))) {
        abort();
    }
    ofp_group_config_free(&again.config);
    strbuf_free(&once);
    strbuf_free(&twice);
}

static void text(const char *s)
{
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        struct ofp_group_mod gm;

        if (ofp_group_mod_parse(commands[i], s, NULL, NULL, &gm, NULL)) {
            continue;
        }
        for (size_t v = 0; v < ARRAY_SIZE(versions); v++) {
            struct strbuf wire = STRBUF_INIT;

            if (ofp_group_mod_versions(&gm) & 1u << versions[v]) {
                ofp_group_mod_encode(&wire, versions[v], 1, &gm);
            }
            strbuf_free(&wire);
        }
        if (commands[i] == OFP_GROUP_ADD) {
            check(&gm);
        }
        ofp_group_config_free(&gm.config);
    }
}

static void replies(const uint8_t *p, size_t len)
{
    for (size_t v = 0; v < ARRAY_SIZE(versions); v++) {
        struct ofp_group_config config;
        struct ofp_group_features f;
        struct ofp_group_counts c;
        struct strbuf s = STRBUF_INIT;
        uint32_t id;
        size_t n;

        if (!ofp_group_desc_decode(versions[v], p, len, &id, &config, &n)) {
            ofp_group_format(&s, id, &config, true, true);
            ofp_group_config_free(&config);
        }
        if (!ofp_group_counts_decode(versions[v], p, len, &c, &n)) {
            for (unsigned int i = 0; i < c.n; i++) {
                ofp_group_bucket_count(&c, i);
            }
        }
        if (!ofp_group_features_decode(p, len, &f)) {
            ofp_action_bits_format(&s, versions[v], f.actions[0]);
        }
        strbuf_free(&s);
    }
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
    replies(data, len);
    return 0;
}
