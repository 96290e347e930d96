/* utilities/sluice/top_view: what a person sees of many ports. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "lib/util.h"
#include "utilities/sluice/top_view.h"

static json_t *port(unsigned int number, const char *name, int64_t packets, int64_t dropped)
{
    return json_pack("{s:i, s:s, s:s, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "port_no",
                     (int)number, "name", name, "type", "tap", "link_up", true, "rx_packets",
                     (json_int_t)packets, "rx_bytes", (json_int_t)packets * 100, "tx_packets",
                     (json_int_t)0, "tx_bytes", (json_int_t)0, "rx_dropped", (json_int_t)dropped,
                     "tx_dropped", (json_int_t)0, "rx_errors", (json_int_t)0, "tx_errors",
                     (json_int_t)0);
}

static json_t *drop(const char *reason, const char *port_name, int64_t packets)
{
    return json_pack("{s:s, s:s, s:i, s:s, s:I}", "reason", reason, "help",
                     "a long sentence that says what this drop means and what is to be done",
                     "port_no", 1, "port", port_name, "packets", (json_int_t)packets);
}

static struct top_look look(uint64_t at_ms)
{
    return (struct top_look){
        .show = json_pack("{s:I, s:i, s:[]}", "flows", (json_int_t)5, "attached_pid", 7, "ports"),
        .drops = json_array(),
        .at_ms = at_ms};
}

static void add_port(struct top_look *l, json_t *p)
{
    json_array_append_new(json_object_get(l->show, "ports"), p);
}

/* A thousand quiet ports, one that does something, and drops of 'n_drops' reasons. */
static void make_looks(struct top_look looks[2], unsigned int n_drops)
{
    char name[40];

    for (unsigned int k = 0; k < 2; k++) {
        looks[k] = look(1000 + 2000 * k);
        for (unsigned int i = 0; i < 1000; i++) {
            snprintf(name, sizeof name, "port%u", i);
            add_port(&looks[k], port(i, name, i == 700 ? 1000 + 4000 * k : 9, i == 5 ? 40 * k : 0));
        }
        for (unsigned int i = 0; i < n_drops; i++) {
            snprintf(name, sizeof name, "reason-%u", i);
            json_array_append_new(looks[k].drops, drop(name, "port5", i == 3 ? 10 + 40 * k : 10));
        }
    }
}

static void free_looks(struct top_look looks[2])
{
    top_look_free(&looks[0]);
    top_look_free(&looks[1]);
}

static const char *view(const struct top_style *style, const struct top_look *now,
                        const struct top_look *before)
{
    static char text[1 << 20];
    struct strbuf s = STRBUF_INIT;

    top_view_text(&s, style, now, before);
    assert_true(s.len < sizeof text);
    strcpy(text, strbuf_str(&s));
    strbuf_free(&s);
    return text;
}

/* The line (from 0) that begins with 'start', -1 when there is none. */
static int line_of(const char *text, const char *start)
{
    for (int i = 0; *text; i++) {
        if (!strncmp(text, start, strlen(start))) {
            return i;
        }
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
    return -1;
}

static void a_thousand_ports_fit_into_24_lines_of_80(void **state UNUSED)
{
    struct top_style style = {.rundir = "/run/sluice", .rows = 23, .cols = 80};
    struct top_look looks[2];
    unsigned int n_lines = 0;
    const char *text;

    make_looks(looks, 30);
    text = view(&style, &looks[1], &looks[0]);
    for (const char *line = text; *line; n_lines++) {
        size_t n = strcspn(line, "\n");

        assert_true(n <= 80);
        assert_true(!n || line[n - 1] != ' ');
        line += n + 1;
    }
    assert_int_equal(n_lines, 23);
    assert_int_equal(line_of(text, "total "), 3);
    assert_int_equal(line_of(text, "port700 "), 4); /* The busiest. */
    assert_non_null(strstr(text, "port700         up     2.00k   1.60M"));
    assert_int_equal(line_of(text, "port0 "), 5);
    assert_int_equal(line_of(text, "port1 "), 6);
    assert_true(line_of(text, "reason-3 ") == line_of(text, "DROP REASON") + 1);
    assert_non_null(strstr(text, "... and 990 more\n"));
    assert_non_null(strstr(text, "... and 25 more\n"));
    free_looks(looks);
}

static void without_a_terminal_nothing_is_left_out(void **state UNUSED)
{
    struct top_style style = {.rundir = "/run/sluice"};
    struct top_look looks[2];
    const char *text;

    make_looks(looks, 30);
    text = view(&style, &looks[1], &looks[0]);
    assert_true(line_of(text, "port999 ") > 0 && line_of(text, "reason-29 ") > 0);
    assert_null(strstr(text, "more\n"));
    assert_non_null(strstr(text, "TYPE"));
    assert_non_null(strstr(text, "and what is to be done\n"));
    free_looks(looks);
}

static void few_drops_leave_their_room_to_ports(void **state UNUSED)
{
    struct top_style style = {.rundir = "/run/sluice", .rows = 24, .cols = 80};
    struct top_look looks[2];
    const char *text;

    make_looks(looks, 1);
    text = view(&style, &looks[1], &looks[0]);
    assert_non_null(strstr(text, "... and 985 more\n"));
    assert_true(line_of(text, "reason-0 ") > 0);
    free_looks(looks);
    for (style.rows = 1; style.rows < 12; style.rows++) { /* No terminal is too small. */
        make_looks(looks, 20);
        view(&style, &looks[1], &looks[0]);
        free_looks(looks);
    }
}

static void ports_can_be_sorted_by_drops_or_name(void **state UNUSED)
{
    struct top_style style = {.rundir = "/", .sort = TOP_SORT_DROPS, .rows = 20, .cols = 80};
    struct top_look looks[2];

    make_looks(looks, 0);
    assert_int_equal(line_of(view(&style, &looks[1], &looks[0]), "port5 "), 4);
    style.sort = TOP_SORT_NAME;
    assert_int_equal(line_of(view(&style, &looks[1], &looks[0]), "port0 "), 4);
    assert_int_equal(line_of(view(&style, &looks[1], &looks[0]), "port2 "), 6);
    assert_true(line_of(view(&style, &looks[1], &looks[0]), "No packet was dropped") > 0);
    free_looks(looks);
}

static void first_look_has_no_rates_and_a_restart_gives_none(void **state UNUSED)
{
    struct top_style style = {.rundir = "/", .rows = 20, .cols = 80};
    struct top_look looks[2];

    make_looks(looks, 0);
    assert_non_null(strstr(view(&style, &looks[1], NULL), "port700         up         -       -"));
    assert_non_null(
        strstr(view(&style, &looks[0], &looks[1]), "port700         up         0       0"));
    free_looks(looks);
}

static void names_cannot_steer_the_terminal(void **state UNUSED)
{
    struct top_style style = {.rundir = "/", .rows = 20, .cols = 80};
    struct top_look l = look(1);
    const char *text;

    add_port(&l, port(1, "\033[2Jx", 1, 0));
    json_array_append_new(l.drops, drop("r\007", "\033", 1));
    text = view(&style, &l, NULL);
    assert_null(strpbrk(text, "\033\007"));
    assert_non_null(strstr(text, "?[2Jx"));
    top_look_free(&l);
}

static void json_has_counters_and_rates(void **state UNUSED)
{
    struct top_style style = {.rundir = "/run/x"};
    struct top_look looks[2];
    json_t *o, *p;

    make_looks(looks, 4);
    o = top_view_json(&style, &looks[1], &looks[0]);
    p = json_array_get(json_object_get(o, "ports"), 0);
    assert_string_equal(json_string_value(json_object_get(p, "name")), "port700");
    assert_int_equal(json_integer_value(json_object_get(p, "rx_packets")), 5000);
    assert_true(json_real_value(json_object_get(p, "rx_packets_per_s")) == 2000);
    p = json_array_get(json_object_get(o, "drops"), 0);
    assert_true(json_real_value(json_object_get(p, "packets_per_s")) == 20);
    p = json_object_get(o, "total");
    assert_int_equal(json_integer_value(json_object_get(p, "rx_packets")), 5000 + 999 * 9);
    json_decref(o);
    o = top_view_json(&style, &looks[1], NULL);
    p = json_array_get(json_object_get(o, "ports"), 0);
    assert_null(json_object_get(p, "rx_packets_per_s"));
    json_decref(o);
    free_looks(looks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thousand_ports_fit_into_24_lines_of_80),
        cmocka_unit_test(without_a_terminal_nothing_is_left_out),
        cmocka_unit_test(few_drops_leave_their_room_to_ports),
        cmocka_unit_test(ports_can_be_sorted_by_drops_or_name),
        cmocka_unit_test(first_look_has_no_rates_and_a_restart_gives_none),
        cmocka_unit_test(names_cannot_steer_the_terminal),
        cmocka_unit_test(json_has_counters_and_rates),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
