"""Every rule has a file of bad input, in which comments say what is expected and where.

What is printed for it stands beside it (NAME.out; GOLDEN_UPDATE=1 writes it anew).
Below the line in question, `#   ^ rule: part of the message` points to the column with its caret;
`#< rule: ...` means the first column; `warning rule: ...` expects a warning.
"""

from __future__ import annotations

import ast
import json
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from generator.kinds.kind import Kind
from generator.load.shape import Shape, fields_of
from generator.rules import rules
from generator.topology import Topology
from tests.helpers import ROOT, read_tree, run_cli

BAD = sorted((ROOT / "tests" / "bad").glob("*.yaml"))
EXPECTED = re.compile(r"#(?P<gap> *)(?P<mark>[<^]) (?P<warning>warning )?(?P<rule>[a-z0-9-]+): (?P<text>.*)")
FOUND = re.compile(
    r"topology\.yaml:(?P<line>\d+):(?P<column>\d+): (?P<severity>error|warning)\[(?P<rule>[a-z0-9-]+)\]: (?P<text>.*)"
)
CALLS = ("Finding", "wrong", "_find", "_warning", "problem_at")
LONGEST = 12
"""Lines that one problem may take."""

WIDEST = 80
# They need a network, an earlier run, or a file that is no text; tests of their own look at them.
ELSEWHERE = {
    "address-changes",
    "cloud-changes",
    "disk-shrinks",
    "empty-file",
    "exposure-changes",
    "forward-to-new",
    "image-not-found",
    "network-changes",
    "network-overlaps",
    "no-hypervisor",
    "no-network",
    "no-pool",
    "node-moves",
    "not-utf-8",
    "os-changes",
    "public-address-changes",
    "release-changes",
    "reverse-name-changes",
    "ssh-keys-change",
    "type-not-offered",
    "type-changes",
    "type-outgrown",
    "too-deep",
    "uplink-changes",
    "volume-grows",
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
        assert match["text"] in " ".join(result.err.split()), match["rule"]
    _as_before(path.with_suffix(".out"), result.err)
    _readable(result.err)
    assert result.code == 2
    assert "Traceback" not in result.err
    assert result.out == ""
    assert list(read_tree(tmp_path)) == ["topology.yaml"], "something was written"


def _as_before(path: Path, printed: str) -> None:
    if os.environ.get("GOLDEN_UPDATE") and (not path.is_file() or path.read_text("utf-8") != printed):
        path.write_text(printed, "utf-8")
        pytest.fail(f"{path.name} was written: read it, and run again")
    assert printed == path.read_text("utf-8")


def _readable(printed: str) -> None:
    """Hold that a problem is short, and narrow but for its first line, which programs read."""
    length = 0
    for line in printed.splitlines():
        first = FOUND.match(line) is not None
        length = 1 if first else length + 1
        assert length <= LONGEST, printed
        words_fit = any(len(word) > WIDEST - 8 for word in line.split())
        assert first or len(line) <= WIDEST or words_fit, line


def test_every_problem_says_how_to_mend_it() -> None:
    for path in sorted((ROOT / "tests" / "bad").glob("*.out")):
        blocks: list[str] = []
        for line in path.read_text("utf-8").splitlines():
            if FOUND.match(line):
                blocks.append(line)
            elif blocks and line[:1] == " ":
                blocks[-1] += f"\n{line}"
        for block in blocks:
            # The word that was meant is the remedy.
            assert "\n      = " in block or "; did you mean " in block.partition("\n")[0], f"{path.name}\n{block}"


def test_no_finding_is_made_without_a_remedy() -> None:
    for path in (ROOT / "generator").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Finding":
                given = [*node.args[3:4], *(one.value for one in node.keywords if one.arg == "mend")]
                assert given, f"{path}:{node.lineno}"
                assert ast.unparse(given[0]) != "''", f"{path}:{node.lineno}"


def test_a_long_list_does_not_stand_beside_the_word_that_was_meant() -> None:
    for path in sorted((ROOT / "tests" / "bad").glob("*.out")):
        for block in re.split(r"\n(?=topology\.yaml:)", path.read_text("utf-8")):
            if "; did you mean " in block:
                mend = block.partition("\n      = ")[2]
                assert max(mend.count(", "), block.partition("\n")[0].count(" or ")) < 6, f"{path.name}\n{block}"


def _kinds(shape: Shape) -> Iterator[Kind]:
    yield from (kind for kind in (shape.kind, shape.key) if kind is not None)
    if shape.item is not None:
        yield from _kinds(shape.item)
    for field in fields_of(shape.table).values() if shape.table is not None else ():
        yield from _kinds(field.shape)


def test_every_kind_says_how_to_mend_whatever_is_refused() -> None:
    kinds = {id(kind): kind for kind in _kinds(Shape("table", table=Topology))}
    assert len(kinds) > 30
    texts = ("", "?", "-", "a\tb", "[]{}", "12", "no", "..", "é@", "a" * 300, "https://user:secret@/")
    for kind in kinds.values():
        for text in (text for text in texts if not _accepts(kind, text)):
            assert kind.mend(text), (kind.expected, text)
            assert "secret" not in kind.mend(text)


def _accepts(kind: Kind, text: str) -> bool:
    try:
        kind.parse(text)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(
    ("assignment", "mend"),
    [
        ("users=0150", "Write: 150"),
        ("users=150 mailboxes", "Write: 150"),
        ("users=1,500", "Write: 1500"),
        ('users="150"', "Write it without quotes: 150"),
        ("users=0", "Write a number in that range, in digits alone, as in: 150"),
        ("users=10k", "Write a number in that range, in digits alone, as in: 150"),
        ("mailbox_quota=5 gigabytes", "Write: 5 GB"),
        ("mailbox_quota=5", "Write: 5 GB"),
        ("mailbox_quota=1,5 terabytes", "Write: 1.5 TB"),
        ("mailbox_quota=500 MB", "Write a number and its unit, GB or TB, as in: 5 GB"),
        ("headroom=20 percent", "Write: 20 %"),
        ("name=8", 'Write it in quotes: "8"'),
        ("name=mail-", "Write: mail"),
        ("domain=https://example.com/mail", "Write: example.com"),
        ("domain=example..com", "Write: example.com"),
        ("domain=example", "Write all of it, with its last part, as in: example.com"),
        ("management=203.0.113.5/24", "Write: 203.0.113.0/24; or for that address alone: 203.0.113.5"),
        ("nodes.mta1.address=10.20.0.10/24", "Write: 10.20.0.10"),
        ("dns.dmarc.reports=mailto:dmarc@example.com", "Write: dmarc@example.com"),
        ("dns.tls_reports=tls@example..com", "Write: tls@example.com"),
        ("dns.spf.include=include:_spf.example.net", "Write: _spf.example.net"),
        ("dns.spf.include=198.51.100.25", "Write it there: spf: {addresses: [198.51.100.25]}"),
        ("dns.spf.include=ip6:2001:db8::/48", 'Write it there: spf: {addresses: ["2001:db8::/48"]}'),
        ("dns.spf.addresses=ip6:2001:db8::/48", "Write: 2001:db8::/48"),
        ("dns.spf.addresses=198.51.100.25/24", "Write: 198.51.100.0/24; or for that address alone: 198.51.100.25"),
        ("dns.caa=https://letsencrypt.org", "Write: letsencrypt.org"),
        ("dns.dkim.selector=mail._domainkey.example.com", "Write: mail"),
        ("state.bucket=s3://Example-Terraform/mail", "Write: example-terraform"),
        ("state.key=/mail/terraform.tfstate", "Write: mail/terraform.tfstate"),
        ("state.project=https://gitlab.com/operations/mail.git", "Write: operations/mail"),
    ],
)
def test_what_to_write_is_said_where_it_is_no_guess(assignment: str, mend: str, tmp_path: Path) -> None:
    (tmp_path / "topology.yaml").write_bytes((ROOT / "examples" / "five-nodes-aws" / "topology.yaml").read_bytes())
    result = run_cli(tmp_path, "--check", "--json", "--set", assignment)
    assert mend in [one["mend"] for one in json.loads(result.out)["problems"]], result.err


def _rules_in_code() -> dict[str, str]:
    """Return what stands where a rule is named in a call, by rule: the names of warnings, or nothing."""
    found = {}
    for path in (ROOT / "generator").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            words: list[ast.expr] = []
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in CALLS:
                words = node.args
            elif isinstance(node, ast.Yield) and isinstance(node.value, ast.Tuple):
                words = node.value.elts[1:]
            called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            texts = [str(word.value) for word in words if isinstance(word, ast.Constant)]
            if texts and re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", texts[0]):
                found[texts[0]] = "warning" if "warning" in (*texts, called.strip("_")) else "error"
    return found


def test_every_rule_is_explained_and_has_a_file() -> None:
    in_code = _rules_in_code()
    # These are named by a table, or by a condition.
    tabled = ("two-spf", "two-dmarc", "two-mta-sts", "two-tls-reports", "wrong-value", "unquoted-release")
    in_code |= dict.fromkeys(tabled, "error")
    registered = {rule.id: "warning" if rule.warning else "error" for rule in rules().values()}
    assert registered == in_code
    shown = {match["rule"] for path in BAD for match in EXPECTED.finditer(path.read_text("utf-8"))}
    assert registered.keys() - ELSEWHERE - shown == {"os-end-of-life"}
    assert shown <= registered.keys()


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


def test_a_file_with_a_private_key_is_never_shown(tmp_path: Path) -> None:
    lines = ["domain: example.com", "ssh_keys:", "  - |", "    -----BEGIN OPENSSH PRIVATE KEY-----", "    c2VjcmV0"]
    (tmp_path / "topology.yaml").write_text("\n".join([*lines, "c2VjcmV0: [", ""]), "utf-8")
    result = run_cli(tmp_path, "--no-init")
    assert result.code == 2
    assert "c2VjcmV0" not in result.err


def test_a_wide_letter_takes_two_columns(tmp_path: Path) -> None:
    (tmp_path / "topology.yaml").write_text("{東京都: 1, domainn: example.com}\n", "utf-8")
    lines = run_cli(tmp_path, "--no-init").err.splitlines()
    at = next(number for number, line in enumerate(lines) if ":1:10: error[unknown-key]" in line)
    assert lines[at + 1] == "    1 | {東京都: 1, domainn: example.com}"
    assert lines[at + 2] == "      |             ^^^^^^^"


def test_sarif_says_the_same(tmp_path: Path) -> None:
    (tmp_path / "topology.yaml").write_bytes((ROOT / "tests" / "bad" / "several.yaml").read_bytes())
    result = run_cli(tmp_path, "--no-init", "--check", "--sarif")
    assert result.code == 2
    [run] = json.loads(result.out)["runs"]
    found = set()
    for one in run["results"]:
        region = one["locations"][0]["physicalLocation"]["region"]
        rule = run["tool"]["driver"]["rules"][one["ruleIndex"]]
        assert rule["id"] == one["ruleId"]
        texts = [rule["shortDescription"]["text"], rule["fullDescription"]["text"], rules()[rule["id"]].mend]
        assert all(text in rule["help"]["text"] for text in texts)
        assert rule["defaultConfiguration"]["level"] == one["level"]
        assert region["endColumn"] > region["startColumn"]
        found.add((region["startLine"], region["startColumn"], one["level"], one["ruleId"]))
    matches = [match for match in map(FOUND.match, result.err.splitlines()) if match]
    assert found == {(int(one["line"]), int(one["column"]), one["severity"], one["rule"]) for one in matches}


@pytest.mark.slow
def test_of_very_many_problems_a_terminal_gets_the_first(tmp_path: Path) -> None:
    roles = "".join(f"  n{number}: [wrong{number}]\n" for number in range(3000))
    text = (ROOT / "examples" / "five-nodes-aws" / "topology.yaml").read_text("utf-8").partition("nodes:")[0]
    (tmp_path / "topology.yaml").write_text(f"{text}nodes:\n{roles}", "utf-8")
    result = run_cli(tmp_path, "--no-init", "--check", "--sarif")
    found = [match for match in map(FOUND.match, result.err.splitlines()) if match]
    lines = [int(match["line"]) for match in found if match["rule"] == "unknown-role"]
    assert len(found) == 50
    assert lines == [*range(min(lines), min(lines) + len(lines))], "not the first ones"
    [run] = json.loads(result.out)["runs"]
    of_roles = [one for one in run["results"] if one["ruleId"] == "unknown-role"]
    assert len(of_roles) == 3000
    left = len(run["results"]) - 50
    assert f"{left:,} more are left out here; generate --check --sarif prints all of them" in result.err
    errors = sum(one["level"] == "error" for one in run["results"])
    assert f"{errors} errors; nothing was written" in result.err
    assert len(json.loads(run_cli(tmp_path, "--no-init", "--json").out)["problems"]) == len(run["results"])


@pytest.mark.slow
def test_time_grows_as_the_ranges_do(tmp_path: Path) -> None:
    text = (ROOT / "examples" / "gateway-libvirt" / "topology.yaml").read_text("utf-8")
    times = []
    for count in (15_000, 60_000):
        ranges = "\n".join(f"  - 198.18.{number // 256}.{number % 256}" for number in range(count))
        several = f"management:\n{ranges}"
        (tmp_path / "topology.yaml").write_text(text.replace("management: [198.51.100.0/24]", several), "utf-8")
        started = time.process_time()
        result = run_cli(tmp_path, "--check")
        assert result.code == 1, result.err
        times.append(time.process_time() - started)
    # Looking through all ranges for each of them would make it 10.
    assert times[1] / times[0] < 6.5, times
