"""What a review costs: five nodes against the floor, 500 nodes with a large Terraform plan, and the page of 100."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

import yaml

from benchmarks.topologies import topology

PLAN_BYTES = 20 * 1000 * 1000


def pair(work: Path, nodes: int) -> Path:
    """Write two topologies of which the second opens IMAP and has a node more; return the folder of the second."""
    for name, more in (("old", 0), ("new", 1)):
        folder = work / name
        folder.mkdir(parents=True)
        content = topology(nodes + more)
        content["services"] = {"imap": bool(more)}
        (folder / "topology.yaml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return work / "new"


def plan(values: dict[str, Any]) -> bytes:
    """Return a Terraform plan of these root variables in which nothing changes, filled up to its size with user-data.

    Args:
        values: Content of `terraform.tfvars.json`.
    """
    changes = []
    machines, rules = values["nodes"], values["firewall"]["rules"]
    filling = "#" * (PLAN_BYTES // len(machines) // 2)
    for name, node in machines.items():
        changes.append(
            _unchanged("module.nodes", "aws_instance", name, {"user_data": filling, "instance_type": node["type"]})
        )
    changes += [_unchanged("module.nodes", "aws_ebs_volume", key, {"size": 1}) for key in values["volumes"]]
    for key, rule in rules.items():
        if rule["direction"] == "in":
            content = {
                "cidr_ipv4": rule["peer_cidr"],
                "from_port": rule["from_port"],
                "to_port": rule["to_port"],
                "ip_protocol": rule["protocol"],
            }
            changes.append(_unchanged("module.firewall", "aws_vpc_security_group_ingress_rule", key, content))
    return json.dumps({"format_version": "1.2", "resource_changes": changes}).encode()


def _unchanged(module: str, kind: str, key: str, content: dict[str, Any]) -> dict[str, Any]:
    return {
        "address": f'{module}.{kind}.this["{key}"]',
        "module_address": module,
        "mode": "managed",
        "type": kind,
        "name": "this",
        "index": key,
        "change": {"actions": ["no-op"], "before": content, "after": content},
    }


_FILTERED = """async () => {
  const zone = document.getElementById('zone');
  zone.value = 'internet';
  zone.dispatchEvent(new Event('input', {bubbles: true}));
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  return performance.now();
}"""


def interactive(path: Path, rounds: int) -> float:
    """Return the median of the seconds from opening a page until its filter has been used and the result drawn.

    Raises:
        RuntimeError: There is no browser.
    """
    from tests import pages, pictures

    if why := pictures.why_no_browser():
        raise RuntimeError(why)
    found = []
    with pages.browser() as browser:
        for _ in range(rounds):
            page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
            page.goto(path.as_uri())
            found.append(page.evaluate(_FILTERED) / 1000)
            page.context.close()
    return float(statistics.median(found))
