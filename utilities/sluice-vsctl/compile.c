/* From the model to a transaction: see model.h. */
#include "utilities/sluice-vsctl/model_impl.h"

#include <string.h>

/* Replaces ["uuid", X] of a new row by ["named-uuid", NAME], in place. Only for columns of UUIDs.
 */
static void name_uuids(struct model *m, json_t *json)
{
    const char *tag = json_string_value(json_array_get(json, 0));
    const char *text = json_string_value(json_array_get(json, 1));
    struct uuid uuid;
    struct mrow *r;

    if (json_array_size(json) == 2 && tag && text && !strcmp(tag, "uuid") &&
        uuid_from_string(text, &uuid)) {
        HASH_FIND(hh, m->by_uuid, &uuid, sizeof uuid, r);
        if (r && r->uuid_name) {
            json_array_set_new(json, 0, json_string("named-uuid"));
            json_array_set_new(json, 1, json_string(r->uuid_name));
        }
        return;
    }
    for (size_t i = 0; i < json_array_size(json); i++) {
        name_uuids(m, json_array_get(json, i));
    }
}

static json_t *to_json(struct model *m, const struct db_datum *d, const struct db_type *type)
{
    json_t *json = db_datum_to_json(d, type);

    if (type->key.type == DB_UUID || type->value.type == DB_UUID) {
        name_uuids(m, json);
    }
    return json;
}

static void copy_element(struct db_datum *dst, const struct db_datum *src, unsigned int i,
                         const struct db_type *type, bool key_only)
{
    union db_atom key, value;

    db_atom_copy(type->key.type, &key, &src->keys[i]);
    if (src->values && !key_only) {
        db_atom_copy(type->value.type, &value, &src->values[i]);
    }
    db_datum_add(dst, &key, src->values && !key_only ? &value : NULL);
}

static bool has_element(const struct db_datum *d, const struct db_datum *other, unsigned int i,
                        const struct db_type *type)
{
    int at = db_datum_find(d, &other->keys[i], type->key.type);

    return at >= 0 && (!db_type_is_map(type) ||
                       !db_atom_compare(type->value.type, &d->values[at], &other->values[i]));
}

/* Sends what was added and removed only, so that others may change the same column. */
static void compile_difference(struct model *m, struct mrow *r, const struct db_column *c,
                               struct db_txn *txn)
{
    const struct db_datum *old = &r->origin->columns[c->index], *new = &r->cells[c->index].datum;
    struct db_type loose = c->type, keys = c->type;
    struct db_datum removed, added;

    loose.n_min = keys.n_min = 0;
    loose.n_max = keys.n_max = DB_UNLIMITED;
    keys.value.type = DB_VOID;
    db_datum_init(&removed);
    db_datum_init(&added);
    for (unsigned int i = 0; i < old->n; i++) {
        if (!has_element(new, old, i, &c->type)) {
            copy_element(&removed, old, i, &c->type, true);
        }
    }
    for (unsigned int i = 0; i < new->n; i++) {
        if (!has_element(old, new, i, &c->type)) {
            copy_element(&added, new, i, &c->type, false);
        }
    }
    if (removed.n) {
        db_txn_mutate(txn, r->table->name, &r->uuid, c->name, "delete",
                      to_json(m, &removed, &keys));
    }
    if (added.n) {
        db_txn_mutate(txn, r->table->name, &r->uuid, c->name, "insert", to_json(m, &added, &loose));
    }
    db_datum_free(&removed, &keys);
    db_datum_free(&added, &loose);
}

static void compile_new(struct model *m, struct mrow *r, struct db_txn *txn)
{
    for (unsigned int i = 0; i < r->table->n_columns; i++) {
        const struct db_column *c = &r->table->columns[i];
        struct db_datum def;

        db_datum_default(&def, &c->type);
        if (!db_datum_equal(&def, &r->cells[i].datum, &c->type)) {
            db_txn_set(txn, r->table->name, NULL, r->uuid_name, c->name,
                       to_json(m, &r->cells[i].datum, &c->type));
        }
        db_datum_free(&def, &c->type);
    }
}

static bool compile_existing(struct model *m, struct mrow *r, struct db_txn *txn)
{
    bool changed = false;

    for (unsigned int i = 0; i < r->table->n_columns; i++) {
        const struct db_column *c = &r->table->columns[i];
        struct cell *cell = &r->cells[i];

        if (!cell->is_own || db_datum_equal(&cell->datum, &r->origin->columns[i], &c->type)) {
            continue;
        }
        changed = true;
        if (cell->is_replaced || c->type.n_max == 1) {
            db_txn_set(txn, r->table->name, &r->uuid, NULL, c->name,
                       to_json(m, &cell->datum, &c->type));
        } else {
            compile_difference(m, r, c, txn);
        }
    }
    return changed;
}

static void compile_verify(struct model *m, struct db_txn *txn)
{
    for (struct mrow *r = m->rows; r; r = r->next) {
        for (unsigned int i = 0; r->origin && i < r->table->n_columns; i++) {
            if (r->cells[i].is_verified) {
                db_txn_verify(txn, r->origin, r->table->columns[i].name);
            }
        }
    }
}

bool model_compile(struct model *m, struct db_txn *txn)
{
    bool changed = false;

    for (struct mrow *r = m->rows; r; r = r->next) {
        if (!r->origin && !r->is_deleted) {
            db_txn_insert_as(txn, r->table->name, r->is_final ? &r->uuid : NULL, &r->uuid_name);
            changed = true;
        }
    }
    for (struct mrow *r = m->rows; r; r = r->next) {
        if (r->is_deleted) {
            if (r->origin) {
                db_txn_delete(txn, r->table->name, &r->uuid);
                changed = true;
            }
        } else if (r->origin) {
            changed |= compile_existing(m, r, txn);
        } else {
            compile_new(m, r, txn);
        }
    }
    if (changed) {
        compile_verify(m, txn);
    }
    return changed;
}

void model_learn(struct model *m, const json_t *results)
{
    size_t slot = 0;

    for (struct mrow *r = m->rows; r; r = r->next) {
        if (!r->origin && !r->is_deleted) {
            json_t *uuid = json_object_get(json_array_get(results, slot++), "uuid");
            const char *text = json_string_value(json_array_get(uuid, 1));

            if (!text || !uuid_from_string(text, &r->final_uuid)) {
                r->final_uuid = r->uuid;
            }
        }
    }
}
