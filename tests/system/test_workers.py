"""Workers: which cores they run on, how many there are, that taps get a queue for each, and that they sleep."""

import glob
import os
import subprocess
import time

import pytest
from sluice import SLOW, run, wait_for

pytestmark = [pytest.mark.alone, pytest.mark.skipif(os.cpu_count() < 2, reason="takes two CPUs")]


def workers(switch):
    """{name: list of CPUs} of the datapath's worker threads."""
    found = {}
    for path in glob.glob(f"/proc/{switch.pid('sluice-datapath')}/task/*/status"):
        with open(path) as f:
            fields = dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)
        if fields["Name"].startswith("worker"):
            found[fields["Name"]] = fields["Cpus_allowed_list"]
    return found


def set_mask(switch, mask):
    switch.vsctl("set", "Open_vSwitch", ".", f"other_config:pmd-cpu-mask={mask}")


def queues(host):
    words = host.run("ip", "-d", "link", "show", "dev", "eth0").split()
    return int(words[words.index("numqueues") + 1])


def test_workers_run_on_the_cores_that_the_configuration_names(switch):
    before = workers(switch)
    set_mask(switch, "2")
    wait_for(lambda: workers(switch) == {"worker0": "1"}, "the worker on CPU 1")
    set_mask(switch, "0x1")
    wait_for(lambda: workers(switch) == {"worker0": "0"}, "the worker on CPU 0")
    switch.vsctl("remove", "Open_vSwitch", ".", "other_config", "pmd-cpu-mask")
    wait_for(lambda: workers(switch) == before, "the workers as they were without the setting")


# Datagrams from many ports, so many flows, some of them new, to two hosts in turn; until told to stop.
SEND = """
import os, select, socket, struct, sys, time
socks = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for i in range(200)]
sent, start = 0, time.monotonic()
while not select.select([sys.stdin], [], [], 0)[0]:
    while sent < (time.monotonic() - start) * 1000:
        if sent % 50 == 0:
            socks[sent // 50 % 200].close()
            socks[sent // 50 % 200] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        socks[sent % 200].sendto(struct.pack("!I", sent), (sys.argv[1 + sent % 2], 7777))
        sent += 1
    time.sleep(0.002)
print(sent, flush=True)
"""

# How many different ones came, when none has for a while and we are told to stop.
RECEIVE = """
import select, socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, 33, 1 << 24)  # SO_RCVBUFFORCE
s.bind(("", 7777))
print("ready", flush=True)
seen = set()
while True:
    ready = select.select([s, sys.stdin], [], [])[0]
    if s in ready:
        seen.add(s.recv(100))
    elif ready:
        break
while select.select([s], [], [], 2)[0]:
    seen.add(s.recv(100))
print(len(seen), flush=True)
"""


def ask(p):
    """Tells a script to stop; the number that it ends with."""
    out, _ = p.communicate("stop\n", timeout=60 * SLOW)
    return int(out.split()[-1])


def test_workers_change_under_traffic_and_nothing_is_lost(switch):
    """Neither what is in the kernel's queues of a port, nor what waits for policy on a worker that leaves."""
    a = switch.add_host("a", "10.0.0.1")
    b = switch.add_veth_host("b", "10.0.0.2")
    c = switch.add_host("c", "10.0.0.3")
    assert a.ping("10.0.0.2") and a.ping("10.0.0.3")
    before = switch.drops()
    receivers = [host.popen("/usr/bin/python3", "-c", RECEIVE, stdin=subprocess.PIPE) for host in (b, c)]
    assert all(p.stdout.readline() == "ready\n" for p in receivers)
    sender = a.popen("/usr/bin/python3", "-c", SEND, b.address, c.address, stdin=subprocess.PIPE)
    for mask, n in (("3", 2), ("1", 1)) * 5:
        set_mask(switch, mask)
        wait_for(lambda: len(workers(switch)) == n, f"{n} workers")
        passed = switch.totals()["rx"] + 200
        wait_for(lambda: switch.totals()["rx"] >= passed, "traffic", timeout=30)
    sent = ask(sender)
    received = sum(ask(p) for p in receivers)
    dropped = sum(switch.drops().values()) - sum(before.values())
    print(f"{sent} sent, {received} received, {dropped} dropped")
    assert sent >= 1000
    assert received + dropped >= sent
    assert received >= sent - 3, {k: n - before.get(k, 0) for k, n in switch.drops().items()}
    switch.assert_nothing_vanished()


def test_ports_get_a_queue_for_each_worker(switch):
    a = switch.add_host("a", "10.0.0.1")
    b = switch.add_veth_host("b", "10.0.0.2")
    c = switch.add_host("c", "10.0.0.3")
    set_mask(switch, "3")
    wait_for(lambda: workers(switch) == {"worker0": "0", "worker1": "1"}, "two workers")
    wait_for(lambda: queues(a) == queues(c) == 2, "two queues of the taps")
    # New flows, from a kernel that has two queues to choose from, and the taps outlive a crash.
    for host in (b, c):
        assert host.ping("10.0.0.1")
    pid = switch.kill("sluice-datapath")
    switch.wait_restarted("sluice-datapath", pid)
    wait_for(lambda: c.ping("10.0.0.1", count=1, wait=1), "traffic after the datapath's restart")
    wait_for(lambda: queues(a) == 2, "both queues again")
    switch.assert_nothing_vanished()


@pytest.mark.parametrize("mask, words", [("zz", "not a mask of CPUs"), ("8000000000000000", "CPU 63")])
def test_cores_that_are_not_there_are_refused_and_workers_go_on(switch, mask, words):
    before = workers(switch)
    set_mask(switch, mask)
    wait_for(lambda: words in switch.log("sluice-vswitchd"), "the error")
    assert workers(switch) == before


def test_polled_ports_do_not_keep_a_quiet_switch_awake(switch):
    switch.vsctl("add-port", "br0", "n0", "--", "set", "Interface", "n0", "type=dpdk",
                 "options:dpdk-devargs=net_null0,no-rx=1")
    time.sleep(1)
    before = switch.cpu_seconds("sluice-datapath")
    time.sleep(3)
    used = switch.cpu_seconds("sluice-datapath") - before
    print(f"{used:.2f} s of CPU in 3 s with a port that has to be polled")
    assert used < 0.3 * SLOW


def free_hugepages():
    with open("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages") as f:
        return int(f.read())


@pytest.fixture
def hugepages():
    """Some hugepages, fewer than the datapath would take if it had the choice."""
    if not os.path.exists("/sys/kernel/mm/hugepages/hugepages-2048kB"):
        pytest.skip("takes hugepages of 2 MiB")
    before = run("sysctl", "-n", "vm.nr_hugepages").strip()
    if before != "0":
        pytest.skip("somebody else's hugepages are there")
    run("sysctl", "-qw", "vm.nr_hugepages=64")
    try:
        if free_hugepages() < 64:
            pytest.skip("the machine has no 64 hugepages to give")
        yield
    finally:
        run("sysctl", "-qw", "vm.nr_hugepages=0")


def test_hugepages_are_used_when_there_are_some(hugepages, switches):
    switch = switches()
    switch.vsctl("add-br", "br0")
    assert free_hugepages() < 64
    assert "hugepages" in switch.dpctl("memory/show")
    a = switch.add_host("a", "10.0.0.1")
    switch.add_host("b", "10.0.0.2")
    assert a.ping("10.0.0.2")
