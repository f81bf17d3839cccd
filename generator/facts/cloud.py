"""Types of the facts of one cloud: regions, machine types, images and limits."""

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
        disk_gib: Its system disk in GiB; None where the size of that disk is chosen freely.
        retired: Since when it cannot be bought any more and what took its place; empty while it is sold.
        source: Where it was read; empty where the cloud itself was asked.
    """

    name: str
    vcpu: int
    memory_gib: float
    architecture: Architecture
    burstable: bool
    not_in: tuple[str, ...] = ()
    disk_gib: int | None = None
    retired: str = ""

    def offered(self, region: str) -> bool:
        """Tell whether it may be chosen in a region: sold there, able to run Carbonio, its cores there all the time."""
        usable = self.architecture == "x86_64" and not self.burstable and not self.retired
        return usable and region not in self.not_in

    source: str = ""


class CloudImage(Fact, frozen=True, kw_only=True):
    """How to find the image of an operating system.

    Attributes:
        offered: The cloud has one. Where it has none, the operator makes one and names it.
        owner: Account that publishes it; empty where names are unique without one.
        name: Its name, or a pattern with `*` for the build; empty where none is offered.
        make: How to make one where none is offered, and how the topology names it.
        include_deprecated: The cloud hides it unless deprecated images are asked for.
        login_user: Who logs in by ssh; of an image that is not offered, the user of the image that
            `make` makes.
        note: What an operator has to know before relying on it; may be empty.
        end_date: ISO date from which the cloud hides the image; empty where none is known.
        licence: What is charged for it beside the machine; empty where nothing is.
    """

    offered: bool = True
    owner: str = ""
    name: str = ""
    make: str = ""
    include_deprecated: bool = False
    login_user: str
    note: str = ""
    end_date: str = ""
    licence: str = ""


class CloudLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the cloud admits unless a quota was raised.

    Attributes:
        rules_per_group: Inbound rules of one security group or firewall.
        effective_rules_per_group: Rules of one group when each range of a rule counts; None: no such limit.
        ranges_per_rule: Ranges that one rule can name; None: no limit is documented.
        groups_per_interface: Security groups or firewalls of one network interface.
        elastic_ips: Public addresses per region; None where it depends on the account.
        user_data_bytes: Size of the user-data as it is sent.
        volume_gib: Largest data volume.
        volume_min_gib: Smallest data volume.
        placement_group_size: Machines that one group keeps on separate hosts; 0: such groups are not used.
        placement_groups: Number of such groups.
        reserved_addresses_first: Addresses at the start of a subnet that no node may have,
            the network's own among them.
        reserved_addresses_last: Likewise at its end.
        subnet_prefix_min: Shortest prefix of a network and of a subnet.
        subnet_prefix_max: Longest prefix.
        sources: Where each of them was read, by name.
    """

    rules_per_group: int
    effective_rules_per_group: int | None = None
    ranges_per_rule: int | None = None
    groups_per_interface: int
    elastic_ips: int | None
    user_data_bytes: int
    volume_gib: int
    volume_min_gib: int = 1
    placement_group_size: int = 0
    placement_groups: int = 0
    reserved_addresses_first: int
    reserved_addresses_last: int
    subnet_prefix_min: int
    subnet_prefix_max: int
    sources: Mapping[str, str]


class OutboundSmtp(Fact, frozen=True, kw_only=True):
    """What an operator has to do before mail leaves this cloud."""

    text: str


class CloudSources(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the tables were read that have no source of their own; empty where there is no such table."""

    regions: str
    types: str
    resolvers: str
    network_router: str = ""
    network_zones: str = ""


class CloudFacts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is known of one cloud.

    Attributes:
        regions: Names of the zones by name of the region.
        network_zones: Area that a private network can span, by region; empty where it is the region.
        types: Machine types, the preferred ones first: among those that suffice, the first is
            taken, so burstable, ARM and retired types stand last.
        images: By id of the operating system.
        resolvers: Name servers that the cloud offers to its machines, as IPv4 addresses.
        network_router: Offset, in a private network's range, of the cloud's own router, to which
            machines without a public address must set their default route themselves; 0 where they
            are told.
    """

    provider: str
    sources: CloudSources
    regions: Mapping[str, tuple[str, ...]]
    network_zones: Mapping[str, str] = {}
    types: tuple[MachineType, ...]
    images: Mapping[str, CloudImage]
    limits: CloudLimits
    resolvers: tuple[str, ...]
    network_router: int = 0
    outbound_smtp: OutboundSmtp
