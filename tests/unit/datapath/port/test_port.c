/* datapath/port/port: the registry, and the checks that all types share. */
#include "tests/unit/datapath/port/port_test.h"

static void types_are_found_by_name(void **state UNUSED)
{
    assert_string_equal(port_type_find("tap")->name, "tap");
    assert_string_equal(port_type_find("internal")->name, "tap");
    assert_string_equal(port_type_find("system")->name, "system");
    assert_string_equal(port_type_find("")->name, "system");
    assert_string_equal(port_type_find("dpdk")->name, "dpdk");
    assert_null(port_type_find("vxlan"));
}

static void an_unknown_type_is_refused_with_the_known_ones(void **state UNUSED)
{
    struct dp_port_config config = {.name = "p0", .type = "bogus"};

    must_refuse(&config, EINVAL, "'tap'");
    must_refuse(&config, EINVAL, "'bogus'");
}

static void bad_names_are_refused(void **state UNUSED)
{
    static const struct {
        const char *name, *words;
    } bad[] = {
        {"", "must not be empty"},
        {"a/b", "'/'"},
        {"a b", "0x20"},
        {"a\tb", "0x09"},
        {"a\nb", "0x0a"},
        {"sixteen-letters-", "at most 15"},
        {"..", "'..'"},
        {"tap%d", "'%'"},
        {"eth0:1", "':'"},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
         "longer than 63"},
    };
    static const char *const types[] = {"tap", "internal", "system"};

    for (size_t t = 0; t < ARRAY_SIZE(types); t++) {
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
            struct dp_port_config config = {.name = bad[i].name, .type = types[t]};

            must_refuse(&config, EINVAL, bad[i].words);
        }
    }
}

static void an_unknown_option_is_refused_by_name(void **state UNUSED)
{
    static const char *const types[] = {"tap", "internal", "system", "dpdk"};
    struct dp_option options[] = {{"remote_ip", "10.0.0.1"}};

    for (size_t t = 0; t < ARRAY_SIZE(types); t++) {
        struct dp_port_config config = {
            .name = "p0", .type = types[t], .options = options, .n_options = 1};

        must_refuse(&config, EINVAL, "option 'remote_ip' (value '10.0.0.1')");
    }
}

static void two_ports_cannot_have_one_name(void **state UNUSED)
{
    struct dp_port_config config = {.name = "tp0", .type = "system"};
    struct port *port;

    NEED_NAMESPACE();
    port = must_open("internal", "tp0", 1);
    must_refuse(&config, EEXIST, "number 7");
    port_close(port);
    must_refuse(&config, ENODEV, "no network device of this name");
}

static void the_number_of_queues_is_checked(void **state UNUSED)
{
    struct dp_port_config config = {.name = "tp0", .type = "tap"};
    struct port *port = NULL;
    struct error err;

    assert_int_equal(port_open(&config, 1, &pools, 0, &port, &err), -EINVAL);
    assert_int_equal(port_open(&config, 1, &pools, PORT_MAX_QUEUES + 1, &port, &err), -EINVAL);
}

static void errors_need_no_text(void **state UNUSED)
{
    struct dp_port_config config = {.name = "lo", .type = "tap"};
    struct port *port = NULL;

    NEED_NAMESPACE();
    assert_int_equal(port_open(&config, 1, &pools, 1, &port, NULL), -EEXIST);
    config.type = "system";
    assert_int_equal(port_open(&config, 1, &pools, 1, &port, NULL), -EINVAL);
    config.type = "dpdk";
    assert_int_equal(port_open(&config, 1, &pools, 1, &port, NULL), -EINVAL);
    port_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_are_found_by_name),
        cmocka_unit_test(an_unknown_type_is_refused_with_the_known_ones),
        cmocka_unit_test(bad_names_are_refused),
        cmocka_unit_test(an_unknown_option_is_refused_by_name),
        cmocka_unit_test(two_ports_cannot_have_one_name),
        cmocka_unit_test(the_number_of_queues_is_checked),
        cmocka_unit_test(errors_need_no_text),
    };

    return cmocka_run_group_tests_name("port/port", tests, start_namespace, NULL);
}
