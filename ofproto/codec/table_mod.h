/* Table mods, descriptions of tables and the messages that tell of their vacancy, on the wire:
 * OpenFlow 1.1 to 1.3 (1.3.5 section 7.3.4.3), 1.4 and 1.5 (1.5.1 sections 7.3.4.3, 7.3.5.18,
 * 7.4.5). */
#ifndef OFPROTO_CODEC_TABLE_MOD_H
#define OFPROTO_CODEC_TABLE_MOD_H

#include "ofproto/codec/ofp_error.h"

/* Bits of a table's configuration. */
#define OFPTC_DEPRECATED 3 /* Up to 1.2 what becomes of packets that miss. */
#define OFPTC_EVICTION 4
#define OFPTC_VACANCY_EVENTS 8

enum ofp_table_reason { OFPTR_VACANCY_DOWN = 3, OFPTR_VACANCY_UP = 4 };

/* What becomes of packets that no rule of a table matches: up to OpenFlow 1.2 a table's
 * configuration says it (1.2 section A.3.3). */
enum ofp_table_miss {
    OFP_MISS_DEFAULT, /* Nobody said: a controller of such a version gets them. */
    OFP_MISS_CONTROLLER,
    OFP_MISS_CONTINUE, /* In the next table. */
    OFP_MISS_DROP,
};
/* As it is told in a table's statistics. */
uint32_t ofp_table_miss_config(enum ofp_table_miss);

struct ofp_table_mod {
    uint8_t table_id; /* OFPTT_ALL: all. */
    enum ofp_table_miss miss;
    bool has_config; /* Of eviction and vacancy events: since 1.4. */
    bool evicts;
    bool tells_vacancy;
    bool has_eviction_flags;
    bool has_thresholds;
    uint32_t eviction_flags; /* OFP_EVICTION_*. */
    uint8_t vacancy_down;    /* Per cent. */
    uint8_t vacancy_up;
};
/* 'p' is the message after its header. */
int ofp_table_mod_decode(enum ofp_version, const uint8_t *p, size_t len, struct ofp_table_mod *ret);

struct ofp_table_desc {
    uint8_t table_id;
    bool evicts;
    bool tells_vacancy;
    uint32_t eviction_flags;
    uint8_t vacancy_down;
    uint8_t vacancy_up;
    uint8_t vacancy; /* As it is now. */
};
/* Appends an entry of a description. */
void ofp_table_desc_encode(struct strbuf *, const struct ofp_table_desc *);
/* The entry at 'p'; '*ret_len' is its length. */
int ofp_table_desc_decode(const uint8_t *p, size_t left, struct ofp_table_desc *ret,
                          size_t *ret_len);
/* Appends a whole message, of OpenFlow 1.4 or later, that makes the table so. */
void ofp_table_mod_encode(struct strbuf *, enum ofp_version, uint32_t xid,
                          const struct ofp_table_desc *);
/* The same up to OpenFlow 1.2, which says what becomes of packets that miss. */
void ofp_table_miss_encode(struct strbuf *, enum ofp_version, uint32_t xid, uint8_t table_id,
                           enum ofp_table_miss);
/* Appends a whole message. */
void ofp_table_status_encode(struct strbuf *, enum ofp_version, enum ofp_table_reason,
                             const struct ofp_table_desc *);

#endif
