"""What one port may take from the others: nothing. And the switches' knobs that work while it runs."""

import re
import time

import pytest
from sluice import wait_for

# As many new flows as a host can make: a source address of its own in each frame.
FLOOD = """
import socket, struct, time
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind(("eth0", 0))
i = 0
print("ready", flush=True)
while True:
    i += 1
    try:
        s.send(b"\\x02\\x01" + struct.pack("!I", i) + b"\\x02\\x02" + struct.pack("!I", i) + b"\\x88\\xb5" + bytes(46))
    except OSError:
        time.sleep(0.001)
"""


@pytest.mark.san
@pytest.mark.alone
def test_port_that_floods_new_flows_starves_only_itself(switch):
    a = switch.add_host("a", "10.0.0.1")
    b = switch.add_host("b", "10.0.0.2")
    c = switch.add_host("c", None)
    assert a.ping("10.0.0.2")
    p = c.popen("/usr/bin/python3", "-c", FLOOD)
    assert p.stdout.readline().startswith("ready")
    time.sleep(1)
    for n in range(10, 20):  # A new address is a new flow or two, and ARP.
        b.run("ip", "addr", "add", f"10.0.0.{n}/24", "dev", "eth0")
        a.run("ip", "neigh", "flush", "all")
        switch.appctl("dpctl/del-flows")
        assert a.ping(f"10.0.0.{n}", count=3, wait=2), "a new flow of a quiet port does not come through"
    p.kill()
    shown = re.search(r"flows +(\d+)\n", switch.appctl("upcall/show"))
    limit = re.search(r"flow-limit +(\d+)", switch.appctl("upcall/show"))
    assert int(shown[1]) <= int(limit[1])
    switch.assert_nothing_vanished()


@pytest.mark.alone
def test_number_of_cached_flows_has_a_limit_that_can_be_set(switch):
    switch.vsctl("set", "Open_vSwitch", ".", "other_config:flow-limit=100")
    a = switch.add_host("a", "10.0.0.1")
    switch.add_host("b", "10.0.0.2")
    c = switch.add_host("c", None)
    p = c.popen("/usr/bin/python3", "-c", FLOOD)
    time.sleep(2)
    assert len(switch.appctl("dpctl/dump-flows").splitlines()) <= 101
    assert a.ping("10.0.0.2", count=3)
    p.kill()
    wait_for(lambda: a.ping("10.0.0.2"), "traffic after the flood")
    switch.assert_nothing_vanished()


def test_log_levels_change_while_programs_run(switch):
    for target, program in (("ovs-vswitchd", "sluice-vswitchd"), ("ovsdb-server", "sluice-db"),
                            ("sluice-datapath", "sluice-datapath")):
        shown = switch.command("ovs-appctl", "-t", target, "vlog/list")
        assert "INFO" in shown and "DBG" not in shown
        module = shown.splitlines()[2].split()[0]
        switch.command("ovs-appctl", "-t", target, "vlog/set", f"{module}:dbg")
        shown = switch.command("ovs-appctl", "-t", target, "vlog/list")
        assert re.search(rf"^{module} +OFF +OFF +DBG$", shown, re.M) and shown.count("DBG") == 1
        switch.command("ovs-appctl", "-t", target, "vlog/set", "dbg")
        assert "INFO" not in switch.command("ovs-appctl", "-t", target, "vlog/list")
        switch.command("ovs-appctl", "-t", target, "vlog/set", "off")
        size = len(switch.log(program))
        p = switch.command("ovs-appctl", "-t", target, "vlog/set", "nonsense", check=False)
        assert p.returncode != 0 and "'nonsense'" in p.stderr
        assert len(switch.log(program)) == size


def test_taps_offer_segmentation_and_checksums_from_the_start(switch):
    a = switch.add_host("a", "10.0.0.1")
    features = a.run("ethtool", "-k", "eth0")
    for feature in ("tx-checksum-ip-generic", "tcp-segmentation-offload", "tx-tcp-segmentation", "tx-tcp6-segmentation",
                    "tx-tcp-ecn-segmentation", "scatter-gather"):
        assert re.search(rf"^\s*{feature}: on", features, re.M), feature
