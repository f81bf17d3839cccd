"""Who can reach what: from the outside in words, among the nodes in a line per target."""

from collections.abc import Iterable, Iterator

from generator.facts import EVERY_NODE
from generator.plan import GATEWAY, OUTSIDE, RESOLVER, Flow, Plan
from generator.show.text import listed, paragraph, section, table

_ORDER = ("internet", "listed", "management", "vpn", GATEWAY)


def source_words(flow: Flow) -> str:
    """Return the source of a flow as the subject of a sentence."""
    ranges = listed(flow.ranges)
    known = {
        "internet": "the Internet",
        "listed": f"the listed ranges ({ranges})",
        "management": f"management ({ranges})",
        "vpn": f"peers of the VPN ({ranges})",
        GATEWAY: "the gateway",
        "cluster": "the nodes",
    }
    return known.get(flow.source, f"nodes with the role {flow.source}")


def target_nodes(target: str, plan: Plan) -> list[str]:
    """Return the names of the machines that a target stands for; none for the outside."""
    if target == EVERY_NODE:
        return [node.name for node in plan.nodes.values() if not node.is_gateway]
    if target == RESOLVER:
        return list(plan.resolver.addresses) if plan.resolver is not None else []
    return plan.carriers(target)


def reach(plan: Plan) -> Iterator[str]:
    """Yield every flow from outside, and the cluster's in a line per target."""
    yield from section("Who can reach what")
    outside: dict[str, list[Flow]] = {}
    for flow in sorted(plan.flows, key=lambda flow: _rank(flow.source)):
        if flow.source != "cluster":
            outside.setdefault(source_words(flow), []).append(flow)
    for source, flows in outside.items():
        yield from paragraph(f"From {source}:", hanging="    ")
        yield from _targets(flows, plan)
    yield "From the nodes, among themselves:"
    inside: dict[str, list[Flow]] = {}
    for flow in plan.flows:
        if flow.source == "cluster" and flow.target != OUTSIDE:
            inside.setdefault(flow.target, []).append(flow)
    rows = [
        (target_words(target), listed([f"{flow.ports}/{flow.protocol}" for flow in sorted(flows, key=first_port)]))
        for target, flows in inside.items()
    ]
    if rows:
        yield from table(rows, "  ")


def _targets(flows: Iterable[Flow], plan: Plan) -> Iterator[str]:
    """Yield the targets of one source, each with its ports below."""
    targets: dict[str, list[Flow]] = {}
    for flow in flows:
        targets.setdefault(flow.target, []).append(flow)
    width = max(len(_port(flow)) for flows in targets.values() for flow in flows)
    for target in sorted(targets, key=lambda name: (name == EVERY_NODE, name)):
        names = target_nodes(target, plan)
        where = f" on {listed(names)}" if target not in (EVERY_NODE, *names) and names else ""
        yield from paragraph(f"to {target_words(target)}{where}", "  ", "      ")
        ordered = sorted(targets[target], key=lambda flow: (flow.protocol, first_port(flow)))
        yield from table([(_port(flow).ljust(width), "; ".join(flow.services)) for flow in ordered], "    ")


def target_words(target: str) -> str:
    """Return a target as people call it."""
    return "every node" if target == EVERY_NODE else target


def first_port(flow: Flow) -> int:
    """Return the first port of a flow, or the type for ICMP; 0 where all are meant."""
    first = flow.ports.partition("-")[0]
    return int(first) if first.isdigit() else 0


def _port(flow: Flow) -> str:
    return f"{flow.protocol} {flow.ports}"


def _rank(source: str) -> int:
    return _ORDER.index(source) if source in _ORDER else len(_ORDER)
