"""What many tests need: small trees, the command line in this process, golden trees."""

from __future__ import annotations

import contextlib
import difflib
import io
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = sorted(path.parent for path in (ROOT / "examples").glob("*/topology.yaml"))
FAST = bool(os.environ.get("GENERATE_TESTS_FAST"))
# `topology.yaml:3:7: error[unknown-key]: ...`: what an editor can jump to.
PROBLEM = re.compile(
    r"^(?P<file>.+?):(?P<line>\d+):(?P<column>\d+): (?P<severity>error|warning)"
    r"\[(?P<rule>[a-z0-9-]+)\]: (?P<message>.+)"
)


class Result(NamedTuple):
    """What one call of the command line did."""

    code: int
    out: str
    err: str

    @property
    def errors(self) -> list[re.Match[str]]:
        """Errors that name a place in a file, in the order in which they were reported."""
        found = [PROBLEM.match(line) for line in self.err.splitlines()]
        return [match for match in found if match and match["severity"] == "error"]


def examples(few: int, many: int) -> int:
    """Return how many examples a property is tried on: few in a fast run."""
    return few if FAST else many


def build_tree(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files below a folder.

    Args:
        folder: Where; it is made if needed.
        files: Content by relative path.

    Returns:
        The folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def read_tree(folder: Path, without: Iterable[str] = (".terraform",)) -> dict[str, bytes]:
    """Return the content of every file below a folder by relative path, sorted."""
    hidden = set(without)
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and hidden.isdisjoint(path.relative_to(folder).parts)
    }


def run_cli(folder: Path, *arguments: str) -> Result:
    """Call the command line in this process, in a folder.

    Args:
        folder: The working directory during the call.
        arguments: Words after `generate`.

    Returns:
        Exit code and both streams.
    """
    from generator.cli import main

    out, err = io.StringIO(), io.StringIO()
    before = Path.cwd()
    os.chdir(folder)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                code = int(main(list(arguments)) or 0)
            except SystemExit as leave:
                code = leave.code if isinstance(leave.code, int) else 1
    finally:
        os.chdir(before)
    return Result(code, out.getvalue(), err.getvalue())


def assert_golden(expected: Path, actual: Mapping[str, bytes]) -> None:
    """Compare files with a golden tree, in both directions.

    With GOLDEN_UPDATE=1 in the environment the tree is rewritten and the test fails all the same: a
    run that changes what is expected never passes.

    Args:
        expected: The folder of the golden tree.
        actual: Content by relative path.
    """
    golden = read_tree(expected) if expected.is_dir() else {}
    if golden == dict(actual):
        return
    if os.environ.get("GOLDEN_UPDATE") == "1":
        for name in golden.keys() - actual.keys():
            (expected / name).unlink()
        build_tree(expected, dict(actual))
        pytest.fail(f"{expected} was updated: look at `git diff`, then run without GOLDEN_UPDATE")
    report = [f"missing: {name}" for name in sorted(golden.keys() - actual.keys())]
    report += [f"unexpected: {name}" for name in sorted(actual.keys() - golden.keys())]
    for name in sorted(golden.keys() & actual.keys()):
        if golden[name] != actual[name]:
            report += difflib.unified_diff(
                golden[name].decode(errors="replace").splitlines(),
                actual[name].decode(errors="replace").splitlines(),
                f"golden/{name}",
                f"now/{name}",
                lineterm="",
            )
    listing = "\n".join(report[:200])
    pytest.fail(f"{listing}\n\nIf this is meant: GOLDEN_UPDATE=1 script/test tests/test_golden.py")
