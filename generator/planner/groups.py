"""Flows to groups of nodes with the same set of roles: rules grow with role sets, not with nodes."""

from collections.abc import Iterator

import msgspec

from generator.context import Context
from generator.facts import EVERY_NODE
from generator.plan import CLUSTER_GROUP, GATEWAY, OUTSIDE, Flow, Gateway, Group, Rule


def group_name(roles: tuple[str, ...]) -> str:
    """Return the name of the group of nodes with these roles."""
    return "+".join(sorted(roles))


def plan_groups(context: Context, flows: tuple[Flow, ...], gateway: Gateway | None) -> dict[str, Group]:
    """Return the group of all nodes, one for each distinct set of roles, and the gateway's, by name."""
    sets = {group_name(node.roles): tuple(sorted(node.roles)) for node in context.nodes.values()}
    groups = {CLUSTER_GROUP: Group(CLUSTER_GROUP, (EVERY_NODE,), _rules((EVERY_NODE,), flows, sets))}
    for name in sorted(sets):
        groups[name] = Group(name, sets[name], _rules(sets[name], flows, sets))
    if gateway is not None:
        groups[GATEWAY] = Group(GATEWAY, (GATEWAY,), _rules((GATEWAY,), tuple(_through(gateway, flows)), sets))
    return groups


def _through(gateway: Gateway, flows: tuple[Flow, ...]) -> Iterator[Flow]:
    """Yield the flows that cross the gateway's interface, as flows to it.

    What it forwards and what leaves through it has to get into it first. What comes out of the
    tunnel has passed the interface already, as WireGuard.
    """
    forwarded = {flow for forward in gateway.forwards for flow in forward.flows}
    for flow in flows:
        if flow.target == OUTSIDE or flow.id in forwarded:
            yield msgspec.structs.replace(flow, target=GATEWAY)
        elif flow.target == GATEWAY and flow.source != "vpn":
            yield flow


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
    elif flow.source == GATEWAY:
        yield f"group:{GATEWAY}"
    elif flow.ranges:
        yield from flow.ranges
    else:
        yield from (f"group:{name}" for name, roles in sorted(sets.items()) if flow.source in roles)
