"""What opens and closes, against counting single addresses and ports."""

from __future__ import annotations

import ipaddress
import itertools

from hypothesis import given
from hypothesis import strategies as st

from generator.review.reach import Admitted, beyond
from generator.review.spans import ports

SMALL = ipaddress.IPv4Network("198.51.100.0/29")
# Every range of a network of eight addresses.
RANGES = [str(net) for length in range(29, 33) for net in SMALL.subnets(new_prefix=length)]


@st.composite
def admissions(draw: st.DrawFn) -> Admitted:
    first = draw(st.integers(20, 26))
    last = draw(st.integers(first, 27))
    return Admitted(
        "",
        tuple(draw(st.lists(st.sampled_from(RANGES), min_size=1, max_size=3, unique=True))),
        draw(st.sampled_from(["tcp", "udp"])),
        str(first) if first == last else f"{first}-{last}",
    )


def points(one: Admitted) -> set[tuple[str, str, int]]:
    """Return every address and port that is let in, one by one."""
    hosts = {str(host) for text in one.ranges for host in ipaddress.IPv4Network(text)}
    first, _, last = one.ports.partition("-")
    return {
        (one.protocol, host, port) for host, port in itertools.product(hosts, range(int(first), int(last or first) + 1))
    }


@given(admissions(), st.frozensets(admissions(), max_size=4))
def test_what_is_beyond_is_what_is_left_of_single_points(one: Admitted, known: frozenset[Admitted]) -> None:
    left = points(one) - {point for other in known for point in points(other)}
    found = [Admitted("", where, one.protocol, which) for where, which in beyond(one, known)]
    assert set().union(*map(points, found)) == left
    # Nothing is said twice.
    assert sum(len(points(each)) for each in found) == len(left)


def test_every_protocol_covers_each() -> None:
    assert (
        beyond(Admitted("", ("10.0.0.0/8",), "udp", "53"), frozenset({Admitted("", ("0.0.0.0/0",), "any", "all")}))
        == ()
    )


def test_ports_of_what_has_none_are_all() -> None:
    assert ports("all") == (0, 65535)
    assert ports("20000-40000") == (20000, 40000)
