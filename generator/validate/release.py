"""Operating systems: offered, supported by the release, and still maintained."""

from collections.abc import Iterator

from generator.context import Context
from generator.facts import Facts, Family
from generator.problems import Finding, Path, listing, nearest

_REVIEWED = "2026-11-01"
"""Ends of life before this day are warned about. A constant: the same topology always gives the same output."""


def check_systems(context: Context) -> Iterator[Finding]:
    """Operating systems of the topology and of each node."""
    written: list[tuple[str, Path]] = []
    if context.topology.os:
        written.append((context.topology.os, ("os",)))
    written += [(node.os, ("nodes", name, "os")) for name, node in context.nodes.items() if node.os]
    for system, path in written:
        yield from _supported(system, path, context)
    yield from _offered(context)
    families: set[Family] = set()
    for system in sorted({context.os_of(node) for node in context.nodes.values()}):
        if system in context.facts.operating_systems:
            families.add(context.facts.operating_systems[system].family)
            yield from _maintained(system, context)
    yield from _subscription(context, families)


def _supported(system: str, path: Path, context: Context) -> Iterator[Finding]:
    facts = context.facts
    if system not in facts.operating_systems:
        known = facts.release.os
        yield Finding(
            "unsupported-os",
            path,
            f'Carbonio {facts.release.name} does not support "{system}"{nearest(system, known)}',
            f"It supports {listing(known)}.",
        )


def _offered(context: Context) -> Iterator[Finding]:
    """Yield systems that the cloud has no image of and for which the topology names none, once each."""
    for system in context.topology.cloud.images:
        if system not in context.cloud.images:
            known = list(context.cloud.images)
            mend = f"Known are {listing(known)}."
            why = f'"{system}" is not an operating system{nearest(system, known)}'
            yield Finding("unsupported-os", ("cloud", "images", system), why, mend, key=True)
    seen: set[str] = set()
    for name, node in context.nodes.items():
        system = context.os_of(node)
        image = context.cloud.images.get(system)
        if (
            system not in context.facts.operating_systems
            or image is None
            or image.offered
            or context.image_of(node)
            or system in seen
        ):
            continue
        seen.add(system)
        path: Path = ("nodes", name, "os") if node.os else ("os",) if context.topology.os else ("cloud",)
        yield Finding("no-image", path, f"{context.capabilities.title} offers no image of {system}", image.make)


def _maintained(system: str, context: Context) -> Iterator[Finding]:
    found = context.facts.operating_systems[system]
    if found.end_of_life < _REVIEWED:
        yield Finding(
            "os-end-of-life",
            ("os",),
            f"standard support of {found.title} ended on {found.end_of_life}",
            _newer(context.facts),
            "warning",
        )


def _newer(facts: Facts) -> str:
    newer = [system.id for system in facts.operating_systems.values() if system.end_of_life >= _REVIEWED]
    return f"Carbonio {facts.release.name} also supports {listing(newer)}." if newer else ""


def _subscription(context: Context, families: set[Family]) -> Iterator[Finding]:
    chosen = context.topology.rhel.subscription
    if "rhel" in families and not (chosen or context.capabilities.default_subscription):
        yield Finding(
            "missing-subscription",
            ("rhel",),
            f"RHEL nodes need a subscription, and {context.capabilities.title} brings none",
            "Add rhel: {subscription: registered} or activation-key.",
        )
    if chosen == "rhui" and context.capabilities.default_subscription != chosen:
        yield Finding(
            "no-rhui",
            ("rhel", "subscription"),
            f"{context.capabilities.title} has no update infrastructure of Red Hat's",
            "Use registered, for an image that is registered already, or activation-key.",
        )
    if chosen and "rhel" not in families:
        yield Finding(
            "unused-subscription",
            ("rhel", "subscription"),
            "rhel.subscription is set, and no node runs RHEL",
            "Remove it.",
        )
