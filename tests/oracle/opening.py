"""The one shape in which both sides of the comparison say what is open."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from typing import NamedTuple

ANYWHERE = "0.0.0.0/0"


class Opening(NamedTuple):
    """One kind of packet that may begin a connection with a node.

    Attributes:
        node: The node at this end, or `gateway`.
        direction: `in` or `out`.
        protocol: `tcp`, `udp`, `icmp`, or `-1` for every protocol.
        ports: `25`, `20000-40000`, an ICMP type, or `all`.
        peer: The other end: `internet`, `management:<range>`, `cluster` (every node), a range, `gateway`,
            `vpn` (through the gateway), `role:<role>` (only before `canonical`) or `node:<name>`.
    """

    node: str
    direction: str
    protocol: str
    ports: str
    peer: str


def range_class(cidr: str, management: Iterable[str]) -> str:
    """Return the class of an address range.

    Args:
        cidr: An IPv4 range.
        management: The topology's management ranges.

    Returns:
        `internet`, `management:<range>` or the range itself, in its normal form.
    """
    normal = str(ipaddress.ip_network(cidr))
    if normal == ANYWHERE:
        return "internet"
    known = {str(ipaddress.ip_network(entry)) for entry in management}
    return f"management:{normal}" if normal in known else normal


def canonical(openings: Iterable[Opening], nodes: Mapping[str, Iterable[str]]) -> set[Opening]:
    """Give peers inside the deployment one form: `cluster` for all other nodes, else their names.

    A node is never its own peer, since that never crosses a firewall. So nothing is open from the
    cluster in a deployment of one node.

    Args:
        openings: Peers may be `cluster`, `role:<role>` and `node:<name>`, beside those outside.
        nodes: Roles by node.

    Returns:
        What can be compared, whichever way it was said.
    """
    result: set[Opening] = set()
    inside: dict[Opening, set[str]] = {}
    for opening in openings:
        kind, _, name = opening.peer.partition(":")
        if kind == "cluster":
            peers = set(nodes)
        elif kind == "role":
            peers = {node for node, roles in nodes.items() if name in roles}
        elif kind == "node":
            peers = {name}
        else:
            result.add(opening)
            continue
        inside.setdefault(opening._replace(peer=""), set()).update(peers - {opening.node})
    for opening, peers in inside.items():
        if peers and peers == set(nodes) - {opening.node}:
            result.add(opening._replace(peer="cluster"))
        else:
            result |= {opening._replace(peer=f"node:{name}") for name in peers}
    return result


def difference(expected: set[Opening], actual: set[Opening]) -> str:
    """Say what two sets disagree about, one opening a line; empty when they agree.

    Args:
        expected: What should be open.
        actual: What is.

    Returns:
        Lines for an assertion's message.
    """
    lines = [f"missing    {' '.join(entry)}" for entry in sorted(expected - actual)]
    lines += [f"unexpected {' '.join(entry)}" for entry in sorted(actual - expected)]
    return "\n".join(lines)
