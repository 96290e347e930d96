/* The checks of virtio-net headers and what offloads make of a packet: a hostile guest writes both.
 * Input: the header (10 bytes), what the output port can do and where the packet is split (2
 * bytes), the packet. The first segment is an allocation of its exact size, so that the sanitizer
 * sees a read or write beyond it. */
#include <rte_eal.h>
#include <rte_mbuf.h>
#include <stdlib.h>
#include <string.h>

#include "datapath/port/offload.h"
#include "datapath/port/vnet.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(X)                                                                                    \
    do {                                                                                           \
        if (!(X)) {                                                                                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

static struct rte_mempool *small, *jumbo;
static struct offload_ctx *ctx;

static void nothing(void *addr UNUSED, void *opaque UNUSED)
{
}

int LLVMFuzzerInitialize(int *argc UNUSED, char ***argv UNUSED)
{
    const char *args[] = {"fuzz", "--no-huge", "--no-shconf", "--no-pci",    "--no-telemetry", "-m",
                          "64",   "-l",        "0",           "--log-level", "lib.eal:error"};

    MUST(rte_eal_init(ARRAY_SIZE(args), (char **)args) >= 0);
    small = rte_pktmbuf_pool_create("small", 255, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, -1);
    jumbo = rte_pktmbuf_pool_create("jumbo", 15, 0, 0, UINT16_MAX, -1);
    MUST(small && jumbo && !offload_ctx_new(0, &ctx, NULL));
    return 0;
}

static struct rte_mbuf *packet_of(uint8_t *first, size_t n_first, const uint8_t *rest,
                                  size_t n_rest, struct rte_mbuf_ext_shared_info *info)
{
    struct rte_mbuf *m = rte_pktmbuf_alloc(small), *more;

    MUST(m);
    info->free_cb = nothing;
    rte_mbuf_ext_refcnt_set(info, 1);
    rte_pktmbuf_attach_extbuf(m, first, (rte_iova_t)(uintptr_t)first, (uint16_t)n_first, info);
    m->data_off = 0;
    m->data_len = (uint16_t)n_first;
    m->pkt_len = (uint32_t)n_first;
    if (n_rest) {
        more = rte_pktmbuf_alloc(jumbo);
        MUST(more);
        more->data_off = 0;
        memcpy(rte_pktmbuf_append(more, (uint16_t)n_rest), rest, n_rest);
        rte_pktmbuf_chain(m, more);
    }
    return m;
}

static void prepare(struct rte_mbuf *m, const struct port *port)
{
    uint16_t used = 0, extra, n;

    while (!used) {
        struct rte_mbuf *out[8];

        n = offload_prepare(ctx, port, &m, 1, out, ARRAY_SIZE(out), &used, &extra);
        MUST(n || used);
        for (uint16_t i = 0; i < n; i++) {
            struct virtio_net_hdr_v1 back;
            uint64_t flags = out[i]->ol_flags;

            rte_mbuf_sanity_check(out[i], 1);
            MUST(port->features & PORT_TX_MULTI_SEG || out[i]->nb_segs == 1);
            MUST(port->features & PORT_TX_CSUM || !(flags & RTE_MBUF_F_TX_L4_MASK));
            MUST(port->features & PORT_TX_TSO || !(flags & RTE_MBUF_F_TX_TCP_SEG));
            MUST(port->features & PORT_TX_USO || !(flags & RTE_MBUF_F_TX_UDP_SEG));
            vnet_from_mbuf(&back, out[i]);
            rte_pktmbuf_free(out[i]);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct virtio_net_hdr_v1 header = {0};
    struct rte_mbuf_ext_shared_info info;
    struct port port = {.name = "fuzz", .port_no = 1};
    const struct drop_reason *reason;
    size_t n_first, header_len = sizeof(struct virtio_net_hdr);
    struct rte_mbuf *m;
    uint8_t *first;

    if (size < header_len + 3 || size > 40000) {
        return 0;
    }
    memcpy(&header, data, header_len);
    port.features = data[header_len] &
                    (PORT_TX_CSUM | PORT_TX_TSO | PORT_TX_USO | PORT_TX_MULTI_SEG);
    n_first = (size_t)data[header_len + 1] * 8 + 1;
    data += header_len + 2;
    size -= header_len + 2;
    n_first = RTE_MIN(n_first, size);
    first = malloc(n_first);
    MUST(first);
    memcpy(first, data, n_first);
    m = packet_of(first, n_first, data + n_first, size - n_first, &info);

    reason = vnet_to_mbuf(m, &header);
    if (reason) {
        rte_pktmbuf_free(m);
    } else {
        prepare(m, &port);
    }
    MUST(!rte_mempool_in_use_count(small) && !rte_mempool_in_use_count(jumbo));
    free(first);
    return 0;
}
