"""What the documents say must be open for a topology, and whether they admit it at all.

Written from the port tables (`tests/data/ports.csv`) and the decided rules, by hand. It must never
import the generator: two programs that share code agree about the same mistake.
"""

from __future__ import annotations

import csv
import functools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from tests.oracle.opening import Opening, canonical, range_class

PORTS = Path(__file__).parent.parent / "data" / "ports.csv"
RELEASES = {
    "24.1": "24.1.0",
    "24.1.0": "24.1.0",
    "25.12": "25.12.0",
    "25.12.0": "25.12.0",
    "26.6": "26.6",
    "26.6.0": "26.6",
}
COMBINATIONS = [
    (release, edition) for release in ("24.1.0", "25.12.0", "26.6") for edition in ("commercial", "community")
]
EVERY_NODE = "every node"

# The documents' headings, as the roles on whose nodes the row's ports are open.
GROUPS: dict[str, tuple[str, ...]] = {
    "Every Node": (EVERY_NODE,),
    "MTA": ("mta",),
    "Proxy": ("proxy",),
    "Video Server": ("video",),
    "Postgres": ("database",),
    "Database": ("database",),
    "Directory Server": ("mesh-and-directory", "directory-replica"),
    "Mesh": ("mesh-and-directory", "mesh"),
    "AppServer": ("mailstore",),
    "Mailstore & Provisioning (AppServer)": ("mailstore",),
    "Mailstore & Provisioning": ("mailstore",),
    "Monitoring": ("monitoring",),
    "Other services": ("mesh-and-directory",),
}
# Sidecars run beside every service of the mesh, so their range concerns every node.
SIDECARS = {"21000-21255", "20000-21255"}
# The exporter of the message broker, which is one for the deployment, on the directory's node.
MESSAGE_BROKER = "15692"

# The operator's words for the external rows: role, port, protocol.
SERVICES: dict[str, tuple[str, str, str]] = {
    "smtp": ("mta", "25", "tcp"),
    "submission": ("mta", "587", "tcp"),
    "submissions": ("mta", "465", "tcp"),
    "http": ("proxy", "80", "tcp"),
    "https": ("proxy", "443", "tcp"),
    "imap": ("proxy", "143", "tcp"),
    "imaps": ("proxy", "993", "tcp"),
    "pop3": ("proxy", "110", "tcp"),
    "pop3s": ("proxy", "995", "tcp"),
    "ldap-address-book": ("proxy", "8636", "tcp"),
    "xmpp": ("proxy", "5222", "tcp"),
    "video": ("video", "20000-40000", "udp"),
}
ON_BY_DEFAULT = ("smtp", "https", "video")
# External in the table, but never for more than the administrators.
ADMIN_PANEL = ("proxy", "6071", "tcp")


class Row(NamedTuple):
    """One row of the documented tables, its heading turned into roles, one protocol each."""

    direction: str
    roles: tuple[str, ...]
    ports: str
    protocol: str


@functools.cache
def table(release: str, edition: str) -> frozenset[Row]:
    """Return the documented rows of a release and edition.

    Args:
        release: `24.1.0`, `25.12.0` or `26.6`.
        edition: `commercial` or `community`.

    Returns:
        External and internal rows.
    """
    rows: set[Row] = set()
    with PORTS.open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            if (line["release"], line["edition"]) != (release, edition):
                continue
            roles = GROUPS[line["role"]]
            if line["ports"] in SIDECARS and line["role"] == "Mesh":
                roles = (EVERY_NODE,)
            elif line["ports"] == MESSAGE_BROKER:
                roles = ("mesh-and-directory",)
            for protocol in line["protocol"].split("+"):
                rows.add(Row(line["direction"], roles, line["ports"], protocol))
    return frozenset(rows)


class Reading(NamedTuple):
    """The parts of a topology that decide what is open.

    Attributes:
        release: Under its full name.
        edition: `commercial` or `community`.
        nodes: Roles by node.
        management: Ranges.
        services: As asked for.
        troubleshooting: Switches.
    """

    release: str
    edition: str
    nodes: Mapping[str, tuple[str, ...]]
    management: tuple[str, ...]
    services: Mapping[str, object]
    troubleshooting: tuple[str, ...]


def read(topology: Mapping[str, object]) -> Reading:
    """Read a topology as it comes from YAML, short forms included.

    Args:
        topology: A mapping with `nodes` (not `scenario`).

    Returns:
        What this module needs of it.
    """
    nodes = {}
    for name, node in _mapping(topology["nodes"]).items():
        nodes[name] = _words(node["roles"] if isinstance(node, dict) else node)
    return Reading(
        release=RELEASES[str(topology["release"])],
        edition=str(topology.get("edition", "commercial")),
        nodes=nodes,
        management=_words(topology["management"]),
        services=_mapping(topology.get("services", {})),
        troubleshooting=_words(topology.get("troubleshooting", [])),
    )


def _mapping(value: object) -> dict[str, object]:
    assert isinstance(value, dict), value
    return value


def _words(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    assert isinstance(value, list), value
    return tuple(str(entry) for entry in value)


def expected(topology: Mapping[str, object]) -> set[Opening]:
    """Return everything that must be open for a topology, and so everything that may be.

    Args:
        topology: As it comes from YAML, with `nodes`.

    Returns:
        Openings of both directions, peers in canonical form.
    """
    reading = read(topology)
    openings = {
        *_inside(reading),
        *_procedures(reading),
        *_outside(reading),
        *_administration(reading),
    }
    for node in reading.nodes:
        openings.add(Opening(node, "out", "-1", "all", "internet"))
        openings.add(Opening(node, "in", "icmp", "3", "internet"))
        openings.add(Opening(node, "in", "icmp", "8", "cluster"))
        if "open-internal" in reading.troubleshooting:
            openings.add(Opening(node, "in", "tcp", "1-65535", "cluster"))
            openings.add(Opening(node, "in", "udp", "1-65535", "cluster"))
    return canonical(openings, reading.nodes)


def _nodes_with(reading: Reading, *roles: str) -> list[str]:
    return [name for name, own in reading.nodes.items() if EVERY_NODE in roles or not set(roles).isdisjoint(own)]


def _inside(reading: Reading) -> Iterator[Opening]:
    for row in table(reading.release, reading.edition):
        if row.direction == "internal":
            for node in _nodes_with(reading, *row.roles):
                yield Opening(node, "in", row.protocol, row.ports, "cluster")


def _procedures(reading: Reading) -> Iterator[Opening]:
    """Ports that the documented procedures use and the tables miss."""
    if reading.release == "24.1.0":
        # The connector's pool answers on PostgreSQL's port; PostgreSQL itself moves to 5433.
        for node in _nodes_with(reading, "database-connector"):
            yield Opening(node, "in", "tcp", "5432", "cluster")
        yield from _between(reading, "database-connector", "database", "5433")
    for node in _nodes_with(reading, "log-server"):
        yield Opening(node, "in", "tcp", "514", "cluster")
        yield Opening(node, "in", "udp", "514", "cluster")
    # Mail stores use the broker; brokers, controllers and ZooKeeper talk among themselves.
    yield from _between(reading, "mailstore", "event-streaming", "9092")
    for port in ["9092", "2888", "3888"] if reading.release == "24.1.0" else ["9092", "9093"]:
        yield from _between(reading, "event-streaming", "event-streaming", port)


def _between(reading: Reading, source: str, target: str, port: str) -> Iterator[Opening]:
    """What one role opens to another, where they stand on different nodes at all."""
    targets = _nodes_with(reading, target)
    if any(one != other for one in _nodes_with(reading, source) for other in targets):
        for node in targets:
            yield Opening(node, "in", "tcp", port, f"role:{source}")


def _outside(reading: Reading) -> Iterator[Opening]:
    rows = table(reading.release, reading.edition)
    for service, (role, ports, protocol) in SERVICES.items():
        asked = reading.services.get(service, service in ON_BY_DEFAULT)
        if asked is False or Row("external", (role,), ports, protocol) not in rows:
            continue
        if asked is True:
            peers = ["internet"]
        else:
            ranges = reading.management if asked == "management" else _words(asked)
            peers = [range_class(entry, reading.management) for entry in ranges]
        for node in _nodes_with(reading, role):
            for peer in peers:
                yield Opening(node, "in", protocol, ports, peer)


def _administration(reading: Reading) -> Iterator[Opening]:
    role, ports, protocol = ADMIN_PANEL
    assert Row("external", (role,), ports, protocol) in table(reading.release, reading.edition)
    for entry in reading.management:
        peer = range_class(entry, reading.management)
        for node in _nodes_with(reading, role):
            yield Opening(node, "in", protocol, ports, peer)
        for node in _nodes_with(reading, "monitoring"):
            yield Opening(node, "in", "tcp", "3000", peer)
            yield Opening(node, "in", "tcp", "9090", peer)
        for node in reading.nodes:
            yield Opening(node, "in", "tcp", "22", peer)
            yield Opening(node, "in", "icmp", "8", peer)
