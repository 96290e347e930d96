"""A virtual machine's tap: made and held by its emulator, plugged in by name as libvirt does it.

The emulator is played by a process that carries frames, with their virtio-net headers, between that tap and a host's eth0,
so that the guest is a Linux network stack with the offloads of a virtio-net device."""

import pytest
from sluice import wait_for
from test_frames import RECEIVE_STREAM, SEND_STREAM, python

pytestmark = pytest.mark.san

# argv: the switch's namespace, the tap's name there, the guest's namespace.
EMULATOR = """
import ctypes, fcntl, os, select, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
def tap(namespace, name):
    if libc.setns(os.open(namespace, os.O_RDONLY), 0x40000000):  # CLONE_NEWNET
        raise OSError(ctypes.get_errno(), namespace)
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, 0x400454ca, struct.pack("16sH22x", name.encode(), 0x5002))  # TUNSETIFF: TAP, NO_PI, VNET_HDR
    fcntl.ioctl(fd, 0x400454d8, struct.pack("i", 12))  # TUNSETVNETHDRSZ
    fcntl.ioctl(fd, 0x400454d0, 0xf)  # TUNSETOFFLOAD: CSUM, TSO4, TSO6, ECN
    return fd
ends = tap(sys.argv[1], sys.argv[2]), tap(sys.argv[3], "eth0")
print("ready", flush=True)
while True:
    for fd in select.select(ends, [], [])[0]:
        try:
            os.write(ends[fd == ends[0]], os.read(fd, 70000))
        except OSError:
            pass  # As a device whose link is down.
"""


def add_vm(switch, name, address):
    guest = switch.add_plain_host(name)
    guest.address = address
    p = switch.ns.popen("/usr/bin/python3", "-c", EMULATOR, switch.ns.path, name, guest.path)
    assert p.stdout.readline() == "ready\n"
    switch.ns.run("ip", "link", "set", "dev", name, "up")
    guest.up()
    return guest


def test_guest_and_container_exchange_super_packets_that_stay_whole(switch):
    guest = add_vm(switch, "vm1", "10.0.0.1")
    switch.vsctl("add-port", "br0", "vm1", "tag=10")
    assert switch.get("Interface", "vm1", "error") == "[]"
    container = switch.add_host("c", "10.0.0.2", "tag=10")
    wait_for(lambda: guest.ping("10.0.0.2", count=1, wait=1), "the guest to reach the container")
    for sender, receiver in ((guest, container), (container, guest)):
        before = switch.totals()["rx"]
        p = python(receiver, RECEIVE_STREAM)
        sender.run("/usr/bin/python3", "-c", SEND_STREAM, receiver.address)
        assert p.wait(30) == 0
        # About 35 MB: at one packet for each 1,448 bytes this would take 24,000.
        assert switch.totals()["rx"] - before < 15000, switch.totals()
    switch.assert_nothing_vanished()


def test_tap_that_an_emulator_holds_is_not_taken_from_it(switch):
    guest = add_vm(switch, "vm1", "10.0.0.1")
    switch.vsctl("add-port", "br0", "vm1", "--", "set", "Interface", "vm1", "type=tap")
    error = switch.get("Interface", "vm1", "error")
    assert "'vm1'" in error and "in use by another program" in error and "type 'system'" in error, error
    # The advice is good.
    switch.vsctl("set", "Interface", "vm1", "type=system")
    assert switch.get("Interface", "vm1", "error") == "[]"
    switch.add_host("c", "10.0.0.2")
    wait_for(lambda: guest.ping("10.0.0.2", count=1, wait=1), "the guest to reach the container")


def test_guest_that_is_stopped_and_started_again_is_plugged_in_again(switch):
    guest = add_vm(switch, "vm1", "10.0.0.1")
    switch.vsctl("add-port", "br0", "vm1")
    container = switch.add_host("c", "10.0.0.2")
    wait_for(lambda: guest.ping("10.0.0.2", count=1, wait=1), "the guest to reach the container")
    switch.ns.stop_processes()
    wait_for(lambda: "device was removed" in switch.get("Interface", "vm1", "error"), "the error")
    guest.close()
    switch.hosts.remove(guest)
    again = add_vm(switch, "vm1", "10.0.0.1")
    container.run("ip", "neigh", "flush", "all")
    wait_for(lambda: again.ping("10.0.0.2", count=1, wait=1), "the guest to reach the container again")
    wait_for(lambda: switch.get("Interface", "vm1", "error") == "[]", "the error to go")
