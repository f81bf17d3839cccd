"""What an operator sees while Terraform applies: that something happens, and how far it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator import terraform

LINES = """\
module.network.aws_vpc.this: Creating...
module.network.aws_vpc.this: Creation complete after 1s [id=vpc-1]
module.nodes.aws_instance.node["mta1"]: Still creating... [10s elapsed]
module.nodes.aws_instance.node["mta1"]: Creation complete after 13s [id=i-1]
Apply complete! Resources: 2 added, 0 changed, 0 destroyed.
"""


def apply(folder: Path, code: int = 0) -> terraform.Result:
    binary = folder / "terraform"
    (folder / "lines").write_text(LINES, "utf-8")
    binary.write_text(f"#!/bin/sh\ncat {folder}/lines\nexit {code}\n", "utf-8")
    binary.chmod(0o755)
    return terraform.Terraform(folder, str(binary)).apply("a.tfplan")


def test_progress_is_told_on_stderr(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terraform, "_SECONDS_BETWEEN", 0.0)
    result = apply(tmp_path)
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.splitlines() == [
        "  1 done, now module.network.aws_vpc.this",
        '  1 done, now module.nodes.aws_instance.node["mta1"]',
        '  2 done, now module.nodes.aws_instance.node["mta1"]',
        "  Apply complete! Resources: 2 added, 0 changed, 0 destroyed.",
    ]
    assert result.code == 0
    assert result.out == LINES


def test_a_line_every_few_seconds_is_enough(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = apply(tmp_path, code=1)
    assert capsys.readouterr().err == "  Apply complete! Resources: 2 added, 0 changed, 0 destroyed.\n"
    assert result.code == 1
