"""Labels, backbone frames and TTLs on the wire: rules come from ovs-ofctl (and, for what it does not know, from sluice-ofctl),
frames from scapy in one host, and what arrives in the other is compared byte by byte."""

import base64
import functools
import os
import re

import pytest
from sluice import BIN, wait_for

OFCTL = os.path.join(BIN, "sluice-ofctl")
MACS = "Ether(src='02:00:00:00:00:01', dst='02:00:00:00:00:02')"
MPLS_MACS = "Ether(src='02:00:00:00:00:01', dst='02:00:00:00:00:02', type=0x8847)"


def ip(ttl=64, dst="10.0.0.2"):
    return f"IP(src='10.0.0.1', dst='{dst}', ttl={ttl})/UDP(sport=5, dport=53)/Raw(b'payload-of-30-bytes-and-no-less')"


def ip6(hlim=64):
    return f"IPv6(src='fd00::1', dst='fd00::2', hlim={hlim})/UDP(sport=5, dport=53)/Raw(b'payload')"


@functools.cache
def words():
    """What scapy calls things. Not imported above: that takes a second."""
    names = {}
    exec("from scapy.all import *; from scapy.contrib.mpls import MPLS", names)
    return names


def raw(expression):
    return bytes(eval(expression, words()))


def send(host, frame):
    host.run("/usr/bin/python3", "-c",
             "import base64, socket, sys; s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind(('eth0', 0)); "
             "s.send(base64.b64decode(sys.argv[1]))", base64.b64encode(frame).decode())


class Listener:
    """Frames that reach a host from the tests' address, in their order."""

    # The kernel takes the outermost tag out and tells it apart (packet(7): PACKET_AUXDATA, 8 of SOL_PACKET 263).
    CODE = ("import socket, struct; s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)); s.bind(('eth0', 3)); "
            "s.setsockopt(263, 8, 1); print('ready', flush=True)\n"
            "while True:\n"
            "    data, aux, _, where = s.recvmsg(65535, 256)\n"
            "    status, tci, tpid = struct.unpack('I12xHH', aux[0][2])\n"
            "    if status & 16:\n"
            "        data = data[:12] + struct.pack('!HH', tpid, tci) + data[12:]\n"
            "    if where[2] != 4 and data[6:12] in (b'\\x02\\0\\0\\0\\0\\1', b'\\x02\\0\\0\\0\\0\\x77', b'\\x04\\0\\0\\0\\0\\1'):\n"
            "        print(data.hex(), flush=True)\n")

    def __init__(self, host):
        self.process = host.popen("/usr/bin/python3", "-c", self.CODE)
        assert self.process.stdout.readline().strip() == "ready"

    def next(self):
        return bytes.fromhex(self.process.stdout.readline().strip())

    def close(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture
def hosts(switch):
    a, b = switch.add_host("a", None), switch.add_host("b", None)
    switch.vsctl("set-fail-mode", "br0", "secure")
    listener = Listener(b)
    yield a, listener
    listener.close()


def add(switch, *rules, version="OpenFlow13"):
    for rule in rules:
        switch.command("ovs-ofctl", f"-O{version}", "add-flow", "br0", rule)


# Name, rules, frame, what must arrive.
CASES = [
    ("push", ["ip,actions=push_mpls:0x8847,set_field:100->mpls_label,set_field:3->mpls_tc,output:2"],
     f"{MACS}/{ip()}", f"{MPLS_MACS}/MPLS(label=100, cos=3, s=1, ttl=64)/{ip()}"),
    ("push behind a tag", ["dl_vlan=5,actions=push_mpls:0x8847,output:2"],
     f"{MACS}/Dot1Q(vlan=5)/{ip()}", f"{MACS}/Dot1Q(vlan=5, type=0x8847)/MPLS(label=0, s=1, ttl=64)/{ip()}"),
    ("push another", ["mpls,actions=push_mpls:0x8847,set_mpls_ttl:9,output:2"],
     f"{MPLS_MACS}/MPLS(label=7, cos=5, s=1, ttl=33)/{ip()}",
     f"{MPLS_MACS}/MPLS(label=7, cos=5, s=0, ttl=9)/MPLS(label=7, cos=5, s=1, ttl=33)/{ip()}"),
    ("pop", ["mpls,mpls_label=16,mpls_bos=1,actions=pop_mpls:0x0800,output:2"],
     f"{MPLS_MACS}/MPLS(label=16, s=1, ttl=33)/{ip()}", f"{MACS}/{ip()}"),
    ("pop three and route", ["mpls,mpls_label=16,actions=pop_mpls:0x8847,resubmit(,1)",
                             "table=1,mpls,mpls_label=17,actions=pop_mpls:0x8847,resubmit(,2)",
                             "table=2,mpls,mpls_label=18,mpls_bos=1,actions=pop_mpls:0x0800,goto_table:3",
                             "table=3,ip,nw_dst=10.0.0.0/24,actions=dec_ttl,set_field:02:00:00:00:00:77->eth_src,output:2"],
     f"{MPLS_MACS}/MPLS(label=16, s=0)/MPLS(label=17, s=0)/MPLS(label=18, s=1)/{ip()}",
     f"Ether(src='02:00:00:00:00:77', dst='02:00:00:00:00:02')/{ip(63)}"),
    ("pop four", ["mpls,mpls_label=16,actions=pop_mpls:0x8847,pop_mpls:0x8847,pop_mpls:0x8847,resubmit(,1)",
                  "table=1,mpls,mpls_label=19,actions=pop_mpls:0x86dd,resubmit(,2)", "table=2,udp6,tp_dst=53,actions=output:2"],
     f"{MPLS_MACS}/MPLS(label=16, s=0)/MPLS(label=17, s=0)/MPLS(label=18, s=0)/MPLS(label=19, s=1)/{ip6()}", f"{MACS}/{ip6()}"),
    ("pop and set", ["mpls,actions=pop_mpls:0x0800,set_field:10.9.9.9->ip_dst,output:2"],
     f"{MPLS_MACS}/MPLS(label=16, s=1)/{ip()}", f"{MACS}/{ip(dst='10.9.9.9')}"),
    ("pop and set ports", ["mpls,actions=pop_mpls:0x0800,resubmit(,1)", "table=1,udp,actions=set_field:54->udp_dst,output:2"],
     f"{MPLS_MACS}/MPLS(label=16, s=1)/{ip()}", f"{MACS}/{ip()}".replace("dport=53", "dport=54")),
    ("swap", ["mpls,mpls_label=16,actions=dec_mpls_ttl,set_field:17->mpls_label,output:2"],
     f"{MPLS_MACS}/MPLS(label=16, cos=2, s=1, ttl=33)/{ip()}", f"{MPLS_MACS}/MPLS(label=17, cos=2, s=1, ttl=32)/{ip()}"),
    ("load and move", ["mpls,actions=load:5->OXM_OF_MPLS_LABEL[0..3],move:OXM_OF_MPLS_TC[]->OXM_OF_MPLS_LABEL[4..6],output:2"],
     f"{MPLS_MACS}/MPLS(label=0x100, cos=2, s=1, ttl=33)/{ip()}", f"{MPLS_MACS}/MPLS(label=0x125, cos=2, s=1, ttl=33)/{ip()}"),
    ("dec_ttl of IPv6", ["ipv6,actions=dec_ttl,output:2"], f"{MACS}/{ip6()}", f"{MACS}/{ip6(63)}"),
    ("action set", ["ip,actions=write_actions(push_mpls:0x8847,set_field:9->mpls_label,output:2,push_vlan:0x8100)"],
     f"{MACS}/{ip()}", f"{MACS}/Dot1Q(vlan=0, type=0x8847)/MPLS(label=9, s=1, ttl=64)/{ip()}"),
]


@pytest.mark.san
def test_labels_on_the_wire(switch, hosts):
    a, b = hosts
    for name, rules, frame, want in CASES:
        switch.command("ovs-ofctl", "-OOpenFlow13", "del-flows", "br0")
        add(switch, *rules)
        frame, want = raw(frame), raw(want)
        for i in range(3):  # By the slow path and by the caches.
            send(a, frame)
            got = b.next()
            assert got == want, f"{name}: sent {frame.hex()}, want {want.hex()}, got {got.hex()}"
    switch.assert_nothing_vanished()


def test_packets_of_any_ttl_share_a_flow_and_those_without_are_dropped(switch, hosts):
    a, b = hosts
    add(switch, "ip,actions=dec_ttl,output:2", "mpls,actions=dec_mpls_ttl,output:2")
    for ttl in range(2, 12):
        send(a, raw(f"{MACS}/{ip(ttl)}"))
        assert b.next() == raw(f"{MACS}/{ip(ttl - 1)}")
        send(a, raw(f"{MPLS_MACS}/MPLS(label=16, s=1, ttl={ttl})/{ip()}"))
        assert b.next() == raw(f"{MPLS_MACS}/MPLS(label=16, s=1, ttl={ttl - 1})/{ip()}")
    flows = [f for f in switch.appctl("dpctl/dump-flows").splitlines() if "dec_" in f]
    assert len(flows) == 2, flows
    before = switch.drops().get("ttl-expired", 0)
    send(a, raw(f"{MACS}/{ip(1)}"))
    send(a, raw(f"{MPLS_MACS}/MPLS(label=16, s=1, ttl=0)/{ip()}"))
    wait_for(lambda: switch.drops().get("ttl-expired", 0) == before + 2, "two packets whose time is over")
    switch.assert_nothing_vanished()


def test_ttls_are_copied_and_frames_wrapped_where_ovs_cannot(switch, hosts):
    a, b = hosts

    def check(rules, frame, want):
        switch.command("ovs-ofctl", "-OOpenFlow13", "del-flows", "br0")
        for rule in rules:
            switch.command(OFCTL, "-OOpenFlow13", "add-flow", "br0", rule)
        for i in range(2):
            send(a, raw(frame))
            got, expected = b.next(), raw(want)
            assert got == expected, f"{rules}: want {expected.hex()}, got {got.hex()}"

    check(["mpls,actions=copy_ttl_in,pop_mpls:0x0800,output:2"],
          f"{MPLS_MACS}/MPLS(label=16, s=1, ttl=9)/{ip()}", f"{MACS}/{ip(9)}")
    check(["mpls,actions=copy_ttl_out,output:2"],
          f"{MPLS_MACS}/MPLS(label=16, s=0, ttl=9)/MPLS(label=17, s=1, ttl=70)/{ip()}",
          f"{MPLS_MACS}/MPLS(label=16, s=0, ttl=70)/MPLS(label=17, s=1, ttl=70)/{ip()}")
    outer = "Ether(src='02:00:00:00:00:01', dst='02:00:00:00:00:02', type=0x88e7)/Raw(bytes.fromhex('{}'))"
    check(["dl_vlan=5,actions=push_pbb:0x88e7,set_field:0x123456->pbb_isid,output:2"],
          f"{MACS}/Dot1Q(vlan=5, prio=3)/{ip()}", f"{outer.format('60123456')}/{MACS}/Dot1Q(vlan=5, prio=3)/{ip()}")
    customer = MACS.replace("02:00", "04:00")
    check(["dl_type=0x88e7,pbb_isid=0x123456,actions=pop_pbb,goto_table:1",
           "table=1,udp,dl_src=04:00:00:00:00:01,tp_dst=53,actions=output:2"],
          f"{outer.format('60123456')}/{customer}/{ip()}", f"{customer}/{ip()}")
    text = switch.command(OFCTL, "-OOpenFlow13", "dump-flows", "br0")
    assert "pop_pbb" in text and "pbb_isid=0x123456" in text, text
    switch.command(OFCTL, "-OOpenFlow13", "del-flows", "br0")
    # Extension headers.
    switch.command(OFCTL, "-OOpenFlow13", "add-flow", "br0", "ipv6,ipv6_exthdr=0x40/0x40,actions=output:2")
    with_hop = f"{MACS}/IPv6(src='fd00::1', dst='fd00::2')/IPv6ExtHdrHopByHop()/UDP(dport=1)/Raw(b'payload')"
    send(a, raw(f"{MACS}/{ip6()}"))
    send(a, raw(with_hop))
    assert b.next() == raw(with_hop)


@pytest.mark.san
def test_a_trace_shows_where_a_packet_comes_back(switch, hosts):
    add(switch, "mpls,actions=pop_mpls:0x0800,resubmit(,1)", "table=1,ip,nw_dst=10.0.0.2,actions=output:2")
    text = switch.appctl("ofproto/trace", "br0", "in_port=1,mpls,mpls_label=16,mpls_bos=1")
    found = re.search(r"Datapath actions: pop_mpls\(eth_type=0x800\),recirc\((0x[0-9a-f]+)\)", text)
    assert found, text
    text = switch.appctl("ofproto/trace", "br0", f"in_port=1,recirc_id={found.group(1)},ip,nw_dst=10.0.0.2")
    assert re.search(r"Datapath actions: \d+$", text.strip()), text


FORMS = [
    ("push_mpls:0x8847,set_mpls_label:5,set_mpls_tc:3,set_mpls_ttl:9,dec_mpls_ttl,pop_mpls:0x0800",
     {"OpenFlow10": "push_mpls:0x8847,set_mpls_label(5),set_mpls_tc(3),set_mpls_ttl(9),dec_mpls_ttl,pop_mpls:0x0800",
      "OpenFlow13": "push_mpls:0x8847,set_field:5->mpls_label,set_field:3->mpls_tc,set_mpls_ttl(9),dec_mpls_ttl,pop_mpls:0x0800",
      "OpenFlow15": "push_mpls:0x8847,set_field:5->mpls_label,set_field:3->mpls_tc,set_mpls_ttl(9),dec_mpls_ttl,pop_mpls:0x0800"}),
]


@pytest.mark.san
def test_every_version_tells_what_it_was_told(switch):
    switch.vsctl("set-fail-mode", "br0", "secure")
    for actions, shown in FORMS:
        for version, want in shown.items():
            add(switch, f"ip,actions={actions},IN_PORT", version=version)
            for client in ("ovs-ofctl", OFCTL):
                text = switch.command(client, f"-O{version}", "dump-flows", "br0")
                assert f"actions={want},IN_PORT" in text, f"{client}, {version}: {text}"
