"""What each node gets: data that depends on that node and on constants of the deployment alone."""

from generator.context import Context
from generator.plan import PlannedNode, Volume

_FORMAT = 1
_LOCALE = "en_US.UTF-8"
_FILE_SYSTEM = "ext4"


def host_data(
    context: Context, nodes: dict[str, PlannedNode], volumes: dict[str, Volume]
) -> dict[str, dict[str, object]]:
    """Return the content of `nodes/<node>.json` by node."""
    mounted: dict[str, list[Volume]] = {}
    for volume in volumes.values():
        mounted.setdefault(volume.node, []).append(volume)
    systems = {system: _system_data(system, context) for system in {node.os for node in nodes.values()}}
    return {name: _node(node, context, mounted.get(name, []), systems[node.os]) for name, node in nodes.items()}


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
        "packages": list(repositories.prerequisites.packages),
    }


def _node(node: PlannedNode, context: Context, volumes: list[Volume], system: dict[str, object]) -> dict[str, object]:
    topology, facts = context.topology, context.facts
    rhel = facts.operating_systems[node.os].family == "rhel"
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
        "host_firewall": False,
        "troubleshooting": list(topology.troubleshooting),
    }
