"""What is open, read from the values that Terraform gets: quick, for thousands of topologies.

The plan of Terraform itself is the real judge (`aws_plan`); this reads one step earlier.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tests.oracle.groups import Rule, judge
from tests.oracle.opening import Opening


def openings(values: Mapping[str, Any], management: Iterable[str]) -> set[Opening]:
    """Read `terraform.tfvars.json`.

    Args:
        values: Its content.
        management: The topology's management ranges.

    Returns:
        All openings, both directions.
    """
    firewall = values["firewall"]
    rules = [
        Rule(
            entry["direction"],
            entry["group"],
            entry["protocol"],
            entry["from_port"],
            entry["to_port"],
            entry["peer_cidr"],
            entry["peer_group"],
        )
        for entry in firewall["rules"].values()
    ]
    members = {name: set(node["groups"]) for name, node in values["nodes"].items()}
    return judge(set(firewall["groups"]), members, rules, management)
