"""sluice-ofctl and Debian's ovs-ofctl at work on one switch, for the tests that compare them."""

import os
import re
import subprocess

import pytest
from reference import Reference
from sluice import BIN, SLOW

SLUICE = os.path.join(BIN, "sluice-ofctl")
OVS = "/usr/bin/ovs-ofctl"
VERSIONS = ["OpenFlow10", "OpenFlow13", "OpenFlow14", "OpenFlow15"]
N_PORTS = 4


class Tool:
    """A tool at work on one switch."""

    def __init__(self, program, env, prefix=()):
        self.program, self.env, self.prefix = program, env, prefix

    def __call__(self, *argv, fails=False, **kwargs):
        p = subprocess.run([*self.prefix, self.program, *argv], env=self.env, capture_output=True, text=True, timeout=60 * SLOW, **kwargs)
        assert (p.returncode != 0) == fails, f"{self.program} {argv}: {p.returncode}\n{p.stdout}{p.stderr}"
        return p.stderr if fails else p.stdout


@pytest.fixture(params=["sluice", "ovs"])
def tools(request, tmp_path):
    """(ovs-ofctl, sluice-ofctl) for a bridge br0 with the ports p1...p4."""
    if request.param == "ovs":
        r = Reference(tmp_path, N_PORTS)
        request.addfinalizer(r.close)
        env = r.env
    else:
        switch = request.getfixturevalue("switch")
        switch.vsctl("set-fail-mode", "br0", "secure")
        for i in range(1, N_PORTS + 1):
            switch.vsctl("add-port", "br0", f"p{i}", "--", "set", "interface", f"p{i}", "type=dpdk",
                         f"options:dpdk-devargs=net_null_{i},no-rx=1", f"ofport_request={i}")
        env = switch.env
    return Tool(OVS, env), Tool(SLUICE, env)


def without_times(text):
    """Transactions' numbers too: ovs-ofctl asks more often."""
    text = re.sub(r"(duration|idle_age|hard_age)=[\d.]+s?(, )?", "", text)
    return re.sub(r"xid=0x[0-9a-f]+", "xid", text)
