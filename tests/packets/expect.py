"""What the oracle says about packets between two machines of the bench."""

from __future__ import annotations

import ipaddress
import random
from collections.abc import Iterable
from typing import NamedTuple

from tests.oracle.expected import GATEWAY, SERVICES, WIREGUARD, Reading, clients, forwarded, openings
from tests.oracle.opening import Opening

_RANDOM = 200


class Span(NamedTuple):
    """Ports of one protocol, both ends included."""

    protocol: str
    first: int
    last: int


def span(protocol: str, ports: str) -> Span:
    """Return the span of `25` or `20000-40000`."""
    first, _, last = ports.partition("-")
    return Span(protocol, int(first), int(last or first))


def is_open(spans: Iterable[Span], protocol: str, port: int) -> bool:
    """Whether one of them covers a port."""
    return any(entry.protocol == protocol and entry.first <= port <= entry.last for entry in spans)


class Expectations:
    """Openings of a topology, asked by machine and sender."""

    def __init__(self, reading: Reading, resolvers: Iterable[str]) -> None:
        self.reading = reading
        self._openings = [entry for entry in openings(reading, resolvers) if entry.direction == "in"]

    def candidates(self) -> dict[str, list[int]]:
        """Return ports to try, by protocol: all that are open anywhere, those beside them, and random ones."""
        found: dict[str, set[int]] = {"tcp": set(), "udp": set()}
        listed = [(entry.protocol, entry.ports) for entry in self._openings]
        listed += [(protocol, ports) for _, ports, protocol in SERVICES.values()]
        for service, (_, _, protocol) in SERVICES.items():
            listed += [(protocol, ports) for ports in forwarded(self.reading, service).values()]
        for protocol, ports in listed:
            if protocol in found:
                _, first, last = span(protocol, ports)
                around = {first, (first + last) // 2, last, first - 1, last + 1}
                # Whatever is open by one protocol is tried by the other too.
                for ports_tried in found.values():
                    ports_tried |= {port for port in around if 0 < port < 65536}
        seeded = random.Random(20)
        for ports_tried in found.values():
            ports_tried |= set(seeded.sample(range(1, 65536), _RANDOM))
        # WireGuard answers nobody whom it does not know; that its port is open, the tunnel shows.
        found["udp"].discard(int(WIREGUARD))
        return {protocol: sorted(ports) for protocol, ports in found.items()}

    def to_machine(self, name: str, sender: str, address: str) -> list[Span]:
        """Return what a machine lets in.

        Args:
            name: The machine.
            sender: `outside`, `vpn`, or a machine's name.
            address: The sender's.
        """
        return [span(o.protocol, o.ports) for o in self._openings if o.node == name and self._is(o, sender, address)]

    def _is(self, opening: Opening, sender: str, address: str) -> bool:
        peer = opening.peer
        if peer == "internet":
            # Out of the tunnel only what is said of it reaches nodes; services are used from outside.
            return sender != "vpn" or opening.node == GATEWAY
        if sender in ("vpn", GATEWAY):
            return peer == sender
        if sender in self.reading.nodes:
            roles = self.reading.nodes[sender]
            return peer == "cluster" or (peer.startswith("role:") and peer.partition(":")[2] in roles)
        return sender == "outside" and _holds(peer, address)

    def through_gateway(self, address: str) -> dict[Span, set[str]]:
        """Return what the gateway leads from outside to nodes: which nodes may answer."""
        found: dict[Span, set[str]] = {}
        for service, (_, _, protocol) in SERVICES.items():
            if any(peer == "internet" or _holds(peer, address) for peer in clients(self.reading, service)):
                for node, ports in forwarded(self.reading, service).items():
                    found.setdefault(span(protocol, ports), set()).add(node)
        return found


def _holds(peer: str, address: str) -> bool:
    text = peer.removeprefix("management:")
    return "/" in text and ipaddress.ip_address(address) in ipaddress.ip_network(text)
