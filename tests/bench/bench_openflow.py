"""OpenFlow tables of Sluice and of Debian's Open vSwitch (netdev datapath), side by side in one run: how fast rules come and go, what they
weigh, what a lookup in the slow path costs when there are many masks, and how long packets and other controllers wait while flow mods hit a
table of many rules with many cached flows, or something is done to all of the rules. Prints both figures and how many times better Sluice is (above 1, it is better).

BENCH_RULES (default 30,000), BENCH_FLOWS (4,000) and BENCH_MANY_FLOWS (50,000, while flow mods with barriers come) are the sizes.
"""

import json
import multiprocessing
import os
import random
import re
import shutil
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "system"))
from sluice import Host, Netns, Switch, run, wait_for  # noqa: E402

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
RULES = int(os.environ.get("BENCH_RULES", "30000"))
FLOWS = int(os.environ.get("BENCH_FLOWS", "4000"))
MANY_FLOWS = int(os.environ.get("BENCH_MANY_FLOWS", "50000"))
SECONDS = float(os.environ.get("BENCH_SECONDS", "3"))
MASKS = (1, 20, 200)
ANY_MASKS = (100, 2000)
TRACES = 300

# In a host's namespace: one UDP packet for each of the first rules.
SEND = """
import random, socket, struct, sys, time
sys.path.insert(0, sys.argv[1])
from bench_openflow import tuple_of
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("eth0", 0))
for i in range(int(sys.argv[2])):
    src, dst, sport, dport = tuple_of(i)
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 28, 0, 0, 64, 17, 0, socket.inet_aton(src), socket.inet_aton(dst))
    s.send(bytes.fromhex("02000000000202000000000108 00") + ip + struct.pack("!HHHH", sport, dport, 8, 0))
    if i % 32 == 31:
        time.sleep(0.002)
"""


def tuple_of(i):
    return f"10.{1 + (i >> 16 & 63)}.{i >> 8 & 255}.{i & 255}", "10.200.0.1", 1024 + i * 7 % 60000, 80 + i % 7


def rules(n):
    lines = []
    for i in range(n):
        src, dst, sport, dport = tuple_of(i)
        lines.append(f"priority=100,udp,nw_src={src},nw_dst={dst},tp_src={sport},tp_dst={dport},actions=output:2")
    return lines


class OpenFlow:
    """A raw OpenFlow 1.3 client, so that what is measured is the switch."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        self.socket.connect(path)
        self.input = b""
        self.send(0, b"\0\1\0\x08\0\0\0\x10")
        self.until(0)

    def send(self, kind, body=b""):
        self.socket.sendall(self.message(kind, body))

    def until(self, kind):
        while True:
            while len(self.input) < 8 or len(self.input) < struct.unpack_from("!H", self.input, 2)[0]:
                data = self.socket.recv(1 << 16)
                assert data, "the switch ended the connection"
                self.input += data
            n, got = struct.unpack_from("!H", self.input, 2)[0], self.input[1]
            message, self.input = self.input[:n], self.input[n:]
            assert got != 1, f"error {message.hex()}"
            if got == kind:
                return

    @staticmethod
    def flow_mod(i, command=0):
        """Adds, or deletes strictly (4), the rule "udp, tp_dst = i" of table 0."""
        oxm = struct.pack("!IHIBIH", 0x80000a02, 0x0800, 0x80001401, 17, 0x80002002, i & 0xffff)
        match = struct.pack("!HH", 1, 4 + len(oxm)) + oxm
        match += bytes(-len(match) % 8)
        actions = struct.pack("!HHIHHIHHI2x", 4, 24, 0, 0, 16, 2, 0, 0, 0)[:24]
        return struct.pack("!QQBBHHHIIIH2x", 0, 0, 0, command, 0, 0, 200, 0xffffffff, 0xffffffff, 0xffffffff, 0) + match + (
            actions if command == 0 else b"")

    @staticmethod
    def add(i):
        """Adds the rule that rules() has at this place."""
        src, dst, sport, dport = tuple_of(i)
        oxm = struct.pack("!IHIBI4sI4sIHIH", 0x80000a02, 0x0800, 0x80001401, 17, 0x80001604, socket.inet_aton(src), 0x80001804,
                          socket.inet_aton(dst), 0x80001e02, sport, 0x80002002, dport)
        match = struct.pack("!HH", 1, 4 + len(oxm)) + oxm
        match += bytes(-len(match) % 8)
        return struct.pack("!QQBBHHHIIIH2x", 0, 0, 0, 0, 0, 0, 100, 0xffffffff, 0xffffffff, 0xffffffff, 0) + match + struct.pack(
            "!HH4xHHIH6x", 4, 24, 0, 16, 2, 0)

    def bundle(self, kind, flags=0, message=b""):
        """A message of the bundle extension (ONF 230): control of a type, or an add."""
        if message:
            return self.message(4, struct.pack("!IIIHH", 0x4f4e4600, 2301, 1, 0, flags) + message)
        return self.message(4, struct.pack("!IIIHH", 0x4f4e4600, 2300, 1, kind, flags))

    @staticmethod
    def message(kind, body):
        return struct.pack("!BBHI", 4, kind, 8 + len(body), 7) + body

    def barrier(self):
        self.send(20)
        self.until(21)

    def close(self):
        self.socket.close()


class Ctl:
    """A connection to the daemon's ctl socket: ovs-appctl, without starting a process for each command."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        self.socket.connect(path)

    def command(self, method, *args):
        self.socket.sendall(json.dumps({"id": 1, "method": method, "params": args}).encode())
        text = b""
        while True:
            text += self.socket.recv(1 << 20)
            try:
                reply = json.loads(text)
            except ValueError:
                continue
            assert reply["error"] is None, reply
            return reply["result"]


class Peer:
    """What both have: a bridge br0 without controllers, and two hosts at its ports 1 and 2."""

    def ofctl(self, *argv, **kwargs):
        return self.ns.run("ovs-ofctl", "-O", "OpenFlow13", *argv, env=self.env, **kwargs)

    def openflow(self):
        return OpenFlow(f"{self.dir}/br0.mgmt")

    def rss(self):
        with open(f"/proc/{self.pid()}/status") as f:
            return int(re.search(r"VmRSS:\s+(\d+)", f.read())[1]) * 1024

    def clear(self):
        self.ofctl("del-flows", "br0")

    def n_rules(self):
        return int(re.search(r"flow_count=(\d+)", self.ofctl("dump-aggregate", "br0"))[1])


class Sluice(Peer):
    name = "Sluice"

    def __init__(self):
        self.switch = Switch()
        self.ns, self.dir, self.env = self.switch.ns, self.switch.dir, self.switch.env
        self.switch.vsctl("add-br", "br0", "--", "set", "bridge", "br0", "fail_mode=secure")
        self.a = self.switch.add_veth_host("ha", "10.0.0.1", "--", "set", "interface", "ha", "ofport_request=1")
        self.b = self.switch.add_veth_host("hb", "10.0.0.2", "--", "set", "interface", "hb", "ofport_request=2")

    def vsctl(self, *argv):
        return self.switch.vsctl(*argv)

    def pid(self):
        return self.switch.pid("sluice-vswitchd")

    def ctl(self):
        return Ctl(f"{self.dir}/sluice-vswitchd.{self.pid()}.ctl")

    def n_flows(self):
        return int(re.search(r"flows +(\d+)", self.switch.appctl("upcall/show"))[1])

    def close(self):
        self.switch.close()


class Ovs(Peer):
    name = "Open vSwitch"

    def __init__(self):
        self.ns = Netns("ov")
        self.dir = tempfile.mkdtemp(prefix="sluice-bench-ovs-")
        self.env = dict(os.environ, OVS_RUNDIR=self.dir, OVS_LOGDIR=self.dir, OVS_SYSCONFDIR=self.dir, OVS_DBDIR=self.dir)
        db = self.dir + "/conf.db"
        self.command("ovsdb-tool", "create", db, "/usr/share/openvswitch/vswitch.ovsschema")
        self.command("ovsdb-server", db, f"--remote=punix:{self.dir}/db.sock", "--pidfile", "--detach", "--log-file")
        self.command("ovs-vsctl", "--no-wait", "init")
        self.command("ovs-vswitchd", "--disable-system", "--pidfile", "--detach", "--log-file", f"unix:{self.dir}/db.sock")
        self.command("ovs-vsctl", "--timeout=20", "add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=netdev", "fail_mode=secure")
        self.a, self.b = [self.plug(n, f"10.0.0.{i}", i) for i, n in enumerate(("ha", "hb"), 1)]

    def plug(self, label, address, number):
        host = Host(label, address)
        self.ns.run("ip", "link", "add", label, "type", "veth", "peer", "name", "eth0", "netns", host.name)
        self.ns.run("ip", "link", "set", label, "up")
        host.up()
        self.command("ovs-vsctl", "--timeout=20", "add-port", "br0", label, "--", "set", "interface", label, f"ofport_request={number}")
        return host

    def command(self, *argv):
        return self.ns.run(*argv, env=self.env)

    def vsctl(self, *argv):
        return self.command("ovs-vsctl", "--timeout=20", *argv)

    def pid(self):
        with open(f"{self.dir}/ovs-vswitchd.pid") as f:
            return int(f.read())

    def ctl(self):
        return Ctl(f"{self.dir}/ovs-vswitchd.{self.pid()}.ctl")

    def n_flows(self):
        return int(re.search(r"flows +: \(current (\d+)\)", self.command("ovs-appctl", "upcall/show"))[1])

    def close(self):
        for program in ("ovs-vswitchd", "ovsdb-server"):
            try:
                with open(f"{self.dir}/{program}.pid") as f:
                    os.kill(int(f.read()), signal.SIGKILL)
            except OSError:
                pass
        self.a.close()
        self.b.close()
        self.ns.close()
        shutil.rmtree(self.dir, ignore_errors=True)


# --- Rows: a figure of one switch each time.

def add_flows(peer, *options):
    peer.clear()
    start = time.perf_counter()
    peer.ofctl(*options, "add-flows", "br0", FILE)
    seconds = time.perf_counter() - start
    assert peer.n_rules() == RULES
    return RULES / seconds


def can_bundle(peer):
    return peer.ofctl("--bundle", "add-flow", "br0", "priority=9,ip,actions=drop", check=False).returncode == 0


def pipelined(peer):
    """Flow mods as fast as they go, and one barrier."""
    peer.clear()
    client = peer.openflow()
    stream = b"".join(client.message(14, client.add(i)) for i in range(20000))
    start = time.perf_counter()
    client.socket.sendall(stream)
    client.barrier()
    seconds = time.perf_counter() - start
    client.close()
    return 20000 / seconds


def bundled(peer):
    """The same as a bundle of ordered changes that are made at once."""
    peer.clear()
    client = peer.openflow()
    flags = 3
    stream = b"".join(client.bundle(0, flags, client.message(14, client.add(i))) for i in range(RULES))
    start = time.perf_counter()
    client.socket.sendall(client.bundle(0, flags))
    client.socket.sendall(stream)
    client.socket.sendall(client.bundle(4, flags))
    client.until(4)
    client.until(4)
    seconds = time.perf_counter() - start
    client.close()
    assert peer.n_rules() == RULES
    return RULES / seconds


def one_at_a_time(peer):
    """A flow mod that concerns no cached flow, its barrier, the next."""
    client, n = peer.openflow(), 10000
    start = time.perf_counter()
    for i in range(n):
        client.send(14, OpenFlow.flow_mod(1000 + i // 2, 4 if i % 2 else 0))
        client.barrier()
    seconds = time.perf_counter() - start
    client.close()
    return n / seconds


def cache_flows(peer, n):
    """Has the datapath cache one flow for each of the first rules, which are in the tables."""
    def sent():
        peer.a.run("/usr/bin/python3", "-c", SEND, os.path.dirname(os.path.abspath(__file__)), n)
        time.sleep(1)  # Upcalls are under way.
        return peer.n_flows() >= n * 0.9
    wait_for(sent, f"{n} cached flows", 120)


def many_flows(peer):
    with tempfile.NamedTemporaryFile("w") as f:
        f.write("\n".join(rules(MANY_FLOWS)) + "\n")
        f.flush()
        peer.clear()
        peer.ofctl("--bundle", "add-flows", "br0", f.name)
    cache_flows(peer, MANY_FLOWS)


PACKET = bytes.fromhex("0200000000020200000000010800") + bytes(46)

# In a host's namespace: the same packet as fast as it goes.
FLOOD = """
import socket, sys, time
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("eth0", 0))
packet, end = bytes.fromhex(sys.argv[1]), time.time() + float(sys.argv[2])
while time.time() < end:
    for _ in range(100):
        try:
            s.send(packet)
        except OSError:
            pass
"""


def packet_outs(peer):
    """To a port, each of which arrives there."""
    def sent():
        return int(re.search(r"tx pkts=(\d+)", peer.ofctl("dump-ports", "br0", "2"))[1])
    client, n = peer.openflow(), 20000
    action = struct.pack("!HHIH6x", 0, 16, 2, 0)
    message = client.message(13, struct.pack("!IIH6x", 0xffffffff, 0xfffffffd, len(action)) + action + PACKET)
    before = sent()
    start = time.perf_counter()
    client.socket.sendall(message * n)
    client.barrier()
    seconds = time.perf_counter() - start
    wait_for(lambda: sent() >= before + n * 0.999, "the packets at the port")
    client.close()
    return n / seconds


def packet_ins(peer):
    """Of one port that sends as fast as it can."""
    peer.clear()
    peer.ofctl("add-flow", "br0", "in_port=1,actions=CONTROLLER")
    client = peer.openflow()
    client.send(9, struct.pack("!HH", 0, 0xffff))
    flood = peer.a.popen("/usr/bin/python3", "-c", FLOOD, PACKET.hex(), str(SECONDS + 2))
    for _ in range(1000):
        client.until(10)
    n, start = 0, time.perf_counter()
    while time.perf_counter() < start + SECONDS:
        client.until(10)
        n += 1
    seconds = time.perf_counter() - start
    client.close()
    flood.communicate()
    return n / seconds


def echoes(path, stop, ret):
    """Another controller: how long an answer takes at most, in milliseconds."""
    client, longest = OpenFlow(path), 0
    while not stop.is_set():
        start = time.perf_counter()
        client.send(2)
        client.until(3)
        longest = max(longest, time.perf_counter() - start)
        time.sleep(0.0005)
    client.close()
    ret.put(longest * 1000)


def longest_wait(peer, action):
    stop, ret = multiprocessing.Event(), multiprocessing.Queue()
    process = multiprocessing.Process(target=echoes, args=(f"{peer.dir}/br0.mgmt", stop, ret))
    process.start()
    time.sleep(0.2)
    action(peer)
    time.sleep(0.5)  # What is left to do comes after the answer.
    stop.set()
    wait = ret.get()
    process.join()
    return wait


def waits(peer):
    """While all rules come in a bundle; one more comes; they are dumped; they go."""
    one = "priority=5,udp,tp_dst=3,actions=output:2"
    return [longest_wait(peer, bundled),
            longest_wait(peer, lambda p: p.ofctl("add-flow", "br0", one)),
            longest_wait(peer, lambda p: p.ofctl("dump-flows", "br0", stdout=None)),
            longest_wait(peer, lambda p: p.clear())]


def changing(peer):
    """A flow mod that changes a cached flow, its barrier, the next."""
    client, n = peer.openflow(), min(MANY_FLOWS, 3000)
    start = time.perf_counter()
    for i in range(n):
        client.send(14, OpenFlow.add(i).replace(struct.pack("!HHI", 0, 16, 2), struct.pack("!HHI", 0, 16, 1 + i % 2)))
        client.barrier()
    seconds = time.perf_counter() - start
    client.close()
    return n / seconds


def echo(peer):
    client, times = peer.openflow(), []
    for _ in range(2000):
        start = time.perf_counter()
        client.send(2)
        client.until(3)
        times.append(time.perf_counter() - start)
    client.close()
    return statistics.median(times) * 1e6


def delete_all(peer):
    """One flow mod, and its barrier."""
    bundled(peer)
    client = peer.openflow()
    start = time.perf_counter()
    client.send(14, struct.pack("!QQBBHHHIIIH2xHH4x", 0, 0, 0xff, 3, 0, 0, 0, 0xffffffff, 0xffffffff, 0xffffffff, 0, 1, 4))
    client.barrier()
    seconds = time.perf_counter() - start
    client.close()
    assert peer.n_rules() == 0
    return RULES / seconds


def dump(peer):
    add_flows(peer)
    start = time.perf_counter()
    peer.ofctl("dump-flows", "br0", stdout=None)
    return RULES / (time.perf_counter() - start)


def weight(peer):
    """Bytes for each rule, in tables that were empty before; the first figure of a new process."""
    peer.clear()
    before = peer.rss()
    add_flows(peer)
    return (peer.rss() - before) / RULES


def masks(n):
    """Rules of n masks: prefixes of both addresses, and ports or none."""
    rng = random.Random(1)
    lines = []
    for i in range(n):
        s, d, port = 8 + i % 25, 8 + i // 25 % 25, i % 2
        for _ in range(5):
            lines.append(f"priority=100,tcp,nw_src={rng.randrange(1, 200)}.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(256)}/{s},"
                         f"nw_dst={rng.randrange(1, 200)}.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(256)}/{d}"
                         + (f",tp_dst={rng.randrange(1, 65536)}" if port else "") + ",actions=output:2")
    return lines


def any_masks(n):
    """Rules of n masks of any bits of a register and an address."""
    rng = random.Random(2)
    lines = []
    for _ in range(n):
        m, a = rng.getrandbits(32) | 1, rng.getrandbits(32) | 1
        address = ".".join(str(a >> s & 255) for s in (24, 16, 8, 0))
        value = ".".join(str((rng.getrandbits(32) & a) >> s & 255) for s in (24, 16, 8, 0))
        lines.append(f"priority=100,tcp,reg0={rng.getrandbits(32) & m:#x}/{m:#x},nw_src={value}/{address},actions=output:2")
    return lines


def slow_path(n, masks=masks):
    def measure(peer):
        """Microseconds for a trace of a packet that none of the rules match."""
        peer.clear()
        with tempfile.NamedTemporaryFile("w") as f:
            f.write("\n".join(masks(n) + ["priority=1,actions=drop"]) + "\n")
            f.flush()
            peer.ofctl("add-flows", "br0", f.name)
        ctl = peer.ctl()
        times = []
        for i in range(TRACES):
            start = time.perf_counter()
            ctl.command("ofproto/trace", "br0", f"in_port=1,tcp,nw_src=201.1.1.{i % 250},nw_dst=202.0.0.1,tp_dst=80")
            times.append(time.perf_counter() - start)
        return statistics.median(times) * 1e6
    return measure


def disturbed(peer):
    """The 99th percentile, in milliseconds, of pings and of echo requests on another connection, while each 10 ms a flow mod comes to a
    table of many rules with many cached flows; and how fast rules can be added then."""
    add_flows(peer)
    peer.ofctl("add-flow", "br0", "priority=1,arp,actions=NORMAL")
    peer.ofctl("add-flow", "br0", "priority=1,icmp,actions=NORMAL")
    assert peer.a.ping("10.0.0.2")
    cache_flows(peer, FLOWS)
    stop = threading.Event()

    def mod():
        client, i = peer.openflow(), 0
        while not stop.is_set():
            client.send(14, OpenFlow.flow_mod(9 + i // 2 % 50, 4 if i % 2 else 0))
            i += 1
            time.sleep(0.01)
        client.barrier()
        client.close()
    thread = threading.Thread(target=mod)
    echoes = []
    ping = peer.a.popen("ping", "-n", "-i", "0.003", "-w", str(int(SECONDS)), "10.0.0.2")
    thread.start()
    client = peer.openflow()
    end = time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        start = time.perf_counter()
        client.send(2)
        client.until(3)
        echoes.append((time.perf_counter() - start) * 1000)
        time.sleep(0.002)
    client.close()
    text = ping.communicate()[0]
    stop.set()
    thread.join()
    pings = [float(t) for t in re.findall(r"time=([0-9.]+)", text)]
    lost = int(re.search(r"(\d+) packets transmitted", text)[1]) - len(pings)
    assert lost <= 3, f"{peer.name}: {lost} pings lost"
    return percentile(pings), percentile(echoes), rate_with_flows(peer)


def rate_with_flows(peer):
    """Rules per second that ovs-ofctl adds, none of which concerns a cached flow."""
    n = 5000
    with tempfile.NamedTemporaryFile("w") as f:
        f.write("\n".join(f"priority=50,udp,nw_src=77.{i >> 8}.{i & 255}.1,actions=output:2" for i in range(n)) + "\n")
        f.flush()
        start = time.perf_counter()
        peer.ofctl("add-flows", "br0", f.name)
        return n / (time.perf_counter() - start)


def percentile(values):
    return sorted(values)[int(len(values) * 0.99)]


FILE = None


def row(label, unit, figures, higher_is_better):
    ours, theirs = (statistics.median(f) for f in figures)
    ratio = ours / theirs if higher_is_better else theirs / ours
    print(f"{label:46} {ours:12,.1f} {theirs:14,.1f} {unit:8} {ratio:6.2f}", flush=True)


def alternate(peers, measure, rounds=ROUNDS):
    figures = [[], []]
    for i in range(rounds):
        for k in ((0, 1), (1, 0))[i % 2]:
            figures[k].append(measure(peers[k]))
    return figures


def main():
    global FILE
    peers = []
    with tempfile.NamedTemporaryFile("w") as f:
        f.write("\n".join(rules(RULES)) + "\n")
        f.flush()
        FILE = f.name
        try:
            peers += [Sluice()]
            peers += [Ovs()]
            for p in peers:
                p.vsctl("set", "Open_vSwitch", ".", "other_config:max-idle=600000")
            print(f"{RULES} rules, {FLOWS} cached flows")
            print(f"{'':46} {'Sluice':>12} {'Open vSwitch':>14} {'':8} {'ratio':>6}")
            row("memory of a rule", "bytes", [[weight(p)] for p in peers], False)
            row("ovs-ofctl add-flows", "rules/s", alternate(peers, add_flows), True)
            if all(can_bundle(p) for p in peers):
                row("ovs-ofctl add-flows --bundle", "rules/s", alternate(peers, lambda p: add_flows(p, "--bundle")), True)
            row("flow mods in one stream, one barrier", "rules/s", alternate(peers, pipelined), True)
            row("a bundle in one stream", "rules/s", alternate(peers, bundled), True)
            for p in peers:
                p.clear()
            row("flow mods one at a time, with barriers", "rules/s", alternate(peers, one_at_a_time), True)
            for p in peers:
                many_flows(p)
            row(f"the same with {MANY_FLOWS} cached flows", "rules/s", alternate(peers, one_at_a_time), True)
            row("flow mods that change one of them each", "rules/s", alternate(peers, changing, 1), True)
            row("packet-outs", "1/s", alternate(peers, packet_outs), True)
            peers[0].vsctl("set", "Open_vSwitch", ".", "other_config:upcall-rate=0")
            row("packet-ins of one port, upcall-rate=0", "1/s", alternate(peers, packet_ins), True)
            peers[0].vsctl("remove", "Open_vSwitch", ".", "other_config", "upcall-rate")
            row("the same with the default upcall-rate", "1/s", alternate(peers, packet_ins), True)
            row("echo", "us", alternate(peers, echo), False)
            row("a deletion of all, and its barrier", "rules/s", alternate(peers, delete_all), True)
            row("ovs-ofctl dump-flows of all", "rules/s", alternate(peers, dump, 1), True)
            for n in MASKS:
                row(f"trace of a packet, {n} masks", "us", alternate(peers, slow_path(n), 1), False)
            for n in ANY_MASKS:
                row(f"the same, {n} masks of any bits", "us", alternate(peers, slow_path(n, any_masks), 1), False)
            figures = [waits(p) for p in peers]
            for i, what in enumerate(("a bundle of all", "one flow mod", "a dump of all", "del-flows of all")):
                row(f"longest wait for an echo, {what}", "ms", [[f[i]] for f in figures], False)
            delays = [disturbed(p) for p in peers]
            row("ping during flow mods, 99th percentile", "ms", [[d[0]] for d in delays], False)
            row("echo during flow mods, 99th percentile", "ms", [[d[1]] for d in delays], False)
            row("ovs-ofctl add-flows, with cached flows", "rules/s", [[d[2]] for d in delays], True)
        finally:
            for p in peers:
                p.close()


if __name__ == "__main__":
    main()
