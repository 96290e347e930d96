/* sluice-vsctl's command line: global options, commands, COLUMN[:KEY]=VALUE, abbreviations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "db/schema/vswitch.h"
#include "utilities/sluice-vsctl/column_arg.h"
#include "utilities/sluice-vsctl/names.h"

static const struct command_def family[] = {
    {"make", 1, 2, "A [B]", "may-exist,id=", NULL, NULL},
    {"show-all", 0, 0, "", NULL, NULL, NULL},
    {"any", 0, INT_MAX, "", NULL, NULL, NULL},
    {NULL},
};

/* --- Parsing of whole command lines. --- */

static struct vsctl_options options;
static struct vsctl v;
static struct error err;

/* Words separated by spaces; "''" is an empty one. The result of the parsers. */
static int parse(const char *line)
{
    static char words[512], *argv[64]; /* The commands point into them. */
    char *save = NULL, *word, **first = NULL;
    int argc = 1, next, rc;
    size_t n_first = 0;
    bool done;

    memset(argv, 0, sizeof argv);
    argv[0] = "/usr/bin/ovs-vsctl";
    snprintf(words, sizeof words, "%s", line);
    for (word = strtok_r(words, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
        argv[argc++] = strcmp(word, "''") ? word : "";
    }
    memset(&v, 0, sizeof v);
    memset(&err, 0, sizeof err);
    v.options = &options;
    next = vsctl_options_parse(&options, argc, argv, &n_first, &first, &done, &err);
    if (next < 0) {
        return next;
    }
    rc = commands_parse(&v, argc - next, argv + next, n_first, first, &err);
    vsctl_free_words(n_first, first);
    return rc;
}

static void finish(void)
{
    commands_free(&v);
    vsctl_options_free(&options);
}

static void refused(const char *line, const char *text)
{
    assert_true(parse(line) < 0);
    if (!strstr(err.text, text)) {
        fail_msg("'%s': '%s' does not contain '%s'", line, err.text, text);
    }
    finish();
}

static void options_take_their_values_in_every_form(void **state UNUSED)
{
    assert_int_equal(parse("--db unix:/x --timeout=7 -f csv --bare -d json any"), 0);
    assert_string_equal(options.program, "ovs-vsctl");
    assert_string_equal(options.db, "unix:/x");
    assert_int_equal(options.timeout_s, 7);
    assert_int_equal(options.style.format, DB_REPORT_LIST);
    assert_int_equal(options.style.cells, DB_REPORT_CELL_JSON);
    assert_true(options.style.no_headings);
    finish();
    assert_int_equal(parse("-t5 --no-wait --dry-run --oneline --retry --no-syslog any"), 0);
    assert_int_equal(options.timeout_s, 5);
    assert_true(options.no_wait && options.dry_run && options.oneline && options.retry);
    finish();
}

static void options_of_the_first_command_may_stand_among_global_ones(void **state UNUSED)
{
    assert_int_equal(parse("--may-exist --db=unix:/x --id @q make a -- any b"), 0);
    assert_int_equal(v.n_commands, 2);
    assert_true(command_has(&v.commands[0], "may-exist"));
    assert_string_equal(command_option(&v.commands[0], "id"), "@q");
    assert_false(command_has(&v.commands[1], "may-exist"));
    finish();
}

static void commands_are_separated_by_dashes(void **state UNUSED)
{
    char *text;

    assert_int_equal(parse("-- --id=@a --may-exist make x y -- -- show-all -- any --"), 0);
    assert_int_equal(v.n_commands, 3);
    assert_int_equal(v.commands[0].argc, 3);
    assert_string_equal(v.commands[0].argv[2], "y");
    text = command_text(&v.commands[0]);
    assert_string_equal(text, "--id=@a --may-exist make x y");
    free(text);
    finish();
}

static void wrong_command_lines_are_refused_with_the_reason(void **state UNUSED)
{
    refused("", "missing command name");
    refused("--", "missing command name");
    refused("-- --may-exist", "missing command name");
    refused("nope", "unknown command 'nope'");
    refused("make", "'make' command requires at least 1 arguments");
    refused("make a b c", "'make' command takes at most 2 arguments");
    refused("make a b any", "follow a \"--\" argument");
    refused("--bogus any", "unrecognized option '--bogus'");
    refused("-z any", "invalid option -- 'z'");
    refused("-t x any", "value x on -t or --timeout is invalid");
    refused("-t", "requires an argument");
    refused("--no-wait=1 any", "doesn't allow an argument");
    refused("--format=xml any", "unknown output format \"xml\"");
    refused("--may-exist any", "'any' command has no '--may-exist' option");
    refused("-- --may-exist=1 make a", "does not accept an argument");
    refused("-- --id make a", "missing argument to '--id' option");
    refused("-- --id=1 --id=2 make a", "'--id' option specified multiple times");
    refused("--ca-cert=x any", "TLS");
}

/* --- Names and column arguments. --- */

static struct db_schema *schema;

static const struct db_table_schema *table(const char *name)
{
    const struct db_table_schema *t = NULL;

    memset(&v, 0, sizeof v);
    v.schema = schema;
    return find_table(&v, name, &t, &err) ? NULL : t;
}

static void tables_and_columns_are_found_by_unique_abbreviations(void **state UNUSED)
{
    const struct db_column *c;

    assert_string_equal(table("br")->name, "Bridge");
    assert_string_equal(table("open-v")->name, "Open_vSwitch");
    assert_string_equal(table("QOS")->name, "QoS");
    assert_null(table("c"));
    assert_string_equal(
        err.text, "\"c\" matches multiple table names: CT_Timeout_Policy, CT_Zone, Controller");
    assert_null(table("xyz"));
    assert_int_equal(find_column(table("port"), "other", &c, &err), 0);
    assert_string_equal(c->name, "other_config");
    assert_int_equal(find_column(table("port"), "vlan-mode", &c, &err), 0);
    assert_int_equal(find_column(table("port"), "_uu", &c, &err), 0);
    assert_null(c);
    assert_true(find_column(table("port"), "bond", &c, &err) < 0);
    assert_string_equal(err.text, "Port contains more than one column whose name matches \"bond\"");
}

static void check_arg(const char *text, enum column_arg_form form, const char *column,
                      const char *key, enum relop op, const char *value)
{
    struct column_arg arg;

    assert_int_equal(column_arg_parse(table("port"), text, form, &arg, &err), 0);
    assert_string_equal(arg.column ? arg.column->name : "_uuid", column);
    assert_string_equal(arg.has_key ? arg.key : "-", key);
    assert_int_equal(arg.op, op);
    assert_string_equal(arg.value ? arg.value : "-", value);
    column_arg_free(&arg);
}

static void column_arguments_are_taken_apart(void **state UNUSED)
{
    check_arg("tag=5", COLUMN_ARG_SET, "tag", "-", RELOP_EQ, "5");
    check_arg("other-config:a-b=x=y:z", COLUMN_ARG_SET, "other_config", "a-b", RELOP_EQ, "x=y:z");
    check_arg("other_config:\"x y=\"=z", COLUMN_ARG_SET, "other_config", "\"x y=\"", RELOP_EQ, "z");
    check_arg("tag!=5", COLUMN_ARG_CONDITION, "tag", "-", RELOP_NE, "5");
    check_arg("tag<=5", COLUMN_ARG_CONDITION, "tag", "-", RELOP_LE, "5");
    check_arg("trunks{<=}1,2", COLUMN_ARG_CONDITION, "trunks", "-", RELOP_SET_LE, "1,2");
    check_arg("trunks{not-in}1", COLUMN_ARG_CONDITION, "trunks", "-", RELOP_SET_NOT_IN, "1");
    check_arg("_uuid=x", COLUMN_ARG_CONDITION, "_uuid", "-", RELOP_EQ, "x");
    check_arg("external_ids:k", COLUMN_ARG_KEY, "external_ids", "k", RELOP_NONE, "-");
}

static void column_arguments_without_sense_are_refused(void **state UNUSED)
{
    static const struct {
        const char *text;
        enum column_arg_form form;
        const char *error;
    } bad[] = {
        {"", COLUMN_ARG_SET, ": missing column name"},
        {"=5", COLUMN_ARG_SET, "=5: missing column name"},
        {"tag", COLUMN_ARG_SET, "tag: argument does not end in \"=\" followed by a value."},
        {"tag=", COLUMN_ARG_SET, "tag=: argument does not end in \"=\" followed by a value."},
        {"tag<5", COLUMN_ARG_SET, "tag<5: argument does not end in \"=\" followed by a value."},
        {"tag=5", COLUMN_ARG_KEY, "tag=5: trailing garbage \"=5\" in argument"},
        {"x=5", COLUMN_ARG_SET, "Port does not contain a column whose name matches \"x\""},
    };

    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct column_arg arg;

        assert_true(column_arg_parse(table("port"), bad[i].text, bad[i].form, &arg, &err) < 0);
        assert_string_equal(err.text, bad[i].error);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_take_their_values_in_every_form),
        cmocka_unit_test(options_of_the_first_command_may_stand_among_global_ones),
        cmocka_unit_test(commands_are_separated_by_dashes),
        cmocka_unit_test(wrong_command_lines_are_refused_with_the_reason),
        cmocka_unit_test(tables_and_columns_are_found_by_unique_abbreviations),
        cmocka_unit_test(column_arguments_are_taken_apart),
        cmocka_unit_test(column_arguments_without_sense_are_refused),
    };
    json_t *json = json_loads(db_vswitch_schema(), 0, NULL);
    int rc;

    vsctl_register(family);
    if (!json || db_schema_from_json(&schema, json, NULL)) {
        return 1;
    }
    json_decref(json);
    rc = cmocka_run_group_tests(tests, NULL, NULL);
    db_schema_free(schema);
    return rc;
}
