"""External services: known, there in the release, and with a node that offers them."""

from collections.abc import Iterator

from generator.addressing import parse_network
from generator.context import Context
from generator.facts import known_services
from generator.problems import Finding, hinted

_CLIENTS = ("imap", "imaps", "pop3", "pop3s")
_SUBMISSION = ("submission", "submissions")


def check_services(context: Context) -> Iterator[Finding]:
    """Every service of the topology, and combinations that surprise."""
    asked = context.topology.services
    for name, opening in asked.items():
        path = ("services", name)
        service = context.facts.services.get(name)
        if service is None:
            yield from _unknown(name, context)
        elif service.management_only:
            yield Finding(
                "management-only",
                path,
                f"{service.title} (port {service.ports}) is open to management and to nobody else",
                "Remove the key; extend management if need be.",
                key=True,
            )
        elif opening and not context.carriers(service.role) and not context.guessing:
            yield Finding(
                "service-without-node",
                path,
                f"{name} is asked for, and no node has the role {service.role}",
                f"Add {service.role} to a node, or remove {name}.",
                key=True,
            )
        if isinstance(opening, tuple):
            yield from _ranges(name, opening, context)
    yield from _client_without_submission(context)
    yield from _video_table(context)


def _ranges(name: str, ranges: tuple[str, ...], context: Context) -> Iterator[Finding]:
    """Yield ranges that never come from outside, where a gateway decides what does."""
    vpn = context.topology.vpn
    for index, text in enumerate(ranges if ranges != ("management",) else ()):
        place = ("services", name, index)
        if vpn is not None and parse_network(text).overlaps(parse_network(vpn.range)):
            mend = f"Write {name}: management; the VPN's peers belong to it."
            yield Finding("range-inside", place, f"{text} lies in the VPN's range", mend)
        elif context.through_gateway and parse_network(text).overlaps(parse_network(context.topology.network.cidr)):
            mend = "Remove it: the nodes reach each other without the gateway."
            yield Finding("range-inside", place, f"{text} lies in the deployment's own network", mend)


def _unknown(name: str, context: Context) -> Iterator[Finding]:
    known = context.facts.services
    path = ("services", name)
    if name in known_services():
        label = f"{context.facts.release.name} {context.facts.edition}"
        yield Finding(
            "service-not-in-release",
            path,
            f"Carbonio {label} has no external service {name}",
            "Remove it.",
            key=True,
        )
    else:
        offered = [service.id for service in known.values() if not service.management_only]
        hint, mend = hinted(name, offered, f"Services: {', '.join(offered)}.")
        yield Finding("unknown-service", path, f'"{name}" is not a service{hint}', mend, key=True)


def _client_without_submission(context: Context) -> Iterator[Finding]:
    asked = context.topology.services
    clients = [name for name in _CLIENTS if asked.get(name)]
    if clients and not any(asked.get(name) for name in _SUBMISSION):
        yield Finding(
            "no-submission",
            ("services", clients[0]),
            f"{clients[0]} is open and neither submission nor submissions: clients could read and not send",
            "Add submissions: true.",
            "warning",
            key=True,
        )


def _video_table(context: Context) -> Iterator[Finding]:
    videos = context.carriers("video")
    if videos and "video" not in context.facts.services:
        label = f"{context.facts.release.name} {context.facts.edition}"
        yield Finding(
            "video-without-range",
            ("nodes", videos[0], "roles"),
            f"the table of {label} lists no UDP range for video, so none is opened: calls work inside the network",
            "Look for the range in the release's notes, and open it by a rule of your own if you trust it.",
            "warning",
        )
