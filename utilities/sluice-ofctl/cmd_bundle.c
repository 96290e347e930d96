/* bundle: flows, groups and packet-outs of a file, all or nothing and in their order. All of it is
 * parsed before anything is sent. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ofproto/codec/group_text.h"
#include "utilities/sluice-ofctl/flows.h"
#include "utilities/sluice-ofctl/groups.h"
#include "utilities/sluice-ofctl/lines.h"
#include "utilities/sluice-ofctl/packet_out.h"

enum item_kind { ITEM_FLOW, ITEM_GROUP, ITEM_PACKET };

struct item {
    enum item_kind kind;
    unsigned int line;
    union {
        struct ofp_flow_mod fm;
        struct ofp_group_mod gm;
        struct packet_out po;
    };
};

struct items {
    struct ofports ports;
    struct item *list;
    size_t n, size;
    uint32_t versions;
};

static const struct line_word kinds[] = {
    {"flow", ITEM_FLOW}, {"group", ITEM_GROUP}, {"packet-out", ITEM_PACKET}, {NULL, 0}};
static int parse_item(struct items *items, struct item *item, char *text, uint32_t *versions,
                      struct error *err)
{
    unsigned int command = OFPFC_ADD;
    int rc;

    switch (item->kind) {
    case ITEM_FLOW:
        text = lines_take_word(text, flow_line_words, &command);
        rc = ofp_flow_mod_parse((enum ofp_flow_mod_command)command, text, ofports_lookup,
                                &items->ports, &item->fm, err);
        *versions = rc ? 0 : ofp_flow_mod_versions(&item->fm);
        return rc ? error_prefix(err, "flow '%s'", text) : 0;
    case ITEM_GROUP:
        command = OFP_GROUP_ADD;
        text = lines_take_word(text, group_line_words, &command);
        rc = ofp_group_mod_parse((uint16_t)command, text, ofports_lookup, &items->ports, &item->gm,
                                 err);
        *versions = rc ? 0 : ofp_group_mod_versions(&item->gm);
        return rc ? error_prefix(err, "group '%s'", text) : 0;
    default:
        rc = packet_out_parse(text, &items->ports, &item->po, err);
        *versions = rc ? 0 : packet_out_versions(&item->po);
        return rc ? error_prefix(err, "packet-out '%.80s'", text) : 0;
    }
}

static int add(char *text, unsigned int line, void *items_, struct error *err)
{
    struct items *items = items_;
    unsigned int kind = UINT32_MAX;
    uint32_t versions;
    struct item *item;
    int rc;

    text = lines_take_word(text, kinds, &kind);
    if (kind == UINT32_MAX) {
        return error_set(err, EINVAL, "'%.80s': it begins with none of flow, group, packet-out",
                         text);
    }
    if (items->n == items->size) {
        items->size = MAX_OF(items->size * 2, (size_t)16);
        items->list = xrealloc(items->list, items->size * sizeof *items->list);
    }
    item = &items->list[items->n];
    item->kind = (enum item_kind)kind;
    item->line = line;
    rc = parse_item(items, item, text, &versions, err);
    if (rc) {
        return ofports_error(&items->ports, rc, err);
    }
    items->n++;
    items->versions &= versions;
    return 0;
}

static void items_free(struct items *items)
{
    for (size_t i = 0; i < items->n; i++) {
        switch (items->list[i].kind) {
        case ITEM_FLOW: ofp_actions_free(&items->list[i].fm.actions); break;
        case ITEM_GROUP: ofp_group_config_free(&items->list[i].gm.config); break;
        case ITEM_PACKET: packet_out_free(&items->list[i].po); break;
        }
    }
    free(items->list);
    ofports_free(&items->ports);
}

static int send_item(struct batch *b, const struct item *item, struct error *err)
{
    enum ofp_version version = ofconn_version(b->conn);
    struct strbuf s = STRBUF_INIT;
    uint32_t xid = batch_xid(b);

    switch (item->kind) {
    case ITEM_FLOW: ofp_flow_mod_encode(&s, version, xid, false, &item->fm); break;
    case ITEM_GROUP: ofp_group_mod_encode(&s, version, xid, &item->gm); break;
    case ITEM_PACKET:
        ofp_packet_out_encode(&s, version, xid, &item->po.po, &item->po.actions);
        break;
    }
    return batch_add(b, &s, item->line, err);
}

static int bundle(const struct ofctl_options *given, char *args[], struct error *err)
{
    struct ofctl_options o = *given;
    struct items items = {.versions = OFP_ALL_VERSIONS};
    struct batch b = {.conn = NULL};
    struct ofconn *c = NULL;
    int rc;

    o.bundle = true;
    ofports_init(&items.ports, &o, args[0]);
    rc = lines_read(args[1], add, &items, err);
    rc = rc ? rc : ofconn_open(&o, args[0], items.versions & batch_versions(&o), &c, err);
    rc = rc ? rc : batch_begin(&b, c, args[1], "bundle", true, err);
    for (size_t i = 0; i < items.n && !rc; i++) {
        rc = send_item(&b, &items.list[i], err);
    }
    rc = rc ? rc : batch_end(&b, err);
    batch_free(&b);
    ofconn_close(c);
    items_free(&items);
    return rc;
}

static const struct ofctl_command commands[] = {
    {"bundle", 2, 2, "SWITCH FILE",
     "carries FILE out ('-': the standard input), all or nothing; a line begins with flow, group "
     "or packet-out",
     bundle, true},
    {NULL},
};
OFCTL_COMMANDS(commands)
