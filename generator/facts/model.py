"""Types of the documented facts of one release and edition of Carbonio.

Every type is immutable and carries where the fact was read (`source`); where documents
contradict each other, `decision` says what was chosen and why. Nothing here decides anything.
"""

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from generator.facts.base import Edition, Fact, Family, Protocol
from generator.facts.procedure import Install, OrderNote
from generator.facts.repositories import ExtraPackages, Repositories
from generator.facts.sizing import Hardware, RecordingPlace


class EditionRules(Fact, frozen=True, kw_only=True):
    """How many nodes an edition of a release may have.

    Attributes:
        min_nodes: Fewest nodes.
        max_nodes: Most nodes, or None without a limit.
        reason: Why, as one sentence for an error message; empty where nothing is refused.
        scenarios: Ids of the presets, in the order in which they are offered.
    """

    min_nodes: int
    max_nodes: int | None
    reason: str = ""
    scenarios: tuple[str, ...]


class Release(Fact, frozen=True, kw_only=True):
    """A release of Carbonio whose port tables are known.

    Attributes:
        name: The name under which its tables are kept, such as `24.1.0`.
        aliases: Other ways to write it.
        editions: Rules of each edition that exists.
        os: Ids of the supported operating systems.
        default_os: One of `os`.
        postgresql: Major version of PostgreSQL.
        install: Names of the files with the installation procedure.
        epel: Roles whose nodes need EPEL on RHEL; `*` for every node.
        documents: ISO date of the documents that were read.
    """

    name: str
    aliases: tuple[str, ...]
    editions: Mapping[Edition, EditionRules]
    os: tuple[str, ...]
    default_os: str
    postgresql: int
    install: tuple[str, ...]
    epel: tuple[str, ...]
    documents: str


class OperatingSystem(Fact, frozen=True, kw_only=True):
    """An operating system; `end_of_life` is the ISO date on which standard support ends."""

    id: str
    title: str
    family: Family
    version: str
    codename: str | None = None
    end_of_life: str


class Role(Fact, frozen=True, kw_only=True):
    """What a node can do, as it stands in one release and edition.

    Attributes:
        order: Place in the documented order of installation; smaller is earlier.
        mandatory: At least one node must have it.
        max_nodes: Most nodes that may have it, or None without a limit.
        odd: The number of mesh servers must be odd; counted over all roles that say so.
        requires: Roles that some node of the deployment must have.
        not_on_node_with: Roles that no node may have beside this one.
        keeps: What is on the system disk of its node and nowhere else; empty where nothing is.
        packages: Packages per family of operating systems; the mesh agent is not among them.
        needs_epel: The packages need EPEL on RHEL.
    """

    id: str
    title: str
    group: Literal["infrastructure", "service", "advanced"]
    order: int
    mandatory: bool
    max_nodes: int | None
    odd: bool
    requires: tuple[str, ...]
    not_on_node_with: tuple[str, ...]
    keeps: str
    packages: Mapping[Family, tuple[str, ...]]
    needs_epel: bool

    @property
    def unique(self) -> bool:
        """Whether at most one node may have the role."""
        return self.max_nodes == 1


class MeshAgent(Fact, frozen=True, kw_only=True):
    """The package with which a node joins the mesh.

    Attributes:
        not_with: Mesh servers: the package excludes itself there.
        needless_for: A node with none but these roles does not join.
    """

    package: str
    not_with: tuple[str, ...]
    needless_for: tuple[str, ...]


class Service(Fact, frozen=True, kw_only=True):
    """A service that the topology can open to the outside.

    Attributes:
        role: The role whose nodes offer it.
        ports: One port, or `first-last`.
        default: Open unless the topology says otherwise.
        management_only: May never be opened to more than the management ranges.
        srv: Its name in SRV records, where it has one.
    """

    id: str
    title: str
    role: str
    ports: str
    protocol: Protocol
    default: bool = False
    management_only: bool = False
    srv: str = ""


MOST_LOOKUPS = 10
"""Most look-ups that evaluating an SPF record may take (RFC 7208, section 4.6.4)."""


class SpfInclude(Fact, frozen=True, kw_only=True):
    """A domain whose SPF record others include; `lookups` is what that costs them, itself included."""

    lookups: int


class PortRow(Fact, frozen=True, kw_only=True):
    """One row of the documented port tables.

    Attributes:
        group: The document's own heading.
        roles: Roles on whose nodes the port is open; `("*",)` means every node.
        ports: One port, or `first-last`.
        service: The document's own text.
    """

    group: str
    roles: tuple[str, ...]
    ports: str
    protocol: Protocol
    service: str


class ProcedurePort(Fact, frozen=True, kw_only=True, rename={"from_": "from"}):
    """A port that a documented procedure uses and the tables miss.

    Attributes:
        id: Stable name of the row.
        from_: `cluster`, `management`, or the id of the role that connects. A role opens the
            port only where it is on another node: on one node the connection stays on loopback.
        roles: Roles on whose nodes the port is open.
    """

    id: str
    from_: str
    roles: tuple[str, ...]
    ports: str
    protocol: Protocol
    service: str


class Scenario(Fact, frozen=True, kw_only=True):
    """A preset: the roles of each node by the node's name."""

    id: str
    title: str
    nodes: Mapping[str, tuple[str, ...]]


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is documented for one release and edition.

    Attributes:
        roles: By id, in the order of installation.
        external: The documented external rows.
        internal: The documented internal rows.
        procedure_ports: Ports of documented procedures that the tables miss.
        services: By id; those that this release and edition have.
        operating_systems: By id; those that this release supports.
        recording: None where the edition cannot record.
        repositories: By id of the operating system.
        scenarios: By id, in the order in which they are offered.
        extras: Packages for what a machine does beside Carbonio, by what that is.
    """

    release: Release
    edition: Edition
    roles: Mapping[str, Role]
    external: tuple[PortRow, ...]
    internal: tuple[PortRow, ...]
    procedure_ports: tuple[ProcedurePort, ...]
    services: Mapping[str, Service]
    hardware: Hardware
    operating_systems: Mapping[str, OperatingSystem]
    recording: RecordingPlace | None
    repositories: Mapping[str, Repositories]
    scenarios: Mapping[str, Scenario]
    install: Install
    install_order: OrderNote
    mesh_agent: MeshAgent
    extras: Mapping[str, ExtraPackages]

    @property
    def rules(self) -> EditionRules:
        """Rules of this edition of the release."""
        return self.release.editions[self.edition]

    def external_rows(self, service: str) -> tuple[PortRow, ...]:
        """Return the external rows that the service with this id opens."""
        wanted = self.services[service]
        key = (wanted.role, wanted.ports, wanted.protocol)
        return tuple(row for row in self.external if key == (row.roles[0], row.ports, row.protocol))

    def packages(self, roles: Iterable[str], family: Family) -> tuple[str, ...]:
        """Return the packages of a node with these roles, each once, in order of installation.

        Args:
            roles: Ids of the node's roles, in any order.
            family: The family of the node's operating system.

        Returns:
            The roles' packages, and the mesh agent where the node joins the mesh.
        """
        wanted = set(roles)
        names: dict[str, None] = {}
        for role in self.roles.values():
            if role.id in wanted:
                names.update(dict.fromkeys(role.packages[family]))
        agent = self.mesh_agent
        if wanted.difference(agent.needless_for) and wanted.isdisjoint(agent.not_with):
            names[agent.package] = None
        return tuple(names)
