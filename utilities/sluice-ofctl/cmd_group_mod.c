/* add-group, add-groups, mod-group, del-groups, insert-buckets, remove-buckets. Groups are parsed,
 * all of them, before anything is sent. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ofproto/codec/group_text.h"
#include "utilities/sluice-ofctl/batch.h"
#include "utilities/sluice-ofctl/groups.h"
#include "utilities/sluice-ofctl/ports.h"

struct mods {
    struct ofports ports;
    struct ofp_group_mod *gm;
    unsigned int *line;
    size_t n, size;
    uint16_t command;  /* Of what names none. */
    uint32_t versions; /* That can say all of them. */
};

static void mods_init(struct mods *m, const struct ofctl_options *o, const char *target,
                      uint16_t command)
{
    *m = (struct mods){.command = command, .versions = OFP_ALL_VERSIONS};
    ofports_init(&m->ports, o, target);
}

static void mods_free(struct mods *m)
{
    for (size_t i = 0; i < m->n; i++) {
        ofp_group_config_free(&m->gm[i].config);
    }
    free(m->gm);
    free(m->line);
    ofports_free(&m->ports);
}

const struct line_word group_line_words[] = {{"add", OFP_GROUP_ADD},
                                             {"modify", OFP_GROUP_MODIFY},
                                             {"add_or_mod", OFP_GROUP_ADD_OR_MODIFY},
                                             {"delete", OFP_GROUP_DELETE},
                                             {"insert_bucket", OFP_GROUP_INSERT_BUCKET},
                                             {"remove_bucket", OFP_GROUP_REMOVE_BUCKET},
                                             {NULL, 0}};

static int add(char *text, unsigned int line, void *mods_, struct error *err)
{
    struct mods *m = mods_;
    unsigned int command = m->command;
    int rc;

    text = lines_take_word(text, group_line_words, &command);
    if (m->n == m->size) {
        m->size = MAX_OF(m->size * 2, (size_t)16);
        m->gm = xrealloc(m->gm, m->size * sizeof *m->gm);
        m->line = xrealloc(m->line, m->size * sizeof *m->line);
    }
    rc = ofp_group_mod_parse((uint16_t)command, text, ofports_lookup, &m->ports, &m->gm[m->n], err);
    if (rc) {
        return ofports_error(&m->ports, error_prefix(err, "group '%s'", text), err);
    }
    m->versions &= ofp_group_mod_versions(&m->gm[m->n]);
    m->line[m->n++] = line;
    return 0;
}

static int send_all(const struct ofctl_options *o, struct mods *m, const char *path,
                    struct error *err)
{
    struct batch batch;
    struct ofconn *c = NULL;
    int rc = ofconn_open(o, m->ports.target, m->versions & batch_versions(o), &c, err);

    if (rc) {
        return rc;
    }
    rc = batch_begin(&batch, c, path, "group", o->bundle, err);
    for (size_t i = 0; i < m->n && !rc; i++) {
        struct strbuf s = STRBUF_INIT;

        ofp_group_mod_encode(&s, ofconn_version(c), batch_xid(&batch), &m->gm[i]);
        rc = batch_add(&batch, &s, m->line[i], err);
    }
    rc = rc ? rc : batch_end(&batch, err);
    batch_free(&batch);
    ofconn_close(c);
    return rc;
}

static int change(const struct ofctl_options *o, char *args[], uint16_t command, struct error *err)
{
    static char everything[1];
    struct mods m;
    int rc;

    mods_init(&m, o, args[0], command);
    if (args[1] && !strcmp(args[1], "-")) {
        rc = lines_read(args[1], add, &m, err);
    } else {
        rc = add(args[1] ? args[1] : everything, 1, &m, err);
    }
    rc = rc ? rc : send_all(o, &m, NULL, err);
    mods_free(&m);
    return rc;
}

static int add_group(const struct ofctl_options *o, char *args[], struct error *err)
{
    return change(o, args, OFP_GROUP_ADD, err);
}

static int add_groups(const struct ofctl_options *o, char *args[], struct error *err)
{
    struct mods m;
    int rc;

    mods_init(&m, o, args[0], OFP_GROUP_ADD);
    rc = lines_read(args[1], add, &m, err);
    rc = rc ? rc : send_all(o, &m, args[1], err);
    mods_free(&m);
    return rc;
}

static int mod_group(const struct ofctl_options *o, char *args[], struct error *err)
{
    return change(o, args, o->may_create ? OFP_GROUP_ADD_OR_MODIFY : OFP_GROUP_MODIFY, err);
}

static int del_groups(const struct ofctl_options *o, char *args[], struct error *err)
{
    return change(o, args, OFP_GROUP_DELETE, err);
}

static int insert_buckets(const struct ofctl_options *o, char *args[], struct error *err)
{
    return change(o, args, OFP_GROUP_INSERT_BUCKET, err);
}

static int remove_buckets(const struct ofctl_options *o, char *args[], struct error *err)
{
    return change(o, args, OFP_GROUP_REMOVE_BUCKET, err);
}

static const struct ofctl_command commands[] = {
    {"add-group", 2, 2, "SWITCH GROUP", "adds GROUP", add_group, true},
    {"add-groups", 2, 2, "SWITCH FILE",
     "adds FILE's groups ('-': the standard input); a line may begin with add, modify, add_or_mod, "
     "delete, insert_bucket or remove_bucket",
     add_groups, true},
    {"mod-group", 2, 2, "SWITCH GROUP", "puts GROUP in the place of the group with its number",
     mod_group, true},
    {"del-groups", 1, 2, "SWITCH [group_id=N]", "deletes a group, or all", del_groups, true},
    {"insert-buckets", 2, 2, "SWITCH GROUP",
     "adds buckets to a group, where command_bucket_id says (first, last, or before a bucket)",
     insert_buckets, true},
    {"remove-buckets", 2, 2, "SWITCH GROUP",
     "takes the bucket command_bucket_id (or first, last, all) from a group", remove_buckets, true},
    {NULL},
};
OFCTL_COMMANDS(commands)
