"""What the rules and the planner look at: the topology with its release's facts and its cloud. Types only."""

from collections.abc import Mapping
from functools import cached_property
from ipaddress import IPv4Network

import msgspec

from generator.addressing import first_host
from generator.capabilities import Capabilities, DnsProvider
from generator.facts import CloudFacts, Facts
from generator.mail_domains import Mail, mail_domains
from generator.plan import GATEWAY
from generator.problems import Path
from generator.topology import Node, Topology


class Context(msgspec.Struct, frozen=True, dict=True):
    """A topology with everything that its words refer to.

    Attributes:
        nodes: The nodes written out, from the file or from the scenario.
        dns_providers: Who can host the public zone, by name.
        newest_images: Image identifiers by operating system, where the cloud was asked for them.
    """

    topology: Topology
    facts: Facts
    cloud: CloudFacts
    capabilities: Capabilities
    nodes: Mapping[str, Node]
    dns_providers: Mapping[str, DnsProvider]
    newest_images: Mapping[str, str] = {}

    def os_of(self, node: Node) -> str:
        """Return the operating system of a node: its own, the topology's, or the release's."""
        return node.os or self.topology.os or self.facts.release.default_os

    def carriers(self, role: str) -> list[str]:
        """Return the names of the nodes with a role, in the order of the file."""
        return [name for name, node in self.nodes.items() if role in node.roles]

    @property
    def through_gateway(self) -> bool:
        """Whether no node has a public address: the gateway forwards, and is the way out."""
        return self.topology.exposure == "gateway"

    @property
    def external_roles(self) -> frozenset[str]:
        """The roles that the release's external table names."""
        return frozenset(role for row in self.facts.external for role in row.roles)

    @property
    def shared_address(self) -> bool:
        """Whether the Internet knows one address for all nodes: the gateway's, or that of the operator's router."""
        return self.through_gateway or self.behind_router

    @property
    def behind_router(self) -> bool:
        """Whether a router of the operator's own forwards to the nodes, and is their way out."""
        return self.topology.exposure == "external"

    @property
    def has_gateway(self) -> bool:
        """Whether there is a gateway: for the exposure, or for the VPN alone."""
        return self.through_gateway or self.topology.vpn is not None

    @property
    def host_firewall(self) -> bool:
        """Whether the nodes have a firewall of their own: as written, or as the cloud needs."""
        asked = self.topology.host_firewall
        return self.capabilities.host_firewall if asked is None else asked

    @cached_property
    def mail_domains(self) -> dict[str, Mail]:
        """All mail domains by name; the one of the nodes' names comes first."""
        return mail_domains(self.topology)

    def image_of(self, node: Node) -> str:
        """Return the image that the topology names for a node, or nothing."""
        return node.image or self.topology.cloud.images.get(self.os_of(node), "")

    @property
    def systems(self) -> tuple[str, ...]:
        """Operating systems whose images the cloud is to find, sorted; the gateway's preferred one among them."""
        found = {self.os_of(node) for node in self.nodes.values() if not self.image_of(node)}
        if self.has_gateway:
            found.add(self.facts.hardware.gateway.systems[0])
        return tuple(sorted(found))

    def written_images(self) -> list[tuple[Path, str]]:
        """Return every image that the topology names, with its place in the file."""
        topology = self.topology
        found: list[tuple[Path, str]] = [
            (("cloud", "images", system), image) for system, image in topology.cloud.images.items()
        ]
        found += [(("nodes", name, "image"), node.image) for name, node in self.nodes.items() if node.image]
        if topology.gateway.image:
            found.append((("gateway", "image"), topology.gateway.image))
        return found

    def stated_address(self, name: str) -> str:
        """Return the public address of a machine that the operator stated, or nothing."""
        choice = self.topology.cloud
        if self.through_gateway:
            return choice.public_address if name == GATEWAY else ""
        return "" if self.shared_address else choice.public_addresses.get(name, "")

    @property
    def network_router(self) -> str:
        """The operator's router in the private network: as written, or the first address."""
        network = self.topology.network
        return network.router or first_host(IPv4Network(network.cidr))

    @property
    def forwarders(self) -> tuple[str, ...]:
        """Name servers for everything that the DNS inside does not know: as written, or the cloud's."""
        return self.topology.dns.forwarders or self.cloud.resolvers

    @property
    def guessing(self) -> bool:
        """Whether some role is unknown, so that what seems to be missing may just be misspelt."""
        return any(role not in self.facts.roles for node in self.nodes.values() for role in node.roles)

    @property
    def dns_provider(self) -> str:
        """The DNS provider: as written, or the cloud's own."""
        return self.topology.dns.provider or self.capabilities.default_dns

    @property
    def zones(self) -> tuple[str, ...]:
        """The availability zones in use."""
        return self.topology.cloud.zones or self.cloud.regions[self.topology.cloud.region][:3]
