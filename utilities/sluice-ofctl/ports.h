/* The ports of a switch: what it says of them, and their names in flows. */
#ifndef UTILITIES_OFCTL_PORTS_H
#define UTILITIES_OFCTL_PORTS_H

#include "ofproto/codec/switch_info.h"
#include "utilities/sluice-ofctl/conn.h"

struct ofports {
    const struct ofctl_options *options;
    const char *target;
    bool asked;       /* Then 'err' says why there may be none. */
    struct error err; /* code 0: none. */
    struct ofp_port_info *list;
    size_t n;
};

/* Nothing is asked until a name comes up. ofports_free() at last. */
void ofports_init(struct ofports *, const struct ofctl_options *, const char *target);
void ofports_free(struct ofports *);
/* An ofp_port_lookup with a struct ofports: connects when it is first called. */
bool ofports_lookup(const char *name, uint32_t *ret, void *ports);
/* Shows ports by name from now on, if the options say so. */
int ofports_show_names(struct ofports *, struct error *err);
/* After a parser's error: when it is because the switch could not be asked, that is the error. */
int ofports_error(const struct ofports *, int rc, struct error *err);
/* A port as the command line names it: number, protocol's name, or the switch's. */
int ofports_find(struct ofports *, const char *text, uint32_t *ret, struct error *err);

/* Asks the switch, once. */
int ofports_load(struct ofports *, struct error *err);
/* The same with all that the switch says of it; asks the switch in any case. */
int ofports_get(struct ofports *, const char *text, const struct ofp_port_info **ret,
                struct error *err);

/* Appends the entries in 'p'. */
int ofports_add(struct ofports *, enum ofp_version, const uint8_t *p, size_t len,
                struct error *err);
/* By number, as people look for them. */
void ofports_sort(struct ofp_port_info *, size_t n);
/* " 1(p1): addr:..." and the lines below it. */
void ofports_print(struct strbuf *, enum ofp_version, const struct ofp_port_info *);

/* " dpid:..." and the lines below it, without ports. */
void ofports_print_features(struct strbuf *, enum ofp_version, const struct ofp_features *);

#endif
