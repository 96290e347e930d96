"""snoop: what passes between a bridge and its controller is shown, by both tools, on a bridge of Sluice's and on one of Debian's ovs-vswitchd."""

import os
import re
import socket
import struct
import subprocess

import pytest
from ofctl import SLUICE, OVS, tools  # noqa: F401 (a fixture)
from sluice import SLOW, wait_for

HELLO, ERROR, ECHO_REQUEST, ECHO_REPLY, FEATURES_REQUEST, FEATURES_REPLY = 0, 1, 2, 3, 5, 6


class Controller:
    """Listens at a Unix socket of 'env's run directory for a bridge that speaks OpenFlow 1.3."""

    def __init__(self, env, name):
        self.path = os.path.join(env["OVS_RUNDIR"], name)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen()
        self.listener.settimeout(20 * SLOW)

    def accept(self):
        self.sock, _ = self.listener.accept()
        self.sock.settimeout(20 * SLOW)
        self.send(HELLO, 1)
        assert self.read()[0] == HELLO

    def send(self, kind, xid, body=b""):
        self.sock.sendall(struct.pack("!BBHI", 4, kind, 8 + len(body), xid) + body)

    def exactly(self, n):
        data = b""
        while len(data) < n:
            data += self.sock.recv(n - len(data)) or pytest.fail("the bridge hung up")
        return data

    def read(self):
        _, kind, length, xid = struct.unpack("!BBHI", self.exactly(8))
        self.exactly(length - 8)
        return kind, xid

    def wait_for(self, kind, xid):
        while True:
            got = self.read()
            if got[0] == ECHO_REQUEST:
                self.send(ECHO_REPLY, got[1])
            if got == (kind, xid):
                return

    def close(self):
        self.sock.close()
        self.listener.close()


class Snooper:
    def __init__(self, program, env, path):
        self.out = open(path, "w+b")
        self.process = subprocess.Popen([program, "snoop", "br0"], env=env, stdout=self.out, stderr=self.out)

    def text(self):
        with open(self.out.name, encoding="utf-8") as f:
            return f.read()

    def close(self):
        self.process.kill()
        self.process.wait()
        self.out.close()


def set_controller(ovs, target):
    subprocess.run(["ovs-vsctl", "set-controller", "br0", target], env=ovs.env, check=True, timeout=60)


@pytest.mark.san
def test_a_controllers_connection_is_shown(tools, tmp_path):  # noqa: F811
    ovs = tools[0]
    controller = Controller(ovs.env, "controller")
    snoopers = {}
    try:
        subprocess.run(["ovs-vsctl", "set", "bridge", "br0", "protocols=OpenFlow10,OpenFlow13"], env=ovs.env, check=True, timeout=60)
        set_controller(ovs, f"unix:{controller.path}")
        controller.accept()
        for name, program in (("ovs", OVS), ("sluice", SLUICE)):
            snoopers[name] = Snooper(program, ovs.env, tmp_path / name)
        xid = 100

        def all_listen():
            nonlocal xid
            xid += 1
            controller.send(ECHO_REQUEST, xid)
            controller.wait_for(ECHO_REPLY, xid)
            return all("OFPT_ECHO_REPLY (OF1.3)" in s.text() for s in snoopers.values())

        wait_for(all_listen, "both tools to listen")
        controller.send(FEATURES_REQUEST, 0x77)
        controller.wait_for(FEATURES_REPLY, 0x77)
        controller.send(99, 0x78)
        controller.wait_for(ERROR, 0x78)
        for s in snoopers.values():
            wait_for(lambda s=s: re.search(r"OFPT_FEATURES_REQUEST \(OF1.3\) \(xid=0x77\):(.|\n)*OFPT_FEATURES_REPLY \(OF1.3\) \(xid=0x77\): dpid:(.|\n)*"
                                           r"OFPT_ERROR \(OF1.3\) \(xid=0x78\): OFPBRC_BAD_TYPE", s.text()), "what passed")
        assert "HELLO" not in "".join(s.text() for s in snoopers.values())
        controller.sock.close()
        controller.accept()  # The same controller, again.
        controller.send(ECHO_REQUEST, 0x79)
        controller.wait_for(ECHO_REPLY, 0x79)
        for s in snoopers.values():
            wait_for(lambda s=s: "OFPT_ECHO_REPLY (OF1.3) (xid=0x79)" in s.text(), "what passed on the next connection")
    finally:
        controller.close()
        for s in snoopers.values():
            s.close()


@pytest.mark.san
def test_one_that_does_not_read_is_ended(switch):
    controller = Controller(switch.env, "controller")
    path = os.path.join(switch.dir, "br0.snoop")
    listeners = []
    try:
        switch.vsctl("set-fail-mode", "br0", "secure")
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(path)
        assert sock.recv(100) == b""  # There is no controller.
        switch.vsctl("set-controller", "br0", f"unix:{controller.path}")
        controller.accept()
        for _ in range(9):
            listeners.append(socket.socket(socket.AF_UNIX))
            listeners[-1].connect(path)
            listeners[-1].settimeout(20 * SLOW)
        greeted = [s for s in listeners if s.recv(16)]
        assert len(greeted) == 8
        read = 0
        for i in range(300):
            controller.send(ECHO_REQUEST, 1000 + i, bytes(60000))
            controller.wait_for(ECHO_REPLY, 1000 + i)
            read += 2 * (8 + 60000)
            while read > 0:
                data = greeted[0].recv(1 << 20)
                assert data
                read -= len(data)
        got = b""
        greeted[1].settimeout(20 * SLOW)
        while data := greeted[1].recv(1 << 20):
            got += data
        assert len(got) < 12 << 20  # It was ended, with less than all.
        switch.vsctl("del-controller", "br0")
        while greeted[0].recv(1 << 20):
            pass
    finally:
        controller.close()
        for s in listeners:
            s.close()
