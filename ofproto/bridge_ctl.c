/* ctl commands about bridges: ofproto/list and bridge/dump-flows. Register themselves; run on the
 * event base's thread. */
#include <stdlib.h>

#include "lib/ctl.h"
#include "lib/strbuf.h"
#include "ofproto/bridge.h"
#include "ofproto/match/text.h"

static void list_one(struct ofproto *bridge, void *s)
{
    strbuf_printf(s, "%s\n", bridge->name);
}

static void list(struct ctl_request *req, int argc, const char *const argv[], void *aux)
{
    struct strbuf s = STRBUF_INIT;

    (void)argc;
    (void)argv;
    (void)aux;
    bridge_each(list_one, &s);
    ctl_reply(req, strbuf_str(&s));
    strbuf_free(&s);
}

static void dump_rule(struct ofp_rule *rule, void *s_)
{
    struct strbuf *s = s_, text = STRBUF_INIT;
    uint64_t now_ms = time_now_ms();
    struct ofp_match match;

    if (rule->table_id) {
        strbuf_printf(s, "table_id=%u, ", rule->table_id);
    }
    strbuf_printf(s, "duration=%llus, n_packets=%llu, n_bytes=%llu, ",
                  (unsigned long long)(now_ms - MIN_OF(now_ms, rule->created_ms)) / 1000,
                  (unsigned long long)rule->packets, (unsigned long long)rule->bytes);
    strbuf_printf(s, "priority=%u,", rule->priority);
    rule_get_match(rule, &match);
    ofp_match_format(&text, &match);
    if (text.len) {
        strbuf_printf(s, "%s,", strbuf_str(&text));
    }
    strbuf_free(&text);
    strbuf_puts(s, "actions=");
    ofp_actions_format(s, rule->actions, rule->actions_len);
    strbuf_putc(s, '\n');
}

static void dump_flows(struct ctl_request *req, int argc, const char *const argv[], void *aux)
{
    struct ofproto *bridge = bridge_find_anywhere(argv[0]);
    struct strbuf s = STRBUF_INIT;

    (void)argc;
    (void)aux;
    if (!bridge) {
        strbuf_printf(&s, "bridge '%s': no such bridge; see ofproto/list", argv[0]);
        ctl_reply_error(req, strbuf_str(&s));
        strbuf_free(&s);
        return;
    }
    ofp_tlv_map_use(&bridge->tlvs);
    for (unsigned int i = 0; i < BRIDGE_MAX_TABLES; i++) {
        if (bridge->tables[i]) {
            classifier_each(&bridge->tables[i]->cls, dump_rule, &s);
        }
    }
    ctl_reply(req, strbuf_str(&s));
    strbuf_free(&s);
}

CONSTRUCTOR static void register_commands(void)
{
    ctl_register("ofproto/list", "", 0, 0, list, NULL);
    ctl_register("bridge/dump-flows", "BRIDGE", 1, 1, dump_flows, NULL);
}
