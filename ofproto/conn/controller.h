/* The controllers that the database names for a bridge: connections that are made and made again,
 * and listeners. For the files of conn/ and bridge.c. Event base's thread. */
#ifndef OFPROTO_CONN_CONTROLLER_H
#define OFPROTO_CONN_CONTROLLER_H

#include <stdint.h>

struct conn;
struct controller;
struct mgmt;

/* The connection of a controller ended; it has forgotten 'conn' on return. */
void controller_conn_gone(struct controller *, const char *why);
/* Its version was agreed on, or its role changed. */
void controller_conn_changed(struct controller *);
/* The one to listen to: a master, else one without a role, else a slave; NULL: there is none that
 * is connected to. */
const struct controller *controllers_pick(const struct mgmt *);
/* Frees all, with their connections. */
void controllers_free(struct mgmt *);
/* Begins and ends the time in which the switch helps itself: fail-mode standalone. */
void controllers_run(struct mgmt *, uint64_t now_ms);

#endif
