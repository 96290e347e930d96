/* What Open_vSwitch's column 'statistics' holds when other_config:enable-statistics is true: facts
 * about the machine, in the form of ovs-vswitchd.conf.db(5). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "vswitchd/reconcile/live.h"

static unsigned long meminfo_kb(const char *text, const char *key)
{
    const char *at = strstr(text, key);
    unsigned long kb = 0;

    return at && sscanf(at + strlen(key), ": %lu", &kb) == 1 ? kb : 0;
}

static void put_text(json_t *map, const char *key, const char *text)
{
    map_put(map, key, json_string(text));
}

static void put_memory(json_t *map)
{
    char text[4096], value[128];
    FILE *f = fopen("/proc/meminfo", "r");
    unsigned long total, used, cached, swap_total, swap_used;
    size_t n;

    if (!f) {
        return;
    }
    n = fread(text, 1, sizeof text - 1, f);
    text[n] = '\0';
    fclose(f);
    total = meminfo_kb(text, "MemTotal");
    used = total - meminfo_kb(text, "MemFree");
    cached = meminfo_kb(text, "Buffers") + meminfo_kb(text, "\nCached");
    swap_total = meminfo_kb(text, "SwapTotal");
    swap_used = swap_total - meminfo_kb(text, "SwapFree");
    snprintf(value, sizeof value, "%lu,%lu,%lu,%lu,%lu", total, used, cached, swap_total,
             swap_used);
    put_text(map, "memory", value);
}

static void put_file_systems(json_t *map)
{
    struct statvfs vfs;
    char value[128];

    if (!statvfs("/", &vfs)) {
        unsigned long long block = vfs.f_frsize;
        snprintf(value, sizeof value, "/,%llu,%llu", vfs.f_blocks * block / 1024,
                 (vfs.f_blocks - vfs.f_bfree) * block / 1024);
        put_text(map, "file_systems", value);
    }
}

json_t *system_stats(void)
{
    json_t *map = map_new();
    double load[3];
    char value[128];
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);

    snprintf(value, sizeof value, "%ld", cpus > 0 ? cpus : 1);
    put_text(map, "cpu", value);
    if (getloadavg(load, 3) == 3) {
        snprintf(value, sizeof value, "%.2f,%.2f,%.2f", load[0], load[1], load[2]);
        put_text(map, "load_average", value);
    }
    put_memory(map);
    put_file_systems(map);
    return map;
}
