"""The demo that newcomers begin with: it succeeds, and leaves the machine as it found it."""

import os
import subprocess

from sluice import BIN, SLOW

DEMO = os.path.join(os.path.dirname(__file__), "..", "..", "utilities", "demo", "demo.sh")


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
