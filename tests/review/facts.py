"""Compares a review with the plan of Terraform that it was made of, fact by fact."""

from __future__ import annotations

import re

from tests.review import plan_json
from tests.review.plan_json import Json, Port

_DNS_TYPES = {"SPF": "TXT", "DKIM": "TXT", "DMARC": "TXT"}
_MADE, _GONE, _CHANGED = ["create"], ["delete"], ["update"]
_ANEW = (["delete", "create"], ["create", "delete"])


def compare(plan: Json, before: Json, review: Json, markdown: str) -> None:
    """Assert that a review says what a plan does, and nothing beside.

    Args:
        plan: JSON of the plan.
        before: Terraform's variables of what stands; empty where nothing does.
        review: JSON of the review.
        markdown: The same for people.
    """
    _losses(plan, review, markdown)
    _machines(plan, review)
    _volumes(plan, review)
    _records(plan, review)
    _exposure(plan, before, review)
    _configure(plan, review)
    addresses = {one["address"] for one in plan["resource_changes"]}
    named = set(re.findall(r"`(module\.[^`]+)`", markdown))
    assert named <= addresses, f"invented: {named - addresses}"


def sections(markdown: str) -> dict[str, str]:
    """Return what stands under each heading, folded or not; the first line under an empty one."""
    parts = re.split(r"^(?:### |<details><summary>)(.+?)(?: \(\d+\))?(?:</summary>)?$", markdown, flags=re.MULTILINE)
    return {"": parts[0].splitlines()[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


def _losses(plan: Json, review: Json, markdown: str) -> None:
    gone = plan_json.destroyed(plan)
    said = {one["address"]: one for one in review["losses"]}
    assert len(said) == len(review["losses"])
    assert said.keys() == gone.keys(), f"missing {gone.keys() - said.keys()}, invented {said.keys() - gone.keys()}"
    read = sections(markdown)
    verdict = read[""]
    counts: dict[tuple[str, bool], int] = {}
    for address, one in gone.items():
        anew = "create" in one["change"]["actions"]
        assert said[address]["replaced"] is anew, address
        kind = next((kind for kind, types in plan_json.KINDS.items() if one["type"] in types), "")
        place = "Destroyed or replaced" if kind else "Other resources destroyed or replaced"
        assert f"`{address}`" in read[place], address
        if kind:
            assert said[address]["kind"] == kind
            assert f"`{one['index']}`" in read[place]
            counts[kind, anew] = counts.get((kind, anew), 0) + 1
    for (kind, anew), count in counts.items():
        word = "replaced" if anew else "destroyed"
        assert re.search(rf"\b{count} {kind}(e?s)? {word}\b", verdict), f"{kind} {word}: {verdict}"


def _machines(plan: Json, review: Json) -> None:
    said = {one["node"]: one for one in review["machines"]}
    by_change = {
        word: {name for name, one in said.items() if one["change"] == word} for word in ("new", "gone", "changed")
    }
    assert by_change["new"] == plan_json.of_kind(plan, "machine", _MADE)
    assert by_change["gone"] == plan_json.of_kind(plan, "machine", _GONE)
    updated = plan_json.of_kind(plan, "machine", _CHANGED)
    assert updated <= by_change["changed"], f"untold: {updated - by_change['changed']}"
    replaced = plan_json.of_kind(plan, "machine", *_ANEW)
    for name in by_change["changed"]:
        happens = said[name]["happens"]
        assert happens.startswith("replaced") is (name in replaced), name
        assert happens.startswith("changed in place") is (name in updated), name


def _volumes(plan: Json, review: Json) -> None:
    said = {one["key"]: one for one in review["volumes"]}
    for word, wanted in (("new", _MADE), ("gone", _GONE)):
        found = {key for key, one in said.items() if one["change"] == word}
        assert found == plan_json.of_kind(plan, "volume", wanted)
    changed = {
        key: (one["before_gib"], one["after_gib"])
        for key, one in said.items()
        if one["change"] == "changed" and one["before_gib"] != one["after_gib"]
    }
    assert changed == plan_json.grown(plan)


def _records(plan: Json, review: Json) -> None:
    said: dict[tuple[str, str], set[str]] = {}
    reverse = {}
    for one in review["records"]:
        if one["type"] == "PTR":
            reverse[one["name"]] = one["change"]
        else:
            said.setdefault((one["name"], _DNS_TYPES.get(one["type"], one["type"])), set()).add(one["change"])
    planned = plan_json.records(plan)
    assert said.keys() == planned.keys(), f"missing {planned.keys() - said.keys()}, invented {said.keys() - planned}"
    for key, changes in said.items():
        # One set of texts may hold SPF and others: of it a part may come while the set changes.
        assert planned[key] in changes or planned[key] == "changed", (key, planned[key], changes)
    done = plan_json.reverse_names(plan)
    assert done.items() <= reverse.items(), (done, reverse)


def _exposure(plan: Json, before: Json, review: Json) -> None:
    old, new = plan_json.open_ports(plan, before)
    nodes_before, nodes_after = before.get("nodes", {}), plan["variables"]["nodes"]["value"]
    gateway = "gateway" in {*nodes_after, *nodes_before}
    if gateway:
        # One address for all: which node answers behind it, no rule of a cloud says.
        old, new = ({("", protocol, port) for _, protocol, port in one} for one in (old, new))
    for opened, more, nodes in ((True, new - old, nodes_after), (False, old - new, nodes_before)):
        # What routers report about a node's own packets is admitted by its group, and reaches no hidden node.
        planned = more - {(name, "icmp", -1) for name in plan_json.hidden(nodes)}
        said: set[Port] = set()
        for one in review["reach"]:
            if one["source"] == "internet" and one["opened"] is opened:
                first, _, last = (one["ports"] if one["protocol"] != "icmp" else "-1").partition("-")
                ports = range(-1, 0) if one["protocol"] == "icmp" else range(int(first), int(last or first) + 1)
                said |= {("" if gateway else node, one["protocol"], port) for node in one["nodes"] for port in ports}
        if gateway:
            # Another node behind the same address opens nothing.
            said -= old & new
        assert said == planned, f"opened {opened}: missing {_few(planned - said)}, invented {_few(said - planned)}"


def _few(ports: set[Port]) -> str:
    return f"{len(ports)}: {sorted(ports)[:6]}"


def _configure(plan: Json, review: Json) -> None:
    anew = plan_json.of_kind(plan, "machine", _MADE, _GONE, *_ANEW)
    asked = {one["node"] for one in review["configure"]}
    assert not asked & anew, "a machine that is not there yet, or no longer, takes no data"
