"""What each layer lets through on its own: no more than passes it on some way that is wanted."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator

from tests.oracle.asking import Asking
from tests.oracle.expected import GATEWAY
from tests.oracle.masks import FULL, PROTOCOLS
from tests.oracle.nft import SIXTH, Packet
from tests.oracle.ways import Ways
from tests.oracle.world import NoFirewall, World

SHOWN = 8


def findings(world: World) -> list[str]:
    """Return everything that is open and should not be, or should be and is not.

    Args:
        world: The deployment.

    Returns:
        One sentence each, sorted; empty when the deployment does what the documents say.
    """
    return sorted({*Ways(world).findings(), *_together(Layers(world).findings())})


def _together(lines: Iterable[str]) -> Iterator[str]:
    """Yield findings that differ only in where packets come from as one."""
    sources: dict[str, set[str]] = {}
    for line in lines:
        what, _, source = line.rpartition(" from ")
        sources.setdefault(what or source, set()).add(source if what else "")
    for what, named in sources.items():
        first = ", ".join(sorted(named, key=lambda name: (not name.startswith("outside"), name))[:SHOWN])
        more = f" and {len(named) - SHOWN} more" if len(named) > SHOWN else ""
        yield f"{what} from {first}{more}" if first else what


class Layers(Asking):
    """Compares every layer with what passes it."""

    def findings(self) -> Iterator[str]:
        """Compare every layer with what passes it."""
        for protocol in PROTOCOLS:
            for name in self.machines:
                yield from self._cloud_layer(name, protocol)
                yield from self._host_layer(name, protocol)
            yield from self._router_layer(protocol)
            if self.gateway is not None:
                yield from self._translation_layer(protocol)
                yield from self._forward_layer(protocol)

    def _cloud_layer(self, name: str, protocol: str) -> Iterator[str]:
        world = self.world
        way_out = name == GATEWAY and world.reading.exposure == "gateway"
        for source in self.atoms:
            wanted = self.wanted.opened(name, source, protocol)
            if name == GATEWAY:
                wanted |= self.wanted.all_forwarded(source, protocol)
            if not world.cloud.icmp_types and protocol == "icmp" and wanted:
                wanted = FULL[protocol]
            if name in world.cloud.public and world.cloud.filters:
                transit = FULL[protocol] if way_out and world.cloud.sees_private and source in world.cluster else 0
                actual = world.cloud.outer[name].admits(source, protocol)
                yield from self.more(f"the cloud's firewall of {name}", source, protocol, wanted | transit, actual)
            if world.cloud.icmp_types:
                transit = FULL[protocol] if way_out and source in world.cluster else 0
                actual = world.cloud.inner[name].admits(source, protocol)
                yield from self.more(f"the cloud's firewall of {name}", source, protocol, wanted | transit, actual)

    def _host_layer(self, name: str, protocol: str) -> Iterator[str]:
        world = self.world
        host = world.hosts[name]
        if isinstance(host, NoFirewall):
            return
        own = world.addresses[name]
        for source in [*self.atoms, SIXTH]:
            sixth = source == SIXTH
            packet = Packet(source, SIXTH if sixth else own, protocol, local=True)
            wanted = 0 if sixth else self.wanted.opened_there(name, source, protocol)
            actual = host.admits("input", packet)
            yield from self.more(f"the firewall on {name}", source, protocol, wanted, actual)
            if sixth or name != GATEWAY:
                actual = host.admits("forward", packet._replace(local=False, translated=True))
                yield from self.more(f"what {name} passes on", source, protocol, 0, actual)
            if name != GATEWAY and not sixth and (host.translated(packet) or host.masked(packet)):
                yield f"{name} translates addresses"

    def _router_layer(self, protocol: str) -> Iterator[str]:
        """The operator's router forwards to nodes of the service alone."""
        if self.world.router is None:
            return
        for source in self.outside:
            for target, ports in self.world.router.forwards(source, protocol).items():
                name = self.names.get(target, "")
                wanted = self.wanted.forwarded(name, source, protocol) if name else 0
                what = f"the router's forward to {name or ipaddress.IPv4Address(target)}"
                yield from self.more(what, source, protocol, wanted, ports)

    def _translation_layer(self, protocol: str) -> Iterator[str]:
        """Only packets from outside to the gateway itself are led elsewhere, and only to nodes of the service."""
        world, host = self.world, self.world.hosts[GATEWAY]
        assert self.gateway is not None
        for source in self.atoms:
            for target, local in ((self.gateway, True), (1, False)):
                found: dict[int, int] = {}
                for ports, targets in host.translated(Packet(source, target, protocol, local)):
                    for one in targets:
                        found[one] = found.get(one, 0) | ports
                for one, ports in found.items():
                    name = self.names.get(one, "")
                    wanted = self.wanted.forwarded(name, source, protocol) if name in world.nodes else 0
                    wanted = wanted if local and source not in world.network else 0
                    what = f"the gateway's forward to {name or one}"
                    yield from self.more(what, source, protocol, wanted, ports)

    def _forward_layer(self, protocol: str) -> Iterator[str]:
        """What passes the gateway without a translation: out of the cluster, and out of the tunnel to nodes."""
        world, host = self.world, self.world.hosts[GATEWAY]
        way_out = world.reading.exposure == "gateway"
        # Nothing else makes a difference here, neither to the firewall nor to what is wanted.
        kinds = (host, world.network, world.cluster, world.tunnel)
        near = sorted({0, *(edge for kind in kinds for edge in kind.edges()), *world.addresses.values()} - {1 << 32})
        for source in near:
            for target in near:
                name = self.names.get(target, "")
                passes = masked = 0
                if way_out and source in world.cluster and world.is_outside(target):
                    passes = masked = FULL[protocol]
                elif source in world.tunnel and target in world.network:
                    passes = self.wanted.through_tunnel(name, protocol) if name in world.nodes else 0
                    masked = FULL[protocol]
                elif way_out and source in world.cluster and target in world.tunnel:
                    # The filter decides; what it drops may be translated or not.
                    masked = FULL[protocol]
                packet = Packet(source, target, protocol)
                passed, left = host.admits("forward", packet), host.masked(packet)
                if passed & ~passes:
                    what = f"what the gateway passes on to {self.say(target)}"
                    yield from self.more(what, source, protocol, passes, passed)
                if left & ~masked:
                    what = f"the gateway's own address as a source to {self.say(target)}"
                    yield from self.more(what, source, protocol, masked, left)
