"""What the documents say must be open for a topology, and whether they admit it at all.

Written from the port tables (`tests/data/ports.csv`) and the decided rules, by hand. It must never
import the generator: two programs that share code agree about the same mistake.
"""

from __future__ import annotations

import csv
import functools
import ipaddress
from collections.abc import Iterable, Iterator, Mapping
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
# What the administrators use beside it: Grafana and Prometheus.
CONSOLES = (("monitoring", "3000", "tcp"), ("monitoring", "9090", "tcp"))
GATEWAY = "gateway"
WIREGUARD = 51820
PRIVATE = tuple(map(ipaddress.IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")))


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
        exposure: `direct`, `gateway` or `external`.
        vpn: The table of that name; None without.
        forward: Nodes by service, where the topology names them.
        private: Nodes that shall have no public address of their own.
    """

    release: str
    edition: str
    nodes: Mapping[str, tuple[str, ...]]
    management: tuple[str, ...]
    services: Mapping[str, object]
    troubleshooting: tuple[str, ...]
    exposure: str = "direct"
    vpn: Mapping[str, object] | None = None
    forward: Mapping[str, tuple[str, ...]] = {}
    private: frozenset[str] = frozenset()

    @property
    def gateway(self) -> bool:
        """Whether there is a machine that is no node: the gateway."""
        return self.exposure == "gateway" or self.vpn is not None


def read(topology: Mapping[str, object]) -> Reading:
    """Read a topology as it comes from YAML, short forms included.

    Args:
        topology: A mapping with `nodes` (not `scenario`).

    Returns:
        What this module needs of it.
    """
    nodes = {}
    private = set()
    for name, node in _mapping(topology["nodes"]).items():
        nodes[name] = _words(node["roles"] if isinstance(node, dict) else node)
        if isinstance(node, dict) and node.get("private"):
            private.add(name)
    return Reading(
        release=RELEASES[str(topology["release"])],
        edition=str(topology.get("edition", "commercial")),
        nodes=nodes,
        management=_words(topology["management"]),
        services=_mapping(topology.get("services", {})),
        troubleshooting=_words(topology.get("troubleshooting", [])),
        exposure=str(topology.get("exposure", "direct")),
        vpn=_mapping(topology["vpn"]) if topology.get("vpn") is not None else None,
        forward={name: _words(nodes) for name, nodes in _mapping(topology.get("forward", {})).items()},
        private=frozenset(private),
    )


def _mapping(value: object) -> dict[str, object]:
    assert isinstance(value, dict), value
    return value


def _words(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    assert isinstance(value, list), value
    return tuple(str(entry) for entry in value)


def expected(topology: Mapping[str, object], resolvers: Iterable[str] = ()) -> set[Opening]:
    """Return everything that must be open for a topology, and so everything that may be.

    Args:
        topology: As it comes from YAML, with `nodes`.
        resolvers: Machines that answer DNS inside, where the cloud does not.

    Returns:
        Openings of both directions, peers in canonical form.
    """
    reading = read(topology)
    return canonical(openings(reading, resolvers), reading.nodes)


def openings(reading: Reading, resolvers: Iterable[str] = ()) -> set[Opening]:
    """Return the same with the peers that the documents and the decisions name.

    What the Internet may do on a node stays the same behind a gateway, which keeps the client's address. How it gets
    there is a matter of the way (`tests.oracle.ways`).

    Args:
        reading: The topology.
        resolvers: As above.
    """
    found = {
        *_inside(reading),
        *_procedures(reading),
        *_outside(reading),
        *_administration(reading),
        *_gateway(reading),
    }
    for machine in resolvers:
        found |= {Opening(machine, "in", protocol, "53", "cluster") for protocol in ("tcp", "udp")}
        if machine == GATEWAY and reading.vpn is not None:
            found |= {Opening(machine, "in", protocol, "53", "vpn") for protocol in ("tcp", "udp")}
        if machine != GATEWAY and reading.gateway:
            found |= {Opening(machine, "in", protocol, "53", GATEWAY) for protocol in ("tcp", "udp")}
    for machine in [*reading.nodes, *([GATEWAY] if reading.gateway else [])]:
        found.add(Opening(machine, "out", "-1", "all", "internet"))
        found.add(Opening(machine, "in", "icmp", "3", "internet"))
        found.add(Opening(machine, "in", "icmp", "8", "cluster"))
    if "open-internal" in reading.troubleshooting:
        for node in reading.nodes:
            found |= {Opening(node, "in", protocol, "1-65535", "cluster") for protocol in ("tcp", "udp")}
    return found


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
    for service, (role, ports, protocol) in SERVICES.items():
        for node in _nodes_with(reading, role):
            for peer in clients(reading, service):
                yield Opening(node, "in", protocol, ports, peer)
            # The tunnel's peers are administrators; nodes see them with the gateway's address.
            if reading.services.get(service) == "management" and reading.vpn is not None and clients(reading, service):
                for peer in ("vpn", GATEWAY):
                    yield Opening(node, "in", protocol, ports, peer)


def clients(reading: Reading, service: str) -> list[str]:
    """Return who outside may use a service, as peers; nobody where it is off or does not exist.

    Args:
        reading: The topology.
        service: A key of `SERVICES`.
    """
    role, ports, protocol = SERVICES[service]
    asked = reading.services.get(service, service in ON_BY_DEFAULT)
    if asked is False or Row("external", (role,), ports, protocol) not in table(reading.release, reading.edition):
        return []
    if asked is True:
        return ["internet"]
    ranges = reading.management if asked == "management" else _words(asked)
    return [range_class(entry, reading.management) for entry in ranges]


def forwarded(reading: Reading, service: str) -> dict[str, str]:
    """Return which ports of a service the gateway, or the operator's router, leads to which nodes.

    A range of media ports is divided: two nodes have 20000-30000 and 30001-40000 (scenario "Redundant"); in general
    equal parts, the larger ones first.

    Args:
        reading: The topology.
        service: A key of `SERVICES`.

    Returns:
        Ports by node.
    """
    role, ports, _ = SERVICES[service]
    nodes = reading.forward.get(service) or tuple(_nodes_with(reading, role))
    if "-" not in ports or not nodes:
        return dict.fromkeys(nodes, ports)
    first, last = map(int, ports.split("-"))
    found = {}
    for index, node in enumerate(nodes):
        left = len(nodes) - index
        size = -(-(last - first + 1) // left)
        found[node] = f"{first}-{first + size - 1}"
        first += size
    return found


def _administration(reading: Reading) -> Iterator[Opening]:
    """The administrators' own: from their networks, or from the gateway and through its tunnel."""
    role, ports, protocol = ADMIN_PANEL
    assert Row("external", (role,), ports, protocol) in table(reading.release, reading.edition)
    only = reading.vpn is not None and bool(reading.vpn.get("only", False))
    for entry in reading.management:
        peer = range_class(entry, reading.management)
        # Behind a gateway no public range reaches a node; a private one is routed by the operator, and so is every
        # one where the nodes stand behind a router of the operator's own.
        if reading.exposure != "gateway" or any(ipaddress.IPv4Network(entry).subnet_of(net) for net in PRIVATE):
            yield from () if only else _admin_ports(reading, peer, ssh=True, panels=True, echo=True)
    if reading.gateway:
        tunnel = reading.vpn is not None
        yield from _admin_ports(reading, GATEWAY, ssh=True, panels=tunnel, echo=tunnel)
    if reading.vpn is not None:
        yield from _admin_ports(reading, "vpn", ssh=True, panels=True, echo=True)


def _admin_ports(reading: Reading, peer: str, *, ssh: bool, panels: bool, echo: bool) -> Iterator[Opening]:
    if panels:
        for role, ports, protocol in (ADMIN_PANEL, *CONSOLES):
            for node in _nodes_with(reading, role):
                yield Opening(node, "in", protocol, ports, peer)
    for node in reading.nodes:
        if ssh:
            yield Opening(node, "in", "tcp", "22", peer)
        if echo:
            yield Opening(node, "in", "icmp", "8", peer)


def _gateway(reading: Reading) -> Iterator[Opening]:
    """What the gateway admits to itself."""
    if not reading.gateway:
        return
    peers = ["vpn"] if reading.vpn is not None else []
    if reading.vpn is None or not reading.vpn.get("only", False):
        peers += [range_class(entry, reading.management) for entry in reading.management]
    for peer in peers:
        yield Opening(GATEWAY, "in", "tcp", "22", peer)
        yield Opening(GATEWAY, "in", "icmp", "8", peer)
    if reading.vpn is not None:
        yield Opening(GATEWAY, "in", "udp", str(reading.vpn.get("port", WIREGUARD)), "internet")
