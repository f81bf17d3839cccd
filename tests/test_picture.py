"""The picture of a plan: everything of it is in it, and readable as a browser draws it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings

from benchmarks.topologies import topology as large
from tests import pictures
from tests.helpers import EXAMPLES, ROOT, examples, run_cli
from tests.oracle import variants
from tests.strategies import dump, topologies

OUTER = {"internet": "Internet", "listed": "Listed ranges", "management": "Management", "vpn": "VPN peers"}
OUTER["gateway"] = "Gateway"


def _longest() -> dict[str, Any]:
    """Return a topology whose names are as long as names can be."""
    content: dict[str, Any] = yaml.safe_load((ROOT / "examples/five-nodes-aws/topology.yaml").read_text("utf-8"))
    content["nodes"] = {f"{name}{'w' * (63 - len(name))}": node for name, node in content["nodes"].items()}
    content["management"] = [f"198.51.{number}.0/24" for number in range(60)]
    content["services"] = {"imap": True, "imaps": ["203.0.113.0/24"], "xmpp": ["192.0.2.0/28", "192.0.2.64/28"]}
    content["cloud"]["quotas"] = {"rules_per_group": 1000, "elastic_ips": 10}
    return content


def _cases() -> Iterator[Any]:
    for path in EXAMPLES:
        yield pytest.param(yaml.safe_load((path / "topology.yaml").read_text("utf-8")), id=path.name)
    base = yaml.safe_load((ROOT / "examples/gateway-aws/topology.yaml").read_text("utf-8"))
    for cloud, variant in variants.PLACEMENTS:
        if variant.vpn != "only":  # Only once there is a tunnel, and then it is drawn the same.
            yield pytest.param(variants.on(cloud, base, variant), id=f"{cloud}-{variant}")
    for number in (12, 60):
        for cloud in ("aws", "hetzner"):
            yield pytest.param(large(number, cloud), id=f"{cloud}-{number}")
    yield pytest.param(_longest(), id="longest-names")


CASES = list(_cases())


def draw(content: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the picture of a topology and its plan as JSON."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "topology.yaml").write_text(dump(content), "utf-8")
        picture, plan = run_cli(folder, "plan", "--svg"), run_cli(folder, "plan", "--json")
    assert picture.code == plan.code == 0, picture.err
    return picture.out, json.loads(plan.out)


def rows(plan: dict[str, Any], target: str) -> set[frozenset[str]]:
    """Return the sets of machines that stand together and carry a role; what is no role by its name."""
    if target == "*":
        return {frozenset({"every node"})}
    if target == "resolver":
        return {frozenset({f"DNS inside, on {', '.join(sorted(plan['resolver']['addresses']))}"})}
    found: dict[tuple[str, ...], set[str]] = {}
    for name, node in plan["nodes"].items():
        if target in node["roles"]:
            found.setdefault(tuple(node["roles"]), set()).add(name)
    return {frozenset(names) for names in found.values()}


def said(text: str) -> str:
    return " ".join(text.split())


def check_flows(picture: str, plan: dict[str, Any]) -> None:
    """Compare the arrows with the flows, in both directions."""
    root = pictures.parse(picture)
    drawn = pictures.arrows(root)
    expected = set()
    for flow in plan["flows"]:
        if flow["source"] in OUTER:
            who = OUTER[flow["source"]]
            if flow["source"] == "listed":
                who += f" {', '.join(flow['ranges'])}"
            line = (f"{flow['protocol']} {flow['ports']}", said("; ".join(flow["services"])))
            expected |= {(who, line, row) for row in rows(plan, flow["target"])}
    forwarded = [arrow for arrow in drawn if arrow.title.endswith(", forwarded")]
    found = {
        (arrow.title.partition(", through ")[0], line, arrow.target)
        for arrow in drawn
        if arrow not in forwarded
        for line in arrow.lines
    }
    assert found == expected
    gate = plan["router"] or plan["gateway"] or {"forwards": []}
    ways = {(f"{one['protocol']} {one['ports']}", f"to {', '.join(one['targets'])}") for one in gate["forwards"]}
    tables = pictures.forwards(root)
    assert {line for lines in tables.values() for line in lines} == ways
    # Ports stand there once, and where they come from leads to it.
    assert {arrow.title: arrow.lines for arrow in forwarded} == dict.fromkeys(tables, frozenset())
    check_inside(root, plan)


def check_inside(root: Any, plan: dict[str, Any]) -> None:
    """Check that what nodes reach on each other is summed up whole."""
    text = said(" ".join(pictures.words(root)))
    inside = [flow for flow in plan["flows"] if flow["source"] not in OUTER and flow["target"] != "internet"]
    for flow in inside if len(plan["nodes"]) > 1 else ():
        assert f"{flow['ports']}/{flow['protocol']}" in text, flow["id"]


@pytest.mark.parametrize("content", CASES)
def test_everything_of_the_plan_is_in_the_picture(content: dict[str, Any]) -> None:
    picture, plan = draw(content)
    check_flows(picture, plan)
    cards = pictures.nodes(pictures.parse(picture))
    if plan["router"] is not None:
        router = said(" ".join(cards.pop("Your router")))
        assert plan["router"]["public_address"] in router
    assert set(cards) == set(plan["nodes"])
    for name, node in plan["nodes"].items():
        text = "".join(cards[name]).replace(" ", "")
        assert name in text
        assert node["machine"]["type"] in text
        assert node["address"] in text
        assert ("publicaddress" in text) is node["public_address"]
        for volume in plan["volumes"].values():
            assert volume["node"] != name or f"{volume['size_gib']}GBat{volume['mount']}" in text


@pytest.mark.slow
@settings(max_examples=examples(10, 100), deadline=None)
@given(topologies())
def test_every_flow_of_every_topology_is_in_its_picture(content: dict[str, Any]) -> None:
    check_flows(*draw(content))


@pytest.mark.parametrize("content", CASES)
def test_the_picture_stands_alone(content: dict[str, Any]) -> None:
    picture, plan = draw(content)
    root = pictures.parse(picture)
    assert {one.tag.removeprefix(pictures.SVG) for one in root.iter()} <= {
        *("svg", "title", "desc", "g", "rect", "polyline", "polygon", "circle", "text"),
    }
    names = {name for one in root.iter() for name in one.attrib}
    assert not [name for name in names if name.startswith("on") or "href" in name or name == "style"]
    assert "url(" not in picture
    assert root.get("role") == "img"
    labels = {one.get("id"): "".join(one.itertext()) for one in root.iter() if one.get("id")}
    titles = [labels[name] for name in (root.get("aria-labelledby") or "").split()]
    assert plan["deployment"]["domain"] in titles[0]
    # Whoever does not see the picture is told the same.
    for flow in plan["flows"]:
        if flow["source"] in OUTER:
            assert f"{flow['protocol']} {flow['ports']}" in titles[1], flow["id"]


def test_the_picture_is_the_same_every_time(tmp_path: Path) -> None:
    (tmp_path / "topology.yaml").write_text(dump(large(15)), "utf-8")
    command = [sys.executable, "-m", "generator", "plan", "--svg", str(tmp_path / "topology.yaml")]
    made = {
        subprocess.run(
            command,
            check=True,
            capture_output=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("0", "1", "77")
    }
    assert len(made) == 1


def test_a_picture_or_json_not_both(tmp_path: Path) -> None:
    (tmp_path / "topology.yaml").write_text(dump(large(6)), "utf-8")
    result = run_cli(tmp_path, "plan", "--svg", "--json")
    assert result.code == 2
    assert not result.out
    assert "--json" in result.err


@pytest.fixture(scope="module")
def page() -> Iterator[Any]:
    if why := pictures.why_no_browser():
        pytest.skip(why)
    with pictures.browser() as started:
        yield started


@pytest.mark.slow
@pytest.mark.parametrize("content", CASES)
def test_nothing_overlaps_or_is_cut_off(content: dict[str, Any], page: Any) -> None:
    picture, _ = draw(content)
    assert not pictures.faults(page, picture)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        ((">mta1<", f">{'mta1' * 20}<"), "leaves its box"),
        (('y="42"', 'y="2"'), "leaves the picture"),
        (('fill="#4a4f57"', 'fill="#b0b4ba"'), "has a contrast of"),
        ((">Postfix incoming mail<", f">{'Postfix incoming mail ' * 5}<"), "overlap"),
    ],
    ids=["a name too long", "a title too high", "too pale", "a label too long"],
)
def test_a_bad_picture_is_found(damage: tuple[str, str], fault: str, page: Any) -> None:
    content = yaml.safe_load((ROOT / "examples/five-nodes-aws/topology.yaml").read_text("utf-8"))
    picture, _ = draw(content)
    assert damage[0] in picture
    assert any(fault in one for one in pictures.faults(page, picture.replace(*damage)))


@pytest.mark.slow
@settings(max_examples=examples(5, 60), deadline=None)
@given(content=topologies())
def test_nothing_overlaps_in_any_picture(content: dict[str, Any], page: Any) -> None:
    picture, _ = draw(content)
    assert not pictures.faults(page, picture)


def test_the_picture_in_the_documents_is_current() -> None:
    drawn = run_cli(ROOT, "plan", "--svg", "examples/gateway-hetzner/topology.yaml").out
    shown = (ROOT / "docs" / "plan.svg").read_text("utf-8")
    assert shown == drawn, "run: generate plan --svg examples/gateway-hetzner/topology.yaml > docs/plan.svg"
