/* Which options of tunnels are the bridge's fields tun_metadata0 to 63, as controllers say and ask.
 * A message is carried out wholly or, with an error, not at all; a field that rules, groups,
 * monitors or open bundles name stays mapped. Event base's thread. */
#include "ofproto/codec/tlv_table.h"
#include "ofproto/conn/vendor.h"

static int add(struct ofp_tlv_map *map, const struct ofp_tlv_mapping *m)
{
    if (map->mapped >> m->index & 1) {
        return OFPERR_NXTTMFC_ALREADY_MAPPED;
    }
    if (ofp_tlv_map_find(map, m->class, m->type) >= 0) {
        return OFPERR_NXTTMFC_DUP_ENTRY;
    }
    return ofp_tlv_map_add(map, m->index, m->class, m->type, m->len) ? 0
                                                                     : OFPERR_NXTTMFC_TABLE_FULL;
}

/* What is not mapped is deleted already. */
static int change(struct ofp_tlv_map *map, const struct ofp_tlv_mod *mod)
{
    for (size_t i = 0; i < mod->n && mod->command != NXTTMC_CLEAR; i++) {
        int rc = 0;

        if (mod->command == NXTTMC_ADD) {
            rc = add(map, &mod->mapping[i]);
        } else {
            ofp_tlv_map_remove(map, mod->mapping[i].index);
        }
        if (rc) {
            return rc;
        }
    }
    for (unsigned int i = 0; i < OFP_N_TLV_FIELDS && mod->command == NXTTMC_CLEAR; i++) {
        ofp_tlv_map_remove(map, i);
    }
    return 0;
}

static int tlv_table_mod(struct conn *conn, const struct request *r UNUSED, const uint8_t *body,
                         size_t len)
{
    struct ofproto *bridge = conn->bridge;
    struct ofp_tlv_map map = bridge->tlvs;
    struct ofp_tlv_mod mod;
    int rc = ofp_tlv_mod_decode(body, len, &mod);

    if (rc) {
        return rc;
    }
    rc = change(&map, &mod);
    ofp_tlv_mod_free(&mod);
    if (!rc && uses_of_tlvs(&bridge->uses, bridge->tlvs.mapped & ~map.mapped)) {
        rc = OFPERR_NXTTMFC_INVALID_TLV_DEL;
    }
    if (!rc) {
        bridge->tlvs = map;
        bridge_changed(bridge); /* What cached flows know of packets is known by offsets. */
    }
    return rc;
}

static int tlv_table_request(struct conn *conn, const struct request *r, const uint8_t *body UNUSED,
                             size_t len)
{
    const struct ofp_tlv_map *map = &conn->bridge->tlvs;
    struct ofp_tlv_mapping mapping[OFP_N_TLV_FIELDS];
    struct ofp_tlv_table table = {OFP_TUN_METADATA_BYTES, OFP_N_TLV_FIELDS, mapping, 0};
    struct strbuf s = STRBUF_INIT;
    size_t start;

    if (len) {
        return OFPERR_BRC_BAD_LEN;
    }
    for (uint64_t left = map->mapped; left; left &= left - 1) {
        unsigned int i = (unsigned int)__builtin_ctzll(left);
        const struct ofp_tlv_option *o = &map->option[i];

        mapping[table.n++] = (struct ofp_tlv_mapping){o->class, o->type, o->len, (uint16_t)i};
    }
    start = ofp_nx_begin(&s, conn->version, NXT_TLV_TABLE_REPLY, r->h.xid);
    ofp_tlv_table_encode(&s, &table);
    ofp_end(&s, start);
    conn_send(conn, &s);
    return 0;
}

CONSTRUCTOR static void register_tlv_table(void)
{
    static const struct vendor_row rows[] = {
        {OFP_VENDOR_NX, NXT_TLV_TABLE_MOD, OFP10, OFP15, tlv_table_mod, NULL, true},
        {OFP_VENDOR_NX, NXT_TLV_TABLE_REQUEST, OFP10, OFP15, tlv_table_request},
    };

    vendor_register(rows, ARRAY_SIZE(rows));
}
