/* The verdict by the caches equals the verdict by the tables: random rules, groups and ports of two
 * bridges that change, random packets through a whole switch, and each of them translated afresh
 * and carried out plainly. The same bytes must leave the same ports. Header only. */
#ifndef TESTS_UNIT_VERDICT_VERDICT_H
#define TESTS_UNIT_VERDICT_VERDICT_H

#include "ofproto/codec/flow_text.h"
#include "ofproto/codec/group_text.h"
#include "ofproto/codec/instruction.h"
#include "ofproto/group/group.h"
#include "tests/unit/verdict/random.h"

#define VERDICT_SLOTS 36
#define VERDICT_TEMPLATES 12

static struct {
    struct ofproto_set *set;
    struct ofproto *br[2];
    struct ofp_rule *slot[VERDICT_SLOTS]; /* Each with a priority of its own. */
    bool up[INPROC_PORTS + 1];
    bool teaches; /* NORMAL and learn are among the actions: packets go one by one. */
    struct naive_packet template[VERDICT_TEMPLATES];
    struct strbuf log;
    struct {
        uint64_t packets, outputs, changes, rules, refused;
    } n;
} verdict;

static inline void verdict_say(const char *fmt, ...)
{
    char line[2048];
    va_list args;

    va_start(args, fmt);
    vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    strbuf_printf(&verdict.log, "%s\n", line);
}

/* --- What changes. */

static inline void verdict_port(uint32_t p)
{
    struct ofproto_port_config config = {.dp_port = p, .up = verdict.up[p]};
    struct error err;
    uint16_t number;
    char name[16];

    snprintf(name, sizeof name, "p%u", p);
    config.name = name;
    config.ofport = (uint16_t)(p <= 4 ? p : p - 4);
    MUST(!ofproto_port_set(verdict.br[p > 4], &config, &number, &err));
    MUST(number == config.ofport);
}

static inline void verdict_bundle(uint32_t p)
{
    static const uint16_t trunks[] = {0, 1, 2};
    struct ofproto_bundle_config config = {.tag = (int)rnd(3),
                                           .vlan_mode = (enum ofproto_vlan_mode)rnd(4),
                                           .trunks = trunks,
                                           .n_trunks = rnd(2) ? 3 : 0,
                                           .n_ports = 1};
    const char *ports[1];
    struct error err;
    char name[16];

    snprintf(name, sizeof name, "p%u", p);
    config.name = ports[0] = name;
    config.ports = ports;
    verdict_say("bundle p%u: mode %d tag %d trunks %zu", p, config.vlan_mode, config.tag,
                config.n_trunks);
    MUST(!ofproto_bundle_set(verdict.br[p > 4], &config, &err));
}

static inline void verdict_patch(void)
{
    for (unsigned int b = 0; b < 2; b++) {
        struct ofproto_bundle_config bundle = {
            .name = b ? "to0" : "to1", .vlan_mode = OFPROTO_VLAN_TRUNK, .tag = -1, .n_ports = 1};
        struct ofproto_port_config config = {
            .name = bundle.name, .patch_peer = b ? "to1" : "to0", .up = true, .ofport = b ? 3 : 7};
        struct error err;
        uint16_t number;

        bundle.ports = &bundle.name;
        MUST(!ofproto_port_set(verdict.br[b], &config, &number, &err));
        MUST(!ofproto_bundle_set(verdict.br[b], &bundle, &err));
    }
}

/* learn has no text: each "note:77" becomes one, which sends packets to where they came from. */
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
            MUST(!ofp_actions_decode(OFP13, wire, sizeof wire, NULL, &all));
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
        !group_check_actions(br, list.data, list.len)) {
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

static inline void verdict_flow_mod(void)
{
    unsigned int i = rnd(VERDICT_SLOTS);
    struct ofproto *br = verdict.br[i % 3 == 2];
    uint8_t table = (uint8_t)(i % 2 ? 0 : i / 2 % 5);
    struct strbuf s = STRBUF_INIT;
    struct ofp_rule *rule;

    if (verdict.slot[i] && rnd(3)) {
        verdict_say("delete slot %u", i);
        bridge_remove_rule(br, verdict.slot[i]);
        verdict.slot[i] = NULL;
        return;
    }
    strbuf_printf(&s, "table=%u", table);
    random_match(&s);
    strbuf_puts(&s, ",actions=output:5");
    random_actions(&s, 0, verdict.teaches);
    random_instructions(&s, table);
    rule = verdict_make_rule(br, (uint16_t)(10 + i), table, strbuf_str(&s));
    if (rule) {
        verdict_say("slot %u: bridge %d priority %u: %s", i, i % 3 == 2, 10 + i, strbuf_str(&s));
        if (verdict.slot[i]) {
            bridge_remove_rule(br, verdict.slot[i]);
        }
        verdict.slot[i] = rule;
        bridge_add_rule(br, table, rule);
        verdict.n.rules++;
    }
    strbuf_free(&s);
}

static inline void verdict_group_mod(unsigned int id)
{
    struct strbuf s = STRBUF_INIT;
    struct ofp_group_mod gm;
    struct error err;

    random_group(&s, id);
    for (unsigned int b = 0; b < 2; b++) {
        if (ofp_group_mod_parse(OFP_GROUP_ADD_OR_MODIFY, strbuf_str(&s), NULL, NULL, &gm, &err)) {
            fprintf(stderr, "%s: %s\n", strbuf_str(&s), err.text);
            abort();
        }
        if (!group_mod_apply(verdict.br[b], &gm, time_now_ms())) {
            verdict_say("bridge %u: %s", b, strbuf_str(&s));
        }
        ofp_group_config_free(&gm.config);
    }
    strbuf_free(&s);
}

static inline void verdict_change(void)
{
    verdict.n.changes++;
    switch (rnd(10)) {
    case 0: verdict_group_mod(1 + rnd(4)); break;
    case 1: {
        uint32_t p = 1 + rnd(INPROC_PORTS);

        verdict.up[p] = !verdict.up[p];
        verdict_say("port p%u %s", p, verdict.up[p] ? "up" : "down");
        verdict_port(p);
        break;
    }
    case 2:
        if (rnd(3) == 0) {
            verdict_bundle(1 + rnd(INPROC_PORTS));
        }
        break;
    default: verdict_flow_mod(); break;
    }
}

/* --- Packets. */

static inline void verdict_hex(struct strbuf *s, const struct naive_packet *p)
{
    for (uint32_t i = 0; i < p->len; i++) {
        strbuf_printf(s, "%02x", p->data[i]);
    }
}

static inline void verdict_fail(const char *why, const struct naive_packet *in, uint32_t in_port,
                                const struct naive_packet *want, const struct naive_packet *got)
{
    struct strbuf s = STRBUF_INIT;
    struct naive_view v;

    fprintf(stderr, "%s\n", strbuf_str(&verdict.log));
    strbuf_printf(&s, "WRONG: %s\n in %u: ", why, in_port);
    verdict_hex(&s, in);
    if (want) {
        strbuf_puts(&s, "\n want:  ");
        verdict_hex(&s, want);
    }
    if (got) {
        strbuf_puts(&s, "\n got:   ");
        verdict_hex(&s, got);
    }
    if (naive_parse(in, (uint16_t)in_port, &v)) {
        struct ofproto_xlate_in xin = {.key = &v.key, .now_ms = time_now_ms()};
        struct ofproto_xlate_out out;

        strbuf_puts(&s, "\n");
        ofproto_translate(verdict.set, &xin, &out);
        flow_key_format(&s, &v.key, &out.mask, NULL, NULL);
        strbuf_puts(&s, "\n");
        dp_actions_format(&s, out.actions.data, out.actions.len);
        ofproto_xlate_out_free(&out);
    }
    fprintf(stderr, "%s\n", strbuf_str(&s));
    abort();
}

struct verdict_sent {
    struct naive_packet packet;
    uint32_t in_port;
    struct naive_outputs want;
};

/* Takes the output that 'got' may be out of those that are wanted. */
static inline bool verdict_take(struct verdict_sent *sent, unsigned int n, uint32_t port,
                                const struct naive_packet *got)
{
    for (unsigned int i = 0; i < n; i++) {
        struct naive_outputs *w = &sent[i].want;

        for (unsigned int k = 0; k < w->n; k++) {
            if (w->of[k].port == port && !naive_same(&sent[i].packet, &w->of[k], got)) {
                w->of[k].port = 0;
                return true;
            }
        }
    }
    return false;
}

/* The packet that looks most like what it became: of the same end. */
static inline const struct verdict_sent *verdict_origin(const struct verdict_sent *sent,
                                                        unsigned int n,
                                                        const struct naive_packet *got)
{
    uint32_t best = 0;
    unsigned int found = 0;

    for (unsigned int i = 0; i < n; i++) {
        const struct naive_packet *p = &sent[i].packet;
        uint32_t same = 0;

        while (same < p->len && same < got->len &&
               p->data[p->len - 1 - same] == got->data[got->len - 1 - same]) {
            same++;
        }
        found = same > best ? i : found;
        best = MAX_OF(same, best);
    }
    return &sent[found];
}

static inline void verdict_compare(struct verdict_sent *sent, unsigned int n)
{
    static struct naive_packet got;

    for (uint32_t p = 1; p <= INPROC_PORTS; p++) {
        while ((got.len = inproc_take(p, got.data, sizeof got.data))) {
            verdict.n.outputs++;
            if (!verdict_take(sent, n, p, &got)) {
                const struct verdict_sent *of = verdict_origin(sent, n, &got);
                const struct naive_output *want = NULL;
                char why[128];

                for (unsigned int k = 0; k < of->want.n && !want; k++) {
                    want = of->want.of[k].port == p ? &of->want.of[k] : NULL;
                }
                snprintf(why, sizeof why, "port %u got what it should not (%s)", p,
                         want ? naive_same(&of->packet, want, &got) : "nothing wanted");
                verdict_fail(why, &of->packet, of->in_port, want ? &want->packet : NULL, &got);
            }
        }
    }
    for (unsigned int i = 0; i < n; i++) {
        for (unsigned int k = 0; k < sent[i].want.n; k++) {
            const struct naive_output *o = &sent[i].want.of[k];

            if (o->port && o->port <= INPROC_PORTS && !sent[i].want.gave_up) {
                verdict_fail("a packet is missing", &sent[i].packet, sent[i].in_port, &o->packet,
                             NULL);
            }
        }
        free(sent[i].want.of);
    }
}

/* A packet may be sent where it has just taught the tables to send it. So it teaches them first,
 * until it has nothing more to tell. False: it never stops. */
static inline bool verdict_teach(const struct naive_packet *p, uint32_t in_port)
{
    static struct naive_output ignored[NAIVE_MAX_OUTPUTS];

    for (unsigned int i = 0; i < 4; i++) {
        uint64_t generation = ofproto_set_generation(verdict.set);
        struct naive_outputs outs = {.of = ignored};

        naive_round(verdict.set, p, (uint16_t)in_port, 0, 0, 0, true, &outs);
        if (generation == ofproto_set_generation(verdict.set)) {
            return true;
        }
        inproc_sync(verdict.set);
    }
    return false;
}

static inline void verdict_packets(void)
{
    static struct verdict_sent sent[8];
    unsigned int n = verdict.teaches ? 1 : 1 + rnd(ARRAY_SIZE(sent));

    for (unsigned int i = 0; i < n; i++) {
        struct naive_packet *t = &verdict.template[rnd(VERDICT_TEMPLATES)];

        if (rnd(10) == 0) {
            random_packet(t);
        }
        sent[i].packet = *t;
        sent[i].in_port = 1 + rnd(INPROC_PORTS);
        if (rnd(2)) {
            vary_packet(&sent[i].packet);
        }
        if (verdict.teaches && !verdict_teach(&sent[i].packet, sent[i].in_port)) {
            return;
        }
        sent[i].want = (struct naive_outputs){
            .of = xcalloc(NAIVE_MAX_OUTPUTS, sizeof *sent[i].want.of)};
        naive_round(verdict.set, &sent[i].packet, (uint16_t)sent[i].in_port, 0, 0, 0, false,
                    &sent[i].want);
    }
    for (unsigned int i = 0; i < n; i++) {
        inproc_feed(sent[i].in_port, sent[i].packet.data, (uint16_t)sent[i].packet.len);
    }
    inproc_settle();
    verdict.n.packets += n;
    verdict_compare(sent, n);
}

/* --- The whole. */

static inline void verdict_setup(void)
{
    static const char *const names[] = {"br0", "br1"};

    strbuf_clear(&verdict.log);
    memset(verdict.slot, 0, sizeof verdict.slot);
    verdict.set = ofproto_set_new();
    for (unsigned int b = 0; b < 2; b++) {
        struct ofproto_config config = {.datapath_id = 1 + b, .fail_mode = OFPROTO_SECURE};
        struct error err;

        MUST(!ofproto_new(verdict.set, names[b], &verdict.br[b], &err));
        MUST(!ofproto_configure(verdict.br[b], &config, &err));
    }
    verdict.teaches = rnd(2);
    for (uint32_t p = 1; p <= INPROC_PORTS; p++) {
        verdict.up[p] = rnd(6) != 0;
        verdict_port(p);
        verdict_bundle(p);
    }
    verdict_patch();
    for (unsigned int id = 4; id; id--) {
        verdict_group_mod(id);
    }
    for (unsigned int i = 0; i < VERDICT_TEMPLATES; i++) {
        random_packet(&verdict.template[i]);
    }
    for (unsigned int i = 0; i < VERDICT_SLOTS; i++) {
        verdict_flow_mod();
    }
}

static inline void verdict_teardown(void)
{
    upcall_flush(inproc.u);
    inproc_settle();
    upcall_free(inproc.u);
    ofproto_free(verdict.br[0]);
    ofproto_free(verdict.br[1]);
    ofproto_set_free(verdict.set);
    MUST(!core_flow_count());
}

static inline void verdict_run(unsigned int n_steps)
{
    verdict_setup();
    inproc_attach(verdict.set, time_now_ms(), true);
    for (unsigned int step = 0; step < n_steps; step++) {
        for (unsigned int n = rnd(3) ? 0 : 1 + rnd(3); n; n--) {
            verdict_change();
        }
        inproc_sync(verdict.set);
        verdict_packets();
    }
    verdict_teardown();
}

#endif
