/* See hold.h. */
#include "vswitchd/upcall/hold.h"

#include <stdlib.h>
#include <string.h>

struct held_upcall {
    struct held_upcall *next;
    struct dp_upcall upcall;
    struct flow_key key;
    uint8_t packet[];
};

void hold_init(struct hold *h)
{
    h->first = NULL;
    h->last = &h->first;
    h->n = h->n_bytes = 0;
}

bool hold_put(struct hold *h, const struct dp_upcall *u)
{
    struct held_upcall *held;

    if (h->n >= HOLD_MAX || h->n_bytes + u->packet_len > HOLD_MAX_BYTES) {
        return false;
    }
    held = aligned_alloc(64, ROUND_UP(sizeof *held + u->packet_len, 64));
    if (!held) {
        abort();
    }
    held->next = NULL;
    held->upcall = *u;
    flow_key_copy(&held->key, u->key);
    held->upcall.key = &held->key;
    if (u->packet_len) {
        memcpy(held->packet, u->packet, u->packet_len);
    }
    held->upcall.packet = held->packet;
    *h->last = held;
    h->last = &held->next;
    h->n++;
    h->n_bytes += u->packet_len;
    return true;
}

void hold_release(struct hold *h, void (*cb)(const struct dp_upcall *, void *aux), void *aux)
{
    struct held_upcall *held = h->first, *next;

    hold_init(h);
    for (; held; held = next) {
        next = held->next;
        if (cb) {
            cb(&held->upcall, aux);
        }
        free(held);
    }
}

void hold_free(struct hold *h)
{
    hold_release(h, NULL, NULL);
}
