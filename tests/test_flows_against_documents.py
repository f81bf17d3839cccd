"""What the cloud and the machines would open, against what the documents say: two ways that share no code.

One side is read from the generated files, from Terraform's own plan and state, from the simulated clouds and from the
rules as the kernel loads them; the other is computed from the port tables in `tests/oracle`. Every layer on the way of
a packet counts: the cloud's firewall of the interface, the gateway, the machine's own.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.helpers import EXAMPLES, build_tree, run_cli
from tests.oracle import aws_plan, cloud, forged_plans, hetzner_plan, nft_ruleset, tfvars, world
from tests.oracle.admission import ALWAYS, refusals
from tests.oracle.expected import COMBINATIONS, GATEWAY, expected
from tests.oracle.groups import OracleError
from tests.oracle.layers import findings
from tests.oracle.opening import difference
from tests.oracle.scenarios import PRESETS, SCENARIOS, topology
from tests.oracle.variants import BEHIND, DIRECT, EXTERNAL, FEW, PLACEMENTS, WITHOUT_END, Variant, on
from tests.strategies import BASE, dump
from tests.terraform import AT_ONCE, Program, find

if TYPE_CHECKING:
    from generator.rehearse.aws_simulator import AwsSimulator
    from generator.rehearse.hetzner.simulator import HetznerSimulator

Json = dict[str, Any]

PROVIDERS = {"aws": "hashicorp/aws", "hetzner": "hetznercloud/hcloud"}
NO_RULES = nft_ruleset.why_not()
needs_rules = pytest.mark.skipif(bool(NO_RULES), reason=NO_RULES or "-")


def distinct(examples: list[Path]) -> list[Path]:
    """Return examples without those that differ from another in nothing but their cloud."""
    found: dict[str, Path] = {}
    for folder in examples:
        found.setdefault(json.dumps(on("aws", {**example_of(folder), "cloud": {"provider": ""}}, DIRECT)), folder)
    return list(found.values())


def example_of(folder: Path) -> Json:
    content: Json = yaml.safe_load((folder / "topology.yaml").read_text(encoding="utf-8"))
    return content


by_name = pytest.mark.parametrize("example", distinct(EXAMPLES), ids=lambda path: path.name)


def generate(folder: Path, content: Json) -> Json:
    """Generate into a folder and return the values that Terraform gets."""
    vpn = content.get("vpn", {})
    if vpn.get("only"):
        # Refused until there is a tunnel to come in by.
        build_tree(folder, {"topology.yaml": dump({**content, "vpn": {**vpn, "only": False}})})
        assert run_cli(folder, "--no-init").code == 0
    build_tree(folder, {"topology.yaml": dump(content)})
    result = run_cli(folder, "--no-init")
    assert result.code == 0, result.err
    values: Json = json.loads((folder / "terraform.tfvars.json").read_text(encoding="utf-8"))
    return values


class Clouds:
    """Simulators for plans alone, started when first asked for: plans leave nothing behind, so all share them."""

    def __init__(self) -> None:
        self._running: dict[str, AwsSimulator | HetznerSimulator] = {}

    def environment(self, provider: str) -> dict[str, str]:
        """Return the variables that point Terraform to a simulator."""
        if provider not in self._running:
            self._running[provider] = simulator(provider, ["example.com"])
            self._running[provider].__enter__()
        return self._running[provider].environment()

    def stop(self) -> None:
        """End all of them."""
        for running in self._running.values():
            running.__exit__(None, None, None)


def simulator(provider: str, zones: Sequence[str] = ()) -> AwsSimulator | HetznerSimulator:
    """Return a simulator with some zones that exist, and with every image."""
    if provider == "aws":
        from generator.rehearse.aws_simulator import AwsSimulator

        return AwsSimulator(existing_zones=zones)
    from generator.rehearse.hetzner.simulator import HetznerSimulator

    return HetznerSimulator(
        snapshots=["os=ubuntu-20.04", "os=rhel-8", "os=rhel-9"], existing_zones=zones, action_seconds=0
    )


@pytest.fixture(scope="module")
def clouds() -> Iterator[Clouds]:
    running = Clouds()
    yield running
    running.stop()


def plan_of(folder: Path, content: Json, program: Program, clouds: Clouds) -> Json:
    """Generate, plan, and return the plan's JSON."""
    provider = content["cloud"]["provider"]
    program.need(PROVIDERS[provider])
    generate(folder, content)
    program.init(folder)
    environment = clouds.environment(provider)
    program.run(folder, "plan", "-input=false", "-no-color", "-out=plan", environment=environment)
    return program.show(folder, "plan")


def check_values(content: Json, folder: Path, values: Json) -> None:
    """Compare the generated files with the documents, layer by layer."""
    provider = content["cloud"]["provider"]
    judge(content, folder, tfvars.cloud_of(values, provider))


def judge(content: Json, folder: Path, read: cloud.Cloud) -> None:
    """Fail with the first findings, one a line."""
    found = findings(world.build(content, read, world.machines_of(folder), world.sheet_of(folder)))
    assert not found, "\n".join([f"{len(found)} findings", *found[:30]])


def check_cloud(content: Json, folder: Path, read: cloud.Cloud) -> None:
    """Compare what Terraform or the cloud says with the documents, and with the generated files."""
    judge(content, folder, read)
    values = json.loads((folder / "terraform.tfvars.json").read_text(encoding="utf-8"))
    assert not cloud.difference(tfvars.cloud_of(values, content["cloud"]["provider"]), read)


def check(content: Json, folder: Path, plan: Json) -> None:
    """Compare a plan with the documents."""
    if content["cloud"]["provider"] == "hetzner":
        check_cloud(content, folder, hetzner_plan.planned(plan))
        return
    parts = aws_plan.planned(plan)
    if GATEWAY not in parts.members:
        # Without a gateway, security groups are the only layer: a second comparison, without any address.
        assert not difference(expected(content), parts.openings(content["management"]))
    check_cloud(content, folder, parts.cloud())


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


def with_nodes(content: Json, values: Json) -> Json:
    """Return a topology with the nodes that its scenario became, as Terraform has them."""
    if "scenario" not in content:
        return content
    nodes = {name: node["roles"] for name, node in values["nodes"].items() if name != GATEWAY}
    return {**content, "nodes": nodes}


@needs_rules
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_an_example_as_it_is_opens_what_the_documents_say(example: Path, tmp_path: Path) -> None:
    content = example_of(example)
    values = generate(tmp_path, content)
    check_values(with_nodes(content, values), tmp_path, values)


@needs_rules
@pytest.mark.many(13)
@pytest.mark.parametrize(("provider", "variant"), PLACEMENTS, ids=str)
@by_name
def test_an_example_opens_what_the_documents_say(
    example: Path, provider: str, variant: Variant, tmp_path: Path
) -> None:
    content = on(provider, example_of(example), variant)
    values = generate(tmp_path, content)
    check_values(with_nodes(content, values), tmp_path, values)


@needs_rules
@pytest.mark.many(13)
@pytest.mark.parametrize(("provider", "variant"), FEW, ids=str)
@pytest.mark.parametrize(("release", "edition"), COMBINATIONS)
@by_name
def test_an_example_elsewhere_is_admitted_or_refused_as_the_documents_say(
    example: Path, release: str, edition: str, provider: str, variant: Variant, tmp_path: Path
) -> None:
    content = on(provider, {**example_of(example), "release": release, "edition": edition}, variant)
    reasons = refused(content)
    if not reasons:
        values = generate(tmp_path, content)
        check_values(with_nodes(content, values), tmp_path, values)
        return
    check_refused(content, tmp_path, reasons)


def check_refused(content: Json, folder: Path, reasons: object, *, rule: str = "") -> None:
    """Check that a topology is refused with a place in the file, by a rule, and that nothing is written."""
    build_tree(folder, {"topology.yaml": dump(content)})
    result = run_cli(folder, "--no-init")
    assert result.code == 2, reasons
    assert result.errors, result.err
    assert not rule or [match["rule"] for match in result.errors] == [rule], result.err
    assert [path.name for path in folder.iterdir()] == ["topology.yaml"]


GATEWAY_ALONE = Variant("gateway", "no")
REFUSED: dict[str, tuple[str, Variant, Json]] = {
    "an exposure of another cloud": ("aws", GATEWAY_ALONE, {"exposure": "external"}),
    "a router of one's own in another cloud": ("hetzner", GATEWAY_ALONE, {"exposure": "external"}),
    "a forward without a gateway": ("hetzner", GATEWAY_ALONE, {"exposure": "direct", "forward": {"smtp": ["mta1"]}}),
    "a forward to a node without the role": ("aws", GATEWAY_ALONE, {"forward": {"smtp": ["video1"]}}),
    "a forward of the Admin Panel": ("aws", GATEWAY_ALONE, {"forward": {"admin-panel": ["mta1"]}}),
    "a forward of a service that is off": ("aws", GATEWAY_ALONE, {"forward": {"pop3": ["mta1"]}}),
    "a VPN in the network": ("hetzner", GATEWAY_ALONE, {"vpn": {"peers": {}, "range": "10.20.0.0/24"}}),
    "a system that nobody offers": ("hetzner", GATEWAY_ALONE, {"cloud": {"provider": "hetzner", "region": "fsn1"}}),
    "a system that nobody subscribed": ("hetzner", GATEWAY_ALONE, {"os": "rhel-8"}),
    "a sender without an address": (
        "aws",
        GATEWAY_ALONE,
        {"exposure": "direct", "nodes": {**BASE["nodes"], "mta1": {"roles": ["mta", "proxy"], "private": True}}},
    ),
    "a forward of the Admin Panel on a router": ("libvirt", EXTERNAL, {"forward": {"admin-panel": ["mta1"]}}),
    "a forward on a router to a node without the role": ("libvirt", EXTERNAL, {"forward": {"smtp": ["video1"]}}),
    "an uplink that nothing filters": ("libvirt", DIRECT, {"host_firewall": False}),
    "a hypervisor without an address": ("libvirt", DIRECT, {"cloud": {"provider": "libvirt", "uplink": "br0"}}),
    "a router without an address": ("libvirt", EXTERNAL, {"cloud": {"provider": "libvirt", "uplink": "br0"}}),
    "one address for all, and one for each": ("libvirt", DIRECT, {"exposure": "gateway"}),
    "a router where no router is": ("libvirt", GATEWAY_ALONE, {"network": {"router": "10.20.0.1"}}),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_nobody_can_build_is_refused(name: str, tmp_path: Path) -> None:
    provider, variant, changes = REFUSED[name]
    check_refused({**on(provider, BASE, variant), **changes}, tmp_path, name)


@pytest.mark.parametrize("variant", WITHOUT_END, ids=str)
@by_name
def test_a_tunnel_that_nothing_could_end_is_refused(example: Path, variant: Variant, tmp_path: Path) -> None:
    content = on("libvirt", example_of(example), variant)
    check_refused(content, tmp_path, "a VPN behind a router", rule="vpn-without-gateway")


# Through Terraform: each cloud in each exposure, every kind of machine's own firewall, a node of each kind of role.
PLANNED = [
    ("five-nodes-aws", "aws", DIRECT),
    ("five-nodes-rhel-aws", "aws", BEHIND),
    ("redundant-aws", "aws", Variant("gateway", "no")),
    ("gateway-aws", "aws", Variant("direct", "yes")),
    ("five-nodes-rhel-aws", "hetzner", Variant("gateway", "only")),
    ("gateway-hetzner", "hetzner", BEHIND),
    ("single-aws", "hetzner", DIRECT),
    ("five-nodes-aws", "hetzner", Variant("direct", "yes")),
]


@needs_rules
@pytest.mark.terraform
@pytest.mark.slow
@pytest.mark.parametrize(("example", "provider", "variant"), PLANNED, ids=str)
def test_the_plan_of_an_example_opens_what_the_documents_say(
    example: str, provider: str, variant: Variant, tmp_path: Path, terraform: Program, clouds: Clouds
) -> None:
    folder = next(path for path in EXAMPLES if path.name == example)
    content = on(provider, example_of(folder), variant)
    plan = plan_of(tmp_path, content, terraform, clouds)
    values = json.loads((tmp_path / "terraform.tfvars.json").read_text(encoding="utf-8"))
    check(with_nodes(content, values), tmp_path, plan)


@pytest.mark.terraform
@pytest.mark.slow
@pytest.mark.parametrize(
    "scenario",
    [
        ("24.1.0", "commercial", "apart"),
        ("25.12.0", "community", "full-standard"),
        ("26.6", "commercial", "five-nodes"),
    ],
    ids="-".join,
)
def test_the_plan_of_a_scenario_opens_what_the_documents_say(
    scenario: tuple[str, str, str], tmp_path: Path, terraform: Program, clouds: Clouds
) -> None:
    content = topology(*scenario)
    assert not refusals(content, *scenario[:2])
    check(content, tmp_path, plan_of(tmp_path, content, terraform, clouds))


@pytest.mark.parametrize(("release", "edition", "scenario"), sorted(SCENARIOS))
def test_the_values_for_terraform_open_what_the_documents_say(
    release: str, edition: str, scenario: str, tmp_path: Path
) -> None:
    content = topology(release, edition, scenario)
    values = generate(tmp_path, content)
    assert not difference(expected(content), tfvars.openings(values, content["management"]))


@needs_rules
@pytest.mark.many(13)
@pytest.mark.parametrize(("provider", "variant"), FEW, ids=str)
@pytest.mark.parametrize(("release", "edition", "scenario"), sorted(SCENARIOS))
def test_a_scenario_opens_on_every_layer_what_the_documents_say(
    release: str, edition: str, scenario: str, provider: str, variant: Variant, tmp_path: Path
) -> None:
    """Services for each kind of client, ranges that the operator routes, and a firewall on every machine."""
    content = on(provider, topology(release, edition, scenario), variant)
    content["management"] += ["172.31.0.0/16"]
    content["services"] |= {"https": ["10.99.0.0/16", "203.0.113.0/25"], "submissions": "management"}
    content["host_firewall"] = True
    if variant.exposure != "direct":
        mta = next(name for name, roles in content["nodes"].items() if "mta" in roles)
        content["forward"] = {"smtp": [mta]}
    values = generate(tmp_path, content)
    check_values(content, tmp_path, values)


@needs_rules
@pytest.mark.parametrize(("provider", "variant"), FEW, ids=str)
def test_finding_faults_opens_nothing_outside(provider: str, variant: Variant, tmp_path: Path) -> None:
    """Everything between nodes, or no firewall on them: both are asked for, and neither concerns the Internet."""
    switches: list[Json] = [{"troubleshooting": ["open-internal"]}]
    if (provider, variant) != ("libvirt", DIRECT):
        # There it would concern the Internet, so it is refused.
        switches.append({"host_firewall": False})
    for number, changes in enumerate(switches):
        folder = tmp_path / str(number)
        content = {**on(provider, BASE, variant), **changes}
        check_values(content, folder, generate(folder, content))


@needs_rules
def test_a_private_node_is_reached_through_the_others(tmp_path: Path) -> None:
    content = copy.deepcopy(BASE)
    content["nodes"]["video1"] = {"roles": ["video"], "private": True}
    check_values(content, tmp_path, generate(tmp_path, content))


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


def aws_client(url: str) -> Any:
    """Return a client of the simulated EC2."""
    import boto3

    return boto3.client(
        "ec2",
        endpoint_url=url,
        region_name="eu-central-1",
        aws_access_key_id="rehearsal",
        aws_secret_access_key="rehearsal",
    )


def served(provider: str, running: AwsSimulator | HetznerSimulator, domain: str) -> cloud.Cloud:
    """Ask the simulated cloud what it has."""
    if provider == "aws":
        return aws_plan.served(aws_client(running.url), domain).cloud()
    variables = running.environment()
    return hetzner_plan.served(variables["HCLOUD_ENDPOINT"], variables["HCLOUD_TOKEN"], domain)


@needs_rules
@pytest.mark.terraform
@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "provider", "variant"),
    [
        ("terraform", "aws", Variant("gateway", "no")),
        ("tofu", "aws", DIRECT),
        ("terraform", "hetzner", Variant("direct", "yes")),
        ("tofu", "hetzner", BEHIND),
    ],
    ids=str,
)
def test_the_applied_cloud_opens_what_the_documents_say(
    name: str, provider: str, variant: Variant, tmp_path: Path
) -> None:
    """Apply, look at the state and at the cloud itself, plan again, destroy."""
    program = find(name)
    program.need(PROVIDERS[provider])
    content = on(provider, {**copy.deepcopy(BASE), "management": ["198.51.100.0/24", "192.0.2.7/32"]}, variant)
    generate(tmp_path, content)
    program.init(tmp_path)
    options = ("-input=false", "-no-color")
    with simulator(provider) as running:
        variables = {**running.environment(), **AT_ONCE}
        program.run(tmp_path, "apply", "-auto-approve", *options, environment=variables)
        state = program.show(tmp_path)
        applied = aws_plan.applied(state).cloud() if provider == "aws" else hetzner_plan.applied(state)
        check_cloud(content, tmp_path, applied)
        check_cloud(content, tmp_path, served(provider, running, content["domain"]))
        program.run(tmp_path, "plan", "-detailed-exitcode", *options, environment=variables)
        program.run(tmp_path, "destroy", "-auto-approve", *options, environment=variables)
        assert "values" not in program.show(tmp_path)


@needs_rules
@pytest.mark.terraform
@pytest.mark.slow
def test_the_judge_notices_forged_plans(tmp_path: Path, terraform: Program, clouds: Clouds) -> None:
    plan = plan_of(tmp_path, BASE, terraform, clouds)
    check(BASE, tmp_path, plan)
    machines = world.machines_of(tmp_path)
    for name, forge in forged_plans.ON_AWS.items():
        forged = copy.deepcopy(plan)
        forge(forged)
        assert forged != plan, name
        try:
            parts = aws_plan.planned(forged)
            opened, found = parts.openings(BASE["management"]), findings(world.build(BASE, parts.cloud(), machines))
        except (OracleError, KeyError):
            continue
        assert difference(expected(BASE), opened), name
        assert found, name


@needs_rules
@pytest.mark.terraform
@pytest.mark.slow
def test_the_judge_notices_forged_plans_for_hetzner(tmp_path: Path, terraform: Program, clouds: Clouds) -> None:
    content = on("hetzner", BASE, Variant("gateway", "no"))
    plan = plan_of(tmp_path, content, terraform, clouds)
    check(content, tmp_path, plan)
    machines = world.machines_of(tmp_path)
    for name, forge in forged_plans.AT_HETZNER.items():
        forged = copy.deepcopy(plan)
        forge(forged)
        assert forged != plan, name
        try:
            found = findings(world.build(content, hetzner_plan.planned(forged), machines))
        except (OracleError, KeyError):
            continue
        assert found, name
