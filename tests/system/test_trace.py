"""ofproto/trace tells what ovs-vswitchd's tells, in the same words, of the same flows, through ovs-appctl and sluice-appctl."""

import json
import os
import re
import subprocess

import pytest
from reference import Reference
from sluice import BIN, SLOW, Switch

N_PORTS = 4
FLOWS = """
table=0,in_port=1,cookie=0x55,priority=100,ip,actions=load:5->NXM_NX_REG0[],resubmit(,2),3
table=0,in_port=1,priority=50,arp,actions=goto_table:4
table=0,in_port=2,actions=normal
table=0,in_port=3,actions=output:1,goto_table:5
table=0,in_port=4,actions=resubmit(,7)
table=2,tcp,actions=resubmit(,3),move:NXM_NX_REG0[]->NXM_NX_REG1[],dec_ttl,output:2
table=3,priority=7,reg0=5,actions=clone(set_field:00:00:00:00:00:09->eth_src,output:4),note:01.02
table=4,actions=write_actions(output:2,group:1),goto_table:6
table=5,actions=set_field:9->reg3,output:4,output:3
table=6,actions=drop
table=7,actions=output:3,resubmit(,5)
"""
TRACES = [
    ["br0", "in_port=1,tcp,dl_src=00:00:00:00:00:01,dl_dst=00:00:00:00:00:02,nw_src=1.2.3.4,nw_ttl=64"],
    ["br0", "in_port=p1,udp"],
    ["br0", "in_port=1,arp"],
    ["br0", "in_port=2,dl_src=00:00:00:00:00:01"],
    ["br0", "in_port=3,udp6"],
    ["br0", "in_port=4"],
    ["br0", "in_port=9"],
    ["br0", "ip"],
    ["br0", "in_port=2,dl_src=00:00:00:00:00:01", "-generate"],
    ["br0", "in_port=4,dl_dst=00:00:00:00:00:01"],
    ["br0", "in_port=1", "ffffffffffff00000000000108004500001400000000400600000a0000010a000002"],
]


@pytest.fixture(scope="module")
def switch():
    s = Switch()
    try:
        s.vsctl("add-br", "br0")
        s.vsctl("set-fail-mode", "br0", "secure")
        for i in range(1, N_PORTS + 1):
            s.vsctl("add-port", "br0", f"p{i}", "--", "set", "interface", f"p{i}", "type=dpdk",
                    f"options:dpdk-devargs=net_null_{i},no-rx=1", f"ofport_request={i}")
        yield s
    finally:
        s.close()


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    r = Reference(tmp_path_factory.mktemp("reference"), N_PORTS)
    yield r
    r.close()


def fill(env):
    for argv, text in ((["add-group", "br0", "group_id=1,type=all,bucket=set_field:00:00:00:00:00:77->eth_dst,output:1,bucket=output:2"], None),
                       (["add-flows", "br0", "-"], FLOWS)):
        subprocess.run(["ovs-ofctl", "-O", "OpenFlow15", *argv], env=env, check=True, input=text, text=True, timeout=60)


def trace(argv, env, command="ofproto/trace", **kwargs):
    p = subprocess.run([*argv, command, *kwargs.pop("args")], env=env, capture_output=True, text=True, timeout=60 * SLOW)
    return p.stdout + p.stderr


def same_in_both(text):
    """Without the masks and numbers of each datapath, and what only Sluice says."""
    text = re.sub(r"(?m)^Megaflow: .*$", "Megaflow", text)
    text = re.sub(r"(?m)^Datapath actions: (?!drop).*$", "Datapath actions", text)
    # Open vSwitch tells that a packet is changed when nothing of it is.
    text = re.sub(r"(?s)^Flow: ([^\n]*)\n(.*)\nFinal flow: \1\n", r"Flow: \1\n\2\nFinal flow: unchanged\n", text)
    return re.sub(r"(?m)^Dropped: .*\n", "", text)


def test_a_trace_reads_like_open_vswitchs(switch, reference):
    fill(switch.env)
    fill(reference.env)
    ovs = ["ovs-appctl", "-t", f"{reference.path}/vswitchd.ctl"]
    for args in TRACES:
        expected = same_in_both(trace(ovs, reference.env, args=args))
        for ours in (["ovs-appctl"], [os.path.join(BIN, "sluice-appctl")]):
            switch.appctl("fdb/flush", "br0")  # One with -generate teaches.
            assert same_in_both(trace(ours, switch.env, args=args)) == expected, args
    # By the datapath, so that the cached flow does not depend on it.
    flow = "in_port=1,tcp,dl_src=00:00:00:00:00:01,dl_dst=00:00:00:00:00:02,nw_src=1.2.3.4,nw_ttl="
    assert "Dropped: ttl-expired" in trace(["ovs-appctl"], switch.env, args=["br0", flow + "1"])
    assert "Dropped" not in trace(["ovs-appctl"], switch.env, args=["br0", flow + "2"])


def test_what_is_wrong_is_said_and_json_has_it_all(switch):
    sluice = [os.path.join(BIN, "sluice-appctl")]
    for args, said in (
            (["br9", "in_port=1"], "bridge 'br9': no such bridge"),
            (["br0", "frob=1"], "'frob' is not a field"),
            (["br0"], "it is written as 'BRIDGE FLOW' or 'ODP-FLOW'"),
            (["br0", "in_port=1", "0g"], "packet '0g': it is not an even number of hexadecimal digits"),
            (["br0", "in_port=1", "00"], "the packet of 1 bytes is shorter than its headers"),
            (["br0", "in_port=1", "--ct-next", "trk"], "connections are not tracked"),
            (["br0", "in_port=1", "--frob"], "option '--frob' is not known"),
            (["ovs-system", "in_port(99)"], "port 99 of the datapath belongs to no bridge")):
        assert said in trace(sluice, switch.env, args=args), args
    fill_once = json.loads(trace([*sluice, "--format=json"], switch.env, args=["br0", "in_port=4,ip"]))
    bridge, = fill_once["steps"]
    assert bridge["text"] == 'bridge("br0")' and bridge["steps"][0]["rule"]["table"] == 0
    # A flow as dpctl/dump-flows shows it.
    port = re.search(r"p4 4/(\d+)", switch.appctl("dpif/show")).group(1)
    odp = f"in_port({port}),eth(src=00:00:00:00:00:01,dst=00:00:00:00:00:02),eth_type(0x0800),ipv4(src=1.2.3.4,dst=5.6.7.8,proto=6,frag=no),tcp(dst=2)"
    for args in ([odp], ["ovs-system", odp]):
        assert "Flow: tcp,in_port=4," in trace(sluice, switch.env, args=args)
    said = trace(sluice, switch.env, "ofproto/trace-packet-out", args=["br0", "in_port=4,ip", "output:1,resubmit(,6)"])
    assert "    output:1\n    resubmit(,6)\n 6. priority 32768\n    drop\n" in said
