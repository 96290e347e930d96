/* Bytes to and from a switch, with a deadline; see conn.h. */
#ifndef UTILITIES_OFCTL_SOCKET_H
#define UTILITIES_OFCTL_SOCKET_H

#include "lib/strbuf.h"
#include "utilities/sluice-ofctl/ofctl.h"

struct ofsocket {
    int fd;               /* -1: not open. */
    uint64_t deadline_ms; /* Of the monotonic clock; UINT64_MAX: none. */
    unsigned int timeout_s;
    struct strbuf in; /* Received; the first 'used' bytes were given out. */
    size_t used;
};

/* To a bridge of the run directory (its socket RUNDIR/BRIDGE.SUFFIX), unix:PATH or
 * tcp:HOST[:PORT]. On an error it is closed. */
int ofsocket_connect(struct ofsocket *, const struct ofctl_options *, const char *target,
                     const char *suffix, struct error *err);
void ofsocket_close(struct ofsocket *);
int ofsocket_write(struct ofsocket *, const void *, size_t len, struct error *err);
/* A whole message, with its header, valid until the next call. */
int ofsocket_read(struct ofsocket *, const uint8_t **ret, size_t *ret_len, struct error *err);

#endif
