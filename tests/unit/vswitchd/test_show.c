/* What the ctl commands about ports, bridges and flows answer: show.c and upcall/ctl.c. */
#include "tests/unit/vswitchd/reconcile_env.h"

#include <pthread.h>
#include <unistd.h>

#include "lib/ctl.h"
#include "vswitchd/upcall/ctl.h"

struct call {
    const char *path, *command, *args[3];
    bool is_done, ok;
    char *text;
};

static void *call_thread(void *aux)
{
    struct call *c = aux;
    struct error err = {0};
    int n = 0;

    while (n < 3 && c->args[n]) {
        n++;
    }
    if (ctl_call(NULL, c->path, c->command, n, c->args, 5000, &c->ok, &c->text, &err)) {
        c->text = xstrdup(err.text);
    }
    __atomic_store_n(&c->is_done, true, __ATOMIC_RELEASE);
    return NULL;
}

/* The answer, for the caller to free. */
static char *ask(struct env *e, const char *command, const char *arg1, const char *arg2,
                 bool expect_ok)
{
    char path[64];
    struct call c = {.path = path, .command = command, .args = {arg1, arg2}};
    struct ctl_server *server;
    struct error err;
    pthread_t thread;

    snprintf(path, sizeof path, "/tmp/sluice-test-show.%ld.ctl", (long)getpid());
    assert_int_equal(ctl_server_new(e->base, path, &server, &err), 0);
    assert_int_equal(pthread_create(&thread, NULL, call_thread, &c), 0);
    ENV_WAIT(e, __atomic_load_n(&c.is_done, __ATOMIC_ACQUIRE));
    pthread_join(thread, NULL);
    ctl_server_free(server);
    if (c.ok != expect_ok) {
        fail_msg("%s: %s", command, c.text);
    }
    return c.text;
}

static void assert_says(struct env *e, const char *command, const char *arg1, const char *words)
{
    char *text = ask(e, command, arg1, NULL, true);

    if (!strstr(text, words)) {
        fail_msg("%s answers \"%s\" and does not say \"%s\"", command, text, words);
    }
    free(text);
}

static void receive(struct env *e)
{
    uint8_t packet[60] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 8, 0};
    struct flow_key key;

    memset(&key, 0, sizeof key);
    key.lines = 1u << FLOW_LINE_BASE;
    key.in_port = (uint16_t)fake_port_find(e->dp, "p1");
    memcpy(key.eth_dst, packet, 6);
    memcpy(key.eth_src, packet + 6, 6);
    key.eth_type = be16_make(0x0800);
    fake_receive(e->dp, &key, packet, sizeof packet);
    fake_run(e->base);
}

static void every_command_names_ports_flows_and_drops(void **state)
{
    struct env *e = *state;
    char *text, line[64];
    json_t *json;

    env_add_bridge(e, "p1", "tap");
    env_write(e);
    receive(e);
    snprintf(line, sizeof line, "    p1 1/%u: (tap)\n", fake_port_find(e->dp, "p1"));
    assert_says(e, "dpif/show", NULL, line);
    snprintf(line, sizeof line, "  port %u: p1 (tap)\n", fake_port_find(e->dp, "p1"));
    assert_says(e, "dpctl/show", NULL, line);
    assert_says(e, "dpctl/show", "-s", "    RX packets:");
    assert_says(e, "dpctl/dump-dps", NULL, "netdev@ovs-netdev");
    assert_says(e, "bridge/show", "br0", "p1");
    assert_says(e, "dpctl/dump-flows", NULL, "in_port(");
    assert_says(e, "dpctl/dump-flows", "--names", "in_port(p1)");
    assert_says(e, "dpctl/dump-flows", "-m", "ufid:");
    assert_says(e, "dpctl/dump-flows", "netdev@ovs-netdev", "in_port(");
    assert_says(e, "dpif/dump-flows", "br0", "in_port(");
    text = ask(e, "dpif/dump-flows", "br0", "--names", true);
    assert_non_null(strstr(text, "in_port(p1)"));
    free(text);
    text = ask(e, "dpctl/show", "netdev@ovs-netdev", "-s", true);
    assert_non_null(strstr(text, "    RX packets:"));
    free(text);
    assert_says(e, "upcall/show", NULL, "upcalls                  1\n");
    fake_add_drops(e->dp, "pending-full", fake_port_find(e->dp, "p1"), 5);
    assert_says(e, "dpctl/show-drops", NULL, "pending-full                 p1               5\n");
    text = ask(e, "dpctl/show", CTL_JSON_ARG, NULL, true);
    json = json_loads(text, 0, NULL);
    assert_int_equal(json_array_size(json_object_get(json, "ports")), 2);
    assert_int_equal(json_integer_value(json_object_get(json, "flows")), 1);
    json_decref(json);
    free(text);
    free(ask(e, "dpctl/del-flows", NULL, NULL, true));
    ENV_WAIT(e, fake_flow_count(e->dp) == 0);
}

static void complaints_of_all_tables_are_listed(void **state)
{
    struct env *e = *state;
    char *text;
    json_t *json;

    assert_says(e, "config/complaints", NULL, "");
    fake_db_put(e->db, "Open_vSwitch", 1,
                "{'other_config':['map',[['max-idle','x'],['vlan-limit','1']]]}");
    fake_db_put(e->db, "Bridge", 10, "{'stp_enable':true}");
    fake_db_put(e->db, "Port", 12, "{'lacp':'active'}");
    fake_db_put(e->db, "Interface", 112,
                "{'bfd':['map',[['a','b']]],'type':'patch','options':['map',[['peer','x']]]}");
    env_write(e);
    assert_says(e, "config/complaints", NULL,
                "Open_vSwitch: other_config:max-idle: 'x' is not a number of 500 to 86400000");
    assert_says(e, "config/complaints", NULL, "Open_vSwitch: other_config:vlan-limit: ");
    assert_says(e, "config/complaints", NULL, "Bridge 'br0': stp_enable: ");
    assert_says(e, "config/complaints", NULL, "Port 'p1': lacp: ");
    assert_says(e, "config/complaints", NULL, "Interface 'p1': bfd: ");
    assert_says(e, "config/complaints", NULL, "there is no patch port 'x'");
    text = ask(e, "config/complaints", CTL_JSON_ARG, NULL, true);
    json = json_loads(text, 0, NULL);
    assert_int_equal(json_array_size(json), 6);
    json_decref(json);
    free(text);
    fake_db_put(e->db, "Open_vSwitch", 1, "{'other_config':['map',[]]}");
    fake_db_put(e->db, "Bridge", 10, "{'stp_enable':false}");
    fake_db_put(e->db, "Port", 12, "{'lacp':['set',[]]}");
    fake_db_put(e->db, "Interface", 112, "{'bfd':['map',[]],'type':'tap','options':['map',[]]}");
    env_write(e);
    text = ask(e, "config/complaints", CTL_JSON_ARG, NULL, true);
    assert_string_equal(text, "[]\n");
    free(text);
}

static void what_cannot_be_answered_is_said(void **state)
{
    struct env *e = *state;
    char *text;

    fake_db_put(e->db, "Interface", 112, "{'type':'patch'}");
    env_write(e);
    text = ask(e, "bridge/show", "nosuch", NULL, false);
    assert_non_null(strstr(text, "nosuch"));
    free(text);
    text = ask(e, "dpctl/dump-flows", "--no-such", NULL, false);
    assert_non_null(strstr(text, "--no-such"));
    free(text);
    text = ask(e, "dpif/dump-flows", "nosuch", NULL, false);
    assert_non_null(strstr(text, "'nosuch' is no bridge"));
    free(text);
    text = ask(e, "dpif/dump-flows", "-m", NULL, false);
    assert_non_null(strstr(text, "the bridge is missing"));
    free(text);
    text = ask(e, "dpctl/show", "nosuch", NULL, false);
    assert_non_null(strstr(text, "'nosuch' is no datapath"));
    free(text);
    text = ask(e, "dpctl/del-flows", "nosuch", NULL, false);
    assert_non_null(strstr(text, "'nosuch' is no datapath"));
    free(text);
    assert_says(e, "bridge/show", NULL, "options:peer");
    fake_lose(e->dp, "killed");
    fake_run(e->base);
    text = ask(e, "dpctl/show", NULL, NULL, false);
    assert_non_null(strstr(text, "not running"));
    free(text);
    free(ask(e, "dpctl/dump-dps", NULL, NULL, true));
}

/* One environment for all: commands are registered once in a process. */
static int setup(void **state)
{
    struct env *e;

    env_setup(state);
    e = *state;
    upcall_ctl_init(e->u);
    reconcile_ctl_init(e->r);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_command_names_ports_flows_and_drops),
        cmocka_unit_test(complaints_of_all_tables_are_listed),
        cmocka_unit_test(what_cannot_be_answered_is_said),
    };
    return cmocka_run_group_tests(tests, setup, env_teardown);
}
