"""`generate --version`: what a report of a fault has to name."""

from __future__ import annotations

import re
from pathlib import Path

from tests.helpers import ROOT, run_cli

DATA = ROOT / "generator" / "facts" / "data"


def test_every_table_of_ports_is_named(tmp_path: Path) -> None:
    tables = {path.stem for path in (DATA / "ports").glob("*.yaml")}
    lines = run_cli(tmp_path, "--version").out.splitlines()
    assert re.fullmatch(r"generate \d+\.\d+\.\d+", lines[0])
    assert re.fullmatch(r"facts \d{4}-\d\d-\d\d", lines[1])
    rows = [re.fullmatch(r"release (\S+): ([a-z, ]+); documents of (\d{4}-\d\d-\d\d)", line) for line in lines[2:]]
    assert {f"{row[1]}-{edition}" for row in rows if row for edition in row[2].split(", ")} == tables
    assert [row[3] for row in rows if row] == ["2024-02-12", "2026-02-04", "2026-07-10"]


def test_the_version_of_the_facts_is_their_latest_source(tmp_path: Path) -> None:
    """A fact that is read anew brings the date up; days to come are ends of support, not of reading."""
    said = run_cli(tmp_path, "--version").out.splitlines()[1].split()[1]
    dates = {
        date
        for path in DATA.rglob("*.yaml")
        for line in path.read_text("utf-8").splitlines()
        if "end_of_life" not in line and "end_date" not in line
        for date in re.findall(r"\b20\d\d-\d\d-\d\d\b", line)
    }
    assert said == max(dates)
