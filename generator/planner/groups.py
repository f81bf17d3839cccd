"""Flows to groups of nodes with the same set of roles: rules grow with role sets, not with nodes."""

from collections.abc import Iterator

from generator.context import Context
from generator.facts import EVERY_NODE
from generator.plan import CLUSTER_GROUP, Flow, Group, Rule


def group_name(roles: tuple[str, ...]) -> str:
    """Return the name of the group of nodes with these roles."""
    return "+".join(sorted(roles))


def plan_groups(context: Context, flows: tuple[Flow, ...]) -> dict[str, Group]:
    """Return the group of all nodes and one for each distinct set of roles, by name."""
    sets = {group_name(node.roles): tuple(sorted(node.roles)) for node in context.nodes.values()}
    groups = {CLUSTER_GROUP: Group(CLUSTER_GROUP, (EVERY_NODE,), _rules((EVERY_NODE,), flows, sets))}
    for name in sorted(sets):
        groups[name] = Group(name, sets[name], _rules(sets[name], flows, sets))
    return groups


def _rules(targets: tuple[str, ...], flows: tuple[Flow, ...], sets: dict[str, tuple[str, ...]]) -> tuple[Rule, ...]:
    """Return the rules of a group; flows that differ only in their target become one rule."""
    found: dict[tuple[str, str, str], Rule] = {}
    for flow in flows:
        if flow.target not in targets:
            continue
        for source in _sources(flow, sets):
            key = (source, flow.protocol, flow.ports)
            known = found.get(key)
            ids = (*known.flows, flow.id) if known else (flow.id,)
            description = known.description if known else flow.services[0]
            found[key] = Rule(source, flow.protocol, flow.ports, ids, description)
    return tuple(found[key] for key in sorted(found))


def _sources(flow: Flow, sets: dict[str, tuple[str, ...]]) -> Iterator[str]:
    if flow.source == "cluster":
        yield CLUSTER_GROUP
    elif flow.ranges:
        yield from flow.ranges
    else:
        yield from (f"group:{name}" for name, roles in sorted(sets.items()) if flow.source in roles)
