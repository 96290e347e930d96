/* Descriptors that a program asked its supervisor to keep, to be handed to its successor: the
 * queues of tap devices, which must outlive a crash of the datapath. One store per program;
 * bounded, because programs are not trusted to stop. Supervisor's thread. */
#ifndef UTILITIES_SLUICE_FDSTORE_H
#define UTILITIES_SLUICE_FDSTORE_H

#include "lib/error.h"

#define FDSTORE_MAX 8192
/* Names travel in one environment variable, of which the kernel takes 128 KiB. */
#define FDSTORE_MAX_NAMES ((size_t)120 << 10)

struct fdstore_entry {
    char *name;
    int fd;
};

struct fdstore {
    struct fdstore_entry *entries;
    size_t n;
    size_t size;
    size_t names_len; /* Of all names, each with a separator. */
};

/* Keeps 'fd', which it takes over in any case; the same file twice under one name is kept once. */
int fdstore_add(struct fdstore *, const char *name, int fd, struct error *);
/* Closes all called 'name', in the background (closer.h). */
void fdstore_remove(struct fdstore *, const char *name);
/* Closes all; they are closed when it returns. */
void fdstore_clear(struct fdstore *);
/* In a child, before exec: makes the descriptors 3, 4, ... and sets $LISTEN_PID, $LISTEN_FDS and
 * $LISTEN_FDNAMES. Does not return to be used further. 0 or a negative errno. */
int fdstore_hand_over(const struct fdstore *);

#endif
