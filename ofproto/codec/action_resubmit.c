/* The family that steers the pipeline: resubmit and exit; and note, which does nothing. Text and
 * wire forms; execution is in xlate/action_resubmit.c. Control thread. */
#include "ofproto/codec/action.h"

#include <errno.h>
#include <stdlib.h>

#include "ofproto/codec/action_text.h"

#define NOTE_AT 10 /* A note's bytes begin right after the subtype. */

static void format_resubmit(struct strbuf *s, const struct ofp_action *h)
{
    const struct ofp_action_resubmit *a = (const struct ofp_action_resubmit *)h;
    bool in_port = a->in_port != OFP_PORT_IN_PORT, table = a->table_id != OFP_RESUBMIT_SAME_TABLE;

    if (in_port && !table) {
        strbuf_puts(s, "resubmit:");
        ofp_port_format(s, a->in_port);
        return;
    }
    strbuf_puts(s, "resubmit(");
    if (in_port) {
        ofp_port_format(s, a->in_port);
    }
    strbuf_putc(s, ',');
    if (table) {
        strbuf_printf(s, "%u", a->table_id);
    }
    strbuf_putc(s, ')');
}

static void encode_resubmit(struct strbuf *s, enum ofp_version version, const struct ofp_action *h)
{
    const struct ofp_action_resubmit *a = (const struct ofp_action_resubmit *)h;
    bool table = a->table_id != OFP_RESUBMIT_SAME_TABLE;
    size_t start = nx_action_begin(s, table ? 14 : 1);

    (void)version;
    wire_put16(s, (uint16_t)a->in_port);
    wire_put8(s, (uint8_t)(table ? a->table_id : 0));
    wire_zeros(s, 3);
    ofp_action_end(s, start);
}

static int put_resubmit(const struct ofp_action_in *in, unsigned int table_id,
                        struct ofp_actions *out)
{
    struct ofp_action_resubmit *a = ofp_actions_put(out, OFP_ACTION_RESUBMIT, sizeof *a);

    if (!a) {
        return OFPERR_BAC_TOO_MANY;
    }
    a->in_port = wire_get16(in->p + 10);
    a->table_id = (uint16_t)table_id;
    return 0;
}

static int decode_resubmit(const struct ofp_action_in *in, struct ofp_actions *out)
{
    return put_resubmit(in, OFP_RESUBMIT_SAME_TABLE, out);
}

static int decode_resubmit_table(const struct ofp_action_in *in, struct ofp_actions *out)
{
    if (in->p[13] || in->p[14] || in->p[15]) {
        return OFPERR_BAC_BAD_ARGUMENT;
    }
    return put_resubmit(in, in->p[12], out);
}

static void format_exit(struct strbuf *s, const struct ofp_action *h)
{
    (void)h;
    strbuf_puts(s, "exit");
}

static void encode_exit(struct strbuf *s, enum ofp_version version, const struct ofp_action *h)
{
    (void)version;
    (void)h;
    ofp_action_end(s, nx_action_begin(s, 17));
}

static int decode_exit(const struct ofp_action_in *in, struct ofp_actions *out)
{
    (void)in;
    return ofp_actions_put(out, OFP_ACTION_EXIT, sizeof(struct ofp_action)) ? 0
                                                                            : OFPERR_BAC_TOO_MANY;
}

static void format_note(struct strbuf *s, const struct ofp_action *h)
{
    const struct ofp_action_note *a = (const struct ofp_action_note *)h;

    strbuf_puts(s, "note:");
    for (unsigned int i = 0; i < a->n; i++) {
        strbuf_printf(s, "%s%02x", i ? "." : "", a->data[i]);
    }
}

static void encode_note(struct strbuf *s, enum ofp_version version, const struct ofp_action *h)
{
    const struct ofp_action_note *a = (const struct ofp_action_note *)h;
    size_t start = nx_action_begin(s, 8);

    (void)version;
    strbuf_put(s, a->data, a->n);
    ofp_action_end(s, start);
}

static int decode_note(const struct ofp_action_in *in, struct ofp_actions *out)
{
    struct ofp_action_note *a = ofp_actions_put(out, OFP_ACTION_NOTE,
                                                sizeof *a + in->len - NOTE_AT);

    if (!a) {
        return OFPERR_BAC_TOO_MANY;
    }
    a->n = (uint16_t)(in->len - NOTE_AT);
    memcpy(a->data, in->p + NOTE_AT, a->n);
    return 0;
}

CONSTRUCTOR static void register_resubmit(void)
{
    static const struct ofp_action_codec codecs[] = {
        {OFP_ACTION_RESUBMIT, format_resubmit, encode_resubmit, OFP_PLACE_RESUBMIT},
        {OFP_ACTION_EXIT, format_exit, encode_exit},
        {OFP_ACTION_NOTE, format_note, encode_note},
    };
    static const struct ofp_action_form forms[] = {
        {OFP10, OFP15, 1, 16, decode_resubmit, OFP_VENDOR_NX},
        {OFP10, OFP15, 14, 16, decode_resubmit_table, OFP_VENDOR_NX},
        {OFP10, OFP15, 17, 16, decode_exit, OFP_VENDOR_NX},
        {OFP10, OFP15, 8, 0, decode_note, OFP_VENDOR_NX},
    };

    for (size_t i = 0; i < ARRAY_SIZE(codecs); i++) {
        ofp_action_codec_register(&codecs[i]);
    }
    ofp_action_forms_register(forms, ARRAY_SIZE(forms));
}

/* --- From text. */

/* "resubmit:PORT", "resubmit([PORT],[TABLE])". */
static int parse_resubmit(const struct ofp_action_text *t, const char *name, char *arg,
                          struct ofp_actions *out, struct error *err)
{
    char *port = ofp_action_text_next(&arg), *table = ofp_action_text_next(&arg);
    uint64_t table_id = OFP_RESUBMIT_SAME_TABLE;
    uint32_t in_port = OFP_PORT_IN_PORT;
    struct ofp_action_resubmit *a;
    int rc = 0;

    if (arg && *arg) {
        return error_set(err, EINVAL, "action '%s': '%s': it takes a port and a table", name, arg);
    }
    if (port && *port) {
        rc = ofp_action_text_port(t, name, port, &in_port, err);
    }
    if (!rc && table && *table) {
        rc = ofp_action_text_number(name, "table", table, UINT8_MAX, &table_id, err);
    }
    if (rc) {
        return rc;
    }
    if (in_port == OFP_PORT_IN_PORT && table_id == OFP_RESUBMIT_SAME_TABLE) {
        return error_set(err, EINVAL,
                         "action '%s': it names neither a port nor a table: it would never end",
                         name);
    }
    a = ofp_actions_put(out, OFP_ACTION_RESUBMIT, sizeof *a);
    if (!a) {
        return ofp_action_text_full(name, err);
    }
    a->in_port = in_port;
    a->table_id = (uint16_t)table_id;
    return 0;
}

static int parse_exit(const struct ofp_action_text *t, const char *name, char *arg,
                      struct ofp_actions *out, struct error *err)
{
    (void)t;
    (void)arg;
    return ofp_actions_put(out, OFP_ACTION_EXIT, sizeof(struct ofp_action))
               ? 0
               : ofp_action_text_full(name, err);
}

/* Bytes; zeros up to where the action ends on the wire. */
static int parse_note(const struct ofp_action_text *t, const char *name, char *arg,
                      struct ofp_actions *out, struct error *err)
{
    struct ofp_action_note *a;
    size_t n, padded;
    uint8_t *bytes;
    int rc = ofp_action_text_bytes(name, arg, &bytes, &n, err);

    (void)t;
    if (rc) {
        return rc;
    }
    padded = ROUND_UP(NOTE_AT + n, 8) - NOTE_AT;
    a = ofp_actions_put(out, OFP_ACTION_NOTE, sizeof *a + padded);
    if (a) {
        a->n = (uint16_t)padded;
        memcpy(a->data, bytes, n);
    }
    free(bytes);
    return a ? 0 : ofp_action_text_full(name, err);
}

CONSTRUCTOR static void register_resubmit_words(void)
{
    static const struct ofp_action_word words[] = {
        {"resubmit", OFP_ARG_WANTED, parse_resubmit},
        {"exit", OFP_ARG_NONE, parse_exit},
        {"note", OFP_ARG_OPTIONAL, parse_note},
    };

    ofp_action_words_register(words, ARRAY_SIZE(words));
}
