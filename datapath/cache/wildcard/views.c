/* Which masks the megaflows of a view are filed under, and the views of them that workers read.
 * Control thread. */
#include "datapath/cache/wildcard/private.h"

#include <stdlib.h>

#include "lib/strbuf.h"

static struct wildcard_port *port_get(struct wildcard *w, uint16_t view_no)
{
    struct wildcard_port **port = &w->table->ports[view_no];

    if (!*port) {
        *port = xcalloc(1, sizeof **port);
        (*port)->all_id = ++w->table->last_id;
    }
    return *port;
}

static unsigned int count_bits(const struct flow_mask *mask)
{
    unsigned int n = 0;

    for (unsigned int w = 0; w < FLOW_N_WORDS; w++) {
        if (mask->lines & (1u << (w / FLOW_LINE_WORDS))) {
            n += (unsigned int)__builtin_popcountll(mask->bits.u64[w]);
        }
    }
    return n;
}

/* Masks of last resort, coarse to fine: what a connection has in common; the same with IPv6 and
 * ARP; everything. */
static void reserved_mask(struct flow_mask *mask, unsigned int i, bool recirculated)
{
    uint32_t dp_hash = recirculated ? UINT32_MAX : 0;

    flow_mask_exact(mask, i == 0 ? 1u << FLOW_LINE_BASE : (1u << FLOW_N_LINES) - 1);
    if (i < 2) {
        mask->bits.tcp_flags = 0;
        mask->bits.nw_ttl = 0;
        mask->bits.ct_state = 0;
        mask->bits.u64[6] = 0;
        mask->bits.u64[7] = 0;
        mask->bits.dp_hash = dp_hash;
        flow_mask_seal(mask);
    }
}

static bool is_mask_id(const struct wildcard_table *t, uint32_t id)
{
    for (uint32_t p = 0; p < WILDCARD_N_VIEWS; p++) {
        const struct wildcard_port *port = t->ports[p];

        for (unsigned int i = 0; port && i < port->n_masks; i++) {
            if (port->masks[i]->selector.id == id) {
                return true;
            }
        }
    }
    return false;
}

/* An id that no mask has. That of a mask which is gone comes again when 32 bits have been counted
 * through, long after the last worker saw it; instances under it went before. */
static uint32_t next_mask_id(struct wildcard_table *t)
{
    do {
        t->last_mask_id++;
    } while (!t->last_mask_id || is_mask_id(t, t->last_mask_id));
    return t->last_mask_id;
}

static struct wildcard_mask *mask_add(struct wildcard *w, uint16_t view_no,
                                      const struct flow_mask *mask)
{
    struct wildcard_mask *m = aligned_alloc(64, ROUND_UP(sizeof *m, 64));
    struct wildcard_port *port = w->table->ports[view_no];

    if (!m) {
        abort();
    }
    memset(m, 0, sizeof *m);
    flow_mask_init(&m->mask);
    flow_mask_or(&m->mask, mask);
    selector_compile(&m->selector, mask, view_no >= DP_MAX_PORTS, next_mask_id(w->table));
    m->idle_since_ms = time_now_ms();
    port->masks[port->n_masks++] = m;
    port->changed = true;
    return m;
}

static void mask_remove(struct wildcard *w, struct wildcard_port *port, unsigned int i)
{
    struct wildcard_mask *m = port->masks[i];

    port->masks[i] = port->masks[--port->n_masks];
    port->changed = true;
    w->table->defer(free, m);
}

/* The existing mask that has all bits of 'mask' and the fewest others. */
static struct wildcard_mask *closest(const struct wildcard_port *port, const struct flow_mask *mask)
{
    struct wildcard_mask *best = NULL;
    unsigned int best_bits = 0;

    for (unsigned int i = 0; i < port->n_masks; i++) {
        struct wildcard_mask *m = port->masks[i];

        if (flow_mask_is_subset(mask, &m->mask) && (!best || count_bits(&m->mask) < best_bits)) {
            best = m;
            best_bits = count_bits(&m->mask);
        }
    }
    return best;
}

static bool drop_idle(struct wildcard *w, struct wildcard_port *port)
{
    for (unsigned int i = 0; i < port->n_masks; i++) {
        if (!port->masks[i]->n_instances) {
            mask_remove(w, port, i);
            return true;
        }
    }
    return false;
}

struct wildcard_mask *wildcard_mask_for(struct wildcard *w, uint16_t view_no,
                                        const struct flow_mask *mask)
{
    struct wildcard_port *port = port_get(w, view_no);
    unsigned int room = w->table->mask_limit - WILDCARD_RESERVED;
    struct flow_mask want;
    struct wildcard_mask *m;

    flow_mask_init(&want);
    flow_mask_or(&want, mask);
    FLOW_MASK_FIELD(&want, in_port);
    FLOW_MASK_FIELD(&want, recirc_id);
    flow_mask_seal(&want);

    for (unsigned int i = 0; i < port->n_masks; i++) {
        if (flow_mask_equal(&port->masks[i]->mask, &want)) {
            return port->masks[i];
        }
    }
    if (port->n_masks < room || (port->n_masks == room && drop_idle(w, port))) {
        return mask_add(w, view_no, &want);
    }
    m = closest(port, &want);
    for (unsigned int i = 0; !m && i < WILDCARD_RESERVED; i++) {
        struct flow_mask reserved;

        /* Each is made at most once: had it been there, it would have been the closest. */
        reserved_mask(&reserved, i, view_no >= DP_MAX_PORTS);
        if (flow_mask_is_subset(&want, &reserved)) {
            m = mask_add(w, view_no, &reserved);
        }
    }
    return m;
}

void wildcard_mask_count(struct wildcard *w, uint16_t view_no, struct wildcard_mask *m,
                         const struct wildcard_actions *actions, int n)
{
    struct wildcard_port *port = w->table->ports[view_no];

    m->n_instances += (uint32_t)n;
    if (!m->n_instances) {
        m->idle_since_ms = time_now_ms();
    }
    if (actions->needs_l3) {
        port->changed |= n > 0 ? !port->n_needs_l3 : port->n_needs_l3 == 1;
        port->n_needs_l3 += (uint32_t)n;
    }
}

static enum parse_depth depth_of(const struct flow_mask *all, bool needs_l3)
{
    bool deep = needs_l3 || all->lines & (1u << FLOW_LINE_L3X) || all->bits.u64[4] ||
                all->bits.u64[5] || all->bits.tcp_flags || all->bits.ipv6_exthdr;

    return deep ? PARSE_ALL : PARSE_L2;
}

void wildcard_publish(struct wildcard *w, uint16_t view_no)
{
    struct wildcard_port *port = w->table->ports[view_no];
    struct wildcard_view *old = w->views[view_no], *view = NULL;
    struct flow_mask all;

    if (!port || !port->changed) {
        return;
    }
    port->changed = false;
    flow_mask_init(&all);
    for (unsigned int i = 0; i < port->n_masks; i++) {
        flow_mask_or(&all, &port->masks[i]->mask);
    }
    if (!flow_mask_equal(&all, &port->all)) {
        port->all = all;
        port->all_id = ++w->table->last_id;
    }
    if (port->n_masks) {
        view = xcalloc(1, sizeof *view + port->n_masks * sizeof view->selectors[0]);
        selector_compile(&view->all, &all, view_no >= DP_MAX_PORTS, port->all_id);
        view->depth = depth_of(&all, port->n_needs_l3);
        view->parse = view->all.n || port->n_needs_l3;
        view->n = port->n_masks;
        for (unsigned int i = 0; i < port->n_masks; i++) {
            view->selectors[i] = &port->masks[i]->selector;
        }
    }
    __atomic_store_n(&w->views[view_no], view, __ATOMIC_RELEASE);
    if (old) {
        w->table->defer(free, old);
    }
}

void wildcard_tidy(struct wildcard *w, uint64_t now_ms)
{
    for (uint32_t p = 0; p < WILDCARD_N_VIEWS; p++) {
        struct wildcard_port *port = w->table->ports[p];

        if (!port) {
            continue;
        }
        for (unsigned int i = port->n_masks; i-- > 0;) {
            if (!port->masks[i]->n_instances &&
                now_ms >= port->masks[i]->idle_since_ms + WILDCARD_IDLE_MASK_MS) {
                mask_remove(w, port, i);
            }
        }
        wildcard_publish(w, (uint16_t)p);
        if (!port->n_masks) {
            w->table->ports[p] = NULL;
            free(port);
        }
    }
}

void wildcard_views_free(struct wildcard *w)
{
    for (uint32_t p = 0; p < WILDCARD_N_VIEWS; p++) {
        struct wildcard_port *port = w->table->ports[p];

        free(w->views[p]);
        for (unsigned int i = 0; port && i < port->n_masks; i++) {
            free(port->masks[i]);
        }
        free(port);
    }
}

void wildcard_show(const struct wildcard *w, struct strbuf *s)
{
    const struct wildcard_table *t = w->table;

    strbuf_printf(s, "wildcard cache: %zu flows, %zu instances of %u, at most %u masks per port\n",
                  t->n_flows, t->n_instances, t->flow_limit, t->mask_limit);
    for (uint32_t p = 0; p < WILDCARD_N_VIEWS; p++) {
        const struct wildcard_port *port = t->ports[p];

        if (!port) {
            continue;
        }
        strbuf_printf(s, "  port %u%s: %u masks, %u words in all\n", p % DP_MAX_PORTS,
                      p < DP_MAX_PORTS ? "" : ", recirculated", port->n_masks,
                      w->views[p] ? w->views[p]->all.n : 0);
        for (unsigned int i = 0; i < port->n_masks; i++) {
            strbuf_printf(s, "    mask of %u bits in %u words: %u instances\n",
                          count_bits(&port->masks[i]->mask), port->masks[i]->selector.n,
                          port->masks[i]->n_instances);
        }
    }
}
