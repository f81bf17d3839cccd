"""The plan: everything that was decided, in words that hold on every cloud. Types only.

`generate plan --json` prints this and the cost; `docs/plan-json.md` explains it.
"""

import msgspec

from generator.plan.cost import Cheaper, Cost, CostItem
from generator.plan.dns import ASKED, DnsPlan, Record, RecordType, RecordValue, Resolver, Zone
from generator.plan.firewalls import Forward, Gateway, HostFirewall, HostRule, Passage, Peer, Router, Vpn
from generator.plan.flows import CLUSTER_GROUP, GATEWAY, OUTSIDE, RESOLVER, Flow, Group, Protocol, Rule
from generator.plan.install import InstallCommand, InstallPlan, NodeInstall, ValueToNote
from generator.plan.machines import Image, Link, Machine, PlannedNode, Subnet, Volume
from generator.plan.state import State, place_of

__all__ = [
    "ASKED",
    "CLUSTER_GROUP",
    "GATEWAY",
    "OUTSIDE",
    "RESOLVER",
    "Cheaper",
    "Cost",
    "CostItem",
    "Deployment",
    "DnsPlan",
    "Flow",
    "Forward",
    "Gateway",
    "Group",
    "HostFirewall",
    "HostRule",
    "Image",
    "InstallCommand",
    "InstallPlan",
    "Link",
    "Machine",
    "NodeInstall",
    "Passage",
    "Peer",
    "Plan",
    "PlannedNode",
    "PricedPlan",
    "Protocol",
    "Record",
    "RecordType",
    "RecordValue",
    "Resolver",
    "Router",
    "Rule",
    "State",
    "Subnet",
    "ValueToNote",
    "Volume",
    "Vpn",
    "Zone",
    "place_of",
]


class Deployment(msgspec.Struct, frozen=True):
    """What the whole deployment has in common.

    Attributes:
        network: IPv4 range of the private network.
        cluster: Ranges of it in which nodes stand: all but the gateway's part.
    """

    name: str
    domain: str
    release: str
    edition: str
    provider: str
    region: str
    exposure: str
    network: str
    cluster: tuple[str, ...]
    management: tuple[str, ...]
    ssh_keys: tuple[str, ...]
    existing_key_pair: str
    open_internal: bool


class Plan(msgspec.Struct, frozen=True):
    """A deployment, decided.

    Attributes:
        format: Version of this structure; fields are only added within one.
        nodes: By name, sorted; the gateway among them.
        volumes: By key, sorted.
        flows: Sorted by id.
        groups: By name.
        host_firewalls: By node; those whose own firewall is on.
        router: None unless the operator's own router forwards to the nodes.
        resolver: None where the cloud's own DNS serves the inside view.
        subnets: By name.
        nat_subnet: Where the address translation for private nodes stands; empty without any.
        images: By key.
        state: None where Terraform keeps its state in the folder, or the operator's own file says where.
        host_data: Content of `nodes/<node>.json` by node.
        notices: What the operator should know, one sentence or two each.
    """

    format: int
    deployment: Deployment
    nodes: dict[str, PlannedNode]
    volumes: dict[str, Volume]
    flows: tuple[Flow, ...]
    groups: dict[str, Group]
    host_firewalls: dict[str, HostFirewall]
    gateway: Gateway | None
    router: Router | None
    resolver: Resolver | None
    subnets: dict[str, Subnet]
    nat_subnet: str
    images: dict[str, Image]
    state: State | None
    dns: DnsPlan
    install: InstallPlan
    host_data: dict[str, dict[str, object]]
    notices: tuple[str, ...]

    def carriers(self, role: str) -> list[str]:
        """Return the names of the nodes with a role, sorted; the gateway for its own."""
        return [name for name, node in self.nodes.items() if role in node.roles]


class PricedPlan(Plan, frozen=True):
    """A plan with what it costs: what `generate plan --json` prints."""

    cost: Cost
