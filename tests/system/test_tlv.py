"""Options of tunnels as fields: maps and flows by both tools, on a bridge of Sluice's and on one of Open vSwitch's."""

import json

import pytest
from ofctl import OVS, SLUICE, VERSIONS, Tool, tools, without_times  # noqa: F401 (tools is a fixture)
from reference import Reference

MAP = "{class=0xffff,type=0,len=4}->tun_metadata0,{class=0x102,type=0x80,len=124}->tun_metadata1,{class=0,type=1,len=0}->tun_metadata63"
MODS = [
    ("add-tlv-map", "{class=0xffff,type=0,len=4}->tun_metadata7"),
    ("add-tlv-map", "{class=1,type=0,len=4}->tun_metadata0"),
    ("add-tlv-map", "{class=1,type=0,len=124}->tun_metadata8,{class=1,type=1,len=8}->tun_metadata9"),
    ("add-tlv-map", "{class=1,type=0,len=4}->tun_metadata8,{class=1,type=1,len=8}->tun_metadata9"),
    ("del-tlv-map", "{class=1,type=0,len=4}->tun_metadata8"),
    ("del-tlv-map", "{class=1,type=0,len=4}->tun_metadata30"),
    ("add-flow", "tun_metadata0=5,actions=set_field:7->tun_metadata1"),
    ("del-tlv-map", "{class=0xffff,type=0,len=4}->tun_metadata0"),
    ("del-tlv-map", "{class=0xffff,type=0,len=4}->tun_metadata1"),
    ("del-tlv-map",),
    ("del-tlv-map", "{class=0xffff,type=0,len=4}->tun_metadata63"),
    ("del-flows",),
    ("del-tlv-map",),
]
FLOWS = """
tun_metadata0,actions=1
tun_metadata0=0,actions=1
tun_metadata0=0x12345678,actions=1
tun_metadata0=0x100/0xff00,actions=2
tun_metadata63,actions=drop
tun_metadata1=0x123456789012345678901234567890123456789012345678901234567890,ip,actions=1
tun_metadata1=5/0xf,tcp,tp_dst=80,actions=set_field:0x12345->tun_metadata1,2
actions=set_field:0->tun_metadata0,set_field:5/0xff->tun_metadata0
actions=move:tun_metadata1[0..15]->reg0[0..15],delete_field:tun_metadata1
actions=load:5->tun_metadata0[0..7],push:tun_metadata0[0..31],pop:tun_metadata0[0..31]
actions=load:7->tun_metadata0[],load:0x1122334455667788->tun_metadata1[8..71]
actions=output:tun_metadata0[0..15],multipath(eth_src,50,modulo_n,1,0,tun_metadata0[0..15])
""".split("\n")[1:-1]


def recorded(tool, version):
    """What the tool tells of maps that come and go."""
    tool("-O", version, "add-tlv-map", "br0", MAP)
    for command, *args in MODS:
        refused = command == "add-tlv-map" and ("metadata7" in args[0] or "}->tun_metadata0" in args[0] or "len=124" in args[0])
        refused |= args in (["{class=0xffff,type=0,len=4}->tun_metadata0"], ["{class=0xffff,type=0,len=4}->tun_metadata1"])
        refused |= (command, *args) == ("del-tlv-map",) and "tun_metadata0=" in tool("-O", version, "dump-flows", "br0")
        yield command, args, tool("-O", version, command, "br0", *args, fails=refused)
        yield tool("-O", version, "dump-tlv-map", "br0")


@pytest.mark.parametrize("version", VERSIONS)
def test_maps_are_changed_as_in_open_vswitch(switch, tmp_path, version):
    switch.vsctl("set-fail-mode", "br0", "secure")
    reference = Reference(tmp_path, 1)
    try:
        expected = list(recorded(Tool(OVS, reference.env), version))
    finally:
        reference.close()
    assert list(recorded(Tool(OVS, switch.env), version)) == expected


def test_both_tools_say_the_same(tools):  # noqa: F811
    ovs, sluice = tools
    sluice("add-tlv-map", "br0", MAP)
    assert sluice("dump-tlv-map", "br0") == ovs("dump-tlv-map", "br0")
    mappings = json.loads(sluice("--format=json", "dump-tlv-map", "br0"))["mappings"]
    assert mappings[1] == {"class": 0x102, "type": 0x80, "length": 124, "field": "tun_metadata1"}
    for version in VERSIONS:
        dumps = []
        for tool in (ovs, sluice):
            tool("-O", version, "del-flows", "br0")
            for n, flow in enumerate(FLOWS):
                tool("-O", version, "add-flow", "br0", f"priority={n},{flow}")
            dumps += [without_times(other("-O", version, "dump-flows", "br0")) for other in (ovs, sluice)]
        assert dumps.count(dumps[0]) == 4, "\n".join(dumps)
    assert "NXTTMFC_INVALID_TLV_DEL" in sluice("del-tlv-map", "br0", fails=True)
    sluice("del-flows", "br0")
    sluice("del-tlv-map", "br0", "{class=0xffff,type=0,len=4}->tun_metadata0")
    assert "NXFMFC_INVALID_TLV_FIELD" in sluice("add-flow", "br0", FLOWS[0], fails=True)
    sluice("del-tlv-map", "br0")
    assert "tun_metadata" not in sluice("dump-tlv-map", "br0")


def test_a_mapping_that_is_none_is_named(switch):
    sluice = Tool(SLUICE, switch.env)
    for mapping in ("class=1,type=1,len=4->tun_metadata1", "{class=0x10000,type=1,len=4}->tun_metadata1",
                    "{class=1,type=256,len=4}->tun_metadata1", "{class=1,type=1,len=5}->tun_metadata1",
                    "{class=1,type=1,len=128}->tun_metadata1", "{class=1,type=1,len=4}->tun_metadata64",
                    "{class=1,type=1,len=4}->reg0", "x"):
        for before in ("", "{class=1,type=1,len=4}->tun_metadata1,"):
            assert f"mapping '{mapping}'" in sluice("add-tlv-map", "br0", before + mapping, fails=True)


def test_rules_give_packets_options(switch):
    """And a trace tells of them; a patch port takes them away."""
    switch.vsctl("add-br", "br1")
    switch.vsctl("add-port", "br0", "to1", "--", "set", "interface", "to1", "type=patch", "options:peer=to0", "ofport_request=5")
    switch.vsctl("add-port", "br1", "to0", "--", "set", "interface", "to0", "type=patch", "options:peer=to1", "ofport_request=6")
    ovs = Tool(OVS, switch.env)
    ovs("add-tlv-map", "br0", MAP)
    ovs("add-tlv-map", "br1", "{class=7,type=0,len=4}->tun_metadata9")
    for bridge, flow in (("br0", "priority=9,actions=set_field:0x1234->tun_metadata0,resubmit(,1)"),
                         ("br0", "table=1,tun_metadata0=0x1234,actions=move:tun_metadata0[0..15]->reg1[0..15],output:5,output:local"),
                         ("br1", "priority=9,tun_metadata9,actions=drop"),
                         ("br1", "priority=8,actions=set_field:7->tun_metadata9,resubmit(,1)"),
                         ("br1", "table=1,tun_metadata9=7,actions=local")):
        ovs("add-flow", bridge, flow)
    trace = switch.appctl("ofproto/trace", "br0", "in_port=local,tun_metadata1=5")
    for text in ("Flow: tun_metadata1=0x5,", "tun_metadata0=0x1234, priority 32768", "NXM_NX_REG1[0..15] is now 0x1234", "set_field:0x7->tun_metadata9",
                 " 1. tun_metadata9=0x7", "Final flow: tun_metadata0=0x1234,tun_metadata1=0x5,reg1=0x1234"):
        assert text in trace, trace
