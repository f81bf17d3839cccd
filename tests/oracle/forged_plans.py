"""Plans in which one thing is not as it should be: what the readers of plans are tried on."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

Json = dict[str, Any]


def _without(kind: str) -> Callable[[Json], None]:
    def change(plan: Json) -> None:
        for module in plan["planned_values"]["root_module"]["child_modules"]:
            found = [entry for entry in module["resources"] if entry["type"] == kind]
            if found:
                module["resources"].remove(found[0])

    return change


def _firewall_resources(plan: Json, kind: str) -> list[Json]:
    return [
        entry
        for module in plan["planned_values"]["root_module"]["child_modules"]
        for entry in module["resources"]
        if entry["type"] == kind
    ]


def _wider(plan: Json) -> None:
    for entry in _firewall_resources(plan, "aws_vpc_security_group_ingress_rule"):
        if entry["values"].get("cidr_ipv4") == "198.51.100.0/24":
            entry["values"]["cidr_ipv4"] = "0.0.0.0/0"
            return


def _longer_range(plan: Json) -> None:
    for entry in _firewall_resources(plan, "aws_vpc_security_group_ingress_rule"):
        if entry["values"]["from_port"] == 443:
            entry["values"]["to_port"] = 444
            return


def _another_kind(plan: Json) -> None:
    module = plan["planned_values"]["root_module"]["child_modules"][0]
    entry = copy.deepcopy(module["resources"][0])
    module["resources"].append({**entry, "type": "aws_security_group_rule"})


def _sixth_version(plan: Json) -> None:
    rule = _firewall_resources(plan, "aws_vpc_security_group_ingress_rule")[0]
    rule["values"]["cidr_ipv6"] = "::/0"


def _inline(plan: Json) -> None:
    for call in plan["configuration"]["root_module"]["module_calls"].values():
        for entry in call["module"].get("resources", []):
            if entry["type"] == "aws_security_group":
                entry["expressions"]["ingress"] = {}


def _other_groups(plan: Json) -> None:
    for call in plan["configuration"]["root_module"]["module_calls"].values():
        for entry in call["module"].get("resources", []):
            if entry["type"] == "aws_instance":
                entry["expressions"]["vpc_security_group_ids"] = {"references": ["var.nodes"]}


ON_AWS: dict[str, Callable[[Json], object]] = {
    "a rule is missing": _without("aws_vpc_security_group_ingress_rule"),
    "the way out is missing": _without("aws_vpc_security_group_egress_rule"),
    "a range is wider": _wider,
    "a port more": _longer_range,
    "a resource of another kind": _another_kind,
    "a rule for IPv6": _sixth_version,
    "rules inside a group": _inline,
    "groups from somewhere else": _other_groups,
}


def _server(plan: Json, name: str) -> Json:
    servers = _firewall_resources(plan, "hcloud_server")
    return next(entry for entry in servers if entry["index"] == name)


def _hetzner_rule(plan: Json, port: str) -> Json:
    rules = [rule for entry in _firewall_resources(plan, "hcloud_firewall") for rule in entry["values"]["rule"]]
    found: Json = next(rule for rule in rules if rule["port"] == port)
    return found


def _foreign_ids(plan: Json) -> None:
    for call in plan["configuration"]["root_module"]["module_calls"].values():
        for entry in call["module"].get("resources", []):
            if entry["type"] == "hcloud_server":
                entry["expressions"]["firewall_ids"] = {"references": ["each.value.groups", "var.others"]}


AT_HETZNER: dict[str, Callable[[Json], object]] = {
    "a rule is missing": lambda plan: _firewall_resources(plan, "hcloud_firewall")[0]["values"]["rule"].pop(),
    "a range is wider": lambda plan: _hetzner_rule(plan, "22").update(source_ips=["0.0.0.0/0"]),
    "a port more": lambda plan: _hetzner_rule(plan, "443").update(port="443-444"),
    "every port": lambda plan: _hetzner_rule(plan, "443").update(port="any"),
    "a rule for IPv6": lambda plan: _hetzner_rule(plan, "443").update(source_ips=["0.0.0.0/0", "::/0"]),
    "an IPv6 address": lambda plan: _server(plan, "gateway")["values"]["public_net"][0].update(ipv6_enabled=True),
    "a node has an address": lambda plan: _server(plan, "mta1")["values"]["public_net"][0].update(ipv4_enabled=True),
    "a further address inside": lambda plan: _server(plan, "mta1")["values"]["network"][0].update(
        alias_ips=["10.20.0.9"]
    ),
    "firewalls from somewhere else": _foreign_ids,
    "a load balancer": lambda plan: _server(plan, "mta1").update(type="hcloud_load_balancer"),
    "no way out": _without("hcloud_network_route"),
    "a firewall is missing": _without("hcloud_firewall"),
    "a firewall that applies itself": lambda plan: _firewall_resources(plan, "hcloud_firewall")[0]["values"].update(
        apply_to=[{"label_selector": "x"}]
    ),
}
