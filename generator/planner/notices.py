"""What the operator should know although nothing is wrong."""

from collections.abc import Iterator

from generator.context import Context
from generator.plan import DnsPlan, Flow, Gateway, PlannedNode
from generator.planner.flows import OUTER_SOURCES
from generator.problems import few


def notices(
    context: Context, flows: tuple[Flow, ...], dns: DnsPlan, nodes: dict[str, PlannedNode], gateway: Gateway | None
) -> tuple[str, ...]:
    """Return one notice each, in the order in which they matter."""
    topology = context.topology
    found = [context.cloud.outbound_smtp.text]
    found += _uplinks(flows, nodes, gateway)
    if dns.ptr_later:
        found.append(
            "Reverse names come in a second step: once the A records are public, set dns.ptr: true "
            "and run generate && terraform apply."
        )
    found += [*_new_zones(dns), *_mail(context, dns)]
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
    found += _layers(context, dns)
    for system in sorted({node.os for node in nodes.values() if not node.image.id}):
        if context.cloud.images[system].note:
            found.append(context.cloud.images[system].note)
    return tuple(found)


def _new_zones(dns: DnsPlan) -> Iterator[str]:
    """Yield what a zone that takes the place of another one lacks."""
    new = [zone.name for zone in dns.zones.values() if not zone.existing]
    if dns.provider != "none" and new:
        yield (
            f"A new zone holds the deployment's records and no others: {few(new)}. If the domain is in use, for a "
            "website or for mail, put its other records into dns.records before the registrar gets the new name "
            "servers, or keep the zone that it has (dns.existing_zone, or dns: none)."
        )


def _uplinks(flows: tuple[Flow, ...], nodes: dict[str, PlannedNode], gateway: Gateway | None) -> Iterator[str]:
    """Yield what somebody else has to forward, where an interface has not the public address that was stated."""
    for node in nodes.values():
        if not node.stated_address or all(link.name != "uplink" or link.address for link in node.links):
            continue
        forwarded = {flow for one in gateway.forwards for flow in one.flows} if gateway and node.is_gateway else set()
        ports: dict[str, list[str]] = {}
        for flow in flows:
            reached = flow.source in OUTER_SOURCES and flow.target in node.targets and flow.protocol != "icmp"
            if reached or flow.id in forwarded:
                ports.setdefault(flow.protocol, []).append(flow.ports)
        said = [
            f"{protocol} {', '.join(sorted({*ports[protocol]}, key=lambda one: int(one.partition('-')[0])))}"
            for protocol in sorted(ports)
        ]
        yield (
            f"{node.name} asks its uplink for an address by DHCP: whoever has {node.stated_address} has to forward "
            f"{' and '.join(said)} to it."
        )


def _mail(context: Context, dns: DnsPlan) -> list[str]:
    """Return what is still to be done before others believe the deployment's mail."""
    topology, found = context.topology, []
    if topology.domain in dns.unsigned and not topology.dns.dmarc.policy:
        found.append(
            "DMARC only observes (p=none) until dns.dkim holds the key that Carbonio makes; then it quarantines."
        )
    elif topology.dns.dmarc.policy == "none":
        found.append("DMARC only observes (p=none). Raise dns.dmarc.policy once DKIM signatures are published.")
    elif topology.domain in dns.unsigned and not context.mail_domains[topology.domain].signed:
        found.append(
            f"DMARC says {topology.dns.dmarc.policy} while no DKIM key is published: receivers refuse what is "
            "forwarded. Publish the key before any mail is sent, or leave dns.dmarc.policy out until then."
        )
    further = [context.mail_domains[name] for name in dns.unsigned if name != topology.domain]
    if further:
        names = [one.name if one.written == one.name else f"{one.written} ({one.name})" for one in further]
        found.append(f"Further mail domains need a DKIM key each, after the installation: {few(names)}.")
    if topology.dns.mta_sts:
        found.append(
            "MTA-STS: serve dns/mta-sts.txt as https://mta-sts.<domain>/.well-known/mta-sts.txt, with a certificate "
            "for that name; without it the record does nothing."
        )
    if topology.dns.autodiscover:
        found.append("autodiscover and autoconfig are names of the proxies: their certificate has to hold these names.")
    return found


def _layers(context: Context, dns: DnsPlan) -> list[str]:
    """Return what follows from the gateway and from the machines' own firewalls."""
    found = []
    if context.capabilities.host_firewall and not context.host_firewall:
        filters = "nothing" if context.capabilities.on_premises else "public addresses alone"
        found.append(
            f"host_firewall: false leaves every port open between the nodes: {context.capabilities.title} filters "
            f"{filters}. Turn it on when the fault is found."
        )
    if not context.shared_address:
        return found
    owner = "gateway" if context.through_gateway else "router"
    if len(context.carriers("mta")) > 1:
        found.append(
            f"All MTAs send from the {owner}'s address, whose reverse name is {dns.public_name}: "
            "let each of them greet other servers with that name."
        )
    videos = context.topology.forward.get("video") or sorted(context.carriers("video"))
    if len(videos) > 1 and "video" in context.facts.services:
        found.append(
            f"The {owner} divides the video ports among {', '.join(videos)}: set the same part as rtp_port_range "
            "in /etc/janus/janus.jcfg of each; the table of forwards has them."
        )
    return found
