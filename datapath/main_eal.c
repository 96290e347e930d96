/* How sluice-datapath starts DPDK's EAL: in a process that shares nothing with others (ten
 * datapaths run side by side on one machine), touches no PCI device unless asked to, pins no thread
 * that is not a worker, and logs through our log. Main thread, once. */
#include "datapath/main_datapath.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_log.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/util.h"

LOG_MODULE(eal);

#define MAX_ARGS 64
#define DEFAULT_MEMORY_MB 512
#define ENOUGH_MEMORY_MB 128 /* For tens of ports and gigabits: hugepages are worth that. */
#define HUGEPAGES_DIR "/sys/kernel/mm/hugepages"

static bool hugepages;
static char last_line[256]; /* Of EAL's log: why it failed. */

bool eal_has_hugepages(void)
{
    return hugepages;
}

/* --- EAL's log goes to ours. EAL writes whole lines. --- */

static ssize_t log_line(void *cookie UNUSED, const char *text, size_t n)
{
    int len = (int)MIN_OF(n, sizeof last_line - 1);

    while (len && isspace((unsigned char)text[len - 1])) {
        len--;
    }
    if (len) {
        snprintf(last_line, sizeof last_line, "%.*s", len, text);
        log_warn("%s", last_line);
    }
    return (ssize_t)n;
}

static void redirect_log(void)
{
    FILE *stream = fopencookie(NULL, "w", (cookie_io_functions_t){.write = log_line});

    if (stream) {
        setvbuf(stream, NULL, _IOLBF, BUFSIZ);
        rte_openlog_stream(stream);
    }
    rte_log_set_global_level(RTE_LOG_WARNING);
}

/* --- Arguments. --- */

/* MiB of hugepages that are free, over all page sizes. */
static unsigned long free_hugepages_mb(void)
{
    DIR *dir = opendir(HUGEPAGES_DIR);
    unsigned long sum = 0;
    struct dirent *entry;

    while (dir && (entry = readdir(dir))) {
        char path[320];
        unsigned long page_kb, n;
        FILE *file;

        if (sscanf(entry->d_name, "hugepages-%lukB", &page_kb) != 1) {
            continue;
        }
        snprintf(path, sizeof path, "%s/%s/free_hugepages", HUGEPAGES_DIR, entry->d_name);
        file = fopen(path, "re");
        if (file && fscanf(file, "%lu", &n) == 1) {
            sum += n * page_kb / 1024;
        }
        if (file) {
            fclose(file);
        }
    }
    if (dir) {
        closedir(dir);
    }
    return sum;
}

/* One lcore, allowed on every CPU that this process is: by default EAL would start a thread for
 * each CPU and pin the main thread to the first. Workers are threads of core's own. */
static void format_lcores(char *buffer, size_t size)
{
    cpu_set_t set;
    size_t len = (size_t)snprintf(buffer, size, "--lcores=0@(");
    bool any = false;

    CPU_ZERO(&set);
    sched_getaffinity(0, sizeof set, &set);
    for (int cpu = 0; cpu < CPU_SETSIZE && len + 16 < size; cpu++) {
        if (CPU_ISSET(cpu, &set)) {
            len += (size_t)snprintf(buffer + len, size - len, "%s%d", any ? "," : "", cpu);
            any = true;
        }
    }
    snprintf(buffer + len, size - len, "%s)", any ? "" : "0");
}

struct arguments {
    char *argv[MAX_ARGS];
    int argc;
};

static int add(struct arguments *a, const char *arg, struct error *err)
{
    if (a->argc == MAX_ARGS - 1) {
        return error_set(err, E2BIG, "option --eal: more than %d arguments", MAX_ARGS);
    }
    a->argv[a->argc++] = xstrdup(arg);
    return 0;
}

/* Whether an argument begins with one of the prefixes, of which NULL is the last. */
static bool has_option(const struct arguments *a, const char *const prefixes[])
{
    for (int i = 1; i < a->argc; i++) {
        for (size_t j = 0; prefixes[j]; j++) {
            if (!strncmp(a->argv[i], prefixes[j], strlen(prefixes[j]))) {
                return true;
            }
        }
    }
    return false;
}

static int add_words(struct arguments *a, const char *words, struct error *err)
{
    char *copy = xstrdup(words ? words : ""), *word, *save = NULL;
    int error = 0;

    for (word = strtok_r(copy, " \t\n", &save); word && !error;
         word = strtok_r(NULL, " \t\n", &save)) {
        error = add(a, word, err);
    }
    free(copy);
    return error;
}

/* A number that nobody chose is made to fit the hugepages that there are, if they are enough to run
 * with. */
static void choose_memory(unsigned int *memory_mb)
{
    unsigned long free_mb = free_hugepages_mb();

    if (!*memory_mb) {
        *memory_mb = free_mb >= ENOUGH_MEMORY_MB ? (unsigned int)MIN_OF(free_mb, DEFAULT_MEMORY_MB)
                                                 : DEFAULT_MEMORY_MB;
    }
    hugepages = free_mb >= *memory_mb;
    if (!hugepages && free_mb) {
        log_info(
            "the %lu MiB of free hugepages are fewer than the %u MiB wanted: they are not used",
            free_mb, *memory_mb);
    }
}

static int build_arguments(struct arguments *a, unsigned int *memory_mb, const char *extra,
                           struct error *err)
{
    static const char *const device_options[] = {"-a", "--allow", NULL};
    static const char *const lcore_options[] = {"-l", "-c", "--lcores", NULL};
    char memory_arg[32], lcores[4096];
    int error = add(a, "sluice-datapath", err);

    choose_memory(memory_mb);
    snprintf(memory_arg, sizeof memory_arg, "-m%u", *memory_mb);
    format_lcores(lcores, sizeof lcores);
    error = error ? error : add_words(a, extra, err);
    if (!error && !has_option(a, lcore_options)) {
        error = add(a, lcores, err);
    }
    if (!error && !has_option(a, device_options)) {
        error = add(a, "--no-pci", err);
    }
    error = error ? error : add(a, hugepages ? "--in-memory" : "--no-huge", err);
    error = error ? error : add(a, "--no-shconf", err);
    error = error ? error : add(a, "--no-telemetry", err);
    error = error ? error : add(a, "--log-level=*:warning", err);
    return error ? error : add(a, memory_arg, err);
}

/* EAL makes a directory for files that it then, sharing nothing, does not use. */
static void remove_unused_dirs(const char *rundir)
{
    static const char *const dirs[] = {"dpdk/rte", "dpdk"};

    for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
        char *path = xasprintf("%s/%s", rundir, dirs[i]);

        rmdir(path);
        free(path);
    }
}

/* EAL answers a bad argument with pages of usage on stdout; what is wrong is in its log. */
static int init_quietly(int argc, char *argv[])
{
    int saved = dup(STDOUT_FILENO), null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC), rc;

    fflush(stdout);
    if (null_fd >= 0 && saved >= 0) {
        dup2(null_fd, STDOUT_FILENO);
    }
    rc = rte_eal_init(argc, argv);
    fflush(stdout);
    if (saved >= 0) {
        dup2(saved, STDOUT_FILENO);
        close(saved);
    }
    if (null_fd >= 0) {
        close(null_fd);
    }
    return rc;
}

static int check_memory(unsigned int memory_mb, struct error *err)
{
    long pages = sysconf(_SC_PHYS_PAGES), page_size = sysconf(_SC_PAGESIZE);
    unsigned long total_mb = pages > 0 ? (unsigned long)pages / (1048576 / (size_t)page_size) : 0;

    if (total_mb && memory_mb > total_mb) {
        return error_set(err, ENOMEM,
                         "option --memory: %u MiB are more than the %lu MiB of this machine",
                         memory_mb, total_mb);
    }
    return 0;
}

int eal_start(unsigned int memory_mb, const char *args, const char *rundir, struct error *err)
{
    /* EAL keeps pointers into its arguments. */
    static struct arguments a;
    char *argv[MAX_ARGS];
    int error = check_memory(memory_mb, err);

    error = error ? error : build_arguments(&a, &memory_mb, args, err);
    if (error) {
        return error;
    }
    setenv("RUNTIME_DIRECTORY", rundir, 1);
    redirect_log();
    memcpy(argv, a.argv, sizeof argv); /* EAL permutes it. */
    if (init_quietly(a.argc, argv) < 0) {
        return error_set(err, rte_errno ? rte_errno : EIO,
                         "DPDK does not start with %u MiB of %s and --eal '%s': %s", memory_mb,
                         hugepages ? "hugepages" : "memory", args ? args : "",
                         *last_line ? last_line : rte_strerror(rte_errno));
    }
    remove_unused_dirs(rundir);
    log_info("DPDK started with %u MiB of %s", memory_mb,
             hugepages ? "hugepages" : "ordinary memory");
    return 0;
}

void eal_stop(void)
{
    rte_eal_cleanup();
}
