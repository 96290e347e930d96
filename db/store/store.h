/* A database kept in a file: opening, committing, compacting. The server drives it; one thread. */
#ifndef DB_STORE_STORE_H
#define DB_STORE_STORE_H

#include "db/store/dbfile.h"
#include "db/txn/txn.h"

struct store;

/* Opens 'path' and reads the database into memory. When there is no such file and 'schema' (JSON
 * text) is not NULL, it is made first, with that schema and one row with default values in table
 * 'first_row' (NULL: none). Errors name the file and, for damage, the offset. */
int store_open(const char *path, const char *schema, const char *first_row, struct store **ret,
               struct error *);
/* Frees the database, too. */
void store_close(struct store *);
struct database *store_database(const struct store *);
/* What was noticed when opening, for the log; "" when nothing was. */
const char *store_warning(const struct store *);

/* Adds a prepared transaction to what the next store_flush() writes. */
void store_add(struct store *, const struct txn *, const char *comment);
/* Writes what was added; with 'sync' it is on the disk afterwards, together with all before it. On
 * failure nothing of it is in the file: abort those transactions. */
int store_flush(struct store *, bool sync, struct error *);

/* Rewrites the file to hold just the present rows. Nothing may be added and not flushed. */
int store_compact(struct store *, struct error *);
/* The same without waiting: a child process writes the rows as they are now, while transactions go
 * on. When '*ret_fd' (owned by the store) becomes readable, store_compact_end() puts the new file
 * in its place. store_compact() and store_convert() give up one that is under way: its fd is then
 * closed. */
int store_compact_start(struct store *, int *ret_fd, struct error *);
int store_compact_end(struct store *, struct error *);
void store_compact_cancel(struct store *);
/* True when the file has grown so much that it is time, or when it can be used no more and a new
 * one is the only way on. */
bool store_wants_compaction(const struct store *);
/* Puts a database with another schema, which is taken over, in the place of the present one: on the
 * disk first, then in memory. On failure nothing changed and 'db' is still the caller's. */
int store_convert(struct store *, struct database *db, struct error *);
/* True when a failed write could not be taken back: only store_compact() helps. */
bool store_is_broken(const struct store *);
off_t store_size(const struct store *);

#endif
