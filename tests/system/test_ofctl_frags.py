"""What becomes of IP fragments (OFPT_SET_CONFIG): rules see the same of them on a bridge of Sluice's as on one of Debian's ovs-vswitchd, whichever tool
says so."""

import re

import pytest
from ofctl import VERSIONS, tools  # noqa: F401 (a fixture)
from sluice import wait_for

FIRST, LATER, WHOLE, IPV6 = ["020000000002020000000001" + p for p in (
    "08004500002400012000401146c70a0000010a000002" + "0014005000100000" + "00" * 8,
    "08004500002400010001401166c60a0000010a000002" + "00" * 16,
    "08004500002400010000401166c70a0000010a000002" + "0014005000100000" + "00" * 8,
    "86dd6000000000182c40" + "fd" + "00" * 14 + "01fd" + "00" * 14 + "02" + "1100000100000001" + "0014005000100000" + "00" * 8)]
RULES = {"ports": "udp,udp_dst=80,priority=9", "no ports": "udp,udp_dst=0,priority=8", "six": "udp6,udp_dst=80,priority=7",
         "six none": "udp6,udp_dst=0,priority=6", "rest": "priority=0"}


def counts(ovs):
    dump = ovs("dump-flows", "br0")
    return {name: int(re.search(rf"cookie=0x{i:x},.*n_packets=(\d+)", dump).group(1)) for i, name in enumerate(RULES, 1)}


@pytest.mark.san
def test_rules_see_of_fragments_what_the_mode_says(tools):  # noqa: F811
    ovs, sluice = tools
    packets = {"first": FIRST, "later": LATER, "whole": WHOLE, "IPv6's first": IPV6}
    for i, rule in enumerate(RULES.values(), 1):
        ovs("add-flow", "br0", f"cookie={i},{rule},actions=2")
    for mode, want in (("normal", ["no ports", "no ports", "ports", "six none"]), ("nx-match", ["ports", "no ports", "ports", "six"]),
                       ("drop", [None, None, "ports", None]), ("normal", ["no ports", "no ports", "ports", "six none"])):
        sluice("set-frags", "br0", mode)
        assert ovs("get-frags", "br0") == sluice("get-frags", "br0") == mode + "\n"
        for (name, packet), rule in zip(packets.items(), want):
            before = counts(ovs)
            ovs("packet-out", "br0", f"in_port=1,packet={packet},actions=table")
            if rule:
                wait_for(lambda r=rule, b=before: counts(ovs)[r] == b[r] + 1, f"{mode}: the {name} packet at '{rule}'")
            ovs("packet-out", "br0", f"in_port=1,packet={WHOLE},actions=table")
            wait_for(lambda r=rule, b=before: counts(ovs)["ports"] == b["ports"] + 1 + (r == "ports"), "the packet behind it")
            after = counts(ovs)
            assert sum(after.values()) == sum(before.values()) + 1 + bool(rule), (mode, name)


@pytest.mark.parametrize("version", VERSIONS)
def test_either_tool_sets_the_mode_in_every_version(tools, version):  # noqa: F811
    ovs, sluice = tools
    for one, other in (tools, tools[::-1]):
        for mode in ("drop", "nx-match", "normal"):
            one("-O", version, "set-frags", "br0", mode)
            assert other("-O", version, "get-frags", "br0") == mode + "\n"
    for tool in tools:
        tool("-O", version, "set-frags", "br0", "reassemble", fails=True)
        assert tool("-O", version, "get-frags", "br0") == "normal\n"
