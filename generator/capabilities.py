"""What the product can do on a cloud, as data that the rules and the planner read. Types only."""

import msgspec


class Provider(msgspec.Struct, frozen=True, order=True):
    """A Terraform provider that the generated root requires."""

    name: str
    source: str
    version: str


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """One cloud, as far as decisions depend on it.

    Attributes:
        title: Name for people.
        exposures: Ways in which the Internet can reach the nodes.
        dns_providers: Who can host the public zone of a deployment on this cloud.
        default_dns: One of them.
        default_subscription: How RHEL nodes get packages unless the topology says; empty where the
            cloud has no packages of its own.
        device_path: Where a node finds a volume, with `{}` for its identifier.
        device_names: Names under which volumes are attached, in order.
        private_zone: The cloud serves a zone to the private network.
        ptr_needs_forward: A reverse name is refused until its A record is public.
    """

    title: str
    exposures: tuple[str, ...]
    dns_providers: tuple[str, ...]
    default_dns: str
    default_subscription: str
    device_path: str
    device_names: tuple[str, ...]
    private_zone: bool
    ptr_needs_forward: bool
