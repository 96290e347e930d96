/* The datapath interface: finds the provider that a target names, and checks arguments that are
 * wrong for every provider, so that providers see only sane ones. Called by ofproto and vswitchd on
 * the thread of the event base; no state but the list of providers, which is built before main().
 */
#include "datapath/dp.h"

#include <errno.h>
#include <string.h>

#define MAX_PROVIDERS 8

static const struct dp_provider *providers[MAX_PROVIDERS];
static size_t n_providers;

void dp_provider_register(const struct dp_provider *provider)
{
    if (n_providers < MAX_PROVIDERS) {
        providers[n_providers++] = provider;
    }
}

static const struct dp_provider *find_provider(const char *target, size_t name_len)
{
    for (size_t i = 0; i < n_providers; i++) {
        if (strlen(providers[i]->name) == name_len &&
            !memcmp(providers[i]->name, target, name_len)) {
            return providers[i];
        }
    }
    return NULL;
}

int dp_open(const char *target, struct event_base *base, const struct dp_callbacks *callbacks,
            void *aux, struct dp **ret, struct error *err)
{
    const char *colon = strchr(target, ':');
    const struct dp_provider *provider;

    if (!colon) {
        return error_set(err, EINVAL, "datapath '%s': is not of the form PROVIDER:ADDRESS", target);
    }
    provider = find_provider(target, (size_t)(colon - target));
    if (!provider) {
        return error_set(err, EAFNOSUPPORT, "datapath '%s': there is no provider '%.*s'", target,
                         (int)(colon - target), target);
    }
    return provider->open(colon + 1, base, callbacks, aux, ret, err);
}

void dp_close(struct dp *dp)
{
    if (dp) {
        dp->provider->close(dp);
    }
}

int dp_set_config(struct dp *dp, const struct dp_option *options, size_t n, struct error *err)
{
    if (n > DP_MAX_PORT_OPTIONS) {
        return error_set(err, E2BIG, "datapath: %zu settings at once; at most %d are allowed", n,
                         DP_MAX_PORT_OPTIONS);
    }
    return dp->provider->set_config(dp, options, n, err);
}

int dp_get_info(struct dp *dp, struct dp_info *ret)
{
    return dp->provider->get_info(dp, ret);
}

static int check_port_no(uint32_t port_no, bool zero_is_fine, struct error *err)
{
    if (port_no >= DP_MAX_PORTS || (!port_no && !zero_is_fine)) {
        return error_set(err, EINVAL, "port number %u is not within 1...%d", port_no,
                         DP_MAX_PORTS - 1);
    }
    return 0;
}

static int check_config(const struct dp_port_config *config, struct error *err)
{
    size_t name_len = strlen(config->name);

    if (!name_len) {
        return error_set(err, EINVAL, "port: its name is empty");
    }
    if (name_len >= DP_NAME_MAX) {
        return error_set(err, ENAMETOOLONG, "port '%s': its name is longer than %d characters",
                         config->name, DP_NAME_MAX - 1);
    }
    if (strlen(config->type) >= DP_NAME_MAX) {
        return error_set(err, EINVAL, "port '%s': type '%.80s' does not exist", config->name,
                         config->type);
    }
    if (config->n_options > DP_MAX_PORT_OPTIONS) {
        return error_set(err, E2BIG, "port '%s': %zu options; at most %d are allowed", config->name,
                         config->n_options, DP_MAX_PORT_OPTIONS);
    }
    return 0;
}

int dp_port_add(struct dp *dp, const struct dp_port_config *config, uint32_t port_no,
                uint32_t *ret_port_no, struct error *err)
{
    int error = check_config(config, err);

    error = error ? error : check_port_no(port_no, true, err);
    return error ? error : dp->provider->port_add(dp, config, port_no, ret_port_no, err);
}

int dp_port_del(struct dp *dp, uint32_t port_no, struct error *err)
{
    int error = check_port_no(port_no, false, err);

    return error ? error : dp->provider->port_del(dp, port_no, err);
}

int dp_port_set(struct dp *dp, uint32_t port_no, const struct dp_port_config *config,
                struct error *err)
{
    int error = check_config(config, err);

    error = error ? error : check_port_no(port_no, false, err);
    return error ? error : dp->provider->port_set(dp, port_no, config, err);
}

int dp_port_list(struct dp *dp, struct dp_port_info **ret, size_t *ret_n, struct error *err)
{
    return dp->provider->port_list(dp, ret, ret_n, err);
}

int dp_flow_list(struct dp *dp, void (*cb)(const struct dp_flow *, void *aux), void *aux,
                 struct error *err)
{
    return dp->provider->flow_list(dp, cb, aux, err);
}

int dp_submit(struct dp *dp, const struct dp_op *ops, size_t n)
{
    return dp->provider->submit(dp, ops, n);
}

int dp_flow_stats(struct dp *dp, uint32_t flow_no, struct dp_flow_stats *ret)
{
    if (flow_no >= DP_MAX_FLOWS) {
        return -ENOENT;
    }
    return dp->provider->flow_stats(dp, flow_no, ret);
}

int dp_port_stats(struct dp *dp, uint32_t port_no, struct dp_port_stats *ret)
{
    if (!port_no || port_no >= DP_MAX_PORTS) {
        return -ENOENT;
    }
    return dp->provider->port_stats(dp, port_no, ret);
}

int dp_drops(struct dp *dp, struct dp_drop **ret, size_t *ret_n)
{
    return dp->provider->drops(dp, ret, ret_n);
}

int dp_meter_stats(struct dp *dp, uint32_t meter_no, struct dp_meter_stats *ret)
{
    if (meter_no >= DP_MAX_METERS) {
        return -ENOENT;
    }
    return dp->provider->meter_stats(dp, meter_no, ret);
}
