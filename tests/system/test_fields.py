"""What actions write into packets, and what they ask of them, in the datapath: seen by hosts."""

import re

from sluice import wait_for


def add_flows(switch, *flows):
    switch.command("ovs-ofctl", "-OOpenFlow13", "del-flows", "br0")
    for flow in flows:
        switch.command("ovs-ofctl", "-OOpenFlow13", "--names", "add-flow", "br0", flow)


def n_packets(switch, match):
    text = switch.command("ovs-ofctl", "-OOpenFlow13", "--names", "dump-flows", "br0", match)
    return sum(int(n) for n in re.findall(r"n_packets=(\d+)", text))


def test_a_rule_answers_arp(switch):
    a = switch.add_host("a", "10.0.0.1")
    add_flows(switch, "arp,arp_op=1,arp_tpa=10.0.0.9,actions=move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[],mod_dl_src:02:00:00:00:00:09,"
              "set_field:2->arp_op,move:NXM_NX_ARP_SHA[]->NXM_NX_ARP_THA[],set_field:02:00:00:00:00:09->arp_sha,"
              "move:NXM_OF_ARP_SPA[]->NXM_OF_ARP_TPA[],set_field:10.0.0.9->arp_spa,in_port")
    a.ping("10.0.0.9", count=1, wait=1)
    wait_for(lambda: "02:00:00:00:00:09" in a.run("ip", "neigh", "show", "10.0.0.9"), "an answer of the rule's")


def test_a_rule_answers_neighbour_solicitations(switch):
    a = switch.add_host("a", "10.0.0.1")
    a.run("ip", "addr", "add", "fd00::1/64", "dev", "eth0", "nodad")
    # The kernel checks the checksum, the hop limit and the flags of the answer.
    add_flows(switch, "icmp6,icmpv6_type=135,nd_target=fd00::9,actions=move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[],mod_dl_src:02:00:00:00:00:09,"
              "set_field:2->nd_options_type,set_field:0x60000000->nd_reserved,move:NXM_NX_IPV6_SRC[]->NXM_NX_IPV6_DST[],"
              "set_field:fd00::9->ipv6_src,set_field:136->icmpv6_type,resubmit(,1)",
              "table=1,icmp6,icmpv6_type=136,actions=set_field:02:00:00:00:00:09->nd_tll,in_port")
    a.run("ping", "-6", "-c1", "-W1", "fd00::9", check=False)
    wait_for(lambda: "02:00:00:00:00:09" in a.run("ip", "-6", "neigh", "show", "fd00::9"), "an answer of the rule's")


def test_large_packets_take_another_way(switch):
    a = switch.add_host("a", "10.0.0.1")
    b = switch.add_host("b", "10.0.0.2")
    add_flows(switch, "arp,actions=normal",
              "ip,actions=check_pkt_larger(500)->NXM_NX_REG0[0],resubmit(,1)",
              "table=1,reg0=0,actions=normal", "table=1,reg0=1,in_port=b,actions=drop", "table=1,reg0=1,in_port=a,actions=normal")
    assert a.ping("10.0.0.2") and b.ping("10.0.0.1")
    assert not n_packets(switch, "table=1,reg0=1")
    p = a.run("ping", "-q", "-n", "-c3", "-i", "0.05", "-W1", "-s", "458", "10.0.0.2")  # 500 bytes with all headers.
    assert " 0% packet loss" in p
    p = a.run("ping", "-q", "-n", "-c3", "-i", "0.05", "-W1", "-s", "459", "10.0.0.2", check=False)
    assert "100% packet loss" in p.stdout
    wait_for(lambda: n_packets(switch, "table=1,reg0=1,in_port=a") == 3 and n_packets(switch, "table=1,reg0=1,in_port=b") == 3,
             "the rules of long packets to be credited")
    assert "check_pkt_len(size=500" in switch.appctl("dpctl/dump-flows")
