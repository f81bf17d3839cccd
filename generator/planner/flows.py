"""The documented tables and the topology to flows: who may talk to whom, and why."""

from collections.abc import Iterable, Iterator

import msgspec

from generator.context import Context
from generator.facts import EVERY_NODE
from generator.plan import Deployment, Flow, Protocol

INTERNET = "0.0.0.0/0"
_SSH = "22"
_OWN_SOURCE = "RFC 792; RFC 1191"


def flow_id(source: str, target: str, protocol: str, ports: str) -> str:
    """Return the stable name of a flow."""
    return f"{source}-{'every-node' if target == EVERY_NODE else target}-{protocol}-{ports}"


def plan_flows(context: Context, deployment: Deployment) -> tuple[Flow, ...]:
    """Return all flows, sorted by id; rows that say the same are one flow."""
    carried = {role for node in context.nodes.values() for role in node.roles}
    merged: dict[str, Flow] = {}
    for flow in _all(context, deployment):
        if flow.target != EVERY_NODE and flow.target not in carried:
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


def _all(context: Context, deployment: Deployment) -> Iterator[Flow]:
    yield from _external(context, deployment)
    yield from _internal(context, deployment)
    yield from _procedures(context, deployment)
    yield from _own(deployment)


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


def _external(context: Context, deployment: Deployment) -> Iterator[Flow]:
    """External rows, for the services that are on."""
    management = deployment.management
    for service in context.facts.services.values():
        asked = context.topology.services.get(service.id, service.default)
        source = "internet"
        ranges: tuple[str, ...] = (INTERNET,)
        why = f"service {service.id}" + ("" if service.id in context.topology.services else ", on by default")
        if service.management_only:
            source, ranges, why = "management", management, "for administrators only"
        elif asked == ("management",):
            source, ranges = "management", management
        elif isinstance(asked, tuple):
            source, ranges = "listed", tuple(dict.fromkeys(asked))
        if not asked and not service.management_only:
            continue
        for row in context.facts.external_rows(service.id):
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
            (deployment.network,),
            row.roles,
            row.protocol,
            row.ports,
            service=row.service,
            why="internal table",
            document=row.source,
        )


def _procedures(context: Context, deployment: Deployment) -> Iterator[Flow]:
    """Ports that a documented procedure uses and the tables miss."""
    ranges = {"cluster": (deployment.network,), "management": deployment.management}
    for row in context.facts.procedure_ports:
        if row.from_ not in ranges and not _apart(row.from_, row.roles, context):
            continue
        yield from _flows(
            row.from_,
            ranges.get(row.from_, ()),
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


def _own(deployment: Deployment) -> Iterator[Flow]:
    """What every deployment needs beyond the tables."""
    every = (EVERY_NODE,)
    management, cluster = deployment.management, (deployment.network,)
    yield from _flows(
        "management",
        management,
        every,
        "tcp",
        _SSH,
        service="SSH access",
        why="for administrators only",
        document="source document, Additional Conditions",
    )
    icmp = "path MTU discovery"
    yield from _flows(
        "internet",
        (INTERNET,),
        every,
        "icmp",
        "3",
        service="ICMP destination unreachable",
        why=icmp,
        document=_OWN_SOURCE,
    )
    for source, ranges in (("cluster", cluster), ("management", management)):
        yield from _flows(
            source,
            ranges,
            every,
            "icmp",
            "8",
            service="ICMP echo",
            why="finding faults",
            document=_OWN_SOURCE,
        )
    if deployment.open_internal:
        for protocol in ("tcp", "udp"):
            yield from _flows(
                "cluster",
                cluster,
                every,
                protocol,
                "1-65535",
                service="everything between nodes",
                why="troubleshooting: open-internal",
                document="source document, Additional Conditions",
            )
