"""What a change means to those who use mail, where no plan of Terraform is needed to tell."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from string import Template
from typing import Any

import pytest

from tests.helpers import run_cli
from tests.review.scenarios import CLOUDS, SCENARIOS

HERE = Path(__file__).parent


def reviewed(folder: Path, name: str, cloud: str = "hetzner", more: str = "") -> tuple[dict[str, Any], str]:
    """Return the review of a scenario without Terraform's plan, as JSON and as Markdown."""
    scenario = SCENARIOS[name]
    values = CLOUDS[cloud]._asdict()
    text = Template((HERE / "bases" / f"{scenario.base}.yaml").read_text("utf-8")).substitute(values) + more
    (folder / "base").mkdir(parents=True)
    (folder / "base" / "topology.yaml").write_text(text, "utf-8")
    assert run_cli(folder / "base", "--no-init").code == 0
    shutil.copytree(folder / "base", folder / "change")
    for before, after in scenario.edits:
        assert Template(before).substitute(values) in text
        text = text.replace(Template(before).substitute(values), Template(after).substitute(values))
    (folder / "change" / "topology.yaml").write_text(text, "utf-8")
    options = ("--base", "../base", "--today", "2026-01-01", "--write", "said", "--markdown")
    result = run_cli(folder / "change", "review", *options)
    assert result.code == 0, result.err
    return json.loads((folder / "change" / "said" / "review.json").read_text("utf-8")), result.out


def test_a_shorter_time_to_live_is_no_other_mail(tmp_path: Path) -> None:
    found, markdown = reviewed(tmp_path, "ttl-lowered")
    assert {(one["type"], one["change"], one["mail"]) for one in found["records"]} >= {("MX", "changed", False)}
    assert found["judgements"] == []
    assert found["cautions"] == []
    assert "Remembered for 5 minutes instead of 1 hour" in markdown


def test_an_mx_that_changes_is_remembered(tmp_path: Path) -> None:
    found, _ = reviewed(tmp_path, "mx-preference")
    (record,) = found["records"]
    assert (record["type"], record["before"], record["after"]) == (
        "MX",
        ["10 mail.example.com."],
        ["10 mta1.example.com.", "100 mta2.example.com."],
    )
    assert [one["rule"] for one in found["cautions"]] == ["mx-remembered"]


@pytest.mark.parametrize(
    ("scenario", "verdict", "who"),
    [
        ("management-narrowed", "narrowed", "198.51.100.16/28"),
        ("management-widened", "widened", "192.0.2.0/25"),
        ("gateway-vpn-only", "narrowed", "198.51.100.0/24"),
        ("gateway-peer-added", "widened", "VPN peer bob"),
        ("gateway-to-direct", "narrowed", "VPN peer alice"),
    ],
)
def test_who_administrates(scenario: str, verdict: str, who: str, tmp_path: Path) -> None:
    found, _ = reviewed(tmp_path, scenario)
    subjects = {one["verdict"]: one["subjects"] for one in found["judgements"]}
    assert who in subjects[f"management-{verdict}"]
    assert who in found["verdict"]


@pytest.mark.parametrize(
    ("scenario", "rule"),
    [("smtp-closed", "mail-refused"), ("dns-elsewhere", "zone-leaves"), ("zone-existing", "zone-leaves")],
)
def test_what_a_reviewer_has_to_know(scenario: str, rule: str, tmp_path: Path) -> None:
    found, _ = reviewed(tmp_path, scenario)
    assert rule in [one["rule"] for one in found["cautions"]]


@pytest.mark.parametrize("scenario", ["store-added", "store-renamed"])
def test_a_node_without_a_public_address_is_no_exposure(scenario: str, tmp_path: Path) -> None:
    found, markdown = reviewed(tmp_path, scenario, "aws")
    assert [one for one in found["reach"] if one["source"] == "internet"] == []
    assert "The Internet can" not in markdown
    assert "new-internet-exposure" not in {one["verdict"] for one in found["judgements"]}


def test_a_node_behind_a_gateway_is_no_exposure_and_its_gateway_is(tmp_path: Path) -> None:
    found, markdown = reviewed(tmp_path, "store-added", "aws", "\nexposure: gateway\n")
    assert [one for one in found["reach"] if one["source"] == "internet"] == []
    assert "The Internet can" not in markdown
    found, _ = reviewed(tmp_path / "first", "to-gateway", "aws")
    (icmp,) = [one for one in found["reach"] if one["source"] == "internet" and one["protocol"] == "icmp"]
    assert icmp["nodes"] == ["gateway"]


def test_a_volume_comes_before_its_machine(tmp_path: Path) -> None:
    found, _ = reviewed(tmp_path, "store-renamed")
    assert [one["kind"] for one in found["losses"]] == ["volume", "address", "machine"]
    assert found["verdict"].startswith("1 volume destroyed (store1-mail); 1 address destroyed (store1); 1 machine")


def test_a_reverse_name_goes_with_its_address(tmp_path: Path) -> None:
    found, _ = reviewed(tmp_path, "mta-removed")
    (record,) = (one for one in found["records"] if one["type"] == "PTR")
    assert (record["change"], record["mail"], record["meanwhile"]) == ("gone", False, "")


def test_what_is_opened_among_the_nodes_in_pieces_is_one_sentence(tmp_path: Path) -> None:
    found, markdown = reviewed(tmp_path, "open-internal")
    assert found["verdict"] == "Troubleshooting opens every port among the nodes."
    assert len(found["reach"]) > 40
    assert markdown.count("everything between nodes") == 1
