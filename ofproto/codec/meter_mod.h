/* Meters on the wire and in text: meter mods, and what is told of meters (OpenFlow 1.3.5 section
 * 7.3.4.4, 7.3.5.13 to 15); OpenFlow 1.3 to 1.5. */
#ifndef OFPROTO_CODEC_METER_MOD_H
#define OFPROTO_CODEC_METER_MOD_H

#include "ofproto/codec/action.h"
#include "ofproto/codec/wire.h"

#define OFP_METER_MAX 0xffff0000u
#define OFP_METER_SLOWPATH 0xfffffffdu
#define OFP_METER_CONTROLLER 0xfffffffeu
#define OFP_METER_ALL UINT32_MAX

#define OFP_METER_MAX_BANDS 8

enum ofp_meter_command { OFP_METER_ADD, OFP_METER_MODIFY, OFP_METER_DELETE };

#define OFP_METER_KBPS 1u
#define OFP_METER_PKTPS 2u
#define OFP_METER_BURST 4u
#define OFP_METER_STATS 8u
#define OFP_METER_FLAGS 15u

enum ofp_band_type { OFP_BAND_DROP = 1, OFP_BAND_DSCP_REMARK };

struct ofp_band {
    uint16_t type;      /* enum ofp_band_type. */
    uint8_t prec_level; /* Of DSCP_REMARK. */
    uint32_t rate;      /* kbit/s or packets/s. */
    uint32_t burst;     /* kbit or packets. */
};

/* As it was asked for, and is told again. */
struct ofp_meter_config {
    uint16_t flags;
    uint8_t n;
    struct ofp_band band[OFP_METER_MAX_BANDS];
};

struct ofp_meter_mod {
    enum ofp_meter_command command;
    uint32_t meter_id;
    struct ofp_meter_config config; /* Not of a deletion. */
};

/* 'p' is the message after its header. 0, or the error that the peer gets. Whether the meter may
 * have its number is checked, not whether it exists. */
int ofp_meter_mod_decode(const uint8_t *p, size_t len, struct ofp_meter_mod *ret);
/* The whole message, as a controller sends it. */
void ofp_meter_mod_encode(struct strbuf *, enum ofp_version, uint32_t xid,
                          const struct ofp_meter_mod *);

/* An entry of a description: the whole of a meter. */
void ofp_meter_desc_encode(struct strbuf *, uint32_t meter_id, const struct ofp_meter_config *);
/* Of a reply; '*ret_len' is the entry's length. False: it cannot be read. */
bool ofp_meter_desc_decode(const uint8_t *p, size_t len, uint32_t *ret_meter_id,
                           struct ofp_meter_config *ret, size_t *ret_len);

struct ofp_meter_stats {
    uint32_t meter_id;
    uint32_t n_flows; /* That refer to it. */
    uint64_t packets, bytes;
    uint32_t duration_s, duration_ns;
    uint8_t n;
    struct {
        uint64_t packets, bytes;
    } band[OFP_METER_MAX_BANDS];
};
void ofp_meter_stats_encode(struct strbuf *, const struct ofp_meter_stats *);
bool ofp_meter_stats_decode(const uint8_t *p, size_t len, struct ofp_meter_stats *ret,
                            size_t *ret_len);

struct ofp_meter_features {
    uint32_t max_meters;
    uint32_t band_types;   /* A bit (1 << type) for each. */
    uint32_t capabilities; /* OFP_METER_*. */
    uint8_t max_bands;
    uint8_t max_color;
};
void ofp_meter_features_encode(struct strbuf *, const struct ofp_meter_features *);
bool ofp_meter_features_decode(const uint8_t *p, size_t len, struct ofp_meter_features *ret);

/* --- As people write them, in ovs-ofctl's syntax; in meter_text.c. */

/* "1", "controller"; with 'may_be_all' also "all". */
bool ofp_meter_id_parse(const char *text, bool may_be_all, uint32_t *ret);
void ofp_meter_id_format(struct strbuf *, uint32_t meter_id);
/* "meter=1,kbps,burst,bands=type=drop,rate=1000,burst_size=200"; of a deletion "meter=1". The
 * command stands in '*ret' already. */
int ofp_meter_mod_parse(const char *text, struct ofp_meter_mod *ret, struct error *);
/* "kbps burst stats bands=" and a line a band. */
void ofp_meter_config_format(struct strbuf *, const struct ofp_meter_config *);

/* --- The action "meter". */

struct ofp_action_meter {
    struct ofp_action h;
    uint32_t meter_id;
};
/* Calls back for each meter among the actions until 'cb' returns something else than 0, which it
 * returns. */
int ofp_actions_each_meter(const void *data, size_t len, int (*cb)(uint32_t meter_id, void *aux),
                           void *aux);

#endif
