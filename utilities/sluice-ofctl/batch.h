/* Messages that change a switch, on their way: sent as they are added, one by one or in a bundle,
 * of which all or none is carried out; batch_end() waits for them and says which were refused. */
#ifndef UTILITIES_OFCTL_BATCH_H
#define UTILITIES_OFCTL_BATCH_H

#include "utilities/sluice-ofctl/conn.h"

/* The versions that can carry it: with --bundle those that have bundles, 1.3 by an extension. */
static inline uint32_t batch_versions(const struct ofctl_options *o)
{
    return o->bundle ? 1u << OFP13 | 1u << OFP14 | 1u << OFP15 : OFP_ALL_VERSIONS;
}

struct batch {
    struct ofconn *conn;
    const char *path; /* NULL: not of a file. */
    const char *what; /* "flow", for errors. */
    bool bundle;
    uint32_t first_xid;
    unsigned int *lines; /* Of each xid from the first on; 0: not of a line. */
    size_t n, size;
    size_t n_refused;
    struct error first; /* Of those refused. */
};

/* 'path' and 'what' live on. */
int batch_begin(struct batch *, struct ofconn *, const char *path, const char *what, bool bundle,
                struct error *err);
/* The xid that the next message must have. */
uint32_t batch_xid(struct batch *);
/* A whole message with batch_xid(), which is emptied; 'line' is of the file. */
int batch_add(struct batch *, struct strbuf *msg, unsigned int line, struct error *err);
/* Frees it, whatever happens. */
int batch_end(struct batch *, struct error *err);
void batch_free(struct batch *); /* When it does not come to its end. */

#endif
