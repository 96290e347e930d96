/* See numbers.h. */
#include "ofproto/meter/numbers.h"

#include <stdlib.h>

#include "lib/hash.h"

struct meter_numbers *meter_numbers_new(void)
{
    struct meter_numbers *numbers = xcalloc(1, sizeof *numbers);

    /* Flows that an earlier process left in the datapath name that one's meters. */
    numbers->next = (uint32_t)hash_bytes(&numbers, sizeof numbers, time_now_ms()) % DP_MAX_METERS;
    LIST_INIT(&numbers->leaving);
    return numbers;
}

static void leaving_free(struct leaving_meters *l)
{
    LIST_REMOVE(l, node);
    free(l->numbers);
    free(l);
}

void meter_numbers_free(struct meter_numbers *numbers)
{
    struct leaving_meters *l;

    if (!numbers) {
        return;
    }
    while ((l = LIST_FIRST(&numbers->leaving))) {
        leaving_free(l);
    }
    free(numbers);
}

static bool is_set(const uint64_t *map, uint32_t number)
{
    return map[number / 64] >> number % 64 & 1;
}

uint32_t meter_number_take(struct meter_numbers *numbers)
{
    if (numbers->n_taken == DP_MAX_METERS) {
        return DP_NO_METER;
    }
    while (is_set(numbers->taken, numbers->next)) {
        numbers->next = (numbers->next + 1) % DP_MAX_METERS;
    }
    numbers->taken[numbers->next / 64] |= UINT64_C(1) << numbers->next % 64;
    numbers->n_taken++;
    return numbers->next;
}

void meter_number_give_back(struct meter_numbers *numbers, uint32_t number)
{
    numbers->taken[number / 64] &= ~(UINT64_C(1) << number % 64);
    numbers->n_taken--;
    /* Not soon again: another number is less likely to be taken for the same meter. */
    numbers->next = (numbers->next + 1) % DP_MAX_METERS;
}

bool meter_number_deleted(struct meter_numbers *numbers, uint32_t number)
{
    if (number >= DP_MAX_METERS || !is_set(numbers->deleting, number)) {
        return false;
    }
    numbers->deleting[number / 64] &= ~(UINT64_C(1) << number % 64);
    meter_number_give_back(numbers, number);
    return true;
}

void meter_numbers_forget_deleting(struct meter_numbers *numbers)
{
    for (uint32_t i = 0; i < DP_MAX_METERS / 64; i++) {
        while (numbers->deleting[i]) {
            meter_number_deleted(numbers, i * 64 + (uint32_t)__builtin_ctzll(numbers->deleting[i]));
        }
    }
}

/* Nobody names them any more: the datapath deletes them. Where it is not there it needs not: what
 * is not put again when it comes goes then. */
static void delete_now(void *leaving_)
{
    struct leaving_meters *l = leaving_;
    struct meter_numbers *numbers = l->set->meter_numbers;
    const struct ofproto_hooks *hooks = &l->set->hooks;

    for (size_t i = 0; i < l->n; i++) {
        uint32_t number = l->numbers[i];

        if (hooks->meter && !hooks->meter(number, NULL, hooks->aux)) {
            numbers->deleting[number / 64] |= UINT64_C(1) << number % 64;
        } else {
            meter_number_give_back(numbers, number);
        }
    }
    leaving_free(l);
}

void meter_numbers_leave(struct ofproto_set *set, uint32_t *to_leave, size_t n)
{
    struct leaving_meters *l = xcalloc(1, sizeof *l);

    l->set = set;
    l->numbers = to_leave;
    l->n = n;
    LIST_INSERT_HEAD(&set->meter_numbers->leaving, l, node);
    if (set->hooks.sync) {
        set->hooks.sync(delete_now, l, set->hooks.aux);
    } else {
        delete_now(l);
    }
}
