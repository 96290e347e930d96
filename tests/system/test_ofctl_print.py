"""Messages are printed by sluice-ofctl as by Debian's ovs-ofctl: those of a file, and those given as digits."""

import os
import re
import subprocess

import pytest
from flow_mods import VERSIONS, Recorder
from ofctl import OVS, SLUICE, Tool, tools  # noqa: F401 (a fixture)
from sluice import SLOW, wait_for

FLOWS = ["in_port=1,actions=2", "table=3,cookie=5,priority=7,tcp,tp_dst=80,idle_timeout=9,send_flow_rem,actions=dec_ttl,controller",
         "importance=3,actions=drop", "check_overlap,hard_timeout=3,actions=normal", "reg0=1,actions=resubmit(,2)",
         "table=1,ip,actions=write_actions(output:1),goto_table:3"]
OTHERS = ["0109000c0000000100000080", "0308000c0000000100040080", "0408000c0000000100030080", "0307000800000001", "0305000800000001",
          "0112000800000001", "0414000800000001", "0415000800000001", "0110000c0000000100000000", "0110000c0000000100030000",
          "0104001400000001000023200000001000000002", "041800180000000100000002000000000000000000000005",
          "041800180000000100000001000000000000000000000007", "0104001400000001000023200000000a00000001", "0100000800000001",
          "0400001000000001000100080000007e", "0102000900000001ff", "0103000800000001", "01", "010100140000000100010006" + "01630008000000ff",
          "010100140000000100010006" + "0105000800000009", "0401001800000001000a0000" + "0409000c0000000900020080", "0112000800000001", "0606002000000001" + "0000" * 4 + "00000000fe0000000000074f00000000"]


@pytest.fixture(scope="module")
def messages():
    found = list(OTHERS)
    for version in VERSIONS:
        recorder = Recorder(version)
        try:
            for flow in FLOWS:
                for message in recorder.record(flow) or []:
                    found.append(bytes(message).hex())
        finally:
            recorder.close()
    return found


@pytest.mark.san
def test_messages_are_printed_the_same(messages, tmp_path):
    ovs, sluice = (Tool(program, dict(os.environ)) for program in (OVS, SLUICE))
    for message in messages:
        want, got = (tool("ofp-print", message).rstrip().split("\n") for tool in (ovs, sluice))
        assert got == want, message
    path = tmp_path / "messages"
    path.write_bytes(b"".join(bytes.fromhex(m) for m in messages[:9] + messages[-9:]))
    assert sluice("ofp-parse", str(path)).split() == ovs("ofp-parse", str(path)).split()
    with open(path, "rb") as f:
        data = f.read()
    path.write_bytes(data[:-1])
    assert "it ends within a message" in sluice("ofp-parse", str(path), fails=True)
    path.write_bytes(b"\x01\x02\x00\x07")
    assert "it ends within a message" in sluice("ofp-parse", str(path), fails=True)
    path.write_bytes(bytes.fromhex("0102000700000001"))
    assert "less than a header" in sluice("ofp-parse", str(path), fails=True)
    assert "pairs of hexadecimal digits" in sluice("ofp-print", "010", fails=True)
    assert "9 bytes, and its header says 8" in sluice("ofp-print", "0105000800000001ff", fails=True)
    assert "No such file" in sluice("ofp-parse", str(tmp_path / "none"), fails=True)


@pytest.mark.san
def test_packets_that_wait_go_on(tools, tmp_path):  # noqa: F811
    ovs = tools[0]
    ovs("add-flow", "br0", "in_port=1,actions=controller(pause),resubmit(,1)")
    ovs("add-flow", "br0", "table=1,priority=7,actions=2")
    for i, tool in enumerate(tools):
        with open(tmp_path / tool.program.split("/")[-1], "w+b") as out:
            p = subprocess.Popen([tool.program, "monitor", "br0", "65534", "resume"], env=tool.env, stdout=out, stderr=out)
            try:
                def gone_on(i=i):
                    ovs("packet-out", "br0", "in_port=1,packet=" + "ffffffffffff02000000000188b5" + "00" * 46 + ",actions=table")
                    return "n_packets=0," not in ovs("dump-flows", "br0", "table=1")
                wait_for(gone_on, "a packet that goes on", timeout=20)
            finally:
                p.kill()
                p.wait()
            with open(out.name, encoding="utf-8") as f:
                assert "send: NXT_RESUME" in f.read()
        ovs("del-flows", "br0", "table=1")
        ovs("add-flow", "br0", "table=1,priority=7,actions=2")


@pytest.mark.parametrize("form, name", [("standard", "OFPT_PACKET_IN"), ("nxt_packet_in", "NXT_PACKET_IN"), ("nxt_packet_in2", "NXT_PACKET_IN2")])
def test_packets_come_in_the_form_that_is_asked_for(tools, tmp_path, form, name):  # noqa: F811
    ovs = tools[0]
    ovs("add-flow", "br0", "in_port=1,actions=controller")
    for tool in tools:
        with open(tmp_path / tool.program.split("/")[-1], "w+b") as out:
            p = subprocess.Popen([tool.program, "-P", form, "monitor", "br0", "65534"], env=tool.env, stdout=out, stderr=out)

            def came(out=out):
                ovs("packet-out", "br0", "in_port=1,packet=" + "ffffffffffff02000000000188b5" + "00" * 46 + ",actions=table")
                with open(out.name, encoding="utf-8") as f:
                    return f"{name} (" in f.read()
            try:
                wait_for(came, f"{name}", timeout=20 * SLOW)
            finally:
                p.kill()
                p.wait()


def test_misses_are_set_the_same(tools):  # noqa: F811
    """By what ovs-ofctl shows of the first table: of others it shows less. Which word is which differs, as Open vSwitch tells another than was set."""
    ovs = tools[0]
    for version in ("OpenFlow11", "OpenFlow12"):
        shown = []
        for word in ("drop", "continue", "controller"):
            for tool in tools:
                ovs("-O", version, "mod-table", "br0", "0", "drop" if word == "controller" else "controller")
                tool("-O", version, "mod-table", "br0", "0", word)
                shown.append(re.search(r"table 0:(?:\n .*)*config=(\w+)", ovs("-O", version, "dump-tables", "br0")).group(1))
        assert shown[::2] == shown[1::2] and len(set(shown)) == 3, (version, shown)


def test_nothing_is_changed_read_only(tools):  # noqa: F811
    for tool in tools:
        for argv in (["add-flow", "br0", "actions=drop"], ["del-flows", "br0"], ["set-frags", "br0", "drop"], ["mod-port", "br0", "1", "down"],
                     ["packet-out", "br0", "none", "2", "00" * 60]):
            assert "read" in tool("--read-only", *argv, fails=True)
        tool("--read-only", "dump-flows", "br0")
