"""Test harness: switches, hosts and what tests ask of them.

A Switch runs in a network namespace of its own (so that device names never clash and nothing is left on the machine), with
its own run directory. A Host is a namespace that is plugged into a switch the way containers are: an internal port moved into it, or a veth pair.
Everything is undone by close(), also when a test fails.
"""

import itertools
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
BIN = os.environ.get("SLUICE_BIN") or os.path.join(HERE, "..", "..", "build", "bin")
BIN = os.path.abspath(BIN)
SANITIZED = "-san" in BIN
# Sanitized programs are several times slower.
SLOW = 5 if SANITIZED else 1
_serial = itertools.count()


def run(*argv, check=True, timeout=60, **kwargs):
    """Runs a command; its stdout as text. A failure's message holds everything it said."""
    p = subprocess.run([str(a) for a in argv], text=True, capture_output=True,
                       timeout=timeout * SLOW, **kwargs)
    if check and p.returncode != 0:
        raise AssertionError(f"{' '.join(str(a) for a in argv)}: exit {p.returncode}\n{p.stdout}{p.stderr}")
    return p.stdout if check else p


def wait_for(condition, what, timeout=30, interval=0.05):
    """Waits until condition() is true (or returns something true, which is returned)."""
    end = time.monotonic() + timeout * SLOW
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {timeout * SLOW} s in vain for {what}")
        time.sleep(interval)


class Netns:
    """A network namespace."""

    def __init__(self, label):
        self.name = f"sl{os.getpid()}-{next(_serial)}-{label}"
        self.path = f"/run/netns/{self.name}"
        self.processes = []
        run("ip", "netns", "add", self.name)
        self.run("ip", "link", "set", "lo", "up")

    def argv(self, *argv):
        # Not "ip netns exec": it would hide /sys/fs/cgroup from programs.
        return ["nsenter", f"--net={self.path}", *[str(a) for a in argv]]

    def run(self, *argv, **kwargs):
        return run(*self.argv(*argv), **kwargs)

    def popen(self, *argv, **kwargs):
        kwargs.setdefault("stdout", subprocess.PIPE)
        kwargs.setdefault("stderr", subprocess.STDOUT)
        p = subprocess.Popen(self.argv(*argv), text=True, **kwargs)
        self.processes.append(p)
        return p

    def stop_processes(self):
        for p in self.processes:
            if p.poll() is None:
                p.kill()
            p.wait()

    def close(self):
        self.stop_processes()
        for p in self.processes:
            if p.stdout:
                p.stdout.close()
        run("ip", "netns", "del", self.name, check=False)


class Host(Netns):
    """A container: a namespace with one interface, eth0."""

    def __init__(self, label, address=None):
        super().__init__(label)
        self.address = address

    def adopt(self, switch, device):
        """Takes a device out of the switch's namespace and makes it this host's eth0."""
        switch.ns.run("ip", "link", "set", "dev", device, "netns", self.name)
        self.run("ip", "link", "set", "dev", device, "name", "eth0")
        self.up()

    def up(self):
        self.run("sysctl", "-qw", "net.ipv6.conf.eth0.accept_dad=0", check=False)
        if self.address:
            self.run("ip", "addr", "add", f"{self.address}/24", "dev", "eth0")
        self.run("ip", "link", "set", "eth0", "up")

    def ping(self, address, count=2, wait=2):
        """True when at least one of 'count' pings was answered."""
        p = self.run("ping", "-q", "-n", "-i", "0.05", "-c", count, "-W", wait, address, check=False)
        return p.returncode == 0

    @property
    def mac(self):
        return json.loads(self.run("ip", "-j", "link", "show", "eth0"))[0]["address"]


class Switch:
    """A running switch with a run directory and a namespace of its own."""

    def __init__(self, *options, start=True):
        self.dir = tempfile.mkdtemp(prefix="sluice-test-")
        self.ns = Netns("sw")
        self.hosts = []
        self.options = options
        self.env = dict(os.environ, SLUICE_RUNDIR=self.dir, SLUICE_DBDIR=self.dir, OVS_RUNDIR=self.dir,
                        PATH=BIN + ":" + os.environ["PATH"],
                        ASAN_OPTIONS="abort_on_error=1", UBSAN_OPTIONS="print_stacktrace=1",
                        LSAN_OPTIONS=f"print_suppressions=0:suppressions={HERE}/leaks.supp")
        self.started = False
        if start:
            try:
                self.start()
            except BaseException:
                self.close()
                raise

    # -- Life.

    def start(self):
        self.sluice("up", *self.options)
        self.started = True

    def stop(self):
        self.sluice("down")
        self.started = False

    def close(self):
        try:
            if self.started:
                self.check_balance()
                self.stop()
            self.check_logs()
        finally:
            for h in self.hosts:
                h.close()
            for name in ("sluice", "sluice-vswitchd", "sluice-datapath", "sluice-db"):
                pid = self.pid(name)
                if pid:
                    os.kill(pid, signal.SIGKILL)
            self.ns.close()
            shutil.rmtree(self.dir, ignore_errors=True)

    def check_balance(self):
        """Whatever a test did, no packet vanished. Not where it left a datapath that is down."""
        for h in self.hosts:
            h.stop_processes()
        if self.dpctl("version", check=False).returncode == 0:
            self.assert_nothing_vanished()

    def check_logs(self):
        """A sanitizer's report or an assertion in any log fails the test."""
        for name in os.listdir(self.dir):
            if name.endswith(".log"):
                text = self.log(name[:-4])
                for mark in ("ERROR: AddressSanitizer", "runtime error:", "Assertion", "LeakSanitizer"):
                    assert mark not in text, f"{name}:\n{text[text.index(mark) - 200:][:4000]}"

    def log(self, program):
        path = os.path.join(self.dir, program + ".log")
        with open(path, errors="replace") as f:
            return f.read()

    # -- Commands.

    def command(self, *argv, **kwargs):
        return self.ns.run(*argv, env=self.env, **kwargs)

    def sluice(self, *argv, **kwargs):
        return self.command(os.path.join(BIN, "sluice"), *argv, **kwargs)

    def vsctl(self, *argv, **kwargs):
        return self.command(os.path.join(BIN, "sluice-vsctl"), "--timeout=30", *argv, **kwargs)

    def ovs_vsctl(self, *argv, **kwargs):
        """Debian's ovs-vsctl."""
        return self.command("/usr/bin/ovs-vsctl", f"--db=unix:{self.dir}/db.sock", "--timeout=30", *argv, **kwargs)

    def appctl(self, *argv, **kwargs):
        return self.command(os.path.join(BIN, "sluice-appctl"), *argv, **kwargs)

    def dpctl(self, *argv, **kwargs):
        """A ctl command of the datapath process."""
        return self.appctl("-t", "sluice-datapath", *argv, **kwargs)

    def get(self, table, record, column):
        return self.vsctl("get", table, record, column).strip()

    # -- Processes.

    def pid(self, program):
        """The pid in the program's pid file, 0 when there is none or it is not alive."""
        try:
            with open(os.path.join(self.dir, program + ".pid")) as f:
                pid = int(f.read())
            os.kill(pid, 0)
            return pid
        except (OSError, ValueError):
            return 0

    def kill(self, program, sig=signal.SIGKILL):
        """Kills a program; its pid."""
        pid = self.pid(program)
        assert pid, f"{program} does not run"
        os.kill(pid, sig)
        return pid

    def wait_restarted(self, program, old_pid, timeout=20):
        return wait_for(lambda: self.pid(program) not in (0, old_pid), f"{program} to be restarted", timeout)

    def wait_ready(self, timeout=20):
        """Until all three processes run and vswitchd answers."""
        wait_for(lambda: self.sluice("status", check=False).returncode == 0, "sluice status to be well", timeout)

    def cpu_seconds(self, program):
        with open(f"/proc/{self.pid(program)}/stat") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    # -- Ports.

    def add_host(self, label, address, *settings, bridge="br0"):
        """Plugs a new host in by an internal port; settings as "tag=10"."""
        host = Host(label, address)
        self.hosts.append(host)
        self.vsctl("add-port", bridge, label, *settings, "--", "set", "Interface", label, "type=internal")
        host.adopt(self, label)
        return host

    def add_veth_host(self, label, address, *settings, bridge="br0"):
        """Plugs a new host in by a veth pair whose switch end is a system port."""
        host = Host(label, address)
        self.hosts.append(host)
        self.ns.run("ip", "link", "add", "name", label, "type", "veth", "peer", "name", "eth0", "netns", host.name)
        self.ns.run("ip", "link", "set", "dev", label, "up")
        host.up()
        self.vsctl("add-port", bridge, label, *settings)
        return host

    def add_plain_host(self, label):
        """A host that the test plugs in by itself."""
        host = Host(label)
        self.hosts.append(host)
        return host

    # -- Counters.

    def drops(self):
        """{reason: packets}, summed over ports."""
        counts = {}
        for row in json.loads(self.appctl("--format=json", "dpctl/show-drops")):
            counts[row["reason"]] = counts.get(row["reason"], 0) + row["packets"]
        return counts

    def totals(self):
        """The datapath's sums: rx, tx, drops, injected, copies, parked."""
        return json.loads(self.dpctl("--format=json", "dpctl/totals"))

    def assert_nothing_vanished(self):
        """rx + injected + copies == tx + drops + parked, once traffic has settled."""
        def balanced():
            t = self.totals()
            return t["rx"] + t["injected"] + t["copies"] == t["tx"] + t["drops"] + t["parked"]
        try:
            wait_for(balanced, "the packet counts to balance", timeout=3)
        except AssertionError:
            raise AssertionError(f"the packet counts do not balance: {self.totals()} {self.drops()}")
