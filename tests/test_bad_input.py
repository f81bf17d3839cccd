"""Every rule has a file of bad input, in which comments say what is expected and where.

Below the line in question, `#   ^ rule: part of the message` points to the column with its caret;
`#< rule: ...` means the first column; `warning rule: ...` expects a warning.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.helpers import ROOT, read_tree, run_cli

BAD = sorted((ROOT / "tests" / "bad").glob("*.yaml"))
EXPECTED = re.compile(r"#(?P<gap> *)(?P<mark>[<^]) (?P<warning>warning )?(?P<rule>[a-z0-9-]+): (?P<text>.*)")
FOUND = re.compile(
    r"topology\.yaml:(?P<line>\d+):(?P<column>\d+): (?P<severity>error|warning)\[(?P<rule>[a-z0-9-]+)\]: (?P<text>.*)"
)
RULE_IN_CODE = re.compile(r'(?:Finding|self\.wrong|wrong)\(\s*"([a-z0-9-]+)"|yield (?:node|key), \("([a-z0-9-]+)"')
# They need a network, an earlier run, or a file that is no text; tests of their own look at them.
ELSEWHERE = {
    "address-changes",
    "cloud-changes",
    "disk-shrinks",
    "image-not-found",
    "network-changes",
    "network-overlaps",
    "no-hypervisor",
    "no-network",
    "no-pool",
    "node-moves",
    "not-utf-8",
    "os-changes",
    "type-not-offered",
    "type-changes",
    "type-outgrown",
    "too-deep",
    "too-large",
    "volume-leaves",
    "volume-stays",
    "wrong-set",
}


def expected(text: str) -> set[tuple[int, int, str, str]]:
    found = set()
    line = 0
    for number, content in enumerate(text.splitlines(), 1):
        match = EXPECTED.fullmatch(content)
        if match is None:
            line = number
            continue
        column = 1 if match["mark"] == "<" else len(match["gap"]) + 2
        severity = "warning" if match["warning"] else "error"
        found.add((max(line, 1), column, severity, match["rule"]))
    return found


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_what_is_wrong_is_said_where_it_stands(path: Path, tmp_path: Path) -> None:
    text = path.read_text("utf-8")
    (tmp_path / "topology.yaml").write_text(text, "utf-8")
    result = run_cli(tmp_path, "--no-init")
    found = [FOUND.match(line) for line in result.err.splitlines()]
    problems = {
        (int(match["line"]), int(match["column"]), match["severity"], match["rule"])
        for match in found
        if match and match["rule"] != "os-end-of-life"
    }
    assert problems == expected(text), result.err
    for match in EXPECTED.finditer(text):
        assert match["text"] in result.err, match["rule"]
    assert result.code == 2
    assert "Traceback" not in result.err
    assert result.out == ""
    assert list(read_tree(tmp_path)) == ["topology.yaml"], "something was written"


def test_every_rule_has_a_file() -> None:
    rules = {
        rule
        for path in (ROOT / "generator").rglob("*.py")
        for groups in RULE_IN_CODE.findall(path.read_text("utf-8"))
        for rule in groups
        if rule
    }
    rules |= {"wrong-value", "unquoted-release"}
    shown = {match["rule"] for path in BAD for match in EXPECTED.finditer(path.read_text("utf-8"))}
    assert rules - ELSEWHERE - shown == {"os-end-of-life"}
    code = "".join(path.read_text("utf-8") for path in (ROOT / "generator").rglob("*.py"))
    assert not [rule for rule in shown if f'"{rule}"' not in code]


def test_the_order_is_that_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "topology.yaml").write_bytes((ROOT / "tests" / "bad" / "several.yaml").read_bytes())
    result = run_cli(tmp_path, "--no-init")
    lines = [int(match["line"]) for match in map(FOUND.match, result.err.splitlines()) if match]
    assert lines == sorted(lines)
    assert len(lines) >= 3
    assert "3 errors; nothing was written" in result.err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xfe\x00d", "topology.yaml:1:1: error[not-utf-8]"),
        (b"domain: ex\xe4mple.com\n", "topology.yaml:1:11: error[not-utf-8]"),
        (b"[" * 100_000, "error[too-deep]"),
        (b"- " * 100_000 + b"a", "error[too-deep]"),
        (b"a: \x00b\n", "error[yaml-syntax]"),
        (b"a: 1\n---\nb: 2\n", "error[yaml-syntax]"),
        (b"", "error[not-a-topology]"),
        (b"x" * (17 * 1024 * 1024), "at most 16 MiB"),
    ],
    ids=["utf-16", "latin-1", "brackets", "dashes", "nul", "two-documents", "empty", "huge"],
)
def test_files_that_are_no_topology(content: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "topology.yaml").write_bytes(content)
    result = run_cli(tmp_path, "--no-init")
    assert result.code == 2
    assert said in result.err


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    result = run_cli(tmp_path, "--no-init")
    assert (result.code, result.out) == (2, "")
    assert "topology.yaml does not exist" in result.err
    (tmp_path / "topology.yaml").mkdir()
    assert "is a folder" in run_cli(tmp_path, "--no-init").err
