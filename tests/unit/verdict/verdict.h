/* The verdict by the caches equals the verdict by the tables: random rules, groups, meters and
 * ports of two bridges that change (changes.h), random packets through a whole switch, and each of
 * them translated afresh and carried out plainly. The same bytes must leave the same ports. Header
 * only.
 */
#ifndef TESTS_UNIT_VERDICT_VERDICT_H
#define TESTS_UNIT_VERDICT_VERDICT_H

#include "ofproto/conn/packet_out.h"
#include "tests/unit/verdict/changes.h"

/* --- Packets. */

static inline void verdict_hex(struct strbuf *s, const struct naive_packet *p)
{
    for (uint32_t i = 0; i < p->len; i++) {
        strbuf_printf(s, "%02x", p->data[i]);
    }
}

static inline void verdict_show_flow(const struct dp_flow *f, void *s_)
{
    struct strbuf *s = s_;

    strbuf_puts(s, " cached: ");
    flow_key_format(s, &f->key, &f->mask, NULL, NULL);
    strbuf_puts(s, " -> ");
    dp_actions_format(s, f->actions, f->actions_len);
    strbuf_puts(s, "\n");
}

static inline void verdict_fail(const char *why, const struct naive_packet *in, uint32_t in_port,
                                const struct naive_packet *want, const struct naive_packet *got)
{
    struct strbuf s = STRBUF_INIT;
    struct naive_outputs ignored = {.of = xcalloc(NAIVE_MAX_OUTPUTS, sizeof *ignored.of)};

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
    strbuf_puts(&s, "\n");
    naive_report = &s; /* Of a packet-out: the actions stand in the log. */
    naive_round(verdict.set, in, (uint16_t)in_port, 0, 0, 0, false, &ignored);
    core_flow_list(verdict_show_flow, &s);
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
    bool gave_up = false;

    for (unsigned int i = 0; i < n; i++) {
        gave_up |= sent[i].want.gave_up;
    }
    verdict.n.gave_up += gave_up;
    for (uint32_t p = 1; p <= INPROC_PORTS; p++) {
        while ((got.len = inproc_take(p, got.data, sizeof got.data))) {
            verdict.n.outputs++;
            if (!gave_up && !verdict_take(sent, n, p, &got)) {
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

            if (o->port && o->port <= INPROC_PORTS && !gave_up) {
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

/* --- Packet-outs. */

/* The actions as a controller sends them with this packet; false: it would be refused. */
static inline bool verdict_out_actions(struct ofproto *br, const struct flow_key *key,
                                       struct ofp_actions *ret)
{
    struct ofp_actions list = OFP_ACTIONS_INIT;
    struct strbuf text = STRBUF_INIT, wire = STRBUF_INIT;
    struct ofp_match match;
    struct error err;
    bool ok;

    rule_protocol = "";
    rule_is_nd = false;
    strbuf_puts(&text, rnd(3) ? "output:2" : "output:TABLE");
    random_actions(&text, 0, verdict.teaches);
    MUST(!ofp_actions_parse(strbuf_str(&text), NULL, NULL, &list, &err));
    verdict_put_learns(&list);
    ofp_actions_encode(&wire, OFP15, list.data, list.len);
    ofp_flow_init(&match.flow, key);
    memset(&match.mask, 0xff, sizeof match.mask);
    ok = !ofp_actions_decode(OFP15, (const uint8_t *)strbuf_str(&wire), wire.len, &match, ret) &&
         !group_check_actions(br, ret->data, ret->len) &&
         !meter_check_actions(br, ret->data, ret->len);
    verdict_say("packet-out of bridge %d: %s%s", br == verdict.br[1], strbuf_str(&text),
                ok ? "" : ": refused");
    ofp_actions_free(&list);
    strbuf_free(&text);
    strbuf_free(&wire);
    return ok;
}

static inline void verdict_say_actions(const struct dp_actions *actions)
{
    struct strbuf s = STRBUF_INIT;

    dp_actions_format(&s, actions->data, actions->len);
    verdict_say(" %s", strbuf_str(&s));
    strbuf_free(&s);
}

/* What comes of it, taught as often as verdict_teach() says. False: it never stops. */
static inline bool verdict_out_wanted(const struct xlate_packet_out *po, const struct flow_key *key,
                                      struct verdict_sent *sent)
{
    static struct naive_output ignored[NAIVE_MAX_OUTPUTS];
    struct naive_outputs taught = {.of = ignored};

    for (unsigned int i = 0; i < 5; i++) {
        uint64_t generation = ofproto_set_generation(verdict.set);
        bool teach = verdict.teaches && i < 4;
        struct ofproto_xlate_in in = {.key = key,
                                      .packet = sent->packet.data,
                                      .packet_len = sent->packet.len,
                                      .may_learn = teach,
                                      .now_ms = time_now_ms()};
        struct naive_packet *p = xmemdup(&sent->packet, sizeof sent->packet);
        struct naive_walk w = {verdict.set, key->in_port, 0,
                               0,           teach,        teach ? &taught : &sent->want};
        struct ofproto_xlate_out out;
        struct naive_view v;

        MUST(naive_parse(p, key->in_port, &v));
        translate_packet_out(po, &in, &out);
        verdict_say_actions(&out.actions);
        taught.n = 0;
        naive_list(&w, out.actions.data, out.actions.len, p, &v);
        ofproto_xlate_out_free(&out);
        free(p);
        if (!teach) {
            return true;
        }
        if (generation == ofproto_set_generation(verdict.set)) {
            i = MAX_OF(i, 3u);
        } else if (i == 3) {
            return false;
        }
        inproc_sync(verdict.set);
    }
    return true;
}

static inline void verdict_packet_out(void)
{
    static const struct ofp_flow nothing;
    static const uint32_t ports[] = {1, 2, 3, OFP_PORT_CONTROLLER, OFP_PORT_NONE};
    struct ofproto *br = verdict.br[rnd(2)];
    struct xlate_packet_out po = {.bridge = br, .in_port = PICK(ports), .pipeline = &nothing};
    struct ofp_actions actions = OFP_ACTIONS_INIT;
    struct verdict_sent sent = {.packet = verdict.template[rnd(VERDICT_TEMPLATES)]};
    struct flow_key key;

    if (controller_packet_parse(br, po.in_port, sent.packet.data, sent.packet.len, &key)) {
        return;
    }
    if (verdict_out_actions(br, &key, &actions)) {
        po.actions = actions.data;
        po.actions_len = actions.len;
        sent.in_port = key.in_port;
        sent.want.of = xcalloc(NAIVE_MAX_OUTPUTS, sizeof *sent.want.of);
        if (verdict_out_wanted(&po, &key, &sent)) {
            controller_packet_execute(&po, sent.packet.data, sent.packet.len, &key);
            inproc_barrier();
            inproc_settle();
            verdict.n.packet_outs++;
            verdict_compare(&sent, 1);
        } else {
            free(sent.want.of);
        }
    }
    ofp_actions_free(&actions);
}

/* --- The whole. */

static inline void verdict_setup(void)
{
    strbuf_clear(&verdict.log);
    memset(verdict.slot, 0, sizeof verdict.slot);
    memset(verdict.group, 0, sizeof verdict.group);
    memset(verdict.meter, 0, sizeof verdict.meter);
    verdict.teaches = rnd(2);
    random_theme();
    verdict.patched[0] = verdict.patched[1] = true;
    for (uint32_t p = 1; p <= INPROC_PORTS; p++) {
        verdict.port[p] = (struct verdict_port){.is_there = true, .up = rnd(6) != 0};
        verdict_random_bundle(p);
    }
    verdict_build();
    inproc_attach(verdict.set, time_now_ms(), true);
    for (unsigned int id = VERDICT_GROUPS; id; id--) {
        verdict_group_mod(id);
    }
    for (unsigned int id = 1; id <= RULES_METERS; id++) {
        for (unsigned int b = 0; b < 2 && id != 2; b++) {
            verdict_meter_mod(b, id);
        }
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
    verdict_destroy();
    for (unsigned int i = 0; i < VERDICT_SLOTS; i++) {
        verdict_keep(&verdict.slot[i].text, NULL);
    }
    for (unsigned int b = 0; b < 2; b++) {
        for (unsigned int id = 1; id <= VERDICT_GROUPS; id++) {
            verdict_keep(&verdict.group[b][id], NULL);
        }
        for (unsigned int id = 1; id <= RULES_METERS; id++) {
            verdict_keep(&verdict.meter[b][id], NULL);
        }
    }
    inproc_detach();
    MUST(!core_flow_count());
}

static inline void verdict_run(unsigned int n_steps)
{
    verdict_setup();
    for (unsigned int step = 0; step < n_steps; step++) {
        for (unsigned int n = rnd(3) ? 0 : 1 + rnd(3); n; n--) {
            verdict_change();
        }
        inproc_sync(verdict.set);
        if (rnd(5)) {
            verdict_packets();
        } else {
            verdict_packet_out();
        }
    }
    verdict_teardown();
}

#endif
