"""Our switch beside Debian's Open vSwitch: the same rules, the same frames in, and what leaves which port of each.

Ours has four internal ports in its own namespace, on which a helper process sends and listens; those of ovs-vswitchd are dummies
that write what they are given into capture files. A marker, which a rule of its own sends to all ports, says that all is over.
"""

import collections
import struct
import subprocess
import tempfile

from reference import Reference
from sluice import SLOW, Switch, wait_for

N_PORTS = 4
MARKER = bytes.fromhex("0200000000fe0200000000fd88b5") + bytes(46)
MARKER_FLOW = "priority=65535,dl_src=02:00:00:00:00:fd,dl_type=0x88b5,actions=ALL,IN_PORT"

# Lines "PORT HEX": read, they are sent; written, they came. The kernel takes the outermost tag out and tells it apart (packet(7):
# PACKET_AUXDATA, 8 of SOL_PACKET 263).
WIRE = """
import os, select, socket, struct, sys
ports, rest = {}, b""
for i in range(1, int(sys.argv[1]) + 1):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    s.setsockopt(socket.SOL_SOCKET, 33, 1 << 24)
    s.bind((f"p{i}", 3))
    s.setsockopt(263, 8, 1)
    ports[s.fileno()] = (i, s)
print("ready", flush=True)
while True:
    for fd in select.select([sys.stdin.fileno(), *ports], [], [])[0]:
        if fd == sys.stdin.fileno():
            data = os.read(fd, 65536)
            *lines, rest = (rest + data).split(b"\\n")
            for port, frame in (line.split() for line in lines):
                next(s for i, s in ports.values() if i == int(port)).send(bytes.fromhex(frame.decode()))
            if not data:
                sys.exit()
            continue
        i, s = ports[fd]
        data, aux, _, where = s.recvmsg(65535, 256)
        status, tci, tpid = struct.unpack("I12xHH", aux[0][2])
        if status & 16:
            data = data[:12] + struct.pack("!HH", tpid, tci) + data[12:]
        if where[2] != 4:
            print(i, data.hex(), flush=True)
"""


class RuleSet:
    """Lines "flow ...", "group ...", "meter ..." in ovs-ofctl's syntax, and "send PORT HEX" or "# NAME"."""

    def __init__(self, text):
        self.lines = {"flow": [], "group": [], "meter": [], "send": []}
        self.name = ""
        for line in text.strip().splitlines():
            word, _, rest = line.partition(" ")
            if word == "#":
                self.name = rest
            else:
                self.lines[word].append(rest)
        self.frames = [(int(port), bytes.fromhex(data)) for port, data in (s.split() for s in self.lines["send"])]

    def text(self):
        return f"# {self.name}\n" + "".join(f"{word} {rest}\n" for word, lines in self.lines.items() for rest in lines)


def read_sets(path):
    with open(path) as f:
        return [RuleSet(block) for block in f.read().split("\n\n") if block.strip()]


def load(ofctl, rules):
    """By a function that runs ovs-ofctl. Rules that are refused are left out, and returned."""
    refused = []
    for words in ("del-flows", "del-groups", "del-meters"):
        ofctl(words, "br0")
    for word in ("meter", "group"):
        refused += [line for line in rules.lines[word] if ofctl(f"add-{word}", "br0", line, check=False).returncode]
    flows = [MARKER_FLOW, *rules.lines["flow"]]
    # All at once, or, when some are refused, one by one.
    if ofctl("--bundle", "add-flows", "br0", "-", check=False, input="\n".join(flows)).returncode:
        refused += [line for line in flows if ofctl("add-flow", "br0", line, check=False).returncode]
    return refused


def outputs(lines):
    """{port: {frame: how often}} of (port, frame)s."""
    found = {port: collections.Counter() for port in range(1, N_PORTS + 1)}
    for port, frame in lines:
        found[port][frame] += 1
    return found


class Ours:
    def __init__(self):
        self.switch = s = Switch()
        self.process = None
        self.n_sent = 0
        try:
            s.ns.run("sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1", check=False)
            s.vsctl("add-br", "br0", "--", "set-fail-mode", "br0", "secure")
            for i in range(1, N_PORTS + 1):
                s.vsctl("add-port", "br0", f"p{i}", "--", "set", "interface", f"p{i}", "type=internal", f"ofport_request={i}")
                s.ns.run("ip", "link", "set", f"p{i}", "up", "promisc", "on")
            self.process = s.ns.popen("/usr/bin/python3", "-c", WIRE, str(N_PORTS), stdin=subprocess.PIPE)
            assert self.process.stdout.readline().strip() == "ready"
        except BaseException:
            self.close()
            raise

    def ofctl(self, *argv, **kwargs):
        return self.switch.command("ovs-ofctl", "-OOpenFlow15", *argv, **kwargs)

    def send(self, port, frame):
        self.process.stdin.write(f"{port} {frame.hex()}\n")
        self.process.stdin.flush()

    def settled(self):
        t = self.switch.totals()
        return not t["parked"] and t["rx"] >= self.n_sent and t["rx"] + t["injected"] + t["copies"] == t["tx"] + t["drops"]

    def take(self, frames):
        """Sends them, and returns what comes of them."""
        before = self.switch.totals()["rx"]
        self.n_sent = before + len(frames)
        for port, frame in frames:
            self.send(port, frame)
        wait_for(self.settled, "our switch to settle", interval=0.01)
        self.send(1, MARKER)
        got, waiting = [], set(range(1, N_PORTS + 1))
        while waiting:
            port, frame = self.process.stdout.readline().split()
            if bytes.fromhex(frame)[:14] == MARKER[:14]:
                waiting.discard(int(port))
            else:
                got.append((int(port), bytes.fromhex(frame)))
        return outputs(got)

    def close(self):
        self.switch.close()


class Theirs(Reference):
    def __init__(self, path):
        super().__init__(path, N_PORTS)
        self.at = {}
        try:
            for i in range(1, N_PORTS + 1):
                self.run("ovs-vsctl", "set", "interface", f"p{i}", f"options:tx_pcap={path}/p{i}.pcap")
                wait_for((path / f"p{i}.pcap").exists, "a capture file")
                self.at[i] = 24
        except BaseException:
            self.close()
            raise

    def ofctl(self, *argv, check=True, **kwargs):
        return subprocess.run(["ovs-ofctl", "-OOpenFlow15", *argv], env=self.env, check=check, capture_output=True, text=True,
                              timeout=60 * SLOW, **kwargs)

    def send(self, port, frame):
        self.run("ovs-appctl", f"--target={self.path}/vswitchd.ctl", "netdev-dummy/receive", f"p{port}", frame.hex())

    def captured(self, port):
        """The frames in its file that were not seen yet."""
        with open(self.path / f"p{port}.pcap", "rb") as f:
            f.seek(self.at[port])
            data = f.read()
        frames, at = [], 0
        while len(data) >= at + 16:
            n = struct.unpack_from("=8xI", data, at)[0]
            if len(data) < at + 16 + n:
                break
            frames.append(data[at + 16:at + 16 + n])
            at += 16 + n
        return frames, at

    def take(self, frames):
        for port, frame in frames:
            self.send(port, frame)
        self.send(1, MARKER)
        wait_for(lambda: all(MARKER in self.captured(port)[0] for port in self.at), "the marker")
        got = []
        for port in self.at:
            found, n = self.captured(port)
            got += [(port, frame) for frame in found if frame != MARKER]
            self.at[port] += n
        return outputs(got)


def compare(ours, theirs, rules):
    """Differences in words, "" when there are none."""
    refused = [load(side.ofctl, rules) for side in (ours, theirs)]
    said = [f"refused by {who} alone: {line}" for who, one, other in (("ours", *refused), ("theirs", *reversed(refused)))
            for line in one if line not in other]
    got = [side.take(rules.frames) for side in (ours, theirs)]
    for port in got[0]:
        for what, left in (("ours alone", got[0][port] - got[1][port]), ("theirs alone", got[1][port] - got[0][port])):
            said += [f"port {port}, {what}: {frame.hex()} ({n} times)" for frame, n in left.items()]
    return "\n".join(said)


def both(path=None):
    return Ours(), Theirs(path or tempfile.mkdtemp())
