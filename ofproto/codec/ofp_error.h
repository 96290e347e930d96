/* OpenFlow errors: one row each, with its type and code in each version of the protocol (OpenFlow
 * 1.0 section 5.4.4, 1.3.5 section 7.5.4). Decoders and handlers return them as positive numbers, 0
 * is success. */
#ifndef OFPROTO_CODEC_OFP_ERROR_H
#define OFPROTO_CODEC_OFP_ERROR_H

#include "ofproto/codec/wire.h"

enum ofp_error {
    OFPERR_NONE,
    OFPERR_HELLO_INCOMPATIBLE,
    OFPERR_BRC_BAD_VERSION,
    OFPERR_BRC_BAD_TYPE,
    OFPERR_BRC_BAD_STAT,
    OFPERR_BRC_BAD_VENDOR,
    OFPERR_BRC_BAD_SUBTYPE,
    OFPERR_BRC_EPERM,
    OFPERR_BRC_BAD_LEN,
    OFPERR_BRC_BUFFER_UNKNOWN,
    OFPERR_BRC_BAD_TABLE_ID,
    OFPERR_BRC_BAD_PORT,
    OFPERR_BAC_BAD_TYPE,
    OFPERR_BAC_BAD_LEN,
    OFPERR_BAC_BAD_VENDOR,
    OFPERR_BAC_BAD_VENDOR_TYPE,
    OFPERR_BAC_BAD_OUT_PORT,
    OFPERR_BAC_BAD_ARGUMENT,
    OFPERR_BAC_TOO_MANY,
    OFPERR_BAC_BAD_QUEUE,
    OFPERR_BAC_BAD_OUT_GROUP,
    OFPERR_BAC_UNSUPPORTED_ORDER,
    OFPERR_BAC_BAD_SET_TYPE,
    OFPERR_BAC_BAD_SET_LEN,
    OFPERR_BAC_BAD_SET_ARGUMENT,
    OFPERR_BAC_BAD_SET_MASK,
    OFPERR_BAC_MATCH_INCONSISTENT,
    OFPERR_NXBAC_BAD_CONJUNCTION,
    OFPERR_BIC_UNKNOWN_INST,
    OFPERR_BIC_UNSUP_INST,
    OFPERR_BIC_BAD_TABLE_ID,
    OFPERR_BIC_BAD_EXPERIMENTER,
    OFPERR_BIC_BAD_LEN,
    OFPERR_BIC_DUP_INST,
    OFPERR_BMC_BAD_TYPE,
    OFPERR_BMC_BAD_LEN,
    OFPERR_BMC_BAD_WILDCARDS,
    OFPERR_BMC_BAD_FIELD,
    OFPERR_BMC_BAD_VALUE,
    OFPERR_BMC_BAD_MASK,
    OFPERR_BMC_BAD_PREREQ,
    OFPERR_BMC_DUP_FIELD,
    OFPERR_FMFC_TABLE_FULL,
    OFPERR_FMFC_BAD_TABLE_ID,
    OFPERR_FMFC_OVERLAP,
    OFPERR_FMFC_BAD_COMMAND,
    OFPERR_FMFC_BAD_FLAGS,
    OFPERR_GMFC_GROUP_EXISTS,
    OFPERR_GMFC_INVALID_GROUP,
    OFPERR_GMFC_OUT_OF_GROUPS,
    OFPERR_GMFC_OUT_OF_BUCKETS,
    OFPERR_GMFC_WATCH_UNSUPPORTED,
    OFPERR_GMFC_LOOP,
    OFPERR_GMFC_UNKNOWN_GROUP,
    OFPERR_GMFC_CHAINED_GROUP,
    OFPERR_GMFC_BAD_TYPE,
    OFPERR_GMFC_BAD_COMMAND,
    OFPERR_GMFC_BAD_BUCKET,
    OFPERR_GMFC_BAD_WATCH,
    OFPERR_GMFC_UNKNOWN_BUCKET,
    OFPERR_GMFC_BUCKET_EXISTS,
    OFPERR_BPC_BAD_TYPE,
    OFPERR_BPC_BAD_LEN,
    OFPERR_BPC_BAD_VALUE,
    OFPERR_BPC_DUP_TYPE,
    OFPERR_BPC_BAD_EXPERIMENTER,
    OFPERR_BPC_BAD_EXP_TYPE,
    OFPERR_SCFC_BAD_FLAGS,
    OFPERR_TFFC_EPERM,
    OFPERR_N
};

const char *ofp_error_name(enum ofp_error);
/* The first error that has this type and code in the version; NULL: none is known. Nicira's have
 * the type and code that stand behind its header. */
const char *ofp_error_find(uint8_t version, uint16_t type, uint16_t code);
/* Appends an error message about a request, of which the first 64 bytes (at most) are quoted. */
void ofp_error_encode(struct strbuf *, uint8_t version, enum ofp_error, const void *request,
                      size_t len);

#endif
