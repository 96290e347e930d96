"""Configuration through the database, by Debian's ovs-vsctl and by sluice-vsctl alike."""

import json
import os

import pytest
from sluice import run, wait_for


@pytest.fixture(params=["ovs", "sluice"])
def vsctl(request, switches):
    """The vsctl of one of the two programs, on a running switch without bridges."""
    s = switches()
    call = s.ovs_vsctl if request.param == "ovs" else s.vsctl
    call.__func__.switch = s
    return call


@pytest.mark.san
def test_bridges_and_ports_are_made_confirmed_and_removed(vsctl):
    switch = vsctl.switch
    vsctl("add-br", "br0")
    vsctl("add-br", "br1")
    assert vsctl("list-br").split() == ["br0", "br1"]
    vsctl("add-port", "br0", "p1", "--", "set", "Interface", "p1", "type=internal")
    # Confirmed (cur_cfg) means that the device is there now.
    assert "p1" in switch.ns.run("ip", "-o", "link")
    assert int(vsctl("get", "Interface", "p1", "ofport")) > 0
    assert vsctl("get", "Interface", "br0", "ofport").strip() == "65534"
    assert vsctl("list-ports", "br0").split() == ["p1"]
    assert vsctl("port-to-br", "p1").strip() == "br0"
    out = vsctl("show")
    assert "Bridge br0" in out and "Port p1" in out and "type: internal" in out
    assert vsctl("get", "Open_vSwitch", ".", "cur_cfg") == vsctl("get", "Open_vSwitch", ".", "next_cfg")
    vsctl("del-port", "br0", "p1")
    assert "p1" not in switch.ns.run("ip", "-o", "link")
    vsctl("del-br", "br1")
    vsctl("del-br", "br0")
    assert vsctl("list-br") == ""
    assert [d["ifname"] for d in json.loads(switch.ns.run("ip", "-j", "link"))] == ["lo"]


def test_interface_columns_tell_the_state_of_the_port(vsctl):
    switch = vsctl.switch
    vsctl("add-br", "br0")
    a = switch.add_veth_host("a", "10.0.0.1")
    b = switch.add_host("b", "10.0.0.2")
    assert a.ping("10.0.0.2", count=5)
    assert vsctl("get", "Interface", "a", "link_state", "admin_state").split() == ["up", "up"]
    assert vsctl("get", "Interface", "a", "error").strip() == "[]"
    assert vsctl("get", "Interface", "a", "mtu").strip() == "1500"
    wait_for(lambda: int(vsctl("get", "Interface", "a", "statistics:rx_packets")) >= 5, "statistics")
    a.run("ip", "link", "set", "eth0", "down")
    wait_for(lambda: vsctl("get", "Interface", "a", "link_state").strip() == "down", "the link state")
    b.run("ip", "link", "set", "eth0", "down")
    wait_for(lambda: vsctl("get", "Interface", "b", "link_state").strip() == "down", "the link state of a tap elsewhere")


def test_ovs_appctl_finds_the_daemons_in_the_run_directory(switch):
    for program in ("ovs-vswitchd", "ovsdb-server"):
        out = switch.command("/usr/bin/ovs-appctl", "-t", program, "version")
        assert "luice" in out
    out = switch.command("/usr/bin/ovs-appctl", "vlog/list")
    assert "reconcile" in out or "bridge" in out
    switch.command("/usr/bin/ovs-appctl", "vlog/set", "dbg")
    p = switch.command("/usr/bin/ovs-appctl", "no/such", check=False)
    assert p.returncode != 0 and "no/such" in p.stderr


def test_run_directory_holds_the_names_that_tools_rely_on(switch):
    names = set(os.listdir(switch.dir))
    for want in ("db.sock", "br0.mgmt", "sluice-db.pid", "sluice-datapath.pid", "sluice-vswitchd.pid",
                 f"sluice-vswitchd.{switch.pid('sluice-vswitchd')}.ctl",
                 f"ovs-vswitchd.{switch.pid('sluice-vswitchd')}.ctl"):
        assert want in names, (want, names)


def test_configuration_that_the_database_holds_is_there_after_a_restart(switch):
    switch.vsctl("add-port", "br0", "p1", "tag=42", "--", "set", "Interface", "p1", "type=internal",
                 "external_ids:iface-id=abc")
    number = switch.get("Interface", "p1", "ofport")
    switch.stop()
    switch.start()
    assert switch.get("Port", "p1", "tag") == "42"
    assert switch.get("Interface", "p1", "external_ids:iface-id") == "abc"
    wait_for(lambda: switch.get("Interface", "p1", "ofport") == number, "the same number")


@pytest.mark.san
def test_patch_ports_join_two_bridges(switch):
    switch.vsctl("add-br", "br1")
    switch.vsctl("add-port", "br0", "to1", "--", "set", "interface", "to1", "type=patch", "options:peer=to0",
                 "--", "add-port", "br1", "to0", "--", "set", "interface", "to0", "type=patch", "options:peer=to1")
    a = switch.add_host("a", "10.0.0.1")
    b = switch.add_host("b", "10.0.0.2", bridge="br1")
    assert a.ping("10.0.0.2") and b.ping("10.0.0.1")
    switch.assert_nothing_vanished()


def test_existing_conf_db_of_open_vswitch_is_taken_over(switches):
    s = switches(start=False)
    run("ovsdb-tool", "create", s.dir + "/conf.db", "/usr/share/openvswitch/vswitch.ovsschema")
    s.start()
    s.vsctl("add-br", "br0")
    s.stop()
    assert "br0" in run("ovsdb-tool", "query", s.dir + "/conf.db",
                        '["Open_vSwitch",{"op":"select","table":"Bridge","where":[],"columns":["name"]}]')
