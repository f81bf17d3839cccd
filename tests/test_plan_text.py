"""The plan for people: it fits 80 columns, and everything of the plan is in it."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from tests.helpers import ROOT, examples, run_cli
from tests.strategies import dump, topologies
from tests.test_picture import CASES

WIDTH = 80
HEADINGS = {
    "internet": "the Internet",
    "listed": "the listed ranges",
    "management": "management",
    "vpn": "peers of the VPN",
    "gateway": "the gateway",
}


def show(content: dict[str, Any]) -> tuple[str, str, dict[str, Any]]:
    """Return what `generate plan` prints, what it says, and the plan as JSON."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "topology.yaml").write_text(dump(content), "utf-8")
        text, plan = run_cli(folder, "plan"), run_cli(folder, "plan", "--json")
    assert text.code == plan.code == 0, text.err
    return text.out, text.err, json.loads(plan.out)


def sections(text: str) -> dict[str, str]:
    """Return the parts of the text by their headings; what stands before the first has none."""
    parts = re.split(r"\n\n(\S[^\n]*)\n-+\n", text)
    return dict(zip(["", *parts[1::2]], parts[0::2], strict=True))


def said(text: str) -> str:
    """Return a text without the ends of its lines."""
    return " ".join(text.split())


def too_wide(text: str) -> list[str]:
    """Return the lines that are too wide although they could be broken."""
    wide = [line for line in text.splitlines() if len(line) > WIDTH]
    return [line for line in wide if max(map(len, line.split())) <= WIDTH - 16]


def reaches(part: str) -> set[tuple[str, str, str, str]]:
    """Return who reaches what, read again: source, target, port, and what for."""
    found: list[list[str]] = []
    source = target = ""
    continued: list[str] = []
    for line in part.splitlines():
        if not line.startswith(" "):
            source, continued = line, []
        elif line.startswith("  to "):
            target, continued = line.strip(), []
        elif match := re.match(r"    (tcp|udp|icmp|any) +(\S+) +(\S.*)", line):
            continued = [source, target, f"{match[1]} {match[2]}", match[3]]
            found.append(continued)
        elif continued:
            continued[3] += f" {line.strip()}"
    return {(one[0], one[1], one[2], said(one[3])) for one in found}


def check(text: str, plan: dict[str, Any]) -> None:
    """Check that everything is said, each thing in its place."""
    assert not too_wide(text)
    parts = sections(text)
    head, nodes, sizes = parts[""], parts["Nodes"], said(parts["Why these sizes"])
    for key in ("name", "domain", "release", "edition", "provider", "region", "network", "exposure"):
        assert plan["deployment"][key] in head
    for name, node in plan["nodes"].items():
        machine = node["machine"]
        (row,) = re.findall(rf"^{re.escape(name)}\s.*(?:\n +.*)*", nodes, re.MULTILINE)
        for word in (machine["type"], f"{machine['vcpu']}", f"{node['os_disk_gib']} GB", node["address"]):
            assert word in row
        for word in (node["os"], *node["roles"]):
            assert word in said(nodes)
        assert node["zone"] in said(nodes) or node["zone"] == plan["deployment"]["region"]
        for reason in (*machine["reasons"], node["os_disk_reason"]):
            assert said(reason) in sizes
        assert name in sizes
    check_sum(said(nodes), plan)
    for volume in plan["volumes"].values():
        for words in (volume["key"], f"{volume['size_gib']} GB", f"at {volume['mount']}", *volume["reasons"]):
            assert said(words) in sizes
    check_flows(parts["Who can reach what"], plan)
    check_rest(parts, plan)


def check_sum(nodes: str, plan: dict[str, Any]) -> None:
    """Check what all machines take together."""
    machines = [node["machine"] for node in plan["nodes"].values()]
    data = sum(volume["size_gib"] for volume in plan["volumes"].values())
    disks = data + sum(node["os_disk_gib"] for node in plan["nodes"].values())
    vcpu, memory = sum(one["vcpu"] for one in machines), sum(one["memory_gib"] for one in machines)
    told = f"In all: {vcpu} vCPU, {memory:g} GB memory, {disks} GB disk"
    assert (told in nodes) is (len(machines) > 1 or data > 0)
    assert not data or f"{data} GB data)" in nodes


def check_flows(part: str, plan: dict[str, Any]) -> None:
    """Check flow by flow who can reach what."""
    outer = [flow for flow in plan["flows"] if flow["source"] != "cluster"]
    found = reaches(part.partition("From the nodes, among themselves:")[0])
    for flow in outer:
        heading = HEADINGS.get(flow["source"], f"nodes with the role {flow['source']}")
        target = "every node" if flow["target"] == "*" else flow["target"]
        port, what = f"{flow['protocol']} {flow['ports']}", said("; ".join(flow["services"]))
        assert [
            one
            for one in found
            if one[0].startswith(f"From {heading}")
            and re.match(rf"to {target}(?= on\b|$)", one[1])
            and (one[2], one[3]) == (port, what)
        ], flow["id"]
        if flow["source"] in ("listed", "management"):
            assert all(text in said(part) for text in flow["ranges"])
    assert len(found) == len({(f["source"], *f["ranges"], f["target"], f["protocol"], f["ports"]) for f in outer})
    inside = said(part.partition("From the nodes, among themselves:")[2])
    for flow in plan["flows"]:
        if flow["source"] == "cluster" and flow["target"] != "internet":
            assert f"{flow['ports']}/{flow['protocol']}" in inside, flow["id"]


def check_rest(parts: dict[str, str], plan: dict[str, Any]) -> None:
    """Check the gateway, the router, DNS, and the notes at the end."""
    gate = plan["router"] or plan["gateway"]
    if gate is not None:
        text = said(parts["Your router" if plan["router"] else "Gateway"])
        for one in gate["forwards"]:
            assert re.search(rf"{one['protocol']} {one['ports']} +-> {', '.join(one['targets'])}", text)
    if plan["resolver"] is not None:
        assert ", ".join(sorted(plan["resolver"]["addresses"])) in said(parts["DNS inside"])
    if plan["host_firewalls"]:
        assert {one["kind"] for one in plan["host_firewalls"].values()} <= set(
            re.findall(r"\w+", parts["Firewalls on the machines"])
        )
    dns, packed = said(parts["DNS"]), "".join(parts["DNS"].split())
    for record in plan["dns"]["public"]:
        assert re.search(rf"{re.escape(record['name'])} +{record['type']}\b", parts["DNS"])
        assert f"{record['need']}: {record['why']}" in dns
        for value in record["values"]:
            text = value["text"] % tuple(f"<{symbol}>" for symbol in value["addresses"])
            assert "".join(text.split()) in packed
    for symbol, name in plan["dns"]["ptr"].items():
        assert f"PTR of <{symbol}> is {name}" in dns
    assert list(parts)[-1] == "Notes"
    for notice in plan["notices"]:
        assert f"- {said(notice)}" in said(parts["Notes"])


@pytest.mark.parametrize("content", CASES)
def test_everything_is_said_in_80_columns(content: dict[str, Any]) -> None:
    text, _, plan = show(content)
    check(text, plan)


@pytest.mark.slow
@settings(max_examples=examples(10, 100), deadline=None)
@given(topologies())
def test_every_topology_is_said_in_80_columns(content: dict[str, Any]) -> None:
    text, _, plan = show(content)
    check(text, plan)


def test_nothing_is_said_for_every_node_again() -> None:
    text, _, plan = show(next(case.values[0] for case in CASES if case.id == "aws-60"))
    assert len(plan["nodes"]) == 60
    assert text.count("4 vCPU, 1 GB for the system") == 1
    # Two lines a node, and the rest does not grow with the nodes by more than their names.
    assert len(sections(text)["Nodes"].splitlines()) == 2 * 60 + 3
    assert len(text.splitlines()) < 2 * 60 + 220


def test_what_stands_at_the_end_is_told_at_the_start(tmp_path: Path) -> None:
    text = (ROOT / "examples" / "five-nodes-aws" / "topology.yaml").read_text("utf-8")
    (tmp_path / "topology.yaml").write_text(text, "utf-8")
    result = run_cli(tmp_path, "plan")
    notes = len(re.findall(r"^- ", result.out.partition("\nNotes\n")[2], re.MULTILINE))
    assert result.err.count(": warning[") == 1
    assert result.out.splitlines()[1] == (
        f"5 machines, at least USD 1,008.48 a month; 1 warning and {notes} notes at the end"
    )
