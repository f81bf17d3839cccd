"""Terraform plans that do what the topology does not say: made by changing the JSON of an honest one."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TypeAlias

from tests.review.plan_json import EVERYWHERE, KINDS, Json, managed

Lie: TypeAlias = Callable[[Json], str]
"""Changes a plan, and returns what a reader has to find in the review."""

_RULE = "aws_vpc_security_group_ingress_rule"


def a_rule_opened(plan: Json) -> str:
    for one in managed(plan):
        if one["type"] == "hcloud_firewall" and one["index"] == "cluster":
            more = {"direction": "in", "protocol": "tcp", "port": "3306", "source_ips": [EVERYWHERE, "::/0"]}
            one["change"]["after"]["rule"].append(more)
            one["change"]["actions"] = ["update"]
            return "3306"
    rule: Json = copy.deepcopy(
        next(one for one in managed(plan) if one["type"] == _RULE and one["index"].startswith("cluster/in/"))
    )
    key = "cluster/in/tcp/3306"
    rule.update(index=key, address=f'module.firewall.{_RULE}.this["{key}"]')
    values = {"cidr_ipv4": EVERYWHERE, "ip_protocol": "tcp", "from_port": 3306, "to_port": 3306}
    rule["change"].update(actions=["create"], before=None, after=values)
    plan["resource_changes"].append(rule)
    return "3306"


def a_rule_missing(plan: Json) -> str:
    for one in list(managed(plan)):
        if one["type"] == "hcloud_firewall":
            for rule in list(one["change"]["after"]["rule"]):
                if rule["port"] == "993":
                    one["change"]["after"]["rule"].remove(rule)
                    one["change"]["actions"] = ["update"]
        if one["type"] == _RULE and one["change"]["after"]["from_port"] == 993:
            one["change"] |= {"actions": ["delete"], "after": None}
    return "993"


def a_volume_replaced(plan: Json) -> str:
    (volume,) = (one for one in managed(plan) if one["type"] in KINDS["volume"])
    volume["change"] |= {"actions": ["delete", "create"], "replace_paths": [["location"]]}
    return str(volume["index"])


def a_machine_missing(plan: Json) -> str:
    machine = next(one for one in managed(plan) if one["type"] in KINDS["machine"] and one["index"] == "infra1")
    plan["resource_changes"].remove(machine)
    return "infra1"


def a_machine_more(plan: Json) -> str:
    machine = copy.deepcopy(next(one for one in managed(plan) if one["type"] in KINDS["machine"]))
    machine.update(index="miner1", address=machine["address"].replace(machine["index"], "miner1"))
    machine["change"] |= {"actions": ["create"], "before": None}
    plan["resource_changes"].append(machine)
    return "miner1"


def an_address_destroyed(plan: Json) -> str:
    address = next(one for one in managed(plan) if one["type"] in KINDS["address"] and one["index"] == "mta1")
    address["change"] |= {"actions": ["delete"], "after": None}
    return "mta1"


def a_volume_made_again(plan: Json) -> str:
    (volume,) = (one for one in managed(plan) if one["type"] in KINDS["volume"])
    volume["change"] |= {"actions": ["create"], "before": None}
    # What the state does not have, nobody can have changed.
    plan["resource_drift"] = [one for one in plan.get("resource_drift", ()) if one["address"] != volume["address"]]
    return str(volume["index"])


def a_volume_grown_late(plan: Json) -> str:
    (volume,) = (one for one in managed(plan) if one["type"] in KINDS["volume"])
    small = {**volume["change"]["before"], "size": volume["change"]["before"]["size"] // 2}
    volume["change"] |= {"actions": ["update"], "before": small}
    return str(volume["index"])


LIES: dict[str, tuple[Lie, str, tuple[str, ...]]] = {
    "a-rule-opened": (a_rule_opened, "opens", ("new-internet-exposure",)),
    "a-rule-missing": (a_rule_missing, "lacks", ()),
    "a-volume-replaced": (a_volume_replaced, "destroys", ("destroy-stateful",)),
    "a-machine-missing": (a_machine_missing, "others", ()),
    "a-machine-more": (a_machine_more, "others", ()),
    "a-volume-made-again": (a_volume_made_again, "again", ()),
    "a-volume-grown-late": (a_volume_grown_late, "overdue", ()),
    "an-address-destroyed": (an_address_destroyed, "destroys", ("destroy-stateful",)),
}
"""By name: the lie, the kind of disagreement, and the verdicts beside `plan-disagrees`."""

BY_HAND = {
    "aws": """
        resource "aws_vpc_security_group_ingress_rule" "mine" {
          security_group_id = module.firewall.group_ids["cluster"]
          cidr_ipv4         = "0.0.0.0/0"
          ip_protocol       = "tcp"
          from_port         = 3306
          to_port           = 3306
        }
    """,
    "hetzner": """
        resource "hcloud_firewall" "mine" {
          name = "mine"

          rule {
            direction  = "in"
            protocol   = "tcp"
            port       = "3306"
            source_ips = ["0.0.0.0/0"]
          }
        }
    """,
}
"""A file of the operator's own beside the generated ones, by cloud."""
