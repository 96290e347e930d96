"""Ports of type dpdk: any device that DPDK can attach, named by options:dpdk-devargs."""

import os

import pytest
from scapy.all import IP, UDP, Ether, rdpcap, wrpcap
from sluice import wait_for


def add_dpdk(switch, name, devargs, *more):
    switch.vsctl("add-port", "br0", name, "--", "set", "Interface", name, "type=dpdk",
                 f"options:dpdk-devargs={devargs}", *more)
    assert switch.get("Interface", name, "error") == "[]", switch.get("Interface", name, "error")


def counter(switch, name, column):
    return int(switch.get("Interface", name, f"statistics:{column}"))


def frames(n):
    """Frames of many sizes, all different."""
    return [Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / IP(src="10.0.0.1", dst="10.0.0.2") /
            UDP(sport=1000 + i, dport=5) / os.urandom(18 + i * 14) for i in range(n)]


@pytest.mark.san
def test_frames_of_a_capture_file_arrive_in_another_unchanged_and_in_order(switch):
    sent = frames(100)
    wrpcap(f"{switch.dir}/in.pcap", sent)
    add_dpdk(switch, "out", f"net_pcap_out,tx_pcap={switch.dir}/out.pcap")
    add_dpdk(switch, "in", f"net_pcap_in,rx_pcap={switch.dir}/in.pcap")
    wait_for(lambda: switch.totals()["rx"] >= 100, "the frames of the file")
    switch.assert_nothing_vanished()
    assert "in_port" in switch.appctl("dpctl/dump-flows")
    # The device writes its file to the end when it is closed.
    switch.vsctl("del-port", "out")
    got = [bytes(f) for f in rdpcap(f"{switch.dir}/out.pcap")]
    assert [f for f in got if f[6:12] == b"\x02\0\0\0\0\x01"] == [bytes(f) for f in sent]


def test_null_device_takes_what_it_is_sent(switch):
    add_dpdk(switch, "n0", "net_null_0,size=64,no-rx=1")
    a = switch.add_host("a", "10.0.0.1")
    assert not a.ping("10.0.0.2", count=1, wait=1)
    switch.vsctl("set", "Open_vSwitch", ".", "other_config:stats-update-interval=200")
    wait_for(lambda: counter(switch, "n0", "tx_packets") > 0, "packets sent to the device")
    assert switch.get("Interface", "n0", "link_state") == "up"


def test_ring_device_gives_back_what_it_is_sent(switch):
    wrpcap(f"{switch.dir}/in.pcap", frames(20))
    add_dpdk(switch, "r0", "net_ring0")
    add_dpdk(switch, "in", f"net_pcap_in,rx_pcap={switch.dir}/in.pcap")
    wait_for(lambda: switch.totals()["rx"] >= 40, "frames and their echo")
    switch.assert_nothing_vanished()


@pytest.mark.parametrize("driver", ["net_af_packet", "net_af_xdp"])
def test_device_over_a_kernel_interface_connects_a_container(switch, driver):
    host = switch.add_plain_host("x")
    host.address = "10.0.0.9"
    switch.ns.run("ip", "link", "add", "name", "under", "type", "veth", "peer", "name", "eth0", "netns", host.name)
    switch.ns.run("ip", "link", "set", "dev", "under", "up")
    host.up()
    # The driver knows nothing of checksums that the other end of a veth leaves to be done.
    host.run("ethtool", "-K", "eth0", "tx", "off")
    a = switch.add_host("a", "10.0.0.1")
    add_dpdk(switch, "p0", f"{driver}0,iface=under")
    wait_for(lambda: a.ping("10.0.0.9", count=1, wait=1), "a ping through the device")
    host.popen("iperf3", "-s", "-1")
    wait_for(lambda: ":5201" in host.run("ss", "-Hltn"), "iperf3's server")
    a.run("iperf3", "-c", "10.0.0.9", "-n", "5M")
    switch.assert_nothing_vanished()
    assert "PROMISC" in switch.ns.run("ip", "link", "show", "dev", "under")
    switch.vsctl("del-port", "br0", "p0")
    wait_for(lambda: "PROMISC" not in switch.ns.run("ip", "link", "show", "dev", "under"), "the interface as it was")


def test_memif_joins_two_switches(switches):
    one, two = switches(), switches()
    socket = f"{one.dir}/memif.sock"
    for s, role in ((one, "server"), (two, "client")):
        s.vsctl("add-br", "br0")
        add_dpdk(s, "m0", f"net_memif0,role={role},id=0,socket={socket},socket-abstract=no")
    a = one.add_host("a", "10.0.0.1")
    two.add_host("b", "10.0.0.2")
    wait_for(lambda: one.get("Interface", "m0", "link_state") == "up", "the memif's link")
    wait_for(lambda: a.ping("10.0.0.2", count=1, wait=1), "a ping from switch to switch")
    for s in (one, two):
        s.assert_nothing_vanished()


@pytest.mark.parametrize("devargs, words", [
    ("net_nosuch0", "DPDK knows neither a device nor a driver of this name"),
    ("net_pcap_x,rx_pcap=/nonexistent", "No such file or directory"),
    ("net_af_packet0,iface=nosuch", "net_af_packet0"),
    ("0000:ff:1f.7", "0000:ff:1f.7"),
    ("", "dpdk-devargs"),
])
def test_device_that_cannot_be_is_told_and_others_work(switch, devargs, words):
    switch.vsctl("add-port", "br0", "bad", "--", "set", "Interface", "bad", "type=dpdk",
                 f'options:dpdk-devargs="{devargs}"')
    error = switch.get("Interface", "bad", "error")
    assert words in error and "'bad'" in error, error
    assert switch.get("Interface", "bad", "ofport") == "-1"
    a = switch.add_host("a", "10.0.0.1")
    switch.add_host("b", "10.0.0.2")
    assert a.ping("10.0.0.2")


def test_device_has_one_port_at_a_time(switch):
    add_dpdk(switch, "n0", "net_null0,no-rx=1")
    switch.vsctl("add-port", "br0", "n1", "--", "set", "Interface", "n1", "type=dpdk", "options:dpdk-devargs=net_null0")
    assert "is port 'n0' already" in switch.get("Interface", "n1", "error")
    switch.vsctl("del-port", "n0")
    switch.vsctl("set", "Interface", "n1", "options:dpdk-devargs=net_null0,no-rx=1")
    wait_for(lambda: switch.get("Interface", "n1", "error") == "[]", "the device to be free for the other port")


def test_pci_devices_are_looked_for_only_when_one_is_asked_for(switches):
    address = "0000:ff:1f.7"
    for options, words in (((), f'--eal "-a {address}"'), ((f"--eal=-a {address}",), "DPDK cannot attach it")):
        switch = switches(*options)
        switch.vsctl("add-br", "br0", "--", "add-port", "br0", "nic", "--", "set", "Interface", "nic", "type=dpdk",
                     f'options:dpdk-devargs="{address}"')
        error = switch.get("Interface", "nic", "error")
        assert "'nic'" in error and words in error.replace("\\", ""), error
