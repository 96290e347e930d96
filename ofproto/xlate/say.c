/* What a translation says of itself, for its record; see xlate.h and record.h. Control thread. */
#include <stdarg.h>
#include <stdio.h>

#include "ofproto/xlate/xlate.h"

static char *format_args(const char *fmt, va_list args)
{
    va_list copy;
    char *text;
    int n;

    va_copy(copy, args);
    n = vsnprintf(NULL, 0, fmt, copy);
    va_end(copy);
    text = xmalloc((size_t)n + 1);
    vsnprintf(text, (size_t)n + 1, fmt, args);
    return text;
}

void xlate_say(struct xlate_ctx *ctx, const char *fmt, ...)
{
    static const struct {
        const char *mark;
        enum xlate_step_kind kind;
    } marks[] = {{"-> ", XLATE_STEP_DETAIL},
                 {">> ", XLATE_STEP_WARNING},
                 {">>>> ", XLATE_STEP_ERROR},
                 {"", XLATE_STEP_DETAIL}};
    const char *start;
    va_list args;
    char *text;
    size_t i = 0;

    if (!ctx->in->record) {
        return;
    }
    va_start(args, fmt);
    text = format_args(fmt, args);
    va_end(args);
    start = text + strspn(text, " ");
    while (strncmp(start, marks[i].mark, strlen(marks[i].mark))) {
        i++;
    }
    xlate_record_add(ctx->in->record, marks[i].kind, xstrdup(start + strlen(marks[i].mark)));
    free(text);
}

static struct xlate_step *enter(struct xlate_ctx *ctx, enum xlate_step_kind kind, char *text,
                                json_t *rule)
{
    struct xlate_record *r = ctx->in->record;
    struct xlate_step *before = r->at, *step = xlate_record_add(r, kind, text);

    if (step) {
        step->rule = rule;
        r->at = step;
    } else {
        json_decref(rule);
    }
    return before;
}

struct xlate_step *xlate_enter(struct xlate_ctx *ctx, enum xlate_step_kind kind, const char *fmt,
                               ...)
{
    va_list args;
    char *text;

    if (!ctx->in->record) {
        return NULL;
    }
    va_start(args, fmt);
    text = format_args(fmt, args);
    va_end(args);
    return enter(ctx, kind, text, NULL);
}

struct xlate_step *xlate_say_place(const struct xlate_ctx *ctx)
{
    return ctx->in->record ? ctx->in->record->at : NULL;
}

void xlate_leave(struct xlate_ctx *ctx, struct xlate_step *before)
{
    if (ctx->in->record) {
        ctx->in->record->at = before;
    }
}

void xlate_say_action(struct xlate_ctx *ctx, const char *text)
{
    xlate_leave(ctx, xlate_enter(ctx, XLATE_STEP_ACTION, "%s", text));
}

void xlate_enter_goto(struct xlate_ctx *ctx)
{
    struct xlate_record *r = ctx->in->record;

    if (r && r->at->last && r->at->last->last) {
        r->at = r->at->last->last;
    }
}

struct xlate_step *xlate_enter_action(struct xlate_ctx *ctx, const struct ofp_action *a)
{
    struct strbuf s = STRBUF_INIT;

    if (!ctx->in->record) {
        return NULL;
    }
    ofp_action_format(&s, a);
    return enter(ctx, XLATE_STEP_ACTION, strbuf_steal(&s), NULL);
}

/* The names of the fields of which bits were read. */
static json_t *looked_json(const struct ofp_flow *looked)
{
    json_t *list = json_array();

    for (unsigned int i = 0; i < OFP_N_FIELDS; i++) {
        const struct ofp_field *f = ofp_field((enum ofp_field_id)i);

        if (ofp_field_any(f, looked)) {
            json_array_append_new(list, json_string(f->name));
        }
    }
    return list;
}

struct xlate_step *xlate_enter_rule(struct xlate_ctx *ctx, const struct ofp_rule *rule,
                                    const struct ofp_flow *looked)
{
    struct strbuf s = STRBUF_INIT, text = STRBUF_INIT;
    struct ofp_match match;
    json_t *json;
    char cookie[24];

    if (!ctx->in->record) {
        return NULL;
    }
    rule_get_match(rule, &match);
    ofp_match_format(&s, &match);
    strbuf_printf(&text, "%2u. %s%spriority %u", ctx->at.table_id, strbuf_str(&s),
                  s.len ? ", " : "", rule->priority);
    snprintf(cookie, sizeof cookie, "0x%llx", (unsigned long long)rule->cookie);
    if (rule->cookie) {
        strbuf_printf(&text, ", cookie %s", cookie);
    }
    json = json_pack("{s:i, s:i, s:s, s:s, s:o}", "table", (int)ctx->at.table_id, "priority",
                     (int)rule->priority, "cookie", cookie, "match", strbuf_str(&s), "looked_at",
                     looked_json(looked));
    strbuf_free(&s);
    return enter(ctx, XLATE_STEP_TABLE, strbuf_steal(&text), json);
}

void xlate_say_subfield(struct xlate_ctx *ctx, const struct ofp_subfield *sub,
                        const uint8_t number[OFP_FIELD_MAX_BYTES])
{
    struct strbuf s = STRBUF_INIT;
    unsigned int i = 0;

    if (!ctx->in->record) {
        return;
    }
    ofp_subfield_format(&s, sub);
    strbuf_puts(&s, " is now 0x");
    while (i < OFP_FIELD_MAX_BYTES - 1 && !number[i]) {
        i++;
    }
    strbuf_printf(&s, "%x", number[i++]);
    for (; i < OFP_FIELD_MAX_BYTES; i++) {
        strbuf_printf(&s, "%02x", number[i]);
    }
    xlate_say(ctx, "-> %s", strbuf_str(&s));
    strbuf_free(&s);
}
