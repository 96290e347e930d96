"""Frames arrive as they were sent: every size up to the MTU, and TSO super-packets, by checksums of their payload."""

import struct

import pytest
from sluice import wait_for

pytestmark = pytest.mark.san

SEND_ALL_SIZES = """
import socket, hashlib, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
r = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); r.bind(("", 7001)); r.settimeout(5)
lost = 0
for n in range(0, 1473):
    data = hashlib.shake_128(b"%d" % n).digest(n)
    for attempt in range(3):
        s.sendto(data, (sys.argv[1], 7000))
        try:
            got = r.recv(65536)
        except TimeoutError:
            lost += 1
            continue
        assert got == hashlib.sha256(data).digest() + b"%d" % n, n
        break
    else:
        sys.exit("size %d never arrived" % n)
print("lost", lost)
"""
ECHO_DIGEST = """
import socket, hashlib
r = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); r.bind(("", 7000))
print("ready", flush=True)
while True:
    data, peer = r.recvfrom(65536)
    r.sendto(hashlib.sha256(data).digest() + b"%d" % len(data), (peer[0], 7001))
"""
SEND_STREAM = """
import socket, hashlib, sys, os
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
s = socket.socket(family, socket.SOCK_STREAM); s.connect((sys.argv[1], 7002))
h = hashlib.sha256()
seed = os.urandom(1 << 20)
for n in list(range(1, 400)) + [1460, 1461, 9000, 65535, 65536, 1 << 20] * 30:
    data = seed[:n]; h.update(data); s.sendall(data)
s.shutdown(socket.SHUT_WR)
assert s.recv(64) == h.digest(), "the stream arrived changed"
"""
RECEIVE_STREAM = """
import socket, hashlib
l = socket.socket(socket.AF_INET6, socket.SOCK_STREAM); l.bind(("", 7002)); l.listen(); print("ready", flush=True)
c, _ = l.accept(); h = hashlib.sha256()
while True:
    d = c.recv(1 << 20)
    if not d: break
    h.update(d)
c.send(h.digest()); c.close()
"""
# Frames of an experimental type, whose lengths and contents go together. argv: destination, lengths.
SEND_RAW = """
import hashlib, socket, sys, time
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind(("eth0", 0))
header = bytes.fromhex(sys.argv[1].replace(":", "")) + bytes.fromhex("0200000000aa88b5")
first, last, step = map(int, sys.argv[2:])
for n in range(first, last + 1, step):
    s.send(header + hashlib.shake_128(b"%d" % n).digest(n - 14))
    if n % 16 == 0: time.sleep(0.001)
"""
# Tells of the first one, then, when told to stop, the lengths of all that came as they should.
RECEIVE_RAW = """
import hashlib, select, socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x88b5)); s.bind(("eth0", 0x88b5))
s.setsockopt(socket.SOL_SOCKET, 33, 1 << 24)  # SO_RCVBUFFORCE
print("ready", flush=True)
lengths = []
while True:
    ready = select.select([s, sys.stdin], [], [])[0]
    if s not in ready:
        break
    f = s.recv(70000)
    assert f[14:] == hashlib.shake_128(b"%d" % len(f)).digest(len(f) - 14), len(f)
    lengths.append(len(f))
    if len(lengths) == 1: print("first", flush=True)
print(*lengths, flush=True)
"""


def python(host, program, *args):
    p = host.popen("/usr/bin/python3", "-c", program, *args)
    assert p.stdout.readline().startswith("ready")
    return p


@pytest.fixture(params=["tap-tap", "veth-veth", "tap-veth", "veth-tap"])
def pair(request, switch):
    kinds = request.param.split("-")
    made = []
    for kind, label, address in zip(kinds, "ab", ("10.0.0.1", "10.0.0.2")):
        made.append((switch.add_host if kind == "tap" else switch.add_veth_host)(label, address))
    a, b = made
    a.run("ip", "addr", "add", "fd00::1/64", "dev", "eth0", "nodad")
    b.run("ip", "addr", "add", "fd00::2/64", "dev", "eth0", "nodad")
    wait_for(lambda: a.ping("10.0.0.2", count=1), "the hosts to see each other")
    wait_for(lambda: a.ping("fd00::2", count=1), "the hosts to see each other by IPv6")
    return switch, a, b


@pytest.mark.alone
def test_datagrams_of_every_size_arrive_unchanged(pair):
    switch, a, b = pair
    python(b, ECHO_DIGEST)
    out = a.run("/usr/bin/python3", "-c", SEND_ALL_SIZES, "10.0.0.2")
    assert out.split() == ["lost", "0"]
    switch.assert_nothing_vanished()


class RawReceiver:
    """What b gets of the frames that a sends; the flow is cached from the start."""

    def __init__(self, a, b):
        self.a, self.mac = a, b.mac
        self.p = b.popen("/usr/bin/python3", "-c", RECEIVE_RAW, stdin=-1)
        assert self.p.stdout.readline() == "ready\n"
        self.send(100)
        assert self.p.stdout.readline() == "first\n"

    def send(self, first, last=None, step=1):
        self.a.run("/usr/bin/python3", "-c", SEND_RAW, self.mac, first, last or first, step)

    def lengths(self):
        """All that came but the first."""
        out, _ = self.p.communicate("stop\n", timeout=60)
        return list(map(int, out.split()))[1:]


def test_frames_of_every_length_up_to_the_mtu_arrive_as_they_were(pair):
    switch, a, b = pair
    received = RawReceiver(a, b)
    tx = switch.totals()["tx"]
    received.send(14, 1514)
    wait_for(lambda: switch.totals()["tx"] >= tx + 1501, "the frames to be sent on")
    assert received.lengths() == list(range(14, 1515))
    switch.assert_nothing_vanished()


def test_giant_frames_are_dropped_under_a_reason(pair):
    switch, a, b = pair
    switch.ns.run("ip", "link", "set", "dev", "a", "mtu", "9000", check=False)  # The other end of a veth pair.
    a.run("ip", "link", "set", "dev", "eth0", "mtu", "9000")
    received = RawReceiver(a, b)
    received.send(1600, 9000, 100)
    wait_for(lambda: switch.drops().get("tx-too-big", 0) >= 75, "the drops")
    assert switch.drops()["tx-too-big"] == 75
    received.send(1514)
    assert a.ping("10.0.0.2")
    assert received.lengths() == [1514]
    switch.assert_nothing_vanished()


def test_frames_that_are_none_are_dropped_under_a_reason(switch):
    """No kernel sends frames without a whole Ethernet header: a capture file has them."""
    header = bytes.fromhex("02000000000202000000000188a8")
    frames = [header[:n] for n in range(1, 14)] + [header + bytes(n) for n in range(4)]
    with open(f"{switch.dir}/in.pcap", "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for frame in frames:
            f.write(struct.pack("<IIII", 0, 0, len(frame), len(frame)) + frame)
    switch.vsctl("add-port", "br0", "in", "--", "set", "Interface", "in", "type=dpdk",
                 f"options:dpdk-devargs=net_pcap_in,rx_pcap={switch.dir}/in.pcap")
    wait_for(lambda: switch.totals()["rx"] >= len(frames), "the frames of the file")
    assert switch.drops().get("runt-frame", 0) == 13 and switch.drops().get("cut-vlan-tag", 0) == 4, switch.drops()
    switch.assert_nothing_vanished()


@pytest.mark.parametrize("address", ["10.0.0.2", "fd00::2"])
def test_streams_of_super_packets_arrive_unchanged(pair, address):
    switch, a, b = pair
    p = python(b, RECEIVE_STREAM)
    a.run("/usr/bin/python3", "-c", SEND_STREAM, address)
    assert p.wait(10) == 0
    switch.assert_nothing_vanished()


def test_super_packets_travel_whole_between_taps(switch):
    a = switch.add_host("a", "10.0.0.1")
    b = switch.add_host("b", "10.0.0.2")
    assert a.ping("10.0.0.2")
    p = python(b, RECEIVE_STREAM)
    before = int(switch.get("Interface", "a", "statistics:rx_packets") or 0)
    a.run("/usr/bin/python3", "-c", SEND_STREAM, "10.0.0.2")
    p.wait(10)
    t = switch.totals()
    # About 35 MB: at one packet for each 1,448 bytes this would take 24,000.
    assert t["rx"] < 15000 + before, t


@pytest.mark.parametrize("sender_offload", ["on", "off"])
def test_super_packets_are_segmented_for_a_port_that_cannot_take_them(switch, sender_offload):
    a = switch.add_host("a", "10.0.0.1")
    b = switch.add_veth_host("b", "10.0.0.2")
    a.run("ethtool", "-K", "eth0", "tso", sender_offload, "tx", sender_offload)
    b.run("ethtool", "-K", "eth0", "gro", "off", check=False)
    p = python(b, RECEIVE_STREAM)
    a.run("/usr/bin/python3", "-c", SEND_STREAM, "10.0.0.2")
    assert p.wait(10) == 0
