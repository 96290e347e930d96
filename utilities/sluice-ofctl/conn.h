/* A blocking OpenFlow connection: one side asks, waits and reads. Every wait ends at the deadline
 * that --timeout sets. What the switch sends is bounded by the length of a message; echo requests
 * are answered on the way. Functions return 0 or -errno with '*err' set, which names the switch. */
#ifndef UTILITIES_OFCTL_CONN_H
#define UTILITIES_OFCTL_CONN_H

#include "ofproto/codec/wire.h"
#include "utilities/sluice-ofctl/ofctl.h"

struct ofconn;

/* 1.1 and 1.2 are spoken when they are asked for. */
#define OFCONN_DEFAULT_VERSIONS (OFP_ALL_VERSIONS & ~(1u << OFP11 | 1u << OFP12))

/* A version's bit, 0 when there is none of this name ("OpenFlow13", "1.3"). */
uint32_t ofconn_version_by_name(const char *name, size_t len);

/* Connects and negotiates one of 'usable' (bits) that the options allow; without -O the lowest of
 * them that is usable is offered first. */
int ofconn_open(const struct ofctl_options *, const char *target, uint32_t usable,
                struct ofconn **ret, struct error *err);
/* The same for listening to what passes between a switch and its controller: of a bridge its other
 * socket; in any version, and nothing that comes is answered. */
int ofconn_listen(const struct ofctl_options *, const char *target, struct ofconn **ret,
                  struct error *err);
void ofconn_close(struct ofconn *); /* NULL is fine. */
enum ofp_version ofconn_version(const struct ofconn *);
const char *ofconn_target(const struct ofconn *);
uint32_t ofconn_next_xid(struct ofconn *);

/* A whole message; empties it. Reads meanwhile what comes, so that neither side waits for the
 * other. */
int ofconn_send(struct ofconn *, struct strbuf *msg, struct error *err);

/* What was received: valid until the next call. */
struct ofconn_msg {
    struct ofp_header h;
    const uint8_t *body;
    size_t len; /* Of the body. */
};

/* The next message, whatever it is. */
int ofconn_next(struct ofconn *, struct ofconn_msg *ret, struct error *err);

/* Sends a request and waits for the reply with its xid, of type 'reply'; an error is reported. */
int ofconn_transact(struct ofconn *, uint8_t type, const struct strbuf *body, uint8_t reply,
                    struct ofconn_msg *ret, struct error *err);

/* Waits until all that was sent is carried out. Errors about it are given to 'cb' (one is, at
 * least, when it returns -EPROTO with no '*err'). */
typedef void ofconn_refused(uint32_t xid, const char *name, void *aux);
int ofconn_barrier(struct ofconn *, ofconn_refused *cb, void *aux, struct error *err);

/* Statistics. 'vendor' and 'subtype' with 'type' 0xffff. The callback gets each part: its header,
 * what is said, and whether more come. */
typedef int ofconn_part(const struct ofconn *, const struct ofconn_msg *, bool more, void *aux,
                        struct error *err);
struct ofconn_stats {
    uint16_t type;
    uint32_t vendor, subtype;
};
int ofconn_stats(struct ofconn *, const struct ofconn_stats *, const struct strbuf *body,
                 ofconn_part *cb, void *aux, struct error *err);

/* " (OF1.3) (xid=0x2):", as it stands behind a message's name. */
void ofconn_print_tail(struct strbuf *, const struct ofp_header *);

#endif
