"""What the JSON of a Terraform plan says, read without the code under test."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]
Port: TypeAlias = tuple[str, str, int]
"""Node, protocol and port; -1 where there are no ports."""

EVERYWHERE = "0.0.0.0/0"
KINDS = {
    "machine": ("aws_instance", "hcloud_server"),
    "volume": ("aws_ebs_volume", "hcloud_volume"),
    "address": ("aws_eip", "hcloud_primary_ip"),
    "zone": ("aws_route53_zone", "hcloud_zone"),
}
RECORDS = ("aws_route53_record", "hcloud_zone_rrset")
REVERSE = ("aws_eip_domain_name", "hcloud_rdns")


def managed(plan: Json) -> list[Json]:
    """Return the changes of what Terraform keeps."""
    return [one for one in plan["resource_changes"] if one["mode"] == "managed"]


def actions(one: Json) -> list[str]:
    """Return what is done to a resource."""
    found: list[str] = one["change"]["actions"]
    return found


def destroyed(plan: Json) -> dict[str, Json]:
    """Return what goes, or goes and comes again, by address."""
    return {one["address"]: one for one in managed(plan) if "delete" in actions(one)}


def of_kind(plan: Json, kind: str, *wanted: list[str]) -> set[str]:
    """Return the keys of the resources of a kind to which one of these lists of actions happens."""
    return {str(one["index"]) for one in managed(plan) if one["type"] in KINDS[kind] and actions(one) in wanted}


def grown(plan: Json) -> dict[str, tuple[int, int]]:
    """Return the sizes of volumes that change in place."""
    found = {}
    for one in managed(plan):
        if one["type"] in KINDS["volume"] and actions(one) == ["update"]:
            sizes = one["change"]["before"]["size"], one["change"]["after"]["size"]
            if sizes[0] != sizes[1]:
                found[one["index"]] = sizes
    return found


def records(plan: Json) -> dict[tuple[str, str], str]:
    """Return what happens to public records, by name and type.

    Those that are made anew as they were are left out, and those that go with their whole zone.
    """
    found: dict[tuple[str, str], list[Json]] = {}
    gone = {f'module.public_zone["{zone}"]' for zone in of_kind(plan, "zone", ["delete"])}
    for one in managed(plan):
        place = one.get("module_address", "")
        if one["type"] in RECORDS and "inside" not in place and place not in gone and actions(one) != ["no-op"]:
            name, kind = one["index"].split(" ")
            found.setdefault((name, kind), []).append(one)
    said = {}
    for key, changes in found.items():
        before, after = (
            [_values(one["change"][side]) for one in changes if one["change"][side]] for side in ("before", "after")
        )
        unknown = any("true" in json.dumps(one["change"]["after_unknown"].get("records")) for one in changes)
        if unknown or before != after:
            said[key] = "changed" if before and after else "new" if after else "gone"
    return said


def _values(state: Json) -> tuple[int, list[str]]:
    values = [one.get("value", "") if isinstance(one, dict) else one for one in state.get("records") or ()]
    return state["ttl"], sorted(values)


def reverse_names(plan: Json) -> dict[str, str]:
    """Return what happens to reverse names, by the key of the address."""
    words = {"create": "new", "update": "changed", "delete": "gone"}
    return {
        str(one["index"]): words[actions(one)[0]]
        for one in managed(plan)
        if one["type"] in REVERSE and len(actions(one)) == 1 and actions(one)[0] in words
    }


def open_ports(plan: Json, before: Json) -> tuple[set[Port], set[Port]]:
    """Return what the clouds' firewalls let in from everywhere, before and after a plan.

    Args:
        plan: Its JSON.
        before: The variables of the deployment that stands; they name the groups of each node.
    """
    after = plan["variables"]["nodes"]["value"]
    return _ports(plan, "before", before["nodes"] if before else {}), _ports(plan, "after", after)


def hidden(nodes: Json) -> set[str]:
    """Return the nodes of a deployment's variables to which the Internet has no address."""
    return {name for name, node in nodes.items() if not node.get("public_address", node["public"])}


def _ports(plan: Json, side: str, nodes: Json) -> set[Port]:
    groups: dict[str, set[tuple[str, int]]] = {}
    for one in managed(plan):
        state = one["change"][side]
        if state is not None and one["type"] in _RULES:
            for group, protocol, ports in _RULES[one["type"]](one, state):
                groups.setdefault(group, set()).update((protocol, port) for port in ports)
    return {
        (name, *admitted)
        for name, node in nodes.items()
        for group in node["groups"]
        for admitted in groups.get(group, ())
    }


def _aws_rule(one: Json, state: Json) -> Iterator[tuple[str, str, range]]:
    if state["cidr_ipv4"] == EVERYWHERE:
        protocol = state["ip_protocol"]
        ports = range(-1, 0) if protocol == "icmp" else range(state["from_port"], state["to_port"] + 1)
        yield one["index"].split("/")[0], protocol, ports


def _hetzner_firewall(one: Json, state: Json) -> Iterator[tuple[str, str, range]]:
    for rule in state["rule"]:
        if rule["direction"] == "in" and EVERYWHERE in rule["source_ips"]:
            first, _, last = (rule["port"] or "-1").partition("-") if rule["port"] else ("-1", "", "")
            yield one["index"], rule["protocol"], range(int(first), int(last or first) + 1)


_RULES: dict[str, Callable[[Json, Json], Iterator[tuple[str, str, range]]]] = {
    "aws_vpc_security_group_ingress_rule": _aws_rule,
    "hcloud_firewall": _hetzner_firewall,
}
