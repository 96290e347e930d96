"""Two namespaces on this machine: TCP, request/response, ping and CPU, through Sluice, through Open vSwitch's userspace
datapath (Debian's package) and through the Linux bridge, interleaved in one run. Prints medians and ratios to the Linux bridge. All cores do
everything, so this measures the cost of the whole path.
"""

import json
import os
import re
import shutil
import signal
import statistics
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "system"))
from sluice import Host, Netns, Switch, wait_for  # noqa: E402

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
SECONDS = int(os.environ.get("BENCH_SECONDS", "3"))


class Sluice:
    def __init__(self, kind):
        self.name = f"Sluice, {kind}"
        self.switch = Switch()
        self.switch.vsctl("add-br", "br0")
        plug = {"tap": self.switch.add_host, "veth": self.switch.add_veth_host}[kind]
        self.a, self.b = plug("ha", "10.0.0.1"), plug("hb", "10.0.0.2")

    def cpu(self):
        return self.switch.cpu_seconds("sluice-datapath")

    def close(self):
        self.switch.close()


class LinuxBridge:
    name = "Linux bridge, veth"

    def __init__(self):
        self.ns = Netns("lb")
        self.ns.run("ip", "link", "add", "br0", "type", "bridge")
        self.ns.run("ip", "link", "set", "br0", "up")
        self.a, self.b = [self.plug(n, f"10.0.0.{i}") for i, n in enumerate(("ha", "hb"), 1)]

    def plug(self, label, address):
        host = Host(label, address)
        self.ns.run("ip", "link", "add", label, "type", "veth", "peer", "name", "eth0", "netns", host.name)
        self.ns.run("ip", "link", "set", label, "master", "br0", "up")
        host.up()
        return host

    def cpu(self):
        return 0

    def close(self):
        self.a.close()
        self.b.close()
        self.ns.close()


class OvsUserspace(LinuxBridge):
    """datapath_type=netdev on veth pairs; its hosts must compute checksums themselves."""
    name = "OVS userspace, veth"

    def __init__(self):
        self.ns = Netns("ov")
        self.dir = tempfile.mkdtemp(prefix="sluice-bench-ovs-")
        self.env = dict(os.environ, OVS_RUNDIR=self.dir, OVS_LOGDIR=self.dir, OVS_SYSCONFDIR=self.dir, OVS_DBDIR=self.dir)
        db = self.dir + "/conf.db"
        self.command("ovsdb-tool", "create", db, "/usr/share/openvswitch/vswitch.ovsschema")
        self.command("ovsdb-server", db, f"--remote=punix:{self.dir}/db.sock", "--pidfile", "--detach", "--log-file")
        self.command("ovs-vsctl", "--no-wait", "init")
        self.command("ovs-vswitchd", "--pidfile", "--detach", "--log-file", f"unix:{self.dir}/db.sock")
        self.command("ovs-vsctl", "--timeout=20", "add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=netdev")
        self.a, self.b = [self.plug(n, f"10.0.0.{i}") for i, n in enumerate(("ha", "hb"), 1)]

    def command(self, *argv):
        self.ns.run(*argv, env=self.env)

    def plug(self, label, address):
        host = Host(label, address)
        self.ns.run("ip", "link", "add", label, "type", "veth", "peer", "name", "eth0", "netns", host.name)
        self.ns.run("ip", "link", "set", label, "up")
        host.up()
        host.run("ethtool", "-K", "eth0", "tx", "off")
        self.command("ovs-vsctl", "--timeout=20", "add-port", "br0", label)
        return host

    def pid(self, program):
        with open(f"{self.dir}/{program}.pid") as f:
            return int(f.read())

    def cpu(self):
        with open(f"/proc/{self.pid('ovs-vswitchd')}/stat") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self):
        for program in ("ovs-vswitchd", "ovsdb-server"):
            try:
                os.kill(self.pid(program), signal.SIGTERM)
            except OSError:
                pass
        super().close()
        shutil.rmtree(self.dir, ignore_errors=True)


def iperf(path, *args):
    server = path.b.popen("iperf3", "-s", "-1")
    wait_for(lambda: ":5201" in path.b.run("ss", "-Hltn"), "iperf3's server")
    r = json.loads(path.a.run("iperf3", "-J", "-c", "10.0.0.2", "-t", SECONDS, *args))
    server.wait(10)
    return r


def tcp(path):
    cpu = path.cpu()
    r = iperf(path)
    return {"TCP Gbit/s": r["end"]["sum_received"]["bits_per_second"] / 1e9,
            "retransmits": r["end"]["sum_sent"]["retransmits"],
            "datapath CPU": (path.cpu() - cpu) / SECONDS}


RR = """
import socket, sys, time
if sys.argv[1] == "server":
    l = socket.socket(); l.bind(("", 7003)); l.listen(); print("ready", flush=True)
    c, _ = l.accept(); c.setsockopt(6, 1, 1)
    while (d := c.recv(1)): c.send(d)
else:
    s = socket.create_connection(("10.0.0.2", 7003)); s.setsockopt(6, 1, 1)
    n = 0; end = time.monotonic() + float(sys.argv[2])
    while time.monotonic() < end:
        s.send(b"x"); s.recv(1); n += 1
    print(n / float(sys.argv[2]))
"""


def rr(path):
    p = path.b.popen("/usr/bin/python3", "-c", RR, "server")
    p.stdout.readline()
    rate = float(path.a.run("/usr/bin/python3", "-c", RR, "client", SECONDS))
    p.wait(10)
    return {"TCP_RR per s": rate}


def ping(path):
    out = path.a.run("ping", "-q", "-f", "-c", 5000, "10.0.0.2")
    return {"ping flood us": float(re.search(r"ipg/ewma ([0-9.]+)/", out).group(1)) * 1000}


def main():
    paths, results = [], {}
    try:
        for make in (LinuxBridge, OvsUserspace, lambda: Sluice("tap"), lambda: Sluice("veth")):
            paths.append(make())
            results[paths[-1].name] = {}
        for p in paths:
            wait_for(lambda: p.a.ping("10.0.0.2", count=1), f"{p.name} to forward")
        for _ in range(ROUNDS):
            for p in paths:
                for measure in (tcp, rr, ping):
                    for key, value in measure(p).items():
                        results[p.name].setdefault(key, []).append(value)
    finally:
        for p in paths:
            p.close()
    base = results[paths[0].name]
    keys = list(base)
    print(f"{'path':24}" + "".join(f"{k:>24}" for k in keys))
    for name, row in results.items():
        cells = []
        for k in keys:
            m, b = statistics.median(row[k]), statistics.median(base[k])
            cells.append(f"{m:.2f}" + (f" ({m / b:.2f}x)" if b and name != paths[0].name else ""))
        print(f"{name:24}" + "".join(f"{c:>24}" for c in cells))
    print(f"medians of {ROUNDS} rounds of {SECONDS} s; (ratio to the Linux bridge)")


if __name__ == "__main__":
    main()
