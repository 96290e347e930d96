/* What a translation does, written down for people: a tree of steps. A bridge has tables, a table
 * the actions of its rule, an action what it led to: a table, buckets, a bridge behind a patch
 * port, and remarks. Translation writes (xlate.h), ofproto/trace shows it. Nothing is written, and
 * no text is made, unless somebody asked for a record. Control thread. */
#ifndef OFPROTO_XLATE_RECORD_H
#define OFPROTO_XLATE_RECORD_H

#include <jansson.h>

#include "datapath/flow/action.h"
#include "lib/strbuf.h"
#include "ofproto/match/flow.h"

/* Steps of one record; what comes after them is not written down. */
#define XLATE_MAX_STEPS 10000

enum xlate_step_kind {
    XLATE_STEP_BRIDGE,
    XLATE_STEP_TABLE, /* A rule, or none. */
    XLATE_STEP_SET,   /* The action set. */
    XLATE_STEP_ACTION,
    XLATE_STEP_BUCKET,
    XLATE_STEP_DETAIL,  /* What came of it. */
    XLATE_STEP_WARNING, /* Why something else came of it. */
    XLATE_STEP_ERROR,   /* Why nothing did. */
};

struct xlate_step {
    enum xlate_step_kind kind;
    char *text;
    json_t *rule; /* Of a table's step: what there is to say of the rule; or NULL. */
    struct xlate_step *parent;
    struct xlate_step *first, *last; /* In it. */
    struct xlate_step *next;         /* In the same one. */
};

struct xlate_record {
    struct xlate_step root;
    struct xlate_step *at; /* Steps are put into this one. */
    unsigned int n;
    bool is_full;
    struct ofp_flow final; /* What became of the packet, */
    bool dropped;          /* or that and why nothing was output. */
    enum dp_policy_drop reason;
};

void xlate_record_init(struct xlate_record *);
void xlate_record_free(struct xlate_record *);
/* Appends a step to the one at hand; takes 'text' over. NULL: the record is full. */
struct xlate_step *xlate_record_add(struct xlate_record *, enum xlate_step_kind, char *text);

/* As ofproto/trace prints it: Open vSwitch's indentation, in which what comes last in a list goes
 * on at its level. */
void xlate_record_format(struct strbuf *, const struct xlate_record *);
json_t *xlate_record_json(const struct xlate_record *);

#endif
