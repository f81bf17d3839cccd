"""How a deployment is asked.

Every port, every kind of protocol and every address at which any layer changes its mind is tried: addresses between two
such edges are alike for every layer, so one of them stands for all.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from tests.oracle.expected import GATEWAY
from tests.oracle.masks import Ranges, text
from tests.oracle.nft import SIXTH
from tests.oracle.wanted import Wanted
from tests.oracle.world import OUTSIDE, World


class Asking:
    """A deployment, every address worth trying, and words for what is found."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.wanted = Wanted(world)
        self.machines = dict(world.addresses)
        self.atoms = sorted(self._edges())
        self.outside = [number for number in self.atoms if world.is_outside(number)]
        self.public = [number for number in self.outside if not world.is_private(number)]
        self.names = {number: name for name, number in world.addresses.items()}
        self.gateway = world.addresses.get(GATEWAY)

    def _edges(self) -> set[int]:
        world = self.world
        found = {0, *self.wanted.peers(), *world.network.edges(), *world.cluster.edges(), *world.tunnel.edges()}
        for name, number in world.addresses.items():
            found |= {number, number + 1} | world.hosts[name].edges()
        for filters in (world.cloud.outer, world.cloud.inner, world.cloud.outer_out, world.cloud.inner_out):
            for entry in filters.values():
                found |= entry.edges()
        if world.router is not None:
            found |= world.router.edges()
        for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", f"{OUTSIDE}/32"):
            found |= Ranges([block]).edges()
        return {number for number in found if number < 1 << 32}

    def say(self, number: int) -> str:
        """Return words for an address."""
        if number == SIXTH:
            return "IPv6"
        if number in self.names:
            return self.names[number]
        for ranges, what in ((self.world.network, "free address"), (self.world.tunnel, "VPN")):
            if number in ranges:
                return f"{what} {ipaddress.IPv4Address(number)}"
        return f"outside {ipaddress.IPv4Address(number)}"

    def differ(self, way: str, protocol: str, expected: int, actual: int) -> Iterator[str]:
        """Yield what is closed and should be open, and the other way round."""
        if expected & ~actual:
            yield f"closed: {way}: {protocol} {text(expected & ~actual, protocol)}"
        if actual & ~expected:
            yield f"open: {way}: {protocol} {text(actual & ~expected, protocol)}"

    def more(self, layer: str, source: int, protocol: str, wanted: int, actual: int) -> Iterator[str]:
        """Yield what a layer admits and nothing wants."""
        if actual & ~wanted:
            what = text(actual & ~wanted, protocol)
            yield f"unjustified: {layer} admits {protocol} {what} from {self.say(source)}"
