"""The topology: what an operator writes, in its long form. Types only.

The annotations carry everything the reader of a file needs to know about a value: the kind of scalar
(`generator.kinds`) and a description. Short forms are declared with the struct that they abbreviate.
"""

from typing import Annotated, ClassVar

from msgspec import Meta

from generator import kinds
from generator.topology.acceptance import Acceptance
from generator.topology.dns import Dkim, Dmarc, Dns, MailDomain, Spf
from generator.topology.state import State
from generator.topology.table import Table
from generator.verdicts import VERDICTS

__all__ = [
    "Acceptance",
    "Dkim",
    "Dmarc",
    "Dns",
    "GatewayChoice",
    "MailDomain",
    "Network",
    "Node",
    "Spf",
    "State",
    "Table",
    "Topology",
    "VpnChoice",
]


class Quotas(Table, frozen=True, kw_only=True):
    """Limits of the account where they differ from the cloud's defaults."""

    rules_per_group: Annotated[
        int | None, kinds.COUNT, Meta(description="Rules that a security group may have in one direction")
    ] = None
    groups_per_interface: Annotated[
        int | None, kinds.COUNT, Meta(description="Security groups that a machine's network interface may have")
    ] = None
    elastic_ips: Annotated[
        int | None, kinds.COUNT, Meta(description="Public addresses (Elastic IPs) that you may have in the region")
    ] = None


class Storage(Table, frozen=True, kw_only=True):
    """Where a hypervisor keeps the disks."""

    SHORT: ClassVar[str] = "pool"

    pool: Annotated[str, kinds.NAME, Meta(description="Name of a storage pool that libvirt has, one of files")] = ""
    path: Annotated[str, kinds.FOLDER, Meta(description="Folder on the hypervisor of which a storage pool is made")] = (
        ""
    )


class Uplink(Table, frozen=True, kw_only=True):
    """What connects the hypervisor's machines to the Internet."""

    SHORT: ClassVar[str] = "bridge"

    bridge: Annotated[str, kinds.NAME, Meta(description="Bridge of the hypervisor", examples=["br0"])] = ""
    network: Annotated[
        str, kinds.NAME, Meta(description="Name of a network that libvirt has", examples=["default"])
    ] = ""
    cidr: Annotated[
        str,
        kinds.NETWORK,
        Meta(
            description="Range of the addresses there; without bridge and network: range of a network to make, behind "
            "the hypervisor"
        ),
    ] = ""
    router: Annotated[
        str,
        kinds.ADDRESS,
        Meta(description="Address of the router there; the first one of the range unless said otherwise"),
    ] = ""


class CloudChoice(Table, frozen=True, kw_only=True):
    """Where the machines stand."""

    SHORT: ClassVar[str] = "provider"

    provider: Annotated[
        str, kinds.WORD, Meta(description="Cloud on which the machines are made; libvirt is a hypervisor of your own")
    ]
    region: Annotated[str, kinds.WORD, Meta(description="Region (AWS) or location (Hetzner) of the cloud")] = ""
    zones: Annotated[
        tuple[str, ...],
        kinds.WORD,
        Meta(
            description="Availability zones to spread the nodes over, in this order; the region's first three unless "
            "said otherwise"
        ),
    ] = ()
    existing_key_pair: Annotated[
        str, kinds.NAME, Meta(description="Name of an SSH key pair that the cloud has already")
    ] = ""
    images: Annotated[
        dict[str, str],
        kinds.IMAGE,
        Meta(
            description="Images of your own by operating system: an identifier in the cloud, label=value of a snapshot "
            "(Hetzner), or where the file is (libvirt)"
        ),
    ] = {}
    protect: Annotated[
        bool, kinds.SWITCH, Meta(description="The cloud refuses to delete the machines until this is off again")
    ] = False
    final_snapshots: Annotated[
        bool,
        kinds.SWITCH,
        Meta(description="Keep a snapshot of every data volume that is destroyed, where the cloud can (AWS)"),
    ] = True
    quotas: Quotas = Quotas()
    uri: Annotated[
        str,
        kinds.URI,
        Meta(description="The hypervisor, as libvirt names it (libvirt only); this machine unless said otherwise"),
    ] = ""
    hypervisor: Annotated[
        str,
        kinds.one_of("kvm", "qemu"),
        Meta(description="How machines run (libvirt only): qemu where the processor cannot virtualize, far slower"),
    ] = "kvm"
    storage: Storage = Storage()
    uplink: Uplink = Uplink()
    public_address: Annotated[
        str, kinds.ADDRESS, Meta(description="Your public address (libvirt only): of your router, or of the gateway")
    ] = ""
    public_addresses: Annotated[
        dict[Annotated[str, kinds.NODE_NAME], str],
        kinds.ADDRESS,
        Meta(description="Your public addresses by node (libvirt only), where each has its own (exposure: direct)"),
    ] = {}


class Network(Table, frozen=True, kw_only=True):
    """The private network of the deployment."""

    SHORT: ClassVar[str] = "cidr"

    cidr: Annotated[
        str, kinds.NETWORK, Meta(description="IPv4 range of the whole network: private, from /16 to /24")
    ] = "10.20.0.0/16"
    router: Annotated[
        str,
        kinds.ADDRESS,
        Meta(description="Address of your router in it (exposure: external); the first one unless said otherwise"),
    ] = ""


class GatewayChoice(Table, frozen=True, kw_only=True):
    """The gateway's machine, where you want another one than would be chosen."""

    SHORT: ClassVar[str] = "type"

    type: Annotated[
        str, kinds.MACHINE_TYPE, Meta(description="Machine type; the smallest that suffices unless said otherwise")
    ] = ""
    image: Annotated[
        str, kinds.IMAGE, Meta(description="Image, by its identifier in the cloud or where the file is (libvirt)")
    ] = ""


class VpnChoice(Table, frozen=True, kw_only=True):
    """WireGuard on a gateway: the administrators' way to SSH and the Admin Panel."""

    SHORT: ClassVar[str] = "peers"

    peers: Annotated[
        dict[Annotated[str, kinds.NODE_NAME], str],
        kinds.WIREGUARD_KEY,
        Meta(description="Who may connect: WireGuard's public keys, by the name of the person or device"),
    ] = {}
    port: Annotated[int, kinds.PORT, Meta(description="UDP port at which the gateway listens")] = 51820
    range: Annotated[
        str,
        kinds.NETWORK,
        Meta(description="IPv4 range of the addresses in the tunnel: private, and not part of network"),
    ] = "10.98.0.0/24"
    only: Annotated[
        bool,
        kinds.SWITCH,
        Meta(description="Admit the VPN's peers alone to SSH and the Admin Panel, management no more"),
    ] = False


class Rhel(Table, frozen=True, kw_only=True):
    """How nodes with Red Hat Enterprise Linux get their packages."""

    SHORT: ClassVar[str] = "subscription"

    subscription: Annotated[
        str,
        kinds.one_of("rhui", "registered", "activation-key"),
        Meta(
            description="Where RHEL packages come from: with the cloud's image (rhui, the default on AWS), from an "
            "image that is registered already, or by an activation key that you put on the node"
        ),
    ] = ""


class Node(Table, frozen=True, kw_only=True):
    """One machine and what it is for."""

    SHORT: ClassVar[str] = "roles"

    roles: Annotated[
        tuple[str, ...],
        kinds.WORD,
        Meta(description="Carbonio's roles (components) on this node; several may share one"),
    ]
    os: Annotated[str, kinds.WORD, Meta(description="Operating system of this node, where it differs")] = ""
    type: Annotated[
        str,
        kinds.MACHINE_TYPE,
        Meta(description="Machine type; the smallest that suffices for the roles unless said otherwise"),
    ] = ""
    image: Annotated[
        str, kinds.IMAGE, Meta(description="Image, by its identifier in the cloud or where the file is (libvirt)")
    ] = ""
    address: Annotated[
        str, kinds.ADDRESS, Meta(description="Private address; chosen, and then kept, unless said otherwise")
    ] = ""
    zone: Annotated[
        str, kinds.WORD, Meta(description="Availability zone; chosen, and then kept, unless said otherwise")
    ] = ""
    private: Annotated[
        bool,
        kinds.SWITCH,
        Meta(description="No public address, although a role of it is one that the Internet may reach"),
    ] = False
    users: Annotated[
        int | None,
        kinds.COUNT,
        Meta(description="Mailboxes on this node, where several mail stores share them unevenly"),
    ] = None
    recording: Annotated[
        int, kinds.HOURS, Meta(description="Recordings of meetings to keep space for", examples=["200 hours"])
    ] = 0
    concurrent_users: Annotated[
        int | None,
        kinds.COUNT,
        Meta(description="People in video calls on this node at one time: its size depends on it"),
    ] = None


class Topology(Table, frozen=True, kw_only=True):
    """A deployment as an operator wants it."""

    domain: Annotated[
        str,
        kinds.DOMAIN,
        Meta(description="Mail domain: what stands behind the @. Nodes are hosts of it, such as mta1.example.com"),
    ]
    release: Annotated[str, kinds.RELEASE, Meta(description="Release of Carbonio, in quotes")]
    cloud: CloudChoice
    management: Annotated[
        tuple[str, ...],
        kinds.NETWORK,
        Meta(description="IPv4 ranges from which you administer: SSH and the Admin Panel answer to nobody else"),
    ]
    edition: Annotated[
        str,
        kinds.one_of("commercial", "community"),
        Meta(description="Edition of Carbonio: commercial needs a licence of Zextras, community is the free one"),
    ] = "commercial"
    os: Annotated[
        str,
        kinds.WORD,
        Meta(
            description="Operating system of the nodes; the newest Ubuntu that the release supports unless said "
            "otherwise"
        ),
    ] = ""
    name: Annotated[
        str,
        kinds.NAME,
        Meta(
            description="Name of the deployment in the cloud's console; the domain with hyphens unless said otherwise"
        ),
    ] = ""
    exposure: Annotated[
        str,
        kinds.WORD,
        Meta(
            description="How the Internet reaches the nodes: each by its own address (direct), all through one "
            "gateway, or through a router of yours (external, on libvirt)"
        ),
    ] = "direct"
    gateway: GatewayChoice = GatewayChoice()
    forward: Annotated[
        dict[str, tuple[str, ...]],
        kinds.WORD,
        Meta(description="To which nodes the gateway forwards a service; to all that offer it unless said otherwise"),
    ] = {}
    vpn: VpnChoice | None = None
    host_firewall: Annotated[
        bool | None,
        kinds.SWITCH,
        Meta(
            description="A firewall on every machine too, with the same rules; on where the cloud does not filter "
            "between nodes (Hetzner, libvirt), off on AWS"
        ),
    ] = None
    ssh_keys: Annotated[
        tuple[str, ...],
        kinds.PUBLIC_KEY,
        Meta(
            description="Your public SSH keys, as in ~/.ssh/id_ed25519.pub; at least one unless "
            "cloud.existing_key_pair is set"
        ),
    ] = ()
    jump: Annotated[
        str,
        kinds.NODE_NAME,
        Meta(description="Node through which SSH reaches those without a public address; chosen unless said otherwise"),
    ] = ""
    network: Network = Network()
    users: Annotated[
        int | None,
        kinds.COUNT,
        Meta(description="Mailboxes of the whole deployment: sizes of disks depend on it", examples=[150]),
    ] = None
    mailbox_quota: Annotated[
        int | None,
        kinds.SIZE,
        Meta(description="Space that one mailbox may take: the mail volumes are users times this", examples=["5 GB"]),
    ] = None
    documents: Annotated[int, kinds.SIZE, Meta(description="Space on the mail volumes beside the mailboxes")] = 0
    headroom: Annotated[
        int,
        kinds.PERCENT,
        Meta(description="Spare space on the mail volumes, as a share of the rest", examples=["20 %"]),
    ] = 0
    services: Annotated[
        dict[str, bool | tuple[str, ...]],
        kinds.OPENING,
        Meta(
            description="What is open to the Internet: true for everybody, false for nobody, management, or ranges. "
            "Mail (smtp), the web client (https) and video are open unless said otherwise, all others closed"
        ),
    ] = {}
    public_name: Annotated[
        str,
        kinds.HOST_NAME,
        Meta(description="Name that users type into the browser; mail.example.com unless said otherwise"),
    ] = ""
    dns: Dns = Dns()
    domains: Annotated[
        dict[Annotated[str, kinds.DOMAIN], MailDomain],
        Meta(description="Further mail domains on the same machines, each with what differs from dns"),
    ] = {}
    time_servers: Annotated[
        tuple[str, ...],
        kinds.HOST,
        Meta(description="Time servers; those of the operating system unless said otherwise"),
    ] = ()
    rhel: Rhel = Rhel()
    install: Annotated[
        str,
        kinds.one_of("nothing", "packages"),
        Meta(
            description="What of Carbonio the nodes install by themselves: nothing, or the packages of their roles. "
            "Its set-up is always yours to run"
        ),
    ] = "nothing"
    state: State = State()
    silence: Annotated[
        dict[Annotated[str, kinds.WORD], str],
        kinds.REASON,
        Meta(description="Warnings not to show, by the id in their brackets, with the reason"),
    ] = {}
    accept: Annotated[
        dict[Annotated[str, kinds.one_of(*VERDICTS)], Acceptance],
        Meta(description="What generate review may not fail for, by verdict"),
    ] = {}
    troubleshooting: Annotated[
        tuple[str, ...],
        kinds.one_of("open-internal"),
        Meta(description="Switches for finding faults; open-internal lets the nodes reach each other on every port"),
    ] = ()
    scenario: Annotated[
        str, kinds.WORD, Meta(description="A layout of nodes from Carbonio's documents, instead of nodes")
    ] = ""
    nodes: Annotated[
        dict[Annotated[str, kinds.NODE_NAME], Node],
        Meta(description="The machines by name, each with its roles; or write scenario instead"),
    ] = {}
