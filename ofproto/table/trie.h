/* A path-compressed binary trie of prefixes of one field: which prefix lengths that rules use fit a
 * packet's value, and how few of its bits tell so.
 *
 * Nodes lie in an array and name each other by index, so a million prefixes cost tens of bytes
 * each. Prefixes of length 0 are not kept. No recursion. Control thread. */
#ifndef OFPROTO_TABLE_TRIE_H
#define OFPROTO_TABLE_TRIE_H

#include "lib/util.h"

#define TRIE_MAX_BITS 128

/* A bit per prefix length 0...128. */
struct trie_lengths {
    uint64_t bits[3];
};

static inline void trie_lengths_add(struct trie_lengths *l, unsigned int n)
{
    l->bits[n / 64] |= UINT64_C(1) << (n % 64);
}

static inline bool trie_lengths_has(const struct trie_lengths *l, unsigned int n)
{
    return l->bits[n / 64] >> (n % 64) & 1;
}

struct trie_node {
    uint32_t child[2]; /* 0: none. */
    uint32_t n_rules;  /* With exactly this prefix. */
    uint8_t length;    /* Of the prefix, in bits. */
};

struct trie {
    struct trie_node *nodes; /* [0] is unused, [1] the root (length 0). */
    uint8_t *keys;           /* n_bytes for each node. */
    uint32_t n_nodes;        /* Used so far. */
    uint32_t n_size;
    uint32_t free;   /* A list through child[0]. */
    uint8_t n_bytes; /* Of the field: at most 16. */
};

void trie_init(struct trie *, unsigned int n_bytes);
void trie_destroy(struct trie *);
/* 'key' has n_bytes, most significant first; bits after 'length' are not read. 0 < length. */
void trie_add(struct trie *, const uint8_t *key, unsigned int length);
/* Undoes one trie_add(). */
void trie_remove(struct trie *, const uint8_t *key, unsigned int length);
/* Writes which lengths have a prefix that fits 'value'. Returns how many leading bits of it were
 * needed: every value with the same such bits gets the same answer. */
unsigned int trie_lookup(const struct trie *, const uint8_t *value, struct trie_lengths *ret);

#endif
