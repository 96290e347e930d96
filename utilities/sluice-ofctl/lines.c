/* See lines.h. */
#include "utilities/sluice-ofctl/lines.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SPACES " \t"

char *lines_take_word(char *text, const struct line_word *words, unsigned int *value)
{
    size_t n;

    text += strspn(text, SPACES);
    n = strspn(text, "abcdefghijklmnopqrstuvwxyz_-");
    for (; words->word; words++) {
        if (strlen(words->word) == n && !memcmp(text, words->word, n) &&
            (!text[n] || isspace((unsigned char)text[n]))) {
            *value = words->value;
            text += n;
            return text + strspn(text, SPACES);
        }
    }
    return text;
}

int lines_read(const char *path, line_cb *cb, void *aux, struct error *err)
{
    FILE *f = strcmp(path, "-") ? fopen(path, "re") : stdin;
    unsigned int n = 0;
    char *line = NULL;
    size_t size = 0;
    int rc = 0;

    if (!f) {
        return error_set_errno(err, errno, "%s", path);
    }
    while (!rc && getline(&line, &size, f) >= 0) {
        char *text = line + strspn(line, SPACES);

        n++;
        text[strcspn(text, "#\r\n")] = '\0';
        if (*text) {
            rc = cb(text, n, aux, err);
            rc = rc ? error_prefix(err, "%s:%u", path, n) : 0;
        }
    }
    if (!rc && ferror(f)) {
        rc = error_set_errno(err, errno, "%s", path);
    }
    free(line);
    if (f != stdin) {
        fclose(f);
    }
    return rc;
}
