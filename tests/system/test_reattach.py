"""What a vswitchd that comes back finds and what it makes of it: flows and statistics live on, changes meanwhile take effect."""

import os
import re
import signal
import time

import pytest
from sluice import wait_for

pytestmark = pytest.mark.san


def flow_packets(switch, words):
    """Packets of the cached flow whose text holds 'words'."""
    for line in switch.dpctl("dpctl/dump-flows").splitlines():
        if all(w in line for w in words):
            return int(re.search(r"packets:(\d+)", line)[1])
    return 0


class Stopped:
    """vswitchd is down inside a with block: its supervisor is held up while it would restart it."""

    def __init__(self, switch):
        self.switch = switch

    def __enter__(self):
        self.supervisor = self.switch.pid("sluice")
        os.kill(self.supervisor, signal.SIGSTOP)
        self.pid = self.switch.kill("sluice-vswitchd")
        return self

    def __exit__(self, *exc):
        os.kill(self.supervisor, signal.SIGCONT)
        if not exc[0]:
            self.switch.wait_restarted("sluice-vswitchd", self.pid)
            self.switch.wait_ready()


def test_flows_and_statistics_survive_and_are_adopted(switch):
    a = switch.add_host("a", "10.0.0.1")
    b = switch.add_host("b", "10.0.0.2")
    assert a.ping("10.0.0.2", count=20)
    words = f"src={a.mac}", f"dst={b.mac}"
    flow = flow_packets(switch, words)
    numbers = [switch.get("Interface", p, "ofport") for p in "ab"]
    switch.vsctl("set", "Open_vSwitch", ".", "other_config:stats-update-interval=200")
    wait_for(lambda: int(switch.get("Interface", "a", "statistics:rx_packets")) >= 20, "the statistics")
    with Stopped(switch):
        assert a.ping("10.0.0.2", count=20), "cached flows do not work while vswitchd is down"
        assert flow_packets(switch, words) >= flow + 20
        flow = flow_packets(switch, words)
    assert flow_packets(switch, words) >= flow, "the flow was made anew"
    adopted = re.search(r"adopted +(\d+)", switch.appctl("upcall/show"))
    assert int(adopted[1]) > 0, switch.appctl("upcall/show")
    assert [switch.get("Interface", p, "ofport") for p in "ab"] == numbers
    wait_for(lambda: int(switch.get("Interface", "a", "statistics:rx_packets")) >= 40, "the port's statistics to go on")


def test_changes_made_meanwhile_take_effect_afterwards(switch):
    a = switch.add_host("a", "10.0.0.1")
    switch.add_host("b", "10.0.0.2")
    switch.add_host("c", "10.0.0.3")
    assert a.ping("10.0.0.2") and a.ping("10.0.0.3")
    with Stopped(switch):
        switch.vsctl("--no-wait", "set", "port", "b", "tag=10", "--", "del-port", "c")
        assert a.ping("10.0.0.2"), "what is cached goes on"
    wait_for(lambda: not a.ping("10.0.0.2", count=1, wait=1), "the VLAN to separate them")
    assert " c " not in switch.appctl("dpif/show")
    wait_for(lambda: "c (tap" not in switch.dpctl("dpctl/show"), "the removed port to go")
    switch.assert_nothing_vanished()


def test_changes_wait_for_a_vswitchd_that_is_down(switch):
    with Stopped(switch):
        p = switch.vsctl("--timeout=1", "add-port", "br0", "p0", "--", "set", "Interface", "p0", "type=internal", check=False)
        assert p.returncode != 0
    wait_for(lambda: switch.get("Interface", "p0", "ofport") == "1", "the port that was asked for meanwhile")


def test_new_flows_meanwhile_are_dropped_under_a_reason_and_work_afterwards(switch):
    a = switch.add_host("a", "10.0.0.1")
    switch.add_host("b", "10.0.0.2")
    time.sleep(0.5)
    switch.appctl("dpctl/del-flows")
    before = switch.totals()["drops"]
    with Stopped(switch):
        assert not a.ping("10.0.0.2", count=1, wait=1)
        time.sleep(1.5)
        assert switch.totals()["drops"] > before
        assert "upcall-refused" in switch.dpctl("dpctl/show-drops")
    wait_for(lambda: a.ping("10.0.0.2", count=1, wait=1), "new flows to work again")
    switch.assert_nothing_vanished()


def test_device_of_a_port_removed_while_the_datapath_was_dead_goes_with_the_refill(switch):
    a = switch.add_host("a", "10.0.0.1")
    b = switch.add_host("b", "10.0.0.2")
    switch.vsctl("add-port", "br0", "t0", "--", "set", "Interface", "t0", "type=tap")
    switch.vsctl("add-port", "br0", "c", "--", "set", "Interface", "c", "type=internal")
    index = a.run("cat", "/sys/class/net/eth0/ifindex")
    supervisor = switch.pid("sluice")
    os.kill(supervisor, signal.SIGSTOP)
    try:
        pid = switch.kill("sluice-datapath")
        switch.vsctl("--no-wait", "del-port", "t0", "--", "del-port", "b", "--", "set", "Interface", "c", "type=tap")
        assert "t0" in switch.ns.run("ip", "-o", "link"), "the supervisor holds it"
    finally:
        os.kill(supervisor, signal.SIGCONT)
    switch.wait_restarted("sluice-datapath", pid)
    # Much sooner than after the minute that a datapath waits for a vswitchd that does not come.
    wait_for(lambda: "t0" not in switch.ns.run("ip", "-o", "link"), "the tap of the removed port to go", timeout=8)
    wait_for(lambda: "eth0" not in b.run("ip", "-o", "link"), "the container's device to go", timeout=8)
    assert "c:" in switch.ns.run("ip", "-o", "link")
    assert a.run("cat", "/sys/class/net/eth0/ifindex") == index, "a port that stayed got another device"


def test_restarted_datapath_is_refilled_with_all_ports_and_settings(switch):
    a = switch.add_host("a", "10.0.0.1", "tag=10")
    b = switch.add_veth_host("b", "10.0.0.2", "tag=10")
    c = switch.add_host("c", "10.0.0.3", "tag=20")
    switch.vsctl("set", "Open_vSwitch", ".", "other_config:flow-limit=1000")
    assert a.ping("10.0.0.2")
    before = switch.appctl("dpif/show").splitlines()[1:]
    for _ in range(2):
        pid = switch.kill("sluice-datapath")
        switch.wait_restarted("sluice-datapath", pid)
        wait_for(lambda: a.ping("10.0.0.2", count=1, wait=1), "traffic")
    assert switch.appctl("dpif/show").splitlines()[1:] == before
    assert b.ping("10.0.0.1") and not c.ping("10.0.0.1", count=1, wait=1)
    assert "of 1000" in switch.dpctl("dpif/pmd-stats-show")
    switch.assert_nothing_vanished()
