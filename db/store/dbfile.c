/* See dbfile.h. The write path, in the order of what can go wrong: write() short or failing (cut
 * back), fdatasync() failing (the kernel may have dropped the pages: cut back, and trust the file
 * no more unless cutting back reached the disk), a crash anywhere (the reader cuts off an
 * incomplete last record). */
#include "db/store/dbfile.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "db/store/dbfile_record.h"

#define TEMP_SUFFIX ".~new~"

struct dbfile {
    char *path; /* As given, for messages. */
    char *real; /* With symbolic links resolved. */
    mode_t mode;
    int fd;
    int lock_fd;
    off_t good;       /* End of the good records on file. */
    off_t synced;     /* As far as it is known to be on the disk. */
    off_t size;       /* Of the file when it was opened. */
    off_t record;     /* Where the last record that was read began. */
    struct strbuf in; /* The whole file, while it is read. */
    struct strbuf out;
    struct strbuf since; /* What was flushed since dbfile_replace_begin(). */
    bool is_replacing;
    bool has_tail;        /* A torn record is to be cut off before the first write. */
    bool is_broken;       /* A failed write could not be taken back. */
    bool is_dir_unsynced; /* A rename may not be on the disk yet. */
};

/* --- Opening. --- */

/* "DIR/.NAME.~lock~" for the file itself, not for a symbolic link to it. */
static char *lock_name(const char *real)
{
    char *dir = xstrdup(real), *base = xstrdup(real), *name;

    name = xasprintf("%s/.%s.~lock~", dirname(dir), basename(base));
    free(dir);
    free(base);
    return name;
}

static int lock_file(const char *path, const char *real, int *ret_fd, struct error *err)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    char *name = lock_name(real);
    int fd, error = 0;

    fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        error = error_set_errno(err, errno, "database file '%s': cannot open its lock file '%s'",
                                path, name);
    } else if (fcntl(fd, F_OFD_SETLK, &lock)) {
        error = error_set(
            err, EBUSY,
            "database file '%s' is in use by another process, which holds the lock on "
            "'%s'",
            path, name);
        close(fd);
    } else {
        *ret_fd = fd;
    }
    free(name);
    return error;
}

static int read_whole(struct dbfile *f, struct error *err)
{
    struct stat st;
    ssize_t n;
    char buffer[65536];

    if (fstat(f->fd, &st) || !S_ISREG(st.st_mode)) {
        return error_set(err, EINVAL, "database file '%s' is not a regular file", f->path);
    }
    while ((n = read(f->fd, buffer, sizeof buffer)) != 0) {
        if (n < 0 && errno != EINTR) {
            return error_set_errno(err, errno, "database file '%s': cannot be read", f->path);
        }
        strbuf_put(&f->in, buffer, n > 0 ? (size_t)n : 0);
    }
    f->size = (off_t)f->in.len;
    f->mode = st.st_mode & 07777;
    return 0;
}

/* Says early, and without touching anything, that a file is none of ours. */
static int check_magic(const struct dbfile *f, struct error *err)
{
    static const char magic[] = "OVSDB JSON ", cluster[] = "OVSDB CLUSTER ";
    const char *data = strbuf_str(&f->in);

    if (!f->in.len) {
        return error_set(err, EINVAL,
                         "database file '%s' is empty, so it is no database; remove it to have a "
                         "new one made",
                         f->path);
    }
    if (!strncmp(data, cluster, sizeof cluster - 1)) {
        return error_set(err, EINVAL,
                         "database file '%s' is a member of a cluster; convert it with "
                         "\"ovsdb-tool cluster-to-standalone\" first",
                         f->path);
    }
    if (strncmp(data, magic, MIN_OF(sizeof magic - 1, f->in.len))) {
        return error_set(err, EINVAL,
                         "file '%s' is not an OVSDB database (it does not begin with \"OVSDB "
                         "JSON\"); it was left as it is",
                         f->path);
    }
    return 0;
}

int dbfile_open(const char *path, struct dbfile **ret, struct error *err)
{
    struct dbfile *f;
    int error;

    f = xcalloc(1, sizeof *f);
    f->path = xstrdup(path);
    f->fd = f->lock_fd = -1;
    f->real = realpath(path, NULL);
    if (!f->real) {
        error = error_set_errno(err, errno, "database file '%s': cannot be opened", path);
        goto failed;
    }
    /* First, for until then another process may put a new file in the place of this one. */
    error = lock_file(path, f->real, &f->lock_fd, err);
    if (error) {
        goto failed;
    }
    f->fd = open(f->real, O_RDWR | O_CLOEXEC | O_APPEND);
    if (f->fd < 0) {
        error = error_set_errno(err, errno, "database file '%s': cannot be opened", path);
        goto failed;
    }
    error = read_whole(f, err);
    if (!error) {
        error = check_magic(f, err);
    }
    if (error) {
        goto failed;
    }
    *ret = f;
    return 0;

failed:
    dbfile_close(f);
    return error;
}

void dbfile_close(struct dbfile *f)
{
    if (!f) {
        return;
    }
    if (f->fd >= 0) {
        close(f->fd);
    }
    if (f->lock_fd >= 0) {
        close(f->lock_fd);
    }
    strbuf_free(&f->in);
    strbuf_free(&f->out);
    strbuf_free(&f->since);
    free(f->path);
    free(f->real);
    free(f);
}

/* --- Reading. --- */

static int damaged(const struct dbfile *f, const char *why, struct error *err)
{
    return error_set(err, EINVAL,
                     "database file '%s' is damaged at offset %lld: %s; nothing was changed: "
                     "restore it from a backup, or cut it at that offset to lose what follows",
                     f->path, (long long)f->good, why);
}

int dbfile_read(struct dbfile *f, json_t **ret, struct error *err)
{
    const char *data = strbuf_str(&f->in) + f->good;
    size_t left = f->in.len - (size_t)f->good;
    struct record_header header;
    json_error_t json_error;
    char why[400];
    const char *problem;
    json_t *json;

    if (!left) {
        strbuf_free(&f->in);
        f->synced = f->good;
        return 0;
    }
    problem = record_parse(data, left, &header);
    if (problem) {
        /* What a crash left behind can only be at the end. */
        if (record_find(data + 1, left - 1)) {
            return damaged(f, problem, err);
        }
        f->has_tail = true;
        strbuf_free(&f->in);
        f->synced = f->good;
        return 0;
    }
    json = json_loadb(data + header.text, header.length, 0, &json_error);
    if (!json_is_object(json)) {
        snprintf(
            why, sizeof why, "the record's checksum is right, but %s%s",
            json ? "it is not a JSON object" : "it is not JSON: ", json ? "" : json_error.text);
        json_decref(json);
        return damaged(f, why, err);
    }
    f->record = f->good;
    f->good += (off_t)(header.text + header.length);
    *ret = json;
    return 1;
}

off_t dbfile_torn(const struct dbfile *f)
{
    return f->has_tail ? f->size - f->good : 0;
}

off_t dbfile_record_offset(const struct dbfile *f)
{
    return f->record;
}

off_t dbfile_size(const struct dbfile *f)
{
    return f->good + (off_t)f->out.len;
}

/* --- Writing. --- */

static int write_all(int fd, const char *data, size_t len)
{
    while (len) {
        ssize_t n = write(fd, data, len);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return n ? errno : EIO;
        }
        data += n;
        len -= (size_t)n;
    }
    return 0;
}

static int sync_directory(const char *path)
{
    char *copy = xstrdup(path);
    int fd, error = 0;

    fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd)) {
        error = errno;
    }
    if (fd >= 0) {
        close(fd);
    }
    free(copy);
    return error;
}

/* Everything written so far to the disk, and the file's name, too. */
static int sync_file(struct dbfile *f)
{
    int error = 0;

    if (f->is_dir_unsynced) {
        error = sync_directory(f->real);
        f->is_dir_unsynced = error != 0;
    }
    return error ? error : fdatasync(f->fd) ? errno : 0;
}

/* Makes the file end where its good records do. */
static int cut_back(struct dbfile *f, off_t end)
{
    if (ftruncate(f->fd, end) || fdatasync(f->fd)) {
        return errno;
    }
    f->good = f->synced = end;
    return 0;
}

/* After a write or a sync failed: as if it had never been tried. */
static void take_back(struct dbfile *f, off_t end)
{
    strbuf_free(&f->out);
    if (cut_back(f, end)) {
        f->is_broken = true;
    }
}

int dbfile_flush(struct dbfile *f, bool sync, struct error *err)
{
    off_t start = f->good;
    int error;

    if (f->is_broken) {
        strbuf_clear(&f->out);
        return error_set(err, EIO,
                         "database file '%s': an earlier write failed and could not be taken back; "
                         "compact the database to go on in a new file",
                         f->path);
    }
    if (f->has_tail && f->out.len) {
        if (cut_back(f, f->good)) {
            strbuf_clear(&f->out);
            return error_set_errno(err, errno, "database file '%s': cannot cut off a torn record",
                                   f->path);
        }
        f->has_tail = false;
    }
    error = write_all(f->fd, strbuf_str(&f->out), f->out.len);
    if (error) {
        take_back(f, start);
        return error_set_errno(err, error, "database file '%s': cannot be written", f->path);
    }
    f->good += (off_t)f->out.len;
    if (sync && (f->synced != f->good || f->is_dir_unsynced)) {
        error = sync_file(f);
        if (error) {
            /* Also earlier records that nobody has synced yet may be gone without a trace. */
            f->is_broken = f->synced < start;
            take_back(f, start);
            return error_set_errno(err, error, "database file '%s': cannot be written to the disk",
                                   f->path);
        }
        f->synced = f->good;
    }
    if (f->is_replacing) {
        strbuf_put(&f->since, strbuf_str(&f->out), f->out.len);
    }
    strbuf_clear(&f->out);
    return 0;
}

bool dbfile_is_broken(const struct dbfile *f)
{
    return f->is_broken;
}

void dbfile_append(struct dbfile *f, const char *json, size_t len)
{
    dbfile_put_record(&f->out, json, len);
}

/* --- New files. --- */

/* Writes 'records' to 'path', which must not be there, and to the disk. */
static int write_file(const char *path, const struct strbuf *records, mode_t mode, int *ret_fd)
{
    int fd, error;

    fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_APPEND, 0600);
    if (fd < 0) {
        return errno;
    }
    error = write_all(fd, strbuf_str(records), records->len);
    if (!error && (fchmod(fd, mode) || fsync(fd))) {
        error = errno;
    }
    if (error) {
        close(fd);
        unlink(path);
        return error;
    }
    *ret_fd = fd;
    return 0;
}

int dbfile_create(const char *path, const struct strbuf *records, struct error *err)
{
    char *temp = xasprintf("%s" TEMP_SUFFIX, path);
    int fd = -1, error;

    unlink(temp); /* What a crash left. */
    error = write_file(temp, records, 0640, &fd);
    /* A link, because a rename would overwrite what somebody else made meanwhile. */
    if (!error && link(temp, path)) {
        error = errno;
    }
    if (fd >= 0) {
        close(fd);
        unlink(temp);
    }
    if (!error) {
        error = sync_directory(path);
    }
    free(temp);
    return error ? error_set_errno(err, error, "database file '%s': cannot be made", path) : 0;
}

static char *temp_name(const struct dbfile *f)
{
    return xasprintf("%s" TEMP_SUFFIX, f->real);
}

void dbfile_replace_begin(struct dbfile *f)
{
    f->is_replacing = true;
    strbuf_clear(&f->since);
}

void dbfile_replace_cancel(struct dbfile *f)
{
    char *temp = temp_name(f);

    unlink(temp);
    free(temp);
    f->is_replacing = false;
    strbuf_free(&f->since);
}

int dbfile_write_new(const struct dbfile *f, const struct strbuf *records, struct error *err)
{
    char *temp = temp_name(f);
    int fd, error;

    unlink(temp); /* What a crash left; the lock says that nobody else is at it. */
    error = write_file(temp, records, f->mode, &fd);
    if (error) {
        error_set_errno(err, error, "database file '%s': cannot be written", temp);
    } else {
        close(fd);
    }
    free(temp);
    return -error;
}

/* Opens the new file and adds to it what the old one got meanwhile. */
static int complete_new(const struct dbfile *f, const char *temp, int *ret_fd)
{
    int fd = open(temp, O_RDWR | O_CLOEXEC | O_APPEND), error;

    if (fd < 0) {
        return errno;
    }
    error = write_all(fd, strbuf_str(&f->since), f->since.len);
    if (!error && f->since.len && fsync(fd)) {
        error = errno;
    }
    if (!error && rename(temp, f->real)) {
        error = errno;
    }
    if (error) {
        close(fd);
        return error;
    }
    *ret_fd = fd;
    return 0;
}

int dbfile_replace_end(struct dbfile *f, struct error *err)
{
    char *temp = temp_name(f);
    int fd = -1, error;

    error = complete_new(f, temp, &fd);
    if (error) {
        error_set_errno(err, error, "database file '%s': cannot be replaced", f->path);
    } else {
        close(f->fd);
        f->fd = fd;
        f->good = f->synced = lseek(fd, 0, SEEK_END);
        f->has_tail = f->is_broken = false;
        /* The new file is in use in any case. If this fails, a power failure could bring the old
         * one back, so nothing is called durable before it succeeded. */
        f->is_dir_unsynced = sync_directory(f->real) != 0;
    }
    free(temp);
    dbfile_replace_cancel(f); /* Nothing is left to cancel, or all of it. */
    return -error;
}

int dbfile_replace(struct dbfile *f, const struct strbuf *records, struct error *err)
{
    int error;

    dbfile_replace_begin(f);
    error = dbfile_write_new(f, records, err);
    if (error) {
        dbfile_replace_cancel(f);
        return error;
    }
    return dbfile_replace_end(f, err);
}
