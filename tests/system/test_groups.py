"""Groups as Debian's ovs-ofctl makes and reads them, and what packets do in them."""

import re

import pytest
from sluice import wait_for

from test_controller import Monitor

pytestmark = pytest.mark.san

VERSIONS = ["OpenFlow12", "OpenFlow13", "OpenFlow14", "OpenFlow15"]

GROUPS = [
    "group_id=1,type=all,bucket=actions=output:1,bucket=actions=set_field:02:00:00:00:00:09->eth_dst,output:2",
    "group_id=2,type=select,bucket=weight:5,actions=output:1,bucket=weight:7,watch_port:2,actions=output:2",
    "group_id=3,type=indirect,bucket=actions=pop_vlan,output:1",
    "group_id=4,type=ff,bucket=watch_port:1,actions=output:1,bucket=watch_group:2,actions=group:2",
    "group_id=5,type=all",
]
# Since 1.5 a description can tell it.
GROUPS15 = GROUPS + [
    "group_id=6,type=select,selection_method=hash,selection_method_param=5,fields(ip_dst=255.255.0.0,nw_proto),"
    "bucket=actions=output:1",
    "group_id=7,type=select,selection_method=dp_hash,bucket=actions=output:1",
]


def ofctl(switch, version, *argv, **kwargs):
    return switch.command("ovs-ofctl", f"-O{version}", *argv, **kwargs)


def dump(switch, version):
    """The groups, without the ids of buckets, which ovs-ofctl makes up, in order."""
    text = ofctl(switch, version, "dump-groups", "br0")
    lines = [line.strip() for line in text.splitlines() if "group_id=" in line]
    return sorted(re.sub(r"bucket_id:\d+,", "", line) for line in lines)


def fails(switch, version, error, *argv):
    p = ofctl(switch, version, *argv, check=False)
    assert p.returncode != 0 and error in p.stderr, f"{argv}: {p.stderr}"


def test_groups_in_1_0_are_an_extension(switch):
    ofctl(switch, "OpenFlow10", "add-group", "br0", "group_id=1,type=ff,bucket=watch_port:1,actions=output:1")
    ofctl(switch, "OpenFlow10", "add-group", "br0", "group_id=2,type=all,bucket=bucket_id:4,actions=group:1")
    ofctl(switch, "OpenFlow10", "add-flow", "br0", "in_port=9,actions=group:2")
    assert "in_port=9 actions=group:2" in ofctl(switch, "OpenFlow10", "dump-flows", "br0")
    text = ofctl(switch, "OpenFlow10", "dump-groups", "br0")
    assert "group_id=1,type=ff,bucket=bucket_id:0,watch_port:1,actions=output:1" in text
    assert "group_id=2,type=all,bucket=bucket_id:4,actions=group:1" in text
    assert "group_id=1,type=ff" not in ofctl(switch, "OpenFlow10", "dump-groups", "br0", "2")
    assert "group_id=2,duration" in ofctl(switch, "OpenFlow10", "dump-group-stats", "br0")
    for version in ("OpenFlow10", "OpenFlow11"):
        assert "Types:  0xf" in ofctl(switch, version, "dump-group-features", "br0")
    fails(switch, "OpenFlow10", "OFPBAC_BAD_", "add-flow", "br0", "actions=group:7")


@pytest.mark.parametrize("version", VERSIONS)
def test_groups_are_told_as_they_were_added(switch, version):
    groups = GROUPS15 if version == "OpenFlow15" else GROUPS
    for group in groups:
        ofctl(switch, version, "add-group", "br0", group)
    assert dump(switch, version) == sorted(groups)
    ofctl(switch, version, "mod-group", "br0", "group_id=3,type=indirect,bucket=actions=output:2")
    ofctl(switch, version, "--may-create", "mod-group", "br0", "group_id=9,type=all,bucket=actions=output:2")
    assert "group_id=3,type=indirect,bucket=actions=output:2" in dump(switch, version)
    assert "group_id=9,type=all,bucket=actions=output:2" in dump(switch, version)
    ofctl(switch, version, "del-groups", "br0", "group_id=9")
    assert len(dump(switch, version)) == len(groups)
    features = ofctl(switch, version, "dump-group-features", "br0")
    assert "Capabilities:  0xf" in features and features.count("max_groups=0x10000") == 4, features
    assert "group_id=2" in ofctl(switch, version, "dump-group-stats", "br0", "group_id=2")
    ofctl(switch, version, "del-groups", "br0")
    assert not dump(switch, version)


@pytest.mark.parametrize("version", VERSIONS)
def test_rules_lead_to_groups_that_exist(switch, version):
    fails(switch, version, "OFPBAC_BAD_OUT_GROUP", "add-flow", "br0", "actions=group:1")
    ofctl(switch, version, "add-group", "br0", GROUPS[0])
    fails(switch, version, "OFPGMFC_GROUP_EXISTS", "add-group", "br0", GROUPS[0])
    fails(switch, version, "OFPGMFC_LOOP", "mod-group", "br0", "group_id=1,type=all,bucket=actions=group:1")
    fails(switch, version, "OFPGMFC_UNKNOWN_GROUP", "mod-group", "br0", GROUPS[2])
    ofctl(switch, version, "add-flow", "br0", "table=3,udp,actions=group:1")
    ofctl(switch, version, "add-flow", "br0", "table=3,tcp,actions=write_actions(group:1)")
    assert "ref_count=2" in ofctl(switch, version, "dump-group-stats", "br0")
    assert "flow_count=2" in ofctl(switch, version, "dump-aggregate", "br0", "out_group=1")
    ofctl(switch, version, "del-groups", "br0", "group_id=1")
    assert "flow_count=0" in ofctl(switch, version, "dump-aggregate", "br0", "table=3")


@pytest.mark.parametrize("version", ["OpenFlow13", "OpenFlow15"])
def test_buckets_come_and_go(switch, version):
    ofctl(switch, version, "add-group", "br0", "group_id=1,type=all,bucket=bucket_id:5,actions=output:1")
    ofctl(switch, "OpenFlow15", "insert-buckets", "br0", "group_id=1,command_bucket_id=first,bucket=bucket_id:9,actions=output:2")
    ofctl(switch, "OpenFlow15", "insert-buckets", "br0", "group_id=1,command_bucket_id=last,bucket=bucket_id:7,actions=output:3")
    assert dump(switch, version) == ["group_id=1,type=all,bucket=actions=output:2,bucket=actions=output:1,bucket=actions=output:3"]
    fails(switch, "OpenFlow15", "OFPGMFC_BUCKET_EXISTS", "insert-buckets", "br0",
          "group_id=1,command_bucket_id=last,bucket=bucket_id:9,actions=output:3")
    fails(switch, "OpenFlow15", "OFPGMFC_UNKNOWN_BUCKET", "remove-buckets", "br0", "group_id=1,command_bucket_id=77")
    ofctl(switch, "OpenFlow15", "remove-buckets", "br0", "group_id=1,command_bucket_id=9")
    assert dump(switch, version) == ["group_id=1,type=all,bucket=actions=output:1,bucket=actions=output:3"]


def test_a_failed_link_is_left_for_the_next(switch):
    a = switch.add_host("a", "10.0.0.1")
    switch.add_host("b", "10.0.0.2")
    c = switch.add_veth_host("c", None)
    c.run("ip", "link", "set", "eth0", "down")
    n = {name: switch.get("Interface", name, "ofport") for name in ("a", "b", "c")}
    wait_for(lambda: switch.get("Interface", "c", "link_state") == "down", "the link to be seen down")
    ofctl(switch, "OpenFlow13", "add-group", "br0",
          f"group_id=1,type=ff,bucket=watch_port:{n['c']},actions=output:{n['c']},bucket=watch_port:{n['b']},actions=output:{n['b']}")
    ofctl(switch, "OpenFlow13", "add-flow", "br0", f"priority=9,in_port={n['a']},actions=group:1")
    assert a.ping("10.0.0.2", count=5)
    wait_for(lambda: re.search(r"bucket0:packet_count=0,byte_count=0,bucket1:packet_count=[5-9]",
                               ofctl(switch, "OpenFlow13", "dump-group-stats", "br0")), "the second bucket to count")
    c.run("ip", "link", "set", "eth0", "up")
    wait_for(lambda: not a.ping("10.0.0.2", count=1, wait=1), "packets to go the first way again")
    c.run("ip", "link", "set", "eth0", "down")
    wait_for(lambda: a.ping("10.0.0.2", count=1, wait=1), "packets to go the second way again")
    switch.assert_nothing_vanished()


def test_a_select_group_uses_all_of_its_buckets(switch):
    a = switch.add_host("a", "10.0.0.1")
    b = switch.add_host("b", "10.0.0.2")
    n = {name: switch.get("Interface", name, "ofport") for name in ("a", "b")}
    buckets = "".join(f",bucket=actions=dec_ttl,output:{n['b']}" for _ in range(2))
    ofctl(switch, "OpenFlow15", "add-group", "br0", f"group_id=1,type=select{buckets}")
    ofctl(switch, "OpenFlow15", "add-flow", "br0", f"priority=9,ip,in_port={n['a']},actions=group:1")
    assert a.ping("10.0.0.2")
    code = ("import socket\ns=socket.socket(socket.AF_INET,socket.SOCK_DGRAM)\n"
            "for p in range(5000,5200): s.sendto(b'x',('10.0.0.2',p))")
    a.run("/usr/bin/python3", "-c", code)

    def counts():
        text = ofctl(switch, "OpenFlow15", "dump-group-stats", "br0")
        return [int(x) for x in re.findall(r"bucket\d+:packet_count=(\d+)", text)]

    wait_for(lambda: sum(counts()) >= 202, "all packets to be counted")
    assert min(counts()) >= 50, counts()
    assert b.address
    switch.assert_nothing_vanished()


def test_a_bundle_of_groups_and_rules_is_carried_out_whole_or_not_at_all(switch, tmp_path):
    path = tmp_path / "bundle"
    second = {"OpenFlow14": "group mod group_id=1,type=all,bucket=actions=output:1,bucket=actions=output:2",
              "OpenFlow15": "group insert_bucket group_id=1,command_bucket_id=last,bucket=bucket_id:7,actions=output:2"}
    for version in second:
        path.write_text("group add group_id=1,type=all,bucket=actions=output:1\n"
                        "flow add table=3,udp,actions=group:1\n"
                        "group add group_id=2,type=all,bucket=actions=group:1\n"
                        f"{second[version]}\n"
                        "flow add table=3,tcp,actions=group:2\n")
        ofctl(switch, version, "bundle", "br0", str(path))
        assert dump(switch, version) == ["group_id=1,type=all,bucket=actions=output:1,bucket=actions=output:2",
                                         "group_id=2,type=all,bucket=actions=group:1"]
        assert "flow_count=2" in ofctl(switch, version, "dump-aggregate", "br0", "table=3")
        before = dump(switch, version)
        failing = tmp_path / "failing"
        failing.write_text("group delete group_id=2\ngroup mod group_id=1,type=all,bucket=actions=output:3\n"
                           "flow add table=3,icmp,actions=group:1\nflow add table=3,arp,actions=group:2\n")
        fails(switch, version, "OFPBAC_BAD_OUT_GROUP", "bundle", "br0", str(failing))
        assert dump(switch, version) == before
        assert "flow_count=2" in ofctl(switch, version, "dump-aggregate", "br0", "table=3")
        ofctl(switch, version, "del-groups", "br0")
        assert "flow_count=0" in ofctl(switch, version, "dump-aggregate", "br0", "table=3")


@pytest.mark.parametrize("version", ["OpenFlow14", "OpenFlow15"])
def test_who_asked_hears_of_others_group_mods(switch, version):
    control = f"{switch.dir}/ofctl"
    monitor = Monitor(switch, version, True, f"--unixctl={control}")
    number = {"OpenFlow14": "05", "OpenFlow15": "06"}[version]
    switch.command("/usr/bin/ovs-appctl", "-t", control, "ofctl/send", f"{number}1c001000000009" + "000b000800000003")
    switch.command("/usr/bin/ovs-appctl", "-t", control, "ofctl/barrier")
    ofctl(switch, "OpenFlow13", "add-group", "br0", "group_id=7,type=all,bucket=actions=output:1")
    text = monitor.wait("group_id=7,type=all,bucket=")
    assert "OFPT_REQUESTFORWARD" in text and "reason=group_mod" in text, text
    ofctl(switch, "OpenFlow15", "insert-buckets", "br0", "group_id=7,command_bucket_id=last,bucket=bucket_id:9,actions=output:2")
    monitor.wait("actions=output:2")
    ofctl(switch, "OpenFlow13", "del-groups", "br0", "group_id=7")
    monitor.wait("DEL group_id=7")
