/* Makes packets fit a port, see offload.h. Workers; a packet that needs nothing costs one test. */
#include "datapath/port/offload.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "datapath/core/drop.h"
#include "datapath/port/checksum.h"
#include "datapath/port/segment.h"

DROP_REASON(bad_headers, "offload-bad-headers",
            "header lengths of a packet to be checksummed or segmented are not within it");
DROP_REASON(too_many, "offload-too-many-segments",
            "a super-packet would fall into more than 1024 segments");
DROP_REASON(no_buffer, "offload-no-buffer",
            "no buffer was left to segment a packet or to copy it into one piece");

#define TX_SEG (RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_UDP_SEG)
#define TX_WORK (TX_SEG | RTE_MBUF_F_TX_L4_MASK)
#define TX_DONE (TX_WORK | RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IPV6 | RTE_MBUF_F_TX_IP_CKSUM)

#define TCP_CSUM_AT 16
#define UDP_CSUM_AT 6

/* Enough for some super-packets on their way, and for the rings of a network card that frees what
 * it sent late. */
#define N_SEGMENTS 2047
/* A port that takes one piece only takes no more than a jumbo frame. */
#define N_LINEAR 127
#define LINEAR_ROOM (RTE_PKTMBUF_HEADROOM + 10240)

struct offload_ctx {
    unsigned int worker;
    struct rte_mempool *segments;
    struct rte_mempool *linear;
    struct segmenter cut; /* The super-packet that the last call did not finish. */
};

static struct rte_mempool *pool_new(const char *what, unsigned int worker, unsigned int n,
                                    unsigned int room)
{
    char name[RTE_MEMPOOL_NAMESIZE];

    snprintf(name, sizeof name, "offload_%s_%u", what, worker);
    return rte_pktmbuf_pool_create(name, n, 64, 0, (uint16_t)room, SOCKET_ID_ANY);
}

int offload_ctx_new(unsigned int worker, struct offload_ctx **ret, struct error *err)
{
    struct offload_ctx *ctx = xcalloc(1, sizeof *ctx);

    ctx->worker = worker;
    ctx->segments = pool_new("seg", worker, N_SEGMENTS, RTE_MBUF_DEFAULT_BUF_SIZE);
    ctx->linear = pool_new("lin", worker, N_LINEAR, LINEAR_ROOM);
    if (!ctx->segments || !ctx->linear) {
        offload_ctx_free(ctx);
        return error_set(err, ENOMEM,
                         "worker %u: no memory for segmentation buffers (6 MiB a worker): start "
                         "the datapath with more memory",
                         worker);
    }
    *ret = ctx;
    return 0;
}

void offload_ctx_free(struct offload_ctx *ctx)
{
    if (ctx) {
        rte_mempool_free(ctx->segments);
        rte_mempool_free(ctx->linear);
        free(ctx);
    }
}

static void drop(const struct offload_ctx *ctx, const struct port *port,
                 const struct drop_reason *reason, struct rte_mbuf *m)
{
    drop_count(ctx->worker, port->port_no, reason, 1);
    rte_pktmbuf_free(m);
}

/* Others (a flood's other ports) may send the same bytes with the flags that they have now. */
static bool is_shared(struct rte_mbuf *m)
{
    return RTE_MBUF_CLONED(m) || rte_mbuf_refcnt_read(m) > 1;
}

/* A packet in one piece: 'm' itself, or a copy ('m' is then freed), or NULL. */
static struct rte_mbuf *linearize(struct offload_ctx *ctx, struct rte_mbuf *m)
{
    struct rte_mbuf *one;
    uint32_t at = 0;

    if (!is_shared(m) && !rte_pktmbuf_linearize(m)) {
        return m;
    }
    one = rte_pktmbuf_alloc(ctx->linear);
    if (!one || m->pkt_len > rte_pktmbuf_tailroom(one)) {
        rte_pktmbuf_free(one);
        return NULL;
    }
    for (const struct rte_mbuf *s = m; s; s = s->next) {
        rte_memcpy(rte_pktmbuf_mtod_offset(one, void *, at), rte_pktmbuf_mtod(s, const void *),
                   s->data_len);
        at += s->data_len;
    }
    one->data_len = (uint16_t)at;
    one->pkt_len = at;
    one->port = m->port;
    one->ol_flags = m->ol_flags & ~(RTE_MBUF_F_EXTERNAL | RTE_MBUF_F_INDIRECT);
    one->tx_offload = m->tx_offload;
    one->packet_type = m->packet_type;
    rte_pktmbuf_free(m);
    return one;
}

/* Devices and the kernel look for the IP header behind Ethernet and tags. */
static bool is_behind_shim(const struct rte_mbuf *m)
{
    return unlikely((m->packet_type & RTE_PTYPE_L2_MASK) == PORT_PTYPE_SHIM);
}

/* What remains to be done to a packet that is no super-packet (any more). NULL: dropped. */
static struct rte_mbuf *finish(struct offload_ctx *ctx, const struct port *port, struct rte_mbuf *m)
{
    uint64_t csum = m->ol_flags & RTE_MBUF_F_TX_L4_MASK;

    /* Of what is shared, somebody would make a copy of his own further down, in several pieces. */
    if (!(port->features & PORT_TX_MULTI_SEG) && (m->nb_segs > 1 || is_shared(m))) {
        struct rte_mbuf *one = linearize(ctx, m);

        if (!one) {
            drop(ctx, port, &drop_no_buffer, m);
            return NULL;
        }
        m = one;
    }
    if (csum && (!(port->features & PORT_TX_CSUM) || is_behind_shim(m))) {
        uint16_t start = (uint16_t)(m->l2_len + m->l3_len);
        uint16_t offset = csum == RTE_MBUF_F_TX_UDP_CKSUM ? UDP_CSUM_AT : TCP_CSUM_AT;

        if (start + offset + 2 > m->data_len ||
            (csum != RTE_MBUF_F_TX_UDP_CKSUM && csum != RTE_MBUF_F_TX_TCP_CKSUM)) {
            drop(ctx, port, &drop_bad_headers, m);
            return NULL;
        }
        if (is_shared(m)) {
            struct rte_mbuf *own = rte_pktmbuf_copy(m, ctx->segments, 0, UINT32_MAX);

            if (!own) {
                drop(ctx, port, &drop_no_buffer, m);
                return NULL;
            }
            rte_pktmbuf_free(m);
            m = own;
        }
        checksum_complete(m, start, offset);
        m->ol_flags &= ~TX_DONE;
    }
    return m;
}

static bool can_send_super(const struct port *port, const struct rte_mbuf *m)
{
    uint32_t need = m->ol_flags & RTE_MBUF_F_TX_TCP_SEG ? PORT_TX_TSO : PORT_TX_USO;

    return !is_behind_shim(m) && (port->features & need) &&
           (m->nb_segs == 1 || (port->features & PORT_TX_MULTI_SEG));
}

/* Cuts up 'm', beginning or going on. Returns true when 'm' is done with and false when 'out' is
 * full. */
static bool cut(struct offload_ctx *ctx, const struct port *port, struct rte_mbuf *m,
                struct rte_mbuf **out, uint16_t max_out, uint16_t *n_out, uint16_t *extra)
{
    bool last = false;

    if (ctx->cut.super != m) {
        enum segment_error error = segment_start(&ctx->cut, m);

        if (error != SEGMENT_OK) {
            drop(ctx, port, error == SEGMENT_TOO_MANY ? &drop_too_many : &drop_bad_headers, m);
            return true;
        }
    }
    while (!last) {
        struct rte_mbuf *seg;

        if (*n_out == max_out) {
            return false;
        }
        seg = segment_next(&ctx->cut, ctx->segments, &last);
        if (!seg) {
            /* The segments that are out count as extra packets, the rest as this one dropped. */
            ctx->cut.super = NULL;
            drop(ctx, port, &drop_no_buffer, m);
            return true;
        }
        *extra = (uint16_t)(*extra + !last);
        seg->packet_type = m->packet_type;
        seg = finish(ctx, port, seg);
        if (seg) {
            out[(*n_out)++] = seg;
        }
    }
    ctx->cut.super = NULL;
    rte_pktmbuf_free(m);
    return true;
}

uint16_t offload_prepare(struct offload_ctx *ctx, const struct port *port, struct rte_mbuf **in,
                         uint16_t n_in, struct rte_mbuf **out, uint16_t max_out, uint16_t *ret_used,
                         uint16_t *ret_extra)
{
    bool any_segs = port->features & PORT_TX_MULTI_SEG;
    uint16_t used = 0, n_out = 0, extra = 0;

    while (used < n_in && n_out < max_out) {
        struct rte_mbuf *m = in[used];

        if (likely(!(m->ol_flags & TX_WORK) && (any_segs || m->nb_segs == 1))) {
            out[n_out++] = m;
        } else if ((m->ol_flags & TX_SEG) && !can_send_super(port, m)) {
            if (!cut(ctx, port, m, out, max_out, &n_out, &extra)) {
                break;
            }
        } else {
            m = finish(ctx, port, m);
            if (m) {
                out[n_out++] = m;
            }
        }
        used++;
    }
    *ret_used = used;
    *ret_extra = extra;
    return n_out;
}
