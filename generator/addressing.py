"""Ranges of addresses: what a topology may write and what counts as public. IPv6 is for others who send mail alone."""

import re
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import (
    AddressValueError,
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    NetmaskValueError,
    collapse_addresses,
)


def parse_address(text: str) -> IPv4Address:
    """Return an address. Raises ValueError, with the reason where it is not plain."""
    try:
        return IPv4Address(text)
    except AddressValueError:
        raise ValueError("IPv6 is not used by Carbonio" if ":" in text else "") from None


def is_address(text: str) -> bool:
    """Tell whether a text is an address alone."""
    try:
        IPv4Address(text)
    except AddressValueError:
        return False
    return True


# Kinds, rules and the planner read the same ranges, and there may be thousands.
@lru_cache(maxsize=65_536)
def parse_network(text: str) -> IPv4Network:
    """Return a range; an address alone is a range of one. Raises ValueError with the reason."""
    address, _, length = text.partition("/")
    parse_address(address)
    try:
        if length and not (length.isascii() and length.isdigit()):
            raise NetmaskValueError
        found = IPv4Network(text, strict=False)
    except NetmaskValueError:
        raise ValueError("the prefix length must lie between 0 and 32") from None
    if str(found.network_address) != address:
        raise ValueError(f"its host bits are set; the range is {found}")
    return found


def parse_sender(text: str) -> IPv4Network | IPv6Network:
    """Return a range of either version; an address alone is a range of one. Raises ValueError with the reason."""
    if ":" not in text:
        return parse_network(text)
    # The library takes a name of an interface, and writes some addresses now with dots and now without.
    if not re.fullmatch(r"[0-9A-Fa-f:]+(?:/[0-9]{1,3})?", text):
        raise ValueError
    try:
        first = IPv6Address(text.partition("/")[0])
        found = IPv6Network(text, strict=False)
    except AddressValueError:
        raise ValueError from None
    except NetmaskValueError:
        raise ValueError("the prefix length must lie between 0 and 128") from None
    if first.ipv4_mapped:
        raise ValueError(f"it is {first.ipv4_mapped} in IPv6, and receivers compare that as IPv4 (RFC 7208, section 5)")
    if found.network_address != first:
        raise ValueError(f"its host bits are set; the range is {found}")
    return found


PUBLIC_SIX = IPv6Network("2000::/3")
"""All of IPv6 that is public (RFC 4291, section 2.4); what documents use lies in it."""

PRIVATE = tuple(IPv4Network(block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"))
"""Private blocks of RFC 1918, and the shared block of RFC 6598."""


def is_private(network: IPv4Network) -> bool:
    """Tell whether a range lies in the private blocks."""
    return any(network.subnet_of(block) for block in PRIVATE)


def first_host(network: IPv4Network) -> str:
    """Return the first address of a range that a machine can have; of a range of one, that one."""
    return str(next(iter(network.hosts())))


def public_addresses(networks: Iterable[IPv4Network]) -> int:
    """Count the distinct public addresses that ranges cover together.

    Private blocks inside a wider range count as public: such a range was not written for them.
    """
    spans = sorted(
        (int(net.network_address), int(net.broadcast_address) + 1) for net in networks if not is_private(net)
    )
    total = end = 0
    for first, last in spans:
        total += max(0, last - max(first, end))
        end = max(end, last)
    return total


PARTS = 16
"""The network is divided into so many parts; the last one is the gateway's."""


def parts(network: str) -> list[IPv4Network]:
    """Return the sixteen parts of the network."""
    return list(IPv4Network(network).subnets(prefixlen_diff=PARTS.bit_length() - 1))


def cluster_ranges(network: str) -> tuple[str, ...]:
    """Return the network without the gateway's part: wherever a node may stand."""
    return disjoint(map(str, parts(network)[:-1]))


def disjoint(ranges: Iterable[str]) -> tuple[str, ...]:
    """Return the fewest ranges that cover the same addresses, sorted."""
    return _disjoint(tuple(ranges))


# Machines admit the same sources, over and over.
@lru_cache(maxsize=4096)
def _disjoint(ranges: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(str, collapse_addresses(map(parse_network, ranges))))
