"""What a script or a person at a terminal relies on: words, streams, exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from generator.terraform import NO_REGISTRY
from tests.helpers import ROOT, build_tree, read_tree, run_cli
from tests.terraform import Program

EXAMPLE = (ROOT / "examples" / "five-nodes-aws" / "topology.yaml").read_text("utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return build_tree(tmp_path / "mail", {"topology.yaml": EXAMPLE})


@pytest.fixture
def generated(folder: Path) -> Path:
    assert run_cli(folder, "--no-init").code == 0
    return folder


def test_outcome_words_by_file(folder: Path) -> None:
    first = run_cli(folder, "--no-init", "--json")
    assert first.code == 0
    outcomes = {row["outcome"] for row in json.loads(first.out)["files"]}
    assert outcomes == {"create"}
    second = run_cli(folder, "--no-init", "--json")
    assert {row["outcome"] for row in json.loads(second.out)["files"]} == {"unchanged"}
    (folder / "topology.yaml").write_text(EXAMPLE.replace("  video1: [video]\n", ""), "utf-8")
    third = run_cli(folder, "--no-init")
    assert "change    terraform.tfvars.json\n" in third.out
    assert "stale     nodes/video1.json\n" in third.out
    assert not (folder / "nodes" / "video1.json").exists()


def test_check_names_what_is_changed_missing_and_extra(generated: Path) -> None:
    clean = run_cli(generated, "--check")
    assert (clean.code, clean.out) == (0, "")
    (generated / "main.tf").write_text("# edited\n", "utf-8")
    (generated / "ssh_config").unlink()
    build_tree(generated, {"nodes/left.json": "{}", "backend.tf": "# ours\n"})
    before = read_tree(generated)
    result = run_cli(generated, "--check")
    assert result.code == 1
    assert result.out.splitlines() == [
        "changed  main.tf (was edited by hand)",
        "missing  ssh_config",
        "extra    nodes/left.json",
    ]
    assert read_tree(generated) == before


def test_a_check_for_programs_has_the_warnings_too(folder: Path) -> None:
    (folder / "topology.yaml").write_text(f"{EXAMPLE}troubleshooting: open-internal\n", "utf-8")
    assert run_cli(folder, "--no-init").code == 0
    checked = run_cli(folder, "--check", "--json")
    assert checked.code == 0
    said = json.loads(checked.out)
    assert said["problems"] == json.loads(run_cli(folder, "--no-init", "--json").out)["problems"]
    assert {row["outcome"] for row in said["files"]} == {"unchanged"}


def test_many_files_in_the_way_are_counted(generated: Path) -> None:
    ours = [one for one in read_tree(generated) if one.endswith((".tf", ".md"))]
    for one in ours:
        (generated / one).write_text("edited\n", "utf-8")
    result = run_cli(generated, "--no-init")
    assert result.code == 2
    assert f"{len(ours)} files in the way" in result.err
    assert f"and {len(ours) - 40} more files" in result.err
    assert len(result.err.splitlines()) < 50


def test_diff_writes_nothing(folder: Path) -> None:
    result = run_cli(folder, "--diff")
    assert result.code == 1
    assert "--- /dev/null\n+++ b/main.tf\n" in result.out
    assert list(read_tree(folder)) == ["topology.yaml"]
    assert run_cli(folder, "--no-init").code == 0
    again = run_cli(folder, "--diff")
    assert (again.code, again.out) == (0, "")


def test_edited_and_foreign_files_are_named_and_refused(generated: Path) -> None:
    build_tree(generated, {"main.tf": "# edited\n"})
    (generated / "topology.yaml").write_text(EXAMPLE.replace("  video1: [video]\n", "  tasks2: [tasks]\n"), "utf-8")
    build_tree(generated, {"nodes/tasks2.json": "{}"})
    before = read_tree(generated)
    result = run_cli(generated, "--no-init")
    assert result.code == 2
    assert "main.tf was edited by hand" in result.err
    assert "nodes/tasks2.json was not written by generate" in result.err
    assert read_tree(generated) == before
    assert run_cli(generated, "--no-init", "--force").code == 0
    assert run_cli(generated, "--check").code == 0


def test_the_operators_own_files_stay(generated: Path) -> None:
    build_tree(generated, {"backend.tf": "# ours\n", "terraform.tfstate": "{}"})
    (generated / "topology.yaml").write_text(EXAMPLE.replace("150", "170"), "utf-8")
    assert run_cli(generated, "--no-init").code == 0
    assert (generated / "backend.tf").read_text("utf-8") == "# ours\n"
    assert (generated / "terraform.tfstate").read_text("utf-8") == "{}"


def test_out_leaves_the_topologys_folder_alone(folder: Path, tmp_path: Path) -> None:
    result = run_cli(tmp_path, "mail/topology.yaml", "--no-init", "--out", "new/place")
    assert result.code == 0
    assert list(read_tree(folder)) == ["topology.yaml"]
    assert (tmp_path / "new" / "place" / "topology.lock.json").is_file()


@pytest.mark.parametrize("out", ["/proc/nothing", "blocked/inside"])
def test_a_folder_that_cannot_be_written(folder: Path, out: str) -> None:
    build_tree(folder, {"blocked": "a file"})
    result = run_cli(folder, "--no-init", "--out", out)
    assert result.code == 3
    assert "cannot be written" in result.err
    assert "Traceback" not in result.err


def test_without_terraform_the_files_are_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    result = run_cli(folder)
    assert result.code == 0
    assert "Terraform is not installed here: the files are written" in result.err
    assert (folder / "main.tf").is_file()
    rehearsal = run_cli(folder, "rehearse")
    assert rehearsal.code == 3
    assert "neither terraform nor tofu is installed" in rehearsal.err


@pytest.mark.terraform
def test_a_registry_out_of_reach(
    folder: Path, tmp_path: Path, terraform: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path / "mirror"
    empty.mkdir()
    configuration = tmp_path / "terraformrc"
    configuration.write_text(
        f'provider_installation {{\n  filesystem_mirror {{\n    path = "{empty}"\n  }}\n}}\n', "utf-8"
    )
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(configuration))
    monkeypatch.setenv("PATH", f"{Path(terraform.path).parent}{os.pathsep}/usr/bin{os.pathsep}/bin")
    result = run_cli(folder)
    assert result.code == 3
    assert "terraform init failed; the files are written" in result.err
    assert NO_REGISTRY in result.err
    heading = NO_REGISTRY.partition("how to ")[2].rstrip(".")
    assert f"## ... {heading}\n" in (ROOT / "docs" / "how-to.md").read_text("utf-8")
    assert "hashicorp/aws" in result.err
    assert run_cli(folder, "--check").code == 0


def test_stdout_is_product_and_stderr_is_talk(folder: Path) -> None:
    plan = run_cli(folder, "plan", "--json")
    assert json.loads(plan.out)["format"] == 1
    assert "warning[os-end-of-life]" in plan.err
    wrong = run_cli(folder, "--json", "other.yaml")
    assert (wrong.code, wrong.out) == (2, "")


def test_problems_as_json(folder: Path) -> None:
    (folder / "topology.yaml").write_text(EXAMPLE.replace("mta1: [mta", "mta1: [mtaa, mta"), "utf-8")
    result = run_cli(folder, "--json")
    problems = [one for one in json.loads(result.out)["problems"] if one["severity"] == "error"]
    assert [(one["rule"], one["file"]) for one in problems] == [("unknown-role", "topology.yaml")]


@pytest.mark.parametrize("words", [("plan",), ("review",), ("verify", "--dns"), ("rehearse",)], ids=" ".join)
def test_whoever_asks_for_json_gets_problems_as_json(folder: Path, words: tuple[str, ...]) -> None:
    (folder / "topology.yaml").write_text(EXAMPLE.replace("mta1: [mta", "mta1: [mtaa, mta"), "utf-8")
    result, checked = run_cli(folder, *words, "--json"), run_cli(folder, "--check", "--json")
    assert result.code == checked.code == 2
    assert json.loads(result.out) == {"problems": json.loads(checked.out)["problems"]}
    assert result.err == checked.err
    assert run_cli(folder, *words).out == ""


@pytest.mark.parametrize("words", [("--help",), ("plan", "--help"), ("rehearse", "--help"), ("--version",)])
def test_help_shows_an_example(folder: Path, words: tuple[str, ...]) -> None:
    result = run_cli(folder, *words)
    assert result.code == 0
    assert ("Example:" in result.out) is ("--help" in words)


def test_wrong_usage_is_2(folder: Path) -> None:
    assert run_cli(folder, "--nonsense").code == 2
    assert run_cli(folder, "--check", "--diff").code == 2


def test_a_misspelt_option_gets_the_nearest_one(folder: Path) -> None:
    for words, meant in (
        (("--chekc",), "--check"),
        (("plan", "--jsn"), "--json"),
        (("init", "--doman=a.org"), "--domain"),
    ):
        result = run_cli(folder, *words)
        assert (result.code, result.out) == (2, "")
        assert f"unrecognized arguments: {words[-1]}; did you mean {meant}?" in result.err
    assert "did you mean" not in run_cli(folder, "--bogus").err
    assert "did you mean" not in run_cli(folder, "plan", "topology.yaml", "more.yaml").err


def test_a_misspelt_command_gets_the_nearest_one(tmp_path: Path) -> None:
    result = run_cli(tmp_path, "pln")
    assert (result.code, result.out) == (2, "")
    assert '"pln" is neither a command nor a file; did you mean "plan"?' in result.err
    assert "generate init" in run_cli(tmp_path, "plan").err


def test_a_reader_that_has_enough_is_no_error(folder: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(
        ["sh", "-c", f"{sys.executable} -m generator plan --json | head -n 1"],
        cwd=folder,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )
    assert ended.stdout == "{\n"
    assert "Traceback" not in ended.stderr
    assert "BrokenPipe" not in ended.stderr


def test_an_interrupt_is_130(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("generator.cli.outcome.render_planned", interrupted)
    result = run_cli(folder, "--no-init")
    assert result.code == 130
    assert "interrupted" in result.err
    assert list(read_tree(folder)) == ["topology.yaml"]
