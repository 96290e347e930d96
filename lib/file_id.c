/* The identity of files that have names of their own: see file_id.h. */
#include "lib/file_id.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

struct file_id file_id_of(const char *path)
{
    struct file_id id = {0};
    struct stat st;

    if (!lstat(path, &st)) {
        id.dev = st.st_dev;
        id.ino = st.st_ino;
    }
    return id;
}

bool file_id_names(const struct file_id *id, const char *path)
{
    struct file_id now = file_id_of(path);

    return id->ino && now.ino == id->ino && now.dev == id->dev;
}

void file_id_unlink(const struct file_id *id, const char *path)
{
    int error = errno;

    if (file_id_names(id, path)) {
        unlink(path);
    }
    errno = error;
}
