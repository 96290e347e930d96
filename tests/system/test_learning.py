"""NORMAL: MAC learning per VLAN, ageing, flooding, multicast, fail-mode; and the life of cached flows."""

import re
import time

from sluice import wait_for

SEND = "from scapy.all import *; sendp({frame}, iface='eth0', count={count}, verbose=0)"


def send(host, frame, count=1):
    host.run("/usr/bin/python3", "-c", SEND.format(frame=frame, count=count))


def fdb(switch, bridge="br0"):
    """{(vlan, mac): port name or number} of what was learned."""
    rows = [line.split() for line in switch.appctl("fdb/show", bridge).splitlines()[1:]]
    return {(int(vlan), mac): port for port, vlan, mac, _ in rows}


def flows(switch):
    return switch.appctl("dpctl/dump-flows").splitlines()


class Listening:
    """The source MACs of the frames that come to hosts meanwhile."""

    def __init__(self, *hosts):
        self.dumps = [h.popen("tcpdump", "--immediate-mode", "-l", "-e", "-n", "-i", "eth0", "-Q", "in") for h in hosts]
        for p in self.dumps:
            while "listening on" not in p.stdout.readline():
                assert p.poll() is None, "tcpdump ended"

    def text(self):
        time.sleep(0.4)
        texts = []
        for p in self.dumps:
            p.terminate()
            texts.append(p.communicate()[0])
        return texts


def frame(src, dst="02:00:00:00:00:99", more=""):
    return f"Ether(src='{src}', dst='{dst}', type=0x88b5){more}/Raw(b'x' * 60)"


def test_addresses_are_learned_per_vlan_and_move_with_their_host(switch):
    a = switch.add_host("a", None, "tag=10")
    b = switch.add_host("b", None, "tag=20")
    c = switch.add_host("c", None, "tag=10")
    mac = "02:00:00:00:00:01"
    send(a, frame(mac))
    send(b, frame(mac))
    wait_for(lambda: {(10, mac), (20, mac)} <= set(fdb(switch)), "the address in both VLANs")
    first = fdb(switch)
    assert first[(10, mac)] != first[(20, mac)]
    send(c, frame(mac))
    wait_for(lambda: fdb(switch)[(10, mac)] not in (first[(10, mac)], first[(20, mac)]), "the address's move")
    switch.vsctl("del-port", "c")
    wait_for(lambda: (10, mac) not in fdb(switch), "the removed port's addresses to go")
    assert (20, mac) in fdb(switch)


def test_unknown_and_multicast_are_flooded_and_known_is_not(switch):
    hosts = [switch.add_host(label, None) for label in "abc"]
    a, b, c = hosts
    send(b, frame("02:00:00:00:00:0b"))
    heard = Listening(b, c)
    send(a, frame("02:00:00:00:00:a1", "02:00:00:00:00:77"))
    send(a, frame("02:00:00:00:00:a2", "01:00:5e:01:02:03"))
    send(a, frame("02:00:00:00:00:a3", "ff:ff:ff:ff:ff:ff"))
    send(a, frame("02:00:00:00:00:a4", "02:00:00:00:00:0b"))
    at_b, at_c = heard.text()
    for mac in ("a1", "a2", "a3"):
        assert f"02:00:00:00:00:{mac}" in at_b and f"02:00:00:00:00:{mac}" in at_c, (mac, at_b, at_c)
    assert "02:00:00:00:00:a4" in at_b and "02:00:00:00:00:a4" not in at_c
    switch.assert_nothing_vanished()


def test_frames_to_bridges_themselves_are_not_forwarded_unless_configured(switch):
    a, b = switch.add_host("a", None), switch.add_host("b", None)
    heard = Listening(b)
    send(a, frame("02:00:00:00:00:a1", "01:80:c2:00:00:00"))
    assert "02:00:00:00:00:a1" not in heard.text()[0]
    switch.vsctl("set", "Bridge", "br0", "other_config:forward-bpdu=true")
    heard = Listening(b)
    send(a, frame("02:00:00:00:00:a1", "01:80:c2:00:00:00"))
    assert "02:00:00:00:00:a1" in heard.text()[0]


def test_addresses_age_and_flows_that_relied_on_them_change(switch):
    switch.vsctl("set", "Bridge", "br0", "other_config:mac-aging-time=15")
    a = switch.add_host("a", None)
    b = switch.add_host("b", None)
    send(b, frame("02:00:00:00:00:0b"))
    wait_for(lambda: (0, "02:00:00:00:00:0b") in fdb(switch), "the address")
    time.sleep(12)
    assert (0, "02:00:00:00:00:0b") in fdb(switch)
    wait_for(lambda: (0, "02:00:00:00:00:0b") not in fdb(switch), "the address to be too old", timeout=8)


def test_table_of_addresses_has_a_limit_and_a_flood_of_them_does_not_stop_others(switch):
    switch.vsctl("set", "Bridge", "br0", "other_config:mac-table-size=50")
    a = switch.add_host("a", "10.0.0.1")
    switch.add_host("b", "10.0.0.2")
    c = switch.add_host("c", None)
    assert a.ping("10.0.0.2")
    c.run("/usr/bin/python3", "-c", "from scapy.all import *; sendp([Ether(src='02:00:00:01:%02x:%02x' % (i // 256, i % 256),"
          "dst='02:00:00:00:00:99', type=0x88b5)/Raw(b'x'*60) for i in range(500)], iface='eth0', verbose=0)")
    wait_for(lambda: len(fdb(switch)) >= 40, "some to be learned")
    assert len(fdb(switch)) <= 50
    assert a.ping("10.0.0.2")
    switch.assert_nothing_vanished()


def test_secure_bridge_forwards_only_by_rules_and_standalone_by_itself(switch):
    a = switch.add_host("a", "10.0.0.1")
    switch.add_host("b", "10.0.0.2")
    assert a.ping("10.0.0.2")
    switch.vsctl("set-fail-mode", "br0", "secure")
    assert not a.ping("10.0.0.2", count=1, wait=1)
    assert switch.drops().get("no-rule", 0) > 0
    switch.command("ovs-ofctl", "add-flow", "br0", "actions=NORMAL")
    assert a.ping("10.0.0.2")
    switch.command("ovs-ofctl", "del-flows", "br0")
    assert not a.ping("10.0.0.2", count=1, wait=1)
    switch.vsctl("del-fail-mode", "br0")
    assert a.ping("10.0.0.2")


def test_idle_flows_are_expired_and_busy_ones_stay(switch):
    a = switch.add_host("a", "10.0.0.1")
    switch.add_host("b", "10.0.0.2")
    assert a.ping("10.0.0.2")
    ping = a.popen("ping", "-q", "-i", "0.1", "10.0.0.2")
    between = f"eth(src={a.mac},dst="
    send(a, frame(a.mac, "02:00:00:00:00:77"))
    wait_for(lambda: any("dst=02:00:00:00:00:77" in f for f in flows(switch)), "the flow")
    switch.vsctl("set", "Open_vSwitch", ".", "other_config:max-idle=1000")
    wait_for(lambda: not any("dst=02:00:00:00:00:77" in f for f in flows(switch)), "the idle flow to expire")

    def busy_one_stays():
        busy = [f for f in flows(switch) if between in f and "dst=ff" not in f]
        return any(int(re.search(r"packets:(\d+)", f)[1]) > 10 for f in busy)

    wait_for(busy_one_stays, "ten packets of one flow")
    ping.kill()
    wait_for(lambda: not flows(switch), "the rest to expire")


def test_new_rule_takes_effect_on_flows_that_are_cached(switch):
    a = switch.add_host("a", "10.0.0.1")
    switch.add_host("b", "10.0.0.2")
    assert a.ping("10.0.0.2")
    switch.command("ovs-ofctl", "add-flow", "br0", "priority=10,icmp,actions=drop")
    assert not a.ping("10.0.0.2", count=1, wait=1)
    switch.command("ovs-ofctl", "--strict", "del-flows", "br0", "priority=10,icmp")
    assert a.ping("10.0.0.2")


def test_flows_stay_wide_when_rules_look_at_little(switch):
    """A hundred connections are one flow each way under NORMAL."""
    a = switch.add_host("a", "10.0.0.1")
    switch.add_host("b", "10.0.0.2")
    assert a.ping("10.0.0.2")
    a.run("/usr/bin/python3", "-c", "import socket\nfor p in range(100):\n"
          " s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.sendto(b'x', ('10.0.0.2', 2000 + p))")
    time.sleep(0.3)
    unicast = [f for f in flows(switch) if f"src={a.mac}" in f and not re.search("dst=(33:33|ff:ff)", f)]
    assert len(unicast) == 1, unicast
    assert int(re.search(r"packets:(\d+)", unicast[0])[1]) > 100
