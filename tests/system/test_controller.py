"""What controllers do besides flow mods: packet-outs, packet-ins, roles, barriers, connections. The peers are Debian's
ovs-ofctl and os-ken."""

import json
import os
import re
import subprocess

import pytest

from scapy.all import Ether, UDP
from sluice import wait_for

from test_learning import Listening

VERSIONS = ["OpenFlow10", "OpenFlow11", "OpenFlow12", "OpenFlow13", "OpenFlow14", "OpenFlow15"]


def frame(src, dst="02:00:00:00:00:99", size=60):
    """An Ethernet frame of a type nobody uses, in hexadecimal."""
    return (dst + src).replace(":", "") + "88b5" + "5a" * (size - 14)


def ofctl(switch, command, *argv, version="OpenFlow10", bridge="br0", **kwargs):
    return switch.command("/usr/bin/ovs-ofctl", "-O", version, command, f"unix:{switch.dir}/{bridge}.mgmt", *argv,
                          **kwargs)


def secure(switch):
    switch.vsctl("set-fail-mode", "br0", "secure")


@pytest.mark.san
@pytest.mark.parametrize("version", VERSIONS)
def test_packet_out_leaves_by_the_ports_that_it_names(switch, version):
    secure(switch)
    a, b = switch.add_host("a", None), switch.add_host("b", None)
    heard = Listening(a, b)
    ofctl(switch, "packet-out", f"in_port=controller packet={frame('02:00:00:00:00:01')} actions=output:2", version=version)
    ofctl(switch, "packet-out", f"in_port=1 packet={frame('02:00:00:00:00:02')} actions=flood", version=version)
    ofctl(switch, "packet-out", f"in_port=1 packet={frame('02:00:00:00:00:03')} actions=in_port", version=version)
    ofctl(switch, "packet-out", f"in_port=1 packet={frame('02:00:00:00:00:04')} actions=mod_dl_src:02:00:00:00:00:44,output:2",
          version=version)
    at_a, at_b = heard.text()
    assert [n for n in range(1, 10) if f"02:00:00:00:00:0{n} >" in at_a] == [3]
    assert [n for n in range(1, 10) if f"02:00:00:00:00:0{n} >" in at_b] == [1, 2]
    assert "02:00:00:00:00:44 >" in at_b
    switch.assert_nothing_vanished()


@pytest.mark.parametrize("version", VERSIONS)
def test_packet_out_to_the_tables_counts_in_their_rules(switch, version):
    secure(switch)
    a, b = switch.add_host("a", None), switch.add_host("b", None)
    ofctl(switch, "add-flow", "in_port=1,dl_dst=02:00:00:00:00:99,actions=output:2", version=version)
    heard = Listening(b)
    ofctl(switch, "packet-out", f"in_port=1 packet={frame('02:00:00:00:00:05')} actions=table", version=version)
    assert "02:00:00:00:00:05 >" in heard.text()[0]
    assert "n_packets=1, n_bytes=60" in ofctl(switch, "dump-flows", version=version)
    p = ofctl(switch, "packet-out", f"in_port=77 packet={frame('02:00:00:00:00:05')} actions=table", version=version, check=False)
    assert "OFPT_ERROR" in p.stdout + p.stderr
    p = ofctl(switch, "add-flow", "actions=table", version=version, check=False)
    assert "OFPBAC_BAD_OUT_PORT" in p.stdout + p.stderr


class Monitor:
    """`ovs-ofctl monitor` as a controller that listens."""

    def __init__(self, switch, version="OpenFlow10", packet_ins=True, *options):
        argv = ["/usr/bin/ovs-ofctl", "-O", version, "monitor", "-m", f"unix:{switch.dir}/br0.mgmt"]
        self.path = f"{switch.dir}/monitor.txt"
        self.out = open(self.path, "w")
        self.process = switch.ns.popen(*argv, *(["128"] if packet_ins else []), *options, env=switch.env, stdout=self.out,
                                        stderr=subprocess.STDOUT)
        # It listens as soon as the switch answered its request of the configuration.
        wait_for(lambda: not packet_ins or "messages on" in switch.appctl("openflow/show"), "the monitor to listen")

    def text(self):
        with open(self.path) as f:
            return f.read()

    def wait(self, what):
        return wait_for(lambda: what in self.text() and self.text(), f"'{what}' in what the monitor heard")


def packets(text):
    """The packets whose bytes `ovs-ofctl -m monitor` printed."""
    dumps = re.findall(r"((?:^[0-9a-f]{8}  .*\n)+)", text, re.M)
    return [Ether(bytes.fromhex(re.sub(r"[ -]", "", "".join(line[10:58] for line in dump.splitlines())))) for dump in dumps]


@pytest.mark.san
@pytest.mark.parametrize("version", VERSIONS)
def test_packets_go_to_the_controller_as_rules_say(switch, version):
    secure(switch)
    a, b = switch.add_host("a", "10.0.0.1"), switch.add_host("b", "10.0.0.2")
    m = Monitor(switch, version)
    ofctl(switch, "add-flow", "cookie=0x77,in_port=1,udp,actions=output:2,controller", version=version)
    ofctl(switch, "add-flow", "priority=0,in_port=1,arp,actions=output:2", version=version)
    ofctl(switch, "add-flow", "in_port=2,actions=output:1", version=version)
    assert "CONTROLLER:65535" in ofctl(switch, "dump-flows", version=version)
    heard = Listening(b)
    # From the kernel's own stack: its checksum is left to the switch, and the controller gets a whole packet.
    a.run("/usr/bin/python3", "-c",
          "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); [s.sendto(b'x' * 1400, ('10.0.0.2', 4000)) for i in range(3)]")
    text = m.wait("total_len=1442 in_port=1 (via action) data_len=1442 (unbuffered)")
    wait_for(lambda: m.text().count("total_len=1442") == 3, "three packets")
    text = m.text()
    # The hosts' kernels say a thing or two of their own.
    sent = [packet for packet in packets(text) if UDP in packet and packet[UDP].dport == 4000]
    assert len(sent) == 3
    for packet in sent:
        assert len(packet) == 1442
        was = packet[UDP].chksum
        del packet[UDP].chksum
        assert Ether(bytes(packet))[UDP].chksum == was
    if version not in ("OpenFlow10", "OpenFlow11", "OpenFlow12"):
        assert "cookie=0x77" in text
    assert heard.text()[0].count("length 1442") == 3
    switch.assert_nothing_vanished()


def test_misses_go_to_a_controller_of_1_0_and_a_table_miss_entry_serves_1_3(switch):
    secure(switch)
    a, b = switch.add_host("a", None), switch.add_host("b", None)
    from test_learning import send, frame as scapy_frame
    m = Monitor(switch, "OpenFlow10")
    send(a, scapy_frame("02:00:00:00:00:01"))
    m.wait("(via no_match)")
    m.process.kill()
    m.process.wait()
    wait_for(lambda: "messages on" not in switch.appctl("openflow/show"), "the monitor to be gone")
    m = Monitor(switch, "OpenFlow13")
    send(a, scapy_frame("02:00:00:00:00:02"))
    ofctl(switch, "add-flow", "priority=0,actions=controller", version="OpenFlow13")
    send(a, scapy_frame("02:00:00:00:00:03"))
    text = m.wait("(via no_match)")
    wait_for(lambda: "02:00:00:00:00:03" in m.text(), "the second packet")
    assert "02:00:00:00:00:02" not in m.text()
    switch.assert_nothing_vanished()


@pytest.mark.san
def test_after_a_barrier_no_cached_flow_contradicts_the_tables(switch):
    """Each change of the rule is followed by one barrier and one packet, which takes the new way."""
    secure(switch)
    a, b, c = (switch.add_host(label, None) for label in "abc")
    heard = Listening(b, c)
    script = """
import socket, struct, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
def read(n):
    data = b""
    while len(data) < n:
        got = s.recv(n - len(data))
        assert got, "the switch hung up"
        data += got
    return data
def message():
    head = read(8)
    return head + read(struct.unpack("!H", head[2:4])[0] - 8)
s.sendall(bytes([1, 0, 0, 8, 0, 0, 0, 1]))
message()
for i in range(60):
    port = 2 + i % 2
    mod = struct.pack("!I", 0x3fffff & ~0x10) + bytes(18) + b"\\x88\\xb5" + bytes(16)
    mod += struct.pack("!QHHHHIHH", 0, 0, 0, 0, 9, 0xffffffff, 0xffff, 0) + struct.pack("!HHHH", 0, 8, port, 0)
    s.sendall(struct.pack("!BBHI", 1, 14, 8 + len(mod), 5) + mod + bytes([1, 18, 0, 8, 0, 0, 0, i]))
    while True:
        m = message()
        if m[1] == 19:
            break
        assert m[1] != 1, m
    print(i, flush=True)
    sys.stdin.readline()
"""
    peer = switch.ns.popen("/usr/bin/python3", "-c", script, f"{switch.dir}/br0.mgmt", stdin=subprocess.PIPE)
    sender = a.popen("/usr/bin/python3", "-c", """
import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("eth0", 0))
for line in sys.stdin:
    i = int(line)
    s.send(bytes.fromhex("020000000099") + bytes([2, 0, 0, 0, i % 2, i]) + bytes.fromhex("88b5") + bytes(46))
    # Packets of the same cached flow: it is warm when the rule changes.
    s.send(bytes.fromhex("020000000099") + bytes([2, 0, 0, 1, i % 2, i]) + bytes.fromhex("88b5") + bytes(46))
    print("sent", flush=True)
""", stdin=subprocess.PIPE)
    for i in range(60):
        line = peer.stdout.readline()
        assert line.strip() == str(i), line + peer.stdout.read()
        sender.stdin.write(f"{i}\n")
        sender.stdin.flush()
        assert "sent" in sender.stdout.readline()
        # They have left the host; the switch may still have them in a queue. Nothing else goes out.
        wait_for(lambda: switch.totals()["tx"] >= 2 * (i + 1), "the packets to go out", interval=0.002)
        peer.stdin.write("\n")
        peer.stdin.flush()
    at_b, at_c = heard.text()
    for i in range(60):
        right, wrong = (at_b, at_c) if i % 2 == 0 else (at_c, at_b)
        for kind in (0, 1):
            mac = f"02:00:00:{kind:02x}:{i % 2:02x}:{i:02x} >"
            assert mac in right and mac not in wrong, (i, kind)


def test_a_barrier_finds_the_cached_flow_that_a_rule_concerns_among_many(switch):
    """In the second table, which no packet's own bits lead to: the flow behind the barrier goes the new way, the others stay as they are."""
    secure(switch)
    a, b, c = (switch.add_host(label, None) for label in "abc")
    n, changed = 200, range(0, 200, 17)
    rules = ["priority=1,actions=load:7->NXM_NX_REG0[],resubmit(,1)"]
    rules += [f"table=1,reg0=7,dl_src=02:00:00:00:01:{i:02x},actions=output:2" for i in range(n)]
    ofctl(switch, "add-flows", "-", input="\n".join(rules))
    sender = a.popen("/usr/bin/python3", "-c", """
import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("eth0", 0))
for line in sys.stdin:
    s.send(bytes.fromhex(line) + bytes.fromhex("88b5") + bytes(46))
    print("sent", flush=True)
""", stdin=subprocess.PIPE)

    def send(dst, i):
        sender.stdin.write(f"0200000000{dst:02x}0200000001{i:02x}\n")
        sender.stdin.flush()
        assert "sent" in sender.stdout.readline()

    def cached():
        for i in range(n):
            send(0x99, i)
        return int(re.search(r"flows +(\d+)", switch.appctl("upcall/show"))[1]) >= n
    wait_for(cached, "all flows to be cached", 30)
    heard = Listening(b, c)
    before = switch.totals()["rx"]
    for i in changed:
        ofctl(switch, "mod-flows", f"table=1,dl_src=02:00:00:00:01:{i:02x},actions=output:3")
        send(0xaa, i)
        send(0xaa, i + 1)
    wait_for(lambda: switch.totals()["rx"] >= before + 2 * len(changed), "the packets to come in", interval=0.01)
    at_b, at_c = ([line for line in text.splitlines() if "> 02:00:00:00:00:aa" in line] for text in heard.text())
    for i in range(n):
        mac = f"02:00:00:00:01:{i:02x} >"
        assert any(mac in line for line in at_c) == (i in changed), i
        assert any(mac in line for line in at_b) == (i - 1 in changed), i
    switch.assert_nothing_vanished()


@pytest.mark.parametrize("version", VERSIONS)
def test_removed_flows_are_told_with_their_last_counters(switch, version):
    secure(switch)
    a, b = switch.add_host("a", None), switch.add_host("b", None)
    m = Monitor(switch, version)
    ofctl(switch, "add-flow", "send_flow_rem,cookie=0x42,in_port=1,dl_src=02:00:00:00:00:01,actions=output:2", version=version)
    ofctl(switch, "add-flow", "send_flow_rem,hard_timeout=1,in_port=2,actions=drop", version=version)
    text = m.wait("reason=hard")
    a.run("/usr/bin/python3", "-c", "import socket\n"
          "s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind(('eth0', 0))\n"
          "for i in range(200): s.send(bytes.fromhex('020000000099020000000001') + b'\\x88\\xb5' + bytes(46))")
    arrived = lambda: json.loads(b.run("ip", "-j", "-s", "link", "show", "eth0"))[0]["stats64"]["rx"]["packets"]
    wait_for(lambda: switch.totals()["rx"] >= 200, "the packets to come in", interval=0.01)
    switch.assert_nothing_vanished()
    n = arrived()  # Of a burst that begins with a miss not all need find room.
    assert n >= 32
    ofctl(switch, "del-flows", "in_port=1", version=version)
    text = m.wait("reason=delete")
    assert "cookie:0x42" in text and f"pkts{n} bytes{60 * n}" in text, text


@pytest.mark.parametrize("version", VERSIONS)
def test_ports_that_come_and_go_are_told(switch, version):
    m = Monitor(switch, version)
    switch.add_host("a", None)
    m.wait("OFPT_PORT_STATUS")
    wait_for(lambda: re.search(r"PORT_STATUS.*ADD: 1\(a\)", m.text()), "the new port")
    switch.vsctl("del-port", "a")
    wait_for(lambda: re.search(r"PORT_STATUS.*DEL: 1\(a\)", m.text()), "the port to go")


def test_mod_port_switches_a_port_and_its_flooding_off(switch):
    a, b, c = (switch.add_host(label, f"10.0.0.{n}") for n, label in enumerate("abc", 1))
    assert a.ping("10.0.0.2")
    ofctl(switch, "mod-port", "b", "down")
    assert re.search(r"2\(b\).*\n +config: +PORT_DOWN\n +state: +LINK_DOWN", ofctl(switch, "show"))
    assert not a.ping("10.0.0.2", count=1, wait=1)
    assert a.ping("10.0.0.3")
    ofctl(switch, "mod-port", "b", "up")
    assert a.ping("10.0.0.2")
    ofctl(switch, "mod-port", "b", "no-flood")
    assert re.search(r"2\(b\).*\n +config: +NO_FLOOD", ofctl(switch, "show"))
    heard = Listening(b, c)
    from test_learning import send, frame as scapy_frame
    send(a, scapy_frame("02:00:00:00:00:01", "ff:ff:ff:ff:ff:ff"))
    at_b, at_c = heard.text()
    assert "02:00:00:00:00:01" in at_c and "02:00:00:00:00:01" not in at_b
    switch.assert_nothing_vanished()


def osken(switch, port):
    app = os.path.join(os.path.dirname(__file__), "osken_switch.py")
    out = open(f"{switch.dir}/osken.txt", "a")
    return switch.ns.popen("/usr/bin/osken-manager", "--ofp-listen-host", "127.0.0.1", "--ofp-tcp-listen-port", port, app,
                           stdout=out, cwd=switch.dir)


def test_a_learning_controller_switches_and_when_it_dies_the_switch_helps_itself(switch):
    a, b = switch.add_host("a", "10.0.0.1"), switch.add_host("b", "10.0.0.2")
    switch.vsctl("set-controller", "br0", "tcp:127.0.0.1:6653", "--", "set", "Controller", "br0", "inactivity_probe=1000",
                 "max_backoff=1000")
    controller = osken(switch, 6653)
    wait_for(lambda: switch.get("Controller", "br0", "is_connected") == "true", "the controller to connect", 30)
    assert switch.get("Controller", "br0", "role") == "other"
    assert "state=ACTIVE" in switch.get("Controller", "br0", "status")
    assert "sec_since_connect=" in switch.get("Controller", "br0", "status")
    wait_for(lambda: a.ping("10.0.0.2"), "a ping through the controller", 20)
    assert b.ping("10.0.0.1", count=5)
    assert "priority=1" in ofctl(switch, "dump-flows", version="OpenFlow13")
    ofctl(switch, "del-flows", version="OpenFlow13")
    controller.kill()
    controller.wait()
    wait_for(lambda: switch.get("Controller", "br0", "is_connected") == "false", "the controller to be missed")
    assert "last_error=" in switch.get("Controller", "br0", "status") and "sec_since_disconnect=" in switch.get("Controller", "br0", "status")
    wait_for(lambda: a.ping("10.0.0.2", count=1, wait=1), "the switch to help itself", 20)
    controller = osken(switch, 6653)
    wait_for(lambda: switch.get("Controller", "br0", "is_connected") == "true", "the controller to come back", 30)
    wait_for(lambda: a.ping("10.0.0.2"), "a ping through the controller", 20)
    assert "priority=0 actions=CONTROLLER:65535" in ofctl(switch, "dump-flows", version="OpenFlow13")
    switch.vsctl("del-controller", "br0")
    wait_for(lambda: "actions=NORMAL" in ofctl(switch, "dump-flows"), "NORMAL to be back")
    assert a.ping("10.0.0.2")
    switch.assert_nothing_vanished()


def test_a_passive_controller_target_serves_ovs_ofctl(switch):
    switch.vsctl("set-controller", "br0", "ptcp:6655:127.0.0.1", f"punix:{switch.dir}/br0.extra")
    for target in ("tcp:127.0.0.1:6655", f"unix:{switch.dir}/br0.extra"):
        wait_for(lambda: "br0" in switch.command("/usr/bin/ovs-ofctl", "show", target, check=False).stdout, target)
    assert "actions=NORMAL" in ofctl(switch, "dump-flows")


@pytest.mark.parametrize("version", VERSIONS)
def test_debians_test_controller_makes_a_learning_switch(switch, version):
    a, b = switch.add_host("a", "10.0.0.1"), switch.add_host("b", "10.0.0.2")
    secure(switch)
    switch.vsctl("set-controller", "br0", f"unix:{switch.dir}/controller")
    controller = switch.ns.popen("/usr/bin/ovs-testcontroller", "-O", version, f"punix:{switch.dir}/controller",
                                 stdout=open(f"{switch.dir}/controller.txt", "w"), env=switch.env)
    wait_for(lambda: switch.get("Controller", "br0", "is_connected") == "true", "the controller to connect", 20)
    # The first packets are longer than the miss_send_len that the controller asks for: nothing may be cut.
    assert a.run("ping", "-q", "-c", "3", "-i", "0.2", "-s", "1400", "-W", "2", "10.0.0.2", check=False).returncode == 0
    a.run("bash", "-c", "exec 3<>/dev/tcp/10.0.0.2/1", check=False)
    wait_for(lambda: "output:" in ofctl(switch, "dump-flows", version=version), "its flows")
    controller.kill()
    switch.assert_nothing_vanished()


def test_only_the_protocols_that_the_bridge_names_are_spoken(switch):
    assert "OFPT_FEATURES_REPLY" in ofctl(switch, "show", version="OpenFlow15")
    switch.vsctl("set", "Bridge", "br0", "protocols=OpenFlow10,OpenFlow14")
    assert "OFPT_FEATURES_REPLY" in ofctl(switch, "show", version="OpenFlow14")
    assert "OFPT_FEATURES_REPLY" in ofctl(switch, "show", version="OpenFlow10,OpenFlow15")
    p = ofctl(switch, "show", version="OpenFlow15", check=False)
    assert p.returncode == 1 and "version negotiation failed" in p.stdout + p.stderr
    switch.vsctl("clear", "Bridge", "br0", "protocols")
    assert "OFPT_FEATURES_REPLY" in ofctl(switch, "show", version="OpenFlow15")


@pytest.mark.san
@pytest.mark.parametrize("version", ["OpenFlow13", "OpenFlow14", "OpenFlow15"])
def test_a_bundle_is_carried_out_whole_or_not_at_all(switch, version):
    secure(switch)
    flows = lambda: sorted(line.split(", ")[-1].strip() for line in
                           ofctl(switch, "dump-flows", "--no-stats", version=version).splitlines() if "actions=" in line)
    path = f"{switch.dir}/flows.txt"
    with open(path, "w") as f:
        f.write("".join(f"priority={n},in_port={n},actions=output:{n + 1}\n" for n in range(1, 1001)))
    ofctl(switch, "add-flows", path, "--bundle", version=version)
    assert len(flows()) == 1000
    # The last line overlaps with the second: nothing of it is done.
    with open(path, "w") as f:
        f.write("delete in_port=7\nmodify in_port=8,actions=drop\nadd priority=5000,in_port=5000,actions=drop\n"
                "add check_overlap,priority=9,dl_src=02:00:00:00:00:01,actions=drop\n")
    before = flows()
    p = ofctl(switch, "add-flows", path, "--bundle", version=version, check=False)
    assert p.returncode == 1 and "OFPFMFC_OVERLAP" in p.stdout + p.stderr and "OFPBFC_MSG_FAILED" in p.stdout + p.stderr
    assert flows() == before
    with open(path, "w") as f:
        f.write("priority=1,in_port=1,actions=output:2\npriority=2,in_port=2,actions=drop\n")
    ofctl(switch, "replace-flows", path, "--bundle", version=version)
    assert flows() == ["priority=1,in_port=1 actions=output:2", "priority=2,in_port=2 actions=drop"]
    switch.assert_nothing_vanished()


def test_every_packet_sees_all_of_a_bundle_or_nothing(switch):
    """Two tables whose rules belong together are changed by bundles under traffic: no packet takes a mixed way."""
    secure(switch)
    a, b, c = (switch.add_host(label, None) for label in "abc")
    path = f"{switch.dir}/flows.txt"

    def change(way):
        with open(path, "w") as f:
            f.write(f"priority=1,in_port=1,actions=load:{way}->NXM_NX_REG0[],resubmit(,1)\n"
                    f"table=1,priority=1,reg0={way},actions=output:{2 + way}\n"
                    f"delete table=1,reg0={1 - way}\n")
        ofctl(switch, "add-flows", path, "--bundle", version="OpenFlow14")

    change(0)
    sender = a.popen("/usr/bin/python3", "-c", """
import socket, sys, time
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("eth0", 0))
n = 0
print("ready", flush=True)
import select
while not select.select([sys.stdin], [], [], 0.0005)[0]:
    for i in range(4):
        s.send(bytes.fromhex("0200000000990200000000") + bytes([i]) + bytes.fromhex("88b5") + bytes(46))
        n += 1
print(n, flush=True)
""", stdin=subprocess.PIPE)
    sender.stdout.readline()
    for n in range(20):
        change((n + 1) % 2)
    sender.stdin.write("\n")
    sender.stdin.flush()
    sent = int(sender.stdout.readline())
    assert sent > 0
    counters = lambda host: json.loads(host.run("ip", "-j", "-s", "link", "show", "eth0"))[0]["stats64"]
    arrived = lambda: counters(b)["rx"]["packets"] + counters(c)["rx"]["packets"]
    sent -= counters(a)["tx"]["dropped"]  # By the kernel, whose queue was full.
    wait_for(lambda: switch.totals()["rx"] >= sent, "the packets to come in")
    switch.assert_nothing_vanished()
    wait_for(lambda: arrived() >= sent, "every packet to arrive at one of both")


@pytest.mark.parametrize("version", VERSIONS)
def test_monitors_hear_of_changed_rules(switch, version):
    secure(switch)
    ofctl(switch, "add-flow", "priority=3,in_port=3,actions=output:4", version=version)
    m = Monitor(switch, version, False, "watch:!own")
    m.wait("in_port=3")
    ofctl(switch, "add-flow", "cookie=0x5,priority=5,in_port=1,actions=output:2", version=version)
    m.wait("event=ADDED table=0 cookie=0x5")
    ofctl(switch, "mod-flows", "in_port=1,actions=drop", version=version)
    m.wait("event=MODIFIED")
    ofctl(switch, "add-flow", "hard_timeout=1,priority=7,in_port=2,actions=drop", version=version)
    m.wait("reason=hard")
    ofctl(switch, "del-flows", "in_port=1", version=version)
    m.wait("reason=delete")


def test_an_error_tells_which_message_was_wrong_and_a_port_its_speed(switch):
    """The whole message comes back, so that ovs-ofctl can say what it was; as from Open vSwitch."""
    switch.add_veth_host("v", None)
    ofctl(switch, "add-flow", "check_overlap,priority=7,dl_src=02:00:00:00:00:01,actions=drop")
    p = ofctl(switch, "add-flow", "check_overlap,priority=7,dl_dst=02:00:00:00:00:02,actions=drop", check=False)
    assert "OFPFMFC_OVERLAP" in p.stderr and "ADD priority=7,dl_dst=02:00:00:00:00:02 check_overlap" in p.stderr
    for version in VERSIONS:
        text = ofctl(switch, "dump-ports-desc" if version != "OpenFlow10" else "show", version=version)
        assert re.search(r"1\(v\).*(\n .*)*\n +current: +10GB-FD\n +speed: 10000 Mbps now", text), text


@pytest.mark.parametrize("version", VERSIONS)
def test_a_switch_describes_itself_as_controllers_expect(switch, version):
    """They choose a driver by who made a switch."""
    text = ofctl(switch, "dump-desc", version=version)
    for line in ("Manufacturer: Nicira, Inc.", "Hardware: Open vSwitch", "Software: 3.1.0", "DP Description: br0"):
        assert line in text


def test_a_changed_datapath_id_and_type_connect_controllers_anew(switch):
    switch.vsctl("set-controller", "br0", f"unix:{switch.dir}/controller", "--", "set", "Controller", "br0", "inactivity_probe=0")
    controller = switch.ns.popen("/usr/bin/ovs-testcontroller", f"punix:{switch.dir}/controller",
                                 stdout=open(f"{switch.dir}/controller.txt", "w"), env=switch.env)
    wait_for(lambda: switch.get("Controller", "br0", "is_connected") == "true", "the controller to connect", 20)
    switch.vsctl("set", "Bridge", "br0", "other_config:datapath-id=00000000000000aa")
    wait_for(lambda: "sec_since_disconnect=" in switch.get("Controller", "br0", "status"), "the connection to end")
    wait_for(lambda: switch.get("Controller", "br0", "is_connected") == "true", "the controller to connect again", 20)
    assert "dpid:00000000000000aa" in ofctl(switch, "show")
    assert "NORMAL" not in ofctl(switch, "dump-flows")
    controller.kill()
    controller.wait()
    switch.vsctl("set", "Controller", "br0", "type=service")  # Then it is no controller that the bridge waits for.
    wait_for(lambda: "actions=NORMAL" in ofctl(switch, "dump-flows"), "NORMAL to be back", 20)
