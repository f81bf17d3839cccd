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
    elif system not in context.cloud.images:
        yield Finding("no-image", path, f'{context.capabilities.title} offers no image of "{system}"')


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
    if chosen and "rhel" not in families:
        yield Finding(
            "unused-subscription",
            ("rhel", "subscription"),
            "rhel.subscription is set, and no node runs RHEL",
            "Remove it.",
        )
