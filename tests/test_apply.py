"""The promise as it is written: generate && terraform apply, against a simulated AWS."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import boto3
import pytest

from generator.rehearse.aws_simulator import AwsSimulator
from tests.helpers import ROOT
from tests.session import Session
from tests.terraform import Program

pytestmark = [pytest.mark.terraform, pytest.mark.slow]
EXAMPLES = ROOT / "examples"


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
    shutil.copytree(EXAMPLES / "five-nodes-aws", tmp_path / "mail")
    with AwsSimulator(delegated=["example.com"]) as simulator:
        session = Session(tmp_path / "mail", program, simulator)
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
    actions = session.planned()
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
