"""Between all machines, on all listed ports and two hundred random ones: open is what should be, nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pytest

from tests.oracle.expected import GATEWAY, read
from tests.packets.conftest import Make
from tests.packets.expect import Expectations, Span, is_open
from tests.packets.topologies import DIRECT, EXTERNAL, gateway
from tests.packets.traffic import Answer, Probe, probe
from tests.packets.tunnel import Keys, Tunnel, key_pair, no_tunnel
from tests.packets.world import LISTED, MANAGEMENT, STRANGER, World

pytestmark = pytest.mark.slow

_MOST_RULES = 200


class Case(NamedTuple):
    """What one sender may do with one address.

    Attributes:
        spans: What must answer.
        machines: Who may answer, by span; the probed machine where nothing is said.
        seen: The address that the machine sees as the sender's.
    """

    sender: str
    target: str
    machine: str
    spans: list[Span]
    machines: Mapping[Span, set[str]]
    seen: str


@pytest.mark.parametrize("name", DIRECT)
def test_machines_on_the_internet(world: Make, name: str) -> None:
    topology = DIRECT[name]
    bench = world(topology)
    expect, ports = _listen(bench, topology)
    bench.load()
    cases = [*_between_machines(bench, expect), *_from_outside(bench, expect)]
    _judge(bench, cases, ports)
    if not bench.firewalld:
        assert all(bench.rules(machine) <= _MOST_RULES for machine in bench.machines)


@pytest.mark.parametrize("cloud", ["hetzner", "aws", "libvirt"])
def test_machines_behind_a_gateway(world: Make, cloud: str) -> None:
    why = no_tunnel()
    keys = Keys("", "A" * 43 + "=") if why else key_pair()
    topology = gateway(cloud, keys.public)
    bench = world(topology)
    expect, ports = _listen(bench, topology)
    bench.load()
    tunnel = None if why else bench.keep(Tunnel(bench, keys))
    cases = [*_between_machines(bench, expect), *_through_gateway(bench, expect)]
    if tunnel:
        cases += _from_tunnel(bench, expect, tunnel)
    _judge(bench, cases, ports, tunnel)
    assert all(bench.rules(machine) <= _MOST_RULES for machine in bench.machines)
    if why:
        pytest.skip(f"everything but the VPN was tried: {why}")


def test_machines_behind_a_router_of_the_operators(world: Make) -> None:
    """The router does what the sheet says, entered by a person who knows nothing else."""
    bench = world(EXTERNAL)
    expect, ports = _listen(bench, EXTERNAL)
    bench.load()
    _judge(bench, [*_between_machines(bench, expect), *_through_router(bench, expect)], ports)


def _listen(bench: World, topology: Mapping[str, Any]) -> tuple[Expectations, dict[str, list[int]]]:
    resolvers = [name for name in bench.machines if bench.data[name]["address"] in bench.data[name]["resolvers"]]
    expect = Expectations(read(topology), resolvers)
    ports = expect.candidates()
    for machine in bench.machines.values():
        bench.listeners.open(machine, ports["tcp"], ports["udp"])
    return expect, ports


def _between_machines(bench: World, expect: Expectations) -> Iterator[Case]:
    for sender in bench.machines:
        for machine in bench.machines:
            if sender != machine:
                address = bench.address(sender)
                spans = expect.to_machine(machine, sender, address)
                yield Case(sender, bench.address(machine), machine, spans, {}, address)


def _from_outside(bench: World, expect: Expectations) -> Iterator[Case]:
    for address in (STRANGER, MANAGEMENT, LISTED):
        for machine, target in bench.public.items():
            yield Case(address, target, machine, expect.to_machine(machine, "outside", address), {}, address)


def _through_gateway(bench: World, expect: Expectations) -> Iterator[Case]:
    for address in (STRANGER, MANAGEMENT, LISTED):
        forwarded = expect.through_gateway(address)
        spans = [*expect.to_machine(GATEWAY, "outside", address), *forwarded]
        yield Case(address, bench.public[GATEWAY], GATEWAY, spans, forwarded, address)
        for node in bench.nodes if not bench.translated else []:
            # Somebody beside the gateway's public interface may try to route through it.
            yield Case(address, bench.address(node), node, [], {}, address)


def _through_router(bench: World, expect: Expectations) -> Iterator[Case]:
    assert bench.router is not None
    for address in (STRANGER, MANAGEMENT, LISTED):
        forwarded = expect.through_gateway(address)
        yield Case(address, bench.router.public, "router", list(forwarded), forwarded, address)
        for node in bench.nodes:
            # The router leads administrators to private addresses, and nobody else.
            spans = expect.to_machine(node, "outside", address) if address == MANAGEMENT else []
            yield Case(address, bench.address(node), node, spans, {}, address)


def _from_tunnel(bench: World, expect: Expectations, tunnel: Tunnel) -> Iterator[Case]:
    for machine in bench.machines:
        spans = expect.to_machine(machine, "vpn", tunnel.address)
        seen = tunnel.address if machine == GATEWAY else bench.address(GATEWAY)
        yield Case("vpn", bench.address(machine), machine, spans, {}, seen)


def _judge(bench: World, cases: list[Case], ports: dict[str, list[int]], tunnel: Tunnel | None = None) -> None:
    """Probe everything, and say what differs."""
    if not bench.translated and bench.behind:
        bench.outside.ip(f"route add 10.20.0.0/16 via {bench.public[GATEWAY]} dev node0 onlink")
    by_probe: dict[Probe, Case] = {}
    for case in cases:
        source = bench.machines.get(case.sender) or (tunnel.peer if tunnel and case.sender == "vpn" else bench.outside)
        address = case.sender if source is bench.outside else ""
        tried = [("icmp", 8), *((protocol, port) for protocol, listed in ports.items() for port in listed)]
        for protocol, port in tried:
            by_probe[Probe(source, address, case.target, protocol, port)] = case
    answers = probe(list(by_probe))
    late = [entry for entry, case in by_probe.items() if entry not in answers and _expected(entry, case)]
    answers.update(probe(late, 3.0))
    wrong = [text for entry, case in by_probe.items() if (text := _difference(entry, case, answers.get(entry)))]
    assert not wrong, f"{len(wrong)} of {len(by_probe)}:\n" + "\n".join(wrong[:60])
    opened = sum(1 for entry in by_probe if entry in answers)
    assert opened > len(cases), "hardly anything answers: the bench does not work"


def _expected(entry: Probe, case: Case) -> bool:
    return is_open(case.spans, entry.protocol, entry.port)


def _difference(entry: Probe, case: Case, answer: Answer | None) -> str:
    expected = _expected(entry, case)
    what = f"{case.sender} -> {case.machine} ({case.target}) {entry.protocol} {entry.port}"
    if (answer is not None) != expected:
        return f"{what}: {'closed, must be open' if expected else f'open by {answer}, must be closed'}"
    if answer is None or entry.protocol == "icmp":
        return ""
    may: set[str] = set()
    for over, names in case.machines.items():
        may |= names if is_open([over], entry.protocol, entry.port) else set()
    if answer.machine not in (may or {case.machine}):
        return f"{what}: answered by {answer.machine}"
    return "" if answer.peer == case.seen else f"{what}: sees {answer.peer} instead of {case.seen}"
