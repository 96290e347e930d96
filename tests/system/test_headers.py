"""The switch looks into every header: a rule that matches a field makes a cached flow whose key shows what was parsed.

Frames are made by scapy and rules come from ovs-ofctl, so that neither end of the parser is ours."""

import re
import time

import pytest
from sluice import wait_for

MACS = "Ether(src='02:00:00:00:00:01', dst='02:00:00:00:00:02')"
IP4 = f"{MACS}/IP(src='10.0.0.1', dst='10.0.0.2')"
IP6 = f"{MACS}/IPv6(src='fd00::1', dst='fd00::2')"
OPTIONS = f"{MACS}/IP(src='10.0.0.1', dst='10.0.0.2', options=[IPOption(b'\\x07\\x07\\x04' + bytes(4)), IPOption_EOL()])"

# Name, frame for scapy, rule for ovs-ofctl, what the cached flow must show.
CASES = [
    ("qinq", "Ether(src='02:00:00:00:00:01', dst='02:00:00:00:00:02', type=0x88a8)/Dot1Q(vlan=30, prio=5, type=0x8100)/"
             "Dot1Q(vlan=7)/IP()/UDP()", "dl_vlan=30,dl_vlan_pcp=5", ["vid=30,pcp=5", "encap("]),
    ("vlan", f"{MACS}/Dot1Q(vlan=9, prio=2)/IP()/UDP(dport=53)", "dl_vlan=9,udp,tp_dst=53", ["vid=9", "udp(dst=53)"]),
    ("arp", f"{MACS}/ARP(op=2, psrc='10.0.0.1', pdst='10.0.0.2', hwsrc='02:00:00:00:00:01', hwdst='02:00:00:00:00:02')",
     "arp,arp_op=2,arp_spa=10.0.0.1,arp_tpa=10.0.0.2,arp_sha=02:00:00:00:00:01,arp_tha=02:00:00:00:00:02",
     ["arp(sip=10.0.0.1,tip=10.0.0.2,op=2,sha=02:00:00:00:00:01,tha=02:00:00:00:00:02)"]),
    ("ip", f"{IP4[:-1]}, tos=0x28, ttl=7)/UDP(sport=1, dport=2)", "ip,nw_src=10.0.0.1,nw_tos=0x28,nw_ttl=7",
     ["src=10.0.0.1", "tos=0x28", "ttl=7"]),
    ("ip-options", f"{OPTIONS}/UDP(sport=1, dport=5353)", "udp,tp_dst=5353", ["udp(dst=5353)"]),
    ("ip-fragment-first", f"{IP4[:-1]}, flags='MF')/UDP(dport=6)/Raw(b'x'*64)", "udp,tp_dst=6,nw_frag=first",
     ["frag=first", "udp(dst=6)"]),
    ("ip-fragment-later", f"{IP4[:-1]}, frag=9, proto=17)/Raw(b'x'*64)", "udp,nw_frag=later", ["frag=later"]),
    ("tcp", f"{IP4}/TCP(sport=3, dport=4, flags='SA')", "tcp,tp_src=3,tp_dst=4", ["tcp(src=3,dst=4"]),
    ("sctp", f"{IP4}/SCTP(sport=5, dport=6)/SCTPChunkData(data='x')", "sctp,tp_src=5,tp_dst=6", ["sctp(src=5,dst=6)"]),
    ("icmp", f"{IP4}/ICMP(type=3, code=4)", "icmp,icmp_type=3,icmp_code=4", ["icmp(type=3,code=4)"]),
    ("ipv6", f"{IP6[:-1]}, fl=5, hlim=9)/UDP(dport=8)", "udp6,ipv6_src=fd00::1,ipv6_label=5,tp_dst=8",
     ["src=fd00::1", "label=0x5", "udp(dst=8)"]),
    ("ipv6-extensions", f"{IP6}/IPv6ExtHdrHopByHop()/IPv6ExtHdrDestOpt()/IPv6ExtHdrRouting()/TCP(dport=443)",
     "tcp6,tp_dst=443", ["proto=6", "tcp(dst=443)"]),
    ("ipv6-fragment-first", f"{IP6}/IPv6ExtHdrFragment(m=1)/UDP(dport=10)/Raw(b'x'*64)", "udp6,tp_dst=10,nw_frag=first",
     ["frag=first", "udp(dst=10)"]),
    ("ipv6-fragment-later", f"{IP6}/IPv6ExtHdrFragment(offset=8, nh=17)/Raw(b'x'*64)", "udp6,nw_frag=later",
     ["proto=17", "frag=later"]),
    ("sctp6", f"{IP6}/SCTP(sport=5, dport=6)/SCTPChunkData(data='x')", "sctp6,tp_dst=6", ["sctp(dst=6)"]),
    ("icmp6", f"{IP6}/ICMPv6EchoRequest()", "icmp6,icmp_type=128", ["icmpv6(type=128"]),
    ("neighbour-solicitation", f"{IP6[:-1]}, hlim=255)/ICMPv6ND_NS(tgt='fd00::2')/ICMPv6NDOptSrcLLAddr(lladdr='02:00:00:00:00:01')",
     "icmp6,icmp_type=135,nd_target=fd00::2,nd_sll=02:00:00:00:00:01", ["nd(target=fd00::2,sll=02:00:00:00:00:01"]),
    ("neighbour-advertisement", f"{IP6[:-1]}, hlim=255)/ICMPv6ND_NA(tgt='fd00::1')/ICMPv6NDOptDstLLAddr(lladdr='02:00:00:00:00:01')",
     "icmp6,icmp_type=136,nd_target=fd00::1,nd_tll=02:00:00:00:00:01", ["nd(target=fd00::1,tll=02:00:00:00:00:01"]),
]


@pytest.mark.san
def test_every_header_is_matched_and_shown(switch):
    a = switch.add_host("a", None)
    b = switch.add_host("b", None)
    switch.vsctl("set-fail-mode", "br0", "secure")
    switch.command("ovs-ofctl", "set-frags", "br0", "nx-match")  # Else no fragment has ports.
    for name, frame, rule, shown in CASES:
        switch.command("ovs-ofctl", "-OOpenFlow13", "del-flows", "br0")
        switch.command("ovs-ofctl", "-OOpenFlow13", "add-flow", "br0", f"in_port=1,{rule},actions=output:2")
        # What comes out of the other port.
        p = b.popen("tcpdump", "-l", "-n", "-x", "-c", "1", "-i", "eth0", "-Q", "in", "ether", "src", "02:00:00:00:00:01")
        while "listening on" not in p.stdout.readline():
            assert p.poll() is None, "tcpdump ended"
        a.run("/usr/bin/python3", "-c", f"from scapy.all import *; sendp({frame}, iface='eth0', verbose=0)")
        wait_for(lambda: p.poll() is not None, f"{name}: the frame to match '{rule}' and come out: "
                 f"{switch.appctl('dpctl/dump-flows')}")
        flow = [f for f in switch.appctl("dpctl/dump-flows").splitlines() if "actions:3" in f]
        assert len(flow) == 1 and all(words in flow[0] for words in shown), (name, flow)
        assert re.search(r"packets:1\b", flow[0]), (name, flow)
    switch.assert_nothing_vanished()
