"""Sets of ports as integers: bit n stands for port n, so that every port is tried at once.

ICMP counts types instead of ports. `other` stands for every protocol that no rule may name, such as GRE: one bit.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

PROTOCOLS = ("tcp", "udp", "icmp", "other")
PORTS = (1 << 65536) - 2
"""Ports 1 to 65535: nothing listens on port 0."""
TYPES = (1 << 256) - 1
FULL = {"tcp": PORTS, "udp": PORTS, "icmp": TYPES, "other": 1}


def mask(ports: str, protocol: str) -> int:
    """Return a set of ports.

    Args:
        ports: `25`, `20000-40000`, an ICMP type, or `all`.
        protocol: One of `PROTOCOLS`.
    """
    if ports == "all":
        return FULL[protocol]
    first, _, last = ports.partition("-")
    return span(int(first), int(last or first)) & FULL[protocol]


def span(first: int, last: int) -> int:
    """Return the set of all numbers from `first` to `last`."""
    return (1 << (last + 1)) - (1 << first) if first <= last else 0


def text(ports: int, protocol: str) -> str:
    """Return a set of ports for people: `25, 20000-40000`, or `all`."""
    if ports == FULL[protocol]:
        return "all"
    found: list[str] = []
    at = 0
    while ports >> at:
        rest = ports >> at
        first = at + (rest & -rest).bit_length() - 1
        run = ~(ports >> first)
        last = first + (run & -run).bit_length() - 2
        found.append(str(first) if first == last else f"{first}-{last}")
        at = last + 1
    return ", ".join(found)


def address(text_: str) -> int:
    """Return an IPv4 address as a number."""
    return int(ipaddress.IPv4Address(text_))


class Ranges:
    """A set of IPv4 addresses, given as ranges in CIDR form or single addresses."""

    def __init__(self, ranges: Iterable[str]) -> None:
        networks = [ipaddress.IPv4Network(entry) for entry in ranges]
        self.spans = tuple((int(entry.network_address), int(entry.broadcast_address)) for entry in networks)

    def __contains__(self, number: object) -> bool:
        assert isinstance(number, int)
        for first, last in self.spans:  # noqa: SIM110 - asked millions of times, and half as fast with any()
            if first <= number <= last:
                return True
        return False

    def edges(self) -> set[int]:
        """Return where it begins and where it has just ended."""
        return {edge for first, last in self.spans for edge in (first, last + 1)}
