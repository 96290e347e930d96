/* What `sluice status` shows: made by the supervisor as JSON, printed for a person by the command.
 */
#ifndef UTILITIES_SLUICE_REPORT_H
#define UTILITIES_SLUICE_REPORT_H

#include <jansson.h>
#include <stdio.h>

#include "utilities/sluice/program.h"

/* The supervisor's side; the caller owns the result. */
json_t *report_status(const char *rundir, uint64_t started_ms, const struct program *, size_t n);
/* The command's side: prints it, and returns true when all programs are ready. */
bool report_print(const json_t *status, FILE *);
bool report_is_well(const json_t *status);

#endif
