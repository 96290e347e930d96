/* See heap.h. */
#include "lib/heap.h"

#include <stdlib.h>

#include "lib/util.h"

void heap_free(struct heap *h)
{
    free(h->nodes);
    *h = (struct heap){0};
}

static void put(struct heap *h, struct heap_node *node, size_t index)
{
    h->nodes[index] = node;
    node->index = index;
}

static void rise(struct heap *h, struct heap_node *node)
{
    size_t i = node->index;

    while (i && h->nodes[(i - 1) / 2]->key > node->key) {
        put(h, h->nodes[(i - 1) / 2], i);
        i = (i - 1) / 2;
    }
    put(h, node, i);
}

static void sink(struct heap *h, struct heap_node *node)
{
    size_t i = node->index;

    for (size_t child = 2 * i + 1; child < h->n; child = 2 * i + 1) {
        if (child + 1 < h->n && h->nodes[child + 1]->key < h->nodes[child]->key) {
            child++;
        }
        if (h->nodes[child]->key >= node->key) {
            break;
        }
        put(h, h->nodes[child], i);
        i = child;
    }
    put(h, node, i);
}

void heap_insert(struct heap *h, struct heap_node *node, uint64_t key)
{
    if (h->n == h->size) {
        h->size = MAX_OF(h->size * 2, (size_t)4);
        h->nodes = xreallocarray(h->nodes, h->size, sizeof(struct heap_node *));
    }
    node->key = key;
    put(h, node, h->n++);
    rise(h, node);
}

void heap_remove(struct heap *h, struct heap_node *node)
{
    struct heap_node *last = h->nodes[--h->n];

    if (last != node) {
        put(h, last, node->index);
        rise(h, last);
        sink(h, last);
    }
}

void heap_change(struct heap *h, struct heap_node *node, uint64_t key)
{
    node->key = key;
    rise(h, node);
    sink(h, node);
}
