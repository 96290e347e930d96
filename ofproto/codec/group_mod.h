/* Groups on the wire: group mods, buckets and properties, descriptions; OpenFlow 1.1 to 1.4, 1.5,
 * and Nicira's group mod of versions before, which is that of 1.5. */
#ifndef OFPROTO_CODEC_GROUP_MOD_H
#define OFPROTO_CODEC_GROUP_MOD_H

#include "ofproto/codec/action.h"
#include "ofproto/match/match.h"

#define NXT_GROUP_MOD 31 /* The subtype of Nicira's. */

#define OFP_GROUP_MAX 0xffffff00u
#define OFP_GROUP_ALL 0xfffffffcu
#define OFP_GROUP_ANY UINT32_MAX

#define OFP_BUCKET_MAX 0xffffff00u
#define OFP_BUCKET_FIRST 0xfffffffdu
#define OFP_BUCKET_LAST 0xfffffffeu
#define OFP_BUCKET_ALL UINT32_MAX

#define OFP_GROUP_MAX_BUCKETS 1024

enum ofp_group_type {
    OFP_GROUP_TYPE_ALL,
    OFP_GROUP_TYPE_SELECT,
    OFP_GROUP_TYPE_INDIRECT,
    OFP_GROUP_TYPE_FF,
    OFP_N_GROUP_TYPES
};

enum ofp_group_command {
    OFP_GROUP_ADD,
    OFP_GROUP_MODIFY,
    OFP_GROUP_DELETE,
    OFP_GROUP_INSERT_BUCKET,
    OFP_GROUP_REMOVE_BUCKET = 5,
    OFP_GROUP_ADD_OR_MODIFY = 0x8000, /* Open vSwitch's. */
};

struct ofp_bucket {
    uint32_t id;
    uint16_t weight;
    uint32_t watch_port;  /* OFP_PORT_NONE: none. */
    uint32_t watch_group; /* OFP_GROUP_ANY: none. */
    struct ofp_actions actions;
};

/* How a select group chooses. */
enum ofp_group_method {
    OFP_GROUP_METHOD_DEFAULT,
    OFP_GROUP_METHOD_HASH,    /* Of certain fields. */
    OFP_GROUP_METHOD_DP_HASH, /* Of the 5-tuple. */
};

struct ofp_group_config {
    uint8_t type; /* enum ofp_group_type. */
    uint8_t method;
    uint64_t method_param;
    struct ofp_flow *fields; /* Bits to hash; NULL: as by default. */
    uint8_t *fields_wire;    /* As they came. */
    size_t fields_wire_len;
    struct ofp_bucket *bucket;
    unsigned int n;
};
void ofp_group_config_free(struct ofp_group_config *);
/* One more, as buckets of the group's type are that say nothing of themselves; NULL: no more. */
struct ofp_bucket *ofp_group_add_bucket(struct ofp_group_config *);
/* What each type wants of its buckets: 0 or the error. */
int ofp_group_check_buckets(const struct ofp_group_config *);

struct ofp_group_mod {
    uint16_t command;
    uint32_t group_id;
    uint32_t command_bucket_id;
    struct ofp_group_config config;
};

/* 'p' is the message after its header. On an error nothing is left to free. 'form': the version
 * whose layout it has; actions are those of 'version'. */
int ofp_group_mod_decode(enum ofp_version version, enum ofp_version form, const uint8_t *p,
                         size_t len, struct ofp_group_mod *ret);
/* A bit (1 << version) for each version that can say all of it: 1.0 by Nicira's extension, which is
 * as 1.5. */
uint32_t ofp_group_mod_versions(const struct ofp_group_mod *);
/* Appends a whole message. One may become longer than OpenFlow's 65,535 bytes: then the length in
 * its header is wrong. */
void ofp_group_mod_encode(struct strbuf *, enum ofp_version, uint32_t xid,
                          const struct ofp_group_mod *);

/* An entry of a description: the whole of a group. In 1.0 of Nicira's. */
void ofp_group_desc_encode(struct strbuf *, enum ofp_version, uint32_t group_id,
                           const struct ofp_group_config *);
/* '*ret' is to be freed. */
int ofp_group_desc_decode(enum ofp_version, const uint8_t *p, size_t left, uint32_t *ret_group_id,
                          struct ofp_group_config *ret, size_t *ret_len);

/* Of the action "group". */
struct ofp_action_group {
    struct ofp_action h;
    uint32_t group_id;
};
/* Whether a group is among the actions. 'group_id' OFP_GROUP_ANY: any at all. */
bool ofp_actions_use_group(const void *data, size_t len, uint32_t group_id);
/* Calls back for each group among the actions until 'cb' returns something else than 0, which it
 * returns. */
int ofp_actions_each_group(const void *data, size_t len, int (*cb)(uint32_t group_id, void *aux),
                           void *aux);

#endif
