"""What the operator should know although nothing is wrong."""

from generator.context import Context
from generator.plan import DnsPlan, Flow


def notices(context: Context, flows: tuple[Flow, ...], dns: DnsPlan) -> tuple[str, ...]:
    """Return one notice each, in the order in which they matter."""
    topology = context.topology
    found = [context.cloud.outbound_smtp.text]
    if dns.ptr_later:
        found.append(
            "Reverse names come in a second step: once the A records are public, set dns.ptr: true "
            "and run generate && terraform apply."
        )
    if topology.dns.dmarc.policy == "none":
        found.append("DMARC only observes (p=none). Raise dns.dmarc.policy once DKIM signatures are published.")
    if context.capabilities.private_zone:
        found.append(
            f"Inside the network the private zone answers for {topology.domain} alone: "
            "names that are not in dns.also_inside are not found there."
        )
    if context.carriers("mailstore") and not topology.headroom:
        found.append("Mail volumes hold exactly the quotas; headroom: 20 % is advisable for indexes and growth.")
    documented = 150
    if (topology.users or 0) > documented:
        found.append(
            f"The documents give machine sizes for about {documented} users and rules for mail volumes and video; "
            f"for {topology.users} users the machines are minimums: name larger ones with type."
        )
    if not any(flow.source == "internet" and flow.ports == "80" for flow in flows):
        found.append("Port 80 is closed to the Internet: certificates by HTTP-01 need services.http.")
    if "open-internal" in topology.troubleshooting:
        found.append(
            "troubleshooting: open-internal opens every port between the nodes. Remove it when the fault is found."
        )
    for image in sorted({context.os_of(node) for node in context.nodes.values()}):
        note = context.cloud.images[image].note if image in context.cloud.images else ""
        if note:
            found.append(note)
    return tuple(found)
