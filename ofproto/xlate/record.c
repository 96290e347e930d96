/* See record.h. */
#include "ofproto/xlate/record.h"

#include <stdlib.h>

#include "lib/util.h"

void xlate_record_init(struct xlate_record *r)
{
    memset(r, 0, sizeof *r);
    r->at = &r->root;
}

static void free_steps(struct xlate_step *s)
{
    while (s) {
        struct xlate_step *next = s->next;

        free_steps(s->first);
        free(s->text);
        json_decref(s->rule);
        free(s);
        s = next;
    }
}

void xlate_record_free(struct xlate_record *r)
{
    free_steps(r->root.first);
    xlate_record_init(r);
}

struct xlate_step *xlate_record_add(struct xlate_record *r, enum xlate_step_kind kind, char *text)
{
    struct xlate_step *in = r->at, *s;

    if (r->n == XLATE_MAX_STEPS) {
        r->is_full = true;
        free(text);
        return NULL;
    }
    r->n++;
    /* The actions in an action (clone) stand behind it. */
    if (kind == XLATE_STEP_ACTION && in->kind == XLATE_STEP_ACTION && in->parent) {
        in = in->parent;
    }
    s = xcalloc(1, sizeof *s);
    s->kind = kind;
    s->text = text;
    s->parent = in;
    if (in->last) {
        in->last->next = s;
    } else {
        in->first = s;
    }
    in->last = s;
    return s;
}

/* --- To text. */

static void put_line(struct strbuf *s, int level, const char *before, const char *text,
                     const char *after)
{
    strbuf_printf(s, "%*s%s%s%s\n", 4 * level, "", before, text, after);
}

static void format_bridge(struct strbuf *s, const struct xlate_step *step, int level)
{
    strbuf_putc(s, '\n');
    put_line(s, level, "", step->text, "");
    strbuf_printf(s, "%*s", 4 * level, "");
    for (size_t i = 0; i < strlen(step->text); i++) {
        strbuf_putc(s, '-');
    }
    strbuf_putc(s, '\n');
}

/* Bridges and tables stand at 'head', what is in them at 'level'. 'rest': after this list something
 * comes at its level. */
static void format_list(struct strbuf *s, const struct xlate_step *step, int head, int level,
                        bool rest)
{
    for (; step; step = step->next) {
        bool more = step->next || rest;

        switch (step->kind) {
        case XLATE_STEP_BRIDGE:
            format_bridge(s, step, head);
            format_list(s, step->first, level, level, more);
            break;
        case XLATE_STEP_TABLE:
        case XLATE_STEP_SET:
            put_line(s, head, "", step->text, "");
            format_list(s, step->first, level, level, more);
            break;
        case XLATE_STEP_ACTION:
            put_line(s, level + 1, "", step->text, "");
            format_list(s, step->first, level + more, level + 2 * more, false);
            break;
        case XLATE_STEP_BUCKET:
            put_line(s, head + (head == level), "", step->text, "");
            format_list(s, step->first, level + 2 * (head == level), level + 2 * (head == level),
                        false);
            break;
        case XLATE_STEP_DETAIL: put_line(s, head + (head == level), " -> ", step->text, ""); break;
        case XLATE_STEP_WARNING: put_line(s, head + (head == level), " >> ", step->text, ""); break;
        case XLATE_STEP_ERROR:
            put_line(s, head + (head == level), " >>>> ", step->text, " <<<<");
            break;
        }
    }
}

void xlate_record_format(struct strbuf *s, const struct xlate_record *r)
{
    format_list(s, r->root.first, 0, 0, false);
    if (r->is_full) {
        strbuf_printf(s, "(what comes after these %d steps is not shown)\n", XLATE_MAX_STEPS);
    }
}

/* --- To JSON. */

static json_t *steps_json(const struct xlate_step *step)
{
    static const char *const kinds[] = {"bridge", "table",  "action-set", "action",
                                        "bucket", "detail", "warning",    "error"};
    json_t *list = json_array();

    for (; step; step = step->next) {
        const char *text = step->text + strspn(step->text, " ");
        json_t *j = json_pack("{s:s, s:s}", "kind", kinds[step->kind], "text", text);

        if (step->rule) {
            json_object_set(j, "rule", step->rule);
        }
        if (step->first) {
            json_object_set_new(j, "steps", steps_json(step->first));
        }
        json_array_append_new(list, j);
    }
    return list;
}

json_t *xlate_record_json(const struct xlate_record *r)
{
    return steps_json(r->root.first);
}
