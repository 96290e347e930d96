/* Single entries of OXM (OpenFlow 1.3.5 section 7.2.3) and of NXM, which it extends; matches made
 * of them are in oxm_match.c. See match_wire.h. Knows no field but what is odd about some: the
 * table of match/field.c does. */
#include "ofproto/codec/action.h"
#include "ofproto/codec/match_wire.h"
#include "ofproto/match/tlv_map.h"

bool ofp_port_from32(uint32_t wire, uint32_t *ret)
{
    if (wire < OFP_PORT_MAX) {
        *ret = wire;
        return true;
    }
    if (wire >= 0xffff0000u + OFP_PORT_UNSET) {
        *ret = wire & 0xffff;
        return true;
    }
    return false;
}

uint32_t ofp_port_to32(uint32_t port)
{
    return port < OFP_PORT_MAX ? port : 0xffff0000u | port;
}

/* --- Headers. */

enum {
    CLASS_NXM0,
    CLASS_NXM1,
    CLASS_BASIC,
    CLASS_REGS,
    CLASS_ERICSSON,
    CLASS_ONF, /* Extensions. */
    CLASS_NX,
    CLASS_NSH,
    N_CLASSES
};

static const struct ofp_field *by_header[N_CLASSES][128];
/* The largest number that each field can hold; of options of tunnels see number_from_wire(). */
static uint8_t all_ones[OFP_N_FIELDS][16];

static uint64_t tlv_fields; /* See oxm_take_tlv_fields(). */

#define VENDOR_NSH 0x005ad650

static int class_index(uint32_t class)
{
    switch (class) {
    case OFP_NXM_0: return CLASS_NXM0;
    case OFP_NXM_1: return CLASS_NXM1;
    case OFP_OXM_BASIC: return CLASS_BASIC;
    case OFP_OXM_REGS: return CLASS_REGS;
    case OFP_OXM_ERICSSON: return CLASS_ERICSSON;
    case OFP_OXM_EXPERIMENTER: return CLASS_NX; /* As in the table of fields. */
    case OFP_OXM_NSH: return CLASS_NSH;         /* Likewise. */
    default: return -1;
    }
}

static int extension_index(uint32_t vendor)
{
    switch (vendor) {
    case OFP_VENDOR_ONF: return CLASS_ONF;
    case OFP_VENDOR_NX: return CLASS_NX;
    case VENDOR_NSH: return CLASS_NSH;
    default: return -1;
    }
}

CONSTRUCTOR static void index_headers(void)
{
    for (unsigned int i = 0; i < OFP_N_FIELDS; i++) {
        const struct ofp_field *f = ofp_field((enum ofp_field_id)i);

        struct ofp_flow all = {0};

        if (!ofp_field_is_tlv(f)) {
            ofp_field_fill(f, &all);
            ofp_field_get(f, &all, all_ones[i]);
        }
        if (f->oxm) {
            by_header[class_index(f->oxm >> 16)][f->oxm >> 9 & 0x7f] = f;
        }
        if (f->nxm) {
            by_header[class_index(f->nxm >> 16)][f->nxm >> 9 & 0x7f] = f;
        }
        if (f->oxm_is_late && f->oxm >> 16 == OFP_OXM_BASIC) {
            by_header[CLASS_ONF][f->oxm >> 9 & 0x7f] = f;
        }
    }
}

static bool is_nxm(uint32_t header)
{
    return header >> 16 <= OFP_NXM_1;
}

/* Bytes of the value on the wire. */
static unsigned int wire_bytes(const struct ofp_field *f, bool nxm)
{
    switch (f->id) {
    case OFP_FIELD_IN_PORT: return nxm ? 2 : 4;
    case OFP_FIELD_TUN_ERSPAN_IDX:
    case OFP_FIELD_IPV6_LABEL:
    case OFP_FIELD_MPLS_LABEL:
    case OFP_FIELD_NSH_SPI:
    case OFP_FIELD_CT_STATE: return 4;
    case OFP_FIELD_TUN_FLAGS: return 2;
    default: return (f->n_bits + 7u) / 8;
    }
}

/* Whether an entry's body may be so long. Of an option of a tunnel, leading zeros may be left out;
 * an entry that names it in an action has whatever length the peer thinks it has. */
static bool is_good_length(const struct ofp_field *f, uint32_t header, size_t body, bool has_mask)
{
    return ofp_field_is_tlv(f)
               ? body % (has_mask ? 2 : 1) == 0 && body <= OFP_TLV_LEN_MAX * (has_mask ? 2 : 1)
               : body == wire_bytes(f, is_nxm(header)) * (has_mask ? 2u : 1u);
}

int oxm_decode_header(const uint8_t *p, size_t len, const struct ofp_field **ret,
                      bool *ret_has_mask, size_t *ret_body, size_t *ret_len)
{
    const struct ofp_field *f = NULL;
    uint32_t header;
    size_t body, n = 4;
    int class;

    if (len < 4) {
        return OFPERR_BMC_BAD_LEN;
    }
    header = wire_get32(p);
    body = header & 0xff;
    if (header >> 16 == OFP_OXM_EXPERIMENTER) {
        if (body < 4 || len < 8) {
            return OFPERR_BMC_BAD_LEN;
        }
        class = extension_index(wire_get32(p + 4));
        body -= 4;
        n = 8;
    } else {
        class = header >> 16 == OFP_OXM_NSH ? -1 : class_index(header >> 16);
    }
    if (class >= 0) {
        f = by_header[class][header >> 9 & 0x7f];
    }
    if (!f) {
        return OFPERR_BMC_BAD_FIELD;
    }
    f = ofp_field(f->id);
    if (!ofp_field_is_mapped(f)) {
        return OFPERR_NXFMFC_INVALID_TLV_FIELD;
    }
    *ret_has_mask = header & 0x100;
    if (!is_good_length(f, header, body, *ret_has_mask)) {
        return OFPERR_BMC_BAD_LEN;
    }
    tlv_fields |= ofp_tlv_bit(f->id);
    *ret = f;
    *ret_body = body;
    *ret_len = n;
    return 0;
}

uint64_t oxm_take_tlv_fields(void)
{
    uint64_t fields = tlv_fields;

    tlv_fields = 0;
    return fields;
}

bool oxm_has_header(const struct ofp_field *f)
{
    return f->oxm || f->nxm;
}

/* The header to write: 0 when it is the ONF's extension. */
static uint32_t header_of(const struct ofp_field *f, enum ofp_version version)
{
    if (version < OFP12 && f->nxm) {
        return f->nxm;
    }
    if (f->oxm && !(f->oxm_is_late && version < OFP15 && (f->nxm || !f->is_maskable))) {
        return f->oxm;
    }
    return f->nxm;
}

/* 'n': bytes of the value, and of the mask. */
static void put_header(struct strbuf *s, uint32_t header, const struct ofp_field *f, unsigned int n,
                       bool has_mask)
{
    n = n * (has_mask ? 2u : 1u) | (has_mask ? 0x100u : 0u);
    if (!header || header >> 16 >= OFP_OXM_NSH) {
        wire_put32(s, (uint32_t)OFP_OXM_EXPERIMENTER << 16 | ((header ? header : f->oxm) & 0xfe00) |
                          (n + 4));
        wire_put32(s, !header                       ? OFP_VENDOR_ONF
                      : header >> 16 == OFP_OXM_NSH ? VENDOR_NSH
                                                    : OFP_VENDOR_NX);
    } else {
        wire_put32(s, (header & ~(uint32_t)0x1ff) | n);
    }
}

void oxm_encode_header(struct strbuf *s, enum ofp_version version, const struct ofp_field *f,
                       bool has_mask)
{
    uint32_t header = header_of(f, version);

    put_header(s, header, f, wire_bytes(f, header && is_nxm(header)), has_mask);
}

void oxm_encode_nx_header(struct strbuf *s, const struct ofp_field *f, unsigned int end)
{
    bool is_narrow = f->nxm && f->oxm && end > wire_bytes(f, true) * 8;

    oxm_encode_header(s, is_narrow ? OFP13 : OFP10, f, false);
}

/* --- Values. */

/* Wire bytes (n of them) to the field's right-aligned number; false when bits are lost. */
static bool number_from_wire(const struct ofp_field *f, const uint8_t *p, unsigned int n,
                             uint8_t out[OFP_FIELD_MAX_BYTES])
{
    uint8_t allowed[OFP_FIELD_MAX_BYTES];

    if (ofp_field_is_tlv(f)) {
        memset(allowed, 0xff, sizeof allowed);
    } else {
        memcpy(allowed, all_ones[f->id], sizeof all_ones[f->id]);
    }
    if (f->id == OFP_FIELD_VLAN_VID) {
        allowed[0] |= FLOW_VLAN_PRESENT >> 8; /* "There is a tag". */
    }
    memset(out, 0, OFP_FIELD_MAX_BYTES);
    for (unsigned int i = 0; i < n; i++) {
        unsigned int place = n - 1 - i; /* From the least significant byte. */

        if (p[i] & ~(place < f->n_bytes ? allowed[f->n_bytes - 1 - place] : 0)) {
            return false;
        }
        if (place < f->n_bytes) {
            out[f->n_bytes - 1 - place] = p[i];
        }
    }
    return true;
}

static bool port_from_wire(uint8_t *value)
{
    uint32_t port;
    be32_t be;

    if (!ofp_port_from32(wire_get32(value), &port)) {
        return false;
    }
    be = be32_make(port);
    memcpy(value, &be, 4);
    return true;
}

int oxm_decode(const uint8_t *p, size_t len, const struct ofp_field **ret_field,
               uint8_t value[OFP_FIELD_MAX_BYTES], uint8_t mask[OFP_FIELD_MAX_BYTES],
               bool *ret_has_mask, size_t *ret_len)
{
    const struct ofp_field *f;
    size_t head, body;
    unsigned int n;
    bool has_mask;
    int rc = oxm_decode_header(p, len, &f, &has_mask, &body, &head);

    if (rc) {
        return rc;
    }
    if (len - head < body) {
        return OFPERR_BMC_BAD_LEN;
    }
    if (has_mask && !f->is_maskable) {
        return OFPERR_BMC_BAD_MASK;
    }
    n = (unsigned int)(has_mask ? body / 2 : body);
    memset(mask, 0xff, OFP_FIELD_MAX_BYTES);
    if (ofp_field_is_tlv(f) && n > f->n_bytes) {
        return OFPERR_BMC_BAD_LEN; /* No option of a packet has more than the map says. */
    }
    if (!number_from_wire(f, p + head, n, value)) {
        return OFPERR_BMC_BAD_VALUE;
    }
    if (has_mask && !number_from_wire(f, p + head + n, n, mask)) {
        /* Ones beyond the field are what "all of it" looks like to some; refused all the same. */
        return OFPERR_BMC_BAD_MASK;
    }
    if (f->form == OFP_FORM_PORT && n == 4 && !port_from_wire(value)) {
        return OFPERR_BMC_BAD_VALUE;
    }
    for (unsigned int i = 0; has_mask && i < f->n_bytes; i++) {
        if (value[i] & ~mask[i]) {
            return OFPERR_BMC_BAD_WILDCARDS;
        }
    }
    *ret_field = f;
    *ret_has_mask = has_mask;
    *ret_len = head + body;
    return 0;
}

/* Bytes of an option of a tunnel without the zeros that value and mask begin with. */
static unsigned int short_length(const struct ofp_field *f, const uint8_t *value,
                                 const uint8_t *mask)
{
    unsigned int zeros = 0;

    while (zeros < f->n_bytes && !value[zeros] && !(mask && mask[zeros])) {
        zeros++;
    }
    return f->n_bytes - zeros;
}

static void encode(struct strbuf *s, uint32_t header, const struct ofp_field *f,
                   const uint8_t *value, const uint8_t *mask, unsigned int n)
{
    put_header(s, header, f, n, mask != NULL);
    if (f->form == OFP_FORM_PORT && n == 4) {
        wire_put32(s, ofp_port_to32(wire_get32(value)));
        return;
    }
    for (unsigned int side = 0; side < (mask ? 2u : 1u); side++) {
        const uint8_t *v = side ? mask : value;

        for (unsigned int i = n; i-- > 0;) {
            wire_put8(s, i < f->n_bytes ? v[f->n_bytes - 1 - i] : 0);
        }
    }
}

void oxm_encode(struct strbuf *s, enum ofp_version version, const struct ofp_field *f,
                const uint8_t *value, const uint8_t *mask)
{
    uint32_t header = header_of(f, version);

    if (ofp_field_is_tlv(f) && ofp_tlv_uses_numbers()) {
        oxm_encode_short(s, version, f, value, mask);
    } else {
        encode(s, header, f, value, mask, wire_bytes(f, header && is_nxm(header)));
    }
}

void oxm_encode_short(struct strbuf *s, enum ofp_version version, const struct ofp_field *f,
                      const uint8_t *value, const uint8_t *mask)
{
    uint32_t header = header_of(f, version);

    encode(s, header, f, value, mask,
           ofp_field_is_tlv(f) ? short_length(f, value, mask)
                               : wire_bytes(f, header && is_nxm(header)));
}
