"""Nicira's extensions for controllers, with Debian's ovs-ofctl as the controller: forms of packet-ins, userdata, a pipeline that waits
for the controller."""

import subprocess

import pytest

from sluice import wait_for

from test_controller import VERSIONS, ofctl, secure
from test_learning import frame, send


class Monitor:
    """`ovs-ofctl monitor` as a controller; 'argv' are its options and words."""

    def __init__(self, switch, version, *argv):
        self.path = f"{switch.dir}/monitor.txt"
        self.process = switch.ns.popen("/usr/bin/ovs-ofctl", "-O", version, "-m", "monitor", f"unix:{switch.dir}/br0.mgmt", "128", *argv,
                                       env=switch.env, stdout=open(self.path, "w"), stderr=subprocess.STDOUT)
        wait_for(lambda: "messages on" in switch.appctl("openflow/show"), "the monitor to listen")

    def text(self):
        with open(self.path) as f:
            return f.read()


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("form", ["standard", "nxt_packet_in", "nxt_packet_in2"])
def test_packet_ins_have_the_form_that_was_asked_for(switch, version, form):
    secure(switch)
    a = switch.add_host("a", None)
    ofctl(switch, "add-flow", "cookie=0x99,actions=load:7->NXM_NX_REG3[],controller(userdata=01.02.03,max_len=20)", version=version)
    monitor = Monitor(switch, version, "-P", form)
    # Who listens may be a moment from having said in which form.
    wait_for(lambda: not send(a, frame("02:00:00:00:00:01", "02:00:00:00:00:02")) and "PACKET_IN" in monitor.text(), "packet-ins")
    name = {"standard": "OFPT_PACKET_IN ", "nxt_packet_in": "NXT_PACKET_IN ", "nxt_packet_in2": "NXT_PACKET_IN2 "}[form]
    wait_for(lambda: not send(a, frame("02:00:00:00:00:01", "02:00:00:00:00:02")) and name in monitor.text(), name)
    text = monitor.text()[monitor.text().index(name):]
    assert "dl_src=02:00:00:00:00:01" in text and "decode error" not in text, text[:3000]
    assert form == "standard" and version < "OpenFlow13" or "cookie=0x99" in text and "reg3=0x7" in text
    assert form != "nxt_packet_in2" or "userdata=01.02.03" in text
    switch.assert_nothing_vanished()


@pytest.mark.san
@pytest.mark.parametrize("version", VERSIONS)
def test_a_controller_lets_packets_go_on(switch, version):
    secure(switch)
    a, b = switch.add_host("a", "10.0.0.1"), switch.add_host("b", "10.0.0.2")
    flows = ["priority=1,actions=push:NXM_OF_IN_PORT[],resubmit(,1),output:NXM_NX_REG5[]",
             "table=1,priority=1,ip,in_port=1,actions=load:2->NXM_NX_REG5[],controller(pause,userdata=aa),mod_nw_ttl:33",
             "table=1,priority=1,in_port=2,actions=load:1->NXM_NX_REG5[],controller(pause)",
             "table=1,priority=2,in_port=1,arp,actions=load:2->NXM_NX_REG5[],controller(pause)"]
    for flow in flows:
        ofctl(switch, "add-flow", flow, version=version)
    monitor = Monitor(switch, version, "resume", "-P", "nxt_packet_in2")
    wait_for(lambda: a.ping("10.0.0.2"), "a ping whose packets wait for the controller", 20)
    assert b.ping("10.0.0.1")
    text = monitor.text()
    assert "userdata=aa" in text and "continuation.actions=" in text and "note:" in text and "decode error" not in text, text[:3000]
    assert "NXR_STALE" not in text
    dump = ofctl(switch, "dump-flows", version=version)
    assert "controller(userdata=aa,pause)" in dump
    switch.assert_nothing_vanished()


def test_sample_is_taken_where_nobody_collects(switch):
    secure(switch)
    a, b = switch.add_host("a", "10.0.0.1"), switch.add_host("b", "10.0.0.2")
    sample = "sample(probability=65535,collector_set_id=1,obs_domain_id=2,obs_point_id=3,sampling_port=1,ingress)"
    ofctl(switch, "add-flow", f"in_port=1,actions={sample},output:2")
    ofctl(switch, "add-flow", "in_port=2,actions=output:1")
    assert a.ping("10.0.0.2")
    assert sample in ofctl(switch, "dump-flows")
    switch.assert_nothing_vanished()
