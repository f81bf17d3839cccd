"""One side of a comparison."""

import msgspec

from generator.context import Context
from generator.lockfile import Lock
from generator.plan import Cost, Plan
from generator.problems import Problem

_KEY = "the private key of the VPN, so every peer needs the new public one"


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

    def holds(self, machine: str, after: Plan) -> tuple[str, ...]:
        """Return what a machine has on its system disk and nothing else has, as far as it is missed after a change."""
        node = self.plan.nodes.get(machine)
        if node is None:
            return ()
        if node.is_gateway:
            # The key is made at its first boot; without a VPN afterwards nobody asks for it.
            return (_KEY,) if _has_vpn(self.plan) and _has_vpn(after) else ()
        roles = self.context.facts.roles
        return tuple(roles[role].keeps for role in node.roles if role in roles and roles[role].keeps)


def _has_vpn(plan: Plan) -> bool:
    return plan.gateway is not None and plan.gateway.vpn is not None
