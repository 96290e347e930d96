"""The demo that newcomers begin with: it succeeds, and leaves the machine as it found it."""

import os
import subprocess

import pytest
from sluice import BIN, SLOW

DEMO = os.path.join(os.path.dirname(__file__), "..", "..", "utilities", "demo", "demo.sh")


@pytest.mark.alone
def test_demo_shows_what_it_claims_and_leaves_nothing(tmp_path):
    links = os.listdir("/sys/class/net")
    # Its own place for temporary files and whatever of the environment could lead it to another switch.
    env = dict(os.environ, TMPDIR=str(tmp_path), SLUICE_RUNDIR="/nonexistent", OVS_RUNDIR="/nonexistent")
    p = subprocess.Popen([DEMO, BIN], env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    out, _ = p.communicate(timeout=120 * SLOW)
    assert p.returncode == 0, out
    for claim in ("c1 reaches c2", "c3 reaches c4", "c1 does not reach c3", "not one segment was lost", "with its new address",
                  "vlan-ingress", "no process, no device, no socket is left"):
        assert claim in out, (claim, out)
    assert not [n for n in os.listdir("/run/netns") if n.startswith(f"sldemo{p.pid}")]
    assert sorted(os.listdir("/sys/class/net")) == sorted(links)
    assert os.listdir(tmp_path) == []


def test_demo_tells_other_users_just_that_it_needs_root(tmp_path):
    (tmp_path / "id").write_text("#!/bin/sh\necho 1000\n")
    (tmp_path / "id").chmod(0o755)
    env = dict(os.environ, TMPDIR=str(tmp_path), PATH=f"{tmp_path}:{os.environ['PATH']}")
    p = subprocess.run([DEMO, BIN], env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert p.returncode == 1
    assert p.stdout == "demo.sh: network namespaces need root: run it as root\n"
    assert os.listdir(tmp_path) == ["id"]
