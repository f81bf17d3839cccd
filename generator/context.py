"""What the rules and the planner look at: the topology with its release's facts and its cloud. Types only."""

from collections.abc import Mapping

import msgspec

from generator.capabilities import Capabilities
from generator.facts import CloudFacts, Facts
from generator.topology import Node, Topology


class Context(msgspec.Struct, frozen=True):
    """A topology with everything that its words refer to.

    Attributes:
        nodes: The nodes written out, from the file or from the scenario.
        newest_images: Image identifiers by operating system, where the cloud was asked for them.
    """

    topology: Topology
    facts: Facts
    cloud: CloudFacts
    capabilities: Capabilities
    nodes: Mapping[str, Node]
    newest_images: Mapping[str, str] = {}

    def os_of(self, node: Node) -> str:
        """Return the operating system of a node: its own, the topology's, or the release's."""
        return node.os or self.topology.os or self.facts.release.default_os

    def carriers(self, role: str) -> list[str]:
        """Return the names of the nodes with a role, in the order of the file."""
        return [name for name, node in self.nodes.items() if role in node.roles]

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
