"""sluice-vsctl answers as ovs-vsctl does, and sluice-db serves both as ovsdb-server does.

The same command lines (vsctl_parity.txt) go through Debian's ovs-vsctl upon ovsdb-server and through another pair of client and server,
each upon a database of its own. Exit code, output and messages must be the same, but for UUIDs, the order of lines (ovs-vsctl lists rows in
the order of a hash), the program's name, and whose value it is that does not fit a column: ovs-vsctl does not say.
"""

import os
import re
import shlex
import subprocess

import pytest
from sluice import BIN, wait_for

HERE = os.path.dirname(__file__)
SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"
WHOSE = re.compile(r"(?<=^ovs-vsctl: )(?:\w+ '.*'|new \w+): column '\w+': ", re.M)
UUID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@pytest.fixture
def servers(tmp_path):
    """Starts a server: servers("ovsdb" or "sluice") gives its remote."""
    processes = []

    def start(kind):
        run = tmp_path / f"{kind}{len(processes)}"
        run.mkdir()
        sock, db = run / "db.sock", run / "conf.db"
        if kind == "ovsdb":
            subprocess.run(["ovsdb-tool", "create", db, SCHEMA], check=True)
            argv = ["ovsdb-server", db, f"--remote=punix:{sock}", f"--unixctl={run}/ctl"]
        else:
            argv = [f"{BIN}/sluice-db", "--rundir", run, "--db", db, "--remote", f"punix:{sock}"]
        processes.append(subprocess.Popen(argv, stderr=subprocess.DEVNULL))
        wait_for(sock.exists, f"{kind}'s socket")
        return f"unix:{sock}"

    yield start
    for p in processes:
        p.terminate()
        p.wait()


def answer(program, remote, line):
    words = [w.replace("SOCK", remote) for w in shlex.split(line)]
    p = subprocess.run([program, f"--db={remote}", "--no-wait", *words], text=True, capture_output=True, timeout=30)
    out, err = (UUID.sub("UUID", t).replace("sluice-vsctl", "ovs-vsctl").replace(remote, "SOCK") for t in (p.stdout, p.stderr))
    if program.endswith("sluice-vsctl"):
        err = WHOSE.sub("", err)
    return p.returncode, sorted(out.splitlines()), err.splitlines()


@pytest.mark.parametrize("program,server", [("sluice-vsctl", "ovsdb"), ("sluice-vsctl", "sluice"), ("ovs-vsctl", "sluice")])
def test_commands_are_answered_alike(servers, program, server):
    reference, remote = servers("ovsdb"), servers(server)
    path = program if program == "ovs-vsctl" else f"{BIN}/{program}"
    different = []
    with open(f"{HERE}/vsctl_parity.txt") as f:
        lines = [line.strip() for line in f if line.strip() and not line.startswith("#")]
    for line in lines:
        expected, got = answer("ovs-vsctl", reference, line), answer(path, remote, line)
        if expected != got:
            different.append(f"{line}\n  expected {expected}\n  got      {got}")
    assert not different, "\n".join(different)
