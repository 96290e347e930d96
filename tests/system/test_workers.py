"""Workers: which cores they run on, how many there are, that taps get a queue for each, and that they sleep."""

import glob
import os
import time

import pytest
from sluice import SLOW, run, wait_for

pytestmark = pytest.mark.skipif(os.cpu_count() < 2, reason="takes two CPUs")


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


def test_more_and_fewer_workers_while_traffic_flows(switch):
    a = switch.add_host("a", "10.0.0.1")
    b = switch.add_veth_host("b", "10.0.0.2")
    c = switch.add_host("c", "10.0.0.3")
    assert a.ping("10.0.0.2") and a.ping("10.0.0.3")
    p = a.popen("ping", "-q", "-i", "0.02", "-c", "150", "10.0.0.3")
    for mask, n in (("3", 2), ("1", 1), ("3", 2)):
        set_mask(switch, mask)
        wait_for(lambda: len(workers(switch)) == n, f"{n} workers")
        wait_for(lambda: queues(a) == n, f"{n} queues of the tap")
        time.sleep(0.5)
    out, _ = p.communicate(timeout=60)
    # At each change, what is on its way to a port that is being changed may be dropped; no more.
    assert int(out.split(" received")[0].split()[-1]) >= 140, out
    assert workers(switch) == {"worker0": "0", "worker1": "1"}
    # New flows, from a kernel that has two queues to choose from, and the taps outlive another crash.
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
