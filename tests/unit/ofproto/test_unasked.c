/* What a switch sends unasked reads as it was sent, in each version; bytes that are cut off are
 * refused. */
#include "ofproto/codec/unasked.h"
#include "tests/unit/ofproto/net.h"

static const enum ofp_version versions[] = {OFP10, OFP11, OFP12, OFP13, OFP14, OFP15};

static struct ofp_match some_match(void)
{
    struct ofp_match match;

    assert_int_equal(ofp_match_parse("in_port=3,tcp,tp_dst=80", NULL, NULL, &match, NULL), 0);
    return match;
}

static void a_packet_in_reads_as_it_was_sent(void **state)
{
    static const uint8_t packet[60] = {1, 2, 3};

    (void)state;
    for (size_t v = 0; v < ARRAY_SIZE(versions); v++) {
        struct ofp_packet_in pin = {.reason = OFPR_INVALID_TTL,
                                    .table_id = 9,
                                    .cookie = 7,
                                    .packet = packet,
                                    .packet_len = sizeof packet,
                                    .full_len = 100};
        struct strbuf s = STRBUF_INIT;
        struct ofp_packet_in got;
        uint32_t buffer;

        ofp_match_init(&pin.match);
        OFP_MATCH_SET(&pin.match, in_port, 3);
        ofp_packet_in_encode(&s, versions[v], OFP_PACKET_IN_STANDARD, &pin);
        assert_int_equal(ofp_packet_in_decode(versions[v], (uint8_t *)s.data + OFP_HEADER_LEN,
                                              s.len - OFP_HEADER_LEN, &got, &buffer),
                         0);
        assert_int_equal(got.reason, OFPR_INVALID_TTL);
        assert_int_equal(got.table_id, versions[v] == OFP10 ? 0 : 9);
        assert_int_equal(got.cookie, versions[v] < OFP13 ? UINT64_MAX : 7);
        assert_int_equal(got.match.flow.in_port, 3);
        assert_int_equal(got.full_len, 100);
        assert_int_equal(got.packet_len, sizeof packet);
        assert_memory_equal(got.packet, packet, sizeof packet);
        assert_int_equal(buffer, OFP_NO_BUFFER);
        for (size_t n = 0; n < s.len - OFP_HEADER_LEN - sizeof packet; n++) {
            assert_int_not_equal(ofp_packet_in_decode(versions[v],
                                                      (uint8_t *)s.data + OFP_HEADER_LEN, n, &got,
                                                      &buffer),
                                 0);
        }
        strbuf_free(&s);
    }
}

static void a_removed_flow_reads_as_it_was_sent(void **state)
{
    (void)state;
    for (size_t v = 0; v < ARRAY_SIZE(versions); v++) {
        const struct ofp_flow_removed fr = {.reason = OFPRR_HARD_TIMEOUT,
                                            .table_id = 9,
                                            .priority = 5,
                                            .idle_timeout_s = 6,
                                            .hard_timeout_s = 7,
                                            .duration_ms = 1234,
                                            .cookie = 8,
                                            .packets = 10,
                                            .bytes = 1000,
                                            .match = some_match()};
        struct strbuf s = STRBUF_INIT;
        struct ofp_flow_removed got;

        ofp_flow_removed_encode(&s, versions[v], &fr);
        assert_int_equal(ofp_flow_removed_decode(versions[v], (uint8_t *)s.data + OFP_HEADER_LEN,
                                                 s.len - OFP_HEADER_LEN, &got),
                         0);
        assert_int_equal(got.reason, OFPRR_HARD_TIMEOUT);
        assert_int_equal(got.table_id, versions[v] == OFP10 ? 255 : 9);
        assert_int_equal(got.priority, 5);
        assert_int_equal(got.idle_timeout_s, 6);
        assert_int_equal(got.hard_timeout_s, versions[v] < OFP12 ? 0 : 7);
        assert_int_equal(got.duration_ms, 1234);
        assert_int_equal(got.cookie, 8);
        assert_int_equal(got.packets, 10);
        assert_int_equal(got.bytes, 1000);
        assert_true(ofp_match_equal(&got.match, &fr.match));
        for (size_t n = 0; n < s.len - OFP_HEADER_LEN; n++) {
            if (versions[v] == OFP15) { /* Statistics at its end are padded. */
                break;
            }
            assert_int_not_equal(
                ofp_flow_removed_decode(versions[v], (uint8_t *)s.data + OFP_HEADER_LEN, n, &got),
                0);
        }
        strbuf_free(&s);
    }
}

static void an_update_reads_as_it_was_sent(void **state)
{
    static const enum ofp_monitor_event events[] = {OFPFME_ADDED, OFPFME_REMOVED, OFPFME_MODIFIED,
                                                    OFPFME_ABBREV};

    (void)state;
    for (size_t v = 0; v < ARRAY_SIZE(versions); v++) {
        for (size_t e = 0; e < ARRAY_SIZE(events); e++) {
            struct ofp_actions actions = OFP_ACTIONS_INIT, back = OFP_ACTIONS_INIT;
            struct ofp_flow_update u = {.event = events[e],
                                        .reason = OFPRR_DELETE,
                                        .xid = 77,
                                        .table_id = 9,
                                        .priority = 5,
                                        .idle_timeout_s = 6,
                                        .cookie = 8,
                                        .match = some_match()};
            struct strbuf s = STRBUF_INIT;
            struct ofp_flow_update got;
            size_t len;

            ofp_actions_put_output(&actions, 3);
            u.actions = actions.data;
            u.actions_len = actions.len;
            ofp_flow_update_encode(&s, versions[v], &u);
            assert_int_equal(
                ofp_flow_update_decode(versions[v], (uint8_t *)s.data, s.len, &got, &back, &len),
                0);
            assert_int_equal(len, s.len);
            assert_int_equal(got.event, events[e]);
            if (events[e] == OFPFME_ABBREV) {
                assert_int_equal(got.xid, 77);
            } else {
                assert_int_equal(got.table_id, 9);
                assert_int_equal(got.priority, 5);
                assert_int_equal(got.cookie, 8);
                assert_true(ofp_match_equal(&got.match, &u.match));
                assert_true(ofp_actions_equal(&actions, &back));
            }
            ofp_actions_free(&back);
            for (size_t n = 0; n < s.len; n++) {
                assert_int_not_equal(
                    ofp_flow_update_decode(versions[v], (uint8_t *)s.data, n, &got, &back, &len),
                    0);
            }
            ofp_actions_free(&actions);
            strbuf_free(&s);
        }
    }
}

static void a_monitor_is_asked_for_as_it_is_read(void **state)
{
    (void)state;
    for (size_t v = 0; v < ARRAY_SIZE(versions); v++) {
        const struct ofp_monitor_request r = {.command = OFPFMC_ADD,
                                              .id = 5,
                                              .out_port = 7,
                                              .out_group = UINT32_MAX,
                                              .flags = OFPFMF_ADD | OFPFMF_INSTRUCTIONS,
                                              .table_id = 9,
                                              .match = some_match()};
        struct ofp_monitor_request got;
        struct strbuf s = STRBUF_INIT;
        size_t len;

        ofp_monitor_request_encode(&s, versions[v], &r);
        assert_int_equal(
            ofp_monitor_request_decode(versions[v], (uint8_t *)s.data, s.len, &got, &len), 0);
        assert_int_equal(len, s.len);
        assert_int_equal(got.id, 5);
        assert_int_equal(got.out_port, 7);
        assert_int_equal(got.flags, r.flags);
        assert_int_equal(got.table_id, 9);
        assert_true(ofp_match_equal(&got.match, &r.match));
        strbuf_free(&s);
    }
}

static void niciras_packet_ins_are_read(void **state UNUSED)
{
    static const uint8_t packet[60] = {2, 0, 0, 0, 0, 1};
    struct ofp_packet_in pin = {.reason = OFPR_INVALID_TTL,
                                .table_id = 9,
                                .cookie = 7,
                                .packet = packet,
                                .packet_len = sizeof packet,
                                .full_len = 100};
    struct strbuf s = STRBUF_INIT;
    struct ofp_packet_in got;
    const uint8_t *body;
    uint32_t buffer;
    size_t len;

    ofp_match_init(&pin.match);
    OFP_MATCH_SET(&pin.match, in_port, 3);
    ofp_packet_in_encode(&s, OFP13, OFP_PACKET_IN_NXT, &pin);
    body = (const uint8_t *)s.data + OFP_HEADER_LEN + 8;
    len = s.len - OFP_HEADER_LEN - 8;
    assert_int_equal(nx_packet_in_decode(body, len, &got, &buffer), 0);
    assert_int_equal(got.reason, OFPR_INVALID_TTL);
    assert_int_equal(got.table_id, 9);
    assert_int_equal(got.cookie, 7);
    assert_int_equal(got.match.flow.in_port, 3);
    assert_int_equal(got.full_len, 100);
    assert_int_equal(got.packet_len, sizeof packet);
    assert_memory_equal(got.packet, packet, sizeof packet);
    assert_int_equal(buffer, OFP_NO_BUFFER);
    for (size_t n = 0; n < len - sizeof packet; n++) {
        assert_int_not_equal(nx_packet_in_decode(body, n, &got, &buffer), 0);
    }
    strbuf_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(niciras_packet_ins_are_read),
        cmocka_unit_test(a_packet_in_reads_as_it_was_sent),
        cmocka_unit_test(a_removed_flow_reads_as_it_was_sent),
        cmocka_unit_test(an_update_reads_as_it_was_sent),
        cmocka_unit_test(a_monitor_is_asked_for_as_it_is_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
