"""What is open, read from the values that Terraform gets: quick, for thousands of topologies.

The plan of Terraform itself is the real judge (`aws_plan`); this reads one step earlier.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any

from tests.oracle import cloud
from tests.oracle.groups import OracleError, Rule, judge
from tests.oracle.opening import Opening


def openings(values: Mapping[str, Any], management: Iterable[str]) -> set[Opening]:
    """Read `terraform.tfvars.json`.

    Args:
        values: Its content.
        management: The topology's management ranges.

    Returns:
        All openings, both directions.
    """
    rules, members = _aws_rules(values), _members(values)
    return judge(set(values["firewall"]["groups"]), members, rules, management)


def cloud_of(values: Mapping[str, Any], provider: str) -> cloud.Cloud:
    """Read `terraform.tfvars.json` as what the cloud is told to do.

    Args:
        values: Its content.
        provider: `aws`, `hetzner` or `libvirt`.

    Returns:
        The cloud's side of the deployment.

    Raises:
        OracleError: The values do not fit each other.
    """
    nodes, network = values["nodes"], values["network"]
    addresses = {name: node["private_address"] for name, node in nodes.items()}
    for name, node in nodes.items():
        if not _contains(network["subnets"][node["subnet"]]["cidr"], node["private_address"]):
            raise OracleError(f"{name} stands outside its subnet")
    if provider != "aws" and network["way_out"] and network["gateway"] is None:
        raise OracleError("a way out without a gateway")
    if provider == "libvirt":
        return _libvirt(values, addresses)
    members = _members(values)
    if provider != "aws":
        # Where there is no public address, there is nothing that a firewall could filter.
        members = {name: groups if nodes[name]["public_address"] else set() for name, groups in members.items()}
    unknown = set().union(*members.values()) ^ set(values["firewall"]["groups"])
    if unknown:
        raise OracleError(f"groups without a node, or not there: {sorted(unknown)}")
    if provider == "aws":
        for name, node in nodes.items():
            if node["public"] != network["subnets"][node["subnet"]]["public"]:
                raise OracleError(f"{name} is public, but not its subnet, or the other way round")
        return cloud.aws(
            addresses,
            {name for name, node in nodes.items() if node["public"]},
            {name for name, node in nodes.items() if node.get("forwards")},
            network.get("gateway") or "",
            members,
            _aws_rules(values),
        )
    public = {name for name, node in nodes.items() if node["public_address"]}
    entries = [
        cloud.Entry(rule["group"], rule["direction"], rule["protocol"], rule["ports"] or "", tuple(rule["ranges"]))
        for rule in values["firewall"]["rules"].values()
    ]
    way_out = addresses[network["gateway"]] if network["way_out"] else ""
    return cloud.hetzner(addresses, public, way_out, members, entries)


def _libvirt(values: Mapping[str, Any], addresses: Mapping[str, str]) -> cloud.Cloud:
    nodes, network = values["nodes"], values["network"]
    if "firewall" in values:
        raise OracleError("there is nothing on a hypervisor that would read a firewall's rules")
    public = {name for name, node in nodes.items() if node["uplink_mac"] is not None}
    if public and network["uplink"] is None:
        raise OracleError(f"{sorted(public)} have an interface on an uplink that is not there")
    if (network["inside"] is None) != (network["uplink"] is not None):
        raise OracleError("the inside network has to be isolated, or the uplink itself")
    way_out = network["gateway"] or "" if network["way_out"] else ""
    return cloud.libvirt(addresses, public, way_out)


def _contains(cidr: str, text: str) -> bool:
    return ipaddress.IPv4Address(text) in ipaddress.IPv4Network(cidr)


def _members(values: Mapping[str, Any]) -> dict[str, set[str]]:
    return {name: set(node["groups"]) for name, node in values["nodes"].items()}


def _aws_rules(values: Mapping[str, Any]) -> list[Rule]:
    return [
        Rule(
            entry["direction"],
            entry["group"],
            entry["protocol"],
            entry["from_port"],
            entry["to_port"],
            entry["peer_cidr"],
            entry["peer_group"],
        )
        for entry in values["firewall"]["rules"].values()
    ]
