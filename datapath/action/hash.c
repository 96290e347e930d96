/* hash: of each packet, kept in its mbuf for the recirculation that follows. Workers; fast path. */
#include "datapath/action/exec.h"
#include "datapath/parse/parse_mbuf.h"

static uint16_t hash(struct action_env *env, const struct dp_action *action, struct rte_mbuf **pkts,
                     uint16_t n)
{
    const struct dp_action_hash *a = (const void *)action;

    for (uint16_t i = 0; i < n; i++) {
        struct flow_key key;

        /* The parser may not have gone this deep, and actions may have changed the packet since. */
        pkts[i]->hash.usr = parse_mbuf_key(pkts[i], 0, &key) == PARSE_OK
                                ? flow_key_hash(&key, (enum dp_hash_alg)a->alg, a->basis)
                                : 1;
    }
    env->hashed = true;
    return n;
}

ACTION_REGISTER(DP_ACTION_HASH, hash)
