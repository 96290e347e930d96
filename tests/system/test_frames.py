"""Frames arrive as they were sent: every size up to the MTU, and TSO super-packets, by checksums of their payload."""

import pytest
from sluice import wait_for

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


@pytest.mark.san
def test_datagrams_of_every_size_arrive_unchanged(pair):
    switch, a, b = pair
    python(b, ECHO_DIGEST)
    out = a.run("/usr/bin/python3", "-c", SEND_ALL_SIZES, "10.0.0.2")
    assert out.split() == ["lost", "0"]
    switch.assert_nothing_vanished()


@pytest.mark.san
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
