/* Devices that are going: ports that the datapath has let go of, but whose kernel device takes a
 * while to vanish (some 20 ms each, in the background). A change is confirmed when they are gone,
 * so that who removed a port may at once make a device of its name.
 *
 * Looks at the first of the list every 10 ms until it is gone; gives the rest up when none went for
 * five seconds (somebody else may hold the device). A device in another namespace is not ours to
 * see and counts as gone. */
#include <event2/event.h>
#include <stdlib.h>

#include "lib/link.h"
#include "lib/log.h"
#include "vswitchd/reconcile/live.h"

LOG_MODULE(leaving);

#define LOOK_MS 10
#define GIVE_UP_MS 5000

struct leaving_device {
    struct leaving_device *next;
    int ifindex;
    char name[];
};

void leaving_add(struct reconcile *r, const struct iface *i)
{
    struct leaving_device *d;

    if ((i->type != IFACE_TAP && i->type != IFACE_INTERNAL) || !i->has_info || !i->info.ifindex) {
        return;
    }
    d = xmalloc(sizeof *d + strlen(i->name) + 1);
    d->next = r->leaving;
    d->ifindex = i->info.ifindex;
    strcpy(d->name, i->name);
    r->leaving = d;
    r->leaving_since_ms = time_now_ms();
}

static void forget_first(struct reconcile *r)
{
    struct leaving_device *d = r->leaving;

    r->leaving = d->next;
    free(d);
}

void leaving_free(struct reconcile *r)
{
    while (r->leaving) {
        forget_first(r);
    }
}

bool leaving_wait(struct reconcile *r)
{
    uint64_t now_ms = time_now_ms();
    struct link_info info;

    while (r->leaving) {
        if (!link_get(r->leaving->name, &info, NULL) && info.ifindex == r->leaving->ifindex) {
            break;
        }
        forget_first(r);
        r->leaving_since_ms = now_ms;
    }
    if (r->leaving && now_ms - r->leaving_since_ms >= GIVE_UP_MS) {
        log_warn("device '%s' of a port that was removed is still there", r->leaving->name);
        leaving_free(r);
    }
    if (r->leaving) {
        reconcile_schedule(r, LOOK_MS);
    }
    return r->leaving != NULL;
}
