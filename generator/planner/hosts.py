"""What each node gets: data that depends on that node and on constants of the deployment alone."""

from generator.context import Context
from generator.facts import Family
from generator.plan import PlannedNode, Resolver, Volume

_FORMAT = 1
_LOCALE = "en_US.UTF-8"
_FILE_SYSTEM = "ext4"


def host_data(
    context: Context,
    nodes: dict[str, PlannedNode],
    volumes: dict[str, Volume],
    resolver: Resolver | None,
) -> dict[str, dict[str, object]]:
    """Return the content of `nodes/<node>.json` by node, without the files that rendering adds."""
    mounted: dict[str, list[Volume]] = {}
    for volume in volumes.values():
        mounted.setdefault(volume.node, []).append(volume)
    systems = {node.os: _system_data(node.os, context) for node in nodes.values() if not node.is_gateway}
    found = {}
    for name, node in nodes.items():
        system = _gateway_data(node.os, context) if node.is_gateway else systems[node.os]
        found[name] = _node(node, context, mounted.get(name, []), system, resolver)
    return found


def _packages(base: tuple[str, ...], features: list[str], family: Family, context: Context) -> list[str]:
    extras = context.facts.extras
    return sorted({*base, *(name for feature in features for name in extras[feature].packages[family])})


def _system_data(system: str, context: Context) -> dict[str, object]:
    """Return what depends on the operating system alone."""
    repositories = context.facts.repositories[system]
    subscription = None
    ids: list[str] = []
    if context.facts.operating_systems[system].family == "rhel":
        subscription = context.topology.rhel.subscription or context.capabilities.default_subscription
        ids = list(repositories.subscriptions[subscription].ids)  # type: ignore[index]
    postgresql = repositories.postgresql
    return {
        "os": system,
        "subscription": subscription,
        "repository_ids": ids,
        "repositories": {
            "carbonio": repositories.carbonio.data(),
            "postgresql": postgresql.data() if postgresql is not None else None,
        },
        "packages": repositories.prerequisites.packages,
        "host_firewall": context.host_firewall,
    }


def _gateway_data(system: str, context: Context) -> dict[str, object]:
    """Return the same for the gateway, which carries nothing of Carbonio."""
    return {
        "os": system,
        "subscription": None,
        "repository_ids": [],
        "repositories": {"carbonio": None, "postgresql": None},
        "packages": context.facts.hardware.gateway.packages,
        "host_firewall": True,
    }


def _node(
    node: PlannedNode,
    context: Context,
    volumes: list[Volume],
    system: dict[str, object],
    resolver: Resolver | None,
) -> dict[str, object]:
    topology, facts = context.topology, context.facts
    rhel = not node.is_gateway and facts.operating_systems[node.os].family == "rhel"
    features = []
    if system["host_firewall"]:
        features.append("host-firewall")
    if resolver is not None and node.name in resolver.addresses:
        features.append("dns-server")
    if node.is_gateway and topology.vpn is not None:
        features.append("vpn")
    family: Family = "rhel" if rhel else "ubuntu"
    installs = topology.install == "packages" and not node.is_gateway
    return {
        **system,
        "format": _FORMAT,
        "name": node.name,
        "fqdn": node.fqdn,
        "address": node.address,
        "domain": topology.domain,
        "release": facts.release.name,
        "edition": topology.edition,
        "roles": list(node.roles),
        "cluster": topology.network.cidr,
        "locale": _LOCALE,
        "time_servers": list(topology.time_servers),
        "memory_gib": node.machine.needs_memory_gib,
        "volumes": [{"key": one.purpose, "mount": one.mount, "filesystem": _FILE_SYSTEM} for one in volumes],
        "epel": rhel and any(facts.roles[role].needs_epel for role in node.roles),
        "packages": _packages(system["packages"], features, family, context),  # type: ignore[arg-type]
        "install": list(facts.packages(node.roles, family)) if installs else [],
        "router": node.router or None,
        "resolvers": sorted(resolver.addresses.values()) if resolver is not None else [],
        "troubleshooting": list(topology.troubleshooting),
    }
