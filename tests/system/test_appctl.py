"""ctl commands that people know from ovs-appctl: cached flows under a filter, purging them, memory, counters of events."""

import json
import re

import pytest

pytestmark = pytest.mark.san


def test_cached_flows_are_shown_under_a_filter_and_purged(switch):
    a, b = switch.add_host("a", "10.0.0.1"), switch.add_host("b", "10.0.0.2")
    assert a.ping("10.0.0.2")
    assert b.ping("10.0.0.1")
    port = re.search(r"port (\d+): a\b", switch.appctl("dpctl/show")).group(1)
    every = switch.appctl("dpctl/dump-flows").splitlines()
    of_a = switch.appctl("dpctl/dump-flows", f"filter=in_port={port}").splitlines()
    assert of_a and len(of_a) < len(every) and all(f"in_port({port})" in flow for flow in of_a)
    assert switch.appctl("dpctl/dump-flows", "--names", "filter=in_port=a").count("in_port(a)") == len(of_a)
    assert not switch.appctl("dpctl/dump-flows", "filter=dl_src=00:00:00:00:00:77").strip()
    assert "filter=frob=1: 'frob=1': 'frob' is not a field" in switch.appctl("dpctl/dump-flows", "filter=frob=1", check=False).stderr
    memory = json.loads(switch.command("sluice-appctl", "--format=json", "memory/show"))
    assert memory["udpif_keys"] >= len(every) and memory["ports"] >= 3 and memory["rules"] >= 1 and "heap" in memory
    assert re.fullmatch(r"heap:\d+ masks:\d+ ports:\d+ rules:\d+ udpif keys:\d+\n", switch.appctl("memory/show"))
    switch.appctl("revalidator/purge")
    assert a.ping("10.0.0.2")


def test_one_counter_is_read(switch):
    name = json.loads(switch.command("sluice-appctl", "--format=json", "coverage/show"))[0]["event"]
    assert int(switch.appctl("coverage/read-counter", name)) >= 0
    assert "there is no event 'frob'" in switch.appctl("coverage/read-counter", "frob", check=False).stderr
    assert "frob/show" in switch.appctl("frob/show", check=False).stderr
