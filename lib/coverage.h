/* Counters of what a program does, with rates: how often since its start and, on average, in the
 * last seconds, minute and hour. For a person who asks what keeps it busy (ctl command
 * coverage/show, as in Open vSwitch).
 *
 * A .c file that counts says, after its includes, COVERAGE(name); and then coverage_hit(name).
 * Thread of the event base alone: workers of the fast path have counters of their own. */
#ifndef LIB_COVERAGE_H
#define LIB_COVERAGE_H

#include "lib/strbuf.h"
#include "lib/util.h"

#define COVERAGE_SLOT_S 5
#define COVERAGE_SLOTS 720 /* An hour. */

struct coverage {
    const char *name;
    uint64_t total;
    uint64_t told; /* The total at the last turn. */
    uint64_t slots[COVERAGE_SLOTS];
    struct coverage *next;
};

#define COVERAGE(NAME)                                                                             \
    static struct coverage coverage_##NAME = {.name = #NAME};                                      \
    CONSTRUCTOR static void coverage_register_##NAME(void)                                         \
    {                                                                                              \
        coverage_register(&coverage_##NAME);                                                       \
    }
#define coverage_hit(NAME) (coverage_##NAME.total++)

void coverage_register(struct coverage *);

struct event_base;
/* Registers coverage/show, and turns every five seconds. Once, before the loop runs. */
void coverage_start(struct event_base *);
void coverage_stop(void);
/* Ends a slot of COVERAGE_SLOT_S seconds, and shows (coverage_start() does both; for tests). */
void coverage_turn(void);
void coverage_show(struct strbuf *);

#endif
