/* A micro benchmark of the classifier: what a lookup costs among 10,000 rules of N distinct masks,
 * for packets of which one in two has a rule, and what adding and removing a rule costs. One kind
 * of rules has prefixes of both addresses and ports or none (ACLs), the other any bits of a
 * register and of the destination address. Prints the number of tuples, too. Usage:
 * bench_classifier [ROW-SUBSTRING] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ofproto/table/classifier.h"

#define N_RULES 10000
#define N_PACKETS 4096
#define WINDOW_NS 100000000
#define WINDOWS 5

static uint64_t rng_state = 1;

static uint32_t rnd(uint32_t n)
{
    rng_state = rng_state * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)((rng_state >> 33) % n);
}

static uint64_t now_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts); /* The machine may have other work. */
    return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static be32_t prefix(unsigned int n)
{
    return be32_make(n ? UINT32_MAX << (32 - n) : 0);
}

static void fill(struct ofp_flow *flow)
{
    memset(flow, 0, sizeof *flow);
    flow->pkt.in_port = 1;
    flow->pkt.eth_type = be16_make(0x0800);
    flow->pkt.nw_proto = 6;
    flow->pkt.nw_src = be32_make(rnd(UINT32_MAX));
    flow->pkt.nw_dst = be32_make(rnd(UINT32_MAX));
    flow->pkt.tp_src = be16_make((uint16_t)rnd(65536));
    flow->pkt.tp_dst = be16_make((uint16_t)rnd(65536));
    flow->reg[0] = be32_make(rnd(UINT32_MAX));
}

/* The mask with this number, of 10,240. */
static void acl_mask(struct ofp_flow *mask, unsigned int i)
{
    mask->pkt.nw_proto = UINT8_MAX;
    mask->pkt.nw_src = prefix(32 - i % 32);
    mask->pkt.nw_dst = prefix(32 - i / 32 % 32);
    mask->pkt.tp_dst = i / 1024 % 2 ? be16_make(UINT16_MAX) : 0;
    mask->pkt.tp_src = be16_make((uint16_t)(0xffffu << (16 - i / 2048 * 3)));
}

static void any_mask(struct ofp_flow *mask, unsigned int i)
{
    mask->reg[0] = be32_make(i * 2654435761u | 1);
    mask->pkt.nw_dst = be32_make(i * 40503u << 4 | 1);
}

static const struct kind {
    const char *name;
    void (*mask)(struct ofp_flow *, unsigned int i);
} kinds[] = {{"prefixes and ports", acl_mask}, {"any bits", any_mask}};

struct world {
    struct mask_pool masks;
    struct classifier cls;
    struct ofp_rule *rule[N_RULES];
    struct ofp_flow packet[N_PACKETS];
};

static struct ofp_rule *make_rule(struct world *w, const struct kind *kind, unsigned int n_masks,
                                  unsigned int i)
{
    struct ofp_match match;
    struct ofp_rule_config config = {.match = &match, .priority = (uint16_t)(100 + i % 8)};

    ofp_match_init(&match);
    match.mask.pkt.eth_type = UINT16_MAX;
    kind->mask(&match.mask, i % n_masks);
    fill(&match.flow);
    if (i < N_PACKETS / 2) { /* Its packet. */
        w->packet[i * 2] = match.flow;
        fill(&w->packet[i * 2 + 1]);
    }
    for (unsigned int j = 0; j < OFP_FLOW_WORDS; j++) {
        match.flow.u64[j] &= match.mask.u64[j];
    }
    return rule_new(&w->masks, &config);
}

/* Nanoseconds for each. */
static double add_all(struct world *w)
{
    uint64_t start = now_ns();

    for (unsigned int i = 0; i < N_RULES; i++) {
        if (!classifier_find_same(&w->cls, w->rule[i])) {
            classifier_insert(&w->cls, w->rule[i]);
        }
    }
    return (double)(now_ns() - start) / N_RULES;
}

static double remove_all(struct world *w)
{
    uint64_t start = now_ns();

    for (unsigned int i = 0; i < N_RULES; i++) {
        if (w->rule[i]->tuple) {
            classifier_remove(&w->cls, w->rule[i]);
        }
    }
    return (double)(now_ns() - start) / N_RULES;
}

static double look_up(const struct world *w)
{
    double best = 1e12;

    for (unsigned int window = 0; window < WINDOWS; window++) {
        uint64_t start = now_ns(), n = 0;

        do {
            for (unsigned int i = 0; i < 64; i++) {
                struct ofp_flow looked;

                memset(&looked, 0, sizeof looked);
                classifier_lookup(&w->cls, &w->packet[n++ % N_PACKETS], &looked);
            }
        } while (now_ns() - start < WINDOW_NS / WINDOWS);
        best = MIN_OF(best, (double)(now_ns() - start) / (double)n);
    }
    return best;
}

static void measure(const struct kind *kind, unsigned int n_masks)
{
    struct world *w = xcalloc_line(sizeof *w);
    double add, look;
    size_t n_tuples;

    classifier_init(&w->cls);
    for (unsigned int i = 0; i < N_RULES; i++) {
        w->rule[i] = make_rule(w, kind, n_masks, i);
    }
    add = add_all(w);
    n_tuples = w->cls.n_tuples;
    look = look_up(w);
    printf("%-20s %6u masks %5zu tuples %8.0f ns a lookup %8.0f an addition %8.0f a removal\n",
           kind->name, n_masks, n_tuples, look, add, remove_all(w));
    for (unsigned int i = 0; i < N_RULES; i++) {
        rule_unref(&w->masks, w->rule[i]);
    }
    classifier_destroy(&w->cls);
    mask_pool_free(&w->masks);
    free(w);
}

int main(int argc, char **argv)
{
    for (unsigned int k = 0; k < ARRAY_SIZE(kinds); k++) {
        if (argc < 2 || strstr(kinds[k].name, argv[1])) {
            for (unsigned int n = 1; n <= N_RULES; n *= 10) {
                measure(&kinds[k], n);
            }
        }
    }
    return 0;
}
