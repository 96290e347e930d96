/* Tables of database values as text, for the command-line tools: the formats and cell styles of
 * ovs-vsctl(8), "Table Formatting Options". Pure functions over memory, any thread. */
#ifndef DB_CLIENT_REPORT_H
#define DB_CLIENT_REPORT_H

#include "db/schema/datum.h"

enum db_report_format {
    DB_REPORT_TABLE,
    DB_REPORT_LIST,
    DB_REPORT_HTML,
    DB_REPORT_CSV,
    DB_REPORT_JSON
};
enum db_report_cells { DB_REPORT_STRING, DB_REPORT_BARE, DB_REPORT_CELL_JSON };

struct db_report_style {
    enum db_report_format format;
    enum db_report_cells cells;
    bool no_headings;
    bool is_pretty;         /* Of the JSON format. */
    unsigned int max_width; /* Of a column of the table format; 0: any. */
};

/* "table", "list", ...; "string", "bare", "json". False when there is no such. */
bool db_report_parse_format(const char *, enum db_report_format *ret) MUST_CHECK;
bool db_report_parse_cells(const char *, enum db_report_cells *ret) MUST_CHECK;

struct db_report;
/* 'caption' may be NULL. */
struct db_report *db_report_new(const struct db_report_style *, const char *caption);
void db_report_free(struct db_report *);
/* All headings come before the first cell. */
void db_report_heading(struct db_report *, const char *);
/* The next cell; a row has as many as there are headings. */
void db_report_text(struct db_report *, const char *);
void db_report_datum(struct db_report *, const struct db_datum *, const struct db_type *);
void db_report_json(struct db_report *, json_t *); /* Taken over. */
void db_report_print(const struct db_report *, struct strbuf *);

/* A datum with no punctuation: "a b", "k=v k2=v2". */
void db_report_bare(struct strbuf *, const struct db_datum *, const struct db_type *);

#endif
