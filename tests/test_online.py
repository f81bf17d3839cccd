"""--online: images and machine types asked of AWS, here of its simulator."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from generator.rehearse.aws_simulator import AwsSimulator
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
