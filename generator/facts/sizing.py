"""Sizing rules: what a node has to have for its roles."""

from collections.abc import Collection, Mapping

import msgspec

from generator.facts.base import Fact


class NodeHardware(Fact, frozen=True, kw_only=True):
    """What every node has before any role is counted."""

    memory_gib: int
    vcpu: int
    os_disk_gib: int


class RoleHardware(Fact, frozen=True, kw_only=True):
    """What one role adds.

    Attributes:
        memory_gib: Added to the memory of the node.
        node_memory_gib: The node has at least this much, whatever the sum is; 0 without a rule.
        os_disk_gib: The node's system disk is at least this large; 0 means the base size.
    """

    role: str
    memory_gib: int
    node_memory_gib: int = 0
    os_disk_gib: int = 0


class SingleNodeHardware(Fact, frozen=True, kw_only=True):
    """The least that a deployment of one node has."""

    memory_gib: int
    vcpu: int


class VideoHardware(Fact, frozen=True, kw_only=True):
    """Rules for nodes with the video role.

    Attributes:
        memory_mib: The video server itself.
        memory_mib_per_user: Added per concurrent user.
        many_users: Above this number of concurrent users ...
        vcpu_for_many: ... the node has at least this many vCPU.
    """

    memory_mib: int
    memory_mib_per_user: int
    many_users: int
    vcpu_for_many: int


class RecordingHardware(Fact, frozen=True, kw_only=True):
    """Space that one hour of recorded meeting takes, in MB (10^6 bytes)."""

    mb_per_hour: int


class GatewayHardware(Fact, frozen=True, kw_only=True):
    """The gateway's machine.

    Attributes:
        systems: Ids of its operating systems, the preferred one first.
        packages: What it needs beside the packages of what it does.
    """

    memory_gib: int
    vcpu: int
    os_disk_gib: int
    systems: tuple[str, ...]
    packages: tuple[str, ...]


class Hardware(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All sizing rules."""

    node: NodeHardware
    roles: Mapping[str, RoleHardware]
    single_node: SingleNodeHardware
    video: VideoHardware
    recording: RecordingHardware
    gateway: GatewayHardware

    def system_disk(self, roles: Collection[str]) -> tuple[int, str]:
        """Return how many GiB the system disk of a node with these roles needs, and why."""
        largest = max(roles, key=lambda role: self.roles[role].os_disk_gib)
        size = self.roles[largest].os_disk_gib
        if size > self.node.os_disk_gib:
            return size, f"{largest}: {size} GB"
        return self.node.os_disk_gib, f"every node: {self.node.os_disk_gib} GB"


class RecordingPlace(Fact, frozen=True, kw_only=True):
    """Where recordings are stored: on the nodes with `role`, below `mount`."""

    role: str
    mount: str
