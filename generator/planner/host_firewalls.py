"""Flows to the firewall on each machine."""

from collections.abc import Iterable

from generator.addressing import disjoint
from generator.context import Context
from generator.plan import RESOLVER, Flow, HostFirewall, HostRule, PlannedNode, Protocol


def plan_host_firewalls(
    context: Context,
    nodes: dict[str, PlannedNode],
    flows: tuple[Flow, ...],
    resolvers: tuple[str, ...],
) -> dict[str, HostFirewall]:
    """Return the firewall of every machine that has one; the gateway always has."""
    made: dict[tuple[bool, tuple[str, ...]], HostFirewall] = {}
    found = {}
    for name, node in nodes.items():
        if not context.host_firewall and not node.is_gateway:
            continue
        rhel = not node.is_gateway and context.facts.operating_systems[node.os].family == "rhel"
        targets = node.targets
        if name in resolvers and not node.is_gateway:
            targets = (*targets, RESOLVER)
        if (rhel, targets) not in made:
            own = [flow for flow in flows if flow.target in targets]
            made[rhel, targets] = _firewall(own, nodes, rhel=rhel)
        found[name] = made[rhel, targets]
    return found


def _firewall(flows: list[Flow], nodes: dict[str, PlannedNode], *, rhel: bool) -> HostFirewall:
    sources: dict[str, tuple[str, ...]] = {}
    admitted: dict[tuple[str, Protocol], list[Flow]] = {}
    for flow in flows:
        carriers = (f"{node.address}/32" for node in nodes.values() if flow.source in node.roles)
        ranges = disjoint(flow.ranges or carriers)
        name = flow.source
        # Lists of ranges belong to one service each; so does a source that means less elsewhere.
        if name == "listed" or sources.get(name, ranges) != ranges:
            name = f"listed-{flow.protocol}-{flow.ports}"
        sources[name] = ranges
        admitted.setdefault((name, flow.protocol), []).append(flow)
    rules = tuple(
        HostRule(name, protocol, merged(flow.ports for flow in carried), tuple(flow.id for flow in carried))
        for (name, protocol), carried in sorted(admitted.items())
    )
    return HostFirewall("firewalld" if rhel else "nftables", dict(sorted(sources.items())), rules)


def merged(ports: Iterable[str]) -> tuple[str, ...]:
    """Return the fewest ports and ranges that cover the same, by number."""
    spans = sorted((int(first), int(last or first)) for first, _, last in (text.partition("-") for text in ports))
    found: list[list[int]] = []
    for first, last in spans:
        if found and first <= found[-1][1]:
            found[-1][1] = max(found[-1][1], last)
        else:
            found.append([first, last])
    return tuple(str(first) if first == last else f"{first}-{last}" for first, last in found)
