/* The fake datapath's provider half: ports, flows, settings, loss and attaching, and the queues
 * that are delivered from the event base. fake_packet.c has what happens to packets,
 * fake_control.c what tests order. For unit tests
 * only; one thread. */
#include "datapath/fake/fake_private.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/util.h"

#define DEFAULT_RING_SIZE 4096
#define DEFAULT_FLOW_LIMIT 200000
#define UPCALL_BATCH 32

static const struct dp_provider fake_provider;
static struct fake_state *states;
static bool auto_attach = true;
static unsigned int n_scheduled; /* Over all fakes: what fake_run() waits for. */
static uint64_t last_boot_id;

static const char *const known_settings[] = {"n-workers",     "worker-cores", "flow-limit",
                                             "mask-limit",    "upcall-rate",  "pending-limit",
                                             "ports-complete"};

struct fake_dp *fake_cast(struct dp *dp)
{
    assert(dp->provider == &fake_provider);
    return CONTAINER_OF(dp, struct fake_dp, dp);
}

void fake_schedule(struct fake_dp *fake)
{
    if (!fake->scheduled) {
        static const struct timeval at_once = {0, 0};

        fake->scheduled = true;
        n_scheduled++;
        event_add(fake->deliver, &at_once);
    }
}

void fake_run(struct event_base *base)
{
    int turns = 0;

    do {
        event_base_loop(base, EVLOOP_NONBLOCK);
    } while (n_scheduled && ++turns < 10000);
}

/* --- State. --- */

static struct fake_state *state_get(const char *name)
{
    struct fake_state *state;

    for (state = states; *name && state; state = state->next) {
        if (!strcmp(state->name, name)) {
            state->n_users++;
            return state;
        }
    }
    state = xcalloc(1, sizeof *state);
    state->name = xstrdup(name);
    state->boot_id = ++last_boot_id;
    state->n_users = 1;
    if (*name) {
        state->next = states;
        states = state;
    }
    return state;
}

static void free_options(struct dp_option *options, size_t *n)
{
    for (size_t i = 0; i < *n; i++) {
        free(options[i].key);
        free(options[i].value);
    }
    *n = 0;
}

static void free_port(struct fake_state *state, struct fake_port *port)
{
    HASH_DEL(state->ports, port);
    free_options(port->options, &port->n_options);
    free(port);
}

static void free_flow(struct fake_state *state, struct fake_flow *flow)
{
    HASH_DEL(state->flows, flow);
    free((void *)flow->flow.actions);
    free(flow);
}

static void state_clear(struct fake_state *state)
{
    while (state->ports) {
        free_port(state, state->ports);
    }
    while (state->flows) {
        free_flow(state, state->flows);
    }
    fake_pending_free_all(state);
    fake_meters_free_all(state);
    fake_outputs_free(state);
    free_options(state->config, &state->n_config);
    free(state->drops);
    state->drops = NULL;
    state->n_drops = 0;
}

static void state_free(struct fake_state *state)
{
    state_clear(state);
    free(state->name);
    free(state);
}

void fake_destroy(const char *name)
{
    for (struct fake_state **p = &states; *p; p = &(*p)->next) {
        if (!strcmp((*p)->name, name)) {
            struct fake_state *state = *p;

            assert(!state->n_users);
            *p = state->next;
            state_free(state);
            return;
        }
    }
}

/* --- Delivery. --- */

static void deliver_upcalls(struct fake_dp *fake)
{
    struct fake_upcall_entry *entries[UPCALL_BATCH];
    struct dp_upcall upcalls[UPCALL_BATCH];
    size_t n = 0;

    while (n < UPCALL_BATCH && !STAILQ_EMPTY(&fake->upcalls)) {
        entries[n] = STAILQ_FIRST(&fake->upcalls);
        STAILQ_REMOVE_HEAD(&fake->upcalls, next);
        upcalls[n] = entries[n]->upcall;
        n++;
    }
    if (n && fake->callbacks->upcalls) {
        fake->callbacks->upcalls(upcalls, n, fake->aux);
    }
    for (size_t i = 0; i < n; i++) {
        free(entries[i]);
    }
    if (!STAILQ_EMPTY(&fake->upcalls)) {
        fake_schedule(fake);
    }
}

static void deliver_completions(struct fake_dp *fake)
{
    struct dp_completion *completions;
    size_t n = 0;

    if (fake->hold_completions || !fake->n_completions) {
        return;
    }
    completions = xcalloc(fake->n_completions, sizeof *completions);
    while (!STAILQ_EMPTY(&fake->completions)) {
        struct fake_completion_entry *entry = STAILQ_FIRST(&fake->completions);

        STAILQ_REMOVE_HEAD(&fake->completions, next);
        completions[n++] = entry->completion;
        free(entry);
    }
    fake->n_completions = 0;
    if (fake->callbacks->completions) {
        fake->callbacks->completions(completions, n, fake->aux);
    }
    free(completions);
}

static void deliver(evutil_socket_t fd UNUSED, short what UNUSED, void *fake_)
{
    struct fake_dp *fake = fake_;
    uint32_t *changed = fake->changed_ports;
    size_t n_changed = fake->n_changed_ports;

    fake->scheduled = false;
    n_scheduled--;
    fake->changed_ports = NULL;
    fake->n_changed_ports = 0;
    if (fake->tell_lost) {
        fake->tell_lost = false;
        if (fake->callbacks->lost) {
            fake->callbacks->lost(fake->lost_reason, fake->aux);
        }
    }
    if (fake->tell_attached) {
        fake->tell_attached = false;
        fake->attached = true;
        fake_meters_age(fake->state);
        if (fake->callbacks->attached) {
            fake->callbacks->attached(!fake->state->ports && !fake->state->flows, fake->aux);
        }
    }
    for (size_t i = 0; i < n_changed && fake->attached; i++) {
        if (fake->callbacks->port_changed) {
            fake->callbacks->port_changed(changed[i], fake->aux);
        }
    }
    free(changed);
    deliver_completions(fake);
    deliver_upcalls(fake);
}

static void drop_queues(struct fake_dp *fake)
{
    while (!STAILQ_EMPTY(&fake->upcalls)) {
        struct fake_upcall_entry *entry = STAILQ_FIRST(&fake->upcalls);

        STAILQ_REMOVE_HEAD(&fake->upcalls, next);
        free(entry);
    }
    while (!STAILQ_EMPTY(&fake->completions)) {
        struct fake_completion_entry *entry = STAILQ_FIRST(&fake->completions);

        STAILQ_REMOVE_HEAD(&fake->completions, next);
        free(entry);
    }
    fake->n_completions = 0;
    free(fake->changed_ports);
    fake->changed_ports = NULL;
    fake->n_changed_ports = 0;
    fake_pending_free_all(fake->state);
}

void fake_lose(struct dp *dp, const char *reason)
{
    struct fake_dp *fake = fake_cast(dp);

    drop_queues(fake);
    fake->tell_attached = false;
    if (fake->attached) {
        fake->attached = false;
        fake->tell_lost = true;
        snprintf(fake->lost_reason, sizeof fake->lost_reason, "%s", reason);
        fake_schedule(fake);
    }
}

void fake_attach(struct dp *dp)
{
    struct fake_dp *fake = fake_cast(dp);

    if (!fake->attached) {
        fake->tell_attached = true;
        fake_schedule(fake);
    }
}

void fake_restart(struct dp *dp)
{
    struct fake_dp *fake = fake_cast(dp);

    assert(!fake->attached);
    state_clear(fake->state);
    fake->state->boot_id = ++last_boot_id;
}

void fake_auto_attach(bool on)
{
    auto_attach = on;
}

/* --- The provider's hooks. --- */

static int fake_open(const char *name, struct event_base *base,
                     const struct dp_callbacks *callbacks, void *aux, struct dp **ret,
                     struct error *err)
{
    struct fake_dp *fake = xcalloc(1, sizeof *fake);

    fake->dp.provider = &fake_provider;
    fake->state = state_get(name);
    if (fake->state->n_users > 1) {
        fake->state->n_users--;
        free(fake);
        return error_set(err, EBUSY, "datapath 'fake:%s': somebody else is attached", name);
    }
    fake->callbacks = callbacks;
    fake->aux = aux;
    fake->deliver = event_new(base, -1, 0, deliver, fake);
    fake->ring_size = DEFAULT_RING_SIZE;
    STAILQ_INIT(&fake->upcalls);
    STAILQ_INIT(&fake->completions);
    *ret = &fake->dp;
    if (auto_attach) {
        fake_attach(&fake->dp);
    }
    return 0;
}

static void fake_close(struct dp *dp)
{
    struct fake_dp *fake = fake_cast(dp);

    drop_queues(fake);
    n_scheduled -= fake->scheduled;
    event_free(fake->deliver);
    fake->state->n_users--;
    if (fake->state->listener == fake) {
        fake->state->listener = NULL;
    }
    if (!*fake->state->name) {
        state_free(fake->state);
    }
    free(fake);
}

static void set_option(struct dp_option *options, size_t *n, size_t max, const char *key,
                       const char *value)
{
    for (size_t i = 0; i < *n; i++) {
        if (!strcmp(options[i].key, key)) {
            free(options[i].value);
            options[i].value = xstrdup(value);
            return;
        }
    }
    assert(*n < max);
    options[*n].key = xstrdup(key);
    options[(*n)++].value = xstrdup(value);
}

const char *fake_get_option(const struct dp_option *options, size_t n, const char *key)
{
    for (size_t i = 0; i < n; i++) {
        if (!strcmp(options[i].key, key)) {
            return options[i].value;
        }
    }
    return NULL;
}

static int fake_set_config(struct dp *dp, const struct dp_option *options, size_t n,
                           struct error *err)
{
    struct fake_dp *fake = fake_cast(dp);

    if (!fake->attached) {
        return error_set(err, ENOTCONN, "the datapath is not attached");
    }
    for (size_t i = 0; i < n; i++) {
        bool known = false;

        for (size_t j = 0; j < ARRAY_SIZE(known_settings); j++) {
            known = known || !strcmp(options[i].key, known_settings[j]);
        }
        if (!known) {
            return error_set(err, EINVAL, "datapath: there is no setting '%s'", options[i].key);
        }
    }
    for (size_t i = 0; i < n; i++) {
        set_option(fake->state->config, &fake->state->n_config, FAKE_CONFIG_MAX, options[i].key,
                   options[i].value);
    }
    return 0;
}

static uint32_t flow_limit(const struct fake_state *state)
{
    const char *value = fake_get_option(state->config, state->n_config, "flow-limit");
    uint64_t limit;

    return value && parse_u64(value, DP_MAX_FLOWS, &limit) ? (uint32_t)limit : DEFAULT_FLOW_LIMIT;
}

static int fake_get_info(struct dp *dp, struct dp_info *ret)
{
    struct fake_dp *fake = fake_cast(dp);

    if (!fake->attached) {
        return -ENOTCONN;
    }
    memset(ret, 0, sizeof *ret);
    snprintf(ret->version, sizeof ret->version, "%s", SLUICE_VERSION);
    ret->n_workers = 1;
    ret->max_flows = flow_limit(fake->state);
    ret->boot_id = fake->state->boot_id;
    return 0;
}

static int apply_config(struct fake_port *port, const struct dp_port_config *config)
{
    static const uint8_t no_mac[6];

    if (memcmp(config->mac, no_mac, 6)) {
        memcpy(port->info.mac, config->mac, 6);
    }
    if (config->mtu) {
        port->info.mtu = config->mtu;
    }
    free_options(port->options, &port->n_options);
    for (size_t i = 0; i < config->n_options; i++) {
        set_option(port->options, &port->n_options, DP_MAX_PORT_OPTIONS, config->options[i].key,
                   config->options[i].value);
    }
    return 0;
}

/* A failure that the test has ordered for this port, used up; 0 when there is none. */
static int ordered_failure(struct fake_dp *fake, const char *name, struct error *err)
{
    for (size_t i = 0; i < fake->n_port_fails; i++) {
        struct fake_port_fail fail = fake->port_fails[i];

        if (!strcmp(fail.name, name)) {
            fake->port_fails[i] = fake->port_fails[--fake->n_port_fails];
            return error_set(err, fail.code, "%s", fail.text);
        }
    }
    return 0;
}

struct fake_port *fake_get_port(struct fake_state *state, uint32_t port_no)
{
    struct fake_port *port;

    HASH_FIND(hh, state->ports, &port_no, sizeof port_no, port);
    return port;
}

static int check_new_port(struct fake_dp *fake, const struct dp_port_config *config,
                          uint32_t port_no, struct error *err)
{
    static const char *const types[] = {"tap", "internal", "system", "dpdk"};
    bool known = false;
    int error = ordered_failure(fake, config->name, err);

    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        known = known || !strcmp(config->type, types[i]);
    }
    if (error) {
        return error;
    }
    if (!known) {
        return error_set(err, EINVAL, "port '%s': there is no type '%s'", config->name,
                         config->type);
    }
    if (fake_port_find(&fake->dp, config->name)) {
        return error_set(err, EEXIST, "port '%s': is there already", config->name);
    }
    if (fake_get_port(fake->state, port_no)) {
        return error_set(err, EEXIST, "port '%s': number %u is taken", config->name, port_no);
    }
    return 0;
}

static int fake_port_add(struct dp *dp, const struct dp_port_config *config, uint32_t port_no,
                         uint32_t *ret_port_no, struct error *err)
{
    struct fake_dp *fake = fake_cast(dp);
    struct fake_port *port;
    int error;

    if (!fake->attached) {
        return error_set(err, ENOTCONN, "the datapath is not attached");
    }
    error = check_new_port(fake, config, port_no, err);
    if (error) {
        return error;
    }
    for (uint32_t i = 1; !port_no && i < DP_MAX_PORTS; i++) {
        port_no = fake_get_port(fake->state, i) ? 0 : i;
    }
    if (!port_no) {
        return error_set(err, ENOSPC, "port '%s': all %d port numbers are taken", config->name,
                         DP_MAX_PORTS - 1);
    }
    port = xcalloc(1, sizeof *port);
    port->info.port_no = port_no;
    snprintf(port->info.name, sizeof port->info.name, "%s", config->name);
    snprintf(port->info.type, sizeof port->info.type, "%s",
             strcmp(config->type, "internal") ? config->type : "tap");
    snprintf(port->info.driver, sizeof port->info.driver, "fake");
    port->info.mac[0] = 0x02;
    port->info.mac[4] = (uint8_t)(port_no >> 8);
    port->info.mac[5] = (uint8_t)port_no;
    port->info.mtu = 1500;
    port->info.admin_up = port->info.link_up = true;
    port->info.ifindex = (int)port_no + 1000;
    apply_config(port, config);
    HASH_ADD(hh, fake->state->ports, info.port_no, sizeof port->info.port_no, port);
    *ret_port_no = port_no;
    return 0;
}

static int fake_port_del(struct dp *dp, uint32_t port_no, struct error *err)
{
    struct fake_dp *fake = fake_cast(dp);
    struct fake_port *port;

    if (!fake->attached) {
        return error_set(err, ENOTCONN, "the datapath is not attached");
    }
    port = fake_get_port(fake->state, port_no);
    if (!port) {
        return error_set(err, ENOENT, "port %u: there is none", port_no);
    }
    free_port(fake->state, port);
    return 0;
}

static int fake_port_set(struct dp *dp, uint32_t port_no, const struct dp_port_config *config,
                         struct error *err)
{
    struct fake_dp *fake = fake_cast(dp);
    struct fake_port *port;

    if (!fake->attached) {
        return error_set(err, ENOTCONN, "the datapath is not attached");
    }
    port = fake_get_port(fake->state, port_no);
    if (!port) {
        return error_set(err, ENOENT, "port %u: there is none", port_no);
    }
    return apply_config(port, config);
}

static int fake_port_list(struct dp *dp, struct dp_port_info **ret, size_t *ret_n,
                          struct error *err)
{
    struct fake_dp *fake = fake_cast(dp);
    struct fake_port *port;
    size_t n = 0;

    if (!fake->attached) {
        return error_set(err, ENOTCONN, "the datapath is not attached");
    }
    *ret = NULL;
    if (fake->state->ports) {
        *ret = xcalloc(HASH_COUNT(fake->state->ports), sizeof **ret);
        for (port = fake->state->ports; port; port = port->hh.next) {
            (*ret)[n++] = port->info;
        }
    }
    *ret_n = n;
    return 0;
}

static int fake_flow_list(struct dp *dp, void (*cb)(const struct dp_flow *, void *aux), void *aux,
                          struct error *err)
{
    struct fake_dp *fake = fake_cast(dp);
    struct fake_flow *flow;

    if (!fake->attached) {
        return error_set(err, ENOTCONN, "the datapath is not attached");
    }
    for (flow = fake->state->flows; flow; flow = flow->hh.next) {
        cb(&flow->flow, aux);
    }
    return 0;
}

struct fake_flow *fake_get_flow(struct fake_state *state, uint32_t flow_no)
{
    struct fake_flow *flow;

    HASH_FIND(hh, state->flows, &flow_no, sizeof flow_no, flow);
    return flow;
}

static int flow_put(struct fake_state *state, const struct dp_op *op)
{
    struct fake_flow *flow;
    struct flow_key masked;
    struct error err;

    if (op->flow_no >= DP_MAX_FLOWS || dp_actions_validate(op->actions, op->actions_len, &err)) {
        return -EINVAL;
    }
    flow_key_mask(&masked, op->key, op->mask);
    flow = fake_get_flow(state, op->flow_no);
    if (flow && (!flow_key_equal(&flow->flow.key, &masked) ||
                 !flow_mask_equal(&flow->flow.mask, op->mask))) {
        return -EEXIST;
    }
    if (!flow) {
        if (HASH_COUNT(state->flows) >= flow_limit(state)) {
            return -ENOSPC;
        }
        flow = aligned_alloc(64, ROUND_UP(sizeof *flow, 64));
        memset(flow, 0, sizeof *flow);
        flow->flow.flow_no = op->flow_no;
        flow->flow.key = masked;
        flow->flow.mask = *op->mask;
        HASH_ADD(hh, state->flows, flow.flow_no, sizeof flow->flow.flow_no, flow);
    }
    free((void *)flow->flow.actions);
    flow->flow.actions = op->actions_len ? xmemdup(op->actions, op->actions_len) : NULL;
    flow->flow.actions_len = op->actions_len;
    if (op->pending) {
        fake_release(state, op->pending, op->actions, op->actions_len);
    }
    return 0;
}

static int flow_del(struct fake_state *state, uint32_t flow_no, struct dp_flow_stats *ret)
{
    struct fake_flow *flow = fake_get_flow(state, flow_no);

    if (!flow) {
        return -ENOENT;
    }
    *ret = flow->stats;
    free_flow(state, flow);
    return 0;
}

static int execute(struct fake_state *state, const struct dp_op *op)
{
    struct error err;

    if (dp_actions_validate(op->actions, op->actions_len, &err)) {
        return -EINVAL;
    }
    if (op->pending) {
        return fake_release(state, op->pending, op->actions, op->actions_len);
    }
    fake_execute(state, op->actions, op->actions_len, op->in_port, op->packet, op->packet_len);
    return 0;
}

static int carry_out(struct fake_dp *fake, const struct dp_op *op, struct dp_flow_stats *ret)
{
    int error = -fake->op_fails[op->type];

    fake->op_fails[op->type] = 0;
    if (error) {
        return error;
    }
    switch (op->type) {
    case DP_OP_FLOW_PUT: return flow_put(fake->state, op);
    case DP_OP_FLOW_DEL: return flow_del(fake->state, op->flow_no, ret);
    case DP_OP_EXECUTE: return execute(fake->state, op);
    case DP_OP_METER_PUT: return fake_meter_put(fake->state, op);
    case DP_OP_METER_DEL: return fake_meter_del(fake->state, op->meter_no);
    case DP_OP_BARRIER: return 0;
    }
    return -EINVAL;
}

static int fake_submit(struct dp *dp, const struct dp_op *ops, size_t n)
{
    struct fake_dp *fake = fake_cast(dp);
    size_t i;

    if (!fake->attached) {
        return -ENOTCONN;
    }
    fake->state->listener = fake;
    for (i = 0; i < n && fake->n_completions < fake->ring_size; i++) {
        struct fake_completion_entry *entry = xcalloc(1, sizeof *entry);

        entry->completion.cookie = ops[i].cookie;
        entry->completion.type = ops[i].type;
        entry->completion.flow_no = ops[i].flow_no;
        entry->completion.error = carry_out(fake, &ops[i], &entry->completion.stats);
        STAILQ_INSERT_TAIL(&fake->completions, entry, next);
        fake->n_completions++;
        fake_schedule(fake);
    }
    return (int)i;
}

static int fake_flow_stats(struct dp *dp, uint32_t flow_no, struct dp_flow_stats *ret)
{
    struct fake_dp *fake = fake_cast(dp);
    const struct fake_flow *flow = fake->attached ? fake_get_flow(fake->state, flow_no) : NULL;

    if (!flow) {
        return fake->attached ? -ENOENT : -ENOTCONN;
    }
    *ret = flow->stats;
    return 0;
}

static int fake_port_stats(struct dp *dp, uint32_t port_no, struct dp_port_stats *ret)
{
    struct fake_dp *fake = fake_cast(dp);
    const struct fake_port *port = fake->attached ? fake_get_port(fake->state, port_no) : NULL;

    if (!port) {
        return fake->attached ? -ENOENT : -ENOTCONN;
    }
    *ret = port->stats;
    return 0;
}

static int fake_drops(struct dp *dp, struct dp_drop **ret, size_t *ret_n)
{
    struct fake_dp *fake = fake_cast(dp);
    const struct fake_state *state = fake->state;

    if (!fake->attached) {
        return -ENOTCONN;
    }
    *ret = state->n_drops ? xcalloc(state->n_drops, sizeof **ret) : NULL;
    for (size_t i = 0; i < state->n_drops; i++) {
        (*ret)[i] = (struct dp_drop){state->drops[i].reason, state->drops[i].port_no,
                                     state->drops[i].packets};
    }
    *ret_n = state->n_drops;
    return 0;
}

static int fake_meter_stats(struct dp *dp, uint32_t meter_no, struct dp_meter_stats *ret)
{
    struct fake_dp *fake = fake_cast(dp);
    const struct fake_meter *meter = fake->attached ? fake_get_meter(fake->state, meter_no) : NULL;

    if (!fake->attached) {
        return -ENOTCONN;
    }
    memset(ret, 0, sizeof *ret);
    if (meter) {
        *ret = meter->stats;
    }
    return 0;
}

static const struct dp_provider fake_provider = {
    .name = "fake",
    .open = fake_open,
    .close = fake_close,
    .set_config = fake_set_config,
    .get_info = fake_get_info,
    .port_add = fake_port_add,
    .port_del = fake_port_del,
    .port_set = fake_port_set,
    .port_list = fake_port_list,
    .flow_list = fake_flow_list,
    .submit = fake_submit,
    .flow_stats = fake_flow_stats,
    .port_stats = fake_port_stats,
    .drops = fake_drops,
    .meter_stats = fake_meter_stats,
};

CONSTRUCTOR static void register_fake(void)
{
    dp_provider_register(&fake_provider);
}
