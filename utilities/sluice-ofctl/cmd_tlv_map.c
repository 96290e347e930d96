/* add-tlv-map, del-tlv-map, dump-tlv-map: which options of tunnels are the switch's fields
 * tun_metadata0 to 63. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/output.h"
#include "ofproto/codec/tlv_table.h"
#include "ofproto/match/tlv_map.h"
#include "utilities/sluice-ofctl/batch.h"
#include "utilities/sluice-ofctl/json.h"
#include "utilities/sluice-ofctl/message.h"

/* --- Messages. */

static void print_mappings(struct strbuf *s, const struct ofp_tlv_mapping *m, size_t n)
{
    strbuf_puts(s, " mapping table:\n  class  type  length  match field\n"
                   " ------  ----  ------  --------------");
    for (size_t i = 0; i < n; i++) {
        strbuf_printf(s, "\n %#6x  %#4x  %6u  tun_metadata%u", m[i].class, m[i].type, m[i].len,
                      m[i].index);
    }
}

static int print_mod(struct strbuf *s, const struct message *m)
{
    struct ofp_tlv_mod mod;
    int rc = ofp_tlv_mod_decode(m->body, m->len, &mod);

    if (rc) {
        return rc;
    }
    strbuf_puts(s, mod.command == NXTTMC_ADD      ? "\n ADD"
                   : mod.command == NXTTMC_DELETE ? "\n DEL"
                                                  : "\n CLEAR");
    if (mod.command != NXTTMC_CLEAR) {
        print_mappings(s, mod.mapping, mod.n);
    }
    ofp_tlv_mod_free(&mod);
    return 0;
}

static void print_decoded(struct strbuf *s, const struct ofp_tlv_table *table)
{
    unsigned int taken = 0;

    for (size_t i = 0; i < table->n; i++) {
        taken += table->mapping[i].len;
    }
    strbuf_printf(s, "\n max option space=%u max fields=%u\n allocated option space=%u\n\n",
                  table->max_bytes, table->max_fields, taken);
    print_mappings(s, table->mapping, table->n);
}

static int print_table(struct strbuf *s, const struct message *m)
{
    struct ofp_tlv_table table;
    int rc = ofp_tlv_table_decode(m->body, m->len, &table);

    if (!rc) {
        print_decoded(s, &table);
        ofp_tlv_table_free(&table);
    }
    return rc;
}

static const struct message_row rows[] = {
    {MESSAGE_PLAIN, OFP10, OFP15, OFP_VENDOR_NX, NXT_TLV_TABLE_MOD, "NXT_TLV_TABLE_MOD", print_mod},
    {MESSAGE_PLAIN, OFP10, OFP15, OFP_VENDOR_NX, NXT_TLV_TABLE_REQUEST, "NXT_TLV_TABLE_REQUEST",
     NULL},
    {MESSAGE_PLAIN, OFP10, OFP15, OFP_VENDOR_NX, NXT_TLV_TABLE_REPLY, "NXT_TLV_TABLE_REPLY",
     print_table},
    {MESSAGE_PLAIN, OFP10, OFP10, 0, 0, NULL, NULL},
};
MESSAGE_ROWS(rows)

/* --- dump-tlv-map. */

static json_t *table_json(const struct ofp_tlv_table *table)
{
    json_t *list = json_array();

    for (size_t i = 0; i < table->n; i++) {
        const struct ofp_tlv_mapping *m = &table->mapping[i];
        char field[32];

        snprintf(field, sizeof field, "tun_metadata%u", m->index);
        json_array_append_new(list,
                              json_pack("{s:i, s:i, s:i, s:s}", "class", (int)m->class, "type",
                                        (int)m->type, "length", (int)m->len, "field", field));
    }
    return json_pack("{s:I, s:i, s:o}", "max_option_space", (json_int_t)table->max_bytes,
                     "max_fields", (int)table->max_fields, "mappings", list);
}

static int dump(const struct ofctl_options *o, char *args[], struct error *err)
{
    struct strbuf request = STRBUF_INIT, s = STRBUF_INIT;
    struct ofp_tlv_table table;
    struct ofconn *c = NULL;
    struct ofconn_msg m;
    int rc = ofconn_open(o, args[0], OFP_ALL_VERSIONS, &c, err);

    if (rc) {
        return rc;
    }
    wire_put32(&request, OFP_VENDOR_NX);
    wire_put32(&request, NXT_TLV_TABLE_REQUEST);
    rc = ofconn_transact(c, OFPT_VENDOR, &request, OFPT_VENDOR, &m, err);
    if (!rc && (m.len < 8 || wire_get32(m.body) != OFP_VENDOR_NX ||
                wire_get32(m.body + 4) != NXT_TLV_TABLE_REPLY)) {
        rc = error_set(err, EPROTO, "%s: it answers NXT_TLV_TABLE_REQUEST with another message",
                       args[0]);
    }
    if (!rc) {
        rc = message_unreadable(c, "NXT_TLV_TABLE_REPLY",
                                ofp_tlv_table_decode(m.body + 8, m.len - 8, &table), err);
    }
    if (!rc) {
        if (o->json) {
            rc = ofctl_print_json(table_json(&table), 0);
        } else {
            strbuf_puts(&s, "NXT_TLV_TABLE_REPLY");
            ofconn_print_tail(&s, &m.h);
            print_decoded(&s, &table);
            puts(strbuf_str(&s));
        }
        ofp_tlv_table_free(&table);
    }
    strbuf_free(&request);
    strbuf_free(&s);
    ofconn_close(c);
    return rc;
}

/* --- add-tlv-map, del-tlv-map. */

static int bad_mapping(const char *text, const char *why, struct error *err)
{
    return error_set(err, EINVAL,
                     "mapping '%s': %s; it is written as "
                     "'{class=CLASS,type=TYPE,len=LENGTH}->tun_metadataN', several of them with "
                     "commas between",
                     text, why);
}

/* One mapping; '*text' moves behind it. */
static int parse_mapping(const char **text, struct ofp_tlv_mapping *ret, struct error *err)
{
    char class[16], type[16], len[16];
    uint64_t class_no, type_no, len_no;
    unsigned int index;
    int end = 0;

    if (sscanf(*text, "{class=%15[^,],type=%15[^,],len=%15[^}]}->tun_metadata%u%n", class, type,
               len, &index, &end) != 4 ||
        !end || ((*text)[end] && (*text)[end] != ',')) {
        return bad_mapping(*text, "it is none", err);
    }
    if (!parse_u64(class, UINT16_MAX, &class_no)) {
        return bad_mapping(*text, "a class is a number within 0...0xffff", err);
    }
    if (!parse_u64(type, UINT8_MAX, &type_no)) {
        return bad_mapping(*text, "a type is a number within 0...0xff", err);
    }
    if (!parse_u64(len, OFP_TLV_LEN_MAX, &len_no) || len_no % 4) {
        return bad_mapping(*text, "a length is a multiple of 4 within 0...124", err);
    }
    if (index >= OFP_N_TLV_FIELDS) {
        return bad_mapping(*text, "the last field is tun_metadata63", err);
    }
    *ret = (struct ofp_tlv_mapping){(uint16_t)class_no, (uint8_t)type_no, (uint8_t)len_no,
                                    (uint16_t)index};
    *text += end;
    *text += **text == ',' && (*text)[1] ? 1 : 0;
    return 0;
}

static int parse_mappings(const char *text, struct ofp_tlv_mod *mod, struct error *err)
{
    int rc = 0;

    while (*text && !rc) {
        mod->mapping = xreallocarray(mod->mapping, mod->n + 1, sizeof *mod->mapping);
        rc = parse_mapping(&text, &mod->mapping[mod->n++], err);
    }
    return rc;
}

static int send_mod(const struct ofctl_options *o, const char *target,
                    const struct ofp_tlv_mod *mod, struct error *err)
{
    struct strbuf s = STRBUF_INIT;
    struct ofconn *c = NULL;
    struct batch b;
    size_t start;
    int rc = ofconn_open(o, target, OFP_ALL_VERSIONS, &c, err);

    if (rc) {
        return rc;
    }
    rc = batch_begin(&b, c, NULL, "change", false, err);
    if (!rc) {
        start = ofp_nx_begin(&s, (uint8_t)ofconn_version(c), NXT_TLV_TABLE_MOD, batch_xid(&b));
        ofp_tlv_mod_encode(&s, mod);
        ofp_end(&s, start);
        rc = batch_add(&b, &s, 0, err);
    }
    rc = rc ? rc : batch_end(&b, err);
    batch_free(&b);
    ofconn_close(c);
    return rc;
}

static int run_mod(const struct ofctl_options *o, char *args[], enum ofp_tlv_command command,
                   struct error *err)
{
    struct ofp_tlv_mod mod = {.command = command};
    int rc = args[1] ? parse_mappings(args[1], &mod, err) : 0;

    rc = rc ? rc : send_mod(o, args[0], &mod, err);
    free(mod.mapping);
    return rc;
}

static int add(const struct ofctl_options *o, char *args[], struct error *err)
{
    return run_mod(o, args, NXTTMC_ADD, err);
}

static int del(const struct ofctl_options *o, char *args[], struct error *err)
{
    return run_mod(o, args, args[1] ? NXTTMC_DELETE : NXTTMC_CLEAR, err);
}

static const struct ofctl_command commands[] = {
    {"add-tlv-map", 2, 2, "SWITCH MAP",
     "options of tunnels become fields: '{class=0xffff,type=0,len=4}->tun_metadata0', ...", add,
     true},
    {"del-tlv-map", 1, 2, "SWITCH [MAP]", "fields (all) are options of tunnels no more", del, true},
    {"dump-tlv-map", 1, 1, "SWITCH", "which options of tunnels are fields", dump},
    {NULL},
};
OFCTL_COMMANDS(commands)
