/* The registry of port types, and what opening a port has in common over all types: the checks of
 * name and type, and that no two ports have one name. Control thread only. */
#include "datapath/port/port.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/strbuf.h"

static struct port_type *types;

struct open_port {
    struct port port;
    struct open_port *next;
};
static struct open_port *open_ports;

void port_type_register(struct port_type *type)
{
    type->next = types;
    types = type;
}

const struct port_type *port_type_find(const char *name)
{
    if (!strcmp(name, "internal")) {
        name = "tap";
    } else if (!name[0]) {
        name = "system"; /* Open vSwitch's default. */
    }
    for (const struct port_type *t = types; t; t = t->next) {
        if (!strcmp(t->name, name)) {
            return t;
        }
    }
    return NULL;
}

static int bad_type(const char *name, const char *type, struct error *err)
{
    struct strbuf known = STRBUF_INIT;
    int rc;

    for (const struct port_type *t = types; t; t = t->next) {
        strbuf_printf(&known, "'%s', ", t->name);
    }
    rc = error_set(err, EINVAL, "port '%s': there is no type '%s': use %s'internal'", name, type,
                   strbuf_str(&known));
    strbuf_free(&known);
    return rc;
}

static int check_name(const char *name, struct error *err)
{
    if (!name[0]) {
        return error_set(err, EINVAL, "a port's name must not be empty");
    }
    if (strlen(name) >= DP_NAME_MAX) {
        return error_set(err, EINVAL, "port '%.80s': name is longer than %d characters", name,
                         DP_NAME_MAX - 1);
    }
    for (const char *c = name; *c; c++) {
        if (*c == '/' || isspace((unsigned char)*c) || !isprint((unsigned char)*c)) {
            return error_set(err, EINVAL,
                             "port '%s': name has '%c' (0x%02x) in it: '/', blanks and characters "
                             "that do not print are not allowed",
                             name, isprint((unsigned char)*c) ? *c : '?', (unsigned char)*c);
        }
    }
    return 0;
}

int port_check_device_name(const char *name, struct error *err)
{
    if (strlen(name) > PORT_DEVICE_NAME_MAX) {
        return error_set(err, EINVAL,
                         "port '%s': name has %zu characters, a kernel network device's name at "
                         "most %d: choose a shorter one",
                         name, strlen(name), PORT_DEVICE_NAME_MAX);
    }
    if (strpbrk(name, ":%") || !strcmp(name, ".") || !strcmp(name, "..")) {
        return error_set(err, EINVAL,
                         "port '%s': a kernel network device's name is not '.' or '..' and has no "
                         "':' or '%%' in it",
                         name);
    }
    return 0;
}

int port_check_options(const struct dp_port_config *config, const char *const known[],
                       struct error *err)
{
    for (size_t i = 0; i < config->n_options; i++) {
        size_t k = 0;

        while (known[k] && strcmp(known[k], config->options[i].key)) {
            k++;
        }
        if (!known[k]) {
            return error_set(err, EINVAL,
                             "port '%s': option '%s' (value '%s') is not known for type '%s': "
                             "remove it",
                             config->name, config->options[i].key, config->options[i].value,
                             config->type);
        }
    }
    return 0;
}

const char *port_option(const struct dp_port_config *config, const char *key)
{
    for (size_t i = 0; i < config->n_options; i++) {
        if (!strcmp(config->options[i].key, key)) {
            return config->options[i].value;
        }
    }
    return NULL;
}

int port_open(const struct dp_port_config *config, uint32_t port_no, const struct port_pools *pools,
              unsigned int n_queues, struct port **ret, struct error *err)
{
    const struct port_type *type = port_type_find(config->type);
    struct open_port *o;
    int rc;

    rc = check_name(config->name, err);
    if (rc) {
        return rc;
    }
    if (!type) {
        return bad_type(config->name, config->type, err);
    }
    if (!n_queues || n_queues > PORT_MAX_QUEUES) {
        return error_set(err, EINVAL, "port '%s': %u queues are not within 1...%d", config->name,
                         n_queues, PORT_MAX_QUEUES);
    }
    for (o = open_ports; o; o = o->next) {
        if (!strcmp(o->port.name, config->name)) {
            return error_set(err, EEXIST, "port '%s': is a port already (number %u, type '%s')",
                             config->name, o->port.port_no, o->port.type->name);
        }
    }

    o = xcalloc(1, sizeof *o);
    o->port.type = type;
    o->port.port_no = port_no;
    memcpy(o->port.name, config->name, strlen(config->name));
    rc = type->open(&o->port, config, pools, n_queues, err);
    if (rc) {
        free(o);
        return rc;
    }
    o->next = open_ports;
    open_ports = o;
    *ret = &o->port;
    return 0;
}

void port_close(struct port *port)
{
    if (!port) {
        return;
    }
    port->type->close(port);
    for (struct open_port **p = &open_ports; *p; p = &(*p)->next) {
        if (&(*p)->port == port) {
            struct open_port *o = *p;

            *p = o->next;
            free(o);
            return;
        }
    }
}
