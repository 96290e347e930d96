/* What the files of the fake share: its state. See fake.h. */
#ifndef DATAPATH_FAKE_FAKE_PRIVATE_H
#define DATAPATH_FAKE_FAKE_PRIVATE_H

#include <sys/queue.h>
#include <uthash.h>

#include "datapath/fake/fake.h"

#define FAKE_CONFIG_MAX 64
#define FAKE_FAILS_MAX 16

struct fake_packet {
    STAILQ_ENTRY(fake_packet) next;
    size_t len;
    uint8_t data[];
};
STAILQ_HEAD(fake_packets, fake_packet);

struct fake_port {
    UT_hash_handle hh; /* By info.port_no. */
    struct dp_port_info info;
    struct dp_port_stats stats;
    struct dp_option options[DP_MAX_PORT_OPTIONS];
    size_t n_options;
};

struct fake_flow {
    UT_hash_handle hh; /* By flow.flow_no. */
    struct dp_flow flow;
    struct dp_flow_stats stats;
};

struct fake_meter {
    UT_hash_handle hh; /* By meter_no. */
    uint32_t meter_no;
    bool is_old; /* Put in an earlier attachment. */
    struct dp_meter config;
    uint64_t bucket[DP_METER_MAX_BANDS];
    struct dp_meter_stats stats;
};

/* Packets parked behind one upcall. */
struct fake_pending {
    UT_hash_handle hh; /* By token. */
    uint64_t token;
    bool by_key; /* Further packets of the key join. */
    struct flow_key key;
    struct fake_packets packets;
};

struct fake_drop {
    char reason[DP_NAME_MAX];
    uint32_t port_no;
    uint64_t packets;
};

struct fake_port_fail {
    char name[DP_NAME_MAX];
    int code;
    char text[DP_ERROR_MAX];
};

/* The datapath itself, which outlives who is attached. */
struct fake_state {
    struct fake_state *next;
    char *name; /* "": of one dp only. */
    unsigned int n_users;
    uint64_t boot_id;
    struct fake_port *ports;
    struct fake_flow *flows;
    struct fake_pending *pending;
    struct fake_meter *meters;
    uint64_t last_token;
    struct dp_option config[FAKE_CONFIG_MAX];
    size_t n_config;
    struct fake_drop *drops;
    size_t n_drops;
    struct fake_dp *listener; /* Whom actions tell of packets; NULL: nobody yet. */
    struct fake_output *outputs;
    size_t n_outputs;
};

struct fake_upcall_entry {
    STAILQ_ENTRY(fake_upcall_entry) next;
    struct flow_key key;
    struct dp_upcall upcall;
    uint8_t packet[];
};

struct fake_completion_entry {
    STAILQ_ENTRY(fake_completion_entry) next;
    struct dp_completion completion;
};

/* Somebody's handle on it. */
struct fake_dp {
    struct dp dp;
    struct fake_state *state;
    const struct dp_callbacks *callbacks;
    void *aux;
    struct event *deliver;
    bool scheduled;

    bool attached;
    bool tell_attached;
    bool tell_lost;
    char lost_reason[DP_ERROR_MAX];

    STAILQ_HEAD(fake_upcalls, fake_upcall_entry) upcalls;
    STAILQ_HEAD(fake_completions, fake_completion_entry) completions;
    size_t n_completions;
    bool hold_completions;
    size_t ring_size;
    uint32_t *changed_ports;
    size_t n_changed_ports;

    int op_fails[DP_OP_BARRIER + 1];
    struct fake_port_fail port_fails[FAKE_FAILS_MAX];
    size_t n_port_fails;
};

/* Asserts that it is a fake. */
struct fake_dp *fake_cast(struct dp *);
/* Has the queues delivered at the next turn of the base. */
void fake_schedule(struct fake_dp *);
/* NULL when there is none. */
struct fake_port *fake_get_port(struct fake_state *, uint32_t port_no);
struct fake_flow *fake_get_flow(struct fake_state *, uint32_t flow_no);
const char *fake_get_option(const struct dp_option *, size_t n, const char *key);
struct fake_flow *fake_find_flow(struct fake_state *, const struct flow_key *);
void fake_count_drop(struct fake_state *, const char *reason, uint32_t port_no, uint64_t n);
/* Sends a packet through actions; what is output is recorded. */
void fake_execute(struct fake_state *, const void *actions, size_t actions_len, uint32_t in_port,
                  const void *packet, size_t len);
/* Sends what is parked behind 'token' through actions and forgets it; -ENOENT without one. */
int fake_release(struct fake_state *, uint64_t token, const void *actions, size_t actions_len);
/* NULL when there is none. */
struct fake_meter *fake_get_meter(struct fake_state *, uint32_t meter_no);
int fake_meter_put(struct fake_state *, const struct dp_op *);
int fake_meter_del(struct fake_state *, uint32_t meter_no);
/* Of a packet: false when the meter drops it. */
bool fake_meter_pass(struct fake_state *, uint32_t meter_no, uint32_t in_port, size_t len);
void fake_meters_free_all(struct fake_state *);
void fake_meters_age(struct fake_state *);
void fake_pending_free_all(struct fake_state *);
void fake_outputs_free(struct fake_state *);

#endif
