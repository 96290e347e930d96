/* Messages as ovs-ofctl prints them: for the commands that ask for one, and for those that show
 * whatever comes. One file per family of messages knows how its bodies are printed and registers
 * rows before main(). Nothing is printed that was not decoded: what cannot be read is a decode
 * error, with its bytes. */
#ifndef UTILITIES_OFCTL_MESSAGE_H
#define UTILITIES_OFCTL_MESSAGE_H

#include "utilities/sluice-ofctl/conn.h"

/* What a row gets. */
struct message {
    enum ofp_version version;
    const uint8_t *body; /* After the header, of statistics after theirs. */
    size_t len;
    bool verbose; /* -m: packets too. */
};

enum message_kind { MESSAGE_PLAIN, MESSAGE_REQUEST, MESSAGE_REPLY }; /* The last two: statistics. */

struct message_row {
    enum message_kind kind;
    enum ofp_version from, to;
    uint32_t vendor; /* 0: the protocol's own. */
    uint32_t type;
    const char *name; /* "OFPT_HELLO", "OFPST_DESC". */
    /* Appends what follows the colon behind the header's line, with a newline before what is on
     * lines of its own; NULL: nothing. 0 or an OpenFlow error. */
    int (*print)(struct strbuf *, const struct message *);
};
/* 'rows' ends with a NULL name and lives on. */
void message_register(const struct message_row *rows);
#define MESSAGE_ROWS(ROWS)                                                                         \
    CONSTRUCTOR static void register_messages(void)                                                \
    {                                                                                              \
        message_register(ROWS);                                                                    \
    }

/* Appends a whole message, of the length that its header says, with a newline at the end. */
void message_format(struct strbuf *, const uint8_t *msg, size_t len, bool verbose);
/* Prints a part of a reply that ofconn_stats() got. 0 or -errno with '*err' set when it cannot be
 * read. */
int message_print_part(const struct ofconn *, const struct ofconn_msg *, const char *name,
                       bool more, int (*print)(struct strbuf *, const struct message *),
                       struct error *err);
/* 0, or an OpenFlow error in reading 'name' as words: -EPROTO. */
int message_unreadable(const struct ofconn *, const char *name, int rc, struct error *err);
/* Seconds, without zeros at the end beyond milliseconds: "3.071". */
void message_format_duration(struct strbuf *, uint32_t s, uint32_t ns);
void message_hexdump(struct strbuf *, const uint8_t *p, size_t len);

#endif
