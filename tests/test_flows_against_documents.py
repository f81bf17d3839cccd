"""What the cloud would open, against what the documents say: two ways that share no code.

The left side is read from Terraform's own plan and state, and from the simulated cloud; the right
side is computed from the port tables in `tests/oracle`.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.helpers import EXAMPLES, build_tree, run_cli
from tests.oracle import aws_plan, tfvars
from tests.oracle.admission import ALWAYS, refusals
from tests.oracle.expected import COMBINATIONS, expected, read, table
from tests.oracle.groups import OracleError
from tests.oracle.opening import difference
from tests.oracle.scenarios import PRESETS, SCENARIOS, topology
from tests.strategies import BASE, dump
from tests.terraform import Program

if TYPE_CHECKING:
    from generator.rehearse.aws_simulator import AwsSimulator

Json = dict[str, Any]


def generate(folder: Path, content: Json) -> Json:
    """Generate into a folder and return the values that Terraform gets."""
    build_tree(folder, {"topology.yaml": dump(content)})
    result = run_cli(folder, "--no-init")
    assert result.code == 0, result.err
    values: Json = json.loads((folder / "terraform.tfvars.json").read_text(encoding="utf-8"))
    return values


@pytest.fixture(scope="module")
def quiet_aws() -> Iterator[AwsSimulator]:
    """A simulator for plans alone: they leave nothing behind, so all share it."""
    from generator.rehearse.aws_simulator import AwsSimulator

    with AwsSimulator(existing_zones=["example.com"]) as simulator:
        yield simulator


def plan_of(folder: Path, content: Json, program: Program, aws: AwsSimulator) -> Json:
    """Generate, plan, and return the plan's JSON."""
    program.need("hashicorp/aws")
    generate(folder, content)
    program.init(folder)
    program.run(folder, "plan", "-input=false", "-no-color", "-out=plan", environment=aws.environment())
    return program.show(folder, "plan")


def check(content: Json, plan: Json) -> None:
    """Compare a plan with the documents: openings, and who has a public address."""
    actual = aws_plan.planned(plan, content["management"])
    assert not difference(expected(content), actual)
    reading = read(content)
    rows = table(reading.release, reading.edition)
    external = {role for row in rows if row.direction == "external" for role in row.roles}
    public = {name for name, own in reading.nodes.items() if external & set(own)}
    assert aws_plan.public_nodes(plan) == public


def example_of(folder: Path) -> Json:
    content: Json = yaml.safe_load((folder / "topology.yaml").read_text(encoding="utf-8"))
    return content


def refused(content: Json) -> list[str]:
    """Return why the documents refuse a topology; a scenario stands for nodes that fit."""
    release, edition = content["release"], content["edition"]
    if "scenario" not in content:
        return refusals(content, release, edition)
    if content["scenario"] not in PRESETS[release, edition]:
        return [f"{release} {edition} has no scenario {content['scenario']}"]
    # Any nodes with the roles that are always there do: roles are checked with the presets.
    nodes = {"any": sorted(ALWAYS), "other": ["database-connector"] if release == "24.1.0" else []}
    if edition == "community" and release == "26.6":
        del nodes["other"]
    return refusals({**content, "nodes": nodes}, release, edition)


def with_nodes(content: Json, plan: Json) -> Json:
    """Return a topology with the nodes that its scenario became, as Terraform has them."""
    if "scenario" not in content:
        return content
    nodes = plan["variables"]["nodes"]["value"]
    return {**content, "nodes": {name: node["roles"] for name, node in nodes.items()}}


@pytest.mark.terraform
@pytest.mark.slow
@pytest.mark.parametrize(("release", "edition"), COMBINATIONS)
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_an_example_opens_what_the_documents_say_or_is_refused(
    example: Path,
    release: str,
    edition: str,
    tmp_path: Path,
    terraform: Program,
    quiet_aws: AwsSimulator,
) -> None:
    content = {**example_of(example), "release": release, "edition": edition}
    reasons = refused(content)
    if not reasons:
        plan = plan_of(tmp_path, content, terraform, quiet_aws)
        check(with_nodes(content, plan), plan)
        return
    build_tree(tmp_path, {"topology.yaml": dump(content)})
    result = run_cli(tmp_path, "--no-init")
    assert result.code == 2, reasons
    assert result.errors, result.err
    assert [path.name for path in tmp_path.iterdir()] == ["topology.yaml"]


@pytest.mark.terraform
@pytest.mark.slow
@pytest.mark.parametrize(("release", "edition", "scenario"), sorted(SCENARIOS))
def test_a_scenario_opens_what_the_documents_say(
    release: str,
    edition: str,
    scenario: str,
    tmp_path: Path,
    terraform: Program,
    quiet_aws: AwsSimulator,
) -> None:
    content = topology(release, edition, scenario)
    assert not refusals(content, release, edition)
    check(content, plan_of(tmp_path, content, terraform, quiet_aws))


@pytest.mark.parametrize(("release", "edition", "scenario"), sorted(SCENARIOS))
def test_the_values_for_terraform_open_what_the_documents_say(
    release: str, edition: str, scenario: str, tmp_path: Path
) -> None:
    content = topology(release, edition, scenario)
    values = generate(tmp_path, content)
    assert not difference(expected(content), tfvars.openings(values, content["management"]))


@pytest.mark.parametrize(("release", "edition"), COMBINATIONS)
@pytest.mark.parametrize("scenario", sorted({name for _, _, name in SCENARIOS}))
def test_a_scenario_elsewhere_is_refused_as_the_documents_refuse_it(
    release: str, edition: str, scenario: str, tmp_path: Path
) -> None:
    for origin in sorted(key for key in SCENARIOS if key[2] == scenario):
        content = {**topology(*origin), "release": release, "edition": edition}
        reasons = refusals(content, release, edition)
        folder = tmp_path / "-".join(origin)
        build_tree(folder, {"topology.yaml": dump(content)})
        result = run_cli(folder, "--no-init")
        assert (result.code == 2) == bool(reasons), (origin, reasons, result.err)


@pytest.mark.parametrize(
    "preset",
    [
        key
        for key in sorted(SCENARIOS)
        # Not a preset; and presets whose documents nobody but the facts has read.
        if key[2] not in {"apart", "single"} and key[:2] != ("25.12.0", "community")
    ],
    ids="-".join,
)
def test_a_preset_has_the_documented_nodes(preset: tuple[str, str, str], tmp_path: Path) -> None:
    release, edition, scenario = preset
    content = topology(release, edition, scenario)
    content["scenario"] = scenario
    del content["nodes"]
    values = generate(tmp_path, content)
    actual = sorted(sorted(node["roles"]) for node in values["nodes"].values())
    assert actual == sorted(sorted(roles) for roles in SCENARIOS[preset].values())


@pytest.mark.terraform
@pytest.mark.slow
def test_the_applied_cloud_opens_what_the_documents_say(tmp_path: Path, program: Program, aws: AwsSimulator) -> None:
    """Apply, look at the state and at the cloud itself, plan again, destroy."""
    import boto3

    content = {**copy.deepcopy(BASE), "management": ["198.51.100.0/24", "192.0.2.7/32"]}
    program.need("hashicorp/aws")
    generate(tmp_path, content)
    program.init(tmp_path)
    variables = aws.environment()
    options = ("-input=false", "-no-color")
    program.run(tmp_path, "apply", "-auto-approve", *options, environment=variables)
    state = program.show(tmp_path)
    wanted = expected(content)
    assert not difference(wanted, aws_plan.applied(state, content["management"]))
    ec2 = boto3.client(
        "ec2",
        endpoint_url=aws.url,
        region_name="eu-central-1",
        aws_access_key_id="rehearsal",
        aws_secret_access_key="rehearsal",
    )
    served = aws_plan.served(ec2, content["domain"], content["management"])
    assert not difference(wanted, served)
    program.run(tmp_path, "plan", "-detailed-exitcode", *options, environment=variables)
    program.run(tmp_path, "destroy", "-auto-approve", *options, environment=variables)
    assert "values" not in program.show(tmp_path)


def _without(kind: str) -> Callable[[Json], None]:
    def change(plan: Json) -> None:
        for module in plan["planned_values"]["root_module"]["child_modules"]:
            found = [entry for entry in module["resources"] if entry["type"] == kind]
            if found:
                module["resources"].remove(found[0])

    return change


def _firewall_resources(plan: Json, kind: str) -> list[Json]:
    return [
        entry
        for module in plan["planned_values"]["root_module"]["child_modules"]
        for entry in module["resources"]
        if entry["type"] == kind
    ]


def _wider(plan: Json) -> None:
    for entry in _firewall_resources(plan, "aws_vpc_security_group_ingress_rule"):
        if entry["values"].get("cidr_ipv4") == "198.51.100.0/24":
            entry["values"]["cidr_ipv4"] = "0.0.0.0/0"
            return


def _longer_range(plan: Json) -> None:
    for entry in _firewall_resources(plan, "aws_vpc_security_group_ingress_rule"):
        if entry["values"]["from_port"] == 443:
            entry["values"]["to_port"] = 444
            return


def _another_kind(plan: Json) -> None:
    module = plan["planned_values"]["root_module"]["child_modules"][0]
    entry = copy.deepcopy(module["resources"][0])
    module["resources"].append({**entry, "type": "aws_security_group_rule"})


def _sixth_version(plan: Json) -> None:
    rule = _firewall_resources(plan, "aws_vpc_security_group_ingress_rule")[0]
    rule["values"]["cidr_ipv6"] = "::/0"


def _inline(plan: Json) -> None:
    for call in plan["configuration"]["root_module"]["module_calls"].values():
        for entry in call["module"].get("resources", []):
            if entry["type"] == "aws_security_group":
                entry["expressions"]["ingress"] = {}


def _other_groups(plan: Json) -> None:
    for call in plan["configuration"]["root_module"]["module_calls"].values():
        for entry in call["module"].get("resources", []):
            if entry["type"] == "aws_instance":
                entry["expressions"]["vpc_security_group_ids"] = {"references": ["var.nodes"]}


FORGERIES: dict[str, Callable[[Json], None]] = {
    "a rule is missing": _without("aws_vpc_security_group_ingress_rule"),
    "the way out is missing": _without("aws_vpc_security_group_egress_rule"),
    "a range is wider": _wider,
    "a port more": _longer_range,
    "a resource of another kind": _another_kind,
    "a rule for IPv6": _sixth_version,
    "rules inside a group": _inline,
    "groups from somewhere else": _other_groups,
}


@pytest.mark.terraform
@pytest.mark.slow
def test_the_judge_notices_forged_plans(tmp_path: Path, terraform: Program, quiet_aws: AwsSimulator) -> None:
    plan = plan_of(tmp_path, BASE, terraform, quiet_aws)
    check(BASE, plan)
    for name, forge in FORGERIES.items():
        forged = copy.deepcopy(plan)
        forge(forged)
        assert forged != plan, name
        try:
            actual = aws_plan.planned(forged, BASE["management"])
        except (OracleError, KeyError):
            continue
        assert difference(expected(BASE), actual), name
