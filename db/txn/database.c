/* Databases, tables and rows in memory: see database.h. */
#include "db/txn/database.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hash.h"

#define ANY_UUID                                                                                   \
    {                                                                                              \
        .key = {.type = DB_UUID}, .n_min = 1, .n_max = 1                                           \
    }

const struct db_column database_column_uuid = {
    .name = (char *)"_uuid", .index = UINT32_MAX, .type = ANY_UUID};
const struct db_column database_column_version = {
    .name = (char *)"_version", .index = UINT32_MAX - 1, .type = ANY_UUID};

static struct table *reference_target(struct database *db, const struct db_base_type *base,
                                      enum db_ref_type type)
{
    return base->ref_table && base->ref_type == type ? database_table(db, base->ref_table) : NULL;
}

static void find_references(struct table *table, enum db_ref_type type, struct ref_columns *ret)
{
    for (unsigned int i = 0; i < table->schema->n_columns; i++) {
        const struct db_column *column = &table->schema->columns[i];
        struct ref_column ref = {
            .column = column,
            .key = reference_target(table->db, &column->type.key, type),
            .value = reference_target(table->db, &column->type.value, type),
        };

        if (ref.key || ref.value) {
            ret->columns = xreallocarray(ret->columns, ret->n + 1, sizeof ref);
            ret->columns[ret->n++] = ref;
        }
    }
}

struct database *database_new(struct db_schema *schema)
{
    struct database *db = xcalloc(1, sizeof *db);
    struct uuid seed;

    uuid_generate(&seed);
    db->schema = schema;
    db->hash_seed = (uint64_t)seed.parts[0] << 32 | seed.parts[3];
    db->tables = xcalloc(schema->n_tables, sizeof *db->tables);
    for (unsigned int i = 0; i < schema->n_tables; i++) {
        struct table *table = &db->tables[i];

        table->schema = &schema->tables[i];
        table->db = db;
        table->indexes = xcalloc(table->schema->n_indexes, sizeof *table->indexes);
    }
    for (unsigned int i = 0; i < schema->n_tables; i++) {
        find_references(&db->tables[i], DB_REF_STRONG, &db->tables[i].strong);
        find_references(&db->tables[i], DB_REF_WEAK, &db->tables[i].weak);
    }
    return db;
}

void database_free(struct database *db)
{
    if (!db) {
        return;
    }
    for (unsigned int i = 0; i < db->schema->n_tables; i++) {
        struct table *table = &db->tables[i];
        size_t cursor = 0;
        struct row *row;

        while ((row = rowmap_next(&table->rows, &cursor))) {
            row_free(row);
        }
        rowmap_destroy(&table->rows);
        for (unsigned int j = 0; j < table->schema->n_indexes; j++) {
            rowmap_destroy(&table->indexes[j]);
        }
        free(table->indexes);
        free(table->strong.columns);
        free(table->weak.columns);
    }
    free(db->tables);
    db_schema_free(db->schema);
    free(db);
}

struct table *database_table(const struct database *db, const char *name)
{
    const struct db_table_schema *schema = db_schema_table(db->schema, name);

    return schema ? &db->tables[schema->index] : NULL;
}

size_t database_n_rows(const struct database *db)
{
    size_t n = 0;

    for (unsigned int i = 0; i < db->schema->n_tables; i++) {
        n += db->tables[i].n_rows;
    }
    return n;
}

uint64_t table_uuid_hash(const struct table *table, const struct uuid *uuid)
{
    /* Seeded, because clients may choose uuids. */
    return hash_bytes(uuid, sizeof *uuid, table->db->hash_seed);
}

struct row *table_row(const struct table *table, const struct uuid *uuid)
{
    uint64_t hash = table_uuid_hash(table, uuid);
    size_t cursor = 0;
    struct row *row;

    while ((row = rowmap_find(&table->rows, hash, &cursor))) {
        if (!row->is_deleted && !uuid_compare(&row->uuid, uuid)) {
            return row;
        }
    }
    return NULL;
}

struct row *table_next(const struct table *table, size_t *cursor)
{
    struct row *row;

    while ((row = rowmap_next(&table->rows, cursor))) {
        if (!row->is_deleted) {
            return row;
        }
    }
    return NULL;
}

const struct db_column *table_column(const struct table *table, const char *name)
{
    if (name[0] == '_') {
        if (!strcmp(name, database_column_uuid.name)) {
            return &database_column_uuid;
        }
        if (!strcmp(name, database_column_version.name)) {
            return &database_column_version;
        }
        return NULL;
    }
    return db_table_column(table->schema, name);
}

const struct db_datum *row_datum(const struct row *row, const struct db_column *column,
                                 struct row_scratch *scratch)
{
    if (column == &database_column_uuid) {
        scratch->atom.uuid = row->uuid;
    } else if (column == &database_column_version) {
        scratch->atom.uuid = row->version;
    } else {
        return &row->columns[column->index];
    }
    scratch->datum = (struct db_datum){1, &scratch->atom, NULL};
    return &scratch->datum;
}

struct row *row_new(struct table *table, const struct uuid *uuid)
{
    unsigned int n = table->schema->n_columns;
    struct row *row = xmalloc(sizeof *row + n * sizeof row->columns[0]);

    memset(row, 0, sizeof *row);
    row->uuid = *uuid;
    row->table = table;
    uuid_generate(&row->version);
    for (unsigned int i = 0; i < n; i++) {
        db_datum_default(&row->columns[i], &table->schema->columns[i].type);
    }
    return row;
}

void row_free(struct row *row)
{
    if (!row) {
        return;
    }
    for (unsigned int i = 0; i < row->table->schema->n_columns; i++) {
        db_datum_free(&row->columns[i], &row->table->schema->columns[i].type);
    }
    free(row->hints);
    free(row);
}

void database_load_row(struct row *row)
{
    rowmap_put(&row->table->rows, table_uuid_hash(row->table, &row->uuid), row);
    row->table->n_rows++;
}

void database_unload_row(struct row *row)
{
    rowmap_remove(&row->table->rows, table_uuid_hash(row->table, &row->uuid), row);
    row->table->n_rows--;
    row_free(row);
}
