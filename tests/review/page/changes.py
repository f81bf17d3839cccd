"""Changes whose pages are looked at, and what Terraform would do that no topology knows of."""

from __future__ import annotations

import copy
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import yaml

from benchmarks.topologies import topology as large
from tests.helpers import ROOT

HOSTILE = (
    "<script>window.hit=1</script>",
    "</script><script>window.hit=1</script>",
    "<img src=https://evil.example/x onerror=window.hit=1>",
    '" onmouseover="window.hit=1" autofocus onfocus="window.hit=1',
    "</style></title></desc></svg><svg onload=window.hit=1>",
    "<iframe srcdoc='<script>parent.hit=1</script>'></iframe><base href=https://evil.example/>",
    "<a href=javascript:window.hit=1>click</a><form action=https://evil.example><button>send</button></form>",
    "<meta http-equiv=refresh content='0;url=https://evil.example/'><link rel=stylesheet href=//evil.example>",
    "{{ 7 * 7 }}{% include '/etc/passwd' %}",
    "]]><!-- -->",
)


def example(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "examples" / name / "topology.yaml").read_text("utf-8"))
    return found


def mixed() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a change of everything: nodes come and go, roles move, services open, management is another."""
    old = example("five-nodes-hetzner")
    new = copy.deepcopy(old)
    new["nodes"]["mta2"] = ["mta", "proxy"]
    new["nodes"]["infra1"] += new["nodes"].pop("files1")
    new["management"] = ["198.51.100.0/25", "203.0.113.0/24"]
    new["services"] = {"imaps": ["192.0.2.0/24"], "pop3s": True}
    old["services"] = {"imap": True, "submissions": True}
    return old, new


def opens_imap(content: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    return content, {**content, "services": {**content.get("services", {}), "imap": True, "submissions": True}}


def long_names() -> tuple[dict[str, Any], dict[str, Any]]:
    old, new = mixed()
    for content in (old, new):
        content["nodes"] = {f"{name}{'w' * (63 - len(name))}": node for name, node in content["nodes"].items()}
        content["management"] += [f"198.51.{number}.0/24" for number in range(101, 140)]
    return old, new


def hundred() -> tuple[dict[str, Any], dict[str, Any]]:
    old, new = large(98, "hetzner"), large(100, "hetzner")
    new["services"] = {"imap": True}
    new["management"] = [*new["management"], "203.0.113.0/24"]
    return old, new


# What Terraform would do, of which the topology knows nothing; all of it may come from anybody's module.
LYING = {
    "format_version": "1.2",
    "resource_changes": [
        {
            "address": f'module.mine["{HOSTILE[0]}"].hcloud_firewall.this',
            "mode": "managed",
            "type": "hcloud_firewall",
            "name": "this",
            "change": {
                "actions": ["create"],
                "before": None,
                "after": {
                    "rule": [
                        {"direction": "in", "protocol": "tcp", "port": "3306", "source_ips": ["0.0.0.0/0", "::/0"]}
                    ]
                },
            },
        },
        {
            "address": 'module.nodes.hcloud_volume.this["store1-mail"]',
            "module_address": "module.nodes",
            "mode": "managed",
            "type": "hcloud_volume",
            "name": "this",
            "index": "store1-mail",
            "change": {
                "actions": ["delete", "create"],
                "before": {"location": "fsn1"},
                "after": {"location": "nbg1"},
                "replace_paths": [["location"]],
            },
        },
    ],
}


CHANGES: dict[str, Callable[[], tuple[dict[str, Any] | None, dict[str, Any]]]] = {
    "mixed": mixed,
    "imap": lambda: opens_imap(example("five-nodes-aws")),
    "gateway": lambda: (
        example("five-nodes-hetzner"),
        {**example("five-nodes-hetzner"), "exposure": "gateway", "host_firewall": True},
    ),
    "router": lambda: opens_imap(example("five-nodes-libvirt")),
    "nothing": lambda: (example("single-aws"), example("single-aws")),
    "new": lambda: (None, example("gateway-hetzner")),
    "long-names": long_names,
    "hundred": hundred,
}


class Made(msgspec.Struct):
    """A page and what it is made of."""

    text: str
    review: dict[str, Any]
    plans: tuple[dict[str, Any] | None, dict[str, Any]]


def commit(folder: Path) -> None:
    """Make a repository that holds nothing yet."""
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    subprocess.run(["git", *identity, "commit", "--quiet", "--allow-empty", "--message=Begin"], cwd=folder, check=True)


def drawn(text: str) -> list[str]:
    return re.findall(r"<svg .*?</svg>", text, re.DOTALL)
