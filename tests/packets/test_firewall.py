"""What lists of ports do not show of a machine's own firewall: loading again, IPv6, forged senders, other rules."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.packets.conftest import Make
from tests.packets.firewalld import Firewalld, rules
from tests.packets.namespaces import Namespace
from tests.packets.topologies import DIRECT
from tests.packets.traffic import Probe, probe
from tests.packets.world import STRANGER

_MOST_RULES = 200
_GOSSIP = 8301
"""Of the mesh: UDP, open to nodes alone."""
_MEDIA = 20000
"""Of the video node: UDP, open to everybody."""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["hetzner", "libvirt", "rhel"])
def test_ipv6_that_comes_back_is_dropped(world: Make, name: str) -> None:
    bench = world(DIRECT[name])
    for machine in bench.machines.values():
        bench.listeners.open(machine, [25, 443], [_GOSSIP, _MEDIA], socket.AF_INET6)
    tried = [
        Probe(bench.fabric, "", bench.sixth(machine), protocol, port)
        for machine in bench.machines
        for protocol, port in (("tcp", 25), ("tcp", 443), ("udp", _GOSSIP), ("udp", _MEDIA))
    ]
    assert set(probe(tried, 3.0)) == set(tried), "the bench has no IPv6 at all"
    bench.load()
    bench.listeners.datagrams.clear()
    assert not probe(tried)
    assert not bench.listeners.datagrams


def test_nothing_slips_through_and_nothing_stops_while_rules_are_loaded(world: Make) -> None:
    bench = world(DIRECT["hetzner"])
    bench.load()
    bench.listeners.open(bench.machines["mta1"], [25], [_GOSSIP, 9999])
    target = bench.public["mta1"]
    (closed,) = bench.outside.sockets(1, socket.SOCK_DGRAM)
    (admitted,) = bench.machines["store1"].sockets(1, socket.SOCK_DGRAM)
    sent = 0
    with connected(bench.outside, STRANGER, target, 25) as connection, closed, admitted, ThreadPoolExecutor(1) as other:
        admitted.connect((bench.address("mta1"), _GOSSIP))
        loading = other.submit(lambda: list(map(bench.reload, ["mta1"] * 30)))
        while not loading.done():
            closed.sendto(b"?", (target, 9999))
            sent += bool(admitted.send(b"?"))
            time.sleep(0.0003)  # for the listener to keep up
        loading.result()
        assert echoed(connection, b"after") == b"after"
        time.sleep(0.2)
    assert sent > 300
    assert bench.listeners.datagrams == {("mta1", _GOSSIP, bench.address("store1")): sent}


@pytest.mark.slow
def test_connections_stay_while_firewalld_reloads(world: Make) -> None:
    bench = world(DIRECT["rhel"])
    bench.load()
    bench.listeners.open(bench.machines["mta1"], [25], [9999])
    connection = connected(bench.outside, STRANGER, bench.public["mta1"], 25)
    with connection:
        bench.firewalld["mta1"].command("--reload")
        assert echoed(connection, b"after") == b"after"


def connected(source: Namespace, address: str, target: str, port: int) -> socket.socket:
    connection = source.sockets(1, socket.SOCK_STREAM)[0]
    connection.settimeout(5)
    connection.bind((address, 0))
    connection.connect((target, port))
    assert connection.recv(100)
    return connection


def echoed(connection: socket.socket, data: bytes) -> bytes:
    connection.send(data)
    return connection.recv(100)


def test_a_forged_address_of_the_network_does_not_count_on_a_public_interface(world: Make) -> None:
    bench = world(DIRECT["hetzner"])
    bench.load()
    bench.listeners.open(bench.machines["mta1"], [], [_GOSSIP])
    forged = bench.address("store1")
    bench.outside.ip(f"address add {forged}/32 dev lo")
    assert not probe([Probe(bench.outside, forged, bench.public["mta1"], "udp", _GOSSIP)])
    assert not bench.listeners.datagrams
    assert probe([Probe(bench.machines["store1"], "", bench.address("mta1"), "udp", _GOSSIP)], 3.0)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["hetzner", "libvirt", "rhel"])
def test_errors_of_the_network_come_back(world: Make, name: str) -> None:
    bench = world(DIRECT[name])
    bench.load()
    for machine in bench.machines.values():
        asking = machine.sockets(1, socket.SOCK_DGRAM)[0]
        with asking:
            asking.settimeout(3)
            asking.connect((STRANGER, 9999))
            asking.send(b"?")
            with pytest.raises(ConnectionRefusedError):
                asking.recv(100)


def test_loading_leaves_nothing_of_a_gateway_and_everything_of_others(world: Make) -> None:
    bench = world(DIRECT["hetzner"])
    machine = bench.machines["mta1"]
    machine.run("nft", "add table ip carbonio_nat; add chain ip carbonio_nat forwarded; add table ip others")
    bench.load()
    before = bench.rules("mta1")
    bench.reload("mta1")
    assert bench.rules("mta1") == before
    assert machine.run("nft", "list tables").split("\n")[:-1] == ["table ip others", "table inet carbonio"]


@pytest.mark.slow
def test_firewalld_decides_by_our_zone_whatever_zone_an_interface_is_in(world: Make, tmp_path: Path) -> None:
    bench = world(DIRECT["rhel"])
    bench.load()
    node = bench.machines["mta1"]
    bench.listeners.open(node, [22, 25, 12345], [])
    daemon = bench.firewalld["mta1"]
    daemon.command("--zone=trusted", "--change-interface=private")
    assert daemon.command("--get-zone-of-interface=private").strip() == "trusted"
    probes = [Probe(bench.outside, STRANGER, bench.public["mta1"], "tcp", port) for port in (22, 25, 12345)]
    assert [entry.port for entry in probe(probes)] == [25]
    daemon.command("--check-config")
    assert "carbonio" not in daemon.log()
    empty = bench.namespace("empty")
    (tmp_path / "empty/etc/firewalld").mkdir(parents=True)
    with Firewalld(empty, tmp_path / "empty", tmp_path) as daemon:
        daemon.wait()
        own = rules(empty)
    for name, machine in bench.machines.items():
        assert rules(machine) - own <= _MOST_RULES, name
