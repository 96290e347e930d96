/* See ofp_error.h. */
#include "ofproto/codec/ofp_error.h"

#define NXET_VENDOR 0xb0c2
/* The type of errors of extensions since 1.2; Nicira's, but for those of bundles. */
#define EXPERIMENTER 0xffff
/* Codes of OpenFlow 1.0 from here on are Nicira's; below, those of types with this bit are. */
#define NX_CODES 256
#define NX10 0x8000
/* Nicira's error for what OpenFlow 1.0 has no error for. */
#define UNENCODABLE 1, 521

#define GROUP_MOD_FAILED 6
#define ASYNC_FAILED 15
#define BUNDLE_FAILED 17
/* Of the extensions that give OpenFlow 1.3 bundles, and 1.4's asynchronous configuration. */
#define ONF_FIRST 2300
#define ASYNC_ONF_FIRST 2370

/* Where OpenFlow 1.0 has no such error, Nicira's. */
static const struct {
    const char *name;
    uint16_t type10, code10;
    uint16_t type13, code13;
} rows[OFPERR_N] = {
    [OFPERR_NONE] = {"OFPERR_NONE", 0, 0, 0, 0},
    [OFPERR_HELLO_INCOMPATIBLE] = {"OFPHFC_INCOMPATIBLE", 0, 0, 0, 0},
    [OFPERR_BRC_BAD_VERSION] = {"OFPBRC_BAD_VERSION", 1, 0, 1, 0},
    [OFPERR_BRC_BAD_TYPE] = {"OFPBRC_BAD_TYPE", 1, 1, 1, 1},
    [OFPERR_BRC_BAD_STAT] = {"OFPBRC_BAD_STAT", 1, 2, 1, 2},
    [OFPERR_BRC_BAD_VENDOR] = {"OFPBRC_BAD_VENDOR", 1, 3, 1, 3},
    [OFPERR_BRC_BAD_SUBTYPE] = {"OFPBRC_BAD_SUBTYPE", 1, 4, 1, 4},
    [OFPERR_BRC_EPERM] = {"OFPBRC_EPERM", 1, 5, 1, 5},
    [OFPERR_BRC_BAD_LEN] = {"OFPBRC_BAD_LEN", 1, 6, 1, 6},
    [OFPERR_BRC_BUFFER_UNKNOWN] = {"OFPBRC_BUFFER_UNKNOWN", 1, 8, 1, 8},
    [OFPERR_BRC_BAD_TABLE_ID] = {"OFPBRC_BAD_TABLE_ID", 1, 512, 1, 9},
    [OFPERR_BRC_BAD_PORT] = {"OFPBRC_BAD_PORT", 1, 514, 1, 11},
    [OFPERR_BRC_IS_SLAVE] = {"OFPBRC_IS_SLAVE", UNENCODABLE, 1, 10},
    [OFPERR_BAC_BAD_TYPE] = {"OFPBAC_BAD_TYPE", 2, 0, 2, 0},
    [OFPERR_BAC_BAD_LEN] = {"OFPBAC_BAD_LEN", 2, 1, 2, 1},
    [OFPERR_BAC_BAD_VENDOR] = {"OFPBAC_BAD_VENDOR", 2, 2, 2, 2},
    [OFPERR_BAC_BAD_VENDOR_TYPE] = {"OFPBAC_BAD_VENDOR_TYPE", 2, 3, 2, 3},
    [OFPERR_BAC_BAD_OUT_PORT] = {"OFPBAC_BAD_OUT_PORT", 2, 4, 2, 4},
    [OFPERR_BAC_BAD_ARGUMENT] = {"OFPBAC_BAD_ARGUMENT", 2, 5, 2, 5},
    [OFPERR_BAC_TOO_MANY] = {"OFPBAC_TOO_MANY", 2, 7, 2, 7},
    [OFPERR_QOFC_BAD_PORT] = {"OFPQOFC_BAD_PORT", 5, 0, 9, 0},
    [OFPERR_QOFC_BAD_QUEUE] = {"OFPQOFC_BAD_QUEUE", 5, 1, 9, 1},
    [OFPERR_BAC_BAD_OUT_GROUP] = {"OFPBAC_BAD_OUT_GROUP", NX10 | 2, 9, 2, 9},
    [OFPERR_BAC_UNSUPPORTED_ORDER] = {"OFPBAC_UNSUPPORTED_ORDER", UNENCODABLE, 2, 11},
    [OFPERR_BAC_BAD_SET_TYPE] = {"OFPBAC_BAD_SET_TYPE", 1, 523, 2, 13},
    [OFPERR_BAC_BAD_SET_LEN] = {"OFPBAC_BAD_SET_LEN", 1, 524, 2, 14},
    [OFPERR_BAC_BAD_SET_ARGUMENT] = {"OFPBAC_BAD_SET_ARGUMENT", 1, 525, 2, 15},
    [OFPERR_BAC_BAD_SET_MASK] = {"OFPBAC_BAD_SET_MASK", UNENCODABLE, 2, 16},
    [OFPERR_BAC_MATCH_INCONSISTENT] = {"OFPBAC_MATCH_INCONSISTENT", 1, 522, 2, 10},
    [OFPERR_NXBRC_MUST_BE_ZERO] = {"NXBRC_MUST_BE_ZERO", 1, 515, EXPERIMENTER, 4},
    [OFPERR_NXFMFC_INVALID_TLV_FIELD] = {"NXFMFC_INVALID_TLV_FIELD", 1, 536, EXPERIMENTER, 37},
    [OFPERR_NXTTMFC_BAD_COMMAND] = {"NXTTMFC_BAD_COMMAND", 1, 527, EXPERIMENTER, 16},
    [OFPERR_NXTTMFC_BAD_OPT_LEN] = {"NXTTMFC_BAD_OPT_LEN", 1, 528, EXPERIMENTER, 17},
    [OFPERR_NXTTMFC_BAD_FIELD_IDX] = {"NXTTMFC_BAD_FIELD_IDX", 1, 529, EXPERIMENTER, 18},
    [OFPERR_NXTTMFC_TABLE_FULL] = {"NXTTMFC_TABLE_FULL", 1, 530, EXPERIMENTER, 19},
    [OFPERR_NXTTMFC_ALREADY_MAPPED] = {"NXTTMFC_ALREADY_MAPPED", 1, 531, EXPERIMENTER, 20},
    [OFPERR_NXTTMFC_DUP_ENTRY] = {"NXTTMFC_DUP_ENTRY", 1, 532, EXPERIMENTER, 21},
    [OFPERR_NXTTMFC_INVALID_TLV_DEL] = {"NXTTMFC_INVALID_TLV_DEL", 1, 537, EXPERIMENTER, 38},
    [OFPERR_NXBAC_BAD_CONJUNCTION] = {"NXBAC_BAD_CONJUNCTION", 2, 526, EXPERIMENTER, 15},
    [OFPERR_BIC_UNKNOWN_INST] = {"OFPBIC_UNKNOWN_INST", UNENCODABLE, 3, 0},
    [OFPERR_BIC_UNSUP_INST] = {"OFPBIC_UNSUP_INST", 2, 257, 3, 1},
    [OFPERR_BIC_BAD_TABLE_ID] = {"OFPBIC_BAD_TABLE_ID", UNENCODABLE, 3, 2},
    [OFPERR_BIC_BAD_EXPERIMENTER] = {"OFPBIC_BAD_EXPERIMENTER", UNENCODABLE, 3, 5},
    [OFPERR_BIC_BAD_LEN] = {"OFPBIC_BAD_LEN", UNENCODABLE, 3, 7},
    /* OpenFlow 1.3 has no code for it; 1.4 gave it this one. */
    [OFPERR_BIC_DUP_INST] = {"OFPBIC_DUP_INST", UNENCODABLE, 3, 9},
    [OFPERR_BMC_BAD_TYPE] = {"OFPBMC_BAD_TYPE", UNENCODABLE, 4, 0},
    [OFPERR_BMC_BAD_LEN] = {"OFPBMC_BAD_LEN", UNENCODABLE, 4, 1},
    [OFPERR_BMC_BAD_WILDCARDS] = {"OFPBMC_BAD_WILDCARDS", 1, 262, 4, 5},
    [OFPERR_BMC_BAD_FIELD] = {"OFPBMC_BAD_FIELD", 0, 263, 4, 6},
    [OFPERR_BMC_BAD_VALUE] = {"OFPBMC_BAD_VALUE", 1, 258, 4, 7},
    [OFPERR_BMC_BAD_MASK] = {"OFPBMC_BAD_MASK", 1, 259, 4, 8},
    [OFPERR_BMC_BAD_PREREQ] = {"OFPBMC_BAD_PREREQ", 1, 260, 4, 9},
    [OFPERR_BMC_DUP_FIELD] = {"OFPBMC_DUP_FIELD", 1, 261, 4, 10},
    [OFPERR_FMFC_TABLE_FULL] = {"OFPFMFC_TABLE_FULL", 3, 0, 5, 1},
    [OFPERR_FMFC_BAD_TABLE_ID] = {"OFPFMFC_BAD_TABLE_ID", 3, 5, 5, 2},
    [OFPERR_FMFC_OVERLAP] = {"OFPFMFC_OVERLAP", 3, 1, 5, 3},
    [OFPERR_FMFC_BAD_COMMAND] = {"OFPFMFC_BAD_COMMAND", 3, 4, 5, 6},
    [OFPERR_FMFC_BAD_FLAGS] = {"OFPFMFC_BAD_FLAGS", 3, 258, 5, 7},
    /* OpenFlow 1.0 has no groups; properties came with 1.4. */
    [OFPERR_GMFC_GROUP_EXISTS] = {"OFPGMFC_GROUP_EXISTS", NX10 | 6, 0, 6, 0},
    [OFPERR_GMFC_INVALID_GROUP] = {"OFPGMFC_INVALID_GROUP", NX10 | 6, 1, 6, 1},
    [OFPERR_GMFC_OUT_OF_GROUPS] = {"OFPGMFC_OUT_OF_GROUPS", NX10 | 6, 3, 6, 3},
    [OFPERR_GMFC_OUT_OF_BUCKETS] = {"OFPGMFC_OUT_OF_BUCKETS", NX10 | 6, 4, 6, 4},
    [OFPERR_GMFC_WATCH_UNSUPPORTED] = {"OFPGMFC_WATCH_UNSUPPORTED", NX10 | 6, 6, 6, 6},
    [OFPERR_GMFC_LOOP] = {"OFPGMFC_LOOP", NX10 | 6, 7, 6, 7},
    [OFPERR_GMFC_UNKNOWN_GROUP] = {"OFPGMFC_UNKNOWN_GROUP", NX10 | 6, 8, 6, 8},
    [OFPERR_GMFC_CHAINED_GROUP] = {"OFPGMFC_CHAINED_GROUP", NX10 | 6, 9, 6, 9},
    [OFPERR_GMFC_BAD_TYPE] = {"OFPGMFC_BAD_TYPE", NX10 | 6, 10, 6, 10},
    [OFPERR_GMFC_BAD_COMMAND] = {"OFPGMFC_BAD_COMMAND", NX10 | 6, 11, 6, 11},
    [OFPERR_GMFC_BAD_BUCKET] = {"OFPGMFC_BAD_BUCKET", NX10 | 6, 12, 6, 12},
    [OFPERR_GMFC_BAD_WATCH] = {"OFPGMFC_BAD_WATCH", NX10 | 6, 13, 6, 13},
    [OFPERR_GMFC_UNKNOWN_BUCKET] = {"OFPGMFC_UNKNOWN_BUCKET", NX10 | 6, 15, 6, 15},
    [OFPERR_GMFC_BUCKET_EXISTS] = {"OFPGMFC_BUCKET_EXISTS", NX10 | 6, 16, 6, 16},
    /* Meters came with 1.3. */
    [OFPERR_MMFC_UNKNOWN] = {"OFPMMFC_UNKNOWN", UNENCODABLE, 12, 0},
    [OFPERR_MMFC_METER_EXISTS] = {"OFPMMFC_METER_EXISTS", UNENCODABLE, 12, 1},
    [OFPERR_MMFC_INVALID_METER] = {"OFPMMFC_INVALID_METER", UNENCODABLE, 12, 2},
    [OFPERR_MMFC_UNKNOWN_METER] = {"OFPMMFC_UNKNOWN_METER", UNENCODABLE, 12, 3},
    [OFPERR_MMFC_BAD_COMMAND] = {"OFPMMFC_BAD_COMMAND", UNENCODABLE, 12, 4},
    [OFPERR_MMFC_BAD_FLAGS] = {"OFPMMFC_BAD_FLAGS", UNENCODABLE, 12, 5},
    [OFPERR_MMFC_BAD_RATE] = {"OFPMMFC_BAD_RATE", UNENCODABLE, 12, 6},
    [OFPERR_MMFC_BAD_BAND] = {"OFPMMFC_BAD_BAND", UNENCODABLE, 12, 8},
    [OFPERR_MMFC_OUT_OF_METERS] = {"OFPMMFC_OUT_OF_METERS", UNENCODABLE, 12, 10},
    [OFPERR_MMFC_OUT_OF_BANDS] = {"OFPMMFC_OUT_OF_BANDS", UNENCODABLE, 12, 11},
    [OFPERR_BPC_BAD_TYPE] = {"OFPBPC_BAD_TYPE", NX10 | 13, 2, 14, 0},
    [OFPERR_BPC_BAD_LEN] = {"OFPBPC_BAD_LEN", NX10 | 13, 3, 14, 1},
    [OFPERR_BPC_BAD_VALUE] = {"OFPBPC_BAD_VALUE", NX10 | 13, 4, 14, 2},
    [OFPERR_BPC_DUP_TYPE] = {"OFPBPC_DUP_TYPE", NX10 | 14, 4, 14, 4},
    [OFPERR_BPC_BAD_EXPERIMENTER] = {"OFPBPC_BAD_EXPERIMENTER", NX10 | 14, 5, 14, 5},
    [OFPERR_BPC_BAD_EXP_TYPE] = {"OFPBPC_BAD_EXP_TYPE", NX10 | 14, 6, 14, 6},
    [OFPERR_BRC_MULTIPART_OVERFLOW] = {"OFPBRC_MULTIPART_BUFFER_OVERFLOW", UNENCODABLE, 1, 13},
    [OFPERR_TMFC_BAD_TABLE] = {"OFPTMFC_BAD_TABLE", UNENCODABLE, 8, 0},
    [OFPERR_TMFC_BAD_CONFIG] = {"OFPTMFC_BAD_CONFIG", UNENCODABLE, 8, 1},
    [OFPERR_TFFC_BAD_TABLE] = {"OFPTFFC_BAD_TABLE", UNENCODABLE, 13, 0},
    [OFPERR_TFFC_BAD_METADATA] = {"OFPTFFC_BAD_METADATA", UNENCODABLE, 13, 1},
    [OFPERR_TFFC_BAD_COMMAND] = {"OFPTFFC_BAD_COMMAND", UNENCODABLE, 13, 9},
    [OFPERR_NXTFFC_DUP_TABLE] = {"NXTFFC_DUP_TABLE", UNENCODABLE, EXPERIMENTER, 44},
    [OFPERR_TFFC_EPERM] = {"OFPTFFC_EPERM", UNENCODABLE, 13, 5},
    [OFPERR_SCFC_BAD_FLAGS] = {"OFPSCFC_BAD_FLAGS", UNENCODABLE, 10, 0},
    [OFPERR_PMFC_BAD_PORT] = {"OFPPMFC_BAD_PORT", 4, 0, 7, 0},
    [OFPERR_PMFC_BAD_HW_ADDR] = {"OFPPMFC_BAD_HW_ADDR", 4, 1, 7, 1},
    [OFPERR_PMFC_BAD_CONFIG] = {"OFPPMFC_BAD_CONFIG", UNENCODABLE, 7, 2},
    [OFPERR_PMFC_BAD_ADVERTISE] = {"OFPPMFC_BAD_ADVERTISE", UNENCODABLE, 7, 3},
    [OFPERR_NXR_STALE] = {"NXR_STALE", 1, 534, EXPERIMENTER, 35},
    [OFPERR_RRFC_STALE] = {"OFPRRFC_STALE", UNENCODABLE, 11, 0},
    /* Of OpenFlow 1.4 and later. */
    [OFPERR_BRC_PIPELINE_FIELDS_ONLY] = {"OFPBRC_PIPELINE_FIELDS_ONLY", UNENCODABLE, 1, 17},
    [OFPERR_ACFC_INVALID] = {"OFPACFC_INVALID", UNENCODABLE, ASYNC_FAILED, 0},
    [OFPERR_ACFC_UNSUPPORTED] = {"OFPACFC_UNSUPPORTED", UNENCODABLE, ASYNC_FAILED, 1},
    [OFPERR_BFC_BAD_ID] = {"OFPBFC_BAD_ID", UNENCODABLE, BUNDLE_FAILED, 2},
    [OFPERR_BFC_BUNDLE_CLOSED] = {"OFPBFC_BUNDLE_CLOSED", UNENCODABLE, BUNDLE_FAILED, 4},
    [OFPERR_BFC_OUT_OF_BUNDLES] = {"OFPBFC_OUT_OF_BUNDLES", UNENCODABLE, BUNDLE_FAILED, 5},
    [OFPERR_BFC_BAD_TYPE] = {"OFPBFC_BAD_TYPE", UNENCODABLE, BUNDLE_FAILED, 6},
    [OFPERR_BFC_BAD_FLAGS] = {"OFPBFC_BAD_FLAGS", UNENCODABLE, BUNDLE_FAILED, 7},
    [OFPERR_BFC_MSG_BAD_LEN] = {"OFPBFC_MSG_BAD_LEN", UNENCODABLE, BUNDLE_FAILED, 8},
    [OFPERR_BFC_MSG_BAD_XID] = {"OFPBFC_MSG_BAD_XID", UNENCODABLE, BUNDLE_FAILED, 9},
    [OFPERR_BFC_MSG_UNSUP] = {"OFPBFC_MSG_UNSUP", UNENCODABLE, BUNDLE_FAILED, 10},
    [OFPERR_BFC_MSG_TOO_MANY] = {"OFPBFC_MSG_TOO_MANY", UNENCODABLE, BUNDLE_FAILED, 12},
    [OFPERR_BFC_MSG_FAILED] = {"OFPBFC_MSG_FAILED", UNENCODABLE, BUNDLE_FAILED, 13},
    [OFPERR_BFC_TIMEOUT] = {"OFPBFC_TIMEOUT", UNENCODABLE, BUNDLE_FAILED, 14},
    [OFPERR_MOFC_UNKNOWN] = {"OFPMOFC_UNKNOWN", UNENCODABLE, 16, 0},
    [OFPERR_MOFC_MONITOR_EXISTS] = {"OFPMOFC_MONITOR_EXISTS", 1, 517, 16, 1},
    [OFPERR_MOFC_UNKNOWN_MONITOR] = {"OFPMOFC_UNKNOWN_MONITOR", 1, 519, 16, 3},
    [OFPERR_MOFC_BAD_COMMAND] = {"OFPMOFC_BAD_COMMAND", UNENCODABLE, 16, 4},
    [OFPERR_MOFC_BAD_FLAGS] = {"OFPMOFC_BAD_FLAGS", 1, 518, 16, 5},
    [OFPERR_MOFC_BAD_TABLE_ID] = {"OFPMOFC_BAD_TABLE_ID", UNENCODABLE, 16, 6},
    [OFPERR_MOFC_BAD_OUT] = {"OFPMOFC_BAD_OUT", UNENCODABLE, 16, 7},
    [OFPERR_RRFC_BAD_ROLE] = {"OFPRRFC_BAD_ROLE", 1, 513, 11, 2},
};

const char *ofp_error_name(enum ofp_error error)
{
    return rows[error].name;
}

/* How many codes OpenFlow 1.1 has of each type, and how many types 1.2 and 1.3 have. */
static const uint16_t codes11[] = {2, 10, 13, 6, 8, 7, 9, 4, 2, 3, 2};
static const uint16_t n_types[] = {[OFP12] = 12, [OFP13] = 14};

/* What an error is in a version. */
struct form {
    uint32_t vendor; /* 0: OpenFlow's own. */
    uint16_t type, code;
};

static const struct form no_form_10 = {OFP_VENDOR_NX, UNENCODABLE};
static const struct form no_form_12 = {OFP_VENDOR_NX, EXPERIMENTER, 10};

/* Versions in which Open vSwitch tells an error by other numbers than its row has. */
static const struct exception {
    enum ofp_error error;
    uint8_t first, last;
    struct form form;
} exceptions[] = {
    {OFPERR_BIC_DUP_INST, OFP11, OFP11, {OFP_VENDOR_NX, 3, 256}},
    {OFPERR_BIC_DUP_INST, OFP12, OFP13, {OFP_VENDOR_ONF, EXPERIMENTER, 2600}},
    {OFPERR_FMFC_BAD_FLAGS, OFP11, OFP11, {OFP_VENDOR_NX, 5, 258}},
    {OFPERR_BPC_BAD_TYPE, OFP12, OFP12, {OFP_VENDOR_NX, EXPERIMENTER, 25}},
    {OFPERR_BPC_BAD_LEN, OFP12, OFP12, {OFP_VENDOR_NX, EXPERIMENTER, 26}},
    {OFPERR_BPC_BAD_VALUE, OFP12, OFP12, {OFP_VENDOR_NX, EXPERIMENTER, 27}},
    {OFPERR_BPC_DUP_TYPE, OFP12, OFP12, {OFP_VENDOR_NX, EXPERIMENTER, 29}},
    {OFPERR_BPC_BAD_EXPERIMENTER, OFP12, OFP12, {OFP_VENDOR_NX, EXPERIMENTER, 30}},
    {OFPERR_BPC_BAD_EXP_TYPE, OFP12, OFP12, {OFP_VENDOR_NX, EXPERIMENTER, 31}},
    /* Those of table features, which have the first properties. */
    {OFPERR_BPC_BAD_TYPE, OFP13, OFP13, {0, 13, 2}},
    {OFPERR_BPC_BAD_LEN, OFP13, OFP13, {0, 13, 3}},
    {OFPERR_BPC_BAD_VALUE, OFP13, OFP13, {0, 13, 4}},
    {OFPERR_MOFC_MONITOR_EXISTS, OFP12, OFP13, {OFP_VENDOR_NX, EXPERIMENTER, 6}},
    {OFPERR_MOFC_BAD_FLAGS, OFP12, OFP13, {OFP_VENDOR_NX, EXPERIMENTER, 7}},
    {OFPERR_MOFC_UNKNOWN_MONITOR, OFP12, OFP13, {OFP_VENDOR_NX, EXPERIMENTER, 8}},
    /* Of OpenFlow 1.5. */
    {OFPERR_BAC_BAD_SET_MASK, OFP12, OFP14, {OFP_VENDOR_NX, EXPERIMENTER, 10}},
    {OFPERR_GMFC_UNKNOWN_BUCKET, OFP12, OFP14, {OFP_VENDOR_NX, EXPERIMENTER, 10}},
    {OFPERR_GMFC_BUCKET_EXISTS, OFP12, OFP14, {OFP_VENDOR_NX, EXPERIMENTER, 10}},
};

static const struct exception *find_exception(uint8_t version, enum ofp_error error)
{
    for (size_t i = 0; i < ARRAY_SIZE(exceptions); i++) {
        const struct exception *e = &exceptions[i];

        if (e->error == error && version >= e->first && version <= e->last) {
            return e;
        }
    }
    return NULL;
}

/* Extensions of OpenFlow 1.1 have, as those of 1.0, the codes that later versions brought. */
static bool is_as_in_10(uint8_t version, enum ofp_error error)
{
    uint16_t type = rows[error].type13;

    return version == OFP10 || (version == OFP11 && (type >= ARRAY_SIZE(codes11) ||
                                                     rows[error].code13 >= codes11[type]));
}

static struct form form_in_10(uint8_t version, enum ofp_error error)
{
    uint16_t type = rows[error].type10, code = rows[error].code10;
    bool is_nx = type & NX10 || code >= NX_CODES;

    type &= (uint16_t)~NX10;
    if (version == OFP11 && is_nx && type == GROUP_MOD_FAILED) {
        return no_form_10; /* Groups are OpenFlow's own there. */
    }
    return (struct form){is_nx ? OFP_VENDOR_NX : 0, type, code};
}

static struct form form_of(uint8_t version, enum ofp_error error)
{
    const struct exception *e = find_exception(version, error);
    uint16_t type = rows[error].type13, code = rows[error].code13;

    if (e) {
        return e->form;
    }
    if (is_as_in_10(version, error)) {
        return form_in_10(version, error);
    }
    if (type == EXPERIMENTER) {
        return (struct form){OFP_VENDOR_NX, type, code};
    }
    if (version < OFP14 && (type == BUNDLE_FAILED || type == ASYNC_FAILED)) {
        code = (uint16_t)(code + (type == BUNDLE_FAILED ? ONF_FIRST : ASYNC_ONF_FIRST));
        return (struct form){OFP_VENDOR_ONF, EXPERIMENTER, code};
    }
    if (version < ARRAY_SIZE(n_types) && n_types[version] && type >= n_types[version]) {
        return no_form_12;
    }
    return (struct form){0, type, code};
}

void ofp_error_encode(struct strbuf *s, uint8_t version, enum ofp_error error, const void *request,
                      size_t len)
{
    uint32_t xid = len >= OFP_HEADER_LEN ? wire_get32((const uint8_t *)request + 4) : 0;
    size_t start = ofp_begin(s, version, OFPT_ERROR, xid);
    struct form form = form_of(version, error);

    if (form.vendor && form.type != EXPERIMENTER) {
        wire_put16(s, NXET_VENDOR);
        wire_put16(s, 0);
        wire_put32(s, form.vendor);
    }
    wire_put16(s, form.type);
    wire_put16(s, form.code);
    if (form.type == EXPERIMENTER) {
        wire_put32(s, form.vendor);
    }
    strbuf_put(s, request, MIN_OF(len, UINT16_MAX - (s->len - start)));
    ofp_end(s, start);
}

static bool is_form(const struct form *f, uint16_t type, uint16_t code)
{
    return f->type == type && f->code == code;
}

/* Vendors are not told apart: names are for people. */
const char *ofp_error_find(uint8_t version, uint16_t type, uint16_t code)
{
    if (is_form(version < OFP12 ? &no_form_10 : &no_form_12, type, code)) {
        return "NXBRC_UNENCODABLE_ERROR";
    }
    for (size_t i = 1; i < OFPERR_N; i++) {
        struct form form = form_of(version, (enum ofp_error)i);

        if (rows[i].name && is_form(&form, type, code)) {
            return rows[i].name;
        }
    }
    return NULL;
}
