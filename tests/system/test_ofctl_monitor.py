"""sluice-ofctl monitor shows what a switch sends as ovs-ofctl does, on a bridge of Sluice's and on one of Debian's ovs-vswitchd."""

import json
import re
import subprocess

import pytest
from ofctl import SLUICE, VERSIONS, Tool, tools  # noqa: F401 (tools is a fixture)
from sluice import wait_for

PACKET = ("00000000000200000000000108004500002800000000400600000102030405060708000100020000000000000000500000000000" + "0000")


class Monitor:
    """A monitor at work, whose words go to a file."""

    def __init__(self, tool, path, *argv):
        self.path = path
        self.file = path.open("w")
        self.p = subprocess.Popen([tool.program, *argv], env=tool.env, stdout=self.file, stderr=subprocess.STDOUT)

    def wait(self, text):
        wait_for(lambda: text in self.path.read_text(), f"'{text}' in {self.path.read_text()}")

    def close(self):
        self.p.terminate()
        self.p.wait()
        self.file.close()
        return self.path.read_text()


def comparable(text):
    text = re.sub(r".*fatal_signal.*\n", "", text)
    text = re.sub(r"xid=0x[0-9a-f]+", "xid", text)
    text = re.sub(r"duration[\d.]+s", "duration", text)
    # ovs-ofctl tells what is in the packet.
    return re.sub(r"(?m)^tcp,vlan_tci.*\n", "", text)


def change(ovs):
    ovs("add-flow", "br0", "in_port=1,actions=2")
    ovs("add-flow", "br0", "cookie=5,idle_timeout=9,send_flow_rem,in_port=2,actions=controller")
    ovs("mod-port", "br0", "p1", "no-forward")
    ovs("-O", "OpenFlow13", "mod-flows", "br0", "in_port=1,actions=3")
    ovs("packet-out", "br0", "2", "table", PACKET)


@pytest.mark.parametrize("version", VERSIONS)
def test_what_a_switch_sends_is_shown_the_same(tools, tmp_path, version):  # noqa: F811
    ovs = tools[0]
    ovs("del-flows", "br0")
    ovs("mod-port", "br0", "p1", "forward")
    watch = ["watch:table=0"] if version == "OpenFlow10" else []
    monitors = [Monitor(tool, tmp_path / name, "-O", version, "monitor", "br0", "65534", *watch) for tool, name in zip(tools, ("ovs", "sluice"))]
    try:
        for m in monitors:  # Until it gets what is sent.
            if watch:
                m.wait("NXST_FLOW_MONITOR reply")

            def gets_it(m=m):
                ovs("mod-port", "br0", "p4", "no-packet-in")
                ovs("mod-port", "br0", "p4", "packet-in")
                return "4(p4)" in m.path.read_text()

            wait_for(gets_it, "port status")
        change(ovs)
        for m in monitors:
            m.wait("PACKET_IN")
        ovs("del-flows", "br0", "in_port=2")
        for m in monitors:
            m.wait("OFPT_FLOW_REMOVED")
            if watch:
                m.wait("event=DELETED")
    finally:
        texts = [m.close() for m in monitors]
    # Port status of the time before both of them listened.
    texts = [re.sub(r"(?m)^OFPT_PORT_STATUS.* 4\(p4\).*\n(?: .*\n)*", "", comparable(text)) for text in texts]
    assert texts[0] == texts[1]
    assert "OFPT_PORT_STATUS" in texts[1] and " data_len=54 (unbuffered)" in texts[1]


@pytest.mark.san
@pytest.mark.parametrize("version", ["OpenFlow10", "OpenFlow11", "OpenFlow12", "OpenFlow13", "OpenFlow14", "OpenFlow15"])
def test_flows_are_watched_in_each_version(switch, tmp_path, version):
    sluice = Tool(SLUICE, switch.env)
    sluice("del-flows", "br0")
    m = Monitor(sluice, tmp_path / "out", "-O", version, "--timestamp", "monitor", "br0", "watch:!initial,table=0")
    try:
        m.wait("FLOW_MONITOR reply")
        sluice("add-flow", "br0", "priority=7,tcp,tp_dst=80,actions=LOCAL")
        m.wait(" event=ADDED table=0 cookie=0 priority=7,tcp,tp_dst=80 actions=LOCAL\n")
        sluice("del-flows", "br0")
        m.wait(" event=DELETED reason=delete table=0 cookie=0 priority=7,tcp,tp_dst=80 actions=LOCAL\n")
    finally:
        text = m.close()
    assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}: ", text)


def test_what_cannot_be_watched_is_said(switch, tmp_path):
    sluice = Tool(SLUICE, switch.env)
    for argv, said in (
            (["monitor", "br0", "frob"], "'frob' is none of a number of bytes, invalid_ttl, resume, watch:[...]"),
            (["monitor", "br0", "watch:frob=1"], "watch 'frob=1': 'frob=1': 'frob' is not a field"),
            (["-O", "OpenFlow13", "monitor", "br0", "128", "invalid_ttl"], "br0: this takes OpenFlow 1.0, 1.1, 1.2")):
        assert said in sluice(*argv, fails=True), argv
    m = Monitor(sluice, tmp_path / "out", "--format=json", "monitor", "br0", "watch:")
    try:
        m.wait("\n")
    finally:
        line = m.close().splitlines()[0]
    assert json.loads(line)["text"].startswith("NXST_FLOW_MONITOR reply")
