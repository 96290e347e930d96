/* See trie.h. */
#include "ofproto/table/trie.h"

#include <stdlib.h>
#include <string.h>

#define ROOT 1

static const uint8_t *node_key(const struct trie *t, uint32_t n)
{
    return t->keys + (size_t)n * t->n_bytes;
}

static unsigned int bit_at(const uint8_t *key, unsigned int i)
{
    return key[i / 8] >> (7 - i % 8) & 1;
}

/* The first bit in from...to-1 where the keys differ; 'to' when there is none. */
static unsigned int first_difference(const uint8_t *a, const uint8_t *b, unsigned int from,
                                     unsigned int to)
{
    unsigned int i = from;

    while (i < to) {
        uint8_t diff = (uint8_t)((a[i / 8] ^ b[i / 8]) << (i % 8));

        if (diff) {
            i += (unsigned int)__builtin_clz((unsigned int)diff << 24);
            return MIN_OF(i, to);
        }
        i += 8 - i % 8;
    }
    return to;
}

static uint32_t node_new(struct trie *t, const uint8_t *key, unsigned int length)
{
    uint32_t n = t->free;

    if (n) {
        t->free = t->nodes[n].child[0];
    } else {
        if (t->n_nodes == t->n_size) {
            t->n_size = t->n_size ? t->n_size * 2 : 16;
            t->nodes = xreallocarray(t->nodes, t->n_size, sizeof *t->nodes);
            t->keys = xreallocarray(t->keys, t->n_size, t->n_bytes);
        }
        n = t->n_nodes++;
    }
    memset(&t->nodes[n], 0, sizeof t->nodes[n]);
    t->nodes[n].length = (uint8_t)length;
    memcpy(t->keys + (size_t)n * t->n_bytes, key, t->n_bytes);
    return n;
}

static void node_free(struct trie *t, uint32_t n)
{
    t->nodes[n].child[0] = t->free;
    t->free = n;
}

void trie_init(struct trie *t, unsigned int n_bytes)
{
    memset(t, 0, sizeof *t);
    t->n_bytes = (uint8_t)n_bytes;
}

void trie_destroy(struct trie *t)
{
    free(t->nodes);
    free(t->keys);
    trie_init(t, t->n_bytes);
}

void trie_add(struct trie *t, const uint8_t *key, unsigned int length)
{
    static const uint8_t zeros[TRIE_MAX_BITS / 8];
    uint32_t at = ROOT;

    if (!t->n_nodes) {         /* Made with the first prefix: most tables have none. */
        node_new(t, zeros, 0); /* Index 0 means none. */
        node_new(t, zeros, 0);
    }
    while (t->nodes[at].length < length) {
        unsigned int have = t->nodes[at].length;
        unsigned int side = bit_at(key, have);
        uint32_t next = t->nodes[at].child[side];
        unsigned int same, to;
        uint32_t split;

        if (!next) {
            next = node_new(t, key, length);
            t->nodes[at].child[side] = next;
            at = next;
            break;
        }
        to = MIN_OF((unsigned int)t->nodes[next].length, length);
        same = first_difference(key, node_key(t, next), have, to);
        if (same == t->nodes[next].length) {
            at = next;
            continue;
        }
        /* The edge to 'next' leaves the key's path at 'same': a node goes between. */
        split = node_new(t, key, same);
        t->nodes[split].child[bit_at(node_key(t, next), same)] = next;
        t->nodes[at].child[side] = split;
        at = split;
    }
    t->nodes[at].n_rules++;
}

/* Takes a node without rules out when it has at most one child. 'edge' points to it. */
static bool collapse(struct trie *t, uint32_t parent, unsigned int side)
{
    uint32_t n = t->nodes[parent].child[side];
    struct trie_node *node = &t->nodes[n];

    if (node->n_rules || (node->child[0] && node->child[1])) {
        return false;
    }
    t->nodes[parent].child[side] = node->child[0] ? node->child[0] : node->child[1];
    node_free(t, n);
    return true;
}

void trie_remove(struct trie *t, const uint8_t *key, unsigned int length)
{
    uint32_t at = ROOT, parent = 0, grandparent = 0;

    while (t->nodes[at].length < length) {
        grandparent = parent;
        parent = at;
        at = t->nodes[at].child[bit_at(key, t->nodes[at].length)];
    }
    t->nodes[at].n_rules--;
    if (parent && collapse(t, parent, bit_at(key, t->nodes[parent].length)) && grandparent) {
        collapse(t, grandparent, bit_at(key, t->nodes[grandparent].length));
    }
}

unsigned int trie_lookup(const struct trie *t, const uint8_t *value, struct trie_lengths *ret)
{
    uint32_t at = ROOT;

    memset(ret, 0, sizeof *ret);
    if (!t->n_nodes) {
        return 0;
    }
    for (;;) {
        const struct trie_node *node = &t->nodes[at];
        unsigned int have = node->length, same;
        uint32_t next;

        if (node->n_rules) {
            trie_lengths_add(ret, have);
        }
        if (!node->child[0] && !node->child[1]) {
            return have;
        }
        next = node->child[bit_at(value, have)];
        if (!next) {
            return have + 1;
        }
        same = first_difference(value, node_key(t, next), have, t->nodes[next].length);
        if (same < t->nodes[next].length) {
            return same + 1;
        }
        at = next;
    }
}
