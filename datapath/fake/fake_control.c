/* What tests ask of the fake datapath and order it to do; see fake.h. For unit tests only; one
 * thread. */
#include "datapath/fake/fake_private.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/util.h"

uint32_t fake_port_find(struct dp *dp, const char *name)
{
    struct fake_port *port;

    for (port = fake_cast(dp)->state->ports; port; port = port->hh.next) {
        if (!strcmp(port->info.name, name)) {
            return port->info.port_no;
        }
    }
    return 0;
}

size_t fake_port_count(struct dp *dp)
{
    return HASH_COUNT(fake_cast(dp)->state->ports);
}

const char *fake_port_option(struct dp *dp, uint32_t port_no, const char *key)
{
    const struct fake_port *port = fake_get_port(fake_cast(dp)->state, port_no);

    return port ? fake_get_option(port->options, port->n_options, key) : NULL;
}

void fake_port_set_state(struct dp *dp, uint32_t port_no, bool admin_up, bool link_up,
                         const char *error)
{
    struct fake_dp *fake = fake_cast(dp);
    struct fake_port *port = fake_get_port(fake->state, port_no);

    assert(port);
    port->info.admin_up = admin_up;
    port->info.link_up = link_up;
    snprintf(port->info.error, sizeof port->info.error, "%s", error ? error : "");
    fake->changed_ports = xreallocarray(fake->changed_ports, fake->n_changed_ports + 1,
                                        sizeof *fake->changed_ports);
    fake->changed_ports[fake->n_changed_ports++] = port_no;
    fake_schedule(fake);
}

void fake_port_set_stats(struct dp *dp, uint32_t port_no, const struct dp_port_stats *stats)
{
    struct fake_port *port = fake_get_port(fake_cast(dp)->state, port_no);

    assert(port);
    port->stats = *stats;
}

void fake_port_add_fails(struct dp *dp, const char *name, int code, const char *text)
{
    struct fake_dp *fake = fake_cast(dp);
    struct fake_port_fail *fail = &fake->port_fails[fake->n_port_fails++];

    assert(fake->n_port_fails <= FAKE_FAILS_MAX);
    snprintf(fail->name, sizeof fail->name, "%s", name);
    snprintf(fail->text, sizeof fail->text, "%s", text);
    fail->code = code;
}

void fake_count_drop(struct fake_state *state, const char *reason, uint32_t port_no, uint64_t n)
{
    size_t i;

    for (i = 0; i < state->n_drops; i++) {
        if (!strcmp(state->drops[i].reason, reason) && state->drops[i].port_no == port_no) {
            state->drops[i].packets += n;
            return;
        }
    }
    state->drops = xreallocarray(state->drops, state->n_drops + 1, sizeof *state->drops);
    snprintf(state->drops[i].reason, sizeof state->drops[i].reason, "%s", reason);
    state->drops[i].port_no = port_no;
    state->drops[i].packets = n;
    state->n_drops++;
}

void fake_add_drops(struct dp *dp, const char *reason, uint32_t port_no, uint64_t n)
{
    fake_count_drop(fake_cast(dp)->state, reason, port_no, n);
}

size_t fake_flow_count(struct dp *dp)
{
    return HASH_COUNT(fake_cast(dp)->state->flows);
}

bool fake_flow_get(struct dp *dp, uint32_t flow_no, struct dp_flow *ret)
{
    const struct fake_flow *flow = fake_get_flow(fake_cast(dp)->state, flow_no);

    if (flow) {
        *ret = flow->flow;
    }
    return flow;
}

void fake_flow_set_stats(struct dp *dp, uint32_t flow_no, const struct dp_flow_stats *stats)
{
    struct fake_flow *flow = fake_get_flow(fake_cast(dp)->state, flow_no);

    assert(flow);
    flow->stats = *stats;
}

void fake_op_fails(struct dp *dp, enum dp_op_type type, int code)
{
    fake_cast(dp)->op_fails[type] = code;
}

void fake_set_ring_size(struct dp *dp, size_t n)
{
    fake_cast(dp)->ring_size = n;
}

void fake_hold_completions(struct dp *dp, bool hold)
{
    struct fake_dp *fake = fake_cast(dp);

    fake->hold_completions = hold;
    fake_schedule(fake);
}

const char *fake_config(struct dp *dp, const char *key)
{
    struct fake_dp *fake = fake_cast(dp);

    return fake_get_option(fake->state->config, fake->state->n_config, key);
}
