"""Every way into a machine, before and after: what the page lists, and its pictures show."""

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple, TypeAlias

from generator.plan import GATEWAY, OUTSIDE, Flow, Plan
from generator.review.reach import Admitted, admitted, beyond, is_outside, unaddressed
from generator.review.spans import ports
from generator.show.reach import target_nodes

Happens: TypeAlias = Literal["opened", "closed", ""]
ZONES = {
    "internet": "Internet",
    "listed": "Listed ranges",
    "management": "Management",
    "vpn": "VPN",
    GATEWAY: "Gateway",
    "cluster": "Nodes",
}
"""Where ways begin, the most remarkable first; the last are the nodes themselves, be it all or those with a role."""

_RANKS = {"opened": 0, "closed": 1, "": 2}


class Way(NamedTuple):
    """What can be reached from where, now, no longer or as before.

    Attributes:
        zone: Of `ZONES`.
        source: As in `Flow`.
        ranges: The addresses, where the source is outside.
        target: As in `Flow`.
        nodes: The machines.
    """

    happens: Happens
    zone: str
    source: str
    ranges: tuple[str, ...]
    target: str
    protocol: str
    ports: str
    services: tuple[str, ...]
    why: str
    nodes: tuple[str, ...]


def zone_of(source: str) -> str:
    """Return the zone in which a way begins."""
    return source if source in ZONES else "cluster"


def all_ways(before: Plan | None, after: Plan, *, compared: bool) -> tuple[Way, ...]:
    """Return all ways, those that change first.

    Args:
        before: None where nothing was there.
        after: What the change leads to.
        compared: Whether it is known what was there before; else all are as before.
    """
    found: dict[Way, list[str]] = {}
    old, new = ({} if plan is None else _by_node(plan, other) for plan, other in ((before, after), (after, before)))
    alike: dict[tuple[tuple[Flow, ...] | None, tuple[Flow, ...] | None], list[str]] = {}
    for node in sorted({*old, *new}):
        alike.setdefault((old.get(node), new.get(node)), []).append(node)
    for (olds, news), nodes in alike.items():
        if not compared:
            olds = news
        for way in _ways(olds or (), news or ()):
            found.setdefault(way, []).extend(nodes)
    return tuple(sorted((way._replace(nodes=tuple(sorted(nodes))) for way, nodes in found.items()), key=_rank))


def _rank(way: Way) -> tuple[object, ...]:
    zone = list(ZONES).index(way.zone)
    return _RANKS[way.happens], zone, ports(way.ports), way.protocol, way.source, way.target, way.ranges, way.nodes


def _by_node(plan: Plan, other: Plan | None) -> dict[str, tuple[Flow, ...]]:
    found: dict[str, list[Flow]] = {name: [] for name in plan.nodes}
    targets = {flow.target: target_nodes(flow.target, plan) for flow in plan.flows if flow.target != OUTSIDE}
    for flow in plan.flows:
        for name in targets.get(flow.target, ()):
            sides = [plan.nodes[name], *([other.nodes[name]] if other is not None and name in other.nodes else [])]
            if not all(unaddressed(flow, node) for node in sides):
                found[name].append(flow)
    return {name: tuple(flows) for name, flows in found.items()}


def _ways(old: Sequence[Flow], new: Sequence[Flow]) -> Iterator[Way]:
    """Yield the ways to a machine by its flows before and after."""
    was, now = (frozenset(map(admitted, flows)) for flows in (old, new))
    for flow in new:
        one = admitted(flow)
        opened = () if one in was else beyond(one, was)
        for where, which in opened:
            yield _way(flow, "opened", where, which)
        rest = frozenset(Admitted(one.source, where, one.protocol, which) for where, which in opened)
        for where, which in beyond(one, rest) if opened else ((one.ranges, flow.ports),):
            yield _way(flow, "", where, which)
    for flow in old:
        one = admitted(flow)
        for where, which in () if one in now else beyond(one, now):
            yield _way(flow, "closed", where, which)


def _way(flow: Flow, happens: Happens, ranges: tuple[str, ...], which: str) -> Way:
    return Way(
        happens=happens,
        zone=zone_of(flow.source),
        source=flow.source,
        ranges=ranges if is_outside(flow.source) else (),
        target=flow.target,
        protocol=flow.protocol,
        ports=flow.ports if flow.protocol == "any" else which,
        services=flow.services,
        why=flow.why,
        nodes=(),
    )
