/* Arguments of the form COLUMN[:KEY][OPERATOR VALUE]: parsing, setting, testing. ovs-vsctl(8),
 * "Database Command Syntax". */
#ifndef UTILITIES_VSCTL_COLUMN_ARG_H
#define UTILITIES_VSCTL_COLUMN_ARG_H

#include "utilities/sluice-vsctl/vsctl.h"

enum relop {
    RELOP_NONE, /* No operator and value allowed. */
    RELOP_EQ,
    RELOP_NE,
    RELOP_LT,
    RELOP_GT,
    RELOP_LE,
    RELOP_GE,
    RELOP_SET_EQ,
    RELOP_SET_NE,
    RELOP_SET_LT,
    RELOP_SET_GT,
    RELOP_SET_LE,
    RELOP_SET_GE,
    RELOP_SET_IN,
    RELOP_SET_NOT_IN,
};

struct column_arg {
    const struct db_column *column; /* NULL: _uuid. */
    bool has_key;
    char *key; /* As typed. */
    enum relop op;
    const char *value; /* The rest of the argument. */
};

enum column_arg_form {
    COLUMN_ARG_KEY,       /* COLUMN[:KEY] */
    COLUMN_ARG_SET,       /* COLUMN[:KEY]=VALUE */
    COLUMN_ARG_CONDITION, /* COLUMN[:KEY] OPERATOR VALUE */
};

int column_arg_parse(const struct db_table_schema *, const char *text, enum column_arg_form,
                     struct column_arg *ret, struct error *);
void column_arg_free(struct column_arg *);

/* Sets what COLUMN[:KEY]=VALUE says. 'record' is the row as the user names it, NULL when it is new
 * and has no name. */
int column_arg_set(struct vsctl *, struct mrow *, const char *record, const char *text,
                   struct error *);
/* Puts whose value it is before the error that says why it does not fit. */
int column_value_error(const struct mrow *, const char *record, const struct db_column *,
                       struct error *);
/* Whether a row is as COLUMN[:KEY]OPVALUE says. */
int column_arg_test(struct vsctl *, const struct mrow *, const char *text, bool *ret,
                    struct error *);
/* Needs the columns that a command's arguments from 'first' on name, checking the names. */
int column_args_need(struct vsctl *, const struct db_table_schema *, const struct command *,
                     int first, enum column_arg_form, struct error *);
/* Where the argument's key is in the row's map, -1 when it is not; 'purpose' ("get") is for the
 * error that the column is no map. */
int column_arg_find_key(struct vsctl *, const struct mrow *, const struct column_arg *,
                        const char *purpose, int *ret_at, struct error *);
/* Refuses columns that must not be changed in a row that exists. */
int check_mutable(const struct mrow *, const struct db_column *, struct error *);

#endif
