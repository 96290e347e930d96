/* The ctl commands about cached flows, and the sums that other commands show. */
#ifndef VSWITCHD_UPCALL_CTL_H
#define VSWITCHD_UPCALL_CTL_H

#include <stdbool.h>
#include <stdint.h>

struct upcall;

/* Registers dpctl/dump-flows, dpif/dump-flows, dpctl/del-flows, dpctl/show-drops and upcall/show
 * for 'u', which must live as long as ctl requests are served. */
void upcall_ctl_init(struct upcall *u);

/* Whether a command's word is a name of the datapath, which Open vSwitch's commands take. There is
 * one, and it answers to both of Open vSwitch's. */
bool upcall_is_datapath_name(const char *);

struct upcall_counts {
    uint64_t flows;
    uint64_t hit;        /* Packets that cached flows handled. */
    uint64_t missed;     /* Upcalls. */
    uint64_t unanswered; /* Upcalls for which there was no room. */
};
void upcall_counts(const struct upcall *, struct upcall_counts *ret);

#endif
