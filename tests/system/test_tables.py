"""Flow tables as Debian's ovs-ofctl fills and reads them, in each version of OpenFlow, and what packets do in them."""

import re

import pytest
from sluice import wait_for

pytestmark = pytest.mark.san

VERSIONS = ["OpenFlow10", "OpenFlow12", "OpenFlow13", "OpenFlow14", "OpenFlow15"]

# What every version can say, as ovs-ofctl prints it again.
FLOWS = [
    "table=3, tcp6,reg1=0x5,tp_dst=80 actions=load:0x5->NXM_NX_REG0[],move:NXM_NX_REG0[0..15]->NXM_NX_REG1[16..31],"
    "resubmit(,4),output:NXM_NX_REG0[0..15]",
    "priority=5,tcp,nw_tos=32,tcp_flags=+syn-ack actions=dec_ttl,note:01.02.03.04.05.06,push:NXM_NX_REG2[],"
    "pop:NXM_NX_REG3[0..3],exit",
    "table=1, priority=7,reg0=0x5,reg1=0x1,metadata=0x5/0xf,dl_vlan=10,dl_vlan_pcp=3 actions=resubmit:1",
    "table=2, pkt_mark=0x3,ip,reg12=0x11223344,nw_ecn=2,nw_ttl=5,nw_frag=later actions=resubmit(2,3)",
    "table=5, icmp6,icmp_type=135,nd_target=fe80::1,nd_sll=02:00:00:00:00:01 actions=IN_PORT",
    "table=6, arp,arp_op=1,arp_sha=02:00:00:00:00:00/ff:00:00:00:00:00 actions=drop",
    "table=11, actions=clone(load:0x5->NXM_NX_REG0[],output:4),multipath(symmetric_l4,50,modulo_n,4,0,NXM_NX_REG0[0..7]),"
    "set_tunnel:0x5,bundle(eth_src,0,hrw,ofport,members:4,8),"
    "bundle_load(symmetric_l3,0,active_backup,ofport,NXM_NX_REG0[0..15],members:4,8)",
    "table=13, tcp actions=learn(table=14,idle_timeout=10,hard_timeout=20,fin_idle_timeout=3,priority=7,cookie=0x9,"
    "NXM_OF_VLAN_TCI[0..11],NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],load:0x5->NXM_NX_REG1[],output:NXM_OF_IN_PORT[]),"
    "fin_timeout(idle_timeout=5,hard_timeout=6)",
    "table=13, udp actions=learn(table=14,limit=100,eth_type=0x800,nw_proto=17,NXM_OF_UDP_DST[]=NXM_OF_UDP_SRC[])",
    "table=13, icmp actions=learn(table=14,idle_timeout=10,send_flow_rem,delete_learned,cookie=0x3,limit=5,"
    "result_dst=NXM_NX_REG0[3],NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[])",
    "table=12, ip,nw_src=10.0.0.1 actions=conjunction(7,1/2),conjunction(8,2/3)",
    "table=12, conj_id=7,ip actions=output:1",
    "table=7, in_port=1,vlan_tci=0x1000/0x1000 actions=output:2",
    "cookie=0x77, table=253, idle_timeout=60, in_port=LOCAL actions=NORMAL",
]
# What takes instructions.
FLOWS13 = FLOWS + [
    "table=9, ip actions=output:1,clear_actions,write_actions(set_field:10.0.0.9->ip_src,output:3,pop_vlan,dec_ttl),"
    "write_metadata:0x5/0xff,goto_table:20",
    "table=10, dl_vlan=3 actions=set_field:4101->vlan_vid,push_vlan:0x88a8,output:2",
]


def ofctl(switch, version, *argv, **kwargs):
    return switch.command("ovs-ofctl", f"-O{version}", *argv, **kwargs)


def dump(switch, version, *argv):
    return ofctl(switch, version, "--no-stats", "dump-flows", "br0", *argv)


def normal_form(text):
    """Flows in no order, without what is only how they are printed."""
    return sorted(line.strip() for line in text.splitlines() if "actions=" in line)


@pytest.mark.parametrize("version", VERSIONS)
def test_flows_are_told_as_they_were_added(switch, tmp_path, version):
    flows = FLOWS if version == "OpenFlow10" else FLOWS13
    if version != "OpenFlow10":
        flows = [f.replace("set_tunnel:0x5", "set_field:0x5->tun_id") for f in flows]
    if version == "OpenFlow15":
        # Since 1.5 it sends a load as a set-field.
        flows = [f.replace("load:0x5->NXM_NX_REG0[]", "set_field:0x5->reg0") for f in flows]
    ofctl(switch, version, "del-flows", "br0")
    for flow in flows:
        ofctl(switch, version, "add-flow", "br0", flow)
    assert normal_form(dump(switch, version)) == sorted(flows)
    path = tmp_path / "flows"
    path.write_text("\n".join(flows) + "\n")
    assert ofctl(switch, version, "diff-flows", "br0", path) == ""
    if version != "OpenFlow10":  # ovs-ofctl has no format for 1.0 that replaces flows of tables.
        path.write_text("\n".join(flows[1:]) + "\n")
        ofctl(switch, version, "replace-flows", "br0", path)
        assert ofctl(switch, version, "diff-flows", "br0", path) == ""


# Fields beyond those above; what is printed otherwise than it is written stands behind the arrow.
FIELDS = """
in_port_oxm=1 -> in_port=1
xreg1=0x1/0xff -> reg3=0x1/0xff
xxreg0=0x1 -> reg0=0,reg1=0,reg2=0,reg3=0x1
tun_id=0x5/0xff
tun_src=10.0.0.1,tun_dst=10.0.0.0/8
tun_ipv6_src=fe80::1,tun_ipv6_dst=fe80::/64
tun_gbp_id=5,tun_gbp_flags=0x1
tun_flags=oam -> tun_flags=+oam
actset_output=1
conj_id=5
packet_type=(0,0) -> *
recirc_id=0
ct_state=+est+trk,ct_zone=5,ct_mark=0x1/0x1,ct_label=0x1
ct_state=+est+trk,ct_nw_src=10.0.0.1,ct_nw_dst=10.0.0.0/8,ct_nw_proto=6,ct_tp_src=5,ct_tp_dst=6,ip -> *
ct_state=+est+trk,ct_ipv6_src=fe80::1,ct_ipv6_dst=fe80::1,ct_nw_proto=17,ipv6 -> *
vlan_vid=0x1000/0x1000 -> vlan_tci=0x1000/0x1000
mpls,mpls_label=5,mpls_tc=3,mpls_ttl=64,mpls_bos=1
mplsm,mpls_label=1048575
ip,nw_dst=1.2.0.4/255.255.0.255
ipv6,ipv6_dst=fe80::/ffff::ffff
ipv6,ipv6_label=0x345/0xfff -> ipv6,ipv6_label=0x00345/0x00fff
arp,arp_spa=1.2.0.0/16
tcp,tcp_dst=80/0xfff0 -> tcp,tp_dst=0x50/0xfff0
udp6,udp_src=1/1 -> udp6,tp_src=0x1/0x1
sctp6,sctp_dst=7 -> sctp6,tp_dst=7
icmp6,icmp_type=136,nd_target=fe80::/64,nd_tll=00:00:00:00:00:01
"""


@pytest.mark.parametrize("version", VERSIONS)
def test_every_field_is_matched_and_told(switch, version):
    for line in FIELDS.strip().splitlines():
        written, _, told = line.partition(" -> ")
        ofctl(switch, version, "del-flows", "br0")
        ofctl(switch, version, "add-flow", "br0", written + ",actions=drop")
        flows = normal_form(dump(switch, version))
        assert len(flows) == 1, line
        if told != "*":
            assert flows == [(told or written) + " actions=drop"]
        ofctl(switch, version, "--strict", "del-flows", "br0", written)
        assert not normal_form(dump(switch, version)), line


@pytest.mark.parametrize("version", VERSIONS)
def test_deletes_and_modifies_select_by_table_match_and_cookie(switch, version):
    ofctl(switch, version, "del-flows", "br0")
    for table in (0, 1, 253):
        ofctl(switch, version, "add-flow", "br0", f"table={table},cookie={table + 16},priority=9,ip,reg1=5,actions=drop")
        ofctl(switch, version, "add-flow", "br0", f"table={table},cookie={table + 16},tcp,reg1=5,actions=output:7")
    count = r"flow_count=(\d+)"

    def flows(what=""):
        return int(re.search(count, ofctl(switch, version, "dump-aggregate", "br0", what)).group(1))

    assert flows() == 6 and flows("table=1") == 2 and flows("tcp") == 3 and flows("out_port=7") == 3
    ofctl(switch, version, "mod-flows", "br0", "table=1,tcp,actions=output:8")
    assert flows("out_port=8") == 1
    ofctl(switch, version, "--strict", "del-flows", "br0", "table=1,priority=9,ip,reg1=5")
    assert flows("table=1") == 1
    ofctl(switch, version, "del-flows", "br0", "cookie=0x10/-1")
    assert flows("table=0") == 0 and flows() == 3
    ofctl(switch, version, "del-flows", "br0", "tcp")
    assert flows() == 1
    ofctl(switch, version, "del-flows", "br0")
    assert flows() == 0


def test_no_option_means_the_nicira_extensions_and_they_work(switch):
    switch.command("ovs-ofctl", "add-flow", "br0", "table=3,reg1=5,ipv6,nw_proto=6,tcp_dst=80 actions=resubmit(,4)")
    assert "table=3, tcp6,reg1=0x5,tp_dst=80 actions=resubmit(,4)" in switch.command(
        "ovs-ofctl", "--no-stats", "dump-flows", "br0", "table=3")
    assert "NXST_FLOW" in switch.command("ovs-ofctl", "dump-flows", "br0")


def test_flows_of_1_1_are_told_as_they_were_added(switch):
    flows = sorted((
        "priority=9,in_port=1 actions=output:2",
        "tcp,nw_src=10.0.0.0/24,tp_dst=80 actions=mod_nw_dst:10.0.0.9,output:2",
        "arp,arp_op=1 actions=CONTROLLER:65535",
        "dl_vlan=7,dl_vlan_pcp=3 actions=pop_vlan,output:1",
        "dl_src=02:00:00:00:00:00/ff:00:00:00:00:00 actions=write_actions(output:1),goto_table:2",
        "metadata=0x5/0xff actions=drop",
        "mpls,mpls_label=100,mpls_tc=3 actions=output:1",
        "priority=3 actions=set_queue:7,output:1,pop_queue",
    ))
    ofctl(switch, "OpenFlow11", "del-flows", "br0")
    for flow in flows:
        ofctl(switch, "OpenFlow11", "add-flow", "br0", flow.replace(" actions", ",actions"))
    told = ofctl(switch, "OpenFlow11", "--no-stats", "dump-flows", "br0").splitlines()
    assert sorted(line.strip() for line in told if "actions=" in line) == flows
    # A modify of what is not there adds, and one that has a cookie's mask does not.
    ofctl(switch, "OpenFlow11", "mod-flows", "br0", "dl_type=0x1234,actions=drop")
    ofctl(switch, "OpenFlow11", "mod-flows", "br0", "cookie=1/-1,dl_type=0x1235,actions=drop")
    told = ofctl(switch, "OpenFlow11", "dump-flows", "br0")
    assert "dl_type=0x1234" in told and "dl_type=0x1235" not in told
    p = ofctl(switch, "OpenFlow11", "queue-stats", "br0", "1", "5", check=False)
    assert "OFPQOFC_BAD" in p.stderr + p.stdout
    assert "0 queues" in ofctl(switch, "OpenFlow11", "queue-stats", "br0")


def test_errors_are_those_of_the_specification(switch):
    for flow, error in (
            ("table=5,actions=goto_table:3", "BAD_TABLE_ID"),
            ("actions=group:1", "OFPBAC_BAD_OUT_GROUP"),
            ("actions=meter:1", "OFPMMFC_INVALID_METER"),
            ("table=254,actions=drop", "OFPBRC_EPERM"),
    ):
        p = ofctl(switch, "OpenFlow13", "add-flow", "br0", flow, check=False)
        assert p.returncode != 0 and error in p.stderr, f"{flow}: {p.stderr}"
    for version in VERSIONS:
        p = ofctl(switch, version, "add-flow", "br0", "tun_metadata0=1,actions=drop", check=False)
        assert p.returncode != 0 and "NXFMFC_INVALID_TLV_FIELD" in p.stderr, p.stderr


@pytest.mark.parametrize("version", VERSIONS + ["OpenFlow11"])
def test_all_tables_are_counted_and_described(switch, version):
    assert "n_tables:254" in ofctl(switch, version, "show", "br0")
    text = ofctl(switch, version, "dump-tables", "br0")
    assert re.search(r"table 0( \(.table0.\))?:\s+active=1", text)
    assert "253" in text
    if version >= "OpenFlow13":
        assert "next tables: 1-253" in ofctl(switch, version, "dump-table-features", "br0")


def test_packets_take_their_way_through_tables_in_one_cached_flow_each(switch):
    a = switch.add_host("a", "10.0.0.1")
    b = switch.add_host("b", "10.0.0.2")
    ofctl(switch, "OpenFlow13", "del-flows", "br0")
    for flow in (
            # Which way, to a register; the way itself, by the register; ACL by an action set.
            "table=0,in_port=a,actions=load:2->NXM_NX_REG0[],goto_table:1",
            "table=0,in_port=b,actions=load:1->NXM_NX_REG0[],goto_table:1",
            "table=1,arp,actions=resubmit(,2)",
            "table=1,icmp,actions=push:NXM_NX_REG0[],load:9->NXM_NX_REG0[],pop:NXM_NX_REG0[],"
            "write_metadata:1/1,goto_table:2",
            "table=2,actions=output:NXM_NX_REG0[]"):
        ofctl(switch, "OpenFlow13", "--names", "add-flow", "br0", flow)
    assert a.ping("10.0.0.2", count=10) and b.ping("10.0.0.1", count=10)
    flows = switch.appctl("dpctl/dump-flows")
    assert len([f for f in flows.splitlines() if "proto=1" in f]) == 2, flows
    wait_for(lambda: re.search(r"table=2, n_packets=([2-9]\d)", ofctl(
        switch, "OpenFlow13", "dump-flows", "br0", "table=2")), "the rule of table 2 to be credited")
    assert "lookup=0" not in ofctl(switch, "OpenFlow13", "dump-tables", "br0").split("table 3")[0]
    switch.assert_nothing_vanished()


def test_a_learning_switch_of_rules(switch):
    a = switch.add_host("a", "10.0.0.1")
    b = switch.add_host("b", "10.0.0.2")
    switch.add_host("c", "10.0.0.3")
    ofctl(switch, "OpenFlow13", "del-flows", "br0")
    for flow in ("table=0,actions=learn(table=1,idle_timeout=60,priority=9,NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],"
                 "output:NXM_OF_IN_PORT[]),goto_table:1",
                 "table=1,priority=1,actions=FLOOD"):
        ofctl(switch, "OpenFlow13", "add-flow", "br0", flow)
    assert a.ping("10.0.0.2", count=5) and b.ping("10.0.0.3")
    flows = dump(switch, "OpenFlow13", "table=1")
    number = switch.get("Interface", "a", "ofport")
    assert re.search(rf"priority=9,dl_dst={a.mac} actions=output:{number}", flows), flows
    assert len(re.findall(r"idle_timeout=60", flows)) >= 3, flows
    switch.assert_nothing_vanished()


def test_conjunctions_are_products_of_sets(switch):
    a = switch.add_host("a", "10.0.0.1")
    switch.add_host("b", "10.0.0.2")
    switch.add_host("c", "10.0.0.3")
    switch.add_host("d", "10.0.0.4")
    ofctl(switch, "OpenFlow13", "add-flow", "br0", "priority=5,icmp,icmp_type=8,actions=drop")
    ofctl(switch, "OpenFlow13", "add-flow", "br0", "priority=6,conj_id=9,icmp,actions=NORMAL")
    for flow in ("icmp,icmp_type=8,nw_src=10.0.0.1,actions=conjunction(9,1/2)",
                 "icmp,nw_dst=10.0.0.2,actions=conjunction(9,2/2)", "icmp,nw_dst=10.0.0.3,actions=conjunction(9,2/2)"):
        ofctl(switch, "OpenFlow13", "add-flow", "br0", "priority=7," + flow)
    assert a.ping("10.0.0.2") and a.ping("10.0.0.3") and not a.ping("10.0.0.4", wait=1)
    ofctl(switch, "OpenFlow13", "--strict", "mod-flows", "br0", "priority=7,icmp,nw_dst=10.0.0.3,actions=conjunction(8,2/2)")
    assert a.ping("10.0.0.2") and not a.ping("10.0.0.3", wait=1)


def test_ttl_is_decremented_by_the_cache_and_its_end_is_named(switch):
    a = switch.add_host("a", "10.0.0.1")
    switch.add_host("b", "10.0.0.2")
    ofctl(switch, "OpenFlow13", "add-flow", "br0", "priority=9,icmp,actions=dec_ttl,NORMAL")
    assert a.ping("10.0.0.2", count=10)
    misses = switch.totals().get("misses", 0)
    a.run("ping", "-c", "3", "-i", "0.05", "-W", "1", "-t", "1", "10.0.0.2", check=False)
    wait_for(lambda: switch.drops().get("ttl-expired", 0) == 3, "the drops to be counted")
    assert switch.totals().get("misses", 0) - misses <= 2
    switch.assert_nothing_vanished()


def test_modify_gives_rules_its_cookie_in_the_first_version(switch):
    def cookies():
        return sorted(re.findall(r"cookie=(0x\w+)", ofctl(switch, "OpenFlow10", "dump-flows", "br0")))

    ofctl(switch, "OpenFlow10", "del-flows", "br0")
    ofctl(switch, "OpenFlow10", "add-flow", "br0", "cookie=1,in_port=1,actions=output:2")
    ofctl(switch, "OpenFlow10", "mod-flows", "br0", "cookie=2,in_port=1,actions=output:3")
    assert cookies() == ["0x2"]
    # Who looks for a cookie adds nothing.
    ofctl(switch, "OpenFlow10", "mod-flows", "br0", "cookie=9/-1,in_port=2,actions=output:3")
    assert cookies() == ["0x2"]
    ofctl(switch, "OpenFlow10", "mod-flows", "br0", "cookie=7,in_port=2,actions=output:3")
    assert cookies() == ["0x2", "0x7"]
    ofctl(switch, "OpenFlow13", "mod-flows", "br0", "cookie=0x7/-1,actions=output:1")
    assert cookies() == ["0x2", "0x7"]
    ofctl(switch, "OpenFlow10", "mod-flows", "br0", "in_port=1,actions=output:4")
    assert cookies() == ["0x0", "0x7"]


def test_dumps_tell_the_flags_of_rules(switch):
    flags = "check_overlap", "reset_counts", "send_flow_rem", "no_packet_counts", "no_byte_counts"
    for i, flag in enumerate(flags):
        ofctl(switch, "OpenFlow13", "add-flow", "br0", f"{flag},table=3,udp,tp_dst={i},actions=drop")
    text = ofctl(switch, "OpenFlow13", "dump-flows", "br0", "table=3")
    assert [text.count(flag) for flag in flags] == [1] * 5, text
