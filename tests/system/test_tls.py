"""Controllers over TLS: ssl: and pssl:, with keys and certificates from the database's SSL table. The peers are Debian's
ovs-testcontroller, ovs-ofctl and openssl."""

import os
import subprocess

import pytest

from sluice import wait_for


class Pki:
    """Certificate authorities, and keys and certificates signed by them: PEM files in a folder."""

    def __init__(self, path):
        self.path = str(path)

    def file(self, name, suffix):
        return f"{self.path}/{name}.{suffix}"

    def files(self, name):
        return self.file(name, "key"), self.file(name, "crt")

    def openssl(self, *argv):
        subprocess.run(["openssl", *argv], check=True, capture_output=True)

    def ca(self, name):
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                     "-keyout", self.file(name, "key"), "-out", self.file(name, "crt"))

    def cert(self, name, ca, chain=False):
        key, crt = self.files(name)
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}", "-keyout",
                     key + ".new", "-out", crt + ".csr")
        self.openssl("x509", "-req", "-days", "2", "-in", crt + ".csr", "-CA", self.file(ca, "crt"), "-CAkey", self.file(ca, "key"),
                     "-CAcreateserial", "-out", crt + ".new")
        if chain:
            with open(crt + ".new", "a") as f, open(self.file(ca, "crt")) as behind:
                f.write(behind.read())
        os.rename(key + ".new", key)
        os.rename(crt + ".new", crt)


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    p = Pki(tmp_path_factory.mktemp("pki"))
    for ca in ("ca", "other-ca"):
        p.ca(ca)
    for name, ca in (("switch", "ca"), ("controller", "ca"), ("stranger", "other-ca")):
        p.cert(name, ca, chain=name == "controller")
    return p


def controller(switch, pki, who="controller", ca="ca", port=6653):
    key, crt = pki.files(who)
    return switch.ns.popen("/usr/bin/ovs-testcontroller", "-O", "OpenFlow13", "-p", key, "-c", crt, "-C", pki.file(ca, "crt"), f"pssl:{port}:127.0.0.1",
                           stdout=open(f"{switch.dir}/controller.txt", "w"), env=switch.env)


def status(switch):
    return switch.vsctl("--columns=status", "list", "Controller")


def is_connected(switch):
    return switch.get("Controller", "br0", "is_connected") == "true"


def test_a_controller_over_tls_makes_a_learning_switch(switch, pki):
    a, b = switch.add_host("a", "10.0.0.1"), switch.add_host("b", "10.0.0.2")
    switch.vsctl("set-fail-mode", "br0", "secure", "--", "set-ssl", *pki.files("switch"), pki.file("ca", "crt"))
    controller(switch, pki)
    switch.vsctl("set-controller", "br0", "ssl:127.0.0.1:6653")
    wait_for(lambda: is_connected(switch), "the controller to connect", 20)
    wait_for(lambda: a.ping("10.0.0.2"), "a ping through the controller", 20)
    assert b.ping("10.0.0.1")
    assert "ssl" not in switch.appctl("config/complaints")
    switch.assert_nothing_vanished()


def test_what_is_wrong_with_keys_is_in_the_status_and_the_log(switch, pki):
    key, crt = pki.files("switch")
    switch.vsctl("set-controller", "br0", "ssl:127.0.0.1:6653", "--", "set", "Controller", "br0", "max_backoff=1000")
    wait_for(lambda: "no private_key is configured" in status(switch), "the reason in the status", 20)
    switch.vsctl("set-ssl", key, f"{pki.path}/missing.crt", pki.file("ca", "crt"))
    wait_for(lambda: f"certificate '{pki.path}/missing.crt': No such file" in status(switch), "the file's name in the status", 20)
    assert f"{pki.path}/missing.crt" in switch.log("sluice-vswitchd")
    switch.vsctl("set-ssl", key, crt, pki.file("other-ca", "crt"))
    controller(switch, pki)
    wait_for(lambda: "other-ca.crt" in status(switch), "the CA's name in the status", 20)
    switch.vsctl("set-ssl", key, crt, pki.file("ca", "crt"))
    wait_for(lambda: is_connected(switch), "the controller to connect", 20)


def test_new_certificates_are_taken_without_a_word(switch, pki, tmp_path):
    own = Pki(tmp_path)
    for suffix in ("key", "crt"):
        for name in ("ca", "other-ca"):
            with open(pki.file(name, suffix)) as f, open(own.file(name, suffix), "w") as g:
                g.write(f.read())
    own.cert("switch", "other-ca")
    switch.vsctl("set-ssl", *own.files("switch"), own.file("ca", "crt"))
    controller(switch, pki)
    switch.vsctl("set-controller", "br0", "ssl:127.0.0.1:6653", "--", "set", "Controller", "br0", "max_backoff=1000")
    wait_for(lambda: "the peer refuses" in status(switch), "the controller to refuse the certificate", 20)
    own.cert("switch", "ca")
    wait_for(lambda: is_connected(switch), "the controller to connect", 20)


def test_the_first_controller_tells_its_ca(switch, pki, tmp_path):
    learned = tmp_path / "learned.crt"
    switch.vsctl("--bootstrap", "set-ssl", *pki.files("switch"), str(learned))
    controller(switch, pki)
    switch.vsctl("set-controller", "br0", "ssl:127.0.0.1:6653", "--", "set", "Controller", "br0", "max_backoff=1000")
    wait_for(lambda: is_connected(switch), "the controller to connect", 20)
    assert learned.read_text().strip() == open(pki.file("ca", "crt")).read().strip()


@pytest.mark.san
def test_a_listener_serves_those_who_show_a_certificate(switch, pki):
    switch.vsctl("set-ssl", *pki.files("switch"), pki.file("ca", "crt"), "--", "set-controller", "br0", "pssl:6655:127.0.0.1")

    def show(who, ca):
        key, crt = pki.files(who)
        return switch.command("/usr/bin/ovs-ofctl", "-p", key, "-c", crt, "-C", pki.file(ca, "crt"), "show", "ssl:127.0.0.1:6655",
                              check=False)

    wait_for(lambda: "br0" in show("controller", "ca").stdout, "an answer over TLS", 20)
    assert show("stranger", "ca").returncode
    # Who shakes no hands takes no place: a hundred connections that say nothing, and one that speaks plain OpenFlow.
    idle = switch.ns.popen("/usr/bin/python3", "-c",
                           "import socket, time\n"
                           "s = [socket.create_connection(('127.0.0.1', 6655)) for i in range(100)]\n"
                           "s[99].sendall(b'\\1\\0\\0\\10\\0\\0\\0\\1')\n"
                           "print('there', flush=True)\n"
                           "time.sleep(60)")
    assert idle.stdout.readline() == "there\n"
    wait_for(lambda: "br0" in show("controller", "ca").stdout, "an answer over TLS", 20)
    switch.vsctl("del-ssl")
    wait_for(lambda: show("controller", "ca").returncode, "TLS to end", 20)
