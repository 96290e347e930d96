/* lib/link, against the kernel, in a network namespace of the test's own (as root; else skipped).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <event2/event.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/link.h"

static bool have_namespace;

static int set_up(void **state UNUSED)
{
    have_namespace = !unshare(CLONE_NEWNET);
    return 0;
}

static void need_namespace(void)
{
    if (!have_namespace) {
        skip();
    }
}

static void run(const char *cmd)
{
    if (system(cmd)) {
        fail_msg("%s", cmd);
    }
}

static void state_of_a_device_is_read(void **state UNUSED)
{
    struct link_info info;

    need_namespace();
    run("ip link add v0 type veth peer name v1");
    assert_int_equal(link_get("v0", &info, NULL), 0);
    assert_string_equal(info.name, "v0");
    assert_string_equal(info.kind, "veth");
    assert_int_equal(info.mtu, 1500);
    assert_true(info.ifindex > 0);
    assert_false(info.admin_up);
    assert_false(info.carrier);
    run("ip link set v0 up && ip link set v1 up");
    assert_int_equal(link_get("v0", &info, NULL), 0);
    assert_true(info.admin_up && info.carrier);
    run("ip link del v0");
}

static void changes_are_applied(void **state UNUSED)
{
    static const uint8_t mac[6] = {2, 0, 0, 1, 2, 3};
    struct link_info info;

    need_namespace();
    run("ip link add v0 type veth peer name v1");
    assert_int_equal(link_set_mac("v0", mac, NULL), 0);
    assert_int_equal(link_set_mtu("v0", 1400, NULL), 0);
    assert_int_equal(link_set_up("v0", true, NULL), 0);
    assert_int_equal(link_get("v0", &info, NULL), 0);
    assert_memory_equal(info.mac, mac, 6);
    assert_int_equal(info.mtu, 1400);
    assert_true(info.admin_up);
    assert_int_equal(link_set_up("v0", false, NULL), 0);
    assert_int_equal(link_get("v0", &info, NULL), 0);
    assert_false(info.admin_up);
    run("ip link del v0");
}

static void errors_name_device_and_reason(void **state UNUSED)
{
    struct link_info info;
    struct error err = {0};

    assert_int_equal(link_get("nosuch0", &info, &err), -ENODEV);
    assert_non_null(strstr(err.text, "'nosuch0'"));
    assert_int_equal(link_set_up("nosuch0", true, &err), -ENODEV);
    assert_int_equal(link_get("a-name-that-is-too-long", &info, &err), -EINVAL);
    assert_int_equal(link_get("", &info, &err), -EINVAL);
    need_namespace();
    run("ip link add v0 type veth peer name v1");
    assert_int_equal(link_set_mtu("v0", 1000000, &err), -EINVAL);
    assert_non_null(strstr(err.text, "1000000"));
    run("ip link del v0");
}

static char news[4096];

static void on_change(const struct link_info *info, bool gone, void *aux UNUSED)
{
    size_t n = strlen(news);

    snprintf(news + n, sizeof news - n, "%s%s%s ", gone ? "-" : "+", info->name,
             info->admin_up ? ":up" : "");
}

static void news_tell_of_new_changed_and_vanished_devices(void **state UNUSED)
{
    struct event_base *base = event_base_new();
    struct link_monitor *m;

    need_namespace();
    assert_int_equal(link_monitor_new(base, on_change, NULL, &m, NULL), 0);
    run("ip link add v0 type veth peer name v1 && ip link add b0 type bridge && "
        "ip link set v0 master b0 && ip link set v0 up && ip link set v0 nomaster");
    event_base_loop(base, EVLOOP_NONBLOCK);
    event_base_loop(base, EVLOOP_NONBLOCK);
    for (int i = 0; i < 50; i++) {
        event_base_loop(base, EVLOOP_NONBLOCK);
    }
    assert_non_null(strstr(news, "+v0 "));
    assert_non_null(strstr(news, "+v0:up "));
    assert_null(strstr(news, "-v0")); /* Leaving a kernel bridge is no end. */
    run("ip link del v0");
    for (int i = 0; i < 50; i++) {
        event_base_loop(base, EVLOOP_NONBLOCK);
    }
    assert_non_null(strstr(news, "-v0"));
    link_monitor_free(m);
    event_base_free(base);
}

static void news_of_what_has_gone_since_are_not_told(void **state UNUSED)
{
    struct event_base *base = event_base_new();
    struct link_monitor *m;

    need_namespace();
    assert_int_equal(link_monitor_new(base, on_change, NULL, &m, NULL), 0);
    news[0] = '\0';
    run("ip link add v0 type veth peer name v1 && ip link set v0 up && ip link del v0");
    while (!strstr(news, "-v0")) {
        event_base_loop(base, EVLOOP_ONCE);
    }
    assert_null(strstr(news, "+v0"));
    link_monitor_free(m);
    event_base_free(base);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(state_of_a_device_is_read),
        cmocka_unit_test(changes_are_applied),
        cmocka_unit_test(errors_name_device_and_reason),
        cmocka_unit_test(news_tell_of_new_changed_and_vanished_devices),
        cmocka_unit_test(news_of_what_has_gone_since_are_not_told),
    };

    return cmocka_run_group_tests(tests, set_up, NULL);
}
