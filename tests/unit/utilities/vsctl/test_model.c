/* The model of the pending state: new rows, references to them, "@names", and what becomes of them
 * in a transaction. The database is empty here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "db/client/txn.h"
#include "db/schema/vswitch.h"
#include "utilities/sluice-vsctl/topology.h"

static struct event_base *base;
static struct db_client *client;
static struct db_schema *schema;
static struct vsctl v;

static int setup(void **state UNUSED)
{
    static const struct db_client_callbacks callbacks;

    base = event_base_new();
    assert_int_equal(
        db_client_new(base, "unix:/nonexistent", "D", NULL, &callbacks, NULL, &client, NULL), 0);
    memset(&v, 0, sizeof v);
    v.client = client;
    v.schema = schema;
    v.model = model_new(client);
    return 0;
}

static int teardown(void **state UNUSED)
{
    topology_free(v.topology);
    model_free(v.model);
    db_client_free(client);
    event_base_free(base);
    return 0;
}

/* The transaction's operations; '*ret_changed' as model_compile() says. */
static json_t *compile(bool *ret_changed)
{
    struct db_txn *txn = db_txn_new(client);
    json_t *params;

    *ret_changed = model_compile(v.model, txn);
    params = txn_compile(txn, "D");
    db_txn_free(txn);
    json_array_remove(params, 0);
    return params;
}

/* The operation that inserts into 'table', or NULL. */
static json_t *find_insert(json_t *ops, const char *table)
{
    json_t *op;
    size_t i;

    json_array_foreach (ops, i, op) {
        if (!strcmp(json_string_value(json_object_get(op, "table")), table)) {
            return op;
        }
    }
    return NULL;
}

static void nothing_done_is_no_transaction(void **state UNUSED)
{
    bool changed;
    json_t *ops = compile(&changed);

    assert_false(changed);
    assert_int_equal(json_array_size(ops), 0);
    json_decref(ops);
}

static void references_to_new_rows_become_named_uuids(void **state UNUSED)
{
    json_t *ops, *bridge, *port, *ref;
    bool changed;

    topology_add_bridge(&v, "br0");
    ops = compile(&changed);
    assert_true(changed);
    assert_int_equal(json_array_size(ops), 4); /* Open_vSwitch, Bridge, Port, Interface. */
    bridge = find_insert(ops, "Bridge");
    port = find_insert(ops, "Port");
    ref = json_object_get(json_object_get(bridge, "row"), "ports");
    assert_string_equal(json_string_value(json_array_get(ref, 0)), "named-uuid");
    assert_string_equal(json_string_value(json_array_get(ref, 1)),
                        json_string_value(json_object_get(port, "uuid-name")));
    json_decref(ops);
}

static void later_commands_see_what_earlier_ones_did(void **state UNUSED)
{
    struct bridge *br0 = topology_add_bridge(&v, "br0"), *fake;
    char *names[] = {"p1"};
    struct error err;

    topology_add_port(&v, br0, "p1", 1, names);
    fake = topology_add_fake_bridge(&v, "vlan10", br0, 10);
    topology_free(v.topology); /* Built anew from the model it is the same. */
    v.topology = NULL;
    br0 = topology_bridge(&v, "br0");
    fake = find_vlan_bridge(&v, br0, 10);
    assert_non_null(fake);
    assert_string_equal(fake->name, "vlan10");
    assert_ptr_equal(topology_port(&v, "p1")->bridge, br0);
    assert_ptr_equal(topology_port(&v, "vlan10")->bridge, fake);
    assert_true(check_name(&v, "p1", "cannot create a port named p1", &err) < 0);
    assert_string_equal(err.text, "cannot create a port named p1 because a port named p1 already "
                                  "exists on bridge br0");
}

static void what_is_made_and_deleted_again_leaves_nothing(void **state UNUSED)
{
    struct bridge *br0 = topology_add_bridge(&v, "br0");
    json_t *ops;
    bool changed;

    topology_add_fake_bridge(&v, "vlan10", br0, 10);
    topology_del_bridge(&v, br0);
    assert_null(topology_bridge(&v, "vlan10"));
    assert_null(topology_port(&v, "br0"));
    assert_null(topology_iface(&v, "vlan10"));
    ops = compile(&changed);
    assert_int_equal(json_array_size(ops), 1); /* Open_vSwitch. */
    json_decref(ops);
}

static void names_may_be_used_before_they_are_defined(void **state UNUSED)
{
    const struct db_table_schema *table = db_schema_table(schema, "QoS");
    struct uuid used, made;
    struct error err;

    assert_true(model_named_uuid("q", &used, v.model));
    assert_true(model_check_symbols(v.model, &err) < 0);
    assert_non_null(strstr(err.text, "row id \"@q\" is referenced but never created"));
    assert_true(model_define_symbol(v.model, "q", NULL, &made));
    assert_int_equal(uuid_compare(&used, &made), 0);
    model_insert(v.model, table, &made, false);
    assert_int_equal(model_check_symbols(v.model, &err), 0);
    assert_false(model_define_symbol(v.model, "q", NULL, &made));
}

static void a_name_for_an_existing_row_must_come_first(void **state UNUSED)
{
    struct mrow *row = model_insert(v.model, db_schema_table(schema, "QoS"), NULL, false);
    struct uuid uuid;

    model_named_uuid("late", &uuid, v.model);
    assert_false(model_define_symbol(v.model, "late", row, NULL));
    assert_true(model_define_symbol(v.model, "early", row, NULL));
    model_named_uuid("early", &uuid, v.model);
    assert_int_equal(uuid_compare(&uuid, mrow_uuid(row)), 0);
}

static unsigned int n_unused;

static void count_unused(const char *name UNUSED)
{
    n_unused++;
}

static void a_new_row_that_nothing_refers_to_is_noticed(void **state UNUSED)
{
    struct uuid uuid;

    n_unused = 0;
    assert_true(model_define_symbol(v.model, "m", NULL, &uuid));
    model_insert(v.model, db_schema_table(schema, "Mirror"), &uuid, false);
    assert_true(model_define_symbol(v.model, "q", NULL, &uuid)); /* A root table. */
    model_insert(v.model, db_schema_table(schema, "QoS"), &uuid, false);
    model_each_unused(v.model, count_unused);
    assert_int_equal(n_unused, 1);
}

static void maps_are_changed_key_by_key(void **state UNUSED)
{
    struct mrow *row = model_insert(v.model, db_schema_table(schema, "QoS"), NULL, false);

    mrow_set_key(row, "external_ids", "b", "2");
    mrow_set_key(row, "external_ids", "a", "1");
    mrow_set_key(row, "external_ids", "b", "3");
    assert_string_equal(mrow_map(row, "external_ids", "b"), "3");
    mrow_remove_key(row, "external_ids", "b");
    mrow_remove_key(row, "external_ids", "nope");
    assert_null(mrow_map(row, "external_ids", "b"));
    assert_string_equal(mrow_map(row, "external_ids", "a"), "1");
}

int main(void)
{
#define T(F) cmocka_unit_test_setup_teardown(F, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(nothing_done_is_no_transaction),
        T(references_to_new_rows_become_named_uuids),
        T(later_commands_see_what_earlier_ones_did),
        T(what_is_made_and_deleted_again_leaves_nothing),
        T(names_may_be_used_before_they_are_defined),
        T(a_name_for_an_existing_row_must_come_first),
        T(a_new_row_that_nothing_refers_to_is_noticed),
        T(maps_are_changed_key_by_key),
    };
    json_t *json = json_loads(db_vswitch_schema(), 0, NULL);
    int rc;

    if (!json || db_schema_from_json(&schema, json, NULL)) {
        return 1;
    }
    json_decref(json);
    rc = cmocka_run_group_tests(tests, NULL, NULL);
    db_schema_free(schema);
    return rc;
}
