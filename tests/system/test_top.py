"""`sluice top` upon a running switch, as programs and as people call it."""

import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

import pytest
from sluice import BIN, SLOW


@pytest.mark.san
def test_top_shows_the_busiest_ports_first_and_the_same_as_json(switch):
    for i in range(5):
        switch.vsctl("add-port", "br0", f"quiet{i}", "--", "set", "Interface", f"quiet{i}", "type=internal")
    a = switch.add_host("hosta", "10.0.0.1")
    switch.add_host("hostb", "10.0.0.2")
    a.popen("ping", "-q", "-i", "0.01", "10.0.0.2")
    looks = [json.loads(line) for line in switch.sluice("top", "--format=json", "-n", "2").splitlines()]
    assert len(looks) == 2
    for look in looks:
        assert {p["name"] for p in look["ports"][:2]} == {"hosta", "hostb"} and len(look["ports"]) == 8
        assert look["ports"][0]["rx_packets_per_s"] > 0 and look["total"]["tx_packets"] > 0 and look["vswitchd_attached"]
    lines = switch.sluice("top", "-n", "1").splitlines()
    assert lines[3].startswith("total") and {line.split()[0] for line in lines[4:6]} == {"hosta", "hostb"}
    assert len(lines) < 30


def test_top_ends_when_nobody_reads_it_and_says_what_it_cannot_write(switch):
    for args in ("", "--format=json"):
        line = f"{BIN}/sluice top {args} | head -n 3 | wc -l; echo ${{PIPESTATUS[0]}}"
        p = subprocess.run(["bash", "-c", line], env=switch.env, capture_output=True, text=True, timeout=60 * SLOW)
        assert p.stdout.split() == ["3", "141"] and not p.stderr, p
    for args in (["top", "-n", "2"], ["status"]):
        with open("/dev/full", "w") as full:
            p = subprocess.run([f"{BIN}/sluice", *args], env=switch.env, stdout=full, stderr=subprocess.PIPE, text=True)
        assert p.returncode == 1 and "cannot write the output: No space left" in p.stderr, p


def test_top_keeps_to_its_terminal_and_ends_by_q(switch):
    for i in range(60):
        switch.vsctl("--no-wait", "add-port", "br0", f"quiet{i}", "--", "set", "Interface", f"quiet{i}", "type=internal")
    switch.vsctl("add-br", "br1")
    pid, fd = pty.fork()
    if not pid:
        os.environ.update(switch.env)
        os.execvp(f"{BIN}/sluice", ["sluice", "top"])
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    said, end = "", time.monotonic() + 20 * SLOW
    while said.count("q: end") < 3:
        assert time.monotonic() < end, said
        if select.select([fd], [], [], 1)[0]:
            said += os.read(fd, 65536).decode()
    os.write(fd, b"q")
    try:
        while os.read(fd, 65536):
            pass
    except OSError:
        pass  # How a terminal whose other end is closed is told.
    assert os.waitpid(pid, 0)[1] == 0
    os.close(fd)
    screen = said.split("\x1b[H")[2]
    lines = [re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line).rstrip("\r") for line in screen.split("\n")]
    assert len(lines) <= 24 and max(map(len, lines)) <= 80, lines
    assert any(line.startswith("... and ") for line in lines) and "No packet was dropped." in lines, lines
