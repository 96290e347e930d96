/* The provider "fake:": a datapath in this process's memory, for unit tests of ofproto and
 * vswitchd.
 *
 * It keeps to dp.h: operations complete and upcalls arrive from the event base, never from inside
 * an operation, so a test calls and then runs its base (event_base_loop(base, EVLOOP_NONBLOCK) a
 * few times, or fake_run()). "fake:" makes a datapath that ends with dp_close(); "fake:NAME" one
 * that outlives it, so that a test can open it again as a restarted vswitchd would;
 * fake_destroy(NAME) ends that. No threads. */
#ifndef DATAPATH_FAKE_FAKE_H
#define DATAPATH_FAKE_FAKE_H

#include "datapath/dp.h"

/* Runs the base until nothing is left to do now. */
void fake_run(struct event_base *);
void fake_destroy(const char *name);

/* --- Loss and attaching. dp_open() of a fake attaches by itself at the next turn of the base. ---
 */

/* The datapath goes: 'lost' is called at the next turn, operations return -ENOTCONN, completions
 * and upcalls that were not delivered are dropped. Its ports, flows and counters stay. */
void fake_lose(struct dp *, const char *reason);
/* It comes back: 'attached' at the next turn. */
void fake_attach(struct dp *);
/* The datapath "process" was restarted: no ports, no flows, another boot id. Between the two above.
 */
void fake_restart(struct dp *);
/* False: dp_open() does not attach until fake_attach(). Global; true at start. */
void fake_auto_attach(bool);

/* --- Ports. --- */

/* 0 when there is no such port. */
uint32_t fake_port_find(struct dp *, const char *name);
size_t fake_port_count(struct dp *);
/* What the port was last configured with: the value of an option, NULL when it was not given. */
const char *fake_port_option(struct dp *, uint32_t port_no, const char *key);
/* Changes what dp_port_list() tells and calls 'port_changed' at the next turn. */
void fake_port_set_state(struct dp *, uint32_t port_no, bool admin_up, bool link_up,
                         const char *error);
void fake_port_set_stats(struct dp *, uint32_t port_no, const struct dp_port_stats *);
/* The next dp_port_add() of a port of this name fails. 'code' is a positive errno. */
void fake_port_add_fails(struct dp *, const char *name, int code, const char *text);
/* What was set with dp_set_config(); NULL when it was not. */
const char *fake_config(struct dp *, const char *key);
void fake_add_drops(struct dp *, const char *reason, uint32_t port_no, uint64_t n);

/* --- Flows. --- */

size_t fake_flow_count(struct dp *);
/* Valid until the next operation. False when there is no such flow. */
bool fake_flow_get(struct dp *, uint32_t flow_no, struct dp_flow *ret);
/* The flow that a packet with this key hits; false: it misses. */
bool fake_flow_lookup(struct dp *, const struct flow_key *, struct dp_flow *ret);
void fake_flow_set_stats(struct dp *, uint32_t flow_no, const struct dp_flow_stats *);
/* The next operation of 'type' fails with 'code', a positive errno. */
void fake_op_fails(struct dp *, enum dp_op_type, int code);
/* dp_submit() takes at most this many operations that have not completed (default 4096). */
void fake_set_ring_size(struct dp *, size_t n);
/* While true, operations are carried out, but their completions are not delivered. */
void fake_hold_completions(struct dp *, bool);

/* --- Meters. They are as the real ones are, but remark nothing. --- */

size_t fake_meter_count(struct dp *);
/* False when there is no such meter. */
bool fake_meter_get(struct dp *, uint32_t meter_no, struct dp_meter *ret);
/* The meters' clock stands still but for this. Of all fakes. */
void fake_meters_pass_ms(uint64_t ms);

/* --- Packets. --- */

/* A packet comes in: on a hit the flow's actions are executed and counted; on a miss it is parked
 * and an upcall is made (one per key: further packets of the same key are parked behind it). 'key'
 * is what a parser would make of the packet; in_port is key->in_port. Returns true on a hit. */
bool fake_receive(struct dp *, const struct flow_key *, const void *packet, size_t len);
/* Makes an upcall as it is: no lookup, and a pending token of its own, returned, unless 'reason' is
 * DP_UPCALL_ACTION. */
uint64_t fake_upcall(struct dp *, enum dp_upcall_reason, const struct flow_key *,
                     const void *packet, size_t len);
/* Tokens that nobody answered yet. */
size_t fake_pending_count(struct dp *);

/* What was sent, oldest first, by flows, by released pending packets and by EXECUTE. VLAN and
 * Ethernet actions are applied; set-ipv4, set-ipv6 and set-l4 are not (the frame is left as it
 * was). */
struct fake_output {
    uint32_t port_no;
    uint8_t *packet;
    size_t len;
};
const struct fake_output *fake_outputs(struct dp *, size_t *ret_n);
void fake_outputs_clear(struct dp *);

#endif
