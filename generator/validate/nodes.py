"""Each node by itself: its roles' words, and keys that need a certain role."""

from collections.abc import Iterator

from generator.context import Context
from generator.facts import known_roles
from generator.problems import Finding, hinted, listing
from generator.topology import Node

_NEEDS_ROLE = (("users", "mailstore"), ("recording", "video"), ("concurrent_users", "video"))


def check_nodes(context: Context) -> Iterator[Finding]:
    """Roles, role-bound keys and zones of every node."""
    for name, node in context.nodes.items():
        yield from _roles(name, node, context)
        yield from _apart(name, node, context)
        yield from _keys(name, node)
        if node.zone and node.zone not in context.cloud.regions[context.topology.cloud.region]:
            region = context.topology.cloud.region
            mend = f"It has {listing(context.cloud.regions[region])}."
            yield Finding("unknown-zone", ("nodes", name, "zone"), f'"{node.zone}" is not a zone of {region}', mend)
    yield from _users(context)


def _roles(name: str, node: Node, context: Context) -> Iterator[Finding]:
    facts = context.facts
    if not node.roles:
        yield Finding("no-roles", ("nodes", name), f"{name} has no role", "Give it one or remove the node.")
    for index, role in enumerate(node.roles):
        path = ("nodes", name, "roles", index)
        if role in node.roles[:index]:
            yield Finding("duplicate-role", path, f'{name} has the role "{role}" twice', "Remove one of them.")
        elif role not in facts.roles and role in known_roles():
            yield Finding(
                "role-not-in-release",
                path,
                f'the role "{role}" does not exist in Carbonio {facts.release.name} {facts.edition}',
                f"Roles there: {', '.join(facts.roles)}.",
            )
        elif role not in facts.roles:
            hint, mend = hinted(role, list(facts.roles), f"Roles: {', '.join(facts.roles)}.")
            yield Finding("unknown-role", path, f'"{role}" is not a role{hint}', mend)


def _apart(name: str, node: Node, context: Context) -> Iterator[Finding]:
    for index, role in enumerate(node.roles):
        facts = context.facts.roles.get(role)
        for other in facts.not_on_node_with if facts is not None else ():
            if other in node.roles:
                yield Finding(
                    "roles-apart",
                    ("nodes", name, "roles", index),
                    f"{name} has the roles {role} and {other}; no node may have both",
                    "Remove one of them, or move it to another node.",
                )


def _keys(name: str, node: Node) -> Iterator[Finding]:
    for key, role in _NEEDS_ROLE:
        if getattr(node, key) and node.roles and role not in node.roles:
            yield Finding(
                "key-without-role",
                ("nodes", name, key),
                f"{name} has {key} and lacks the role {role}",
                f"Remove {key}, or add the role.",
                key=True,
            )


def _users(context: Context) -> Iterator[Finding]:
    topology, stores = context.topology, context.carriers("mailstore")
    if not stores:
        return
    own = {name: context.nodes[name].users for name in stores}
    stated = sum(users or 0 for users in own.values())
    if topology.users is None and None in own.values():
        yield Finding(
            "missing-users",
            ("users",),
            "users is missing: the mail volumes depend on it",
            "Add: users: 150",
        )
    if topology.mailbox_quota is None:
        yield Finding(
            "missing-quota",
            ("mailbox_quota",),
            "mailbox_quota is missing: the mail volumes depend on it",
            "Add: mailbox_quota: 5 GB",
        )
    if topology.users is not None:
        without = [name for name, users in own.items() if users is None]
        short = topology.users - stated
        if short < 0 or (short == 0 and without) or (short > 0 and not without):
            yield Finding(
                "users-mismatch",
                ("users",),
                f"the mail stores carry {stated} of {topology.users} users",
                "Their numbers must come to users; a mail store without a number takes what is left.",
            )
