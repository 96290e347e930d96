/* Files of which each line is something to do, for the commands that read them. */
#ifndef UTILITIES_OFCTL_LINES_H
#define UTILITIES_OFCTL_LINES_H

#include "lib/error.h"

/* Each line of a file, "-" for the standard input, that is not empty or a comment, without spaces
 * before it; 'text' may be written to. Errors name the file and the line. */
typedef int line_cb(char *text, unsigned int line, void *aux, struct error *err);
int lines_read(const char *path, line_cb *cb, void *aux, struct error *err);

struct line_word {
    const char *word; /* NULL ends a list. */
    unsigned int value;
};
/* A word of the list that a line begins with is taken off it; else '*value' stays. */
char *lines_take_word(char *text, const struct line_word *words, unsigned int *value);

#endif
