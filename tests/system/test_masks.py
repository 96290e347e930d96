"""The explosion of masks: rules and packets that would make a megaflow's mask of every length, many of each field, as an
attacker does to make every look-up dear. The cap holds, what is forwarded stays right, and others feel nothing."""

import json
import re
import subprocess

import pytest
from sluice import wait_for

CAP = 8
N_SRC, N_DST = 32, 16

# One frame for each (i, j): a source address that begins with i - 1 zero bits and a one, a port likewise; the rest is random.
SEND = """
import random, socket, struct, sys, time
rounds, n_src, n_dst = map(int, sys.argv[1:])
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind(("eth0", 0))
pairs = [(i, j) for i in range(1, n_src + 1) for j in range(1, n_dst + 1)]
for r in range(rounds):
    random.shuffle(pairs)
    for i, j in pairs:
        src = 1 << 32 - i | random.getrandbits(32) % (1 << 32 - i)
        dst = 1 << 16 - j | random.getrandbits(16) % (1 << 16 - j)
        ip = struct.pack("!BBHHHBBHII", 0x45, 0, 32, 0, 0, 64, 17, 0, src, 0x0a090909)
        s.send(bytes.fromhex("020000000002020000000001 0800") + ip + struct.pack("!HHHHBBH", 7, dst, 12, 0, i, j, r) + bytes(14))
        time.sleep(0.0005)
"""

RECEIVE = """
import json, select, socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800)); s.bind(("eth0", 0x0800))
s.setsockopt(socket.SOL_SOCKET, 33, 1 << 24)
seen = []
print("ready", flush=True)
while True:
    ready = select.select([s, sys.stdin], [], [])[0]
    if s in ready:
        p = s.recv(100)
        if p[23] == 17 and p[30:34] == bytes([10, 9, 9, 9]):
            seen.append([p[42], p[43], p[44] * 256 + p[45]])
    else:
        break
print(json.dumps(seen), flush=True)
"""


def masks(switch):
    """{datapath port: masks}"""
    return {int(p): int(n) for p, n in re.findall(r"port (\d+): (\d+) masks", switch.dpctl("dpif/pmd-stats-show"))}


def rules():
    """Odd source lengths are dropped; the others go to port 2 when the port's length is even, else to 3."""
    for i in range(1, N_SRC + 1):
        if i % 2:
            yield f"priority=200,in_port=1,ip,nw_src={'.'.join(str(b) for b in (1 << 32 - i).to_bytes(4, 'big'))}/{i},actions=drop"
    for j in range(1, N_DST + 1):
        mask = 0xffff << 16 - j & 0xffff
        yield f"priority=100,in_port=1,udp,tp_dst={1 << 16 - j:#x}/{mask:#x},actions=output:{3 if j % 2 else 2}"
    yield "priority=100,in_port=4,actions=output:5"
    yield "priority=100,in_port=5,actions=output:4"


@pytest.mark.alone
def test_explosion_of_masks_stays_within_the_cap_and_changes_no_verdict(switch):
    switch.vsctl("set", "Open_vSwitch", ".", f"other_config:mask-limit={CAP}", "--", "set-fail-mode", "br0", "secure")
    hosts = [switch.add_host(name, address) for name, address in
             (("a", None), ("b", None), ("c", None), ("d", "10.0.0.4"), ("e", "10.0.0.5"))]
    a, b, c, d, _ = hosts
    assert [switch.get("Interface", h, "ofport") for h in "abcde"] == ["1", "2", "3", "4", "5"]
    switch.command("ovs-ofctl", "-OOpenFlow13", "add-flows", "br0", "-", input="\n".join(rules()) + "\n")
    assert d.ping("10.0.0.5")
    quiet = {p: n for p, n in masks(switch).items()}
    receivers = [h.popen("/usr/bin/python3", "-c", RECEIVE, stdin=subprocess.PIPE) for h in (b, c)]
    assert all(p.stdout.readline() == "ready\n" for p in receivers)
    rounds = 3
    sender = a.popen("/usr/bin/python3", "-c", SEND, rounds, N_SRC, N_DST)
    others = d.popen("ping", "-q", "-n", "-i", "0.02", "-c", "100", "10.0.0.5")
    most = {}

    def ended():
        for port, n in masks(switch).items():
            most[port] = max(most.get(port, 0), n)
        return sender.poll() is not None

    wait_for(ended, "the flood to end", timeout=60)
    assert sender.returncode == 0, sender.stdout.read()
    # Others: no reply is missing, and their ports have the masks that they had.
    out, _ = others.communicate(timeout=60)
    print(out.splitlines()[-1])
    assert " 100 received" in out, out
    attacked = max(most, key=most.get)
    assert CAP // 2 < most[attacked] <= CAP, most
    assert all(n <= max(quiet.values()) for port, n in most.items() if port != attacked), (quiet, most)
    # Each frame where it belongs, once, and nowhere else.
    for parity, p in ((0, receivers[0]), (1, receivers[1])):
        out, _ = p.communicate("stop\n", timeout=30)
        seen = json.loads(out)
        expected = {(i, j, r) for i in range(2, N_SRC + 1, 2) for j in range(1, N_DST + 1) if j % 2 == parity
                    for r in range(rounds)}
        lost = expected - set(map(tuple, seen))
        assert not set(map(tuple, seen)) - expected
        assert len(seen) == len(set(map(tuple, seen)))
        assert not lost, (len(lost), sorted(lost)[:5], switch.drops())
    switch.assert_nothing_vanished()
