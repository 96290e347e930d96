"""What controllers do besides flow mods: packet-outs, packet-ins, roles, barriers, connections. The peers are Debian's
ovs-ofctl and os-ken."""

import pytest

from sluice import wait_for

from test_learning import Listening

VERSIONS = ["OpenFlow10", "OpenFlow13"]


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
