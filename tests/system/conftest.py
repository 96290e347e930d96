"""Fixtures: a running switch with a bridge, taken down after each test; see sluice.py.

Tests run side by side (pytest-xdist), but those marked `alone`: they load the machine, or count what a loaded machine loses.
"""

import fcntl
import os

import pytest

from sluice import Switch


def pytest_collection_modifyitems(config, items):
    if os.geteuid() != 0:
        pytest.exit("the system tests make network namespaces: run them as root", returncode=2)


@pytest.fixture(scope="session")
def locks(tmp_path_factory):
    """Two files that the session's processes lock: the first by who waits to begin, the second by who runs."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # The one that the session's processes share.
    with open(folder / "turnstile", "w") as turnstile, open(folder / "running", "w") as running:
        yield turnstile, running


@pytest.fixture(autouse=True)
def beside_others(request, locks):
    """Holds up a test that runs alone until the others have ended, and the others while it waits and runs."""
    turnstile, running = locks
    fcntl.flock(turnstile, fcntl.LOCK_EX)
    fcntl.flock(running, fcntl.LOCK_EX if request.node.get_closest_marker("alone") else fcntl.LOCK_SH)
    fcntl.flock(turnstile, fcntl.LOCK_UN)
    yield
    fcntl.flock(running, fcntl.LOCK_UN)


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
