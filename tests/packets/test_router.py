"""What nodes and clients see of a router of the operator's own, set up by the hand-over sheet."""

from __future__ import annotations

import pytest

from tests.packets.conftest import Make
from tests.packets.test_firewall import connected, echoed
from tests.packets.topologies import EXTERNAL
from tests.packets.traffic import Probe, probe
from tests.packets.world import CLIENTS, MANAGEMENT, STRANGER, World


@pytest.fixture
def bench(world: Make) -> World:
    made = world(EXTERNAL)
    made.load()
    return made


def test_nodes_leave_with_the_public_address(bench: World) -> None:
    assert bench.router is not None
    bench.listeners.open(bench.outside, [25, 443], [53])
    probes = [
        Probe(bench.machines[node], "", STRANGER, protocol, port)
        for node in bench.nodes
        for protocol, port in (("tcp", 25), ("tcp", 443), ("udp", 53), ("icmp", 8))
    ]
    answers = probe(probes, 3.0)
    assert set(answers) == set(probes)
    assert {answer.peer for answer in answers.values()} == {bench.router.public, ""}


def test_clients_keep_their_address_and_reach_the_named_nodes(bench: World) -> None:
    assert bench.router is not None
    for node in ("mta1", "mta2"):
        bench.listeners.open(bench.machines[node], [25], [])
    probes = [Probe(bench.outside, client, bench.router.public, "tcp", 25) for client in CLIENTS]
    answers = probe(probes, 3.0)
    assert set(answers) == set(probes)
    assert all(answer.peer == entry.address for entry, answer in answers.items())
    assert {answer.machine for answer in answers.values()} == {"mta1", "mta2"}


@pytest.mark.slow
def test_administrators_reach_nodes_and_others_do_not(bench: World) -> None:
    for node in bench.nodes:
        bench.listeners.open(bench.machines[node], [22, 6071], [])
    tried = [
        Probe(bench.outside, client, bench.address(node), "tcp", port)
        for client in (MANAGEMENT, STRANGER)
        for node in bench.nodes
        for port in (22, 6071)
    ]
    answers = probe(tried, 2.0)
    proxies = {bench.address(node) for node in bench.nodes if "proxy" in bench.data[node]["roles"]}
    assert set(answers) == {
        entry for entry in tried if entry.address == MANAGEMENT and (entry.port == 22 or entry.target in proxies)
    }


def test_connections_outlive_the_rules_of_the_node(bench: World) -> None:
    assert bench.router is not None
    bench.listeners.open(bench.machines["mta1"], [443], [])
    with connected(bench.outside, STRANGER, bench.router.public, 443) as connection:
        for _ in range(5):
            bench.reload("mta1")
            assert echoed(connection, b"in") == b"in"
