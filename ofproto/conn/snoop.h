/* Who listens to what passes between a bridge and a controller; see snoop.c. For the files of conn/
 * alone. Event base's thread. */
#ifndef OFPROTO_CONN_SNOOP_H
#define OFPROTO_CONN_SNOOP_H

#include <stddef.h>

struct conn;
struct controller;
struct mgmt;

/* Copies a message that came or goes, with its header; may be several. */
void snoop(const struct conn *, const void *message, size_t len);
/* Ends those that listen to a controller; NULL: all. */
void snoop_end(struct mgmt *, const struct controller *);

#endif
