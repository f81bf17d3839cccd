"""The documents: current, and everything in them that can be run, is."""

from __future__ import annotations

import importlib
import itertools
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
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


# What needs a terminal, a simulator, resolvers or a repository is run by the tests of these commands.
NOT_RUN_HERE = ("init", "rehearse", "review", "verify")


def commands_beside_topologies() -> Iterator[Any]:
    """Yield the calls of documents that are indented, or in a block before any topology."""
    for path in DOCUMENTS:
        text = path.read_text("utf-8")
        blocks = list(itertools.takewhile(lambda block: block[0] != "yaml", blocks_of(path)))
        # What is laid over a topology there, and the commands with it: tests/test_compose.py.
        blocks = [] if path.name == "overlays.md" else blocks
        lines = [line for language, content in blocks if language in ("sh", "yml") for line in content.splitlines()]
        lines += re.findall(r"(?m)^    (.*)$", re.sub(r"(?ms)^```\w+\n.*?^```$", "", text))
        for line in dict.fromkeys(lines):
            words = shlex.split(line.partition(">")[0], comments=True) if line.startswith("generate") else []
            if words[:1] == ["generate"]:
                yield pytest.param(words[1:], id=f"{path.name}: {' '.join(words)}")


BESIDE = list(commands_beside_topologies())


@pytest.mark.parametrize("words", BESIDE)
def test_commands_beside_topologies_run(words: list[str], tmp_path: Path) -> None:
    if words[:1] and words[0] in NOT_RUN_HERE:
        command = importlib.import_module(f"generator.cli.{words[0]}")
        # It ends the program where an option is not one.
        command.parser().parse_args(words[1:])
        return
    (tmp_path / "topology.yaml").write_text(written(BASE), "utf-8")
    ended = run_cli(tmp_path, *words, *([] if words else ["--no-init"]))
    assert ended.code == 0, ended.err


def test_the_commands_of_the_quick_start_are_among_them() -> None:
    found = {case.id for case in BESIDE}
    for command in ("generate init", "generate plan", "generate rehearse", "generate"):
        assert f"README.md: {command}" in found


@pytest.mark.skipif(shutil.which("wg") is None, reason="wg (Debian: wireguard-tools) is missing")
def test_a_peers_private_key_is_read_by_nobody_else(tmp_path: Path) -> None:
    lines = (ROOT / "docs" / "network.md").read_text("utf-8").splitlines()
    (command,) = [line.strip() for line in lines if line.startswith("    ") and "wg genkey" in line]
    ended = subprocess.run(["sh", "-c", f"umask 022; {command}"], cwd=tmp_path, capture_output=True, check=True)
    assert len(ended.stdout.strip()) == 44
    assert (tmp_path / "private").stat().st_mode & 0o777 == 0o600


def test_the_install_line_brings_every_command() -> None:
    """Without an extra its command is there and refuses."""
    extras = re.findall(r"^(rehearse|verify) = \[", (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
    line = re.search(r"pip install '\.\[([a-z,]+)\]'", (ROOT / "README.md").read_text("utf-8"))
    assert line is not None
    assert sorted(extras) == sorted(line[1].split(",")) == ["rehearse", "verify"]


def test_the_reference_names_what_may_stand_where_a_name_is_asked_for() -> None:
    text = (ROOT / "docs" / "topology.md").read_text("utf-8")
    assert re.findall(r"^\| `(\w+)` \| (?:[^|]* )?a name(?: \||,)", text, re.MULTILINE) == []
    headings = {
        title.lower().replace(".", "").replace(" ", "-") for title in re.findall(r"^## (.+)$", text, re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= headings
    for word in ("`eu-central-1a`", "`fsn1`", "`rhel-9`", "`full-small`", "`mesh-and-directory`"):
        assert word in text
