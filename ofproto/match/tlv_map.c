/* See tlv_map.h. */
#include "ofproto/match/tlv_map.h"

#include <stdlib.h>
#include <uthash.h>

#define ROW(N)                                                                                     \
    [N] = {.id = OFP_FIELD_TUN_METADATA0 + N,                                                      \
           .name = "tun_metadata" #N,                                                              \
           .offset = offsetof(struct ofp_flow, tun_metadata),                                      \
           .is_maskable = true,                                                                    \
           .stage = OFP_STAGE_METADATA,                                                            \
           .form = OFP_FORM_HEX,                                                                   \
           .prereq = OFP_PREREQ_NONE,                                                              \
           .nxm = OFP_OXM(OFP_NXM_1, 40 + N)}
/* Not mapped. */
static const struct ofp_field unmapped[OFP_N_TLV_FIELDS] = {
    ROW(0),  ROW(1),  ROW(2),  ROW(3),  ROW(4),  ROW(5),  ROW(6),  ROW(7),  ROW(8),  ROW(9),
    ROW(10), ROW(11), ROW(12), ROW(13), ROW(14), ROW(15), ROW(16), ROW(17), ROW(18), ROW(19),
    ROW(20), ROW(21), ROW(22), ROW(23), ROW(24), ROW(25), ROW(26), ROW(27), ROW(28), ROW(29),
    ROW(30), ROW(31), ROW(32), ROW(33), ROW(34), ROW(35), ROW(36), ROW(37), ROW(38), ROW(39),
    ROW(40), ROW(41), ROW(42), ROW(43), ROW(44), ROW(45), ROW(46), ROW(47), ROW(48), ROW(49),
    ROW(50), ROW(51), ROW(52), ROW(53), ROW(54), ROW(55), ROW(56), ROW(57), ROW(58), ROW(59),
    ROW(60), ROW(61), ROW(62), ROW(63)};

/* Of a program without a map. */
static struct ofp_field widest[OFP_N_TLV_FIELDS];

static const struct ofp_tlv_map *map; /* At work; NULL: none. */
static bool uses_numbers;

static void widen(struct ofp_field *row, unsigned int n_bytes)
{
    row->n_bytes = (uint8_t)n_bytes;
    row->n_bits = (uint16_t)(n_bytes * 8);
    row->is_settable = true;
}

void ofp_tlv_map_use(const struct ofp_tlv_map *to_use)
{
    map = to_use;
}

void ofp_tlv_map_forget(const struct ofp_tlv_map *gone)
{
    map = map == gone ? NULL : map;
}

void ofp_tlv_use_numbers(void)
{
    memcpy(widest, unmapped, sizeof widest);
    for (unsigned int i = 0; i < OFP_N_TLV_FIELDS; i++) {
        widen(&widest[i], OFP_TLV_LEN_MAX);
    }
    uses_numbers = true;
}

bool ofp_tlv_uses_numbers(void)
{
    return uses_numbers;
}

const struct ofp_field *ofp_tlv_row(unsigned int index)
{
    return uses_numbers ? &widest[index] : map ? &map->row[index] : &unmapped[index];
}

/* --- The map. */

void ofp_tlv_map_init(struct ofp_tlv_map *m)
{
    memset(m, 0, sizeof *m);
    memcpy(m->row, unmapped, sizeof m->row);
}

bool ofp_tlv_map_add(struct ofp_tlv_map *m, unsigned int index, uint16_t class, uint8_t type,
                     uint8_t len)
{
    struct ofp_tlv_option *o = &m->option[index];
    uint64_t left = ~m->taken;

    if (len > 4 * __builtin_popcountll(left)) {
        return false;
    }
    *o = (struct ofp_tlv_option){.class = class, .type = type, .len = len};
    for (unsigned int i = 0; i < len / 4u; i++) {
        o->word[i] = (uint8_t)__builtin_ctzll(left);
        left &= left - 1;
    }
    m->taken = ~left;
    m->mapped |= UINT64_C(1) << index;
    widen(&m->row[index], len);
    return true;
}

void ofp_tlv_map_remove(struct ofp_tlv_map *m, unsigned int index)
{
    const struct ofp_tlv_option *o = &m->option[index];

    if (!(m->mapped >> index & 1)) {
        return;
    }
    for (unsigned int i = 0; i < o->len / 4u; i++) {
        m->taken &= ~(UINT64_C(1) << o->word[i]);
    }
    m->mapped &= ~(UINT64_C(1) << index);
    m->row[index] = unmapped[index];
    m->n_removals++;
}

int ofp_tlv_map_find(const struct ofp_tlv_map *m, uint16_t class, uint8_t type)
{
    for (uint64_t left = m->mapped; left; left &= left - 1) {
        int i = __builtin_ctzll(left);

        if (m->option[i].class == class && m->option[i].type == type) {
            return i;
        }
    }
    return -1;
}

unsigned int ofp_tlv_map_size(const struct ofp_tlv_map *m)
{
    return 4 * (unsigned int)__builtin_popcountll(m->taken);
}

/* --- Numbers, kept for as long as the program runs. The first is 0, which is not kept. */

struct number {
    uint32_t id;
    uint8_t bytes[OFP_TLV_LEN_MAX];
    UT_hash_handle by_id, by_bytes;
};
static struct number *numbers_by_id, *numbers_by_bytes;

static uint32_t keep_number(const uint8_t *bytes)
{
    static const uint8_t zeros[OFP_TLV_LEN_MAX];
    struct number *n;

    if (!memcmp(bytes, zeros, sizeof zeros)) {
        return 0;
    }
    HASH_FIND(by_bytes, numbers_by_bytes, bytes, OFP_TLV_LEN_MAX, n);
    if (!n) {
        n = xcalloc(1, sizeof *n);
        memcpy(n->bytes, bytes, sizeof n->bytes);
        n->id = HASH_CNT(by_id, numbers_by_id) + 1;
        HASH_ADD(by_id, numbers_by_id, id, sizeof n->id, n);
        HASH_ADD(by_bytes, numbers_by_bytes, bytes, sizeof n->bytes, n);
    }
    return n->id;
}

static void read_number(uint32_t id, uint8_t *bytes)
{
    struct number *n;

    HASH_FIND(by_id, numbers_by_id, &id, sizeof id, n);
    if (n) {
        memcpy(bytes, n->bytes, sizeof n->bytes);
    } else {
        memset(bytes, 0, OFP_TLV_LEN_MAX);
    }
}

/* --- Values in flows. */

static unsigned int index_of(const struct ofp_field *f)
{
    return (unsigned int)(f->id - OFP_FIELD_TUN_METADATA0);
}

void ofp_tlv_get(const struct ofp_field *f, const struct ofp_flow *flow, uint8_t *value)
{
    unsigned int index = index_of(f);
    uint32_t id;

    if (uses_numbers) {
        memcpy(&id, &flow->tun_metadata[4 * index], sizeof id);
        read_number(id, value);
        return;
    }
    for (unsigned int i = 0; i < f->n_bytes / 4u; i++) {
        memcpy(value + 4 * i, &flow->tun_metadata[4 * map->option[index].word[i]], 4);
    }
}

void ofp_tlv_put(const struct ofp_field *f, struct ofp_flow *flow, const uint8_t *value)
{
    unsigned int index = index_of(f);
    uint32_t id;

    if (!ofp_field_is_mapped(f)) {
        return;
    }
    flow->tun_metadata_present |= UINT64_C(1) << index;
    if (uses_numbers) {
        id = keep_number(value);
        memcpy(&flow->tun_metadata[4 * index], &id, sizeof id);
        return;
    }
    for (unsigned int i = 0; i < f->n_bytes / 4u; i++) {
        memcpy(&flow->tun_metadata[4 * map->option[index].word[i]], value + 4 * i, 4);
    }
}

void ofp_tlv_clear(const struct ofp_field *f, struct ofp_flow *flow)
{
    static const uint8_t zeros[OFP_TLV_LEN_MAX];

    ofp_tlv_put(f, flow, zeros);
    flow->tun_metadata_present &= ~(UINT64_C(1) << index_of(f));
}
