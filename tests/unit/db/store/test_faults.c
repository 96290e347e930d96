/* Thousands of runs with failing and short writes, syncs, truncations and renames: what was
 * acknowledged is there afterwards, what was not is whole or absent, and once the faults are over
 * the store goes on by itself. The faults are made here: these definitions of the system calls come
 * before libc's. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "db/store/store.h"
#include "tests/unit/db/fixture.h"

static unsigned int fault_percent; /* Of the calls below. */
static unsigned int random_state = 1;

static unsigned int random_below(unsigned int n)
{
    random_state = random_state * 1103515245 + 12345;
    return (random_state >> 16) % n;
}

static bool fault(void)
{
    static const int errors[] = {ENOSPC, EIO, EDQUOT};

    if (random_below(100) >= fault_percent) {
        return false;
    }
    errno = errors[random_below(ARRAY_SIZE(errors))];
    return true;
}

ssize_t write(int fd, const void *data, size_t n)
{
    if (fd > 2 && fault()) {
        if (n > 1 && random_below(2)) { /* Short, and then the rest fails or not. */
            return syscall(SYS_write, fd, data, 1 + random_below((unsigned int)n - 1));
        }
        return -1;
    }
    return syscall(SYS_write, fd, data, n);
}

/* No power fails in this test, so nothing needs to reach the disk. */
int fdatasync(int fd)
{
    (void)fd;
    return fault() ? -1 : 0;
}

int fsync(int fd)
{
    (void)fd;
    return fault() ? -1 : 0;
}

int ftruncate(int fd, off_t size)
{
    return fault() ? -1 : (int)syscall(SYS_ftruncate, fd, size);
}

int rename(const char *from, const char *to)
{
    return fault() ? -1 : (int)syscall(SYS_rename, from, to);
}

/* Renamed to 'raced_to' when a lock is asked for, as by a predecessor that ends just then. */
static const char *raced_from, *raced_to;

int fcntl(int fd, int cmd, ...)
{
    va_list args;
    void *arg;

    va_start(args, cmd);
    arg = va_arg(args, void *);
    va_end(args);
    if (cmd == F_OFD_SETLK && raced_from) {
        assert_int_equal(syscall(SYS_rename, raced_from, raced_to), 0);
        raced_from = NULL;
    }
    return (int)syscall(SYS_fcntl, fd, cmd, arg);
}

static const char schema[] = "{\"name\": \"D\", \"version\": \"1.0.0\", \"tables\": {\"T\": "
                             "{\"columns\": {\"i\": {\"type\": \"integer\"}}}}}";

#define MAX_ROWS 64

enum fate { NEVER, ACKNOWLEDGED, REFUSED };

static enum fate fates[MAX_ROWS];

/* The rows there are, as bits. */
static uint64_t rows(struct store *store)
{
    const struct table *table = database_table(store_database(store), "T");
    struct row *row;
    size_t cursor = 0;
    uint64_t bits = 0;

    while ((row = table_next(table, &cursor))) {
        uint64_t bit = UINT64_C(1) << row->columns[0].keys[0].integer;

        assert_false(bits & bit);
        bits |= bit;
    }
    return bits;
}

static uint64_t rows_of_fate(enum fate fate)
{
    uint64_t bits = 0;

    for (int i = 0; i < MAX_ROWS; i++) {
        bits |= fates[i] == fate ? UINT64_C(1) << i : 0;
    }
    return bits;
}

static struct txn *insert(struct store *store, int i)
{
    struct txn *txn = txn_new(store_database(store));
    struct table *table = database_table(store_database(store), "T");
    struct db_datum d;
    union db_atom atom = {.integer = i};
    struct uuid uuid;

    uuid_generate(&uuid);
    db_datum_init(&d);
    db_datum_add(&d, &atom, NULL);
    txn_set(txn, txn_insert(txn, table, &uuid), &table->schema->columns[0], &d);
    assert_int_equal(txn_prepare(txn, NULL), 0);
    store_add(store, txn, NULL);
    return txn;
}

/* Commits one to three rows in one flush, the way the server does. Returns the next row. */
static int commit_some(struct store *store, int next)
{
    struct txn *txns[3];
    int n = 1 + (int)random_below(3);
    bool ok;

    n = MIN_OF(n, MAX_ROWS - next);
    for (int i = 0; i < n; i++) {
        txns[i] = insert(store, next + i);
    }
    ok = !store_flush(store, random_below(2), NULL);
    for (int i = 0; i < n; i++) {
        fates[next + i] = ok ? ACKNOWLEDGED : REFUSED;
        if (ok) {
            txn_commit(txns[i]);
        } else {
            txn_abort(txns[n - 1 - i]);
        }
    }
    assert_true(rows(store) == rows_of_fate(ACKNOWLEDGED));
    if (store_wants_compaction(store) || !random_below(8)) {
        store_compact(store, NULL);
    }
    return next + n;
}

static struct store *open_store(const char *path)
{
    struct error err = {0};
    struct store *store;

    if (store_open(path, schema, NULL, &store, &err)) {
        fail_msg("%s", err.text);
    }
    return store;
}

static void one_run(const char *path)
{
    struct store *store = open_store(path);
    uint64_t there;
    int next = 0;

    memset(fates, 0, sizeof fates);
    fault_percent = 1 + random_below(40);
    while (next < MAX_ROWS - 8) {
        next = commit_some(store, next);
    }
    fault_percent = 0;
    /* At most one failure is needed to find out that a new file must be made. */
    if (fates[next - 1] == REFUSED) {
        next = commit_some(store, next);
    }
    next = commit_some(store, next);
    assert_int_equal(fates[next - 1], ACKNOWLEDGED);
    store_close(store);

    store = open_store(path);
    there = rows(store);
    assert_true((there & rows_of_fate(ACKNOWLEDGED)) == rows_of_fate(ACKNOWLEDGED));
    assert_true((there & ~(rows_of_fate(ACKNOWLEDGED) | rows_of_fate(REFUSED))) == 0);
    store_close(store);
}

static void nothing_acknowledged_is_lost_to_faults(void **state UNUSED)
{
    char dir[] = "/tmp/test_faults.XXXXXX", path[64], lock[64];

    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/conf.db", dir);
    snprintf(lock, sizeof lock, "%s/.conf.db.~lock~", dir);
    for (int i = 0; i < 1000; i++) {
        one_run(path);
        unlink(path);
    }
    unlink(lock);
    rmdir(dir);
}

static void insert_alone(const char *path, int i)
{
    struct store *store = open_store(path);
    struct txn *txn = insert(store, i);

    assert_int_equal(store_flush(store, true, NULL), 0);
    txn_commit(txn);
    store_close(store);
}

static void a_file_replaced_before_it_is_locked_is_not_mistaken_for_the_new_one(void **state UNUSED)
{
    char dir[] = "/tmp/test_faults.XXXXXX", path[64], newer[64], lock[64];
    struct store *store;

    fault_percent = 0;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/conf.db", dir);
    snprintf(newer, sizeof newer, "%s/newer", dir);
    snprintf(lock, sizeof lock, "%s/.conf.db.~lock~", dir);
    insert_alone(path, 1);
    assert_int_equal(syscall(SYS_rename, path, newer), 0);
    insert_alone(path, 0);
    raced_to = path;
    raced_from = newer;
    store = open_store(path);
    assert_null(raced_from);
    assert_true(rows(store) == 2);
    store_close(store);
    unlink(path);
    unlink(lock);
    rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_acknowledged_is_lost_to_faults),
        cmocka_unit_test(a_file_replaced_before_it_is_locked_is_not_mistaken_for_the_new_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
