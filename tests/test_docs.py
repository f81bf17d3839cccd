"""The documents: current, and everything in them that can be run, is."""

from __future__ import annotations

import re
import shutil
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


def test_the_topology_of_the_readme_generates(tmp_path: Path) -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    block = re.search(r"(?m)^    domain:.*\n(?:    .*\n)+", text)
    assert block is not None
    key = "AAAAC3NzaC1lZDI1NTE5AAAAID/BBEmEyXDTzLd4O/lYsf8s032tI2w04LtMuXNlQlto"
    topology = re.sub(r"(?m)^    ", "", block[0]).replace("AAAA...", key)
    (tmp_path / "topology.yaml").write_text(topology, "utf-8")
    result = run_cli(tmp_path, "--no-init")
    assert result.code == 0, result.err


def test_commands_and_options_of_the_documents_exist() -> None:
    commands = ("plan", "rehearse", "verify")
    known = run_cli(ROOT, "--help").out + "".join(run_cli(ROOT, command, "--help").out for command in commands)
    for path in DOCUMENTS:
        for command in re.findall(r"`generate ([^`]+)`", path.read_text("utf-8")):
            for word in command.split():
                if word.startswith("--") or word in commands:
                    assert word in known, f"{path.name}: generate {command}"


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
