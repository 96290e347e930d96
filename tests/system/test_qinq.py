"""Frames with two tags (802.1ad outside, 802.1Q inside): the outer one says the VLAN, the inner one is payload."""

import signal

import pytest
from scapy.all import Dot1Q, Ether, IP, Raw, UDP, rdpcap
from sluice import wait_for

pytestmark = pytest.mark.san

SRC = "02:00:00:00:00:01"


def qinq(outer, inner, priority=0, tpid=0x88a8):
    return (Ether(src=SRC, dst="ff:ff:ff:ff:ff:ff", type=tpid) / Dot1Q(vlan=outer, prio=priority, type=0x8100) /
            Dot1Q(vlan=inner, prio=3) / IP(src="10.0.0.1", dst="10.0.0.2") / UDP(sport=1, dport=2) / Raw(b"x" * 50))


def one_tag(vlan, priority=3):
    return (Ether(src=SRC, dst="ff:ff:ff:ff:ff:ff") / Dot1Q(vlan=vlan, prio=priority) /
            IP(src="10.0.0.1", dst="10.0.0.2") / UDP(sport=1, dport=2) / Raw(b"x" * 50))


def send(host, *frames):
    text = ", ".join(f"bytes.fromhex('{bytes(f).hex()}')" for f in frames)
    host.run("/usr/bin/python3", "-c", f"import socket; s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); "
             f"s.bind(('eth0', 0)); [s.send(f) for f in [{text}]]")


class Capture:
    """What a host receives from SRC, as bytes."""

    def __init__(self, host, directory):
        self.host, self.path = host, f"{directory}/{host.name}.pcap"
        # Into the file at once; with the tag that the kernel keeps beside the frame in its place again.
        self.p = host.popen("tcpdump", "-U", "-n", "-i", "eth0", "-Q", "in", "-w", self.path, "ether", "src", SRC)
        while "listening on" not in self.p.stdout.readline():
            assert self.p.poll() is None, "tcpdump ended"

    def frames(self):
        return [bytes(f) for f in rdpcap(self.path)]

    def stop(self):
        self.p.send_signal(signal.SIGINT)
        self.p.wait(timeout=10)
        return self.frames()


def test_outer_tag_is_the_vlan_and_the_inner_one_is_left_alone(switch, tmp_path):
    sender = switch.add_host("s", None)  # A trunk of all.
    hosts = {
        "trunk": switch.add_host("t", None, "trunks=30,40"),
        "veth": switch.add_veth_host("v", None, "trunks=30,40"),
        "other": switch.add_host("o", None, "trunks=7,20"),  # 7 is the inner tag only.
        "access": switch.add_host("a", None, "tag=30"),
        "inner": switch.add_host("i", None, "tag=7"),
    }
    captures = {name: Capture(host, tmp_path) for name, host in hosts.items()}
    first, second, last = qinq(30, 7, priority=5), qinq(40, 7, tpid=0x8100), qinq(30, 8)
    # By the first, which misses, and by cached flows.
    send(sender, first, second, first, second, last)
    for name, expected in (("trunk", [first, second, first, second, last]),
                           ("veth", [first, second, first, second, last]),
                           # The outer tag is taken off; what was inside is the frame now.
                           ("access", [one_tag(7), one_tag(7), one_tag(8)])):
        wait_for(lambda: len(captures[name].frames()) >= len(expected), f"the frames at '{name}'")
        # Frames of different flows may overtake each other while the first of one waits for policy.
        assert sorted(captures[name].stop()) == sorted(bytes(f) for f in expected), name
    for name in ("other", "inner"):
        assert captures[name].stop() == [], name
    switch.assert_nothing_vanished()


def test_access_port_tags_what_has_no_tag_and_takes_nothing_that_has_one(switch, tmp_path):
    sender = switch.add_host("s", None, "tag=30")
    trunk = switch.add_host("t", None)
    capture = Capture(trunk, tmp_path)
    plain = Ether(src=SRC, dst="ff:ff:ff:ff:ff:ff") / IP(src="10.0.0.1", dst="10.0.0.2") / UDP() / Raw(b"y" * 50)
    before = switch.drops().get("vlan-ingress", 0)
    send(sender, one_tag(7), qinq(30, 7), qinq(7, 30), plain)
    wait_for(lambda: capture.frames(), "the frame without a tag")
    wait_for(lambda: switch.drops().get("vlan-ingress", 0) == before + 3, "the drops")
    tagged = Ether(src=SRC, dst="ff:ff:ff:ff:ff:ff") / Dot1Q(vlan=30) / plain.payload
    assert capture.stop() == [bytes(tagged)]
    switch.assert_nothing_vanished()
