/* Giving ports to the workers, moving their queues between them, and taking them away. Control
 * thread. */
#include "datapath/core/private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

/* Replaces a worker's list of queues to poll by one with 'add' and without 'remove'. */
static void set_polled(struct worker *w, struct core_queue *add, const struct core_queue *remove)
{
    struct core_polled *old = w->polled, *new;
    unsigned int n = old ? old->n : 0;

    new = xcalloc(1, sizeof *new + (n + 1) * sizeof new->queues[0]);
    for (unsigned int i = 0; i < n; i++) {
        if (old->queues[i] != remove) {
            new->queues[new->n++] = old->queues[i];
        }
    }
    if (add) {
        new->queues[new->n++] = add;
    }
    __atomic_store_n(&w->polled, new, __ATOMIC_RELEASE);
    if (old) {
        grace_defer(free, old);
    }
}

static struct worker *least_loaded(void)
{
    struct worker *best = core.workers[0];

    for (unsigned int i = 1; i < core.n_active; i++) {
        if (core.workers[i]->n_queues < best->n_queues) {
            best = core.workers[i];
        }
    }
    return best;
}

static struct core_queue *queue_new(struct port *port, unsigned int queue)
{
    struct core_queue *q = xcalloc(1, sizeof *q);

    q->port = port;
    q->port_no = (uint16_t)port->port_no;
    q->queue = (uint16_t)queue;
    q->fd = port->type->rx_fd ? port->type->rx_fd(port, queue) : -1;
    return q;
}

/* Has the worker with the fewest queues poll this one, which nobody polls; by its fd if possible:
 * then an error is returned, and the queue is polled all the same. */
static int queue_show(struct core_queue *q)
{
    struct worker *w = least_loaded();
    struct epoll_event event = {
        .events = EPOLLIN,
        .data.u32 = q->port_no * PORT_MAX_QUEUES + q->queue,
    };
    int error = 0;

    q->worker = (uint8_t)w->id;
    __atomic_store_n(&core.queues[q->port_no][q->queue], q, __ATOMIC_RELEASE);
    w->n_queues++;
    if (q->fd >= 0 && epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, q->fd, &event)) {
        error = -errno;
        q->fd = -1;
    }
    if (q->fd < 0) {
        set_polled(w, q, NULL);
        worker_wake(w);
    }
    return error;
}

static int queue_add(struct port *port, unsigned int queue, struct error *err)
{
    int error = queue_show(queue_new(port, queue));

    return error ? error_set_errno(err, -error, "port '%s': queue %u cannot be waited for",
                                   port->name, queue)
                 : 0;
}

/* Hides a queue from its worker; returns it, to be freed or shown again after a grace period. */
static struct core_queue *queue_hide(uint32_t port_no, unsigned int queue)
{
    struct core_queue *q = core.queues[port_no][queue];
    struct worker *w;

    if (!q) {
        return NULL;
    }
    w = core.workers[q->worker];
    if (q->fd >= 0) {
        epoll_ctl(w->epoll_fd, EPOLL_CTL_DEL, q->fd, NULL);
    } else {
        set_polled(w, NULL, q);
    }
    __atomic_store_n(&core.queues[port_no][queue], NULL, __ATOMIC_RELEASE);
    w->n_queues--;
    return q;
}

/* Takes this queue of all ports from workers that have too many, and makes those that are new. */
static unsigned int gather(unsigned int queue, unsigned int most, struct core_queue **ret)
{
    unsigned int n = 0;

    for (uint32_t p = 0; p < DP_MAX_PORTS; p++) {
        const struct core_queue *q = core.queues[p][queue];

        if (q && (q->worker >= core.n_active || core.workers[q->worker]->n_queues > most)) {
            ret[n++] = queue_hide(p, queue);
        } else if (!q && core.ports[p] && queue < core.ports[p]->port->n_rxq) {
            ret[n++] = queue_new(core.ports[p]->port, queue);
        }
    }
    return n;
}

void ports_share_out(void)
{
    struct core_queue **moving;
    unsigned int n_queues = 0, n = 0;

    for (uint32_t p = 0; p < DP_MAX_PORTS; p++) {
        struct port *port = core.ports[p] ? core.ports[p]->port : NULL;

        if (port && port->type->add_queues && port->n_rxq < core.n_active) {
            port->type->add_queues(port, core.n_active);
        }
        n_queues += port ? port->n_rxq : 0;
    }
    moving = xcalloc(n_queues + 1, sizeof(struct core_queue *));
    /* The last queues of all ports first, so that a port's queues go to several workers. */
    for (unsigned int queue = PORT_MAX_QUEUES; queue-- > 0;) {
        n += gather(queue, (n_queues + core.n_active - 1) / core.n_active, moving + n);
    }
    grace_wait();
    for (unsigned int i = 0; i < n; i++) {
        queue_show(moving[i]);
    }
    free(moving);
}

static void purge_pending(uint32_t port_no)
{
    bool sent = false;

    for (unsigned int i = 0; i < core.n_workers; i++) {
        struct worker *w = core.workers[i];

        /* Nothing is added any more: the port's queues are out of the workers' reach. */
        if (__atomic_load_n(&w->pending->ports[port_no].n_entries, __ATOMIC_RELAXED)) {
            struct core_message *m = xcalloc(1, sizeof *m);

            m->type = MESSAGE_PURGE;
            m->port_no = port_no;
            message_send(w, m);
            sent = true;
        }
    }
    if (sent) {
        grace_wait();
    }
}

void core_port_remove(struct port *port)
{
    struct core_queue *queues[PORT_MAX_QUEUES];
    struct core_port *cp = core.ports[port->port_no];

    if (!cp || cp->port != port) {
        return;
    }
    for (unsigned int i = 0; i < PORT_MAX_QUEUES; i++) {
        queues[i] = queue_hide(port->port_no, i);
    }
    __atomic_store_n(&core.ports[port->port_no], NULL, __ATOMIC_RELEASE);
    grace_wait();
    purge_pending(port->port_no);
    for (unsigned int i = 0; i < PORT_MAX_QUEUES; i++) {
        free(queues[i]);
    }
    free(cp);
    core.n_ports--;
}

int core_port_add(struct port *port, struct error *err)
{
    struct core_port *cp;
    int error = 0;

    if (!port->port_no || port->port_no >= DP_MAX_PORTS || core.ports[port->port_no]) {
        return error_set(err, EEXIST, "port '%s': number %u is taken or out of range", port->name,
                         port->port_no);
    }
    if (port->n_rxq > PORT_MAX_QUEUES) {
        return error_set(err, EINVAL, "port '%s': %u queues are more than %d", port->name,
                         port->n_rxq, PORT_MAX_QUEUES);
    }
    cp = aligned_alloc(64, ROUND_UP(sizeof *cp, 64));
    if (!cp) {
        return error_set(err, ENOMEM, "port '%s': no memory", port->name);
    }
    memset(cp, 0, sizeof *cp);
    cp->port = port;
    for (unsigned int i = 0; i < CORE_MAX_WORKERS; i++) {
        cp->tx[i].port = cp;
    }
    __atomic_store_n(&core.ports[port->port_no], cp, __ATOMIC_RELEASE);
    core.n_ports++;
    for (unsigned int i = 0; i < port->n_rxq && !error; i++) {
        error = queue_add(port, i, err);
    }
    if (error) {
        core_port_remove(port);
    }
    return error;
}

struct port *core_port_get(uint32_t port_no)
{
    return port_no < DP_MAX_PORTS && core.ports[port_no] ? core.ports[port_no]->port : NULL;
}
