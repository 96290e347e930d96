"""What Debian's Open vSwitch tools show beyond configuration: statistics over OpenFlow, versions, the daemon's commands."""

import json
import re
import time

import pytest
from sluice import wait_for


def dump_ports(switch, version, *args):
    """{port: {"rx pkts": n, ...}} of ovs-ofctl dump-ports; "?" is None."""
    out = switch.command("/usr/bin/ovs-ofctl", "-O", version, "dump-ports", "br0", *args)
    ports = {}
    for name, rx, tx in re.findall(r"port +(\S+): (rx .*)\n +(tx .*)", out):
        counters = {}
        for side in (rx, tx):
            for key, value in re.findall(r"(\w+)=([0-9?]+)", side):
                counters[f"{side[:2]} {key}"] = None if value == "?" else int(value)
        ports[name.strip('"')] = counters
    assert out.count("rx pkts") == len(ports), out
    return ports


@pytest.mark.parametrize("version", ["OpenFlow10", "OpenFlow13", "OpenFlow14", "OpenFlow15"])
def test_dump_ports_shows_what_the_interfaces_counted(switch, version):
    a = switch.add_host("a", "10.0.0.1")
    switch.add_host("b", "10.0.0.2")
    switch.vsctl("add-br", "br1", "--", "add-port", "br0", "to1", "--", "set", "Interface", "to1", "type=patch", "options:peer=to0",
                 "--", "add-port", "br1", "to0", "--", "set", "Interface", "to0", "type=patch", "options:peer=to1")
    assert a.ping("10.0.0.2", count=20)
    ports = dump_ports(switch, version)
    assert set(ports) == {"LOCAL", "a", "b", "to1"} or len(ports) == 4, ports
    number = switch.get("Interface", "a", "ofport")
    one = dump_ports(switch, version, number)
    assert len(one) == 1
    one = next(iter(one.values()))
    assert one["rx pkts"] >= 20 and one["tx pkts"] >= 20 and one["rx bytes"] >= 20 * 98, one
    assert one["rx drop"] == 0 and one["tx errs"] == 0 and one["tx coll"] is None, one
    switch.vsctl("set", "Open_vSwitch", ".", "other_config:stats-update-interval=100")
    wait_for(lambda: int(switch.get("Interface", "a", "statistics:rx_packets")) >= one["rx pkts"], "the same count in the database")
    assert not dump_ports(switch, version, "99")
    out = switch.command("/usr/bin/ovs-ofctl", "-O", version, "dump-ports-desc", "br0")
    assert "(a)" in out and "(to1)" in out, out


def test_coverage_counts_what_the_daemon_does(switch):
    a = switch.add_host("a", "10.0.0.1")
    switch.add_host("b", "10.0.0.2")
    assert a.ping("10.0.0.2")
    out = switch.command("/usr/bin/ovs-appctl", "coverage/show")
    for event in ("upcall", "flow_install", "bridge_reconfigure", "txn_status"):
        assert re.search(rf"^{event} .*/sec .*total: [1-9]", out, re.M), out


def test_versions_of_the_switch_are_in_the_database(switch):
    versions = switch.ovs_vsctl("get", "Open_vSwitch", ".", "dpdk_version", "system_type", "system_version").split("\n")
    assert versions[0].startswith('"DPDK '), versions
    with open("/etc/os-release") as f:
        ids = dict(line.rstrip().split("=", 1) for line in f if "=" in line)
    assert versions[1].strip('"') == ids["ID"].strip('"') and versions[2].strip('"') == ids["VERSION_ID"].strip('"'), versions


def kernel_packets(host):
    """(sent, received) by the host's eth0, as its kernel counts."""
    stats = json.loads(host.run("ip", "-j", "-s", "link", "show", "eth0"))[0]["stats64"]
    return stats["tx"]["packets"], stats["rx"]["packets"]


def port_packets(switch, name):
    """(received, sent) by the datapath's port."""
    shown = switch.dpctl("dpctl/show")
    return tuple(map(int, re.search(rf"port \d+: {name} .*\n +RX packets:(\d+).*\n +TX packets:(\d+)", shown).groups()))


def test_ports_count_what_the_kernels_at_their_other_ends_count(switch):
    """The switch's books balance by themselves in every test; here, they are compared with those of others."""
    hosts = {"a": switch.add_host("a", "10.0.0.1"), "b": switch.add_veth_host("b", "10.0.0.2"), "c": switch.add_host("c", "10.0.0.3")}
    # Or the kernel of the switch's namespace, too, says a word through the veth pair.
    switch.ns.run("sysctl", "-qw", "net.ipv6.conf.b.disable_ipv6=1", check=False)
    assert hosts["a"].ping("10.0.0.2") and hosts["a"].ping("10.0.0.3")

    def ahead():
        """How much more each kernel has counted, ever: what was sent before there was a port."""
        return {name: [k - p for k, p in zip(kernel_packets(host), port_packets(switch, name))] for name, host in hosts.items()}

    def settled():
        first = ahead()
        time.sleep(0.3)
        return ahead() == first and first

    before = wait_for(settled, "the counts to settle")
    for sender, receiver in (("a", "b"), ("b", "c"), ("c", "a")):
        server = hosts[receiver].popen("iperf3", "-s", "-1")
        wait_for(lambda: ":5201" in hosts[receiver].run("ss", "-Hltn"), "iperf3's server")
        hosts[sender].run("iperf3", "-c", hosts[receiver].address, "-n", "20M")
        server.wait(10)
    assert port_packets(switch, "a")[0] > 100
    try:
        wait_for(lambda: ahead() == before, "all to have counted alike")
    except AssertionError as e:
        raise AssertionError(f"{e}: {before} {ahead()} {switch.drops()}") from None
    assert switch.totals()["drops"] == sum(switch.drops().values())
