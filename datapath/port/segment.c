/* Segmentation in software, see segment.h. A segment is a copy: its checksum has to be summed up in
 * most cases anyway, and the copy leaves it in the CPU's cache for that. */
#include "datapath/port/segment.h"

#include <rte_memcpy.h>

#include "datapath/port/checksum.h"

#define TCP_SEQ_AT 4
#define TCP_FLAGS_AT 13
#define TCP_CSUM_AT 16
#define TCP_FLAG_FIN 0x01
#define TCP_FLAG_PSH 0x08
#define TCP_FLAG_CWR 0x80
#define UDP_LEN_AT 4
#define UDP_CSUM_AT 6
#define IPV4_LEN_AT 2
#define IPV4_ID_AT 4
#define IPV4_CSUM_AT 10
#define IPV6_LEN_AT 4

enum segment_error segment_start(struct segmenter *s, struct rte_mbuf *super)
{
    uint32_t headers = (uint32_t)super->l2_len + super->l3_len + super->l4_len;
    bool tcp = super->ol_flags & RTE_MBUF_F_TX_TCP_SEG;
    bool ipv6 = super->ol_flags & RTE_MBUF_F_TX_IPV6;

    if (headers > super->data_len || headers >= super->pkt_len || super->l2_len < 14 ||
        super->l3_len < (ipv6 ? 40 : 20) || super->l4_len < (tcp ? 20 : 8) || !super->tso_segsz ||
        super->l3_len + super->l4_len + super->tso_segsz > UINT16_MAX) {
        return SEGMENT_BAD_HEADERS;
    }
    if ((super->pkt_len - headers - 1) / super->tso_segsz >= SEGMENT_MAX) {
        return SEGMENT_TOO_MANY;
    }
    *s = (struct segmenter){
        .super = super,
        .from = super,
        .from_at = headers,
        .payload = super->pkt_len - headers,
        .headers = (uint16_t)headers,
        .tcp = tcp,
        .ipv6 = ipv6,
    };
    return SEGMENT_OK;
}

static void put_be16(uint8_t *p, uint16_t v)
{
    be16_t be = be16_make(v);

    memcpy(p, &be, sizeof be);
}

static void set_ip(const struct segmenter *s, uint8_t *ip, uint16_t l3_len, uint16_t l4_total)
{
    uint16_t sum;

    if (s->ipv6) {
        put_be16(ip + IPV6_LEN_AT, (uint16_t)(l3_len - 40 + l4_total));
        return;
    }
    put_be16(ip + IPV4_LEN_AT, (uint16_t)(l3_len + l4_total));
    put_be16(ip + IPV4_ID_AT, (uint16_t)(be16_get(be16_load(ip + IPV4_ID_AT)) + s->n_segs));
    memset(ip + IPV4_CSUM_AT, 0, 2);
    sum = (uint16_t)~rte_raw_cksum(ip, l3_len);
    memcpy(ip + IPV4_CSUM_AT, &sum, 2);
}

/* The partial checksum holds the whole packet's length; a segment's is put in its place. */
static void set_l4(const struct segmenter *s, uint8_t *l4, uint16_t l4_total, bool last)
{
    uint32_t old_total = s->super->l4_len + s->payload;
    uint8_t *csum = l4 + (s->tcp ? TCP_CSUM_AT : UDP_CSUM_AT);
    uint16_t old_word = be16_make((uint16_t)((old_total & 0xffff) + (old_total >> 16)));
    uint16_t sum = checksum_replace(be16_load(csum), old_word, be16_make(l4_total));

    memcpy(csum, &sum, 2);
    if (s->tcp) {
        be32_t seq = be32_make(be32_get(be32_load(l4 + TCP_SEQ_AT)) + s->done);

        memcpy(l4 + TCP_SEQ_AT, &seq, sizeof seq);
        if (!last) {
            l4[TCP_FLAGS_AT] &= (uint8_t) ~(TCP_FLAG_FIN | TCP_FLAG_PSH);
        }
        if (s->n_segs) {
            l4[TCP_FLAGS_AT] &= (uint8_t)~TCP_FLAG_CWR;
        }
    } else {
        put_be16(l4 + UDP_LEN_AT, l4_total);
    }
}

/* Appends 'len' bytes of the super-packet's payload to 'head', whose last mbuf is 'tail'. */
static bool copy_payload(struct segmenter *s, struct rte_mempool *pool, struct rte_mbuf *head,
                         uint32_t len)
{
    struct rte_mbuf *tail = head;

    while (len) {
        uint32_t n, room = rte_pktmbuf_tailroom(tail);

        if (s->from_at >= s->from->data_len) {
            s->from_at -= s->from->data_len;
            s->from = s->from->next;
            continue;
        }
        if (!room) {
            struct rte_mbuf *more = rte_pktmbuf_alloc(pool);

            if (!more) {
                return false;
            }
            more->data_off = 0;
            tail->next = more;
            head->nb_segs++;
            tail = more;
            continue;
        }
        n = RTE_MIN(RTE_MIN(len, room), s->from->data_len - s->from_at);
        rte_memcpy(rte_pktmbuf_mtod_offset(tail, void *, tail->data_len),
                   rte_pktmbuf_mtod_offset(s->from, const void *, s->from_at), n);
        tail->data_len = (uint16_t)(tail->data_len + n);
        head->pkt_len += n;
        s->from_at += n;
        len -= n;
    }
    return true;
}

struct rte_mbuf *segment_next(struct segmenter *s, struct rte_mempool *pool, bool *ret_last)
{
    const struct rte_mbuf *super = s->super;
    uint32_t len = RTE_MIN((uint32_t)super->tso_segsz, s->payload - s->done);
    bool last = s->done + len == s->payload;
    struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
    uint8_t *data;

    if (!m) {
        return NULL;
    }
    data = rte_pktmbuf_mtod(m, uint8_t *);
    rte_memcpy(data, rte_pktmbuf_mtod(super, const void *), s->headers);
    m->data_len = s->headers;
    m->pkt_len = s->headers;
    if (!copy_payload(s, pool, m, len)) {
        rte_pktmbuf_free(m);
        return NULL;
    }
    set_ip(s, data + super->l2_len, super->l3_len, (uint16_t)(super->l4_len + len));
    set_l4(s, data + super->l2_len + super->l3_len, (uint16_t)(super->l4_len + len), last);
    m->port = super->port;
    m->ol_flags = (s->ipv6 ? RTE_MBUF_F_TX_IPV6 : RTE_MBUF_F_TX_IPV4) |
                  (s->tcp ? RTE_MBUF_F_TX_TCP_CKSUM : RTE_MBUF_F_TX_UDP_CKSUM);
    m->l2_len = super->l2_len;
    m->l3_len = super->l3_len;
    m->l4_len = super->l4_len;
    s->done += len;
    s->n_segs++;
    *ret_last = last;
    return m;
}
