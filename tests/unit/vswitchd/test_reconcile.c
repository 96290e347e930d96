/* From configuration to ports of the datapath and of bridges, on the fake datapath and the real
 * ofproto, without a database. */
#include <errno.h>
#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "datapath/fake/fake.h"
#include "lib/link.h"
#include "vswitchd/reconcile/conf.h"
#include "vswitchd/reconcile/reconcile.h"
#include "vswitchd/upcall/upcall.h"

struct env {
    struct event_base *base;
    struct ofproto_set *ofprotos;
    struct upcall *u;
    struct reconcile *r;
    struct dp *dp;
};

/* --- Configurations by hand.
 * --------------------------------------------------------------------- */

static struct conf *conf_new(void)
{
    return xcalloc(1, sizeof(struct conf));
}

static struct conf_bridge *add_bridge(struct conf *c, const char *name)
{
    struct conf_bridge *b;

    c->bridges = xreallocarray(c->bridges, c->n_bridges + 1, sizeof *c->bridges);
    b = &c->bridges[c->n_bridges++];
    memset(b, 0, sizeof *b);
    b->name = xstrdup(name);
    b->datapath_type = xstrdup("");
    b->mac_aging_s = 300;
    b->mac_table_size = 8192;
    memcpy(&b->uuid, name, MIN_OF(sizeof b->uuid, strlen(name)));
    return b;
}

static struct conf_iface *add_iface(struct conf_port *p, const char *name, const char *type)
{
    struct conf_iface *i;

    p->ifaces = xreallocarray(p->ifaces, p->n_ifaces + 1, sizeof *p->ifaces);
    i = &p->ifaces[p->n_ifaces++];
    memset(i, 0, sizeof *i);
    i->name = xstrdup(name);
    i->type = xstrdup(type);
    memcpy(&i->uuid, name, MIN_OF(sizeof i->uuid, strlen(name)));
    return i;
}

static struct conf_port *add_port(struct conf_bridge *b, const char *name)
{
    struct conf_port *p;

    b->ports = xreallocarray(b->ports, b->n_ports + 1, sizeof *b->ports);
    p = &b->ports[b->n_ports++];
    memset(p, 0, sizeof *p);
    p->name = xstrdup(name);
    p->tag = -1;
    p->vlan_mode = OFPROTO_VLAN_TRUNK;
    return p;
}

static struct conf_iface *add_simple(struct conf_bridge *b, const char *name, const char *type)
{
    return add_iface(add_port(b, name), name, type);
}

static void add_option(struct conf_iface *i, const char *key, const char *value)
{
    i->options = xreallocarray(i->options, i->n_options + 1, sizeof *i->options);
    i->options[i->n_options].key = xstrdup(key);
    i->options[i->n_options++].value = xstrdup(value);
}

/* --- Environment.
 * -------------------------------------------------------------------------------- */

static void attached(bool fresh, void *aux)
{
    struct env *e = aux;
    reconcile_dp_attached(e->r, fresh);
}

static void lost(const char *reason, void *aux)
{
    struct env *e = aux;
    reconcile_dp_lost(e->r, reason);
    upcall_lost(e->u);
}

static void upcalls(const struct dp_upcall *ups, size_t n, void *aux)
{
    struct env *e = aux;
    upcall_handle(e->u, ups, n, time_now_ms());
}

static void completions(const struct dp_completion *cs, size_t n, void *aux)
{
    struct env *e = aux;
    upcall_completions(e->u, cs, n);
}

static void port_changed(uint32_t port_no, void *aux)
{
    struct env *e = aux;
    (void)port_no;
    reconcile_port_changed(e->r);
}

static const struct dp_callbacks callbacks = {attached, lost, upcalls, completions, port_changed};

static void open_all(struct env *e)
{
    struct error err;

    e->ofprotos = ofproto_set_new();
    e->u = upcall_new(e->base, e->ofprotos);
    e->r = reconcile_new(e->base, NULL, e->ofprotos, e->u, NULL, NULL);
    assert_int_equal(dp_open("fake:reconcile", e->base, &callbacks, e, &e->dp, &err), 0);
    upcall_set_dp(e->u, e->dp);
    reconcile_set_dp(e->r, e->dp);
    fake_run(e->base);
}

static void close_all(struct env *e)
{
    dp_close(e->dp);
    upcall_free(e->u);
    reconcile_free(e->r);
    ofproto_set_free(e->ofprotos);
}

static int setup(void **state)
{
    struct env *e = xcalloc(1, sizeof *e);

    e->base = event_base_new();
    open_all(e);
    *state = e;
    return 0;
}

static int teardown(void **state)
{
    struct env *e = *state;

    close_all(e);
    fake_destroy("reconcile");
    event_base_free(e->base);
    free(e);
    return 0;
}

static void settle(struct env *e)
{
    uint64_t end = time_now_ms() + 5000;

    do {
        event_base_loop(e->base, EVLOOP_ONCE);
    } while (!reconcile_is_settled(e->r) && time_now_ms() < end);
    assert_true(reconcile_is_settled(e->r));
    fake_run(e->base);
}

static void apply(struct env *e, struct conf *c)
{
    reconcile_set_conf(e->r, c);
    settle(e);
}

static const char *state_of(struct env *e, const char *name)
{
    uint32_t dp_port;
    uint16_t ofport;
    return reconcile_iface_state(e->r, name, &dp_port, &ofport);
}

static uint16_t ofport_of(struct env *e, const char *name)
{
    uint32_t dp_port;
    uint16_t ofport = 0;
    reconcile_iface_state(e->r, name, &dp_port, &ofport);
    return ofport;
}

static void assert_error_says(struct env *e, const char *name, const char *words)
{
    const char *error = state_of(e, name);

    assert_non_null(error);
    if (!strstr(error, words)) {
        fail_msg("the error of '%s' is \"%s\" and does not say \"%s\"", name, error, words);
    }
}

static struct conf *two_ports(void)
{
    struct conf *c = conf_new();
    struct conf_bridge *b = add_bridge(c, "br0");

    add_simple(b, "br0", "internal");
    add_simple(b, "p1", "internal");
    add_simple(b, "p2", "tap");
    return c;
}

/* --- Tests.
 * -------------------------------------------------------------------------------------- */

static void ports_of_the_configuration_are_made_and_removed(void **state)
{
    struct env *e = *state;
    struct conf *c;

    apply(e, two_ports());
    assert_int_equal(fake_port_count(e->dp), 3);
    assert_int_equal(ofport_of(e, "br0"), OFPROTO_LOCAL);
    assert_string_equal(state_of(e, "p1"), "");
    assert_true(ofport_of(e, "p1") && ofport_of(e, "p2"));
    assert_int_not_equal(ofport_of(e, "p1"), ofport_of(e, "p2"));

    c = conf_new();
    add_simple(add_bridge(c, "br0"), "br0", "internal");
    apply(e, c);
    assert_int_equal(fake_port_count(e->dp), 1);
    assert_null(state_of(e, "p1"));
    apply(e, conf_new());
    assert_int_equal(fake_port_count(e->dp), 0);
    assert_null(ofproto_find(e->ofprotos, "br0"));
}

static void interface_named_as_its_bridge_is_internal_whatever_its_type(void **state)
{
    struct env *e = *state;
    struct conf *c = conf_new();

    add_simple(add_bridge(c, "br0"), "br0", "");
    apply(e, c);
    assert_int_equal(ofport_of(e, "br0"), OFPROTO_LOCAL);
    assert_string_equal(state_of(e, "br0"), "");
}

static void ports_that_are_right_survive_a_restart_with_their_numbers(void **state)
{
    struct env *e = *state;
    uint32_t p1, p2;

    apply(e, two_ports());
    p1 = fake_port_find(e->dp, "p1");
    p2 = fake_port_find(e->dp, "p2");
    fake_port_set_stats(e->dp, p1, &(struct dp_port_stats){.rx_packets = 5});
    close_all(e);
    open_all(e);
    apply(e, two_ports());
    assert_int_equal(fake_port_find(e->dp, "p1"), p1);
    assert_int_equal(fake_port_find(e->dp, "p2"), p2);
    struct dp_port_stats stats;
    assert_int_equal(dp_port_stats(e->dp, p1, &stats), 0);
    assert_int_equal(stats.rx_packets, 5);
    assert_true(upcall_is_running(e->u));
}

static void ports_nobody_wants_are_removed_after_a_restart(void **state)
{
    struct env *e = *state;
    struct conf *c;

    apply(e, two_ports());
    close_all(e);
    open_all(e);
    c = conf_new();
    add_simple(add_bridge(c, "br0"), "p1", "internal");
    apply(e, c);
    assert_int_equal(fake_port_count(e->dp), 1);
    assert_int_not_equal(fake_port_find(e->dp, "p1"), 0);
}

static void restarted_datapath_gets_its_ports_back_under_the_same_numbers(void **state)
{
    struct env *e = *state;
    uint32_t p1, p2;
    uint16_t number;

    apply(e, two_ports());
    p1 = fake_port_find(e->dp, "p1");
    p2 = fake_port_find(e->dp, "p2");
    number = ofport_of(e, "p1");
    fake_lose(e->dp, "killed");
    fake_run(e->base);
    settle(e);
    assert_error_says(e, "p1", "the datapath is not running");
    assert_int_equal(ofport_of(e, "p1"), number);
    fake_restart(e->dp);
    fake_attach(e->dp);
    fake_run(e->base);
    settle(e);
    assert_string_equal(state_of(e, "p1"), "");
    assert_int_equal(fake_port_find(e->dp, "p1"), p1);
    assert_int_equal(fake_port_find(e->dp, "p2"), p2);
    assert_int_equal(ofport_of(e, "p1"), number);
}

static void datapath_is_told_when_it_has_all_ports_and_not_before(void **state)
{
    struct env *e = *state;
    struct conf *c = two_ports();

    fake_port_add_fails(e->dp, "eth9", EIO, "broken");
    add_simple(&c->bridges[0], "eth9", "tap");
    apply(e, c);
    assert_int_equal(ofport_of(e, "eth9"), 0);
    assert_null(fake_config(e->dp, "ports-complete"));
    apply(e, two_ports());
    assert_non_null(fake_config(e->dp, "ports-complete"));
    /* Each datapath anew. */
    fake_lose(e->dp, "killed");
    fake_run(e->base);
    fake_restart(e->dp);
    fake_attach(e->dp);
    assert_null(fake_config(e->dp, "ports-complete"));
    fake_run(e->base);
    settle(e);
    assert_non_null(fake_config(e->dp, "ports-complete"));
}

static void bad_interfaces_are_told_and_the_others_work(void **state)
{
    struct env *e = *state;
    struct conf *c = two_ports();
    struct conf_bridge *b = &c->bridges[0];

    add_simple(b, "vx0", "vxlan");
    add_simple(b, "a-name-much-too-long", "internal");
    add_simple(b, "a/b", "tap");
    add_simple(b, "pa", "patch");
    add_simple(b, "mac", "internal")->mac = xstrdup("no:mac");
    add_option(add_simple(b, "pself", "patch"), "peer", "pself");
    fake_port_add_fails(e->dp, "eth9", ENODEV, "there is no such device");
    add_simple(b, "eth9", "");
    apply(e, c);
    assert_error_says(e, "vx0", "type 'vxlan' is not known, or not built yet");
    assert_error_says(e, "a-name-much-too-long", "too long");
    assert_error_says(e, "a/b", "a/b");
    assert_error_says(e, "pa", "options:peer");
    assert_error_says(e, "pself", "own peer");
    assert_error_says(e, "mac", "no:mac");
    assert_error_says(e, "eth9", "interface 'eth9': there is no such device");
    assert_int_equal(ofport_of(e, "eth9"), 0);
    assert_string_equal(state_of(e, "p1"), "");
    assert_int_equal(fake_port_count(e->dp), 3);
}

static void device_that_appears_is_taken_up(void **state)
{
    struct env *e = *state;
    struct conf *c = two_ports();

    fake_port_add_fails(e->dp, "eth9", ENODEV, "there is no such device");
    add_simple(&c->bridges[0], "eth9", "system");
    apply(e, c);
    assert_int_equal(ofport_of(e, "eth9"), 0);
    reconcile_device_changed(e->r, &(struct link_info){.ifindex = 8, .name = "other"}, false);
    reconcile_device_changed(e->r, &(struct link_info){.ifindex = 9, .name = "eth9"}, false);
    settle(e);
    fake_run(e->base);
    event_base_loop(e->base, EVLOOP_ONCE);
    assert_string_equal(state_of(e, "eth9"), "");
    assert_true(ofport_of(e, "eth9") > 0);
}

static void bond_is_refused_and_kept_out(void **state)
{
    struct env *e = *state;
    struct conf *c = two_ports();
    struct conf_port *p = add_port(&c->bridges[0], "bond0");

    add_iface(p, "e0", "tap");
    add_iface(p, "e1", "tap");
    apply(e, c);
    assert_error_says(e, "e0", "bonding is not built yet");
    assert_error_says(e, "e1", "bonding is not built yet");
    assert_int_equal(fake_port_count(e->dp), 3);
}

static void interface_in_two_ports_stays_in_one(void **state)
{
    struct env *e = *state;
    struct conf *c = two_ports();

    add_iface(add_port(add_bridge(c, "br1"), "again"), "p1", "internal");
    apply(e, c);
    assert_error_says(e, "p1", "port 'again' of bridge 'br1'");
    assert_true(ofport_of(e, "p1") > 0);
    assert_int_equal(fake_port_count(e->dp), 3);
    apply(e, two_ports());
    assert_string_equal(state_of(e, "p1"), "");
}

static void interface_moves_to_another_bridge_with_its_device(void **state)
{
    struct env *e = *state;
    struct conf *c;
    uint32_t p1;

    apply(e, two_ports());
    p1 = fake_port_find(e->dp, "p1");
    c = conf_new();
    add_simple(add_bridge(c, "br1"), "p1", "internal");
    apply(e, c);
    assert_int_equal(fake_port_find(e->dp, "p1"), p1);
    assert_int_equal(fake_port_count(e->dp), 1);
    assert_null(ofproto_find(e->ofprotos, "br0"));
    assert_string_equal(state_of(e, "p1"), "");
    assert_true(ofport_of(e, "p1") > 0);
}

/* True when a broadcast from one port is sent to the other. */
static bool broadcast_passes(struct env *e, const char *from, const char *to)
{
    uint8_t packet[60] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 8, 0};
    const struct fake_output *out;
    struct flow_key key;
    bool passed = false;
    size_t n;

    memset(&key, 0, sizeof key);
    key.lines = 1u << FLOW_LINE_BASE;
    key.in_port = (uint16_t)fake_port_find(e->dp, from);
    memcpy(key.eth_dst, packet, 6);
    memcpy(key.eth_src, packet + 6, 6);
    key.eth_type = be16_make(0x0800);
    fake_outputs_clear(e->dp);
    fake_receive(e->dp, &key, packet, sizeof packet);
    fake_run(e->base);
    out = fake_outputs(e->dp, &n);
    for (size_t i = 0; i < n; i++) {
        passed = passed || out[i].port_no == fake_port_find(e->dp, to);
    }
    return passed;
}

static void port_that_is_made_anew_forwards(void **state)
{
    struct env *e = *state;
    struct conf *c;

    apply(e, two_ports());
    assert_true(broadcast_passes(e, "p1", "p2"));
    c = two_ports();
    free(c->bridges[0].ports[1].ifaces[0].type);
    c->bridges[0].ports[1].ifaces[0].type = xstrdup("system");
    apply(e, c);
    assert_true(broadcast_passes(e, "p1", "p2"));
    assert_true(broadcast_passes(e, "p2", "p1"));
}

static void changed_type_makes_the_port_anew_under_another_number(void **state)
{
    struct env *e = *state;
    struct conf *c;
    uint32_t p1;

    apply(e, two_ports());
    p1 = fake_port_find(e->dp, "p1");
    c = conf_new();
    add_simple(add_bridge(c, "br0"), "p1", "system");
    apply(e, c);
    assert_int_not_equal(fake_port_find(e->dp, "p1"), 0);
    assert_int_not_equal(fake_port_find(e->dp, "p1"), p1);
}

static void requested_openflow_number_is_given_also_later(void **state)
{
    struct env *e = *state;
    struct conf *c = two_ports();

    c->bridges[0].ports[1].ifaces[0].ofport_request = 77;
    apply(e, c);
    assert_int_equal(ofport_of(e, "p1"), 77);
    c = two_ports();
    c->bridges[0].ports[1].ifaces[0].ofport_request = 78;
    apply(e, c);
    assert_int_equal(ofport_of(e, "p1"), 78);
    apply(e, two_ports());
    assert_int_equal(ofport_of(e, "p1"), 78);
}

static void openflow_number_that_the_database_remembers_is_given_again(void **state)
{
    struct env *e = *state;
    struct conf *c = two_ports();

    c->bridges[0].ports[1].ifaces[0].ofport_before = 9;
    c->bridges[0].ports[2].ifaces[0].ofport_before = 9;
    apply(e, c);
    assert_int_equal(ofport_of(e, "p1"), 9);
    assert_true(ofport_of(e, "p2") > 0 && ofport_of(e, "p2") != 9);
}

static void patch_ports_need_no_port_of_the_datapath(void **state)
{
    struct env *e = *state;
    struct conf *c = two_ports();
    struct conf_bridge *b1 = add_bridge(c, "br1");

    add_option(add_simple(b1, "to0", "patch"), "peer", "to1");
    add_option(add_simple(&c->bridges[0], "to1", "patch"), "peer", "to0");
    apply(e, c);
    assert_true(ofport_of(e, "to0") && ofport_of(e, "to1"));
    assert_string_equal(state_of(e, "to0"), "");
    assert_int_equal(fake_port_count(e->dp), 3);
}

static void thousand_ports_take_no_quadratic_time(void **state)
{
    struct env *e = *state;
    struct conf *c = conf_new();
    struct conf_bridge *b = add_bridge(c, "br0");
    uint64_t began_ms = time_now_ms();

    for (int i = 0; i < 2000; i++) {
        char name[16];

        snprintf(name, sizeof name, "p%d", i);
        add_simple(b, name, "internal");
    }
    apply(e, c);
    assert_int_equal(fake_port_count(e->dp), 2000);
    apply(e, conf_new());
    assert_int_equal(fake_port_count(e->dp), 0);
    assert_true(time_now_ms() - began_ms < 4000);
}

int main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(ports_of_the_configuration_are_made_and_removed),
        TEST(interface_named_as_its_bridge_is_internal_whatever_its_type),
        TEST(ports_that_are_right_survive_a_restart_with_their_numbers),
        TEST(ports_nobody_wants_are_removed_after_a_restart),
        TEST(restarted_datapath_gets_its_ports_back_under_the_same_numbers),
        TEST(datapath_is_told_when_it_has_all_ports_and_not_before),
        TEST(bad_interfaces_are_told_and_the_others_work),
        TEST(device_that_appears_is_taken_up),
        TEST(bond_is_refused_and_kept_out),
        TEST(interface_in_two_ports_stays_in_one),
        TEST(interface_moves_to_another_bridge_with_its_device),
        TEST(port_that_is_made_anew_forwards),
        TEST(changed_type_makes_the_port_anew_under_another_number),
        TEST(requested_openflow_number_is_given_also_later),
        TEST(openflow_number_that_the_database_remembers_is_given_again),
        TEST(patch_ports_need_no_port_of_the_datapath),
        TEST(thousand_ports_take_no_quadratic_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
