/* The client's replica: both formats of updates, differences, full copies over an older state. */
#include "tests/unit/db/fixture.h"

#include "db/client/replica.h"

#define UUID_A "00000000-0000-0000-0000-00000000000a"
#define UUID_B "00000000-0000-0000-0000-00000000000b"

static struct db_schema *schema;
static struct replica *replica;
static char told[1024]; /* What replica_tell() said. */

static int setup(void **state UNUSED)
{
    schema = fixture_schema(
        "{'name':'D','version':'1.0.0','tables':{"
        "'T':{'columns':{'name':{'type':'string'},'n':{'type':{'key':'integer','min':0,'max':1}},"
        "'set':{'type':{'key':'integer','min':0,'max':'unlimited'}},"
        "'map':{'type':{'key':'string','value':'string','min':0,'max':'unlimited'}},"
        "'refs':{'type':{'key':{'type':'uuid','refTable':'U'},'min':0,'max':'unlimited'}}}},"
        "'U':{'columns':{'x':{'type':'boolean'}}}}}");
    replica = replica_new(schema, NULL);
    return 0;
}

static int teardown(void **state UNUSED)
{
    replica_free(replica);
    db_schema_free(schema);
    return 0;
}

static void tell_row(const struct db_row *old, struct db_row *new_row, void *aux UNUSED)
{
    const struct db_row *r = new_row ? new_row : old;
    size_t n = strlen(told);

    snprintf(told + n, sizeof told - n, "%s %s", n ? ";" : "",
             !old       ? "insert"
             : !new_row ? "delete"
                        : "modify");
    n = strlen(told);
    snprintf(told + n, sizeof told - n, " %s", db_row_string(r, "name", "-"));
    if (old && new_row) {
        n = strlen(told);
        snprintf(told + n, sizeof told - n, " (was %s)", db_row_string(old, "name", "-"));
    }
}

static int apply(enum replica_format format, bool is_full, const char *text)
{
    json_t *json = fixture_json(text);
    struct error err = {0};
    int rc = replica_apply(replica, format, is_full, json, &err);

    told[0] = '\0';
    replica_tell(replica, tell_row, NULL);
    json_decref(json);
    return rc;
}

static const struct db_row *row(const char *uuid_text)
{
    struct uuid uuid;
    struct replica_row *r;

    assert_true(uuid_from_string(uuid_text, &uuid));
    r = replica_find(&replica->tables[db_schema_table(schema, "T")->index], &uuid);
    return r ? &r->row : NULL;
}

static void assert_column(const char *uuid, const char *column, const char *expected)
{
    struct strbuf s = STRBUF_INIT;
    const struct db_type *type;
    const struct db_datum *d = db_row_datum(row(uuid), column, &type);

    db_datum_to_text(&s, d, type);
    assert_string_equal(strbuf_str(&s), expected);
    strbuf_free(&s);
}

static void updates_insert_modify_and_delete(void **state UNUSED)
{
    assert_int_equal(apply(REPLICA_UPDATES, true,
                           "{'T':{'" UUID_A "':{'new':{'name':'a','n':['set',[]],'set':1}}}}"),
                     0);
    assert_string_equal(told, " insert a");
    assert_column(UUID_A, "set", "[1]");
    assert_int_equal(apply(REPLICA_UPDATES, false,
                           "{'T':{'" UUID_A "':{'old':{'name':'a'},'new':{'name':'b','set':1}}}}"),
                     0);
    assert_string_equal(told, " modify b (was a)");
    assert_int_equal(apply(REPLICA_UPDATES, false, "{'T':{'" UUID_A "':{'old':{'name':'b'}}}}"), 0);
    assert_string_equal(told, " delete b");
    assert_null(row(UUID_A));
}

static void an_update_without_a_change_is_not_told(void **state UNUSED)
{
    apply(REPLICA_UPDATES, true, "{'T':{'" UUID_A "':{'new':{'name':'a'}}}}");
    assert_int_equal(apply(REPLICA_UPDATES, false, "{'T':{'" UUID_A "':{'new':{'name':'a'}}}}"), 0);
    assert_string_equal(told, "");
}

static void differences_of_sets_and_maps_are_applied(void **state UNUSED)
{
    apply(REPLICA_UPDATES2, true,
          "{'T':{'" UUID_A "':{'initial':{'name':'a','set':['set',[1,2,3]],"
          "'map':['map',[['k','v'],['l','w']]]}}}}");
    assert_int_equal(apply(REPLICA_UPDATES2, false,
                           "{'T':{'" UUID_A "':{'modify':{'n':7,'set':['set',[2,9]],"
                           "'map':['map',[['k','v'],['l','x'],['m','y']]]}}}}"),
                     0);
    assert_column(UUID_A, "n", "7");
    assert_column(UUID_A, "set", "[1, 3, 9]");
    assert_column(UUID_A, "map", "{l=x, m=y}");
    assert_string_equal(told, " modify a (was a)");
    assert_int_equal(apply(REPLICA_UPDATES2, false,
                           "{'T':{'" UUID_A "':{'modify':{'n':['set',[]],'name':'z'}}}}"),
                     0);
    assert_column(UUID_A, "n", "[]");
    assert_string_equal(told, " modify z (was a)");
}

static void columns_left_out_of_an_insert_are_defaults(void **state UNUSED)
{
    assert_int_equal(apply(REPLICA_UPDATES2, false, "{'T':{'" UUID_A "':{'insert':{}}}}"), 0);
    assert_column(UUID_A, "name", "\"\"");
    assert_column(UUID_A, "map", "{}");
}

static void a_full_copy_replaces_what_was_there_and_tells_differences(void **state UNUSED)
{
    struct db_row *a;

    apply(REPLICA_UPDATES2, true,
          "{'T':{'" UUID_A "':{'initial':{'name':'a','n':3}},'" UUID_B
          "':{'initial':{'name':'b'}}}}");
    a = (struct db_row *)row(UUID_A);
    a->user = &told;
    assert_int_equal(apply(REPLICA_UPDATES2, true, "{'T':{'" UUID_A "':{'initial':{'name':'a'}}}}"),
                     0);
    assert_column(UUID_A, "n", "[]");
    assert_string_equal(told, " modify a (was a); delete b");
    assert_ptr_equal(row(UUID_A)->user, &told);
    assert_int_equal(apply(REPLICA_UPDATES2, true, "{'T':{'" UUID_A "':{'initial':{'name':'a'}}}}"),
                     0);
    assert_string_equal(told, "");
}

static void what_does_not_fit_is_an_error(void **state UNUSED)
{
    static const char *const bad[] = {
        "[]",
        "{'T':[]}",
        "{'Nope':{}}",
        "{'T':{'xyz':{'insert':{}}}}",
        "{'T':{'" UUID_A "':{'modify':{}}}}",
        "{'T':{'" UUID_A "':{'delete':null}}}",
        "{'T':{'" UUID_A "':{'insert':7}}}",
        "{'T':{'" UUID_A "':{'insert':{'name':5}}}}",
        "{'T':{'" UUID_A "':{}}}",
        "{'T':{'" UUID_A "':[]}}",
        "{'T':{'" UUID_A "':null}}",
    };

    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        assert_true(apply(REPLICA_UPDATES2, false, bad[i]) < 0);
        apply(REPLICA_UPDATES2, true, "{}");
    }
    assert_true(apply(REPLICA_UPDATES, false, "{'T':{'" UUID_A "':{}}}") < 0);
    assert_true(apply(REPLICA_UPDATES, false, "{'T':{'" UUID_A "':{'old':{}}}}") < 0);
}

static void one_row_under_two_spellings_of_its_uuid_is_one_row(void **state UNUSED)
{
    assert_int_equal(apply(REPLICA_UPDATES2, false,
                           "{'T':{'" UUID_A "':{'insert':{'name':'a'}},"
                           "'00000000-0000-0000-0000-00000000000A':{'delete':null}}}"),
                     0);
    assert_null(row(UUID_A));
}

static void only_what_was_asked_for_is_monitored(void **state UNUSED)
{
    static const char *const columns[] = {"name", "no-such-column", NULL};
    static const struct db_client_table tables[] = {{"T", columns}, {"NoSuch", NULL}, {NULL, NULL}};
    struct replica *r = replica_new(schema, tables);
    json_t *requests = replica_monitor_requests(r),
           *expected = fixture_json("{'T':[{'columns':['name']}]}");

    assert_true(json_equal(requests, expected));
    assert_false(replica_is_nothing(r));
    json_decref(requests);
    json_decref(expected);
    replica_free(r);
    r = replica_new(schema, &tables[2]);
    assert_true(replica_is_nothing(r));
    replica_free(r);
}

static void columns_read_by_name_with_defaults(void **state UNUSED)
{
    const struct db_row *a;

    apply(REPLICA_UPDATES2, true,
          "{'T':{'" UUID_A "':{'initial':{'name':'a','map':['map',[['k','v']]]}}}}");
    a = row(UUID_A);
    assert_string_equal(db_row_string(a, "name", "?"), "a");
    assert_string_equal(db_row_string(a, "nope", "?"), "?");
    assert_string_equal(db_row_string(a, "set", "?"), "?");
    assert_int_equal(db_row_integer(a, "n", -5), -5);
    assert_string_equal(db_row_map(a, "map", "k", "?"), "v");
    assert_string_equal(db_row_map(a, "map", "x", "?"), "?");
    assert_string_equal(db_row_map(a, "set", "x", "?"), "?");
    assert_true(db_row_bool(a, "name", true));
}

int main(void)
{
#define T(F) cmocka_unit_test_setup_teardown(F, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(updates_insert_modify_and_delete),
        T(an_update_without_a_change_is_not_told),
        T(differences_of_sets_and_maps_are_applied),
        T(columns_left_out_of_an_insert_are_defaults),
        T(a_full_copy_replaces_what_was_there_and_tells_differences),
        T(what_does_not_fit_is_an_error),
        T(one_row_under_two_spellings_of_its_uuid_is_one_row),
        T(only_what_was_asked_for_is_monitored),
        T(columns_read_by_name_with_defaults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
