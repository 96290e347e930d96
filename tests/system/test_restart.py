"""kill -9 of each process under traffic, and clean stops."""

import json
import os
import random
import re
import shutil
import signal
import time

import pytest
from sluice import BIN, wait_for

pytestmark = [pytest.mark.san, pytest.mark.alone]


def packets_of(switch, port):
    """What the datapath of now has received from a port."""
    shown = switch.dpctl("dpctl/show", check=False).stdout
    return int((re.search(rf"port \d+: {port} .*\n +RX packets:(\d+)", shown) or [0, 0])[1])


class Transfer:
    """An iperf3 transfer between two hosts, with its result as JSON."""

    def __init__(self, sender, receiver, seconds):
        self.server = receiver.popen("iperf3", "-s", "-1")
        wait_for(lambda: ":5201" in receiver.run("ss", "-Hltn"), "iperf3's server")
        self.client = sender.popen("iperf3", "-J", "-i", "0.2", "-t", seconds, "-c", receiver.address)

    def result(self):
        out, _ = self.client.communicate(timeout=60)
        r = json.loads(out)
        assert "error" not in r, r["error"]
        return r


def packets(host, direction):
    stats = json.loads(host.run("ip", "-j", "-s", "link", "show", "eth0"))[0]["stats64"][direction]
    assert stats["dropped"] == 0
    return stats["packets"]


def test_killed_vswitchd_loses_no_segment_of_a_running_transfer(switch):
    a = switch.add_host("a", "10.0.0.1")
    b = switch.add_host("b", "10.0.0.2")
    c = switch.add_host("c", "10.0.0.3")
    assert a.ping("10.0.0.2") and b.ping("10.0.0.1")
    drops, sent, received = switch.totals()["drops"], packets(a, "tx"), packets(b, "rx")
    t = Transfer(a, b, 4)
    time.sleep(1)
    pid = switch.kill("sluice-vswitchd")
    switch.wait_restarted("sluice-vswitchd", pid)
    r = t.result()
    assert all(i["sum"]["bytes"] > 0 for i in r["intervals"]), "the transfer stalled"
    # Retransmits tell nothing: a busy machine's TCP makes some with no loss. What a's kernel sent must have come to b's.
    assert packets(b, "rx") - received >= packets(a, "tx") - sent, "a segment was lost"
    assert switch.totals()["drops"] == drops, switch.drops()
    switch.wait_ready()
    assert c.ping("10.0.0.1"), "a new flow does not work after the restart"


def test_ping_goes_on_while_vswitchd_is_killed_again_and_again(switch):
    a = switch.add_host("a", "10.0.0.1")
    switch.add_host("b", "10.0.0.2")
    assert a.ping("10.0.0.2")
    p = a.popen("ping", "-q", "-i", "0.02", "-c", "250", "10.0.0.2")
    for _ in range(3):
        time.sleep(0.7)
        pid = switch.kill("sluice-vswitchd")
        switch.wait_restarted("sluice-vswitchd", pid)
        switch.wait_ready()
    out, _ = p.communicate(timeout=60)
    assert " 0% packet loss" in out, out


def test_killed_datapath_is_restarted_and_refilled(switch):
    a = switch.add_host("a", "10.0.0.1")
    switch.add_host("b", "10.0.0.2")
    assert a.ping("10.0.0.2")
    numbers = switch.get("Interface", "a", "ofport")
    pid = switch.kill("sluice-datapath")
    switch.wait_restarted("sluice-datapath", pid)
    wait_for(lambda: a.ping("10.0.0.2", count=1, wait=1), "traffic after the datapath's restart", timeout=10)
    assert switch.get("Interface", "a", "ofport") == numbers


def test_transfer_goes_on_after_the_datapath_was_killed_under_it(switch):
    a = switch.add_host("a", "10.0.0.1")
    b = switch.add_veth_host("b", "10.0.0.2")
    assert a.ping("10.0.0.2")
    t = Transfer(a, b, 6)
    for _ in range(2):
        before = packets_of(switch, "a")
        wait_for(lambda: packets_of(switch, "a") > before, "the transfer to run")
        pid = switch.kill("sluice-datapath")
        switch.wait_restarted("sluice-datapath", pid)
        switch.wait_ready()
        wait_for(lambda: packets_of(switch, "a") > 0, "the transfer to go on")
    assert t.result()["end"]["sum_received"]["bytes"] > 0
    switch.assert_nothing_vanished()


def test_killed_db_comes_back_with_all_it_held(switch):
    a = switch.add_host("a", "10.0.0.1", "tag=10")
    switch.add_host("b", "10.0.0.2", "tag=10")
    assert a.ping("10.0.0.2")
    p = a.popen("ping", "-q", "-i", "0.02", "-c", "100", "10.0.0.2")
    pid = switch.kill("sluice-db")
    switch.wait_restarted("sluice-db", pid)
    out, _ = p.communicate(timeout=60)
    assert " 0% packet loss" in out, out
    assert switch.vsctl("get", "port", "a", "tag").strip() == "10"
    switch.add_host("c", "10.0.0.3", "tag=10")
    assert a.ping("10.0.0.3")


def everything_agrees(switch, wanted):
    """None when database, kernel devices, datapath ports and bridge ports are exactly 'wanted'; else what differs."""
    rows = json.loads(switch.ovs_vsctl("--format=json", "--columns=name,ofport,error", "list", "Interface"))["data"]
    views = {
        "database": {name for name, _, _ in rows},
        "kernel": {d["ifname"] for d in json.loads(switch.ns.run("ip", "-j", "link"))} - {"lo"},
        "datapath": set(re.findall(r"port \d+: (\S+) ", switch.dpctl("dpctl/show"))),
        "bridge": set(re.findall(r"^    (\S+) \d+/\d+: ", switch.appctl("dpif/show"), re.M)),
    }
    different = {view: sorted(names ^ wanted) for view, names in views.items() if names != wanted}
    bad = [row for row in rows if not isinstance(row[1], int) or row[1] <= 0 or row[2] != ["set", []]]
    numbers = [row[1] for row in rows]
    return different or bad or (len(set(numbers)) != len(numbers) and numbers) or None


@pytest.mark.parametrize("program", ["sluice-vswitchd", "sluice-datapath"])
def test_kills_aimed_into_port_changes_leave_no_orphan_and_no_gap(switch, program):
    r = random.Random(20)
    wanted = {"br0"}
    kill_at = set(r.sample(range(10, 100), 4))
    for n in range(100):
        name = f"p{r.randrange(12)}"
        if name in wanted:
            args = ["del-port", name]
            wanted.remove(name)
        else:
            args = ["add-port", "br0", name, "--", "set", "Interface", name, f"type={r.choice(['tap', 'internal'])}"]
            wanted.add(name)
        if n not in kill_at:
            # While the killed one comes back, changes are made without waiting for it.
            switch.vsctl("--no-wait", *args)
            continue
        call = switch.ns.popen(os.path.join(BIN, "sluice-vsctl"), "--timeout=60", *args, env=switch.env)
        time.sleep(r.uniform(0, 0.06))
        pid = switch.kill(program)
        out, _ = call.communicate(timeout=120)
        assert call.returncode == 0, out
        switch.wait_restarted(program, pid)
    switch.wait_ready()
    switch.vsctl("set", "Open_vSwitch", ".", "external_ids:done=1")
    try:
        wait_for(lambda: everything_agrees(switch, wanted) is None, "all views to agree", timeout=15)
    except AssertionError as e:
        raise AssertionError(f"{e}: {everything_agrees(switch, wanted)}") from None
    assert "error" not in switch.ovs_vsctl("show")


def test_down_leaves_nothing_behind_and_up_brings_the_bridge_back(switch):
    switch.vsctl("add-port", "br0", "p0", "--", "set", "interface", "p0", "type=internal")
    switch.stop()
    left = [f for f in os.listdir(switch.dir) if f.endswith((".pid", ".sock", ".ctl", ".mgmt", ".snoop"))]
    assert left == []
    devices = [d["ifname"] for d in json.loads(switch.ns.run("ip", "-j", "link"))]
    assert devices == ["lo"], devices
    switch.sluice("down")
    switch.start()
    assert switch.vsctl("list-ports", "br0").split() == ["p0"]
    wait_for(lambda: "p0" in switch.ns.run("ip", "-o", "link"), "the port's device")


def test_second_switch_on_the_same_run_directory_is_refused(switch):
    p = switch.sluice("up", check=False)
    assert p.returncode != 0 and "already" in p.stderr and switch.dir in p.stderr, p.stderr
    assert switch.sluice("status", check=False).returncode == 0


def test_switch_whose_run_directory_went_leaves_the_next_one_there_alone(switch):
    old = switch.pid("sluice")
    shutil.rmtree(switch.dir)
    os.mkdir(switch.dir)
    switch.start()  # It cannot know of the first.
    files = sorted(os.listdir(switch.dir))
    os.kill(old, signal.SIGTERM)
    wait_for(lambda: not os.path.exists(f"/proc/{old}/exe"), "the first switch to end")
    assert sorted(os.listdir(switch.dir)) == files
    switch.wait_ready()
    switch.vsctl("add-br", "br1")
    v = switch.kill("sluice-vswitchd")  # The next one attaches to the datapath anew.
    switch.wait_restarted("sluice-vswitchd", v)
    switch.vsctl("add-br", "br2")
