/* Names for rows, "@name", within one invocation: see model.h. */
#include <errno.h>

#include "utilities/sluice-vsctl/model_impl.h"

static struct symbol *get_symbol(struct model *m, const char *name)
{
    struct symbol *s;

    HASH_FIND_STR(m->symbols, name, s);
    if (!s) {
        s = xcalloc(1, sizeof *s);
        s->name = xstrdup(name);
        uuid_generate(&s->uuid);
        HASH_ADD_KEYPTR(hh, m->symbols, s->name, strlen(s->name), s);
    }
    return s;
}

bool model_define_symbol(struct model *m, const char *name, struct mrow *existing,
                         struct uuid *ret_new)
{
    struct symbol *s = get_symbol(m, name);

    if (s->is_defined || (existing && s->is_used)) {
        return false;
    }
    s->is_defined = true;
    if (existing) {
        s->uuid = existing->uuid;
        s->is_used = true;
    } else {
        *ret_new = s->uuid;
    }
    return true;
}

bool model_named_uuid(const char *name, struct uuid *ret, void *aux)
{
    struct symbol *s = get_symbol(aux, name);

    s->is_used = true;
    *ret = s->uuid;
    return true;
}

void model_each_unused(struct model *m, void (*cb)(const char *name))
{
    struct symbol *s, *tmp;

    HASH_ITER (hh, m->symbols, s, tmp) {
        struct mrow *r;

        HASH_FIND(hh, m->by_uuid, &s->uuid, sizeof s->uuid, r);
        if (!s->is_used && r && !r->table->is_root) {
            cb(s->name);
        }
    }
}

int model_check_symbols(struct model *m, struct error *err)
{
    struct symbol *s, *tmp;

    HASH_ITER (hh, m->symbols, s, tmp) {
        if (!s->is_defined) {
            return error_set(err, EINVAL,
                             "row id \"@%s\" is referenced but never created (e.g. with \"-- "
                             "--id=@%s create ...\")",
                             s->name, s->name);
        }
    }
    return 0;
}
