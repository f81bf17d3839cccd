"""All of the review is in the page, and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import pages, pictures
from tests.helpers import ROOT, run_cli
from tests.review.page.changes import CHANGES, LYING, Made, drawn, example

MOST_BYTES = 1_500_000


def leaves(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from leaves(one)
    elif isinstance(value, list):
        for one in value:
            yield from leaves(one)


@pytest.mark.many(4)
@pytest.mark.parametrize("name", [*CHANGES, "mixed-lying"])
def test_it_loads_and_complains_of_nothing(name: str, made: Callable[[str], Made], browser: Any) -> None:
    with pages.opened(browser, made(name).text) as one:
        one.page.wait_for_function("!document.getElementById('filter').hidden")
        assert not one.requests
        assert not one.said
        assert len(one.seen("svg")) == 1


@pytest.mark.parametrize("name", ["mixed-lying", "hundred"])
def test_nothing_of_the_review_is_missing(name: str, made: Callable[[str], Made], browser: Any) -> None:
    one = made(name)
    with pages.opened(browser, one.text, java_script_enabled=False) as shown:
        text = " ".join(shown.page.locator("main").text_content().split())
    names = {
        leaf
        for part in ("reach", "losses", "machines", "volumes", "records", "configure", "cautions", "disagreements")
        for entry in one.review[part]
        for key, value in entry.items()
        if key in ("nodes", "names", "ranges", "ports", "services", "node", "key", "subject", "address", "name")
        or key in ("before", "after", "command", "message", "mend", "meanwhile")
        for leaf in leaves(value)
        if leaf != "0.0.0.0/0"  # The Internet, in a word.
    }
    assert len(names) > 100 if name == "hundred" else len(names) > 50
    flat = [" ".join(leaf.split()).rstrip(".") for leaf in names]
    # What is a sentence of its own begins with a capital letter.
    missing = [leaf for leaf in flat if leaf not in text and leaf[:1].upper() + leaf[1:] not in text]
    assert not missing


def reached(plan: dict[str, Any] | None, source: str) -> set[tuple[str, str]]:
    """Return ports and machines that a source reaches."""
    nodes = {} if plan is None else plan["nodes"]
    return {
        (f"{flow['ports']}/{flow['protocol']}", name)
        for flow in (plan or {"flows": []})["flows"]
        for name, node in nodes.items()
        if flow["source"] == source and (flow["target"] in node["roles"] or flow["target"] == "*" != node["roles"][0])
        if not (flow["target"] == "*" and node["roles"] == ["gateway"])
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mixed", "gateway", "router", "new", "hundred"])
def test_the_table_says_what_the_internet_reaches(name: str, made: Callable[[str], Made], browser: Any) -> None:
    one = made(name)
    with pages.opened(browser, one.text, java_script_enabled=False) as shown:
        rows = shown.page.eval_on_selector_all(
            "#ways tbody tr[data-zone=internet]",
            "(rows) => rows.map((row) => [row.cells[0].innerText, row.cells[1].innerText,"
            " [...row.cells[3].querySelectorAll('code')].map((code) => code.textContent)])",
        )
    said: dict[str, set[tuple[str, str]]] = {"opened": set(), "closed": set(), "as before": set()}
    for port, change, nodes in rows:
        said[change.split()[-1] if change != "as before" else change] |= {(port, node) for node in nodes}
    # What routers report about a node's own packets reaches none that has no address on either side.
    nodes = [(name, node) for plan in one.plans for name, node in (plan or {"nodes": {}})["nodes"].items()]
    hidden = {name for name, _ in nodes} - {name for name, node in nodes if node["public_address"]}
    unaddressed = {("3/icmp", name) for name in hidden}
    old, new = (reached(plan, "internet") - unaddressed for plan in one.plans)
    assert said == {"opened": new - old, "closed": old - new, "as before": old & new}


def test_the_pictures_mark_what_changes(made: Callable[[str], Made]) -> None:
    after, before = map(pictures.parse, drawn(made("mixed-lying").text))
    said = {line for arrow in pictures.arrows(after) for line in arrow.lines}
    assert ("+ tcp 995", "opened: external POP3 secure access") in said
    assert ("+ tcp 3306", "opened: no flow of the topology asks for it") in said
    assert not [line for line in said if line[0] == "+ tcp 25"], "what a new machine brings is marked on the machine"
    assert ("+ tcp 22", "opened for 203.0.113.0/24: SSH access") in said
    said = {line for arrow in pictures.arrows(before) for line in arrow.lines}
    assert ("\N{MINUS SIGN} tcp 143", "closed: external IMAP services") in said
    assert ("\N{MINUS SIGN} tcp 22", "closed for 198.51.100.128/25: SSH access") in said
    cards = pictures.nodes(after)
    assert "+ new" in cards["mta2"]
    assert "! store1-mail destroyed and made anew" in " ".join(cards["store1"])
    assert "\N{NOT EQUAL TO} changes: roles" in " ".join(cards["infra1"])
    assert "\N{MINUS SIGN} goes, is destroyed" in " ".join(pictures.nodes(before)["files1"])
    assert not [line for line in cards["mta1"] if line[0] in "+!"]


def test_what_is_dangerous_stands_at_the_top(made: Callable[[str], Made], browser: Any) -> None:
    with pages.opened(browser, made("mixed-lying").text) as one:
        assert one.seen("h1") == ["✖ Dangerous"]
        answers = one.seen(".answers > .bad")
        assert answers[0].startswith("The Internet reaches ✖ danger 5 more, 3 less 3306/tcp, 995/tcp, 25/tcp, 443/tcp")
        assert answers[1].startswith("Destroyed or replaced ✖ danger 1 volume store1-mail; what it holds is lost")
        assert answers[2].startswith("Terraform's plan ✖ danger disagrees in ")
        bottom = one.page.evaluate("document.querySelector('.answers').getBoundingClientRect().bottom")
        assert bottom < 800, "not on the first screen"
        for link in one.page.locator(".answers a").all():
            assert one.page.locator(link.get_attribute("href")).count() == 1
    with pages.opened(browser, made("nothing").text) as one:
        assert one.seen("h1") == ["✔ Nothing dangerous in the topology"]
        assert not one.seen(".answers > .bad, .answers > .care")


def test_what_cannot_be_compared_is_not_called_the_same(tmp_path: Path, browser: Any) -> None:
    (tmp_path / "topology.yaml").write_text(yaml.safe_dump(example("five-nodes-hetzner")), "utf-8")
    (tmp_path / "old.yaml").write_text("domain: [", "utf-8")
    (tmp_path / "plan.json").write_text(json.dumps(LYING), "utf-8")
    found = run_cli(tmp_path, "review", "--base", "old.yaml", "--plan", "plan.json", "--html")
    assert found.code == 2
    with pages.opened(browser, found.out) as one:
        assert one.seen("h1") == ["✖ Dangerous, and not all compared"]
        assert not [row for row in one.seen("#ways tr, #nodes tr") if "as before" in row]
        # Mail's records are lacking in this plan, so of them something is said.
        assert len(one.seen(".answers .plain")) == 2
        assert "! store1-mail destroyed and made anew" in one.seen("#nodes tr[data-node=store1]")[0]
        assert not one.seen("#changes")
        assert not one.said


def test_the_same_for_the_same(made: Callable[[str], Made], folder: Path) -> None:
    made("mixed-lying")
    words = ["review", "--base", "../old/topology.yaml", "--plan", "../plan.json", "--html"]
    for seed in ("1", "2"):
        again = subprocess.run(
            [sys.executable, "-m", "generator", *words],
            cwd=folder / "mixed-lying" / "new",
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed, "TZ": "Asia/Tokyo"},
            capture_output=True,
            check=True,
        )
        assert again.stdout.decode() == made("mixed-lying").text


def test_a_hundred_nodes_are_no_large_file(made: Callable[[str], Made]) -> None:
    assert len(made("hundred").text.encode()) <= MOST_BYTES


def test_formats_exclude_each_other(tmp_path: Path) -> None:
    (tmp_path / "topology.yaml").write_text(yaml.safe_dump(example("single-aws")), "utf-8")
    result = run_cli(tmp_path, "review", "--html", "--json")
    assert result.code == 2
    assert "--html" in result.err
