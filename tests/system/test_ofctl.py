"""sluice-ofctl is to a switch what Debian's ovs-ofctl is: the same command lines do the same and print the same, on a bridge of Sluice's and
on one of Debian's ovs-vswitchd."""

import json
import os
import re
import socket
import subprocess

import pytest
from ofctl import SLUICE, VERSIONS, Tool, tools, without_times  # noqa: F401 (tools is a fixture)

FLOWS = """
actions=normal
actions=flood
actions=all,in_port,local
actions=1,2,3
actions=output:1
actions=drop
in_port=1,actions=2
in_port=LOCAL,actions=1
in_port=p2,actions=p1
dl_src=00:01:02:03:04:05,actions=1
dl_dst=01:00:00:00:00:00/01:00:00:00:00:00,actions=1
dl_vlan=10,actions=strip_vlan,1
dl_vlan=10,dl_vlan_pcp=3,actions=strip_vlan,1
dl_type=0x88cc,actions=drop
ip,actions=1
ip,nw_src=10.0.0.0/8,nw_dst=10.1.2.3,actions=dec_ttl,2
ip,nw_src=10.0.0.0/255.0.255.0,actions=2
ip,nw_proto=6,actions=1
ip,nw_tos=32,actions=1
ip,nw_ecn=2,actions=1
ip,nw_frag=yes,actions=1
ip,ip_frag=later,actions=1
tcp,tp_src=80,actions=1
tcp,tp_dst=80/0xfff0,actions=1
udp,udp_src=53,actions=1
udp6,udp_dst=53,actions=1
icmp,icmp_type=8,icmp_code=0,actions=1
icmp6,icmp_type=135,icmp_code=0,nd_target=fe80::1,actions=1
ipv6,ipv6_src=2001:db8::/32,actions=1
arp,arp_op=1,arp_spa=10.0.0.1,arp_tpa=10.0.0.2,actions=1
metadata=5,actions=1
reg0=5,actions=1
reg15=5/0xf,actions=1
pkt_mark=5/0xf,actions=1
tun_id=5,actions=1
conj_id=5,ip,actions=1
actions=mod_dl_src:00:01:02:03:04:05,1
actions=mod_dl_dst:00:01:02:03:04:05,1
dl_vlan=7,actions=mod_vlan_vid:5,1
dl_vlan=7,actions=mod_vlan_pcp:5,1
ip,actions=mod_nw_src:1.2.3.4,1
ip,actions=mod_nw_dst:1.2.3.4,1
ip,actions=mod_nw_tos:32,1
tcp,actions=mod_tp_src:5,1
udp,actions=mod_tp_dst:5,1
ip,actions=set_field:1.2.3.4->ip_src,1
tcp,actions=set_field:5->tcp_src,1
actions=set_tunnel:5,1
actions=set_tunnel64:0x500000005,1
actions=set_field:00:01:02:03:04:05->eth_src,1
actions=load:5->NXM_NX_REG0[0..7],1
actions=load:5->OXM_OF_METADATA[],1
actions=move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[],1
actions=move:NXM_NX_REG0[0..15]->NXM_NX_REG1[16..31],1
actions=push:NXM_NX_REG0[],pop:NXM_NX_REG1[],1
actions=output:NXM_NX_REG0[],1
actions=resubmit:2
actions=resubmit(,1)
actions=resubmit(2,3)
actions=note:01.02.03,1
actions=1,exit,2
actions=multipath(eth_src,50,modulo_n,1,0,NXM_NX_REG0[]),1
actions=bundle(eth_src,50,hrw,ofport,members:1,2)
actions=bundle_load(eth_src,50,hrw,ofport,NXM_NX_REG0[],members:1,2)
actions=conjunction(5,1/2),conjunction(6,2/3)
actions=clone(resubmit(,5),output:1),2
ip,actions=dec_ttl(1,2),1
idle_timeout=10,hard_timeout=20,actions=1
table=1,in_port=1,actions=2
""".split("\n")[1:-1]
# Not in OpenFlow 1.0.
LATER = """
table=1,actions=goto_table:2
table=2,actions=write_metadata:5/0xf,goto_table:4
actions=write_actions(output:1)
actions=clear_actions,write_actions(set_field:1->reg0,output:1),goto_table:3
actions=push_vlan:0x8100,set_field:4106->vlan_vid,1
no_packet_counts,no_byte_counts,actions=1
""".split("\n")[1:-1]


def numbered(flows):
    return [f"cookie={n},priority={n},{flow}" for n, flow in enumerate(flows, 1)]


@pytest.mark.parametrize("version", VERSIONS)
def test_the_same_flow_is_added_and_shown_the_same(tools, version):
    ovs, sluice = tools
    dumps = []
    for add in tools:
        ovs("-O", version, "del-flows", "br0")
        for flow in numbered(FLOWS if version == "OpenFlow10" else FLOWS + LATER):
            add("-O", version, "add-flow", "br0", flow)
        dumps.append(without_times(ovs("-O", version, "dump-flows", "br0")))
        assert without_times(sluice("-O", version, "dump-flows", "br0")) == dumps[-1]
    assert sorted(dumps[0].splitlines()) == sorted(dumps[1].splitlines())
    for show in (["dump-flows", "br0", "table=1"], ["dump-flows", "br0", "tcp"], ["dump-flows", "br0", "cookie=5/-1"],
                 ["dump-flows", "br0", "out_port=3"], ["dump-aggregate", "br0"], ["dump-aggregate", "br0", "ip"], ["dump-tables", "br0"],
                 ["--sort", "dump-flows", "br0"], ["--rsort", "dump-flows", "br0"], ["--sort=in_port", "dump-flows", "br0"],
                 ["--no-stats", "dump-flows", "br0"], ["--names", "dump-flows", "br0"]):
        expected = without_times(ovs("-O", version, *show))
        if "--names" in show:  # Of tables, too; they are their numbers.
            expected = re.sub(r"(table=|resubmit\(\w*,|goto_table:)table(\d+)", r"\1\2", expected)
        assert without_times(sluice("-O", version, *show)) == expected, show


@pytest.mark.parametrize("version", VERSIONS)
def test_what_a_switch_is_is_shown_the_same(tools, version):
    ovs, sluice = tools
    for show in (["show"], ["dump-desc"], ["dump-ports-desc"], ["get-frags"], ["dump-tables"]):
        assert sluice("-O", version, *show, "br0") == ovs("-O", version, *show, "br0"), show
    for args in ([], ["1"], ["p2"], ["LOCAL"]):
        expected = without_times(ovs("-O", version, "dump-ports", "br0", *args))
        # What a dummy device counts beyond the standard is not shown.
        expected = re.sub(r" +CUSTOM Statistics\n(?: +(?:rx|tx)_.*\n)+", "", expected)
        assert without_times(sluice("-O", version, "dump-ports", "br0", *args)) == expected


@pytest.mark.san
def test_flows_are_changed_and_deleted_the_same(tools):
    results = []
    for tool in tools:
        tool("del-flows", "br0")
        tool("add-flows", "br0", "-", input="in_port=1,actions=1\n# nothing\n\nadd priority=5,in_port=2 actions=2\n"
             "table=3,in_port=3,cookie=9,actions=drop\ntable=3,in_port=4,actions=drop\nmodify in_port=2,actions=4\n")
        tool("mod-flows", "br0", "table=3,actions=output:4")
        tool("--strict", "mod-flows", "br0", "priority=5,in_port=2,actions=3")
        tool("--strict", "del-flows", "br0", "in_port=2")  # Of another priority.
        tool("del-flows", "br0", "cookie=9/-1")
        tool("-O", "OpenFlow13", "del-flows", "br0", "in_port=1")
        results.append(without_times(tools[0]("dump-flows", "br0")))
    assert results[0] == results[1], results


@pytest.mark.san
def test_lists_of_flows_are_compared_and_replaced(tools, tmp_path):
    ovs, sluice = tools
    have, want = tmp_path / "have", tmp_path / "want"
    have.write_text("in_port=1,actions=1\npriority=4,in_port=2,actions=2\ntable=2,cookie=7,idle_timeout=9,actions=3\n")
    want.write_text("in_port=1,actions=3\npriority=4,in_port=2 actions=2\npriority=4,in_port=3 actions=2\n")

    def diff(tool, *args):
        p = subprocess.run([tool.program, "diff-flows", *args], env=tool.env, capture_output=True, text=True, timeout=60)
        return p.returncode, sorted(p.stdout.splitlines())

    sluice("replace-flows", "br0", str(have))
    assert diff(sluice, "br0", str(have)) == (0, [])
    assert diff(sluice, "br0", str(want)) == diff(ovs, "br0", str(want))
    assert diff(sluice, str(have), str(want)) == diff(ovs, str(have), str(want))
    assert diff(sluice, str(want), "br0")[0] == 2
    sluice("-O", "OpenFlow13", "replace-flows", "br0", str(want))
    assert diff(ovs, "br0", str(want)) == (0, [])


@pytest.mark.san
def test_what_is_wrong_is_named(switch):
    sluice = Tool(SLUICE, switch.env)
    for argv, said in (
            (["add-flow", "br0", "foo=1,actions=1"], "flow 'foo=1,actions=1': 'foo=1': 'foo' is not a field"),
            (["add-flow", "br0", "in_port=1"], "flow 'in_port=1': 'actions=...' is missing"),
            (["add-flow", "br0", "actions=1,frob"], "'frob' is neither an action nor a port"),
            (["add-flow", "br0", "actions=mod_nw_ttl:5"], "action 'mod_nw_ttl:5': the match does not name the protocol"),
            (["add-flow", "br0", "in_port=eth9,actions=1"], "field 'in_port': 'eth9' is not a valid value for it"),
            (["-O", "OpenFlow10", "add-flow", "br0", "actions=goto_table:3"], "br0: this takes OpenFlow 1.1, 1.2, 1.3, 1.4, 1.5"),
            (["-O", "OpenFlow13", "add-flow", "br0", "table=254,actions=drop"], "OFPT_ERROR (OF1.3) (xid=0x2): "),
            (["-O", "OpenFlow9", "show", "br0"], "option --protocols: 'OpenFlow9' is none of"),
            (["dump-flows", "br9"], "br9: there is no bridge of this name"),
            (["dump-flows", "tcp:127.0.0.1:1"], "tcp:127.0.0.1:1: connecting: Connection refused"),
            (["dump-ports", "br0", "eth9"], "br0: there is no port 'eth9'"),
            (["frobnicate", "br0"], "unknown command 'frobnicate'"),
            (["add-flow", "br0"], "it is written as 'add-flow SWITCH FLOW'"),
            (["add-flows", "br0", "/nonexistent"], "/nonexistent: No such file or directory")):
        assert said in sluice(*argv, fails=True), argv
    said = sluice("add-flows", "br0", "-", fails=True, input="actions=1\n\nin_port=1,actions=x\n")
    assert "-:3: flow 'in_port=1,actions=x': 'x' is neither an action nor a port" in said
    # A switch's refusal names the line; the others are there.
    sluice("del-flows", "br0")
    said = sluice("-O", "OpenFlow13", "add-flows", "br0", "-", fails=True, input="actions=1\ntable=254,actions=1\nin_port=1,actions=2\n")
    assert "the switch refused -:2: " in said
    assert len(sluice("dump-flows", "br0").splitlines()) == 3


@pytest.mark.san
def test_everything_is_there_as_json(switch):
    sluice = Tool(SLUICE, switch.env)
    sluice("del-flows", "br0")
    sluice("add-flow", "br0", "table=1,priority=7,cookie=0x5,tcp,tp_dst=80,actions=output:LOCAL")

    def ask(*argv):
        return json.loads(sluice("--format=json", *argv, "br0"))

    flow, = ask("dump-flows")
    assert (flow["table"], flow["priority"], flow["cookie"]) == (1, 7, "0x5")
    assert (flow["match"], flow["actions"], flow["n_packets"]) == ("tcp,tp_dst=80", "LOCAL", 0)
    assert ask("dump-aggregate")["flow_count"] == 1
    assert ask("show")["ports"][0]["name"] == "br0" and ask("dump-ports-desc")[0]["name"] == "br0"
    assert ask("dump-desc")["description"] == "br0"
    assert ask("get-frags") == {"frags": "normal"}
    assert ask("dump-tables")[1]["active"] == 1
    assert ask("dump-ports")[0]["collisions"] is None


def test_a_peer_that_is_silent_is_left():
    sluice = Tool(SLUICE, dict(os.environ))
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen()
        assert "no answer within 1 s" in sluice("-t", "1", "show", f"tcp:127.0.0.1:{s.getsockname()[1]}", fails=True)


@pytest.mark.san
@pytest.mark.parametrize("version", VERSIONS[1:])
def test_a_bundle_is_all_or_nothing(tools, version):  # noqa: F811
    ovs, sluice = tools
    ovs("del-flows", "br0")
    ovs("-O", version, "del-groups", "br0")
    sluice("-O", version, "--bundle", "add-flows", "br0", "-", input="in_port=1,actions=1\nin_port=2,actions=2\ndelete in_port=1\n")
    assert len(ovs("dump-flows", "br0").splitlines()) == 2
    said = sluice("-O", version, "--bundle", "add-flows", "br0", "-", fails=True,
                  input="in_port=3,actions=3\ntable=254,actions=1\nin_port=4,actions=4\n")
    assert "nothing is changed" in said
    sluice("-O", version, "--bundle", "add-groups", "br0", "-", input="group_id=1,type=all\ngroup_id=2,type=all\n")
    assert "nothing is changed" in sluice("-O", version, "--bundle", "add-groups", "br0", "-", fails=True,
                                          input="group_id=3,type=all\ngroup_id=1,type=all\n")
    assert len(ovs("-O", version, "dump-groups", "br0").splitlines()) == 3
    assert len(ovs("dump-flows", "br0").splitlines()) == 2
