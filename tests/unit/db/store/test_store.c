/* The file: what was written is there again, torn ends are cut off, damage is refused, nothing that
 * is no database is touched. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db/store/store.h"
#include "tests/unit/db/fixture.h"

static const char schema[] =
    "{\"name\": \"D\", \"version\": \"1.0.0\", \"tables\": {\"T\": {\"columns\": {"
    "\"i\": {\"type\": \"integer\"}, \"e\": {\"type\": \"integer\", \"ephemeral\": true},"
    "\"s\": {\"type\": {\"key\": \"integer\", \"min\": 0, \"max\": \"unlimited\"}}}}}}";

static char dir[] = "/tmp/test_store.XXXXXX";
static char *path;

static int make_dir(void **state UNUSED)
{
    strcpy(dir, "/tmp/test_store.XXXXXX");
    assert_non_null(mkdtemp(dir));
    path = xasprintf("%s/conf.db", dir);
    return 0;
}

static int remove_dir(void **state UNUSED)
{
    char *command = xasprintf("rm -rf %s", dir);
    int rc = system(command);

    free(command);
    free(path);
    return rc;
}

static struct store *open_store(void)
{
    struct error err = {0};
    struct store *store;

    if (store_open(path, schema, NULL, &store, &err)) {
        fail_msg("%s", err.text);
    }
    return store;
}

/* Commits operations and adds them to the file's buffer. */
static struct txn *add(struct store *store, const char *ops, const char *comment)
{
    struct execute_env env = {.aux = NULL};
    struct failure failure = {NULL, NULL, NULL};
    char *text = xasprintf("['D',%s]", ops);
    struct execute_result result;
    json_t *json = fixture_json(text);
    struct txn *txn = txn_new(store_database(store));

    assert_int_equal(execute(txn, json, &env, &result), EXECUTE_DONE);
    assert_int_equal(txn_prepare(txn, &failure), 0);
    store_add(store, txn, comment);
    execute_result_free(&result);
    json_decref(json);
    free(text);
    return txn;
}

static void commit(struct store *store, const char *ops)
{
    struct txn *txn = add(store, ops, "test");
    struct error err = {0};

    if (store_flush(store, true, &err)) {
        fail_msg("%s", err.text);
    }
    txn_commit(txn);
}

#define INSERT(I) "{'op': 'insert', 'table': 'T', 'row': {'i': " #I ", 'e': 7}}"

/* The sum of column i. */
static int64_t sum(struct store *store)
{
    const struct table *table = database_table(store_database(store), "T");
    const struct db_column *column = db_table_column(table->schema, "i");
    struct row *row;
    size_t cursor = 0;
    int64_t total = 0;

    while ((row = table_next(table, &cursor))) {
        total += row->columns[column->index].keys[0].integer;
    }
    return total;
}

static char *read_file(size_t *ret_len)
{
    FILE *f = fopen(path, "r");
    char *data = xmalloc(1 << 20);

    assert_non_null(f);
    *ret_len = fread(data, 1, 1 << 20, f);
    fclose(f);
    return data;
}

static void write_file(const char *data, size_t len)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, len, f), len);
    fclose(f);
}

static void what_was_committed_is_there_again(void **state UNUSED)
{
    struct store *store = open_store();

    commit(store, INSERT(1) "," INSERT(2));
    commit(store, "{'op': 'update', 'table': 'T', 'where': [['i', '==', 2]], 'row': {'i': 20, 's': "
                  "['set', [1, 2]]}}");
    commit(store, INSERT(300));
    commit(store, "{'op': 'delete', 'table': 'T', 'where': [['i', '==', 300]]}");
    store_close(store);
    store = open_store();
    assert_string_equal(store_warning(store), "");
    assert_int_equal(sum(store), 21);
    /* Ephemeral columns begin anew. */
    fixture_run(store_database(store),
                "{'op': 'select', 'table': 'T', 'where': [], 'columns': ['e']}",
                "[{'rows':[{'e':0}]}]");
    store_close(store);
}

static void large_sets_are_written_as_differences(void **state UNUSED)
{
    struct store *store = open_store();
    size_t before, after;

    commit(store, "{'op': 'insert', 'table': 'T', 'row': {'i': 1}}");
    for (int i = 0; i < 200; i++) {
        char ops[200];

        snprintf(ops, sizeof ops,
                 "{'op': 'mutate', 'table': 'T', 'where': [], 'mutations': [['s', 'insert', %d], "
                 "['i', '+=', 1]]}",
                 i);
        before = (size_t)store_size(store);
        commit(store, ops);
    }
    after = (size_t)store_size(store);
    assert_true(after - before < 300);
    store_close(store);
    store = open_store();
    assert_int_equal(sum(store), 201);
    fixture_run(store_database(store),
                "{'op': 'select', 'table': 'T', 'where': [['s', 'includes', ['set', [0, 100, "
                "199]]]], 'columns': ['i']}",
                "[{'rows':[{'i':201}]}]");
    store_close(store);
}

static void a_file_cut_at_any_byte_of_its_last_records_keeps_the_others(void **state UNUSED)
{
    struct store *store = open_store();
    size_t ends[4], len;
    char *data;

    for (int i = 0; i < 4; i++) {
        commit(store, INSERT(1));
        ends[i] = (size_t)store_size(store);
    }
    store_close(store);
    data = read_file(&len);
    assert_int_equal(len, ends[3]);
    for (size_t cut = ends[0]; cut <= len; cut++) {
        size_t whole = cut == ends[3] ? 4 : cut >= ends[2] ? 3 : cut >= ends[1] ? 2 : 1;

        write_file(data, cut);
        store = open_store();
        assert_int_equal(sum(store), whole);
        assert_int_equal(store_warning(store)[0] != '\0', cut != ends[whole - 1]);
        /* And it goes on from there. */
        commit(store, INSERT(10));
        store_close(store);
        store = open_store();
        assert_string_equal(store_warning(store), "");
        assert_int_equal(sum(store), whole + 10);
        store_close(store);
    }
    free(data);
}

static void refused(const char *part)
{
    struct error err = {0};
    struct store *store;
    size_t before, after;
    char *old = read_file(&before), *now;

    if (!store_open(path, schema, NULL, &store, &err)) {
        fail_msg("was opened, but should not be: %s", part);
    }
    if (!strstr(err.text, part)) {
        fail_msg("'%s' is not in '%s'", part, err.text);
    }
    now = read_file(&after);
    assert_int_equal(before, after);
    assert_memory_equal(old, now, before);
    free(old);
    free(now);
}

static void damage_before_the_end_is_refused_with_its_offset(void **state UNUSED)
{
    struct store *store = open_store();
    char *data, expected[64];
    size_t len, start;

    commit(store, INSERT(1));
    start = (size_t)store_size(store);
    commit(store, INSERT(2));
    commit(store, INSERT(3));
    store_close(store);
    data = read_file(&len);
    data[start + 80] ^= 1;
    write_file(data, len);
    snprintf(expected, sizeof expected, "damaged at offset %zu: ", start);
    refused(expected);
    free(data);
}

static void what_is_no_database_is_left_alone(void **state UNUSED)
{
    write_file("hello\n", 6);
    refused("is not an OVSDB database");
    write_file("", 0);
    refused("is empty");
    write_file("OVSDB CLUSTER 5 x\n", 18);
    refused("cluster-to-standalone");
    write_file("OVSDB JSON 5", 12);
    refused("the schema, is incomplete");
    write_file("{}", 2);
    refused("is not an OVSDB database");
}

static void put_record(struct strbuf *s, const char *text)
{
    dbfile_put_record(s, text, strlen(text));
}

static void records_that_do_not_fit_are_refused(void **state UNUSED)
{
    static const char *const bad[][2] = {
        {"{\"X\":{}}", "there is no table \"X\""},
        {"{\"T\":{\"x\":{}}}", "\"x\" is not a uuid"},
        {"{\"T\":{\"00000000-0000-0000-0000-000000000001\":null}}", "deletes a row"},
        {"{\"T\":{\"00000000-0000-0000-0000-000000000001\":{\"z\":1}}}", "no column \"z\""},
        {"{\"T\":{\"00000000-0000-0000-0000-000000000001\":{\"i\":\"x\"}}}", "column i"},
        {"{\"T\":3}", "not an object"},
        {"[]", "not a JSON object"},
        {"{\"T\":", "not JSON"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct strbuf s = STRBUF_INIT;

        put_record(&s, schema);
        put_record(&s, bad[i][0]);
        write_file(s.data, s.len);
        refused(bad[i][1]);
        strbuf_free(&s);
    }
}

static void two_servers_never_share_a_file(void **state UNUSED)
{
    struct store *store = open_store();

    refused("in use by another process");
    store_close(store);
    store_close(open_store());
}

static void compaction_keeps_the_rows_and_shrinks_the_file(void **state UNUSED)
{
    struct store *store = open_store();
    struct error err = {0};
    off_t before;

    commit(store, INSERT(5));
    for (int i = 0; i < 100; i++) {
        commit(store, "{'op': 'mutate', 'table': 'T', 'where': [], 'mutations': [['i', '+=', 1]]}");
    }
    before = store_size(store);
    assert_int_equal(store_compact(store, &err), 0);
    assert_true(store_size(store) < before / 10);
    assert_int_equal(sum(store), 105);
    commit(store, INSERT(1000));
    store_close(store);
    store = open_store();
    assert_int_equal(sum(store), 1105);
    store_close(store);
}

static void commits_go_on_during_a_compaction(void **state UNUSED)
{
    struct store *store = open_store();
    struct error err = {0};
    int fd, other;
    char byte;

    commit(store, INSERT(5));
    for (int i = 0; i < 100; i++) {
        commit(store, "{'op': 'mutate', 'table': 'T', 'where': [], 'mutations': [['i', '+=', 1]]}");
    }
    assert_int_equal(store_compact_start(store, &fd, &err), 0);
    assert_int_equal(store_compact_start(store, &other, &err), -EALREADY);
    commit(store, INSERT(1000));
    assert_int_equal(read(fd, &byte, 1), 0);
    commit(store, INSERT(2000));
    assert_int_equal(store_compact_end(store, &err), 0);
    assert_true(store_size(store) < 1500);
    commit(store, INSERT(4000));
    assert_int_equal(sum(store), 7105);
    store_close(store);
    store = open_store();
    assert_int_equal(sum(store), 7105);
    /* One that is given up leaves everything as it was. */
    assert_int_equal(store_compact_start(store, &fd, &err), 0);
    commit(store, INSERT(10000));
    store_compact_cancel(store);
    assert_true(store_compact_end(store, &err) < 0);
    store_close(store);
    store = open_store();
    assert_int_equal(sum(store), 17105);
    store_close(store);
}

static void a_failed_compaction_changes_nothing(void **state UNUSED)
{
    struct store *store = open_store();
    struct error err = {0};
    char *block = xasprintf("%s.~new~", path);

    commit(store, INSERT(5));
    assert_int_equal(mkdir(block, 0700), 0);
    assert_true(store_compact(store, &err) < 0);
    commit(store, INSERT(6));
    store_close(store);
    store = open_store();
    assert_int_equal(sum(store), 11);
    store_close(store);
    rmdir(block);
    free(block);
}

static void limit_file_size(rlim_t max)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_full_disk_leaves_file_and_memory_as_they_were(void **state UNUSED)
{
    struct store *store = open_store();
    struct error err = {0};
    struct txn *first, *second;
    off_t before;

    signal(SIGXFSZ, SIG_IGN);
    commit(store, INSERT(5));
    before = store_size(store);
    /* The limit lets a part of the write through. */
    limit_file_size((rlim_t)before + 10);
    first = add(store, INSERT(6), NULL);
    second = add(store, "{'op': 'update', 'table': 'T', 'where': [], 'row': {'i': 9}}", NULL);
    assert_true(store_flush(store, true, &err) < 0);
    assert_non_null(strstr(err.text, "cannot be written"));
    txn_abort(second);
    txn_abort(first);
    assert_int_equal(store_size(store), before);
    assert_int_equal(sum(store), 5);
    limit_file_size(RLIM_INFINITY);
    /* It recovers by itself. */
    commit(store, INSERT(100));
    store_close(store);
    store = open_store();
    assert_string_equal(store_warning(store), "");
    assert_int_equal(sum(store), 105);
    store_close(store);
}

/* A process that commits for ever and tells each commit once it is durable. */
static void commit_for_ever(int fd)
{
    struct store *store = open_store();

    for (uint64_t n = 1;; n++) {
        commit(store, INSERT(1));
        if (n % 40 == 0) {
            store_compact(store, NULL);
        }
        if (write(fd, &n, sizeof n) != sizeof n) {
            _exit(1);
        }
    }
}

static void what_was_told_as_durable_survives_kill_9(void **state UNUSED)
{
    int64_t expected = 0;

    for (int round = 0; round < 12; round++) {
        uint64_t n = 0, last = 0;
        struct store *store;
        int fds[2];
        pid_t pid;

        assert_int_equal(pipe(fds), 0);
        pid = fork();
        if (!pid) {
            commit_for_ever(fds[1]);
        }
        close(fds[1]);
        while (last < (uint64_t)round * 17 % 90 + 1 && read(fds[0], &n, sizeof n) == sizeof n) {
            last = n;
        }
        kill(pid, SIGKILL);
        while (read(fds[0], &n, sizeof n) == sizeof n) {
            last = n;
        }
        waitpid(pid, NULL, 0);
        close(fds[0]);
        expected += (int64_t)last;
        store = open_store();
        /* One more may have been written whose message was not. */
        assert_in_range(sum(store), expected, expected + 1);
        expected = sum(store);
        store_close(store);
    }
}

int main(void)
{
#define TEST(T) cmocka_unit_test_setup_teardown(T, make_dir, remove_dir)
    const struct CMUnitTest tests[] = {
        TEST(what_was_committed_is_there_again),
        TEST(large_sets_are_written_as_differences),
        TEST(a_file_cut_at_any_byte_of_its_last_records_keeps_the_others),
        TEST(damage_before_the_end_is_refused_with_its_offset),
        TEST(what_is_no_database_is_left_alone),
        TEST(records_that_do_not_fit_are_refused),
        TEST(two_servers_never_share_a_file),
        TEST(compaction_keeps_the_rows_and_shrinks_the_file),
        TEST(commits_go_on_during_a_compaction),
        TEST(a_failed_compaction_changes_nothing),
        TEST(a_full_disk_leaves_file_and_memory_as_they_were),
        TEST(what_was_told_as_durable_survives_kill_9),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
