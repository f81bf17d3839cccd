"""Machines, where they stand and what they store. Types only."""

from typing import Literal

import msgspec

from generator.facts.base import EVERY_NODE
from generator.plan.flows import GATEWAY


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
        disk_gib: System disk that comes with the type; 0 where its size is free.
    """

    type: str
    vcpu: int
    memory_gib: float
    needs_vcpu: int
    needs_memory_gib: int
    reasons: tuple[str, ...]
    disk_gib: int = 0


class Image(msgspec.Struct, frozen=True):
    """What a machine boots: an operating system, found at apply, or an image by its identifier or label."""

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


class Link(msgspec.Struct, frozen=True):
    """A network interface that the machine is told of before it boots.

    Attributes:
        name: `inside` for the private network, `uplink` for the way to the Internet.
        mac: Hardware address, derived from the names.
        address: With the length of the prefix, such as `10.20.0.10/16`; empty where DHCP gives it.
        router: Default route; empty where there is none by this interface, or it is found otherwise.
    """

    name: Literal["inside", "uplink"]
    mac: str
    address: str
    router: str


class PlannedNode(msgspec.Struct, frozen=True):
    """A machine with all that was decided for it: a node with Carbonio roles, or the gateway.

    Attributes:
        public: The Internet reaches it under a name of its own.
        public_address: It has a public address of its own, be it for the way out alone.
        placement_group: Machines of one such group stand on different hardware; empty without any.
        login_address: By which of its addresses SSH reaches it, from the outside or from the jump machine.
        router: Address to which its default route must lead; empty where DHCP gives the route.
        stated_address: Its public address where the operator stated it; empty where it is known after apply only.
        links: Its interfaces, where they are the operator's: on premises.
    """

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
    login_address: Literal["public", "private"]
    public_address: bool
    placement_group: str
    router: str
    stated_address: str = ""
    links: tuple[Link, ...] = ()

    @property
    def path(self) -> tuple[str, ...]:
        """Where the topology speaks of it."""
        return (GATEWAY,) if self.is_gateway else ("nodes", self.name)

    @property
    def is_gateway(self) -> bool:
        """Whether it is the gateway, which carries nothing of Carbonio."""
        return self.roles == (GATEWAY,)

    @property
    def targets(self) -> tuple[str, ...]:
        """Targets of flows that mean it: its roles, and every node unless it is the gateway."""
        return self.roles if self.is_gateway else (EVERY_NODE, *self.roles)
