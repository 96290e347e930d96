/* The pools of packet buffers, sized by the memory that EAL was given. Control thread. */
#include "datapath/core/private.h"

#include <errno.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_memory.h>

#define JUMBO_ROOM 65472 /* 64 KiB less what an mbuf's lengths cannot say, in whole lines. */

int pools_new(struct port_pools *pools, struct error *err)
{
    uint64_t memory = rte_eal_get_physmem_size();
    unsigned int small = 4096, jumbo = 32;

    /* Half of it for small ones, an eighth for jumbo ones; the rest is for rings and offloads. */
    while (small < 262144 &&
           (uint64_t)small * 2 * (RTE_MBUF_DEFAULT_BUF_SIZE + 192) <= memory / 2) {
        small *= 2;
    }
    while (jumbo < 4096 && (uint64_t)jumbo * 2 * (JUMBO_ROOM + 192) <= memory / 8) {
        jumbo *= 2;
    }
    pools->small = rte_pktmbuf_pool_create("core_small", small - 1, 256, 0,
                                           RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
    pools->jumbo = pools->small ? rte_pktmbuf_pool_create("core_jumbo", jumbo - 1, 8, 0, JUMBO_ROOM,
                                                          SOCKET_ID_ANY)
                                : NULL;
    if (!pools->jumbo) {
        pools_free(pools);
        return error_set(err, ENOMEM,
                         "no memory for packet buffers (%s): start the datapath with more",
                         rte_strerror(rte_errno));
    }
    return 0;
}

void pools_free(struct port_pools *pools)
{
    rte_mempool_free(pools->small);
    rte_mempool_free(pools->jumbo);
    *pools = (struct port_pools){NULL, NULL};
}
