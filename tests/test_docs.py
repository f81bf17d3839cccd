"""The documents: current, and everything in them that can be run, is."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from generator.cli.main import COMMANDS
from tests.helpers import ROOT, run_cli

DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]

KEY = "AAAAC3NzaC1lZDI1NTE5AAAAID/BBEmEyXDTzLd4O/lYsf8s032tI2w04LtMuXNlQlto"
# Into this goes what a document shows of a topology.
BASE: dict[str, Any] = {
    "domain": "example.com",
    "release": "26.6",
    "cloud": {"provider": "aws", "region": "eu-central-1"},
    "management": ["198.51.100.0/24"],
    "ssh_keys": [f"ssh-ed25519 {KEY} you@example.com"],
    "users": 150,
    "mailbox_quota": "5 GB",
    "nodes": {
        "infra1": ["mesh-and-directory", "database", "monitoring"],
        "mta1": ["mta", "proxy"],
        "mta2": ["mta", "proxy"],
        "store1": ["mailstore", "tasks"],
        "files1": ["chats", "files", "docs", "preview"],
        "video1": ["video"],
    },
}


def test_the_reference_is_current() -> None:
    ended = subprocess.run([sys.executable, str(ROOT / "script" / "docs"), "--check"], check=False)
    assert ended.returncode == 0, "run script/docs"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text("utf-8")):
        assert (path.parent / target).exists(), target


def blocks_of(path: Path) -> list[tuple[str, str]]:
    """Return the fenced blocks of a document in their order: language and content."""
    return re.findall(r"(?ms)^```(\w+)\n(.*?)^```$", path.read_text("utf-8"))


def written(topology: dict[str, Any]) -> str:
    text: str = yaml.safe_dump(topology, sort_keys=False, allow_unicode=True)
    return text.replace("AAAA...", KEY)


def merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Return a topology with a document's piece put into it; a scenario takes the place of nodes, and so on."""
    found = {key: value for key, value in below.items() if not ({key, *above} >= {"nodes", "scenario"})}
    for key, value in above.items():
        both = isinstance(value, dict) and isinstance(found.get(key), dict) and key != "nodes"
        found[key] = merged(found[key], value) if both else value
    return found


@pytest.mark.parametrize(
    ("path", "number", "piece"),
    [
        pytest.param(path, number, yaml.safe_load(content), id=f"{path.name}-{number}")
        for path in DOCUMENTS
        for number, (language, content) in enumerate(blocks_of(path))
        if language == "yaml"
    ],
)
def test_topologies_of_the_documents_generate_and_their_commands_run(
    path: Path, number: int, piece: dict[str, Any], tmp_path: Path
) -> None:
    topology = piece if "domain" in piece else merged(BASE, piece)
    for name in re.findall(r"file: ([\w.]+)", blocks_of(path)[number][1]):
        (tmp_path / name).write_text(f"v=DKIM1; k=ed25519; p={'A' * 43}=", "ascii")
    (tmp_path / "topology.yaml").write_text(written(topology), "utf-8")
    result = run_cli(tmp_path, "--no-init")
    assert result.code == 0, result.err
    for language, content in blocks_of(path)[number + 1 :]:
        if language == "yaml":
            break
        for line in content.splitlines() if language == "sh" else ():
            words = shlex.split(line, comments=True)
            if words[:1] == ["generate"]:
                options = ["--no-init"] if len(words) == 1 or words[1].startswith("-") else []
                ended = run_cli(tmp_path, *words[1:], *options)
                assert ended.code == 0, f"{line}\n{ended.err}"


def test_commands_and_options_of_the_documents_exist() -> None:
    commands = tuple(COMMANDS)
    known = run_cli(ROOT, "--help").out + "".join(run_cli(ROOT, command, "--help").out for command in commands)
    for path in DOCUMENTS:
        for command in re.findall(r"`generate ([^`]+)`", path.read_text("utf-8")):
            for word in command.split():
                if word.startswith("--") or word in commands:
                    assert word in known, f"{path.name}: generate {command}"
