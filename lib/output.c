/* Standard output of command-line programs. They ignore SIGPIPE, because a socket whose other end
 * dies is an error to be told; but a reader of their output that has had enough ('... | head') is
 * none, and must end them without a word, as it ends every program of a pipe. Called by programs
 * in utilities/, never by a daemon. */
#include "lib/output.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

/* Not told by errno, which may be of a later call than the one that failed. */
static bool reader_is_gone(void)
{
    struct pollfd p = {.fd = STDOUT_FILENO};

    return poll(&p, 1, 0) > 0 && (p.revents & POLLERR);
}

int output_flush(struct error *err)
{
    int error;

    if (!fflush(stdout) && !ferror(stdout)) {
        return 0;
    }
    error = errno ? errno : EIO;
    if (reader_is_gone()) {
        signal(SIGPIPE, SIG_DFL);
        raise(SIGPIPE);
    }
    return error_set_errno(err, error, "cannot write the output");
}
