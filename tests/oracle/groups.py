"""From security groups and their rules to what each node lets in and out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from tests.oracle.opening import Opening, canonical, range_class


class OracleError(AssertionError):
    """The cloud's side says something that the oracle cannot judge."""


class Rule(NamedTuple):
    """A rule of a security group; exactly one of `cidr` and `peer` is set."""

    direction: str
    group: str
    protocol: str
    first: int | None
    last: int | None
    cidr: str | None
    peer: str | None


def judge(
    groups: set[str],
    members: Mapping[str, set[str]],
    rules: Sequence[Rule],
    management: Iterable[str],
) -> set[Opening]:
    """Turn groups and rules into openings of nodes; a group of all nodes is `cluster`.

    Args:
        groups: All groups that exist.
        members: Groups by node.
        rules: All rules that exist.
        management: The topology's management ranges.

    Returns:
        All openings, both directions.

    Raises:
        OracleError: A rule or a group cannot be judged.
    """
    ranges = list(management)
    used = set().union(*members.values())
    if used != groups:
        raise OracleError(f"groups without a node, or not in the plan: {sorted(used ^ groups)}")
    openings: set[Opening] = set()
    for rule in rules:
        ports = ports_of(rule)
        if (rule.cidr is None) == (rule.peer is None):
            raise OracleError(f"a rule needs a range or a group: {rule}")
        if rule.group not in groups or (rule.peer is not None and rule.peer not in groups):
            raise OracleError(f"a group that is not in the plan: {rule}")
        for node, own in members.items():
            if rule.group not in own:
                continue
            peers = [f"node:{name}" for name, groups in members.items() if rule.peer in groups]
            if rule.cidr is not None:
                peers = [range_class(rule.cidr, ranges)]
            openings |= {Opening(node, rule.direction, rule.protocol, ports, peer) for peer in peers}
    return canonical(openings, dict.fromkeys(members, ()))


def ports_of(rule: Rule) -> str:
    """Return the ports of a rule as an opening says them.

    Args:
        rule: The rule.

    Raises:
        OracleError: They make no sense.
    """
    if rule.protocol == "-1":
        # AWS shows every port as none at all, or as -1 to -1 or 0 to 0.
        if (rule.first, rule.last) not in {(None, None), (-1, -1), (0, 0)}:
            raise OracleError(f"every protocol, but ports: {rule}")
        return "all"
    if rule.first is None or rule.last is None:
        raise OracleError(f"no ports: {rule}")
    if rule.protocol == "icmp":
        if rule.last != -1:
            raise OracleError(f"an ICMP code: {rule}")
        return str(rule.first)
    if rule.protocol not in {"tcp", "udp"}:
        raise OracleError(f"an unknown protocol: {rule}")
    return str(rule.first) if rule.first == rule.last else f"{rule.first}-{rule.last}"
