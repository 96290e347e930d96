/* Values: JSON form, text form, sets and maps. What the text tests expect was observed with
 * ovs-vsctl 3.1. */
#include <errno.h>

#include "tests/unit/db/fixture.h"

static struct db_type type_of(const char *text)
{
    json_t *json = fixture_json(text);
    struct error err = {0};
    struct db_type type;

    if (db_type_from_json(&type, json, &err)) {
        fail_msg("%s: %s", text, err.text);
    }
    json_decref(json);
    return type;
}

static const char strings[] = "{'key': 'string', 'min': 0, 'max': 'unlimited'}";
static const char map[] = "{'key': 'string', 'value': 'string', 'min': 0, 'max': 'unlimited'}";
static const char opt_integer[] = "{'key': {'type': 'integer', 'minInteger': 0, 'maxInteger': "
                                  "4095}, 'min': 0, 'max': 1}";
static const char integers[] = "{'key': {'type': 'integer', 'minInteger': 0, 'maxInteger': 4095}, "
                               "'min': 0, 'max': 4096}";
static const char uuids[] = "{'key': 'uuid', 'min': 0, 'max': 'unlimited'}";

/* Reads text and writes it again. */
static void check_text(const char *type_text, const char *in, const char *out)
{
    struct db_type type = type_of(type_text);
    struct strbuf s = STRBUF_INIT;
    struct error err = {0};
    struct db_datum d;

    if (db_datum_from_text(&d, &type, in, NULL, NULL, &err)) {
        fail_msg("%s: %s", in, err.text);
    }
    db_datum_to_text(&s, &d, &type);
    assert_string_equal(strbuf_str(&s), out);
    strbuf_free(&s);
    db_datum_free(&d, &type);
    db_type_free(&type);
}

static void check_text_fails(const char *type_text, const char *in, const char *error)
{
    struct db_type type = type_of(type_text);
    struct error err = {0};
    struct db_datum d;

    if (!db_datum_from_text(&d, &type, in, NULL, NULL, &err)) {
        fail_msg("%s was accepted", in);
    }
    assert_string_equal(err.text, error);
    db_type_free(&type);
}

static void text_is_read_as_ovs_vsctl_reads_it(void **state UNUSED)
{
    check_text("'string'", "\"00:11\"", "\"00:11\"");
    check_text("'string'", "abc-d_e.f", "abc-d_e.f");
    check_text("'string'", "1a", "\"1a\"");
    check_text("'string'", "\"true\"", "\"true\"");
    check_text("'string'", "\"\"", "\"\"");
    check_text("'string'", "\"a\\\"b\\u00fc\"", "\"a\\\"bü\"");
    check_text(map, "{a=b,c=d}", "{a=b, c=d}");
    check_text(map, "a=b,c=d e=f", "{a=b, c=d, e=f}");
    check_text(map, "{c=d a=b,}", "{a=b, c=d}");
    check_text(map, "{\"x y\"=\"z w\"}", "{\"x y\"=\"z w\"}");
    check_text(map, "{}", "{}");
    check_text(map, "", "{}");
    check_text(opt_integer, "[]", "[]");
    check_text(opt_integer, "[5]", "5");
    check_text(opt_integer, "5", "5");
    check_text(integers, "1-5", "[1, 2, 3, 4, 5]");
    check_text(integers, "[7, 1-3]", "[1, 2, 3, 7]");
    check_text(integers, "7", "[7]");
    check_text("'boolean'", "yes", "true");
    check_text("'boolean'", "off", "false");
    check_text("'real'", "1.5e1", "15");
    check_text("'integer'", "-5", "-5");
    check_text(strings, "[b, a]", "[a, b]");
}

static void text_that_is_wrong_is_refused_in_ovs_vsctls_words(void **state UNUSED)
{
    check_text_fails("'string'", "00:11", "00:11: unexpected \":\" parsing set of up to 1 strings");
    check_text_fails("'string'", "\"00", "\"00: missing quote at end of quoted string");
    check_text_fails(map, "[]", "[]: unexpected \"[\" parsing map of (string, string) pairs");
    check_text_fails(map, "{a=b}x", "{a=b}x: trailing garbage after \"}\"");
    check_text_fails(map, "{a=b,,c=d}",
                     "{a=b,,c=d}: unexpected \",\" parsing map of (string, string) pairs");
    check_text_fails(map, "{a=b", "{a=b: missing \"}\" at end of data");
    check_text_fails(map, "a=b a=c", "a=b a=c: map contains duplicate key");
    check_text_fails(opt_integer, "1-5", "1-5: 5 value(s) specified but the maximum number is 1");
    check_text_fails(opt_integer, "abc", "\"abc\" is not a valid integer or range");
    check_text_fails(opt_integer, "99999999999999999999",
                     "\"99999999999999999999\" is not a valid integer or range");
    check_text_fails(integers, "5-1",
                     "\"5-1\" is not a valid range. Range end cannot be before start.");
    check_text_fails(integers, "1,1", "1,1: set contains duplicate value");
    check_text_fails(integers, "-5",
                     "constraint violation: -5 is not in the valid range 0 to 4095 (inclusive)");
    check_text_fails(integers, "0-4096",
                     "\"0-4096\" is not a valid range. Range cannot have more "
                     "than 4096 elements.");
    check_text_fails("'boolean'", "maybe",
                     "\"maybe\" is not a valid boolean (use \"true\" or \"false\")");
    check_text_fails("{'key': {'type': 'string', 'enum': ['set', ['up', 'down']]}, 'min': 0}",
                     "foo",
                     "constraint violation: foo is not one of the allowed values ([down, up])");
    check_text_fails(uuids, "x", "\"x\" is not a valid UUID");
}

static void a_word_is_taken_whole(void **state UNUSED)
{
    struct db_type type = type_of("'string'");
    union db_atom atom;

    assert_int_equal(db_atom_from_word(&atom, &type.key, "a:b=c,d", NULL, NULL, NULL), 0);
    assert_string_equal(atom.string, "a:b=c,d");
    db_atom_free(DB_STRING, &atom);
    assert_true(db_atom_from_word(&atom, &type.key, "", NULL, NULL, NULL) < 0);
    assert_true(db_atom_from_word(&atom, &type.key, "\"a\"b", NULL, NULL, NULL) < 0);
}

/* Reads JSON and writes it, both ways there are. */
static void check_json(const char *type_text, const char *in, const char *out)
{
    struct db_type type = type_of(type_text);
    json_t *json = fixture_json(in), *expected = fixture_json(out), *back, *again;
    struct strbuf s = STRBUF_INIT;
    struct error err = {0};
    struct db_datum d;

    if (db_datum_from_json(&d, &type, json, NULL, NULL, &err)) {
        fail_msg("%s: %s", in, err.text);
    }
    back = db_datum_to_json(&d, &type);
    if (!json_equal(back, expected)) {
        fail_msg("%s: got %s", in, json_dumps(back, JSON_ENCODE_ANY));
    }
    db_datum_put_json(&s, &d, &type);
    again = json_loads(strbuf_str(&s), JSON_DECODE_ANY, NULL);
    assert_true(json_equal(again, expected));
    json_decref(again);
    strbuf_free(&s);
    json_decref(json);
    json_decref(back);
    json_decref(expected);
    db_datum_free(&d, &type);
    db_type_free(&type);
}

static void check_json_fails(const char *type_text, const char *in, int error)
{
    struct db_type type = type_of(type_text);
    json_t *json = fixture_json(in);
    struct db_datum d;

    assert_int_equal(db_datum_from_json(&d, &type, json, NULL, NULL, NULL), error);
    json_decref(json);
    db_type_free(&type);
}

static void json_is_read_and_written(void **state UNUSED)
{
    check_json("'integer'", "5", "5");
    check_json("'integer'", "['set', [5]]", "5");
    check_json("'integer'", "5.0", "5");
    check_json("'integer'", "-9223372036854775808", "-9223372036854775808");
    check_json("'real'", "5", "5");
    check_json("'real'", "0.1", "0.1");
    check_json("'string'", "'ü\\n\\\\\\u0001'", "'ü\\n\\\\\\u0001'");
    check_json("'boolean'", "true", "true");
    check_json(strings, "'a'", "'a'");
    check_json(strings, "['set', ['b', 'a']]", "['set', ['a', 'b']]");
    check_json(strings, "['set', []]", "['set', []]");
    check_json(map, "['map', [['b', 'c'], ['a', 'd']]]", "['map', [['a', 'd'], ['b', 'c']]]");
    check_json(uuids, "['uuid', '550E8400-e29b-41d4-a716-446655440000']",
               "['uuid', '550e8400-e29b-41d4-a716-446655440000']");
}

static void json_that_is_wrong_is_refused(void **state UNUSED)
{
    check_json_fails("'integer'", "'5'", -EINVAL);
    check_json_fails("'integer'", "5.5", -EINVAL);
    check_json_fails("'integer'", "1e30", -EINVAL);
    check_json_fails("'integer'", "['set', []]", -EINVAL);
    check_json_fails("'integer'", "['set', [1, 2]]", -EINVAL);
    check_json_fails("'integer'", "null", -EINVAL);
    check_json_fails("'integer'", "{}", -EINVAL);
    check_json_fails("'integer'", "[]", -EINVAL);
    check_json_fails(integers, "4096", -ERANGE);
    check_json_fails(integers, "['set', [1, 1]]", -EEXIST);
    check_json_fails(integers, "['set', 1]", -EINVAL);
    check_json_fails(integers, "['set']", -EINVAL);
    check_json_fails(map, "['map', [['a', 'b'], ['a', 'b']]]", -EEXIST);
    check_json_fails(map, "['map', [['a']]]", -EINVAL);
    check_json_fails(map, "['set', []]", -EINVAL);
    check_json_fails(map, "'a'", -EINVAL);
    check_json_fails(uuids, "'550e8400-e29b-41d4-a716-446655440000'", -EINVAL);
    check_json_fails(uuids, "['uuid', '550e8400']", -EINVAL);
    check_json_fails(uuids, "['named-uuid', 'x']", -EINVAL);
}

static struct db_datum datum(const struct db_type *type, const char *text)
{
    struct error err = {0};
    struct db_datum d;

    if (db_datum_from_text(&d, type, text, NULL, NULL, &err)) {
        fail_msg("%s: %s", text, err.text);
    }
    return d;
}

static void check_diff(const char *type_text, const char *from, const char *to, const char *diff)
{
    struct db_type type = type_of(type_text);
    struct db_datum a = datum(&type, from), b = datum(&type, to), d;
    struct strbuf s = STRBUF_INIT;

    db_datum_diff(&d, &a, &b, &type);
    db_datum_to_text(&s, &d, &type);
    assert_string_equal(strbuf_str(&s), diff);
    db_datum_apply_diff(&a, &d, &type);
    assert_true(db_datum_equal(&a, &b, &type));
    assert_true(db_datum_hash(&a, &type, 1) == db_datum_hash(&b, &type, 1));
    strbuf_free(&s);
    db_datum_free(&a, &type);
    db_datum_free(&b, &type);
    db_datum_free(&d, &type);
    db_type_free(&type);
}

static void a_difference_turns_old_into_new(void **state UNUSED)
{
    check_diff(strings, "a b c", "b c d", "[a, d]");
    check_diff(strings, "", "a", "[a]");
    check_diff(strings, "a", "", "[a]");
    check_diff(map, "a=1x b=2x c=3x", "b=2x c=9x d=4x", "{a=\"1x\", c=\"9x\", d=\"4x\"}");
    check_diff(opt_integer, "5", "6", "6");
    check_diff(opt_integer, "5", "[]", "[]");
}

static void sets_grow_and_shrink_beyond_their_blocks(void **state UNUSED)
{
    struct db_type type = type_of("{'key': 'integer', 'min': 0, 'max': 'unlimited'}");
    struct db_datum d, copy;
    union db_atom atom;

    db_datum_init(&d);
    for (int i = 0; i < 1000; i++) {
        atom.integer = (i * 7919) % 1000;
        db_datum_add(&d, &atom, NULL);
        if (i % 97 == 0) { /* A copy has room of its own, and grows from any size. */
            db_datum_copy(&copy, &d, &type);
            db_datum_free(&d, &type);
            d = copy;
        }
    }
    assert_int_equal(db_datum_sort(&d, &type), 0);
    assert_int_equal(d.n, 1000);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(d.keys[i].integer, i);
        atom.integer = i;
        assert_int_equal(db_datum_find(&d, &atom, DB_INTEGER), i);
    }
    while (d.n > 500) {
        db_datum_remove(&d, d.n / 2, &type);
    }
    for (int i = 2000; i < 2600; i++) {
        atom.integer = i;
        db_datum_add(&d, &atom, NULL);
    }
    assert_int_equal(d.n, 1100);
    db_datum_free(&d, &type);
    db_type_free(&type);
}

static void inclusion_looks_at_whole_pairs(void **state UNUSED)
{
    struct db_type type = type_of(map);
    struct db_datum whole = datum(&type, "a=b c=d"), same = datum(&type, "a=b"),
                    other = datum(&type, "a=x"), mixed = datum(&type, "a=b c=x");

    assert_true(db_datum_includes(&whole, &same, &type));
    assert_false(db_datum_includes(&whole, &other, &type));
    assert_false(db_datum_includes(&whole, &mixed, &type));
    assert_true(db_datum_excludes(&whole, &other, &type));
    assert_false(db_datum_excludes(&whole, &mixed, &type));
    db_datum_free(&whole, &type);
    db_datum_free(&same, &type);
    db_datum_free(&other, &type);
    db_datum_free(&mixed, &type);
    db_type_free(&type);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_read_as_ovs_vsctl_reads_it),
        cmocka_unit_test(text_that_is_wrong_is_refused_in_ovs_vsctls_words),
        cmocka_unit_test(a_word_is_taken_whole),
        cmocka_unit_test(json_is_read_and_written),
        cmocka_unit_test(json_that_is_wrong_is_refused),
        cmocka_unit_test(a_difference_turns_old_into_new),
        cmocka_unit_test(sets_grow_and_shrink_beyond_their_blocks),
        cmocka_unit_test(inclusion_looks_at_whole_pairs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
