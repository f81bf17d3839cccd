"""The same topology gives the same bytes, whoever runs it and wherever."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.helpers import EXAMPLES, ROOT, read_tree, run_cli

VARIANTS: dict[str, dict[str, str]] = {
    "hash seed 1": {"PYTHONHASHSEED": "1"},
    "hash seed 4242": {"PYTHONHASHSEED": "4242"},
    "C": {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "Turkish": {"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8"},
    "time zone": {"TZ": "Pacific/Chatham"},
    "strict": {"PYTHONUTF8": "0", "LC_ALL": "POSIX", "TZ": "Asia/Kathmandu"},
    "no home": {"HOME": "/nonexistent", "USER": "nobody"},
    "narrow terminal": {"COLUMNS": "20", "TERM": "dumb", "NO_COLOR": "1"},
}


def generate(folder: Path, working: Path, variables: dict[str, str]) -> dict[str, bytes]:
    """Generate in a process of its own and return the files."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
    ended = subprocess.run(
        [
            sys.executable,
            "-m",
            "generator",
            os.path.relpath(folder / "topology.yaml", working),
            "--no-init",
        ],
        cwd=working,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    return read_tree(folder)


@pytest.fixture(scope="module")
def plainly(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], dict[str, bytes]]:
    """What an example gives in its own folder, generated when first asked for."""

    @functools.cache
    def once(example: Path) -> dict[str, bytes]:
        folder = tmp_path_factory.mktemp("plainly")
        shutil.copy(example / "topology.yaml", folder)
        return generate(folder, folder, {"PYTHONHASHSEED": "0"})

    return once


@pytest.mark.many(13)
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_bytes_depend_on_the_topology_alone(
    example: Path, variant: str, tmp_path: Path, plainly: Callable[[Path], dict[str, bytes]]
) -> None:
    if "Turkish" in variant:
        known = subprocess.run(["locale", "-a"], check=False, capture_output=True, text=True)
        if "tr_TR.utf8" not in known.stdout:
            pytest.skip("no locale tr_TR.UTF-8 on this machine")
    elsewhere = tmp_path / "else where" / "deployments"
    elsewhere.mkdir(parents=True)
    shutil.copy(example / "topology.yaml", elsewhere)
    first, second = plainly(example), generate(elsewhere, tmp_path, VARIANTS[variant])
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []


def times(folder: Path) -> dict[Path, int]:
    """Return when each file was last written."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_a_second_run_changes_nothing(example: Path, tmp_path: Path) -> None:
    shutil.copy(example / "topology.yaml", tmp_path)
    assert run_cli(tmp_path, "--no-init").code == 0
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    assert run_cli(tmp_path, "--no-init").code == 0
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()} == before
    assert run_cli(tmp_path, "--check").code == 0


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_the_order_of_nodes_does_not_matter_once_they_exist(example: Path, tmp_path: Path) -> None:
    topology = yaml.safe_load((example / "topology.yaml").read_text(encoding="utf-8"))
    if "nodes" not in topology:
        pytest.skip("the example names a scenario")
    shutil.copy(example / "topology.yaml", tmp_path)
    assert run_cli(tmp_path, "--no-init").code == 0
    before = read_tree(tmp_path)
    topology["nodes"] = dict(reversed(topology["nodes"].items()))
    text = yaml.safe_dump(topology, sort_keys=False)
    (tmp_path / "topology.yaml").write_text(text, encoding="utf-8")
    assert run_cli(tmp_path, "--no-init").code == 0
    after = read_tree(tmp_path)
    before.pop("topology.yaml")
    after.pop("topology.yaml")
    assert [name for name in before if before[name] != after.get(name)] == []


def test_nothing_tells_when_or_where_it_was_made(tmp_path: Path) -> None:
    if not EXAMPLES:
        pytest.fail("no examples")
    shutil.copy(EXAMPLES[0] / "topology.yaml", tmp_path)
    assert run_cli(tmp_path, "--no-init").code == 0
    words = [str(tmp_path).encode(), str(ROOT).encode(), os.uname().nodename.encode()]
    for name, content in read_tree(tmp_path).items():
        assert not [word for word in words if len(word) > 4 and word in content], name
