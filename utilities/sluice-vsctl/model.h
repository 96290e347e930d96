/* The database as the commands of one invocation see it: the replica plus what earlier commands
 * changed, kept in memory until it becomes one transaction.
 *
 * A new row has a UUID made here, by which references to it are written like any other; the
 * transaction turns them into named UUIDs. Lives for one attempt; the replica must not change
 * meanwhile. One thread. */
#ifndef UTILITIES_VSCTL_MODEL_H
#define UTILITIES_VSCTL_MODEL_H

#include "db/client/client.h"

struct model;
struct mrow;

struct model *model_new(struct db_client *);
void model_free(struct model *);

/* All live rows of a table, sorted by name if it has one, then UUID; owned by the caller. */
struct mrow **model_rows(struct model *, const struct db_table_schema *, size_t *ret_n);
struct mrow **model_rows_unsorted(struct model *, const struct db_table_schema *, size_t *ret_n);
/* NULL when there is none, or it was deleted. */
struct mrow *model_find(struct model *, const struct db_table_schema *, const struct uuid *);
/* The first live row of a table, such as the only one of Open_vSwitch. */
struct mrow *model_first(struct model *, const struct db_table_schema *);
/* The row that the first element of 'column' refers to; NULL when there is none. */
struct mrow *model_ref(struct model *, const struct mrow *, const char *column);

/* 'uuid' NULL: one is made up. With 'is_final' the database is asked to use it. */
struct mrow *model_insert(struct model *, const struct db_table_schema *, const struct uuid *uuid,
                          bool is_final);
void model_delete(struct mrow *);

const struct uuid *mrow_uuid(const struct mrow *);
const struct db_table_schema *mrow_table(const struct mrow *);
bool mrow_is_new(const struct mrow *);
/* Valid until the column changes. A column that the schema lacks is empty. */
const struct db_datum *mrow_get(const struct mrow *, const struct db_column *);
const struct db_datum *mrow_get_named(const struct mrow *, const char *column);
/* Shorthands: the first element, or the default; a key's value. */
const char *mrow_string(const struct mrow *, const char *column, const char *def);
int64_t mrow_integer(const struct mrow *, const char *column, int64_t def);
bool mrow_bool(const struct mrow *, const char *column);
const char *mrow_map(const struct mrow *, const char *column, const char *key);

/* The column gets this value, whatever anybody else does to it. Takes the datum over. */
void mrow_set(struct mrow *, const struct db_column *, struct db_datum *);
/* The column as something to be changed: elements may be added and removed (it must be sorted
 * afterwards). Only these differences go into the transaction, beside what others change. */
struct db_datum *mrow_modify(struct mrow *, const struct db_column *);
/* The transaction fails and is built anew when the column has changed meanwhile. */
void mrow_verify(struct mrow *, const char *column);

/* Setters by name; columns that the server's schema lacks are left out. */
void mrow_set_string(struct mrow *, const char *column, const char *value);
void mrow_set_integer(struct mrow *, const char *column, int64_t value);
void mrow_set_bool(struct mrow *, const char *column, bool value);
void mrow_clear(struct mrow *, const char *column);
void mrow_set_key(struct mrow *, const char *column, const char *key, const char *value);
void mrow_remove_key(struct mrow *, const char *column, const char *key);
void mrow_add_ref(struct mrow *, const char *column, const struct mrow *target);
void mrow_remove_ref(struct mrow *, const char *column, const struct mrow *target);

/* Puts all changes into 'txn'. False when there are none. */
bool model_compile(struct model *, struct db_txn *);
/* After the commit: tells the UUIDs that the server gave to new rows, from db_txn_done's results.
 */
void model_learn(struct model *, const json_t *results);
/* What model_learn() learnt, else mrow_uuid(). */
const struct uuid *mrow_final_uuid(const struct mrow *);

/* --- Names for rows: "@name". --- */

/* Defines it. False when it is defined already or (for an existing row) was used before. */
bool model_define_symbol(struct model *, const char *name, struct mrow *existing,
                         struct uuid *ret_new);
/* For db_datum_from_text(); aux is the model. Marks the name as referred to. */
bool model_named_uuid(const char *name, struct uuid *ret, void *aux);
/* An error for a name that was used and never defined. */
int model_check_symbols(struct model *, struct error *);
/* Calls 'cb' for names of new rows that nothing refers to. */
void model_each_unused(struct model *, void (*cb)(const char *name));

#endif
