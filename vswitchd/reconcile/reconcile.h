/* Makes bridges, ports and the datapath what the database says, and writes back how they are.
 *
 * Works by passes: each compares the whole configuration with what there is and changes the
 * differences, so nothing has to be remembered about what changed, and a pass that was cut short
 * (it blocks the event loop for at most about 20 ms; making a thousand ports takes longer) is
 * simply followed by another. main.c tells what happened; passes run from a timer of the event
 * base. One thread.
 *
 * The way of a change: pass -> upcall_sync() (cached flows agree) -> status, and cur_cfg last. */
#ifndef VSWITCHD_RECONCILE_RECONCILE_H
#define VSWITCHD_RECONCILE_RECONCILE_H

#include "datapath/dp.h"
#include "ofproto/ofproto.h"

struct conf;
struct db_client;
struct db_row;
struct event_base;
struct link_info;
struct reconcile;
struct upcall;

/* Bridges serve OpenFlow at RUNDIR/BRIDGE.mgmt; 'rundir' NULL: nowhere (tests).
 * 'ready' is called once, when what the database says was carried out, and confirmed, for the first
 * time. Without a datapath that is five seconds after the database was there. May be NULL. */
struct reconcile *reconcile_new(struct event_base *, const char *rundir, struct ofproto_set *,
                                struct upcall *, void (*ready)(void *aux), void *aux);
/* Leaves datapath and database as they are. NULL is fine. */
void reconcile_free(struct reconcile *);
/* Both must live until reconcile_free(). */
void reconcile_set_dp(struct reconcile *, struct dp *);
void reconcile_set_db(struct reconcile *, struct db_client *);

/* What is replicated: for db_client_new(). */
const struct db_client_table *reconcile_db_tables(void);
/* As of 'struct db_client_callbacks'. */
void reconcile_db_row(struct reconcile *, const struct db_row *old, const struct db_row *new_row);
void reconcile_db_changed(struct reconcile *);
/* Takes this configuration over in place of the database's (tests). */
void reconcile_set_conf(struct reconcile *, struct conf *);

/* As of 'struct dp_callbacks'. */
void reconcile_dp_attached(struct reconcile *, bool fresh);
void reconcile_dp_lost(struct reconcile *, const char *reason);
void reconcile_port_changed(struct reconcile *);
/* A controller was connected to or lost, or has another role. */
void reconcile_controllers_changed(struct reconcile *);
/* A kernel device came, changed or went ('gone': also to another namespace). */
void reconcile_device_changed(struct reconcile *, const struct link_info *, bool gone);

/* Registers dpif/show, dpctl/show, dpctl/dump-dps, bridge/show and config/complaints. */
void reconcile_ctl_init(struct reconcile *);

/* Removes every port and flow from the datapath ("exit --cleanup"). Blocking. */
void reconcile_cleanup(struct reconcile *);

/* The state of an interface, for tests: its error ("" when there is none); NULL when there is no
 * such interface. Numbers are 0 when it has none. */
const char *reconcile_iface_state(const struct reconcile *, const char *name, uint32_t *ret_dp_port,
                                  uint16_t *ret_ofport);
/* All that the configuration asks for was done. */
bool reconcile_is_settled(const struct reconcile *);

#endif
