"""Output of the first bytes of packets: what arrives, what is counted, what a controller sends."""

import pytest
from sluice import wait_for
from test_mpls import MACS, hosts, ip, raw, send  # noqa: F401 (hosts is a fixture)


def add(switch, rule):
    switch.command("ovs-ofctl", "-OOpenFlow13", "add-flow", "br0", rule)


@pytest.mark.san
def test_a_port_gets_the_first_bytes(switch, hosts):  # noqa: F811
    a, b = hosts
    frame = raw(f"{MACS}/{ip()}")
    for max_len in (14, 15, 34, 60, len(frame), 4294967295):
        switch.command("ovs-ofctl", "del-flows", "br0")
        add(switch, f"in_port=1,ip,actions=output(port=2,max_len={max_len})")
        for i in range(3):  # By the slow path and by the caches.
            send(a, frame)
            got = b.next()
            assert got == frame[:max_len], f"{max_len}: {got.hex()}"
        wait_for(lambda: f"n_packets=3, n_bytes={3 * len(frame)}," in switch.command("ovs-ofctl", "dump-flows", "br0", "in_port=1"),
                 "the rule to count the whole packets")
    flow = next(f for f in switch.appctl("dpctl/dump-flows").splitlines() if "trunc(" in f)
    assert "actions:trunc(4294967295)," in flow, flow
    switch.assert_nothing_vanished()


def test_a_copy_is_cut_and_the_packet_is_not(switch, hosts):  # noqa: F811
    a, b = hosts
    frame = raw(f"{MACS}/{ip()}")
    moved = frame[:6] + bytes.fromhex("020000000077") + frame[12:]
    add(switch, "in_port=1,ip,actions=output(port=2,max_len=20),set_field:02:00:00:00:00:77->eth_src,output(port=2,max_len=40),output:2")
    for i in range(3):
        send(a, frame)
        assert [b.next() for _ in range(3)] == [frame[:20], moved[:40], moved]
    switch.assert_nothing_vanished()


def test_a_checksum_is_that_of_the_whole_packet(switch):
    """The kernel leaves it to the switch, as to a network card."""
    from scapy.all import IP
    a = switch.add_host("a", "10.0.0.1")
    b = switch.add_host("b", "10.0.0.2")
    switch.command("ovs-ofctl", "add-flow", "br0", "priority=2,udp,tp_dst=9,in_port=1,actions=output(port=2,max_len=80)")
    switch.command("ovs-ofctl", "add-flow", "br0", "priority=1,actions=normal")
    assert a.ping("10.0.0.2")
    listener = b.popen("/usr/bin/python3", "-c",
                       "import socket; s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x800)); s.bind(('eth0', 0x800)); "
                       "print('ready', flush=True)\n"
                       "while True:\n"
                       "    data = s.recv(65535)\n"
                       "    if data[23] == 17: print(data.hex(), flush=True)\n")
    assert listener.stdout.readline().strip() == "ready"
    a.run("/usr/bin/python3", "-c", "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); "
          "s.sendto(b'x' * 1000, ('10.0.0.2', 9))")
    got = bytes.fromhex(listener.stdout.readline().strip())
    assert len(got) == 80 and int.from_bytes(got[16:18], "big") == 1028, got.hex()
    whole = IP(got[14:42] + b"x" * 1000)
    checksum = whole[1].chksum
    del whole[1].chksum
    assert checksum == IP(bytes(whole))[1].chksum, got.hex()
    listener.kill()
    listener.wait()
    switch.assert_nothing_vanished()


def test_a_controllers_packet_is_cut(switch, hosts):  # noqa: F811
    frame = raw(f"{MACS}/{ip()}")
    for _ in range(2):
        switch.command("ovs-ofctl", "packet-out", "br0", f"in_port=CONTROLLER packet={frame.hex()} actions=output(port=2,max_len=33)")
        assert hosts[1].next() == frame[:33]
    switch.assert_nothing_vanished()


def test_what_it_cannot_send_to_is_explained(switch):
    switch.add_host("a", None)
    switch.vsctl("add-br", "br1", "--", "add-port", "br0", "pa", "--", "set", "interface", "pa", "type=patch", "options:peer=pb",
                 "ofport_request=9", "--", "add-port", "br1", "pb", "--", "set", "interface", "pb", "type=patch", "options:peer=pa")
    add(switch, "in_port=1,actions=output(port=9,max_len=100),output(port=1,max_len=100),output(port=IN_PORT,max_len=64)")
    trace = switch.appctl("ofproto/trace", "br0", "in_port=1")
    for line in (">> output_trunc does not support patch port pa", ">> skipping output to input port", "Datapath actions: trunc(64),"):
        assert line in trace, trace
