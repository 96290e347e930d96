"""Tables as Debian's ovs-ofctl and ovs-vsctl set them: limits, eviction, vacancy events, names."""

import re

import pytest
from sluice import wait_for

from test_controller import Monitor

pytestmark = pytest.mark.san

VERSIONS = ["OpenFlow14", "OpenFlow15"]


def ofctl(switch, version, *argv, **kwargs):
    return switch.command("ovs-ofctl", f"-O{version}", *argv, **kwargs)


def fails(switch, version, error, *argv):
    p = ofctl(switch, version, *argv, check=False)
    assert p.returncode != 0 and error in p.stderr, f"{argv}: {p.stderr}"


def flows(switch, table):
    text = ofctl(switch, "OpenFlow14", "dump-flows", "br0", f"table={table}")
    return sorted(re.findall(r"(?:priority=\d+,)?(\w+) actions", text))


def set_table(switch, table, **columns):
    settings = [f"{name}={value}" for name, value in columns.items()]
    switch.ovs_vsctl("--", "--id=@t", "create", "Flow_Table", *settings, "--", "set", "Bridge", "br0", f"flow_tables:{table}=@t")


def desc(switch, version, table):
    text = ofctl(switch, version, "dump-table-desc", "br0")
    return re.search(rf"table {table}( \(.*\))?:\n((?:   .*\n?)*)", text).group(2).split()


@pytest.mark.parametrize("version", VERSIONS)
def test_a_full_table_refuses_or_evicts(switch, version):
    set_table(switch, 3, flow_limit=2)
    ofctl(switch, version, "add-flow", "br0", "table=3,udp,hard_timeout=1000,importance=7,actions=drop")
    ofctl(switch, version, "add-flow", "br0", "table=3,tcp,idle_timeout=2000,importance=5,actions=drop")
    fails(switch, version, "OFPFMFC_TABLE_FULL", "add-flow", "br0", "table=3,icmp,actions=drop")
    assert desc(switch, version, 3)[:2] == ["eviction=off", "eviction_flags=OTHER|IMPORTANCE|LIFETIME"]
    ofctl(switch, version, "mod-table", "br0", "3", "evict")
    assert desc(switch, version, 3)[0] == "eviction=on"
    ofctl(switch, version, "add-flow", "br0", "table=3,icmp,importance=1,actions=drop")
    assert flows(switch, 3) == ["icmp", "udp"]
    ofctl(switch, version, "add-flow", "br0", "table=3,arp,actions=drop")
    assert flows(switch, 3) == ["arp", "icmp"]
    # What never ends stays.
    fails(switch, version, "OFPFMFC_TABLE_FULL", "add-flow", "br0", "table=3,ipv6,actions=drop")
    ofctl(switch, version, "mod-table", "br0", "3", "noevict")
    assert desc(switch, version, 3)[0] == "eviction=off"


def test_the_database_limits_and_names_tables(switch):
    for i in range(6):
        ofctl(switch, "OpenFlow14", "add-flow", "br0", f"table=5,in_port={1 + i % 3},udp,tp_dst={i},hard_timeout={900 + i},actions=drop")
    ofctl(switch, "OpenFlow14", "add-flow", "br0", "table=5,in_port=3,udp,tp_dst=9,hard_timeout=950,actions=drop")
    # From port 3 came most: fairness comes first, then what would end soonest.
    set_table(switch, 5, flow_limit=4, overflow_policy="evict", groups='"NXM_OF_IN_PORT[]"', name="five")
    count = "ovs-ofctl", "-OOpenFlow14", "dump-aggregate", "br0", "table=5"
    wait_for(lambda: "flow_count=4" in switch.command(*count), "rules to be evicted")
    text = ofctl(switch, "OpenFlow14", "dump-flows", "br0", "table=5")
    assert max(text.count(f"in_port={i}") for i in (1, 2, 3)) == 2, text
    assert 'table 5 ("five")' in ofctl(switch, "OpenFlow10", "dump-tables", "br0")
    features = ofctl(switch, "OpenFlow13", "dump-table-features", "br0")
    assert 'table 5 ("five")' in features and "max_entries=4" in features
    switch.ovs_vsctl("clear", "Bridge", "br0", "flow_tables")
    wait_for(lambda: '"five"' not in ofctl(switch, "OpenFlow10", "dump-tables", "br0"), "the name to go")
    ofctl(switch, "OpenFlow14", "add-flow", "br0", "table=5,ip,actions=drop")
    assert "flow_count=5" in switch.command(*count)


def test_what_the_database_asks_in_vain_is_said(switch):
    set_table(switch, 5, groups="nonsense", name="five")
    wait_for(lambda: "nonsense" in str(switch.get("Bridge", "br0", "status")), "the complaint")
    switch.ovs_vsctl("set", "Flow_Table", "five", "groups=[]", "prefixes=ip_dst,metadata")
    wait_for(lambda: "metadata" in str(switch.get("Bridge", "br0", "status")), "the complaint")
    switch.ovs_vsctl("set", "Flow_Table", "five", "prefixes=ip_dst,ipv6_dst")
    wait_for(lambda: "flow_tables" not in str(switch.get("Bridge", "br0", "status")), "the complaint to go")
    switch.ovs_vsctl("clear", "Bridge", "br0", "flow_tables")


@pytest.mark.parametrize("version", ["OpenFlow13", "OpenFlow14", "OpenFlow15"])
def test_controllers_name_tables(switch, version):
    ofctl(switch, version, "mod-table", "br0", "4", "name:four")
    ofctl(switch, version, "mod-table", "br0", "6", "name:six")
    text = ofctl(switch, version, "dump-table-features", "br0")
    assert 'table 4 ("four")' in text and 'table 6 ("six")' in text
    ofctl(switch, version, "add-flow", "br0", "table=four,udp,actions=drop")
    assert flows(switch, 4) == ["udp"]
    ofctl(switch, version, "mod-table", "br0", "4", "name:")
    ofctl(switch, version, "mod-table", "br0", "6", "name:")
    text = ofctl(switch, version, "dump-table-features", "br0")
    assert '"four"' not in text and '"six"' not in text


@pytest.mark.parametrize("version", VERSIONS)
def test_who_watches_hears_that_a_table_gets_full(switch, version):
    set_table(switch, 3, flow_limit=10)
    wait_for(lambda: re.search(r"max_entries=10\b", ofctl(switch, "OpenFlow10", "dump-tables", "br0")), "the limit")
    ofctl(switch, version, "mod-table", "br0", "3", "vacancy:20,80")
    assert desc(switch, version, 3)[2:] == ["vacancy=on", "vacancy_down=20%", "vacancy_up=80%", "vacancy=100%"]
    control = f"{switch.dir}/ofctl"
    monitor = Monitor(switch, version, True, f"--unixctl={control}")
    # Table status is among what a controller has to ask for.
    number = {"OpenFlow14": "05", "OpenFlow15": "06"}[version]
    switch.command("/usr/bin/ovs-appctl", "-t", control, "ofctl/send", f"{number}1c001000000009" + "0009000800000018")
    switch.command("/usr/bin/ovs-appctl", "-t", control, "ofctl/barrier")
    for i in range(9):
        ofctl(switch, version, "add-flow", "br0", f"table=3,udp,tp_dst={i},actions=drop")
    monitor.wait("reason=VACANCY_DOWN")
    ofctl(switch, version, "del-flows", "br0", "table=3")
    assert monitor.wait("reason=VACANCY_UP").count("OFPT_TABLE_STATUS") == 2
