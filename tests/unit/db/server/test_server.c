/* The server as its clients see it: methods, monitors, locks, waiting, durability. */
#include "tests/unit/db/server/harness.h"

/* --- Tests. --- */

static void the_simple_methods(void **state UNUSED)
{
    int fd = dial();

    say(fd, "{'method': 'list_dbs', 'params': [], 'id': 1}");
    expect(fd, "{'error':null,'id':1,'result':['D','_Server']}");
    say(fd, "{'method': 'echo', 'params': [1, 'x'], 'id': 'e'}");
    expect(fd, "{'error':null,'id':'e','result':[1,'x']}");
    say(fd, "{'method': 'get_schema', 'params': ['D'], 'id': 2}");
    expect_part(fd, "'name':'D'");
    say(fd, "{'method': 'get_schema', 'params': ['X'], 'id': 3}");
    expect_part(fd, "'error':'unknown database'");
    say(fd, "{'method': 'get_server_id', 'params': [], 'id': 4}");
    expect(fd, "{'error':null,'id':4,'result':'U'}");
    say(fd, "{'method': 'set_db_change_aware', 'params': [true], 'id': 5}");
    expect(fd, "{'error':null,'id':5,'result':{}}");
    say(fd, "{'method': 'frob', 'params': [], 'id': 6}");
    expect(fd, "{'error':'unknown method','id':6,'result':null}");
    say(fd, "{'method': 'transact', 'params': [], 'id': 7}");
    expect_part(fd, "must begin with <db-name>");
    say(fd, "{'method': 'transact', 'params': ['D'], 'id': 8}");
    expect(fd, "{'error':null,'id':8,'result':[]}");
    say(fd, "{'method': 'transact', 'params': ['_Server', {'op': 'delete', 'table': 'Database', "
            "'where': []}], 'id': 9}");
    expect_part(fd, "'error':'not allowed'");
    close(fd);
}

static void the_database_server_tells_of_databases(void **state UNUSED)
{
    int fd = dial();

    say(fd, "{'method': 'transact', 'params': ['_Server', {'op': 'select', 'table': 'Database', "
            "'where': [['name', '==', 'D']], 'columns': ['model', 'connected', 'leader', 'cid']}], "
            "'id': 1}");
    expect(fd, "{'error':null,'id':1,'result':[{'rows':[{'cid':['set',[]],'connected':true,"
               "'leader':true,'model':'standalone'}]}]}");
    close(fd);
}

static void updates_come_before_the_reply_and_hold_what_changed(void **state UNUSED)
{
    int fd = dial(), other = dial();

    say(other, "{'method': 'monitor', 'params': ['D', 'm', {'T': {'columns': ['name', 'i']}}], "
               "'id': 1}");
    expect(other, "{'error':null,'id':1,'result':{}}");
    say(fd, "{'method': 'monitor', 'params': ['D', null, {'T': [{'columns': ['name'], 'select': "
            "{'initial': false}}, {'columns': ['i'], 'select': {'delete': false}}]}], 'id': 1}");
    expect(fd, "{'error':null,'id':1,'result':{}}");

    say(fd, TRANSACT(2, INSERT("{'name': 'a', 'i': 1}")));
    expect(fd,
           "{'id':null,'method':'update','params':[null,{'T':{'U':{'new':{'i':1,'name':'a'}}}}]}");
    expect(fd, "{'error':null,'id':2,'result':[{'uuid':['uuid','U']}]}");
    say(fd, TRANSACT(3, UPDATE("[]", "{'i': 2}")));
    expect(fd, "{'id':null,'method':'update','params':[null,{'T':{'U':{'new':{'i':2,'name':'a'},"
               "'old':{'i':1}}}}]}");
    expect(fd, "{'error':null,'id':3,'result':[{'count':1}]}");
    /* Set to what it was: no update. */
    say(fd, TRANSACT(4, UPDATE("[]", "{'i': 2}")));
    expect(fd, "{'error':null,'id':4,'result':[{'count':1}]}");
    /* A column that nobody monitors: none, either. */
    say(fd, TRANSACT(5, UPDATE("[]", "{'s': 2}")));
    expect(fd, "{'error':null,'id':5,'result':[{'count':1}]}");
    say(fd, TRANSACT(6, "{'op': 'delete', 'table': 'T', 'where': []}"));
    expect(fd, "{'id':null,'method':'update','params':[null,{'T':{'U':{'old':{'name':'a'}}}}]}");
    expect(fd, "{'error':null,'id':6,'result':[{'count':1}]}");

    expect(other,
           "{'id':null,'method':'update','params':['m',{'T':{'U':{'new':{'i':1,'name':'a'}}}}"
           "]}");
    expect(other, "{'id':null,'method':'update','params':['m',{'T':{'U':{'new':{'i':2,'name':'a'},"
                  "'old':{'i':1}}}}]}");
    expect(other, "{'id':null,'method':'update','params':['m',{'T':{'U':{'old':{'i':2,'name':'a'}}}"
                  "}]}");
    say(other, "{'method': 'monitor_cancel', 'params': ['m'], 'id': 2}");
    expect(other, "{'error':null,'id':2,'result':{}}");
    say(other, "{'method': 'monitor_cancel', 'params': ['m'], 'id': 3}");
    expect(other, "{'error':'unknown monitor','id':3,'result':null}");
    say(fd, TRANSACT(7, INSERT("{}")));
    expect_part(fd, "'update'");
    expect_part(fd, "'id':7");
    expect_silence(other);
    close(fd);
    close(other);
}

static void conditional_monitors_see_rows_come_and_go(void **state UNUSED)
{
    int fd = dial();

    say(fd, TRANSACT(1, INSERT("{'name': 'a', 'i': 1, 's': ['set', [1, 2]]}") "," INSERT(
                            "{'name': 'b', 'i': 2, 'm': ['map', [['k', 'v']]]}")));
    expect_part(fd, "'id':1");
    say(fd, "{'method': 'monitor_cond_since', 'params': ['D', 'm', {'T': [{'columns': ['name', "
            "'s', 'm'], 'where': [['i', '==', 1], ['i', '==', 7]]}]}, "
            "'00000000-0000-0000-0000-000000000000'], 'id': 2}");
    expect(fd,
           "{'error':null,'id':2,'result':[false,'U',{'T':{'U':{'initial':{'name':'a','s':['set',"
           "[1,2]]}}}}]}");
    say(fd, TRANSACT(3, UPDATE("[['i', '==', 1]]", "{'s': ['set', [2, 3]]}")));
    expect(fd,
           "{'id':null,'method':'update3','params':['m','U',{'T':{'U':{'modify':{'s':['set',[1,3]"
           "]}}}}]}");
    expect_part(fd, "'id':3");
    say(fd, TRANSACT(4, UPDATE("[['i', '==', 2]]", "{'i': 7}")));
    expect(fd,
           "{'id':null,'method':'update3','params':['m','U',{'T':{'U':{'insert':{'m':['map',[['k'"
           ",'v']]],'name':'b'}}}}]}");
    expect_part(fd, "'id':4");
    say(fd, TRANSACT(5, UPDATE("[['i', '==', 1]]", "{'i': 3}")));
    expect(fd, "{'id':null,'method':'update3','params':['m','U',{'T':{'U':{'delete':null}}}]}");
    expect_part(fd, "'id':5");
    /* Now row a comes back and b goes. */
    say(fd, "{'method': 'monitor_cond_change', 'params': ['m', 'n', {'T': [{'where': [['i', '==', "
            "3]]}]}], 'id': 6}");
    expect_part(fd, "'update3','params':['n','U',{'T':{");
    expect(fd, "{'error':null,'id':6,'result':{}}");
    say(fd, TRANSACT(7, UPDATE("[['i', '==', 3]]", "{'m': ['map', [['x', 'y']]]}")));
    expect(fd,
           "{'id':null,'method':'update3','params':['n','U',{'T':{'U':{'modify':{'m':['map',[['x'"
           ",'y']]]}}}}]}");
    expect_part(fd, "'id':7");
    say(fd, "{'method': 'monitor_cond_change', 'params': ['m', 'n', {}], 'id': 8}");
    expect_part(fd, "unknown monitor session");
    close(fd);
}

/* The transaction id in a reply to monitor_cond_since. */
static void hear_since(int fd, char id[37], const char *expected)
{
    json_t *json = json_loadfd(fd, JSON_DISABLE_EOF_CHECK, NULL), *result;
    json_t *want = fixture_json(expected), *rows;
    const char *uuid;
    json_t *row;

    result = json_object_get(json, "result");
    assert_non_null(result);
    snprintf(id, 37, "%s", json_string_value(json_array_get(result, 1)));
    /* Rows by their uuids' last digit. */
    rows = json_object();
    json_object_foreach (json_object_get(json_array_get(result, 2), "T"), uuid, row) {
        json_object_set(rows, uuid + 35, row);
    }
    if (!json_equal(json_array_get(result, 0), json_array_get(want, 0)) ||
        !json_equal(rows, json_array_get(want, 1))) {
        fail_msg("%s: got %s", expected, json_dumps(result, JSON_SORT_KEYS));
    }
    json_decref(rows);
    json_decref(want);
    json_decref(json);
}

static void since(int fd, int n, const char *id)
{
    char message[300];

    snprintf(
        message, sizeof message,
        "{'method': 'monitor_cond_since', 'params': ['D', %d, {'T': [{'columns': ['name', 'i', "
        "'s']}]}, '%s'], 'id': %d}",
        n, id, n);
    say(fd, message);
}

#define INSERT_ID(N, ROW)                                                                          \
    "{'op': 'insert', 'table': 'T', 'uuid': '00000000-0000-0000-0000-00000000000" #N               \
    "', 'row': " ROW "}"
#define DELETE(NAME) "{'op': 'delete', 'table': 'T', 'where': [['name', '==', '" NAME "']]}"

static void a_client_that_comes_back_is_sent_what_changed(void **state UNUSED)
{
    static const char *const steps[] = {
        UPDATE("[['name', '==', 'a']]", "{'i': 5, 's': ['set', [1, 2]]}"),
        UPDATE("[['name', '==', 'a']]", "{'i': 6, 's': ['set', [2, 3]]}"),
        DELETE("b"),
        INSERT_ID(4, "{'name': 'd'}"),
        UPDATE("[['name', '==', 'd']]", "{'i': 44}"),
        INSERT_ID(5, "{'name': 'e'}"),
        DELETE("e"),
        UPDATE("[['name', '==', 'c']]", "{'i': 3}"),
        DELETE("c"),
        INSERT_ID(3, "{'name': 'again', 'i': 1}"),
        UPDATE("[['name', '==', 'f']]", "{'i': 9}"),
        UPDATE("[['name', '==', 'f']]", "{'i': 1}"),
    };
    char first[37], message[400], id[37];
    int fd = dial();

    say(fd,
        TRANSACT(
            0,
            INSERT_ID(1, "{'name': 'a', 'i': 1}") "," INSERT_ID(
                2, "{'name': 'b', 'i': "
                   "1}") "," INSERT_ID(3, "{'name': 'c', 'i': 1}") "," INSERT_ID(6, "{'name': 'f', "
                                                                                    "'i': 1}")));
    expect_part(fd, "'id':0");
    since(fd, 1, "00000000-0000-0000-0000-000000000000");
    hear_since(fd, first,
               "[false, {'1': {'initial': {'name': 'a', 'i': 1}}, '2': {'initial': {'name': 'b', "
               "'i': 1}}, '3': {'initial': {'name': 'c', 'i': 1}}, '6': {'initial': {'name': 'f', "
               "'i': 1}}}]");
    close(fd);

    fd = dial();
    since(fd, 1, first);
    hear_since(fd, id, "[true, {}]");
    assert_string_equal(id, first);
    close(fd);

    fd = dial();
    for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
        snprintf(message, sizeof message, TRANSACT(7, "%s"), steps[i]);
        say(fd, message);
        expect_part(fd, "'id':7");
    }
    since(fd, 1, first);
    hear_since(fd, id,
               "[true, {'1': {'modify': {'i': 6, 's': ['set', [2, 3]]}}, '2': {'delete': null}, "
               "'4': {'insert': {'name': 'd', 'i': 44}}, '3': {'modify': {'name': 'again'}}}]");
    assert_string_not_equal(id, first);
    since(fd, 2, id);
    hear_since(fd, id, "[true, {}]");
    close(fd);
}

static void wrong_monitors_are_refused(void **state UNUSED)
{
    static const char *const wrong[][2] = {
        {"['D', 'm', {'X': {}}]", "no table named X"},
        {"['D', 'm', {'T': {'columns': ['x']}}]", "x is not a valid column"},
        {"['D', 'm', {'T': [{'columns': ['i']}, {'columns': ['i']}]}]", "more than once"},
        {"['D', 'm', {'T': {'select': {'foo': true}}}]", "select"},
        {"['D', 'm', {'T': {'where': []}}]", "unknown member"},
        {"['D', 'm', 3]", "not an object"},
        {"['D', 'm']", "3 params"},
    };
    int fd = dial();
    char message[300];

    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        snprintf(message, sizeof message, "{'method': 'monitor', 'params': %s, 'id': 1}",
                 wrong[i][0]);
        say(fd, message);
        expect_part(fd, wrong[i][1]);
    }
    say(fd, "{'method': 'monitor', 'params': ['D', 'm', {}], 'id': 1}");
    expect_part(fd, "'result':{}");
    say(fd, "{'method': 'monitor', 'params': ['D', 'm', {}], 'id': 1}");
    expect_part(fd, "duplicate monitor ID");
    close(fd);
}

static void locks_have_one_owner_and_a_queue(void **state UNUSED)
{
    int a = dial(), b = dial(), c = dial();

    say(a, "{'method': 'lock', 'params': ['l'], 'id': 1}");
    expect(a, "{'error':null,'id':1,'result':{'locked':true}}");
    say(b, "{'method': 'lock', 'params': ['l'], 'id': 1}");
    expect(b, "{'error':null,'id':1,'result':{'locked':false}}");
    say(b, TRANSACT(2, "{'op': 'assert', 'lock': 'l'}"));
    expect_part(b, "not owner");
    say(a, TRANSACT(2, "{'op': 'assert', 'lock': 'l'}"));
    expect(a, "{'error':null,'id':2,'result':[{}]}");
    say(a, "{'method': 'lock', 'params': ['l'], 'id': 3}");
    expect_part(a, "must issue");
    say(c, "{'method': 'steal', 'params': ['l'], 'id': 1}");
    expect(c, "{'error':null,'id':1,'result':{'locked':true}}");
    expect(a, "{'id':null,'method':'stolen','params':['l']}");
    close(c); /* Its lock goes to the first that waits: who lost it. */
    expect(a, "{'id':null,'method':'locked','params':['l']}");
    say(a, "{'method': 'unlock', 'params': ['l'], 'id': 4}");
    expect(a, "{'error':null,'id':4,'result':{}}");
    expect(b, "{'id':null,'method':'locked','params':['l']}");
    say(a, "{'method': 'unlock', 'params': ['l'], 'id': 5}");
    expect_part(a, "without");
    close(a);
    close(b);
}

#define WAIT(TIMEOUT)                                                                              \
    "{'op': 'wait', 'table': 'T', 'where': [], 'columns': ['name'], 'until': '==', 'rows': "       \
    "[{'name': 'go'}], 'timeout': " #TIMEOUT "}"

static void a_transaction_can_wait_for_another(void **state UNUSED)
{
    int fd = dial(), other = dial();

    say(fd, TRANSACT(1, WAIT(20000) "," UPDATE("[]", "{'i': 9}")));
    expect_silence(fd);
    say(other, TRANSACT(1, INSERT("{'name': 'not yet'}")));
    expect_part(other, "'id':1");
    expect_silence(fd);
    say(other, TRANSACT(2, UPDATE("[]", "{'name': 'go'}")));
    expect_part(other, "'id':2");
    expect(fd, "{'error':null,'id':1,'result':[{},{'count':1}]}");
    close(fd);
    close(other);
}

static void waiting_ends_by_time_cancel_or_disconnection(void **state UNUSED)
{
    int fd = dial(), gone = dial();

    say(gone, TRANSACT(1, WAIT(50)));
    close(gone);
    say(fd, TRANSACT(1, WAIT(30)));
    expect_part(fd, "timed out");
    say(fd, TRANSACT(2, WAIT(20000)));
    expect_silence(fd);
    say(fd, "{'method': 'cancel', 'params': [2], 'id': null}");
    expect(fd, "{'error':'canceled','id':2,'result':null}");
    close(fd);
}

static void messages_that_are_wrong_end_only_their_connection(void **state UNUSED)
{
    static const char *const wrong[] = {"]", "{'method': 3}", "{'id': 1}", "3",
                                        "{'method': 'echo', 'params': {}, 'id': 1}"};
    int good = dial();
    char byte;

    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        int fd = dial();

        say(fd, wrong[i]);
        assert_int_equal(read(fd, &byte, 1), 0);
        close(fd);
    }
    expect_silence(good);
    close(good);
}

static int64_t count_rows(int fd)
{
    json_t *json;
    size_t n;

    say(fd, TRANSACT(99, "{'op': 'select', 'table': 'T', 'where': [], 'columns': ['_uuid']}"));
    json = json_loadfd(fd, JSON_DISABLE_EOF_CHECK, NULL);
    n = json_array_size(
        json_object_get(json_array_get(json_object_get(json, "result"), 0), "rows"));
    json_decref(json);
    return (int64_t)n;
}

static void what_was_answered_as_durable_survives_kill_9(void **state UNUSED)
{
    int64_t n = 0, rows;

    for (int round = 0; round < 6; round++) {
        int fd = dial();
        json_t *json;

        for (int i = 0; i < 64; i++) {
            say(fd, TRANSACT(1, INSERT("{'name': 'x'}") "," DURABLE));
        }
        for (int i = 0; i < 1 + round * 10; i++) {
            expect_part(fd, "'result':[{'uuid':['uuid','U']},{}]");
            n++;
        }
        stop(SIGKILL);
        while ((json = json_loadfd(fd, JSON_DISABLE_EOF_CHECK, NULL))) {
            json_decref(json);
            n++;
        }
        close(fd);
        start();
        fd = dial();
        rows = count_rows(fd);
        assert_in_range(rows, n, (round + 1) * 64);
        n = rows;
        close(fd);
    }
}

static void a_full_disk_fails_transactions_and_nothing_else(void **state UNUSED)
{
    int fd, i;

    stop(SIGTERM);
    max_file_size = 2000;
    start();
    fd = dial();
    for (i = 1; i < 100; i++) {
        char *text;
        bool failed;

        say(fd, TRANSACT(1, INSERT("{'name': 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'}")));
        text = hear(fd);
        failed = strstr(text, "'error':'I/O error'") != NULL;
        free(text);
        if (failed) {
            break;
        }
    }
    assert_in_range(i, 2, 50);
    assert_int_equal(count_rows(fd), i - 1);
    say(fd, TRANSACT(2, INSERT("{}") "," UPDATE("[]", "{'i': 5}") "," DURABLE));
    expect_part(fd, "'I/O error'");
    assert_int_equal(count_rows(fd), i - 1);
    close(fd);
    stop(SIGTERM);
    max_file_size = RLIM_INFINITY;
    start();
    fd = dial();
    assert_int_equal(count_rows(fd), i - 1);
    say(fd, TRANSACT(2, INSERT("{}") "," DURABLE));
    expect_part(fd, "{}");
    close(fd);
}

static void many_requests_at_once_are_answered_in_order(void **state UNUSED)
{
    int fd = dial(), watcher = dial();

    say(watcher,
        "{'method': 'monitor_cond', 'params': ['D', 1, {'T': {'columns': ['i']}}], 'id': 1}");
    expect_part(watcher, "'id':1");
    say(fd, TRANSACT(0, INSERT("{}")));
    expect_part(fd, "'id':0");
    expect_part(watcher, "'insert':{}");
    for (int i = 1; i <= 300; i++) {
        char message[200];

        snprintf(
            message, sizeof message,
            "{'method': 'transact', 'params': ['D', {'op': 'mutate', 'table': 'T', 'where': [], "
            "'mutations': [['i', '+=', 1]]}%s], 'id': %d}",
            i % 3 ? "" : "," DURABLE, i);
        say(fd, message);
    }
    for (int i = 1; i <= 300; i++) {
        char part[40];

        snprintf(part, sizeof part, "'id':%d,", i);
        expect_part(fd, part);
        snprintf(part, sizeof part, "'modify':{'i':%d}", i);
        expect_part(watcher, part);
    }
    close(fd);
    close(watcher);
}

static void a_schema_can_be_replaced(void **state UNUSED)
{
    int fd = dial(), aware = dial(), unaware = dial();
    char byte;

    say(aware, "{'method': 'set_db_change_aware', 'params': [true], 'id': 1}");
    expect_part(aware, "'id':1");
    say(aware, "{'method': 'monitor', 'params': ['D', 'm', {'T': {'columns': ['i']}}], 'id': 2}");
    expect_part(aware, "'id':2");
    expect_silence(unaware);
    say(fd, TRANSACT(1, INSERT("{'name': 'a', 'i': 5}")));
    expect_part(fd, "'id':1");
    expect_part(aware, "update");
    say(fd,
        "{'method': 'convert', 'params': ['D', {'name': 'D', 'version': '2.0.0', 'tables': {'T': "
        "{'columns': {'i': {'type': {'key': {'type': 'integer', 'maxInteger': 4}}}}}}}], 'id': "
        "2}");
    expect_part(fd, "constraint violation");
    say(fd,
        "{'method': 'convert', 'params': ['D', {'name': 'D', 'version': '2.0.0', 'tables': {'T': "
        "{'columns': {'i': {'type': {'key': 'integer', 'min': 0, 'max': 2}}, 'j': {'type': "
        "'string'}}}}}], 'id': 3}");
    expect(fd, "{'error':null,'id':3,'result':{}}");
    expect(aware, "{'id':null,'method':'monitor_canceled','params':['m']}");
    assert_int_equal(read(unaware, &byte, 1), 0);
    say(fd, TRANSACT(4, "{'op': 'select', 'table': 'T', 'where': [], 'columns': ['i', 'j']}"));
    expect(fd, "{'error':null,'id':4,'result':[{'rows':[{'i':5,'j':''}]}]}");
    close(fd);
    close(aware);
    close(unaware);
    stop(SIGTERM);
    start();
    fd = dial();
    say(fd, TRANSACT(4, "{'op': 'select', 'table': 'T', 'where': [], 'columns': ['i', 'j']}"));
    expect(fd, "{'error':null,'id':4,'result':[{'rows':[{'i':5,'j':''}]}]}");
    close(fd);
}

#define MONITOR                                                                                    \
    "{'method': 'monitor_cond', 'params': ['D', 'm', {'T': {'columns': ['s']}}], 'id': 2}"

/* What sets the waiting one going and the request behind it come in one piece: nothing is written
 * between them but what that request has written first. */
static void what_stops_waiting_is_written_before_the_whole_is_looked_at(void **state UNUSED)
{
    int waiter = dial(), fd = dial(), other = dial();

    say(other, MONITOR);
    expect_part(other, "'id':2");
    say(waiter, TRANSACT(1, WAIT(20000) "," UPDATE("[]", "{'s': ['set', [1, 2]]}")));
    expect_silence(waiter);
    say(fd, TRANSACT(1, INSERT("{'name': 'go'}")) MONITOR);
    expect_part(fd, "'id':1");
    expect(fd, "{'error':null,'id':2,'result':{'T':{'U':{'initial':{'s':['set',[1,2]]}}}}}");
    expect_silence(fd); /* It knows already. */
    expect_part(waiter, "'id':1");
    close(other);

    say(fd, TRANSACT(3, UPDATE("[]", "{'name': 'stay'}")));
    expect_part(fd, "'id':3");
    say(waiter, TRANSACT(2, WAIT(20000) "," UPDATE("[]", "{'i': 7}")));
    expect_silence(waiter);
    say(waiter, "{'method': 'set_db_change_aware', 'params': [true], 'id': 3}");
    expect_part(waiter, "'id':3");
    say(fd,
        TRANSACT(
            4,
            UPDATE("[]", "{'name': 'go'}")) "{'method': 'convert', 'params': ['D', {'name': 'D', "
                                            "'version': '2.0.0', 'tables': {'T': "
                                            "{'columns': {'i': {'type': 'integer'}}}}}], 'id': 5}");
    expect_part(fd, "'id':4");
    expect(waiter, "{'error':null,'id':2,'result':[{},{'count':1}]}");
    expect(fd, "{'id':null,'method':'monitor_canceled','params':['m']}");
    expect(fd, "{'error':null,'id':5,'result':{}}");
    say(fd, TRANSACT(6, "{'op': 'select', 'table': 'T', 'where': [], 'columns': ['i']}"));
    expect(fd, "{'error':null,'id':6,'result':[{'rows':[{'i':7}]}]}");
    close(fd);
    close(waiter);
    stop(SIGTERM);
    start();
}

int main(void)
{
#define TEST(T) cmocka_unit_test_setup_teardown(T, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(the_simple_methods),
        TEST(the_database_server_tells_of_databases),
        TEST(updates_come_before_the_reply_and_hold_what_changed),
        TEST(conditional_monitors_see_rows_come_and_go),
        TEST(a_client_that_comes_back_is_sent_what_changed),
        TEST(wrong_monitors_are_refused),
        TEST(locks_have_one_owner_and_a_queue),
        TEST(a_transaction_can_wait_for_another),
        TEST(waiting_ends_by_time_cancel_or_disconnection),
        TEST(messages_that_are_wrong_end_only_their_connection),
        TEST(what_was_answered_as_durable_survives_kill_9),
        TEST(a_full_disk_fails_transactions_and_nothing_else),
        TEST(many_requests_at_once_are_answered_in_order),
        TEST(a_schema_can_be_replaced),
        TEST(what_stops_waiting_is_written_before_the_whole_is_looked_at),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
