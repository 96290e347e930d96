/* Groups as people write them: what is parsed is written the same, and reads the same from the wire
 * of each version that can say it; what is wrong is named. */
#include <errno.h>

#include "ofproto/codec/group_info.h"
#include "ofproto/codec/group_text.h"
#include "tests/unit/ofproto/hex.h"

static const enum ofp_version versions[] = {OFP10, OFP13, OFP14, OFP15};

static bool lookup(const char *name, uint32_t *ret, void *aux)
{
    (void)aux;
    *ret = 7;
    return !strcmp(name, "eth-7");
}

static const char *const same[] = {
    "group_id=1,type=all",
    "group_id=1,type=all,bucket=bucket_id:0,actions=output:1,bucket=bucket_id:1,actions=output:2",
    "group_id=0,type=indirect,bucket=bucket_id:0,actions=drop",
    "group_id=4294967040,type=select,bucket=bucket_id:5,actions=output:1,bucket=bucket_id:0,weight:"
    "65535,watch_port:3,watch_group:9,actions=pop_vlan,output:2",
    "group_id=2,type=ff,bucket=bucket_id:0,watch_port:LOCAL,actions=output:1",
    "group_id=3,type=select,selection_method=hash,bucket=bucket_id:0,actions=group:1",
    "group_id=3,type=select,selection_method=dp_hash,selection_method_param=18446744073709551615,"
    "bucket=bucket_id:0,weight:0,actions=output:1",
    "group_id=3,type=select,selection_method=hash,fields=ip_src,bucket=bucket_id:0,actions=LOCAL",
    "group_id=3,type=select,selection_method=hash,fields(ip_src,ip_dst=255.255.0.0,eth_type,reg1)",
};

static void parse(const char *text, struct ofp_group_mod *gm)
{
    struct error err = {0};

    if (ofp_group_mod_parse(OFP_GROUP_ADD, text, lookup, NULL, gm, &err)) {
        fail_msg("%s: %s", text, err.text);
    }
}

static void a_group_is_written_as_it_was_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(same); i++) {
        struct strbuf s = STRBUF_INIT;
        struct ofp_group_mod gm;

        parse(same[i], &gm);
        ofp_group_format(&s, gm.group_id, &gm.config, true, true);
        assert_string_equal(strbuf_str(&s), same[i]);
        strbuf_free(&s);
        ofp_group_config_free(&gm.config);
    }
}

static void a_group_is_on_the_wire_what_it_was(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(same); i++) {
        for (size_t v = 0; v < ARRAY_SIZE(versions); v++) {
            enum ofp_version form = versions[v] == OFP10 ? OFP15 : versions[v];
            size_t head = OFP_HEADER_LEN + (versions[v] == OFP10 ? 8 : 0);
            struct strbuf wire = STRBUF_INIT, desc = STRBUF_INIT, a = STRBUF_INIT, b = STRBUF_INIT;
            struct ofp_group_mod gm, back;
            struct ofp_group_config config;
            bool ids = form == OFP15;
            uint32_t id;
            size_t len;

            parse(same[i], &gm);
            if (!(ofp_group_mod_versions(&gm) & 1u << versions[v])) {
                ofp_group_config_free(&gm.config);
                continue;
            }
            ofp_group_format(&a, gm.group_id, &gm.config, ids, true);
            ofp_group_mod_encode(&wire, versions[v], 5, &gm);
            assert_int_equal(wire_get16((uint8_t *)wire.data + 2), wire.len);
            assert_int_equal(ofp_group_mod_decode(versions[v], form, (uint8_t *)wire.data + head,
                                                  wire.len - head, &back),
                             0);
            ofp_group_format(&b, back.group_id, &back.config, ids, true);
            assert_string_equal(strbuf_str(&a), strbuf_str(&b));

            ofp_group_desc_encode(&desc, versions[v], gm.group_id, &gm.config);
            assert_int_equal(ofp_group_desc_decode(versions[v], (uint8_t *)desc.data, desc.len, &id,
                                                   &config, &len),
                             0);
            assert_int_equal(len, desc.len);
            strbuf_clear(&b);
            ofp_group_format(&b, id, &config, ids, true);
            assert_string_equal(strbuf_str(&a), strbuf_str(&b));
            ofp_group_config_free(&config);
            ofp_group_config_free(&back.config);
            ofp_group_config_free(&gm.config);
            strbuf_free(&wire);
            strbuf_free(&desc);
            strbuf_free(&a);
            strbuf_free(&b);
        }
    }
}

static void short_forms_mean_the_same(void **state)
{
    static const char *const forms[][2] = {
        {"group_id=1,type=all,bucket=1,bucket=output:2",
         "group_id=1,type=all,bucket=bucket_id:0,actions=output:1,bucket=bucket_id:1,"
         "actions=output:2"},
        {"group_id=1 type=fast_failover bucket=watch_port=eth-7,output:1",
         "group_id=1,type=ff,bucket=bucket_id:0,watch_port:7,actions=output:1"},
        {"type=select,group_id=1,bucket=weight=5,bucket_id=1,actions=1,2,bucket=3",
         "group_id=1,type=select,bucket=bucket_id:1,weight:5,actions=output:1,output:2,"
         "bucket=bucket_id:0,actions=output:3"},
        {"group_id=1,type=all,bucket=resubmit(,4),set_field:1.2.3.4->ip_src",
         "group_id=1,type=all,bucket=bucket_id:0,actions=resubmit(,4),set_field:1.2.3.4->nw_src"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
        struct strbuf s = STRBUF_INIT;
        struct ofp_group_mod gm;

        parse(forms[i][0], &gm);
        ofp_group_format(&s, gm.group_id, &gm.config, true, true);
        assert_string_equal(strbuf_str(&s), forms[i][1]);
        strbuf_free(&s);
        ofp_group_config_free(&gm.config);
    }
}

static void what_is_wrong_is_named(void **state)
{
    static const struct {
        uint16_t command;
        const char *text, *said;
    } cases[] = {
        {OFP_GROUP_ADD, "type=all", "'group_id=...' is missing"},
        {OFP_GROUP_ADD, "group_id=1", "'type=...' is missing"},
        {OFP_GROUP_ADD, "group_id=x,type=all", "'group_id': 'x' is not a group's number"},
        {OFP_GROUP_ADD, "group_id=all,type=all", "'all' and 'any' are for deletions"},
        {OFP_GROUP_ADD, "group_id=1,type=some", "'type': 'some' is not one of all, select"},
        {OFP_GROUP_ADD, "group_id=1,type=all,foo=1", "'foo' is no part of a group"},
        {OFP_GROUP_ADD, "group_id=1,type=all,bucket=frob", "bucket 1: 'frob' is neither"},
        {OFP_GROUP_ADD, "group_id=1,type=all,bucket=weight:1,1", "'weight' is of select groups"},
        {OFP_GROUP_ADD, "group_id=1,type=ff,bucket=1", "bucket 1: in a fast failover group it "},
        {OFP_GROUP_ADD, "group_id=1,type=indirect", "an indirect group has one bucket"},
        {OFP_GROUP_ADD, "group_id=1,type=all,bucket=bucket_id:1,1,bucket=bucket_id:1,2",
         "bucket 2: 'bucket_id': there are two buckets 1"},
        {OFP_GROUP_ADD, "group_id=1,type=all,bucket=watch_port:eth9,1", "'eth9' is not a port"},
        {OFP_GROUP_ADD, "group_id=1,type=all,bucket=watch_group:all,1", "'all' is not a group"},
        {OFP_GROUP_ADD, "group_id=1,type=select,bucket=weight:65536,1", "within 0...65535"},
        {OFP_GROUP_ADD, "group_id=1,type=all,selection_method=hash", "'selection_method' is of"},
        {OFP_GROUP_ADD, "group_id=1,type=select,fields=ip_src",
         "goes with 'selection_method=hash'"},
        {OFP_GROUP_ADD, "group_id=1,type=select,selection_method=hash,fields(ip_src,foo)",
         "'fields': 'foo' is not a field"},
        {OFP_GROUP_ADD, "group_id=1,type=select,selection_method=best", "one of hash, dp_hash"},
        {OFP_GROUP_ADD, "group_id=1,type=all,command_bucket_id=1", "is for insert-buckets"},
        {OFP_GROUP_INSERT_BUCKET, "group_id=1,bucket=1", "'command_bucket_id=...' is missing"},
        {OFP_GROUP_REMOVE_BUCKET, "command_bucket_id=1", "'group_id=...' is missing"},
        {OFP_GROUP_DELETE, "group_id=1,bucket=1", "'bucket': nothing is added here"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct ofp_group_mod gm;
        struct error err = {0};

        assert_int_equal(
            ofp_group_mod_parse(cases[i].command, cases[i].text, lookup, NULL, &gm, &err), -EINVAL);
        if (!strstr(err.text, cases[i].said)) {
            fail_msg("%s: %s", cases[i].text, err.text);
        }
    }
}

static void counters_of_a_group_are_read(void **state)
{
    struct strbuf s = STRBUF_INIT;
    struct ofp_group_features f;
    struct ofp_group_counts c;
    size_t len;

    (void)state;
    wire_put16(&s, 56);
    wire_put16(&s, 0);
    wire_put32(&s, 9);
    wire_put32(&s, 2);
    wire_put32(&s, 0);
    wire_put64(&s, 100);
    wire_put64(&s, 1000);
    wire_put32(&s, 3);
    wire_put32(&s, 5000000);
    wire_put64(&s, 60);
    wire_put64(&s, 600);
    assert_int_equal(ofp_group_counts_decode(OFP13, (uint8_t *)s.data, s.len, &c, &len), 0);
    assert_int_equal(len, 56);
    assert_int_equal(c.group_id, 9);
    assert_int_equal(c.refs, 2);
    assert_int_equal(c.all.bytes, 1000);
    assert_int_equal(c.duration_ns, 5000000);
    assert_int_equal(c.n, 1);
    assert_int_equal(ofp_group_bucket_count(&c, 0).packets, 60);
    for (size_t n = 0; n < s.len; n++) {
        assert_int_not_equal(ofp_group_counts_decode(OFP13, (uint8_t *)s.data, n, &c, &len), 0);
    }
    assert_int_not_equal(ofp_group_features_decode((uint8_t *)s.data, 39, &f), 0);
    strbuf_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_group_is_written_as_it_was_read),
        cmocka_unit_test(a_group_is_on_the_wire_what_it_was),
        cmocka_unit_test(short_forms_mean_the_same),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(counters_of_a_group_are_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
