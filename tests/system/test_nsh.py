"""Network service headers (RFC 8300) on the wire: rules come from ovs-ofctl, frames from scapy in one host, and what arrives in the
other is compared byte by byte."""

import pytest
from sluice import wait_for
from test_mpls import MACS, add, hosts, ip, raw, send  # noqa: F401 (hosts is a fixture)

NSH_MACS = MACS.replace(")", ", type=0x894f)")


def nsh(ttl=63, np=3, spi=0x12, si=255, flags=0, context=(1, 2, 3, 0xfffffffe), options=None):
    """The header's bytes; MD type 2 when there are options."""
    body = b"".join(c.to_bytes(4, "big") for c in context) if options is None else options
    words = 2 + len(body) // 4
    return ((flags << 12 | ttl << 6 | words).to_bytes(2, "big") + bytes([1 if options is None else 2, np]) + spi.to_bytes(3, "big") +
            bytes([si]) + body)


def frame(header, inner=None):
    return raw(NSH_MACS) + header + (raw(f"{MACS}/{ip()}") if inner is None else inner)


# Name, rules, frame, what must arrive.
CASES = [
    ("forward to the next function", ["dl_type=0x894f,nsh_spi=0x12,nsh_si=255,actions=dec_nsh_ttl,set_field:254->nsh_si,output:2"],
     frame(nsh()), frame(nsh(ttl=62, si=254))),
    ("context headers", ["dl_type=0x894f,nsh_mdtype=1,nsh_c1=1,nsh_c4=0xfffffffe,actions=set_field:0x5/0xf->nsh_c4,"
                         "move:NXOXM_NSH_C2[]->NXOXM_NSH_C3[],load:7->NXOXM_NSH_C1[8..15],output:2"],
     frame(nsh()), frame(nsh(context=(0x701, 2, 2, 0xfffffff5)))),
    ("flags and path", ["dl_type=0x894f,nsh_flags=2/2,nsh_np=1,actions=set_field:1->nsh_flags,set_field:0xabcdef->nsh_spi,output:2"],
     frame(nsh(flags=2, np=1)), frame(nsh(flags=1, np=1, spi=0xabcdef))),
    ("MD type 2", ["dl_type=0x894f,nsh_mdtype=2,nsh_ttl=5,actions=set_field:9->nsh_ttl,dec_nsh_ttl,set_field:7->nsh_c1,output:2"],
     frame(nsh(ttl=5, options=b"\x10\x00\x0a\x04abcd")), frame(nsh(ttl=8, options=b"\x10\x00\x0a\x04abcd"))),
    ("behind a tag", ["dl_vlan=5,dl_type=0x894f,nsh_si=255,actions=dec_nsh_ttl,strip_vlan,output:2"],
     frame(nsh())[:12] + b"\x81\x00\x00\x05" + frame(nsh())[12:], frame(nsh(ttl=62))),
    ("in two tables", ["dl_type=0x894f,actions=set_field:3->nsh_si,dec_nsh_ttl,resubmit(,1)", "table=1,dl_type=0x894f,nsh_si=3,nsh_ttl=4,actions=2"],
     frame(nsh(ttl=5)), frame(nsh(ttl=4, si=3))),
]


@pytest.mark.san
def test_service_headers_are_matched_and_set(switch, hosts):  # noqa: F811
    a, b = hosts
    for name, rules, sent, want in CASES:
        switch.command("ovs-ofctl", "-OOpenFlow13", "del-flows", "br0")
        add(switch, *rules)
        for i in range(3):  # By the slow path and by the caches.
            send(a, sent)
            got = b.next()
            assert got == want, f"{name}: sent {sent.hex()}, want {want.hex()}, got {got.hex()}"
    flow = next(f for f in switch.appctl("dpctl/dump-flows").splitlines() if "nsh(" in f)
    assert "eth_type(0x894f),nsh(" in flow, flow
    switch.assert_nothing_vanished()


def test_packets_of_any_ttl_share_a_flow_and_those_without_are_dropped(switch, hosts):  # noqa: F811
    a, b = hosts
    add(switch, "dl_type=0x894f,actions=dec_nsh_ttl,output:2")
    for ttl in range(2, 12):
        send(a, frame(nsh(ttl)))
        assert b.next() == frame(nsh(ttl - 1))
    flows = [f for f in switch.appctl("dpctl/dump-flows").splitlines() if "dec_nsh_ttl" in f]
    assert len(flows) == 1, flows
    before = switch.drops().get("ttl-expired", 0)
    for ttl in (1, 0):
        send(a, frame(nsh(ttl)))
    wait_for(lambda: switch.drops().get("ttl-expired", 0) == before + 2, "two packets whose time is over")
    switch.assert_nothing_vanished()


def test_a_header_that_contradicts_itself_is_not_believed(switch, hosts):  # noqa: F811
    """It is forwarded by what is outside, as it is."""
    a, b = hosts
    add(switch, "priority=2,dl_type=0x894f,nsh_mdtype=1,actions=drop", "priority=2,dl_type=0x894f,nsh_mdtype=2,actions=drop",
        "priority=1,dl_type=0x894f,actions=dec_nsh_ttl,set_field:7->nsh_si,output:2")
    good = nsh()
    for bad in (b"\x40" + good[1:], good[:1] + b"\xc5" + good[2:], good[:1] + b"\xff\x02" + good[3:], good[:1] + b"\xc1\x02" + good[3:]):
        send(a, frame(bad))
        assert b.next() == frame(bad)
    send(a, raw(NSH_MACS) + good[:20])
    assert b.next() == raw(NSH_MACS) + good[:20]
    switch.assert_nothing_vanished()
