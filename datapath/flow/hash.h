/* The hash of a packet's connection that datapaths compute for policy (the action hash()), by which
 * select groups spread. A function of the key alone, the same in every process and after every
 * start: flows that a process left in the datapath mean the same to its successor. */
#ifndef DATAPATH_FLOW_HASH_H
#define DATAPATH_FLOW_HASH_H

#include "datapath/flow/key.h"

enum dp_hash_alg {
    DP_HASH_L4,     /* Of the 5-tuple; MAC addresses and VLANs of what is not IP. */
    DP_HASH_SYM_L4, /* The same for both directions. */
    DP_N_HASH_ALGS
};

/* All fragments of a packet have the same hash: that of its addresses and protocol. Never 0. */
uint32_t flow_key_hash(const struct flow_key *, enum dp_hash_alg, uint32_t basis);

#endif
