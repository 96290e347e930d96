/* Unit tests of datapath/flow/action.c: lists are built right, and what is not one is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "datapath/flow/action.h"

static void a_list_is_walked_in_order(void **state UNUSED)
{
    struct dp_actions list = DP_ACTIONS_INIT;
    struct dp_action_push_vlan *push;
    const struct dp_action *a;
    struct error err;

    push = dp_actions_put(&list, DP_ACTION_PUSH_VLAN, sizeof *push);
    push->tpid = be16_make(0x8100);
    push->tci = be16_make(10);
    dp_actions_put_output(&list, 7);
    assert_int_equal(dp_actions_validate(list.data, list.len, &err), 0);
    a = dp_actions_first(list.data, list.len);
    assert_int_equal(a->type, DP_ACTION_PUSH_VLAN);
    a = dp_actions_next(list.data, list.len, a);
    assert_int_equal(a->type, DP_ACTION_OUTPUT);
    assert_int_equal(((const struct dp_action_output *)a)->port, 7);
    assert_null(dp_actions_next(list.data, list.len, a));
    dp_actions_free(&list);
}

static void an_empty_list_is_valid_and_drops(void **state UNUSED)
{
    assert_int_equal(dp_actions_validate(NULL, 0, NULL), 0);
    assert_null(dp_actions_first(NULL, 0));
}

static void bad_records_are_refused_with_the_reason(void **state UNUSED)
{
    struct dp_actions list = DP_ACTIONS_INIT;
    struct dp_action_output *out;
    struct dp_action_drop *drop;
    struct error err;

    out = dp_actions_put(&list, DP_ACTION_OUTPUT, sizeof *out);
    assert_int_equal(dp_actions_validate(list.data, list.len, &err), -EINVAL); /* Port 0. */
    assert_non_null(strstr(err.text, "port 0"));
    out->port = DP_ACTION_MAX_PORT + 1;
    assert_int_equal(dp_actions_validate(list.data, list.len, &err), -EINVAL);
    out->port = 1;
    assert_int_equal(dp_actions_validate(list.data, list.len, &err), 0);
    assert_int_equal(dp_actions_validate(list.data, list.len - 4, &err), -EINVAL); /* Cut. */
    assert_int_equal(dp_actions_validate(list.data, list.len - 1, &err), -EINVAL);
    out->h.len = 12;
    assert_int_equal(dp_actions_validate(list.data, list.len, &err), -EINVAL);
    out->h.len = 0;
    assert_int_equal(dp_actions_validate(list.data, list.len, &err), -EINVAL);
    out->h.len = 8;
    out->h.type = DP_N_ACTIONS;
    assert_int_equal(dp_actions_validate(list.data, list.len, &err), -EINVAL);
    out->h.type = DP_ACTION_DROP;
    drop = (void *)out;
    drop->reason = DP_N_POLICY_DROPS;
    assert_int_equal(dp_actions_validate(list.data, list.len, &err), -EINVAL);
    drop->reason = 0;
    dp_actions_put_output(&list, 1); /* A drop is the last. */
    assert_int_equal(dp_actions_validate(list.data, list.len, &err), -EINVAL);
    dp_actions_free(&list);
}

static void a_meters_number_is_checked(void **state UNUSED)
{
    struct dp_actions list = DP_ACTIONS_INIT;
    struct dp_action_upcall *upcall;
    struct error err;

    dp_actions_put_meter(&list, DP_MAX_METERS);
    assert_int_equal(dp_actions_validate(list.data, list.len, &err), -EINVAL);
    dp_actions_clear(&list);
    dp_actions_put_meter(&list, DP_MAX_METERS - 1);
    dp_actions_put_upcall(&list, 1, DP_NO_METER);
    assert_int_equal(dp_actions_validate(list.data, list.len, &err), 0);
    upcall = (void *)(list.data + 8);
    upcall->meter_no = DP_NO_METER - 1;
    assert_int_equal(dp_actions_validate(list.data, list.len, &err), -EINVAL);
    dp_actions_free(&list);
}

static void a_recirculation_has_an_id_and_may_stand_anywhere(void **state UNUSED)
{
    struct dp_actions list = DP_ACTIONS_INIT;
    struct strbuf s = STRBUF_INIT;
    struct error err;

    dp_actions_put_hash(&list, DP_HASH_SYM_L4, 9);
    dp_actions_put_recirc(&list, 0x1f);
    dp_actions_put_output(&list, 1);
    assert_int_equal(dp_actions_validate(list.data, list.len, &err), 0);
    dp_actions_format(&s, list.data, list.len);
    assert_string_equal(strbuf_str(&s), "hash(sym_l4(9)),recirc(0x1f),1");
    ((struct dp_action_recirc *)(list.data + 12))->id = 0;
    assert_int_equal(dp_actions_validate(list.data, list.len, &err), -EINVAL);
    ((struct dp_action_recirc *)(list.data + 12))->id = 1;
    ((struct dp_action_hash *)list.data)->alg = DP_N_HASH_ALGS;
    assert_int_equal(dp_actions_validate(list.data, list.len, &err), -EINVAL);
    strbuf_free(&s);
    dp_actions_free(&list);
}

static void what_is_cut_keeps_an_ethernet_header(void **state UNUSED)
{
    struct dp_actions list = DP_ACTIONS_INIT;
    struct dp_action_output_trunc *a;
    struct strbuf s = STRBUF_INIT;
    struct error err;

    dp_actions_put_output_trunc(&list, 2, 14);
    dp_actions_put_output(&list, 1);
    assert_int_equal(dp_actions_validate(list.data, list.len, &err), 0);
    dp_actions_format(&s, list.data, list.len);
    assert_string_equal(strbuf_str(&s), "trunc(14),2,1");
    a = (struct dp_action_output_trunc *)list.data;
    a->max_len = 13;
    assert_int_equal(dp_actions_validate(list.data, list.len, &err), -EINVAL);
    assert_string_equal(err.text, "action trunc: 13 bytes are less than 14");
    a->max_len = UINT32_MAX;
    assert_int_equal(dp_actions_validate(list.data, list.len, &err), 0);
    a->port = 0;
    assert_int_equal(dp_actions_validate(list.data, list.len, &err), -EINVAL);
    strbuf_free(&s);
    dp_actions_free(&list);
}

static void a_list_longer_than_the_limit_is_refused(void **state UNUSED)
{
    struct dp_actions list = DP_ACTIONS_INIT;
    struct error err;

    while (list.len <= DP_ACTIONS_MAX_LEN) {
        dp_actions_put_output(&list, 1);
    }
    assert_int_equal(dp_actions_validate(list.data, list.len, &err), -EINVAL);
    assert_int_equal(dp_actions_validate(list.data, DP_ACTIONS_MAX_LEN, &err), 0);
    dp_actions_free(&list);
}

static void a_view_becomes_a_list_when_it_is_changed(void **state UNUSED)
{
    struct dp_actions list = DP_ACTIONS_INIT, view, twice = DP_ACTIONS_INIT;

    dp_actions_put_output(&list, 1);
    view = (struct dp_actions){list.data, list.len, 0};
    assert_true(dp_actions_equal(&view, &list));
    dp_actions_put_output(&view, 2);
    assert_int_equal(list.len, 8);
    assert_int_equal(view.len, 16);
    assert_false(dp_actions_equal(&view, &list));
    dp_actions_append(&twice, &list);
    dp_actions_append(&twice, &twice);
    assert_int_equal(twice.len, 16);
    assert_memory_equal(twice.data, twice.data + 8, 8);
    dp_actions_clear(&twice);
    assert_int_equal(twice.len, 0);
    dp_actions_free(&view);
    dp_actions_free(&list);
    dp_actions_free(&twice);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_is_walked_in_order),
        cmocka_unit_test(an_empty_list_is_valid_and_drops),
        cmocka_unit_test(bad_records_are_refused_with_the_reason),
        cmocka_unit_test(a_meters_number_is_checked),
        cmocka_unit_test(a_recirculation_has_an_id_and_may_stand_anywhere),
        cmocka_unit_test(what_is_cut_keeps_an_ethernet_header),
        cmocka_unit_test(a_list_longer_than_the_limit_is_refused),
        cmocka_unit_test(a_view_becomes_a_list_when_it_is_changed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
