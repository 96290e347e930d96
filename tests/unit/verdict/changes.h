/* Two bridges over a whole switch, with a patch between them, and what changes in them: rules,
 * groups, meters, ports, VLAN settings, the process itself. For verdict.h. Header only. */
#ifndef TESTS_UNIT_VERDICT_CHANGES_H
#define TESTS_UNIT_VERDICT_CHANGES_H

#include "ofproto/codec/action_learn.h"
#include "ofproto/codec/action_text.h"
#include "ofproto/codec/flow_text.h"
#include "ofproto/codec/group_text.h"
#include "ofproto/codec/instruction.h"
#include "ofproto/codec/port_desc.h"
#include "ofproto/group/group.h"
#include "ofproto/meter/meter.h"
#include "tests/unit/verdict/rules.h"

#define VERDICT_SLOTS 48
#define VERDICT_TEMPLATES 12
#define VERDICT_GROUPS 4

/* A rule, with a priority of its own, or none; how it was made, to make it again. */
struct verdict_slot {
    struct ofp_rule *rule; /* A reference. */
    char *text;
};

struct verdict_port {
    bool is_there, up;
    uint32_t config; /* OFPPC_*. */
    enum ofproto_vlan_mode vlan_mode;
    int tag;
    unsigned int n_trunks;
};

static struct {
    struct ofproto_set *set;
    struct ofproto *br[2];
    struct verdict_slot slot[VERDICT_SLOTS];
    char *group[2][VERDICT_GROUPS + 1]; /* NULL: not there. */
    char *meter[2][RULES_METERS + 1];
    struct verdict_port port[INPROC_PORTS + 1];
    bool patched[2];
    bool teaches; /* NORMAL and learn are among the actions: packets go one by one. */
    struct naive_packet template[VERDICT_TEMPLATES];
    struct strbuf log;
    struct {
        uint64_t packets, outputs, changes, rules, refused, packet_outs, restarts, gave_up;
    } n;
} verdict;

static inline void verdict_say(const char *fmt, ...)
{
    char line[4096];
    va_list args;

    va_start(args, fmt);
    vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    strbuf_printf(&verdict.log, "%s\n", line);
    if (getenv("VERDICT_LOG")) {
        fprintf(stderr, "%s\n", line);
    }
}

static inline void verdict_keep(char **text, const char *new)
{
    char *kept = new ? xstrdup(new) : NULL; /* 'new' may be what is kept. */

    free(*text);
    *text = kept;
}

/* --- Ports. */

static inline struct ofproto *verdict_bridge_of(uint32_t p)
{
    return verdict.br[p > 4];
}

/* Makes the port, its settings and its bundle what verdict.port says. */
static inline void verdict_make_port(uint32_t p)
{
    static const uint16_t trunks[] = {0, 1, 2};
    const struct verdict_port *port = &verdict.port[p];
    struct ofproto_port_config config = {
        .dp_port = p, .up = port->up, .ofport = (uint16_t)(p <= 4 ? p : p - 4)};
    struct ofproto_bundle_config bundle = {.tag = port->tag,
                                           .vlan_mode = port->vlan_mode,
                                           .trunks = trunks,
                                           .n_trunks = port->n_trunks,
                                           .n_ports = 1};
    struct ofproto *br = verdict_bridge_of(p);
    struct error err;
    uint16_t number;
    char name[16];

    snprintf(name, sizeof name, "p%u", p);
    if (!port->is_there) {
        ofproto_port_remove(br, name);
        return;
    }
    config.name = bundle.name = name;
    bundle.ports = &bundle.name;
    MUST(!ofproto_port_set(br, &config, &number, &err));
    MUST(number == config.ofport);
    MUST(!ofproto_bundle_set(br, &bundle, &err));
    ofport_configure(ofport_by_number(br, number), port->config);
}

static inline void verdict_random_bundle(uint32_t p)
{
    struct verdict_port *port = &verdict.port[p];

    port->tag = (int)rnd(3);
    port->vlan_mode = (enum ofproto_vlan_mode)rnd(4);
    port->n_trunks = rnd(2) ? 3 : 0;
    verdict_say("bundle p%u: mode %d tag %d trunks %u", p, port->vlan_mode, port->tag,
                port->n_trunks);
}

static inline void verdict_change_port(uint32_t p)
{
    static const uint32_t configs[] = {OFPPC_PORT_DOWN, OFPPC_NO_RECV, OFPPC_NO_FLOOD,
                                       OFPPC_NO_FWD};
    struct verdict_port *port = &verdict.port[p];

    switch (rnd(6)) {
    case 0: port->config ^= PICK(configs); break;
    case 1: port->config = 0; break;
    case 2: port->is_there = rnd(3) != 0; break;
    case 3: verdict_random_bundle(p); break;
    default: port->up = !port->up; break;
    }
    verdict_say("port p%u: there %d up %d config 0x%x", p, port->is_there, port->up, port->config);
    verdict_make_port(p);
}

static inline void verdict_make_patch(unsigned int b)
{
    struct ofproto_bundle_config bundle = {
        .name = b ? "to0" : "to1", .vlan_mode = OFPROTO_VLAN_TRUNK, .tag = -1, .n_ports = 1};
    struct ofproto_port_config config = {
        .name = bundle.name, .patch_peer = b ? "to1" : "to0", .up = true, .ofport = b ? 3 : 7};
    struct error err;
    uint16_t number;

    if (!verdict.patched[b]) {
        ofproto_port_remove(verdict.br[b], bundle.name);
        return;
    }
    bundle.ports = &bundle.name;
    MUST(!ofproto_port_set(verdict.br[b], &config, &number, &err));
    MUST(!ofproto_bundle_set(verdict.br[b], &bundle, &err));
}

/* --- Rules. */

/* learn has no text: each "note:77.XX" becomes one, which sends packets to where they came from.
 * The bits of XX give it a limit, a table, and have its rules go with it. */
static inline void verdict_put_learns(struct ofp_actions *list)
{
    static const uint8_t
        wire
            [72] =
                {
                    0xff, 0xff, 0x00, 0x48, 0x00, 0x00, 0x23, 0x20, 0x00, 0x10,
                    0,    0,    0,    0,    0x00, 0x64, 0,    0,    0,    0,
                    0,    0,    0,    0,    0x00, 0x00, 4,    0,    0,    0,
                    0,    0,    0x00, 0x0c, 0,    0,    0x08, 0x02, 0,    0, /* vlan_tci[0..11], */
                    0,    0,    0x08, 0x02, 0,    0,    0x00, 0x30, 0,    0,
                    0x04, 0x06, 0,    0, /* dl_dst =
                                            dl_src, */
                    0,    0,    0x02, 0x06, 0,    0,    0x10, 0x10, 0,    0,
                    0x00, 0x02, 0,    0, /* output:in_port.
                                          */
                };
    struct ofp_actions all = OFP_ACTIONS_INIT;

    for (const struct ofp_action *a = ofp_actions_first(list->data, list->len); a;
         a = ofp_actions_next(list->data, list->len, a)) {
        const struct ofp_action_note *note = (const void *)a;

        if (a->type == OFP_ACTION_NOTE && note->n && note->data[0] == 0x77) {
            uint32_t start = all.len;
            struct ofp_action_learn *learn;
            unsigned int bits = note->n > 1 ? note->data[1] : 0;

            MUST(!ofp_actions_decode(OFP13, wire, sizeof wire, NULL, &all));
            learn = (void *)(all.data + start);
            learn->limit = bits & 3;
            learn->cookie = bits >> 2 & 1;
            learn->flags = bits >> 3 & 1 ? OFP_LEARN_DELETE : 0;
            if (bits >> 4 & 1) {
                learn->flags |= OFP_LEARN_WRITE_RESULT;
                learn->result = (struct ofp_subfield){.field = OFP_FIELD_REG0 + 1, .n_bits = 1};
            }
            learn->table_id = (uint8_t)(bits >> 5 & 1 ? 4 : 2);
        } else {
            memcpy(ofp_actions_put(&all, a->type, a->len), a, a->len);
        }
    }
    ofp_actions_free(list);
    *list = all;
}

/* As a controller sends it: NULL when it would be refused. */
static inline struct ofp_rule *verdict_make_rule(struct ofproto *br, uint16_t priority,
                                                 uint8_t table, const char *text)
{
    struct ofp_actions list = OFP_ACTIONS_INIT;
    struct strbuf s = STRBUF_INIT;
    struct ofp_rule *rule = NULL;
    struct ofp_flow_mod fm;
    struct error err;

    if (ofp_flow_mod_parse(OFPFC_ADD, text, NULL, NULL, &fm, &err)) {
        verdict.n.refused++;
        verdict_say("refused: %s: %s", text, err.text);
        return NULL;
    }
    verdict_put_learns(&fm.actions);
    ofp_instructions_encode(&s, OFP15, fm.actions.data, fm.actions.len);
    if (!ofp_instructions_decode(OFP15, (const uint8_t *)strbuf_str(&s), s.len, table, &fm.match,
                                 &list) &&
        !group_check_actions(br, list.data, list.len) &&
        !meter_check_actions(br, list.data, list.len)) {
        struct ofp_rule_config config = {.match = &fm.match,
                                         .priority = priority,
                                         .actions = list.data,
                                         .actions_len = list.len};

        rule = rule_new(&br->set->masks, &config);
    } else {
        verdict.n.refused++;
        verdict_say("refused: %s", text);
    }
    ofp_actions_free(&list);
    ofp_actions_free(&fm.actions);
    strbuf_free(&s);
    return rule;
}

static inline struct ofproto *verdict_bridge_of_slot(unsigned int i)
{
    return verdict.br[i % 3 == 2];
}

/* Groups and meters take their rules along. */
static inline bool verdict_slot_is_in_use(unsigned int i)
{
    const struct ofp_rule *rule = verdict.slot[i].rule;

    return rule && rule->tuple;
}

static inline void verdict_empty_slot(unsigned int i, bool remove)
{
    struct verdict_slot *slot = &verdict.slot[i];

    if (!slot->rule) {
        return;
    }
    if (remove && verdict_slot_is_in_use(i)) {
        bridge_remove_rule(verdict_bridge_of_slot(i), slot->rule);
    }
    rule_unref(&verdict.set->masks, slot->rule);
    slot->rule = NULL;
    verdict_keep(&slot->text, NULL);
}

static inline uint8_t verdict_table_of_slot(unsigned int i)
{
    return (uint8_t)(i % 2 ? 0 : i / 2 % 5);
}

/* Puts the rule of this text into its slot, if it is none that would be refused. */
static inline void verdict_fill_slot(unsigned int i, const char *text)
{
    struct ofproto *br = verdict_bridge_of_slot(i);
    uint8_t table = verdict_table_of_slot(i);
    uint16_t priority = (uint16_t)(10 + i);
    struct ofp_rule *rule = verdict_make_rule(br, priority, table, text);

    if (rule) {
        verdict_say("slot %u: bridge %d priority %u: %s", i, i % 3 == 2, priority, text);
        verdict_empty_slot(i, true);
        verdict.slot[i].rule = rule;
        verdict_keep(&verdict.slot[i].text, text);
        rule_ref(rule);
        bridge_add_rule(br, table, rule);
        verdict.n.rules++;
    }
}

static inline void verdict_flow_mod(void)
{
    unsigned int i = rnd(VERDICT_SLOTS);
    struct strbuf s = STRBUF_INIT;

    if (verdict.slot[i].rule && rnd(3)) {
        verdict_say("delete slot %u", i);
        verdict_empty_slot(i, true);
        return;
    }
    strbuf_printf(&s, "table=%u", verdict_table_of_slot(i));
    if (i >= 36) { /* Low ones are conjunctions' less often. */
        random_conjunction(&s);
    } else {
        random_match(&s);
        strbuf_puts(&s, ",actions=output:5");
        random_actions(&s, 0, verdict.teaches);
        random_instructions(&s, verdict_table_of_slot(i));
    }
    verdict_fill_slot(i, strbuf_str(&s));
    strbuf_free(&s);
}

/* --- Groups and meters. */

static inline void verdict_put_group(unsigned int b, unsigned int id, const char *text)
{
    struct ofp_group_mod gm;
    struct error err;

    if (ofp_group_mod_parse(OFP_GROUP_ADD_OR_MODIFY, text, NULL, NULL, &gm, &err)) {
        fprintf(stderr, "%s: %s\n", text, err.text);
        abort();
    }
    if (!group_mod_apply(verdict.br[b], &gm, time_now_ms())) {
        verdict_say("bridge %u: %s", b, text);
        verdict_keep(&verdict.group[b][id], text);
    } else {
        verdict_say("bridge %u refused: %s", b, text);
        verdict.n.refused++;
    }
    ofp_group_config_free(&gm.config);
}

static inline void verdict_group_mod(unsigned int id)
{
    struct strbuf s = STRBUF_INIT;

    random_group(&s, id);
    verdict_put_group(0, id, strbuf_str(&s));
    verdict_put_group(1, id, strbuf_str(&s));
    strbuf_free(&s);
}

static inline void verdict_delete_group(unsigned int b, unsigned int id)
{
    struct ofp_group_mod gm = {.command = OFP_GROUP_DELETE, .group_id = id};

    if (!group_mod_apply(verdict.br[b], &gm, time_now_ms())) {
        verdict_say("bridge %u: delete group %u", b, id);
        verdict_keep(&verdict.group[b][id], NULL);
    }
}

static inline void verdict_put_meter(unsigned int b, unsigned int id, const char *text)
{
    struct ofp_meter_mod mm = {.command = verdict.meter[b][id] ? OFP_METER_MODIFY : OFP_METER_ADD};
    struct error err;

    if (ofp_meter_mod_parse(text, &mm, &err)) {
        fprintf(stderr, "%s: %s\n", text, err.text);
        abort();
    }
    MUST(!meter_mod_apply(verdict.br[b], &mm, time_now_ms()));
    verdict_say("bridge %u: %s", b, text);
    verdict_keep(&verdict.meter[b][id], text);
}

static inline void verdict_meter_mod(unsigned int b, unsigned int id)
{
    struct strbuf s = STRBUF_INIT;

    if (verdict.meter[b][id] && rnd(4) == 0) {
        struct ofp_meter_mod mm = {.command = OFP_METER_DELETE, .meter_id = id};

        verdict_say("bridge %u: delete meter %u", b, id);
        MUST(!meter_mod_apply(verdict.br[b], &mm, time_now_ms()));
        verdict_keep(&verdict.meter[b][id], NULL);
        return;
    }
    random_meter(&s, id);
    verdict_put_meter(b, id, strbuf_str(&s));
    strbuf_free(&s);
}

/* --- The process. */

static inline bool verdict_execute(const void *packet, uint32_t len, uint32_t dp_port,
                                   const struct dp_actions *actions, void *aux UNUSED)
{
    return upcall_execute(inproc.u, packet, len, dp_port, actions);
}

static inline void verdict_sync(void (*done)(void *), void *done_aux, void *aux UNUSED)
{
    if (inproc.u) {
        upcall_sync(inproc.u, done, done_aux);
    } else {
        done(done_aux);
    }
}

static inline void verdict_cancel(void *done_aux, void *aux UNUSED)
{
    if (inproc.u) {
        upcall_sync_cancel(inproc.u, done_aux);
    }
}

static inline int verdict_hand_meter(uint32_t meter_no, const struct dp_meter *meter,
                                     void *aux UNUSED)
{
    return inproc.u ? upcall_meter(inproc.u, meter_no, meter) : -ENOTCONN;
}

/* Bridges with all that verdict says of them but rules that packets taught. */
static inline void verdict_build(void)
{
    static const char *const names[] = {"br0", "br1"};
    static const struct ofproto_hooks hooks = {.execute = verdict_execute,
                                               .sync = verdict_sync,
                                               .cancel = verdict_cancel,
                                               .meter = verdict_hand_meter};

    verdict.set = ofproto_set_new();
    ofproto_set_hooks(verdict.set, &hooks);
    for (unsigned int b = 0; b < 2; b++) {
        struct ofproto_config config = {.datapath_id = 1 + b, .fail_mode = OFPROTO_SECURE};
        struct error err;

        MUST(!ofproto_new(verdict.set, names[b], &verdict.br[b], &err));
        MUST(!ofproto_configure(verdict.br[b], &config, &err));
    }
    for (uint32_t p = 1; p <= INPROC_PORTS; p++) {
        verdict_make_port(p);
    }
    for (unsigned int b = 0; b < 2; b++) {
        verdict_make_patch(b);
        for (unsigned int id = VERDICT_GROUPS; id; id--) {
            if (verdict.group[b][id]) {
                verdict_put_group(b, id, verdict.group[b][id]);
            }
        }
    }
}

static inline void verdict_destroy(void)
{
    for (unsigned int i = 0; i < VERDICT_SLOTS; i++) {
        if (verdict.slot[i].rule) {
            rule_unref(&verdict.set->masks, verdict.slot[i].rule);
            verdict.slot[i].rule = NULL;
        }
    }
    upcall_free(inproc.u);
    inproc.u = NULL;
    ofproto_free(verdict.br[0]);
    ofproto_free(verdict.br[1]);
    ofproto_set_free(verdict.set);
}

/* Another process takes the datapath over, with the same configuration. */
static inline void verdict_restart(void)
{
    bool in_use[VERDICT_SLOTS];
    char *meter[2][RULES_METERS + 1];

    verdict_say("restart");
    verdict.n.restarts++;
    inproc_settle();
    for (unsigned int i = 0; i < VERDICT_SLOTS; i++) {
        in_use[i] = verdict_slot_is_in_use(i);
    }
    verdict_destroy();
    inproc_detach();
    verdict_build();
    memcpy(meter, verdict.meter, sizeof meter);
    memset(verdict.meter, 0, sizeof verdict.meter);
    for (unsigned int id = 1; id <= RULES_METERS; id++) {
        for (unsigned int b = 0; b < 2; b++) {
            if (meter[b][id]) {
                verdict_put_meter(b, id, meter[b][id]);
                free(meter[b][id]);
            }
        }
    }
    for (unsigned int i = 0; i < VERDICT_SLOTS; i++) {
        char *text = verdict.slot[i].text;

        verdict.slot[i].text = NULL;
        if (in_use[i]) {
            verdict_fill_slot(i, text);
        }
        free(text);
    }
    inproc_attach(verdict.set, time_now_ms(), false);
}

static inline void verdict_change(void)
{
    unsigned int b = rnd(2);

    verdict.n.changes++;
    switch (rnd(16)) {
    case 0: verdict_group_mod(1 + rnd(VERDICT_GROUPS)); break;
    case 1: verdict_change_port(1 + rnd(INPROC_PORTS)); break;
    case 2: verdict_meter_mod(b, 1 + rnd(RULES_METERS)); break;
    case 3:
        if (rnd(3) == 0) {
            verdict_delete_group(b, 1 + rnd(VERDICT_GROUPS));
        }
        break;
    case 4:
        if (rnd(3) == 0) {
            verdict.patched[b] = !verdict.patched[b];
            verdict_say("patch of bridge %u: %d", b, verdict.patched[b]);
            verdict_make_patch(b);
        }
        break;
    case 5:
        if (rnd(4) == 0) {
            verdict_restart();
        }
        break;
    default: verdict_flow_mod(); break;
    }
}

#endif
