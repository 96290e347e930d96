/* Command-line options: see options.h. Prints and exits itself, because a program that was called
 * wrongly has nothing better to do. Main thread, at start. */
#include "lib/options.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HELP_COLUMN 31 /* Where the options' texts begin, */
#define HELP_WIDTH 80  /* and where lines end at the latest. */

struct parser {
    int argc;
    char **argv;
    int next; /* Index of the next word. */
    const char *program;
    const struct option_def *defs;
};

static void __attribute__((noreturn)) PRINTF_LIKE(2, 3)
    fail(const struct parser *p, const char *fmt, ...)
{
    va_list args;

    fprintf(stderr, "%s: ", p->program);
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fprintf(stderr, "; '%s --help' lists the options\n", p->program);
    exit(EXIT_FAILURE);
}

/* Prints 'text' from the cursor's 'column' to the end of the line and on, in the column of the
 * options' texts. */
static void print_wrapped(size_t column, const char *text)
{
    while (*text) {
        size_t n = strcspn(text, " ");

        if (column + 1 + n > HELP_WIDTH) {
            printf("\n%*s", HELP_COLUMN - 1, "");
            column = HELP_COLUMN - 1;
        }
        printf(" %.*s", (int)n, text);
        column += 1 + n;
        text += n + strspn(text + n, " ");
    }
    putchar('\n');
}

void options_print_one(char letter, const char *name, const char *arg, const char *help)
{
    char left[64];

    snprintf(left, sizeof left, "%s%c%s--%s%s%s", letter ? "-" : "", letter ? letter : ' ',
             letter ? ", " : "   ", name, arg ? "=" : "", arg ? arg : "");
    printf("  %-28s", left);
    print_wrapped(strlen(left) > 28 ? HELP_WIDTH : HELP_COLUMN - 1, help);
}

static void __attribute__((noreturn)) print_help(const char *program, const char *synopsis,
                                                 const char *about, const struct option_def *defs)
{
    printf("Usage: %s %s\n\n%s\n\nOptions:\n", program, synopsis, about);
    for (const struct option_def *d = defs; d->name; d++) {
        options_print_one(d->letter, d->name, d->arg, d->help);
    }
    options_print_one('h', "help", NULL, "show this text");
    options_print_one('V', "version", NULL, "show the version");
    exit(fflush(stdout) ? 1 : 0);
}

static void __attribute__((noreturn)) print_version(const char *program)
{
    printf("%s (Sluice) %s\n", program, SLUICE_VERSION);
    exit(fflush(stdout) ? 1 : 0);
}

static void apply(const struct option_def *d, const char *value)
{
    if (d->each) {
        d->each(value, d->aux);
    } else if (d->arg) {
        *d->value = value;
    } else {
        *d->flag = true;
    }
}

/* The value of 'd': 'attached' ("--name=VALUE"), else the next word. */
static const char *take_value(struct parser *p, const struct option_def *d, const char *as_given,
                              const char *attached)
{
    if (attached) {
        return attached;
    }
    if (p->next >= p->argc) {
        fail(p, "option '%s' needs a value (%s)", as_given, d->arg);
    }
    return p->argv[p->next++];
}

/* 'word' begins with two dashes and has more. */
static const struct option_def *find_long(const struct parser *p, const char *word, size_t len)
{
    for (const struct option_def *d = p->defs; d->name; d++) {
        if (strlen(d->name) == len && !strncmp(d->name, word, len)) {
            return d;
        }
    }
    return NULL;
}

static void parse_long(struct parser *p, const char *word)
{
    const char *name = word + 2, *equals = strchr(name, '=');
    size_t len = equals ? (size_t)(equals - name) : strlen(name);
    const struct option_def *d = find_long(p, name, len);

    if (!d) {
        fail(p, "unknown option '%.*s'", (int)(len + 2), word);
    }
    if (d->arg) {
        apply(d, take_value(p, d, word, equals ? equals + 1 : NULL));
    } else if (equals) {
        fail(p, "option '--%s' takes no value", d->name);
    } else {
        apply(d, NULL);
    }
}

/* One word of short options: "-v", "-vdbg", "-abv dbg". */
static void parse_letters(struct parser *p, const char *word, const char *synopsis,
                          const char *about)
{
    for (const char *c = word + 1; *c; c++) {
        const struct option_def *d = p->defs;
        char as_given[] = {'-', *c, '\0'};

        while (d->name && d->letter != *c) {
            d++;
        }
        if (!d->name) {
            if (*c == 'h') {
                print_help(p->program, synopsis, about, p->defs);
            } else if (*c == 'V') {
                print_version(p->program);
            }
            fail(p, "unknown option '-%c'", *c);
        }
        if (d->arg) {
            apply(d, take_value(p, d, as_given, c[1] ? c + 1 : NULL));
            return;
        }
        apply(d, NULL);
    }
}

int options_parse(int argc, char *argv[], const char *program, const char *synopsis,
                  const char *about, const struct option_def *defs)
{
    struct parser p = {.argc = argc, .argv = argv, .next = 1, .program = program, .defs = defs};

    while (p.next < argc && argv[p.next][0] == '-' && argv[p.next][1]) {
        const char *word = argv[p.next++];

        if (!strcmp(word, "--")) {
            break;
        } else if (!strcmp(word, "--help")) {
            print_help(program, synopsis, about, defs);
        } else if (!strcmp(word, "--version")) {
            print_version(program);
        } else if (word[1] == '-') {
            parse_long(&p, word);
        } else {
            parse_letters(&p, word, synopsis, about);
        }
    }
    return p.next;
}
