/* Lists of datapath actions: building, walking, and validating what an untrusted side sent. One row
 * per type in 'rows' says its size and what values it admits; format.c prints them. Called by both
 * processes, any thread; no state. */
#include "datapath/flow/action.h"

#include <errno.h>
#include <stdlib.h>

static int check_port(uint32_t port, struct error *err)
{
    if (!port || port > DP_ACTION_MAX_PORT) {
        return error_set(err, EINVAL, "action output: port %u is not within 1...%u", port,
                         DP_ACTION_MAX_PORT);
    }
    return 0;
}

static int check_output(const struct dp_action *a, struct error *err)
{
    return check_port(((const struct dp_action_output *)a)->port, err);
}

static int check_output_trunc(const struct dp_action *a, struct error *err)
{
    const struct dp_action_output_trunc *out = (const void *)a;

    if (out->max_len < DP_TRUNC_MIN) {
        return error_set(err, EINVAL, "action trunc: %u bytes are less than %d", out->max_len,
                         DP_TRUNC_MIN);
    }
    return check_port(out->port, err);
}

static int check_push_vlan(const struct dp_action *a, struct error *err)
{
    uint16_t tpid = be16_get(((const struct dp_action_push_vlan *)a)->tpid);

    if (tpid != 0x8100 && tpid != 0x88a8) {
        return error_set(err, EINVAL, "action push_vlan: TPID 0x%04x is neither 0x8100 nor 0x88a8",
                         tpid);
    }
    return 0;
}

static int check_set_ipv6(const struct dp_action *a, struct error *err)
{
    const struct dp_action_set_ipv6 *set = (const void *)a;

    if ((be32_get(set->label) | be32_get(set->label_mask)) > 0xfffff) {
        return error_set(err, EINVAL, "action set(ipv6): a flow label has only 20 bits");
    }
    return 0;
}

static int check_set_nsh(const struct dp_action *a, struct error *err)
{
    const struct dp_action_set_nsh *set = (const void *)a;

    if ((set->flags | set->flags_mask) > FLOW_NSH_FLAGS ||
        (set->ttl | set->ttl_mask) > FLOW_NSH_TTL) {
        return error_set(err, EINVAL,
                         "action set(nsh): there are only 2 bits of flags and 6 of the TTL");
    }
    return 0;
}

static int check_hash(const struct dp_action *a, struct error *err)
{
    uint32_t alg = ((const struct dp_action_hash *)a)->alg;

    if (alg >= DP_N_HASH_ALGS) {
        return error_set(err, EINVAL, "action hash: algorithm %u is unknown", alg);
    }
    return 0;
}

static int check_recirc(const struct dp_action *a, struct error *err)
{
    if (!((const struct dp_action_recirc *)a)->id) {
        return error_set(err, EINVAL, "action recirc: id 0 is that of packets that just came");
    }
    return 0;
}

static int check_drop(const struct dp_action *a, struct error *err)
{
    uint32_t reason = ((const struct dp_action_drop *)a)->reason;

    if (reason >= DP_N_POLICY_DROPS) {
        return error_set(err, EINVAL, "action drop: reason %u is unknown", reason);
    }
    return 0;
}

static int check_meter_no(uint32_t meter_no, struct error *err)
{
    if (meter_no >= DP_MAX_METERS) {
        return error_set(err, EINVAL, "action meter: number %u is not within 0...%u", meter_no,
                         DP_MAX_METERS - 1);
    }
    return 0;
}

static bool is_mpls(be16_t type)
{
    return type == be16_make(0x8847) || type == be16_make(0x8848);
}

static int check_push_mpls(const struct dp_action *a, struct error *err)
{
    const struct dp_action_push_mpls *push = (const void *)a;

    if (!is_mpls(push->eth_type)) {
        return error_set(err, EINVAL,
                         "action push_mpls: Ethernet type 0x%04x is neither 0x8847 nor 0x8848",
                         be16_get(push->eth_type));
    }
    if (!(push->mask & be32_make(0x100))) {
        return error_set(err, EINVAL, "action push_mpls: it leaves the bottom of the stack open");
    }
    return 0;
}

static int check_meter(const struct dp_action *a, struct error *err)
{
    return check_meter_no(((const struct dp_action_meter *)a)->meter_no, err);
}

static int check_upcall(const struct dp_action *a, struct error *err)
{
    uint32_t meter_no = ((const struct dp_action_upcall *)a)->meter_no;

    return meter_no == DP_NO_METER ? 0 : check_meter_no(meter_no, err);
}

static int check_check_len(const struct dp_action *a, struct error *err)
{
    const struct dp_action_check_len *check = (const void *)a;

    if (!check->longer_id || !check->other_id) {
        return error_set(err, EINVAL,
                         "action check_pkt_len: id 0 is that of packets that just came");
    }
    return 0;
}

static int check_dec_ttl(const struct dp_action *a, struct error *err)
{
    const struct dp_action_dec_ttl *dec = (const void *)a;

    if (dec->layer > DP_TTL_NSH || dec->tell > 1) {
        return error_set(err, EINVAL, "action dec_ttl: layer %u or flag %u is unknown", dec->layer,
                         dec->tell);
    }
    return dec->meter_no == DP_NO_METER ? 0 : check_meter_no(dec->meter_no, err);
}

static int check_copy_ttl(const struct dp_action *a, struct error *err)
{
    uint32_t inwards = ((const struct dp_action_copy_ttl *)a)->inwards;

    return inwards <= 1
               ? 0
               : error_set(err, EINVAL, "action copy_ttl: direction %u is unknown", inwards);
}

static const struct row {
    const char *name;
    uint16_t size;                                          /* 0: any, of whole words. */
    int (*check)(const struct dp_action *, struct error *); /* NULL: every value is fine. */
} rows[DP_N_ACTIONS] = {
    [DP_ACTION_OUTPUT] = {"output", sizeof(struct dp_action_output), check_output},
    [DP_ACTION_OUTPUT_TRUNC] = {"trunc", sizeof(struct dp_action_output_trunc), check_output_trunc},
    [DP_ACTION_PUSH_VLAN] = {"push_vlan", sizeof(struct dp_action_push_vlan), check_push_vlan},
    [DP_ACTION_POP_VLAN] = {"pop_vlan", sizeof(struct dp_action_pop_vlan), NULL},
    [DP_ACTION_SET_ETH] = {"set(eth)", sizeof(struct dp_action_set_eth), NULL},
    [DP_ACTION_SET_VLAN] = {"set(vlan)", sizeof(struct dp_action_set_vlan), NULL},
    [DP_ACTION_SET_IPV4] = {"set(ipv4)", sizeof(struct dp_action_set_ipv4), NULL},
    [DP_ACTION_SET_IPV6] = {"set(ipv6)", sizeof(struct dp_action_set_ipv6), check_set_ipv6},
    [DP_ACTION_SET_L4] = {"set(l4)", sizeof(struct dp_action_set_l4), NULL},
    [DP_ACTION_DROP] = {"drop", sizeof(struct dp_action_drop), check_drop},
    [DP_ACTION_UPCALL] = {"userspace", sizeof(struct dp_action_upcall), check_upcall},
    [DP_ACTION_METER] = {"meter", sizeof(struct dp_action_meter), check_meter},
    [DP_ACTION_HASH] = {"hash", sizeof(struct dp_action_hash), check_hash},
    [DP_ACTION_PUSH_MPLS] = {"push_mpls", sizeof(struct dp_action_push_mpls), check_push_mpls},
    [DP_ACTION_POP_MPLS] = {"pop_mpls", sizeof(struct dp_action_pop_mpls), NULL},
    [DP_ACTION_SET_MPLS] = {"set(mpls)", sizeof(struct dp_action_set_mpls), NULL},
    [DP_ACTION_PUSH_PBB] = {"push_pbb", sizeof(struct dp_action_push_pbb), NULL},
    [DP_ACTION_POP_PBB] = {"pop_pbb", sizeof(struct dp_action_pop_pbb), NULL},
    [DP_ACTION_SET_PBB] = {"set(pbb)", sizeof(struct dp_action_set_pbb), NULL},
    [DP_ACTION_DEC_TTL] = {"dec_ttl", sizeof(struct dp_action_dec_ttl), check_dec_ttl},
    [DP_ACTION_COPY_TTL] = {"copy_ttl", sizeof(struct dp_action_copy_ttl), check_copy_ttl},
    [DP_ACTION_CLONE] = {"clone", 0, NULL},
    [DP_ACTION_RECIRC] = {"recirc", sizeof(struct dp_action_recirc), check_recirc},
    [DP_ACTION_CHECK_LEN] = {"check_pkt_len", sizeof(struct dp_action_check_len), check_check_len},
    [DP_ACTION_SET_NSH] = {"set(nsh)", sizeof(struct dp_action_set_nsh), check_set_nsh},
    [DP_ACTION_SET_ARP] = {"set(arp)", sizeof(struct dp_action_set_arp), NULL},
    [DP_ACTION_SET_ND] = {"set(nd)", sizeof(struct dp_action_set_nd), NULL},
};

const char *dp_policy_drop_name(enum dp_policy_drop reason)
{
    static const char *const names[DP_N_POLICY_DROPS] = {
        [DP_DROP_NO_RULE] = "no-rule",
        [DP_DROP_VLAN_INGRESS] = "vlan-ingress",
        [DP_DROP_RESERVED_MAC] = "reserved-mac",
        [DP_DROP_SAME_PORT] = "same-port",
        [DP_DROP_NO_OUTPUT] = "no-output",
        [DP_DROP_PORT_NOT_IN_BRIDGE] = "port-not-in-bridge",
        [DP_DROP_PORT_CONFIG] = "port-config",
        [DP_DROP_TOO_DEEP] = "too-deep",
        [DP_DROP_TTL_EXPIRED] = "ttl-expired",
        [DP_DROP_RECIRC_UNKNOWN] = "recirc-unknown",
        [DP_DROP_RECIRC_LIMIT] = "recirc-limit",
        [DP_DROP_TOO_MANY_TAGS] = "too-many-tags",
        [DP_DROP_FRAGMENT] = "fragment",
    };

    return (unsigned int)reason < DP_N_POLICY_DROPS ? names[reason] : "unknown";
}

void dp_actions_free(struct dp_actions *actions)
{
    if (actions->size) {
        free(actions->data);
    }
    *actions = (struct dp_actions)DP_ACTIONS_INIT;
}

void dp_actions_clear(struct dp_actions *actions)
{
    if (!actions->size) {
        actions->data = NULL; /* A view of someone else's bytes. */
    }
    actions->len = 0;
}

/* Room for 'n' more bytes, zeroed; turns a view into a list of its own. */
static void *extend(struct dp_actions *actions, size_t n)
{
    size_t need = actions->len + n;
    uint8_t *p;

    if (need > actions->size) {
        size_t size = ROUND_UP(need * 2, 64);

        if (actions->size) {
            actions->data = xrealloc(actions->data, size);
        } else {
            p = xmalloc(size);
            if (actions->len) {
                memcpy(p, actions->data, actions->len);
            }
            actions->data = p;
        }
        actions->size = (uint32_t)size;
    }
    p = actions->data + actions->len;
    memset(p, 0, n);
    actions->len += (uint32_t)n;
    return p;
}

void *dp_actions_put(struct dp_actions *actions, enum dp_action_type type, size_t len)
{
    struct dp_action *a = extend(actions, ROUND_UP(len, 4));

    a->type = (uint16_t)type;
    a->len = (uint16_t)len;
    return a;
}

void dp_actions_put_output(struct dp_actions *actions, uint32_t port)
{
    struct dp_action_output *a = dp_actions_put(actions, DP_ACTION_OUTPUT, sizeof *a);

    a->port = port;
}

void dp_actions_put_output_trunc(struct dp_actions *actions, uint32_t port, uint32_t max_len)
{
    struct dp_action_output_trunc *a = dp_actions_put(actions, DP_ACTION_OUTPUT_TRUNC, sizeof *a);

    a->port = port;
    a->max_len = max_len;
}

void dp_actions_put_upcall(struct dp_actions *actions, uint32_t cookie, uint32_t meter_no)
{
    struct dp_action_upcall *a = dp_actions_put(actions, DP_ACTION_UPCALL, sizeof *a);

    a->cookie = cookie;
    a->meter_no = meter_no;
}

void dp_actions_put_meter(struct dp_actions *actions, uint32_t meter_no)
{
    struct dp_action_meter *a = dp_actions_put(actions, DP_ACTION_METER, sizeof *a);

    a->meter_no = meter_no;
}

void dp_actions_put_hash(struct dp_actions *actions, enum dp_hash_alg alg, uint32_t basis)
{
    struct dp_action_hash *a = dp_actions_put(actions, DP_ACTION_HASH, sizeof *a);

    a->alg = alg;
    a->basis = basis;
}

void dp_actions_put_recirc(struct dp_actions *actions, uint32_t id)
{
    struct dp_action_recirc *a = dp_actions_put(actions, DP_ACTION_RECIRC, sizeof *a);

    a->id = id;
}

void dp_actions_put_drop(struct dp_actions *actions, enum dp_policy_drop reason)
{
    struct dp_action_drop *a = dp_actions_put(actions, DP_ACTION_DROP, sizeof *a);

    a->reason = reason;
}

void dp_actions_append(struct dp_actions *actions, const struct dp_actions *more)
{
    uint32_t n = more->len; /* 'more' may be 'actions' itself. */

    if (n) {
        void *to = extend(actions, n);
        memcpy(to, more->data, n);
    }
}

bool dp_actions_wrap_clone(struct dp_actions *actions, uint32_t start)
{
    size_t n = actions->len - start;
    struct dp_action *a;

    if (n + sizeof *a > DP_ACTIONS_MAX_LEN) {
        return false;
    }
    extend(actions, sizeof *a);
    a = (struct dp_action *)(actions->data + start);
    memmove(a + 1, a, n);
    a->type = DP_ACTION_CLONE;
    a->len = (uint16_t)(n + sizeof *a);
    return true;
}

bool dp_actions_any(const void *data, size_t len, bool (*is)(const struct dp_action *))
{
    for (const struct dp_action *a = dp_actions_first(data, len); a;
         a = dp_actions_next(data, len, a)) {
        size_t n;

        if (is(a)) {
            return true;
        }
        if (a->type == DP_ACTION_CLONE) {
            const void *nested = dp_action_nested(a, &n);

            if (dp_actions_any(nested, n, is)) {
                return true;
            }
        }
    }
    return false;
}

bool dp_actions_equal(const struct dp_actions *a, const struct dp_actions *b)
{
    return a->len == b->len && (!a->len || !memcmp(a->data, b->data, a->len));
}

const struct dp_action *dp_actions_first(const void *data, size_t len)
{
    return len >= sizeof(struct dp_action) ? data : NULL;
}

const struct dp_action *dp_actions_next(const void *data, size_t len, const struct dp_action *a)
{
    const uint8_t *next = (const uint8_t *)a + ROUND_UP(a->len, 4);

    return next < (const uint8_t *)data + len ? (const void *)next : NULL;
}

static int validate(const void *data, size_t len, unsigned int depth, struct error *err)
{
    size_t pos = 0;

    if (len > DP_ACTIONS_MAX_LEN) {
        return error_set(err, EINVAL, "actions: %zu bytes are more than the limit of %d", len,
                         DP_ACTIONS_MAX_LEN);
    }
    if (len % 4 || (uintptr_t)data % 4) {
        return error_set(err, EINVAL, "actions: not aligned to 4 bytes (length %zu)", len);
    }
    while (pos < len) {
        const struct dp_action *a = (const void *)((const uint8_t *)data + pos);
        int error;

        if (!a->type || a->type >= DP_N_ACTIONS) {
            return error_set(err, EINVAL, "actions: unknown type %u at byte %zu", a->type, pos);
        }
        if (!rows[a->type].size) {
            if (a->len < sizeof *a || a->len % 4 || a->len > len - pos) {
                return error_set(err, EINVAL, "action %s at byte %zu: length %u",
                                 rows[a->type].name, pos, a->len);
            }
        } else if (a->len != rows[a->type].size || a->len > len - pos) {
            return error_set(err, EINVAL, "action %s at byte %zu: length %u, expected %u",
                             rows[a->type].name, pos, a->len, rows[a->type].size);
        }
        error = rows[a->type].check ? rows[a->type].check(a, err) : 0;
        if (a->type == DP_ACTION_CLONE) {
            if (depth == DP_MAX_CLONES) {
                return error_set(err, EINVAL, "actions: more than %d clones in each other",
                                 DP_MAX_CLONES);
            }
            error = validate(a + 1, a->len - sizeof *a, depth + 1, err);
        }
        if (error) {
            return error;
        }
        pos += ROUND_UP(a->len, 4);
        if (a->type == DP_ACTION_DROP && pos != len) {
            return error_set(err, EINVAL, "action drop at byte %zu: it must be the last",
                             pos - a->len);
        }
    }
    return 0;
}

int dp_actions_validate(const void *data, size_t len, struct error *err)
{
    return validate(data, len, 0, err);
}
