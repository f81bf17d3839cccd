"""What the product can do on a cloud, as data that the rules and the planner read. Types only."""

import msgspec


class Provider(msgspec.Struct, frozen=True, order=True):
    """A Terraform provider that the generated root requires."""

    name: str
    source: str
    version: str


class DnsProvider(msgspec.Struct, frozen=True):
    """Who hosts the public zone.

    Attributes:
        modules: Folders of the modules in use, below `modules/`.
        least_ttl: Shortest time to live that it takes, in seconds.
        whole_domains: Its zones are domains as registrars sell them, not parts of those.
    """

    modules: tuple[str, ...]
    providers: tuple[Provider, ...]
    least_ttl: int = 0
    whole_domains: bool = False


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """One cloud, as far as decisions depend on it.

    Attributes:
        title: Name for people.
        exposures: Ways in which the Internet can reach the nodes.
        default_dns: Who hosts the public zone unless the topology says.
        default_subscription: How RHEL nodes get packages unless the topology says; empty where the
            cloud has no packages of its own.
        device_path: Where a node finds a volume, with `{}` for its identifier.
        zonal_subnets: A subnet belongs to one zone, so each zone has its own.
        managed_nat: Nodes without a public address leave through the cloud's own translation.
        host_firewall: The nodes' own firewalls are on by default: the cloud does not filter between them.
        final_snapshots: A volume can leave a snapshot behind when it is destroyed.
        private_zone: The cloud serves a zone to the private network.
        ptr_needs_forward: A reverse name is refused until its A record is public.
        on_premises: The machines stand on the operator's own hypervisor: their sizes are free, and public
            addresses, reverse names and the way to the Internet are the operator's.
        s3_regions: Its regions are those of S3, so that a bucket for the state is looked for beside the machines.
        larger_volumes: What an operator has to do for a volume to grow; empty where the apply does it.
    """

    title: str
    exposures: tuple[str, ...]
    default_dns: str
    default_subscription: str
    device_path: str
    zonal_subnets: bool
    managed_nat: bool
    host_firewall: bool
    final_snapshots: bool
    private_zone: bool
    ptr_needs_forward: bool
    on_premises: bool = False
    larger_volumes: str = ""
    s3_regions: bool = False
