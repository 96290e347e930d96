/* docs/drop-reasons.md has one row for each reason that the datapath registers, and no other. Runs
 * in the project's folder, as `make check-unit` does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "datapath/core/drop.h"

#define PAGE "docs/drop-reasons.md"

static unsigned int n_rows[DROP_MAX_REASONS];

static const struct drop_reason *find(const char *name)
{
    for (unsigned int id = 0; id < drop_n_reasons(); id++) {
        if (!strcmp(drop_reason_get(id)->name, name)) {
            return drop_reason_get(id);
        }
    }
    return NULL;
}

/* A row is: | `name` | where | meaning | what to do | */
static int read_page(void **state UNUSED)
{
    FILE *page = fopen(PAGE, "r");
    char line[1000], name[64], cells[3][400];

    if (!page) {
        print_error("%s cannot be opened: run this test in the project's folder\n", PAGE);
        return -1;
    }
    while (fgets(line, sizeof line, page)) {
        const struct drop_reason *reason;

        if (strncmp(line, "| `", 3)) {
            continue;
        }
        if (sscanf(line, "| `%63[^`]` | %399[^|]| %399[^|]| %399[^|]|", name, cells[0], cells[1],
                   cells[2]) != 4) {
            print_error("%s: a row without four cells: %s", PAGE, line);
            fclose(page);
            return -1;
        }
        reason = find(name);
        if (!reason) {
            print_error("%s: the datapath has no reason '%s'\n", PAGE, name);
            fclose(page);
            return -1;
        }
        n_rows[reason->id]++;
    }
    fclose(page);
    return 0;
}

static void every_reason_has_one_row(void **state UNUSED)
{
    assert_true(drop_n_reasons() > 0);
    for (unsigned int id = 0; id < drop_n_reasons(); id++) {
        if (n_rows[id] != 1) {
            fail_msg("%s has %u rows for reason '%s' (%s)", PAGE, n_rows[id],
                     drop_reason_get(id)->name, drop_reason_get(id)->help);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_reason_has_one_row, read_page),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
