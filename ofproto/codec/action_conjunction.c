/* Conjunction: a rule with it is no rule of its own but one way to fulfil one clause of several,
 * all of which lead together to the rules that match conj_id. Text and wire forms; the classifier
 * carries it out (table/conjunction.c). Control thread. */
#include "ofproto/codec/action_conjunction.h"

#include <errno.h>

#include "ofproto/codec/action_text.h"

#define MIN_CLAUSES 2

static void format_conjunction(struct strbuf *s, const struct ofp_action *h)
{
    const struct ofp_action_conjunction *a = (const struct ofp_action_conjunction *)h;

    strbuf_printf(s, "conjunction(%u,%u/%u)", a->id, a->clause + 1u, a->n_clauses);
}

static void encode_conjunction(struct strbuf *s, enum ofp_version version,
                               const struct ofp_action *h)
{
    const struct ofp_action_conjunction *a = (const struct ofp_action_conjunction *)h;
    size_t start = nx_action_begin(s, 34);

    (void)version;
    wire_put8(s, a->clause);
    wire_put8(s, a->n_clauses);
    wire_put32(s, a->id);
    ofp_action_end(s, start);
}

static int decode_conjunction(const struct ofp_action_in *in, struct ofp_actions *out)
{
    uint8_t clause = in->p[10], n_clauses = in->p[11];
    struct ofp_action_conjunction *a;

    if (n_clauses < MIN_CLAUSES || n_clauses > OFP_CONJUNCTION_MAX_CLAUSES || clause >= n_clauses ||
        in->depth) {
        return OFPERR_NXBAC_BAD_CONJUNCTION;
    }
    a = ofp_actions_put(out, OFP_ACTION_CONJUNCTION, sizeof *a);
    if (!a) {
        return OFPERR_BAC_TOO_MANY;
    }
    a->clause = clause;
    a->n_clauses = n_clauses;
    a->id = wire_get32(in->p + 12);
    return 0;
}

int ofp_actions_check_conjunction(const void *data, size_t len)
{
    bool conjunction = false, other = false;

    for (const struct ofp_action *a = ofp_actions_first(data, len); a;
         a = ofp_actions_next(data, len, a)) {
        conjunction |= a->type == OFP_ACTION_CONJUNCTION;
        other |= a->type != OFP_ACTION_CONJUNCTION && a->type != OFP_ACTION_NOTE;
    }
    return conjunction && other ? OFPERR_NXBAC_BAD_CONJUNCTION : 0;
}

bool ofp_actions_have_conjunction(const void *data, size_t len)
{
    for (const struct ofp_action *a = ofp_actions_first(data, len); a;
         a = ofp_actions_next(data, len, a)) {
        if (a->type == OFP_ACTION_CONJUNCTION) {
            return true;
        }
    }
    return false;
}

CONSTRUCTOR static void register_conjunction(void)
{
    static const struct ofp_action_codec codec = {OFP_ACTION_CONJUNCTION, format_conjunction,
                                                  encode_conjunction};
    static const struct ofp_action_form form = {OFP10,        OFP15, 34, 16, decode_conjunction,
                                                OFP_VENDOR_NX};

    ofp_action_codec_register(&codec);
    ofp_action_forms_register(&form, 1);
}

/* --- From text. */

/* "conjunction(ID,CLAUSE/CLAUSES)", clauses from 1. */
static int parse_conjunction(const struct ofp_action_text *t, const char *name, char *arg,
                             struct ofp_actions *out, struct error *err)
{
    char *id = ofp_action_text_next(&arg), *clause = ofp_action_text_next(&arg);
    char *slash = clause ? strchr(clause, '/') : NULL;
    struct ofp_action_conjunction *a;
    uint64_t x, k, n;
    int rc;

    (void)t;
    if (!slash || *arg) {
        return error_set(err, EINVAL,
                         "action '%s': it is written as conjunction(ID,CLAUSE/CLAUSES)", name);
    }
    *slash = '\0';
    rc = ofp_action_text_number(name, "id", id, UINT32_MAX, &x, err);
    if (!rc) {
        rc = ofp_action_text_number(name, "clause", clause, OFP_CONJUNCTION_MAX_CLAUSES, &k, err);
    }
    if (!rc) {
        rc = ofp_action_text_number(name, "clauses", slash + 1, OFP_CONJUNCTION_MAX_CLAUSES, &n,
                                    err);
    }
    if (!rc && (n < MIN_CLAUSES || !k || k > n)) {
        rc = error_set(err, EINVAL, "action '%s': clause %llu of %llu: there are 2...%d, from 1",
                       name, (unsigned long long)k, (unsigned long long)n,
                       OFP_CONJUNCTION_MAX_CLAUSES);
    }
    if (rc) {
        return rc;
    }
    a = ofp_actions_put(out, OFP_ACTION_CONJUNCTION, sizeof *a);
    if (!a) {
        return ofp_action_text_full(name, err);
    }
    a->id = (uint32_t)x;
    a->clause = (uint8_t)(k - 1);
    a->n_clauses = (uint8_t)n;
    return 0;
}

CONSTRUCTOR static void register_conjunction_words(void)
{
    static const struct ofp_action_word word = {"conjunction", OFP_ARG_WANTED, parse_conjunction};

    ofp_action_words_register(&word, 1);
}
