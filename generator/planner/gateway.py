"""What the gateway forwards, or the operator's router, and whom the gateway's VPN lets in."""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network

from generator.addressing import cluster_ranges, disjoint, first_host
from generator.context import Context
from generator.lockfile import Lock
from generator.plan import GATEWAY, Flow, Forward, Gateway, Passage, Peer, PlannedNode, Resolver, Router, Vpn
from generator.planner.flows import OUTER_SOURCES
from generator.problems import Finding
from generator.topology import VpnChoice


def plan_gateway(
    context: Context,
    lock: Lock,
    nodes: dict[str, PlannedNode],
    flows: tuple[Flow, ...],
    resolver: Resolver | None,
    findings: list[Finding],
) -> Gateway | None:
    """Return the gateway, or None where there is none."""
    if not context.has_gateway:
        return None
    network = context.topology.network.cidr
    vpn = context.topology.vpn
    if vpn is not None and vpn.only and not lock.peers:
        findings.append(
            Finding(
                "vpn-only-first",
                ("vpn", "only"),
                "only the tunnel would lead in, and there is none yet: the gateway makes its key at its first boot",
                "Apply without only, set up a peer (the hand-over sheet has its file), then add it.",
            )
        )
    return Gateway(
        network=network,
        cluster=cluster_ranges(network),
        way_out=context.through_gateway,
        forwards=tuple(_forwards(context, nodes, flows)) if context.through_gateway else (),
        vpn=_vpn(context, lock, nodes, flows, resolver),
    )


def plan_router(context: Context, nodes: dict[str, PlannedNode], flows: tuple[Flow, ...]) -> Router | None:
    """Return what the operator's own router has to do, or None where it does nothing."""
    if not context.behind_router:
        return None
    return Router(
        address=context.network_router,
        public_address=context.topology.cloud.public_address,
        forwards=tuple(_forwards(context, nodes, flows)),
    )


def _forwards(context: Context, nodes: dict[str, PlannedNode], flows: tuple[Flow, ...]) -> Iterator[Forward]:
    """Yield the external services that were asked for, each with the nodes that offer it."""
    for service in context.facts.services.values():
        if service.management_only:
            continue
        named = context.topology.forward.get(service.id) or sorted(
            name for name in context.carriers(service.role) if not context.nodes[name].private
        )
        if not named:
            continue
        for flow in flows:
            wanted = (flow.target, flow.protocol, flow.ports) == (service.role, service.protocol, service.ports)
            if wanted and flow.source in OUTER_SOURCES:
                yield from _forward(flow, {name: nodes[name].address for name in named})


def _forward(flow: Flow, targets: dict[str, str]) -> Iterator[Forward]:
    sources = disjoint(flow.ranges)
    if "-" not in flow.ports or len(targets) == 1:
        yield Forward(flow.services, flow.protocol, flow.ports, sources, dict(sorted(targets.items())), (flow.id,))
        return
    # A media stream cannot choose its server by the client's address: each has a part of the ports.
    for (name, address), ports in zip(targets.items(), split(flow.ports, len(targets)), strict=True):
        yield Forward(flow.services, flow.protocol, ports, sources, {name: address}, (flow.id,))


def split(ports: str, number: int) -> list[str]:
    """Divide a range of ports into equal parts, the larger ones first (TD 25.12.0, redundant scenario)."""
    first, last = map(int, ports.split("-"))
    size, larger = divmod(last - first + 1, number)
    parts = []
    for index in range(number):
        end = first + size + (index < larger) - 1
        parts.append(f"{first}-{end}")
        first = end + 1
    return parts


def _vpn(
    context: Context, lock: Lock, nodes: dict[str, PlannedNode], flows: Iterable[Flow], resolver: Resolver | None
) -> Vpn | None:
    asked = context.topology.vpn
    if asked is None:
        return None
    own = first_host(IPv4Network(asked.range))
    addresses = _peer_addresses(asked, own, lock)
    answers = resolver is not None and GATEWAY in resolver.addresses
    return Vpn(
        port=asked.port,
        range=asked.range,
        address=own,
        name_server=nodes[GATEWAY].address if answers else "",
        peers=tuple(Peer(name, asked.peers[name], address) for name, address in sorted(addresses.items())),
        passages=tuple(_passages(nodes, flows)),
    )


def _peer_addresses(asked: VpnChoice, own: str, lock: Lock) -> dict[str, str]:
    """Give every peer an address, which stays: it is written in the peer's own configuration."""
    network = IPv4Network(asked.range)
    kept = {name: text for name, text in lock.peers.items() if name in asked.peers and IPv4Address(text) in network}
    taken = {own, *kept.values()}
    free = (str(address) for address in network.hosts() if str(address) not in taken)
    return {name: kept.get(name) or next(free, "") for name in asked.peers}


def _passages(nodes: dict[str, PlannedNode], flows: Iterable[Flow]) -> Iterator[Passage]:
    for flow in flows:
        if flow.source == GATEWAY:
            targets = {
                node.name: node.address
                for node in nodes.values()
                if not node.is_gateway and flow.target in node.targets
            }
            if targets:
                yield Passage(flow.protocol, flow.ports, targets, (flow.id,))
