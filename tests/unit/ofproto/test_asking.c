/* Messages of those who ask: what is encoded decodes to what it was, in each version; what switches
 * say of queues and tables is read, and bytes that are cut off are refused. */
#include "ofproto/codec/bundle.h"
#include "ofproto/codec/packet_out.h"
#include "ofproto/codec/port_mod.h"
#include "ofproto/codec/queue_info.h"
#include "ofproto/codec/table_mod.h"
#include "tests/unit/ofproto/net.h"

static const enum ofp_version versions[] = {OFP10, OFP11, OFP12, OFP13, OFP14, OFP15};

static const uint8_t *body(const struct strbuf *s, size_t *len)
{
    assert_int_equal(wire_get16((const uint8_t *)s->data + 2), s->len);
    *len = s->len - OFP_HEADER_LEN;
    return (const uint8_t *)s->data + OFP_HEADER_LEN;
}

static void a_packet_out_is_what_it_was(void **state)
{
    static const uint8_t packet[20] = {1, 2, 3};

    (void)state;
    for (size_t v = 0; v < ARRAY_SIZE(versions); v++) {
        struct ofp_packet_out po = {
            .in_port = OFP_PORT_CONTROLLER, .packet = packet, .packet_len = sizeof packet};
        struct ofp_actions actions = OFP_ACTIONS_INIT, back = OFP_ACTIONS_INIT;
        struct strbuf s = STRBUF_INIT;
        struct ofp_packet_out got;
        const uint8_t *p;
        size_t len;

        ofp_match_init(&po.match);
        OFP_MATCH_SET(&po.match, metadata, 7);
        ofp_actions_put_output(&actions, 3);
        ofp_packet_out_encode(&s, versions[v], 9, &po, &actions);
        p = body(&s, &len);
        assert_int_equal(ofp_packet_out_decode(versions[v], p, len, &got), 0);
        assert_int_equal(got.in_port, OFP_PORT_CONTROLLER);
        assert_int_equal(got.packet_len, sizeof packet);
        assert_memory_equal(got.packet, packet, sizeof packet);
        assert_int_equal(got.match.flow.metadata, versions[v] >= OFP15 ? 7 : 0);
        assert_int_equal(ofp_actions_decode(versions[v], got.actions, got.actions_len, NULL, &back),
                         0);
        assert_true(ofp_actions_equal(&actions, &back));
        ofp_actions_free(&actions);
        ofp_actions_free(&back);
        strbuf_free(&s);
    }
}

static void a_port_mod_is_what_it_was(void **state)
{
    const struct ofp_port_mod pm = {
        .port = 5, .mac = {1, 2, 3, 4, 5, 6}, .config = OFPPC_PORT_DOWN, .mask = OFPPC13_ALL};

    (void)state;
    for (size_t v = 0; v < ARRAY_SIZE(versions); v++) {
        struct strbuf s = STRBUF_INIT;
        struct ofp_port_mod got;
        const uint8_t *p;
        size_t len;

        ofp_port_mod_encode(&s, versions[v], 9, &pm);
        p = body(&s, &len);
        assert_int_equal(ofp_port_mod_decode(versions[v], p, len, &got), 0);
        assert_int_equal(got.port, 5);
        assert_memory_equal(got.mac, pm.mac, 6);
        assert_int_equal(got.config, OFPPC_PORT_DOWN);
        assert_int_equal(got.mask, OFPPC13_ALL);
        strbuf_free(&s);
    }
}

static void a_table_is_described_and_set_up(void **state)
{
    const struct ofp_table_desc desc = {.table_id = 9,
                                        .evicts = true,
                                        .tells_vacancy = true,
                                        .eviction_flags = 7,
                                        .vacancy_down = 20,
                                        .vacancy_up = 30,
                                        .vacancy = 99};
    struct strbuf s = STRBUF_INIT;
    struct ofp_table_desc got;
    struct ofp_table_mod tm;
    const uint8_t *p;
    size_t len;

    (void)state;
    ofp_table_desc_encode(&s, &desc);
    for (size_t n = 0; n < s.len; n++) {
        assert_int_not_equal(ofp_table_desc_decode((uint8_t *)s.data, n, &got, &len), 0);
    }
    assert_int_equal(ofp_table_desc_decode((uint8_t *)s.data, s.len, &got, &len), 0);
    assert_int_equal(len, s.len);
    assert_true(got.evicts && got.tells_vacancy);
    assert_int_equal(got.eviction_flags, 7);
    assert_int_equal(got.vacancy_up, 30);
    assert_int_equal(got.vacancy, 99);
    strbuf_clear(&s);
    ofp_table_mod_encode(&s, OFP15, 9, &desc);
    p = body(&s, &len);
    assert_int_equal(ofp_table_mod_decode(OFP15, p, len, &tm), 0);
    assert_int_equal(tm.table_id, 9);
    assert_true(tm.evicts && tm.tells_vacancy && tm.has_thresholds);
    assert_int_equal(tm.vacancy_down, 20);
    strbuf_free(&s);
}

static void counters_of_queues_are_read(void **state)
{
    (void)state;
    for (size_t v = 0; v < ARRAY_SIZE(versions); v++) {
        struct strbuf s = STRBUF_INIT;
        struct ofp_queue_counts q;
        size_t n;

        if (versions[v] >= OFP14) {
            wire_put16(&s, 48);
            wire_zeros(&s, 6);
        }
        ofp_queue_counts_request(&s, versions[v], 5, 6);
        wire_put64(&s, 100);
        wire_put64(&s, 10);
        wire_put64(&s, 1);
        if (versions[v] >= OFP13) {
            wire_put32(&s, 3);
            wire_put32(&s, 4);
        }
        for (size_t i = 0; i < s.len; i++) {
            assert_int_not_equal(ofp_queue_counts_decode(versions[v], (uint8_t *)s.data, i, &q, &n),
                                 0);
        }
        assert_int_equal(ofp_queue_counts_decode(versions[v], (uint8_t *)s.data, s.len, &q, &n), 0);
        assert_int_equal(n, s.len);
        assert_int_equal(q.port, 5);
        assert_int_equal(q.queue, 6);
        assert_int_equal(q.bytes, 100);
        assert_int_equal(q.packets, 10);
        assert_int_equal(q.errors, 1);
        assert_int_equal(q.duration_s, versions[v] >= OFP13 ? 3 : UINT32_MAX);
        strbuf_free(&s);
    }
}

static void configurations_of_queues_are_read(void **state)
{
    static const uint8_t q10[] = {0, 0, 0, 6, 0, 24, 0, 0, 0, 1, 0, 16,
                                  0, 0, 0, 0, 0, 50, 0, 0, 0, 0, 0, 0};
    static const uint8_t q14[] = {0, 0, 0, 5, 0, 0, 0, 6, 0, 24, 0, 0,
                                  0, 0, 0, 0, 0, 2, 0, 8, 0, 70, 0, 0};
    struct ofp_queue_config q = {.port = 9};
    size_t n;

    (void)state;
    assert_int_equal(ofp_queue_config_decode(OFP10, q10, sizeof q10, &q, &n), 0);
    assert_int_equal(n, sizeof q10);
    assert_int_equal(q.port, 9);
    assert_int_equal(q.queue, 6);
    assert_int_equal(q.min_rate, 50);
    assert_int_equal(q.max_rate, UINT16_MAX);
    assert_int_equal(ofp_queue_config_decode(OFP14, q14, sizeof q14, &q, &n), 0);
    assert_int_equal(q.port, 5);
    assert_int_equal(q.queue, 6);
    assert_int_equal(q.max_rate, 70);
    for (size_t i = 0; i < sizeof q14; i++) {
        assert_int_not_equal(ofp_queue_config_decode(OFP14, q14, i, &q, &n), 0);
    }
}

static void a_message_in_a_bundle_is_what_it_was(void **state)
{
    (void)state;
    for (enum ofp_version version = OFP13; version <= OFP15; version++) {
        struct strbuf msg = STRBUF_INIT, s = STRBUF_INIT;
        struct ofp_bundle_add add;
        const uint8_t *p;
        size_t len;

        ofp_end(&msg, ofp_begin(&msg, (uint8_t)version, OFPT_FLOW_MOD, 77));
        ofp_bundle_add_encode(&s, version, 5, OFPBF_ATOMIC, (uint8_t *)msg.data, msg.len);
        p = body(&s, &len);
        if (version == OFP13) {
            assert_int_equal(wire_get32(p), OFP_VENDOR_ONF);
            p += 8;
            len -= 8;
        }
        assert_int_equal(ofp_bundle_add_decode((uint8_t)version, 77, p, len, &add), 0);
        assert_int_equal(add.id, 5);
        assert_int_equal(add.flags, OFPBF_ATOMIC);
        assert_int_equal(add.msg_len, msg.len);
        assert_memory_equal(add.msg, msg.data, msg.len);
        strbuf_free(&msg);
        strbuf_free(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_packet_out_is_what_it_was),
        cmocka_unit_test(a_port_mod_is_what_it_was),
        cmocka_unit_test(a_table_is_described_and_set_up),
        cmocka_unit_test(counters_of_queues_are_read),
        cmocka_unit_test(configurations_of_queues_are_read),
        cmocka_unit_test(a_message_in_a_bundle_is_what_it_was),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
