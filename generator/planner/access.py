"""How the operator logs in: directly, or through one exposed node."""

from generator.context import Context
from generator.planner.addresses import Placement
from generator.problems import Finding


def choose_jumps(context: Context, placement: Placement, findings: list[Finding]) -> dict[str, str]:
    """Return the jump node of every node; empty for nodes with a public address.

    The jump node is the one that the topology names, else the first by name that has a public address.
    """
    public = sorted(name for name, place in placement.nodes.items() if place.public)
    named = context.topology.jump
    if named and named not in public:
        findings.append(
            Finding(
                "private-jump",
                ("jump",),
                f"{named} has no public address",
                f"Name one that has: {', '.join(public)}.",
            )
        )
    jump = named or (public[0] if public else "")
    return {name: "" if place.public else jump for name, place in placement.nodes.items()}
