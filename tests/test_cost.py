"""What a plan costs: known prices summed up, unknown ones named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.helpers import EXAMPLES, ROOT, run_cli
from tests.oracle.variants import Variant, on


def example(name: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((ROOT / "examples" / name / "topology.yaml").read_text("utf-8"))
    return content


def plan(folder: Path, content: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Return the plan as JSON, and the lines about its cost."""
    (folder / "topology.yaml").write_text(json.dumps(content), "utf-8")
    result, text = run_cli(folder, "plan", "--json"), run_cli(folder, "plan")
    assert result.code == text.code == 0, result.err
    return json.loads(result.out), text.out.partition("Monthly cost\n")[2].partition("\nNotes\n")[0]


def test_five_nodes_on_aws_as_counted_by_hand(tmp_path: Path) -> None:
    """2 c6i.xlarge at 0.194, 2 m6i.xlarge at 0.23, 1 c6i.2xlarge at 0.388, 730 hours; 990 GB; 3 addresses; 2 zones."""
    content, text = plan(tmp_path, example("five-nodes-aws"))
    cost = content["cost"]
    assert {item["what"]: item["monthly"] for item in cost["items"]} == {
        "c6i.2xlarge": 283.24,
        "c6i.xlarge": 283.24,
        "m6i.xlarge": 335.80,
        "system disks": 22.85,
        "data volumes": 71.40,
        "public IPv4 addresses": 10.95,
        "NAT gateway": None,
        "zone of the inside view": 0.50,
        "new zones at route53": 0.50,
    }
    assert cost["totals"] == {"USD": 1008.48}
    assert cost["unknown"] == ["NAT gateway"]
    assert "At least USD 1,008.48 a month, without taxes." in text
    assert "no price known for 1 NAT gateway" in text


def test_the_gateway_on_hetzner_as_counted_by_hand(tmp_path: Path) -> None:
    """6 cpx42 at 69.49, cpx32 35.49, cpx22 19.49; 750 GB at 0.0572; one address at 0.50; the zone is free."""
    content, text = plan(tmp_path, example("gateway-hetzner"))
    assert content["cost"]["totals"] == {"EUR": round(6 * 69.49 + 35.49 + 19.49 + 42.90 + 0.50, 2)}
    assert content["cost"]["unknown"] == []
    assert "EUR 515.32 a month, without taxes." in text
    assert "At least" not in text
    assert "Incomplete" not in text


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_totals_are_the_sums_and_every_price_has_its_day(path: Path, tmp_path: Path) -> None:
    content, text = plan(tmp_path, example(path.name))
    cost = content["cost"]
    sums: dict[str, float] = {}
    for item in cost["items"]:
        assert (item["monthly"] is None) == (item["what"] in cost["unknown"])
        assert bool(item["date"]) == bool(item["source"]) == bool(item["currency"]) == (item["monthly"] is not None)
        if item["monthly"] is not None:
            sums[item["currency"]] = sums.get(item["currency"], 0) + item["monthly"]
            assert item["date"] in text
        else:
            assert item["what"] in " ".join(text.split())
    assert cost["totals"] == {currency: pytest.approx(total) for currency, total in sums.items()}
    machines = sum(item["quantity"] for item in cost["items"] if item["kind"] == "machines")
    assert machines == (0 if cost["own_machines"] else len(content["nodes"]))


def test_an_image_that_is_billed_by_the_hour_is_named_and_an_own_one_is_not(tmp_path: Path) -> None:
    content = example("five-nodes-rhel-aws")
    cost = plan(tmp_path, content)[0]["cost"]
    assert "Red Hat's hourly fee" in cost["unknown"]
    content["cloud"]["images"] = {"rhel-8": "ami-0123456789abcdef0"}
    cost = plan(tmp_path, {**content, "rhel": {"subscription": "registered"}})[0]["cost"]
    assert "Red Hat's hourly fee" not in cost["unknown"]


def test_a_zone_that_exists_is_paid_for_already(tmp_path: Path) -> None:
    content = example("five-nodes-aws")
    content["dns"] = {"provider": "route53", "existing_zone": True}
    cost = plan(tmp_path, content)[0]["cost"]
    assert "new zones at route53" not in {item["what"] for item in cost["items"]}


def test_own_machines_cost_nothing_here_but_a_hosted_zone_does(tmp_path: Path) -> None:
    content = on("libvirt", example("gateway-aws"), Variant("gateway", "yes"))
    cost, text = plan(tmp_path, content)
    assert cost["cost"] == {
        "own_machines": True,
        "items": [],
        "totals": {},
        "tax": "",
        "not_counted": [],
        "unknown": [],
    }
    assert text.splitlines()[1:] == ["The machines are your own: nothing is charged for them."]
    content["dns"]["provider"] = "route53"
    cost, text = plan(tmp_path, content)
    assert cost["cost"]["totals"] == {"USD": 0.5}
    assert "USD 0.50 a month" in text


def test_currencies_are_not_added_up(tmp_path: Path) -> None:
    content = example("gateway-hetzner")
    content["dns"] = {**content["dns"], "provider": "route53"}
    cost, text = plan(tmp_path, content)
    assert set(cost["cost"]["totals"]) == {"EUR", "USD"}
    assert "EUR 515.32 and USD 0.50 a month" in text


def test_cheaper_types_are_named_while_nothing_is_generated(tmp_path: Path) -> None:
    """cx43 has 8 vCPU, 16 GB and 160 GB of disk for 15.99: enough for every node, also beside a database."""
    five = example("five-nodes-hetzner")
    _, text = plan(tmp_path, five)
    assert "Where in stock, cx43 for 5 machines would do: EUR 79.95 instead of 313.45.\n" in text
    five["nodes"]["mta1"] = {"roles": five["nodes"]["mta1"], "type": "ccx33"}
    _, text = plan(tmp_path, five)
    assert "Where in stock, cx43 for 4 machines would do: EUR 63.96 instead of 243.96.\n" in text, "it was named"
    assert run_cli(tmp_path, "--no-init").code == 0
    _, text = plan(tmp_path, five)
    assert "Where in stock" not in text, "a smaller disk would replace machines"


def test_a_tenth_is_not_worth_a_word(tmp_path: Path) -> None:
    _, text = plan(tmp_path, example("five-nodes-aws"))
    assert "Where in stock" not in text
