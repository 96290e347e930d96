/* lib/uuid. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/uuid.h"

static void generated_is_version_4_and_never_the_same(void **state UNUSED)
{
    struct uuid a, b;
    char text[UUID_LEN + 1];

    for (int i = 0; i < 100; i++) {
        uuid_generate(&a);
        uuid_generate(&b);
        uuid_to_string(&a, text);
        assert_int_equal(text[14], '4');
        assert_in_set((uint64_t)text[19], ((uint64_t[]){'8', '9', 'a', 'b'}), 4);
        assert_int_not_equal(uuid_compare(&a, &b), 0);
        assert_false(uuid_is_zero(&a));
    }
}

static void text_survives_the_way_there_and_back(void **state UNUSED)
{
    const char *s = "01234567-89ab-cdef-fedc-ba9876543210";
    char text[UUID_LEN + 1];
    struct uuid u;

    assert_true(uuid_from_string(s, &u));
    assert_int_equal(u.parts[0], 0x01234567);
    assert_int_equal(u.parts[3], 0x76543210);
    uuid_to_string(&u, text);
    assert_string_equal(text, s);
    assert_true(uuid_from_string("01234567-89AB-CDEF-FEDC-BA9876543210", &u));
}

static void anything_but_36_characters_of_the_form_is_refused(void **state UNUSED)
{
    static const char *const bad[] = {"",
                                      "0",
                                      "01234567-89ab-cdef-fedc-ba987654321",
                                      "01234567-89ab-cdef-fedc-ba98765432100",
                                      "01234567089ab-cdef-fedc-ba9876543210",
                                      "g1234567-89ab-cdef-fedc-ba9876543210",
                                      "01234567-89ab-cdef-fedc-ba987654321 "};
    struct uuid u = {{1, 2, 3, 4}};

    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        assert_false(uuid_from_string(bad[i], &u));
    }
    assert_int_equal(u.parts[0], 1);
}

static void comparison_orders_by_text(void **state UNUSED)
{
    struct uuid a = {{1, 0, 0, 9}}, b = {{1, 0, 1, 0}};

    assert_true(uuid_compare(&a, &b) < 0);
    assert_true(uuid_compare(&b, &a) > 0);
    assert_int_equal(uuid_compare(&a, &a), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(generated_is_version_4_and_never_the_same),
        cmocka_unit_test(text_survives_the_way_there_and_back),
        cmocka_unit_test(anything_but_36_characters_of_the_form_is_refused),
        cmocka_unit_test(comparison_orders_by_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
