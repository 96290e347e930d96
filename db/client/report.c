/* See report.h. A cell is made into text when it is added; only the JSON format keeps JSON. */
#include "db/client/report.h"

#include <string.h>

struct db_report {
    struct db_report_style style;
    char *caption;
    unsigned int n_columns;
    char **headings;
    size_t n_cells;
    char **cells;  /* Row by row. */
    json_t **json; /* The same, for the JSON format. */
};

bool db_report_parse_format(const char *name, enum db_report_format *ret)
{
    static const char *const names[] = {
        [DB_REPORT_TABLE] = "table", [DB_REPORT_LIST] = "list", [DB_REPORT_HTML] = "html",
        [DB_REPORT_CSV] = "csv",     [DB_REPORT_JSON] = "json",
    };

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (!strcmp(names[i], name)) {
            *ret = (enum db_report_format)i;
            return true;
        }
    }
    return false;
}

bool db_report_parse_cells(const char *name, enum db_report_cells *ret)
{
    static const char *const names[] = {"string", "bare", "json"};

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (!strcmp(names[i], name)) {
            *ret = (enum db_report_cells)i;
            return true;
        }
    }
    return false;
}

struct db_report *db_report_new(const struct db_report_style *style, const char *caption)
{
    struct db_report *r = xcalloc(1, sizeof *r);

    r->style = *style;
    r->caption = caption ? xstrdup(caption) : NULL;
    return r;
}

void db_report_free(struct db_report *r)
{
    if (!r) {
        return;
    }
    for (size_t i = 0; i < r->n_cells; i++) {
        free(r->cells[i]);
        json_decref(r->json[i]);
    }
    for (unsigned int i = 0; i < r->n_columns; i++) {
        free(r->headings[i]);
    }
    free(r->cells);
    free(r->json);
    free(r->headings);
    free(r->caption);
    free(r);
}

/* --- Filling ------------------------------------------------------------------------------------
 */

void db_report_heading(struct db_report *r, const char *heading)
{
    r->headings = xreallocarray(r->headings, r->n_columns + 1, sizeof *r->headings);
    r->headings[r->n_columns++] = xstrdup(heading);
}

static void add_cell(struct db_report *r, char *text, json_t *json)
{
    if (!(r->n_cells & (r->n_cells - 1))) { /* Doubles at each power of two. */
        size_t n = r->n_cells ? r->n_cells * 2 : 1;

        r->cells = xreallocarray(r->cells, n, sizeof *r->cells);
        r->json = xreallocarray(r->json, n, sizeof *r->json);
    }
    r->cells[r->n_cells] = text;
    r->json[r->n_cells++] = json;
}

void db_report_text(struct db_report *r, const char *text)
{
    add_cell(r, xstrdup(text), r->style.format == DB_REPORT_JSON ? json_string(text) : NULL);
}

void db_report_json(struct db_report *r, json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS);

    if (r->style.format != DB_REPORT_JSON) {
        json_decref(json);
        json = NULL;
    }
    add_cell(r, text ? text : xstrdup(""), json);
}

static void put_bare_atom(struct strbuf *s, const union db_atom *atom, enum db_atom_type type)
{
    if (type == DB_STRING) {
        strbuf_puts(s, atom->string);
    } else {
        db_atom_to_text(s, atom, type);
    }
}

void db_report_bare(struct strbuf *s, const struct db_datum *d, const struct db_type *type)
{
    for (unsigned int i = 0; i < d->n; i++) {
        if (i) {
            strbuf_putc(s, ' ');
        }
        put_bare_atom(s, &d->keys[i], type->key.type);
        if (db_type_is_map(type)) {
            strbuf_putc(s, '=');
            put_bare_atom(s, &d->values[i], type->value.type);
        }
    }
}

void db_report_datum(struct db_report *r, const struct db_datum *d, const struct db_type *type)
{
    struct strbuf s = STRBUF_INIT;

    if (r->style.cells == DB_REPORT_CELL_JSON || r->style.format == DB_REPORT_JSON) {
        db_report_json(r, db_datum_to_json(d, type));
        return;
    }
    if (r->style.cells == DB_REPORT_BARE) {
        db_report_bare(&s, d, type);
    } else {
        db_datum_to_text(&s, d, type);
    }
    add_cell(r, strbuf_steal(&s), NULL);
}

/* --- Printing -----------------------------------------------------------------------------------
 */

static const char *cell(const struct db_report *r, size_t row, unsigned int column)
{
    const char *text = r->cells[row * r->n_columns + column];

    return text ? text : "";
}

static size_t n_rows(const struct db_report *r)
{
    return r->n_columns ? r->n_cells / r->n_columns : 0;
}

/* Characters of UTF-8. */
static size_t width_of(const char *s)
{
    size_t n = 0;

    for (; *s; s++) {
        n += (*s & 0xc0) != 0x80;
    }
    return n;
}

static void put_padded(struct strbuf *s, const char *text, size_t width, bool is_last)
{
    size_t n = 0;

    for (; *text && (n < width || (*text & 0xc0) == 0x80); text++) {
        n += (*text & 0xc0) != 0x80;
        strbuf_putc(s, *text);
    }
    for (; n < width && !is_last; n++) {
        strbuf_putc(s, ' ');
    }
    strbuf_putc(s, is_last ? '\n' : ' ');
}

static void print_table(const struct db_report *r, struct strbuf *s)
{
    size_t *widths = xcalloc(r->n_columns, sizeof *widths);

    for (unsigned int c = 0; c < r->n_columns; c++) {
        size_t heading = r->style.no_headings ? 0 : width_of(r->headings[c]);

        for (size_t i = 0; i < n_rows(r); i++) {
            widths[c] = MAX_OF(widths[c], width_of(cell(r, i, c)));
        }
        if (r->style.max_width) {
            widths[c] = MIN_OF(widths[c], r->style.max_width);
        }
        widths[c] = MAX_OF(widths[c], heading);
    }
    if (r->caption) {
        strbuf_printf(s, "%s\n", r->caption);
    }
    for (unsigned int c = 0; !r->style.no_headings && c < r->n_columns; c++) {
        put_padded(s, r->headings[c], widths[c], c + 1 == r->n_columns);
    }
    for (unsigned int c = 0; !r->style.no_headings && c < r->n_columns; c++) {
        for (size_t i = 0; i < widths[c]; i++) {
            strbuf_putc(s, '-');
        }
        strbuf_putc(s, c + 1 == r->n_columns ? '\n' : ' ');
    }
    for (size_t i = 0; i < n_rows(r); i++) {
        for (unsigned int c = 0; c < r->n_columns; c++) {
            put_padded(s, cell(r, i, c), widths[c], c + 1 == r->n_columns);
        }
    }
    free(widths);
}

static void print_list(const struct db_report *r, struct strbuf *s)
{
    if (r->caption) {
        strbuf_printf(s, "%s\n", r->caption);
    }
    for (size_t i = 0; i < n_rows(r); i++) {
        if (i) {
            strbuf_putc(s, '\n');
        }
        for (unsigned int c = 0; c < r->n_columns; c++) {
            if (!r->style.no_headings) {
                strbuf_printf(s, "%-20s: ", r->headings[c]);
            }
            strbuf_printf(s, "%s\n", cell(r, i, c));
        }
    }
}

static void put_html(struct strbuf *s, const char *element, const char *text)
{
    strbuf_printf(s, "    <%s>", element);
    for (; *text; text++) {
        switch (*text) {
        case '&': strbuf_puts(s, "&amp;"); break;
        case '<': strbuf_puts(s, "&lt;"); break;
        case '>': strbuf_puts(s, "&gt;"); break;
        case '"': strbuf_puts(s, "&quot;"); break;
        default: strbuf_putc(s, *text); break;
        }
    }
    strbuf_printf(s, "</%s>\n", element);
}

static void print_html(const struct db_report *r, struct strbuf *s)
{
    strbuf_puts(s, "<table border=1>\n");
    if (r->caption) {
        put_html(s, "caption", r->caption);
    }
    if (!r->style.no_headings) {
        strbuf_puts(s, "  <tr>\n");
        for (unsigned int c = 0; c < r->n_columns; c++) {
            put_html(s, "th", r->headings[c]);
        }
        strbuf_puts(s, "  </tr>\n");
    }
    for (size_t i = 0; i < n_rows(r); i++) {
        strbuf_puts(s, "  <tr>\n");
        for (unsigned int c = 0; c < r->n_columns; c++) {
            put_html(s, "td", cell(r, i, c));
        }
        strbuf_puts(s, "  </tr>\n");
    }
    strbuf_puts(s, "</table>\n");
}

/* RFC 4180. */
static void put_csv(struct strbuf *s, const char *text, bool is_last)
{
    if (strpbrk(text, "\n\r,\"")) {
        strbuf_putc(s, '"');
        for (; *text; text++) {
            if (*text == '"') {
                strbuf_putc(s, '"');
            }
            strbuf_putc(s, *text);
        }
        strbuf_putc(s, '"');
    } else {
        strbuf_puts(s, text);
    }
    strbuf_putc(s, is_last ? '\n' : ',');
}

static void print_csv(const struct db_report *r, struct strbuf *s)
{
    if (r->caption) {
        put_csv(s, r->caption, true);
    }
    for (unsigned int c = 0; !r->style.no_headings && c < r->n_columns; c++) {
        put_csv(s, r->headings[c], c + 1 == r->n_columns);
    }
    for (size_t i = 0; i < n_rows(r); i++) {
        for (unsigned int c = 0; c < r->n_columns; c++) {
            put_csv(s, cell(r, i, c), c + 1 == r->n_columns);
        }
    }
}

static void print_json(const struct db_report *r, struct strbuf *s)
{
    json_t *headings = json_array(), *data = json_array(), *all;
    size_t flags = r->style.is_pretty ? JSON_INDENT(2) : JSON_COMPACT;
    char *text;

    for (unsigned int c = 0; c < r->n_columns; c++) {
        json_array_append_new(headings, json_string(r->headings[c]));
    }
    for (size_t i = 0; i < n_rows(r); i++) {
        json_t *row = json_array();

        for (unsigned int c = 0; c < r->n_columns; c++) {
            json_array_append(row, r->json[i * r->n_columns + c]);
        }
        json_array_append_new(data, row);
    }
    all = json_pack("{s:s*, s:o, s:o}", "caption", r->caption, "data", data, "headings", headings);
    text = json_dumps(all, flags | JSON_SORT_KEYS);
    strbuf_printf(s, "%s\n", text ? text : "{}");
    free(text);
    json_decref(all);
}

void db_report_print(const struct db_report *r, struct strbuf *s)
{
    switch (r->style.format) {
    case DB_REPORT_TABLE: print_table(r, s); break;
    case DB_REPORT_LIST: print_list(r, s); break;
    case DB_REPORT_HTML: print_html(r, s); break;
    case DB_REPORT_CSV: print_csv(r, s); break;
    case DB_REPORT_JSON: print_json(r, s); break;
    }
}
