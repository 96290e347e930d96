"""Sluice's bridges answer flows as Open vSwitch's do.

The same flows (ofctl_parity.txt), as Debian's ovs-ofctl sends them in each version of OpenFlow, go to a bridge of Sluice and to one of Debian's
ovs-vswitchd, whose datapath is its dummy. The error that each gets, bit by bit, or the flow that ovs-ofctl dumps afterwards must be the same, but
for times.
"""

import os
import re
import subprocess

import pytest
from flow_mods import SILENCE, VERSIONS, Peer, Recorder, error_name
from reference import Reference
from sluice import Switch

HERE = os.path.dirname(__file__)
N_PORTS = 4
TLV_MAP = ["{class=0xffff,type=0,len=4}->tun_metadata0", "{class=0xffff,type=1,len=124}->tun_metadata1,{class=0xffff,type=2,len=8}->tun_metadata63",
           "{class=0xffff,type=3,len=0}->tun_metadata2"]


def map_options(env):
    for mapping in TLV_MAP:
        ofctl(env, "OpenFlow13", "add-tlv-map", "br0", mapping)


@pytest.fixture(scope="module")
def switch():
    s = Switch()
    try:
        s.vsctl("add-br", "br0")
        s.vsctl("set-fail-mode", "br0", "secure")
        for i in range(1, N_PORTS + 1):
            s.vsctl("add-port", "br0", f"p{i}", "--", "set", "interface", f"p{i}", "type=dpdk",
                    f"options:dpdk-devargs=net_null_{i},no-rx=1", f"ofport_request={i}")
        map_options(s.env)
        yield s
    finally:
        s.close()


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    r = Reference(tmp_path_factory.mktemp("reference"), N_PORTS)
    map_options(r.env)
    yield r
    r.close()


def flows(name):
    """The flows of a file, each with its number in the file as its cookie and, where it names none, its priority; its mark, and the versions that
    this concerns."""
    with open(f"{HERE}/{name}.txt") as f:
        lines = [line.split("#")[0].strip() for line in f]
    for n, line in enumerate([line for line in lines if line], 1):
        mark, versions, flow = re.fullmatch(r"(?:([!?])([\d,]*) )?(.*)", line).groups()
        extra = f"cookie={n}," if "priority=" in flow else f"cookie={n},priority={n},"
        yield n, extra + flow, mark, versions


def ofctl(env, version, *argv):
    p = subprocess.run(["ovs-ofctl", f"-O{version}", *argv], env=env, capture_output=True, text=True, timeout=SILENCE)
    assert p.returncode == 0, p.stderr
    return p.stdout


def answers(env, version, recorded):
    """What each flow got: an error, or how it is dumped."""
    got = {}
    ofctl(env, version, "del-flows", "br0")
    peer = Peer(env["OVS_RUNDIR"], version)
    for n, messages in recorded.items():
        error = peer.ask(messages)
        got[n] = error_name(version, error) if error else "not dumped"
    peer.close()
    dump = ofctl(env, version, "dump-flows", "br0")
    if "decode error" in dump:  # Of whichever flow.
        dump = ""
        for n in recorded:
            flow = ofctl(env, version, "dump-flows", "br0", f"cookie={n}/-1")
            dump += "" if "decode error" in flow else flow
            got[n] = "what is dumped is no flow" if "decode error" in flow else got[n]
    for line in dump.splitlines():
        cookie = re.search(r"cookie=0x([0-9a-f]+)", line)
        if cookie:
            got[int(cookie.group(1), 16)] = re.sub(r"(duration|idle_age)=[\d.]+s?, ", "", line).strip()
    return got


def differences(version, name, envs):
    recorder, recorded = Recorder(version), {}
    try:
        for n, flow, _, _ in flows(name):
            messages = recorder.record(flow)
            if messages is not None:
                recorded[n] = messages
    finally:
        recorder.close()
    expected, got = (answers(env, version, recorded) for env in envs)
    for n, flow, mark, versions in flows(name):
        if n not in recorded:
            continue
        marked = mark and (not versions or version[8:] in versions.split(","))
        refused = not got[n].startswith("cookie")
        if marked and mark == "!" and not refused:
            yield f"{flow}\n  is marked as refused: {got[n]}"
        elif expected[n] != got[n] and not (marked and refused):
            yield f"{flow}\n  expected {expected[n]}\n  got      {got[n]}"


@pytest.mark.parametrize("version", list(VERSIONS))
def test_flows_are_answered_alike(switch, reference, version):
    different = list(differences(version, "ofctl_parity", (reference.env, switch.env)))
    assert not different, "\n".join(different)
