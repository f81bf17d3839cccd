"""What the gateway does, or the operator's router has to do; firewalls on the machines; DNS inside."""

from collections.abc import Iterable, Iterator

from generator.plan import Forward, Plan
from generator.show.text import listed, paragraph, section, table


def network(plan: Plan) -> Iterator[str]:
    """Yield what there is besides the nodes."""
    gateway, router = plan.gateway, plan.router
    if gateway is not None:
        yield from section("Gateway")
        if gateway.way_out:
            yield "The nodes leave through it, with its address."
        yield from _forwards(gateway.forwards)
        if gateway.vpn is not None:
            peers = listed([f"{peer.name} ({peer.address})" for peer in gateway.vpn.peers]) or "none yet"
            yield from paragraph(
                f"WireGuard on udp {gateway.vpn.port}, {gateway.vpn.range}; peers: {peers}", hanging="    "
            )
    if router is not None:
        yield from section("Your router")
        yield from paragraph(f"It has {router.public_address}, and {router.address} in the network. It has to forward:")
        yield from _forwards(router.forwards)
    if plan.host_firewalls:
        kinds = sorted({f"{one.kind}" for one in plan.host_firewalls.values()})
        yield from section("Firewalls on the machines")
        everywhere = len(plan.host_firewalls) == len(plan.nodes)
        names = "every machine" if everywhere else listed(list(plan.host_firewalls))
        yield from paragraph(f"{names} ({listed(kinds)})")
    if plan.resolver is not None:
        yield from section("DNS inside")
        yield from paragraph(f"Answered by dnsmasq on {listed(list(plan.resolver.addresses))}.")


def _forwards(forwards: Iterable[Forward]) -> Iterator[str]:
    rows = []
    for forward in forwards:
        sources = "" if forward.sources == ("0.0.0.0/0",) else f", from {listed(forward.sources)} only"
        share = ", shared by the client's address" if len(forward.targets) > 1 else ""
        rows.append((f"{forward.protocol} {forward.ports}", "->", f"{listed(list(forward.targets))}{share}{sources}"))
    if rows:
        yield from table(rows)
