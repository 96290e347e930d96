"""Devices of ports that vanish and come back, as those of containers do, while nobody says a word to the switch."""

from sluice import Host, wait_for

GONE = "device was removed"


def error(switch, name):
    return switch.get("Interface", name, "error")


def plug(switch, host, name):
    """A veth pair from the host's eth0 to a device of the switch's namespace."""
    switch.ns.run("ip", "link", "add", "name", name, "type", "veth", "peer", "name", "eth0", "netns", host.name)
    switch.ns.run("ip", "link", "set", "dev", name, "up")
    host.up()


def test_veth_that_is_made_anew_works_again(switch):
    a = switch.add_host("a", "10.0.0.1")
    b = switch.add_veth_host("b", "10.0.0.2")
    assert a.ping("10.0.0.2")
    number = switch.get("Interface", "b", "ofport")
    for again in range(3):
        switch.ns.run("ip", "link", "del", "dev", "b")
        if again < 2:  # The last time, it is back before anybody saw it go.
            wait_for(lambda: GONE in error(switch, "b"), "the error")
        plug(switch, b, "b")
        a.run("ip", "neigh", "flush", "all")  # Its MAC is another.
        wait_for(lambda: a.ping("10.0.0.2", count=1, wait=1), "traffic through the new device")
        wait_for(lambda: error(switch, "b") == "[]", "the error to go")
        assert switch.get("Interface", "b", "ofport") == number
        wait_for(lambda: switch.get("Interface", "b", "link_state") == "up", "the link's state")
    switch.assert_nothing_vanished()


def test_veth_of_a_container_that_is_replaced_works_for_the_next(switch):
    a = switch.add_host("a", "10.0.0.1")
    b = switch.add_veth_host("b", "10.0.0.2")
    assert a.ping("10.0.0.2")
    b.close()  # With its namespace goes its end, and so the other.
    switch.hosts.remove(b)
    wait_for(lambda: GONE in error(switch, "b"), "the error")
    c = Host("c", "10.0.0.3")
    switch.hosts.append(c)
    plug(switch, c, "b")
    wait_for(lambda: a.ping("10.0.0.3", count=1, wait=1), "traffic of the next container")


def test_device_that_is_away_in_another_namespace_works_when_it_is_back(switch):
    a = switch.add_host("a", "10.0.0.1")
    b = switch.add_veth_host("b", "10.0.0.2")
    other = switch.add_plain_host("other")
    switch.ns.run("ip", "link", "set", "dev", "b", "netns", other.name)
    wait_for(lambda: GONE in error(switch, "b"), "the error")
    other.run("ip", "link", "set", "dev", "b", "netns", switch.ns.name)
    switch.ns.run("ip", "link", "set", "dev", "b", "up")
    wait_for(lambda: a.ping("10.0.0.2", count=1, wait=1), "traffic")
    wait_for(lambda: error(switch, "b") == "[]", "the error to go")


def test_device_that_comes_back_as_something_else_is_told_and_taken_when_it_is_free(switch):
    a = switch.add_host("a", "10.0.0.1")
    b = switch.add_veth_host("b", "10.0.0.2")
    switch.ns.run("ip", "link", "del", "dev", "b")
    wait_for(lambda: GONE in error(switch, "b"), "the error")
    switch.ns.run("ip", "link", "add", "name", "other", "type", "bridge")
    switch.ns.run("ip", "link", "add", "name", "x", "type", "veth", "peer", "name", "eth0", "netns", b.name)
    switch.ns.run("ip", "link", "set", "dev", "x", "master", "other")
    switch.ns.run("ip", "link", "set", "dev", "x", "name", "b")
    switch.ns.run("ip", "link", "set", "dev", "b", "up")
    b.up()
    wait_for(lambda: "member of 'other'" in error(switch, "b"), "the reason")
    switch.ns.run("ip", "link", "set", "dev", "b", "nomaster")
    a.run("ip", "neigh", "flush", "all")
    wait_for(lambda: a.ping("10.0.0.2", count=1, wait=1), "traffic")
    wait_for(lambda: error(switch, "b") == "[]", "the error to go")


def test_internal_port_whose_namespace_went_returns_when_it_is_added_again(switch):
    a = switch.add_host("a", "10.0.0.1")
    b = switch.add_host("b", "10.0.0.2")
    assert a.ping("10.0.0.2")
    b.close()
    switch.hosts.remove(b)
    wait_for(lambda: GONE in error(switch, "b"), "the error")
    switch.vsctl("del-port", "b")
    c = switch.add_host("b", "10.0.0.3")
    assert a.ping("10.0.0.3") and c.ping("10.0.0.1")
    assert error(switch, "b") == "[]"
