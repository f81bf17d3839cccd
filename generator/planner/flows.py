"""The documented tables and the topology to flows: who may talk to whom, and why."""

from collections.abc import Iterable, Iterator

import msgspec

from generator.addressing import is_private, parse_network
from generator.context import Context
from generator.facts import EVERY_NODE
from generator.plan import GATEWAY, OUTSIDE, RESOLVER, Deployment, Flow, Protocol

INTERNET = "0.0.0.0/0"
OUTER_SOURCES = ("internet", "listed", "management")
"""Sources of flows that come from outside of the network."""

_EVERY = (EVERY_NODE,)
_SSH, _DNS = "22", "53"
_ICMP = "RFC 792; RFC 1191"
_CONDITIONS = "source document, Additional Conditions"
_Source = tuple[str, tuple[str, ...]]


def flow_id(source: str, target: str, protocol: str, ports: str) -> str:
    """Return the stable name of a flow."""
    return f"{source}-{'every-node' if target == EVERY_NODE else target}-{protocol}-{ports}"


def plan_flows(context: Context, deployment: Deployment, gateway: str, resolvers: Iterable[str]) -> tuple[Flow, ...]:
    """Return all flows, sorted by id; rows that say the same are one flow.

    Args:
        context: The topology with its facts.
        deployment: What it has in common.
        gateway: The gateway's private address, empty without one.
        resolvers: Names of the machines that answer DNS inside.
    """
    carried = {role for node in context.nodes.values() for role in node.roles}
    targets = {EVERY_NODE, GATEWAY, RESOLVER, OUTSIDE, *carried}
    merged: dict[str, Flow] = {}
    for flow in _all(context, deployment, gateway, tuple(resolvers)):
        if flow.target not in targets:
            continue
        known = merged.get(flow.id)
        if known is not None:
            services = (
                *known.services,
                *(text for text in flow.services if text not in known.services),
            )
            documents = (
                *known.documents,
                *(text for text in flow.documents if text not in known.documents),
            )
            flow = msgspec.structs.replace(known, services=services, documents=documents)
        merged[flow.id] = flow
    return tuple(merged[key] for key in sorted(merged))


def _all(context: Context, deployment: Deployment, gateway: str, resolvers: tuple[str, ...]) -> Iterator[Flow]:
    administrators = tuple(_administrators(context, deployment, gateway))
    yield from _external(context, deployment, administrators)
    yield from _internal(context, deployment)
    yield from _procedures(context, deployment, administrators)
    yield from _own(deployment, administrators)
    if context.through_gateway:
        yield from _jump(gateway)
    if gateway:
        yield from _gateway(context, deployment)
    yield from _resolvers(context, deployment, gateway, resolvers)


def _administrators(context: Context, deployment: Deployment, gateway: str) -> Iterator[_Source]:
    """Yield from where administrators reach the nodes.

    Behind a gateway only private ranges reach them directly, routed by the operator; the VPN's peers
    come with the gateway's own address, so that nodes need no route to them.
    """
    ranges = deployment.management
    if context.through_gateway:
        ranges = tuple(text for text in ranges if is_private(parse_network(text)))
    vpn = context.topology.vpn
    if ranges and not (vpn is not None and vpn.only):
        yield "management", ranges
    if vpn is not None:
        yield GATEWAY, (f"{gateway}/32",)


def _flows(
    source: str,
    ranges: tuple[str, ...],
    roles: Iterable[str],
    protocol: str,
    ports: str,
    *,
    service: str,
    why: str,
    document: str,
) -> Iterator[Flow]:
    for target in roles:
        for one in protocol.split("+"):
            name: Protocol = one  # type: ignore[assignment]
            yield Flow(
                flow_id(source, target, one, ports),
                source,
                ranges,
                target,
                name,
                ports,
                (service,),
                why,
                (document,),
            )


def _external(context: Context, deployment: Deployment, administrators: tuple[_Source, ...]) -> Iterator[Flow]:
    """External rows, for the services that are on."""
    for service in context.facts.services.values():
        asked = context.topology.services.get(service.id, service.default)
        sources: tuple[_Source, ...] = (("internet", (INTERNET,)),)
        why = f"service {service.id}" + ("" if service.id in context.topology.services else ", on by default")
        if service.management_only:
            sources, why = administrators, "for administrators only"
        elif asked == ("management",):
            # The VPN's peers are administrators too.
            sources = (("management", deployment.management), *(one for one in administrators if one[0] == GATEWAY))
        elif isinstance(asked, tuple):
            sources = (("listed", tuple(dict.fromkeys(asked))),)
        if not asked and not service.management_only:
            continue
        for row in context.facts.external_rows(service.id):
            for source, ranges in sources:
                yield from _flows(
                    source,
                    ranges,
                    row.roles,
                    row.protocol,
                    row.ports,
                    service=row.service,
                    why=why,
                    document=row.source,
                )


def _internal(context: Context, deployment: Deployment) -> Iterator[Flow]:
    for row in context.facts.internal:
        yield from _flows(
            "cluster",
            deployment.cluster,
            row.roles,
            row.protocol,
            row.ports,
            service=row.service,
            why="internal table",
            document=row.source,
        )


def _procedures(context: Context, deployment: Deployment, administrators: tuple[_Source, ...]) -> Iterator[Flow]:
    """Ports that a documented procedure uses and the tables miss."""
    sources = {"cluster": (("cluster", deployment.cluster),), "management": administrators}
    for row in context.facts.procedure_ports:
        if row.from_ not in sources and not _apart(row.from_, row.roles, context):
            continue
        for source, ranges in sources.get(row.from_, ((row.from_, ()),)):
            yield from _flows(
                source,
                ranges,
                row.roles,
                row.protocol,
                row.ports,
                service=row.service,
                why="a documented procedure uses it",
                document=row.source,
            )


def _apart(source: str, targets: tuple[str, ...], context: Context) -> bool:
    """Tell whether some node with the source role has to cross the network to a target."""
    sources = set(context.carriers(source))
    reached = {name for target in targets for name in context.carriers(target)}
    return bool(sources and reached) and len(sources | reached) > 1


def _ssh(source: _Source, targets: tuple[str, ...], why: str) -> Iterator[Flow]:
    yield from _flows(*source, targets, "tcp", _SSH, service="SSH access", why=why, document=_CONDITIONS)


def _echo(source: _Source, targets: tuple[str, ...]) -> Iterator[Flow]:
    yield from _flows(*source, targets, "icmp", "8", service="ICMP echo", why="finding faults", document=_ICMP)


def _unreachable(targets: tuple[str, ...]) -> Iterator[Flow]:
    service, why = "ICMP destination unreachable", "path MTU discovery"
    yield from _flows("internet", (INTERNET,), targets, "icmp", "3", service=service, why=why, document=_ICMP)


def _own(deployment: Deployment, administrators: tuple[_Source, ...]) -> Iterator[Flow]:
    """What every deployment needs beyond the tables."""
    cluster = ("cluster", deployment.cluster)
    yield from _unreachable(_EVERY)
    yield from _echo(cluster, _EVERY)
    for source in administrators:
        yield from _ssh(source, _EVERY, "for administrators only")
        yield from _echo(source, _EVERY)
    if deployment.open_internal:
        for protocol in ("tcp", "udp"):
            yield from _flows(
                *cluster,
                _EVERY,
                protocol,
                "1-65535",
                service="everything between nodes",
                why="troubleshooting: open-internal",
                document=_CONDITIONS,
            )


def _jump(gateway: str) -> Iterator[Flow]:
    yield from _ssh((GATEWAY, (f"{gateway}/32",)), _EVERY, "the gateway is the jump host")


def _gateway(context: Context, deployment: Deployment) -> Iterator[Flow]:
    """What reaches the gateway itself, and what leaves through it."""
    target, vpn = (GATEWAY,), context.topology.vpn
    management, cluster = ("management", deployment.management), ("cluster", deployment.cluster)
    yield from _unreachable(target)
    yield from _echo(cluster, target)
    if vpn is None or not vpn.only:
        yield from _ssh(management, target, "for administrators only")
        yield from _echo(management, target)
    if context.through_gateway:
        text = "the way out"
        why = "the nodes have no public address"
        yield from _flows(*cluster, (OUTSIDE,), "any", "all", service=text, why=why, document="RFC 3022")
    if vpn is not None:
        peers = ("vpn", (vpn.range,))
        yield from _flows(
            "internet",
            (INTERNET,),
            target,
            "udp",
            str(vpn.port),
            service="WireGuard",
            why="the topology asks for a VPN",
            document="source document: 6071 from a VPN tunnel; wireguard.com",
        )
        yield from _ssh(peers, target, "for administrators only")
        yield from _echo(peers, target)


def _resolvers(context: Context, deployment: Deployment, gateway: str, resolvers: tuple[str, ...]) -> Iterator[Flow]:
    """DNS inside, where machines of the deployment answer it."""
    sources: list[_Source] = [("cluster", deployment.cluster)]
    if GATEWAY in resolvers and context.topology.vpn is not None:
        sources.append(("vpn", (context.topology.vpn.range,)))
    if gateway and GATEWAY not in resolvers:
        sources.append((GATEWAY, (f"{gateway}/32",)))
    for source in sources if resolvers else ():
        yield from _flows(
            *source,
            (GATEWAY if GATEWAY in resolvers else RESOLVER,),
            "tcp+udp",
            _DNS,
            service="DNS inside",
            why="the cloud serves no zone to the private network",
            document="source document: FQDNs resolve through DNS; RFC 1035",
        )
