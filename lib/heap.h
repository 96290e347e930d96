/* A binary heap: the node with the least key is first. Nodes lie in their owners' structs, so any
 * of them can be changed or taken out in O(log n). One thread. */
#ifndef LIB_HEAP_H
#define LIB_HEAP_H

#include <stddef.h>
#include <stdint.h>

struct heap_node {
    uint64_t key;
    size_t index; /* The heap's. */
};

struct heap {
    struct heap_node **nodes;
    size_t n;
    size_t size;
};

/* The nodes are the caller's. */
void heap_free(struct heap *);
void heap_insert(struct heap *, struct heap_node *, uint64_t key);
void heap_remove(struct heap *, struct heap_node *);
/* Gives a node that is in the heap another key. */
void heap_change(struct heap *, struct heap_node *, uint64_t key);

/* NULL: it is empty. */
static inline struct heap_node *heap_first(const struct heap *h)
{
    return h->n ? h->nodes[0] : NULL;
}

#endif
