"""The same rules and frames in our switch and in Debian's Open vSwitch: the same bytes leave the same ports. The sets in
same_bytes.txt are such that once were translated differently, and of tests/fuzz/beside, which makes more of them."""

import os

import beside
import pytest

SETS = beside.read_sets(os.path.join(os.path.dirname(os.path.abspath(__file__)), "same_bytes.txt"))


@pytest.fixture(scope="module")
def sides(tmp_path_factory):
    ours = beside.Ours()
    try:
        theirs = beside.Theirs(tmp_path_factory.mktemp("reference"))
        yield ours, theirs
        theirs.close()
        ours.switch.check_logs()
    finally:
        ours.close()


@pytest.mark.parametrize("rules", SETS, ids=lambda rules: rules.name.replace(" ", "-"))
def test_the_same_bytes_leave_the_same_ports(sides, rules):
    assert beside.compare(*sides, rules) == ""
