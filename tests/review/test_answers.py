"""The six answers of the page, beside the verdict and the judgements: none of them may contradict another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from generator.review import Review
from generator.review.page.headline import Answer, answers, gravity
from generator.review.sections import sections
from tests.review.scenarios import SCENARIOS
from tests.review.test_meaning import reviewed as of_scenario
from tests.review.test_terraform_alone import EVERYWHERE, NODE, ZONE, firewall, resource, reviewed


def answered(found: dict[str, Any]) -> tuple[Review, dict[str, Answer], str]:
    review = msgspec.convert(found, Review)
    told = sections(review)
    for one in answers(review):
        assert not one.section or one.section in {section.id for section in told} or one.tone in ("", "good"), one
    return review, {one.question: one for one in answers(review)}, gravity(review, told)[1]


@pytest.mark.many(4)
@pytest.mark.parametrize("name", [name for name, one in SCENARIOS.items() if not (one.refused or one.fresh)])
def test_answers_and_judgements_agree(name: str, tmp_path: Path) -> None:
    review, told, word = answered(of_scenario(tmp_path, name)[0])
    met = {one.verdict for one in review.judgements}
    assert ("new-internet-exposure" in met) is (told["The Internet reaches"].tone == "bad")
    assert ("mail-dns" in met) is (told["DNS of mail"].tone == "care")
    grave = bool({"destroy-stateful", "destroy-machine"} & met)
    assert grave is (told["Destroyed or replaced"].tone == "bad")
    assert (word == "Dangerous") is any(one.tone == "bad" for one in told.values())
    # Without Terraform's plan nobody can say that nothing is destroyed.
    assert told["Destroyed or replaced"].tone != "good"
    assert "nothing is lost" not in review.verdict


def test_a_new_ping_is_no_danger(tmp_path: Path) -> None:
    _, told, word = answered(of_scenario(tmp_path, "store-added")[0])
    assert (told["The Internet reaches"].short, told["The Internet reaches"].tone, word) == (
        "1 more",
        "care",
        "Look closely",
    )


def test_what_stands_beside_the_topology_is_no_agreement(tmp_path: Path) -> None:
    opened = firewall(EVERYWHERE)
    stands = resource("hcloud_firewall", opened, before=opened, actions=("no-op",))
    found = reviewed(tmp_path, "hetzner", stands)
    found["disagreements"] = [one for one in found["disagreements"] if one["standing"]]
    found["judgements"] = []
    _, told, _ = answered(found)
    assert (told["Terraform's plan"].short, told["Terraform's plan"].section) == (
        "as before, 1 thing beside the topology",
        "standing",
    )
    assert told["Terraform's plan"].tone == "care"


def test_resources_of_ones_own_are_no_agreement(tmp_path: Path) -> None:
    found = reviewed(tmp_path, "hetzner", resource("hcloud_load_balancer", {}))
    found["disagreements"], found["judgements"] = [], []
    _, told, word = answered(found)
    assert (told["Terraform's plan"].short, told["Terraform's plan"].detail) == ("does more", "1 resource of your own")
    assert word == "Look closely"


def test_mail_that_only_terraform_takes_away_does_not_stay(tmp_path: Path) -> None:
    gone = resource(
        "hcloud_zone", None, before={}, actions=("delete",), index="example.com", **{**ZONE, "name": "created"}
    )
    _, told, word = answered(reviewed(tmp_path, "hetzner", gone))
    assert "zone example.com" in told["DNS of mail"].detail
    assert word == "Dangerous"


def test_a_volume_taken_from_its_machine_is_no_lost_data(tmp_path: Path) -> None:
    tie = resource("hcloud_volume_attachment", None, before={}, actions=("delete",), index="store1-mail", **NODE)
    _, told, _ = answered(reviewed(tmp_path, "hetzner", tie))
    assert (told["Destroyed or replaced"].short, told["Destroyed or replaced"].detail) == (
        "1 attachment",
        "store1-mail",
    )
