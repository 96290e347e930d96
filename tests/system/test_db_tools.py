"""sluice-vsctl's waiting and retrying, and sluice-dbctl, upon a database with no sluice-vswitchd: the test plays its part."""

import hashlib
import json
import resource
import signal
import subprocess

import pytest
from sluice import BIN, SLOW, run, wait_for

VSCTL, DBCTL = f"{BIN}/sluice-vsctl", f"{BIN}/sluice-dbctl"


class Server:
    """A sluice-db on a run directory of its own."""

    def __init__(self, path):
        self.path = path
        self.remote = f"unix:{path}/db.sock"
        self.start()

    def start(self):
        self.process = subprocess.Popen([f"{BIN}/sluice-db", "--rundir", self.path, "--db", f"{self.path}/conf.db"], stderr=subprocess.DEVNULL)
        wait_for((self.path / "db.sock").exists, "the database's socket")

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def vsctl(self, *args, **kwargs):
        return run(VSCTL, f"--db={self.remote}", "--no-wait", *args, **kwargs)

    def spawn(self, *args):
        return subprocess.Popen([VSCTL, f"--db={self.remote}", *args], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def dbctl(self, command, *args, **kwargs):
        return run(DBCTL, command, self.remote, *args, **kwargs)

    def confirm(self):
        self.vsctl("set", "Open_vSwitch", ".", "cur_cfg=" + self.vsctl("get", "Open_vSwitch", ".", "next_cfg").strip())


@pytest.fixture
def server(tmp_path):
    s = Server(tmp_path)
    s.vsctl("add-br", "br0")
    yield s
    s.stop()


@pytest.mark.san
def test_a_change_waits_for_its_confirmation_and_tells_of_interfaces_that_failed(server):
    p = server.spawn("add-port", "br0", "nic0", "--", "list-ports", "br0")
    wait_for(lambda: "nic0" in server.vsctl("list-ports", "br0"), "the port")
    assert p.poll() is None
    server.vsctl("set", "Interface", "nic0", "ofport=-1", 'error="could not open network device nic0 (No such device)"')
    server.confirm()
    out, err = p.communicate(timeout=10 * SLOW)
    assert (p.returncode, out) == (0, "nic0\n")
    assert "Error detected while setting up 'nic0': could not open network device nic0 (No such device)" in err


@pytest.mark.san
def test_a_command_that_changes_nothing_does_not_wait(server):
    before = server.vsctl("get", "Open_vSwitch", ".", "next_cfg")
    run(VSCTL, f"--db={server.remote}", "--may-exist", "add-br", "br0", "--", "set", "Bridge", "br0", "fail_mode=[]", timeout=5)
    assert server.vsctl("get", "Open_vSwitch", ".", "next_cfg") == before


def test_a_timeout_ends_it_by_sigalrm(server):
    p = server.spawn("-t", "1", "add-br", "br1")
    assert p.wait(10 * SLOW) == -signal.SIGALRM
    assert "gave up after 1 seconds" in p.communicate()[1]
    assert server.vsctl("list-br").split() == ["br0", "br1"]


def test_wait_until_waits_for_a_record_and_its_columns(server):
    p = server.spawn("-t", str(10 * SLOW), "wait-until", "Bridge", "br7", "external_ids:ready=yes", "--", "get", "Bridge", "br7", "name")
    server.vsctl("add-br", "br7")
    assert p.poll() is None
    server.vsctl("set", "Bridge", "br7", "external_ids:ready=yes")
    assert p.communicate(timeout=10 * SLOW) == ("br7\n", "")


@pytest.mark.san
def test_many_at_once_lose_nothing(server):
    ps = [server.spawn("--no-wait", "add-port", "br0", f"p{i}", "--", "set", "Bridge", "br0", f"external_ids:k{i}=v", "--",
                       "set-fail-mode", "br0", "secure" if i % 2 else "standalone") for i in range(20)]
    assert [p.wait(30 * SLOW) for p in ps] == [0] * 20
    for p in ps:
        p.communicate()
    assert len(server.vsctl("list-ports", "br0").split()) == 20
    assert server.vsctl("get", "Bridge", "br0", "external_ids").count("=v") == 20


def test_with_retry_it_waits_for_a_server_and_without_it_fails_at_once(server):
    server.stop()
    p = server.vsctl("list-br", check=False)
    assert p.returncode == 1 and "database connection failed (" in p.stderr
    p = server.spawn("--retry", "-t", str(20 * SLOW), "list-br")
    server.start()
    assert p.communicate(timeout=30 * SLOW) == ("br0\n", "")


@pytest.mark.san
def test_dbctl_reads_and_writes_as_ovsdb_client_does(server):
    assert server.dbctl("list-dbs").split()[0] == "Open_vSwitch"
    for args in (["dump", "Bridge"], ["dump", "Port", "name", "tag"], ["get-schema-version"], ["list-columns", "Queue"]):
        words = run("ovsdb-client", args[0], server.remote, *args[1:])
        assert sorted(server.dbctl(*args).splitlines()) == sorted(words.splitlines())
    select = json.dumps(["Open_vSwitch", {"op": "select", "table": "Bridge", "where": [], "columns": ["name"]}])
    assert json.loads(server.dbctl("transact", select)) == [{"rows": [{"name": "br0"}]}]
    delete = json.dumps(["Open_vSwitch", {"op": "delete", "table": "Bridge", "where": []}])
    assert json.loads(server.dbctl("query", delete)) == [{"count": 1}]
    assert server.vsctl("list-br") == "br0\n"
    p = server.dbctl("dump", "Nope", check=False)
    assert p.returncode == 1 and 'no table "Nope"' in p.stderr
    p = server.dbctl("restore", check=False)
    assert p.returncode == 1 and "'restore' is not supported" in p.stderr


def test_dbctl_monitor_prints_changes(server):
    p = subprocess.Popen([DBCTL, "-f", "csv", "monitor", server.remote, "Bridge", "name"], text=True, stdout=subprocess.PIPE)
    assert p.stdout.readline() == "row,action,name\n"
    assert p.stdout.readline().endswith(",initial,br0\n")
    server.vsctl("add-br", "br1")
    assert p.stdout.readline() == "\n" and p.stdout.readline() == "row,action,name\n"
    assert p.stdout.readline().endswith(",insert,br1\n")
    p.terminate()
    p.communicate()


@pytest.mark.san
def test_what_keeps_the_database_from_starting_is_told_to_the_person(tmp_path):
    db = tmp_path / "notes.txt"
    db.write_text("hello")
    for words, said in (((f"--db={db}",), f"'{db}' is not an OVSDB database"), (("--log-level=nosuch",), "'nosuch'"),
                        ((f"--rundir={tmp_path}/no/such",), f"there is no '{tmp_path}/no'"), (("--remote=ptcp:99999",), "'99999' is not a port")):
        p = run(f"{BIN}/sluice-db", f"--rundir={tmp_path}", f"--dbdir={tmp_path}", *words, check=False)
        assert p.returncode == 1 and p.stderr.startswith("sluice-db: ") and said in p.stderr, p.stderr
        assert p.stderr.count("\n") == 1 and "|ERR|" not in p.stderr, p.stderr
    assert db.read_text() == "hello"
    p = run(f"{BIN}/sluice", "up", f"--rundir={tmp_path}", f"--db={db}", check=False)
    assert p.returncode == 1 and f"  sluice-db: file '{db}' is not an OVSDB database" in p.stderr, p.stderr


@pytest.mark.parametrize("program", ["sluice", "sluice-db", "sluice-datapath", "sluice-vswitchd", "sluice-vsctl", "sluice-dbctl", "sluice-appctl"])
def test_every_program_explains_itself_and_a_wrong_word_is_exit_code_1(program):
    text = run(f"{BIN}/{program}", "--help")
    assert text.startswith(f"Usage: {program} ") and "--rundir=DIR" in text
    for line in text.splitlines():
        assert line == line.rstrip() and (len(line) <= 80 or not line.lstrip().startswith("-")), line
    for words in [["--nosuch"], ["-%"]] + ([["nosuch"]] if program != "sluice-appctl" else []):
        p = run(f"{BIN}/{program}", *words, check=False)
        assert p.returncode == 1 and p.stderr.startswith(program) and words[0].lstrip("-") in p.stderr, (words, p.stderr)
        assert p.stdout == ""


def test_the_tools_take_a_run_directory(server):
    assert run(VSCTL, f"--rundir={server.path}", "list-br") == "br0\n"
    assert "br0" in run(DBCTL, "--rundir", server.path, "dump", "Bridge", "name")


def test_a_limit_of_file_sizes_is_an_error_and_not_the_servers_end(tmp_path):
    limit = 64 << 10
    server = subprocess.Popen([f"{BIN}/sluice-db", f"--rundir={tmp_path}", f"--dbdir={tmp_path}"], stderr=subprocess.DEVNULL,
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    try:
        wait_for((tmp_path / "db.sock").exists, "the database's socket")
        vsctl = [VSCTL, f"--db=unix:{tmp_path}/db.sock", "--no-wait"]
        run(*vsctl, "add-br", "br0")
        p = run(*vsctl, "set", "Bridge", "br0", f"external_ids:k={'x' * limit}", check=False)
        assert p.returncode == 1 and "conf.db" in p.stderr and "too large" in p.stderr, p.stderr
        run(*vsctl, "add-br", "br1")
        assert run(*vsctl, "list-br").split() == ["br0", "br1"] and server.poll() is None
    finally:
        server.terminate()
        assert server.wait() == 0


def with_schema(path, tables):
    """A run directory whose database has only these tables."""
    text = json.dumps({"name": "Open_vSwitch", "version": "8.0.0", "tables": tables}) + "\n"
    (path / "conf.db").write_text(f"OVSDB JSON {len(text)} {hashlib.sha1(text.encode()).hexdigest()}\n{text}")
    return Server(path)


ROOT = {"columns": {"bridges": {"type": {"key": {"type": "uuid", "refTable": "Bridge"}, "min": 0, "max": "unlimited"}}}, "isRoot": True}
NAMED = {"columns": {"name": {"type": "string"}}, "isRoot": True}


@pytest.mark.san
def test_tables_that_the_database_lacks_are_named(tmp_path):
    for missing, words in (("Interface", ["add-br", "br0"]), ("Manager", ["set-manager", "ptcp:1"]),
                           ("SSL", ["set-ssl", "/a", "/b", "/c"])):
        path = tmp_path / missing
        path.mkdir()
        tables = {"Open_vSwitch": ROOT, "Bridge": NAMED, "Port": NAMED, "Interface": NAMED}
        server = with_schema(path, {t: c for t, c in tables.items() if t != missing})
        try:
            p = server.vsctl(*words, check=False)
            assert p.returncode == 1 and f"the database has no table {missing}" in p.stderr, (p.returncode, p.stderr)
        finally:
            server.stop()


@pytest.mark.san
def test_vswitchd_tells_of_a_database_that_it_cannot_use(tmp_path):
    server = with_schema(tmp_path, {"Open_vSwitch": ROOT, "Bridge": NAMED})
    v = subprocess.Popen([f"{BIN}/sluice-vswitchd", f"--rundir={tmp_path}", f"--db={server.remote}"], stderr=subprocess.PIPE, text=True)
    try:
        line = next(x for x in v.stderr if "|ERR|" in x)
        assert "cannot be used" in line and "'ports'" in line, line
    finally:
        v.terminate()
        v.communicate()
        server.stop()
