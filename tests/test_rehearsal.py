"""`generate rehearse`: every example, every pair of clouds, and what an operator is told when the cloud fails."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import hcloud
import pytest

from generator.rehearse.hetzner.simulator import HetznerSimulator
from tests.helpers import EXAMPLES, ROOT
from tests.session import Session
from tests.terraform import Program

pytestmark = [pytest.mark.terraform, pytest.mark.slow]
PROVIDERS = {"aws": "hashicorp/aws", "hetzner": "hetznercloud/hcloud", "route53": "hashicorp/aws"}


def _cloud_of(example: Path) -> str:
    return example.name.rpartition("-")[2]


RENTED = [path for path in EXAMPLES if _cloud_of(path) in PROVIDERS]
"""On one's own hypervisor there is nothing to rehearse on (`test_premises.py`); script/lab boots those."""

STEPS = ["plan", "apply", "second plan", "destroy"]


class Rehearsed(NamedTuple):
    """What a rehearsal printed."""

    code: int
    steps: dict[str, tuple[bool, str]]
    err: str


def rehearse(folder: Path, text: str, terraform: Program, *options: str) -> Rehearsed:
    folder.mkdir(exist_ok=True)
    (folder / "topology.yaml").write_text(text, "utf-8")
    environment = {**terraform.environment(), "PYTHONPATH": str(ROOT)}
    environment["PATH"] = f"{Path(terraform.path).parent}{os.pathsep}{environment['PATH']}"
    ended = subprocess.run(
        [sys.executable, "-m", "generator", "rehearse", "--json", *options],
        cwd=folder,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )
    assert "Traceback" not in ended.stderr
    result: dict[str, Any] = json.loads(ended.stdout) if ended.stdout else {"steps": []}
    assert [path.name for path in folder.iterdir()] == ["topology.yaml"], "nothing is left beside the topology"
    steps = {step["name"]: (step["passed"], step["found"]) for step in result["steps"]}
    return Rehearsed(ended.returncode, steps, ended.stderr)


@pytest.mark.parametrize("example", RENTED, ids=lambda path: path.name)
def test_every_example_is_rehearsed(example: Path, terraform: Program, tmp_path: Path) -> None:
    terraform.need(PROVIDERS[_cloud_of(example)])
    found = rehearse(tmp_path / "mail", (example / "topology.yaml").read_text("utf-8"), terraform)
    assert found.code == 0, found
    assert [(name, passed) for name, (passed, _) in found.steps.items()] == [(name, True) for name in STEPS]


@pytest.mark.parametrize(("cloud", "dns"), [("hetzner", "route53"), ("aws", "hetzner"), ("hetzner", "none")])
def test_dns_and_machines_may_stand_on_different_clouds(
    cloud: str, dns: str, terraform: Program, tmp_path: Path
) -> None:
    for name in {cloud, dns} - {"none"}:
        terraform.need(PROVIDERS[name])
    example = ROOT / "examples" / f"five-nodes-{cloud}" / "topology.yaml"
    text = example.read_text("utf-8").replace("dns:\n", f"dns:\n  provider: {dns}\n")
    found = rehearse(tmp_path / "mail", text, terraform)
    assert found.code == 0, found
    assert list(found.steps) == STEPS


FIVE = (ROOT / "examples" / "five-nodes-hetzner" / "topology.yaml").read_text("utf-8")


@pytest.mark.parametrize(
    "faults",
    [["429*3"], ["slow:1.5"], ["409*2"]],
    ids=["too-many-requests", "slow-actions", "conflicts"],
)
def test_faults_that_pass_are_outlasted(faults: list[str], terraform: Program, tmp_path: Path) -> None:
    terraform.need(PROVIDERS["hetzner"])
    found = rehearse(tmp_path / "mail", FIVE, terraform, *(f"--fault={fault}" for fault in faults))
    assert found.code == 0, found


@pytest.mark.parametrize(
    ("fault", "said", "hint"),
    [
        ("resource_unavailable:store1.example.com", "resource_unavailable", "set another type: or region:"),
        ("503*9@servers", "unavailable", "run terraform apply again"),
        ("placement_error:mta1.example.com", "placement_error", "The machine found no place"),
    ],
)
def test_faults_that_stay_are_explained_and_leave_nothing(
    fault: str, said: str, hint: str, terraform: Program, tmp_path: Path
) -> None:
    terraform.need(PROVIDERS["hetzner"])
    found = rehearse(tmp_path / "mail", FIVE, terraform, f"--fault={fault}")
    assert found.code == 3
    passed, text = found.steps["apply"]
    assert not passed
    assert said in text, text
    assert f"hint: {hint}" in text or hint in text.split("hint: ")[1], text
    assert found.steps["destroy"] == (True, "0 resources left")


def test_an_unknown_fault_is_refused(terraform: Program, tmp_path: Path) -> None:
    assert "no fault: nonsense" in rehearse(tmp_path / "mail", FIVE, terraform, "--fault=nonsense").err
    aws = (ROOT / "examples" / "five-nodes-aws" / "topology.yaml").read_text("utf-8")
    found = rehearse(tmp_path / "mail", aws, terraform, "--fault=429")
    assert (found.code, "the simulated AWS knows no faults" in found.err) == (2, True)


@pytest.mark.parametrize("fault", ["resource_unavailable:store1.example.com", "action_failed:attach_volume*1", "503*2"])
def test_a_failed_apply_is_destroyed_without_a_rest(fault: str, program: Program, tmp_path: Path) -> None:
    """The API itself is asked: a resource that Terraform forgot would still be there, and paid for."""
    program.need(PROVIDERS["hetzner"])
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / "topology.yaml").write_text(FIVE, "utf-8")
    with HetznerSimulator(faults=[fault]) as simulator:
        session = Session(tmp_path / "mail", program, simulator)
        tool = program.name
        session.shell(f"python -m generator && {tool} apply -auto-approve -input=false -no-color", codes=(1,))
        session.shell(f"{tool} destroy -auto-approve -input=false -no-color")
        variables = simulator.environment()
        client = hcloud.Client(token=variables["HCLOUD_TOKEN"], api_endpoint=variables["HCLOUD_ENDPOINT"])
        kinds = ("servers", "volumes", "networks", "firewalls", "primary_ips", "placement_groups", "ssh_keys", "zones")
        assert {kind: getattr(client, kind).get_all() for kind in kinds} == {kind: [] for kind in kinds}
