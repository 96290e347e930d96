/* See host_block.h: raw bpf(2) for two instructions, rtnetlink by libnl for kernels before 6.6.
 * There, a filter that a crash left behind is replaced when the port is opened again. */
#include "datapath/port/host_block.h"

#include <errno.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <net/if.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/byteorder.h"

/* Debian 12's headers are older than kernel 6.6. */
#define ATTACH_TCX_INGRESS 46
#define FILTER_NAME "sluice_port"
#define FILTER_PRIO 0xc01e /* Behind the filters that somebody else may have there. */
#define FILTER_HANDLE 1

static int bpf_call(int cmd, union bpf_attr *attr)
{
    long rc = syscall(SYS_bpf, cmd, attr, sizeof *attr);

    return rc < 0 ? -errno : (int)rc;
}

static int load_drop_all(void)
{
    static const struct bpf_insn code[] = {
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = TC_ACT_SHOT},
        {.code = BPF_JMP | BPF_EXIT},
    };
    union bpf_attr attr;

    memset(&attr, 0, sizeof attr);
    attr.prog_type = BPF_PROG_TYPE_SCHED_CLS;
    attr.insns = (uint64_t)(uintptr_t)code;
    attr.insn_cnt = ARRAY_SIZE(code);
    attr.license = (uint64_t)(uintptr_t) "Apache-2.0";
    memcpy(attr.prog_name, FILTER_NAME, sizeof FILTER_NAME);
    return bpf_call(BPF_PROG_LOAD, &attr);
}

/* Sends one request about tc and waits for the kernel's answer. */
static int tc_request(int type, int flags, struct tcmsg *tc, const char *kind, int prog_fd)
{
    struct nl_sock *sock = nl_socket_alloc();
    struct nl_msg *msg = nlmsg_alloc_simple(type, flags);
    struct nlattr *options;
    int error = -ENOMEM;

    if (!sock || !msg || nlmsg_append(msg, tc, sizeof *tc, NLMSG_ALIGNTO) ||
        nla_put_string(msg, TCA_KIND, kind)) {
        goto out;
    }
    if (prog_fd >= 0) {
        options = nla_nest_start(msg, TCA_OPTIONS);
        if (!options || nla_put_u32(msg, TCA_BPF_FD, (uint32_t)prog_fd) ||
            nla_put_string(msg, TCA_BPF_NAME, FILTER_NAME) ||
            nla_put_u32(msg, TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT)) {
            goto out;
        }
        nla_nest_end(msg, options);
    }
    error = nl_connect(sock, NETLINK_ROUTE);
    if (!error) {
        error = nl_send_auto(sock, msg);
    }
    if (error >= 0) {
        error = nl_wait_for_ack(sock);
    }
    if (error < 0) { /* libnl's own numbers. */
        error = error == -NLE_EXIST ? -EEXIST : error == -NLE_PERM ? -EPERM : -EOPNOTSUPP;
    }
out:
    nlmsg_free(msg);
    nl_socket_free(sock);
    return error;
}

static struct tcmsg filter_at(int ifindex)
{
    return (struct tcmsg){
        .tcm_family = AF_UNSPEC,
        .tcm_ifindex = ifindex,
        .tcm_parent = TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS),
        .tcm_handle = FILTER_HANDLE,
        .tcm_info = TC_H_MAKE((uint32_t)FILTER_PRIO << 16, be16_make(0x0003 /* ETH_P_ALL */)),
    };
}

static int clsact_attach(int ifindex, int prog_fd)
{
    struct tcmsg qdisc = {
        .tcm_family = AF_UNSPEC,
        .tcm_ifindex = ifindex,
        .tcm_parent = TC_H_CLSACT,
        .tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0),
    };
    struct tcmsg filter = filter_at(ifindex);
    int error = tc_request(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, &qdisc, "clsact", -1);

    if (error && error != -EEXIST) {
        return error;
    }
    return tc_request(RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_REPLACE, &filter, "bpf", prog_fd);
}

static int start(struct host_block *block, int ifindex, bool tcx)
{
    int prog_fd = load_drop_all();
    union bpf_attr attr;
    int rc = -EOPNOTSUPP;

    block->link_fd = -1;
    block->ifindex = 0;
    if (prog_fd < 0) {
        return prog_fd;
    }
    if (tcx) {
        memset(&attr, 0, sizeof attr);
        attr.link_create.prog_fd = (uint32_t)prog_fd;
        attr.link_create.target_ifindex = (uint32_t)ifindex;
        attr.link_create.attach_type = ATTACH_TCX_INGRESS;
        rc = bpf_call(BPF_LINK_CREATE, &attr);
    }
    if (rc >= 0) {
        block->link_fd = rc;
        rc = 0;
    } else if (rc != -EMFILE && rc != -ENFILE) {
        rc = clsact_attach(ifindex, prog_fd);
        if (!rc) {
            block->ifindex = ifindex;
        }
    }
    close(prog_fd);
    return rc;
}

int host_block_start(struct host_block *block, int ifindex)
{
    return start(block, ifindex, true);
}

int host_block_start_clsact(struct host_block *block, int ifindex)
{
    return start(block, ifindex, false);
}

int host_block_stop(struct host_block *block)
{
    int fd = block->link_fd;

    if (block->ifindex) {
        struct tcmsg filter = filter_at(block->ifindex);

        /* The empty clsact stays: somebody may have put filters of his own there since. */
        tc_request(RTM_DELTFILTER, 0, &filter, "bpf", -1);
    }
    block->link_fd = -1;
    block->ifindex = 0;
    return fd;
}
