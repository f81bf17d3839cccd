"""The promise as it is written: generate && terraform apply, against a simulated AWS."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest

from generator.rehearse.aws_simulator import AwsSimulator
from tests.helpers import ROOT
from tests.terraform import Program

pytestmark = [pytest.mark.terraform, pytest.mark.slow]
EXAMPLES = ROOT / "examples"


class Session:
    """A folder with a topology, a shell's environment, and a simulated AWS."""

    def __init__(self, folder: Path, program: Program, simulator: AwsSimulator, tools: Path) -> None:
        # The operator's PATH holds one of the two programs, under its own name.
        (tools / program.name).symlink_to(program.path)
        python = Path(sys.executable).parent
        self.folder = folder
        self.program = program
        self.environment = {
            **program.environment(simulator.environment()),
            "PATH": f"{tools}{os.pathsep}{python}{os.pathsep}/usr/bin{os.pathsep}/bin",
            "PYTHONPATH": str(ROOT),
        }

    def shell(self, line: str, codes: tuple[int, ...] = (0,)) -> str:
        ended = subprocess.run(
            ["sh", "-c", line],
            cwd=self.folder,
            env=self.environment,
            check=False,
            capture_output=True,
            text=True,
        )
        assert ended.returncode in codes, f"{line}: {ended.returncode}\n{ended.stdout[-3000:]}\n{ended.stderr[-3000:]}"
        return ended.stdout + ended.stderr

    def output(self, name: str) -> Any:
        return json.loads(self.shell(f"{self.program.name} output -json {name}"))

    def edit(self, before: str, after: str) -> None:
        path = self.folder / "topology.yaml"
        text = path.read_text("utf-8")
        assert before in text
        path.write_text(text.replace(before, after), "utf-8")


def clients(simulator: AwsSimulator) -> tuple[Any, Any]:
    options = {
        "region_name": "eu-central-1",
        "endpoint_url": simulator.url,
        "aws_access_key_id": "x",
        "aws_secret_access_key": "x",
    }
    return boto3.client("ec2", **options), boto3.client("route53", **options)


def running(ec2: Any) -> list[dict[str, Any]]:
    return [
        instance
        for reservation in ec2.describe_instances()["Reservations"]
        for instance in reservation["Instances"]
        if instance["State"]["Name"] != "terminated"
    ]


def test_generate_and_apply_the_five_nodes(program: Program, tmp_path: Path) -> None:
    program.need("hashicorp/aws")
    tools = tmp_path / "bin"
    tools.mkdir()
    shutil.copytree(EXAMPLES / "five-nodes-aws", tmp_path / "mail")
    with AwsSimulator(delegated=["example.com"]) as simulator:
        session = Session(tmp_path / "mail", program, simulator, tools)
        tool = program.name
        ec2, route53 = clients(simulator)
        images = {snapshot["SnapshotId"] for snapshot in ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]}
        session.shell(f"python -m generator && {tool} apply -auto-approve -input=false -no-color")
        session.shell(f"{tool} plan -detailed-exitcode -input=false -no-color")

        instances = running(ec2)
        assert len(instances) == 5
        assert {instance["PrivateIpAddress"] for instance in instances} == {
            node["private_address"] for node in session.output("nodes").values()
        }
        _finished_texts(session)
        zones = {zone["Name"]: zone for zone in route53.list_hosted_zones()["HostedZones"]}
        assert set(zones) == {"example.com."}
        assert len(route53.list_hosted_zones()["HostedZones"]) == 2, "a public zone and a private one"
        _day_two(session, ec2, instances)

        session.shell(f"{tool} destroy -auto-approve -input=false -no-color")
        assert running(ec2) == []
        assert ec2.describe_addresses()["Addresses"] == []
        assert [volume for volume in ec2.describe_volumes()["Volumes"] if volume["State"] != "deleting"] == []
        assert route53.list_hosted_zones()["HostedZones"] == []
        kept = [
            snapshot["VolumeSize"]
            for snapshot in ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
            if snapshot["SnapshotId"] not in images
        ]
        assert kept == [750], "the mail volume's final snapshot, and nothing else"


def _finished_texts(session: Session) -> None:
    nodes = session.output("nodes")
    public = nodes["mta1"]["public_address"]
    zone = session.output("zone")
    assert f"mail.example.com. 300 IN A {public}\n" in zone
    assert f'"v=spf1 ip4:{public} -all"' in zone
    for text in (zone, session.output("hand_over"), session.output("ssh_config")):
        assert "@@" not in text
        assert public in text
    assert f"| mta1.example.com | {nodes['mta1']['private_address']} | {public} |" in session.output("hand_over")
    hosts = re.findall(r"^Host (\w+)", session.output("ssh_config"), re.MULTILINE)
    assert sorted(hosts) == sorted(nodes)
    config = session.folder / "ssh_config.local"
    config.write_text(session.output("ssh_config"), "utf-8")
    for name, node in nodes.items():
        said = session.shell(f"ssh -G -F {config} {name}") if shutil.which("ssh") else ""
        if said:
            assert f"hostname {node['public_address'] or node['private_address']}\n" in said
            assert ("proxyjump mta1" in said) is (node["public_address"] is None)


def _day_two(session: Session, ec2: Any, before: list[dict[str, Any]]) -> None:
    """A node more, IMAP opened, reverse names set, another image: no server is touched."""
    tool = session.program.name
    session.edit(
        "  video1: [video]\n", "  video1: [video]\n  tasks9: [tasks]\nservices: {imaps: true, submissions: true}\n"
    )
    session.edit("dns:\n", "dns:\n  ptr: true\n")
    session.edit("mta1: [mta, proxy]", "mta1: {roles: [mta, proxy], image: ami-0123456789abcdef0}")
    session.shell(f"python -m generator && {tool} plan -out=change -input=false -no-color")
    plan = json.loads(session.shell(f"{tool} show -json change"))
    actions = {
        change["address"]: tuple(change["change"]["actions"])
        for change in plan["resource_changes"]
        if change["change"]["actions"] not in (["no-op"], ["read"])
    }
    assert set(actions.values()) == {("create",)}, actions
    kinds = sorted(address.rpartition("module.")[2] for address in actions)
    assert any('aws_instance.this["tasks9"]' in kind for kind in kinds)
    assert any('aws_eip_domain_name.this["public:mta1"]' in kind for kind in kinds)
    session.shell(f"{tool} apply -input=false -no-color change")
    session.shell(f"{tool} plan -detailed-exitcode -input=false -no-color")
    after = {instance["InstanceId"]: instance["LaunchTime"] for instance in running(ec2)}
    assert len(after) == 6
    for instance in before:
        assert after[instance["InstanceId"]] == instance["LaunchTime"]


@pytest.mark.parametrize("name", sorted(path.parent.name for path in EXAMPLES.glob("*-aws/topology.yaml")))
def test_every_example_is_rehearsed(name: str, terraform: Program, tmp_path: Path) -> None:
    terraform.need("hashicorp/aws")
    shutil.copytree(EXAMPLES / name, tmp_path / "mail")
    environment = {**terraform.environment(), "PYTHONPATH": str(ROOT)}
    environment["PATH"] = f"{Path(terraform.path).parent}{os.pathsep}{environment['PATH']}"
    ended = subprocess.run(
        [sys.executable, "-m", "generator", "rehearse", "--json"],
        cwd=tmp_path / "mail",
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    result = json.loads(ended.stdout)
    assert [(step["name"], step["passed"]) for step in result["steps"]] == [
        ("plan", True),
        ("apply", True),
        ("second plan", True),
        ("destroy", True),
    ]
    assert list((tmp_path / "mail").iterdir()) == [tmp_path / "mail" / "topology.yaml"]
