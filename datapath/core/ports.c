/* Giving ports to the workers and taking them away. Control thread. */
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

    for (unsigned int i = 1; i < core.n_workers; i++) {
        if (core.workers[i]->n_queues < best->n_queues) {
            best = core.workers[i];
        }
    }
    return best;
}

static int queue_add(struct port *port, unsigned int queue, struct error *err)
{
    struct core_queue *q = xcalloc(1, sizeof *q);
    struct worker *w = least_loaded();
    struct epoll_event event = {
        .events = EPOLLIN,
        .data.u32 = port->port_no * PORT_MAX_QUEUES + queue,
    };

    q->port = port;
    q->port_no = (uint16_t)port->port_no;
    q->queue = (uint16_t)queue;
    q->worker = (uint8_t)w->id;
    q->fd = port->type->rx_fd ? port->type->rx_fd(port, queue) : -1;
    __atomic_store_n(&core.queues[port->port_no][queue], q, __ATOMIC_RELEASE);
    w->n_queues++;
    if (q->fd < 0) {
        set_polled(w, q, NULL);
        worker_wake(w);
    } else if (epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, q->fd, &event)) {
        q->fd = -1; /* Nothing to take out again. */
        return error_set_errno(err, errno, "port '%s': queue %u cannot be waited for", port->name,
                               queue);
    }
    return 0;
}

/* Hides a queue from its worker; returns it, to be freed after a grace period. */
static struct core_queue *queue_remove(uint32_t port_no, unsigned int queue)
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
        queues[i] = queue_remove(port->port_no, i);
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
    if (port->n_txq < core.n_workers || port->n_rxq > PORT_MAX_QUEUES) {
        return error_set(err, EINVAL, "port '%s': %u tx queues for %u workers, %u rx queues",
                         port->name, port->n_txq, core.n_workers, port->n_rxq);
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
