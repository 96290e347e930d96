"""Commits to sluice-db and to Debian's ovsdb-server, side by side in one run: a transaction at a time, durable (on the disk before its
reply) and not, and many under way at once. Both begin with the same file on the same disk; they take turns. Prints microseconds per
commit (medians) and their ratio: above 1, sluice-db is faster.
"""

import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "system"))
from sluice import BIN, run, wait_for  # noqa: E402

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3")) * 3
COMMITS = 300
SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"


class Server:
    def __init__(self, name, argv):
        self.name = name
        self.dir = tempfile.mkdtemp(prefix="sluice-bench-db-", dir=os.environ.get("BENCH_DIR"))
        run("ovsdb-tool", "create", self.path("conf.db"), SCHEMA)
        self.process = subprocess.Popen([a.format(dir=self.dir) for a in argv], stderr=subprocess.DEVNULL,
                                        env=dict(os.environ, OVS_RUNDIR=self.dir))
        wait_for(lambda: os.path.exists(self.path("db.sock")), f"{name}'s socket")
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(self.path("db.sock"))
        self.input = b""
        self.number = 0
        self.transact({"op": "insert", "table": "Bridge", "uuid-name": "b", "row": {"name": "br0"}},
                      {"op": "insert", "table": "Open_vSwitch", "row": {"bridges": ["named-uuid", "b"]}})
        self.collect(1)

    def path(self, name):
        return os.path.join(self.dir, name)

    def transact(self, *operations):
        self.number += 1
        message = {"method": "transact", "params": ["Open_vSwitch", *operations], "id": self.number}
        self.socket.sendall(json.dumps(message).encode())

    def collect(self, n):
        """Waits for n replies."""
        decoder, seen = json.JSONDecoder(), 0
        while seen < n:
            try:
                text = self.input.decode()
                reply, end = decoder.raw_decode(text)
            except ValueError:
                data = self.socket.recv(1 << 20)
                assert data, f"{self.name} ended"
                self.input += data
                continue
            assert reply["error"] is None and not any(r and "error" in r for r in reply["result"]), reply
            self.input = text[end:].encode()
            seen += 1

    def commit(self, durable):
        update = {"op": "update", "table": "Open_vSwitch", "where": [], "row": {"next_cfg": self.number}}
        self.transact(update, *([{"op": "commit", "durable": True}] if durable else []))

    def one(self, durable):
        start = time.perf_counter()
        self.commit(durable)
        self.collect(1)
        return time.perf_counter() - start

    def add_port(self):
        """As ovs-vsctl add-port does it."""
        self.number += 1
        name = f"p{self.number}"
        start = time.perf_counter()
        self.transact({"op": "wait", "table": "Open_vSwitch", "where": [], "columns": ["next_cfg"], "until": "!=", "rows": [{"next_cfg": -1}], "timeout": 0},
                      {"op": "insert", "table": "Interface", "uuid-name": "i", "row": {"name": name, "external_ids": ["map", [["iface-id", name]]]}},
                      {"op": "insert", "table": "Port", "uuid-name": "p", "row": {"name": name, "tag": 5, "interfaces": ["named-uuid", "i"]}},
                      {"op": "mutate", "table": "Bridge", "where": [["name", "==", "br0"]],
                       "mutations": [["ports", "insert", ["set", [["named-uuid", "p"]]]]]},
                      {"op": "mutate", "table": "Open_vSwitch", "where": [], "mutations": [["next_cfg", "+=", 1]]},
                      {"op": "commit", "durable": True})
        self.collect(1)
        return time.perf_counter() - start

    def many_at_once(self, durable):
        start = time.perf_counter()
        for _ in range(COMMITS):
            self.commit(durable)
        self.collect(COMMITS)
        return (time.perf_counter() - start) / COMMITS

    def close(self):
        self.socket.close()
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)


ROWS = (("one at a time, durable", lambda s: s.one(True), ROUNDS * COMMITS),
        ("one at a time, not durable", lambda s: s.one(False), ROUNDS * COMMITS),
        ("add a port (up to 1,000), durable", lambda s: s.add_port(), 1000),
        ("300 under way at once, durable", lambda s: s.many_at_once(True), ROUNDS))


def main():
    servers = []
    try:
        servers.append(Server("sluice-db", [f"{BIN}/sluice-db", "--rundir={dir}", "--db={dir}/conf.db"]))
        servers.append(Server("ovsdb-server", ["ovsdb-server", "{dir}/conf.db", "--remote=punix:{dir}/db.sock", "--unixctl={dir}/ctl"]))
        print(f"{'':33} {'sluice-db':>12} {'ovsdb-server':>13} {'ratio':>6}")
        for label, measure, n in ROWS:
            times = [[], []]
            for i in range(n):
                for k in ((0, 1), (1, 0))[i % 2]:
                    times[k].append(measure(servers[k]))
            ours, theirs = (statistics.median(t) * 1e6 for t in times)
            print(f"{label:33} {ours:9.0f} us {theirs:10.0f} us {theirs / ours:6.2f}", flush=True)
    finally:
        for s in servers:
            s.close()


main()
