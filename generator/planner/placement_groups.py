"""Placement groups: machines of one stand on different hardware, and each holds a few machines only."""

from collections import Counter

from generator.context import Context
from generator.lockfile import Lock
from generator.plan import GATEWAY


def choose_placement_groups(context: Context, lock: Lock) -> dict[str, str]:
    """Return the placement group of every machine; empty where the cloud has none.

    What the lock holds stays, for a machine has to be switched off to change its group. A new machine
    joins the group with most carriers of its roles that has room, for those must not be lost together.
    """
    size = context.cloud.limits.placement_group_size
    machines: dict[str, tuple[str, ...]] = {name: node.roles for name, node in context.nodes.items()}
    if context.has_gateway:
        machines[GATEWAY] = (GATEWAY,)
    if not size:
        return dict.fromkeys(machines, "")
    groups = {name: lock.nodes[name].placement_group for name in machines if name in lock.nodes}
    chosen = {name: group for name, group in groups.items() if group}
    members = Counter(chosen.values())
    carriers: Counter[tuple[str, str]] = Counter()
    for name, group in chosen.items():
        carriers.update((group, role) for role in machines[name])
    for name, roles in machines.items():
        if name in chosen:
            continue
        numbers = range(1, len(machines) // size + 2 + len(members))
        room = [group for group in map(_name, numbers) if members[group] < size]
        best = max(room, key=lambda group: sum(carriers[group, role] for role in roles))
        chosen[name] = best
        members[best] += 1
        carriers.update((best, role) for role in roles)
    return chosen


def _name(number: int) -> str:
    return f"spread-{number}"
