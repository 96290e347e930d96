/* Fuzzes the parser: no read beyond the bytes, keys in canonical form, both depths agree, lengths
 * that fit the packet. */
#include <stdlib.h>

#include "datapath/parse/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
    if (!ok) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct parse_lens lens, l2_lens;
    struct flow_key key, l2, again;
    enum parse_status status;
    uint32_t n = (uint32_t)(size < 2048 ? size : 2048);
    uint8_t *copy = xmemdup(data, n);

    memset(&key, 0xa5, sizeof key);
    memset(&again, 0x5a, sizeof again);
    memset(&l2, 0, sizeof l2);
    status = parse_bytes(copy, n, n, 7, PARSE_ALL, &key, &lens);
    check(status == parse_bytes(copy, n, n, 7, PARSE_L2, &l2, &l2_lens));
    if (status == PARSE_OK) {
        check(parse_bytes(copy, n, n, 7, PARSE_ALL, &again, &lens) == PARSE_OK);
        check(flow_key_equal(&key, &again)); /* Nothing of what stood there before shows. */
        check(lens.l2 >= 14 && lens.l2 + lens.l3 + lens.l4 <= n);
        check(lens.l2 == l2_lens.l2 && lens.l3 <= 511 && lens.l4 <= 60);
        check(!(be16_get(key.ipv6_exthdr) & ~FLOW_EXTHDR_ALL));
        check((key.lines & 1) && key.in_port == 7);
        check(key.u64[1] == l2.u64[1] && key.u64[3] == l2.u64[3] && key.eth_type == l2.eth_type);
        check(!lens.l4 || (lens.l3 && !(key.nw_frag & FLOW_FRAG_LATER)));
        check(!(key.nw_frag & FLOW_FRAG_LATER) || (!key.tp_src && !key.tp_dst && !key.tcp_flags));
    }
    free(copy);
    return 0;
}
