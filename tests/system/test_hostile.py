"""Hostile guests and hostile clients: they hurt nobody but themselves, and every packet stays accounted for."""

import json
import os
import re
import socket
import subprocess
import threading

import pytest
from sluice import BIN, SANITIZED, SLOW, run, wait_for

# Frames of all kinds behind virtio-net headers that lie: sizes, offsets and types that do not fit.
LYING_HEADERS = """
import random, socket, struct, sys, time
r = random.Random(int(sys.argv[1]))
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
s.bind(("eth0", 0))
s.setsockopt(263, 15, 1)  # PACKET_VNET_HDR
s.setblocking(False)
def frame():
    f = r.choice([b"\\xff" * 6, b"\\2" + r.randbytes(5), b"\\x33\\x33\\0\\0\\0\\1"]) + b"\\2" + r.randbytes(5)
    for _ in range(r.choice([0, 0, 0, 1, 2, 3, 9])):
        f += struct.pack("!HH", r.choice([0x8100, 0x88a8]), r.randrange(65536))
    payload = r.randbytes(r.choice([0, 1, 8, 100, 1400, 9000, 65000]))
    ports = r.randbytes(4)
    tcp = ports + r.randbytes(8) + bytes([r.choice([0x50, 0xf0, 0x10, 0])]) + r.randbytes(7)
    proto, l4 = r.choice([(6, tcp), (17, ports + r.randbytes(4)), (r.randrange(256), b"")])
    if r.random() < .6:
        ihl = r.choice([5, 5, 15, 0])
        length = r.choice([(20 + len(l4) + len(payload)) & 0xffff, r.randrange(65536)])
        f += b"\\x08\\0" + struct.pack("!BBHHHBBH", 0x40 | ihl, 0, length, 1, r.choice([0, 0, 0x2000, 185]), 64, proto, 0)
        f += r.randbytes(8) + l4
    else:
        chain = b""
        for _ in range(r.choice([0, 0, 1, 10])):
            chain = bytes([proto, r.choice([0, 0, 255])]) + r.randbytes(6) + chain
            proto = r.choice([0, 43, 44, 51, 60])
        f += b"\\x86\\xdd" + struct.pack("!IHBB", 0x60000000, len(chain + l4 + payload) & 0xffff, proto, 64)
        f += r.randbytes(32) + chain + l4
    f += payload
    return f[:r.randrange(len(f))] if r.random() < .2 else f
sent = 0
for _ in range(int(sys.argv[2])):
    f = frame()
    start = r.choice([14, 34, 54, 0, len(f), r.randrange(65536)])
    header = struct.pack("<BBHHHH", r.choice([0, 1, 1, 1, 3]), r.choice([0, 0, 1, 3, 4, 5, 0x81, r.randrange(256)]),
                         r.choice([0, 54, r.randrange(65536)]), r.choice([0, 1, 536, 1448, 65535]), start,
                         r.choice([16, 6, 0, r.randrange(65536)]))
    try:
        s.send(header + f)
        sent += 1
    except BlockingIOError:
        time.sleep(.001)
    except OSError:
        pass  # The kernel refuses many of them itself.
    # Segments of a fragment, which the kernel lets pass.
    try:
        s.send(struct.pack("<BBHHHH", 1, 1, 54, 100, 34, 16) + f[:12].ljust(12, b"\\2") + b"\\x08\\0" +
               struct.pack("!BBHHHBBHII", 0x45, 0, 1040, 1, 0x2000, 64, 6, 0, 1, 2) + bytes(12) + b"\\x50" + bytes(1007))
    except OSError:
        pass
print("sent", sent)
"""

# A new flow with each frame, from a new address with each frame unless told otherwise.
FLOOD = """
import os, socket, sys, time
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
s.bind(("eth0", 0))
s.setblocking(False)
end = time.monotonic() + float(sys.argv[1])
while time.monotonic() < end:
    for _ in range(100):
        x = os.urandom(22)
        source = b"\\2\\0\\0\\0\\0\\7" if "one-address" in sys.argv else b"\\2" + x[17:22]
        try:
            s.send(b"\\2" + x[:5] + source + b"\\x08\\0\\x45\\0\\0\\x2e\\0\\0\\0\\0\\x40\\x11\\0\\0" + x[5:17] + b"\\0\\x1a\\0\\0" + bytes(18))
        except OSError:
            pass
"""

ECHO = """
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("", 9000)); print("ready", flush=True)
while True:
    data, peer = s.recvfrom(2000); s.sendto(data, peer)
"""
NEW_FLOWS = """
import socket, sys
lost = 0
for _ in range(100):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(2); s.sendto(b"x", (sys.argv[1], 9000))
    try: s.recv(10)
    except TimeoutError: lost += 1
print("lost", lost)
"""
SOME_FLOWS = """
import socket, time
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0); s.bind(("eth0", 0))
for i in range(40): s.send(b"\\2\\0\\0\\0\\1" + bytes([i]) + b"\\2\\0\\0\\0\\0\\5\\x88\\xb5" + bytes(46)); time.sleep(.02)
"""
PROGRAMS = ("sluice", "sluice-db", "sluice-datapath", "sluice-vswitchd")


def pids(switch):
    return {p: switch.pid(p) for p in PROGRAMS}


def python(host, program, *args):
    return host.popen("/usr/bin/python3", "-c", program, *args)


@pytest.mark.san
def test_lying_virtio_headers_do_no_harm_and_are_all_accounted_for(switch):
    a = switch.add_host("a", "10.0.0.1")
    v = switch.add_veth_host("v", "10.0.0.2", "vlan_mode=native-untagged", "trunks=5")
    b = switch.add_host("b", "10.0.0.3")
    c = switch.add_veth_host("c", "10.0.0.4")
    before = pids(switch)
    assert b.ping("10.0.0.4")
    for i, p in enumerate([python(h, LYING_HEADERS, i, 1000) for i, h in enumerate((a, v))]):
        out, _ = p.communicate(timeout=60 * SLOW)
        assert int(out.split()[1]) > 0, out
    assert b.ping("10.0.0.4") and c.ping("10.0.0.3")
    switch.assert_nothing_vanished()
    assert switch.drops().get("vnet-bad-gso", 0) > 0, switch.drops()
    assert pids(switch) == before


@pytest.mark.san
@pytest.mark.alone
@pytest.mark.parametrize("kind", ["tap", "veth"])
def test_flood_of_new_flows_on_one_port_costs_the_others_nothing(switch, kind):
    flooder = (switch.add_host if kind == "tap" else switch.add_veth_host)("f", "10.0.0.66")
    a = switch.add_host("a", "10.0.0.1")
    b = switch.add_veth_host("b", "10.0.0.2")
    assert a.ping("10.0.0.2")
    assert python(b, ECHO).stdout.readline().startswith("ready")
    flood = python(flooder, FLOOD, 4)
    established = a.popen("ping", "-q", "-i", "0.02", "-c", "100", "10.0.0.2")
    out, _ = python(a, NEW_FLOWS, "10.0.0.2").communicate(timeout=60 * SLOW)
    assert out.split() == ["lost", "0"]
    out, _ = established.communicate(timeout=60 * SLOW)
    assert " 0% packet loss" in out, out
    flood.wait(60 * SLOW)
    assert switch.drops().get("upcall-rate", 0) + switch.drops().get("pending-port-full", 0) > 0, "that was no flood"
    switch.assert_nothing_vanished()


@pytest.mark.alone
def test_port_that_fills_the_flow_cache_leaves_room_for_others(switch):
    flooder = switch.add_veth_host("f", "10.0.0.66")
    a = switch.add_host("a", "10.0.0.1")
    switch.add_host("b", "10.0.0.2")
    switch.vsctl("set", "Open_vSwitch", ".", "other_config:flow-limit=300")
    flood = python(flooder, FLOOD, 5, "one-address")
    wait_for(lambda: "limit-hits               0" not in switch.appctl("upcall/show"), "the cache to be full")
    a.run("/usr/bin/python3", "-c", SOME_FLOWS)
    cached = switch.dpctl("dpctl/dump-flows").count("in_port(a)")
    assert cached >= 30, f"{cached} of 40 of the others' flows are cached"
    flood.wait(60)
    switch.assert_nothing_vanished()


def test_clients_that_add_and_remove_the_same_ports_at_once_all_succeed(switch):
    failures = []

    def client(number):
        for i in range(10):
            name = f"p{(i * 7 + number) % 4}"
            words = (["--may-exist", "add-port", "br0", name, "--", "set", "Interface", name, "type=internal"]
                     if (i + number) % 2 else ["--if-exists", "del-port", "br0", name])
            p = (switch.ovs_vsctl if number % 4 == 0 else switch.vsctl)(*words, check=False)
            if p.returncode:
                failures.append((words, p.stderr))

    threads = [threading.Thread(target=client, args=(n,)) for n in range(16)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not failures, failures
    names = switch.vsctl("list-ports", "br0").split()
    assert all(switch.get("Interface", n, "ofport") not in ("-1", "[]") for n in names)
    devices = [line.split(":")[1].strip() for line in switch.ns.run("ip", "-o", "link").splitlines()]
    assert sorted(d for d in devices if d.startswith("p")) == sorted(names)


@pytest.mark.san
def test_a_crowd_of_silent_connections_keeps_nobody_out(switch):
    path = os.path.join(switch.dir, f"sluice.{switch.pid('sluice')}.ctl")
    connections = []
    for _ in range(300):
        s = socket.socket(socket.AF_UNIX)
        s.connect(path)
        connections.append(s)
    assert "sluice" in switch.appctl("-t", "sluice", "version")
    assert switch.sluice("status", check=False).returncode == 0
    assert "a silent connection is closed to make room" in switch.log("sluice")
    for s in connections:
        s.close()


# As many connections to the database as there may be, each with what argv[2] asks for; then waits.
FILL = """
import resource, socket, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
held = []
for _ in range(1000):
    s = socket.socket(socket.AF_UNIX)
    s.connect(sys.argv[1])
    s.sendall(sys.argv[2].encode())
    s.recv(100)
    held.append(s)
print("full", flush=True)
sys.stdin.read()
"""
ECHO_REQUEST = '{"method": "echo", "params": [], "id": 1}'
MONITOR_REQUEST = '{"method": "monitor", "params": ["Open_vSwitch", null, {"Bridge": [{"columns": ["name"]}]}], "id": 1}'


@pytest.mark.san
@pytest.mark.parametrize("request_text", [ECHO_REQUEST, MONITOR_REQUEST], ids=["idle", "monitors"])
def test_a_client_that_takes_all_places_of_the_database_keeps_no_other_out(switch, request_text):
    before = pids(switch)
    crowd = switch.ns.popen("/usr/bin/python3", "-c", FILL, f"{switch.dir}/db.sock", request_text, stdin=-1)
    assert crowd.stdout.readline() == "full\n"
    assert switch.vsctl("list-br") == "br0\n"
    assert switch.ovs_vsctl("list-br") == "br0\n"
    switch.vsctl("add-port", "br0", "p1", "--", "set", "Interface", "p1", "type=internal")  # Confirmed by vswitchd, which was not put out.
    assert "ERR" not in switch.log("sluice-vswitchd") and "disconnected to make room" in switch.log("sluice-db")
    crowd.stdin.close()
    assert crowd.wait(30 * SLOW) == 0
    assert pids(switch) == before


def rss_mb(pid):
    with open(f"/proc/{pid}/status") as f:
        return int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1)) >> 10


@pytest.mark.san
def test_clients_that_do_not_read_their_updates_cannot_fill_the_databases_memory(tmp_path):
    remote = f"unix:{tmp_path}/db.sock"
    server = subprocess.Popen([f"{BIN}/sluice-db", f"--rundir={tmp_path}", f"--dbdir={tmp_path}", "--client-memory=64"],
                              stderr=subprocess.PIPE, text=True)

    def vsctl(*words):
        return run(f"{BIN}/sluice-vsctl", f"--db={remote}", "--no-wait", *words)

    def memory(key):
        return int(re.search(rf"\b{key}:(\d+)", run(f"{BIN}/sluice-appctl", f"--rundir={tmp_path}", "-t", "sluice-db", "memory/show")).group(1))

    try:
        wait_for((tmp_path / "db.sock").exists, "the database's socket")
        vsctl("add-br", "br0")
        before = rss_mb(server.pid)
        assert memory("held-limit") == 64 << 20
        clients = []
        for i in range(60):
            s = socket.socket(socket.AF_UNIX)
            s.connect(f"{tmp_path}/db.sock")
            where = [["name", "!=", f"x{i}"]] if i % 2 else []  # Half of them ask for the same.
            s.sendall(json.dumps({"method": "monitor_cond", "params": ["Open_vSwitch", None, {"Bridge": [{"where": where}]}], "id": 1}).encode())
            s.recv(65536)
            clients.append(s)
        for i in range(8):  # Two MB for each of thirty, each time.
            vsctl("set", "Bridge", "br0", *[f"external_ids:k{k}={str(i) * 100000}" for k in range(10)])
        assert memory("evicted-for-memory") > 0 and memory("held") <= 64 << 20
        assert vsctl("list-br") == "br0\n"
        vsctl("clear", "Bridge", "br0", "external_ids")
        for s in clients:
            s.close()
        wait_for(lambda: memory("held") < 1 << 20, "the clients' end to be seen")
        if not SANITIZED:
            wait_for(lambda: rss_mb(server.pid) < before + 40, "the memory to be given back")
    finally:
        server.terminate()
        said = server.communicate()[1]
    assert server.returncode == 0 and "messages of all clients hold" in said, said
