/* What a commit checks beyond single values: references, garbage, indexes, maxRows. RFC 7047
 * sections 3.2 and 4.1.3. */
#include "tests/unit/db/fixture.h"

static const char schema[] =
    "{'name': 'D', 'version': '1.0.0', 'tables': {"
    "'Root': {'isRoot': true, 'columns': {'name': {'type': 'string'},"
    " 'leaves': {'type': {'key': {'type': 'uuid', 'refTable': 'Leaf'}, 'min': 0, 'max': "
    "'unlimited'}},"
    " 'named': {'type': {'key': 'string', 'value': {'type': 'uuid', 'refTable': 'Leaf'},"
    "  'min': 0, 'max': 'unlimited'}},"
    " 'weak': {'type': {'key': {'type': 'uuid', 'refTable': 'Leaf', 'refType': 'weak'}, 'min': 0, "
    "'max': 'unlimited'}},"
    " 'weak_map': {'type': {'key': 'string', 'value': {'type': 'uuid', 'refTable': 'Leaf', "
    "'refType': 'weak'}, 'min': 0, 'max': 'unlimited'}}}},"
    "'Leaf': {'columns': {'name': {'type': 'string'},"
    " 'next': {'type': {'key': {'type': 'uuid', 'refTable': 'Leaf'}, 'min': 0}}}},"
    "'Needy': {'isRoot': true, 'columns': {"
    " 'one': {'type': {'key': {'type': 'uuid', 'refTable': 'Leaf', 'refType': 'weak'}}}}},"
    "'Unique': {'isRoot': true, 'maxRows': 3, 'indexes': [['a', 'b'], ['c']], 'columns': {"
    " 'a': {'type': 'integer'}, 'b': {'type': 'string'}, 'c': {'type': 'integer'}}}}}";

static int set_up(void **state)
{
    *state = database_new(fixture_schema(schema));
    return 0;
}

static int tear_down(void **state)
{
    database_free(*state);
    return 0;
}

#define ID(N) "['uuid', '00000000-0000-0000-0000-00000000000" #N "']"
#define LEAF(N, ROW)                                                                               \
    "{'op': 'insert', 'table': 'Leaf', 'uuid': '00000000-0000-0000-0000-00000000000" #N            \
    "', 'row': " ROW "}"
#define ROOT(ROW) "{'op': 'insert', 'table': 'Root', 'row': " ROW "}"
#define UPDATE_ROOT(ROW) "{'op': 'update', 'table': 'Root', 'where': [], 'row': " ROW "}"

static size_t n_rows(void **state, const char *table)
{
    return database_table(*state, table)->n_rows;
}

static void a_leaf_that_nobody_refers_to_is_not_kept(void **state)
{
    fixture_run(*state, LEAF(1, "{}"), "[{'uuid':[U]}]");
    assert_int_equal(n_rows(state, "Leaf"), 0);
    fixture_run(*state, LEAF(1, "{}") "," ROOT("{'leaves': " ID(1) "}"),
                "[{'uuid':[U]},{'uuid':[U]}]");
    assert_int_equal(n_rows(state, "Leaf"), 1);
    fixture_run(*state, UPDATE_ROOT("{'leaves': ['set', []]}"), "[{'count':1}]");
    assert_int_equal(n_rows(state, "Leaf"), 0);
}

static void a_chain_of_leaves_goes_with_its_first(void **state)
{
    fixture_run(*state,
                LEAF(1, "{'next': " ID(2) "}") "," LEAF(2, "{'next': " ID(3) "}") "," LEAF(
                    3, "{}") "," ROOT("{'named': ['map', [['x', " ID(1) "]]]}"),
                "[{'uuid':[U]},{'uuid':[U]},{'uuid':[U]},{'uuid':[U]}]");
    assert_int_equal(n_rows(state, "Leaf"), 3);
    fixture_run(*state, "{'op': 'delete', 'table': 'Root', 'where': []}", "[{'count':1}]");
    assert_int_equal(n_rows(state, "Leaf"), 0);
}

static void a_reference_to_itself_keeps_no_row(void **state)
{
    fixture_run(*state, LEAF(1, "{'next': " ID(1) "}"), "[{'uuid':[U]}]");
    assert_int_equal(n_rows(state, "Leaf"), 0);
}

static void a_strong_reference_needs_its_row(void **state)
{
    fixture_fails(*state, ROOT("{'leaves': " ID(1) "}"), "referential integrity violation",
                  "Table Root column leaves row");
    assert_int_equal(database_n_rows(*state), 0);
    fixture_run(*state, LEAF(1, "{}") "," ROOT("{'leaves': " ID(1) "}"),
                "[{'uuid':[U]},{'uuid':[U]}]");
    fixture_fails(*state, "{'op': 'delete', 'table': 'Leaf', 'where': []}",
                  "referential integrity violation", "because of 1 remaining reference");
    assert_int_equal(n_rows(state, "Leaf"), 1);
    /* In one transaction with its last reference it may go. */
    fixture_run(
        *state,
        "{'op': 'delete', 'table': 'Leaf', 'where': []}," UPDATE_ROOT("{'leaves': ['set', []]}"),
        "[{'count':1},{'count':1}]");
    assert_int_equal(n_rows(state, "Leaf"), 0);
}

static void weak_references_go_with_their_row(void **state)
{
    fixture_run(*state,
                LEAF(1, "{}") "," LEAF(2, "{}") "," ROOT(
                    "{'leaves': ['set', [" ID(1) ", " ID(2) "]], 'weak': ['set', [" ID(1) ", " ID(
                        2) "]], 'weak_map': ['map', [['a', " ID(1) "], ['b', " ID(2) "]]]}"),
                "[{'uuid':[U]},{'uuid':[U]},{'uuid':[U]}]");
    fixture_run(*state, UPDATE_ROOT("{'leaves': " ID(2) "}"), "[{'count':1}]");
    fixture_run(*state,
                "{'op': 'select', 'table': 'Root', 'where': [], 'columns': ['weak', 'weak_map']}",
                "[{'rows':[{'weak':[U],'weak_map':['map',[['b',[U]]]]}]}]");
}

static void a_weak_reference_to_no_row_is_dropped_at_once(void **state)
{
    fixture_run(*state, ROOT("{'weak': " ID(1) "}"), "[{'uuid':[U]}]");
    fixture_run(*state, "{'op': 'select', 'table': 'Root', 'where': [], 'columns': ['weak']}",
                "[{'rows':[{'weak':['set',[]]}]}]");
}

static void the_last_weak_reference_of_a_column_that_needs_one_cannot_go(void **state)
{
    fixture_run(*state,
                LEAF(1, "{}") "," ROOT("{'leaves': " ID(
                    1) "}") ",{'op': 'insert', 'table': 'Needy', 'row': {'one': " ID(1) "}}",
                "[{'uuid':[U]},{'uuid':[U]},{'uuid':[U]}]");
    fixture_fails(*state, UPDATE_ROOT("{'leaves': ['set', []]}"), "constraint violation",
                  "became empty");
    assert_int_equal(n_rows(state, "Leaf"), 1);
    fixture_fails(*state, "{'op': 'insert', 'table': 'Needy', 'row': {'one': " ID(9) "}}",
                  "constraint violation", "became empty");
}

static void weak_references_survive_a_transaction_that_was_taken_back(void **state)
{
    fixture_run(*state, LEAF(1, "{}") "," ROOT("{'leaves': " ID(1) ", 'weak': " ID(1) "}"),
                "[{'uuid':[U]},{'uuid':[U]}]");
    /* Each of these takes the weak reference away and fails then; enough of them to make the
     * bookkeeping of who refers to whom clean up. */
    for (int i = 0; i < 20; i++) {
        fixture_fails(*state,
                      UPDATE_ROOT("{'weak': ['set', []]}") "," ROOT("{'weak': " ID(1) "}") "," ROOT(
                          "{'leaves': " ID(7) "}"),
                      "referential integrity violation", "nonexistent");
        fixture_fails(
            *state, "{'op': 'delete', 'table': 'Root', 'where': []}," ROOT("{'leaves': " ID(7) "}"),
            "referential integrity violation", "nonexistent");
    }
    for (int i = 0; i < 20; i++) {
        fixture_run(*state, UPDATE_ROOT("{'weak': ['set', []]}"), "[{'count':1}]");
        fixture_run(*state, UPDATE_ROOT("{'weak': " ID(1) "}"), "[{'count':1}]");
    }
    fixture_run(*state, UPDATE_ROOT("{'leaves': ['set', []]}"), "[{'count':1}]");
    fixture_run(*state, "{'op': 'select', 'table': 'Root', 'where': [], 'columns': ['weak']}",
                "[{'rows':[{'weak':['set',[]]}]}]");
}

#define UNIQUE(ROW) "{'op': 'insert', 'table': 'Unique', 'row': " ROW "}"

static void an_index_admits_no_two_rows_with_the_same_values(void **state)
{
    fixture_run(*state,
                UNIQUE("{'a': 1, 'b': 'x', 'c': 1}") "," UNIQUE("{'a': 1, 'b': 'y', 'c': "
                                                                "2}"),
                "[{'uuid':[U]},{'uuid':[U]}]");
    fixture_fails(*state, UNIQUE("{'a': 1, 'b': 'y', 'c': 3}"), "constraint violation",
                  "identical values (1, y) for index on columns \\'a\\' and \\'b\\'");
    fixture_fails(*state, UNIQUE("{'a': 9, 'b': 'z', 'c': 1}"), "constraint violation",
                  "index on column \\'c\\'");
    fixture_fails(*state, "{'op': 'update', 'table': 'Unique', 'where': [], 'row': {'c': 5}}",
                  "constraint violation", "identical values (5)");
    /* What was refused left no trace in the index. */
    fixture_run(*state, UNIQUE("{'a': 9, 'b': 'z', 'c': 3}"), "[{'uuid':[U]}]");
}

static void rows_may_swap_their_index_values(void **state)
{
    fixture_run(*state, UNIQUE("{'a': 1, 'c': 1}") "," UNIQUE("{'a': 2, 'c': 2}"),
                "[{'uuid':[U]},{'uuid':[U]}]");
    fixture_run(*state,
                "{'op': 'mutate', 'table': 'Unique', 'where': [], 'mutations': [['c', '*=', -1], "
                "['c', '+=', 3]]}",
                "[{'count':2}]");
    fixture_run(*state,
                "{'op': 'delete', 'table': 'Unique', 'where': [['a', '==', 1]]}," UNIQUE(
                    "{'a': 1, 'c': 2}"),
                "[{'count':1},{'uuid':[U]}]");
}

static void max_rows_is_checked_at_the_end(void **state)
{
    fixture_run(
        *state,
        UNIQUE("{'a': 1, 'c': 1}") "," UNIQUE("{'a': 2, 'c': 2}") "," UNIQUE("{'a': 3, 'c': 3}"),
        "[{'uuid':[U]},{'uuid':[U]},{'uuid':[U]}]");
    fixture_fails(*state, UNIQUE("{'a': 4, 'c': 4}"), "constraint violation", "limit of 3 row(s)");
    assert_int_equal(n_rows(state, "Unique"), 3);
    fixture_run(*state,
                UNIQUE("{'a': 4, 'c': 4}") ",{'op': 'delete', 'table': 'Unique', 'where': [['a', "
                                           "'==', 1]]}",
                "[{'uuid':[U]},{'count':1}]");
}

int main(void)
{
#define TEST(T) cmocka_unit_test_setup_teardown(T, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_leaf_that_nobody_refers_to_is_not_kept),
        TEST(a_chain_of_leaves_goes_with_its_first),
        TEST(a_reference_to_itself_keeps_no_row),
        TEST(a_strong_reference_needs_its_row),
        TEST(weak_references_go_with_their_row),
        TEST(a_weak_reference_to_no_row_is_dropped_at_once),
        TEST(the_last_weak_reference_of_a_column_that_needs_one_cannot_go),
        TEST(weak_references_survive_a_transaction_that_was_taken_back),
        TEST(an_index_admits_no_two_rows_with_the_same_values),
        TEST(rows_may_swap_their_index_values),
        TEST(max_rows_is_checked_at_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
