"""Later changes: what was chosen once stays, and what cannot stay is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.helpers import ROOT, run_cli

EXAMPLE = yaml.safe_load((ROOT / "examples" / "five-nodes-aws" / "topology.yaml").read_text("utf-8"))


class Deployment:
    """A folder in which a topology is generated again and again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.topology: dict[str, Any] = json.loads(json.dumps(EXAMPLE))

    def generate(self, *options: str, code: int = 0) -> str:
        (self.folder / "topology.yaml").write_text(json.dumps(self.topology), "utf-8")
        result = run_cli(self.folder, "--no-init", *options)
        assert result.code == code, result.err
        return result.err + result.out

    @property
    def values(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.folder / "terraform.tfvars.json").read_text("utf-8"))
        return content

    @property
    def nodes(self) -> dict[str, Any]:
        nodes: dict[str, Any] = self.values["nodes"]
        return nodes


@pytest.fixture
def deployment(tmp_path: Path) -> Deployment:
    found = Deployment(tmp_path)
    found.generate()
    return found


def test_adding_removing_and_reordering_changes_no_other_node(deployment: Deployment) -> None:
    before = deployment.nodes
    nodes = deployment.topology["nodes"]
    del nodes["files1"]
    deployment.topology["nodes"] = {"aaa": ["tasks"], **dict(reversed(nodes.items())), "store2": ["mailstore"]}
    deployment.generate()
    after = deployment.nodes
    for name in before.keys() - {"files1"}:
        assert after[name] == before[name]
    addresses = [node["private_address"] for node in after.values()]
    assert len(addresses) == len(set(addresses))
    assert "files1" not in after


def test_user_data_and_data_of_other_nodes_do_not_change(deployment: Deployment) -> None:
    def per_node() -> dict[str, bytes]:
        found = [*(deployment.folder / "cloud-init").iterdir(), *(deployment.folder / "nodes").iterdir()]
        return {f"{path.parent.name}/{path.name}": path.read_bytes() for path in found}

    before = per_node()
    deployment.topology["nodes"]["store2"] = ["mailstore"]
    deployment.topology["services"] = {"imaps": True, "submissions": True}
    deployment.generate()
    after = per_node()
    assert {name: after[name] for name in before} == before
    assert after.keys() - before.keys() == {"cloud-init/store2.yaml", "nodes/store2.json"}


def test_no_nodes_file_names_another_node(deployment: Deployment) -> None:
    names = set(EXAMPLE["nodes"])
    for folder in ("nodes", "cloud-init"):
        for path in (deployment.folder / folder).iterdir():
            text = path.read_text("utf-8")
            assert not [name for name in names - {path.stem} if name in text], path


def test_a_locked_type_stays_when_another_would_be_chosen(deployment: Deployment) -> None:
    lock_path = deployment.folder / "topology.lock.json"
    lock = json.loads(lock_path.read_text("utf-8"))
    lock["nodes"]["mta1"]["type"] = "m5.2xlarge"
    lock_path.write_text(json.dumps(lock), "utf-8")
    deployment.generate("--force")
    assert deployment.nodes["mta1"]["type"] == "m5.2xlarge"
    said = deployment.generate("--upgrade")
    assert deployment.nodes["mta1"]["type"] != "m5.2xlarge"
    assert f"mta1: type m5.2xlarge -> {deployment.nodes['mta1']['type']}" in said


def test_upgrade_keeps_addresses(deployment: Deployment) -> None:
    nodes = deployment.topology["nodes"]
    deployment.topology["nodes"] = dict(reversed(nodes.items()))
    before = {name: node["private_address"] for name, node in deployment.nodes.items()}
    deployment.generate("--upgrade")
    assert {name: node["private_address"] for name, node in deployment.nodes.items()} == before


def test_an_outgrown_type_changes_and_says_so(deployment: Deployment) -> None:
    before = deployment.nodes["video1"]["type"]
    deployment.topology["nodes"]["video1"] = {"roles": ["video"], "concurrent_users": 40_000}
    said = deployment.generate()
    assert "warning[type-outgrown]: video1 needs 8 vCPU and 42 GB now" in said
    assert deployment.nodes["video1"]["type"] != before


def test_a_node_that_becomes_public_moves_and_says_so(deployment: Deployment) -> None:
    deployment.topology["nodes"]["files1"] = ["files", "docs", "preview", "proxy"]
    said = deployment.generate()
    assert "warning[node-moves]: files1 becomes public" in said
    assert deployment.nodes["files1"]["subnet"].startswith("public-")


def test_a_changed_system_is_said(deployment: Deployment) -> None:
    deployment.topology["nodes"]["files1"] = {"roles": ["files", "docs", "preview"], "os": "rhel-8"}
    said = deployment.generate()
    assert "warning[os-changes]: files1 changes from ubuntu-20.04 to rhel-8" in said


def test_opening_a_service_adds_its_rule_and_nothing_else(deployment: Deployment) -> None:
    before = deployment.values
    deployment.topology["services"] = {"imaps": True, "submissions": True}
    deployment.generate()
    after = deployment.values
    added = after["firewall"]["rules"].keys() - before["firewall"]["rules"].keys()
    assert added == {"mta+proxy/in/internet/tcp/993", "mta+proxy/in/internet/tcp/465"}
    after["firewall"] = before["firewall"]
    assert after == before


def test_a_larger_quota_grows_the_volume_and_nothing_else(deployment: Deployment) -> None:
    before = deployment.values
    deployment.topology["mailbox_quota"] = "6 GB"
    deployment.generate()
    after = deployment.values
    assert after["volumes"]["store1-mail"]["size_gib"] == 900
    after["volumes"]["store1-mail"]["size_gib"] = 750
    assert after == before


def test_recordings_stay_on_their_mail_store(deployment: Deployment) -> None:
    deployment.topology["nodes"]["video1"] = {"roles": ["video"], "recording": "200 hours"}
    deployment.generate()
    assert deployment.values["volumes"]["store1-recordings"]["size_gib"] == 80
    deployment.topology["nodes"] = {"astore": ["mailstore"], **deployment.topology["nodes"]}
    deployment.generate()
    assert "store1-recordings" in deployment.values["volumes"]


def test_a_damaged_lock_is_refused(deployment: Deployment) -> None:
    (deployment.folder / "topology.lock.json").write_text("{", "utf-8")
    assert "is damaged" in deployment.generate(code=2)
    (deployment.folder / "topology.lock.json").write_text('{"format": 7}', "utf-8")
    assert "format 7" in deployment.generate(code=2)


def test_without_a_lock_the_file_decides(deployment: Deployment) -> None:
    (deployment.folder / "topology.lock.json").unlink()
    deployment.generate()
    assert (deployment.folder / "topology.lock.json").is_file()
