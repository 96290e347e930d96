/* Packets that an action sends through the look-up again, with a recirculation id in their keys.
 *
 * They wait in a ring of the worker until the actions that sent them are done, and are then taken
 * in order, wave by wave: no action list runs inside another one, and packets of one flow do not
 * overtake each other. A packet goes round CORE_MAX_DEPTH times at most, also when it waited for
 * policy in between, and a burst never makes more than CORE_AGAIN of each wave. Workers. */
#include "datapath/core/private.h"
#include "datapath/parse/parse_mbuf.h"

DROP_REASON(deep, "recirc-depth", "it was recirculated too often")
DROP_REASON(full, "recirc-full", "too many packets of one burst were recirculated")
DROP_REASON(unparsed, "recirc-malformed", "what actions made of it is no frame any more")

void recirculate_put(struct action_env *env, uint32_t recirc_id, struct rte_mbuf **pkts, uint16_t n)
{
    struct worker *w = CONTAINER_OF(env, struct worker, env);
    unsigned int room = CORE_AGAIN - w->n_again;

    if (unlikely(env->depth >= CORE_MAX_DEPTH)) {
        drop_packets(w, &drop_deep, pkts, n);
        return;
    }
    if (unlikely(n > room)) {
        drop_packets(w, &drop_full, pkts + room, n - room);
        n = (uint16_t)room;
    }
    for (uint16_t i = 0; i < n; i++) {
        w->again[(w->first_again + w->n_again++) % CORE_AGAIN] = (struct core_again){
            .packet = pkts[i],
            .recirc_id = recirc_id,
            .dp_hash = env->hashed ? pkts[i]->hash.usr : 0,
            .depth = (uint8_t)(env->depth + 1)};
    }
}

/* Moves the next packets of one port and depth into the burst, parsed; returns how many. */
static uint16_t take(struct worker *w, uint16_t port_no, uint8_t depth)
{
    struct core_burst *b = &w->burst;
    uint16_t n = 0;

    while (n < CORE_BURST && w->n_again) {
        const struct core_again *again = &w->again[w->first_again];
        struct rte_mbuf *m = again->packet;

        if (m->port != port_no || again->depth != depth) {
            break;
        }
        w->first_again = (w->first_again + 1) % CORE_AGAIN;
        w->n_again--;
        if (unlikely(parse_mbuf(m, port_no, PARSE_ALL, &b->keys[n]) != PARSE_OK)) {
            drop_packets(w, &drop_unparsed, &m, 1);
            continue;
        }
        b->keys[n].recirc_id = again->recirc_id;
        b->keys[n].dp_hash = again->dp_hash;
        b->pkts[n++] = m;
    }
    return n;
}

void recirculate_run(struct worker *w)
{
    while (w->n_again) {
        const struct core_again *first = &w->again[w->first_again];
        uint16_t port_no = first->packet->port;
        uint8_t depth = first->depth;
        uint16_t n = take(w, port_no, depth);

        if (n) {
            w->env.depth = depth;
            burst_run_again(w, port_no, n);
        }
    }
    w->env.depth = 0;
}
