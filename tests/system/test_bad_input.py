"""Bad input: a clear error to the person, everything else goes on, nothing stored is lost."""

import json
import os
import re
import subprocess

import pytest
from sluice import BIN, Netns, run, wait_for

pytestmark = pytest.mark.san


def test_unknown_option_is_named(switch):
    for program in ("sluice", "sluice-db", "sluice-datapath", "sluice-vswitchd", "sluice-vsctl", "sluice-appctl"):
        p = switch.command(os.path.join(BIN, program), "--no-such-option", check=False)
        assert p.returncode != 0 and "no-such-option" in p.stderr, (program, p.stderr)


def test_interface_that_does_not_exist_is_told_and_others_work(switch):
    p = switch.vsctl("add-port", "br0", "nosuch0", check=False)
    assert "nosuch0" in p.stderr
    assert "nosuch0" in switch.get("Interface", "nosuch0", "error")
    assert switch.get("Interface", "nosuch0", "ofport") == "-1"
    a = switch.add_host("a", "10.0.0.1")
    switch.add_host("b", "10.0.0.2")
    assert a.ping("10.0.0.2")
    # It is taken up when it appears.
    switch.ns.run("ip", "link", "add", "nosuch0", "type", "veth", "peer", "name", "nosuch1")
    wait_for(lambda: switch.get("Interface", "nosuch0", "error") == "[]", "the port to come up")


def test_name_too_long_for_a_device_is_told(switch):
    name = "a-name-much-too-long"
    switch.vsctl("add-port", "br0", name, "--", "set", "Interface", name, "type=internal", check=False)
    assert "too long" in switch.get("Interface", name, "error")


def test_vlan_out_of_range_is_refused(switch):
    switch.vsctl("add-port", "br0", "p", "--", "set", "Interface", "p", "type=internal")
    for vsctl in (switch.vsctl, switch.ovs_vsctl):
        p = vsctl("set", "port", "p", "tag=5000", check=False)
        assert p.returncode != 0 and "5000" in p.stderr, p.stderr
    for words in (("set", "port", "p", "tag=5000"), ("add", "port", "p", "trunks", "5000"), ("remove", "port", "p", "trunks", "5000"),
                  ("add-port", "br0", "q", "trunks=5000")):
        p = switch.vsctl(*words, check=False)
        assert p.returncode == 1, words
        assert re.search(r"^sluice-vsctl: Port '[pq]': column '(tag|trunks)': .*5000 is not in .* 0 to 4095", p.stderr), p.stderr
    change = ["Open_vSwitch", {"op": "update", "table": "Port", "where": [["name", "==", "p"]], "row": {"tag": 5000}}]
    answer = switch.command("ovsdb-client", "transact", f"unix:{switch.dir}/db.sock", json.dumps(change))
    assert "column tag of table Port" in answer and "5000" in answer, answer
    assert switch.get("port", "p", "tag") == "[]"


def test_mtu_out_of_range_is_told_and_the_port_goes_on(switch):
    switch.vsctl("add-port", "br0", "t0", "--", "set", "Interface", "t0", "type=tap")
    switch.vsctl("set", "Interface", "t0", "mtu_request=100000")
    assert "mtu 100000" in switch.get("Interface", "t0", "error")
    assert switch.get("Interface", "t0", "mtu") == "1500"
    switch.vsctl("set", "Interface", "t0", "mtu_request=9000")
    assert switch.get("Interface", "t0", "error") == "[]"
    assert switch.get("Interface", "t0", "mtu") == "9000"


def test_type_that_is_not_built_is_told(switch):
    switch.vsctl("add-port", "br0", "lisp0", "--", "set", "interface", "lisp0", "type=lisp", check=False)
    assert "lisp" in switch.get("Interface", "lisp0", "error")


def complaints(switch):
    """{(table, name, column): reason} of config/complaints."""
    rows = json.loads(switch.appctl("--format=json", "config/complaints"))
    return {(r["table"], r["name"], r["column"]): r["reason"] for r in rows}


def test_what_is_not_built_is_told_in_the_database_and_taken_back(switch):
    vsctl = switch.ovs_vsctl
    vsctl("add-port", "br0", "p1", "--", "set", "Interface", "p1", "type=internal")
    vsctl("set", "Bridge", "br0", "stp_enable=true", "other_config:hwaddr=no", "--",
          "--id=@m", "create", "Mirror", "name=m", "--", "set", "Bridge", "br0", "mirrors=@m", "--",
          "set", "Port", "p1", "lacp=active", "--",
          "set", "Interface", "p1", "ingress_policing_rate=1000")
    status = vsctl("get", "Bridge", "br0", "status")
    for column in ("stp_enable", "mirrors", "other_config:hwaddr"):
        assert f'"error:{column}"' in status or f"error:{column}" in status, status
    assert "error:lacp" in vsctl("get", "Port", "p1", "status")
    assert "ingress_policing_rate: is not built" in vsctl("get", "Interface", "p1", "error")
    assert int(vsctl("get", "Interface", "p1", "ofport")) > 0, "the port works all the same"
    assert len(complaints(switch)) == 5, complaints(switch)
    assert ("Bridge", "br0", "mirrors") in complaints(switch)
    text = switch.sluice("status")
    assert "5 settings" in text and "config/complaints" in text, text
    assert len(json.loads(switch.sluice("status", "--format=json"))["complaints"]) == 5

    vsctl("set", "Bridge", "br0", "stp_enable=false", "--", "remove", "Bridge", "br0", "other_config", "hwaddr", "--",
          "clear", "Bridge", "br0", "mirrors", "--",
          "clear", "Port", "p1", "lacp", "--", "set", "Interface", "p1", "ingress_policing_rate=0")
    assert vsctl("get", "Bridge", "br0", "status").strip() == "{}"
    assert vsctl("get", "Port", "p1", "status").strip() == "{}"
    assert vsctl("get", "Interface", "p1", "error").strip() == "[]"
    assert complaints(switch) == {}
    assert "config/complaints" not in switch.sluice("status")


def test_settings_that_are_refused_or_have_no_effect_are_told(switch):
    bad = {"pmd-cpu-mask": "0x8000000000000000", "mask-limit": "none", "flow-limit": "-1", "max-idle": "x",
           "vlan-limit": "1", "n-handler-threads": "4", "n-revalidator-threads": "4", "flow-limt": "5"}
    switch.ovs_vsctl("set", "Open_vSwitch", ".", *[f"other_config:{k}={v}" for k, v in bad.items()])
    told = complaints(switch)
    assert {c for _, _, c in told} == {f"other_config:{k}" for k in bad}, told
    assert "CPU 63" in told[("Open_vSwitch", "", "other_config:pmd-cpu-mask")], told
    assert f"{len(bad)} settings" in switch.sluice("status")
    # They are told again by a daemon and a datapath that come back.
    for program in ("sluice-datapath", "sluice-vswitchd"):
        switch.wait_restarted(program, switch.kill(program))
        switch.wait_ready()
        wait_for(lambda: len(complaints(switch)) == len(bad), "the complaints to be told again")
    switch.ovs_vsctl("clear", "Open_vSwitch", ".", "other_config")
    assert complaints(switch) == {}


def test_patch_port_without_a_peer_is_told(switch):
    vsctl = switch.ovs_vsctl
    vsctl("add-br", "br1")
    vsctl("add-port", "br0", "to1", "--", "set", "Interface", "to1", "type=patch", "options:peer=to0")
    assert "no patch port 'to0'" in vsctl("get", "Interface", "to1", "error")
    assert "to0" in vsctl("show")
    vsctl("add-port", "br1", "to0", "--", "set", "Interface", "to0", "type=patch", "options:peer=other")
    assert "has peer 'other'" in vsctl("get", "Interface", "to1", "error")
    vsctl("set", "Interface", "to0", "options:peer=to1")
    assert vsctl("get", "Interface", "to1", "error", "--", "get", "Interface", "to0", "error").split() == ["[]", "[]"]
    vsctl("del-port", "to0")
    assert "no patch port 'to0'" in vsctl("get", "Interface", "to1", "error")


def test_file_that_is_no_database_is_refused_and_left_as_it_is(switches):
    s = switches(start=False)
    path = s.dir + "/conf.db"
    with open(path, "w") as f:
        f.write("this is my shopping list\n")
    p = s.sluice("up", check=False)
    assert p.returncode != 0 and "conf.db" in p.stderr, p.stderr
    with open(path) as f:
        assert f.read() == "this is my shopping list\n"
    assert not any(s.pid(n) for n in ("sluice", "sluice-db", "sluice-datapath", "sluice-vswitchd"))


def test_second_process_on_the_run_directory_is_refused(switch):
    for program in ("sluice-db", "sluice-datapath", "sluice-vswitchd"):
        p = switch.command(os.path.join(BIN, program), check=False, timeout=20)
        assert p.returncode != 0 and str(switch.pid(program)) in p.stderr, (program, p.stderr)
    assert switch.sluice("status", check=False).returncode == 0


@pytest.mark.parametrize("kind", ["tap", "internal", "system", "dpdk", "patch"])
def test_unknown_option_of_an_interface_is_told_and_taken_back(switch, kind):
    switch.ns.run("ip", "link", "add", "p", "type", "veth", "peer", "name", "q") if kind == "system" else None
    options = {"dpdk": ["options:dpdk-devargs=net_null_0,no-rx=1"], "patch": ["options:peer=r"]}.get(kind, [])
    if kind == "patch":
        switch.vsctl("add-port", "br0", "r", "--", "set", "Interface", "r", "type=patch", "options:peer=p")
    switch.vsctl("add-port", "br0", "p", "--", "set", "Interface", "p", f"type={kind}", *options)
    assert switch.get("Interface", "p", "error") == "[]"
    switch.vsctl("set", "Interface", "p", "options:no-such=7")
    error = switch.get("Interface", "p", "error")
    assert "'p'" in error and "no-such" in error and "'7'" in error, error
    switch.vsctl("remove", "Interface", "p", "options", "no-such")
    assert switch.get("Interface", "p", "error") == "[]"


# Root by name only: may do what a file's owner may, and read this build wherever it lies.
UNPRIVILEGED = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]


def test_permission_that_a_port_lacks_is_told_in_the_database(tmp_path):
    ns = Netns("unprivileged")
    env = dict(os.environ, SLUICE_RUNDIR=str(tmp_path), SLUICE_DBDIR=str(tmp_path))

    def call(program, *words):
        return ns.run(*UNPRIVILEGED, os.path.join(BIN, program), *words, env=env)

    ns.run("ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1")
    try:
        call("sluice", "up")
        call("sluice-vsctl", "add-br", "br0", "--", "add-port", "br0", "v0", "--", "add-port", "br0", "t0", "--", "set", "Interface", "t0", "type=tap")
        for name, capability in (("br0", "CAP_NET_ADMIN"), ("t0", "CAP_NET_ADMIN"), ("v0", "CAP_NET_RAW")):
            error = call("sluice-vsctl", "get", "Interface", name, "error")
            assert f"'{name}'" in error and "no permission" in error and capability in error, error
        call("sluice", "status")
    finally:
        call("sluice", "down")
        ns.close()


def test_missing_permission_is_told(tmp_path):
    closed = tmp_path / "run"
    closed.mkdir(mode=0o500)
    p = run(*UNPRIVILEGED, os.path.join(BIN, "sluice"), "up", f"--rundir={closed}", f"--dbdir={closed}", check=False)
    assert p.returncode == 1 and p.stderr.startswith("sluice up: "), p.stderr
    assert str(closed) in p.stderr and "ermission denied" in p.stderr, p.stderr
    assert os.listdir(closed) == []


FRAMES = """
from scapy.all import *
import random, sys
random.seed(7)
s = conf.L2socket(iface="eth0")
def send(b):
    try: s.send(bytes(b))
    except OSError: pass
e = Ether(dst="02:00:00:00:00:01", src="02:00:00:00:00:02")
good = [e/IP(dst="10.0.0.2")/UDP(dport=9)/Raw(b"x"*64), e/IPv6(dst="::1")/TCP(), e/Dot1Q(vlan=3)/ARP(),
        e/IPv6()/IPv6ExtHdrFragment()/UDP(), e/IPv6()/IPv6ExtHdrHopByHop()/ICMPv6ND_NS(), e/IP(options=[IPOption_RR()])/ICMP()]
for p in good:
    b = bytes(p)
    for n in range(14, len(b)): send(b[:n])
    for _ in range(100):
        c = bytearray(b)
        for _ in range(random.randrange(1, 6)): c[random.randrange(12, len(c))] = random.randrange(256)
        send(c)
send(bytes(e) + b"\\0" * 1600)
"""


def test_malformed_frames_do_no_harm_and_are_all_accounted_for(switch):
    a = switch.add_veth_host("a", "10.0.0.1")
    b = switch.add_host("b", "10.0.0.2")
    c = switch.add_host("c", "10.0.0.3")
    b.run("ip", "link", "set", "eth0", "mtu", "1500")
    a.run("/usr/bin/python3", "-c", FRAMES)
    assert c.ping("10.0.0.2") and b.ping("10.0.0.3")
    switch.assert_nothing_vanished()
    assert switch.sluice("status", check=False).returncode == 0


def test_garbage_on_every_socket_is_survived(switch):
    for name in sorted(os.listdir(switch.dir)):
        path = os.path.join(switch.dir, name)
        if not os.path.exists(path) or not (name.endswith((".sock", ".ctl", ".mgmt"))) or name == "dp.sock":
            continue
        for data in (b"\0" * 4096, b'{"method":', b"[" * 100000, b'{"id":1,"method":"transact","params":[{}]}' * 50,
                     os.urandom(5000)):
            subprocess.run(["timeout", "2", "socat", "-u", "-", f"UNIX-CONNECT:{path}"], input=data, capture_output=True)
    assert switch.sluice("status", check=False).returncode == 0
    assert switch.vsctl("list-br").split() == ["br0"]
