"""Debian's Open vSwitch beside the switch under test: ovsdb-server and an ovs-vswitchd whose datapath and ports are dummies."""

import os
import subprocess

from sluice import wait_for

SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"


class Reference:
    """Runs in 'path', which is also its run directory; the bridge br0 with the ports p1, p2, ..."""

    def __init__(self, path, n_ports=4):
        self.path = path
        self.processes = []
        self.env = dict(os.environ, OVS_RUNDIR=str(path), OVS_LOGDIR=str(path), OVS_DBDIR=str(path), SLUICE_RUNDIR=str(path))
        try:
            self.start(n_ports)
        except BaseException:
            self.close()
            raise

    def start(self, n_ports):
        self.run("ovsdb-tool", "create", self.path / "conf.db", SCHEMA)
        self.spawn("ovsdb-server", self.path / "conf.db", f"--remote=punix:{self.path}/db.sock", f"--unixctl={self.path}/db.ctl")
        wait_for((self.path / "db.sock").exists, "ovsdb-server's socket")
        self.run("ovs-vsctl", "--no-wait", "init")
        self.spawn("ovs-vswitchd", f"unix:{self.path}/db.sock", "--enable-dummy=override", "--disable-system",
                   f"--unixctl={self.path}/vswitchd.ctl")
        self.run("ovs-vsctl", "add-br", "br0", "--", "set", "bridge", "br0", "datapath-type=dummy", "fail-mode=secure")
        for i in range(1, n_ports + 1):
            self.run("ovs-vsctl", "add-port", "br0", f"p{i}", "--", "set", "interface", f"p{i}", "type=dummy", f"ofport_request={i}")

    def spawn(self, *argv):
        self.processes.append(subprocess.Popen(argv, env=self.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

    def run(self, *argv):
        return subprocess.run(argv, env=self.env, check=True, capture_output=True, text=True, timeout=60).stdout

    def close(self):
        for p in reversed(self.processes):
            p.terminate()
            p.wait()
