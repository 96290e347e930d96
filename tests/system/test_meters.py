"""Meters as Debian's ovs-ofctl makes and reads them, and what they let pass: counted in packets, against a rate of one a second."""

import json
import re
import signal
import time

import pytest
from sluice import wait_for

pytestmark = pytest.mark.san

VERSIONS = ["OpenFlow13", "OpenFlow14", "OpenFlow15"]
N = 200
BURST = 50

# UDP packets with a TOS byte: 42 bytes of headers and 58 of payload.
SEND = """
import socket, struct, sys, time
n, tos = int(sys.argv[2]), int(sys.argv[3])
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind(("eth0", 0))
def checksum(b):
    total = sum(struct.unpack("!%dH" % (len(b) // 2), b))
    while total >> 16: total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff
ip = struct.pack("!BBHHHBBH4s4s", 0x45, tos, 86, 1, 0, 64, 17, 0, bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2]))
ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
frame = bytes.fromhex(sys.argv[1].replace(":", "") + "020000000001" + "0800") + ip + struct.pack("!HHHH", 7000, 7000, 66, 0) + bytes(58)
assert len(frame) == 100
for i in range(n):
    s.send(frame)
    # The first one makes the cached flow: no more may wait for it than find room.
    if i == 0: time.sleep(0.5)
    if i % 16 == 15: time.sleep(0.002)
"""
# Counts the TOS bytes of what comes, whose checksums must be right, until the wanted number has come.
RECEIVE = """
import collections, socket, struct, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800)); s.bind(("eth0", 0))
print("ready", flush=True)
seen = collections.Counter()
while sum(seen.values()) < int(sys.argv[1]):
    p = s.recv(2048)
    if p[23] != 17: continue
    total = sum(struct.unpack("!10H", p[14:34]))
    while total >> 16: total = (total & 0xffff) + (total >> 16)
    assert total == 0xffff, p.hex()
    seen[p[15]] += 1
print(*("%d=%d" % kv for kv in sorted(seen.items())))
"""


def ofctl(switch, version, *argv, **kwargs):
    return switch.command("ovs-ofctl", f"-O{version}", *argv, **kwargs)


def fails(switch, version, error, *argv):
    p = ofctl(switch, version, *argv, check=False)
    assert p.returncode != 0 and error in p.stderr, f"{argv}: {p.stderr}"


def send(host, to, n=N, tos=0):
    host.run("/usr/bin/python3", "-c", SEND, to.mac, n, tos)


def stats(switch, version, meter):
    """(flows, packets, bytes, [(packets, bytes) of each band])"""
    text = ofctl(switch, version, "meter-stats", "br0", f"meter={meter}")
    head = re.search(r"flow_count:(\d+) packet_in_count:(\d+) byte_in_count:(\d+) ", text)
    bands = re.findall(r"^\d+: packet_count:(\d+) byte_count:(\d+)$", text, re.M)
    return *map(int, head.groups()), [tuple(map(int, b)) for b in bands]


def counted(switch, version, meter, n):
    """The same, when 'n' packets have come to it."""
    return wait_for(lambda: (s := stats(switch, version, meter))[1] == n and s, f"{n} packets in meter {meter}")


@pytest.fixture
def hosts(switch):
    """Hosts at ports 1 and 2 of a switch without any rule."""
    switch.vsctl("set-fail-mode", "br0", "secure")
    a, b = switch.add_host("a", "10.0.0.1"), switch.add_host("b", "10.0.0.2")
    assert switch.get("Interface", "a", "ofport") == "1" and switch.get("Interface", "b", "ofport") == "2"
    return a, b


@pytest.mark.parametrize("version", VERSIONS)
def test_meters_are_told_as_they_were_added(switch, version):
    ofctl(switch, version, "add-meter", "br0", "meter=1,kbps,burst,stats,bands=type=drop,rate=1000,burst_size=200")
    ofctl(switch, version, "add-meter", "br0", "meter=4294901760,pktps,bands=type=drop,rate=5,type=dscp_remark,rate=3,prec_level=2")
    ofctl(switch, version, "add-meter", "br0", "meter=controller,pktps,bands=type=drop,rate=4294967295")
    ofctl(switch, version, "add-meter", "br0", "meter=slowpath,pktps,bands=type=drop,rate=1")
    text = ofctl(switch, version, "dump-meters", "br0")
    for meter in ("meter=1 kbps burst stats bands=\ntype=drop rate=1000 burst_size=200\n",
                  "meter=4294901760 pktps bands=\ntype=drop rate=5\ntype=dscp_remark rate=3 prec_level=2\n",
                  "meter=controller pktps bands=\ntype=drop rate=4294967295\n",
                  "meter=slowpath pktps bands=\ntype=drop rate=1\n"):
        assert meter in text, text
    ofctl(switch, version, "mod-meter", "br0", "meter=1,pktps,stats,bands=type=drop,rate=7")
    assert "meter=1 pktps stats bands=\ntype=drop rate=7\n" in ofctl(switch, version, "dump-meter", "br0", "meter=1")
    features = ofctl(switch, version, "meter-features", "br0")
    assert "max_meter:262144 max_bands:8 max_color:0\nband_types: drop dscp_remark\n" \
        "capabilities: kbps pktps burst stats" in features, features
    ofctl(switch, version, "del-meter", "br0", "meter=1")
    ofctl(switch, version, "del-meter", "br0", "meter=1")
    assert "meter=1 " not in ofctl(switch, version, "dump-meters", "br0")
    ofctl(switch, version, "del-meters", "br0")
    assert "meter=" not in ofctl(switch, version, "dump-meters", "br0")


@pytest.mark.parametrize("version", VERSIONS)
def test_bad_meters_are_refused(switch, version):
    band = "pktps,bands=type=drop,rate=1"
    ofctl(switch, version, "add-meter", "br0", f"meter=1,{band}")
    fails(switch, version, "OFPMMFC_METER_EXISTS", "add-meter", "br0", f"meter=1,{band}")
    fails(switch, version, "OFPMMFC_UNKNOWN_METER", "mod-meter", "br0", f"meter=2,{band}")
    fails(switch, version, "OFPMMFC_INVALID_METER", "add-meter", "br0", f"meter=all,{band}")
    fails(switch, version, "OFPMMFC_BAD_FLAGS", "add-meter", "br0", f"meter=3,kbps,{band}")
    fails(switch, version, "OFPMMFC_OUT_OF_BANDS", "add-meter", "br0", f"meter=3,{band}" + ",type=drop,rate=1" * 8)
    for command in ("meter-stats", "dump-meter"):
        assert "OFPMMFC_UNKNOWN_METER" in ofctl(switch, version, command, "br0", "meter=3")
    fails(switch, version, "OFPMMFC_INVALID_METER", "add-flow", "br0", "actions=meter:3,output:1")


@pytest.mark.parametrize("version", VERSIONS)
def test_rules_go_with_their_meter(switch, version):
    ofctl(switch, version, "add-meter", "br0", "meter=1,pktps,bands=type=drop,rate=1")
    ofctl(switch, version, "add-meter", "br0", "meter=2,pktps,bands=type=drop,rate=1")
    ofctl(switch, version, "add-flow", "br0", "table=3,udp,actions=meter:1,dec_ttl,output:1,write_metadata:1")
    ofctl(switch, version, "add-flow", "br0", "table=3,tcp,actions=meter:2,goto_table:4")
    ofctl(switch, version, "add-flow", "br0", "table=3,icmp,actions=meter:1")
    flows = ofctl(switch, version, "--no-stats", "dump-flows", "br0", "table=3")
    for flow in ("udp actions=meter:1,dec_ttl,output:1,write_metadata:0x1", "tcp actions=meter:2,goto_table:4", "icmp actions=meter:1"):
        assert re.search(rf"{flow}$", flows, re.M), flows
    # OpenFlow 1.0 cannot tell of them.
    assert "udp actions=dec_ttl,output:1" in ofctl(switch, "OpenFlow10", "--no-stats", "dump-flows", "br0", "table=3")
    assert [stats(switch, version, i)[0] for i in (1, 2)] == [2, 1]
    ofctl(switch, version, "del-meter", "br0", "meter=1")
    flows = ofctl(switch, version, "--no-stats", "dump-flows", "br0", "table=3")
    assert "meter:1" not in flows and "meter:2" in flows, flows
    ofctl(switch, version, "del-meters", "br0")
    assert "meter:" not in ofctl(switch, version, "dump-flows", "br0")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_burst_passes_and_the_rest_is_dropped(switch, hosts, version):
    a, b = hosts
    ofctl(switch, version, "add-meter", "br0", f"meter=1,pktps,burst,stats,bands=type=drop,rate=1,burst_size={BURST}")
    ofctl(switch, version, "add-flow", "br0", "udp,in_port=1,actions=meter:1,output:2")
    since = time.monotonic()
    send(a, b)
    flows, packets, octets, [(dropped, dropped_bytes)] = counted(switch, version, 1, N)
    assert (flows, octets, dropped_bytes) == (1, N * 100, dropped * 100)
    assert BURST <= N - dropped <= BURST + time.monotonic() - since + 1
    assert switch.drops()["meter"] == dropped
    # The rule counts what came to it.
    wait_for(lambda: f"n_packets={N}, n_bytes={N * 100}" in ofctl(switch, version, "dump-flows", "br0"), "the rule's counters")


def test_rates_are_in_kilobits(switch, hosts):
    a, b = hosts
    # 5000 bytes at once, then 125 a second: 50 packets of 100 bytes.
    ofctl(switch, "OpenFlow13", "add-meter", "br0", "meter=1,kbps,burst,bands=type=drop,rate=1,burst_size=40")
    ofctl(switch, "OpenFlow13", "add-flow", "br0", "udp,in_port=1,actions=meter:1,output:2")
    since = time.monotonic()
    send(a, b)
    passed = N - counted(switch, "OpenFlow13", 1, N)[3][0][0]
    assert 50 <= passed <= 50 + 1.25 * (time.monotonic() - since) + 1


def test_a_changed_meter_begins_anew_and_keeps_its_own_counters(switch, hosts):
    a, b = hosts
    ofctl(switch, "OpenFlow13", "add-meter", "br0", "meter=1,pktps,burst,bands=type=drop,rate=1,burst_size=10")
    ofctl(switch, "OpenFlow13", "add-flow", "br0", "udp,in_port=1,actions=meter:1,output:2")
    send(a, b)
    assert counted(switch, "OpenFlow13", 1, N)[3][0][0] > 0
    ofctl(switch, "OpenFlow13", "mod-meter", "br0", "meter=1,pktps,bands=type=drop,rate=1000000")
    assert stats(switch, "OpenFlow13", 1)[1:] == (N, N * 100, [(0, 0)])
    send(a, b)
    assert counted(switch, "OpenFlow13", 1, 2 * N)[1:] == (2 * N, 2 * N * 100, [(0, 0)])


def test_the_highest_band_that_is_hit_is_applied_and_remarks_keep_checksums(switch, hosts):
    a, b = hosts
    ofctl(switch, "OpenFlow13", "add-meter", "br0",
          "meter=1,pktps,burst,bands=type=dscp_remark,rate=1,burst_size=20,prec_level=1,type=drop,rate=2,burst_size=100")
    ofctl(switch, "OpenFlow13", "add-flow", "br0", "udp,in_port=1,actions=meter:1,output:2")
    receiver = b.popen("/usr/bin/python3", "-c", RECEIVE, 100)
    assert receiver.stdout.readline() == "ready\n"
    send(a, b, tos=10 << 2 | 1)  # AF11, ECT(1).
    bands = counted(switch, "OpenFlow13", 1, N)[3]
    (remarked, _), (dropped, _) = bands
    seen = dict(kv.split("=") for kv in receiver.communicate(timeout=30)[0].split())
    assert set(seen) == {str(10 << 2 | 1), str(12 << 2 | 1)}, seen
    assert 20 <= int(seen[str(10 << 2 | 1)]) and 1 <= remarked and 1 <= dropped <= 100, bands


def test_meters_may_stand_anywhere_in_1_5(switch, hosts):
    """Written by a client of our own: ovs-ofctl takes meters at the front alone."""
    a, b = hosts
    for meter, burst in ((1, 30), (2, 20)):
        ofctl(switch, "OpenFlow15", "add-meter", "br0", f"meter={meter},pktps,burst,bands=type=drop,rate=1,burst_size={burst}")
    switch.command("sluice-ofctl", "-OOpenFlow15", "add-flow", "br0", "udp,in_port=1,actions=meter:1,dec_ttl,meter:2,output:2")
    send(a, b)
    dropped = counted(switch, "OpenFlow15", 1, N)[3][0][0]
    assert stats(switch, "OpenFlow15", 2)[1] == N - dropped
    # Before 1.5 the first is told, as the instruction that it is there.
    assert "actions=meter:1,dec_ttl,output:2" in ofctl(switch, "OpenFlow13", "dump-flows", "br0")


def test_sluice_ofctl_says_what_ovs_ofctl_says(switch):
    def both(*argv):
        """What both print, without durations."""
        out = []
        for tool in ("ovs-ofctl", "sluice-ofctl"):
            p = switch.command(tool, "-OOpenFlow13", *argv, check=False)
            out.append((p.returncode, re.sub(r"duration:[\d.]+s", "", p.stdout + p.stderr.replace("sluice-ofctl:", "ovs-ofctl:"))))
        assert out[0] == out[1], argv
        return out[0][1]

    def ofctl_(*argv, **kwargs):
        return switch.command("sluice-ofctl", *argv, **kwargs)

    assert both("dump-meters", "br0").startswith("OFPST_METER_CONFIG reply (OF1.3)")
    # By itself it speaks a version that has meters.
    ofctl_("add-meter", "br0", "meter=7,kbps,burst,bands=type=drop,rate=1000,burst_size=200,type=dscp_remark,rate=9,burst_size=1,prec_level=1")
    ofctl_("add-meter", "br0", "meter=controller,pktps,stats,bands=type=drop,rate=1")
    ofctl_("mod-meter", "br0", "meter=controller,pktps,stats,bands=type=drop,rate=2")
    ofctl_("add-flow", "br0", "table=3,actions=meter:7,drop", check=False)
    ofctl_("add-flow", "br0", "table=3,actions=meter:7,output:1")
    for argv in (["dump-meters", "br0"], ["dump-meter", "br0", "meter=7"], ["meter-stats", "br0"],
                 ["meter-stats", "br0", "meter=7"], ["meter-features", "br0"]):
        both(*argv)
    for command in ("dump-meter", "meter-stats"):
        p = ofctl_(command, "br0", "meter=8", check=False)
        assert p.returncode == 1 and "OFPMMFC_UNKNOWN_METER" in p.stderr, p.stderr
    assert "rate=2\n" in both("dump-meters", "br0", "meter=controller")
    p = ofctl_("add-meter", "br0", "meter=7,kbps,bands=type=drop,rate=1", check=False)
    assert p.returncode == 1 and "OFPMMFC_METER_EXISTS" in p.stderr, p.stderr
    p = ofctl_("add-meter", "br0", "meter=7,kbps,bands=type=drop", check=False)
    assert p.returncode == 1 and "needs a 'rate'" in p.stderr, p.stderr
    [meter] = json.loads(ofctl_("--format=json", "dump-meters", "br0", "meter=7"))
    assert meter["flags"] == ["kbps", "burst"] and meter["bands"][0]["burst_size"] == 200, meter
    [told] = json.loads(ofctl_("--format=json", "meter-stats", "br0", "7"))
    assert told["flows"] == 1 and len(told["bands"]) == 2, told
    assert json.loads(ofctl_("--format=json", "meter-features", "br0"))[0]["max_meters"] == 262144
    ofctl_("del-meter", "br0", "meter=7")
    assert "meter=7" not in both("dump-meters", "br0")
    ofctl_("del-meters", "br0")
    assert "meter=" not in both("dump-meters", "br0")


def test_what_controllers_are_told_is_metered(switch, hosts):
    a, b = hosts
    ofctl(switch, "OpenFlow13", "add-flow", "br0", "udp,in_port=1,actions=controller,output:2")
    send(a, b, 10)
    ofctl(switch, "OpenFlow13", "add-meter", "br0", "meter=controller,pktps,burst,bands=type=drop,rate=1,burst_size=20")
    since = time.monotonic()
    for sent in range(20, N + 1, 20):  # No more at once than find room on the way to sluice-vswitchd.
        send(a, b, 20)
        dropped = counted(switch, "OpenFlow13", "controller", sent)[3][0][0]
    assert 20 <= N - dropped <= 20 + time.monotonic() - since + 1
    wait_for(lambda: "n_packets=210" in ofctl(switch, "OpenFlow13", "dump-flows", "br0"), "all to have come to the rule")


def test_the_datapath_meters_while_vswitchd_stands_still_and_forgets_with_it(switch, hosts):
    a, b = hosts
    ofctl(switch, "OpenFlow13", "add-meter", "br0", f"meter=1,pktps,burst,bands=type=drop,rate=1,burst_size={BURST}")
    ofctl(switch, "OpenFlow13", "add-flow", "br0", "udp,in_port=1,actions=meter:1,output:2")
    send(a, b, 1)
    counted(switch, "OpenFlow13", 1, 1)
    old = switch.kill("sluice-vswitchd", signal.SIGSTOP)
    since = time.monotonic()
    send(a, b, N - 1)
    shown = wait_for(lambda: re.search(rf"meter \d+: pktps bands=drop\(rate=1,burst={BURST}\) packets:{N} bytes:{N * 100} band0:(\d+)/",
                                       switch.dpctl("dpctl/dump-meters")), "packets in the datapath's meter")
    assert BURST <= N - int(shown[1]) <= BURST + time.monotonic() - since + 2
    switch.kill("sluice-vswitchd")
    switch.wait_restarted("sluice-vswitchd", old)
    switch.wait_ready()
    # Whoever made it is gone, and so is the rule that used it.
    assert "meter=" not in ofctl(switch, "OpenFlow13", "dump-meters", "br0")
    wait_for(lambda: not switch.dpctl("dpctl/dump-meters"), "the datapath's meter to go")


def test_a_datapath_that_died_gets_its_meters_again(switch, hosts):
    a, b = hosts
    ofctl(switch, "OpenFlow13", "add-meter", "br0", f"meter=1,pktps,burst,bands=type=drop,rate=1,burst_size={BURST}")
    ofctl(switch, "OpenFlow13", "add-flow", "br0", "udp,in_port=1,actions=meter:1,output:2")
    send(a, b)
    before = counted(switch, "OpenFlow13", 1, N)
    old = switch.kill("sluice-datapath")
    switch.wait_restarted("sluice-datapath", old)
    switch.wait_ready()
    wait_for(lambda: f"burst={BURST}" in switch.dpctl("dpctl/dump-meters"), "the meter to be back")
    assert stats(switch, "OpenFlow13", 1) == before
    since = time.monotonic()
    send(a, b)
    wait_for(lambda: stats(switch, "OpenFlow13", 1)[1] > N, "packets in the meter")
    packets, dropped = wait_for(lambda: (lambda s: s[1] == 2 * N and (s[1] - N, s[3][0][0] - before[3][0][0]))(stats(switch, "OpenFlow13", 1)),
                                "all packets in the meter")
    assert BURST <= packets - dropped <= BURST + time.monotonic() - since + 2
