"""What the documents and decisions want, asked by address."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import NamedTuple

from tests.oracle.expected import GATEWAY, SERVICES, clients, forwarded, openings
from tests.oracle.masks import Ranges, mask
from tests.oracle.opening import Opening
from tests.oracle.world import World


class Admission(NamedTuple):
    """An opening or a forward, as numbers; `peer` tells whether it is for an address."""

    peer: Callable[[int], bool]
    protocol: str
    ports: int


class Wanted:
    """What a deployment should admit."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._openings: dict[str, list[tuple[str, Admission]]] = {name: [] for name in world.addresses}
        for opening in openings(world.reading, world.resolvers):
            if opening.direction == "in":
                self._openings[opening.node].append((opening.peer, self._admission(opening)))
        self._forwards: dict[str, list[Admission]] = {name: [] for name in world.nodes}
        if world.reading.exposure != "direct":
            for service, (_, _, protocol) in SERVICES.items():
                for peer in clients(world.reading, service):
                    for node, ports in forwarded(world.reading, service).items():
                        self._forwards[node].append(
                            Admission(self._matcher(peer), protocol, mask(ports, protocol)),
                        )
        self.opened = functools.cache(self._opened)
        self.forwarded = functools.cache(self._forwarded)

    def peers(self) -> set[int]:
        """Return every address at which an answer may change, but those of machines."""
        found: set[int] = set()
        for entries in self._openings.values():
            for peer, _ in entries:
                ranges = peer.removeprefix("management:")
                if "/" in ranges:
                    found |= Ranges([ranges]).edges()
        return found

    def _opened(self, machine: str, source: int, protocol: str) -> int:
        """Return the ports that a machine opens to an address, as it comes to every layer outside the tunnel."""
        found = 0
        for peer, admission in self._openings[machine]:
            if admission.protocol == protocol and admission.peer(source) and peer != "vpn":
                found |= admission.ports
        return found

    def opened_there(self, machine: str, source: int, protocol: str) -> int:
        """Return the ports that a machine's own firewall opens to an address: only the gateway's sees the tunnel."""
        found: int = self.opened(machine, source, protocol)
        if machine == GATEWAY and source in self._world.tunnel:
            found |= self.through_tunnel(machine, protocol)
        return found

    def through_tunnel(self, machine: str, protocol: str) -> int:
        """Return the ports that peers of the VPN reach on a machine."""
        found = 0
        for peer, admission in self._openings[machine]:
            if peer == "vpn" and admission.protocol == protocol:
                found |= admission.ports
        return found

    def _forwarded(self, node: str, source: int, protocol: str) -> int:
        """Return the ports that the gateway, or the router, leads from an address to a node."""
        found = 0
        for admission in self._forwards[node]:
            if admission.protocol == protocol and admission.peer(source):
                found |= admission.ports
        return found

    def all_forwarded(self, source: int, protocol: str) -> int:
        """Return the ports that the gateway leads from an address to any node."""
        found = 0
        for node in self._world.nodes:
            found |= self._forwarded(node, source, protocol)
        return found

    def _admission(self, opening: Opening) -> Admission:
        return Admission(self._matcher(opening.peer), opening.protocol, mask(opening.ports, opening.protocol))

    def _matcher(self, peer: str) -> Callable[[int], bool]:
        world = self._world
        kind, _, name = peer.partition(":")
        if kind == "internet":
            return lambda _: True
        if kind == "cluster":
            return lambda number: number in world.cluster
        if kind == "vpn":
            return lambda number: number in world.tunnel
        if kind == "gateway":
            return lambda number: number == world.addresses[GATEWAY]
        if kind == "role":
            carriers = {world.addresses[node] for node, roles in world.reading.nodes.items() if name in roles}
            return lambda number: number in carriers
        ranges = Ranges([name or kind])
        return lambda number: number in ranges
