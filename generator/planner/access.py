"""How the operator logs in: directly, or through one exposed node."""

from generator.context import Context
from generator.plan import GATEWAY
from generator.planner.addresses import Placement
from generator.problems import Finding


def choose_jumps(context: Context, placement: Placement, findings: list[Finding]) -> dict[str, str]:
    """Return the jump node of every machine; empty for those that SSH reaches directly.

    The jump node is the gateway where it is the only way in, else the one that the topology names, else
    the first by name that has a public address. Behind the operator's own router there is none but a named one.
    """
    named = context.topology.jump
    if context.behind_router:
        # The administrators are inside, or the operator's router lets them in.
        return {name: "" if name == named else named for name in placement.nodes}
    public = sorted(
        name
        for name, place in placement.nodes.items()
        if place.public and (name != GATEWAY or context.through_gateway or named == GATEWAY)
    )
    if named and named not in public:
        findings.append(
            Finding(
                "private-jump",
                ("jump",),
                f"{named} has no public address",
                f"Name one that has: {', '.join(public)}.",
            )
        )
    vpn = context.topology.vpn
    if vpn is not None and vpn.only:
        return dict.fromkeys(placement.nodes, "")
    jump = named or (public[0] if public else "")
    return {name: "" if place.public else jump for name, place in placement.nodes.items()}
