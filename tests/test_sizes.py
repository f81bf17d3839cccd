"""Sizes as the documents give them: the five-node table and the rules beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.helpers import ROOT, run_cli

EXAMPLE = yaml.safe_load((ROOT / "examples" / "five-nodes-aws" / "topology.yaml").read_text("utf-8"))
DOCUMENTED = {
    "infra1": (4, 8, 120),
    "mta1": (4, 10, 30),
    "store1": (4, 16, 30),
    "files1": (4, 8, 30),
    "video1": (4, 8, 30),
}


def plan(folder: Path, **changes: Any) -> dict[str, Any]:
    (folder / "topology.yaml").write_text(json.dumps({**EXAMPLE, **changes}), "utf-8")
    result = run_cli(folder, "plan", "--json")
    assert result.code == 0, result.err
    content: dict[str, Any] = json.loads(result.out)
    return content


def test_the_five_nodes_come_out_as_documented(tmp_path: Path) -> None:
    nodes = plan(tmp_path)["nodes"]
    for name, (vcpu, memory, disk) in DOCUMENTED.items():
        machine = nodes[name]["machine"]
        assert machine["needs_memory_gib"] == memory
        assert machine["needs_vcpu"] >= vcpu
        assert machine["vcpu"] >= machine["needs_vcpu"]
        assert machine["memory_gib"] >= memory
        assert nodes[name]["os_disk_gib"] == disk
        assert machine["reasons"]


def test_150_users_of_5_gb_need_780_gb(tmp_path: Path) -> None:
    found = plan(tmp_path)
    volume = found["volumes"]["store1-mail"]
    assert volume["size_gib"] == 750
    assert volume["mount"] == "/opt/zextras"
    assert volume["size_gib"] + found["nodes"]["store1"]["os_disk_gib"] == 780


@pytest.mark.parametrize(("users", "vcpu", "memory"), [(100, 4, 8), (101, 8, 8), (10_000, 8, 11 + 1)])
def test_video_grows_with_its_users(users: int, vcpu: int, memory: int, tmp_path: Path) -> None:
    nodes = {**EXAMPLE["nodes"], "video1": {"roles": ["video"], "concurrent_users": users}}
    machine = plan(tmp_path, nodes=nodes)["nodes"]["video1"]["machine"]
    assert (machine["needs_vcpu"], machine["needs_memory_gib"]) == (vcpu, memory)


def test_files_alone_need_6_gb(tmp_path: Path) -> None:
    nodes = {**EXAMPLE["nodes"], "files1": ["docs"], "files2": ["files"], "preview1": ["preview"]}
    assert plan(tmp_path, nodes=nodes)["nodes"]["files2"]["machine"]["needs_memory_gib"] == 6


def test_mail_stores_share_the_users_or_carry_their_own(tmp_path: Path) -> None:
    nodes = {**EXAMPLE["nodes"], "store2": {"roles": ["mailstore"], "users": 30}, "store3": ["mailstore"]}
    volumes = plan(tmp_path, nodes=nodes, headroom="20 %", documents="40 GB")["volumes"]
    # (60 users x 5 GB + a third of 40 GB, rounded up) x 1.2
    assert volumes["store1-mail"]["size_gib"] == volumes["store3-mail"]["size_gib"] == 377
    assert volumes["store2-mail"]["size_gib"] == 197


def test_recordings_have_a_volume_of_their_own(tmp_path: Path) -> None:
    nodes = {**EXAMPLE["nodes"], "video1": {"roles": ["video"], "recording": "200 hours"}}
    volume = plan(tmp_path, nodes=nodes)["volumes"]["store1-recordings"]
    assert (volume["size_gib"], volume["mount"]) == (80, "/var/lib/videorecorder")


def test_no_arm_and_no_burstable_type_is_chosen(tmp_path: Path) -> None:
    for node in plan(tmp_path)["nodes"].values():
        family = node["machine"]["type"].split(".")[0]
        assert not family.startswith("t")
        assert "g" not in family[1:]
