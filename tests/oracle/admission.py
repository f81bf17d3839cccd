"""Which releases and editions admit a topology, written by hand from the documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tests.oracle.expected import RELEASES, SERVICES, Reading, Row, read, table

ALWAYS = {"database", "mesh-and-directory", "proxy", "mta", "mailstore"}
OPTIONAL = {"files", "docs", "preview", "tasks", "video", "monitoring", "log-server"}
COMMERCIAL_ONLY = {"directory-replica", "event-streaming"}
ROLES: dict[tuple[str, str], set[str]] = {
    ("24.1.0", "commercial"): ALWAYS | OPTIONAL | COMMERCIAL_ONLY | {"database-connector"},
    ("24.1.0", "community"): ALWAYS | OPTIONAL | {"database-connector", "directory-replica", "chats"},
    ("25.12.0", "commercial"): ALWAYS | OPTIONAL | COMMERCIAL_ONLY | {"chats", "mesh"},
    ("25.12.0", "community"): ALWAYS | OPTIONAL | {"chats"},
    ("26.6", "commercial"): ALWAYS | OPTIONAL | COMMERCIAL_ONLY | {"chats", "mesh"},
    ("26.6", "community"): (ALWAYS | OPTIONAL | {"chats"}) - {"log-server"},
}
SYSTEMS: dict[str, set[str]] = {
    "24.1.0": {"ubuntu-20.04", "rhel-8"},
    "25.12.0": {"ubuntu-22.04", "ubuntu-24.04", "rhel-8", "rhel-9"},
    "26.6": {"ubuntu-22.04", "ubuntu-24.04", "rhel-8", "rhel-9"},
}


def refusals(topology: Mapping[str, object], release: str, edition: str) -> list[str]:
    """Return why a release and edition refuse a topology.

    Args:
        topology: As it comes from YAML, with `nodes`; its own release and edition do not count.
        release: The release to try it on.
        edition: The edition to try it on.

    Returns:
        Reasons; empty when it is admitted.
    """
    reading = read({**topology, "release": release, "edition": edition})
    return [*_counts(reading), *_roles(reading), *_services(reading), *_systems(topology, reading)]


def admits(topology: Mapping[str, object], release: str, edition: str) -> bool:
    """Return whether a release and edition admit a topology.

    Args:
        topology: As it comes from YAML, with `nodes`.
        release: The release to try it on.
        edition: The edition to try it on.
    """
    return not refusals(topology, release, edition)


def _counts(reading: Reading) -> Iterator[str]:
    kind = (reading.release, reading.edition)
    if kind == ("26.6", "community") and len(reading.nodes) > 1:
        yield "26.6 community is documented for a single machine"
    if kind == ("24.1.0", "commercial") and len(reading.nodes) == 1:
        yield "24.1 commercial supports no single machine"


def _roles(reading: Reading) -> Iterator[str]:
    used = [role for roles in reading.nodes.values() for role in roles]
    lacking = set(used) - ROLES[reading.release, reading.edition]
    if lacking:
        yield f"{reading.release} {reading.edition} has no role {', '.join(sorted(lacking))}"
    mandatory = ALWAYS | ({"database-connector"} if reading.release == "24.1.0" else set())
    if mandatory - set(used):
        yield f"no node has the role {', '.join(sorted(mandatory - set(used)))}"
    for role in ("database", "mesh-and-directory"):
        if used.count(role) > 1:
            yield f"only one node may have the role {role}"
    if (used.count("mesh-and-directory") + used.count("mesh")) % 2 == 0:
        yield "the number of mesh servers must be odd"
    if "video" in used and "chats" not in used and reading.release != "24.1.0":
        yield "video needs chats"


def _services(reading: Reading) -> Iterator[str]:
    rows = table(reading.release, reading.edition)
    for service, asked in reading.services.items():
        role, ports, protocol = SERVICES[service]
        if asked is not False and Row("external", (role,), ports, protocol) not in rows:
            yield f"{reading.release} {reading.edition} has no service {service}"
        if asked is not False and not any(role in own for own in reading.nodes.values()):
            yield f"no node offers {service}"


def _systems(topology: Mapping[str, object], reading: Reading) -> Iterator[str]:
    nodes = topology["nodes"]
    assert isinstance(nodes, dict)
    named = {
        topology.get("os"),
        *(node.get("os") for node in nodes.values() if isinstance(node, dict)),
    }
    for system in sorted(str(entry) for entry in named if entry):
        if system not in SYSTEMS[reading.release]:
            yield f"{reading.release} does not support {system}"


assert set(SYSTEMS) == set(RELEASES.values())
