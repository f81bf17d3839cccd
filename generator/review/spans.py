"""Sets of IPv4 addresses, and of ports, as spans of numbers; and which of them amount to the Internet."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Network, summarize_address_range
from typing import TypeAlias

from generator.addressing import PRIVATE

Span: TypeAlias = tuple[int, int]
"""First and last number."""

ALL_PORTS: Span = (0, 65535)

_MOST = 2**24
"""Public IPv4 addresses: nobody holds more than one block of this size, so more of them are everybody's."""

_WIDEST = 16
"""Length of an IPv6 prefix: registries give nobody a shorter one."""


@lru_cache(maxsize=4096)
def addresses(ranges: tuple[str, ...]) -> tuple[Span, ...]:
    """Return the addresses of ranges as spans, sorted and apart."""
    networks = (IPv4Network(text, strict=False) for text in ranges)
    return joined((int(network[0]), int(network[-1])) for network in networks)


def ranges(spans: Iterable[Span]) -> tuple[str, ...]:
    """Return spans of addresses as ranges."""
    return tuple(
        str(network)
        for first, last in spans
        for network in summarize_address_range(IPv4Address(first), IPv4Address(last))
    )


def amounts_to_internet(ranges: Iterable[str]) -> bool:
    """Tell whether IPv4 or IPv6 ranges are so many addresses that they are everybody's, in however many pieces."""
    texts = tuple(ranges)
    private = addresses(tuple(map(str, PRIVATE)))
    public = without(addresses(tuple(text for text in texts if ":" not in text)), private)
    sixes = [IPv6Network(text, strict=False) for text in texts if ":" in text]
    wide = any(one.prefixlen <= _WIDEST and not one.is_private for one in sixes)
    return wide or sum(last - first + 1 for first, last in public) > _MOST


def ports(text: str) -> Span:
    """Return the ports of a flow or rule; all of them where its text is no number."""
    first, _, last = text.partition("-")
    return (int(first), int(last or first)) if first.isdigit() else ALL_PORTS


def port_text(span: Span) -> str:
    """Return ports as flows write them."""
    first, last = span
    if span == ALL_PORTS:
        return "all"
    return str(first) if first == last else f"{first}-{last}"


def joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return spans sorted and apart."""
    found: list[Span] = []
    for first, last in sorted(spans):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return tuple(found)


def without(spans: tuple[Span, ...], others: tuple[Span, ...]) -> tuple[Span, ...]:
    """Return what is in the first spans and not in the others; both are sorted and apart."""
    found: list[Span] = []
    place = 0
    for first, last in spans:
        while place < len(others) and others[place][1] < first:
            place += 1
        start = first
        for other_first, other_last in others[place:]:
            if other_first > last:
                break
            if other_first > start:
                found.append((start, other_first - 1))
            start = max(start, other_last + 1)
        if start <= last:
            found.append((start, last))
    return tuple(found)
