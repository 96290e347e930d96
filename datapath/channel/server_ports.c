/* The datapath's table of ports: see server_ports.h. Control thread; opening and closing a port may
 * block for as long as its device takes. */
#include "datapath/channel/server_ports.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/util.h"

LOG_MODULE(ports);

#define CHECK_SOME 64

/* A port and how to make it again. 'port' is NULL when that failed, and 'reopen_error' says why. */
struct entry {
    struct port *port;
    struct dp_port_config config; /* Owns what it points to. */
    struct dp_port_info info;     /* As last told. */
    char reopen_error[DP_ERROR_MAX];
};

static struct entry *table[DP_MAX_PORTS];
static size_t n_ports;
static uint32_t next_check;

static void free_config(struct dp_port_config *config)
{
    for (size_t i = 0; i < config->n_options; i++) {
        free(config->options[i].key);
        free(config->options[i].value);
    }
    free((void *)config->options);
    free((void *)config->name);
    free((void *)config->type);
}

static void copy_config(struct dp_port_config *dst, const struct dp_port_config *src)
{
    struct dp_option *options = xcalloc(src->n_options + 1, sizeof *options);

    for (size_t i = 0; i < src->n_options; i++) {
        options[i].key = xstrdup(src->options[i].key);
        options[i].value = xstrdup(src->options[i].value);
    }
    *dst = *src;
    dst->name = xstrdup(src->name);
    dst->type = xstrdup(src->type);
    dst->options = options;
}

static void read_info(const struct entry *entry, uint32_t port_no, struct dp_port_info *ret)
{
    memset(ret, 0, sizeof *ret);
    if (entry->port) {
        entry->port->type->get_info(entry->port, ret);
        snprintf(ret->type, sizeof ret->type, "%s", entry->port->type->name);
    } else {
        snprintf(ret->type, sizeof ret->type, "%s", entry->config.type);
        snprintf(ret->error, sizeof ret->error, "%s", entry->reopen_error);
    }
    ret->port_no = port_no;
    snprintf(ret->name, sizeof ret->name, "%s", entry->config.name);
}

static int open_entry(struct entry *entry, uint32_t port_no, struct error *err)
{
    int error = port_open(&entry->config, port_no, core_pools(), core_get_settings()->n_workers,
                          &entry->port, err);

    if (error) {
        entry->port = NULL;
        return error;
    }
    error = core_port_add(entry->port, err);
    if (error) {
        port_close(entry->port);
        entry->port = NULL;
    }
    return error;
}

static void close_entry(struct entry *entry)
{
    if (entry->port) {
        core_port_remove(entry->port);
        port_close(entry->port);
        entry->port = NULL;
    }
}

static int choose_number(const char *name, uint32_t wanted, uint32_t *ret, struct error *err)
{
    if (wanted) {
        if (table[wanted]) {
            return error_set(err, EEXIST, "port '%s': number %u is taken by port '%s'", name,
                             wanted, table[wanted]->config.name);
        }
        *ret = wanted;
        return 0;
    }
    for (uint32_t i = 1; i < DP_MAX_PORTS; i++) {
        if (!table[i]) {
            *ret = i;
            return 0;
        }
    }
    return error_set(err, ENOSPC, "port '%s': all %d port numbers are taken", name,
                     DP_MAX_PORTS - 1);
}

int ports_add(const struct dp_port_config *config, uint32_t wanted, uint32_t *ret_port_no,
              struct error *err)
{
    struct entry *entry;
    uint32_t port_no = 0;
    int error;

    if (wanted >= DP_MAX_PORTS) {
        return error_set(err, EINVAL, "port '%s': number %u is not within 1...%d", config->name,
                         wanted, DP_MAX_PORTS - 1);
    }
    for (uint32_t i = 1; i < DP_MAX_PORTS; i++) {
        if (table[i] && !strcmp(table[i]->config.name, config->name)) {
            return error_set(err, EEXIST, "port '%s': is there already, as number %u", config->name,
                             i);
        }
    }
    error = choose_number(config->name, wanted, &port_no, err);
    if (error) {
        return error;
    }
    entry = xcalloc(1, sizeof *entry);
    copy_config(&entry->config, config);
    error = open_entry(entry, port_no, err);
    if (error) {
        free_config(&entry->config);
        free(entry);
        return error;
    }
    read_info(entry, port_no, &entry->info);
    table[port_no] = entry;
    n_ports++;
    *ret_port_no = port_no;
    log_info("port '%s': added as number %u, type %s", config->name, port_no, entry->info.type);
    return 0;
}

static void remove_entry(uint32_t port_no)
{
    struct entry *entry = table[port_no];

    close_entry(entry);
    free_config(&entry->config);
    free(entry);
    table[port_no] = NULL;
    n_ports--;
}

int ports_del(uint32_t port_no, struct error *err)
{
    if (port_no >= DP_MAX_PORTS || !table[port_no]) {
        return error_set(err, ENOENT, "port %u: there is none of this number", port_no);
    }
    log_info("port '%s': removed (number %u)", table[port_no]->config.name, port_no);
    remove_entry(port_no);
    return 0;
}

int ports_set(uint32_t port_no, const struct dp_port_config *config, struct error *err)
{
    struct dp_port_config old;
    struct entry *entry;
    int error;

    if (port_no >= DP_MAX_PORTS || !table[port_no]) {
        return error_set(err, ENOENT, "port %u: there is none of this number", port_no);
    }
    entry = table[port_no];
    if (strcmp(entry->config.name, config->name)) {
        return error_set(err, EOPNOTSUPP, "port '%s': cannot be renamed to '%s'",
                         entry->config.name, config->name);
    }
    if (!entry->port || !entry->port->type->set ||
        port_type_find(config->type) != entry->port->type) {
        return error_set(err, EOPNOTSUPP, "port '%s': must be made anew for this", config->name);
    }
    error = entry->port->type->set(entry->port, config, err);
    if (error) {
        return error;
    }
    old = entry->config;
    copy_config(&entry->config, config);
    free_config(&old);
    read_info(entry, port_no, &entry->info);
    return 0;
}

size_t ports_count(void)
{
    return n_ports;
}

void ports_each(void (*cb)(const struct dp_port_info *, void *aux), void *aux)
{
    for (uint32_t i = 1; i < DP_MAX_PORTS; i++) {
        if (table[i]) {
            read_info(table[i], i, &table[i]->info);
            cb(&table[i]->info, aux);
        }
    }
}

const char *ports_name(uint32_t port_no)
{
    return port_no < DP_MAX_PORTS && table[port_no] ? table[port_no]->config.name : NULL;
}

/* --- Changes. --- */

static bool same_info(const struct dp_port_info *a, const struct dp_port_info *b)
{
    return !memcmp(a->mac, b->mac, sizeof a->mac) && a->mtu == b->mtu && a->ifindex == b->ifindex &&
           a->admin_up == b->admin_up && a->link_up == b->link_up &&
           a->link_speed_bps == b->link_speed_bps && !strcmp(a->driver, b->driver) &&
           !strcmp(a->error, b->error);
}

/* A device went, and one of its name is there (again): that of a container that was made anew, for
 * instance. The port keeps its number, so flows to and from it hold. When opening fails, the reason
 * stands in the port's error, and the next look tries again. */
static void open_again(struct entry *entry, uint32_t port_no)
{
    const struct port_type *type = port_type_find(entry->config.type);
    struct error err = {0, ""};

    if ((entry->port && strcmp(entry->info.error, PORT_REMOVED)) || !type->by_name ||
        !if_nametoindex(entry->config.name)) {
        return;
    }
    close_entry(entry);
    if (!open_entry(entry, port_no, &err)) {
        log_info("port '%s': opened again, its device is back", entry->config.name);
        entry->reopen_error[0] = '\0';
    } else if (strncmp(entry->reopen_error, err.text, DP_ERROR_MAX - 1)) {
        log_warn("a device is back, but cannot be opened: %s", err.text);
        snprintf(entry->reopen_error, sizeof entry->reopen_error, "%.*s", DP_ERROR_MAX - 1,
                 err.text);
    }
}

static void check(uint32_t port_no, ports_changed_cb *changed, void *aux)
{
    struct dp_port_info now;

    /* By the state as told last: that its device went is told before it comes back. */
    open_again(table[port_no], port_no);
    read_info(table[port_no], port_no, &now);
    if (!same_info(&now, &table[port_no]->info)) {
        table[port_no]->info = now;
        changed(port_no, aux);
    }
}

void ports_check_device(int ifindex, const char *name, ports_changed_cb *changed, void *aux)
{
    for (uint32_t i = 1; i < DP_MAX_PORTS; i++) {
        if (table[i] &&
            (table[i]->info.ifindex == ifindex || !strcmp(table[i]->config.name, name))) {
            check(i, changed, aux);
        }
    }
}

void ports_check_some(ports_changed_cb *changed, void *aux)
{
    size_t n = MIN_OF(n_ports, CHECK_SOME);

    for (uint32_t looked = 0; n && looked < DP_MAX_PORTS; looked++) {
        next_check = (next_check + 1) % DP_MAX_PORTS;
        if (table[next_check]) {
            check(next_check, changed, aux);
            n--;
        }
    }
}

void ports_close_all(bool keep_taps)
{
    for (uint32_t i = 1; i < DP_MAX_PORTS; i++) {
        const struct port *port = table[i] ? table[i]->port : NULL;

        if (port && keep_taps && !strcmp(port->type->name, "tap")) {
            core_port_remove(table[i]->port);
        } else if (table[i]) {
            remove_entry(i);
        }
    }
}
