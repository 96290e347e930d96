/* What tells a file that we made from another that has its name by now: a run directory may be
 * removed, and used by another switch, while we run. Any thread. */
#ifndef LIB_FILE_ID_H
#define LIB_FILE_ID_H

#include <stdbool.h>
#include <sys/types.h>

struct file_id {
    dev_t dev;
    ino_t ino; /* 0: no file's. */
};

/* Of the file that 'path' names, itself if it is a symbolic link; no file's when there is none. */
struct file_id file_id_of(const char *path);
/* Whether 'path' names that file; false for no file's. */
bool file_id_names(const struct file_id *, const char *path);
/* Removes the name, if it is still that file's. Leaves errno alone. */
void file_id_unlink(const struct file_id *, const char *path);

#endif
