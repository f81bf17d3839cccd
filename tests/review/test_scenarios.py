"""Changes as operators make them, on two clouds: the review beside the real plan of Terraform.

Each base is applied once to a simulated cloud; each scenario edits a copy of it, state and all, and is planned.
"""

from __future__ import annotations

import copy
import json
import os
import shutil
import subprocess
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from string import Template
from typing import NamedTuple

import boto3
import hcloud
import pytest

from generator.review.markdown import LIMIT
from tests.helpers import assert_golden, run_cli
from tests.review import facts, plan_json
from tests.review.html import essence
from tests.review.lies import BY_HAND, LIES
from tests.review.plan_json import Json
from tests.review.scenarios import CLOUDS, SCENARIOS, Scenario
from tests.session import Session
from tests.terraform import find
from tests.test_day_two_applied import PROVIDERS, SIMULATORS

pytestmark = [pytest.mark.terraform, pytest.mark.slow]

HERE = Path(__file__).parent
TODAY = "2026-01-01"


class Reviewed(NamedTuple):
    """A change, planned and reviewed."""

    plan: Json
    before: Json
    review: Json
    markdown: str
    html: str

    def goldens(self, name: str) -> dict[str, bytes]:
        return {f"{name}.md": self.markdown.encode(), f"{name}.html": essence(self.html).encode()}


@pytest.mark.parametrize("base", ["direct", "gateway"])
@pytest.mark.parametrize("cloud", sorted(CLOUDS))
def test_reviews_say_what_terraform_plans(cloud: str, base: str, tmp_path: Path) -> None:
    """All scenarios of a base in one test: it stands once, and standing up is what takes long."""
    program = find("terraform")
    program.need(PROVIDERS[cloud])
    stands = tmp_path / "base"
    stands.mkdir()
    topology = (HERE / "bases" / f"{base}.yaml").read_text("utf-8")
    (stands / "topology.yaml").write_text(_of(cloud, topology), "utf-8")
    failed: list[str] = []
    goldens: dict[str, bytes] = {}
    with SIMULATORS[cloud]() as simulator:
        session = Session(stands, program, simulator)
        session.shell("python -m generator && terraform apply -auto-approve -input=false -no-color")
        for name, scenario in _scenarios(base, cloud):
            with _collected(name, failed):
                goldens |= _tried(name, session, scenario, cloud)
        if base == "direct":
            with _collected("lies", failed):
                _lies(session, cloud, goldens)
            with _collected("by-hand", failed):
                goldens |= _by_hand(session, cloud).goldens("by-hand")
            with _collected("another-state", failed):
                goldens |= _another_state(session, cloud).goldens("another-state")
            with _collected("drift", failed):
                goldens |= _drift(session, cloud).goldens("drift")
    assert not failed, "\n\n".join(failed)
    assert_golden(HERE / "golden" / f"{base}-{cloud}", goldens)


@contextmanager
def _collected(name: str, failed: list[str]) -> Iterator[None]:
    try:
        yield
    except AssertionError as error:
        failed.append(f"{name}: {error}")


def _scenarios(base: str, cloud: str) -> Iterator[tuple[str, Scenario]]:
    return ((name, one) for name, one in SCENARIOS.items() if one.base == base and one.only in ("", cloud))


def _of(cloud: str, text: str) -> str:
    return Template(text).substitute(CLOUDS[cloud]._asdict())


def _tried(name: str, session: Session, scenario: Scenario, cloud: str) -> dict[str, bytes]:
    """Return the goldens of a scenario, every fact of it compared with the plan."""
    change = _edited(session, scenario, cloud)
    if scenario.refused:
        return {f"{name}.txt": _refused(session, change, scenario.refused).encode()}
    assert session.at(change).shell("python -m generator")
    base = _nothing(change) if scenario.fresh else "../base"
    # Nothing was changed outside, and asking for it is what takes long; lies and drift are planned with it.
    options = f"-refresh=false {_of(cloud, scenario.options)}" if cloud == "aws" else _of(cloud, scenario.options)
    reviewed = _reviewed(session, change, options=options, base=base)
    facts.compare(reviewed.plan, reviewed.before, reviewed.review, reviewed.markdown)
    kinds = {one["kind"] for one in reviewed.review["disagreements"]}
    assert kinds == set(scenario.disagrees), reviewed.review["disagreements"]
    assert len(reviewed.markdown) < LIMIT
    return reviewed.goldens(name)


def _refused(session: Session, change: Path, rule: str) -> str:
    """Return what is said where generate refuses: nothing is planned, and the review says the same."""
    said = session.at(change).shell("python -m generator", codes=(2,))
    compared = run_cli(change, "review", "--base", "../base", "--markdown")
    assert (compared.code, compared.out) == (2, "")
    assert [found["rule"] for found in compared.errors] == [rule]
    assert compared.errors[0][0] in said
    return said


def _nothing(change: Path) -> str:
    """Return a commit in which there is no topology, the same in every run."""
    when = "2026-01-01T00:00:00Z"
    identity = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.com", "GIT_AUTHOR_DATE": when}
    environment = {
        **os.environ,
        **identity,
        **{key.replace("AUTHOR", "COMMITTER"): one for key, one in identity.items()},
    }
    for words in (("init", "--quiet"), ("-c", "commit.gpgsign=false", "commit", "--quiet", "--allow-empty", "-mNone")):
        subprocess.run(["git", *words], cwd=change, env=environment, check=True, capture_output=True)
    return "HEAD"


def _edited(session: Session, scenario: Scenario, cloud: str) -> Path:
    """Return a copy of what stands, its state included, with another topology."""
    change = session.folder.parent / "change"
    shutil.rmtree(change, ignore_errors=True)
    shutil.copytree(session.folder, change, symlinks=True)
    path = change / "topology.yaml"
    text = path.read_text("utf-8")
    for before, after in scenario.edits:
        assert _of(cloud, before) in text
        text = text.replace(_of(cloud, before), _of(cloud, after))
    path.write_text(text, "utf-8")
    if scenario.fresh:
        (change / "terraform.tfstate").unlink()
    return change


def _reviewed(session: Session, change: Path, *, options: str = "", base: str = "../base") -> Reviewed:
    session.at(change).shell(
        f"terraform plan -out=tfplan -input=false -no-color {options} && terraform show -json tfplan > plan.json"
    )
    return _read(change, base)


def _read(change: Path, base: str = "../base", plan: str = "plan.json") -> Reviewed:
    """Return what the review says of a planned change."""
    said = run_cli(change, "review", "--base", base, "--plan", plan, "--today", TODAY, "--write", "said", "--markdown")
    assert said.code == 0, said.err
    assert said.out == (change / "said" / "review.md").read_text("utf-8")
    variables = change / base / "terraform.tfvars.json"
    return Reviewed(
        json.loads((change / plan).read_text("utf-8")),
        json.loads(variables.read_text("utf-8")) if variables.exists() else {},
        json.loads((change / "said" / "review.json").read_text("utf-8")),
        said.out,
        (change / "said" / "review.html").read_text("utf-8"),
    )


def _lies(session: Session, cloud: str, goldens: dict[str, bytes]) -> None:
    """Plans that do what the topology does not say are called out, and nothing else is."""
    change = _edited(session, SCENARIOS["nothing"], cloud)
    session.at(change).shell("python -m generator")
    honest = _reviewed(session, change)
    assert honest.review["disagreements"] == []
    for name, (lie, kind, verdicts) in LIES.items():
        plan = copy.deepcopy(honest.plan)
        word = lie(plan)
        (change / "lie.json").write_text(json.dumps(plan), "utf-8")
        said = _read(change, plan="lie.json")
        assert {one["kind"] for one in said.review["disagreements"]} == {kind}, (name, said.review["disagreements"])
        assert {one["verdict"] for one in said.review["judgements"]} - {"destroy-machine"} == {
            "plan-disagrees",
            *verdicts,
        }
        assert word in facts.sections(said.markdown)["Terraform and the topology disagree"], name
        assert said.review["verdict"].startswith("The Terraform plan says "), name
        assert {one["address"] for one in said.review["losses"]} == plan_json.destroyed(plan).keys()
        failing = run_cli(change, "review", "--base", "../base", "--plan", "lie.json", "--fail-on", "plan-disagrees")
        assert failing.code == 1
        goldens |= said.goldens(f"lie-{name}")


def _by_hand(session: Session, cloud: str) -> Reviewed:
    """Return the review of a rule that an operator wrote into a file of his own; it is real to Terraform."""
    change = _edited(session, SCENARIOS["nothing"], cloud)
    (change / "own.tf").write_text(textwrap.dedent(BY_HAND[cloud]), "utf-8")
    session.at(change).shell("python -m generator")
    said = _reviewed(session, change)
    (found,) = said.review["disagreements"]
    assert (found["kind"], found["standing"], found["internet"]) == ("opens", False, "3306/tcp")
    assert found["address"].endswith(".mine")
    assert {one["verdict"] for one in said.review["judgements"]} == {"plan-disagrees", "new-internet-exposure"}
    return said


def _another_state(session: Session, cloud: str) -> Reviewed:
    """Return the review of a plan that was made with an empty state: it makes everything a second time."""
    change = _edited(session, SCENARIOS["nothing"], cloud)
    (change / "terraform.tfstate").unlink()
    session.at(change).shell("python -m generator")
    said = _reviewed(session, change)
    found = said.review["disagreements"]
    assert {one["kind"] for one in found} == {"again"}
    for kind, one in zip(("volume", "zone", "address", "machine"), found, strict=True):
        assert f"({kind}: " in one["message"]
    assert said.review["verdict"].startswith("The Terraform plan says 4 things that the topology does not: ")
    return said


def _drift(session: Session, cloud: str) -> Reviewed:
    """Return the review after somebody closed a port in the console: Terraform opens it again."""
    DRIFT[cloud](session.environment)
    change = _edited(session, SCENARIOS["nothing"], cloud)
    said = _reviewed(session, change)
    (found,) = said.review["disagreements"]
    assert found["kind"] == "drift"
    assert not found["standing"]
    assert found["address"].startswith("module.firewall.")
    assert "outside of Terraform" in said.markdown
    return said


def _close_at_aws(environment: dict[str, str]) -> None:
    ec2 = boto3.client(
        "ec2",
        region_name=environment["AWS_REGION"],
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        aws_access_key_id="x",
        aws_secret_access_key="x",
    )
    rules = ec2.describe_security_group_rules()["SecurityGroupRules"]
    (rule,) = (one for one in rules if not one["IsEgress"] and one["FromPort"] == 993)
    ec2.revoke_security_group_ingress(GroupId=rule["GroupId"], SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]])


def _close_at_hetzner(environment: dict[str, str]) -> None:
    client = hcloud.Client(token=environment["HCLOUD_TOKEN"], api_endpoint=environment["HCLOUD_ENDPOINT"])
    for firewall in client.firewalls.get_all():
        rules = firewall.rules or []
        if "993" in [rule.port for rule in rules]:
            client.firewalls.set_rules(firewall, [rule for rule in rules if rule.port != "993"])


DRIFT: dict[str, Callable[[dict[str, str]], None]] = {"aws": _close_at_aws, "hetzner": _close_at_hetzner}
