/* Flows as text: any text is parsed or refused; what was parsed is encoded for each version that
 * can say it, and its actions are written so that they read the same. And replies to those who ask:
 * any bytes are decoded or refused. */
#include <stdlib.h>
#include <string.h>

#include "ofproto/codec/action_text.h"
#include "ofproto/codec/flow_text.h"
#include "ofproto/codec/queue_info.h"
#include "ofproto/codec/switch_info.h"
#include "ofproto/codec/table_mod.h"
#include "ofproto/codec/unasked.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const enum ofp_version versions[] = {OFP10, OFP13, OFP14, OFP15};

static void check_actions(const struct ofp_actions *actions)
{
    struct strbuf once = STRBUF_INIT, twice = STRBUF_INIT;
    struct ofp_actions again = OFP_ACTIONS_INIT;

    ofp_actions_format(&once, actions->data, actions->len);
    if (ofp_actions_parse(strbuf_str(&once), NULL, NULL, &again, NULL)) {
        abort();
    }
    ofp_actions_format(&twice, again.data, again.len);
    if (strcmp(strbuf_str(&once), strbuf_str(&twice))) {
        abort();
    }
    strbuf_free(&once);
    strbuf_free(&twice);
    ofp_actions_free(&again);
}

static void text(const char *s)
{
    for (unsigned int command = OFPFC_ADD; command <= OFPFC_DELETE_STRICT; command++) {
        struct ofp_flow_mod fm;

        if (ofp_flow_mod_parse((enum ofp_flow_mod_command)command, s, NULL, NULL, &fm, NULL)) {
            continue;
        }
        for (size_t v = 0; v < ARRAY_SIZE(versions); v++) {
            struct strbuf wire = STRBUF_INIT;

            if (ofp_flow_mod_versions(&fm) & 1u << versions[v]) {
                ofp_flow_mod_encode(&wire, versions[v], 1, true, &fm);
            }
            strbuf_free(&wire);
        }
        check_actions(&fm.actions);
        ofp_actions_free(&fm.actions);
    }
}

static void replies(const uint8_t *p, size_t len)
{
    for (size_t v = 0; v < ARRAY_SIZE(versions); v++) {
        struct ofp_actions actions = OFP_ACTIONS_INIT;
        struct ofp_port_counts counts;
        struct ofp_table_counts table;
        struct ofp_flow_stats fs;
        struct ofp_port_info port;
        struct ofp_features features;
        struct ofp_queue_counts queue;
        struct ofp_queue_config config = {.port = 0};
        struct ofp_table_desc desc;
        struct ofp_packet_in pin;
        struct ofp_flow_removed removed;
        struct ofp_flow_update update;
        uint64_t packets, bytes;
        uint32_t flows;
        size_t n;

        for (unsigned int form = OFP_FLOW_STATS_OWN; form <= OFP_FLOW_STATS_NX; form++) {
            if (!ofp_flow_stats_decode(versions[v], (enum ofp_flow_stats_form)form, p, len, &fs,
                                       &actions, &n)) {
                struct strbuf s = STRBUF_INIT;

                ofp_flow_stats_format(&s, &fs, OFP_FLOW_TEXT_STATS | OFP_FLOW_TEXT_AGES);
                strbuf_free(&s);
            }
            ofp_actions_free(&actions);
        }
        ofp_aggregate_decode(versions[v], p, len, &packets, &bytes, &flows);
        ofp_port_info_decode(versions[v], p, len, &port, &n);
        ofp_port_counts_decode(versions[v], p, len, &counts, &n);
        ofp_table_counts_decode(versions[v], p, len, &table, &n);
        ofp_features_decode(versions[v], p, len, &features);
        ofp_queue_counts_decode(versions[v], p, len, &queue, &n);
        ofp_queue_config_decode(versions[v], p, len, &config, &n);
        ofp_table_desc_decode(p, len, &desc, &n);
        ofp_packet_in_decode(versions[v], p, len, &pin, &flows);
        nx_packet_in_decode(p, len, &pin, &flows);
        ofp_flow_removed_decode(versions[v], p, len, &removed);
        ofp_flow_update_decode(versions[v], p, len, &update, &actions, &n);
        ofp_actions_free(&actions);
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
