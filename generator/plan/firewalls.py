"""The firewall on a machine, and what the gateway adds to its own. Types only."""

from typing import Literal

import msgspec

from generator.plan.flows import Protocol


class HostRule(msgspec.Struct, frozen=True):
    """What a machine's own firewall admits from one source by one protocol.

    Attributes:
        source: Name of a source of the firewall.
        ports: `25`, `20000-40000`, by number; for ICMP the types.
        flows: Ids of the flows that the rule carries.
    """

    source: str
    protocol: Protocol
    ports: tuple[str, ...]
    flows: tuple[str, ...]


class HostFirewall(msgspec.Struct, frozen=True):
    """A machine's own firewall: what it lets in. Everything may leave.

    Attributes:
        kind: The program that loads it.
        sources: IPv4 ranges by name (`internet`, `cluster`, `management`, ...), none overlapping within a name.
        rules: By source and protocol; one each.
    """

    kind: Literal["nftables", "firewalld"]
    sources: dict[str, tuple[str, ...]]
    rules: tuple[HostRule, ...]


class Forward(msgspec.Struct, frozen=True):
    """A port of the gateway that leads to nodes.

    Attributes:
        services: What the port is for.
        sources: IPv4 ranges that may use it; `0.0.0.0/0` for the Internet.
        targets: Private addresses by node; several share the port by the client's address.
        flows: Ids of the flows that it carries.
    """

    services: tuple[str, ...]
    protocol: Protocol
    ports: str
    sources: tuple[str, ...]
    targets: dict[str, str]
    flows: tuple[str, ...]


class Router(msgspec.Struct, frozen=True):
    """The operator's own router before the nodes, and what it has to forward to them.

    Attributes:
        address: Where the nodes find it, in the private network.
        public_address: Where the Internet finds it.
    """

    address: str
    public_address: str
    forwards: tuple[Forward, ...]


class Passage(msgspec.Struct, frozen=True):
    """What the VPN's peers reach on nodes, as the gateway lets it through; `targets` as in `Forward`."""

    protocol: Protocol
    ports: str
    targets: dict[str, str]
    flows: tuple[str, ...]


class Peer(msgspec.Struct, frozen=True):
    """A peer of the VPN and its address in the VPN's range."""

    name: str
    public_key: str
    address: str


class Vpn(msgspec.Struct, frozen=True):
    """The gateway's WireGuard interface.

    Attributes:
        port: UDP port on the public address.
        range: IPv4 range of the tunnel.
        address: The gateway's own address in it.
        name_server: Address of the DNS inside that peers may ask; empty where there is none for them.
    """

    port: int
    range: str
    address: str
    name_server: str
    peers: tuple[Peer, ...]
    passages: tuple[Passage, ...]


class Gateway(msgspec.Struct, frozen=True):
    """What the gateway does beside its own firewall.

    Attributes:
        network: IPv4 range of the whole private network.
        cluster: IPv4 ranges in which nodes stand: the network without the gateway's part.
        way_out: The nodes leave through it, with its address.
    """

    network: str
    cluster: tuple[str, ...]
    way_out: bool
    forwards: tuple[Forward, ...]
    vpn: Vpn | None
