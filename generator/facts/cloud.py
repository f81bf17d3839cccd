"""Types of the facts of one cloud: regions, machine types, images and limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from generator.facts.base import Fact

Architecture = Literal["x86_64", "arm64"]


class MachineType(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A machine type.

    Attributes:
        burstable: It has its full cores only for part of the time.
        not_in: Regions that are known not to offer it.
    """

    name: str
    vcpu: int
    memory_gib: float
    architecture: Architecture
    burstable: bool
    not_in: tuple[str, ...] = ()


class CloudImage(Fact, frozen=True, kw_only=True):
    """How to find the image of an operating system.

    Attributes:
        owner: Account that publishes it.
        name: Pattern of its name, with `*` for the build.
        include_deprecated: The cloud hides it unless deprecated images are asked for.
        login_user: Who logs in by ssh.
        note: What an operator has to know before relying on it; may be empty.
        end_date: ISO date from which the cloud hides the image; empty where none is known.
    """

    owner: str
    name: str
    include_deprecated: bool = False
    login_user: str
    note: str = ""
    end_date: str = ""


class CloudLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the cloud admits unless a quota was raised.

    Attributes:
        rules_per_group: Inbound rules of one security group.
        groups_per_interface: Security groups of one network interface.
        elastic_ips: Public addresses per region.
        user_data_bytes: Size of the user-data before base64.
        volume_gib: Largest data volume.
        reserved_addresses_first: Addresses at the start of a subnet that no node may have,
            the network's own among them.
        reserved_addresses_last: Likewise at its end.
        subnet_prefix_min: Shortest prefix of a network and of a subnet.
        subnet_prefix_max: Longest prefix.
        sources: Where each of them was read, by name.
    """

    rules_per_group: int
    groups_per_interface: int
    elastic_ips: int
    user_data_bytes: int
    volume_gib: int
    reserved_addresses_first: int
    reserved_addresses_last: int
    subnet_prefix_min: int
    subnet_prefix_max: int
    sources: Mapping[str, str]


class OutboundSmtp(Fact, frozen=True, kw_only=True):
    """What an operator has to do before mail leaves this cloud."""

    text: str


class CloudSources(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the tables of regions and machine types were read."""

    regions: str
    types: str


class CloudFacts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is known of one cloud.

    Attributes:
        regions: Names of the zones by name of the region.
        types: Machine types, the preferred ones first: among those that suffice, the first is
            taken, so burstable and ARM types stand last.
        images: By id of the operating system.
    """

    provider: str
    sources: CloudSources
    regions: Mapping[str, tuple[str, ...]]
    types: tuple[MachineType, ...]
    images: Mapping[str, CloudImage]
    limits: CloudLimits
    outbound_smtp: OutboundSmtp
