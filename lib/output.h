/* What a command-line program prints. */
#ifndef LIB_OUTPUT_H
#define LIB_OUTPUT_H

#include "lib/error.h"

/* Sends what was printed to stdout on its way. 0, or a negative errno with '*err' set when it, or
 * something before it, could not be written. Does not return when stdout is a pipe that nobody
 * reads (any more): see output.c. Main thread. */
int output_flush(struct error *err);

#endif
