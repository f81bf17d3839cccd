"""Who may talk to whom, and the groups of nodes that admit the same. Types only."""

from typing import Literal, TypeAlias

import msgspec

CLUSTER_GROUP = "cluster"
"""The group of all nodes. Every other group is named after its set of roles."""

GATEWAY = "gateway"
"""The gateway's name, its only role, its group, and the word for it in flows."""

RESOLVER = "resolver"
"""Target of flows to the nodes that answer DNS inside the network."""

OUTSIDE = "internet"
"""As the target of a flow: whatever is beyond the gateway."""

Protocol: TypeAlias = Literal["tcp", "udp", "icmp", "any"]


class Flow(msgspec.Struct, frozen=True):
    """Who may talk to whom.

    Attributes:
        id: Stable name: source, target, protocol and ports.
        source: `internet`, `management`, `cluster`, `gateway`, `vpn`, `listed` (ranges of the topology), or a role.
        ranges: IPv4 ranges of the source; empty where it is a role.
        target: A role, `*` for every node, `gateway`, `resolver`, or `internet` for the way out through the gateway.
        ports: `25`, `20000-40000`; for ICMP the type; `all` where the protocol is `any`.
        services: What the port is for, in the documents' words.
        why: Why it is open in this deployment.
        documents: Where the documents say so.
    """

    id: str
    source: str
    ranges: tuple[str, ...]
    target: str
    protocol: Protocol
    ports: str
    services: tuple[str, ...]
    why: str
    documents: tuple[str, ...]


class Rule(msgspec.Struct, frozen=True):
    """Flows with one source, protocol and port range, as one group of nodes admits them.

    Attributes:
        source: `cluster`, a range such as `0.0.0.0/0`, or `group:<name>` for another group.
        flows: Ids of the flows that the rule carries.
    """

    source: str
    protocol: Protocol
    ports: str
    flows: tuple[str, ...]
    description: str


class Group(msgspec.Struct, frozen=True):
    """Nodes that admit the same: all of them, or those with the same set of roles."""

    name: str
    roles: tuple[str, ...]
    rules: tuple[Rule, ...]
