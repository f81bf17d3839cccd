"""The topology: what an operator writes, in its long form. Types only.

The annotations carry everything the reader of a file needs to know about a value: the kind of scalar
(`generator.kinds`) and a description. Short forms are declared with the struct that they abbreviate.
"""

from typing import Annotated, ClassVar

from msgspec import Meta

from generator import kinds
from generator.topology.dns import Dkim, Dmarc, Dns, MailDomain, Spf
from generator.topology.table import Table

__all__ = [
    "Dkim",
    "Dmarc",
    "Dns",
    "GatewayChoice",
    "MailDomain",
    "Network",
    "Node",
    "Spf",
    "Table",
    "Topology",
    "VpnChoice",
]


class Quotas(Table, frozen=True, kw_only=True):
    """Limits of the account where they differ from the cloud's defaults."""

    rules_per_group: Annotated[int | None, kinds.COUNT, Meta(description="Rules per security group and direction")] = (
        None
    )
    groups_per_interface: Annotated[
        int | None, kinds.COUNT, Meta(description="Security groups per network interface")
    ] = None
    elastic_ips: Annotated[int | None, kinds.COUNT, Meta(description="Public addresses in the region")] = None


class Storage(Table, frozen=True, kw_only=True):
    """Where a hypervisor keeps the disks."""

    SHORT: ClassVar[str] = "pool"

    pool: Annotated[str, kinds.NAME, Meta(description="Storage pool that libvirt has, with files")] = ""
    path: Annotated[str, kinds.FOLDER, Meta(description="Folder on the hypervisor, to make a storage pool of")] = ""


class Uplink(Table, frozen=True, kw_only=True):
    """A hypervisor's way to the Internet."""

    SHORT: ClassVar[str] = "bridge"

    bridge: Annotated[str, kinds.NAME, Meta(description="Bridge of the hypervisor", examples=["br0"])] = ""
    network: Annotated[str, kinds.NAME, Meta(description="Network that libvirt has", examples=["default"])] = ""
    cidr: Annotated[
        str,
        kinds.NETWORK,
        Meta(description="Range of the public addresses there; alone: of a network to make, behind the hypervisor"),
    ] = ""
    router: Annotated[
        str, kinds.ADDRESS, Meta(description="Router there, instead of the first address of the range")
    ] = ""


class CloudChoice(Table, frozen=True, kw_only=True):
    """Where the machines stand."""

    SHORT: ClassVar[str] = "provider"

    provider: Annotated[str, kinds.WORD, Meta(description="Cloud", examples=["aws"])]
    region: Annotated[
        str, kinds.WORD, Meta(description="Region or location of the cloud", examples=["eu-central-1"])
    ] = ""
    zones: Annotated[tuple[str, ...], kinds.WORD, Meta(description="Availability zones to use, in this order")] = ()
    existing_key_pair: Annotated[str, kinds.NAME, Meta(description="Key pair that exists in the cloud")] = ""
    images: Annotated[
        dict[str, str],
        kinds.IMAGE,
        Meta(description="Own images by operating system: an identifier in the cloud, or label=value of a snapshot"),
    ] = {}
    protect: Annotated[bool, kinds.SWITCH, Meta(description="Refuse deletion of machines through the cloud's API")] = (
        False
    )
    final_snapshots: Annotated[
        bool,
        kinds.SWITCH,
        Meta(description="Keep a snapshot of every data volume that is destroyed, where the cloud can (AWS)"),
    ] = True
    quotas: Quotas = Quotas()
    uri: Annotated[
        str, kinds.URI, Meta(description="The hypervisor, as libvirt names it; this machine unless said otherwise")
    ] = ""
    hypervisor: Annotated[
        str, kinds.one_of("kvm", "qemu"), Meta(description="qemu where the processor cannot virtualize: far slower")
    ] = "kvm"
    storage: Storage = Storage()
    uplink: Uplink = Uplink()
    public_address: Annotated[
        str, kinds.ADDRESS, Meta(description="The operator's public address: of the router, or of the gateway")
    ] = ""
    public_addresses: Annotated[
        dict[Annotated[str, kinds.NODE_NAME], str],
        kinds.ADDRESS,
        Meta(description="The operator's public addresses by node, where each has its own (exposure: direct)"),
    ] = {}


class Network(Table, frozen=True, kw_only=True):
    """The private network of the deployment."""

    SHORT: ClassVar[str] = "cidr"

    cidr: Annotated[str, kinds.NETWORK, Meta(description="IPv4 range of the whole network")] = "10.20.0.0/16"
    router: Annotated[
        str,
        kinds.ADDRESS,
        Meta(description="The operator's router in it (exposure: external), instead of the first address"),
    ] = ""


class GatewayChoice(Table, frozen=True, kw_only=True):
    """The gateway's machine, where it shall differ from the chosen one."""

    SHORT: ClassVar[str] = "type"

    type: Annotated[str, kinds.MACHINE_TYPE, Meta(description="Machine type")] = ""
    image: Annotated[str, kinds.IMAGE, Meta(description="Image by its identifier in the cloud")] = ""


class VpnChoice(Table, frozen=True, kw_only=True):
    """WireGuard on a gateway: the administrators' way to SSH and the Admin Panel."""

    SHORT: ClassVar[str] = "peers"

    peers: Annotated[
        dict[Annotated[str, kinds.NODE_NAME], str],
        kinds.WIREGUARD_KEY,
        Meta(description="Public keys by name of the administrator or device"),
    ] = {}
    port: Annotated[int, kinds.PORT, Meta(description="UDP port on the gateway's public address")] = 51820
    range: Annotated[str, kinds.NETWORK, Meta(description="IPv4 range of the tunnel")] = "10.98.0.0/24"
    only: Annotated[bool, kinds.SWITCH, Meta(description="Close SSH and the Admin Panel to management")] = False


class Rhel(Table, frozen=True, kw_only=True):
    """How Red Hat nodes get their packages."""

    SHORT: ClassVar[str] = "subscription"

    subscription: Annotated[
        str,
        kinds.one_of("rhui", "registered", "activation-key"),
        Meta(description="Source of RHEL packages"),
    ] = ""


class Node(Table, frozen=True, kw_only=True):
    """One machine and what it is for."""

    SHORT: ClassVar[str] = "roles"

    roles: Annotated[tuple[str, ...], kinds.WORD, Meta(description="Carbonio roles on this node")]
    os: Annotated[str, kinds.WORD, Meta(description="Operating system, where it differs", examples=["rhel-8"])] = ""
    type: Annotated[str, kinds.MACHINE_TYPE, Meta(description="Machine type, instead of the chosen one")] = ""
    image: Annotated[str, kinds.IMAGE, Meta(description="Image by its identifier in the cloud")] = ""
    address: Annotated[str, kinds.ADDRESS, Meta(description="Private address, instead of the chosen one")] = ""
    zone: Annotated[str, kinds.WORD, Meta(description="Availability zone, instead of the chosen one")] = ""
    private: Annotated[
        bool, kinds.SWITCH, Meta(description="No public address, although its roles are reachable from outside")
    ] = False
    users: Annotated[int | None, kinds.COUNT, Meta(description="Users of this mail store")] = None
    recording: Annotated[int, kinds.HOURS, Meta(description="Video recordings to keep", examples=["200 hours"])] = 0
    concurrent_users: Annotated[int | None, kinds.COUNT, Meta(description="Users in video calls at one time")] = None


class Topology(Table, frozen=True, kw_only=True):
    """A deployment as an operator wants it."""

    domain: Annotated[str, kinds.DOMAIN, Meta(description="Mail domain; nodes are <node>.<domain>")]
    release: Annotated[str, kinds.RELEASE, Meta(description="Carbonio release", examples=["24.1"])]
    cloud: CloudChoice
    management: Annotated[
        tuple[str, ...],
        kinds.NETWORK,
        Meta(description="IPv4 ranges from which administrators reach SSH and the Admin Panel"),
    ]
    edition: Annotated[str, kinds.one_of("commercial", "community"), Meta(description="Carbonio edition")] = (
        "commercial"
    )
    os: Annotated[
        str,
        kinds.WORD,
        Meta(description="Operating system of the nodes, instead of the release's default", examples=["ubuntu-24.04"]),
    ] = ""
    name: Annotated[
        str, kinds.NAME, Meta(description="Name of the deployment in the cloud, instead of the domain with hyphens")
    ] = ""
    exposure: Annotated[
        str,
        kinds.WORD,
        Meta(
            description="How the Internet reaches the nodes: each by its own address (direct), all through one "
            "gateway, or through a router of the operator (external)"
        ),
    ] = "direct"
    gateway: GatewayChoice = GatewayChoice()
    forward: Annotated[
        dict[str, tuple[str, ...]],
        kinds.WORD,
        Meta(description="Nodes by external service, where the gateway shall not use every node that offers it"),
    ] = {}
    vpn: VpnChoice | None = None
    host_firewall: Annotated[
        bool | None,
        kinds.SWITCH,
        Meta(description="A firewall on every machine, from the same rules; on unless the cloud filters between nodes"),
    ] = None
    ssh_keys: Annotated[
        tuple[str, ...],
        kinds.PUBLIC_KEY,
        Meta(description="Public SSH keys of the administrators; at least one unless cloud.existing_key_pair is set"),
    ] = ()
    jump: Annotated[str, kinds.NODE_NAME, Meta(description="Node through which SSH reaches the private ones")] = ""
    network: Network = Network()
    users: Annotated[int | None, kinds.COUNT, Meta(description="Mailboxes of the whole deployment")] = None
    mailbox_quota: Annotated[int | None, kinds.SIZE, Meta(description="Quota of one mailbox", examples=["5 GB"])] = None
    documents: Annotated[int, kinds.SIZE, Meta(description="Further space on the mail volumes")] = 0
    headroom: Annotated[int, kinds.PERCENT, Meta(description="Spare space on the mail volumes", examples=["20 %"])] = 0
    services: Annotated[
        dict[str, bool | tuple[str, ...]],
        kinds.OPENING,
        Meta(description="External services: true, false, management, or ranges"),
    ] = {}
    public_name: Annotated[
        str, kinds.HOST_NAME, Meta(description="Name under which users reach the deployment, instead of mail.<domain>")
    ] = ""
    dns: Dns = Dns()
    domains: Annotated[
        dict[Annotated[str, kinds.DOMAIN], MailDomain],
        Meta(description="Further mail domains, with what differs from dns"),
    ] = {}
    time_servers: Annotated[tuple[str, ...], kinds.HOST, Meta(description="Time servers, instead of the system's")] = ()
    rhel: Rhel = Rhel()
    install: Annotated[
        str,
        kinds.one_of("nothing", "packages"),
        Meta(description="What of Carbonio the nodes install by themselves: nothing, or the packages of their roles"),
    ] = "nothing"
    silence: Annotated[
        dict[Annotated[str, kinds.WORD], str],
        kinds.REASON,
        Meta(description="Warnings not to show, by the id in their brackets, with the reason"),
    ] = {}
    troubleshooting: Annotated[
        tuple[str, ...],
        kinds.one_of("open-internal"),
        Meta(description="Switches for finding faults"),
    ] = ()
    scenario: Annotated[
        str, kinds.WORD, Meta(description="Documented scenario, instead of nodes", examples=["five-nodes"])
    ] = ""
    nodes: dict[Annotated[str, kinds.NODE_NAME], Node] = {}
