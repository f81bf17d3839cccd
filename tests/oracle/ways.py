"""What reaches what, over every layer on its way."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping

from tests.oracle.asking import Asking
from tests.oracle.expected import GATEWAY
from tests.oracle.masks import FULL, PROTOCOLS
from tests.oracle.nft import Packet
from tests.oracle.world import NoFirewall


class Ways(Asking):
    """Compares every way from end to end."""

    def findings(self) -> Iterator[str]:
        """Compare every way from end to end."""
        for protocol in PROTOCOLS:
            for name, number in self.machines.items():
                if name != GATEWAY:
                    yield from self._from_outside(name, protocol)
                    yield from self._through_router(name, protocol)
                    yield from self._from_machines(name, number, protocol)
                yield from self._outward(name, protocol)
            if self.gateway is not None:
                yield from self._to_gateway(protocol)
                yield from self._from_tunnel(protocol)

    def _from_outside(self, name: str, protocol: str) -> Iterator[str]:
        """To a node's own public address, and to its private one where routes lead there."""
        world, wanted = self.world, self.wanted
        for source in self.outside:
            expected = wanted.opened(name, source, protocol)
            if world.is_routed(source):
                actual = self._arrives(name, source, protocol)
                expected = self._loose(name, expected, protocol)
            elif name in world.cloud.public:
                actual = world.cloud.outer[name].admits(source, protocol)
                actual &= self._arrives(name, source, protocol, outer=True)
                expected = self._coarse(name, expected, protocol)
            else:
                continue
            yield from self.differ(f"{self.say(source)} to {name}", protocol, expected, actual)

    def _through_router(self, name: str, protocol: str) -> Iterator[str]:
        """To the operator's public address, which leads to nodes as the sheet says."""
        router = self.world.router
        if router is None:
            return
        for source in self.outside:
            # The router keeps the client's address, and answers leave by it: default routes lead there.
            actual = router.forwards(source, protocol).get(self.machines[name], 0)
            actual &= self._arrives(name, source, protocol)
            expected = self.wanted.forwarded(name, source, protocol)
            yield from self.differ(f"{self.say(source)} through the router to {name}", protocol, expected, actual)

    def _from_machines(self, name: str, number: int, protocol: str) -> Iterator[str]:
        world = self.world
        for other, source in self.machines.items():
            if other == name:
                continue
            actual = world.cloud.inner_out[other].admits(number, protocol)
            actual &= world.hosts[other].admits("output", Packet(source, number, protocol))
            actual &= self._arrives(name, source, protocol)
            expected = self._loose(name, self.wanted.opened(name, source, protocol), protocol)
            yield from self.differ(f"{other} to {name}", protocol, expected, actual)

    def _to_gateway(self, protocol: str) -> Iterator[str]:
        """To the gateway, from outside by any of its addresses, from nodes, and out of the tunnel."""
        world, wanted = self.world, self.wanted
        assert self.gateway is not None
        nodes = [number for name, number in self.machines.items() if name != GATEWAY]
        tunnel = [number for number in self.atoms if number in world.tunnel]
        for source in [*self.outside, *nodes, *tunnel]:
            public = world.is_outside(source) and not world.is_private(source)
            if source in world.tunnel:
                entrance = FULL[protocol]
            else:
                filters = world.cloud.outer if public else world.cloud.inner
                entrance = filters[GATEWAY].admits(source, protocol)
            target = 1 if public and not world.cloud.sees_private else self.gateway
            packet = Packet(source, target, protocol, local=True)
            host = world.hosts[GATEWAY]
            entrance &= host.admits("prerouting", packet)
            reached: dict[int, int] = {}
            local = FULL[protocol]
            for ports, targets in host.translated(packet):
                local &= ~ports
                for one in targets:
                    reached[one] = reached.get(one, 0) | self._onward(source, one, protocol, entrance & ports)
            expected = wanted.opened_there(GATEWAY, source, protocol) & ~wanted.all_forwarded(source, protocol)
            actual = entrance & local & host.admits("input", packet)
            yield from self.differ(f"{self.say(source)} to the gateway", protocol, expected, actual)
            yield from self._forwards(source, protocol, reached)

    def _forwards(self, source: int, protocol: str, reached: Mapping[int, int]) -> Iterator[str]:
        """Compare what arrives at nodes with what should."""
        world = self.world
        for number in reached:
            if self.names.get(number, GATEWAY) == GATEWAY:
                yield f"the gateway forwards to {ipaddress.IPv4Address(number)}, which is no node"
        for name in world.nodes:
            actual = reached.get(world.addresses[name], 0)
            expected = self.wanted.forwarded(name, source, protocol)
            if source in world.network:
                expected = 0
            if source in world.tunnel:
                # Peers may use what the whole Internet may; nobody relies on it.
                expected &= actual
            yield from self.differ(f"{self.say(source)} through the gateway to {name}", protocol, expected, actual)

    def _onward(self, source: int, target: int, protocol: str, ports: int) -> int:
        """Return the ports that reach a node after the gateway translated their target."""
        world = self.world
        if GATEWAY not in world.cloud.forwards or target not in self.names:
            return 0
        name = self.names[target]
        packet = Packet(source, target, protocol, translated=True)
        ports &= world.hosts[GATEWAY].admits("forward", packet)
        ports &= world.cloud.inner_out[GATEWAY].admits(target, protocol)
        if source not in world.tunnel:
            # Mail servers judge clients by their address: it must arrive. The answer has to find the way back.
            ports &= ~world.hosts[GATEWAY].masked(packet)
            return ports & self._arrives(name, source, protocol) if world.cloud.way_out == GATEWAY else 0
        assert self.gateway is not None
        return ports & world.hosts[GATEWAY].masked(packet) & self._arrives(name, self.gateway, protocol)

    def _from_tunnel(self, protocol: str) -> Iterator[str]:
        world = self.world
        host = world.hosts[GATEWAY]
        assert self.gateway is not None
        for source in (number for number in self.atoms if number in world.tunnel):
            for name in world.nodes:
                packet = Packet(source, world.addresses[name], protocol)
                actual = host.admits("prerouting", packet) & host.admits("forward", packet)
                # Nodes have no route to the tunnel: without the gateway's address no answer comes back.
                actual &= host.masked(packet) & world.cloud.inner_out[GATEWAY].admits(packet.target, protocol)
                actual &= self._arrives(name, self.gateway, protocol)
                expected = self.wanted.through_tunnel(name, protocol)
                yield from self.differ(f"the VPN to {name}", protocol, expected, actual)

    def _outward(self, name: str, protocol: str) -> Iterator[str]:
        """Everything may leave; behind a gateway with its address."""
        if protocol == "other":
            return
        world, source = self.world, self.machines[name]
        for target in self.public:
            packet = Packet(source, target, protocol)
            ports = world.hosts[name].admits("output", packet)
            if name in world.cloud.public:
                ports &= world.cloud.outer_out[name].admits(target, protocol)
            elif world.reading.exposure == "gateway":
                ports &= world.cloud.inner_out[name].admits(target, protocol)
                ports &= self._transit(packet)
            else:
                ports &= world.cloud.inner_out[name].admits(target, protocol)
            yield from self.differ(f"{name} to {self.say(target)}", protocol, FULL[protocol], ports)

    def _transit(self, packet: Packet) -> int:
        """Return the ports on which a node's packet leaves through the gateway."""
        world, host = self.world, self.world.hosts[GATEWAY]
        if world.cloud.way_out != GATEWAY or GATEWAY not in world.cloud.forwards or GATEWAY not in world.cloud.public:
            return 0
        if host.translated(packet):
            return 0
        ports = world.cloud.inner[GATEWAY].admits(packet.source, packet.protocol)
        ports &= host.admits("prerouting", packet) & host.admits("forward", packet) & host.masked(packet)
        return ports & world.cloud.outer_out[GATEWAY].admits(packet.target, packet.protocol)

    def _arrives(self, name: str, source: int, protocol: str, *, outer: bool = False) -> int:
        """Return the ports that a machine's filters let in from the network, or behind its public interface."""
        world = self.world
        packet = Packet(source, world.addresses[name], protocol, local=True)
        if outer and not world.cloud.sees_private:
            packet = packet._replace(target=1)
        host = world.hosts[name]
        ports = host.admits("prerouting", packet) & host.admits("input", packet)
        return ports if outer else ports & world.cloud.inner[name].admits(source, protocol)

    def _loose(self, name: str, ports: int, protocol: str) -> int:
        """Widen what is expected inside, where neither cloud nor node filters."""
        own = self.world.cloud.icmp_types or not isinstance(self.world.hosts[name], NoFirewall)
        return ports if own else FULL[protocol]

    def _coarse(self, name: str, ports: int, protocol: str) -> int:
        """Widen what is expected from outside, where nothing tells types of ICMP apart."""
        own = self.world.cloud.icmp_types or not isinstance(self.world.hosts[name], NoFirewall)
        return FULL[protocol] if protocol == "icmp" and ports and not own else ports
