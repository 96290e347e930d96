/* Makes packets fit a port that lacks an offload: segments super-packets, completes
 * partial checksums, linearises. Fast path; runs on workers just before tx. Packets that need
 * nothing cost one test of their flags. */
#ifndef DATAPATH_PORT_OFFLOAD_H
#define DATAPATH_PORT_OFFLOAD_H

#include "datapath/port/port.h"

struct offload_ctx; /* One per worker; holds pools of direct and indirect mbufs for segments. */

int offload_ctx_new(unsigned int worker, struct offload_ctx **ret, struct error *);
void offload_ctx_free(struct offload_ctx *);

/* Reads 'in[0...n_in-1]', which it takes over, and writes packets that 'port' can send to 'out'
 * (room for 'max_out' >= 1; 64 is a good size). The caller sends them, and calls again with what is
 * left of 'in' until '*ret_used' == n_in, before it calls for another port: a super-packet may be
 * cut up over several calls. Returns the number written. '*ret_extra' is by how many the segments
 * exceed the packets they came from. What cannot be made to fit is freed and counted through
 * drop_count(). */
uint16_t offload_prepare(struct offload_ctx *, const struct port *, struct rte_mbuf **in,
                         uint16_t n_in, struct rte_mbuf **out, uint16_t max_out, uint16_t *ret_used,
                         uint16_t *ret_extra);

#endif
