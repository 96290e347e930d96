/* Writing and reading of the messages on the dp channel's socket: see message.h. Called by both
 * ends, on their control threads. A reader never goes beyond the message and never trusts a length.
 */
#include "datapath/channel/message.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "datapath/channel/record.h"
#include "lib/util.h"

/* --- Writing. --- */

void message_put_bytes(struct message *m, const void *p, size_t n)
{
    if (n > MESSAGE_MAX - m->len) {
        m->overflow = true;
        return;
    }
    if (n) {
        memcpy(m->data + m->len, p, n);
        m->len += n;
    }
}

void message_init(struct message *m, uint8_t *buffer, enum message_type type, uint32_t seq)
{
    const struct message_header header = {type, seq};

    *m = (struct message){.data = buffer};
    message_put_bytes(m, &header, sizeof header);
}

void message_put_u8(struct message *m, uint8_t v)
{
    message_put_bytes(m, &v, sizeof v);
}

void message_put_u32(struct message *m, uint32_t v)
{
    message_put_bytes(m, &v, sizeof v);
}

void message_put_u64(struct message *m, uint64_t v)
{
    message_put_bytes(m, &v, sizeof v);
}

void message_put_string(struct message *m, const char *s)
{
    size_t len = s ? strlen(s) : 0;

    message_put_u32(m, len > UINT32_MAX ? UINT32_MAX : (uint32_t)len);
    message_put_bytes(m, s, len);
}

void message_patch_u32(struct message *m, size_t pos, uint32_t v)
{
    if (pos + sizeof v <= m->len) {
        memcpy(m->data + pos, &v, sizeof v);
    }
}

/* --- Reading. --- */

const void *message_get_bytes(struct message_reader *r, size_t n)
{
    const uint8_t *p = r->data + r->pos;

    if (r->bad || n > r->len - r->pos) {
        r->bad = true;
        return NULL;
    }
    r->pos += n;
    return p;
}

static void get_copy(struct message_reader *r, void *dst, size_t n)
{
    const void *p = message_get_bytes(r, n);

    if (p) {
        memcpy(dst, p, n);
    } else {
        memset(dst, 0, n);
    }
}

bool message_read(struct message_reader *r, const void *data, size_t len,
                  struct message_header *header)
{
    *r = (struct message_reader){.data = data, .len = len};
    get_copy(r, header, sizeof *header);
    return !r->bad;
}

uint8_t message_get_u8(struct message_reader *r)
{
    uint8_t v;

    get_copy(r, &v, sizeof v);
    return v;
}

uint32_t message_get_u32(struct message_reader *r)
{
    uint32_t v;

    get_copy(r, &v, sizeof v);
    return v;
}

uint64_t message_get_u64(struct message_reader *r)
{
    uint64_t v;

    get_copy(r, &v, sizeof v);
    return v;
}

void message_get_string(struct message_reader *r, char *dst, size_t size)
{
    uint32_t len = message_get_u32(r);
    const void *p = message_get_bytes(r, len);

    dst[0] = '\0';
    if (!p || len >= size || memchr(p, '\0', len)) {
        r->bad = true;
        return;
    }
    memcpy(dst, p, len);
    dst[len] = '\0';
}

char *message_get_new_string(struct message_reader *r, size_t max)
{
    uint32_t len = message_get_u32(r);
    const void *p = message_get_bytes(r, len);

    if (!p || len > max || memchr(p, '\0', len)) {
        r->bad = true;
        return NULL;
    }
    return xstrndup(p, len);
}

bool message_ok(const struct message_reader *r)
{
    return !r->bad;
}

bool message_done(const struct message_reader *r)
{
    return !r->bad && r->pos == r->len;
}

/* --- Composite bodies. --- */

void message_put_options(struct message *m, const struct dp_option *options, size_t n)
{
    message_put_u32(m, (uint32_t)n);
    for (size_t i = 0; i < n; i++) {
        message_put_string(m, options[i].key);
        message_put_string(m, options[i].value);
    }
}

void message_get_options(struct message_reader *r, struct dp_option options[DP_MAX_PORT_OPTIONS],
                         size_t *ret_n)
{
    uint32_t n = message_get_u32(r);

    *ret_n = 0;
    if (n > DP_MAX_PORT_OPTIONS) {
        r->bad = true;
        return;
    }
    for (uint32_t i = 0; i < n && !r->bad; i++) {
        options[i].key = message_get_new_string(r, DP_NAME_MAX - 1);
        options[i].value = message_get_new_string(r, MESSAGE_VALUE_MAX);
        (*ret_n)++;
    }
}

void message_options_free(struct dp_option *options, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(options[i].key);
        free(options[i].value);
    }
}

void message_put_config(struct message *m, const struct dp_port_config *config)
{
    message_put_string(m, config->name);
    message_put_string(m, config->type);
    message_put_bytes(m, config->mac, sizeof config->mac);
    message_put_u32(m, config->mtu);
    message_put_options(m, config->options, config->n_options);
}

void message_get_config(struct message_reader *r, struct message_config *ret)
{
    memset(ret, 0, sizeof *ret);
    message_get_string(r, ret->name, sizeof ret->name);
    message_get_string(r, ret->type, sizeof ret->type);
    get_copy(r, ret->config.mac, sizeof ret->config.mac);
    ret->config.mtu = message_get_u32(r);
    message_get_options(r, ret->options, &ret->n_options);
    ret->config.name = ret->name;
    ret->config.type = ret->type;
    ret->config.options = ret->options;
    ret->config.n_options = ret->n_options;
}

void message_config_free(struct message_config *config)
{
    message_options_free(config->options, config->n_options);
    config->n_options = config->config.n_options = 0;
}

void message_put_port_info(struct message *m, const struct dp_port_info *info)
{
    message_put_u32(m, info->port_no);
    message_put_string(m, info->name);
    message_put_string(m, info->type);
    message_put_bytes(m, info->mac, sizeof info->mac);
    message_put_u32(m, info->mtu);
    message_put_u32(m, (uint32_t)info->ifindex);
    message_put_u8(m, info->admin_up);
    message_put_u8(m, info->link_up);
    message_put_u64(m, info->link_speed_bps);
    message_put_string(m, info->driver);
    message_put_string(m, info->error);
}

void message_get_port_info(struct message_reader *r, struct dp_port_info *ret)
{
    memset(ret, 0, sizeof *ret);
    ret->port_no = message_get_u32(r);
    message_get_string(r, ret->name, sizeof ret->name);
    message_get_string(r, ret->type, sizeof ret->type);
    get_copy(r, ret->mac, sizeof ret->mac);
    ret->mtu = message_get_u32(r);
    ret->ifindex = (int)message_get_u32(r);
    ret->admin_up = message_get_u8(r);
    ret->link_up = message_get_u8(r);
    ret->link_speed_bps = message_get_u64(r);
    message_get_string(r, ret->driver, sizeof ret->driver);
    message_get_string(r, ret->error, sizeof ret->error);
    if (!ret->port_no || ret->port_no >= DP_MAX_PORTS) {
        r->bad = true;
    }
}

void message_put_flow(struct message *m, const struct dp_flow *flow)
{
    struct flow_key key;
    uint8_t lines[RECORD_LINES_MAX];

    flow_key_copy(&key, &flow->key);
    key.lines = 0;
    message_put_u32(m, flow->flow_no);
    message_put_u8(m, flow->key.lines);
    message_put_u8(m, flow->mask.lines);
    record_key_put(lines, &key, flow->key.lines);
    message_put_bytes(m, lines, record_key_len(flow->key.lines));
    record_key_put(lines, &flow->mask.bits, flow->mask.lines);
    message_put_bytes(m, lines, record_key_len(flow->mask.lines));
    message_put_u32(m, flow->actions_len);
    message_put_bytes(m, flow->actions, flow->actions_len);
}

void message_get_flow(struct message_reader *r, struct dp_flow *ret, void *actions)
{
    uint8_t key_lines, mask_lines;
    const void *key, *mask, *p;

    memset(ret, 0, sizeof *ret);
    ret->flow_no = message_get_u32(r);
    key_lines = message_get_u8(r);
    mask_lines = message_get_u8(r);
    key = message_get_bytes(r, record_key_len(key_lines));
    mask = message_get_bytes(r, record_key_len(mask_lines));
    ret->actions_len = message_get_u32(r);
    p = ret->actions_len <= DP_ACTIONS_MAX_LEN ? message_get_bytes(r, ret->actions_len) : NULL;
    if (!key || !mask || !p || ret->flow_no >= DP_MAX_FLOWS ||
        record_key_get(key, key_lines, &ret->key) ||
        record_mask_get(mask, mask_lines, &ret->mask)) {
        r->bad = true;
        return;
    }
    memcpy(actions, p, ret->actions_len);
    ret->actions = actions;
    if (dp_actions_validate(actions, ret->actions_len, NULL)) {
        r->bad = true;
    }
}

void message_put_result(struct message *m, int error, const struct error *err)
{
    message_put_u32(m, (uint32_t)-error);
    message_put_string(m, error && err ? err->text : "");
}

int message_get_result(struct message_reader *r, struct error *err)
{
    uint32_t code = message_get_u32(r);
    char text[sizeof err->text];

    message_get_string(r, text, sizeof text);
    if (r->bad || code > 4095) {
        return error_set(err, EPROTO, "datapath: its answer is malformed");
    }
    return code ? error_set(err, (int)code, "%s", text) : 0;
}

/* --- The socket. --- */

int channel_send(int sock, const struct message *m, const int *fds, unsigned int n_fds)
{
    union {
        struct cmsghdr align;
        char data[CMSG_SPACE(sizeof(int) * MESSAGE_MAX_FDS)];
    } control = {.data = {0}};
    struct iovec part = {m->data, m->len};
    struct msghdr msg = {.msg_iov = &part, .msg_iovlen = 1};
    ssize_t n;

    if (m->overflow) {
        return -EMSGSIZE;
    }
    if (n_fds) {
        struct cmsghdr *c;

        msg.msg_control = control.data;
        msg.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
        c = CMSG_FIRSTHDR(&msg);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
        memcpy(CMSG_DATA(c), fds, sizeof(int) * n_fds);
    }
    do {
        n = sendmsg(sock, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        return errno == EWOULDBLOCK || errno == ENOBUFS ? -EAGAIN : -errno;
    }
    return 0;
}

static void take_fds(struct msghdr *msg, int *fds, unsigned int *ret_n_fds)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) {
            continue;
        }
        for (size_t i = 0; i < (c->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++) {
            int fd;

            memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
            if (fds && *ret_n_fds < MESSAGE_MAX_FDS) {
                fds[(*ret_n_fds)++] = fd;
            } else {
                close(fd);
            }
        }
    }
}

int channel_recv(int sock, void *buffer, int fds[MESSAGE_MAX_FDS], unsigned int *ret_n_fds)
{
    union {
        struct cmsghdr align;
        char data[CMSG_SPACE(sizeof(int) * MESSAGE_MAX_FDS)];
    } control;
    struct iovec part = {buffer, MESSAGE_MAX};
    struct msghdr msg = {.msg_iov = &part,
                         .msg_iovlen = 1,
                         .msg_control = control.data,
                         .msg_controllen = sizeof control.data};
    unsigned int n_fds = 0;
    ssize_t n;

    do {
        n = recvmsg(sock, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        return errno == EWOULDBLOCK ? -EAGAIN : -errno;
    }
    take_fds(&msg, fds, &n_fds);
    if (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
        for (unsigned int i = 0; fds && i < n_fds; i++) {
            close(fds[i]);
        }
        return -EMSGSIZE;
    }
    if (ret_n_fds) {
        *ret_n_fds = n_fds;
    }
    return (int)n;
}
