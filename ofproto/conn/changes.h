/* What flow mods did to the tables of a bridge: so that it can be undone (a bundle that fails) and,
 * when it stands, told to those who want to know. For the files of conn/. Event base's thread. */
#ifndef OFPROTO_CONN_CHANGES_H
#define OFPROTO_CONN_CHANGES_H

#include "ofproto/bridge.h"
#include "ofproto/codec/flow_removed.h"

enum flow_change_kind { FLOW_ADDED, FLOW_REMOVED, FLOW_MODIFIED };

struct flow_change {
    struct ofp_rule *rule;
    union {
        struct ofp_rule *replaced;  /* By one that was added; NULL: none. */
        struct flow_before *before; /* Of one that was modified. */
    };
    enum flow_change_kind kind;
    enum ofp_removed_reason reason; /* Of one that was removed. */
};

struct flow_changes {
    struct flow_change *list;
    size_t n;
    size_t size;
};

/* Carried out and noted. The rule's reference goes to the table, where it takes the place of 'old'
 * (NULL: there is none with its match and priority). */
void flow_changes_add(struct flow_changes *, struct ofproto *, uint8_t table_id,
                      struct ofp_rule *old, struct ofp_rule *);
/* The same, of a rule that may be too much for its table, which may make room: OpenFlow 1.4.1
 * section 6.5. One that replaces another keeps that one's counters, unless they are to start anew.
 * 0 or OFPERR_FMFC_TABLE_FULL. */
int flow_changes_add_within_limit(struct flow_changes *, struct ofproto *, uint8_t table_id,
                                  struct ofp_rule *, bool reset_counts);
void flow_changes_remove(struct flow_changes *, struct ofproto *, struct ofp_rule *,
                         enum ofp_removed_reason);
/* Noted; the caller modifies the rule next. */
void flow_changes_modify(struct flow_changes *, struct ofproto *, struct ofp_rule *);

/* Both end the list: makes the tables what they were; or lets it stand and tells of it. */
void flow_changes_undo(struct flow_changes *, struct ofproto *);
struct flow_author;
void flow_changes_finish(struct flow_changes *, struct ofproto *, uint64_t now_ms,
                         const struct flow_author *);

#endif
