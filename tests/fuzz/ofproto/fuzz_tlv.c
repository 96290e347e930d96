/* Options of tunnels: mods of any bytes, one after the other, on a map that stays whole; then the
 * same bytes as the reply of a switch, and, with some options mapped, as a match, as actions and as
 * text: what is taken is written so that it reads the same. */
#include <stdlib.h>

#include "ofproto/codec/action_text.h"
#include "ofproto/codec/match_wire.h"
#include "ofproto/codec/tlv_table.h"
#include "ofproto/match/text.h"
#include "ofproto/match/tlv_map.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(bool ok)
{
    if (!ok) {
        abort();
    }
}

/* No two fields share bytes, and what is taken is theirs. */
static void check_map(const struct ofp_tlv_map *map)
{
    uint64_t taken = 0;

    for (uint64_t left = map->mapped; left; left &= left - 1) {
        int i = __builtin_ctzll(left);
        const struct ofp_tlv_option *o = &map->option[i];

        check(map->row[i].n_bytes == o->len && map->row[i].n_bits == o->len * 8);
        check(ofp_tlv_map_find(map, o->class, o->type) >= 0);
        for (unsigned int w = 0; w < o->len / 4u; w++) {
            check(o->word[w] < 64 && !(taken >> o->word[w] & 1));
            taken |= UINT64_C(1) << o->word[w];
        }
    }
    check(taken == map->taken);
}

static void apply(struct ofp_tlv_map *map, const struct ofp_tlv_mod *mod)
{
    for (size_t i = 0; i < mod->n; i++) {
        const struct ofp_tlv_mapping *m = &mod->mapping[i];

        if (mod->command != NXTTMC_ADD) {
            ofp_tlv_map_remove(map, m->index);
        } else if (!(map->mapped >> m->index & 1)) {
            ofp_tlv_map_add(map, m->index, m->class, m->type, m->len);
        }
        check_map(map);
    }
}

/* Each message is a byte that says how long it is, and its bytes. */
static void mods(const uint8_t *p, size_t len)
{
    struct ofp_tlv_map map;

    ofp_tlv_map_init(&map);
    while (len > 1) {
        size_t n = MIN_OF((size_t)p[0], len - 1);
        struct strbuf s = STRBUF_INIT;
        struct ofp_tlv_mod mod, again;

        if (!ofp_tlv_mod_decode(p + 1, n, &mod)) {
            apply(&map, &mod);
            ofp_tlv_mod_encode(&s, &mod);
            check(!ofp_tlv_mod_decode((const uint8_t *)s.data, s.len, &again));
            check(again.n == mod.n && again.command == mod.command);
            ofp_tlv_mod_free(&again);
            ofp_tlv_mod_free(&mod);
        }
        strbuf_free(&s);
        p += 1 + n;
        len -= 1 + n;
    }
}

static void table(const uint8_t *p, size_t len)
{
    struct ofp_tlv_table t;
    struct strbuf s = STRBUF_INIT;

    if (!ofp_tlv_table_decode(p, len, &t)) {
        ofp_tlv_table_encode(&s, &t);
        check(s.len == len);
        ofp_tlv_table_free(&t);
    }
    strbuf_free(&s);
}

static void match(const uint8_t *p, size_t len)
{
    struct ofp_match m, again;
    struct strbuf s = STRBUF_INIT;

    ofp_match_init(&m);
    if (!oxm_fields_decode(p, len, &m)) {
        oxm_fields_encode(&s, OFP13, &m);
        ofp_match_init(&again);
        check(!oxm_fields_decode((const uint8_t *)strbuf_str(&s), s.len, &again));
        check(ofp_match_equal(&m, &again));
        strbuf_clear(&s);
        ofp_match_format(&s, &m);
    }
    strbuf_free(&s);
}

static void actions(const uint8_t *p, size_t len)
{
    struct ofp_actions list = OFP_ACTIONS_INIT, again = OFP_ACTIONS_INIT;
    struct strbuf s = STRBUF_INIT;

    if (!ofp_actions_decode(OFP13, p, len, NULL, &list)) {
        ofp_actions_encode(&s, OFP13, list.data, list.len);
        check(!ofp_actions_decode(OFP13, (const uint8_t *)strbuf_str(&s), s.len, NULL, &again));
        check(ofp_actions_equal(&list, &again));
        strbuf_clear(&s);
        ofp_actions_format(&s, list.data, list.len);
    }
    ofp_actions_free(&list);
    ofp_actions_free(&again);
    strbuf_free(&s);
}

static void text(const uint8_t *p, size_t len)
{
    char *s = xstrndup((const char *)p, len);
    struct ofp_actions list = OFP_ACTIONS_INIT;
    struct strbuf out = STRBUF_INIT;
    struct ofp_match m, again;

    if (!ofp_match_parse(s, NULL, NULL, &m, NULL)) {
        ofp_match_format(&out, &m);
        check(!ofp_match_parse(strbuf_str(&out), NULL, NULL, &again, NULL));
        check(ofp_match_equal(&m, &again));
    }
    if (!ofp_actions_parse(s, NULL, NULL, &list, NULL)) {
        ofp_actions_free(&list);
    }
    strbuf_free(&out);
    free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct ofp_tlv_map map;

    mods(data, len);
    table(data, len);
    ofp_tlv_map_init(&map);
    ofp_tlv_map_add(&map, 0, 0xffff, 0, 4);
    ofp_tlv_map_add(&map, 1, 0xffff, 1, OFP_TLV_LEN_MAX);
    ofp_tlv_map_add(&map, 2, 0xffff, 2, 0);
    ofp_tlv_map_add(&map, 63, 0xffff, 3, 8);
    ofp_tlv_map_use(&map);
    match(data, len);
    actions(data, len);
    text(data, len);
    ofp_tlv_map_use(NULL);
    return 0;
}
