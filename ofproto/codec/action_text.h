/* Actions as people write them, in ovs-ofctl's syntax ("mod_vlan_vid:5,output:2"), to records: the
 * other way of ofp_actions_format().
 *
 * Words are known by nobody here: codec/action_FAMILY.c registers those of its actions, beside what
 * writes them. Errors name the action, its argument and what is wrong with it. What depends on the
 * rest of the rule, such as prerequisites, is not checked. For command-line programs; control
 * thread. */
#ifndef OFPROTO_CODEC_ACTION_TEXT_H
#define OFPROTO_CODEC_ACTION_TEXT_H

#include "ofproto/codec/action.h"
#include "ofproto/match/text.h"

/* Where an action's text stands. */
struct ofp_action_text {
    ofp_port_lookup *lookup; /* Ports by name; NULL: numbers and the protocol's own names alone. */
    void *aux;
    const struct ofp_match *match; /* What the rule matches; NULL: unknown. */
    unsigned int depth;            /* So many actions have this one in them. */
};

enum ofp_action_arg { OFP_ARG_NONE, OFP_ARG_WANTED, OFP_ARG_OPTIONAL };

/* A word that an action goes by. 'arg' is what follows the colon or stands in the parentheses, ""
 * when there is nothing, and may be written to. Appends to 'out'. */
struct ofp_action_word {
    const char *name;
    enum ofp_action_arg arg;
    int (*parse)(const struct ofp_action_text *, const char *name, char *arg,
                 struct ofp_actions *out, struct error *);
};
void ofp_action_words_register(const struct ofp_action_word *, size_t n);

/* The whole of a rule's actions, with instructions in their order; "drop" is none. '*ret' is empty
 * before and, after an error, again. */
int ofp_actions_parse(const char *text, ofp_port_lookup *lookup, void *aux, struct ofp_actions *ret,
                      struct error *);
/* Those of a rule with this match: "mod_tp_src" then is about its protocol. */
int ofp_actions_parse_for(const struct ofp_match *, const char *text, ofp_port_lookup *lookup,
                          void *aux, struct ofp_actions *ret, struct error *);
/* The actions in an action. */
int ofp_actions_parse_nested(const struct ofp_action_text *, const char *name, const char *text,
                             struct ofp_actions *ret, struct error *);

/* --- For the words' functions. */

/* "action 'NAME': ..." is full: -E2BIG. */
int ofp_action_text_full(const char *name, struct error *);
/* What is next in 's', up to a comma that is in no parentheses, without spaces around it; NULL at
 * the end. Writes to 's'. */
char *ofp_action_text_next(char **s);
/* 'what' says what the number is ("table"). */
int ofp_action_text_number(const char *name, const char *what, const char *text, uint64_t max,
                           uint64_t *ret, struct error *);
/* Bytes of two digits each, with dots between them where people want them; the caller frees them.
 */
int ofp_action_text_bytes(const char *name, const char *text, uint8_t **ret, size_t *ret_n,
                          struct error *);
int ofp_action_text_port(const struct ofp_action_text *, const char *name, const char *text,
                         uint32_t *ret, struct error *);
/* "reg0[0..15]", "NXM_NX_REG0[]". */
int ofp_subfield_parse(const char *text, struct ofp_subfield *ret, struct error *);
/* The same, of the action 'name'. */
int ofp_action_text_subfield(const char *name, const char *text, bool to_write,
                             struct ofp_subfield *ret, struct error *);
/* "A->B": cuts after A and returns B, or NULL with the error. */
char *ofp_action_text_arrow(const char *name, char *text, struct error *);
/* A field by any of its names, also NXM's ("NXM_OF_ETH_SRC"); NULL: there is none. */
const struct ofp_field *ofp_field_by_any_name(const char *name, size_t len);
/* "NXM_OF_ETH_SRC", "OXM_OF_METADATA": NXM's name, where there is one. */
void ofp_field_format_nxm_name(struct strbuf *, const struct ofp_field *);
/* A reserved port's name, in any case of letters ("NORMAL"). */
bool ofp_port_by_name(const char *name, uint32_t *ret);

#endif
