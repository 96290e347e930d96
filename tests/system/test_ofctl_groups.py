"""sluice-ofctl and ovs-ofctl make, change and show groups alike, on a bridge of Sluice's and on one of Debian's ovs-vswitchd."""

import json
import re

import pytest
from ofctl import SLUICE, VERSIONS, Tool, tools, without_times  # noqa: F401 (tools is a fixture)

GROUPS = """
group_id=1,type=all,bucket=1,bucket=output:2
group_id=2,type=select,bucket=bucket_id:4,weight:7,actions=1,bucket=bucket_id=5,weight=8,watch_port=p1,actions=set_field:1.2.3.4->ip_dst,2
group_id=3,type=ff,bucket=watch_port:1,1,bucket=watch_group=1,actions=group:1
group_id=4,type=indirect,bucket=drop
group_id=5,type=all
""".split()
# By Nicira's group mod and by OpenFlow 1.5's.
SELECTED = """
group_id=6,type=select,selection_method=hash,fields(ip_src,ip_dst=255.255.0.0),selection_method_param=7,bucket=weight:7,actions=1
group_id=7,type=select,selection_method=hash,fields=eth_src,bucket=1
group_id=8,type=select,selection_method=dp_hash,bucket=bucket_id=3,1,bucket=1
""".split()


def groups_of(tool, version):
    return sorted(without_times(tool("-O", version, "dump-groups", "br0")).splitlines())


@pytest.mark.parametrize("version", VERSIONS)
def test_the_same_group_is_added_and_shown_the_same(tools, version):  # noqa: F811
    dumps = []
    for add in tools:
        add("-O", version, "del-groups", "br0")
        for group in GROUPS + (SELECTED if version in ("OpenFlow10", "OpenFlow15") else []):
            add("-O", version, "add-group", "br0", group)
        dumps.append(groups_of(tools[0], version))
    assert dumps[0] == dumps[1]
    ovs, sluice = tools
    for show in (["dump-groups", "br0"], ["--names", "dump-groups", "br0"], ["dump-groups", "br0", "2"], ["dump-group-stats", "br0"],
                 ["dump-group-stats", "br0", "group_id=2"]):
        assert without_times(sluice("-O", version, *show)) == without_times(ovs("-O", version, *show)), show
    # ovs-ofctl names no action that Open vSwitch lacks, nor meter.
    features = re.sub(" (copy_field|copy_ttl_out|copy_ttl_in|push_pbb|pop_pbb|meter)\\b", "", sluice("-O", version, "dump-group-features", "br0"))
    assert features == ovs("-O", version, "dump-group-features", "br0")


@pytest.mark.san
@pytest.mark.parametrize("version", VERSIONS)
def test_groups_are_changed_and_deleted_the_same(tools, version):  # noqa: F811
    results = []
    for tool in tools:
        tool("-O", version, "del-groups", "br0")
        tool("-O", version, "add-groups", "br0", "-", input="group_id=1,type=all,bucket=1\n\n# nothing\n"
             "add group_id=2,type=all,bucket=1\nadd group_id=3,type=all,bucket=1\ndelete group_id=3\nmodify group_id=2,type=all,bucket=2\n")
        assert "UNKNOWN_GROUP" in tool("-O", version, "mod-group", "br0", "group_id=77,type=all,bucket=1", fails=True)
        tool("-O", version, "--may-create", "mod-group", "br0", "group_id=78,type=all,bucket=1")
        tool("-O", version, "mod-group", "br0", "group_id=78,type=indirect,bucket=3")
        if version in ("OpenFlow10", "OpenFlow15"):
            tool("-O", version, "insert-buckets", "br0", "group_id=1,command_bucket_id=last,bucket=bucket_id:9,actions=3")
            tool("-O", version, "insert-buckets", "br0", "group_id=1,command_bucket_id=0,bucket=bucket_id:10,actions=4")
            tool("-O", version, "insert-buckets", "br0", "group_id=1,command_bucket_id=first,bucket=bucket_id:11,actions=4")
            tool("-O", version, "remove-buckets", "br0", "group_id=1,command_bucket_id=10")
            tool("-O", version, "remove-buckets", "br0", "group_id=2,command_bucket_id=all")
        tool("-O", version, "del-groups", "br0", "group_id=99")  # That there is none is no error.
        results.append(groups_of(tools[0], version))
    assert results[0] == results[1]
    tools[1]("-O", version, "del-groups", "br0")
    assert len(groups_of(tools[0], version)) == 1


@pytest.mark.san
def test_what_is_wrong_with_a_group_is_named(switch):
    sluice = Tool(SLUICE, switch.env)
    for argv, said in (
            (["add-group", "br0", "group_id=1,bucket=1"], "group 'group_id=1,bucket=1': 'type=...' is missing"),
            (["add-group", "br0", "group_id=1,type=all,bucket=1,bucket=frob"], "bucket 2: 'frob' is neither an action nor a port"),
            (["-O", "OpenFlow13", "insert-buckets", "br0", "group_id=1,command_bucket_id=0,bucket=1"], "br0: this takes OpenFlow 1.0, 1.5"),
            (["dump-groups", "br0", "x"], "group 'x': 'x' is not a group's number")):
        assert said in sluice(*argv, fails=True), argv
    said = sluice("add-groups", "br0", "-", fails=True, input="group_id=1,type=all\n\ngroup_id=1,type=all\n")
    assert "the switch refused -:3: OFPGMFC_GROUP_EXISTS" in said
    said = sluice("add-groups", "br0", "-", fails=True, input="group_id=2,type=all\n\ngroup_id=3\n")
    assert "-:3: group 'group_id=3': 'type=...' is missing" in said


def test_groups_are_there_as_json(switch):
    sluice = Tool(SLUICE, switch.env)
    sluice("add-group", "br0", "group_id=5,type=select,bucket=weight=3,actions=LOCAL")
    group, = json.loads(sluice("--format=json", "dump-groups", "br0"))
    assert group == {"group_id": 5, "type": "select", "buckets": [{"bucket_id": 0, "weight": 3, "actions": "LOCAL"}]}
    counts, = json.loads(sluice("--format=json", "dump-group-stats", "br0"))
    assert counts["packet_count"] == 0 and len(counts["buckets"]) == 1
    features = json.loads(sluice("--format=json", "dump-group-features", "br0"))
    assert [f["type"] for f in features] == ["all", "select", "indirect", "fast failover"]
    assert re.search(r"\boutput\b", features[0]["actions"])
