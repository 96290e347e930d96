/* Messages on the channel's socket come out as they went in; a cut or lying one is noticed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "datapath/channel/message.h"

static uint8_t buffer[MESSAGE_MAX];

static void test_a_port_configuration_comes_out_as_it_went_in(void **state)
{
    struct dp_option options[] = {{"dpdk-devargs", "net_null_0,size=64"}, {"n_rxq", ""}};
    struct dp_port_config config = {.name = "p0",
                                    .type = "dpdk",
                                    .options = options,
                                    .n_options = 2,
                                    .mac = {2, 0, 0, 0, 0, 9},
                                    .mtu = 9000};
    struct message_config out;
    struct message_header header;
    struct message_reader r;
    struct message m;
    (void)state;

    message_init(&m, buffer, MESSAGE_PORT_ADD, 12);
    message_put_config(&m, &config);
    assert_true(message_read(&r, buffer, m.len, &header));
    assert_int_equal(header.type, MESSAGE_PORT_ADD);
    assert_int_equal(header.seq, 12);
    message_get_config(&r, &out);
    assert_true(message_done(&r));
    assert_string_equal(out.config.name, "p0");
    assert_string_equal(out.config.type, "dpdk");
    assert_int_equal(out.config.n_options, 2);
    assert_string_equal(out.config.options[0].value, "net_null_0,size=64");
    assert_string_equal(out.config.options[1].value, "");
    assert_memory_equal(out.config.mac, config.mac, 6);
    assert_int_equal(out.config.mtu, 9000);
    message_config_free(&out);

    for (size_t cut = 8; cut < m.len; cut++) {
        assert_true(message_read(&r, buffer, cut, &header));
        message_get_config(&r, &out);
        assert_false(message_done(&r));
        message_config_free(&out);
    }
}

static void test_a_count_or_a_length_that_lies_is_noticed(void **state)
{
    struct dp_option options[DP_MAX_PORT_OPTIONS];
    struct message_header header;
    struct message_reader r;
    struct message m;
    char text[8];
    size_t n;
    (void)state;

    message_init(&m, buffer, MESSAGE_SET_CONFIG, 1);
    message_put_u32(&m, 1000000);
    message_read(&r, buffer, m.len, &header);
    message_get_options(&r, options, &n);
    assert_false(message_ok(&r));
    assert_int_equal(n, 0);

    message_init(&m, buffer, MESSAGE_SET_CONFIG, 1);
    message_put_u32(&m, UINT32_MAX);
    message_put_bytes(&m, "abc", 3);
    message_read(&r, buffer, m.len, &header);
    message_get_string(&r, text, sizeof text);
    assert_false(message_ok(&r));

    message_init(&m, buffer, MESSAGE_SET_CONFIG, 1);
    message_put_u32(&m, 3);
    message_put_bytes(&m, "a\0c", 3);
    message_read(&r, buffer, m.len, &header);
    message_get_string(&r, text, sizeof text);
    assert_false(message_ok(&r));
}

static void test_a_message_that_grows_too_long_is_not_sent(void **state)
{
    struct message m;
    (void)state;

    message_init(&m, buffer, MESSAGE_CHUNK, 1);
    for (int i = 0; i < MESSAGE_MAX; i++) {
        message_put_u64(&m, 1);
    }
    assert_true(m.len <= MESSAGE_MAX);
    assert_int_equal(channel_send(-1, &m, NULL, 0), -EMSGSIZE);
}

static void test_a_flow_with_the_longest_actions_fits(void **state)
{
    uint8_t *actions = calloc(1, DP_ACTIONS_MAX_LEN), *copy = malloc(DP_ACTIONS_MAX_LEN);
    struct dp_flow flow = {.flow_no = 9, .actions = actions, .actions_len = DP_ACTIONS_MAX_LEN};
    struct dp_flow out;
    struct message_header header;
    struct message_reader r;
    struct message m;
    (void)state;

    for (size_t i = 0; i < DP_ACTIONS_MAX_LEN; i += 8) {
        struct dp_action_output a = {{DP_ACTION_OUTPUT, sizeof a}, 3};

        memcpy(actions + i, &a, sizeof a);
    }
    flow.key.lines = 1u << FLOW_LINE_BASE | 1u << FLOW_LINE_L3X;
    flow.key.arp_sha[0] = 1;
    flow_mask_exact(&flow.mask, flow.key.lines);
    message_init(&m, buffer, MESSAGE_CHUNK, 1);
    message_put_flow(&m, &flow);
    message_read(&r, buffer, m.len, &header);
    message_get_flow(&r, &out, copy);
    assert_true(message_done(&r));
    assert_int_equal(out.flow_no, 9);
    assert_true(flow_key_equal(&flow.key, &out.key));
    assert_true(flow_mask_equal(&flow.mask, &out.mask));
    assert_int_equal(out.actions_len, DP_ACTIONS_MAX_LEN);
    assert_memory_equal(out.actions, actions, DP_ACTIONS_MAX_LEN);
    free(actions);
    free(copy);
}

static void test_an_error_text_survives_the_way(void **state)
{
    struct error in = {0, ""}, out = {0, ""};
    struct message_header header;
    struct message_reader r;
    struct message m;
    (void)state;

    error_set(&in, ENODEV, "port 'x': there is no such device");
    message_init(&m, buffer, MESSAGE_REPLY, 1);
    message_put_result(&m, -ENODEV, &in);
    message_read(&r, buffer, m.len, &header);
    assert_int_equal(message_get_result(&r, &out), -ENODEV);
    assert_string_equal(out.text, "port 'x': there is no such device");
}

static int count_fds(void)
{
    int n = 0;

    for (int fd = 0; fd < 256; fd++) {
        n += fcntl(fd, F_GETFD) >= 0;
    }
    return n;
}

static void test_fds_are_passed_and_unwanted_ones_closed(void **state)
{
    struct message m;
    int pair[2], fds[MESSAGE_MAX_FDS], before;
    unsigned int n_fds = 0;
    int sent[2] = {0, 1};
    (void)state;

    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    before = count_fds();
    message_init(&m, buffer, MESSAGE_WELCOME, 0);
    assert_int_equal(channel_send(pair[0], &m, sent, 2), 0);
    assert_int_equal(channel_recv(pair[1], buffer, fds, &n_fds), sizeof(struct message_header));
    assert_int_equal(n_fds, 2);
    close(fds[0]);
    close(fds[1]);
    message_init(&m, buffer, MESSAGE_WELCOME, 0);
    assert_int_equal(channel_send(pair[0], &m, sent, 2), 0);
    assert_int_equal(channel_recv(pair[1], buffer, NULL, NULL), sizeof(struct message_header));
    assert_int_equal(count_fds(), before);
    assert_int_equal(channel_recv(pair[1], buffer, NULL, NULL), -EAGAIN);
    close(pair[0]);
    assert_int_equal(channel_recv(pair[1], buffer, NULL, NULL), 0);
    close(pair[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_port_configuration_comes_out_as_it_went_in),
        cmocka_unit_test(test_a_count_or_a_length_that_lies_is_noticed),
        cmocka_unit_test(test_a_message_that_grows_too_long_is_not_sent),
        cmocka_unit_test(test_a_flow_with_the_longest_actions_fits),
        cmocka_unit_test(test_an_error_text_survives_the_way),
        cmocka_unit_test(test_fds_are_passed_and_unwanted_ones_closed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
