/* An append-only file of checksummed records: the container format of ovsdb(5).
 *
 * Each record is a line "OVSDB JSON <length> <sha1>" and <length> bytes of JSON text that end with
 * a newline. One server at a time: a lock on ".NAME.~lock~" beside the file (Open vSwitch's name
 * for it, so its programs respect it) is held for as long as the file is open. One thread. */
#ifndef DB_STORE_DBFILE_H
#define DB_STORE_DBFILE_H

#include <jansson.h>
#include <sys/types.h>

#include "lib/error.h"
#include "lib/strbuf.h"

struct dbfile;

/* Opens an existing file and takes its lock. -ENOENT when there is none; -EBUSY when another
 * process has it; -EINVAL when it is no such file: it is then left as it is. */
int dbfile_open(const char *path, struct dbfile **ret, struct error *);
/* Makes a new file whose content is 'records' (of dbfile_put_record()): whole and on the disk, or
 * not there at all. -EEXIST when there is one. It is then to be opened. */
int dbfile_create(const char *path, const struct strbuf *records, struct error *);
void dbfile_close(struct dbfile *);

/* Reads the next record: 1 and its JSON, 0 at the end, or a negative errno: -EINVAL for damage,
 * naming the offset. A last record that was not written completely is no error: it is the end, and
 * dbfile_torn() says how much of it there is. */
int dbfile_read(struct dbfile *, json_t **ret, struct error *);
/* Bytes behind the last good record, which the first write will cut off. */
off_t dbfile_torn(const struct dbfile *);
/* Where the record that was read last began. */
off_t dbfile_record_offset(const struct dbfile *);
/* Size of the good records, with those that wait to be written. */
off_t dbfile_size(const struct dbfile *);

/* Appends a record in its file form to a buffer. 'json' is text without the newline. */
void dbfile_put_record(struct strbuf *, const char *json, size_t len);

/* Adds a record to those that wait for dbfile_flush(). */
void dbfile_append(struct dbfile *, const char *json, size_t len);
/* Writes what waits, and with 'sync' makes sure that everything written so far is on the disk. When
 * that fails, the file is cut back to where it was and what waited is forgotten: nothing of it is
 * there. When even that fails, the file is left alone from then on and every later call returns an
 * error, until dbfile_replace() has made a new one. */
int dbfile_flush(struct dbfile *, bool sync, struct error *);
/* True when nothing can be written before dbfile_replace(). */
bool dbfile_is_broken(const struct dbfile *);

/* Puts a new file with these records in the place of this one, atomically and on the disk. On
 * failure the old one stays in use. Nothing may wait for dbfile_flush(). */
int dbfile_replace(struct dbfile *, const struct strbuf *records, struct error *);
/* The same in steps, so that another process (a child) can write the records while this one goes
 * on: from _begin on, what is flushed is remembered; dbfile_write_new() makes the new file, not yet
 * in its place; _end adds what was flushed meanwhile and puts it there; _cancel gives up. */
void dbfile_replace_begin(struct dbfile *);
int dbfile_write_new(const struct dbfile *, const struct strbuf *records, struct error *);
int dbfile_replace_end(struct dbfile *, struct error *);
void dbfile_replace_cancel(struct dbfile *);

#endif
