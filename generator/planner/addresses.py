"""Zones, subnets and addresses. What the lock holds stays; the rest is chosen in the order of the file."""

from collections import Counter
from ipaddress import IPv4Address, IPv4Network

import msgspec

from generator.context import Context
from generator.lockfile import Lock, LockedNode
from generator.plan import Subnet
from generator.problems import Finding
from generator.topology import Node

_PARTS = 16
_MESH = "mesh servers"
_FIRST_PUBLIC = 8
_LOW_ADDRESSES_LEFT = 10
"""The first addresses of a subnet stay free for gateways and appliances that come later."""


class Place(msgspec.Struct, frozen=True):
    """Where a node stands in the network."""

    subnet: str
    zone: str
    address: str
    public: bool


class Placement(msgspec.Struct, frozen=True):
    """Where every node stands, and the subnets of the network."""

    nodes: dict[str, Place]
    subnets: dict[str, Subnet]
    nat_subnet: str


def external_roles(context: Context) -> frozenset[str]:
    """Return the roles that the release's external table names."""
    return frozenset(role for row in context.facts.external for role in row.roles)


def place(context: Context, lock: Lock, findings: list[Finding]) -> Placement:
    """Give every node its zone, subnet and private address."""
    external = external_roles(context)
    subnets = _subnets(context)
    chooser = _Chooser(context, subnets, findings)
    public = {name: not external.isdisjoint(node.roles) for name, node in context.nodes.items()}
    kept = lock.nodes if lock.network == context.topology.network.cidr else {}
    places: dict[str, Place] = {}
    for name, node in context.nodes.items():
        if node.address:
            places.update(chooser.fixed(name, node, public=public[name]))
    for name, node in context.nodes.items():
        locked = kept.get(name)
        if name not in places and locked is not None and not node.address:
            places.update(chooser.locked(name, node, locked, public=public[name]))
    for name, node in context.nodes.items():
        if name not in places:
            places.update(chooser.free(name, node, public=public[name]))
    private = any(not one.public for one in places.values())
    nat = f"public-{context.zones[0]}" if private else ""
    return Placement(places, {name: net.subnet for name, net in sorted(subnets.items())}, nat)


class _Net:
    """A subnet and which of its addresses are taken."""

    def __init__(self, subnet: Subnet, reserved_first: int, reserved_last: int) -> None:
        self.subnet = subnet
        self.range = IPv4Network(subnet.cidr)
        self.first = int(self.range.network_address)
        self.usable = range(max(reserved_first, 1), self.range.num_addresses - reserved_last)
        self.taken: set[int] = set()
        self._next = max(_LOW_ADDRESSES_LEFT, self.usable.start)

    def take(self, address: str) -> bool:
        """Take an address; False where it is not usable or taken already."""
        offset = int(IPv4Address(address)) - self.first
        if offset not in self.usable or offset in self.taken:
            return False
        self.taken.add(offset)
        return True

    def take_next(self) -> str | None:
        """Take the first free address above those left free, then below; None when all are taken."""
        while self._next in self.taken:
            self._next += 1
        offset: int | None = self._next
        if offset not in self.usable:
            low = range(self.usable.start, min(_LOW_ADDRESSES_LEFT, self.usable.stop))
            offset = next((one for one in low if one not in self.taken), None)
        if offset is None:
            return None
        self.taken.add(offset)
        return str(IPv4Address(self.first + offset))


def _subnets(context: Context) -> dict[str, _Net]:
    """Lay out a private and a public part in each zone.

    A zone's parts depend on its place in the region, not on the zones in use, so another zone later
    moves nothing.
    """
    network = IPv4Network(context.topology.network.cidr)
    parts = list(network.subnets(prefixlen_diff=_PARTS.bit_length() - 1))
    limits = context.cloud.limits
    found = {}
    region = context.cloud.regions[context.topology.cloud.region]
    named = {node.zone for node in context.nodes.values() if node.zone}
    for index, zone in enumerate(region[:_FIRST_PUBLIC]):
        if zone not in context.zones and zone not in named:
            continue
        for kind, first in (("private", 0), ("public", _FIRST_PUBLIC)):
            subnet = Subnet(f"{kind}-{zone}", str(parts[first + index]), zone, kind == "public")
            found[subnet.name] = _Net(subnet, limits.reserved_addresses_first, limits.reserved_addresses_last)
    return found


class _Chooser:
    """Chooses places one after the other and remembers what is taken."""

    def __init__(self, context: Context, nets: dict[str, _Net], findings: list[Finding]) -> None:
        self.zones = context.zones
        self.roles = context.facts.roles
        self.nets = nets
        self.findings = findings
        self.carriers: Counter[tuple[str, str]] = Counter()

    def _spread(self, node: Node) -> set[str]:
        """Return what must not be lost with one zone: roles, and membership in the mesh's quorum."""
        members = {_MESH for role in node.roles if self.roles[role].odd}
        return {*node.roles, *members}

    def _settle(self, name: str, node: Node, net: _Net, address: str) -> dict[str, Place]:
        zone = net.subnet.zone
        self.carriers.update((role, zone) for role in self._spread(node))
        return {name: Place(net.subnet.name, zone, address, net.subnet.public)}

    def fixed(self, name: str, node: Node, *, public: bool) -> dict[str, Place]:
        """Place a node at the address that the topology names."""
        path = ("nodes", name, "address")
        net = next((one for one in self.nets.values() if IPv4Address(node.address) in one.range), None)
        wanted = [
            one.subnet
            for one in self.nets.values()
            if one.subnet.public == public and node.zone in ("", one.subnet.zone)
        ]
        if net is None or net.subnet not in wanted:
            kind = "public" if public else "private"
            ranges = ", ".join(f"{one.cidr} ({one.zone})" for one in wanted)
            self.findings.append(
                Finding(
                    "address-subnet",
                    path,
                    f"{node.address} of {name} is not in a {kind} subnet of its zone",
                    f"Those are {ranges}.",
                )
            )
            return {name: Place(wanted[0].name, wanted[0].zone, node.address, public)}
        if not net.take(node.address):
            self.findings.append(
                Finding(
                    "address-reserved",
                    path,
                    f"{node.address} is reserved by the cloud",
                    f"Use another one of {net.subnet.cidr}.",
                )
            )
        return self._settle(name, node, net, node.address)

    def locked(self, name: str, node: Node, locked: LockedNode, *, public: bool) -> dict[str, Place]:
        """Place a node where it stood before, unless it must move; then say so."""
        net = self.nets.get(locked.subnet)
        stays = net is not None and net.subnet.public == public and node.zone in ("", net.subnet.zone)
        if net is None or not stays:
            why = "becomes public" if public else "becomes private"
            reason = why if net is not None and net.subnet.public != public else f"leaves zone {locked.zone}"
            self.findings.append(
                Finding(
                    "node-moves",
                    ("nodes", name),
                    f"{name} {reason}, so it gets another address: Terraform will replace the machine",
                    "",
                    "warning",
                    key=True,
                )
            )
            return {}
        return self._settle(name, node, net, locked.address) if net.take(locked.address) else {}

    def free(self, name: str, node: Node, *, public: bool) -> dict[str, Place]:
        """Place a node in the zone that holds fewest of its roles, at the next free address."""
        kind = "public" if public else "private"
        zones = (node.zone,) if node.zone else self.zones
        spread = self._spread(node)
        load = {zone: sum(self.carriers[role, zone] for role in spread) for zone in zones}
        for zone in sorted(zones, key=lambda one: load[one]):
            net = self.nets[f"{kind}-{zone}"]
            address = net.take_next()
            if address is not None:
                return self._settle(name, node, net, address)
        self.findings.append(
            Finding(
                "network-full",
                ("nodes", name),
                f"no {kind} address is left for {name} in {', '.join(zones)}",
                "Widen network.cidr, or name more zones.",
                key=True,
            )
        )
        return {name: Place(f"{kind}-{zones[0]}", zones[0], "", public)}
