"""sluice-ofctl's commands about queues, tables, ports, packet-outs, echoes and bundles: what ovs-ofctl's do and print, on a bridge of Sluice's and on
one of Debian's ovs-vswitchd."""

import json
import re
import subprocess

import pytest
from ofctl import SLUICE, VERSIONS, Tool, tools, without_times  # noqa: F401 (tools is a fixture)

PACKET = "ffffffffffff0200000000010800" + "00" * 46


@pytest.mark.parametrize("version", VERSIONS)
def test_queues_and_tables_are_shown_the_same(tools, version):  # noqa: F811
    ovs, sluice = tools
    shows = [["queue-stats", "br0"], ["queue-stats", "br0", "p1"], ["--names", "queue-stats", "br0", "2"], ["queue-get-config", "br0", "1"],
             ["get-frags", "br0"], ["probe", "br0"]]
    shows.append(["queue-get-config", "br0"])
    if version >= "OpenFlow14":
        ovs("-O", version, "mod-table", "br0", "3", "evict")
        ovs("-O", version, "mod-table", "br0", "4", "vacancy:20,30")
        shows.append(["dump-table-desc", "br0"])
    for show in shows:
        assert without_times(sluice("-O", version, *show)) == without_times(ovs("-O", version, *show)), show


@pytest.mark.san
@pytest.mark.parametrize("version", VERSIONS[2:])
def test_tables_are_set_up_the_same(tools, version):  # noqa: F811
    ovs = tools[0]
    dumps = []
    for tool in tools:
        for table in ("1", "2", "3"):
            ovs("-O", version, "mod-table", "br0", table, "noevict")
            ovs("-O", version, "mod-table", "br0", table, "novacancy")
        tool("-O", version, "mod-table", "br0", "1", "evict")
        tool("-O", version, "mod-table", "br0", "2", "vacancy:20,30")
        tool("-O", version, "mod-table", "br0", "2", "evict")
        tool("-O", version, "mod-table", "br0", "3", "evict")
        tool("-O", version, "mod-table", "br0", "3", "noevict")
        dumps.append(without_times(ovs("-O", version, "dump-table-desc", "br0")))
    assert dumps[0] == dumps[1]
    assert "vacancy_down=20% vacancy_up=30%" in dumps[1]


@pytest.mark.san
def test_ports_are_configured_the_same(tools):  # noqa: F811
    ovs, sluice = tools
    for change in ("down", "up", "no-receive", "receive", "no-flood", "flood", "no-forward", "forward", "no-packet-in", "packet-in"):
        shown = []
        for tool in tools:
            ovs("mod-port", "br0", "p1", "up")
            tool("mod-port", "br0", "p1", change)
            shown.append(re.search(r"1\(p1\).*\n +config: +(.*)", ovs("show", "br0")).group(1))
        assert shown[0] == shown[1], change
    sluice("-O", "OpenFlow13", "mod-port", "br0", "1", "down")
    assert "PORT_DOWN" in ovs("show", "br0")
    sluice("-O", "OpenFlow15", "mod-port", "br0", "p1", "up")
    assert "PORT_DOWN" not in re.search(r"1\(p1\).*\n +config: +(.*)", ovs("show", "br0")).group(1)


def counts(ovs):
    return {port: int(n) for port, n in re.findall(r"port +(\d+): rx.*\n +tx pkts=(\d+)", ovs("dump-ports", "br0"))}


@pytest.mark.san
@pytest.mark.parametrize("version", VERSIONS)
def test_packets_are_sent(tools, version):  # noqa: F811
    ovs, sluice = tools
    before = counts(ovs)
    sluice("-O", version, "packet-out", "br0", "1", "2,output:p3", PACKET, PACKET)
    sluice("-O", version, "packet-out", "br0", f"in_port=2,packet={PACKET},actions=output:4,in_port")
    if version != "OpenFlow10":
        sluice("-O", version, "--bundle", "packet-out", "br0", "none", "4", PACKET) if version >= "OpenFlow14" else None
    after = counts(ovs)
    n_bundled = version >= "OpenFlow14"
    assert [after[p] - before[p] for p in "1234"] == [0, 3, 2, 1 + n_bundled]


@pytest.mark.san
def test_a_file_is_one_bundle(tools):  # noqa: F811
    ovs, sluice = tools
    ovs("del-flows", "br0")
    ovs("-O", "OpenFlow14", "del-groups", "br0")
    text = (f"flow add in_port=1,actions=2\ngroup add group_id=1,type=all,bucket=3\n\n# nothing\nflow in_port=2,actions=1\n"
            f"packet-out in_port=1,packet={PACKET},actions=output:4\nflow delete in_port=1\n")
    before = counts(ovs)
    sluice("-O", "OpenFlow14", "bundle", "br0", "-", input=text)
    assert counts(ovs)["4"] == before["4"] + 1
    assert len(ovs("dump-flows", "br0").splitlines()) == 2 and len(ovs("-O", "OpenFlow14", "dump-groups", "br0").splitlines()) == 2
    said = sluice("-O", "OpenFlow14", "bundle", "br0", "-", fails=True, input="flow in_port=3,actions=3\ngroup group_id=1,type=all\n")
    assert "nothing is changed" in said
    assert len(ovs("dump-flows", "br0").splitlines()) == 2
    assert "-:1: 'frob': it begins with none of flow, group, packet-out" in sluice("bundle", "br0", "-", fails=True, input="frob\n")


@pytest.mark.san
def test_echoes_and_refusals(switch):
    sluice = Tool(SLUICE, switch.env)
    assert len(re.findall(r"(?m)^100 bytes from br0: xid=[0-9a-f]{8} time=[\d.]+ ms$", sluice("ping", "br0", "100"))) == 10
    assert re.search(r"Finished in [\d.]+ ms \(\d+ packets/s\) \(\d+ bytes/s\)", sluice("benchmark", "br0", "10", "20"))
    assert json.loads(sluice("--format=json", "benchmark", "br0", "10", "20"))["packets"] == 20
    assert len(json.loads(sluice("--format=json", "ping", "br0"))) == 10
    assert json.loads(sluice("--format=json", "queue-stats", "br0")) == []
    assert json.loads(sluice("--format=json", "dump-table-desc", "br0"))[0]["eviction"] is False
    for argv, said in (
            (["ct-flush", "br0"], "br0: the switch tracks no connections"),
            (["dump-ipfix-bridge", "br0"], "br0: the switch exports no IPFIX"),
            (["probe", "br9"], "br9: there is no bridge of this name"),
            (["ping", "br0", "65530"], "size '65530': it is not a number within 0...65527"),
            (["mod-port", "br0", "br0", "frob"], "'frob' is none of up, down"),
            (["mod-port", "br0", "p9", "up"], "br0: there is no port 'p9'"),
            (["mod-table", "br0", "1", "frob"], "'frob' is none of controller, continue, drop, evict, noevict"),
            (["mod-table", "br0", "1", "vacancy:30,20"], "with UP not below DOWN"),
            (["-O", "OpenFlow13", "mod-table", "br0", "1", "evict"], "br0: this takes OpenFlow 1.4, 1.5"),
            (["set-frags", "br0", "frob"], "'frob' is none of normal"),
            (["packet-out", "br0", "1", "LOCAL", "0102"], "packet '0102': it has 2 bytes, not 14 to"),
            (["packet-out", "br0", "1", "LOCAL", "0x02"], "pairs of hexadecimal digits"),
            (["packet-out", "br0", "1", "LOCAL"], "the packet is missing"),
            (["packet-out", "br0", "in_port=1,actions=LOCAL"], "'packet=...' is missing"),
            (["packet-out", "br0", f"tcp,packet={PACKET},actions=LOCAL"], "only fields of the pipeline may stand here"),
            (["queue-stats", "br0", "LOCAL", "x"], "queue 'x': it is neither a number nor 'all'")):
        assert said in sluice(*argv, fails=True), argv
    p = subprocess.run([SLUICE, "probe", "br0"], env=switch.env, capture_output=True, timeout=60)
    assert (p.returncode, p.stdout, p.stderr) == (0, b"", b"")
