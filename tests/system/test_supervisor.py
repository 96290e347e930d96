"""`sluice up/down/status` with stand-ins for the three programs, so that every way of failing can be played."""

import json
import os
import shutil
import signal
import stat
import subprocess
import tempfile
import time

import pytest
from sluice import BIN, wait_for

PROGRAMS = ("sluice-db", "sluice-datapath", "sluice-vswitchd")

# Reads its orders from RUNDIR/NAME.orders: words such as "fail", "never-ready", "ignore-term".
FAKE = """#!/usr/bin/python3
import array, fcntl, json, os, signal, socket, sys, threading, time
name = os.path.basename(sys.argv[0])
rundir = [a.split("=", 1)[1] for a in sys.argv if a.startswith("--rundir=")][0]
try: orders = open(f"{rundir}/{name}.orders").read().split()
except OSError: orders = []
def say(text, *fds):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    path = os.environ["NOTIFY_SOCKET"]
    s.connect("\\0" + path[1:] if path[0] == "@" else path)
    anc = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
    s.sendmsg([text.encode()], anc)
if "fail" in orders:
    print(f"{name}: database 'x' is not one: bad magic", file=sys.stderr)
    sys.exit(3)
with open(f"{rundir}/{name}.started", "a") as f:
    f.write(f"{time.monotonic()} {os.getpid()} {' '.join(sys.argv[1:])}\\n")
pid = open(f"{rundir}/{name}.pid", "a+")
fcntl.lockf(pid, fcntl.LOCK_EX | fcntl.LOCK_NB)
pid.truncate(0)
pid.write(f"{os.getpid()}\\n")
pid.flush()
ctl = socket.socket(socket.AF_UNIX)
os.chdir(rundir)  # Its path may be too long for an address.
ctl.bind(f"{name}.{os.getpid()}.ctl")
ctl.listen(10)
def answer():
    while True:
        with ctl.accept()[0] as c:
            try: c.sendall(json.dumps({"id": json.loads(c.recv(1000))["id"], "result": "1.0", "error": None}).encode())
            except OSError: pass  # It asked no longer.
threading.Thread(target=answer, daemon=True).start()
inherited = os.environ.get("LISTEN_FDNAMES", "") if os.environ.get("LISTEN_PID") == str(os.getpid()) else ""
with open(f"{rundir}/{name}.inherited", "w") as f:
    for i, n in enumerate(filter(None, inherited.split(":"))):
        f.write(f"{n} {os.fstat(3 + i).st_ino}\\n")
if "keep" in orders and not inherited:
    r, w = os.pipe()
    with open(f"{rundir}/{name}.kept", "w") as f: f.write(f"tap.a.0 {os.fstat(w).st_ino}\\n")
    say("FDSTORE=1\\nFDNAME=tap.a.0", w)
    say("FDSTORE=1\\nFDNAME=tap.a.0", w)
    say("FDSTORE=1\\nFDNAME=gone", r)
    say("FDSTOREREMOVE=1\\nFDNAME=gone")
if "keep-many" in orders and not inherited:
    fd = os.open("/dev/null", os.O_RDONLY)
    for i in range(2000): say(f"FDSTORE=1\\nFDNAME=tap.name-of-a-port{i}.0", os.open("/dev/null", os.O_RDONLY))
memory = b"x" * (300 << 20) if "big" in orders else b""
if "spawn-child" in orders:
    if not os.fork(): time.sleep(1000)
def end(*_):
    if "ignore-term" in orders: return
    with open(f"{rundir}/stopped", "a") as f: f.write(name + "\\n")
    os.unlink(f"{rundir}/{name}.pid")
    os.unlink(f"{rundir}/{name}.{os.getpid()}.ctl")
    os._exit(0)
signal.signal(signal.SIGTERM, end)
if "never-ready" not in orders: say("READY=1")
if "die-soon" in orders: time.sleep(0.05); os._exit(9)
while True: time.sleep(100)
"""


class Fakes:
    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="sluice-test-up-")
        self.bin = os.path.join(self.dir, "bin")
        self.run = os.path.join(self.dir, "run")
        os.mkdir(self.bin)
        os.mkdir(self.run)
        shutil.copy(os.path.join(BIN, "sluice"), self.bin)
        for name in PROGRAMS:
            path = os.path.join(self.bin, name)
            with open(path, "w") as f:
                f.write(FAKE)
            os.chmod(path, 0o755)
        self.env = dict(os.environ, SLUICE_RUNDIR=self.run, SLUICE_DBDIR=self.dir)
        for name in ("NOTIFY_SOCKET", "OVS_RUNDIR"):
            self.env.pop(name, None)

    def sluice(self, *argv, check=True):
        p = subprocess.run([os.path.join(self.bin, "sluice"), *argv], env=self.env, capture_output=True, text=True, timeout=120)
        if check:
            assert p.returncode == 0, p.stdout + p.stderr
        return p

    def order(self, name, *words):
        with open(os.path.join(self.run, name + ".orders"), "w") as f:
            f.write(" ".join(words))

    def read(self, name):
        try:
            with open(os.path.join(self.run, name)) as f:
                return f.read()
        except OSError:
            return ""

    def status(self):
        return json.loads(self.sluice("status", "--format=json", check=False).stdout)

    def program(self, name):
        return [p for p in self.status()["programs"] if p["name"] == name][0]

    def kill_and_wait(self, name):
        """Kills a program and waits for its successor to be ready; the pid that it had."""
        before = self.program(name)["pid"]
        os.kill(before, signal.SIGKILL)

        def again():
            p = self.program(name)
            return p["ready"] and p["pid"] != before
        wait_for(again, "the restart", interval=0.01)
        return before

    def pids(self):
        """All processes that were made from our directory."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline") as f:
                    if self.bin in f.read():
                        found.append(int(pid))
            except OSError:
                pass
        return found

    def close(self):
        for pid in self.pids():
            os.kill(pid, signal.SIGKILL)
        shutil.rmtree(self.dir, ignore_errors=True)


@pytest.fixture
def fakes():
    f = Fakes()
    yield f
    f.close()


def test_up_starts_vswitchd_after_the_others_and_down_stops_in_reverse(fakes):
    p = fakes.sluice("up", "--memory", "300", "--log-level=dbg")
    assert fakes.run in p.stdout
    starts = {n: float(fakes.read(n + ".started").split()[0]) for n in PROGRAMS}
    assert starts["sluice-vswitchd"] > max(starts["sluice-db"], starts["sluice-datapath"])
    assert "--memory=300" in fakes.read("sluice-datapath.started")
    assert f"--dbdir={fakes.dir}" in fakes.read("sluice-db.started")
    assert fakes.sluice("status").returncode == 0
    assert all(p["ready"] and p["restarts"] == 0 for p in fakes.status()["programs"])
    fakes.sluice("down")
    assert fakes.read("stopped").split() == ["sluice-vswitchd", "sluice-datapath", "sluice-db"]
    assert fakes.pids() == []
    assert [f for f in os.listdir(fakes.run) if f.endswith((".pid", ".ctl", ".sock"))] == []
    assert fakes.sluice("status", check=False).returncode == 1
    fakes.sluice("down")


def test_relative_paths_mean_the_callers_directory(fakes):
    p = subprocess.run([os.path.join(fakes.bin, "sluice"), "up", "--rundir=run", "--db=my.db", "--remote=ptcp:0:127.0.0.1"],
                       env=fakes.env, cwd=fakes.dir, timeout=60)
    assert p.returncode == 0
    words = fakes.read("sluice-db.started").split()
    assert f"--db={fakes.dir}/my.db" in words and f"--rundir={fakes.run}" in words, words
    assert f"--remote=punix:{fakes.run}/db.sock" in words and "--remote=ptcp:0:127.0.0.1" in words, words


def test_second_up_is_refused_and_harms_nothing(fakes):
    fakes.sluice("up")
    p = fakes.sluice("up", check=False)
    assert p.returncode == 1 and "already running" in p.stderr and fakes.run in p.stderr, p.stderr
    assert fakes.sluice("status").returncode == 0


def test_failure_at_start_is_told_and_stops_the_others(fakes):
    fakes.order("sluice-db", "fail")
    p = fakes.sluice("up", check=False)
    assert p.returncode == 1
    assert "sluice-db failed to start: it exited with code 3" in p.stderr, p.stderr
    assert "database 'x' is not one: bad magic" in p.stderr, p.stderr
    assert fakes.pids() == []
    assert [f for f in os.listdir(fakes.run) if f.endswith((".pid", ".ctl", ".sock"))] == []
    fakes.order("sluice-db")
    fakes.sluice("up")


def test_program_that_is_never_ready_is_told_after_the_timeout(fakes):
    fakes.order("sluice-vswitchd", "never-ready")
    p = fakes.sluice("up", "--timeout=2", check=False)
    assert p.returncode == 1 and "sluice-vswitchd is not ready after 2 s" in p.stderr, p.stderr
    assert fakes.pids() == []


@pytest.mark.san
@pytest.mark.parametrize("name", PROGRAMS)
def test_killed_program_is_restarted_at_once(fakes, name):
    fakes.sluice("up")
    start = time.monotonic()
    before = fakes.kill_and_wait(name)
    assert time.monotonic() - start < 2
    assert fakes.program(name)["restarts"] == 1
    assert "signal 9" in fakes.program(name)["last_end"]
    assert not os.path.exists(f"{fakes.run}/{name}.{before}.ctl")
    assert fakes.sluice("status").returncode == 0


@pytest.mark.san
def test_status_never_calls_a_dead_program_ready(fakes):
    """The question waits beside the news of the death; nothing of the killed life may answer it."""
    fakes.sluice("up")
    fakes.order("sluice-datapath", "fail")
    supervisor = fakes.status()["pid"]
    os.kill(supervisor, signal.SIGSTOP)
    asking = [subprocess.Popen([os.path.join(fakes.bin, "sluice"), "status"], env=fakes.env, stdout=subprocess.PIPE, text=True)
              for _ in range(3)]
    ctl = f"{fakes.run}/sluice.{supervisor}.ctl"

    def waiting():
        with open("/proc/net/unix") as f:
            return sum(line.split()[-1] == ctl for line in f if line.split()[-1].startswith("/")) >= 1 + len(asking)
    wait_for(waiting, "the questions to be asked")
    with open(f"{fakes.run}/sluice-datapath.pid") as f:
        pid = int(f.read())
    os.kill(pid, signal.SIGKILL)

    def is_zombie():
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0] == "Z"
    wait_for(is_zombie, "the kernel to take the process down")
    os.kill(supervisor, signal.SIGCONT)
    for p in asking:
        said, _ = p.communicate(timeout=60)
        assert p.returncode == 1, said
    assert fakes.sluice("status", check=False).returncode == 1
    fakes.order("sluice-datapath")
    wait_for(lambda: fakes.sluice("status", check=False).returncode == 0, "the program to be well again")


def test_status_calls_no_program_ready_that_the_kernel_still_takes_down(fakes):
    fakes.order("sluice-datapath", "big")
    fakes.sluice("up")
    for _ in range(3):
        before = fakes.program("sluice-datapath")["pid"]
        os.kill(before, signal.SIGKILL)

        def again():
            p = fakes.program("sluice-datapath")
            assert p["pid"] != before or not p["ready"], p
            return p["ready"]
        wait_for(again, "the restart", interval=0)


def test_status_tells_of_a_program_that_hangs(fakes):
    fakes.sluice("up")
    pid = fakes.program("sluice-vswitchd")["pid"]
    os.kill(pid, signal.SIGSTOP)
    p = fakes.sluice("status", check=False)
    assert p.returncode == 1 and "sluice-vswitchd does not answer: " in p.stdout, p.stdout
    assert [q["ready"] for q in fakes.status()["programs"]] == [True, True, False]
    os.kill(pid, signal.SIGCONT)
    assert fakes.sluice("status").returncode == 0


def test_program_that_dies_again_and_again_is_restarted_with_back_off_and_never_given_up(fakes):
    fakes.sluice("up")
    fakes.order("sluice-datapath", "die-soon")
    os.kill(fakes.program("sluice-datapath")["pid"], signal.SIGKILL)
    time.sleep(4)
    n = fakes.program("sluice-datapath")["restarts"]
    assert 4 <= n <= 8, n
    assert fakes.sluice("status", check=False).returncode == 1 or fakes.program("sluice-datapath")["ready"]
    fakes.order("sluice-datapath")
    wait_for(lambda: fakes.program("sluice-datapath")["ready"] and fakes.program("sluice-datapath")["uptime_ms"] > 500,
             "the program to be well again", timeout=15)


def test_kept_descriptors_come_back_after_a_crash_only(fakes):
    fakes.order("sluice-datapath", "keep")
    fakes.sluice("up")
    assert fakes.program("sluice-datapath")["kept_fds"] == 1
    kept = fakes.read("sluice-datapath.kept")
    for _ in range(2):
        fakes.kill_and_wait("sluice-datapath")
        assert fakes.read("sluice-datapath.inherited") == kept
    assert fakes.read("sluice-vswitchd.inherited") == ""
    fakes.sluice("down")
    fakes.sluice("up")
    assert fakes.read("sluice-datapath.inherited") == ""


def test_thousands_of_kept_descriptors_come_back(fakes):
    fakes.order("sluice-datapath", "keep-many")
    fakes.sluice("up")
    assert fakes.program("sluice-datapath")["kept_fds"] == 2000
    fakes.kill_and_wait("sluice-datapath")
    assert len(fakes.read("sluice-datapath.inherited").splitlines()) == 2000


@pytest.mark.san
def test_killed_supervisor_leaves_no_process_and_a_new_one_starts(fakes):
    fakes.sluice("up")
    os.kill(fakes.status()["pid"], signal.SIGKILL)
    wait_for(lambda: fakes.pids() == [], "all processes to end")
    assert fakes.sluice("status", check=False).returncode == 1
    fakes.sluice("up")
    left = [f for f in os.listdir(fakes.run) if f.endswith(".ctl")]
    assert len(left) == 4, left
    fakes.sluice("down")
    assert [f for f in os.listdir(fakes.run) if f.endswith((".pid", ".ctl", ".sock"))] == []


def test_program_that_ignores_sigterm_is_killed(fakes):
    fakes.order("sluice-vswitchd", "ignore-term")
    fakes.sluice("up")
    start = time.monotonic()
    fakes.sluice("down")
    assert time.monotonic() - start < 20
    assert fakes.pids() == []


def test_down_stops_programs_that_have_no_supervisor(fakes):
    script = FAKE.replace('say("READY=1")', "pass")
    with open(os.path.join(fakes.bin, "sluice-db"), "w") as f:
        f.write(script)
    p = subprocess.Popen([os.path.join(fakes.bin, "sluice-db"), f"--rundir={fakes.run}"], env=fakes.env)
    wait_for(lambda: os.path.exists(f"{fakes.run}/sluice-db.inherited"), "the pid file's lock")
    r = fakes.sluice("up", check=False)
    assert r.returncode == 1 and f"process {p.pid}" in r.stderr, r.stderr
    time.sleep(0.2)
    fakes.sluice("down")
    assert p.wait(timeout=10) == 0


def test_foreground_stops_on_sigterm_and_says_ready_to_a_service_manager(fakes):
    import socket
    path = os.path.join(fakes.dir, "outer.sock")
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.bind(path)
    s.settimeout(20)
    p = subprocess.Popen([os.path.join(fakes.bin, "sluice"), "up", "--foreground"], env=dict(fakes.env, NOTIFY_SOCKET=path),
                         stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert s.recv(100) == b"READY=1"
    p.send_signal(signal.SIGTERM)
    _, said = p.communicate(timeout=30)
    assert p.returncode == 0, said
    assert fakes.pids() == []


def test_up_that_is_interrupted_leaves_nothing(fakes):
    fakes.order("sluice-vswitchd", "never-ready")
    p = subprocess.Popen([os.path.join(fakes.bin, "sluice"), "up"], env=fakes.env)
    wait_for(lambda: fakes.read("sluice-vswitchd.started"), "vswitchd's start")
    p.kill()
    p.wait()
    fakes.sluice("down")
    assert fakes.pids() == []


@pytest.mark.parametrize("argv, words", [
    (("frobnicate",), "unknown command 'frobnicate'"), (("top", "--interval=0"), "'0'"), (("top", "--sort=x"), "'x'"), (("top", "--format=xml"), "'xml'"), (("top",), "not running"), ((), "a command is missing"),
    (("up", "--nosuch"), "'--nosuch'"), (("up", "--memory=lots"), "'lots'"), (("up", "extra"), "'extra'"),
    (("status", "--format=xml"), "'xml'"), (("down", "extra"), "'extra'"), (("up", "--timeout=0"), "'0'"),
    (("up", "-m", "0"), "'0'"), (("up", "-v", "nosuch"), "'nosuch'"), (("up", "--remote=ptcpx:1"), "'ptcpx:1'"),
    (("up", "--dbdir=/tmp/no/such/place"), "there is no '/tmp/no/such'")])
def test_wrong_words_are_named(fakes, argv, words):
    p = fakes.sluice(*argv, check=False)
    assert p.returncode == 1 and words in p.stderr, p.stderr
    assert fakes.pids() == []


@pytest.mark.parametrize("words, said", [(("-m", "0"), "'0'"), (("-v", "nosuch"), "'nosuch'"), (("--rundir=/tmp/no/such/place",), "'/tmp/no/such'")])
def test_wrong_options_are_told_also_when_the_switch_runs(fakes, words, said):
    fakes.sluice("up")
    p = fakes.sluice("up", *words, check=False)
    assert p.returncode == 1 and said in p.stderr and "running" not in p.stderr, p.stderr
    assert not os.path.exists("/tmp/no")


def test_missing_program_is_named(fakes):
    os.unlink(os.path.join(fakes.bin, "sluice-datapath"))
    p = fakes.sluice("up", check=False)
    assert p.returncode == 1 and "sluice-datapath" in p.stderr, p.stderr


def test_long_run_directory_works(fakes):
    fakes.run = os.path.join(fakes.dir, "x" * 120)
    os.mkdir(fakes.run)
    fakes.env["SLUICE_RUNDIR"] = fakes.run
    fakes.sluice("up")
    assert fakes.sluice("status").returncode == 0
    fakes.sluice("down")
    assert fakes.pids() == []


def test_inherited_descriptors_do_not_live_on_in_the_switch(fakes):
    r, w = os.pipe()
    os.set_inheritable(w, True)
    p = subprocess.run([os.path.join(fakes.bin, "sluice"), "up"], env=fakes.env, close_fds=False, timeout=60)
    assert p.returncode == 0
    os.close(w)
    assert os.read(r, 1) == b""
    os.close(r)


def test_run_directory_files_of_others_are_left_alone(fakes):
    for name in ("other.pid", "other.1.ctl", "notes.sock"):
        with open(os.path.join(fakes.run, name), "w"):
            pass
    fakes.sluice("up")
    fakes.sluice("down")
    assert {"other.pid", "other.1.ctl", "notes.sock"} <= set(os.listdir(fakes.run))
    assert not stat.S_ISSOCK(os.stat(os.path.join(fakes.run, "notes.sock")).st_mode)
