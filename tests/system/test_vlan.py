"""VLAN modes of ports: who can talk to whom, and with which tags on the wire."""

import signal

import pytest
from sluice import wait_for

pytestmark = pytest.mark.san


def test_hosts_of_one_vlan_reach_each_other_and_others_do_not(switch):
    a = switch.add_host("a", "10.0.0.1", "tag=10")
    b = switch.add_host("b", "10.0.0.2", "tag=10")
    c = switch.add_host("c", "10.0.0.3", "tag=20")
    d = switch.add_host("d", "10.0.0.4", "tag=20")
    assert a.ping("10.0.0.2") and c.ping("10.0.0.4")
    assert not a.ping("10.0.0.3", wait=1) and not c.ping("10.0.0.1", wait=1)
    assert b.ping("10.0.0.1") and not b.ping("10.0.0.4", wait=1) and d.ping("10.0.0.3")
    switch.assert_nothing_vanished()


def test_changed_tag_takes_effect_on_flows_that_are_cached(switch):
    a = switch.add_host("a", "10.0.0.1", "tag=10")
    switch.add_host("b", "10.0.0.2", "tag=10")
    assert a.ping("10.0.0.2")
    switch.vsctl("set", "port", "b", "tag=20")
    assert not a.ping("10.0.0.2", wait=1)
    switch.vsctl("set", "port", "b", "tag=10")
    assert a.ping("10.0.0.2")


def captured(host, expression, trigger):
    """What tcpdump prints of the packets that trigger() causes."""
    p = host.popen("tcpdump", "-l", "-n", "-e", "-U", "-i", "eth0", expression)
    wait_for(lambda: "listening" in p.stdout.readline(), "tcpdump", timeout=5)
    trigger()
    p.send_signal(signal.SIGINT)
    return p.communicate(timeout=10)[0]


def test_trunk_port_carries_tags_of_its_vlans_only(switch):
    a = switch.add_host("a", "10.0.0.1", "tag=10")
    b = switch.add_host("b", "10.0.0.2", "tag=20")
    c = switch.add_host("c", "10.0.0.3", "tag=30")
    t = switch.add_host("t", None, "trunks=10,20")
    out = captured(t, "arp and vlan",
                   lambda: [h.ping("10.0.0.99", count=1, wait=1) for h in (c, a, b)])
    assert "vlan 10" in out and "vlan 20" in out and "vlan 30" not in out, out


def test_native_untagged_port_sends_its_native_vlan_without_a_tag(switch):
    a = switch.add_host("a", "10.0.0.1", "tag=10")
    n = switch.add_host("n", "10.0.0.2", "tag=10", "vlan_mode=native-untagged", "trunks=10,20")
    b = switch.add_host("b", "10.0.0.3", "tag=20")
    assert a.ping("10.0.0.2") and n.ping("10.0.0.1")
    assert not b.ping("10.0.0.2", wait=1)


def test_native_tagged_port_sends_its_native_vlan_with_a_tag(switch):
    a = switch.add_host("a", "10.0.0.1", "tag=10")
    n = switch.add_host("n", "10.0.0.2", "tag=10", "vlan_mode=native-tagged")
    out = captured(n, "vlan 10 and arp", lambda: a.ping("10.0.0.2", count=1, wait=1))
    assert "vlan 10" in out


def test_tagged_frame_on_an_access_port_is_dropped_under_its_reason(switch):
    a = switch.add_host("a", "10.0.0.1", "tag=10")
    switch.add_host("b", "10.0.0.2", "tag=10")
    a.run("/usr/bin/python3", "-c", """
from scapy.all import Ether, Dot1Q, IP, UDP, sendp
sendp([Ether(dst="02:00:00:00:00:99")/Dot1Q(vlan=20)/IP(dst="10.0.0.2")/UDP()]*3, iface="eth0", verbose=0)""")
    wait_for(lambda: switch.drops().get("vlan-ingress", 0) >= 3, "the drops to be counted")
    switch.assert_nothing_vanished()
