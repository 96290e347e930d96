/* Tables as text: every format and cell style of ovs-vsctl(8). */
#include "tests/unit/db/fixture.h"

#include "db/client/report.h"

static char *make(enum db_report_format format, enum db_report_cells cells, bool no_headings,
                  unsigned int max_width)
{
    struct db_report_style style = {
        .format = format, .cells = cells, .no_headings = no_headings, .max_width = max_width};
    struct db_report *r = db_report_new(&style, NULL);
    struct db_type type = {.n_min = 0, .n_max = DB_UNLIMITED};
    struct strbuf s = STRBUF_INIT;
    struct db_datum d;

    db_base_type_init(&type.key, DB_STRING);
    db_report_heading(r, "name");
    db_report_heading(r, "set");
    assert_int_equal(db_datum_from_text(&d, &type, "a,\"x,y\"", NULL, NULL, NULL), 0);
    db_report_text(r, "<one>");
    db_report_datum(r, &d, &type);
    db_datum_free(&d, &type);
    db_datum_init(&d);
    db_report_text(r, "two");
    db_report_datum(r, &d, &type);
    db_report_print(r, &s);
    db_report_free(r);
    return strbuf_steal(&s);
}

static void check(enum db_report_format format, enum db_report_cells cells, bool no_headings,
                  unsigned int max_width, const char *expected)
{
    char *text = make(format, cells, no_headings, max_width);

    assert_string_equal(text, expected);
    free(text);
}

static void a_table_is_aligned_and_ends_without_spaces(void **state UNUSED)
{
    check(DB_REPORT_TABLE, DB_REPORT_STRING, false, 0,
          "name  set\n----- ----------\n<one> [a, \"x,y\"]\ntwo   []\n");
    check(DB_REPORT_TABLE, DB_REPORT_STRING, true, 0, "<one> [a, \"x,y\"]\ntwo   []\n");
    check(DB_REPORT_TABLE, DB_REPORT_STRING, true, 3, "<on [a,\ntwo []\n");
}

static void a_list_separates_rows_by_blank_lines(void **state UNUSED)
{
    check(DB_REPORT_LIST, DB_REPORT_STRING, false, 0,
          "name                : <one>\nset                 : [a, \"x,y\"]\n\n"
          "name                : two\nset                 : []\n");
    check(DB_REPORT_LIST, DB_REPORT_BARE, true, 0, "<one>\na x,y\n\ntwo\n\n");
}

static void csv_html_and_json_escape(void **state UNUSED)
{
    check(DB_REPORT_CSV, DB_REPORT_STRING, false, 0,
          "name,set\n<one>,\"[a, \"\"x,y\"\"]\"\ntwo,[]\n");
    check(DB_REPORT_HTML, DB_REPORT_BARE, true, 0,
          "<table border=1>\n  <tr>\n    <td>&lt;one&gt;</td>\n    <td>a x,y</td>\n  </tr>\n"
          "  <tr>\n    <td>two</td>\n    <td></td>\n  </tr>\n</table>\n");
    check(DB_REPORT_JSON, DB_REPORT_STRING, false, 0,
          "{\"data\":[[\"<one>\",[\"set\",[\"a\",\"x,y\"]]],[\"two\",[\"set\",[]]]],"
          "\"headings\":[\"name\",\"set\"]}\n");
    check(DB_REPORT_LIST, DB_REPORT_CELL_JSON, true, 0,
          "<one>\n[\"set\",[\"a\",\"x,y\"]]\n\ntwo\n[\"set\",[]]\n");
}

static void unknown_formats_are_refused(void **state UNUSED)
{
    enum db_report_format format;
    enum db_report_cells cells;

    assert_true(db_report_parse_format("csv", &format) && format == DB_REPORT_CSV);
    assert_false(db_report_parse_format("xml", &format));
    assert_true(db_report_parse_cells("bare", &cells) && cells == DB_REPORT_BARE);
    assert_false(db_report_parse_cells("", &cells));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_is_aligned_and_ends_without_spaces),
        cmocka_unit_test(a_list_separates_rows_by_blank_lines),
        cmocka_unit_test(csv_html_and_json_escape),
        cmocka_unit_test(unknown_formats_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
