"""What a cloud does with packets before a machine sees them, in one shape for every cloud."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from tests.oracle.groups import OracleError, Rule, ports_of
from tests.oracle.masks import FULL, PROTOCOLS, Ranges, mask, text


class Row(NamedTuple):
    """Who may use which ports."""

    peers: Ranges
    protocol: str
    ports: int


class Filter:
    """What passes in one direction at one interface; without rows nothing does."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows = tuple(rows)
        self._known: dict[tuple[int, str], int] = {}

    def admits(self, peer: int, protocol: str) -> int:
        """Return the ports that pass.

        Args:
            peer: The address at the other end.
            protocol: One of `masks.PROTOCOLS`.
        """
        if (peer, protocol) not in self._known:
            found = 0
            for row in self._rows:
                if row.protocol == protocol and peer in row.peers:
                    found |= row.ports
            self._known[peer, protocol] = found
        return self._known[peer, protocol]

    def edges(self) -> set[int]:
        """Return every address at which an answer may change."""
        return {edge for row in self._rows for edge in row.peers.edges()}


OPEN = Filter(Row(Ranges(["0.0.0.0/0"]), protocol, FULL[protocol]) for protocol in PROTOCOLS)


class Cloud(NamedTuple):
    """A deployment as the cloud knows it.

    Attributes:
        addresses: Private addresses by machine.
        public: Machines with a public address.
        outer: What may come in at the public interface, by machine; none without a public address.
        outer_out: What may leave there.
        inner: What may come in from the private network.
        inner_out: What may leave to it.
        forwards: Machines that may handle packets that are not theirs.
        way_out: The machine to which the network's default route leads; empty where it leads elsewhere.
        sees_private: A packet for a public address reaches the machine with its private one.
        icmp_types: Its filters tell types of ICMP apart.
        filters: It has filters at all.
    """

    addresses: Mapping[str, str]
    public: frozenset[str]
    outer: Mapping[str, Filter]
    outer_out: Mapping[str, Filter]
    inner: Mapping[str, Filter]
    inner_out: Mapping[str, Filter]
    forwards: frozenset[str]
    way_out: str
    sees_private: bool
    icmp_types: bool
    filters: bool = True


def aws(
    addresses: Mapping[str, str],
    public: Collection[str],
    forwards: Collection[str],
    way_out: str,
    members: Mapping[str, set[str]],
    rules: Sequence[Rule],
) -> Cloud:
    """Return a deployment on AWS, where one interface has one set of groups for everything.

    Args:
        addresses: Private addresses by machine.
        public: Machines with an Elastic IP.
        forwards: Machines whose source/destination check is off.
        way_out: The machine to whose interface the private route leads; may be empty.
        members: Groups by machine.
        rules: All rules of all groups.
    """
    sides: dict[str, dict[str, Filter]] = {"in": {}, "out": {}}
    for direction, filters in sides.items():
        for machine, own in members.items():
            rows = []
            for rule in rules:
                if rule.direction == direction and rule.group in own:
                    # A group as a peer means the private addresses of its members.
                    peers = [rule.cidr] if rule.cidr else [addresses[m] for m, of in members.items() if rule.peer in of]
                    rows += _rows(peers, rule.protocol, ports_of(rule))
            filters[machine] = Filter(rows)
    return Cloud(
        addresses,
        frozenset(public),
        {machine: sides["in"][machine] for machine in public},
        {machine: sides["out"][machine] for machine in public},
        sides["in"],
        sides["out"],
        frozenset(forwards),
        way_out,
        sees_private=True,
        icmp_types=True,
    )


class Entry(NamedTuple):
    """A rule of one of Hetzner's firewalls; `ports` is empty where the protocol has none."""

    firewall: str
    direction: str
    protocol: str
    ports: str
    ranges: tuple[str, ...]


def hetzner(
    addresses: Mapping[str, str],
    public: Collection[str],
    way_out: str,
    members: Mapping[str, set[str]],
    entries: Sequence[Entry],
) -> Cloud:
    """Return a deployment at Hetzner, whose firewalls filter the public interface alone.

    Args:
        addresses: Private addresses by machine.
        public: Machines with a public address.
        way_out: Private address to which the network's default route leads; may be empty.
        members: Firewalls by machine.
        entries: All rules of all firewalls.

    Raises:
        OracleError: A public machine without a firewall, a private one with one, or a route to nowhere.
    """
    for machine, own in members.items():
        if bool(own) != (machine in public):
            raise OracleError(f"{machine}: firewalls {sorted(own)}, public address: {machine in public}")
    outer = {machine: _hetzner_filter(members[machine], "in", entries) for machine in public}
    outer_out = {machine: _hetzner_filter(members[machine], "out", entries) for machine in public}
    targets = [machine for machine, own in addresses.items() if own == way_out]
    if way_out and not targets:
        raise OracleError(f"the default route leads to {way_out}, which is no machine's")
    everywhere = dict.fromkeys(addresses, OPEN)
    return Cloud(
        addresses,
        frozenset(public),
        outer,
        outer_out,
        everywhere,
        everywhere,
        # Hetzner's network does not look at source addresses of machines.
        frozenset(addresses),
        targets[0] if targets else "",
        sees_private=False,
        icmp_types=False,
    )


def _hetzner_filter(firewalls: Collection[str], direction: str, entries: Sequence[Entry]) -> Filter:
    own = [entry for entry in entries if entry.firewall in firewalls and entry.direction == direction]
    if direction == "out" and not own:
        # Without any rule for it, everything may leave; the decision is to say so.
        raise OracleError(f"{sorted(firewalls)} do not say what may leave")
    rows = []
    for entry in own:
        if entry.protocol not in {"tcp", "udp", "icmp"}:
            raise OracleError(f"a protocol that the oracle does not know: {entry}")
        if (entry.protocol == "icmp") == bool(entry.ports):
            raise OracleError(f"ports that do not fit the protocol: {entry}")
        ports = "1-65535" if entry.ports == "any" else entry.ports or "all"
        ranges = [cidr for cidr in entry.ranges if ipaddress.ip_network(cidr).version == 4]
        if len(ranges) != len(entry.ranges):
            raise OracleError(f"a rule for IPv6: {entry}")
        rows += _rows(ranges, entry.protocol, ports)
    return Filter(rows)


def libvirt(addresses: Mapping[str, str], public: Collection[str], way_out: str) -> Cloud:
    """Return a deployment on a hypervisor, which filters nothing: not inside, and not on the uplink.

    Args:
        addresses: Private addresses by machine.
        public: Machines with an interface on the uplink, whatever address it has there.
        way_out: The machine through which the others are to leave; may be empty.
    """
    everywhere, outside = dict.fromkeys(addresses, OPEN), dict.fromkeys(public, OPEN)
    return Cloud(
        addresses,
        frozenset(public),
        outside,
        outside,
        everywhere,
        everywhere,
        # A bridge does not look at addresses.
        frozenset(addresses),
        way_out,
        sees_private=False,
        icmp_types=False,
        filters=False,
    )


def _rows(peers: Sequence[str], protocol: str, ports: str) -> list[Row]:
    ranges = Ranges(peers)
    if protocol == "-1":
        return [Row(ranges, name, FULL[name]) for name in PROTOCOLS]
    return [Row(ranges, protocol, mask(ports, protocol))]


def difference(one: Cloud, other: Cloud) -> list[str]:
    """Return where two readings of one deployment differ; empty when they agree.

    Args:
        one: A reading.
        other: Another one.
    """
    facts = ("addresses", "public", "forwards", "way_out", "sees_private", "icmp_types", "filters")
    found = [
        f"{name}: {getattr(one, name)}, {getattr(other, name)}"
        for name in facts
        if getattr(one, name) != getattr(other, name)
    ]
    for side in ("outer", "outer_out", "inner", "inner_out"):
        left, right = getattr(one, side), getattr(other, side)
        for machine in sorted(left.keys() | right.keys()):
            if machine not in left or machine not in right:
                found.append(f"{side} of {machine} is in one alone")
                continue
            for peer in sorted({0, *left[machine].edges(), *right[machine].edges()} - {1 << 32}):
                for protocol in PROTOCOLS:
                    pair = left[machine].admits(peer, protocol), right[machine].admits(peer, protocol)
                    if pair[0] != pair[1]:
                        words = " or ".join(text(ports, protocol) or "nothing" for ports in pair)
                        found.append(f"{side} of {machine} admits {protocol} {words} from {ipaddress.ip_address(peer)}")
    return found
