"""Zones, subnets and addresses. What the lock holds stays; the rest is chosen in the order of the file."""

from collections import Counter
from ipaddress import IPv4Address, IPv4Network

import msgspec

from generator.addressing import parts
from generator.context import Context
from generator.lockfile import Lock, LockedNode
from generator.plan import GATEWAY, Subnet
from generator.problems import Finding
from generator.topology import Node

_MESH = "mesh servers"
_FIRST_PUBLIC = 8
_NODES = "nodes"
_LOW_ADDRESSES_LEFT = 10
"""The first addresses of a subnet stay free for gateways and appliances that come later."""


class Place(msgspec.Struct, frozen=True):
    """Where a machine stands in the network.

    Attributes:
        public: The Internet reaches it by an address of its own.
        public_address: It has one, be it for the way out alone.
    """

    subnet: str
    zone: str
    address: str
    public: bool
    public_address: bool


class Placement(msgspec.Struct, frozen=True):
    """Where every machine stands, the gateway among them, and the subnets of the network."""

    nodes: dict[str, Place]
    subnets: dict[str, Subnet]
    nat_subnet: str


def place(context: Context, lock: Lock, findings: list[Finding]) -> Placement:
    """Give every node and the gateway their zone, subnet and private address."""
    subnets = _zonal_subnets(context) if context.capabilities.zonal_subnets else _one_subnet(context)
    if context.behind_router:
        # The operator's router is there already.
        for net in subnets.values():
            net.take(context.network_router)
    chooser = _Chooser(context, subnets, findings)
    kept = lock.nodes if lock.network == context.topology.network.cidr else {}
    places: dict[str, Place] = {}
    for name, node in context.nodes.items():
        if node.address:
            places.update(chooser.fixed(name, node))
    for name, node in context.nodes.items():
        locked = kept.get(name)
        if name not in places and locked is not None and not node.address:
            places.update(chooser.locked(name, node, locked))
    for name, node in context.nodes.items():
        if name not in places:
            places.update(chooser.free(name, node))
    nat = f"public-{context.zones[0]}" if _needs_nat(context, places) else ""
    if context.has_gateway:
        net = _gateway_net(context, kept.get(GATEWAY))
        subnets[net.subnet.name] = net
        places[GATEWAY] = Place(GATEWAY, net.subnet.zone, net.take_next() or "", public=True, public_address=True)
    return Placement(places, {name: net.subnet for name, net in sorted(subnets.items())}, nat)


def _needs_nat(context: Context, places: dict[str, Place]) -> bool:
    nat = context.capabilities.managed_nat and not context.shared_address
    return nat and any(not one.public_address for one in places.values())


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


def _net(name: str, network: IPv4Network, zone: str, context: Context, *, public: bool) -> _Net:
    limits = context.cloud.limits
    subnet = Subnet(name, str(network), zone, public)
    return _Net(subnet, limits.reserved_addresses_first, limits.reserved_addresses_last)


def _zonal_subnets(context: Context) -> dict[str, _Net]:
    """Lay out a private and a public part in each zone.

    A zone's parts depend on its place in the region, not on the zones in use, so another zone later
    moves nothing.
    """
    cut = parts(context.topology.network.cidr)
    found = {}
    region = context.cloud.regions[context.topology.cloud.region]
    named = {node.zone for node in context.nodes.values() if node.zone}
    for index, zone in enumerate(region[: _FIRST_PUBLIC - 1]):
        if zone not in context.zones and zone not in named:
            continue
        for kind, first in (("private", 0), ("public", _FIRST_PUBLIC)):
            if kind == "public" and context.shared_address:
                continue
            name = f"{kind}-{zone}"
            found[name] = _net(name, cut[first + index], zone, context, public=kind == "public")
    return found


def _one_subnet(context: Context) -> dict[str, _Net]:
    """Lay out one subnet for all nodes: the first half of the network."""
    half = next(IPv4Network(context.topology.network.cidr).subnets(prefixlen_diff=1))
    return {_NODES: _net(_NODES, half, context.zones[0], context, public=False)}


def _gateway_net(context: Context, locked: LockedNode | None) -> _Net:
    """Return the gateway's part, which no node may use, in the zone where the gateway stands."""
    region = context.cloud.regions[context.topology.cloud.region]
    zone = locked.zone if locked is not None and locked.zone in region else context.zones[0]
    return _net(GATEWAY, parts(context.topology.network.cidr)[-1], zone, context, public=True)


class _Chooser:
    """Chooses places one after the other and remembers what is taken."""

    def __init__(self, context: Context, nets: dict[str, _Net], findings: list[Finding]) -> None:
        self.context = context
        self.nets = nets
        self.findings = findings
        self.external = context.external_roles
        self.carriers: Counter[tuple[str, str]] = Counter()

    def _exposed(self, node: Node) -> bool:
        """Tell whether the Internet reaches a node by an address of its own."""
        return not (self.context.shared_address or node.private or self.external.isdisjoint(node.roles))

    def _has_address(self, name: str, node: Node) -> bool:
        """Tell whether a node has a public address: to be reached, or because there is no other way out."""
        if self.context.shared_address or node.private:
            return False
        if self.context.capabilities.on_premises:
            return bool(self.context.stated_address(name))
        return self._exposed(node) or not self.context.capabilities.managed_nat

    def _spread(self, node: Node) -> set[str]:
        """Return what must not be lost with one zone: roles, and membership in the mesh's quorum."""
        members = {_MESH for role in node.roles if self.context.facts.roles[role].odd}
        return {*node.roles, *members}

    def _suits(self, net: _Net, node: Node) -> bool:
        """Tell whether a node may stand in a subnet: of its zone, and reachable as it has to be."""
        right = not self.context.capabilities.zonal_subnets or net.subnet.public == self._exposed(node)
        return right and node.zone in ("", net.subnet.zone)

    def _settle(self, name: str, node: Node, net: _Net, address: str) -> dict[str, Place]:
        zone = net.subnet.zone
        self.carriers.update((role, zone) for role in self._spread(node))
        exposed, own = self._exposed(node), self._has_address(name, node)
        return {name: Place(net.subnet.name, zone, address, exposed, own)}

    def fixed(self, name: str, node: Node) -> dict[str, Place]:
        """Place a node at the address that the topology names."""
        path = ("nodes", name, "address")
        wanted = [one for one in self.nets.values() if self._suits(one, node)]
        net = next((one for one in wanted if IPv4Address(node.address) in one.range), None)
        if net is None:
            kind = "public" if self._exposed(node) else "private"
            ranges = ", ".join(f"{one.subnet.cidr} ({one.subnet.zone})" for one in wanted)
            self.findings.append(
                Finding(
                    "address-subnet",
                    path,
                    f"{node.address} of {name} is not in a {kind} subnet of its zone",
                    f"Those are {ranges}.",
                )
            )
            return self._settle(name, node, wanted[0], node.address)
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

    def locked(self, name: str, node: Node, locked: LockedNode) -> dict[str, Place]:
        """Place a node where it stood before, unless it must move; then say so."""
        net = self.nets.get(locked.subnet)
        if net is not None and self._suits(net, node):
            own = self._has_address(name, node)
            if locked.public_address not in (None, own):
                self._moves(name, "gets" if own else "loses")
            if net.take(locked.address):
                return self._settle(name, node, net, locked.address)
            self._leaves(name, f"cannot keep {locked.address}, which is somebody else's now")
            return {}
        moved = net is not None and node.zone in ("", net.subnet.zone)
        reason = f"leaves zone {locked.zone}"
        if moved:
            reason = "becomes public" if self._exposed(node) else "becomes private"
        self._leaves(name, reason)
        return {}

    def _leaves(self, name: str, reason: str) -> None:
        after = "rebuild the machine" if self.context.capabilities.on_premises else "Terraform will replace the machine"
        why = f"{name} {reason}, so it gets another address: {after}"
        mend = "Its data volumes stay, and what its system disk holds goes: copy that first, or take the change back."
        self.findings.append(Finding("node-moves", ("nodes", name), why, mend, "warning", key=True))

    def _moves(self, name: str, verb: str) -> None:
        self.findings.append(
            Finding(
                "address-changes",
                ("nodes", name),
                f"{name} {verb} its public address; not every cloud does that to a machine that runs",
                "Where the apply refuses it, replace the machine: see Day two in docs/generated.md.",
                "warning",
                key=True,
            )
        )

    def free(self, name: str, node: Node) -> dict[str, Place]:
        """Place a node in the zone that holds fewest of its roles, at the next free address."""
        zones = (node.zone,) if node.zone else self.context.zones
        spread = self._spread(node)
        load = {zone: sum(self.carriers[role, zone] for role in spread) for zone in zones}
        nets = [net for net in self.nets.values() if net.subnet.zone in zones and self._suits(net, node)]
        for net in sorted(nets, key=lambda one: (load[one.subnet.zone], zones.index(one.subnet.zone))):
            address = net.take_next()
            if address is not None:
                return self._settle(name, node, net, address)
        kind = "public" if self._exposed(node) else "private"
        self.findings.append(
            Finding(
                "network-full",
                ("nodes", name),
                f"no {kind} address is left for {name} in {', '.join(zones)}",
                "Widen network.cidr, or name more zones.",
                key=True,
            )
        )
        return self._settle(name, node, nets[0], "")
