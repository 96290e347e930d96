/* The form of one record in a database file: see dbfile.h. Internal to db/store. Pure functions
 * over bytes. */
#ifndef DB_STORE_DBFILE_RECORD_H
#define DB_STORE_DBFILE_RECORD_H

#include "lib/util.h"

struct record_header {
    size_t text;   /* Where the JSON begins, after the first line. */
    size_t length; /* Of it. */
};

/* Reads the record at the beginning of 'data' and checks its checksum. NULL, or what is wrong. */
const char *record_parse(const char *data, size_t len, struct record_header *ret);
/* True when there is a good record somewhere in 'data', at the beginning of a line. */
bool record_find(const char *data, size_t len);

#endif
