/* The MAC learning table of a bridge: (VLAN, MAC) -> owner (a bundle), with ageing and a size
 * limit.
 *
 * A full table takes the place from the owner that holds most entries, its least recently used one,
 * so a port that floods source addresses pushes out its own. Every (VLAN, MAC) falls into one of
 * MAC_N_BUCKETS version buckets; a translation that asked for an entry (found or not) depends on
 * its bucket. A bucket's version moves on only when its contents change in a way that matters and
 * somebody asked since the last time: learning thousands of addresses that nobody sends to disturbs
 * no cached flow. Control thread. */
#ifndef OFPROTO_L2_MAC_TABLE_H
#define OFPROTO_L2_MAC_TABLE_H

#include <sys/queue.h>

#include "lib/util.h"

#define MAC_N_BUCKETS 256
#define MAC_DEFAULT_SIZE 8192
#define MAC_DEFAULT_AGING_S 300

struct mac_entry;
TAILQ_HEAD(mac_list, mac_entry);

/* Whatever learns: embedded in a bundle. */
struct mac_owner {
    struct mac_list entries; /* Least recently used first. */
    size_t n;
    size_t heap_index; /* Plus one; 0: not in the heap (no entries). */
};

struct mac_entry {
    struct mac_entry *chain;
    TAILQ_ENTRY(mac_entry) by_use;       /* In the table. */
    TAILQ_ENTRY(mac_entry) by_owner_use; /* In the owner. */
    struct mac_owner *owner;
    uint64_t used_ms;
    uint64_t changed_ms; /* Learned or moved. */
    uint16_t vlan;
    uint8_t mac[6];
};

struct mac_table {
    struct mac_entry **chains;
    size_t n_chains; /* A power of two. */
    size_t n;
    size_t max;
    uint64_t aging_ms;
    uint64_t seed;
    struct mac_list by_use;  /* Least recently used first. */
    struct mac_owner **heap; /* Owners, the one with most entries on top. */
    size_t n_heap, size_heap;
    uint64_t *generation; /* Counter that versions come from. */
    uint64_t version[MAC_N_BUCKETS];
    bool asked[MAC_N_BUCKETS];
    uint64_t n_learned, n_expired, n_evicted, n_moved, n_flushed;
};

/* '*generation' is advanced for each change that matters. */
void mac_table_init(struct mac_table *, uint64_t *generation);
void mac_table_destroy(struct mac_table *);
void mac_table_configure(struct mac_table *, size_t max, unsigned int aging_s);

void mac_owner_init(struct mac_owner *);
/* Forgets everything that this owner has. */
void mac_owner_flush(struct mac_table *, struct mac_owner *);

unsigned int mac_bucket(const struct mac_table *, uint16_t vlan, const uint8_t mac[6]);
/* NULL when unknown. 'ret_bucket' (NULL: the caller will not depend on it) says which bucket the
 * answer depends on. */
struct mac_entry *mac_lookup(struct mac_table *, uint16_t vlan, const uint8_t mac[6],
                             unsigned int *ret_bucket);
/* Learns or refreshes. Multicast and zero sources are not learned. Returns true when the entry is
 * new or moved. */
bool mac_learn(struct mac_table *, uint16_t vlan, const uint8_t mac[6], struct mac_owner *,
               uint64_t now_ms);
/* A packet from this address came to 'owner' at 'used_ms', as a cached flow's counters told:
 * refreshes the entry, makes it anew when it was forgotten, moves it when it moved away before. */
void mac_credit(struct mac_table *, uint16_t vlan, const uint8_t mac[6], struct mac_owner *,
                uint64_t used_ms);
void mac_expire(struct mac_table *, uint64_t now_ms);
void mac_flush(struct mac_table *);
/* Forgets one VLAN's entries. */
void mac_flush_vlan(struct mac_table *, uint16_t vlan);

#endif
