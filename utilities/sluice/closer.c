/* See closer.h. Up to CLOSER_THREADS threads, which are there only while there is something to
 * close; they share nothing else with the supervisor. */
#include "utilities/sluice/closer.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/util.h"

#define CLOSER_THREADS 16

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ended = PTHREAD_COND_INITIALIZER;
static int *fds; /* A stack. */
static size_t n_fds, size;
static unsigned int n_threads;

static void *run(void *aux UNUSED)
{
    pthread_mutex_lock(&mutex);
    while (n_fds) {
        int fd = fds[--n_fds];

        pthread_mutex_unlock(&mutex);
        close(fd);
        pthread_mutex_lock(&mutex);
    }
    n_threads--;
    pthread_cond_broadcast(&ended);
    pthread_mutex_unlock(&mutex);
    return NULL;
}

/* Signals are the supervisor's: the thread has them blocked. */
static bool start_thread(void)
{
    sigset_t all, before;
    pthread_t thread;
    bool started;

    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    started = !pthread_create(&thread, NULL, run, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (started) {
        pthread_detach(thread);
    }
    return started;
}

void closer_close(int fd)
{
    bool here = false;

    pthread_mutex_lock(&mutex);
    if (n_threads < CLOSER_THREADS) {
        if (start_thread()) {
            n_threads++;
        }
    }
    if (n_threads) {
        if (n_fds == size) {
            size = size * 2 + 16;
            fds = xreallocarray(fds, size, sizeof *fds);
        }
        fds[n_fds++] = fd;
    } else {
        here = true;
    }
    pthread_mutex_unlock(&mutex);
    if (here) {
        close(fd);
    }
}

void closer_wait(void)
{
    pthread_mutex_lock(&mutex);
    while (n_threads) {
        pthread_cond_wait(&ended, &mutex);
    }
    free(fds);
    fds = NULL;
    size = 0;
    pthread_mutex_unlock(&mutex);
}
