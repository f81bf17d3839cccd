"""--online: images and machine types asked of the clouds, here of their simulators."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from generator.online import hetzner
from generator.plan import Plan
from generator.rehearse.aws_simulator import AwsSimulator
from generator.rehearse.hetzner.simulator import HetznerSimulator
from tests.helpers import EXAMPLES, run_cli

EXAMPLE = next(path for path in EXAMPLES if path.name == "five-nodes-aws") / "topology.yaml"


@pytest.mark.slow
def test_images_are_pinned_and_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    topology = tmp_path / "topology.yaml"
    topology.write_text(EXAMPLE.read_text("utf-8"), "utf-8")
    with AwsSimulator() as simulator:
        for name, value in simulator.environment().items():
            monkeypatch.setenv(name, value)
        result = run_cli(tmp_path, "--no-init", "--online")
        assert result.code == 0, result.err
        values = json.loads((tmp_path / "terraform.tfvars.json").read_text("utf-8"))
        (image,) = values["images"]
        assert image.startswith("ami-")
        assert {node["image"] for node in values["nodes"].values()} == {image}

        topology.write_text(
            EXAMPLE.read_text("utf-8").replace("video1: [video]", "video1: {roles: [video], type: c4.2xlarge}")
        )
        known_to_aws_alone = run_cli(tmp_path, "plan", "--online", "--json")
        assert known_to_aws_alone.code == 0, known_to_aws_alone.err
        assert json.loads(known_to_aws_alone.out)["nodes"]["video1"]["machine"]["type"] == "c4.2xlarge"
        offline = run_cli(tmp_path, "plan")
        assert "error[unknown-type]" in offline.err

    topology.write_text(EXAMPLE.read_text("utf-8"))
    for name in simulator_names():
        monkeypatch.delenv(name, raising=False)
    assert run_cli(tmp_path, "--no-init").code == 0
    again = json.loads((tmp_path / "terraform.tfvars.json").read_text("utf-8"))
    assert list(again["images"]) == [image], "the lock keeps what was pinned, without a network"


@pytest.mark.slow
def test_a_type_that_is_not_sold_in_the_zone_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS sells no c6i in us-east-1e."""
    text = EXAMPLE.read_text("utf-8").replace("eu-central-1", "us-east-1")
    text = text.replace("files1: [files, docs, preview]", "files1: {roles: [files, docs, preview], zone: us-east-1e}")
    (tmp_path / "topology.yaml").write_text(text, "utf-8")
    with AwsSimulator(region="us-east-1") as simulator:
        for name, value in simulator.environment().items():
            monkeypatch.setenv(name, value)
        result = run_cli(tmp_path, "plan", "--online")
    assert result.code == 2
    assert "error[type-not-offered]: AWS does not offer c6i.xlarge in us-east-1e" in result.err


def simulator_names() -> list[str]:
    return ["AWS_ACCESS_KEY_ID", "AWS_ENDPOINT_URL", "AWS_SECRET_ACCESS_KEY"]


def test_no_answer_is_one_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "topology.yaml").write_text(EXAMPLE.read_text("utf-8"), "utf-8")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    result = run_cli(tmp_path, "--no-init", "--online")
    assert result.code == 3
    assert "AWS did not answer" in result.err
    assert "Traceback" not in result.err
    assert [path.name for path in tmp_path.iterdir()] == ["topology.yaml"]


HETZNER = next(path for path in EXAMPLES if path.name == "gateway-hetzner") / "topology.yaml"


def with_hetzner(simulator: HetznerSimulator, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in simulator.environment().items():
        monkeypatch.setenv(name, value)


def test_hetzner_pins_images_and_knows_further_types(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = HETZNER.read_text("utf-8")
    (tmp_path / "topology.yaml").write_text(text, "utf-8")
    with HetznerSimulator() as simulator:
        with_hetzner(simulator, monkeypatch)
        result = run_cli(tmp_path, "--no-init", "--online")
        assert result.code == 0, result.err
    values = json.loads((tmp_path / "terraform.tfvars.json").read_text("utf-8"))
    ((key, image),) = values["images"].items()
    assert key.isdigit(), "the gateway and the nodes have the same system, pinned by its id"
    assert image == {"id": key, "name": None, "selector": None}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            "fsn1}",
            'fsn1, images: {ubuntu-24.04: "os=mine"}}',
            'error[image-not-found]: this project has no image "os=mine"',
        ),
        ("fsn1}", "fsn1, images: {ubuntu-24.04: 4711}}", 'error[image-not-found]: this project has no image "4711"'),
    ],
)
def test_hetzner_says_what_the_project_cannot_have(
    before: str, after: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "topology.yaml").write_text(HETZNER.read_text("utf-8").replace(before, after), "utf-8")
    with HetznerSimulator() as simulator:
        with_hetzner(simulator, monkeypatch)
        result = run_cli(tmp_path, "plan", "--online")
    assert result.code == 2
    assert said in result.err


@pytest.mark.slow
def test_hetzner_says_where_a_type_is_not_sold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "topology.yaml").write_text(HETZNER.read_text("utf-8"), "utf-8")
    shown = run_cli(tmp_path, "plan", "--json").out
    plan = msgspec.json.decode(shown.replace('"zone": "fsn1"', '"zone": "ash"'), type=Plan)
    with HetznerSimulator() as simulator:
        with_hetzner(simulator, monkeypatch)
        findings = hetzner.audit(plan)
    assert {finding.path for finding in findings} == {
        ("gateway",),
        *(("nodes", name) for name in plan.nodes if name != "gateway"),
    }
    assert {finding.rule for finding in findings} == {"type-not-offered"}
    assert findings[0].message == f"Hetzner does not sell {next(iter(plan.nodes.values())).machine.type} in ash"


@pytest.mark.slow
def test_hetzner_finds_a_snapshot_by_its_label(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = HETZNER.read_text("utf-8").replace("fsn1}", 'fsn1, images: {ubuntu-24.04: "os=mine"}}')
    (tmp_path / "topology.yaml").write_text(text, "utf-8")
    with HetznerSimulator(snapshots=["os=mine"]) as simulator:
        with_hetzner(simulator, monkeypatch)
        assert run_cli(tmp_path, "plan", "--online").code == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("token", "said"), [("", "HCLOUD_TOKEN is not set"), ("x" * 64, "Hetzner did not answer: ")], ids=["none", "wrong"]
)
def test_hetzner_without_a_right_token_is_one_message(
    token: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "topology.yaml").write_text(HETZNER.read_text("utf-8"), "utf-8")
    with HetznerSimulator() as simulator:
        with_hetzner(simulator, monkeypatch)
        monkeypatch.setenv("HCLOUD_TOKEN", token)
        result = run_cli(tmp_path, "--no-init", "--online")
    assert result.code == 3
    assert said in result.err
    assert "Traceback" not in result.err
