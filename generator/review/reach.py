"""Who can reach what now, or no longer: the flows of two plans compared by address and port, node by node."""

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise

import msgspec

from generator.plan import GATEWAY, Flow, Plan, PlannedNode, Record
from generator.review.model import ReachChange
from generator.review.spans import (
    ALL_PORTS,
    Span,
    addresses,
    amounts_to_internet,
    joined,
    port_text,
    ports,
    ranges,
    without,
)
from generator.show.reach import target_nodes

_ORDER = ("internet", "listed", "management", "vpn")
"""Sources outside, the most remarkable first."""

_ANYWHERE = ("0.0.0.0/0",)


class Admitted(msgspec.Struct, frozen=True):
    """What a flow or a rule lets in, for comparing.

    Attributes:
        source: Only what has the same one is compared; empty for addresses, which the ranges tell apart.
        ranges: Addresses.
        protocol: `any` is each of them.
        ports: As in `Flow`.
    """

    source: str
    ranges: tuple[str, ...]
    protocol: str
    ports: str


def is_outside(source: str) -> bool:
    """Tell whether the source of a flow is none of the nodes."""
    return source in _ORDER


def unaddressed(flow: Flow, node: PlannedNode) -> bool:
    """Tell whether a flow is what the Internet reports about a node's own packets, to an address that it has not."""
    return flow.source == "internet" and flow.protocol == "icmp" and not node.public_address


def admitted(flow: Flow) -> Admitted:
    """Return what a flow lets in; from nodes by their role, for their addresses may change."""
    if is_outside(flow.source):
        return Admitted("", flow.ranges, flow.protocol, flow.ports)
    return Admitted(flow.source, _ANYWHERE, flow.protocol, flow.ports)


@cache
def beyond(one: Admitted, known: frozenset[Admitted]) -> tuple[tuple[tuple[str, ...], str], ...]:
    """Return what of an admission others do not let in: ranges and ports, a pair where the ranges are the same."""
    rivals = [other for other in known if other.source == one.source and other.protocol in (one.protocol, "any")]
    low, high = ports(one.ports)
    spans = {other: ALL_PORTS if other.protocol == "any" else ports(other.ports) for other in rivals}
    edges = {edge for first, last in spans.values() for edge in (first, last + 1) if low < edge <= high}
    found: list[tuple[tuple[Span, ...], Span]] = []
    for start, end in pairwise(sorted({low, high + 1, *edges})):
        covering = [addresses(other.ranges) for other, span in spans.items() if span[0] <= start and end - 1 <= span[1]]
        left = without(addresses(one.ranges), joined(span for each in covering for span in each))
        if left and found and found[-1][0] == left and found[-1][1][1] == start - 1:
            found[-1] = (left, (found[-1][1][0], end - 1))
        elif left:
            found.append((left, (start, end - 1)))
    # Ranges as they were written, wherever all of them are meant.
    whole = addresses(one.ranges)
    return tuple((one.ranges if left == whole else ranges(left), port_text(span)) for left, span in found)


def reach_changes(before: Plan | None, after: Plan | None) -> tuple[ReachChange, ...]:
    """Return what opens and what closes, the Internet first; an absent plan reaches nothing."""
    old, new = _by_node(before), _by_node(after)
    changes = [*_changes(old, new, after, opened=True), *_changes(new, old, before, opened=False)]
    return tuple(sorted(changes, key=_rank))


def _rank(change: ReachChange) -> tuple[object, ...]:
    source = _ORDER.index(change.source) if change.source in _ORDER else len(_ORDER)
    lesser = change.protocol == "icmp"
    port = ports(change.ports)
    return source, not change.opened, lesser, port, change.protocol, change.source, change.ranges, change.nodes


def _by_node(plan: Plan | None) -> dict[str, list[Flow]]:
    if plan is None:
        return {}
    found: dict[str, list[Flow]] = {name: [] for name in plan.nodes}
    # The way out leads to no machine.
    targets = {flow.target: target_nodes(flow.target, plan) for flow in plan.flows}
    for flow in plan.flows:
        for node in targets[flow.target]:
            found[node].append(flow)
    return found


def _changes(
    old: dict[str, list[Flow]], new: dict[str, list[Flow]], plan: Plan | None, *, opened: bool
) -> Iterator[ReachChange]:
    """Yield what the new flows let in beyond the old ones, the same on several nodes as one."""
    found: dict[ReachChange, list[str]] = {}
    for node, flows in new.items():
        known = frozenset(map(admitted, old.get(node, ())))
        for flow in flows:
            one = admitted(flow)
            if one in known or (plan is not None and unaddressed(flow, plan.nodes[node])):
                continue
            for where, which in beyond(one, known):
                outside = is_outside(flow.source)
                everybody = flow.source == "listed" and amounts_to_internet(where)
                key = ReachChange(
                    opened=opened,
                    outside=outside,
                    source="internet" if everybody else flow.source,
                    ranges=where if outside else (),
                    protocol=flow.protocol,
                    ports=flow.ports if flow.protocol == "any" else which,
                    services=flow.services,
                    nodes=(),
                    names=(),
                    with_node=node not in old,
                )
                found.setdefault(key, []).append(node)
    for key, nodes in found.items():
        names = _known_as(nodes, plan) if key.outside and plan is not None else ()
        yield msgspec.structs.replace(key, nodes=tuple(dict.fromkeys(nodes)), names=names)


def _known_as(nodes: Sequence[str], plan: Plan) -> tuple[str, ...]:
    """Return the names by which the world finds nodes: the public name where it leads to them, else their own."""
    public = {symbol for record in plan.dns.public if record.name == plan.dns.public_name for symbol in _places(record)}
    names: dict[str, None] = {}
    for name in nodes:
        node = plan.nodes[name]
        places = {f"public:{name}", node.stated_address}
        if not node.public_address and GATEWAY in plan.nodes:
            places.add(f"public:{GATEWAY}")
        if plan.router is not None:
            places.add(plan.router.public_address)
        if places & public:
            names[plan.dns.public_name] = None
        elif node.public:
            names[node.fqdn] = None
    return tuple(names)


def _places(record: Record) -> Iterator[str]:
    for value in record.values:
        yield from value.addresses
        yield value.text
