"""What holds for every cloud of the registry: who adds one finds here what it has to bring."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

from generator.clouds import DNS_PROVIDERS, REGISTRY, Cloud
from generator.facts import load_cloud, releases
from tests.helpers import ROOT, build_tree, run_cli
from tests.strategies import SSH_KEY, dump

CLOUDS = sorted(REGISTRY)
# One line of a topology each: with it, the same file stands on another cloud.
LINES: dict[str, dict[str, Any]] = {
    "aws": {"provider": "aws", "region": "eu-central-1"},
    "hetzner": {"provider": "hetzner", "region": "fsn1", "images": {"ubuntu-20.04": "os=ubuntu-20.04"}},
    "libvirt": {"provider": "libvirt", "uplink": {"bridge": "br0"}},
}
# Where public addresses are the operator's own, they stand in that line too.
ADDRESSES: dict[str, dict[str, Any]] = {
    "direct": {"public_addresses": {"mta1": "203.0.113.11", "video1": "203.0.113.15"}},
    "gateway": {"public_address": "203.0.113.10"},
}
NODES: dict[str, Any] = {
    "infra1": ["database", "database-connector", "mesh-and-directory", "monitoring"],
    "mta1": ["mta", "proxy"],
    "store1": ["mailstore", "tasks"],
    "files1": ["files", "docs", "preview"],
    "video1": ["video"],
}


def topology(cloud: str, **changes: Any) -> dict[str, Any]:
    stated = ADDRESSES[changes.get("exposure", "direct")] if REGISTRY[cloud].capabilities.on_premises else {}
    return {
        "domain": "example.com",
        "release": "24.1",
        "os": "ubuntu-20.04",
        "cloud": {**LINES[cloud], **stated},
        "management": ["198.51.100.0/24"],
        "ssh_keys": [SSH_KEY],
        "users": 150,
        "mailbox_quota": "5 GB",
        "nodes": NODES,
        **changes,
    }


def generated(folder: Path, content: dict[str, Any]) -> dict[str, Any]:
    build_tree(folder, {"topology.yaml": dump(content)})
    result = run_cli(folder, "--no-init")
    assert result.code == 0, result.err
    values: dict[str, Any] = json.loads((folder / "terraform.tfvars.json").read_text("utf-8"))
    return values


@pytest.fixture(params=CLOUDS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def cloud(name: str) -> Cloud:
    return REGISTRY[name]


def test_a_cloud_brings_its_files(name: str, cloud: Cloud) -> None:
    assert load_cloud(name).provider == name
    for file in ("main", "variables"):
        assert (ROOT / "templates" / cloud.templates / f"{file}.tf.j2").is_file()
    for module in cloud.modules:
        assert (ROOT / "modules" / module / "README.md").is_file(), module
        assert list((ROOT / "modules" / module / "tests").glob("*.tftest.hcl")), module
    assert list((ROOT / "examples").glob(f"*-{name}/topology.yaml"))
    assert (ROOT / "docs" / f"{name}.md").is_file()
    assert cloud.providers


def test_its_capabilities_fit_together(cloud: Cloud) -> None:
    capabilities = cloud.capabilities
    assert capabilities.default_dns in DNS_PROVIDERS
    assert set(capabilities.exposures) <= {"direct", "gateway", "external"}
    assert "{}" in capabilities.device_path
    assert all(hint.strip() for hint in cloud.hints.values())


def test_every_dns_provider_brings_its_files() -> None:
    for provider in DNS_PROVIDERS.values():
        for module in provider.modules:
            assert (ROOT / "modules" / module / "README.md").is_file()
        for needed in provider.providers:
            assert (ROOT / "templates" / "providers" / f"{needed.name}.tf.j2").is_file()


def test_a_system_without_an_image_says_how_to_make_one(name: str) -> None:
    images = load_cloud(name).images
    assert set(images) == {system for release in releases().values() for system in release.os}
    assert all(image.make for image in images.values() if not image.offered)


@pytest.mark.many(5)
@pytest.mark.parametrize("exposure", ["direct", "gateway"])
@pytest.mark.parametrize("dns", sorted(DNS_PROVIDERS))
def test_one_line_moves_a_topology(name: str, exposure: str, dns: str, tmp_path: Path) -> None:
    changes = {"exposure": exposure, "dns": {"provider": dns}, "host_firewall": True}
    values = generated(tmp_path / name, topology(name, **changes))
    other = generated(tmp_path / "aws", topology("aws", **changes))
    # A hypervisor filters nothing.
    lacking = {"firewall"} if REGISTRY[name].capabilities.on_premises else set()
    assert set(values) == set(other) - lacking, "every cloud's root has variables of the same names"
    assert set(values["nodes"]) == set(other["nodes"])
    shared = {"fqdn", "roles", "type", "image", "subnet", "private_address", "public", "groups", "user_data"}
    assert all(shared <= set(node) for node in values["nodes"].values())
    assert _addressed(values) == _addressed(other)
    outputs = [
        set(re.findall(r'^output "(\w+)"', (tmp_path / one / "outputs.tf").read_text("utf-8"), re.MULTILINE))
        for one in (name, "aws")
    ]
    assert outputs[0] == outputs[1]
    plans = [
        json.loads(run_cli(tmp_path / one, "plan", "--json").out) for one in (name, "aws")
    ]  # what is open does not depend on the cloud, but for DNS inside
    flows = [{flow["id"] for flow in plan["flows"] if "53" not in flow["ports"].split("-")} for plan in plans]
    assert flows[0] == flows[1]


def _addressed(values: dict[str, Any]) -> dict[str, Any]:
    """Return the public records, with symbols in the place of addresses that the operator stated."""
    texts = {
        key: json.dumps([value["text"] % tuple(value["addresses"]) for value in record["values"]])
        for key, record in values["dns"]["public"].items()
    }
    for node, row in values["nodes"].items():
        if row.get("public_address") and not isinstance(row["public_address"], bool):
            texts = {key: text.replace(row["public_address"], f"public:{node}") for key, text in texts.items()}
    return texts


def test_machines_never_know_of_each_other(name: str, tmp_path: Path) -> None:
    """But for those that have to: the gateway, and whoever answers DNS inside."""
    generated(tmp_path, topology(name, exposure="gateway", host_firewall=True))
    for path in (tmp_path / "nodes").iterdir():
        data = json.loads(path.read_text("utf-8"))
        if "/etc/dnsmasq.d/carbonio.conf" not in data["files"] and data["roles"] != ["gateway"]:
            others = [other for other in NODES if f"{other}." in path.read_text("utf-8") and other != data["name"]]
            assert not others, path.name


def test_no_code_decides_by_a_clouds_name() -> None:
    for path in (ROOT / "generator").rglob("*.py"):
        if path.stem.removesuffix("_simulator") in CLOUDS or path.parent.name in CLOUDS:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Compare | ast.Match | ast.IfExp):
                words = {one.value for one in ast.walk(node) if isinstance(one, ast.Constant)}
                assert words.isdisjoint(CLOUDS), f"{path}:{node.lineno}"
