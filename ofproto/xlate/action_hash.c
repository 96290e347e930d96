/* Carries out multipath, bundle and bundle_load; see codec/action_hash.c for their other forms. */
#include "lib/hash.h"
#include "ofproto/xlate/hash.h"

static uint32_t mix(uint32_t hash, uint32_t i)
{
    uint32_t both[2] = {hash, i};

    return (uint32_t)hash_bytes(both, sizeof both, 0);
}

/* Highest random weight: who is taken away takes only what was his. */
static unsigned int highest(uint32_t hash, unsigned int n)
{
    unsigned int best = 0;
    uint32_t best_score = 0;

    for (unsigned int i = 0; i < n; i++) {
        uint32_t score = mix(hash, i);

        if (score > best_score) {
            best = i;
            best_score = score;
        }
    }
    return best;
}

/* Hashes again, into the next power of two, until it is a link. */
static unsigned int iterate(uint32_t hash, unsigned int n, uint32_t arg)
{
    uint32_t all = 1;

    while (all < n) {
        all *= 2;
    }
    for (unsigned int i = 0; i < 16; i++) {
        if ((hash & (all - 1)) < n) {
            return hash & (all - 1);
        }
        hash = mix(hash, arg + i);
    }
    return hash % n;
}

static unsigned int choose_link(const struct ofp_action_multipath *a, uint32_t hash)
{
    unsigned int n = a->max_link + 1u;

    switch (a->algorithm) {
    case OFP_MULTIPATH_HASH_THRESHOLD: return (unsigned int)((uint64_t)hash * n >> 32);
    case OFP_MULTIPATH_HRW: return highest(hash, n);
    case OFP_MULTIPATH_ITER_HASH: return iterate(hash, n, a->arg);
    default: return hash % n;
    }
}

static void write_number(struct xlate_ctx *ctx, const struct ofp_subfield *dst, uint32_t x)
{
    uint8_t number[OFP_FIELD_MAX_BYTES] = {0};

    for (unsigned int i = 0; i < 4; i++) {
        number[OFP_FIELD_MAX_BYTES - 1 - i] = (uint8_t)(x >> 8 * i);
    }
    xlate_write_subfield(ctx, dst, number);
}

static void execute_multipath(struct xlate_ctx *ctx, const struct ofp_action *h)
{
    const struct ofp_action_multipath *a = (const struct ofp_action_multipath *)h;
    uint32_t hash = xlate_hash(ctx, (enum ofp_hash_fields)a->fields, a->basis);
    unsigned int link = choose_link(a, hash);

    xlate_say(ctx, "     -> link %u", link);
    write_number(ctx, &a->dst, link);
}

static bool is_up(struct xlate_ctx *ctx, uint16_t number)
{
    const struct ofport *port = ofport_by_number(ctx->bridge, number);

    return port && port->up;
}

/* A port that is up; OFP_PORT_NONE when none is. */
static uint16_t choose_port(struct xlate_ctx *ctx, const struct ofp_action_bundle *a)
{
    bool hrw = a->algorithm == OFP_BUNDLE_HRW;
    uint32_t hash = hrw ? xlate_hash(ctx, (enum ofp_hash_fields)a->fields, a->basis) : 0;
    uint16_t best = OFP_PORT_NONE;
    uint32_t best_score = 0;

    for (unsigned int i = 0; i < a->n; i++) {
        uint32_t score = hrw ? mix(hash, i) : 0;

        if (is_up(ctx, a->port[i]) && (best == OFP_PORT_NONE || score > best_score)) {
            best = a->port[i];
            best_score = score;
        }
    }
    return best;
}

static void execute_bundle(struct xlate_ctx *ctx, const struct ofp_action *h)
{
    const struct ofp_action_bundle *a = (const struct ofp_action_bundle *)h;
    uint16_t port = choose_port(ctx, a);

    xlate_say(ctx, "     -> port %u", port);
    if (a->dst.n_bits) {
        write_number(ctx, &a->dst, port);
    } else if (port == OFP_PORT_NONE) {
        xlate_drop(ctx, DP_DROP_NO_OUTPUT);
    } else {
        xlate_output_to(ctx, port);
    }
}

CONSTRUCTOR static void register_hash(void)
{
    static const struct xlate_action_class multipath = {OFP_ACTION_MULTIPATH, execute_multipath};
    static const struct xlate_action_class bundle = {OFP_ACTION_BUNDLE, execute_bundle};

    xlate_action_register(&multipath);
    xlate_action_register(&bundle);
}
