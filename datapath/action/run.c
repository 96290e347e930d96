/* Walks an action list over packets of one flow. Output and recirculation are here, because who
 * gets the packet itself and who a copy depends on what follows in the list. Workers; fast path. */
#include "datapath/action/exec.h"

DROP_REASON(no_rule, "no-rule", "no rule of the tables forwards it, or one says drop")
DROP_REASON(told, "to-controller", "its last stop was the controllers")
DROP_REASON(metered, "to-meter", "copies were output, and its last stop was a meter")
DROP_REASON(copy, "no-memory-copy", "no packet buffer was left for a copy to one more output")

/* Policy's reasons are dp_policy_drop_name()'s; "no-rule", which the datapath has too, is above. */
static struct drop_reason policy_reasons[DP_N_POLICY_DROPS];

CONSTRUCTOR static void register_policy_reasons(void)
{
    static const char *const help[DP_N_POLICY_DROPS] = {
        [DP_DROP_VLAN_INGRESS] = "the input port's VLAN configuration does not admit its tag",
        [DP_DROP_RESERVED_MAC] = "sent to a reserved MAC address that a bridge does not forward",
        [DP_DROP_SAME_PORT] = "its destination is where it came from",
        [DP_DROP_NO_OUTPUT] = "there is nobody else to send it to",
        [DP_DROP_PORT_NOT_IN_BRIDGE] = "its input port belongs to no bridge",
        [DP_DROP_PORT_CONFIG] = "a controller switched the port's receiving or sending off",
        [DP_DROP_TOO_DEEP] = "translation passed its bound of depth or size",
        [DP_DROP_TTL_EXPIRED] = "a rule decrements the TTL, and none is left",
        [DP_DROP_TOO_MANY_TAGS] =
            "it has more VLAN tags or labels than the rule's action can work on",
        [DP_DROP_FRAGMENT] = "a controller wants no IP fragments",
        [DP_DROP_RECIRC_UNKNOWN] = "what it was recirculated for is gone",
        [DP_DROP_RECIRC_LIMIT] = "too many recirculation ids are in use",
    };

    for (unsigned int i = 0; i < DP_N_POLICY_DROPS; i++) {
        if (i != DP_DROP_NO_RULE) {
            policy_reasons[i].name = dp_policy_drop_name(i);
            policy_reasons[i].help = help[i] ? help[i] : "dropped by policy";
            drop_reason_register(&policy_reasons[i]);
        }
    }
}

static action_fn *functions[DP_N_ACTIONS];

void action_register(enum dp_action_type type, action_fn *fn)
{
    /* cppcheck-suppress AssignmentAddressToInteger ; it does not know function types */
    functions[type] = fn;
}

static void drop(struct action_env *env, const struct drop_reason *reason, struct rte_mbuf **pkts,
                 uint16_t n)
{
    for (uint16_t i = 0; i < n; i++) {
        drop_count(env->worker, pkts[i]->port, reason, 1);
    }
    rte_pktmbuf_free_bulk(pkts, n);
}

void action_drop(struct action_env *env, enum dp_policy_drop why, bool told, struct rte_mbuf **pkts,
                 uint16_t n)
{
    drop(env,
         told                     ? &drop_told
         : why == DP_DROP_NO_RULE ? &drop_no_rule
                                  : &policy_reasons[why],
         pkts, n);
}

/* A list, or one within a clone. */
struct actions {
    const void *data;
    size_t len;
};

/* Meters count what comes to them, so it matters to them, too. */
static bool is_output(const struct dp_action *a)
{
    return dp_action_is_output(a) || a->type == DP_ACTION_METER;
}

/* Is there no output behind 'a'? */
static bool is_last_output(const struct actions *list, const struct dp_action *a)
{
    while ((a = dp_actions_next(list->data, list->len, a))) {
        if (is_output(a)) {
            return false;
        }
    }
    return true;
}

/* From Ethernet's header on, without a VLAN tag; what is cut into segments is as long as they are.
 */
static uint32_t length_of(const struct rte_mbuf *m)
{
    const uint8_t *p = rte_pktmbuf_mtod(m, const uint8_t *);
    uint32_t len = m->pkt_len;

    if (m->ol_flags & (RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_UDP_SEG)) {
        len = MIN_OF(len, (uint32_t)m->l2_len + m->l3_len + m->l4_len + m->tso_segsz);
    }
    if (likely(m->data_len >= 18)) {
        be16_t type = be16_load(p + 12);

        len -= type == be16_make(0x8100) || type == be16_make(0x88a8) ? 4 : 0;
    }
    return len;
}

static void send_by_length(struct action_env *env, const struct dp_action_check_len *a,
                           struct rte_mbuf **pkts, uint16_t n)
{
    struct rte_mbuf *longer[ACTION_BATCH];
    uint16_t n_longer = 0, left = 0;

    for (uint16_t i = 0; i < n; i++) {
        if (length_of(pkts[i]) > a->max_len) {
            longer[n_longer++] = pkts[i];
        } else {
            pkts[left++] = pkts[i];
        }
    }
    if (n_longer) {
        env->recirculate(env, a->longer_id, longer, n_longer);
    }
    if (left) {
        env->recirculate(env, a->other_id, pkts, left);
    }
}

static void run(struct action_env *env, const struct actions *list, struct rte_mbuf **pkts,
                uint16_t n);

/* An output, a recirculation or a clone, to which the packets go. */
static void send(struct action_env *env, const struct dp_action *a, struct rte_mbuf **pkts,
                 uint16_t n)
{
    struct actions nested;

    if (likely(a->type == DP_ACTION_OUTPUT)) {
        env->output(env, ((const struct dp_action_output *)a)->port, pkts, n);
    } else if (a->type == DP_ACTION_OUTPUT_TRUNC) {
        const struct dp_action_output_trunc *out = (const struct dp_action_output_trunc *)a;

        env->output_trunc(env, out->port, out->max_len, pkts, n);
    } else if (a->type == DP_ACTION_CHECK_LEN) {
        send_by_length(env, (const struct dp_action_check_len *)a, pkts, n);
    } else if (a->type == DP_ACTION_RECIRC) {
        env->recirculate(env, ((const struct dp_action_recirc *)a)->id, pkts, n);
    } else {
        nested.data = dp_action_nested(a, &nested.len);
        run(env, &nested, pkts, n);
    }
}

static void send_copies(struct action_env *env, const struct dp_action *a, struct rte_mbuf **pkts,
                        uint16_t n)
{
    struct rte_mbuf *copies[ACTION_BATCH];
    uint16_t n_copies = 0;

    *env->copies += n;
    for (uint16_t i = 0; i < n; i++) {
        copies[n_copies] = action_copy(env, pkts[i]);
        if (likely(copies[n_copies])) {
            n_copies++;
        } else {
            drop_count(env->worker, pkts[i]->port, &drop_copy, 1);
        }
    }
    send(env, a, copies, n_copies);
}

void action_tell(struct action_env *env, uint32_t cookie, uint32_t meter_no, struct rte_mbuf **pkts,
                 uint16_t n)
{
    struct rte_mbuf *pass[ACTION_BATCH];

    if (meter_no == DP_NO_METER) {
        env->upcall(env, cookie, pkts, n);
        return;
    }
    n = action_meter_copies(env, meter_no, pkts, n, pass);
    if (n) {
        env->upcall(env, cookie, pass, n);
    }
}

static void run(struct action_env *env, const struct actions *list, struct rte_mbuf **pkts,
                uint16_t n)
{
    const struct dp_action *a = dp_actions_first(list->data, list->len);
    const struct drop_reason *reason = &drop_no_rule;

    for (; a && n; a = dp_actions_next(list->data, list->len, a)) {
        if (a->type == DP_ACTION_OUTPUT || a->type == DP_ACTION_OUTPUT_TRUNC ||
            a->type == DP_ACTION_RECIRC || a->type == DP_ACTION_CHECK_LEN ||
            a->type == DP_ACTION_CLONE) {
            if (is_last_output(list, a)) {
                send(env, a, pkts, n);
                return;
            }
            send_copies(env, a, pkts, n);
            reason = &drop_metered; /* Unless something else follows. */
        } else if (a->type == DP_ACTION_UPCALL) {
            const struct dp_action_upcall *u = (const struct dp_action_upcall *)a;

            action_tell(env, u->cookie, u->meter_no, pkts, n);
            reason = &drop_told;
        } else if (a->type == DP_ACTION_DROP) {
            uint32_t why = ((const struct dp_action_drop *)a)->reason;

            reason = why == DP_DROP_NO_RULE ? &drop_no_rule : &policy_reasons[why];
        } else {
            n = functions[a->type](env, a, pkts, n);
        }
    }
    drop(env, reason, pkts, n);
}

void action_run(struct action_env *env, const struct wildcard_actions *list, struct rte_mbuf **pkts,
                uint16_t n)
{
    const struct actions all = {list->data, list->len};

    run(env, &all, pkts, n);
}
