/* For tests of the database: JSON written with single quotes, and transactions on a database in
 * memory as the server runs them. */
#ifndef TESTS_UNIT_DB_FIXTURE_H
#define TESTS_UNIT_DB_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/txn/execute.h"

/* JSON from text with ' for ". */
static inline json_t *fixture_json(const char *text)
{
    char *copy = xstrdup(text);
    json_error_t err;
    json_t *json;

    for (char *p = copy; *p; p++) {
        *p = *p == '\'' ? '"' : *p;
    }
    json = json_loads(copy, JSON_DECODE_ANY, &err);
    if (!json) {
        fail_msg("%s: %s", copy, err.text);
    }
    free(copy);
    return json;
}

static inline struct db_schema *fixture_schema(const char *text)
{
    json_t *json = fixture_json(text);
    struct error err = {0};
    struct db_schema *schema;

    if (db_schema_from_json(&schema, json, &err)) {
        fail_msg("%s", err.text);
    }
    json_decref(json);
    return schema;
}

/* How the last transaction ended, when not by success: not yet, or a read-only server's. */
static bool fixture_waits UNUSED;
static bool fixture_is_read_only UNUSED;

/* Runs operations (the text of an array without its brackets) as one transaction and commits it.
 * The results as compact JSON with ' for ", but without uuids' digits ("U"); the caller frees. */
static inline char *fixture_run_raw(struct database *db, const char *ops)
{
    struct execute_env env = {.is_read_only = fixture_is_read_only};
    struct failure failure = {NULL, NULL, NULL};
    struct execute_result result;
    struct txn *txn = txn_new(db);
    char *text = xasprintf("['D',%s]", ops), *out;
    json_t *json = fixture_json(text);
    enum execute_status status;

    status = execute(txn, json, &env, &result);
    fixture_waits = status == EXECUTE_WAIT;
    if (status == EXECUTE_DONE && !txn_prepare(txn, &failure)) {
        txn_commit(txn);
    } else {
        txn_abort(txn);
        if (failure.error) {
            execute_result_fail(&result, &failure);
        }
    }
    failure_clear(&failure);
    out = json_dumps(result.results, JSON_COMPACT | JSON_SORT_KEYS);
    execute_result_free(&result);
    json_decref(json);
    free(text);
    for (char *p = out; *p; p++) {
        *p = *p == '"' ? '\'' : *p;
    }
    return out;
}

/* Asserts that the results are 'expected', where a uuid reads "U" and details are left out. */
static inline void fixture_run(struct database *db, const char *ops, const char *expected)
{
    char *text = fixture_run_raw(db, ops), *p, *end;

    while ((p = strstr(text, "'uuid','")) && strlen(p) > 44 && p[44] == '\'') {
        memmove(p + 1, p + 8, 1);
        memmove(p, "U", 1);
        memmove(p + 1, p + 45, strlen(p + 45) + 1);
    }
    while ((p = strstr(text, "'details':'"))) {
        for (end = p + 11; *end != '\''; end++) {
            /* Quoted quotes became \' above. */
            end += *end == '\\';
        }
        memmove(p, end + 2, strlen(end + 2) + 1);
    }
    while ((p = strstr(text, ",'syntax':'"))) {
        for (end = p + 11; *end != '\''; end++) {
            end += *end == '\\';
        }
        memmove(p, end + 1, strlen(end + 1) + 1);
    }
    assert_string_equal(text, expected);
    free(text);
}

/* Asserts that the operations fail with details that contain 'part'. */
static inline void fixture_fails(struct database *db, const char *ops, const char *error,
                                 const char *part)
{
    char *text = fixture_run_raw(db, ops), *name = xasprintf("'error':'%s'", error);

    if (!strstr(text, name) || !strstr(text, part)) {
        fail_msg("%s: expected %s with \"%s\", got %s", ops, name, part, text);
    }
    free(name);
    free(text);
}

#endif
