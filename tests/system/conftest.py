"""Fixtures: a running switch with a bridge, taken down after each test; see sluice.py."""

import os
import pytest

from sluice import Switch


def pytest_configure(config):
    config.addinivalue_line("markers", "san: also run under the sanitizers by `make check`")


def pytest_collection_modifyitems(config, items):
    if os.geteuid() != 0:
        pytest.exit("the system tests make network namespaces: run them as root", returncode=2)


@pytest.fixture
def switches():
    """Makes switches: switches() starts one."""
    made = []

    def make(*options, **kwargs):
        s = Switch(*options, **kwargs)
        made.append(s)
        return s

    yield make
    for s in made:
        s.close()


@pytest.fixture
def switch(switches):
    """A running switch with the bridge br0."""
    s = switches()
    s.vsctl("add-br", "br0")
    return s
