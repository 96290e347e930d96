/* Database schemas: tables, columns, indexes. RFC 7047 section 3.2. Read from JSON once, then
 * constant; shared by server, client and tools. */
#ifndef DB_SCHEMA_SCHEMA_H
#define DB_SCHEMA_SCHEMA_H

#include "db/schema/datum.h"

struct db_column {
    char *name;
    unsigned int index; /* In table->columns. */
    struct db_type type;
    bool is_ephemeral; /* Not written to the file. */
    bool is_mutable;
};

struct db_index {
    unsigned int n;
    const struct db_column **columns;
};

struct db_table_schema {
    char *name;
    unsigned int index;     /* In schema->tables. */
    unsigned int n_columns; /* Without _uuid and _version. Sorted by name. */
    struct db_column *columns;
    unsigned int max_rows; /* DB_UNLIMITED when not given. */
    bool is_root;
    unsigned int n_indexes;
    struct db_index *indexes;
};

struct db_schema {
    char *name;
    char *version;
    char *cksum;           /* "" when not given. */
    unsigned int n_tables; /* Sorted by name. */
    struct db_table_schema *tables;
};

/* Checks names, types, that references name tables. Root tables: when no table says isRoot, all are
 * (RFC 7047 section 3.2). */
int db_schema_from_json(struct db_schema **ret, const json_t *, struct error *);
json_t *db_schema_to_json(const struct db_schema *);
void db_schema_free(struct db_schema *);
const struct db_table_schema *db_schema_table(const struct db_schema *, const char *name);
const struct db_column *db_table_column(const struct db_table_schema *, const char *name);

#endif
