/* The operations of RFC 7047 section 5.2, one by one. */
#include "tests/unit/db/fixture.h"

static const char schema[] =
    "{'name': 'D', 'version': '1.0.0', 'tables': {'T': {'columns': {"
    "'name': {'type': 'string'}, 'i': {'type': 'integer'}, 'r': {'type': 'real'},"
    "'b': {'type': 'boolean'}, 'opt': {'type': {'key': 'integer', 'min': 0}},"
    "'is': {'type': {'key': {'type': 'integer', 'maxInteger': 100}, 'min': 0, 'max': 4}},"
    "'m': {'type': {'key': 'string', 'value': 'string', 'min': 0, 'max': 'unlimited'}},"
    "'fixed': {'type': 'string', 'mutable': false},"
    "'color': {'type': {'key': {'type': 'string', 'enum': ['set', ['', 'red', 'blue']]}}},"
    "'short': {'type': {'key': {'type': 'string', 'maxLength': 3}}}}}}}";

static int set_up(void **state)
{
    *state = database_new(fixture_schema(schema));
    fixture_is_read_only = false;
    return 0;
}

static int tear_down(void **state)
{
    database_free(*state);
    return 0;
}

#define INSERT(ROW) "{'op': 'insert', 'table': 'T', 'row': " ROW "}"
#define SELECT(WHERE, COLUMNS)                                                                     \
    "{'op': 'select', 'table': 'T', 'where': " WHERE ", 'columns': " COLUMNS "}"
#define MUTATE(M) "{'op': 'mutate', 'table': 'T', 'where': [], 'mutations': [" M "]}"

static void insert_answers_with_the_uuid_and_fills_in_defaults(void **state)
{
    fixture_run(*state, INSERT("{'name': 'x'}"), "[{'uuid':[U]}]");
    fixture_run(*state, "{'op': 'select', 'table': 'T', 'where': []}",
                "[{'rows':[{'_uuid':[U],'_version':[U],'b':false,'color':'','fixed':'','i':0,"
                "'is':['set',[]],'m':['map',[]],'name':'x','opt':['set',[]],'r':0,'short':''}]}]");
}

static void insert_takes_a_uuid_once(void **state)
{
    const char *insert = "{'op': 'insert', 'table': 'T', 'row': {}, 'uuid': "
                         "'00000000-0000-0000-0000-000000000001'}";

    fixture_run(*state, insert, "[{'uuid':[U]}]");
    fixture_fails(*state, insert, "duplicate uuid", "already present");
    fixture_fails(*state, "{'op': 'insert', 'table': 'T', 'row': {}, 'uuid': 'x'}", "syntax error",
                  "not a UUID");
}

static void select_gives_each_different_row_once(void **state)
{
    fixture_run(*state, INSERT("{'name': 'x', 'i': 1}") "," INSERT("{'name': 'x', 'i': 2}"),
                "[{'uuid':[U]},{'uuid':[U]}]");
    fixture_run(*state, SELECT("[]", "['name']"), "[{'rows':[{'name':'x'}]}]");
    fixture_run(*state, SELECT("[['i', '==', 2]]", "['i', 'name']"),
                "[{'rows':[{'i':2,'name':'x'}]}]");
    fixture_fails(*state, SELECT("[]", "['nope']"), "unknown column", "No column nope in table T");
    fixture_fails(*state, "{'op': 'select', 'table': 'X', 'where': []}", "syntax error",
                  "No table named X");
}

static void conditions_of_every_function(void **state)
{
    static const struct {
        const char *condition;
        bool holds;
    } cases[] = {
        {"['i', '<', 6]", true},
        {"['i', '<', 5]", false},
        {"['i', '<=', 5]", true},
        {"['i', '>', 5]", false},
        {"['i', '>=', 5]", true},
        {"['r', '<', 2.5]", true},
        {"['name', '==', 'n']", true},
        {"['name', '!=', 'n']", false},
        {"['name', 'includes', 'n']", true},
        {"['name', 'excludes', 'n']", false},
        {"['is', 'includes', 1]", true},
        {"['is', 'includes', ['set', [1, 2]]]", true},
        {"['is', 'includes', ['set', [1, 7]]]", false},
        {"['is', 'includes', ['set', []]]", true},
        {"['is', 'excludes', ['set', [7, 8]]]", true},
        {"['is', 'excludes', ['set', [1, 8]]]", false},
        {"['is', '==', ['set', [3, 2, 1]]]", true},
        {"['is', '!=', ['set', [1, 2]]]", true},
        {"['m', 'includes', ['map', [['a', 'b']]]]", true},
        {"['m', 'includes', ['map', [['a', 'c']]]]", false},
        {"['m', 'excludes', ['map', [['a', 'c']]]]", true},
        {"['m', '==', ['map', [['a', 'b']]]]", true},
        {"['opt', '<', 9]", false}, /* Empty: no comparison holds. */
        {"['opt', '==', ['set', []]]", true},
        {"['b', '==', true]", true},
        {"['color', '==', 'red']", true},
    };
    char ops[300];

    fixture_run(*state,
                INSERT("{'name': 'n', 'i': 5, 'r': 1.5, 'b': true, 'is': ['set', [1, 2, 3]],"
                       "'m': ['map', [['a', 'b']]], 'color': 'red'}"),
                "[{'uuid':[U]}]");
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        snprintf(ops, sizeof ops, SELECT("[%s]", "['i']"), cases[i].condition);
        fixture_run(*state, ops, cases[i].holds ? "[{'rows':[{'i':5}]}]" : "[{'rows':[]}]");
    }
}

static void conditions_that_make_no_sense_are_refused(void **state)
{
    fixture_fails(*state, SELECT("[['name', '<', 'a']]", "['i']"), "syntax error", "Type mismatch");
    fixture_fails(*state, SELECT("[['name', '~', 'a']]", "['i']"), "unknown function", "~");
    fixture_fails(*state, SELECT("[['i', '==']]", "['i']"), "syntax error", "condition");
    fixture_fails(*state, SELECT("[true]", "['i']"), "syntax error", "condition");
    fixture_fails(*state, SELECT("['i', '==', 1]", "['i']"), "syntax error", "condition");
    fixture_fails(*state, SELECT("[['x', '==', 1]]", "['i']"), "unknown column", "x");
    fixture_fails(*state, SELECT("[['i', '==', 'a']]", "['i']"), "syntax error", "integer");
    fixture_fails(*state, SELECT("{}", "['i']"), "syntax error", "where");
}

static void update_counts_the_rows_it_matched(void **state)
{
    fixture_run(*state, INSERT("{'i': 1}") "," INSERT("{'i': 2}") "," INSERT("{'i': 2}"),
                "[{'uuid':[U]},{'uuid':[U]},{'uuid':[U]}]");
    fixture_run(*state,
                "{'op': 'update', 'table': 'T', 'where': [['i', '==', 2]], 'row': {'name': 'y'}}",
                "[{'count':2}]");
    fixture_run(*state, SELECT("[['name', '==', 'y']]", "['i']"), "[{'rows':[{'i':2}]}]");
}

static void update_refuses_what_the_column_may_not_hold(void **state)
{
#define UPDATE(ROW) "{'op': 'update', 'table': 'T', 'where': [], 'row': " ROW "}"
    fixture_run(*state, INSERT("{}"), "[{'uuid':[U]}]");
    fixture_fails(*state, UPDATE("{'fixed': 'x'}"), "constraint violation", "immutable");
    fixture_fails(*state, UPDATE("{'_uuid': ['uuid', '00000000-0000-0000-0000-000000000001']}"),
                  "constraint violation", "immutable");
    fixture_fails(*state, UPDATE("{'color': 'green'}"), "constraint violation",
                  "green is not one of the allowed values ([\\'\\', blue, red])");
    fixture_fails(*state, UPDATE("{'short': 'äöüß'}"), "constraint violation", "length 4");
    fixture_run(*state, UPDATE("{'short': 'äöü'}"), "[{'count':1}]");
    fixture_fails(*state, UPDATE("{'is': 101}"), "constraint violation", "101");
    fixture_fails(*state, UPDATE("{'is': ['set', [1, 2, 3, 4, 5]]}"), "syntax error", "4 members");
    fixture_fails(*state, UPDATE("{'is': ['set', [1, 1]]}"), "ovsdb error", "duplicate");
    fixture_fails(*state, UPDATE("{'m': ['map', [['a', 'b'], ['a', 'c']]]}"), "ovsdb error",
                  "duplicate");
    fixture_fails(*state, UPDATE("{'i': ['set', []]}"), "syntax error", "at least 1");
    fixture_fails(*state, UPDATE("{'i': 1.5}"), "syntax error", "not an integer");
    fixture_run(*state, UPDATE("{'i': 3.0}"), "[{'count':1}]");
    fixture_fails(*state, UPDATE("{'nope': 1}"), "unknown column", "nope");
    fixture_fails(*state, "{'op': 'update', 'table': 'T', 'where': []}", "syntax error", "row");
}

static void mutations_of_numbers(void **state)
{
    fixture_run(*state, INSERT("{'i': 7, 'r': 1.5, 'is': ['set', [1, 2]]}"), "[{'uuid':[U]}]");
    fixture_run(*state,
                MUTATE("['i', '+=', 3], ['i', '*=', 2], ['i', '-=', 1], ['i', '/=', 2], "
                       "['i', '%=', 5]") "," SELECT("[]", "['i']"),
                "[{'count':1},{'rows':[{'i':4}]}]");
    fixture_run(*state, MUTATE("['r', '/=', 3], ['is', '+=', 10]") "," SELECT("[]", "['r', 'is']"),
                "[{'count':1},{'rows':[{'is':['set',[11,12]],'r':0.5}]}]");
    fixture_fails(*state, MUTATE("['i', '/=', 0]"), "domain error", "Division by zero");
    fixture_fails(*state, MUTATE("['i', '%=', 0]"), "domain error", "Division by zero");
    fixture_fails(*state, MUTATE("['is', '*=', 0]"), "constraint violation", "twice");
    fixture_fails(*state, MUTATE("['is', '*=', 10]"), "constraint violation", "100");
    fixture_fails(*state, MUTATE("['i', '*=', 9223372036854775807], ['i', '*=', 2]"), "range error",
                  "out of range");
    fixture_run(*state,
                "{'op': 'update', 'table': 'T', 'where': [], 'row': {'i': "
                "-9223372036854775808}}",
                "[{'count':1}]");
    fixture_fails(*state, MUTATE("['i', '/=', -1]"), "range error", "out of range");
    fixture_run(*state, MUTATE("['i', '%=', -1]"), "[{'count':1}]");
    fixture_fails(*state, MUTATE("['r', '%=', 2]"), "syntax error", "Type mismatch");
    fixture_fails(*state, MUTATE("['name', '+=', 2]"), "syntax error", "Type mismatch");
}

static void mutations_of_sets_and_maps(void **state)
{
    fixture_run(*state, INSERT("{'is': ['set', [1, 2]], 'm': ['map', [['a', 'b'], ['c', 'd']]]}"),
                "[{'uuid':[U]}]");
    fixture_run(
        *state,
        MUTATE("['is', 'insert', ['set', [2, 3]]], ['is', 'delete', 1]") "," SELECT("[]", "['is']"),
        "[{'count':1},{'rows':[{'is':['set',[2,3]]}]}]");
    /* A key that is there is kept; a pair goes only as a whole, a key with whatever value. */
    fixture_run(*state,
                MUTATE("['m', 'insert', ['map', [['a', 'x'], ['e', 'f']]]],"
                       "['m', 'delete', ['map', [['e', 'other']]]],"
                       "['m', 'delete', ['set', ['c']]]") "," SELECT("[]", "['m']"),
                "[{'count':1},{'rows':[{'m':['map',[['a','b'],['e','f']]]}]}]");
    fixture_fails(*state, MUTATE("['is', 'insert', ['set', [4, 5, 6]]]"), "constraint violation",
                  "4 members");
    fixture_fails(*state, MUTATE("['i', 'insert', 1]"), "syntax error", "Type mismatch");
    fixture_fails(*state, MUTATE("['fixed', 'insert', 'x']"), "constraint violation", "immutable");
    fixture_fails(*state, MUTATE("['is', 'append', 1]"), "unknown mutator", "append");
}

static void a_failed_operation_takes_the_whole_transaction_back(void **state)
{
    struct database *db = *state;

    fixture_run(db, INSERT("{'i': 1, 'name': 'old'}"), "[{'uuid':[U]}]");
    fixture_run(db,
                INSERT("{'i': 2}") ",{'op': 'update', 'table': 'T', 'where': [], 'row': "
                                   "{'name': 'new'}},{'op': 'delete', 'table': 'T', 'where': []},"
                                   "{'op': 'abort'}, {'op': 'comment', 'comment': 'x'}",
                "[{'uuid':[U]},{'count':2},{'count':2},{'error':'aborted'},null]");
    fixture_run(db, SELECT("[]", "['i', 'name']"), "[{'rows':[{'i':1,'name':'old'}]}]");
    assert_int_equal(database_n_rows(db), 1);
}

static void delete_removes_what_matches(void **state)
{
    fixture_run(*state, INSERT("{'i': 1}") "," INSERT("{'i': 2}"), "[{'uuid':[U]},{'uuid':[U]}]");
    fixture_run(*state,
                "{'op': 'delete', 'table': 'T', 'where': [['i', '==', 1]]}," SELECT("[]", "['i']"),
                "[{'count':1},{'rows':[{'i':2}]}]");
}

static void wait_holds_times_out_or_waits(void **state)
{
#define WAIT(UNTIL, ROWS, TIMEOUT)                                                                 \
    "{'op': 'wait', 'table': 'T', 'where': [], 'columns': ['i'], 'until': '" UNTIL                 \
    "', 'rows': " ROWS TIMEOUT "}"
    fixture_run(*state, INSERT("{'i': 1}") "," INSERT("{'i': 2}"), "[{'uuid':[U]},{'uuid':[U]}]");
    fixture_run(*state, WAIT("==", "[{'i': 2}, {'i': 1}]", ", 'timeout': 0"), "[{}]");
    fixture_run(*state, WAIT("!=", "[{'i': 2}]", ", 'timeout': 0"), "[{}]");
    fixture_run(*state, WAIT("!=", "[{'i': 2}, {'i': 1}, {'i': 1}]", ", 'timeout': 0"),
                "[{'error':'timed out'}]");
    fixture_run(*state, WAIT("==", "[{'i': 2}]", ", 'timeout': 0"), "[{'error':'timed out'}]");
    fixture_run(*state, WAIT("==", "[{'i': 2}]", ""), "[]");
    assert_true(fixture_waits);
    fixture_fails(*state, WAIT("<", "[]", ""), "syntax error", "until");
    fixture_fails(*state, WAIT("==", "[]", ", 'timeout': -1"), "syntax error", "timeout");
    fixture_fails(*state, WAIT("==", "[{'name': 'x'}]", ""), "syntax error", "columns");
}

static void comment_commit_and_assert_answer_with_an_empty_object(void **state)
{
    fixture_run(*state, "{'op': 'comment', 'comment': 'a'}, {'op': 'commit', 'durable': true}",
                "[{},{}]");
    fixture_fails(*state, "{'op': 'commit'}", "syntax error", "durable");
    fixture_fails(*state, "{'op': 'assert', 'lock': 'l'}", "not owner", "l not held");
}

static void named_uuids_refer_to_rows_of_the_same_transaction(void **state)
{
    fixture_run(*state,
                "{'op': 'insert', 'table': 'T', 'row': {'name': 'x'}, 'uuid-name': 'me'},"
                "{'op': 'update', 'table': 'T', 'where': [['_uuid', '==', ['named-uuid', 'me']]],"
                "'row': {'i': 9}}," SELECT("[['_uuid', '!=', ['named-uuid', 'me']]]", "['i']"),
                "[{'uuid':[U]},{'count':1},{'rows':[]}]");
    fixture_fails(*state, SELECT("[['_uuid', '==', ['named-uuid', 'you']]]", "['i']"),
                  "syntax error", "you");
    fixture_fails(*state,
                  "{'op': 'insert', 'table': 'T', 'row': {}, 'uuid-name': 'a'},"
                  "{'op': 'insert', 'table': 'T', 'row': {}, 'uuid-name': 'a'}",
                  "duplicate uuid-name", "earlier");
}

static void what_is_no_operation_is_refused(void **state)
{
    fixture_fails(*state, "{'op': 'frob'}", "syntax error", "1 of 1 failed: No operation");
    fixture_fails(*state, "{}", "syntax error", "'op'");
    fixture_fails(*state, "3", "syntax error", "Object expected");
    fixture_fails(*state, "{'op': 'comment', 'comment': 3}", "syntax error", "comment");
    fixture_fails(*state, "{'op': 'select', 'table': 'T', 'where': [], 'foo': 1}", "syntax error",
                  "foo");
    fixture_fails(*state, "{'op': 'abort', 'where': []}", "syntax error", "not allowed here");
}

static void a_read_only_database_can_be_read_only(void **state)
{
    fixture_is_read_only = true;
    fixture_run(*state, SELECT("[]", "['i']"), "[{'rows':[]}]");
    fixture_fails(*state, INSERT("{}"), "not allowed", "read only");
}

int main(void)
{
#define TEST(T) cmocka_unit_test_setup_teardown(T, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(insert_answers_with_the_uuid_and_fills_in_defaults),
        TEST(insert_takes_a_uuid_once),
        TEST(select_gives_each_different_row_once),
        TEST(conditions_of_every_function),
        TEST(conditions_that_make_no_sense_are_refused),
        TEST(update_counts_the_rows_it_matched),
        TEST(update_refuses_what_the_column_may_not_hold),
        TEST(mutations_of_numbers),
        TEST(mutations_of_sets_and_maps),
        TEST(a_failed_operation_takes_the_whole_transaction_back),
        TEST(delete_removes_what_matches),
        TEST(wait_holds_times_out_or_waits),
        TEST(comment_commit_and_assert_answer_with_an_empty_object),
        TEST(named_uuids_refer_to_rows_of_the_same_transaction),
        TEST(what_is_no_operation_is_refused),
        TEST(a_read_only_database_can_be_read_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
