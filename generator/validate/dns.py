"""DNS: the provider, the zone's state, and names that may be written."""

import re
from collections.abc import Iterator

from generator.context import Context
from generator.problems import Finding, listing, nearest

_LABELS = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?)*|@"


def check_dns(context: Context) -> Iterator[Finding]:
    """Provider, delegation, reverse names and further inside names."""
    dns, domain = context.topology.dns, context.topology.domain
    providers = list(context.dns_providers)
    if context.dns_provider not in providers:
        hint = nearest(context.dns_provider, providers)
        yield Finding(
            "unknown-dns-provider",
            ("dns", "provider"),
            f'"{context.dns_provider}" is not a DNS provider{hint}',
            f"Known are {listing(providers)}.",
        )
    elif dns.ttl < context.dns_providers[context.dns_provider].least_ttl:
        least = context.dns_providers[context.dns_provider].least_ttl
        why = f"{context.dns_provider} takes no time to live below {least} seconds; it is {dns.ttl}"
        yield Finding("ttl-too-short", ("dns", "ttl"), why, "Raise it.")
    if dns.delegated and not dns.existing_zone:
        yield Finding(
            "delegated-new-zone",
            ("dns", "delegated"),
            "a zone that is created in the same run cannot be delegated yet",
            "Add existing_zone: true, or remove delegated.",
        )
    if dns.existing_zone and context.dns_provider == "none":
        yield Finding(
            "zone-without-provider",
            ("dns", "existing_zone"),
            "there is no DNS provider to hold the zone",
            "Remove existing_zone.",
        )
    yield from _public_name(context)
    own = {*context.nodes, context.topology.public_name.removesuffix(f".{domain}") or "mail"}
    for name in dns.also_inside:
        path = ("dns", "also_inside", name)
        if not re.fullmatch(_LABELS, name) or f".{name}".endswith(f".{domain}"):
            yield Finding(
                "wrong-name",
                path,
                f'"{name}" is not a name below {domain}',
                "Write it without the domain, as in: www",
                key=True,
            )
        elif name in own:
            yield Finding(
                "name-twice",
                path,
                f"{name}.{domain} is a name of the deployment",
                "Remove it.",
                key=True,
            )


def _public_name(context: Context) -> Iterator[Finding]:
    name, domain = context.topology.public_name, context.topology.domain
    if name and not name.endswith(f".{domain}"):
        yield Finding(
            "foreign-public-name",
            ("public_name",),
            f"{name} is not below {domain}",
            f"Use a name such as mail.{domain}.",
        )
    node = (name or f"mail.{domain}").removesuffix(f".{domain}")
    others = [other for other in context.carriers("proxy") if other != node]
    if node in context.nodes and "proxy" in context.nodes[node].roles and others:
        yield Finding(
            "name-twice",
            ("public_name",) if name else ("nodes", node),
            f"{node}.{domain} is the node {node} and the public name, which {listing(others)} would have as well",
            "Rename the node, or choose another public_name.",
            key=not name,
        )
    if name and node in context.nodes and "proxy" not in context.nodes[node].roles:
        yield Finding(
            "name-twice",
            ("public_name",),
            f"{name} is the node {node}, which has no proxy",
            "Choose another name for one of them.",
        )
    if not name and "mail" in context.nodes and "proxy" not in context.nodes["mail"].roles:
        yield Finding(
            "name-twice",
            ("nodes", "mail"),
            f"mail.{domain} is the public name, and the node mail has no proxy",
            "Rename the node, or set public_name.",
            key=True,
        )
