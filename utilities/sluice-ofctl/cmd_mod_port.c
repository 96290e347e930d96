/* mod-port, set-frags. */
#include <errno.h>
#include <string.h>

#include "ofproto/codec/port_mod.h"
#include "utilities/sluice-ofctl/batch.h"
#include "utilities/sluice-ofctl/ports.h"

static const struct {
    const char *word; /* Sets the bit. */
    const char *opposite;
    uint32_t bit;
} words[] = {
    {"down", "up", OFPPC_PORT_DOWN},
    {"no-receive", "receive", OFPPC_NO_RECV},
    {"no-receive-stp", "receive-stp", OFPPC_NO_RECV_STP},
    {"no-flood", "flood", OFPPC_NO_FLOOD},
    {"no-forward", "forward", OFPPC_NO_FWD},
    {"no-packet-in", "packet-in", OFPPC_NO_PACKET_IN},
};

static int parse_change(const char *text, struct ofp_port_mod *pm, struct error *err)
{
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        bool sets = !strcasecmp(text, words[i].word);

        if (sets || !strcasecmp(text, words[i].opposite)) {
            pm->mask = words[i].bit;
            pm->config = sets ? words[i].bit : 0;
            return 0;
        }
    }
    if (!strcasecmp(text, "stp") || !strcasecmp(text, "no-stp")) {
        return error_set(err, EOPNOTSUPP, "'%s': bridges have no spanning tree", text);
    }
    return error_set(err, EINVAL,
                     "'%s' is none of up, down, [no-]receive, [no-]receive-stp, [no-]flood, "
                     "[no-]forward, [no-]packet-in",
                     text);
}

static int mod_port(const struct ofctl_options *o, char *args[], struct error *err)
{
    struct ofp_port_mod pm = {.port = 0};
    const struct ofp_port_info *info;
    struct batch b = {.conn = NULL};
    struct strbuf s = STRBUF_INIT;
    struct ofconn *c = NULL;
    struct ofports ports;
    uint32_t versions;
    int rc = parse_change(args[2], &pm, err);

    ofports_init(&ports, o, args[0]);
    rc = rc ? rc : ofports_get(&ports, args[1], &info, err);
    versions = pm.mask & ~OFPPC13_ALL ? 1u << OFP10 : OFP_ALL_VERSIONS;
    rc = rc ? rc : ofconn_open(o, args[0], versions & batch_versions(o), &c, err);
    rc = rc ? rc : batch_begin(&b, c, NULL, "change", o->bundle, err);
    if (!rc) {
        pm.port = info->port;
        memcpy(pm.mac, info->mac, sizeof pm.mac);
        ofp_port_mod_encode(&s, ofconn_version(c), batch_xid(&b), &pm);
        rc = batch_add(&b, &s, 0, err);
    }
    rc = rc ? rc : batch_end(&b, err);
    batch_free(&b);
    ofconn_close(c);
    ofports_free(&ports);
    return rc;
}

/* --- Fragments. */

static int get_config(struct ofconn *c, uint16_t *ret_flags, uint16_t *ret_len, struct error *err)
{
    struct ofconn_msg m;
    int rc = ofconn_transact(c, OFPT_GET_CONFIG_REQUEST, NULL, OFPT_GET_CONFIG_REPLY, &m, err);

    if (!rc && m.len != 4) {
        rc = error_set(err, EPROTO, "%s: the configuration cannot be read", ofconn_target(c));
    }
    if (!rc) {
        *ret_flags = wire_get16(m.body);
        *ret_len = wire_get16(m.body + 2);
    }
    return rc;
}

static int set_frags(const struct ofctl_options *o, char *args[], struct error *err)
{
    static const char *const modes[] = {"normal", "drop", "reassemble", "nx-match"};
    struct batch b = {.conn = NULL};
    struct strbuf s = STRBUF_INIT;
    struct ofconn *c = NULL;
    uint16_t mode = 0, flags, len;
    size_t start;
    int rc;

    while (strcasecmp(args[1], modes[mode])) {
        if (++mode == ARRAY_SIZE(modes)) {
            return error_set(err, EINVAL, "'%s' is none of normal, drop, reassemble, nx-match",
                             args[1]);
        }
    }
    rc = ofconn_open(o, args[0], OFP_ALL_VERSIONS, &c, err);
    rc = rc ? rc : get_config(c, &flags, &len, err);
    rc = rc || (flags & 3) == mode ? rc : batch_begin(&b, c, NULL, "mode", false, err);
    if (!rc && (flags & 3) != mode) {
        start = ofp_begin(&s, (uint8_t)ofconn_version(c), OFPT_SET_CONFIG, batch_xid(&b));
        wire_put16(&s, (uint16_t)((flags & ~3) | mode));
        wire_put16(&s, len);
        ofp_end(&s, start);
        rc = batch_add(&b, &s, 0, err);
        rc = rc ? rc : batch_end(&b, err);
        rc = rc ? rc : get_config(c, &flags, &len, err);
        if (!rc && (flags & 3) != mode) {
            rc = error_set(err, EOPNOTSUPP, "%s: the switch does not treat fragments as '%s'",
                           args[0], args[1]);
        }
    }
    batch_free(&b);
    ofconn_close(c);
    return rc;
}

static const struct ofctl_command commands[] = {
    {"mod-port", 3, 3, "SWITCH PORT CHANGE",
     "CHANGE is up, down, [no-]receive, [no-]receive-stp, [no-]flood, [no-]forward, "
     "[no-]packet-in",
     mod_port, true},
    {"set-frags", 2, 2, "SWITCH MODE", "how fragments are treated: normal, drop, nx-match",
     set_frags, true},
    {NULL},
};
OFCTL_COMMANDS(commands)
