/* Matches as people write them: ovs-ofctl's syntax ("tcp,in_port=1,dl_vlan=10,nw_dst=10.0.0.0/8,
 * tcp_dst=80"), both ways. Used by ctl commands, traces and logs. Pure functions. */
#ifndef OFPROTO_MATCH_TEXT_H
#define OFPROTO_MATCH_TEXT_H

#include "ofproto/match/field.h"

/* Appends the match; nothing when it matches everything. */
void ofp_match_format(struct strbuf *, const struct ofp_match *);

/* One field's value under a mask, both right-aligned in n_bytes: "10.0.0.0/8". */
void ofp_field_format(struct strbuf *, const struct ofp_field *, const uint8_t *value,
                      const uint8_t *mask);

/* Number of a port by its name; false when there is none. */
typedef bool ofp_port_lookup(const char *name, uint32_t *ret, void *aux);

/* One field's "VALUE" or "VALUE/MASK": value under the mask, and the mask (ones when there is
 * none), both right-aligned in n_bytes. False when it is no value of it. */
bool ofp_field_parse(const struct ofp_field *, const char *text, ofp_port_lookup *lookup, void *aux,
                     uint8_t value[OFP_FIELD_MAX_BYTES], uint8_t mask[OFP_FIELD_MAX_BYTES]);

/* How a program that shows the ports of one switch names them; NULL for a number: it has no name.
 * Without it ports go by their numbers. Set once, before anything is formatted. */
typedef const char *ofp_port_namer(uint32_t port, void *aux);
void ofp_ports_by_name(ofp_port_namer *, void *aux);
/* Appends the port's name, in quotes when it is not plain; false when there is none. */
bool ofp_port_format_name(struct strbuf *, uint32_t port);

/* Of the first of words that are separated by commas and spaces. */
size_t ofp_match_word_len(const char *text);
/* Parses words separated by commas and spaces. 'lookup' may be NULL. -EINVAL names the word, the
 * field and what is wrong with it; then '*ret' is untouched. */
int ofp_match_parse(const char *text, ofp_port_lookup *lookup, void *aux, struct ofp_match *ret,
                    struct error *);

#endif
