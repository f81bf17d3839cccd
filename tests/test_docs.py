"""The documents: current, and everything in them that can be run, is."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers import ROOT, run_cli

DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_the_reference_is_current() -> None:
    ended = subprocess.run([sys.executable, str(ROOT / "script" / "docs"), "--check"], check=False)
    assert ended.returncode == 0, "run script/docs"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text("utf-8")):
        assert (path.parent / target).exists(), target


def topology_of_the_readme() -> str:
    text = (ROOT / "README.md").read_text("utf-8")
    block = re.search(r"(?m)^    domain:.*\n(?:    .*\n)+", text)
    assert block is not None
    key = "AAAAC3NzaC1lZDI1NTE5AAAAID/BBEmEyXDTzLd4O/lYsf8s032tI2w04LtMuXNlQlto"
    return re.sub(r"(?m)^    ", "", block[0]).replace("AAAA...", key)


def test_the_topology_of_the_readme_generates(tmp_path: Path) -> None:
    (tmp_path / "topology.yaml").write_text(topology_of_the_readme(), "utf-8")
    result = run_cli(tmp_path, "--no-init")
    assert result.code == 0, result.err


def test_the_overlay_and_the_commands_of_its_document(tmp_path: Path) -> None:
    overlay, commands = re.findall(r"(?m)(?:^    .*\n)+", (ROOT / "docs" / "overlays.md").read_text("utf-8"))
    (tmp_path / "topology.yaml").write_text(topology_of_the_readme(), "utf-8")
    (tmp_path / "production.yaml").write_text(re.sub(r"(?m)^    ", "", overlay), "utf-8")
    for line in commands.splitlines():
        words = shlex.split(line)
        assert words[0] == "generate"
        result = run_cli(tmp_path, *words[1:], *([] if words[1] == "plan" else ["--no-init"]))
        assert result.code == 0, f"{line}\n{result.err}"
        assert result.err.startswith("composed of topology.yaml")
    values = json.loads((tmp_path / "production" / "terraform.tfvars.json").read_text("utf-8"))
    assert {name: set(node["roles"]) for name, node in values["nodes"].items()} == {
        "infra1": {"mesh-and-directory", "database", "monitoring"},
        "files1": {"chats", "files", "docs", "preview"},
        "mta1": {"mta", "proxy"},
        "store1": {"mailstore", "tasks"},
        "store2": {"mailstore"},
    }
    assert values["nodes"]["mta1"]["type"] == "c6i.2xlarge"


def test_commands_and_options_of_the_documents_exist() -> None:
    commands = ("plan", "rehearse", "verify", "completion")
    known = run_cli(ROOT, "--help").out + "".join(run_cli(ROOT, command, "--help").out for command in commands)
    for path in DOCUMENTS:
        for command in re.findall(r"`generate ([^`]+)`", path.read_text("utf-8")):
            for word in command.split():
                if word.startswith("--") or word in commands:
                    assert word in known, f"{path.name}: generate {command}"
