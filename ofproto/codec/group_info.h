/* What a switch counted of groups and says that they can do, as whoever asks reads it. OpenFlow 1.1
 * to 1.5, and Nicira's of 1.0, which are 1.3's. The asked side encodes in conn/groups.c. Pure
 * functions over bytes; they return 0 or an OpenFlow error. */
#ifndef OFPROTO_CODEC_GROUP_INFO_H
#define OFPROTO_CODEC_GROUP_INFO_H

#include "ofproto/codec/group_mod.h"

struct ofp_group_count {
    uint64_t packets, bytes; /* UINT64_MAX: not known. */
};
struct ofp_group_counts {
    uint32_t group_id;
    uint32_t refs;
    bool has_duration;
    uint32_t duration_s, duration_ns;
    struct ofp_group_count all;
    const uint8_t *buckets; /* On the wire; ofp_group_bucket_count() reads them. */
    unsigned int n;
};
/* '*ret' points into 'p'; '*ret_len' is the entry's length. */
int ofp_group_counts_decode(enum ofp_version, const uint8_t *p, size_t left,
                            struct ofp_group_counts *ret, size_t *ret_len);
struct ofp_group_count ofp_group_bucket_count(const struct ofp_group_counts *, unsigned int i);

struct ofp_group_features {
    uint32_t types, capabilities;
    uint32_t max_groups[OFP_N_GROUP_TYPES];
    uint32_t actions[OFP_N_GROUP_TYPES]; /* As the version numbers them. */
};
int ofp_group_features_decode(const uint8_t *p, size_t len, struct ofp_group_features *ret);

/* The body of a request about one group, or OFP_GROUP_ALL. */
void ofp_group_request_encode(struct strbuf *, uint32_t group_id);

/* " output group ...": actions by the bits of their types, in the order in which ovs-ofctl tells
 * them. */
void ofp_action_bits_format(struct strbuf *, enum ofp_version, uint32_t bits);

#endif
