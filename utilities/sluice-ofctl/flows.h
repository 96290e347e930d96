/* Flows of a switch or of a file, for the commands that work on them. */
#ifndef UTILITIES_OFCTL_FLOWS_H
#define UTILITIES_OFCTL_FLOWS_H

#include "ofproto/codec/flow_text.h"
#include "utilities/sluice-ofctl/batch.h"
#include "utilities/sluice-ofctl/lines.h"
#include "utilities/sluice-ofctl/ports.h"

/* Nicira's messages and statistics. */
enum { OFCTL_NX_SET_FLOW_FORMAT = 12, OFCTL_NX_FLOW_MOD_TABLE_ID = 15 };
enum { OFCTL_NX_FLOW = 0, OFCTL_NX_AGGREGATE = 1 };

/* A flow of a switch. The callback owns nothing. */
typedef void flow_cb(const struct ofp_flow_stats *, void *aux);
/* Called for each part of a reply, after its flows. */
typedef void flow_part_cb(const struct ofconn_msg *, enum ofp_flow_stats_form, bool more,
                          void *aux);
/* Asks for flows. One that cannot be read is an error, at the end: those that can be are given all
 * the same. 'part' may be NULL. */
int flows_dump(struct ofconn *, const struct ofp_flow_query *, flow_cb *, flow_part_cb *part,
               void *aux, struct error *err);
/* In which form flows are to be asked for: in OpenFlow 1.0 Nicira's, when the switch has it. */
int flows_form(struct ofconn *, enum ofp_flow_stats_form *ret, struct error *err);

struct flow {
    struct ofp_flow_stats fs; /* 'actions' is its own. */
    size_t position;          /* In the list as it was made. */
};
struct flow_list {
    struct flow *flow;
    size_t n, size;
};
/* A flow_cb with a struct flow_list: appends a copy. */
void flow_list_add(const struct ofp_flow_stats *, void *list);
void flow_list_free(struct flow_list *);

/* What a line with a flow may begin with: an enum ofp_flow_mod_command. */
extern const struct line_word flow_line_words[];
/* A file with flows, "-" for the standard input: each line that is not empty or a comment is given
 * to 'cb', with its command ("add", "delete", ...; by default 'command') taken off. Errors name the
 * file and the line. */
typedef int flow_line_cb(enum ofp_flow_mod_command, char *text, unsigned int line, void *aux,
                         struct error *err);
int flows_read_file(const char *path, enum ofp_flow_mod_command, flow_line_cb *, void *aux,
                    struct error *err);

/* A batch of flow mods. */
struct flow_batch {
    struct batch batch; /* Ends with batch_end(). */
    bool with_table_id; /* OpenFlow 1.0: switched on. */
};
/* 'any_table': a flow names its table. */
int flow_batch_begin(struct flow_batch *, struct ofconn *, const char *path, bool any_table,
                     bool bundle, struct error *err);
int flow_batch_add(struct flow_batch *, const struct ofp_flow_mod *, unsigned int line,
                   struct error *err);

#endif
