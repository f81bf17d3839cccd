"""One side of a comparison."""

import msgspec

from generator.context import Context
from generator.lockfile import Lock
from generator.plan import Cost, Plan
from generator.problems import Problem


class Side(msgspec.Struct, frozen=True):
    """A deployment, decided and counted.

    Attributes:
        lock: The choices that the plan makes.
        warnings: What is remarkable about it.
    """

    context: Context
    plan: Plan
    lock: Lock
    cost: Cost
    warnings: tuple[Problem, ...]

    def holds(self, machine: str) -> tuple[str, ...]:
        """Return what a machine has on its system disk and nothing else has."""
        roles = self.context.facts.roles
        node = self.plan.nodes.get(machine)
        return tuple(roles[role].keeps for role in (node.roles if node else ()) if role in roles and roles[role].keeps)
