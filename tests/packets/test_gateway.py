"""What the gateway does with the packets of others."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.packets.conftest import Make
from tests.packets.test_firewall import connected, echoed
from tests.packets.topologies import gateway
from tests.packets.traffic import Probe, probe
from tests.packets.world import CLIENTS, STRANGER, World

pytestmark = pytest.mark.many(4)

_PUBLIC_KEY = "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE="


@pytest.fixture(params=["hetzner", "aws", "libvirt"])
def bench(request: pytest.FixtureRequest, world: Make) -> World:
    made = world(gateway(request.param, _PUBLIC_KEY))
    made.load()
    return made


def test_nodes_leave_with_the_address_of_the_gateway(bench: World) -> None:
    bench.listeners.open(bench.outside, [25, 443], [53])
    probes = [
        Probe(bench.machines[node], "", STRANGER, protocol, port)
        for node in bench.nodes
        for protocol, port in (("tcp", 25), ("tcp", 443), ("udp", 53), ("icmp", 8))
    ]
    answers = probe(probes, 3.0)
    assert set(answers) == set(probes)
    assert {answer.peer for answer in answers.values()} == {bench.public["gateway"], ""}


def test_a_client_keeps_its_node_and_clients_spread(bench: World) -> None:
    for node in ("mta1", "mta2"):
        bench.listeners.open(bench.machines[node], [25, 587], [])
    probes = [Probe(bench.outside, client, bench.public["gateway"], "tcp", 25) for client in CLIENTS]
    first = probe(probes, 3.0)
    assert set(first) == set(probes)
    assert all(answer.peer == entry.address for entry, answer in first.items())
    nodes = [answer.machine for answer in first.values()]
    assert min(nodes.count("mta1"), nodes.count("mta2")) >= len(CLIENTS) // 4
    for _ in range(3):
        bench.reload("gateway")
        assert probe(probes, 3.0) == first


def test_each_half_of_the_media_ports_leads_to_its_node(bench: World) -> None:
    ports = {20000: "video1", 30000: "video1", 30001: "video2", 40000: "video2"}
    for node in ("video1", "video2"):
        bench.listeners.open(bench.machines[node], [], ports)
    probes = [
        Probe(bench.outside, client, bench.public["gateway"], "udp", port) for client in CLIENTS[:2] for port in ports
    ]
    answers = probe(probes, 3.0)
    assert set(answers) == set(probes)
    assert all((ports[entry.port], entry.address) == answer for entry, answer in answers.items())


def test_connections_through_the_gateway_outlive_its_rules(bench: World) -> None:
    bench.listeners.open(bench.machines["mta1"], [443], [])
    bench.listeners.open(bench.outside, [443], [])
    inward = connected(bench.outside, STRANGER, bench.public["gateway"], 443)
    outward = connected(bench.machines["store1"], bench.address("store1"), STRANGER, 443)
    with inward, outward:
        for _ in range(5):
            bench.reload("gateway")
            assert (echoed(inward, b"in"), echoed(outward, b"out")) == (b"in", b"out")
        # More than one packet's worth, both ways: sizes fit although the private network carries less.
        assert len(_echoed_all(inward, 200_000)) == 200_000


def _echoed_all(connection: socket.socket, size: int) -> bytes:
    found = b""
    for start in range(0, size, 1000):
        connection.sendall(bytes(min(1000, size - start)))
        while len(found) < start + 1000:
            found += connection.recv(4096)
    return found


def test_a_forged_node_gets_neither_answers_nor_a_way(world: Make) -> None:
    bench = world(gateway("hetzner", _PUBLIC_KEY))
    bench.load()
    forged = bench.address("store1")
    bench.listeners.open(bench.machines["gateway"], [], [53])
    bench.listeners.open(bench.machines["mta1"], [], [8301])
    bench.outside.ip(
        f"address add {forged}/32 dev lo",
        f"route add 10.20.0.0/16 via {bench.public['gateway']} dev node0 onlink",
    )
    probe(
        [
            Probe(bench.outside, forged, bench.public["gateway"], "udp", 53),
            Probe(bench.outside, forged, bench.address("gateway"), "udp", 53),
            Probe(bench.outside, forged, bench.address("mta1"), "udp", 8301),
        ]
    )
    assert not bench.listeners.datagrams


def test_parameters_of_the_kernel_are_set(bench: World) -> None:
    def read() -> set[tuple[str, str]]:
        paths = ["ip_forward", *(f"conf/{name}/{key}" for name in ("all", "private") for key in ("send_redirects",))]
        return {(path, Path("/proc/sys/net/ipv4", path).read_text("ascii").strip()) for path in paths}

    values = bench.machines["gateway"].inside(read)
    assert values == {("ip_forward", "1"), ("conf/all/send_redirects", "0"), ("conf/private/send_redirects", "0")}
