/* Devices that take a while to vanish: leaving.c. The loopback device plays the one that stays. */
#include "tests/unit/vswitchd/reconcile_env.h"

static struct iface iface_of(const char *name, enum iface_type type, int ifindex)
{
    return (struct iface){
        .name = (char *)name, .type = type, .has_info = true, .info.ifindex = ifindex};
}

static void device_that_is_still_there_is_waited_for(void **state)
{
    struct env *e = *state;
    struct iface lo = iface_of("lo", IFACE_TAP, 1);

    assert_false(leaving_wait(e->r));
    leaving_add(e->r, &lo);
    assert_true(leaving_wait(e->r));
    assert_true(event_pending(e->r->timer, EV_TIMEOUT, NULL));
    /* Nobody waits for ever. */
    e->r->leaving_since_ms -= 6000;
    assert_false(leaving_wait(e->r));
    assert_null(e->r->leaving);
}

static void another_device_of_the_name_and_one_that_went_count_as_gone(void **state)
{
    struct env *e = *state;
    struct iface other = iface_of("lo", IFACE_INTERNAL, 4711);
    struct iface gone = iface_of("sl-gone", IFACE_TAP, 4712);

    leaving_add(e->r, &other);
    leaving_add(e->r, &gone);
    assert_false(leaving_wait(e->r));
}

static void devices_that_are_not_ours_are_not_waited_for(void **state)
{
    struct env *e = *state;
    struct iface system = iface_of("lo", IFACE_SYSTEM, 1);
    struct iface elsewhere = iface_of("lo", IFACE_TAP, 0);
    struct iface unknown = iface_of("lo", IFACE_TAP, 1);

    unknown.has_info = false;
    leaving_add(e->r, &system);
    leaving_add(e->r, &elsewhere);
    leaving_add(e->r, &unknown);
    assert_null(e->r->leaving);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ENV_TEST(device_that_is_still_there_is_waited_for),
        ENV_TEST(another_device_of_the_name_and_one_that_went_count_as_gone),
        ENV_TEST(devices_that_are_not_ours_are_not_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
