/* The switch-wide settings: Open_vSwitch's other_config and its SSL row.
 *
 *   flow-limit, max-idle                       as in Open vSwitch
 *   pmd-cpu-mask                               the cores of the workers, as in Open vSwitch
 *   n-workers, mask-limit, upcall-rate,
 *   pending-limit                              Sluice's own (datapath/dp.h)
 *   stats-update-interval, enable-statistics   as in Open vSwitch
 *
 * dpdk-init has no meaning here: the datapath always runs on DPDK. What else people set, and what
 * the datapath refuses, becomes a complaint (complaint.h). */
#include <stdlib.h>
#include <string.h>

#include "lib/tls.h"
#include "vswitchd/reconcile/live.h"
#include "vswitchd/upcall/upcall.h"

static const struct {
    const char *key;    /* In the database. */
    const char *dp_key; /* For dp_set_config(). */
} dp_settings[] = {
    {"flow-limit", "flow-limit"},   {"pmd-cpu-mask", "worker-cores"},
    {"n-workers", "n-workers"},     {"mask-limit", "mask-limit"},
    {"upcall-rate", "upcall-rate"}, {"pending-limit", "pending-limit"},
};

static uint64_t number(struct reconcile *r, const char *key, uint64_t def, uint64_t min,
                       uint64_t max)
{
    const char *text = conf_setting(r->conf, key);
    uint64_t v;

    if (!text) {
        return def;
    }
    if (!parse_u64(text, max, &v) || v < min) {
        complaint_add(&r->settings_complaints, "other_config", key,
                      "'%.*s' is not a number of %llu to %llu: using %llu", complaint_width(text),
                      text, (unsigned long long)min, (unsigned long long)max,
                      (unsigned long long)def);
        return def;
    }
    return v;
}

/* Open vSwitch's mask is hexadecimal with or without 0x; the datapath knows 64 CPUs. Returns false,
 * with a complaint, for what is no such number; else '*ret' is the caller's. */
static bool cores_of_mask(struct reconcile *r, const char *mask, char **ret)
{
    const char *digits = mask + (!strncmp(mask, "0x", 2) ? 2 : 0);
    size_t n;

    digits += strspn(digits, "0");
    n = strspn(digits, "0123456789abcdefABCDEF");
    if (!n || digits[n] || n > 16) {
        complaint_add(&r->settings_complaints, "other_config", "pmd-cpu-mask",
                      "'%.*s' is not a mask of CPUs 0 to 63 such as 0x6", complaint_width(mask),
                      mask);
        return false;
    }
    *ret = xasprintf("0x%s", digits);
    return true;
}

/* One by one: a bad one must not keep the others from being set. */
static void set_datapath(struct reconcile *r)
{
    for (size_t i = 0; i < ARRAY_SIZE(dp_settings); i++) {
        const char *value = conf_setting(r->conf, dp_settings[i].key);
        struct error err = {0};
        char *text = NULL;

        /* One that is not there (any more) is set to the datapath's default, by "". */
        if (value && *value && !strcmp(dp_settings[i].key, "pmd-cpu-mask")) {
            if (!cores_of_mask(r, value, &text)) {
                continue;
            }
        } else {
            text = xstrdup(value ? value : "");
        }
        struct dp_option option = {(char *)dp_settings[i].dp_key, text};
        if (dp_set_config(r->dp, &option, 1, &err)) {
            complaint_add(&r->settings_complaints, "other_config", dp_settings[i].key, "%.*s",
                          complaint_width(err.text), err.text);
        }
        free(text);
    }
}

/* Keys and certificates are read when a connection wants them: what is wrong with them is in the
 * status of that Controller. */
static void set_tls(struct reconcile *r)
{
    const struct conf_tls *t = &r->conf->tls;
    struct error err = {0};

    tls_configure(&(struct tls_config){.private_key = t->private_key,
                                       .certificate = t->certificate,
                                       .ca_cert = t->ca_cert,
                                       .bootstrap_ca_cert = t->bootstrap_ca_cert});
    if ((t->protocols || t->ciphers) && tls_limit(t->protocols, t->ciphers, &err)) {
        complaint_add(&r->settings_complaints, "ssl", NULL, "%.*s", complaint_width(err.text),
                      err.text);
    }
}

void settings_sync(struct reconcile *r)
{
    const struct conf *c = r->conf;
    fingerprint p = r->attached ? 5 : 6;
    struct dp_info info;
    uint64_t limit;
    const char *const tls[] = {c->tls.private_key, c->tls.certificate, c->tls.ca_cert,
                               c->tls.protocols, c->tls.ciphers};
    const char *text;

    for (size_t i = 0; i < ARRAY_SIZE(tls); i++) {
        p = print_str(p, tls[i]);
    }
    p = print_str(p, c->tls.bootstrap_ca_cert ? "learn" : "");
    for (size_t i = 0; i < c->n_settings; i++) {
        p = print_str(print_str(p, c->settings[i].key), c->settings[i].value);
    }
    if (p == r->settings_print) {
        return;
    }
    r->settings_print = p;
    complaints_free(r->settings_complaints);
    r->settings_complaints = NULL;
    set_tls(r);
    if (r->attached) {
        set_datapath(r);
    }
    limit = number(r, "flow-limit", UPCALL_FLOW_LIMIT_DEFAULT, 0, DP_MAX_FLOWS);
    if (r->attached && !dp_get_info(r->dp, &info) && info.max_flows < limit) {
        limit = info.max_flows;
    }
    upcall_set_limits(r->upcall, (uint32_t)limit,
                      number(r, "max-idle", UPCALL_MAX_IDLE_MS_DEFAULT, 500, 86400000));
    r->stats_interval_ms = (unsigned int)number(r, "stats-update-interval", 5000, 1, 86400000);
    text = conf_setting(c, "enable-statistics");
    r->system_stats = text && !strcmp(text, "true");
    if (text && !r->system_stats && strcmp(text, "false")) {
        complaint_add(&r->settings_complaints, "other_config", "enable-statistics",
                      "'%.*s' is not 'true' or 'false'", complaint_width(text), text);
    }
    stats_interval_changed(r);
}
