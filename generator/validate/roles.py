"""The roles together: what must be there, what needs another, and how often."""

import math
from collections.abc import Iterator

from generator.context import Context
from generator.facts import Role
from generator.problems import Finding, listing


def check_roles(context: Context) -> Iterator[Finding]:
    """Number of nodes, mandatory roles, cardinality and dependencies."""
    yield from _node_count(context)
    guessing = context.guessing
    for role in context.facts.roles.values():
        carriers = context.carriers(role.id)
        if role.mandatory and not carriers and not guessing:
            yield Finding(
                "missing-role",
                ("nodes",),
                f"no node has the mandatory role {role.id} ({role.title})",
                f"Add {role.id} to a node.",
            )
        if role.max_nodes is not None and len(carriers) > role.max_nodes:
            yield Finding(
                "role-too-often",
                ("nodes", carriers[role.max_nodes], "roles"),
                f"{len(carriers)} nodes have the role {role.id}; at most {role.max_nodes} may",
                f"Remove it from {listing(carriers[role.max_nodes :])}.",
            )
        if carriers and not guessing:
            yield from _requirements(role, carriers[0], context)
    yield from _mesh(context)


def _node_count(context: Context) -> Iterator[Finding]:
    rules, count = context.facts.rules, len(context.nodes)
    path = ("scenario",) if context.topology.scenario else ("nodes",)
    if count < rules.min_nodes or (rules.max_nodes is not None and count > rules.max_nodes):
        release = f"{context.facts.release.name} {context.facts.edition}"
        most = rules.max_nodes or math.inf
        scenarios = context.facts.scenarios
        fits = [name for name, one in scenarios.items() if rules.min_nodes <= len(one.nodes) <= most]
        mend = f"In place of nodes, write: scenario: {listing(fits)}" if fits else ""
        if count > rules.min_nodes and context.topology.edition == "community":
            mend += f"{', or' if mend else 'Write'} edition: commercial"
        why = f"{release} with {count} node{'s' * (count != 1)}: {rules.reason}"
        yield Finding("node-count", path, why, mend and f"{mend}.")


def _requirements(role: Role, carrier: str, context: Context) -> Iterator[Finding]:
    for needed in role.requires:
        if not context.carriers(needed):
            yield Finding(
                "role-needs-role",
                ("nodes", carrier, "roles"),
                f"the role {role.id} on {carrier} needs {needed}, which no node has",
                f"Add {needed} to a node, or remove {role.id}.",
            )


def _mesh(context: Context) -> Iterator[Finding]:
    odd = {role.id for role in context.facts.roles.values() if role.odd}
    servers = [name for name, node in context.nodes.items() if odd & set(node.roles)]
    if servers and len(servers) % 2 == 0:
        yield Finding(
            "even-mesh",
            ("nodes", servers[-1], "roles"),
            f"{len(servers)} nodes are mesh servers ({', '.join(servers)}): an even number cannot outvote a failure",
            f"Have one, three or five nodes with {listing(sorted(odd))}.",
        )
