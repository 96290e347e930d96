/* Schemas from JSON and back; the built-in one. */
#include "db/schema/vswitch.h"
#include "tests/unit/db/fixture.h"

static void fails(const char *text, const char *part)
{
    json_t *json = fixture_json(text);
    struct error err = {0};
    struct db_schema *schema;

    if (!db_schema_from_json(&schema, json, &err)) {
        fail_msg("%s was accepted", text);
    }
    if (!strstr(err.text, part)) {
        fail_msg("'%s' is not in '%s'", part, err.text);
    }
    json_decref(json);
}

#define TABLE(COLUMNS, REST)                                                                       \
    "{'name': 'D', 'version': '1.0.0', 'tables': {'T': {'columns': {" COLUMNS "}" REST "}}}"
#define COLUMN(TYPE) TABLE("'c': {'type': " TYPE "}", "")

static void a_schema_survives_the_way_to_json_and_back(void **state UNUSED)
{
    json_t *json = json_loads(db_vswitch_schema(), 0, NULL), *once, *twice;
    struct db_schema *schema;

    assert_non_null(json);
    assert_int_equal(db_schema_from_json(&schema, json, NULL), 0);
    once = db_schema_to_json(schema);
    db_schema_free(schema);
    assert_int_equal(db_schema_from_json(&schema, once, NULL), 0);
    twice = db_schema_to_json(schema);
    assert_true(json_equal(once, twice));
    db_schema_free(schema);
    json_decref(json);
    json_decref(once);
    json_decref(twice);
}

static void the_built_in_schema_is_open_vswitchs(void **state UNUSED)
{
    json_t *json = json_loads(db_vswitch_schema(), 0, NULL);
    const struct db_table_schema *table;
    const struct db_column *column;
    struct db_schema *schema;

    assert_int_equal(db_schema_from_json(&schema, json, NULL), 0);
    assert_string_equal(schema->name, "Open_vSwitch");
    assert_string_equal(schema->version, "8.3.1");
    assert_int_equal(schema->n_tables, 19);
    table = db_schema_table(schema, "Port");
    assert_non_null(table);
    assert_false(table->is_root);
    assert_int_equal(table->n_indexes, 1);
    column = db_table_column(table, "tag");
    assert_int_equal(column->type.n_min, 0);
    assert_int_equal(column->type.key.max_integer, 4095);
    assert_true(db_table_column(db_schema_table(schema, "Interface"), "link_state")->is_ephemeral);
    assert_false(db_table_column(db_schema_table(schema, "Bridge"), "name")->is_mutable);
    assert_null(db_schema_table(schema, "bridge"));
    db_schema_free(schema);
    json_decref(json);
}

static void wrong_schemas_are_refused_with_the_place(void **state UNUSED)
{
    fails("3", "object");
    fails("{'tables': {}}", "name");
    fails("{'name': 'D', 'version': '1.0', 'tables': {}}", "x.y.z");
    fails("{'name': 'D', 'version': '1.0.0'}", "tables");
    fails("{'name': 'D', 'version': '1.0.0', 'tables': {}, 'foo': 1}", "foo");
    fails("{'name': 'D', 'version': '1.0.0', 'tables': {'_T': {'columns': {}}}}", "_T");
    fails(TABLE("", ""), "columns");
    fails(TABLE("'_c': {'type': 'string'}", ""), "_c");
    fails(TABLE("'c d': {'type': 'string'}", ""), "c d");
    fails(TABLE("'c': {}", ""), "type");
    fails(TABLE("'c': {'type': 'string', 'x': 1}", ""), "x");
    fails(TABLE("'c': {'type': 'string'}", ", 'maxRows': 0"), "maxRows");
    fails(TABLE("'c': {'type': 'string'}", ", 'indexes': [['d']]"), "d");
    fails(TABLE("'c': {'type': 'string'}", ", 'indexes': [['c', 'c']]"), "twice");
    fails(TABLE("'c': {'type': 'string', 'ephemeral': true}", ", 'indexes': [['c']]"), "ephemeral");
    fails(COLUMN("'strange'"), "strange");
    fails(COLUMN("{'key': {'type': 'integer', 'minInteger': 5, 'maxInteger': 4}}"), "above");
    fails(COLUMN("{'key': {'type': 'integer', 'minLength': 5}}"), "minLength");
    fails(COLUMN("{'key': {'type': 'string', 'enum': ['set', []]}}"), "enum");
    fails(COLUMN("{'key': {'type': 'string', 'enum': ['set', ['a']], 'maxLength': 4}}"), "enum");
    fails(COLUMN("{'key': {'type': 'uuid', 'refTable': 'X'}}"), "X");
    fails(COLUMN("{'key': {'type': 'uuid', 'refTable': 'T', 'refType': 'odd'}}"), "refType");
    fails(COLUMN("{'key': 'string', 'min': 2}"), "min");
    fails(COLUMN("{'key': 'string', 'max': 0}"), "max");
    fails(COLUMN("{'key': 'string', 'value': 'foo'}"), "foo");
}

static void without_is_root_every_table_is_one(void **state UNUSED)
{
    struct db_schema *schema = fixture_schema(COLUMN("'string'"));

    assert_true(schema->tables[0].is_root);
    db_schema_free(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_schema_survives_the_way_to_json_and_back),
        cmocka_unit_test(the_built_in_schema_is_open_vswitchs),
        cmocka_unit_test(wrong_schemas_are_refused_with_the_place),
        cmocka_unit_test(without_is_root_every_table_is_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
