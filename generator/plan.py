"""The plan: everything that was decided, in words that hold on every cloud. Types only.

`generate plan --json` prints this; `docs/plan-json.md` explains it.
"""

from typing import Literal, TypeAlias

import msgspec

CLUSTER_GROUP = "cluster"
"""The group of all nodes. Every other group is named after its set of roles."""

Protocol: TypeAlias = Literal["tcp", "udp", "icmp"]


class Flow(msgspec.Struct, frozen=True):
    """Who may talk to whom.

    Attributes:
        id: Stable name: source, target, protocol and ports.
        source: `internet`, `management`, `cluster`, `listed` (ranges of the topology), or a role.
        ranges: IPv4 ranges of the source; empty where it is a role.
        target: A role, or `*` for every node.
        ports: `25`, `20000-40000`; for ICMP the type.
        services: What the port is for, in the documents' words.
        why: Why it is open in this deployment.
        documents: Where the documents say so.
    """

    id: str
    source: str
    ranges: tuple[str, ...]
    target: str
    protocol: Protocol
    ports: str
    services: tuple[str, ...]
    why: str
    documents: tuple[str, ...]


class Rule(msgspec.Struct, frozen=True):
    """Flows with one source, protocol and port range, as one group of nodes admits them.

    Attributes:
        source: `cluster`, a range such as `0.0.0.0/0`, or `group:<name>` for another group.
        flows: Ids of the flows that the rule carries.
    """

    source: str
    protocol: Protocol
    ports: str
    flows: tuple[str, ...]
    description: str


class Group(msgspec.Struct, frozen=True):
    """Nodes that admit the same: all of them, or those with the same set of roles."""

    name: str
    roles: tuple[str, ...]
    rules: tuple[Rule, ...]


class Subnet(msgspec.Struct, frozen=True):
    """A part of the network in one zone."""

    name: str
    cidr: str
    zone: str
    public: bool


class Machine(msgspec.Struct, frozen=True):
    """The machine of a node.

    Attributes:
        needs_vcpu: What the roles ask for.
        needs_memory_gib: Likewise, in GiB.
        reasons: Why, one sentence each.
    """

    type: str
    vcpu: int
    memory_gib: float
    needs_vcpu: int
    needs_memory_gib: int
    reasons: tuple[str, ...]


class Image(msgspec.Struct, frozen=True):
    """What a node boots: an operating system, found at apply, or an image by its identifier."""

    os: str
    id: str = ""

    @property
    def key(self) -> str:
        """Name of the image in the generated variables."""
        return self.id or self.os


class Volume(msgspec.Struct, frozen=True):
    """A data volume, which outlives its machine.

    Attributes:
        key: Stable name in the deployment.
        purpose: Name of the volume on its node.
    """

    key: str
    node: str
    purpose: str
    size_gib: int
    mount: str
    reasons: tuple[str, ...]


class PlannedNode(msgspec.Struct, frozen=True):
    """A node with all that was decided for it."""

    name: str
    fqdn: str
    roles: tuple[str, ...]
    os: str
    image: Image
    login_user: str
    address: str
    subnet: str
    zone: str
    public: bool
    groups: tuple[str, ...]
    machine: Machine
    os_disk_gib: int
    os_disk_reason: str
    jump: str


class RecordValue(msgspec.Struct, frozen=True):
    """One value of a record.

    Attributes:
        text: The value; each `%s` stands for an address and `%%` for a percent sign.
        addresses: Symbols of addresses that exist only after apply, such as `public:mta1`.
    """

    text: str
    addresses: tuple[str, ...] = ()


class Record(msgspec.Struct, frozen=True):
    """A set of DNS records with one name and type, and why it is there."""

    name: str
    type: Literal["A", "MX", "TXT"]
    ttl: int
    values: tuple[RecordValue, ...]
    need: Literal["required", "recommended", "optional"]
    why: str

    @property
    def key(self) -> str:
        """Stable name of the set."""
        return f"{self.name} {self.type}"


class DnsPlan(msgspec.Struct, frozen=True):
    """Both views of the domain.

    Attributes:
        public: What the world sees.
        inside: What the nodes see.
        ptr: Reverse name by symbol of the address; empty while none may be set yet.
        ptr_later: The same, to be set in a second step.
    """

    provider: str
    existing_zone: bool
    public_name: str
    public: tuple[Record, ...]
    inside: tuple[Record, ...]
    ptr: dict[str, str]
    ptr_later: dict[str, str]


class InstallCommand(msgspec.Struct, frozen=True):
    """One step of the installation on one node."""

    title: str
    user: str
    commands: tuple[str, ...]
    note: str


class NodeInstall(msgspec.Struct, frozen=True):
    """The installation of one node, at its place in the order."""

    node: str
    steps: tuple[InstallCommand, ...]


class ValueToNote(msgspec.Struct, frozen=True):
    """A value to write down during the installation, and where it comes from."""

    title: str
    nodes: tuple[str, ...]
    origin: str
    command: str
    user: str
    needed_by: tuple[str, ...]
    secret: bool


class InstallPlan(msgspec.Struct, frozen=True):
    """What remains to be done by hand once the nodes are there.

    Attributes:
        nodes: Node after node, in this order.
        after: What comes when all nodes are installed.
    """

    order: str
    nodes: tuple[NodeInstall, ...]
    after: tuple[NodeInstall, ...]
    values: tuple[ValueToNote, ...]


class Deployment(msgspec.Struct, frozen=True):
    """What the whole deployment has in common."""

    name: str
    domain: str
    release: str
    edition: str
    provider: str
    region: str
    exposure: str
    network: str
    management: tuple[str, ...]
    ssh_keys: tuple[str, ...]
    open_internal: bool


class Plan(msgspec.Struct, frozen=True):
    """A deployment, decided.

    Attributes:
        format: Version of this structure; fields are only added within one.
        nodes: By name, sorted.
        volumes: By key, sorted.
        flows: Sorted by id.
        groups: By name.
        subnets: By name.
        nat_subnet: Where the address translation for private nodes stands; empty without any.
        images: By key.
        host_data: Content of `nodes/<node>.json` by node.
        notices: What the operator should know, one sentence or two each.
    """

    format: int
    deployment: Deployment
    nodes: dict[str, PlannedNode]
    volumes: dict[str, Volume]
    flows: tuple[Flow, ...]
    groups: dict[str, Group]
    subnets: dict[str, Subnet]
    nat_subnet: str
    images: dict[str, Image]
    dns: DnsPlan
    install: InstallPlan
    host_data: dict[str, dict[str, object]]
    notices: tuple[str, ...]
