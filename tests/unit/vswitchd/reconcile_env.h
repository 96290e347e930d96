/* What tests of reconcile/ with a database start from: the fake datapath, the real ofproto and
 * upcall/, a database in memory with a row in Open_vSwitch. Rows: 1 is Open_vSwitch's; by
 * convention 10, 20... are bridges, 11... ports, 111... interfaces. */
#ifndef TESTS_UNIT_VSWITCHD_RECONCILE_ENV_H
#define TESTS_UNIT_VSWITCHD_RECONCILE_ENV_H

#include <event2/event.h>

#include "datapath/fake/fake.h"
#include "tests/unit/vswitchd/fake_db.h"
#include "vswitchd/reconcile/live.h"
#include "vswitchd/upcall/upcall.h"

struct env {
    struct event_base *base;
    struct ofproto_set *ofprotos;
    struct upcall *u;
    struct reconcile *r;
    struct dp *dp;
    struct db_client *db;
    unsigned int n_ready;
};

static void env_attached(bool fresh, void *aux)
{
    struct env *e = aux;
    reconcile_dp_attached(e->r, fresh);
}

static void env_lost(const char *reason, void *aux)
{
    struct env *e = aux;
    reconcile_dp_lost(e->r, reason);
    upcall_lost(e->u);
}

static void env_upcalls(const struct dp_upcall *ups, size_t n, void *aux)
{
    struct env *e = aux;
    upcall_handle(e->u, ups, n, time_now_ms());
}

static void env_completions(const struct dp_completion *cs, size_t n, void *aux)
{
    struct env *e = aux;
    upcall_completions(e->u, cs, n);
}

static void env_port_changed(uint32_t port_no UNUSED, void *aux)
{
    struct env *e = aux;
    reconcile_port_changed(e->r);
}

static void env_ready(void *aux)
{
    struct env *e = aux;
    e->n_ready++;
}

static const struct dp_callbacks env_callbacks = {env_attached, env_lost, env_upcalls,
                                                  env_completions, env_port_changed};

static inline int env_setup(void **state)
{
    struct env *e = xcalloc(1, sizeof *e);
    struct error err;

    e->base = event_base_new();
    e->ofprotos = ofproto_set_new();
    e->u = upcall_new(e->base, e->ofprotos);
    e->r = reconcile_new(e->base, NULL, e->ofprotos, e->u, env_ready, e);
    assert_int_equal(dp_open("fake:env", e->base, &env_callbacks, e, &e->dp, &err), 0);
    upcall_set_dp(e->u, e->dp);
    reconcile_set_dp(e->r, e->dp);
    fake_run(e->base);
    e->db = fake_db_new();
    fake_db_put(e->db, "Open_vSwitch", 1, "{}");
    reconcile_set_db(e->r, e->db);
    e->db->reconcile = e->r;
    *state = e;
    return 0;
}

static inline int env_teardown(void **state)
{
    struct env *e = *state;

    dp_close(e->dp);
    upcall_free(e->u);
    reconcile_free(e->r);
    ofproto_set_free(e->ofprotos);
    fake_destroy("env");
    fake_db_free(e->db);
    event_base_free(e->base);
    free(e);
    return 0;
}

/* Turns the loop until the condition holds (5 s at most). */
#define ENV_WAIT(E, CONDITION)                                                                     \
    do {                                                                                           \
        uint64_t env_end_ = time_now_ms() + 5000;                                                  \
        while (!(CONDITION)) {                                                                     \
            struct timeval env_tv_ = {0, 5000};                                                    \
            assert_true(time_now_ms() < env_end_);                                                 \
            event_base_loopexit((E)->base, &env_tv_);                                              \
            event_base_dispatch((E)->base);                                                        \
        }                                                                                          \
    } while (0)

/* Until what the database says is in force, and a transaction with the outcome waits or was not
 * needed. */
static inline void env_settle(struct env *e)
{
    reconcile_db_changed(e->r);
    ENV_WAIT(e, reconcile_is_settled(e->r) && !e->r->sync_in_flight);
    fake_run(e->base);
}

/* The same, and the state was written. */
static inline void env_write(struct env *e)
{
    env_settle(e);
    while (fake_db_answer(e->db, 0)) {
        env_settle(e);
    }
}

/* Bridge br0 (row 10) with its local port (11, 111) and 'name' (12, 112) of that type. */
static inline void env_add_bridge(struct env *e, const char *name, const char *type)
{
    char *port = xasprintf("{'name':'%s','interfaces':U112}", name);
    char *iface = xasprintf("{'name':'%s','type':'%s'}", name, type);

    fake_db_put(e->db, "Interface", 111, "{'name':'br0','type':'internal'}");
    fake_db_put(e->db, "Port", 11, "{'name':'br0','interfaces':U111}");
    fake_db_put(e->db, "Interface", 112, iface);
    fake_db_put(e->db, "Port", 12, port);
    fake_db_put(e->db, "Bridge", 10, "{'name':'br0','ports':['set',[U11,U12]]}");
    fake_db_put(e->db, "Open_vSwitch", 1, "{'bridges':U10,'next_cfg':1}");
    free(port);
    free(iface);
}

#define ENV_TEST(NAME) cmocka_unit_test_setup_teardown(NAME, env_setup, env_teardown)

#endif
