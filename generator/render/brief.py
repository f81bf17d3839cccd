"""What stands for a machine's files in its user-data where they name so many nodes that they would not fit.

A gateway's forwards and the names that DNS inside knows grow with the deployment; what a machine may be sent does not.
Without those lines a gateway still gives the way out and lets administrators in, and DNS asks the name servers outside;
`carbonio-node-configure - < nodes/<node>.json` brings the rest, which `generate` lists and the node's check asks for.
"""

import msgspec

from generator.plan import Plan

MARK = "brief"
"""Key of a node's data that says so."""


def brief(plan: Plan) -> Plan:
    """Return the plan without what grows with the number of nodes in the files of a machine."""
    gateway, resolver = plan.gateway, plan.resolver
    if gateway is not None:
        vpn = gateway.vpn and msgspec.structs.replace(gateway.vpn, passages=())
        gateway = msgspec.structs.replace(gateway, forwards=(), vpn=vpn)
    if resolver is not None:
        resolver = msgspec.structs.replace(resolver, records=())
    return msgspec.structs.replace(plan, gateway=gateway, resolver=resolver)


def grows(plan: Plan, name: str) -> bool:
    """Say whether the files of a machine name other nodes."""
    return plan.nodes[name].is_gateway or (plan.resolver is not None and name in plan.resolver.addresses)
